use super::*;
use netstat_model::query::{Families, RouteQuery, Tables};
use netstat_model::{NextHop, NextHops, PersistentRoute, Route, RouteStore, TABLE_MAIN};
use proptest::prelude::*;
use std::ffi::OsString;
use std::num::NonZeroU32;

fn interface(index: u32, name: &str, link_address: Option<&[u8]>) -> Interface {
    Interface {
        link_type: Some(1),
        hardware_address: link_address.map(Into::into),
        flags: InterfaceFlags::UP,
        ..Interface::new(index, name)
    }
}

fn route(to: &str, length: u8, gateway: Option<&str>) -> Route {
    Route {
        destination: Prefix::new(to.parse().unwrap(), length).unwrap(),
        kind: RouteKind::Unicast,
        protocol: None,
        tos: 0,
        table: TABLE_MAIN,
        metric: 1024,
        preferred_source: None,
        from: None,
        expires: None,
        next_hops: NextHops::One(NextHop {
            gateway: gateway.map(|text| text.parse().unwrap()),
            interface: NonZeroU32::new(7),
            weight: 1,
            dead: false,
            linkdown: false,
            onlink: false,
        }),
    }
}

fn persistent(to: &str, length: u8, gateway: Option<&str>, metric: Option<u32>) -> PersistentRoute {
    PersistentRoute {
        destination: Prefix::new(to.parse().unwrap(), length).unwrap(),
        kind: RouteKind::Unicast,
        gateway: gateway.map(|text| text.parse().unwrap()),
        interface: Some("eth0".into()),
        metric,
        table: TABLE_MAIN,
        store: RouteStore::Networkd,
    }
}

