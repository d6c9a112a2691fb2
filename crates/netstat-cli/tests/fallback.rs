//! Where sock_diag is refused: a true recording, with the refusal written in place of the kernel's netlink answers,
//! and with what /proc/net said at that very time.
//!
//! A kernel cannot be made to refuse netlink to one program by safe means, so the refusal is in the recording.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Flavor, Held, Namespace, Place, RemoteHost, TcpState, with_remote_host};
use std::path::Path;
use support::{
    Folder, HEADING_WITH_PID, Line, Run, assert_one_line, assert_same, command, finish, rows, shown,
};

const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EPROTONOSUPPORT: i32 = 93;

const TABLES: [&str; 4] = ["tcp", "tcp6", "udp", "udp6"];

fn everything(namespace: &Namespace, host: &RemoteHost) -> Vec<Held> {
    let mut held = Vec::new();
    for flavor in Flavor::ALL {
        for state in TcpState::ALL {
            held.push(host.hold(state, flavor).unwrap());
        }
        held.push(host.hold_udp(flavor).unwrap());
    }
    for place in Place::ALL {
        held.push(namespace.listener(place, 0).unwrap());
        held.push(namespace.udp(place, 0).unwrap());
        held.push(namespace.udp_connected(place, 9).unwrap());
    }
    held
}

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

/// A replay in which sock_diag is refused: also the questions that the program did not ask while it was answered.
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

/// Puts `errno` in place of every answer of sock_diag, and answers for the files of /proc/net: what they say in the
/// namespace of this thread, or an error number.
fn refuse_sock_diag(folder: &Path, errno: i32, proc_net: Result<(), i32>) {
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
        let question = format!(r#""op":"read","on":"/proc/net/{table}""#);
        lines.push(match proc_net {
            Ok(()) => {
                let bytes = std::fs::read(format!("/proc/thread-self/net/{table}")).unwrap();
                let line = format!(r#"{{{question},"at":{},"len":{}}}"#, answers.len(), bytes.len());
                answers.extend_from_slice(&bytes);
                line
            }
            Err(errno) => format!(r#"{{{question},"errno":{errno}}}"#),
        });
    }
    let end = format!(r#"{{"end":{}}}"#, lines.len() - 1);
    lines.push(end);
    std::fs::write(index_path, lines.join("\n") + "\n").unwrap();
    std::fs::write(answers_path, answers).unwrap();
}

/// What /proc/net does not tell: bound-only sockets, scopes, and that an IPv6 listener takes IPv4 too.
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
fn the_rows_of_proc_net_are_those_of_sock_diag() {
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        let folder = Folder::new("fallback");
        for (words, warnings) in [("-ano", 1), ("-anoq", 2), ("-anob --path", 1)] {
            let path = folder.path(words.replace(' ', ""));
            let first = record(words, &path);
            refuse_sock_diag(&path, EPERM, Ok(()));
            let again = replay_refused(words, &path, EPERM);
            assert_eq!(again.code, Some(0), "{words}: {again:?}");
            // One warning about sock_diag, and for -q one about what it misses.
            let said: Vec<&str> = again.complaint.lines().collect();
            assert_eq!(said.len(), warnings, "{words}: {said:?}");
            assert!(said[0].starts_with("netstat: ") && said[0].contains("sock_diag"), "{said:?}");
            assert!(said[0].contains("/proc/net"), "{said:?}");
            assert!(said.iter().skip(1).all(|line| line.contains("bound-only")), "{said:?}");

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

#[test]
fn where_nothing_answers_there_is_a_reason_and_no_table() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let folder = Folder::new("nothing");
        for (errno, words) in
            [(EPERM, "-ano"), (EACCES, "-anob"), (EPROTONOSUPPORT, "-an"), (EPERM, "-c"), (EPERM, "-a")]
        {
            let path = folder.path(words);
            record(words, &path);
            refuse_sock_diag(&path, errno, Err(EACCES));
            let run = replay_refused(words, &path, errno);
            assert_eq!((run.code, &*run.text), (Some(1), ""), "{words}");
            assert_one_line(&run.complaint);
            let refusal = std::io::Error::from_raw_os_error(errno).to_string();
            // The words alone: the number of an error is not for people.
            let (refusal, _) = refusal.split_once(" (os error").unwrap();
            for reason in ["sock_diag", "/proc/net", refusal, "Permission denied"] {
                assert!(run.complaint.contains(reason), "no {reason} in {}", run.complaint);
            }
        }
    });
}
