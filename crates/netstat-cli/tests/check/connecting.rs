//! Connections that do not come about in number, and a few that will.

use crate::answer::{ask, assert_found, assert_found_saying, assert_only, assert_quiet};
use netstat_lab::faults::{Deferred, HalfOpen, Unanswered};
use netstat_lab::{on_own_thread, with_remote_host};
use std::net::SocketAddr;

#[test]
fn a_destination_that_does_not_answer_is_found() {
    with_remote_host(|_, host| {
        let there: SocketAddr = "10.99.0.66:5432".parse().unwrap();
        let _trying = Unanswered::new(host, &[there], 100).unwrap();
        // A connection counts once its SYN was sent again, the last of them a little later than the first.
        let finding = assert_found_saying("connecting", "", "warning", "100 connections to 10.99.0.66:5432");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 100)]);
        let rows = finding.rows();
        assert_eq!(rows.iter().filter(|row| row.contains("10.99.0.66:5432")).count(), 100, "{rows:#?}");
        assert_only(&["connecting"]);
    });
}

#[test]
fn a_few_attempts_are_no_fault() {
    with_remote_host(|_, host| {
        let there: Vec<SocketAddr> =
            (10..18).map(|last| SocketAddr::from(([10, 99, 0, last], 443))).collect();
        let _trying = Unanswered::new(host, &there, 1).unwrap();
        assert_quiet("connecting", "");
        assert_only(&[]);
    });
}

#[test]
fn requests_that_are_never_finished_are_found() {
    with_remote_host(|_, host| {
        let flood = HalfOpen::new(host, 400).unwrap();
        // A request counts once its answer had to be repeated.
        netstat_lab::eventually("all of the requests", || {
            let finding = ask("half-open").of("half-open").remove(0);
            (finding.severity() == "warning" && finding.number("half_open") == 400.0).then_some(())
        })
        .unwrap();
        let finding = assert_found("half-open", "", "warning");
        let words = finding.words();
        assert!(words.contains(&flood.listener.to_string()) && words.contains("400"), "{words}");
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains("10.99.0.2") && row.contains("400")), "{rows:#?}");
        assert_only(&["half-open"]);
    });
}

#[test]
fn a_few_requests_are_no_fault() {
    with_remote_host(|_, host| {
        let _few = HalfOpen::new(host, 5).unwrap();
        assert_quiet("half-open", "");
        assert_only(&[]);
    });
}

#[test]
fn clients_that_a_listener_keeps_waiting_for_their_data_are_no_fault() {
    on_own_thread(|namespace| {
        let scene = Deferred::new(namespace, 150).unwrap();
        assert_quiet("half-open", "--set half-open.notice=1");
        let answer = assert_only(&[]);
        assert_eq!(answer.of("half-open")[0].sentence(), "150 half-open connections, 0 waiting for long");
        drop(scene);
    });
}
