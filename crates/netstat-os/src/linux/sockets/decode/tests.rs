use super::*;
use crate::linux::tcp_state::decode_state;
use netlink_packet_core::Parseable;
use netlink_packet_sock_diag::inet::{InetResponse, nlas::Nla};
use netstat_model::{Ownership, ServedFamilies, TimerKind};
use proptest::prelude::*;

/// The fields of `struct inet_diag_msg` that a test sets.
#[derive(Debug, Clone)]
pub(in crate::linux::sockets) struct Row {
    pub(in crate::linux::sockets) family: u8,
    pub(in crate::linux::sockets) state: u8,
    pub(in crate::linux::sockets) timer: u8,
    pub(in crate::linux::sockets) retransmits: u8,
    pub(in crate::linux::sockets) ports: (u16, u16),
    pub(in crate::linux::sockets) addresses: ([u8; 16], [u8; 16]),
    pub(in crate::linux::sockets) interface: u32,
    pub(in crate::linux::sockets) cookie: u64,
    pub(in crate::linux::sockets) numbers: [u32; 5],
}

impl Row {
    /// `127.0.0.1:80` to `10.0.0.9:4242`, with inode 55.
    pub(in crate::linux::sockets) fn tcp4(state: u8) -> Self {
        let mut addresses = ([0; 16], [0; 16]);
        addresses.0[..4].copy_from_slice(&[127, 0, 0, 1]);
        addresses.1[..4].copy_from_slice(&[10, 0, 0, 9]);
        Self {
            family: AF_INET,
            state,
            timer: 0,
            retransmits: 0,
            ports: (80, 4242),
            addresses,
            interface: 0,
            cookie: 7,
            numbers: [0, 1, 2, 1000, 55],
        }
    }

    pub(in crate::linux::sockets) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.family, self.state, self.timer, self.retransmits];
        bytes.extend_from_slice(&self.ports.0.to_be_bytes());
        bytes.extend_from_slice(&self.ports.1.to_be_bytes());
        bytes.extend_from_slice(&self.addresses.0);
        bytes.extend_from_slice(&self.addresses.1);
        bytes.extend_from_slice(&self.interface.to_ne_bytes());
        bytes.extend_from_slice(&self.cookie.to_le_bytes());
        for number in self.numbers {
            bytes.extend_from_slice(&number.to_ne_bytes());
        }
        bytes
    }
}

fn mapped(last: [u8; 4]) -> [u8; 16] {
    let mut address = [0; 16];
    address[10..12].copy_from_slice(&[255, 255]);
    address[12..].copy_from_slice(&last);
    address
}

fn families(socket: &Socket) -> ServedFamilies {
    SocketRef::from(socket).families()
}

#[test]
fn a_connection_is_decoded_field_by_field() {
    let mut row = Row::tcp4(1);
    row.timer = 1;
    row.retransmits = 3;
    row.numbers = [1500, 11, 22, 1000, 55];
    let mut bytes = row.bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_CONG, b"cubic\0");
    wire::put_attribute(&mut bytes, INET_DIAG_TOS, &[0xb8]);
    let socket = decode_socket(&bytes, Transport::Tcp).unwrap();
    assert_eq!(socket.state, Some(TcpState::Established));
    assert_eq!(socket.local, IpEndpoint::new("127.0.0.1".parse().unwrap(), 80, 0));
    assert_eq!(socket.remote, Some(IpEndpoint::new("10.0.0.9".parse().unwrap(), 4242, 0).into()));
    assert_eq!(socket.id, SocketId { inode: Some(55), cookie: Some(7) });
    assert_eq!((socket.recv_queue, socket.send_queue, socket.uid), (Some(11), Some(22), Some(1000)));
    let timer =
        Timer { kind: TimerKind::Retransmit, expires_in: Duration::from_millis(1500), retransmits: 3 };
    assert_eq!(socket.timer, Some(timer));
    assert_eq!(socket.congestion.as_deref(), Some("cubic"));
    assert_eq!(socket.traffic_class, Some(0xb8));
    assert_eq!(socket.ownership, Ownership::NotRead);
}

