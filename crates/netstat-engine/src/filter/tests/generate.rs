//! Random expressions, and random sockets as the kernel may have them.

use crate::enrich::{Country, Reach};
use crate::family::FAMILIES;
use crate::filter::expression::{Expression, Side, Test};
use crate::filter::{Comparison, Event, Glob, Ports, Quantity};
use crate::text::lifespan::NAMED_REASONS;
use netstat_model::query::{Kinds, States};
use netstat_model::{
    ApplicationProtocol, EndReason, Family, IpEndpoint, Prefix, Socket, TcpState, Transport,
};
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, Ipv6Addr};

/// A few addresses on both sides of the borders between kinds of addresses, so that sockets and networks often match.
const ADDRESSES: [&str; 20] = [
    "0.0.0.0",
    "0.0.0.1",
    "127.0.0.1",
    "10.99.0.1",
    "10.99.0.2",
    "8.8.8.8",
    "192.0.0.9",
    "192.0.0.8",
    "100.64.0.1",
    "224.0.0.1",
    "::",
    "::1",
    "2001:db8:99::1",
    "2001:db8:99::2",
    "2606:4700::1111",
    "2001:1::1",
    "fe80::1",
    "fe80::2",
    "ff02::1",
    "4000::1",
];

fn address() -> impl Strategy<Value = IpAddr> {
    select(&ADDRESSES[..]).prop_map(|text| text.parse().unwrap())
}

fn network() -> impl Strategy<Value = Prefix> {
    let whole = address().prop_map(Prefix::host);
    let part = (address(), 0..=128u8).prop_filter_map("too long", |(address, length)| {
        Prefix::containing(address, if address.is_ipv4() { length / 4 } else { length })
    });
    // Blocks that contain IPv4-mapped addresses.
    let mapped = (0..=128u8).prop_filter_map("too long", |length| {
        Prefix::containing(IpAddr::V6(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0x0a63, 1)), length)
    });
    prop_oneof![4 => whole, 4 => part, 1 => mapped]
}

fn port(known: Vec<u16>) -> impl Strategy<Value = u16> {
    prop_oneof![6 => select(known), 1 => select(vec![0, 1, u16::MAX]), 1 => any::<u16>()]
}

fn ports(known: Vec<u16>) -> impl Strategy<Value = Ports> {
    let range = (port(known.clone()), port(known), any::<bool>())
        .prop_map(|(a, b, one)| if one { a..=a } else { a.min(b)..=a.max(b) });
    proptest::collection::vec(range, 1..3).prop_map(|ranges| Ports::new(ranges).unwrap())
}

fn side() -> impl Strategy<Value = Side> {
    select(vec![Side::Local, Side::Remote, Side::Either])
}

fn states() -> impl Strategy<Value = States> {
    let some = (1..=States::all().bits()).prop_map(States::from_bits_retain);
    let one = (0..13u32).prop_map(|bit| States::from_bits_retain(1 << bit));
    prop_oneof![some, one]
}

fn test(known: Vec<u16>) -> impl Strategy<Value = Test> {
    let numbers = || proptest::collection::btree_set(0..4u32, 1..3).prop_map(|set| set.into_iter().collect());
    let glob = || {
        let odd = "[a-z*?\\[\\]! \"()=<>,&|é\u{1b}\\\\]{0,6}";
        prop_oneof![odd.prop_map(|text| Glob::new(&text)), select(vec!["and", "GE", "x"]).prop_map(Glob::new)]
    };
    let comparisons = vec![
        Comparison::Greater,
        Comparison::GreaterOrEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::Equal,
    ];
    let reasons = proptest::collection::btree_set(
        prop_oneof![select(NAMED_REASONS.to_vec()), any::<u16>().prop_map(EndReason::Other)],
        1..3,
    );
    let moment =
        prop_oneof![0..4_000_000_000_000_000i64, (0..100i64).prop_map(|seconds| seconds * 1_000_000)];
    let number = prop_oneof![
        0..4u64,
        any::<u64>(),
        (0..50u64).prop_map(|n| n << 20),
        (0..90u64).prop_map(|n| n * 1_000_000)
    ];
    prop_oneof![
        6 => (side(), ports(known)).prop_map(|(side, ports)| Test::Port(side, ports)),
        6 => (side(), proptest::collection::btree_set(network(), 1..3))
            .prop_map(|(side, networks)| Test::Host(side, networks.into_iter().collect())),
        1 => (side(), 0..3u32).prop_map(|(side, index)| Test::Zone(side, index)),
        3 => states().prop_map(Test::State),
        2 => select(vec![Transport::Tcp, Transport::Udp]).prop_map(Test::Protocol),
        3 => select(vec![Family::V4, Family::V6]).prop_map(Test::Family),
        1 => select(FAMILIES.to_vec()).prop_map(|family| Test::Kinds(family.kinds)),
        1 => (side(), glob()).prop_map(|(side, glob)| Test::Name(side, glob)),
        3 => select(vec![Reach::Loopback, Reach::Private, Reach::Public]).prop_map(Test::Reach),
        1 => (select(vec![Event::Started, Event::Ended]), select(comparisons.clone()), moment)
            .prop_map(|(event, comparison, moment)| Test::Time(event, comparison, moment)),
        1 => reasons.prop_map(|reasons| Test::Reason(reasons.into_iter().collect())),
        1 => (select(Quantity::ALL.to_vec()), select(comparisons), number)
            .prop_map(|(quantity, comparison, number)| Test::Number(quantity, comparison, number)),
        1 => proptest::collection::btree_set(select(ApplicationProtocol::ALL.to_vec()), 1..3)
            .prop_map(|protocols| Test::App(protocols.into_iter().collect())),
        1 => glob().prop_map(|glob| Test::AppName(Glob::of_any_case(glob.pattern()))),
        1 => numbers().prop_map(Test::NetworkNumber),
        1 => glob().prop_map(|glob| Test::NetworkName(Glob::new(&glob.pattern().to_lowercase()))),
        1 => proptest::collection::btree_set(select(vec!["AU", "KR", "US"]), 1..3)
            .prop_map(|codes| Test::Country(codes.into_iter().filter_map(Country::new).collect())),
        1 => numbers().prop_map(Test::Pid),
        1 => numbers().prop_map(Test::NamespacePid),
        1 => numbers().prop_map(Test::User),
        1 => proptest::collection::btree_set(any::<u64>(), 1..3)
            .prop_map(|inodes| Test::Namespace(inodes.into_iter().collect())),
        1 => prop_oneof![
            glob().prop_map(Test::Process),
            glob().prop_map(Test::Path),
            glob().prop_map(Test::Unit),
            glob().prop_map(Test::Container),
            glob().prop_map(Test::Pod),
            glob().prop_map(|glob| Test::HostName(Glob::of_any_case(glob.pattern())))
        ],
    ]
}

