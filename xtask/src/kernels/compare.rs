//! Rows of netstat beside those of `/proc/net` and the descriptors of all processes.

use super::answers::Answers;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What two tables of the same sockets have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    protocol: &'static str,
    local: SocketAddr,
    remote: Option<SocketAddr>,
    state: String,
    inode: Option<u64>,
}

/// A table, and who holds the sockets in it.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: BTreeSet<Row>,
    pub(super) owners: BTreeMap<u64, BTreeSet<u32>>,
    /// Sockets that are bound and neither listen nor are connected, which `/proc/net` does not have.
    pub(super) bound: usize,
    /// Second rows of sockets for both families.
    pub(super) copies: usize,
}

impl Table {
    /// Counts the sockets that stay as they are.
    pub(super) fn lasting(&self) -> usize {
        self.bound + self.rows.iter().filter(|row| row.state != "TIME_WAIT").count()
    }
}

/// States of TCP by the kernel's numbers.
const STATES: [&str; 12] = [
    "ESTABLISHED",
    "SYN_SENT",
    "SYN_RECEIVED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "TIME_WAIT",
    "CLOSED",
    "CLOSE_WAIT",
    "LAST_ACK",
    "LISTENING",
    "CLOSING",
    "SYN_RECEIVED",
];

/// Reads what the guest's kernel says in `/proc/net`, and who has which descriptor.
pub(super) fn witnessed(answers: &Answers, when: &str) -> Option<Table> {
    let mut table = Table::default();
    for (name, protocol, is_six) in
        [("tcp", "TCP", false), ("tcp6", "TCP", true), ("udp", "UDP", false), ("udp6", "UDP", true)]
    {
        for line in answers.file(&format!("{when}.{name}")).lines().skip(1) {
            table.rows.insert(kernel_row(line, protocol, is_six)?);
        }
    }
    for line in answers.file(&format!("{when}.descriptors")).lines() {
        let (inode, process) = line.split_once(' ')?;
        table.owners.entry(inode.parse().ok()?).or_default().insert(process.parse().ok()?);
    }
    Some(table)
}

fn kernel_row(line: &str, protocol: &'static str, is_six: bool) -> Option<Row> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let remote = kernel_end(words.get(2)?, is_six)?;
    let number = usize::from_str_radix(words.get(3)?, 16).ok()?;
    let state = if protocol == "UDP" { "" } else { STATES.get(number.checked_sub(1)?)? };
    Some(Row {
        protocol,
        local: kernel_end(words.get(1)?, is_six)?,
        remote: (remote.port() != 0).then_some(remote),
        state: (*state).to_owned(),
        inode: words.get(9)?.parse().ok().filter(|&inode| inode != 0),
    })
}

/// Decodes `0100007F:1F90`: words of 32 bits in the order of the processor, which is the same as here.
fn kernel_end(text: &str, is_six: bool) -> Option<SocketAddr> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok();
    if !is_six {
        return Some((Ipv4Addr::from(word(0)?.swap_bytes()), port).into());
    }
    let mut bits = 0;
    for at in 0..4 {
        bits = bits << 32 | u128::from(word(at)?.swap_bytes());
    }
    Some((IpAddr::from(Ipv6Addr::from(bits)).to_canonical(), port).into())
}

/// Reads the JSON of netstat. With `namespace`, only rows of this network namespace.
pub(super) fn shown(json: &str, namespace: Option<u64>) -> Option<Table> {
    let document: Value = serde_json::from_str(json).ok()?;
    let mut table = Table::default();
    let sockets = document.get("sockets")?.as_array()?;
    let any_of_six: BTreeSet<u64> =
        sockets.iter().filter(|socket| text(socket, "laddr") == "::").filter_map(inode).collect();
    for socket in sockets {
        if namespace.is_some() && socket.get("netns_inode").and_then(Value::as_u64) != namespace {
            continue;
        }
        let row = shown_row(socket)?;
        // A socket for both families has a row of each, as on Windows.
        if text(socket, "laddr") == "0.0.0.0" && row.inode.is_some_and(|inode| any_of_six.contains(&inode)) {
            table.copies += 1;
            continue;
        }
        if let (Some(inode), Some(pids)) = (row.inode, socket.get("pids").and_then(Value::as_array)) {
            let pids = pids.iter().filter_map(|pid| pid.as_u64()?.try_into().ok());
            table.owners.entry(inode).or_default().extend(pids.collect::<Vec<u32>>());
        }
        if row.state == "BOUND" {
            table.bound += 1;
        } else {
            table.rows.insert(row);
        }
    }
    Some(table)
}

