use super::*;
use crate::FamilyFacts;
use crate::details::unpack_memory;
use crate::{
    Application, ApplicationProtocol, BluetoothProtocol, ConnectionRole, EndReason, Lifespan, Namespace,
    NoOwner, Offload, Ownership, Protocol, ServedFamilies, SocketFile, SocketType, TcpFields, TcpInfo,
    TcpState, Timer, TimerKind, UnixFacts, WindowsSocket,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime};

fn endpoint() -> impl Strategy<Value = IpEndpoint> {
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
        .prop_map(|(address, port, scope)| IpEndpoint::new(address, port, scope))
}

/// A process has one parent.
fn owner() -> impl Strategy<Value = Owner> {
    (0u32..5, 0u64..2, option::of(any::<u32>())).prop_map(|(pid, start_time, descriptor)| Owner {
        process: ProcessKey { pid, start_time },
        parent: pid.checked_sub(1),
        descriptor,
    })
}

const REASONS: [NoOwner; 5] =
    [NoOwner::NoProcess, NoOwner::NotPermitted, NoOwner::Kernel, NoOwner::OtherNamespace, NoOwner::Vanished];

fn ownership() -> impl Strategy<Value = Ownership> {
    prop_oneof![
        2 => Just(Ownership::NotRead),
        1 => any::<(u32, u64)>().prop_map(|(pid, since)| Ownership::Listed { pid, since }),
        1 => select(&REASONS[..]).prop_map(Ownership::Unowned),
        2 => vec(owner(), 0..4).prop_map(Ownership::Held),
    ]
}

fn tcp_info() -> impl Strategy<Value = TcpInfo> {
    vec(option::of(any::<u32>()), TcpFields::all().count()).prop_map(|numbers| {
        let mut info = TcpInfo::default();
        for (field, number) in TcpFields::all().each().zip(numbers) {
            info.set_number(field, number.map(u64::from));
        }
        info
    })
}

fn ends_and_state() -> impl Strategy<Value = Socket> {
    prop_oneof![4 => with_ports(), 1 => without_ports().boxed()]
}

/// A socket that is no TCP or UDP socket.
fn without_ports() -> impl Strategy<Value = Socket> {
    let name = || vec(any::<u8>(), 0..4).prop_map(Vec::into_boxed_slice);
    let end = || {
        prop_oneof![
            endpoint().prop_map(Endpoint::Ip),
            name().prop_map(Endpoint::Path),
            name().prop_map(Endpoint::Abstract),
            any::<u64>().prop_map(Endpoint::Inode),
            any::<(u32, u32)>().prop_map(|(cid, port)| Endpoint::Vsock { cid, port }),
            any::<(u32, u16)>().prop_map(|(interface, ethertype)| Endpoint::Packet { interface, ethertype }),
            any::<u32>().prop_map(Endpoint::Netlink),
            any::<(u32, u32)>().prop_map(|(interface, queue)| Endpoint::Xdp { interface, queue }),
        ]
    };
    let types = vec![SocketType::Stream, SocketType::Datagram, SocketType::SeqPacket, SocketType::Raw];
    let protocol = prop_oneof![
        any::<u8>().prop_map(Protocol::Raw),
        select(types.clone()).prop_map(Protocol::Unix),
        select(types.clone()).prop_map(Protocol::Packet),
        any::<u8>().prop_map(Protocol::Netlink),
        select(types).prop_map(Protocol::Vsock),
        select(vec![Protocol::Ping, Protocol::Mptcp, Protocol::Sctp, Protocol::Xdp, Protocol::Unlisted]),
        select(BluetoothProtocol::ALL.to_vec()).prop_map(Protocol::Bluetooth),
    ];
    let state = option::of(select(&TcpState::ALL[..]));
    let id = (option::of(1u64..u64::from(u32::MAX)), option::of(any::<u64>()));
    // Boxed, or the strategies would take more stack than a thread has.
    let of_family = (option::of(unix_facts().prop_map(Box::new)), peer_ownership()).boxed();
    (protocol, end(), option::of(end()), state, id, of_family).prop_map(
        |(protocol, local, remote, state, (inode, cookie), (family_facts, peer_ownership))| {
            let id = SocketId { inode, cookie };
            // Without facts there is nobody to ask for.
            let peer_ownership = if family_facts.is_some() { peer_ownership } else { Ownership::NotRead };
            let ends = Socket::of_protocol(protocol, local, remote);
            Socket { state, id, family_facts, peer_ownership, ..ends }
        },
    )
}

