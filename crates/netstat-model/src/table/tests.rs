use super::*;
use crate::{Sections, SocketId};
use proptest::prelude::*;

fn endpoint() -> impl Strategy<Value = Endpoint> {
    let v4 = prop_oneof![
        Just(Ipv4Addr::UNSPECIFIED),
        (0u8..3).prop_map(|last| Ipv4Addr::new(10, 0, 0, last)),
        any::<Ipv4Addr>()
    ];
    let v6 = prop_oneof![
        Just(Ipv6Addr::UNSPECIFIED),
        (0u16..3).prop_map(|last| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, last)),
        any::<Ipv6Addr>()
    ];
    let address = prop_oneof![v4.prop_map(IpAddr::V4), v6.prop_map(IpAddr::V6)];
    (address, prop_oneof![0u16..3, any::<u16>()], prop_oneof![0u32..4, any::<u32>()])
        .prop_map(|(address, port, scope)| Endpoint::new(address, port, scope))
}

fn holder() -> impl Strategy<Value = Holder> {
    prop_oneof![
        Just(Holder::NotRead),
        any::<u32>().prop_map(Holder::Process),
        Just(Holder::Nobody(NoOwner::NoProcess)),
        Just(Holder::Nobody(NoOwner::NotPermitted)),
        Just(Holder::Nobody(NoOwner::Kernel)),
        Just(Holder::Nobody(NoOwner::OtherNamespace)),
        Just(Holder::Nobody(NoOwner::Vanished)),
    ]
}

fn state() -> impl Strategy<Value = TcpState> {
    prop_oneof![(0..STATES.len()).prop_map(|place| STATES[place]), any::<u8>().prop_map(TcpState::Unknown)]
}

fn brief() -> impl Strategy<Value = Brief> {
    let id = (prop_oneof![0u32..3, any::<u32>()], any::<u64>());
    let ends = (endpoint(), proptest::option::of(endpoint()));
    (any::<bool>(), ends, state(), proptest::option::of(any::<bool>()), id, holder()).prop_filter_map(
        "ends of two families",
        |(tcp, (local, remote), state, v6_only, (inode, cookie), holder)| {
            let is_v4 = local.address.is_ipv4();
            // A socket of IPv6 that is bound to any address may have an IPv4 peer.
            let fits = |end: Endpoint| end.address.is_ipv4() == is_v4 || local.address.is_unspecified();
            (remote.is_none_or(fits) && !(is_v4 && remote.is_some_and(|end| end.address.is_ipv6())))
                .then_some(Brief {
                    protocol: if tcp { Protocol::Tcp } else { Protocol::Udp },
                    family: if is_v4 { Family::V4 } else { Family::V6 },
                    local,
                    remote,
                    state: tcp.then_some(state),
                    v6_only: v6_only.filter(|_| !is_v4),
                    id: SocketId {
                        inode: Some(u64::from(inode)).filter(|&inode| inode != 0),
                        cookie: Some(cookie),
                    },
                    holder,
                })
        },
    )
}

fn rows(briefs: &[Brief]) -> Vec<TableRow> {
    briefs.iter().flat_map(|brief| brief.rows().map(move |section| TableRow::new(brief, section))).collect()
}

fn packed(briefs: &[Brief]) -> Table {
    let mut table = Table::default();
    for brief in briefs {
        brief.rows().for_each(|section| assert!(table.push(brief, section)));
    }
    table
}

#[test]
fn a_dual_stack_wildcard_is_two_rows() {
    let any = Endpoint { port: 22, ..Endpoint::ANY_V6 };
    let socket = crate::Socket::new(Protocol::Tcp, Family::V6, any, None);
    let brief = Brief { v6_only: Some(false), state: Some(TcpState::Listen), ..Brief::from(&socket) };
    assert_eq!(brief.sections(), Sections { v4: true, v6: true });
    let rows: Vec<_> = packed(&[brief]).rows().collect();
    assert_eq!(rows.iter().map(|row| row.section).collect::<Vec<_>>(), [Section::TcpV4, Section::TcpV6]);
    assert_eq!(rows[0].local, Endpoint { port: 22, ..Endpoint::ANY_V4 });
    assert_eq!(rows[1].local, any);
}