fn shown_row(socket: &Value) -> Option<Row> {
    let end = |address: &str, port: &str| {
        let address: IpAddr = socket.get(address)?.as_str()?.parse().ok()?;
        Some(SocketAddr::from((address.to_canonical(), socket.get(port)?.as_u64()?.try_into().ok()?)))
    };
    Some(Row {
        protocol: if text(socket, "proto").starts_with("TCP") { "TCP" } else { "UDP" },
        local: end("laddr", "lport")?,
        remote: end("raddr", "rport"),
        state: text(socket, "state").to_owned(),
        inode: inode(socket),
    })
}

fn inode(socket: &Value) -> Option<u64> {
    socket.get("inode").and_then(Value::as_u64)
}

pub(super) fn text<'a>(socket: &'a Value, key: &str) -> &'a str {
    socket.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Returns what is missing of that which was there before and after, and what was there at neither time.
pub(super) fn differences(table: &Table, before: &Table, after: &Table) -> Vec<String> {
    let missing = before.rows.intersection(&after.rows).filter(|row| !table.rows.contains(row));
    let extra = table.rows.iter().filter(|row| !before.rows.contains(row) && !after.rows.contains(row));
    let lines = missing.map(|row| format!("missing: {row:?}"));
    lines.chain(extra.map(|row| format!("invented: {row:?}"))).collect()
}

/// Returns whose owners are other ones than those with descriptors.
pub(super) fn wrong_owners(table: &Table, before: &Table) -> Vec<String> {
    let held = |row: &&Row| row.inode.is_some();
    table
        .rows
        .iter()
        .filter(held)
        .filter_map(|row| {
            let inode = row.inode?;
            let none = BTreeSet::new();
            let ours = table.owners.get(&inode).unwrap_or(&none);
            let theirs = before.owners.get(&inode).unwrap_or(&none);
            (ours != theirs).then(|| format!("{row:?}: held by {theirs:?}, shown {ours:?}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTENER: &str = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0";

    fn table(row: Option<Row>) -> Table {
        Table { rows: row.into_iter().collect(), ..Table::default() }
    }

    #[test]
    fn rows_of_the_kernel_and_ours_are_compared() {
        let json = r#"{"sockets":[{"proto":"TCP","laddr":"127.0.0.1","lport":8080,"raddr":null,"rport":null,
            "state":"LISTENING","inode":77,"pids":[5]}]}"#;
        let ours = shown(json, None).unwrap();
        let mut kernel = table(kernel_row(LISTENER, "TCP", false));
        assert_eq!(differences(&ours, &kernel, &kernel), Vec::<String>::new());
        assert_eq!(differences(&table(None), &kernel, &kernel).len(), 1);
        assert_eq!(differences(&ours, &table(None), &table(None)).len(), 1);
        // What went away meanwhile may be missing, and what came may be there.
        assert_eq!(differences(&table(None), &kernel, &table(None)), Vec::<String>::new());
        assert_eq!(differences(&ours, &table(None), &kernel), Vec::<String>::new());
        assert_eq!(wrong_owners(&ours, &kernel).len(), 1);
        kernel.owners.insert(77, BTreeSet::from([5]));
        assert_eq!(wrong_owners(&ours, &kernel), Vec::<String>::new());
    }

    #[test]
    fn ends_in_words_of_the_processor_are_decoded() {
        let six = kernel_end("00000000000000000000000001000000:0016", true).unwrap();
        assert_eq!(six.to_string(), "[::1]:22");
        let mapped = kernel_end("0000000000000000FFFF00000100007F:0016", true).unwrap();
        assert_eq!(mapped.to_string(), "127.0.0.1:22");
        assert_eq!(kernel_end("7F:0016", true), None);
    }
}
