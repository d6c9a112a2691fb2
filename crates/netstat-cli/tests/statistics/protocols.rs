//! `netstat -s`.

use super::sample;
use netstat_cli::render::LineEnd;
use netstat_cli::render::statistics::render_statistics;
use netstat_engine::text::Language;
use netstat_engine::view::statistics::{Kind, sections};
use netstat_model::{CounterBlock, Counters, Family};

const FULL: &str = "win10_s_full__go-test.txt";
const NT4: &str = "winNT4_s_ip_kb155758.txt";
const UDP: &str = "win_s_-p-udp_wireshark-qa.txt";

pub(super) const SAMPLES: [&str; 3] = [FULL, NT4, UDP];

/// SNMP names of the rows of a section from top to bottom, written independently of the program's own tables.
const IP_ROWS: [&str; 17] = [
    "InReceives",
    "InHdrErrors",
    "InAddrErrors",
    "ForwDatagrams",
    "InUnknownProtos",
    "InDiscards",
    "InDelivers",
    "OutRequests",
    "RoutingDiscards",
    "OutDiscards",
    "OutNoRoutes",
    "ReasmReqds",
    "ReasmOKs",
    "ReasmFails",
    "FragOKs",
    "FragFails",
    "FragCreates",
];
/// Without their prefix `In` or `Out`.
const ICMP_V4_ROWS: [&str; 15] = [
    "Msgs",
    "Errors",
    "DestUnreachs",
    "TimeExcds",
    "ParmProbs",
    "SrcQuenchs",
    "Redirects",
    "EchoReps",
    "Echos",
    "Timestamps",
    "TimestampReps",
    "AddrMasks",
    "AddrMaskReps",
    "Type10",
    "Type9",
];
const ICMP_V6_ROWS: [&str; 17] = [
    "Msgs",
    "Errors",
    "DestUnreachs",
    "PktTooBigs",
    "TimeExcds",
    "ParmProblems",
    "Echos",
    "EchoReplies",
    "GroupMembQueries",
    "GroupMembResponses",
    "GroupMembReductions",
    "RouterSolicits",
    "RouterAdvertisements",
    "NeighborSolicits",
    "NeighborAdvertisements",
    "Redirects",
    "Type138",
];
const TCP_ROWS: [&str; 8] = [
    "ActiveOpens",
    "PassiveOpens",
    "AttemptFails",
    "EstabResets",
    "CurrEstab",
    "InSegs",
    "OutSegs",
    "RetransSegs",
];
const UDP_ROWS: [&str; 4] = ["InDatagrams", "NoPorts", "InErrors", "OutDatagrams"];

/// Parses numbers up to the first word that is not one, such as `-` for unknown.
fn numbers(text: &str) -> Vec<u64> {
    text.split_whitespace().map_while(|word| word.parse().ok()).collect()
}

/// Parses a sample: sections by their titles, rows by their position in the section.
pub(super) fn parse(lines: &[String]) -> Counters {
    let mut all = Counters::default();
    let mut title = "";
    let mut row = 0;
    for line in lines {
        if line.starts_with("[... first line lost") {
            row = 1;
        } else if !line.starts_with(' ') {
            // A title, an empty line, or a note that lines are missing.
            if line.contains("Statistics") {
                title = line.as_str();
                row = 0;
            }
        } else if line.trim_start() != "Received    Sent" {
            let values = match line.split_once('=') {
                Some((_, value)) => numbers(value),
                None => numbers(line.get(28..).unwrap_or_default()),
            };
            put(&mut all, title, row, &values);
            row += 1;
        }
    }
    all
}