fn unix_facts() -> impl Strategy<Value = FamilyFacts> {
    let file = any::<(u32, u32)>().prop_map(|(inode, device)| SocketFile { inode, device });
    (option::of(any::<u64>()), any::<bool>(), option::of(file), option::of(any::<bool>())).prop_map(
        |(peer, is_waiting, file, is_deleted)| {
            FamilyFacts::Unix(UnixFacts { peer, is_waiting, file, is_deleted })
        },
    )
}

/// No table of the system lists the owner of another socket, and by which descriptor one is held matters to nobody.
fn peer_ownership() -> impl Strategy<Value = Ownership> {
    ownership().prop_map(|ownership| match ownership {
        Ownership::Listed { .. } => Ownership::NotRead,
        Ownership::Held(mut owners) => {
            if let [owner] = owners.as_mut_slice() {
                owner.descriptor = None;
            }
            Ownership::Held(owners)
        }
        other => other,
    })
}

fn with_ports() -> impl Strategy<Value = Socket> {
    let ends = (endpoint(), option::of(endpoint()), any::<bool>());
    let state = prop_oneof![select(&TcpState::ALL[..]), any::<u8>().prop_map(TcpState::Unknown)];
    let inode = option::of(prop_oneof![0u64..3, any::<u32>().prop_map(u64::from), any::<u64>()]);
    let id = (inode, option::of(any::<u64>()));
    (any::<bool>(), ends, state, option::of(any::<bool>()), id).prop_map(
        |(tcp, (local, remote, mapped), state, v6_only, (inode, cookie))| {
            let v4 = local.address.is_ipv4();
            // An IPv6 socket has IPv4 ends too, but not ends of both families.
            let mapped = mapped && !remote.is_some_and(|end| end.address.is_ipv6());
            let family = if v4 && !mapped { Family::V4 } else { Family::V6 };
            let protocol = if tcp { Transport::Tcp } else { Transport::Udp };
            let mut socket = Socket::new(protocol, family, local, remote);
            socket.state = tcp.then_some(state);
            socket.v6_only = v6_only;
            socket.id = SocketId { inode, cookie };
            socket
        },
    )
}

fn lifespan() -> impl Strategy<Value = Lifespan> {
    let time =
        || any::<u32>().prop_map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into()));
    let role = select(vec![ConnectionRole::Active, ConnectionRole::Passive, ConnectionRole::Unknown]);
    let reason = prop_oneof![Just(EndReason::ClosedByUs), any::<u16>().prop_map(EndReason::Other)];
    let lasted = option::of(any::<u64>().prop_map(Duration::from_nanos));
    let bounds = (option::of(time()), option::of(time()));
    let times = (option::of(time()), bounds, option::of(time()), option::of((time(), any::<bool>())));
    (role, times, option::of((time(), reason)), lasted).prop_map(
        |(role, (started, bounds, established, first_fin), ended, lasted)| Lifespan {
            host: lasted.map(|_| "web1".into()),
            alike: 1,
            role,
            started,
            started_before: bounds.0,
            started_after: bounds.1,
            established,
            first_fin,
            ended,
            lasted,
        },
    )
}

