use super::super::made::{fact, held, lines, look, looks, moment, run, seen_since, tcp, with};
use super::super::text::EN;
use super::*;
use netstat_model::{Ownership, Socket};

/// Connections of a process in CLOSE_WAIT whose peers have been silent for so many seconds.
fn silent(pid: u32, count: u16, seconds: u64) -> Vec<Socket> {
    (0..count)
        .map(|port| {
            let socket = tcp("10.0.0.1:80", &format!("10.0.0.9:{}", 1000 + port), TcpState::CloseWait);
            let mut socket =
                with(held(socket, pid), |tcp| tcp.last_ack_received = Some(Duration::from_secs(seconds)));
            socket.recv_queue = Some(1);
            socket
        })
        .collect()
}

/// The same on a system that tells no ages.
fn ageless(pid: u32, count: u16) -> Vec<Socket> {
    let mut sockets = silent(pid, count, 0);
    sockets.iter_mut().for_each(|socket| socket.tcp = None);
    sockets
}

#[test]
fn old_connections_are_a_leak_and_many_young_ones_a_burst() {
    for (sockets, expected) in [
        (silent(7, 19, 3600), "ok"),
        (silent(7, 20, 3600), "notice"),
        (silent(7, 99, 3600), "notice"),
        (silent(7, 100, 60), "warning"),
        (silent(7, 100, 59), "ok"),
        (silent(7, 1000, 61), "critical"),
        (silent(7, 499, 2), "ok"),
        (silent(7, 5000, 2), "notice"),
        ([silent(7, 90, 100), silent(7, 4000, 1)].concat(), "notice"),
        ([silent(7, 60, 100), silent(8, 60, 100)].concat(), "notice"),
        (Vec::new(), "ok"),
    ] {
        let findings = run(&CHECK, &look(moment(5, sockets)), &[]);
        assert!(
            findings.iter().all(|finding| finding.severity.word() == expected),
            "{expected}: {:?}",
            lines(&findings)
        );
    }
}

#[test]
fn each_process_has_its_own_finding() {
    let sockets = [silent(7, 150, 100), silent(8, 5, 100), silent(9, 1200, 100)].concat();
    assert_eq!(
        lines(&run(&CHECK, &look(moment(5, sockets)), &[])),
        [
            "critical [p9 (9)] p9 (9) holds 1,200 connections in CLOSE_WAIT, all of them for 1 min or longer",
            "warning [p7 (7)] p7 (7) holds 150 connections in CLOSE_WAIT, all of them for 1 min or longer",
        ]
    );
}

#[test]
fn facts_hold_ages_unread_bytes_and_peers() {
    let mut sockets = silent(7, 200, 100);
    sockets[0].recv_queue = Some(501);
    sockets[1] = with(sockets[1].clone(), |tcp| tcp.last_ack_received = Some(Duration::from_secs(7200)));
    let findings = run(&CHECK, &look(moment(5, sockets)), &[]);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(fact(finding, "unread_bytes"), Some(500.into()), "a FIN counts as a byte in the queue");
    assert_eq!(fact(finding, "oldest_seconds"), Some(7200.into()));
    assert_eq!(fact(finding, "largest_peer"), Some("10.0.0.9".into()));
    assert_eq!(finding.processes.len(), 1);
    assert_eq!(
        finding.rows.as_deref(),
        Some("netstat --columns local,foreign,recvq,pid,process close_wait pid 7")
    );
}

#[test]
fn unknown_ages_are_measured_by_watching() {
    let mut evidence = look(moment(100, ageless(7, 300)));
    assert_eq!(
        lines(&run(&CHECK, &evidence, &[])),
        [
            "unknown [p7 (7)] p7 (7) holds 300 connections in CLOSE_WAIT, and the system does not report since when"
        ]
    );
    // However old they are, so few are a notice at most.
    assert_eq!(
        lines(&run(&CHECK, &look(moment(100, ageless(7, 50))), &[])),
        [
            "notice [p7 (7)] p7 (7) holds 50 connections in CLOSE_WAIT, and the system does not report since when"
        ]
    );
    assert!(lines(&run(&CHECK, &look(moment(100, ageless(7, 19))), &[]))[0].starts_with("ok"));
    evidence.seen_since = seen_since(&evidence, Duration::from_secs(39));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("warning"));
}

#[test]
fn growth_is_counted_per_process() {
    let before = moment(100, [silent(7, 150, 100), silent(8, 150, 100)].concat());
    let now = moment(110, [silent(7, 190, 100), silent(8, 150, 100)].concat());
    let findings = run(&CHECK, &looks(Some(before), now), &[]);
    let grown: Vec<_> = findings.iter().map(|finding| fact(finding, "grown")).collect();
    assert_eq!(grown, [Some(40.into()), None]);
}

#[test]
fn settings_change_the_limits() {
    let sockets = silent(7, 10, 5);
    let evidence = look(moment(5, sockets));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("ok"));
    let settings = ["close-wait.old=5", "close-wait.warning=10"];
    assert!(lines(&run(&CHECK, &evidence, &settings))[0].starts_with("warning"));
}

#[test]
fn connections_without_a_process_wait_in_an_accept_queue() {
    let waiting = || {
        let mut sockets = silent(7, 150, 100);
        sockets.iter_mut().for_each(|socket| socket.ownership = Ownership::Unowned(NoOwner::NoProcess));
        sockets
    };
    let listener = held(tcp("0.0.0.0:80", "", TcpState::Listen), 9);
    let findings = run(&CHECK, &look(moment(5, [waiting(), vec![listener]].concat())), &[]);
    assert_eq!(
        lines(&findings),
        [
            "warning [accept queue of 0.0.0.0:80] the accept queue of p9 (9) on 0.0.0.0:80 holds 150 connections in \
             CLOSE_WAIT, all of them for 1 min or longer"
        ]
    );
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    let holders: Vec<_> = finding.processes.iter().map(|one| (one.holder.subject(), one.sockets)).collect();
    assert_eq!(holders, [("p9 (9)".to_owned(), 0)], "the program that does not accept");
    assert!(finding.next.iter().all(|step| !step.of(EN).contains("run as root")), "{:?}", finding.next);

    // A filter may leave no listener.
    let findings = run(&CHECK, &look(moment(5, waiting())), &[]);
    assert!(
        lines(&findings)[0]
            .starts_with("warning [accept queue of 10.0.0.1:80] the accept queue on 10.0.0.1:80")
    );
    // Of two listeners it is that of the address.
    let listeners = vec![
        held(tcp("0.0.0.0:80", "", TcpState::Listen), 9),
        held(tcp("10.0.0.1:80", "", TcpState::Listen), 8),
    ];
    let findings = run(&CHECK, &look(moment(5, [waiting(), listeners].concat())), &[]);
    assert!(lines(&findings)[0].contains("p8 (8) on 10.0.0.1:80"), "{:?}", lines(&findings));
}