/// Generates an expression, in which these ports are more frequent than others.
pub(super) fn expression(known: Vec<u16>) -> impl Strategy<Value = Expression> {
    test(known).prop_map(Expression::Test).prop_recursive(4, 16, 3, |inner| {
        let some = || proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            inner.clone().prop_map(Expression::negated),
            some().prop_map(Expression::all),
            some().prop_map(Expression::any),
        ]
    })
}

/// A socket as sock_diag reports it. If it has no remote end, also the address and port that the kernel may still have from
/// an earlier connection.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) socket: Socket,
    pub(super) stale: Option<(IpAddr, u16)>,
}

pub(super) fn sample(known: Vec<u16>) -> impl Strategy<Value = Sample> {
    let ends = (address(), address(), port(known.clone()), port(known));
    let tcp_states = vec![
        TcpState::Listen,
        TcpState::Bound,
        TcpState::SynSent,
        TcpState::SynReceived,
        TcpState::Established,
        TcpState::CloseWait,
        TcpState::Closing,
        TcpState::TimeWait,
    ];
    let flags = any::<(bool, bool, bool, bool)>();
    (ends, select(tcp_states), flags, 0..3u32).prop_map(
        |((local, remote, local_port, remote_port), state, (udp, v6, flag, v6_only), number)| {
            let family = if v6 || local.is_ipv6() { Family::V6 } else { Family::V4 };
            let protocol = if udp { Transport::Udp } else { Transport::Tcp };
            // An IPv6 UDP socket may have a wildcard as its local end and a mapped address as its remote one.
            let mixed = udp && local.is_ipv6() && local.is_unspecified();
            let fits = local.is_ipv4() == remote.is_ipv4() || mixed;
            let remote = IpEndpoint::new(if fits { remote } else { local }, remote_port, 0);
            let has_remote = match protocol {
                Transport::Tcp => !matches!(state, TcpState::Listen | TcpState::Bound),
                Transport::Udp => flag && (remote.port != 0 || !remote.address.is_unspecified()),
            };
            let local = IpEndpoint::new(local, local_port, 0);
            let mut socket = Socket::new(protocol, family, local, has_remote.then_some(remote));
            socket.state = (!udp).then_some(state);
            socket.v6_only = (family == Family::V6 && !has_remote).then_some(v6_only);
            socket.uid = (number > 0).then_some(number);
            socket.recv_queue = Some(number);
            let stale = (!udp && !has_remote && flag).then_some((remote.address, remote.port));
            Sample { socket, stale }
        },
    )
}

pub(super) fn kinds() -> impl Strategy<Value = Kinds> {
    prop_oneof![2 => Just(Kinds::TCP_UDP), 3 => (1..16u16).prop_map(Kinds::from_bits_retain)]
}

pub(super) fn asked_states() -> impl Strategy<Value = States> {
    let usual = vec![States::CONNECTIONS, States::all(), States::all().difference(States::BOUND)];
    prop_oneof![2 => select(usual), 1 => states()]
}
