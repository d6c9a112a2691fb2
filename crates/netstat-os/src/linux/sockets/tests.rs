use super::decode::{
    INET_DIAG_CGROUP_ID, INET_DIAG_MARK, INET_DIAG_SKV6ONLY, MESSAGE, NO_COOKIE, decode_brief, decode_state,
};
use super::*;
use crate::linux::live::Live;
use crate::linux::wire::tests::{Script, done, message};
use netlink_packet_core::Parseable;
use netlink_packet_sock_diag::inet::{InetResponse, nlas::Nla};
use netstat_model::{Brief, Endpoint, Family, NoOwner, Ownership, SocketId};
use proptest::prelude::*;
use std::net::{IpAddr, TcpListener, TcpStream, UdpSocket};

/// The rows as they come.
impl Sink for Vec<Socket> {
    fn row(&mut self, row: &[u8], protocol: Protocol) -> bool {
        let socket = decode_socket(row, protocol);
        let makes_sense = socket.is_some();
        self.extend(socket);
        makes_sense
    }

    fn socket(&mut self, socket: Socket) {
        self.push(socket);
    }

    fn mark(&self) -> usize {
        self.len()
    }

    fn take_back(&mut self, to: usize) -> bool {
        self.truncate(to);
        true
    }
}

/// The fields of `struct inet_diag_msg` that a test sets.
#[derive(Debug, Clone)]
struct Row {
    family: u8,
    state: u8,
    timer: u8,
    retransmits: u8,
    ports: (u16, u16),
    addresses: ([u8; 16], [u8; 16]),
    interface: u32,
    cookie: u64,
    numbers: [u32; 5],
}