/// A socket of which anything may be known.
fn socket() -> impl Strategy<Value = Socket> {
    let kinds = [TimerKind::Retransmit, TimerKind::KeepAlive, TimerKind::TimeWait, TimerKind::Probe];
    let timer = (select(kinds.to_vec()), any::<u64>().prop_map(Duration::from_micros), any::<u8>())
        .prop_map(|(kind, expires_in, retransmits)| Timer { kind, expires_in, retransmits });
    let time = || option::of(any::<u64>().prop_map(Duration::from_nanos));
    let number = || option::of(any::<u32>());
    let numbers = (number(), number(), number(), number(), number(), option::of(any::<u64>()));
    let offload = select(vec![Offload::InHost, Offload::Offloading, Offload::Offloaded, Offload::Uploading]);
    let windows =
        (option::of(offload), option::of(Just("Dnscache".into())), option::of(Just("Internet".into())));
    let windows =
        windows.prop_map(|(offload, module, template)| Box::new(WindowsSocket { offload, module, template }));
    let congestion = option::of(select(vec!["cubic", "bbr", "reno"]));
    let memory = any::<[u32; 9]>().prop_map(|row| Box::new(unpack_memory(&row)));
    let tcp = option::of(tcp_info().prop_map(Box::new));
    let application = select(ApplicationProtocol::ALL.to_vec())
        .prop_map(|protocol| Box::new(Application { protocol, name: Some("example.org".into()) }));
    let past = (option::of(lifespan().prop_map(Box::new)), option::of(application));
    let larger = (tcp, option::of(memory), option::of(windows), past);
    let namespace = option::of(any::<u32>().prop_map(|inode| Namespace { inode: inode.into() }));
    let smaller = (option::of(timer), option::of(any::<u8>()), congestion, time(), time(), namespace);
    (ends_and_state(), numbers, smaller, larger, ownership()).prop_map(
        |(socket, numbers, smaller, (tcp, memory, windows, (lifespan, application)), ownership)| {
            let (uid, recv_queue, send_queue, interface, mark, cgroup_id) = numbers;
            let (timer, traffic_class, congestion, time_in_state, age, namespace) = smaller;
            let congestion = congestion.map(Box::from);
            Socket {
                uid,
                recv_queue,
                send_queue,
                interface,
                timer,
                traffic_class,
                congestion,
                time_in_state,
                age,
                tcp,
                memory,
                mark,
                cgroup_id,
                namespace,
                windows,
                lifespan,
                application,
                ownership,
                ..socket
            }
        },
    )
}

fn remote(socket: &Socket) -> Option<IpEndpoint> {
    socket.remote.as_ref()?.ip()
}

fn has_ports(socket: &Socket) -> bool {
    socket.protocol.transport().is_some()
}

fn has_v4_ends(socket: &Socket) -> bool {
    socket.local.ip().is_some_and(|end| end.address.is_ipv4())
        && !remote(socket).is_some_and(|end| end.address.is_ipv6())
}

/// The socket as a table with these details has it: what the documentation of [`SocketTable`] says gets lost is.
fn as_kept(socket: &Socket, keep: Keep) -> Socket {
    let mut kept = socket.clone();
    let v4_peer = remote(socket).is_some_and(|end| end.address.is_ipv4());
    if let (Some(local), true, true) = (socket.local.ip(), v4_peer, has_ports(socket)) {
        kept.local = local.as_v4().into();
    }
    kept.v6_only = socket.v6_only.filter(|_| !has_v4_ends(&kept));
    kept.id.inode = socket.id.inode.filter(|&inode| inode != 0).map(|inode| inode.min(u32::MAX.into()));
    let micros = |time: Duration| Duration::from_micros(u64::try_from(time.as_micros()).unwrap());
    kept.time_in_state = socket.time_in_state.map(micros);
    kept.age = socket.age.map(micros);
    kept.timer = socket.timer.map(|timer| {
        let millis = u64::try_from(timer.expires_in.as_millis()).unwrap();
        Timer { expires_in: Duration::from_millis(millis.min(u32::MAX.into())), ..timer }
    });
    if keep.details {
        return kept;
    }
    let bare = Socket::of_protocol(kept.protocol, kept.local, kept.remote);
    if let Ownership::Held(owners) = &mut kept.ownership
        && let [owner] = owners.as_mut_slice()
    {
        owner.descriptor = None;
    }
    Socket {
        family: kept.family,
        state: kept.state,
        v6_only: kept.v6_only,
        id: SocketId { inode: kept.id.inode, cookie: None },
        ownership: kept.ownership,
        ..bare
    }
}

fn all_as_kept(sockets: &[Socket], keep: Keep) -> Vec<Socket> {
    sockets.iter().map(|socket| as_kept(socket, keep)).collect()
}

fn fill(table: &mut SocketTable, sockets: &[Socket]) {
    sockets.iter().for_each(|socket| assert!(table.push(&socket.into())));
}

fn packed(sockets: &[Socket], keep: Keep) -> SocketTable {
    let mut table = SocketTable::new(keep);
    fill(&mut table, sockets);
    table
}

fn unpacked(table: &SocketTable) -> Vec<Socket> {
    table.iter().map(|socket| socket.to_socket()).collect()
}

fn keeps() -> impl Strategy<Value = Keep> {
    prop_oneof![Just(Keep::default()), Just(Keep::EVERYTHING)]
}

