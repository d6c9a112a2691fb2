use super::*;
use crate::linux::wire::put_attribute;
use crate::linux::wire::tests::{Script, done, message};
use netlink_packet_core::Parseable;
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteNextHop, RouteVia};
use proptest::option;
use proptest::prelude::*;
use std::io;

/// `struct rtmsg` with its attributes.
#[derive(Debug, Clone)]
struct Raw {
    family: u8,
    length: u8,
    table: u8,
    kind: u8,
    flags: u32,
    attributes: Vec<(u16, Vec<u8>)>,
}

impl Raw {
    fn v4(kind: u8, length: u8) -> Self {
        Self { family: AF_INET, length, table: 254, kind, flags: 0, attributes: Vec::new() }
    }

    fn with(mut self, kind: u16, value: impl AsRef<[u8]>) -> Self {
        self.attributes.push((kind, value.as_ref().to_vec()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.family, self.length, 0, 0, self.table, 4, 0, self.kind];
        bytes.extend_from_slice(&self.flags.to_ne_bytes());
        for (kind, value) in &self.attributes {
            put_attribute(&mut bytes, *kind, value);
        }
        bytes
    }

    fn message(&self) -> Vec<u8> {
        message(RTM_NEWROUTE, 2, &self.bytes())
    }

    fn decode(&self) -> Option<Decoded> {
        decode_route(&self.bytes(), &mut FxHashSet::default())
    }
}

fn hop(interface: u32, weight: u8, flags: u8, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0, 0, flags, weight];
    bytes.extend_from_slice(&interface.to_ne_bytes());
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    let len = u16::try_from(bytes.len()).unwrap();
    bytes[..2].copy_from_slice(&len.to_ne_bytes());
    bytes
}

fn via(address: Ipv6) -> Vec<u8> {
    [&10u16.to_ne_bytes()[..], &address].concat()
}

