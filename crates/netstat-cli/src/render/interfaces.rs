//! Each interface in a line (`--interfaces`), as text and as JSON. Windows has no such report, so the layout is our own:
//!
//! ```text
//!
//! Interfaces
//!
//! Name  State   MTU     RX bytes  RX packets  RX errors  RX drops ...  Addresses
//! eth0  up     1500  81 (+3/s)           1          0         0 ...  192.0.2.1/24
//! ```

use super::header::Header;
use super::report_json::{Object, texts};
use super::statistics::{number, one_change};
use super::table::{Head, Table};
use super::{LineEnd, Sheet};
use netstat_engine::columns::Align;
use netstat_engine::text::words::UNKNOWN;
use netstat_engine::text::{Language, escape};
use netstat_engine::view::interfaces::{InterfaceLine, LinkState, state};
use netstat_engine::view::rates::Value;
use netstat_model::{Interface, InterfaceStats, SnapshotInfo, Warning};
use std::io::{self, Write};

/// The words of the report in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceWords {
    title: &'static str,
    /// Name, state, MTU.
    first: [&'static str; 3],
    /// Bytes, packets, errors and drops, received and then sent.
    counters: [&'static str; 8],
    addresses: &'static str,
    up: &'static str,
    no_carrier: &'static str,
    down: &'static str,
}

impl InterfaceWords {
    const ENGLISH: Self = Self {
        title: "Interfaces",
        first: ["Name", "State", "MTU"],
        counters: [
            "RX bytes",
            "RX packets",
            "RX errors",
            "RX drops",
            "TX bytes",
            "TX packets",
            "TX errors",
            "TX drops",
        ],
        addresses: "Addresses",
        up: "up",
        no_carrier: "no carrier",
        down: "down",
    };
    const KOREAN: Self = Self {
        title: "인터페이스",
        first: ["이름", "상태", "MTU"],
        counters: [
            "수신 바이트",
            "수신 패킷",
            "수신 오류",
            "수신 폐기",
            "송신 바이트",
            "송신 패킷",
            "송신 오류",
            "송신 폐기",
        ],
        addresses: "주소",
        up: "켜짐",
        no_carrier: "링크 없음",
        down: "꺼짐",
    };

    /// Returns the words of a language.
    pub fn of(language: Language) -> Self {
        match language {
            Language::English => Self::ENGLISH,
            Language::Korean => Self::KOREAN,
        }
    }
}

/// Writes an empty line, the title, an empty line, the headings and a line for each interface. `width` is that of the
/// terminal.
pub fn render_interfaces<W: Write>(
    lines: &[InterfaceLine<'_>],
    words: InterfaceWords,
    width: Option<usize>,
    line_end: LineEnd,
    out: &mut W,
) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut *out, line_end);
    for line in ["", words.title, ""] {
        sheet.line(line)?;
    }
    sheet.hand_on()?;
    let head = |heading: &str, align| Head { heading: heading.to_owned(), align };
    let [name, state_heading, mtu] = words.first;
    let mut heads = vec![head(name, Align::Left), head(state_heading, Align::Left), head(mtu, Align::Right)];
    heads.extend(words.counters.map(|heading| head(heading, Align::Right)));
    heads.push(head(words.addresses, Align::Left));
    let mut table = Table::new(heads);
    for line in lines {
        let interface = line.interface;
        table.cell(|out| escape::write_word(out, &interface.name));
        let state = match state(interface) {
            LinkState::Up => words.up,
            LinkState::NoCarrier => words.no_carrier,
            LinkState::Down => words.down,
        };
        let mtu = interface.mtu.map_or_else(|| UNKNOWN.to_owned(), |mtu| mtu.to_string());
        for cell in [state, &mtu] {
            table.cell(|out| out.extend_from_slice(cell.as_bytes()));
        }
        for value in line.received.iter().chain(&line.sent) {
            let change = one_change(*value);
            let change = if change.is_empty() { "" } else { &format!(" {}", change.trim_start()) };
            table.cell(|out| out.extend_from_slice(format!("{}{change}", number(*value)).as_bytes()));
        }
        table.cell(|out| out.extend_from_slice(addresses(interface).as_bytes()));
    }
    table.render(width, line_end, out)
}

fn addresses(interface: &Interface) -> String {
    let all: Vec<String> =
        interface.addresses.iter().map(|own| format!("{}/{}", own.address, own.prefix_length)).collect();
    if all.is_empty() { UNKNOWN.to_owned() } else { all.join(" ") }
}

/// The document of `--interfaces --json`.
#[derive(serde::Serialize)]
pub struct InterfacesDocument<'a> {
    #[serde(flatten)]
    header: Header<'a>,
    report: &'static str,
    interfaces: Vec<InterfaceObject<'a>>,
    warnings: Vec<String>,
}

#[derive(serde::Serialize)]
struct InterfaceObject<'a> {
    #[serde(flatten)]
    interface: Object<'a, Interface>,
    statistics: Option<&'a InterfaceStats>,
    per_second: Option<Rates>,
}

