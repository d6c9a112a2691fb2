//! What is serialized and deserialized again is the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_model::owner_method::{BpfStep, NoBpf, OwnerMethod};
use netstat_model::{
    Conntrack, Counters, DynamicPorts, HostAddress, Interface, InterfaceAddress, InterfaceCounters,
    InterfaceFlags, InterfaceHardware, InterfaceStats, IpCounters, Limits, NextHop, NextHops,
    PersistentRoute, PortRange, Prefix, Route, RouteKind, RouteStore, SocketLevels, SocketMemory,
    TcpCounters, TcpExtCounters, TcpInfo, TimeWaitReuse, UdpCounters,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::ffi::OsString;
use std::fmt::Debug;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
}

/// Fills the optional fields of a structure with these numbers, each as whichever type the field takes.
fn filled<T: Default + Serialize + DeserializeOwned>(numbers: &[Option<u64>]) -> T {
    let mut object = serde_json::to_value(T::default()).unwrap();
    let keys: Vec<String> = object.as_object().unwrap().keys().cloned().collect();
    for (key, number) in keys.into_iter().zip(numbers.iter().cycle()) {
        let Some(number) = number else { continue };
        let shapes = [
            json!(number),
            json!(number % (1 << 32)),
            json!(number % (1 << 8)),
            json!({ "secs": number, "nanos": number % 1_000_000_000 }),
            json!(number % 2 == 1),
        ];
        let fits = |shape: &Value| {
            let mut tried = object.clone();
            tried[&key] = shape.clone();
            serde_json::from_value::<T>(tried).is_ok()
        };
        if let Some(shape) = shapes.into_iter().find(fits) {
            object[&key] = shape;
        }
    }
    serde_json::from_value(object).unwrap()
}

fn text() -> impl Strategy<Value = OsString> {
    #[cfg(unix)]
    let odd = vec(any::<u8>(), 0..5).prop_map(std::os::unix::ffi::OsStringExt::from_vec);
    #[cfg(not(unix))]
    let odd = "\\PC{0,5}".prop_map(OsString::from);
    prop_oneof!["[a-z0-9]{1,8}".prop_map(OsString::from), odd]
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())),
        any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())),
    ]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (address(), 0..=32u8).prop_map(|(address, length)| Prefix { address, length })
}

fn kind() -> impl Strategy<Value = RouteKind> {
    prop_oneof![
        select(vec![RouteKind::Unicast, RouteKind::Local, RouteKind::Blackhole, RouteKind::Throw]),
        any::<u8>().prop_map(RouteKind::Unknown),
    ]
}

fn next_hops() -> impl Strategy<Value = NextHops> {
    let hop = (of(address()), any::<u32>(), any::<u32>(), any::<[bool; 3]>()).prop_map(
        |(gateway, interface, weight, [dead, linkdown, onlink])| NextHop {
            gateway,
            interface: interface.try_into().ok(),
            weight,
            dead,
            linkdown,
            onlink,
        },
    );
    vec(hop, 0..4).prop_map(|hops| match hops[..] {
        [] => NextHops::None,
        [hop] => NextHops::One(hop),
        _ => NextHops::Many(Arc::from(hops)),
    })
}

fn interface() -> impl Strategy<Value = Interface> {
    let address = (address(), of(address()), any::<u8>(), of(any::<Ipv4Addr>()), of(text())).prop_map(
        |(address, peer, prefix_length, broadcast, label)| InterfaceAddress {
            address,
            peer,
            prefix_length,
            broadcast,
            label,
        },
    );
    let hardware = (any::<u64>(), any::<u64>(), any::<u64>(), any::<u16>(), any::<u8>(), any::<u8>())
        .prop_map(|(memory_start, memory_end, base_address, interrupt, dma, port)| InterfaceHardware {
            memory_start,
            memory_end,
            base_address,
            interrupt,
            dma,
            port,
        });
    let names = (text(), of(text()), of(text()), of(text()));
    let numbers = (any::<u32>(), of(any::<u16>()), of(any::<u32>()), any::<u16>(), of(any::<u32>()));
    let link = (of(vec(any::<u8>(), 0..8)), of(hardware));
    (names, numbers, link, vec(address, 0..3)).prop_map(
        |(
            (name, description, alias, kind),
            (index, link_type, mtu, flags, queue_length),
            (link_address, hardware),
            addresses,
        )| Interface {
            index,
            name,
            description,
            alias,
            kind,
            link_type,
            hardware_address: link_address.map(Vec::into_boxed_slice),
            flags: InterfaceFlags::from_bits_truncate(flags),
            mtu,
            queue_length,
            hardware,
            addresses,
        },
    )
}

