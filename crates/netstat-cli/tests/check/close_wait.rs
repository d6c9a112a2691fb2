//! A program that does not close, and one that closes a little later.

use crate::answer::{assert_found_saying, assert_only, assert_quiet};
use crate::support::{command, finish};
use netstat_lab::faults::{CloseWaitLeak, CloseWaitTraffic};
use netstat_lab::on_own_thread;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

/// A second is old here, where nobody wants to wait for a minute: ten times longer than the traffic keeps anything.
const SOON: &str = "--set close-wait.old=1 --set close-wait.warning=100 --set close-wait.critical=1000";

#[test]
fn a_leak_is_found_with_its_process_and_its_peers() {
    on_own_thread(|namespace| {
        let leak = CloseWaitLeak::new(namespace, 200, 2, b"good bye").unwrap();
        let finding = assert_found_saying("close-wait", SOON, "warning", "200");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 200)]);
        assert!(finding.subject().contains(&std::process::id().to_string()), "{finding:?}");
        assert_eq!(finding.number("peers"), 2.0);
        // The FIN is not data.
        assert_eq!(finding.number("unread_bytes"), 200.0 * leak.unread as f64);
        let rows = finding.rows();
        assert_eq!(rows.len(), 200, "{rows:#?}");
        for server in &leak.servers {
            assert_eq!(rows.iter().filter(|row| row.contains(&server.to_string())).count(), 100, "{rows:#?}");
        }
        assert_only(&[]);
    });
}

#[test]
fn a_large_leak_is_critical() {
    on_own_thread(|namespace| {
        let _leak = CloseWaitLeak::new(namespace, 1_200, 1, b"").unwrap();
        let finding = assert_found_saying("close-wait", SOON, "critical", "1,200");
        assert_eq!(finding.rows().len(), 1_200);
    });
}

#[test]
fn a_busy_server_is_not_accused() {
    on_own_thread(|namespace| {
        let traffic = CloseWaitTraffic::new(namespace, 150).unwrap();
        for _ in 0..3 {
            assert_quiet("close-wait", SOON);
            traffic.go_on(200).unwrap();
        }
        assert_only(&[]);
    });
}

#[test]
fn a_server_that_does_not_accept_is_named_for_clients_that_gave_up() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("0.0.0.0:8080").unwrap();
        for _ in 0..100 {
            drop(TcpStream::connect("127.0.0.1:8080").unwrap());
        }
        let soon = "--set close-wait.old=1 --set close-wait.warning=50";
        let me = std::process::id();
        let saying = format!("({me}) on 0.0.0.0:8080 holds 100 connections");
        let finding = assert_found_saying("close-wait", soon, "warning", &saying);
        assert_eq!(finding.subject(), "accept queue of 0.0.0.0:8080");
        assert_eq!(finding.processes(), [(Some(me.into()), 0)]);
        assert_eq!(finding.rows().len(), 100);
        drop(listener);
    });
}

#[test]
fn a_leak_is_seen_to_come_and_to_go() {
    on_own_thread(|namespace| {
        let mut watch = command(&format!("check close-wait --watch 200ms --count 100 {SOON}"));
        let mut child = watch.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let first = lines.next().unwrap();
        assert!(first.starts_with("ok") && first.contains("close-wait: "), "{first}");
        let leak = CloseWaitLeak::new(namespace, 150, 1, b"").unwrap();
        // It begins as a burst and becomes a leak.
        let worse = lines.find(|line| line.starts_with("warning")).unwrap();
        assert!(worse.contains("close-wait: ") && worse.contains("150"), "{worse}");
        drop(leak);
        let gone = lines.find(|line| line.starts_with('+') && line.ends_with("gone")).unwrap();
        assert!(gone.starts_with('+'), "{gone}");
        child.kill().unwrap();
        child.wait().unwrap();
    });
}

#[test]
fn json_under_watch_is_a_document_a_look() {
    on_own_thread(|namespace| {
        let _leak = CloseWaitLeak::new(namespace, 30, 1, b"").unwrap();
        let run = finish(command("check close-wait --watch 50ms --count 3 --json"));
        let documents: Vec<serde_json::Value> =
            run.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(documents.len(), 3);
        documents.iter().for_each(crate::answer::assert_valid);
    });
}