fn listener(address: &str) -> Socket {
    let local = IpEndpoint::new(address.parse().unwrap(), 22, 0);
    let family = if local.address.is_ipv4() { Family::V4 } else { Family::V6 };
    Socket { state: Some(TcpState::Listen), ..Socket::new(Transport::Tcp, family, local, None) }
}

fn rows(table: &SocketTable, transport: Transport, family: Family, bound: bool) -> Vec<Socket> {
    table.rows(Some(transport), family, bound).map(|(_, socket)| socket.to_socket()).collect()
}

#[test]
fn a_dual_stack_listener_is_one_row_that_serves_both_families() {
    let listener = Socket { v6_only: Some(false), ..listener("::") };
    let table = packed(std::slice::from_ref(&listener), Keep::default());
    assert_eq!(rows(&table, Transport::Tcp, Family::V6, false), [listener]);
    assert_eq!(rows(&table, Transport::Tcp, Family::V4, false), []);
    let socket = table.iter().next().unwrap();
    assert_eq!(socket.families(), ServedFamilies { v4: true, v6: true });
    assert_eq!(socket.local_ip().unwrap().as_v4(), IpEndpoint { port: 22, ..IpEndpoint::ANY_V4 });
    let other = IpEndpoint::new("fe80::1".parse().unwrap(), 22, 3);
    assert_eq!(other.as_v4(), other);
}

#[test]
fn an_unchosen_field_of_tcp_is_not_kept() {
    let mut socket = listener("10.0.0.1");
    let info = TcpInfo { cwnd: Some(10), mss: Some(1460), bytes_sent: Some(7), ..TcpInfo::default() };
    socket.tcp = Some(Box::new(info));
    let keep = Keep { details: true, tcp: TcpFields::CWND | TcpFields::BYTES_SENT, ..Keep::default() };
    let other = listener("10.0.0.2");
    let table = packed(&[socket, other], keep);
    let kept: Vec<_> = table.iter().map(|socket| socket.tcp()).collect();
    let info = TcpInfo { cwnd: Some(10), bytes_sent: Some(7), ..TcpInfo::default() };
    assert_eq!(kept, [Some(info), None]);
}

#[test]
fn the_pairs_of_scopes_come_to_an_end() {
    let mut table =
        SocketTable { scopes: (0..65_536).map(|scope| (scope, 0)).collect(), ..Default::default() };
    let with_scope = |scope| {
        let local = IpEndpoint { scope, ..IpEndpoint::new("fe80::1".parse().unwrap(), 22, 0) };
        Socket { local: local.into(), ..listener("fe80::1") }
    };
    assert!(table.push(&(&with_scope(65_535)).into()), "one that is there already");
    assert!(!table.push(&(&with_scope(65_536)).into()));
    assert_eq!(table.len(), 1);
}

#[test]
fn listed_process_ids_become_processes() {
    let listed = |pid, since| Socket { ownership: Ownership::Listed { pid, since }, ..listener("::1") };
    let mut table = packed(&[listed(8, 100), listener("::1"), listed(4, 0)], Keep::EVERYTHING);
    assert!(table.has_listed());
    table.settle_listed(|pid, since| Owner {
        process: ProcessKey { pid, start_time: since + 1 },
        parent: Some(1),
        descriptor: None,
    });
    let holders: Vec<_> = table.iter().map(|socket| socket.ownership().principal()).collect();
    let process = |pid, start_time| {
        Some(Owner { process: ProcessKey { pid, start_time }, parent: Some(1), descriptor: None })
    };
    assert_eq!(holders, [process(8, 101), None, process(4, 1)]);
    assert!(!table.has_listed());
}

/// What decides the order, written with wide numbers.
fn order(socket: &Socket) -> impl Ord + std::fmt::Debug + use<> {
    let number = |end: IpEndpoint| {
        let bits = match end.address {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        };
        (bits, end.scope, end.port)
    };
    let (local, remote) = (socket.local.ip().map(number), remote(socket).map(number));
    (local, remote, socket.id.inode.unwrap_or(0), socket.state)
}

/// Finds owners by the inode: nobody, one process, or two.
fn find(id: ShortId, owners: &mut Vec<Owner>) -> Result<(), NoOwner> {
    let owner = |pid| Owner {
        process: ProcessKey { pid, start_time: 9 },
        parent: Some(id.inode),
        descriptor: Some(id.cookie),
    };
    match id.inode % 3 {
        0 => return Err(NoOwner::Kernel),
        1 => owners.push(Owner { parent: Some(1), ..owner(7) }),
        _ => owners.extend([owner(id.inode), owner(5)]),
    }
    Ok(())
}

