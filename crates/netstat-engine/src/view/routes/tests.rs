use super::*;
use netstat_model::query::Tables;
use netstat_model::{InterfaceAddress, InterfaceFlags, NextHops, RouteStore, TABLE_MAIN};
use std::num::NonZeroU32;
use std::sync::Arc;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn interface(index: u32, name: &str, addresses: &[(&str, u8)]) -> Interface {
    Interface {
        link_type: Some(1),
        flags: InterfaceFlags::UP,
        addresses: addresses
            .iter()
            .map(|&(address, prefix_length)| InterfaceAddress::new(ip(address), prefix_length))
            .collect(),
        ..Interface::new(index, name)
    }
}

fn hop(interface: u32, gateway: Option<&str>) -> NextHop {
    NextHop {
        gateway: gateway.map(ip),
        interface: NonZeroU32::new(interface),
        weight: 1,
        dead: false,
        linkdown: false,
        onlink: false,
    }
}

fn route(to: &str, length: u8, next_hops: NextHops) -> Route {
    Route {
        destination: Prefix::new(ip(to), length).unwrap(),
        kind: RouteKind::Unicast,
        protocol: None,
        tos: 0,
        table: TABLE_MAIN,
        metric: 0,
        preferred_source: None,
        from: None,
        expires: None,
        next_hops,
    }
}

fn through(route: Route) -> String {
    let interfaces = [
        interface(2, "eth0", &[("10.1.0.1", 24), ("10.2.0.1", 24), ("fe80::1", 64)]),
        interface(3, "bare", &[("fe80::2", 64)]),
    ];
    let routes = [route];
    let view = RoutesView::new(&interfaces, &routes, &[], &RouteQuery::default());
    let row = view.rows(Family::V4).next().unwrap();
    match row.through {
        Through::Address(address) => address.to_string(),
        Through::Name(name) => name.to_str().unwrap().to_owned(),
        Through::Nothing => "nothing".to_owned(),
    }
}

#[test]
fn the_address_that_the_kernel_sends_from() {
    let by = |interface, gateway| route("10.9.0.0", 16, NextHops::One(hop(interface, gateway)));
    let sent_from = |source: &str, route: Route| Route { preferred_source: Some(ip(source)), ..route };
    assert_eq!(through(by(2, Some("10.1.0.9"))), "10.1.0.1");
    assert_eq!(through(by(2, Some("10.2.0.9"))), "10.2.0.1");
    assert_eq!(through(by(2, Some("fd00::9"))), "10.1.0.1");
    assert_eq!(through(by(2, None)), "10.1.0.1");
    assert_eq!(through(sent_from("10.2.0.1", by(2, Some("10.1.0.9")))), "10.2.0.1");
    // An address of another interface would tell the wrong one.
    assert_eq!(through(sent_from("192.0.2.1", by(2, Some("10.1.0.9")))), "10.1.0.1");
    assert_eq!(through(sent_from("192.0.2.1", by(3, Some("fd00::9")))), "192.0.2.1");
    assert_eq!(through(by(3, None)), "bare");
    assert_eq!(through(by(9, None)), "nothing");
    assert_eq!(through(route("10.2.0.0", 24, NextHops::One(hop(2, None)))), "10.2.0.1");
}

#[test]
fn rows_go_by_prefix_and_equal_ones_as_they_came() {
    let many = NextHops::Many(Arc::from([hop(2, Some("10.1.0.9")), hop(3, Some("10.1.0.8"))]));
    let metric = |metric, route: Route| Route { metric, ..route };
    let routes = [
        route("fe80::", 64, NextHops::One(hop(2, None))),
        route("10.0.0.0", 16, NextHops::One(hop(2, None))),
        metric(9, route("9.255.0.0", 24, many)),
        metric(5, route("9.255.0.0", 24, NextHops::None)),
        route("10.0.0.0", 8, NextHops::One(hop(2, None))),
    ];
    let interfaces = [];
    let view = RoutesView::new(&interfaces, &routes, &[], &RouteQuery::default());
    let told = |family| -> Vec<_> {
        view.rows(family).map(|row| (row.destination.length, row.metric, row.interface, row.leads)).collect()
    };
    assert_eq!(
        told(Family::V4),
        [
            (24, 9, Some(2), Leads::Gateway(ip("10.1.0.9"))),
            (24, 9, Some(3), Leads::Gateway(ip("10.1.0.8"))),
            (24, 5, None, Leads::Unknown),
            (8, 0, Some(2), Leads::OnLink),
            (16, 0, Some(2), Leads::OnLink),
        ]
    );
    assert_eq!(told(Family::V6), [(64, 0, Some(2), Leads::OnLink)]);
}

#[test]
fn persistent_routes_of_the_tables_asked_for() {
    let persistent = |to: &str, table, interface: Option<&str>| PersistentRoute {
        destination: Prefix::host(ip(to)),
        kind: RouteKind::Unicast,
        gateway: None,
        interface: interface.map(Into::into),
        metric: None,
        table,
        store: RouteStore::Networkd,
    };
    let all = [persistent("10.0.0.2", TABLE_MAIN, Some("eth0")), persistent("10.0.0.1", 1000, Some("gone"))];
    let interfaces = [interface(2, "eth0", &[])];
    let rows = |tables| -> Vec<_> {
        let query = RouteQuery { tables, ..RouteQuery::default() };
        let view = RoutesView::new(&interfaces, &[], &all, &query);
        view.persistent(Family::V4).map(|row| (row.destination.address.to_string(), row.interface)).collect()
    };
    assert_eq!(rows(Tables::Default), [("10.0.0.2".to_owned(), Some(2))]);
    assert_eq!(rows(Tables::All), [("10.0.0.1".to_owned(), None), ("10.0.0.2".to_owned(), Some(2))]);
}
