use super::super::fake::{Fake, table};
use super::super::mib_table::FIRST_ROW;
use super::*;
use netstat_model::Warning;
use netstat_model::query::Tables;
use proptest::prelude::*;
use std::mem::offset_of;
use std::net::IpAddr;
use windows_sys::Win32::NetworkManagement::IpHelper::{
    IP_ADDRESS_PREFIX, MIB_IPFORWARD_ROW2, MIB_IPFORWARD_TABLE2, MIB_IPINTERFACE_ROW, MIB_IPINTERFACE_TABLE,
};

#[test]
fn offsets_match_the_windows_structures() {
    assert_eq!(ROW, size_of::<MIB_IPFORWARD_ROW2>());
    assert_eq!(FIRST_ROW, offset_of!(MIB_IPFORWARD_TABLE2, Table));
    assert_eq!(INTERFACE, offset_of!(MIB_IPFORWARD_ROW2, InterfaceIndex));
    assert_eq!(DESTINATION, offset_of!(MIB_IPFORWARD_ROW2, DestinationPrefix.Prefix));
    let length =
        offset_of!(MIB_IPFORWARD_ROW2, DestinationPrefix) + offset_of!(IP_ADDRESS_PREFIX, PrefixLength);
    assert_eq!(DESTINATION_LENGTH, length);
    assert_eq!(NEXT_HOP, offset_of!(MIB_IPFORWARD_ROW2, NextHop));
    assert_eq!(METRIC, offset_of!(MIB_IPFORWARD_ROW2, Metric));
    assert_eq!(PROTOCOL, offset_of!(MIB_IPFORWARD_ROW2, Protocol));
    assert_eq!(LOOPBACK, offset_of!(MIB_IPFORWARD_ROW2, Loopback));
    assert_eq!(IP_INTERFACE_ROW, size_of::<MIB_IPINTERFACE_ROW>());
    assert_eq!(FIRST_ROW, offset_of!(MIB_IPINTERFACE_TABLE, Table));
    assert_eq!(IP_INTERFACE_FAMILY, offset_of!(MIB_IPINTERFACE_ROW, Family));
    assert_eq!(IP_INTERFACE_INDEX, offset_of!(MIB_IPINTERFACE_ROW, InterfaceIndex));
    assert_eq!(IP_INTERFACE_METRIC, offset_of!(MIB_IPINTERFACE_ROW, Metric));
    assert_eq!(IP_INTERFACE_CONNECTED, offset_of!(MIB_IPINTERFACE_ROW, Connected));
}

/// A `SOCKADDR_INET`.
fn socket_address(text: &str) -> Vec<u8> {
    let mut bytes = vec![0; 28];
    match text.parse().unwrap() {
        IpAddr::V4(address) => {
            bytes[0] = 2;
            bytes[4..8].copy_from_slice(&address.octets());
        }
        IpAddr::V6(address) => {
            bytes[0] = 23;
            bytes[8..24].copy_from_slice(&address.octets());
        }
    }
    bytes
}

fn row(to: &str, length: u8, next_hop: &str, interface: u32, metric: u32) -> Vec<u8> {
    let mut row = vec![0; ROW];
    row[INTERFACE..][..4].copy_from_slice(&interface.to_le_bytes());
    row[DESTINATION..][..28].copy_from_slice(&socket_address(to));
    row[DESTINATION_LENGTH] = length;
    row[NEXT_HOP..][..28].copy_from_slice(&socket_address(next_hop));
    row[METRIC..][..4].copy_from_slice(&metric.to_le_bytes());
    row[PROTOCOL..][..4].copy_from_slice(&3u32.to_le_bytes());
    row
}

fn ip_interface(family: u16, index: u32, metric: u32, connected: bool) -> Vec<u8> {
    let mut row = vec![0; IP_INTERFACE_ROW];
    row[IP_INTERFACE_FAMILY..][..2].copy_from_slice(&family.to_le_bytes());
    row[IP_INTERFACE_INDEX..][..4].copy_from_slice(&index.to_le_bytes());
    row[IP_INTERFACE_METRIC..][..4].copy_from_slice(&metric.to_le_bytes());
    row[IP_INTERFACE_CONNECTED] = u8::from(connected);
    row
}

