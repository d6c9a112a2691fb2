use super::super::made::{counted, fact, held, lines, look, looks, moment, numbered, queues, run, tcp};
use super::*;
use netstat_model::Socket;

/// A listener of process 7 on port 80 with so many waiting of so many.
fn listener(waiting: u32, limit: u32) -> Socket {
    numbered(queues(held(tcp("0.0.0.0:80", "", TcpState::Listen), 7), waiting, limit), 1)
}

fn counters(overflows: u64, cookies: u64) -> Counters {
    let tcp_ext = TcpExtCounters {
        listen_overflows: Some(overflows),
        syncookies_sent: Some(cookies),
        syncookies_recv: Some(0),
        req_q_full_drop: Some(0),
        ..TcpExtCounters::default()
    };
    Counters { tcp_ext: Some(tcp_ext), ..Counters::default() }
}

/// Two looks, two seconds apart, with so many connections lost in between.
fn found(before: Socket, now: Socket, lost: u64) -> Vec<Finding> {
    let before = counted(10, vec![before], counters(5, 0));
    run(&CHECK, &looks(Some(before), counted(12, vec![now], counters(5 + lost, 0))), &[])
}

#[test]
fn a_queue_full_in_both_looks_is_worse_than_a_busy_one() {
    for (before, now, lost, expected) in [
        ((0, 128), (0, 128), 0, "ok"),
        ((129, 128), (0, 128), 0, "ok"),
        ((0, 128), (129, 128), 0, "notice"),
        ((128, 128), (128, 128), 0, "notice"),
        ((103, 128), (110, 128), 0, "notice"),
        ((102, 128), (110, 128), 0, "ok"),
        ((5, 5), (5, 5), 0, "ok"),
        ((129, 128), (129, 128), 0, "warning"),
        ((129, 128), (129, 128), 1, "warning"),
        ((129, 128), (129, 128), 2, "critical"),
        ((0, 128), (129, 128), 2, "warning"),
        ((1, 0), (1, 0), 0, "warning"),
    ] {
        let findings = found(listener(before.0, before.1), listener(now.0, now.1), lost);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!(
            findings[0].severity.word(),
            expected,
            "{before:?} {now:?} {lost}: {:?}",
            lines(&findings)
        );
    }
}

#[test]
fn the_listener_and_its_process_are_named() {
    let findings = found(listener(129, 128), listener(129, 128), 40);
    assert_eq!(
        lines(&findings),
        [
            "critical [0.0.0.0:80] p7 (7) does not accept fast enough on 0.0.0.0:80: 129 connections wait, the limit is 128"
        ]
    );
    assert_eq!(fact(&findings[0], "lost"), Some(40.into()));
    assert_eq!(
        findings[0].rows.as_deref(),
        Some("netstat --columns local,recvq,backlog,pid,process listening lport 80")
    );
}

#[test]
fn overflows_of_a_queue_not_seen_full_are_reported() {
    let lost = |count| lines(&found(listener(0, 128), listener(0, 128), count));
    assert!(lost(1)[0].starts_with("ok"), "half a connection a second");
    assert_eq!(
        lost(30),
        [
            "warning [ListenOverflows] 30 connections were lost at a full queue (15 a second), and none was seen full"
        ]
    );
    assert!(lost(200)[0].starts_with("critical"));
}

#[test]
fn cookies_are_a_warning() {
    let before = counted(10, Vec::new(), counters(0, 100));
    let evidence = looks(Some(before), counted(11, Vec::new(), counters(0, 350)));
    assert_eq!(
        lines(&run(&CHECK, &evidence, &[])),
        ["warning [syncookies] 250 SYN cookies were sent: the queue of half-open connections is full"]
    );
}

#[test]
fn never_told_without_queue_lengths() {
    let windows = || held(tcp("0.0.0.0:80", "", TcpState::Listen), 7);
    let findings = run(&CHECK, &looks(Some(moment(1, vec![windows()])), moment(2, vec![windows()])), &[]);
    assert!(lines(&findings)[0].starts_with("unknown") && findings[0].never_told);
    // /proc/net tells how many wait and not how many may.
    let mut half = windows();
    half.recv_queue = Some(4000);
    assert!(lines(&run(&CHECK, &look(moment(1, vec![half])), &[]))[0].starts_with("unknown"));
}

#[test]
fn an_unknown_overflow_counter_is_not_zero() {
    let at = |second| moment(second, vec![listener(0, 128)]);
    let told = lines(&run(&CHECK, &looks(Some(at(1)), at(2)), &[]));
    assert_eq!(
        told,
        ["unknown [] no queue is full now, but whether connections are lost is not known: not asked for"]
    );
    let uncounted = |second| counted(second, vec![listener(0, 128)], Counters::default());
    let findings = run(&CHECK, &looks(Some(uncounted(1)), uncounted(2)), &[]);
    assert!(findings.len() == 1 && findings[0].never_told, "{findings:?}");
}

#[test]
fn drops_other_than_overflows_are_reported_separately() {
    let at = |second, overflows, drops| {
        let mut counters = counters(overflows, 0);
        counters.tcp_ext.as_mut().unwrap().listen_drops = Some(drops);
        counted(second, vec![listener(0, 128)], counters)
    };
    for (overflows, drops, expected) in [
        (0, 0, "ok"),
        (0, 1, "notice [ListenDrops] 1 request for a connection was dropped at listeners (1 a second)"),
        (0, 250, "warning [ListenDrops] 250 requests for a connection were dropped"),
        // Each that is lost at a full queue counts twice.
        (40, 40, "warning [ListenOverflows]"),
        (40, 90, "warning [ListenOverflows]"),
    ] {
        let found = lines(&run(&CHECK, &looks(Some(at(1, 5, 9)), at(2, 5 + overflows, 9 + drops)), &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}