proptest! {
    #[test]
    fn sockets_come_out_as_they_went_in(sockets in vec(socket(), 0..20), keep in keeps()) {
        let table = packed(&sockets, keep);
        prop_assert_eq!(unpacked(&table), all_as_kept(&sockets, keep));
        for transport in [Some(Transport::Tcp), Some(Transport::Udp), None] {
            for (row, socket) in table.rows(transport, Family::V6, false) {
                prop_assert_eq!(table.get(row), Some(socket));
            }
        }
        prop_assert_eq!((table.len(), table.is_empty()), (sockets.len(), sockets.is_empty()));
        let collected: SocketTable = sockets.iter().cloned().collect();
        prop_assert_eq!(unpacked(&collected), all_as_kept(&sockets, Keep::EVERYTHING));
    }

    /// Each kind of sockets is in the order of an independent comparison, and no detail is mixed up.
    #[test]
    fn sockets_are_sorted_with_their_details(mut sockets in vec(socket(), 0..40), keep in keeps()) {
        for (number, socket) in (0..).zip(&mut sockets) {
            socket.uid = Some(number);
        }
        let mut table = packed(&sockets, keep);
        table.sort();
        let kept = all_as_kept(&sockets, keep);
        // With details, each has its own; without, they are not there.
        let is_kept = |socket: &Socket| match socket.uid {
            Some(number) => *socket == kept[number as usize],
            None => !keep.details && kept.contains(socket),
        };
        let mut seen = 0;
        for protocol in [Transport::Tcp, Transport::Udp] {
            for (family, bound) in [(Family::V4, false), (Family::V4, true), (Family::V6, false), (Family::V6, true)] {
                if protocol == Transport::Udp && bound {
                    continue;
                }
                let mut expected: Vec<&Socket> = kept.iter().filter(|socket| {
                    socket.protocol == protocol
                        && has_v4_ends(socket) == (family == Family::V4)
                        && (socket.state == Some(TcpState::Bound)) == bound
                }).collect();
                expected.sort_by_key(|socket| order(socket));
                let sorted = rows(&table, protocol, family, bound);
                let keys: Vec<_> = sorted.iter().map(order).collect();
                prop_assert_eq!(keys, expected.iter().map(|socket| order(socket)).collect::<Vec<_>>());
                prop_assert!(sorted.iter().all(is_kept));
                seen += sorted.len();
            }
        }
        let others: Vec<Socket> = table.rows(None, Family::V4, false).map(|(_, socket)| socket.to_socket()).collect();
        let key = |socket: &Socket| (socket.protocol, socket.local.clone(), socket.remote.clone());
        prop_assert!(others.is_sorted_by_key(key));
        prop_assert!(others.iter().all(|socket| is_kept(socket) && !has_ports(socket)));
        prop_assert_eq!(seen + others.len(), sockets.len());
    }

    #[test]
    fn sockets_are_removed_with_their_details(
        sockets in vec(socket(), 0..20),
        more in vec(socket(), 0..9),
        stays in vec(any::<bool>(), 20),
        keep in keeps(),
    ) {
        let mut table = packed(&sockets, keep);
        let mut expected = all_as_kept(&sockets, keep);
        fill(&mut table, &more);
        table.truncate(sockets.len());
        prop_assert_eq!(unpacked(&table), expected.clone());

        let mut stay = stays.iter();
        table.retain(|_| *stay.next().unwrap());
        let mut stay = stays.iter();
        expected.retain(|_| *stay.next().unwrap());
        prop_assert_eq!(unpacked(&table), expected.clone());

        fill(&mut table, &more);
        table.truncate(expected.len() + more.len() / 2);
        expected.extend(all_as_kept(&more[..more.len() / 2], keep));
        prop_assert_eq!(unpacked(&table), expected.clone());
        fill(&mut table, &more);
        expected.extend(all_as_kept(&more, keep));
        prop_assert_eq!(unpacked(&table), expected);
    }

    /// Owners are looked for once for each socket that wants them, and the others keep what they say.
    #[test]
    fn owners_are_looked_for_where_they_are_wanted(sockets in vec(socket(), 0..20), keep in keeps()) {
        // Those of the other ends have a test of their own.
        let alone = |socket| Socket { family_facts: None, peer_ownership: Ownership::NotRead, ..socket };
        let sockets: Vec<Socket> = sockets.into_iter().map(alone).collect();
        let mut table = SocketTable::new(keep);
        for (at, socket) in sockets.iter().enumerate() {
            let is_kept = if at % 4 == 3 { table.push(&socket.into()) } else { table.push_wanted(&socket.into()) };
            prop_assert!(is_kept);
        }
        let id = |socket: &Socket| ShortId::new(socket.id.inode, socket.id.cookie);
        let is_wanted = |at: usize| at % 4 != 3 && sockets[at].ownership == Ownership::NotRead;
        let mut expected = all_as_kept(&sockets, keep);
        let mut ids: Vec<ShortId> = table.wanted().collect();
        let mut asked = Vec::new();
        for (at, socket) in expected.iter_mut().enumerate().filter(|(at, _)| is_wanted(*at)) {
            let mut owners = Vec::new();
            socket.ownership = find(id(&sockets[at]), &mut owners).map_or_else(Ownership::Unowned, |()| Ownership::Held(owners));
            if let (Ownership::Held(owners), false) = (&mut socket.ownership, keep.details)
                && let [owner] = owners.as_mut_slice()
            {
                owner.descriptor = None;
            }
            asked.push(id(&sockets[at]));
        }
        for ids in [&mut ids, &mut asked] {
            ids.sort_unstable_by_key(|id| (id.inode, id.cookie));
        }
        prop_assert_eq!(ids, asked);

        table.set_owners(&mut find);
        prop_assert_eq!(table.wanted().count(), 0);
        prop_assert_eq!(unpacked(&table), expected.clone());
        let mut processes: Vec<ProcessKey> = expected.iter().flat_map(|socket| match &socket.ownership {
            Ownership::Held(owners) => owners.iter().map(|owner| owner.process).collect(),
            _ => Vec::new(),
        }).collect();
        processes.sort_unstable();
        processes.dedup();
        prop_assert_eq!(table.processes(), processes);
    }
}