#[test]
fn ends_of_both_families_are_refused() {
    let end = |address: &str| Endpoint::new(address.parse().unwrap(), 1, 0);
    let row = |local: &str, remote: &str| {
        let socket = crate::Socket::new(Protocol::Udp, Family::V6, end(local), Some(end(remote)));
        Table::default().push(&Brief::from(&socket), Section::UdpV4)
    };
    assert!(row("::", "10.0.0.1") && row("10.0.0.1", "10.0.0.2"));
    assert!(!row("2001:db8::1", "10.0.0.1") && !row("10.0.0.1", "2001:db8::1"));
}

#[test]
fn the_pairs_of_scopes_come_to_an_end() {
    let mut table = Table::default();
    let mut brief = Brief::from(&crate::Socket::new(
        Protocol::Udp,
        Family::V6,
        Endpoint::new("fe80::1".parse().unwrap(), 1, 0),
        None,
    ));
    table.scopes = (0..65_536).map(|scope| (scope, 0)).collect();
    brief.local.scope = 65_535;
    assert!(table.push(&brief, Section::UdpV6), "one that is there already");
    brief.local.scope = 65_536;
    assert!(!table.push(&brief, Section::UdpV6));
    assert_eq!(table.len(), 1);
}

proptest! {
    #[test]
    fn what_is_packed_comes_out_again(briefs in proptest::collection::vec(brief(), 0..20)) {
        let table = packed(&briefs);
        prop_assert_eq!(table.rows_as_given().collect::<Vec<_>>(), rows(&briefs));
        prop_assert_eq!(table.len(), rows(&briefs).len());
    }

    #[test]
    fn rows_are_sorted_in_their_blocks(briefs in proptest::collection::vec(brief(), 0..40)) {
        let mut table = packed(&briefs);
        table.sort();
        let mut expected: Vec<(TableRow, u64)> = Vec::new();
        for brief in &briefs {
            let row = |section| (TableRow::new(brief, section), brief.id.inode.unwrap_or(0));
            expected.extend(brief.rows().map(row));
        }
        let number = |end: Endpoint| (bits_v6(end.address), end.scope, end.port);
        expected.sort_by_key(|(row, inode)| {
            let bound = row.state == Some(TcpState::Bound);
            ((row.section, bound), number(row.local), row.remote.map(number), *inode, row.state)
        });
        // What is equal in all that decides may differ in who holds it, and stands in any order.
        let seen = |row: TableRow| (row.section, row.local, row.remote, row.state);
        let expected: Vec<_> = expected.into_iter().map(|(row, _)| seen(row)).collect();
        prop_assert_eq!(table.rows().map(seen).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn holders_are_told_once(briefs in proptest::collection::vec(brief(), 0..20), from in 0usize..20) {
        let mut table = packed(&briefs);
        let open: Vec<ShortId> = table.open().collect();
        prop_assert_eq!(open.len(), rows(&briefs).iter().filter(|row| row.holder == Holder::NotRead).count());
        table.set_holders(&mut |id| Holder::Process(id.inode ^ id.cookie));
        prop_assert_eq!(table.open().count(), 0);
        let told: Vec<Holder> = table.rows_as_given().map(|row| row.holder).collect();
        let expected: Vec<Holder> = briefs.iter().flat_map(|brief| brief.rows().map(move |_| match brief.holder {
            Holder::NotRead => {
                let id = ShortId::new(brief.id.inode, brief.id.cookie);
                Holder::Process(id.inode ^ id.cookie)
            }
            holder => holder,
        })).collect();
        prop_assert_eq!(told, expected);

        let mut table = packed(&briefs[..from.min(briefs.len())]);
        let len = table.len();
        for brief in &briefs {
            brief.rows().for_each(|section| assert!(table.push(brief, section)));
        }
        table.truncate(len);
        prop_assert_eq!(table.rows_as_given().collect::<Vec<_>>(), rows(&briefs[..from.min(briefs.len())]));
    }
}