type Ipv6 = [u8; 16];
const GATEWAY6: Ipv6 = [0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

fn v4_routes(datagrams: Vec<Vec<u8>>) -> Result<Answer<Vec<Route>>, Error> {
    let query = RouteQuery { tables: Tables::All, families: Families::V4 };
    routes(&Script::new([(datagrams, None)]), &query)
}

#[test]
fn all_parts_of_a_route() {
    let raw = Raw::v4(1, 16)
        .with(RTA_DST, [10, 9, 0, 0])
        .with(RTA_GATEWAY, [10, 1, 0, 9])
        .with(RTA_OIF, 3u32.to_ne_bytes())
        .with(RTA_PRIORITY, 100u32.to_ne_bytes())
        .with(RTA_PREFSRC, [10, 1, 0, 1])
        .with(RTA_TABLE, 1000u32.to_ne_bytes())
        .with(RTA_CACHEINFO, [[0; 4], [0; 4], 2901i32.to_ne_bytes(), [0; 4]].concat());
    let route = raw.decode().unwrap().route;
    assert_eq!(route.expires, NonZeroU32::new(30));
    assert_eq!(route.destination, Prefix::new("10.9.0.0".parse().unwrap(), 16).unwrap());
    assert_eq!((route.kind, route.metric, route.table), (RouteKind::Unicast, 100, 1000));
    assert_eq!(route.preferred_source, Some("10.1.0.1".parse().unwrap()));
    let hop = NextHop {
        gateway: Some("10.1.0.9".parse().unwrap()),
        interface: NonZeroU32::new(3),
        weight: 1,
        dead: false,
        linkdown: false,
        onlink: false,
    };
    assert_eq!(route.next_hops, NextHops::One(hop));
}

#[test]
fn ipv4_by_an_ipv6_gateway() {
    let raw = Raw::v4(1, 0).with(RTA_VIA, via(GATEWAY6)).with(RTA_OIF, 3u32.to_ne_bytes());
    let route = raw.decode().unwrap().route;
    assert_eq!(route.destination, Prefix::everything(Family::V4));
    assert_eq!(route.next_hops.as_slice()[0].gateway, Some("fd00::9".parse().unwrap()));
}

#[test]
fn equal_sets_of_next_hops_are_shared() {
    let hops = [
        hop(3, 2, 0, &[(RTA_GATEWAY, &[10, 1, 0, 7])]),
        hop(4, 0, 16, &[(RTA_VIA, &via(GATEWAY6))]),
        hop(5, 255, 1 | 4, &[]),
    ]
    .concat();
    let routes = v4_routes(vec![
        Raw::v4(1, 8).with(RTA_DST, [10, 0, 0, 0]).with(RTA_MULTIPATH, &hops).message(),
        Raw::v4(1, 8).with(RTA_DST, [11, 0, 0, 0]).with(RTA_MULTIPATH, &hops).message(),
        done(),
    ])
    .unwrap();
    let [NextHops::Many(first), NextHops::Many(second)] = [0, 1].map(|n| routes.data[n].next_hops.clone())
    else {
        panic!("{routes:?}");
    };
    assert!(Arc::ptr_eq(&first, &second));
    let told: Vec<_> = first.iter().map(|hop| (hop.interface.unwrap().get(), hop.weight)).collect();
    assert_eq!(told, [(3, 3), (4, 1), (5, 256)]);
    // A link without carrier does not keep the kernel from using it.
    let flags: Vec<_> = first.iter().map(|hop| (hop.linkdown, hop.dead, hop.onlink)).collect();
    assert_eq!(flags, [(false, false, false), (true, false, false), (false, true, true)]);
    assert_eq!(first[1].gateway, Some("fd00::9".parse().unwrap()));
    assert_eq!(first[2].gateway, None);
}

#[test]
fn routes_without_next_hops() {
    for (number, kind) in [
        (6, RouteKind::Blackhole),
        (7, RouteKind::Unreachable),
        (8, RouteKind::Prohibit),
        (9, RouteKind::Throw),
        (77, RouteKind::Unknown(77)),
    ] {
        let route = Raw::v4(number, 0).decode().unwrap().route;
        assert_eq!((route.kind, route.next_hops), (kind, NextHops::None));
    }
}

#[test]
fn malformed_messages_are_not_routes() {
    assert!(Raw::v4(1, 33).decode().is_none(), "more bits than the address has");
    assert!(Raw::v4(1, 8).with(RTA_DST, [0; 16]).decode().is_none(), "the other family");
    assert!(Raw::v4(1, 8).with(RTA_DST, [1, 2]).decode().is_none());
    assert!(Raw::v4(1, 8).with(RTA_GATEWAY, [1]).decode().is_none());
    assert!(
        Raw::v4(1, 8).with(RTA_MULTIPATH, [4, 0, 0, 0, 0, 0, 0, 0]).decode().is_none(),
        "too short for a hop"
    );
    assert!(Raw::v4(1, 8).with(RTA_MULTIPATH, [200, 0, 0, 0, 0, 0, 0, 0]).decode().is_none(), "past the end");
    let answer = v4_routes(vec![Raw::v4(1, 33).message(), Raw::v4(6, 0).message(), done()]).unwrap();
    assert_eq!(answer.data.len(), 1);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: "IPv4 routing table", count: 1 }]);
}

#[test]
fn the_cache_and_other_families_are_left_out() {
    let cached = Raw { flags: RTM_F_CLONED, ..Raw::v4(1, 32) };
    let foreign = Raw { family: AF_INET6, ..Raw::v4(1, 0) };
    let labels = Raw { family: 28, ..Raw::v4(1, 0) };
    let answer = v4_routes(vec![cached.message(), foreign.message(), labels.message(), done()]).unwrap();
    assert_eq!(answer, Answer::whole(vec![]));
}

#[test]
fn an_interrupted_dump_is_repeated() {
    let route = |last| Raw::v4(1, 32).with(RTA_DST, [10, 0, 0, last]);
    let interrupted = message(RTM_NEWROUTE, 0x12, &route(1).bytes());
    let script = Script::new([
        (vec![interrupted.clone(), interrupted, done()], None),
        (vec![route(2).message(), done()], None),
    ]);
    let query = RouteQuery { tables: Tables::All, families: Families::V4 };
    let answer = routes(&script, &query).unwrap();
    let told: Vec<_> = answer.data.iter().map(|route| route.destination.address.to_string()).collect();
    assert_eq!((told, answer.warnings), (vec!["10.0.0.2".to_owned()], vec![]));
    assert_eq!(script.left(), 0);
}

#[test]
fn a_refused_dump_is_an_error_and_no_empty_table() {
    let refused = message(2, 0, &(-1i32).to_ne_bytes());
    let error = v4_routes(vec![refused]).unwrap_err();
    assert_eq!(error.operation, Operation::ListRoutes);
    let cut = v4_routes(vec![Raw::v4(1, 0).message()]).unwrap_err();
    assert_eq!(cut.source.kind(), io::ErrorKind::UnexpectedEof);
}

