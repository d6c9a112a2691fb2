//! The net-tools dialect, compared to the byte with the netstat of net-tools on the same sockets.
//!
//! Both programs read the same tables of the kernel one after the other, in private namespaces where nothing else changes them.
//! The order of rows is that of the kernel's hash tables, which is the same for both, and is compared as well.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Flavor, Held, Loop, Namespace, Place, RemoteHost, TcpState, skip, with_remote_host};
use std::process::{Command, Stdio};
use support::Run;

/// The netstat of net-tools. Ours may be the first `netstat` in PATH.
const ORACLE: &str = "/usr/bin/netstat";

/// Returns whether the netstat of net-tools is installed in the version that is followed; else the test is skipped.
fn has_oracle() -> bool {
    let version = Command::new(ORACLE).arg("--version").output();
    let text = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    if text.starts_with("net-tools 2.10\n") {
        return true;
    }
    skip(format!("{ORACLE} is not that of net-tools 2.10"));
    false
}

fn oracle(words: &str) -> Run {
    let mut command = Command::new(ORACLE);
    command.args(words.split_ascii_whitespace()).env("LC_ALL", "C").stdin(Stdio::null());
    support::finish(command)
}

fn ours(words: &str) -> Run {
    let mut command = support::command(words);
    command.env("NETSTAT_DIALECT", "net-tools");
    support::finish(command)
}

/// Compares standard output and the exit code of both programs for each command line.
fn assert_same_for(lines: &[&str]) {
    for words in lines {
        let (wanted, got) = (oracle(words), ours(words));
        assert_eq!((got.text, got.code), (wanted.text, wanted.code), "netstat {words}");
    }
}

/// Opens sockets in every state and of every kind, some of them with names of ports, and long addresses.
fn everything(namespace: &Namespace, host: &RemoteHost) -> Vec<Held> {
    let mut held = support::every_state(namespace, host);
    for kind in [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack] {
        let pair = namespace.connected(kind).unwrap();
        held.extend([pair.client, pair.server]);
    }
    for flavor in Flavor::ALL {
        held.push(host.hold(TcpState::FinWait1, flavor).unwrap().orphan().unwrap());
        held.push(host.hold(TcpState::FinWait2, flavor).unwrap().orphan().unwrap());
    }
    held.push(namespace.listener(Place::LoopbackV4, 22).unwrap());
    held.push(namespace.udp(Place::AnyDualStack, 53).unwrap());
    held
}

#[test]
fn lists_of_sockets_are_those_of_net_tools() {
    if !has_oracle() {
        return;
    }
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        assert!(oracle("-tuan").text.lines().count() > held.len(), "the oracle does not see the sockets");
        assert_same_for(&[
            "-tulpn",
            "-plnt",
            "-tn",
            "-antp",
            "-antu",
            "-untee",
            "-tanep",
            "-4tan",
            "-6uan",
            "-tlW",
            "-tuanW",
            "-A inet6 -tan",
            "-A inet,inet6 -tan",
            "--inet --tcp -an",
            "--ip -tn",
            "-tan --numeric-ports",
            "-tle --numeric-users --numeric-hosts",
            "-tn --list",
            "-tulnpeW",
        ]);
    });
}

#[test]
fn what_is_typed_chooses_the_dialect() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 8080).unwrap();
        let first_line = |words: &str, dialect: &str| {
            let mut command = support::command(words);
            command.env("NETSTAT_DIALECT", dialect);
            support::finish(command).text.lines().next().unwrap_or_default().to_owned()
        };
        let (net_tools, windows) = ("Active Internet connections (only servers)", "");
        for (words, dialect, expected) in [
            ("-tulpn", "", net_tools),
            ("-ltn", "windows", windows),
            ("-ano", "", windows),
            ("-tln --dialect net-tools", "windows", net_tools),
            ("-tn --dialect=windows", "net-tools", windows),
        ] {
            assert_eq!(first_line(words, dialect), expected, "{words} with {dialect:?}");
        }
    });
}

#[test]
fn a_filter_selects_rows_of_the_net_tools_list() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = [8080, 8081].map(|port| namespace.listener(Place::AnyV4, port).unwrap());
        let text = support::netstat("-tulpn lport 8081");
        let rows: Vec<&str> = text.lines().skip(2).collect();
        let [row] = rows[..] else { panic!("{text}") };
        assert!(
            row.starts_with(
                "tcp        0      0 0.0.0.0:8081            0.0.0.0:*               LISTEN      "
            ),
            "{row}"
        );
        assert!(row.contains(&format!(" {}/", std::process::id())), "{row}");
    });
}
