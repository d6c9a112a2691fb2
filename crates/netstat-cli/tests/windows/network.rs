//! Routes, interfaces and counters. Each test first checks what holds on every Windows; under Wine it then compares with
//! the files of the machine, whose network Wine reports.

use crate::holder::on_wine;
use crate::run::{lines, netstat, shown};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;

const RULE: &str = "===========================================================================";

/// Reads a file of the machine that Wine runs on.
fn below(path: &str) -> String {
    fs::read_to_string(format!("Z:{path}")).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the lines between two others.
fn between<'a>(lines: &[&'a str], from: &str, to: &str) -> Vec<&'a str> {
    let begin = lines.iter().position(|line| *line == from).unwrap_or_else(|| panic!("{from}")) + 1;
    lines[begin..].iter().take_while(|line| **line != to).copied().collect()
}

/// Runs `-r`. Under Wine there must be a warning about the metrics.
fn routes() -> String {
    let run = netstat("-r");
    assert_eq!(run.code, Some(0), "{run:?}");
    let expected = if on_wine() { "netstat: what interfaces add to the metric is unknown: " } else { "" };
    assert!(run.complaint.starts_with(expected) && run.complaint.lines().count() <= 1, "{run:?}");
    run.text
}

#[test]
fn the_route_report_has_the_sections_of_windows() {
    let text = routes();
    let lines = lines(&text);
    assert_eq!(lines[..2], [RULE, "Interface List"]);
    let titles = ["IPv4 Route Table", "IPv6 Route Table"].map(|title| {
        let at = lines.iter().position(|line| *line == title).unwrap();
        assert_eq!((lines[at - 1], lines[at + 1], lines[at + 2]), ("", RULE, "Active Routes:"), "{text}");
        at
    });
    assert!(titles[0] < titles[1]);
    assert_eq!(lines.iter().filter(|line| **line == "Persistent Routes:").count(), 2);
}

#[test]
fn interfaces_are_those_of_the_machine() {
    let text = routes();
    let lines = lines(&text);
    let listed = between(&lines, "Interface List", RULE);
    assert!(!listed.is_empty());
    for line in &listed {
        let (index, rest) = line.split_at(3);
        assert!(index.trim().parse::<u32>().is_ok() && rest.starts_with("...") && rest.len() > 27, "{line}");
    }
    if !on_wine() {
        return;
    }
    let mut expected = BTreeSet::new();
    for entry in fs::read_dir("Z:/sys/class/net").unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let file = |file: &str| below(&format!("/sys/class/net/{name}/{file}")).trim().to_owned();
        let address = file("address").replace(':', " ") + " ";
        let address = if name == "lo" { String::new() } else { address };
        let index: u32 = file("ifindex").parse().unwrap();
        expected.insert(format!("{index:3}...{address:.<24}{name}"));
    }
    assert_eq!(listed.iter().map(|line| (*line).to_owned()).collect::<BTreeSet<_>>(), expected);
}

#[test]
fn ipv4_routes_are_those_of_the_machine() {
    let text = routes();
    let all = lines(&text);
    let heading = "Network Destination        Netmask          Gateway       Interface  Metric";
    // A machine without routes has no heading.
    let none = between(&all, "Active Routes:", "Persistent Routes:") == ["  None"];
    let rows = if none { Vec::new() } else { between(&all, heading, RULE) };
    let rows: Vec<Vec<&str>> = rows.iter().map(|line| line.split_whitespace().collect()).collect();
    for row in &rows {
        let [destination, mask, gateway, _, metric] = row.as_slice() else { panic!("{row:?}") };
        assert!(destination.parse::<Ipv4Addr>().is_ok() && mask.parse::<Ipv4Addr>().is_ok(), "{row:?}");
        assert!(*gateway == "On-link" || gateway.parse::<Ipv4Addr>().is_ok(), "{row:?}");
        assert!(metric.parse::<u32>().is_ok(), "{row:?}");
    }
    if !on_wine() {
        return;
    }
    let address = |hex: &str| Ipv4Addr::from(u32::from_str_radix(hex, 16).unwrap().to_le_bytes());
    let mut expected = BTreeSet::new();
    for line in below("/proc/net/route").lines().skip(1) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let gateway = match address(words[2]) {
            Ipv4Addr::UNSPECIFIED => "On-link".to_owned(),
            gateway => gateway.to_string(),
        };
        let [destination, mask] = [address(words[1]), address(words[7])];
        expected.insert(format!("{destination} {mask} {gateway} {}", words[6]));
    }
    let shown: BTreeSet<String> =
        rows.iter().map(|row| format!("{} {} {} {}", row[0], row[1], row[2], row[4])).collect();
    assert_eq!(shown, expected, "{text}");
}