fn object(id: u32, attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![AF_INET, 0, 0, 0, 0, 0, 0, 0];
    put_attribute(&mut bytes, NHA_ID, &id.to_ne_bytes());
    for (kind, value) in attributes {
        put_attribute(&mut bytes, *kind, value);
    }
    message(RTM_NEWNEXTHOP, 2, &bytes)
}

#[test]
fn next_hop_objects_are_looked_up() {
    let by_id = |last, id: u32| {
        Raw::v4(1, 32).with(RTA_DST, [10, 0, 0, last]).with(RTA_NH_ID, id.to_ne_bytes()).message()
    };
    let group: Vec<u8> = [(5u32, [9, 0, 0, 0]), (6, [0, 1, 0, 0])]
        .iter()
        .flat_map(|(id, weight)| [&id.to_ne_bytes()[..], weight].concat())
        .collect();
    let objects = vec![
        object(5, &[(NHA_OIF, &3u32.to_ne_bytes()), (NHA_GATEWAY, &[10, 1, 0, 9])]),
        object(6, &[(NHA_OIF, &4u32.to_ne_bytes())]),
        object(7, &[(NHA_GROUP, &group)]),
        object(8, &[(NHA_BLACKHOLE, &[])]),
        object(9, &[(NHA_GROUP, &[7, 0, 0, 0, 0, 0, 0, 0])]),
        done(),
    ];
    let dump = vec![by_id(1, 5), by_id(2, 7), by_id(3, 8), by_id(4, 99), by_id(5, 9), done()];
    let query = RouteQuery { tables: Tables::All, families: Families::V4 };
    let answer = routes(&Script::new([(dump.clone(), None), (objects, None)]), &query).unwrap();
    let hops: Vec<Vec<_>> = answer
        .data
        .iter()
        .map(|route| {
            let hops = route.next_hops.as_slice().iter();
            hops.map(|hop| (hop.interface.map(u32::from), hop.gateway.is_some(), hop.weight)).collect()
        })
        .collect();
    let wanted =
        [vec![(Some(3), true, 1)], vec![(Some(3), true, 10), (Some(4), false, 257)], vec![], vec![], vec![]];
    assert_eq!(hops, wanted);
    assert_eq!(answer.data[2].kind, RouteKind::Blackhole);
    assert_eq!(answer.warnings, [Warning::DumpInterrupted { what: "list of next hops" }]);

    let refused = vec![message(2, 0, &(-95i32).to_ne_bytes())];
    let answer = routes(&Script::new([(dump, None), (refused, None)]), &query).unwrap();
    assert_eq!(answer.data.len(), 5);
    assert!(
        matches!(answer.warnings.as_slice(), [Warning::SourceUnavailable { .. }]),
        "{:?}",
        answer.warnings
    );
}

fn ip_of(address: &RouteAddress) -> Option<IpAddr> {
    match address {
        RouteAddress::Inet(v4) => Some((*v4).into()),
        RouteAddress::Inet6(v6) => Some((*v6).into()),
        _ => None,
    }
}

fn gateway_of(attributes: &[RouteAttribute]) -> Option<IpAddr> {
    attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::Gateway(address) => ip_of(address),
        RouteAttribute::Via(RouteVia::Inet(v4)) => Some((*v4).into()),
        RouteAttribute::Via(RouteVia::Inet6(v6)) => Some((*v6).into()),
        _ => None,
    })
}