/// The change of each counter, per second.
#[derive(serde::Serialize)]
struct Rates {
    rx_bytes: Option<f64>,
    rx_packets: Option<f64>,
    rx_errors: Option<f64>,
    rx_dropped: Option<f64>,
    tx_bytes: Option<f64>,
    tx_packets: Option<f64>,
    tx_errors: Option<f64>,
    tx_dropped: Option<f64>,
}

impl Rates {
    /// Returns the rates of a line; `None` if it has none.
    fn of(line: &InterfaceLine<'_>) -> Option<Self> {
        let rate = |value| match value {
            Value::Counter { rate, .. } => rate.map(|rate| rate.per_second()),
            Value::Level(_) | Value::Percent { .. } => None,
        };
        let [rx_bytes, rx_packets, rx_errors, rx_dropped] = line.received.map(rate);
        let [tx_bytes, tx_packets, tx_errors, tx_dropped] = line.sent.map(rate);
        let any = line.received.iter().chain(&line.sent).any(|value| rate(*value).is_some());
        any.then_some(Self {
            rx_bytes,
            rx_packets,
            rx_errors,
            rx_dropped,
            tx_bytes,
            tx_packets,
            tx_errors,
            tx_dropped,
        })
    }
}

impl<'a> InterfacesDocument<'a> {
    /// Makes a document of the lines.
    pub fn new(info: &'a SnapshotInfo, lines: &[InterfaceLine<'a>], warnings: &[Warning]) -> Self {
        let object = |line: &InterfaceLine<'a>| InterfaceObject {
            interface: Object(line.interface),
            statistics: line.stats,
            per_second: Rates::of(line),
        };
        Self {
            header: Header::new(info),
            report: "interfaces",
            interfaces: lines.iter().map(object).collect(),
            warnings: texts(warnings),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::view::interfaces::lines;
    use netstat_engine::view::rates::Earlier;
    use netstat_model::{InterfaceAddress, InterfaceCounters, InterfaceFlags};
    use std::time::Duration;

    fn interfaces() -> [Interface; 2] {
        let own = |address: &str| InterfaceAddress::new(address.parse().unwrap(), 24);
        let one = Interface {
            flags: InterfaceFlags::UP | InterfaceFlags::RUNNING,
            mtu: Some(1500),
            addresses: vec![own("192.0.2.1"), own("192.0.2.9")],
            ..Interface::new(2, "e\u{1b}th")
        };
        let bare = Interface { index: 3, name: "x".into(), addresses: vec![], mtu: None, ..one.clone() };
        [one, bare]
    }

    fn counters(bytes: u64) -> Vec<InterfaceCounters> {
        let stats = InterfaceStats { rx_bytes: Some(bytes), tx_errors: Some(0), ..InterfaceStats::default() };
        vec![InterfaceCounters { index: 2, name: "e\u{1b}th".into(), loopback: false, stats }]
    }

    #[test]
    fn each_interface_is_a_line_and_unknown_is_a_dash() {
        let (interfaces, before, now) = (interfaces(), counters(10), counters(81));
        let earlier = Earlier { data: &before, elapsed: Duration::from_secs(1) };
        let lines = lines(&interfaces, &now, Some(earlier));
        let mut out = Vec::new();
        render_interfaces(&lines, InterfaceWords::ENGLISH, None, LineEnd::Lf, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let rows: Vec<Vec<&str>> =
            text.lines().skip(4).map(|line| line.split_ascii_whitespace().collect()).collect();
        let first = "e\\x1bth up 1500 81 (+71/s) - - - - - 0 (+0/s) - 192.0.2.1/24 192.0.2.9/24";
        assert_eq!(rows[0].join(" "), first);
        assert_eq!(rows[1].join(" "), "x up - - - - - - - - - -");
        assert!(text.starts_with("\nInterfaces\n\nName     State   MTU    RX bytes  RX packets"), "{text}");
        let mut out = Vec::new();
        render_interfaces(&lines, InterfaceWords::KOREAN, None, LineEnd::Lf, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().contains("수신 바이트"));
    }

    #[test]
    fn in_json_what_is_unknown_is_null() {
        let (interfaces, before, now) = (interfaces(), counters(10), counters(81));
        let info = SnapshotInfo { at: None, uptime: None, host: None, boot_id: None, namespace: None };
        let told = |earlier| {
            let lines = lines(&interfaces, &now, earlier);
            serde_json::to_value(InterfacesDocument::new(&info, &lines, &[])).unwrap()
        };
        let first = told(None);
        assert_eq!(first["interfaces"][0]["statistics"]["rx_bytes"], 81);
        assert_eq!(first["interfaces"][0]["mtu_bytes"], 1500);
        assert_eq!(first["interfaces"][0]["per_second"], serde_json::Value::Null);
        assert_eq!(first["interfaces"][1]["statistics"], serde_json::Value::Null);
        let second = told(Some(Earlier { data: &before, elapsed: Duration::from_secs(1) }));
        assert_eq!(second["interfaces"][0]["per_second"]["rx_bytes"], 71.0);
        assert_eq!(second["interfaces"][0]["per_second"]["rx_packets"], serde_json::Value::Null);
    }
}