/// Only under Wine, whose registry is temporary: the test changes it.
#[test]
fn persistent_routes_come_from_the_registry() {
    if !on_wine() {
        return;
    }
    let key = r"HKLM\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters\PersistentRoutes";
    let store = r"HKLM\SYSTEM\CurrentControlSet\Control\Nsi\{eb004a01-9b1a-11d4-9123-0050047759bc}\16";
    let name = format!(
        "0000000020010db8{}20000000{}0000000000000000000000000000000000000000fe80{}01",
        "0".repeat(24),
        "0".repeat(24),
        "0".repeat(26)
    );
    let reg = |words: &[&str]| {
        let done = std::process::Command::new("reg").args(words).output().unwrap();
        assert!(done.status.success(), "reg {words:?}: {done:?}");
    };
    reg(&["add", key, "/v", "157.0.0.0,255.0.0.0,157.55.80.1,3", "/t", "REG_SZ", "/d", "", "/f"]);
    reg(&["add", key, "/v", "0.0.0.0,0.0.0.0,192.0.2.1,-1", "/t", "REG_SZ", "/d", "", "/f"]);
    reg(&["add", store, "/v", &name, "/t", "REG_BINARY", "/d", &"f".repeat(96), "/f"]);
    let text = netstat("-r").text;
    reg(&["delete", key, "/f"]);
    reg(&["delete", store, "/f"]);
    let all = lines(&text);
    let v4 = between(&all, "  Network Address          Netmask  Gateway Address  Metric", RULE);
    assert_eq!(
        v4,
        [
            "          0.0.0.0          0.0.0.0        192.0.2.1  Default",
            "        157.0.0.0        255.0.0.0      157.55.80.1       3",
        ]
    );
    let v6 = all.iter().rposition(|line| *line == "Persistent Routes:").unwrap();
    assert_eq!(
        all[v6 + 1..],
        [
            " If Metric Network Destination      Gateway",
            "  0 4294967295 2001:db8::/32            fe80::1",
            RULE
        ],
        "{text}"
    );
}

/// Collects the numbers of a document by path.
fn numbers(value: &serde_json::Value, path: &str, found: &mut BTreeMap<String, u64>) {
    match value {
        serde_json::Value::Object(map) => {
            map.iter().for_each(|(key, value)| numbers(value, &format!("{path}/{key}"), found));
        }
        serde_json::Value::Number(number) => {
            found.insert(path.to_owned(), number.as_u64().unwrap());
        }
        _ => {}
    }
}

fn counters(words: &str) -> serde_json::Value {
    serde_json::from_str(&shown(words)).unwrap()
}

#[test]
fn both_families_have_their_sections() {
    let text = shown("-s --no-extra");
    let titles: Vec<&str> = lines(&text).into_iter().filter(|line| line.contains("Statistics")).collect();
    assert_eq!(
        titles,
        [
            "IPv4 Statistics",
            "IPv6 Statistics",
            "ICMPv4 Statistics",
            "ICMPv6 Statistics",
            "TCP Statistics for IPv4",
            "TCP Statistics for IPv6",
            "UDP Statistics for IPv4",
            "UDP Statistics for IPv6",
        ]
    );
    assert!(!text.contains(" = -"), "{text}");
    assert!(shown("-s -p tcpv6").starts_with("\r\nTCP Statistics for IPv6\r\n"));
}

/// The counters of `/proc/net/snmp`, by protocol and name.
fn snmp() -> BTreeMap<String, u64> {
    let text = below("/proc/net/snmp");
    let mut found = BTreeMap::new();
    for pair in text.lines().collect::<Vec<_>>().chunks(2) {
        let [names, values] = pair else { continue };
        let block = names.split(':').next().unwrap();
        for (name, value) in names.split_whitespace().zip(values.split_whitespace()).skip(1) {
            if let Ok(value) = value.parse() {
                found.insert(format!("{block} {name}"), value);
            }
        }
    }
    found
}

