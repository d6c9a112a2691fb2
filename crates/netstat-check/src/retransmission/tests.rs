use super::super::made::{
    counted, fact, held, lines, look, looks, moment, numbered, run, tcp as socket, with,
};
use super::*;
use netstat_model::{Socket, TcpExtCounters, TcpState};
use std::time::Duration;

/// After so many segments, those included that were sent again: the system counts these by themselves.
fn linux(segments: u64, again: u64, syn: u64) -> Counters {
    let out = segments - (again - syn);
    let tcp = TcpCounters { out_segs: Some(out), retrans_segs: Some(again), ..TcpCounters::default() };
    let tcp_ext = TcpExtCounters { syn_retrans: Some(syn), ..TcpExtCounters::default() };
    Counters { tcp: Some(tcp), tcp_ext: Some(tcp_ext), ..Counters::default() }
}

fn windows(segments: u64, again: u64) -> Counters {
    let out = segments - again;
    let half =
        TcpCounters { out_segs: Some(out / 2), retrans_segs: Some(again / 2), ..TcpCounters::default() };
    Counters { tcp_v4: Some(half.clone()), tcp_v6: Some(half), ..Counters::default() }
}

fn connection(number: u64, remote: &str, segments: u32, again: u32) -> Socket {
    let ends = socket(&format!("10.0.0.1:{}", 40_000 + number), remote, TcpState::Established);
    with(numbered(held(ends, 7), number), |tcp| {
        tcp.data_segs_out = Some(segments);
        tcp.total_retransmits = Some(again);
        tcp.rtt = Some(Duration::from_millis(20));
    })
}

#[test]
fn the_share_decides_unless_few_segments_were_sent() {
    for (before, now, expected) in [
        (linux(1000, 5, 0), linux(1000, 5, 0), "ok"),
        (linux(0, 0, 0), linux(100_000, 1999, 0), "ok"),
        (
            linux(0, 0, 0),
            linux(100_000, 2000, 0),
            "notice [] 2,000 of 100,000 segments had to be sent again (2 %)",
        ),
        (linux(0, 0, 0), linux(1000, 50, 0), "warning"),
        (linux(0, 0, 0), linux(1000, 150, 0), "critical"),
        (linux(0, 0, 0), linux(10, 9, 0), "ok"),
        (linux(0, 0, 0), linux(20, 12, 12), "ok"),
        (
            windows(1000, 0),
            windows(3000, 200),
            "warning [] 200 of 2,000 segments had to be sent again (10 %)",
        ),
    ] {
        let evidence = looks(Some(counted(10, Vec::new(), before)), counted(11, Vec::new(), now));
        let found = lines(&run(&CHECK, &evidence, &[]));
        assert!(found.len() == 1 && found[0].starts_with(expected), "{expected}: {found:?}");
    }
}

#[test]
fn the_worst_connections_and_their_processes_are_named() {
    let at = |a: (u32, u32), b: (u32, u32), c: (u32, u32)| {
        vec![
            connection(1, "192.0.2.1:443", a.0, a.1),
            connection(2, "192.0.2.2:443", b.0, b.1),
            connection(3, "192.0.2.3:443", c.0, c.1),
        ]
    };
    let before = counted(10, at((100, 0), (u32::MAX - 99, 3), (50, 7)), linux(0, 0, 0));
    let now = counted(11, at((200, 10), (200, 43), (900, 7)), linux(1250, 60, 10));
    let findings = run(&CHECK, &looks(Some(before), now), &["retransmission.notice=1"]);
    assert_eq!(lines(&findings), ["notice [] 50 of 1,250 segments had to be sent again (4 %)"]);
    assert_eq!(fact(&findings[0], "worst").unwrap()["remote"], "192.0.2.2:443");
    assert_eq!(fact(&findings[0], "worst").unwrap()["segments"], 300, "the counter has wrapped");
    assert_eq!(fact(&findings[0], "second").unwrap()["sent_again"], 10);
    assert_eq!(fact(&findings[0], "third"), None, "that one lost nothing now");
    assert_eq!(findings[0].processes.len(), 1);
    assert_eq!(findings[0].processes[0].sockets, 2);
}

#[test]
fn one_bad_destination_is_found_on_a_healthy_host() {
    let before = counted(10, vec![connection(1, "192.0.2.1:443", 0, 0)], linux(0, 0, 0));
    let bad = |again| {
        counted(11, vec![connection(1, "192.0.2.1:443", 400, again)], linux(1_000_000, again.into(), 0))
    };
    let found = |again| lines(&run(&CHECK, &looks(Some(before.clone()), bad(again)), &[]));
    assert_eq!(found(80), ["warning [192.0.2.1] 80 segments to 192.0.2.1 had to be sent again (20 %)"]);
    assert!(found(49)[0].starts_with("ok"), "12 %, and too few");
}

#[test]
fn unanswered_syns_are_not_loss() {
    let asking = |again| {
        let asked = |number| Socket {
            state: Some(TcpState::SynSent),
            ..connection(number, "192.0.2.1:443", 0, again)
        };
        (1..=100).map(asked).collect()
    };
    let (before, now) = (linux(1000, 0, 0), linux(1100, 100, 100));
    let evidence = looks(Some(counted(10, asking(1), before)), counted(11, asking(2), now));
    assert_eq!(lines(&run(&CHECK, &evidence, &[])), ["ok [] sent again: 0 of 100 segments (0 %)"]);
}

#[test]
fn unknown_after_one_look_or_without_counters() {
    assert!(lines(&run(&CHECK, &look(moment(1, Vec::new())), &[]))[0].starts_with("unknown"));
    assert!(
        lines(&run(&CHECK, &look(counted(1, Vec::new(), linux(9, 9, 9))), &[]))[0].starts_with("unknown")
    );
}