/// A row that was silent for nine seconds, with a round-trip time of 40 ms.
pub(in crate::linux::sockets) fn row_with_info(state: u8) -> Vec<u8> {
    let mut bytes = Row::tcp4(state).bytes();
    let mut info = vec![0; 248];
    info[68..72].copy_from_slice(&40_000u32.to_ne_bytes());
    info[44..48].copy_from_slice(&9_000u32.to_ne_bytes());
    wire::put_attribute(&mut bytes, INET_DIAG_INFO, &info);
    bytes
}

#[test]
fn only_connections_have_tcp_info() {
    for (number, known, aged) in
        [(1, true, true), (2, true, false), (8, true, true), (10, false, false), (7, false, false)]
    {
        let socket = decode_socket(&row_with_info(number), Transport::Tcp).unwrap();
        assert_eq!(
            socket.tcp.map(|tcp| tcp.rtt),
            known.then_some(Some(Duration::from_millis(40))),
            "{number}"
        );
        assert_eq!(socket.age, aged.then_some(Duration::from_secs(9)), "{number}");
    }
}

#[test]
fn memory_mark_and_group_are_decoded() {
    let mut bytes = Row::tcp4(1).bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_SKMEMINFO, &[7; 36]);
    wire::put_attribute(&mut bytes, INET_DIAG_MARK, &0x2au32.to_ne_bytes());
    wire::put_attribute(&mut bytes, INET_DIAG_CGROUP_ID, &77u64.to_ne_bytes());
    let socket = decode_socket(&bytes, Transport::Tcp).unwrap();
    assert_eq!(socket.memory.unwrap().drops, Some(0x0707_0707));
    assert_eq!((socket.mark, socket.cgroup_id), (Some(42), Some(77)));
    assert_eq!((socket.tcp, socket.age), (None, None));
    // Truncated values are unknown.
    let mut bytes = Row::tcp4(1).bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_MARK, &[1, 2]);
    wire::put_attribute(&mut bytes, INET_DIAG_CGROUP_ID, &[0; 7]);
    let socket = decode_socket(&bytes, Transport::Tcp).unwrap();
    assert_eq!((socket.mark, socket.cgroup_id, socket.memory), (None, None, None));
}

#[test]
fn unknown_fields_are_none() {
    let mut row = Row::tcp4(6);
    row.numbers = [0; 5];
    row.cookie = NO_COOKIE;
    let socket = decode_socket(&row.bytes(), Transport::Tcp).unwrap();
    assert_eq!(socket.id, SocketId::default());
    assert_eq!((socket.uid, socket.timer, socket.traffic_class, socket.interface), (None, None, None, None));
    assert_eq!(socket.ownership, Ownership::Unowned(NoOwner::NoProcess));
}

#[test]
fn a_mapped_connection_is_ipv4_on_an_ipv6_socket() {
    let mut row = Row::tcp4(1);
    row.family = AF_INET6;
    row.addresses = (mapped([1, 2, 3, 4]), mapped([5, 6, 7, 8]));
    let mut bytes = row.bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_TOS, &[4]);
    wire::put_attribute(&mut bytes, INET_DIAG_TCLASS, &[8]);
    let socket = decode_socket(&bytes, Transport::Tcp).unwrap();
    assert_eq!(socket.family, Some(Family::V6));
    assert_eq!(socket.local.address(), Some("1.2.3.4".parse::<IpAddr>().unwrap()));
    assert_eq!(families(&socket), ServedFamilies { v4: true, v6: false });
    assert_eq!(socket.traffic_class, Some(4), "the class of IPv4 counts");
}

#[test]
fn a_dual_stack_listener_is_one_socket_of_both_families() {
    let mut row = Row::tcp4(10);
    row.family = AF_INET6;
    row.addresses = ([0; 16], [0; 16]);
    row.ports.1 = 0;
    for (v6_only, v4) in [(0, true), (1, false)] {
        let mut bytes = row.bytes();
        wire::put_attribute(&mut bytes, INET_DIAG_SKV6ONLY, &[v6_only]);
        let socket = decode_socket(&bytes, Transport::Tcp).unwrap();
        assert_eq!(socket.remote, None);
        assert_eq!(families(&socket), ServedFamilies { v4, v6: true });
    }
    let unknown = decode_socket(&row.bytes(), Transport::Tcp).unwrap();
    assert_eq!(unknown.v6_only, None);
    assert!(!families(&unknown).v4, "nothing is guessed");
}