#[test]
fn the_owner_of_the_other_end_is_looked_for_with_the_owner_of_the_socket() {
    let name = |name: &[u8]| Endpoint::Path(name.into());
    let unix = Protocol::Unix(SocketType::Stream);
    let socket = |inode, peer| Socket {
        id: SocketId { inode: Some(inode), cookie: Some(1) },
        family_facts: Some(Box::new(FamilyFacts::Unix(UnixFacts { peer, ..UnixFacts::default() }))),
        ..Socket::of_protocol(unix, name(b"/run/db"), None)
    };
    let mut table = SocketTable::new(Keep { details: true, ..Keep::default() });
    for one in [socket(7, Some(8)), socket(9, None)] {
        assert!(table.push_wanted(&SocketRef::from(&one)));
    }
    assert!(table.push(&SocketRef::from(&socket(10, Some(11)))), "nobody is looked for here");
    let mut wanted: Vec<_> = table.wanted().map(|id| id.inode).collect();
    wanted.sort_unstable();
    assert_eq!(wanted, [7, 8, 9]);
    let process = |pid| ProcessKey { pid, start_time: 1 };
    table.set_owners(&mut |id, owners| {
        if id.inode == 9 {
            return Err(NoOwner::NotPermitted);
        }
        owners.push(Owner { process: process(id.inode * 100), parent: None, descriptor: Some(3) });
        Ok(())
    });
    let holders: Vec<_> = table.iter().map(|it| (it.holder(), it.peer_ownership().holder())).collect();
    let (held, not_read) = (crate::Holder::Process, crate::Holder::NotRead);
    let nobody = crate::Holder::Nobody(NoOwner::NotPermitted);
    assert_eq!(holders, [(held(700), held(800)), (nobody, not_read), (not_read, not_read)]);
    assert_eq!(table.processes(), [process(700), process(800)]);
    table.sort();
    let shown: Vec<_> = table
        .rows(None, Family::V4, false)
        .map(|(_, it)| (it.id.inode, it.family_facts().and_then(FamilyFacts::peer)))
        .collect();
    assert_eq!(shown, [(Some(7), Some(8)), (Some(9), None), (Some(10), Some(11))]);
}
