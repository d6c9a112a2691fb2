use super::super::made::{counted, end, fact, held, lines, look, looks, moment, numbered, run};
use super::*;
use netstat_model::{Family, Socket, SocketMemory};

fn counters(change: impl FnOnce(&mut UdpCounters, &mut TcpExtCounters, &mut SocketLevels)) -> Counters {
    let mut udp = UdpCounters {
        rcvbuf_errors: Some(0),
        sndbuf_errors: Some(0),
        mem_errors: Some(0),
        ..UdpCounters::default()
    };
    let mut tcp_ext =
        TcpExtCounters { abort_on_memory: Some(0), memory_pressures: Some(0), ..TcpExtCounters::default() };
    let mut levels = SocketLevels {
        tcp_mem: Some(10),
        tcp_mem_pressure: Some(700),
        tcp_mem_max: Some(1000),
        tcp_orphan: Some(0),
        tcp_max_orphans: Some(400),
        ..SocketLevels::default()
    };
    change(&mut udp, &mut tcp_ext, &mut levels);
    let (udp_v6, tcp_ext, levels) = (Some(UdpCounters::default()), Some(tcp_ext), Some(levels));
    Counters { udp_v4: Some(udp), udp_v6, tcp_ext, levels, ..Counters::default() }
}

fn socket(number: u64, pid: u32, drops: u32) -> Socket {
    let local = end(&format!("0.0.0.0:{}", 5000 + number));
    let mut socket = numbered(held(Socket::new(Transport::Udp, Family::V4, local, None), pid), number);
    let memory = SocketMemory {
        recv_allocated: Some(200_000),
        recv_limit: Some(212_992),
        drops: Some(drops),
        ..SocketMemory::default()
    };
    socket.memory = Some(Box::new(memory));
    socket
}

/// Two looks, two seconds apart.
fn found(now: Counters) -> Vec<String> {
    let before = counted(10, Vec::new(), counters(|_, _, _| {}));
    lines(&run(&CHECK, &looks(Some(before), counted(12, Vec::new(), now)), &[]))
}

#[test]
fn only_datagrams_lost_between_the_looks_count() {
    let of_the_past = counters(|udp, tcp, _| {
        udp.rcvbuf_errors = Some(1_000_000);
        tcp.abort_on_memory = Some(9);
    });
    let evidence =
        looks(Some(counted(10, Vec::new(), of_the_past.clone())), counted(12, Vec::new(), of_the_past));
    assert!(lines(&run(&CHECK, &evidence, &[]))[0].starts_with("ok"));
    for (now, expected) in [
        (counters(|udp, _, _| udp.rcvbuf_errors = Some(1)), "ok"),
        (
            counters(|udp, _, _| udp.rcvbuf_errors = Some(50)),
            "warning [udp receive] 50 datagrams were lost at full receive buffers (25 a second)",
        ),
        (counters(|udp, _, _| udp.rcvbuf_errors = Some(2000)), "critical [udp receive]"),
        (
            counters(|udp, _, _| udp.sndbuf_errors = Some(20)),
            "warning [udp send] 20 datagrams could not be sent",
        ),
        (
            counters(|udp, _, _| udp.mem_errors = Some(20)),
            "warning [udp send] 20 datagrams were lost because the memory",
        ),
        (
            counters(|_, tcp, _| tcp.memory_pressures = Some(1)),
            "warning [tcp_mem] TCP is under memory pressure",
        ),
        (
            counters(|_, tcp, _| tcp.abort_on_memory = Some(3)),
            "critical [tcp_mem] TCP is out of memory: 3 connections were reset",
        ),
        (counters(|_, _, levels| levels.tcp_mem = Some(700)), "ok"),
        (counters(|_, _, levels| levels.tcp_mem = Some(701)), "warning [tcp_mem]"),
        (counters(|_, _, levels| levels.tcp_mem = Some(950)), "critical [tcp_mem]"),
        (counters(|_, _, levels| levels.tcp_orphan = Some(299)), "ok"),
        (
            counters(|_, _, levels| levels.tcp_orphan = Some(300)),
            "warning [tcp_max_orphans] 300 connections are closing",
        ),
        (counters(|_, _, levels| levels.tcp_orphan = Some(400)), "critical [tcp_max_orphans]"),
    ] {
        let found = found(now);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn the_socket_that_drops_and_its_process_are_named() {
    let before =
        counted(10, vec![socket(1, 7, 5), socket(2, 8, 100), socket(3, 9, 3)], counters(|_, _, _| {}));
    let now = counted(
        12,
        vec![socket(1, 7, 9), socket(2, 8, 396), socket(3, 9, 3)],
        counters(|udp, _, _| udp.rcvbuf_errors = Some(300)),
    );
    let findings = run(&CHECK, &looks(Some(before), now), &[]);
    assert_eq!(
        lines(&findings),
        [
            "warning [udp receive] p8 (8) does not read fast enough on 0.0.0.0:5002: 300 datagrams were lost (150 a second)"
        ]
    );
    assert_eq!(fact(&findings[0], "worst").unwrap()["lost"], 296);
    assert_eq!(fact(&findings[0], "second").unwrap()["local"], "0.0.0.0:5001");
    assert_eq!(findings[0].processes.len(), 2);
}

#[test]
fn never_told_without_counters_of_lost_datagrams() {
    let windows = || Counters { udp_v4: Some(UdpCounters::default()), ..Counters::default() };
    let evidence = looks(Some(counted(1, Vec::new(), windows())), counted(2, Vec::new(), windows()));
    let findings = run(&CHECK, &evidence, &[]);
    assert!(lines(&findings)[0].starts_with("unknown") && findings[0].never_told);
    assert!(lines(&run(&CHECK, &look(moment(1, Vec::new())), &[]))[0].starts_with("unknown"));
}

#[test]
fn a_drop_counter_that_went_down_belongs_to_another_socket() {
    // As /proc/net tells of them, without a number of the kernel's.
    let unnumbered = |drops| {
        let mut socket = socket(1, 7, drops);
        socket.id.cookie = None;
        socket
    };
    let lost = || counters(|udp, _, _| udp.rcvbuf_errors = Some(300));
    let before = counted(10, vec![unnumbered(500)], counters(|_, _, _| {}));
    let findings = run(&CHECK, &looks(Some(before), counted(12, vec![unnumbered(4)], lost())), &[]);
    assert_eq!(
        lines(&findings),
        ["warning [udp receive] 300 datagrams were lost at full receive buffers (150 a second)"]
    );
}

#[test]
fn an_unknown_memory_limit_is_not_zero() {
    let contained = |change: fn(&mut TcpExtCounters)| {
        counters(|_, tcp, levels| {
            *levels = SocketLevels { tcp_mem: Some(90), ..SocketLevels::default() };
            change(tcp);
        })
    };
    for (now, expected) in [
        (
            contained(|_| {}),
            "ok [] no datagram was lost at a full buffer; the limits of TCP memory are visible only outside",
        ),
        (contained(|tcp| tcp.memory_pressures = Some(1)), "warning [tcp_mem] TCP is under memory pressure"),
        (
            contained(|tcp| tcp.abort_on_memory = Some(1)),
            "critical [tcp_mem] TCP is out of memory: 1 connection was reset because of it",
        ),
    ] {
        let found = found(now);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
        assert!(!found[0].contains('%'), "{found:?}");
    }
}
