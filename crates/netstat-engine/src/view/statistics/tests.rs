use super::*;
use netstat_model::{
    IcmpV4Counters, IcmpV6Counters, IpCounters, SocketLevels, TcpCounters, TcpExtCounters, UdpCounters,
};
use std::collections::BTreeSet;
use std::time::Duration;

fn linux() -> Counters {
    Counters {
        ip_v4: Some(IpCounters::default()),
        ip_v6: Some(IpCounters::default()),
        icmp_v4: Some(IcmpV4Counters::default()),
        icmp_v6: Some(IcmpV6Counters::default()),
        tcp: Some(TcpCounters::default()),
        tcp_ext: Some(TcpExtCounters::default()),
        udp_v4: Some(UdpCounters::default()),
        udp_v6: Some(UdpCounters::default()),
        levels: Some(SocketLevels::default()),
        ..Counters::default()
    }
}

fn kinds(sections: &[Section]) -> Vec<Kind> {
    sections.iter().map(|section| section.kind).collect()
}

fn row(sections: &[Section], label: &str) -> Row {
    let mut found = sections.iter().flat_map(|section| &section.rows).filter(|row| row.label == label);
    let row = *found.next().unwrap();
    assert_eq!(found.next(), None, "{label} is there twice");
    row
}

#[test]
fn sections_come_in_the_order_of_windows_and_tcp_once() {
    let all = linux();
    let expected = [
        Kind::Ip(V4),
        Kind::Ip(V6),
        Kind::Icmp(V4),
        Kind::Icmp(V6),
        Kind::Tcp(None),
        Kind::Udp(V4),
        Kind::Udp(V6),
    ];
    assert_eq!(kinds(&sections(&all, None, None, true)), expected);
    let split = Counters {
        tcp: None,
        tcp_v4: Some(TcpCounters::default()),
        tcp_v6: Some(TcpCounters::default()),
        ..Counters::default()
    };
    assert_eq!(kinds(&sections(&split, None, None, true)), [Kind::Tcp(Some(V4)), Kind::Tcp(Some(V6))]);
    assert_eq!(kinds(&sections(&split, None, Some(Kind::Tcp(Some(V6))), true)), [Kind::Tcp(Some(V6))]);
}

#[test]
fn tcp_of_one_family_has_what_is_counted_of_it() {
    let tcp = TcpCounters {
        out_segs: Some(200),
        retrans_segs: Some(3),
        in_errs: Some(4),
        out_rsts: Some(5),
        ..TcpCounters::default()
    };
    let split = Counters { tcp_v6: Some(tcp), ..Counters::default() };
    let rows = |extra| sections(&split, None, None, extra).remove(0).rows;
    let (plain, more) = (rows(false), rows(true));
    // A row without a number is nothing that a program made for Windows can read.
    let plain: Vec<_> = plain.iter().map(|row| row.label).collect();
    assert_eq!(plain, ["Segments Sent", "Segments Retransmitted"]);
    let labels: Vec<_> = more[8..].iter().map(|row| row.label).collect();
    assert_eq!(labels, ["Retransmission Rate", "Received Segments in Error", "Resets Sent"]);
    let Value::Percent { total: Some(rate), .. } = more[8].value else { panic!("{:?}", more[8]) };
    assert_eq!(rate.to_string(), "1.50%");
    assert_eq!(more[10].value, Value::Counter { total: Some(5), rate: None });
}

#[test]
fn a_protocol_selects_its_section() {
    let all = linux();
    for (only, kind) in [
        (Kind::Ip(V4), Kind::Ip(V4)),
        (Kind::Ip(V6), Kind::Ip(V6)),
        (Kind::Icmp(V4), Kind::Icmp(V4)),
        (Kind::Icmp(V6), Kind::Icmp(V6)),
        (Kind::Tcp(Some(V4)), Kind::Tcp(None)),
        (Kind::Tcp(Some(V6)), Kind::Tcp(None)),
        (Kind::Udp(V4), Kind::Udp(V4)),
        (Kind::Udp(V6), Kind::Udp(V6)),
    ] {
        assert_eq!(kinds(&sections(&all, None, Some(only), true)), [kind]);
    }
    // What a program made for Windows reads is named after one family, and is not there for the other.
    let plain = |only| kinds(&sections(&all, None, Some(only), false));
    assert_eq!(plain(Kind::Tcp(Some(V4))), [Kind::Tcp(Some(V4))]);
    assert_eq!(plain(Kind::Tcp(Some(V6))), []);
}

#[test]
fn a_protocol_the_system_does_not_have_has_no_section() {
    let without = Counters { ip_v6: None, icmp_v6: None, udp_v6: None, ..linux() };
    assert_eq!(kinds(&sections(&without, None, None, true)).len(), 4);
    assert!(sections(&without, None, Some(Kind::Ip(Family::V6)), true).is_empty());
}

