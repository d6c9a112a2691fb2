//! Sockets beyond TCP and UDP (`--family`), against those of the test, and row for row against ss.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::witness;
use serde_json::Value;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};
use support::{Folder, command, finish, netstat};

/// The rows of `--json` with these arguments.
fn json(words: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&netstat(&format!("--json {words}"))).unwrap();
    let schema =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/netstat-2.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    document["sockets"].as_array().unwrap().clone()
}

/// Rows of a table of columns without its heading, with single blanks between the cells.
fn cells(words: &str) -> Vec<String> {
    let text = netstat(words);
    text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A row of `--json` as ss has it.
fn as_in_ss(row: &Value) -> witness::UnixRow {
    let name = row["local"]["name"].as_str().unwrap();
    let mut pids: Vec<u32> = row["owners"]
        .as_array()
        .unwrap()
        .iter()
        .map(|owner| u32::try_from(owner["pid"].as_u64().unwrap()).unwrap())
        .collect();
    pids.sort_unstable();
    let kind = match row["type"].as_str().unwrap() {
        "stream" => "u_str",
        "dgram" => "u_dgr",
        "seqpacket" => "u_seq",
        other => panic!("no Unix socket is {other}"),
    };
    let state = match row["state"].as_str() {
        Some("LISTENING") => "LISTEN",
        Some("ESTABLISHED") => "ESTAB",
        None => "UNCONN",
        other => panic!("no Unix socket is {other:?}"),
    };
    witness::UnixRow {
        inode: row["inode"].as_u64().unwrap_or(0),
        kind: kind.into(),
        state: state.into(),
        name: if name.starts_with('*') { "*".into() } else { name.into() },
        peer: row["peer_inode"].as_u64().unwrap_or(0),
        pids,
    }
}

fn abstract_name(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).unwrap()
}

#[test]
fn unix_sockets_are_those_of_ss() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("unix");
        let listener = UnixListener::bind(folder.path("db.sock")).unwrap();
        rustix::net::listen(&listener, 7).unwrap();
        let client = UnixStream::connect(folder.path("db.sock")).unwrap();
        let accepted = listener.accept().unwrap();
        let abstract_listener = UnixListener::bind_addr(&abstract_name("netstat-test")).unwrap();
        let pair = UnixStream::pair().unwrap();
        let (alone, closed) = UnixStream::pair().unwrap();
        drop(closed);
        let log = UnixDatagram::bind(folder.path("log")).unwrap();
        let logger = UnixDatagram::unbound().unwrap();
        logger.connect(folder.path("log")).unwrap();
        let unbound = UnixDatagram::unbound().unwrap();
        let sequence = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::SEQPACKET,
            rustix::net::SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();

        let both = || {
            let mut shown: Vec<_> = json("--family unix").iter().map(as_in_ss).collect();
            shown.sort();
            (shown, witness::unix().unwrap())
        };
        // Between its fork and its exec, a child of another test has copies of these descriptors.
        let _ = netstat_lab::eventually("the rows of ss", || {
            let (shown, expected) = both();
            (shown == expected).then_some(())
        });
        let (shown, expected) = both();
        assert_eq!(shown, expected);
        assert_eq!(expected.len(), 12);

        let columns = "--columns proto,type,local,foreign,state,backlog,pid,peer_pid";
        let pid = std::process::id();
        let path = folder.path("db.sock").display().to_string();
        assert_eq!(
            cells(&format!("--family unix {columns} state listening src unix:{path}")),
            [format!("UNIX stream {path} - LISTENING 7 {pid} -")]
        );
        let of_path = cells(&format!("{columns} dst unix:{path}"));
        let [of_client] = &of_path[..] else { panic!("{of_path:?}") };
        assert!(of_client.ends_with(&format!(" {path} ESTABLISHED - {pid} {pid}")), "{of_client}");
        assert_eq!(cells("--columns local family unix src unix:@netstat-*"), ["@netstat-test"]);
        assert_eq!(cells("--columns local family inet"), [""; 0]);
        assert_eq!(finish(command(&format!("--exists host unix:{path}"))).code, Some(0));
        assert_eq!(finish(command("--exists host unix:/no/such")).code, Some(1));
        drop((client, accepted, abstract_listener, pair, alone, log, logger, unbound, sequence));
    });
}

