use super::super::made::{fired, held, lines, looks, moment, numbered, queues, run, tcp, with};
use super::*;
use netstat_model::Socket;

/// A connection with data to send that has not moved: `silent` and `unsent` are seconds.
fn connection(number: u64, timeouts: u8, silent: u64, unsent: u64, window: u32) -> Socket {
    let socket = tcp("10.0.0.1:80", &format!("192.0.2.1:{}", 1000 + number), TcpState::Established);
    with(numbered(queues(held(socket, 7), 0, 5000), number), |tcp| {
        tcp.bytes_acked = Some(100);
        tcp.timeouts = Some(timeouts);
        tcp.last_ack_received = Some(Duration::from_secs(silent));
        tcp.last_data_sent = Some(Duration::from_secs(unsent));
        tcp.send_window = Some(window);
    })
}

fn many(count: u64, one: impl Fn(u64) -> Socket) -> Vec<Socket> {
    (1..=count).map(one).collect()
}

fn found(before: Vec<Socket>, now: Vec<Socket>) -> Vec<String> {
    lines(&run(&CHECK, &looks(Some(moment(10, before)), moment(11, now)), &[]))
}

/// A connection with data that has come and is not read: `silent` is in seconds.
fn unread(number: u64, silent: u64, window: u32, received: u64) -> Socket {
    let socket = tcp("10.0.0.1:80", &format!("192.0.2.1:{}", 1000 + number), TcpState::Established);
    with(numbered(queues(held(socket, 7), 60_000, 0), number), |tcp| {
        tcp.bytes_acked = Some(100);
        tcp.bytes_received = Some(received);
        tcp.last_ack_received = Some(Duration::from_secs(silent));
        tcp.last_data_received = Some(Duration::from_secs(silent));
        tcp.recv_window = Some(window);
    })
}

#[test]
fn a_process_that_does_not_read_is_neither_slow_nor_idle() {
    let full = |number| unread(number, 30, 0, 500);
    assert_eq!(
        found(many(12, full), many(12, full)),
        [
            "warning [p7 (7) not_read] p7 (7) does not read 12 of 12 connections, and the peers can send no more"
        ]
    );
    assert!(found(many(1, full), many(1, full))[0].starts_with("notice"));
    let closed = |number| Socket { state: Some(TcpState::CloseWait), ..full(number) };
    for (before, now) in [
        // Young; with room; read meanwhile; more has come; nothing is there; the peer has closed.
        (many(12, |n| unread(n, 5, 0, 500)), many(12, |n| unread(n, 5, 0, 500))),
        (many(12, |n| unread(n, 30, 9000, 500)), many(12, |n| unread(n, 30, 9000, 500))),
        (many(12, |n| unread(n, 30, 9000, 500)), many(12, full)),
        (many(12, |n| unread(n, 30, 0, 400)), many(12, full)),
        (many(12, full), many(12, |n| queues(full(n), 0, 0))),
        (many(12, full), many(12, closed)),
    ] {
        let found = found(before, now);
        assert!(found[0].starts_with("ok"), "{found:?}");
    }
    let evidence = looks(Some(moment(10, many(12, full))), moment(11, many(12, full)));
    let finding = &run(&CHECK, &evidence, &[])[0];
    assert_eq!(super::super::made::fact(finding, "unread_bytes"), Some(720_000.into()));
    assert!(finding.rows.as_ref().unwrap().ends_with("recvq gt 0 pid 7"));
}

#[test]
fn only_connections_without_any_progress_are_stalled() {
    let unanswered = |number| connection(number, 4, 30, 5, 60_000);
    let zero_window = |number| connection(number, 0, 1, 30, 0);
    let probed = |number| fired(connection(number, 0, 1, 30, 60_000), netstat_model::TimerKind::Probe, 5);
    let moved = |number| with(unanswered(number), |tcp| tcp.bytes_acked = Some(200));
    let sent = |number| queues(unanswered(number), 0, 0);
    for (before, now, expected) in [
        (
            many(1, unanswered),
            many(1, unanswered),
            "notice [p7 (7) unanswered] 1 of 1 connection of p7 (7) gets no acknowledgement",
        ),
        (many(10, unanswered), many(10, unanswered), "warning"),
        (many(100, unanswered), many(100, unanswered), "critical"),
        (
            many(12, zero_window),
            many(12, zero_window),
            "warning [p7 (7) zero_window] the peers of 12 of 12 connections of p7 (7) do not read",
        ),
        (many(12, probed), many(12, probed), "warning [p7 (7) zero_window]"),
        (many(12, unanswered), many(12, moved), "ok"),
        (many(12, sent), many(12, unanswered), "ok"),
        (many(12, unanswered), many(12, sent), "ok"),
        (Vec::new(), many(12, unanswered), "ok"),
        // Young: one timeout, or a silence of a few seconds.
        (
            many(12, |n| connection(n, 1, 30, 30, 60_000)),
            many(12, |n| connection(n, 1, 30, 30, 60_000)),
            "ok",
        ),
        (many(12, |n| connection(n, 4, 5, 5, 60_000)), many(12, |n| connection(n, 4, 5, 5, 60_000)), "ok"),
        (many(12, |n| connection(n, 0, 1, 5, 0)), many(12, |n| connection(n, 0, 1, 5, 0)), "ok"),
    ] {
        let found = found(before, now);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn a_small_share_of_stalled_connections_is_a_notice() {
    let busy = |stalled: u64| {
        let mut sockets = many(stalled, |number| connection(number, 4, 30, 30, 60_000));
        sockets.extend((1000..2000).map(|number| queues(connection(number, 0, 0, 0, 60_000), 0, 0)));
        sockets
    };
    assert!(found(busy(40), busy(40))[0].starts_with("notice"));
    assert!(found(busy(60), busy(60))[0].starts_with("warning"));
}

#[test]
fn connections_without_a_process_are_ignored() {
    let orphan = |number| {
        let mut socket = connection(number, 5, 60, 60, 0);
        socket.ownership = netstat_model::Ownership::Unowned(NoOwner::NoProcess);
        socket
    };
    assert!(found(many(50, orphan), many(50, orphan))[0].starts_with("ok"));
}

#[test]
fn never_told_without_tcp_info() {
    let windows = |number| {
        let mut socket = connection(number, 4, 30, 30, 0);
        socket.tcp = None;
        socket
    };
    let evidence = looks(Some(moment(1, many(3, windows))), moment(2, many(3, windows)));
    let findings = run(&CHECK, &evidence, &[]);
    assert!(lines(&findings)[0].starts_with("unknown") && findings[0].never_told);
}

#[test]
fn never_told_with_the_fields_that_windows_has() {
    let told = with(connection(1, 0, 30, 30, 0), |tcp| tcp.last_ack_received = None);
    let bare = Socket { tcp: None, ..connection(2, 0, 0, 0, 0) };
    let sockets = vec![told, bare];
    let findings = run(&CHECK, &looks(Some(moment(10, sockets.clone())), moment(11, sockets)), &[]);
    assert_eq!((findings[0].severity, findings[0].never_told), (Severity::Unknown, true));
}