fn put(all: &mut Counters, title: &str, row: usize, values: &[u64]) {
    fn slot<'c, T: CounterBlock + Default>(block: &'c mut Option<T>, name: &str) -> &'c mut Option<u64> {
        block.get_or_insert_default().named_mut(name).unwrap()
    }
    let slot = match title {
        "IPv4 Statistics" | "IP Statistics" => slot(&mut all.ip_v4, IP_ROWS[row]),
        "IPv6 Statistics" => slot(&mut all.ip_v6, IP_ROWS[row]),
        "TCP Statistics for IPv4 and IPv6" => slot(&mut all.tcp, TCP_ROWS[row]),
        "TCP Statistics for IPv4" => slot(&mut all.tcp_v4, TCP_ROWS[row]),
        "TCP Statistics for IPv6" => slot(&mut all.tcp_v6, TCP_ROWS[row]),
        "UDP Statistics for IPv4" => slot(&mut all.udp_v4, UDP_ROWS[row]),
        "UDP Statistics for IPv6" => slot(&mut all.udp_v6, UDP_ROWS[row]),
        "ICMPv4 Statistics" | "ICMPv6 Statistics" => {
            for (way, &value) in ["In", "Out"].iter().zip(values) {
                *match title {
                    "ICMPv4 Statistics" => slot(&mut all.icmp_v4, &format!("{way}{}", ICMP_V4_ROWS[row])),
                    _ => slot(&mut all.icmp_v6, &format!("{way}{}", ICMP_V6_ROWS[row])),
                } = Some(value);
            }
            return;
        }
        other => panic!("no section has the title {other:?}"),
    };
    *slot = values.first().copied();
}

fn render(all: &Counters, only: Option<Kind>, line_end: LineEnd) -> String {
    let mut out = Vec::new();
    render_statistics(&mut out, &sections(all, None, only, false), Language::English, line_end).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_whole_report_of_windows_10() {
    let lines = sample(FULL);
    let text = render(&parse(&lines), None, LineEnd::Lf);
    let mut ours: Vec<String> = text.lines().map(str::to_owned).collect();

    // The sample lacks the last six rows of TCP over IPv6 and the blank line after them, and the blank line before and
    // the first row of UDP over IPv4.
    let tcp = ours.iter().position(|line| line == "TCP Statistics for IPv6").unwrap();
    let lost: Vec<String> =
        ours.splice(tcp + 4..tcp + 5, ["[... lines lost in the source ...]".to_owned()]).collect();
    assert_eq!(lost, [""]);
    let udp = ours.iter().position(|line| line == "UDP Statistics for IPv4").unwrap();
    let lost: Vec<String> =
        ours.splice(udp + 1..udp + 2, ["[... first line lost in the source ...]".to_owned()]).collect();
    assert_eq!(lost, [""]);

    // The sample has the trailing blanks of ICMP rows on one line only.
    let padded = "  Neighbor Solicitations    0           0         ";
    assert_eq!(lines.iter().filter(|line| line.ends_with(' ')).collect::<Vec<_>>(), [padded]);
    assert!(ours.iter().any(|line| line == padded));
    for line in &mut ours {
        if line != padded && !line.contains('=') {
            line.truncate(line.trim_end().len());
        }
    }
    assert_eq!(ours, lines);
}

#[test]
fn the_ip_section_of_nt_4() {
    let mut lines = sample(NT4);
    let text = render(&parse(&lines), Some(Kind::Ip(Family::V4)), LineEnd::Lf);
    // The excerpt begins at the title, which had no family then. Somebody drew an arrow.
    assert_eq!(lines[0], "IP Statistics");
    lines[0] = "IPv4 Statistics".to_owned();
    assert!(lines[3].ends_with("= 10395    <-------"), "{}", lines[3]);
    lines[3] = lines[3].replace("    <-------", "");
    assert_eq!(text, format!("\n{}\n", lines.join("\n")));
}

#[test]
fn the_udp_section_alone() {
    let mut lines = sample(UDP);
    let text = render(&parse(&lines), Some(Kind::Udp(Family::V4)), LineEnd::Lf);
    // The line that the author asked about lost two blanks.
    assert_eq!(lines[4], "  Receive Errors      = 67544");
    lines[4] = "  Receive Errors        = 67544".to_owned();
    assert_eq!(text, format!("\n{}\n", lines.join("\n")));
    let windows = render(&parse(&lines), Some(Kind::Udp(Family::V4)), LineEnd::CrLf);
    assert_eq!(windows, format!("\r\n{}\r\n", lines.join("\r\n")));
}