/// A machine with a connected card (9), one without a cable (18), and both families.
fn machine() -> Fake {
    let v4 = [
        row("0.0.0.0", 0, "192.168.31.1", 9, 0),
        row("192.168.31.0", 24, "0.0.0.0", 9, 256),
        row("224.0.0.0", 4, "0.0.0.0", 18, 256),
    ];
    let v6 = [row("fe80::", 64, "::", 9, 256), row("::", 0, "fe80::1", 9, 16)];
    let interfaces =
        [ip_interface(2, 9, 30, true), ip_interface(2, 18, 65, false), ip_interface(23, 9, 35, true)];
    Fake::new()
        .says(Question::Routes(Family::V4), table(FIRST_ROW, &v4))
        .says(Question::Routes(Family::V6), table(FIRST_ROW, &v6))
        .says(Question::IpInterfaces, table(FIRST_ROW, &interfaces))
}

fn shown(answer: &Answer<Vec<Route>>) -> Vec<String> {
    let line = |route: &Route| {
        let [hop] = route.next_hops.as_slice() else { panic!("{route:?}") };
        let gateway = hop.gateway.map_or_else(|| "-".into(), |gateway| gateway.to_string());
        let interface = hop.interface.map_or(0, u32::from);
        format!(
            "{}/{} {gateway} {interface} {}",
            route.destination.address, route.destination.length, route.metric
        )
    };
    answer.data.iter().map(line).collect()
}

#[test]
fn the_metric_of_the_interface_is_added_and_routes_out_of_use_are_left_out() {
    let answer = routes(&machine(), &RouteQuery::default()).unwrap();
    assert_eq!(answer.warnings, []);
    assert_eq!(
        shown(&answer),
        ["0.0.0.0/0 192.168.31.1 9 30", "192.168.31.0/24 - 9 286", "fe80::/64 - 9 291", "::/0 fe80::1 9 51",]
    );
    assert!(answer.data.iter().all(|route| route.table == TABLE_MAIN && route.protocol == Some(4)));
}

#[test]
fn one_family_or_one_table() {
    let only = |tables, families| routes(&machine(), &RouteQuery { tables, families }).unwrap().data.len();
    assert_eq!(only(Tables::Default, Families::V6), 2);
    assert_eq!(only(Tables::Id(TABLE_MAIN), Families::V4), 2);
    assert_eq!(only(Tables::All, Families::all()), 4);
    let other = routes(&machine(), &RouteQuery { tables: Tables::Id(7), families: Families::all() });
    let error = other.unwrap_err().to_string();
    assert_eq!(error, "cannot list the routes: Windows has one routing table, main");
}

#[test]
fn without_the_metrics_of_interfaces_there_is_a_warning_and_all_routes() {
    let answer = routes(&machine().fails(Question::IpInterfaces, 50), &RouteQuery::default()).unwrap();
    assert_eq!(shown(&answer)[0], "0.0.0.0/0 192.168.31.1 9 0");
    assert_eq!(answer.data.len(), 5);
    let [warning] = answer.warnings.as_slice() else { panic!("{:?}", answer.warnings) };
    assert!(warning.to_string().starts_with("what interfaces add to the metric is unknown: "), "{warning}");
}

#[test]
fn an_absent_family_has_no_routes_and_other_errors_are_reported() {
    for absent in [50, 1168] {
        let machine = machine().fails(Question::Routes(Family::V6), absent);
        let answer = routes(&machine, &RouteQuery::default()).unwrap();
        assert_eq!((answer.data.len(), answer.warnings.len()), (2, 0));
    }
    let refused = routes(&machine().fails(Question::Routes(Family::V6), 5), &RouteQuery::default());
    assert!(refused.unwrap_err().to_string().starts_with("cannot list the routes: "));
}

#[test]
fn odd_rows_are_counted() {
    let rows = [
        row("10.0.0.0", 33, "0.0.0.0", 9, 0),
        vec![0; ROW],
        row("fe80::", 64, "::", 9, 0),
        row("10.0.0.0", 8, "0.0.0.0", 9, u32::MAX),
    ];
    let machine = machine().says(Question::Routes(Family::V4), table(FIRST_ROW, &rows));
    let answer = routes(&machine, &RouteQuery { families: Families::V4, ..RouteQuery::default() }).unwrap();
    assert_eq!(shown(&answer), ["10.0.0.0/8 - 9 4294967295"]);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: "IPv4 routing table", count: 3 }]);
}

#[test]
fn the_origin_of_a_route_becomes_a_number_of_linux() {
    let made = |number: u32| decode_protocol(number);
    assert_eq!((made(2), made(3), made(19), made(14)), (Some(2), Some(4), Some(16), Some(186)));
    assert_eq!((made(1), made(0), made(u32::MAX)), (None, None, None));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        decode_all(&bytes);
    }
}
