use super::*;
use netstat_engine::view::rates::{Earlier, Percent, Rate};
use netstat_engine::view::statistics::{Kind, sections};
use netstat_model::{Counters, TcpCounters};
use std::time::Duration;

fn text(section: Section, line_end: LineEnd) -> String {
    let mut out = Vec::new();
    render_statistics(&mut out, &[section], Language::English, line_end).unwrap();
    String::from_utf8(out).unwrap()
}

fn counter(total: Option<u64>, grown: Option<u64>) -> Value {
    Value::Counter { total, rate: grown.and_then(|grown| Rate::of(grown, Duration::from_secs(1))) }
}

fn row(label: &'static str, value: Value) -> Row {
    Row { label, value, sent: None }
}

#[test]
fn unknown_is_a_dash_and_no_number_is_cut() {
    let rows = vec![
        row("Datagrams Received", counter(None, None)),
        row("No Ports", counter(Some(u64::MAX), None)),
        row("Receive Errors", Value::Level(Some(0))),
    ];
    let expected = "\r\nUDP Statistics for IPv6\r\n\r\n  Datagrams Received    = -\r\n  \
                    No Ports              = 18446744073709551615\r\n  Receive Errors        = 0\r\n";
    assert_eq!(text(Section { kind: Kind::Udp(Family::V6), rows }, LineEnd::CrLf), expected);
}

#[test]
fn what_changed_stands_after_the_line_of_windows() {
    let percent = Value::Percent {
        total: Percent::of(Some(47), Some(10_000)),
        recent: Percent::of(Some(12), Some(1000)),
    };
    let rows = vec![
        row("Segments Received", counter(Some(1234), Some(12))),
        row("Segments Sent", counter(Some(5), Some(0))),
        row("Retransmission Rate", percent),
        row("Resets Received", counter(None, None)),
    ];
    let expected = "
TCP Statistics for IPv4 and IPv6

  Segments Received                   = 1234  (+12/s)
  Segments Sent                       = 5  (+0/s)
  Retransmission Rate                 = 0.47%  (1.20% in this interval)
  Resets Received                     = -
";
    assert_eq!(text(Section { kind: Kind::Tcp(None), rows }, LineEnd::Lf), expected);
}

#[test]
fn both_columns_of_icmp_have_their_change() {
    let pair = |received, sent| Row { label: "Echos", value: received, sent: Some(sent) };
    let rows = vec![
        pair(counter(Some(148), Some(1)), counter(Some(2324), Some(0))),
        pair(counter(Some(12_345_678_901), None), counter(None, Some(3))),
        pair(counter(None, None), counter(Some(1), None)),
    ];
    let expected = "
ICMPv4 Statistics

                            Received    Sent
  Echos                     148         2324        (+1/s, +0/s)
  Echos                     12345678901  -           (-, +3/s)
  Echos                     -           1         \n";
    assert_eq!(text(Section { kind: Kind::Icmp(Family::V4), rows }, LineEnd::Lf), expected);
}

#[test]
fn a_line_with_a_rate_begins_with_the_line_without_it() {
    let tcp =
        |number| TcpCounters { in_segs: Some(number), out_segs: Some(number), ..TcpCounters::default() };
    let before = Counters { tcp: Some(tcp(5)), ..Counters::default() };
    let now = Counters { tcp: Some(tcp(9)), ..Counters::default() };
    let render = |earlier| {
        let mut out = Vec::new();
        let sections = sections(&now, earlier, Some(Kind::Tcp(Some(Family::V6))), true);
        render_statistics(&mut out, &sections, Language::English, LineEnd::Lf).unwrap();
        String::from_utf8(out).unwrap()
    };
    let plain = render(None);
    let rates = render(Some(Earlier { data: &before, elapsed: Duration::from_secs(1) }));
    assert_eq!(plain.lines().count(), rates.lines().count());
    for (plain, rates) in plain.lines().zip(rates.lines()) {
        assert!(rates.starts_with(plain), "{rates}");
    }
    assert_eq!(rates.matches("(+4/s)").count(), 2, "{rates}");
}

/// Every row that there can be has its Korean, and the numbers stand in one column.
#[test]
fn every_row_has_its_korean() {
    use netstat_model::{
        IcmpV4Counters, IcmpV6Counters, IpCounters, SocketLevels, TcpExtCounters, UdpCounters,
    };
    let ip = || Some(IpCounters::default());
    let udp = || Some(UdpCounters { rcvbuf_errors: Some(1), ..UdpCounters::default() });
    let tcp = || Some(TcpCounters { in_errs: Some(1), ..TcpCounters::default() });
    let each = Counters { tcp_v4: tcp(), tcp_v6: tcp(), ..Counters::default() };
    let all = Counters {
        ip_v4: ip(),
        ip_v6: ip(),
        icmp_v4: Some(IcmpV4Counters::default()),
        icmp_v6: Some(IcmpV6Counters::default()),
        tcp: tcp(),
        tcp_ext: Some(TcpExtCounters::default()),
        levels: Some(SocketLevels::default()),
        udp_v4: udp(),
        udp_v6: udp(),
        ..Counters::default()
    };
    let sections = [sections(&all, None, None, true), sections(&each, None, None, true)].concat();
    let rows: Vec<&Row> = sections.iter().flat_map(|section| &section.rows).collect();
    assert!(rows.len() > 120, "{}", rows.len());
    for row in &rows {
        assert_ne!(label(row.label, Language::Korean), row.label);
    }
    for (english, _) in labels::KOREAN {
        assert!(rows.iter().any(|row| row.label == *english), "no row is called {english}");
    }
    let mut out = Vec::new();
    render_statistics(&mut out, &sections, Language::Korean, LineEnd::Lf).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