impl Row {
    fn tcp4(state: u8) -> Self {
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

    fn bytes(&self) -> Vec<u8> {
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

#[test]
fn a_connection_is_decoded_field_by_field() {
    let mut row = Row::tcp4(1);
    row.timer = 1;
    row.retransmits = 3;
    row.numbers = [1500, 11, 22, 1000, 55];
    let mut bytes = row.bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_CONG, b"cubic\0");
    wire::put_attribute(&mut bytes, INET_DIAG_TOS, &[0xb8]);
    let socket = decode_socket(&bytes, Protocol::Tcp).unwrap();
    assert_eq!(socket.state, Some(TcpState::Established));
    assert_eq!(socket.local, Endpoint::new("127.0.0.1".parse().unwrap(), 80, 0));
    assert_eq!(socket.remote, Some(Endpoint::new("10.0.0.9".parse().unwrap(), 4242, 0)));
    assert_eq!(socket.id, SocketId { inode: Some(55), cookie: Some(7) });
    assert_eq!((socket.recv_queue, socket.send_queue, socket.uid), (Some(11), Some(22), Some(1000)));
    let timer =
        Timer { kind: TimerKind::Retransmit, expires_in: Duration::from_millis(1500), retransmits: 3 };
    assert_eq!(socket.timer, Some(timer));
    assert_eq!(socket.congestion.as_deref(), Some("cubic"));
    assert_eq!(socket.traffic_class, Some(0xb8));
    assert_eq!(socket.ownership, Ownership::NotRead);
}

fn with_info(state: u8) -> Socket {
    let mut bytes = Row::tcp4(state).bytes();
    let mut info = vec![0; 248];
    info[68..72].copy_from_slice(&40_000u32.to_ne_bytes());
    info[44..48].copy_from_slice(&9_000u32.to_ne_bytes());
    wire::put_attribute(&mut bytes, INET_DIAG_INFO, &info);
    decode_socket(&bytes, Protocol::Tcp).unwrap()
}

#[test]
fn the_course_of_a_connection_is_that_of_connections_only() {
    for (number, known, aged) in
        [(1, true, true), (2, true, false), (8, true, true), (10, false, false), (7, false, false)]
    {
        let socket = with_info(number);
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
    let socket = decode_socket(&bytes, Protocol::Tcp).unwrap();
    assert_eq!(socket.memory.unwrap().drops, Some(0x0707_0707));
    assert_eq!((socket.mark, socket.cgroup_id), (Some(42), Some(77)));
    assert_eq!((socket.tcp, socket.age), (None, None));
    // Cut short, they are unknown.
    let mut bytes = Row::tcp4(1).bytes();
    wire::put_attribute(&mut bytes, INET_DIAG_MARK, &[1, 2]);
    wire::put_attribute(&mut bytes, INET_DIAG_CGROUP_ID, &[0; 7]);
    let socket = decode_socket(&bytes, Protocol::Tcp).unwrap();
    assert_eq!((socket.mark, socket.cgroup_id, socket.memory), (None, None, None));
}

#[test]
fn age_is_not_believed_where_its_counter_may_have_wrapped() {
    use crate::linux::fake::Fake;
    let query = |fields| SocketQuery { fields, ..QUERY };
    let aged = |fake: Fake, fields| {
        let mut sockets = [with_info(1)];
        fill_age(&fake, &query(fields), &mut sockets);
        let [socket] = sockets;
        (socket.age, socket.tcp.is_some())
    };
    let young = || Fake::new().file("/proc/uptime", "4294966.99 1.00\n");
    let nine = Some(Duration::from_secs(9));
    assert_eq!(aged(young(), Fields::AGE), (nine, false));
    assert_eq!(aged(young(), Fields::AGE | Fields::TCP_INFO), (nine, true));
    assert_eq!(aged(young(), Fields::TCP_INFO), (None, true));
    assert_eq!(aged(Fake::new().file("/proc/uptime", "4294967.00 1.00\n"), Fields::AGE), (None, false));
    assert_eq!(aged(Fake::new().file("/proc/uptime", "?"), Fields::AGE), (None, false));
    assert_eq!(aged(Fake::new(), Fields::AGE), (None, false));
}

#[test]
fn marks_that_nobody_tells_are_a_warning() {
    let warned = |socket: Socket| {
        let mut answer = Answer::whole(vec![socket]);
        warn_of_hidden_marks(&mut answer);
        !answer.warnings.is_empty()
    };
    let held = decode_socket(&Row::tcp4(1).bytes(), Protocol::Tcp).unwrap();
    assert!(warned(held.clone()));
    assert!(!warned(Socket { mark: Some(0), ..held.clone() }));
    assert!(!warned(Socket { id: SocketId::default(), ..held }), "TIME_WAIT has no mark for anybody");
}

#[test]
fn the_extensions_are_the_bits_of_the_kernel() {
    assert_eq!(extensions(Fields::empty()), 0);
    assert_eq!(extensions(Fields::TCP_INFO), 0b10);
    assert_eq!(extensions(Fields::AGE), 0b10);
    assert_eq!(extensions(Fields::MEMORY), 0b100_0000);
    assert_eq!(extensions(Fields::MARK | Fields::TIME_IN_STATE), 0);
    assert_eq!(extensions(Fields::all()), 0b111_1010);
}

#[test]
fn what_is_not_known_is_none() {
    let mut row = Row::tcp4(6);
    row.numbers = [0; 5];
    row.cookie = NO_COOKIE;
    let socket = decode_socket(&row.bytes(), Protocol::Tcp).unwrap();
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
    let socket = decode_socket(&bytes, Protocol::Tcp).unwrap();
    assert_eq!(socket.family, Family::V6);
    assert_eq!(socket.local.address, "1.2.3.4".parse::<IpAddr>().unwrap());
    assert_eq!(socket.sections(), netstat_model::Sections { v4: true, v6: false });
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
        let socket = decode_socket(&bytes, Protocol::Tcp).unwrap();
        assert_eq!(socket.remote, None);
        assert_eq!(socket.sections(), netstat_model::Sections { v4, v6: true });
    }
    let unknown = decode_socket(&row.bytes(), Protocol::Tcp).unwrap();
    assert_eq!(unknown.v6_only, None);
    assert!(!unknown.sections().v4, "nothing is guessed");
}

#[test]
fn a_connected_udp_socket_has_a_peer_and_no_state() {
    let socket = decode_socket(&Row::tcp4(1).bytes(), Protocol::Udp).unwrap();
    assert_eq!((socket.state, socket.remote.map(|end| end.port)), (None, Some(4242)));
    let mut row = Row::tcp4(7);
    row.addresses.1 = [0; 16];
    row.ports.1 = 0;
    assert_eq!(decode_socket(&row.bytes(), Protocol::Udp).unwrap().remote, None);
}

#[test]
fn every_state_asked_for_comes_back_as_itself() {
    for (number, states) in KERNEL_STATES {
        if number != 7 {
            assert_eq!(States::of(decode_state(number)), states, "state {number}");
        }
    }
    assert_eq!(decode_state(99), TcpState::Unknown(99));
    assert_eq!(kernel_states(States::LISTEN), 1 << 10);
    assert_eq!(kernel_states(States::SYN_RECEIVED), 1 << 3 | 1 << 12);
    assert_eq!(kernel_states(States::all()), 0x3ffe);
}

#[test]
fn time_in_state_comes_from_the_timers() {
    let mut row = Row::tcp4(6);
    row.timer = 3;
    row.numbers = [12_000, 0, 0, 0, 0];
    let mut answer = Answer::whole(vec![decode_socket(&row.bytes(), Protocol::Tcp).unwrap()]);
    row.numbers[0] = 61_000;
    answer.data.push(decode_socket(&row.bytes(), Protocol::Tcp).unwrap());
    answer.data.push(decode_socket(&Row::tcp4(1).bytes(), Protocol::Tcp).unwrap());
    fill_time_in_state(&Live, &mut answer);
    let times: Vec<_> = answer.data.iter().map(|socket| socket.time_in_state).collect();
    assert_eq!(times, [Some(Duration::from_secs(48)), None, None]);
}

const QUERY: SocketQuery = SocketQuery {
    kinds: Kinds::all(),
    states: States::all(),
    fields: Fields::empty(),
    programs: Programs { tcp: None, udp: None },
};

#[test]
fn a_kernel_without_the_request_for_both_families_is_asked_for_each() {
    let refused = (vec![message(2, 0, &(-22i32).to_ne_bytes())], None);
    let v4 = (vec![message(20, 0, &Row::tcp4(1).bytes()), done()], None);
    let mut row = Row::tcp4(1);
    row.family = AF_INET6;
    let v6 = (vec![message(20, 0, &row.bytes()), done()], None);
    let script = Script::new([refused, v4, v6]);
    let query = SocketQuery { kinds: Kinds::TCP, states: States::CONNECTIONS, ..QUERY };
    let answer = sockets(&script, &query).unwrap();
    assert_eq!(answer.data.iter().map(|socket| socket.family).collect::<Vec<_>>(), [Family::V4, Family::V6]);
    assert_eq!((answer.warnings.len(), script.left()), (0, 0));
}

#[test]
fn a_kernel_that_takes_no_program_is_asked_without() {
    let programs = Programs { tcp: Some([1, 4, 8, 0].into()), udp: None };
    let query = SocketQuery { kinds: Kinds::TCP, programs, ..QUERY };
    let errno = |errno: i32| (vec![message(2, 0, &(-errno).to_ne_bytes())], None);
    let row = (vec![message(20, 0, &Row::tcp4(1).bytes()), done()], None);
    // Both families at once, then the first of the two, then without the program.
    let script = Script::new([errno(22), errno(22), row]);
    let mut found: Vec<Socket> = Vec::new();
    let warnings = with_programs(&script, &query, &mut found).unwrap();
    assert_eq!((found.len(), warnings.len(), script.left()), (1, 0, 0));
    // Another error is no reason to ask again, and without a program neither is this one.
    let script = Script::new([errno(1), errno(1)]);
    assert_eq!(with_programs(&script, &query, &mut found).unwrap_err().raw_os_error(), Some(1));
    let script = Script::new([errno(22), errno(22)]);
    assert_eq!(with_programs(&script, &QUERY, &mut found).unwrap_err().raw_os_error(), Some(22));
}

#[test]
fn every_request_has_its_program_as_an_attribute() {
    let programs = Programs { tcp: Some([1, 4, 8, 0].into()), udp: Some([1, 4, 4, 0].into()) };
    let attribute = |program: [u8; 4]| {
        let mut bytes = Vec::new();
        wire::put_attribute(&mut bytes, INET_DIAG_REQ_BYTECODE, &program);
        bytes
    };
    for kinds in [Kinds::all(), Kinds::TCP_V6 | Kinds::UDP_V6] {
        let query = SocketQuery { kinds, programs: programs.clone(), ..QUERY };
        let bare = SocketQuery { kinds, ..QUERY };
        for (with, without) in dumps(&query).iter().zip(dumps(&bare)) {
            let tail = attribute(if with.protocol == Protocol::Tcp { [1, 4, 8, 0] } else { [1, 4, 4, 0] });
            let requests = std::iter::once(&with.request).chain(&with.instead);
            for (with, without) in requests.zip(std::iter::once(&without.request).chain(&without.instead)) {
                assert_eq!(with[..4], u32::try_from(with.len()).unwrap().to_ne_bytes());
                assert_eq!(with[4..without.len()], without[4..]);
                assert_eq!(with[without.len()..], tail);
            }
        }
    }
}

#[test]
fn when_both_sources_fail_the_error_names_both() {
    let refused = || (vec![message(2, 0, &(-1i32).to_ne_bytes())], None);
    let error = sockets(&Script::new([refused(), refused()]), &QUERY).unwrap_err().to_string();
    assert!(error.contains("sock_diag: Operation not permitted"), "{error}");
    assert!(error.contains("/proc/net: "), "{error}");
}

#[test]
fn releases_are_compared_as_numbers() {
    for (release, old) in
        [("6.8.0-45-generic", false), ("6.18.44", false), ("6.7.12", true), ("5.14.0-503.el9", true)]
    {
        assert_eq!(older_than_6_8(release), old, "{release}");
    }
    assert!(!older_than_6_8("what?"), "an odd release is not called old");
}

#[test]
fn this_process_finds_its_own_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let udp = UdpSocket::bind("[::1]:0").unwrap();
    let answer = sockets(&Live, &QUERY).unwrap();
    let end = |address: std::net::SocketAddr| Endpoint::new(address.ip(), address.port(), 0);
    let is_there = |protocol, local: std::net::SocketAddr, remote: Option<std::net::SocketAddr>, state| {
        let wanted = (protocol, end(local), remote.map(end), state);
        let there = answer
            .data
            .iter()
            .any(|socket| (socket.protocol, socket.local, socket.remote, socket.state) == wanted);
        assert!(there, "{wanted:?} is missing");
    };
    let [ours, theirs] = [client.local_addr().unwrap(), server.local_addr().unwrap()];
    is_there(Protocol::Tcp, listener.local_addr().unwrap(), None, Some(TcpState::Listen));
    is_there(Protocol::Tcp, ours, Some(theirs), Some(TcpState::Established));
    is_there(Protocol::Tcp, theirs, Some(ours), Some(TcpState::Established));
    is_there(Protocol::Udp, udp.local_addr().unwrap(), None, None);
}

#[test]
fn this_process_finds_the_course_of_its_own_connection() {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(&[7; 5000]).unwrap();
    server.read_exact(&mut [0; 5000]).unwrap();
    let fields = Fields::TCP_INFO | Fields::MEMORY | Fields::AGE | Fields::MARK;
    let read = || {
        let answer = sockets(&Live, &SocketQuery { kinds: Kinds::TCP_V4, fields, ..QUERY }).unwrap();
        answer
            .data
            .into_iter()
            .filter(|socket| socket.local.port == port || socket.remote.is_some_and(|end| end.port == port))
            .collect::<Vec<_>>()
    };
    let of = |sockets: &[Socket], from: u16| {
        sockets.iter().find(|socket| socket.local.port == from && socket.remote.is_some()).cloned().unwrap()
    };
    let client_port = client.local_addr().unwrap().port();
    // The acknowledgement is on its way for a moment.
    let mut rows = read();
    for _ in 0..1_000_000 {
        if of(&rows, client_port).tcp.unwrap().bytes_acked.unwrap() >= 5000 {
            break;
        }
        rows = read();
    }
    let (ours, theirs) = (of(&rows, client_port), of(&rows, port));
    let (tcp, peer) = (ours.tcp.unwrap(), theirs.tcp.unwrap());
    assert_eq!((tcp.bytes_sent, tcp.bytes_retransmitted, tcp.notsent_bytes), (Some(5000), Some(0), Some(0)));
    assert_eq!((tcp.bytes_received, peer.bytes_received, peer.bytes_sent), (Some(0), Some(5000), Some(0)));
    assert!(tcp.rtt.is_some() && tcp.cwnd > Some(0) && tcp.mss > Some(0));
    assert!(tcp.data_segs_out > Some(0) && peer.data_segs_in > Some(0));
    assert_eq!((tcp.last_data_received, peer.last_data_sent), (None, None));
    assert!(tcp.last_data_sent.is_some() && peer.last_data_received.is_some());
    let memory = ours.memory.unwrap();
    assert!(memory.send_limit > Some(0) && memory.recv_limit > Some(0) && memory.drops.is_some());
    // Both were silent in one direction; how old they are is known unless the system runs for long.
    let uptime: f64 =
        std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!((ours.age.is_some(), theirs.age.is_some()), (uptime < 4_294_967.0, uptime < 4_294_967.0));
    // A listener has memory and a mark, but no course.
    let listening = rows.iter().find(|socket| socket.remote.is_none()).unwrap();
    assert!(listening.memory.is_some() && listening.tcp.is_none() && listening.age.is_none());
    // CAP_NET_ADMIN is number 12.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    let may_know = u64::from_str_radix(capabilities, 16).unwrap() >> 12 & 1 == 1;
    assert!(listening.mark.is_none() || may_know, "{:?}", listening.mark);
}

#[test]
fn the_walk_for_both_families_gives_what_two_walks_give() {
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let ours = [&v4, &v6].map(|listener| {
        let address = listener.local_addr().unwrap();
        Endpoint::new(address.ip(), address.port(), 0)
    });
    let rows = |requests: &[Vec<u8>]| {
        let mut found = Vec::new();
        for request in requests {
            let mut rows = DumpRows { from: found.len(), sink: &mut found, protocol: Protocol::Tcp };
            wire::dump(&Live, Netlink::SockDiag, request, &mut rows).unwrap();
        }
        found.retain(|socket| socket.remote.is_none() && ours.contains(&socket.local));
        found.sort_by_key(|socket| socket.id);
        found
    };
    let dump = &dumps(&SocketQuery { kinds: Kinds::TCP, ..QUERY })[0];
    let both = rows(std::slice::from_ref(&dump.request));
    assert_eq!(both, rows(&dump.instead));
    assert_eq!(both.len(), 2);
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
        let protocol = if udp { Protocol::Udp } else { Protocol::Tcp };
        let socket = decode_socket(&bytes, protocol);
        let brief = |socket| Brief { v6_only: None, ..socket };
        let in_brief = decode_brief(&bytes, protocol);
        prop_assert_eq!(in_brief.map(brief), socket.as_ref().map(|socket| brief(Brief::from(socket))));
        prop_assert_eq!(in_brief.map(|brief| brief.sections()), socket.as_ref().map(Socket::sections));
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
        let ours = decode_socket(&bytes, Protocol::Tcp).unwrap();
        let theirs = InetResponse::parse(bytes.as_slice()).unwrap();
        let head = &theirs.header;
        let end = |address, port| Endpoint::new(address, port, head.socket_id.interface_id);
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