fn report(
    interfaces: &[Interface],
    routes: &[Route],
    persistent: &[PersistentRoute],
    line_end: LineEnd,
) -> String {
    let view = RoutesView::new(interfaces, routes, persistent, &RouteQuery::default());
    let mut out = Vec::new();
    render_routes(&view, &RouteWords::ENGLISH, line_end, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn an_empty_machine() {
    let rule = "=".repeat(75);
    let part = |title| format!("\n{title}\n{rule}\nActive Routes:\n  None\nPersistent Routes:\n  None\n");
    let wanted =
        format!("{rule}\nInterface List\n{rule}\n{}{}", part("IPv4 Route Table"), part("IPv6 Route Table"));
    assert_eq!(report(&[], &[], &[], LineEnd::Lf), wanted);
    assert_eq!(report(&[], &[], &[], LineEnd::CrLf), wanted.replace('\n', "\r\n"));
}

#[test]
fn one_family_alone() {
    let query = RouteQuery { tables: Tables::Default, families: Families::V4 };
    let mut out = Vec::new();
    let view = RoutesView::new(&[], &[], &[], &query);
    render_routes(&view, &RouteWords::ENGLISH, LineEnd::Lf, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("IPv4 Route Table") && !text.contains("IPv6"), "{text}");
}

#[test]
fn the_model_of_a_device_stands_alone() {
    let mut card = interface(18, "Wi-Fi", Some(&[0xfc, 0x6d, 0x77, 0x6d, 0x9c, 0xe6]));
    card.description = Some("Intel(R) Wi-Fi 6E AX211 160MHz".into());
    let mut hostile = interface(9, "Ethernet", None);
    hostile.description = Some("a\x1b[31m\nb".into());
    let text = report(&[card, hostile], &[], &[], LineEnd::CrLf);
    assert!(text.contains("\r\n 18...fc 6d 77 6d 9c e6 ......Intel(R) Wi-Fi 6E AX211 160MHz\r\n"), "{text}");
    assert!(!text.contains("Ethernet") && !text.contains('\x1b') && !text.contains("\nb"), "{text}");
}

#[test]
fn link_addresses_of_every_length() {
    let mut loopback = interface(1, "lo", Some(&[0; 6]));
    loopback.flags |= InterfaceFlags::LOOPBACK;
    let text = report(
        &[
            loopback,
            interface(2, "tun0", None),
            interface(3, "tunl0", Some(&[10, 0, 0, 2])),
            interface(1234, "ib0", Some(&[0xab; 20])),
        ],
        &[],
        &[],
        LineEnd::Lf,
    );
    let list: Vec<&str> = text.lines().skip(2).take(4).collect();
    assert_eq!(
        list,
        [
            "  1...........................lo",
            "  2...........................tun0",
            "  3...0a 00 00 02 ............tunl0",
            &format!("1234...{}ib0", "ab ".repeat(20)),
        ]
    );
}

#[test]
fn a_hostile_interface_does_not_reach_the_terminal() {
    let mut hostile = interface(7, "e\u{1b}[2J\u{202e}", None);
    hostile.alias = Some("two\nlines".into());
    hostile.kind = Some(OsString::from("k\u{7}"));
    let text = report(&[hostile], &[route("10.0.0.0", 8, None)], &[], LineEnd::Lf);
    assert!(text.contains("e\\x1b[2J\\u{202e} (k\\x07) two\\x0alines\n"), "{text}");
    assert!(text.contains("On-link  e\\x1b[2J\\u{202e}   1024\n"), "{text}");
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
}

#[test]
fn long_values_push_and_stay_apart() {
    let mut far = route("10.0.0.0", 8, Some("2001:db8:1111:2222:3333:4444:5555:6666"));
    far.metric = u32::MAX;
    let text = report(&[], &[far], &[], LineEnd::Lf);
    let row = "         10.0.0.0        255.0.0.0 2001:db8:1111:2222:3333:4444:5555:6666                - 4294967295\n";
    assert!(text.contains(row), "{text}");
}

#[test]
fn ipv6_destinations_wrap_from_25_characters() {
    let on_link = |to| route(to, 64, None);
    let text = report(
        &[],
        &[on_link("2401:4900:7b7f:8870::"), on_link("2401:4900:7b7f:8870:1::")],
        &[],
        LineEnd::Lf,
    );
    assert!(text.contains("\n  7   1024 2401:4900:7b7f:8870::/64 On-link\n"), "{text}");
    let wrapped = format!("\n  7   1024 2401:4900:7b7f:8870:1::/64\n{}On-link\n", " ".repeat(36));
    assert!(text.contains(&wrapped), "{text}");
    let exact = report(&[], &[route("2401:4900:7b7f:8870:1::", 8, None)], &[], LineEnd::Lf);
    let wrapped = format!("\n  7   1024 2401:4900:7b7f:8870:1::/8\n{}On-link\n", " ".repeat(36));
    assert!(exact.contains(&wrapped), "25 characters: {exact}");
}

#[test]
fn persistent_rows() {
    let text = report(
        &[interface(7, "eth0", None)],
        &[],
        &[
            persistent("0.0.0.0", 0, Some("10.0.0.1"), None),
            persistent("10.5.0.0", 16, None, Some(50)),
            persistent("::", 0, Some("fd00::1"), None),
        ],
        LineEnd::Lf,
    );
    let rule = "=".repeat(75);
    let v4 = format!(
        "Persistent Routes:\n  Network Address          Netmask  Gateway Address  Metric\n          \
         0.0.0.0          0.0.0.0         10.0.0.1  Default\n         \
         10.5.0.0      255.255.0.0         On-link       50\n{rule}\n"
    );
    assert!(text.contains(&v4), "{text}");
    let v6 = format!(
        "Persistent Routes:\n If Metric Network Destination      Gateway\n  7 4294967295 ::/0                     \
         fd00::1\n{rule}\n"
    );
    assert!(text.ends_with(&v6), "{text}");
}

proptest! {
    /// Scripts split rows into five fields: destination, mask, gateway, interface, metric.
    #[test]
    fn ipv4_rows_have_five_fields(to: u32, length in 0u8..=32, gateway: std::net::IpAddr, metric: u32, name in "[a-z\u{a0} ]{1,20}") {
        let mut row = route(&std::net::Ipv4Addr::from(to).to_string(), length, None);
        row.metric = metric;
        row.next_hops = NextHops::One(NextHop { gateway: Some(gateway), interface: NonZeroU32::new(7), weight: 1, dead: false, linkdown: false, onlink: false });
        let text = report(&[interface(7, &name, None)], &[row], &[], LineEnd::Lf);
        let line = text.lines().skip_while(|line| !line.starts_with("Network")).nth(1).unwrap();
        let fields: Vec<&str> = line.split_whitespace().collect();
        prop_assert_eq!(fields.len(), 5, "{}", line);
        prop_assert_eq!(fields[4].parse::<u32>().unwrap(), metric);
        let mask = fields[1].parse::<std::net::Ipv4Addr>().unwrap().to_bits();
        prop_assert_eq!(mask.leading_ones() + mask.trailing_zeros().min(32), 32);
        prop_assert_eq!(mask.leading_ones(), u32::from(length));
    }
}