proptest! {
    #[test]
    fn structures_of_optional_numbers(numbers in vec(of(any::<u64>()), 1..50)) {
        assert_round_trip(&filled::<TcpInfo>(&numbers));
        assert_round_trip(&filled::<SocketMemory>(&numbers));
        assert_round_trip(&filled::<Conntrack>(&numbers));
        let counters = Counters {
            ip_v4: Some(filled::<IpCounters>(&numbers)),
            icmp_v4: Some(filled(&numbers)),
            icmp_v6: Some(filled(&numbers)),
            tcp: Some(filled::<TcpCounters>(&numbers)),
            tcp_ext: Some(filled::<TcpExtCounters>(&numbers)),
            udp_v6: Some(filled::<UdpCounters>(&numbers)),
            levels: Some(filled::<SocketLevels>(&numbers)),
            ..Counters::default()
        };
        assert_round_trip(&counters);
        let stats = filled::<InterfaceStats>(&numbers);
        assert_round_trip(&InterfaceCounters { index: 7, name: "eth0".into(), loopback: false, stats });
        let range = PortRange { first: 1024, last: 60_999 };
        let ports = DynamicPorts { range, excluded: vec![range], shared_by_remotes: true };
        let time_wait_reuse = Some(TimeWaitReuse::Always);
        assert_round_trip(&Limits { tcp_v4_ports: Some(ports), time_wait_reuse, ..filled(&numbers) });
    }

    #[test]
    fn routes(
        destination in prefix(), from in of(prefix()), kind in kind(), next_hops in next_hops(),
        source in of(address()), protocol in of(any::<u8>()), [table, metric] in any::<[u32; 2]>(), tos: u8,
    ) {
        assert_round_trip(&Route {
            destination, kind, protocol, tos, table, metric, preferred_source: source, from: from.map(Box::new), next_hops,
            expires: metric.try_into().ok(),
        });
    }

    #[test]
    fn persistent_routes(
        destination in prefix(), kind in kind(), gateway in of(address()), interface in of(text()),
        metric in of(any::<u32>()), table: u32,
        store in select(vec![RouteStore::Networkd, RouteStore::NetworkManager, RouteStore::Ifupdown, RouteStore::Registry]),
    ) {
        assert_round_trip(&PersistentRoute { destination, kind, gateway, interface, metric, table, store });
    }

    #[test]
    fn interfaces_and_addresses(interface in interface(), address in address(), scope: u32) {
        assert_round_trip(&interface);
        assert_round_trip(&HostAddress::new(address, scope));
    }

    #[test]
    fn owner_methods(errno: i32) {
        let refused = NoBpf::Refused { step: BpfStep::Load, errno };
        for method in [OwnerMethod::Bpf, OwnerMethod::Proc(NoBpf::FewFiles), OwnerMethod::Proc(refused)] {
            assert_round_trip(&method);
        }
    }
}

#[test]
fn counters_are_serialized_by_their_standard_names() {
    let counters = TcpCounters { retrans_segs: Some(3), ..TcpCounters::default() };
    assert_eq!(serde_json::to_value(counters).unwrap()["RetransSegs"], 3);
    let limits = Limits { time_wait_reuse: Some(TimeWaitReuse::Loopback), ..Limits::default() };
    assert_eq!(serde_json::to_value(limits).unwrap()["time_wait_reuse"], "Loopback");
}