/// Generates valid messages: each attribute at most once, with a value of its type.
fn sound() -> impl Strategy<Value = Raw> {
    let number = || any::<u32>().prop_map(|number| number.to_ne_bytes().to_vec());
    let address = |v6: bool| {
        proptest::collection::vec(any::<u8>(), if v6 { 16 } else { 4 }).prop_map(|mut bytes| {
            bytes[0] |= 1;
            bytes
        })
    };
    any::<bool>().prop_flat_map(move |v6| {
        let hops = proptest::collection::vec((1u32.., any::<u8>(), 0u8..32, option::of(address(v6))), 1..5)
            .prop_map(|hops| {
                hops.iter()
                    .flat_map(|(interface, weight, flags, gateway)| {
                        let gateway = gateway.as_deref().map(|gateway| (RTA_GATEWAY, gateway));
                        hop(*interface, *weight, *flags, gateway.as_slice())
                    })
                    .collect::<Vec<u8>>()
            });
        let only = (option::of(address(v6)), number())
            .prop_map(|(gateway, interface)| (gateway, Some(interface), None));
        let ways = prop_oneof![only, hops.prop_map(|hops| (None, None, Some(hops)))];

        let rest = (
            option::of(address(v6)),
            option::of(number()),
            option::of(address(v6)),
            option::of(number()),
            ways,
        );
        (0u8..=if v6 { 128 } else { 32 }, any::<u8>(), 0u8..14, 0u32..32, rest).prop_map(
            move |(
                length,
                table,
                kind,
                flags,
                (destination, metric, source, long_table, (gateway, oif, hops)),
            )| {
                let attributes = [
                    (RTA_DST, destination),
                    (RTA_PRIORITY, metric),
                    (RTA_PREFSRC, source),
                    (RTA_TABLE, long_table),
                    (RTA_GATEWAY, gateway),
                    (RTA_OIF, oif),
                    (RTA_MULTIPATH, hops),
                ];
                let attributes =
                    attributes.into_iter().filter_map(|(kind, value)| Some((kind, value?))).collect();
                let family = if v6 { AF_INET6 } else { AF_INET };
                Raw { family, length, table, kind, flags, attributes }
            },
        )
    })
}

proptest! {
    #[test]
    fn sound_messages_are_read_as_another_decoder_reads_them(raw in sound()) {
        let theirs = RouteMessage::parse(&raw.bytes()).unwrap();
        let Some(Decoded { route, .. }) = raw.decode() else {
            return Err(TestCaseError::fail(format!("{theirs:?}")));
        };
        let find = |pick: &dyn Fn(&RouteAttribute) -> Option<u32>| theirs.attributes.iter().find_map(pick);
        let metric = find(&|a| if let RouteAttribute::Priority(n) = a { Some(*n) } else { None });
        let table = find(&|a| if let RouteAttribute::Table(n) = a { Some(*n) } else { None });
        let oif = find(&|a| if let RouteAttribute::Oif(n) = a { Some(*n) } else { None });
        prop_assert_eq!(route.metric, metric.unwrap_or(0));
        prop_assert_eq!(route.table, table.unwrap_or(u32::from(theirs.header.table)));
        prop_assert_eq!(route.destination.length, theirs.header.destination_prefix_length);
        prop_assert_eq!(route.protocol, Some(u8::from(theirs.header.protocol)));
        let address = |pick: &dyn Fn(&RouteAttribute) -> Option<IpAddr>| theirs.attributes.iter().find_map(pick);
        let destination = address(&|a| if let RouteAttribute::Destination(ip) = a { ip_of(ip) } else { None });
        let source = address(&|a| if let RouteAttribute::PrefSource(ip) = a { ip_of(ip) } else { None });
        prop_assert_eq!(route.destination.address,
            destination.unwrap_or(Prefix::everything(route.destination.family()).address));
        prop_assert_eq!(route.preferred_source, source);
        let hops: Option<&Vec<RouteNextHop>> = theirs.attributes.iter().find_map(|a| match a {
            RouteAttribute::MultiPath(hops) => Some(hops),
            _ => None,
        });
        let ours: Vec<_> =
            route.next_hops.as_slice().iter().map(|h| (h.gateway, h.interface.map_or(0, u32::from), h.weight)).collect();
        let told = match hops {
            Some(hops) => hops
                .iter()
                .map(|h| (gateway_of(&h.attributes), h.interface_index, u32::from(h.hops) + 1))
                .collect(),
            None if oif.is_some_and(|index| index > 0) || gateway_of(&theirs.attributes).is_some() => {
                vec![(gateway_of(&theirs.attributes), oif.unwrap_or(0), 1)]
            }
            None => vec![],
        };
        prop_assert_eq!(ours, told);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), family in prop_oneof![Just(2u8), Just(10)]) {
        let mut shared = FxHashSet::default();
        let _ = decode_route(&bytes, &mut shared);
        let mut framed = bytes.clone();
        if let Some(first) = framed.first_mut() { *first = family; }
        let _ = decode_route(&framed, &mut shared);
        let _ = decode_object(&bytes);
        let _ = decode_hops(&bytes);
    }

    #[test]
    fn no_sound_message_panics_when_it_is_cut_or_bent(raw in sound(), cut in 0usize..200, at in 0usize..200, byte: u8) {
        let mut bytes = raw.bytes();
        if let Some(place) = bytes.get_mut(at) { *place = byte; }
        bytes.truncate(cut);
        let _ = decode_route(&bytes, &mut FxHashSet::default());
    }
}
