//! The fallback to /proc/net where sock_diag is refused.
//!
//! The kernel cannot safely be made to refuse netlink to one program. So a real run is recorded, each netlink answer in
//! the recording is replaced by an error, and the files of /proc/net are added as they are at that moment.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Held, Place, with_remote_host};
use std::path::Path;
use support::{Folder, HEADING_WITH_PID, Line, Run, assert_same, command, finish, rows, shown};

const EPERM: i32 = 1;
const ENOENT: i32 = 2;

const TABLES: [&str; 4] = ["tcp", "tcp6", "udp", "udp6"];

fn record(words: &str, folder: &Path) -> Run {
    let mut command = command(words);
    command.arg("--record").arg(folder);
    let run = finish(command);
    assert_eq!((run.code, &*run.complaint), (Some(0), ""));
    run
}

fn replay(words: &str, folder: &Path) -> Run {
    let mut command = command(words);
    command.arg("--replay").arg(folder);
    finish(command)
}

/// Replays a recording. Netlink requests that are not in it, because the recorded run had no need of them, are refused
/// too.
fn replay_refused(words: &str, folder: &Path, errno: i32) -> Run {
    const UNKNOWN: &str = "the recording has no answer to: netlink sock_diag ";
    for _ in 0..10 {
        let run = replay(words, folder);
        let Some((_, rest)) = run.complaint.split_once(UNKNOWN) else { return run };
        let request: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
        let path = folder.join("index.jsonl");
        let index = std::fs::read_to_string(&path).unwrap();
        let mut lines: Vec<&str> = index.lines().collect();
        lines.pop();
        let line = format!(r#"{{"op":"netlink sock_diag","on":"{request}","errno":{errno}}}"#);
        let end = format!(r#"{{"end":{}}}"#, lines.len());
        lines.extend([&*line, &*end]);
        std::fs::write(path, lines.join("\n") + "\n").unwrap();
    }
    panic!("question after question about {}", folder.display());
}

/// Puts `errno` in place of every answer of sock_diag, and adds the files of /proc/net as this thread's namespace has
/// them.
fn refuse_sock_diag(folder: &Path, errno: i32) {
    let (index_path, answers_path) = (folder.join("index.jsonl"), folder.join("answers.bin"));
    let index = std::fs::read_to_string(&index_path).unwrap();
    let mut answers = std::fs::read(&answers_path).unwrap();
    let mut lines: Vec<String> = index.lines().map(str::to_owned).collect();
    lines.pop();
    let mut refused = 0;
    for line in &mut lines {
        if line.contains(r#""op":"netlink sock_diag""#) {
            let (before, _) = line.split_once(r#","at":"#).unwrap();
            *line = format!(r#"{before},"errno":{errno}}}"#);
            refused += 1;
        }
    }
    assert!(refused > 0, "{index}");
    for table in TABLES {
        let bytes = std::fs::read(format!("/proc/thread-self/net/{table}")).unwrap();
        let (at, len) = (answers.len(), bytes.len());
        lines.push(format!(r#"{{"op":"read","on":"/proc/net/{table}","at":{at},"len":{len}}}"#));
        answers.extend_from_slice(&bytes);
    }
    let end = format!(r#"{{"end":{}}}"#, lines.len() - 1);
    lines.push(end);
    std::fs::write(index_path, lines.join("\n") + "\n").unwrap();
    std::fs::write(answers_path, answers).unwrap();
}

/// Removes what /proc/net lacks: bound-only sockets, scopes, and the IPv4 rows of dual-stack listeners.
fn without_what_proc_net_lacks(table: &[Line], dual: &[String]) -> Vec<Line> {
    let mut lines: Vec<Line> = table
        .iter()
        .filter(|line| line.state != "BOUND")
        .filter(|line| !(line.local.starts_with("0.0.0.0:") && dual.contains(&line.local)))
        .cloned()
        .collect();
    for line in &mut lines {
        for end in [&mut line.local, &mut line.foreign] {
            if let Some((address, rest)) = end.split_once('%') {
                let (_, port) = rest.split_once(']').unwrap();
                *end = format!("{address}]{port}");
            }
        }
    }
    lines.sort();
    lines
}

#[test]
fn that_a_listener_takes_ipv4_cannot_be_known_from_proc_net() {
    with_remote_host(|namespace, _| {
        let both = namespace.listener(Place::AnyDualStack, 9090).unwrap();
        let folder = Folder::new("fallback-dual");
        for (words, code) in [
            ("--exists lport 9090 src 0.0.0.0", 2),
            ("--exists lport 9090 process x or lport 9090 src 0.0.0.0", 2),
            ("--exists lport 9090 src ::", 0),
        ] {
            let path = folder.path(words.replace(' ', ""));
            record(words, &path);
            refuse_sock_diag(&path, ENOENT);
            let again = replay_refused(words, &path, ENOENT);
            assert_eq!(again.code, Some(code), "{words}: {again:?}");
            assert_eq!(again.complaint.contains("is not known"), code == 2, "{again:?}");
            // No module for TCP in this kernel.
            assert_eq!(again.complaint.contains("modprobe tcp_diag"), code == 2, "{again:?}");
        }
        drop(both);
    });
}

#[test]
fn proc_net_gives_the_same_rows_as_sock_diag() {
    with_remote_host(|namespace, host| {
        let held = support::every_state(namespace, host);
        let folder = Folder::new("fallback");
        for (words, warnings) in [("-ano", 2), ("-anoq", 3), ("-anob --path", 2)] {
            let path = folder.path(words.replace(' ', ""));
            let first = record(words, &path);
            refuse_sock_diag(&path, EPERM);
            let again = replay_refused(words, &path, EPERM);
            assert_eq!(again.code, Some(0), "{words}: {again:?}");
            // One warning for each protocol that sock_diag failed, and with -q one that bound-only sockets are missing.
            let said: Vec<&str> = again.complaint.lines().collect();
            assert_eq!(said.len(), warnings, "{words}: {said:?}");
            assert!(said[0].starts_with("netstat: ") && said[0].contains("sock_diag"), "{said:?}");
            assert!(said[0].contains("TCP") && said[1].contains("UDP"), "{said:?}");
            assert!(said.iter().take(2).all(|line| line.contains("/proc/net")), "{said:?}");
            assert!(said.iter().skip(2).all(|line| line.contains("bound-only")), "{said:?}");

            let both: Vec<String> = held
                .iter()
                .flat_map(Held::rows)
                .filter(|row| row.v6_only == Some(false) && row.local.ip().is_unspecified())
                .map(|row| format!("0.0.0.0:{}", row.local.port()))
                .collect();
            assert!(both.len() >= 3);
            let whole = rows(&first.text, HEADING_WITH_PID);
            let mut less = rows(&again.text, HEADING_WITH_PID);
            less.sort();
            assert!(less.len() > 60);
            assert_same(&less, &without_what_proc_net_lacks(&whole, &both), words);
        }
        let v6: Vec<_> = held.iter().filter(|held| held.row.local.is_ipv6()).collect();
        assert!(v6.iter().any(|held| shown(held.row.local).contains('%')));
    });
}