#[test]
fn a_connected_udp_socket_has_a_peer_and_no_state() {
    let socket = decode_socket(&Row::tcp4(1).bytes(), Transport::Udp).unwrap();
    assert_eq!((socket.state, socket.remote.unwrap().port()), (None, Some(4242)));
    let mut row = Row::tcp4(7);
    row.addresses.1 = [0; 16];
    row.ports.1 = 0;
    assert_eq!(decode_socket(&row.bytes(), Transport::Udp).unwrap().remote, None);
}

fn any_row() -> impl Strategy<Value = Row> {
    let ends = (any::<(u16, u16)>(), any::<([u8; 16], [u8; 16])>());
    let head = (prop_oneof![Just(AF_INET), Just(AF_INET6)], any::<u8>(), 0..6u8, any::<u8>());
    (head, ends, any::<u32>(), any::<u64>(), any::<[u32; 5]>()).prop_map(
        |((family, state, timer, retransmits), (ports, addresses), interface, cookie, numbers)| Row {
            family,
            state,
            timer,
            retransmits,
            ports,
            addresses,
            interface,
            cookie,
            numbers,
        },
    )
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>, udp: bool) {
        let protocol = if udp { Transport::Udp } else { Transport::Tcp };
        let socket = decode_socket(&bytes, protocol);
        let head = decode_head(&bytes, protocol);
        let of_head = |socket: &SocketRef<'_>| {
            (socket.local_ip(), socket.remote_ip(), socket.state, socket.id, socket.families())
        };
        let whole = socket.as_ref().map(SocketRef::from);
        prop_assert_eq!(head.as_ref().map(of_head), whole.as_ref().map(of_head));
        prop_assert_eq!(head.map(|head| head.family), whole.map(|socket| socket.family));
        prop_assert_eq!(head.map(|head| head.ownership()), whole.map(|socket| socket.ownership()));
        prop_assert_eq!(socket.is_some(), bytes.len() >= MESSAGE && matches!(bytes[0], 2 | 10));
    }

    /// The netlink-packet crates read the same bytes.
    #[test]
    fn an_independent_decoder_agrees(row in any_row(), tos: u8, v6_only: bool, cong in "[a-z]{1,15}") {
        let mut bytes = row.bytes();
        wire::put_attribute(&mut bytes, INET_DIAG_TOS, &[tos]);
        wire::put_attribute(&mut bytes, INET_DIAG_TCLASS, &[tos]);
        wire::put_attribute(&mut bytes, INET_DIAG_SKV6ONLY, &[v6_only.into()]);
        wire::put_attribute(&mut bytes, INET_DIAG_CONG, format!("{cong}\0").as_bytes());
        let ours = decode_socket(&bytes, Transport::Tcp).unwrap();
        let theirs = InetResponse::parse(bytes.as_slice()).unwrap();
        let head = &theirs.header;
        let end = |address, port| IpEndpoint::new(address, port, head.socket_id.interface_id);
        prop_assert_eq!(ours.local, end(head.socket_id.source_address, head.socket_id.source_port));
        if let Some(remote) = ours.remote {
            prop_assert_eq!(remote, end(head.socket_id.destination_address, head.socket_id.destination_port));
        }
        prop_assert_eq!(ours.state, Some(decode_state(head.state)));
        prop_assert_eq!(ours.id.inode.unwrap_or(0), u64::from(head.inode));
        prop_assert_eq!(ours.uid, (head.inode != 0).then_some(head.uid));
        prop_assert_eq!((ours.recv_queue, ours.send_queue), (Some(head.recv_queue), Some(head.send_queue)));
        prop_assert_eq!(ours.timer.is_some(), head.timer.is_some());
        let theirs = |nla| theirs.nlas.contains(&nla);
        prop_assert!(theirs(Nla::Tos(ours.traffic_class.unwrap())));
        prop_assert!(theirs(Nla::SkV6Only(ours.v6_only.unwrap())));
        prop_assert!(theirs(Nla::Congestion(ours.congestion.unwrap().into())));
    }
}