#[test]
fn the_process_at_the_other_end_is_the_one_that_holds_it() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("peer");
        let path = folder.path("db.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let waiting = UnixStream::connect(&path).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        // A child that holds the other end alone, and one more that shares ours with us.
        let start = |held: &UnixStream| {
            let held = std::os::fd::OwnedFd::from(held.try_clone().unwrap());
            Command::new("cat").stdin(Stdio::piped()).stdout(held).spawn().unwrap()
        };
        let mut far = start(&theirs);
        drop(theirs);
        let mut near = start(&ours);
        let us = std::process::id();
        let (one, other) = (u64::from(us), u64::from(far.id()));
        let between = |rows: &[Value], pid: u64, peer: u64| -> Vec<Value> {
            rows.iter().filter(|row| row["pid"] == pid && row["peer_pid"] == peer).cloned().collect()
        };
        let columns = "local,state,pid,process,peer_pid,peer_process,inode,peer_inode";
        // As above.
        let rows = netstat_lab::eventually("both ends with their processes", || {
            let rows = json(&format!("--family unix --columns {columns}"));
            let are_held_by = |pid, peer, count| {
                let rows = between(&rows, pid, peer);
                rows.len() == 1 && rows[0]["owners"].as_array().unwrap().len() == count
            };
            (are_held_by(other, one, 1) && are_held_by(one, other, 2)).then_some(rows)
        })
        .unwrap();
        let of = |pid: u64, peer: u64| between(&rows, pid, peer);
        let [near_end] = &of(one, other)[..] else { panic!("{rows:?}") };
        let [far_end] = &of(other, one)[..] else { panic!("{rows:?}") };
        assert_eq!(
            (&near_end["inode"], &near_end["peer_inode"]),
            (&far_end["peer_inode"], &far_end["inode"])
        );
        assert_eq!((&near_end["peer_process"], &far_end["process"]), (&"cat".into(), &"cat".into()));
        // Nobody has accepted it: at the other end is who listens.
        let [waiting_end] = &of(one, one)[..] else { panic!("{rows:?}") };
        assert_eq!(waiting_end["state"], "ESTABLISHED");
        let inode = |state| rows.iter().find(|row| row["state"] == state).unwrap()["inode"].clone();
        assert_eq!(waiting_end["peer_inode"], inode("LISTENING"));
        for child in [&mut far, &mut near] {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
        drop((listener, waiting, ours));
    });
}

#[test]
fn names_of_sockets_are_shown_safely() {
    netstat_lab::on_own_thread(|_| {
        let hostile = UnixListener::bind_addr(&abstract_name("a\u{1b}[2J\n\0b")).unwrap();
        assert_eq!(cells("--family unix --columns local"), ["@a\\x1b[2J\\x0a\\x00b"]);
        let rows = json("--family unix --columns local");
        assert_eq!(rows[0]["local"]["name"], "@a\\x1b[2J\\x0a\\x00b");
        drop(hostile);
    });
}

#[test]
fn the_table_of_windows_has_no_other_families() {
    netstat_lab::on_own_thread(|_| {
        let listener = UnixListener::bind_addr(&abstract_name("netstat-other")).unwrap();
        assert_eq!(cells("--columns local -a"), [""; 0]);
        let plain = netstat("-an");
        assert_eq!(plain, netstat("-an --family inet"));
        assert!(!plain.contains("UNIX"), "{plain}");
        drop(listener);
    });
}

#[test]
fn a_recording_of_families_replays() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("families-recorded");
        let listener = UnixListener::bind_addr(&abstract_name("netstat-recorded")).unwrap();
        let tape = folder.path("tape").display().to_string();
        let recorded = netstat(&format!("--family unix -ob --record {tape}"));
        drop(listener);
        assert!(recorded.contains("@netstat-recorded"), "{recorded}");
        assert_eq!(netstat(&format!("--family unix -ob --replay {tape}")), recorded);
    });
}