#[test]
fn counters_are_those_of_the_machine() {
    if !on_wine() {
        return;
    }
    let before = snmp();
    let document = counters("-s --json");
    let after = snmp();
    let mut ours = BTreeMap::new();
    numbers(&document["counters"], "", &mut ours);
    for (path, theirs) in [
        ("/ip_v4/InReceives", "Ip InReceives"),
        ("/ip_v4/InDelivers", "Ip InDelivers"),
        ("/ip_v4/OutRequests", "Ip OutRequests"),
        ("/icmp_v4/InMsgs", "Icmp InMsgs"),
        ("/icmp_v4/InDestUnreachs", "Icmp InDestUnreachs"),
        ("/tcp_v4/ActiveOpens", "Tcp ActiveOpens"),
        ("/tcp_v4/PassiveOpens", "Tcp PassiveOpens"),
        ("/tcp_v4/InSegs", "Tcp InSegs"),
        ("/tcp_v4/OutSegs", "Tcp OutSegs"),
        ("/tcp_v4/RetransSegs", "Tcp RetransSegs"),
        ("/tcp_v4/OutRsts", "Tcp OutRsts"),
        ("/udp_v4/InDatagrams", "Udp InDatagrams"),
        ("/udp_v4/NoPorts", "Udp NoPorts"),
        ("/udp_v4/OutDatagrams", "Udp OutDatagrams"),
    ] {
        let ours = ours.get(path).unwrap_or_else(|| panic!("{path} in {document}"));
        assert!((before[theirs]..=after[theirs]).contains(ours), "{path} is {ours}");
    }
    assert_eq!(document["counters"]["tcp"], serde_json::Value::Null);
    assert_eq!(document["counters"]["tcp_ext"], serde_json::Value::Null);
}

/// Octets received and sent by each interface, from `/proc/net/dev`.
fn devices() -> BTreeMap<String, (u64, u64)> {
    let text = below("/proc/net/dev");
    let device = |line: &str| {
        let (name, numbers) = line.split_once(':')?;
        let numbers: Vec<u64> = numbers.split_whitespace().map(|number| number.parse().unwrap()).collect();
        Some((name.trim().to_owned(), (numbers[0], numbers[8])))
    };
    text.lines().filter_map(device).collect()
}

#[test]
fn interface_counters_are_those_of_the_machine() {
    let text = shown("-e");
    assert!(
        text.starts_with(
            "Interface Statistics\r\n\r\n                           Received            Sent\r\n"
        )
    );
    assert_eq!(lines(&text).len(), 10, "{text}");
    assert!(!text.contains(" -"), "no counter is unknown: {text}");
    if !on_wine() {
        return;
    }
    let before = devices();
    let document = counters("-e --json");
    let after = devices();
    let mut seen = BTreeSet::new();
    for interface in document["interfaces"].as_array().unwrap() {
        let name = interface["name"].as_str().unwrap().to_owned();
        let octets = |key: &str| interface["statistics"][key].as_u64().unwrap();
        let (first, last) = (before[&name], after[&name]);
        assert!((first.0..=last.0).contains(&octets("rx_bytes")), "{interface}");
        assert!((first.1..=last.1).contains(&octets("tx_bytes")), "{interface}");
        assert_eq!(interface["loopback"], name == "lo");
        seen.insert(name);
    }
    assert_eq!(seen, before.into_keys().collect());
}

#[test]
fn the_machine_and_its_services_have_names() {
    let listener = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let text = shown("-a");
    let lines = lines(&text);
    let row = lines.iter().find(|line| line.contains(&format!(" 0.0.0.0:{port} "))).expect("the listener");
    let foreign = row.split_whitespace().nth(2).unwrap();
    let name = foreign.strip_suffix(":0").unwrap();
    if on_wine() {
        assert_eq!(name, below("/proc/sys/kernel/hostname").trim());
    }
    assert!(!name.is_empty() && name.parse::<Ipv4Addr>().is_err(), "{row}");
    // Names of ports come from the services file of Windows.
    assert_eq!(netstat("-an lport http").code, Some(0));
    assert_eq!(netstat("-an lport no-such-service").code, Some(1));
}

/// The counters of `--interfaces` are those of `-e`, and what Windows lacks is said in a line with a command.
#[test]
fn each_interface_is_a_line_with_its_counters() {
    let run = netstat("--interfaces --json");
    assert_eq!(run.code, Some(0), "{run:?}");
    let document: Value = serde_json::from_str(&run.text).unwrap();
    let interfaces = document["interfaces"].as_array().unwrap();
    assert!(!interfaces.is_empty(), "{document}");
    for interface in interfaces {
        assert!(interface["statistics"]["rx_bytes"].is_u64(), "{interface}");
        assert!(interface["up"].is_boolean() && interface["addresses"].is_array(), "{interface}");
    }
    let text = netstat("--interfaces").text;
    assert_eq!(lines(&text)[..3], ["", "Interfaces", ""], "{text}");
    assert_eq!(lines(&text).len(), 4 + interfaces.len(), "{text}");
    let run = netstat("--multicast");
    assert_eq!((run.code, run.complaint.lines().count()), (Some(1), 1), "{run:?}");
    assert!(run.complaint.contains("netsh interface ipv4 show joins"), "{run:?}");
}
