//! Reads the socket tables that programs print.

use std::collections::BTreeMap;
use std::net::SocketAddr;

/// The rows that a program shows for one pair of addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The number of rows.
    pub(super) count: usize,
    /// How many of them listen and how many are established.
    pub(super) listening: usize,
    pub(super) established: usize,
    /// The owners of all rows.
    pub(super) pids: Vec<u32>,
}

/// The TCP rows of a program, by local and remote address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<(SocketAddr, SocketAddr), Seen>,
    /// Whether the program shows all owners of a socket, or one.
    pub(super) all_owners: bool,
    /// TCP rows that could not be read. Each counts as invented.
    pub(super) odd: u64,
}

impl Table {
    fn add(&mut self, ends: Option<(SocketAddr, SocketAddr)>, state: &str, pids: &[u32]) {
        let Some(ends) = ends else {
            self.odd += 1;
            return;
        };
        let seen = self.rows.entry(ends).or_default();
        seen.count += 1;
        seen.listening += usize::from(state.starts_with("LISTEN"));
        seen.established += usize::from(state.starts_with("ESTAB"));
        seen.pids.extend(pids);
    }
}

fn ends(local: &str, remote: &str) -> Option<(SocketAddr, SocketAddr)> {
    // A listener has no remote end.
    let remote = if remote.ends_with(":*") || remote.is_empty() { "0.0.0.0:0" } else { remote };
    Some((local.parse().ok()?, remote.parse().ok()?))
}

/// Reads netstat: `  TCP    127.0.0.1:1    127.0.0.2:2    ESTABLISHED    17`.
pub(super) fn read_netstat(text: &str) -> Table {
    let mut table = Table::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["TCP", local, remote, state, pid] = words[..] {
            // 0 means no process, - an unknown one.
            let pid: Option<u32> = pid.parse().ok().filter(|&pid| pid != 0);
            table.add(ends(local, remote), state, pid.as_slice());
        } else if words.first() == Some(&"TCP") {
            table.odd += 1;
        }
    }
    table
}

/// Reads ss: `tcp   ESTAB 0 0   127.0.0.1:1 127.0.0.2:2 users:(("a",pid=1,fd=2),("b",pid=3,fd=4))`.
pub(super) fn read_ss(text: &str) -> Table {
    let mut table = Table { all_owners: true, ..Table::default() };
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let ["tcp", state, _, _, local, remote, ..] = words[..] else { continue };
        let pid = |part: &str| part.split_once(|c: char| !c.is_ascii_digit())?.0.parse().ok();
        let pids: Vec<u32> = line.split("pid=").skip(1).filter_map(pid).collect();
        table.add(ends(local, remote), state, &pids);
    }
    table
}

/// Reads lsof: `churn 12 root 5u IPv4 345 0t0 TCP 127.0.0.1:1->127.0.0.2:2 (ESTABLISHED)`, one line for each descriptor.
pub(super) fn read_lsof(text: &str) -> Table {
    let mut table = Table { all_owners: true, ..Table::default() };
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(at) = words.iter().position(|&word| word == "TCP") else { continue };
        let (Some(names), Some(pid)) = (words.get(at + 1), words.get(1)) else { continue };
        // lsof also shows descriptors of closed sockets, which are in no kernel table.
        let state = words.get(at + 2).map_or("", |state| state.trim_matches(['(', ')']));
        if matches!(state, "CLOSED" | "CLOSE") {
            continue;
        }
        let (local, remote) = names.split_once("->").unwrap_or((names, ""));
        let pid: Option<u32> = pid.parse().ok();
        table.add(ends(local, remote), state, pid.as_slice());
    }
    // A line is a descriptor, so several lines may be one socket.
    for seen in table.rows.values_mut() {
        seen.count = 1;
        seen.pids.sort_unstable();
        seen.pids.dedup();
    }
    table
}