#[test]
fn every_row_reads_a_counter_of_its_own() {
    // Counters with numbers that all differ: no number may stand in two rows of a section.
    fn numbered<T: CounterBlock + Default>(names: &[&str], beyond: u64) -> Option<T> {
        let mut block = T::default();
        for (number, name) in (1..).zip(names) {
            *block.named_mut(name).unwrap() = Some(number * 1000 + beyond);
        }
        Some(block)
    }
    let mut all = linux();
    all.ip_v4 = numbered(IpCounters::NAMES, 0);
    all.icmp_v4 = numbered(IcmpV4Counters::NAMES, 0);
    all.icmp_v6 = numbered(IcmpV6Counters::NAMES, 0);
    all.tcp = numbered(TcpCounters::NAMES, 0);
    all.tcp_ext = numbered(TcpExtCounters::NAMES, 1);
    all.levels = numbered(SocketLevels::NAMES, 2);
    all.udp_v4 = numbered(UdpCounters::NAMES, 0);
    all.ip_v6 = None;
    all.udp_v6 = None;
    for section in sections(&all, None, None, true) {
        let mut seen = BTreeSet::new();
        for row in &section.rows {
            for value in [Some(row.value), row.sent].into_iter().flatten() {
                let number = match value {
                    Value::Counter { total, .. } | Value::Level(total) => total,
                    Value::Percent { .. } => continue,
                };
                // The one row that nothing is behind.
                assert_eq!(number.is_none(), row.label == "Resets Received", "{row:?}");
                assert!(number.is_none_or(|number| seen.insert(number)), "{row:?}");
            }
        }
    }
}

#[test]
fn the_addition_goes_below_and_can_be_left_out() {
    let mut all = linux();
    for udp in [&mut all.udp_v4, &mut all.udp_v6] {
        udp.as_mut().unwrap().rcvbuf_errors = Some(0);
    }
    let (with, without) = (sections(&all, None, None, true), sections(&all, None, None, false));
    for ((with, without), rows) in with.iter().zip(&without).zip([17, 17, 15, 17, 8, 4, 4]) {
        // Of the rows of Windows those with a number, which is all that a program made for Windows can read.
        let known: Vec<Row> = with.rows[..rows].iter().copied().filter(Row::is_known).collect();
        assert_eq!(without.rows, known);
        assert_ne!(without.kind, Kind::Tcp(None), "a heading that Windows does not have");
        let more = with.rows.len() > rows;
        assert_eq!(more, matches!(with.kind, Kind::Tcp(_) | Kind::Udp(_)), "{:?}", with.kind);
    }
    assert_eq!(without.len(), 7);
}

#[test]
fn a_system_that_knows_nothing_more_of_udp_shows_nothing_more() {
    let rows = |all: &Counters| sections(all, None, Some(Kind::Udp(Family::V4)), true)[0].rows.len();
    let mut all = linux();
    assert_eq!(rows(&all), 4);
    all.udp_v4.as_mut().unwrap().mem_errors = Some(0);
    assert_eq!(rows(&all), 8);
}

#[test]
fn labels_fit_their_columns() {
    let mut all = linux();
    all.udp_v4.as_mut().unwrap().rcvbuf_errors = Some(0);
    for section in sections(&all, None, None, true) {
        let width = match section.kind {
            Kind::Ip(_) => 34,
            Kind::Icmp(_) => 25,
            Kind::Tcp(_) => 35,
            Kind::Udp(_) => 21,
        };
        for row in section.rows {
            assert!(row.label.len() <= width, "{}", row.label);
        }
    }
}

#[test]
fn rates_are_of_the_same_counter_and_levels_have_none() {
    let mut before = linux();
    let mut now = linux();
    let (b, n) = (before.tcp.as_mut().unwrap(), now.tcp.as_mut().unwrap());
    (b.active_opens, n.active_opens) = (Some(10), Some(16));
    (b.passive_opens, n.passive_opens) = (Some(10), Some(9));
    (b.attempt_fails, n.attempt_fails) = (None, Some(9));
    (b.curr_estab, n.curr_estab) = (Some(1), Some(5));
    (b.out_segs, n.out_segs) = (Some(1000), Some(1200));
    (b.retrans_segs, n.retrans_segs) = (Some(0), Some(12));
    let elapsed = Duration::from_secs(2);
    let sections = sections(&now, Some(Earlier { data: &before, elapsed }), None, true);
    let value = |label| row(&sections, label).value;
    let rate = |grown| Rate::of(grown, elapsed);
    assert_eq!(value("Active Opens"), Value::Counter { total: Some(16), rate: rate(6) });
    assert_eq!(value("Passive Opens"), Value::Counter { total: Some(9), rate: None });
    assert_eq!(value("Failed Connection Attempts"), Value::Counter { total: Some(9), rate: None });
    assert_eq!(value("Current Connections"), Value::Level(Some(5)));
    let percent =
        Value::Percent { total: Percent::of(Some(12), Some(1200)), recent: Percent::of(Some(12), Some(200)) };
    assert_eq!(value("Retransmission Rate"), percent);
}
