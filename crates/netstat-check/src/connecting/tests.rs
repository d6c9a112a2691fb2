use super::super::made::{fired, held, lines, look, looks, moment, run, seen_since, tcp};
use super::super::text::EN;
use super::*;
use netstat_model::{Socket, TimerKind};
use std::time::Duration;

fn trying(count: u16, remote: &str, again: u8) -> Vec<Socket> {
    (0..count)
        .map(|port| {
            let socket = tcp(&format!("10.0.0.1:{}", 40_000 + port), remote, TcpState::SynSent);
            fired(held(socket, 7), TimerKind::Retransmit, again)
        })
        .collect()
}

fn found(sockets: Vec<Socket>) -> Vec<String> {
    lines(&run(&CHECK, &look(moment(1, sockets)), &[]))
}

#[test]
fn unanswered_connections_are_counted_per_destination() {
    for (sockets, expected) in [
        (Vec::new(), "ok"),
        (trying(2, "192.0.2.1:5432", 3), "ok"),
        (
            trying(3, "192.0.2.1:5432", 1),
            "notice [192.0.2.1:5432] 3 connections to 192.0.2.1:5432 get no answer",
        ),
        (trying(10, "192.0.2.1:5432", 1), "warning"),
        (trying(200, "192.0.2.1:5432", 1), "critical"),
        (trying(5000, "192.0.2.1:5432", 0), "ok [] 5,000 connections in SYN_SENT, 0 unanswered"),
        ([trying(2, "192.0.2.1:443", 2), trying(2, "192.0.2.2:443", 2)].concat(), "ok"),
    ] {
        let found = found(sockets);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn one_process_with_many_unanswered_destinations_is_found() {
    let to = |places: u16, again| -> Vec<Socket> {
        (1..=places).flat_map(|last| trying(1, &format!("198.51.100.{last}:23"), again)).collect()
    };
    assert_eq!(
        found(to(20, 1)),
        ["warning [p7 (7) to many] p7 (7) waits for 20 destinations at once, and none of them answers"]
    );
    let said = |sockets: Vec<Socket>, key: &str| {
        let findings = run(&CHECK, &look(moment(1, sockets)), &[]);
        let of_many = findings.iter().find(|finding| finding.subject.ends_with("to many")).unwrap();
        let text = of_many.facts.iter().find(|fact| fact.key == key).unwrap().text.clone().unwrap();
        text.of(EN).to_owned()
    };
    assert_eq!(said(to(20, 1), "addresses"), "at 20 addresses");
    assert_eq!(said(to(20, 1), "ports"), "all of them to port 23");
    let ports = || (1..=20).flat_map(|port| trying(1, &format!("198.51.100.1:{port}"), 1)).collect();
    assert_eq!(said(ports(), "addresses"), "all of them at 198.51.100.1");
    assert_eq!(said(ports(), "ports"), "20 remote ports, most often 1, 2, 3");
    assert!(found(to(19, 1))[0].starts_with("ok"));
    assert!(found(to(200, 0))[0].starts_with("ok"), "a crawler");
}

#[test]
fn without_timers_watching_shows_who_waits() {
    let mut sockets = trying(12, "192.0.2.1:5432", 0);
    sockets.iter_mut().for_each(|socket| socket.timer = None);
    let mut evidence = look(moment(100, sockets.clone()));
    assert_eq!(
        lines(&run(&CHECK, &evidence, &[])),
        ["unknown [] 12 connections wait for an answer, and the system does not report for how long"]
    );
    // Two are no finding, however long they wait.
    assert!(found(sockets[..2].to_vec())[0].starts_with("ok"));
    let twice = |then: &[Socket]| {
        let evidence = looks(Some(moment(99, then.to_vec())), moment(100, sockets.clone()));
        lines(&run(&CHECK, &evidence, &[]))
    };
    assert!(twice(&sockets)[0].starts_with("warning"));
    assert!(twice(&sockets[..4])[0].starts_with("notice [192.0.2.1:5432] 4 connections"));
    assert!(twice(&[])[0].starts_with("ok"), "they have just begun");
    let closed = |socket: &Socket| Socket { state: Some(TcpState::Established), ..socket.clone() };
    assert!(twice(&sockets.iter().map(closed).collect::<Vec<_>>())[0].starts_with("ok"));
    evidence.seen_since = seen_since(&evidence, Duration::from_secs(95));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("warning"));
}

#[test]
fn a_local_listener_that_does_not_answer_is_explained() {
    let meaning = |sockets: Vec<Socket>| {
        let findings = run(&CHECK, &look(moment(1, sockets)), &[]);
        findings[0].meaning.as_ref().unwrap().of(EN).to_owned()
    };
    let listener = || tcp("0.0.0.0:5432", "", TcpState::Listen);
    let with_listener = |remote| [trying(5, remote, 2), vec![listener()]].concat();
    assert!(meaning(with_listener("127.0.0.1:5432")).starts_with("The listener is on this machine"));
    assert!(meaning(with_listener("10.0.0.1:5432")).starts_with("The listener is on this machine"));
    assert!(meaning(with_listener("192.0.2.1:5432")).starts_with("The host is down"));
    assert!(meaning(trying(5, "127.0.0.1:5432", 2)).starts_with("The host is down"));
}
