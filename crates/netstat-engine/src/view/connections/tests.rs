use super::*;
use crate::row::Foreign;
use netstat_model::TcpState::*;
use netstat_model::{Socket, SocketId, Transport};
use proptest::prelude::*;

const ALL: ConnectionsOptions = ConnectionsOptions { listening: true, bound: true, kinds: Kinds::TCP_UDP };

fn end(text: &str) -> IpEndpoint {
    let (host, port) = text.rsplit_once(':').unwrap();
    let host = host.trim_matches(['[', ']']);
    let (address, scope) = host.split_once('%').unwrap_or((host, "0"));
    IpEndpoint::new(address.parse().unwrap(), port.parse().unwrap(), scope.parse().unwrap())
}

fn family(end: IpEndpoint) -> Family {
    if end.address.is_ipv4() { Family::V4 } else { Family::V6 }
}

fn tcp(local: &str, remote: Option<&str>, state: TcpState) -> Socket {
    let mut socket = Socket::new(Transport::Tcp, family(end(local)), end(local), remote.map(end));
    socket.state = Some(state);
    socket
}

fn udp(local: &str, remote: Option<&str>) -> Socket {
    Socket::new(Transport::Udp, family(end(local)), end(local), remote.map(end))
}

fn dual(mut socket: Socket) -> Socket {
    socket.v6_only = Some(false);
    socket
}

fn table(sockets: &[Socket]) -> SocketTable {
    sockets.iter().cloned().collect()
}

/// Section, local end, foreign end of each row.
fn shown(sockets: &[Socket], options: ConnectionsOptions) -> Vec<(Section, String, String)> {
    let text = |end: IpEndpoint| format!("{}%{} {}", end.address, end.scope, end.port);
    ConnectionsView::new(&mut table(sockets), &options)
        .rows()
        .map(|row| {
            let foreign = match row.foreign() {
                Foreign::Anybody => "*".to_owned(),
                Foreign::End(end) => text(end.ip().unwrap()),
            };
            (row.section, text(row.local().ip().unwrap()), foreign)
        })
        .collect()
}

fn one_of_each() -> Vec<Socket> {
    vec![
        tcp("10.0.0.1:22", None, Listen),
        tcp("10.0.0.1:23", None, Bound),
        tcp("10.0.0.1:24", Some("10.0.0.2:1"), TimeWait),
        tcp("[2001:db8::1]:22", None, Listen),
        tcp("[2001:db8::1]:24", Some("[2001:db8::2]:1"), SynSent),
        udp("10.0.0.1:53", None),
        udp("10.0.0.1:54", Some("10.0.0.2:1")),
        udp("[2001:db8::1]:53", None),
        udp("[2001:db8::1]:54", Some("[2001:db8::2]:1")),
    ]
}

fn ports(listening: bool, bound: bool, kinds: Kinds) -> Vec<(Section, u16)> {
    let mut sockets = table(&one_of_each());
    let view = ConnectionsView::new(&mut sockets, &ConnectionsOptions { listening, bound, kinds });
    view.rows().map(|row| (row.section, row.local().port().unwrap())).collect()
}

#[test]
fn rows_by_option() {
    use Section::*;
    assert_eq!(ports(false, false, Kinds::TCP_UDP), [(TcpV4, 24), (TcpV6, 24)]);
    let with_a = [
        (TcpV4, 22),
        (TcpV4, 24),
        (TcpV6, 22),
        (TcpV6, 24),
        (UdpV4, 53),
        (UdpV4, 54),
        (UdpV6, 53),
        (UdpV6, 54),
    ];
    assert_eq!(ports(true, false, Kinds::TCP_UDP), with_a);
    let mut with_q = with_a.to_vec();
    with_q.insert(2, (TcpV4, 23));
    assert_eq!(ports(false, true, Kinds::TCP_UDP), with_q);
    assert_eq!(ports(true, true, Kinds::TCP_UDP), with_q);
    assert_eq!(ports(false, false, Kinds::TCP_V4), [(TcpV4, 24)]);
    assert_eq!(ports(true, false, Kinds::TCP_V6), [(TcpV6, 22), (TcpV6, 24)]);
    assert_eq!(ports(false, false, Kinds::UDP_V4), [(UdpV4, 54)]);
    assert_eq!(ports(true, false, Kinds::UDP_V6), [(UdpV6, 53), (UdpV6, 54)]);
}

#[test]
fn states_to_ask_for() {
    let states = |listening, bound| ConnectionsOptions { listening, bound, kinds: Kinds::TCP_UDP }.states();
    assert!(!states(false, false).intersects(States::LISTEN | States::BOUND));
    assert_eq!(states(true, false), States::all() - States::BOUND);
    assert_eq!(states(false, true), States::all());
}

#[test]
fn dual_stack_sockets_have_two_rows() {
    let sockets = [
        dual(tcp("[::]:80", None, Listen)),
        dual(udp("[::]:53", None)),
        dual(tcp("[::]:81", None, Bound)),
        tcp("[::]:82", None, Listen),
    ];
    let any = |text: &str| text.to_owned();
    assert_eq!(
        shown(&sockets, ALL),
        [
            (Section::TcpV4, any("0.0.0.0%0 80"), any("0.0.0.0%0 0")),
            (Section::TcpV4, any("0.0.0.0%0 81"), any("0.0.0.0%0 0")),
            (Section::TcpV6, any("::%0 80"), any("::%0 0")),
            (Section::TcpV6, any("::%0 82"), any("::%0 0")),
            (Section::TcpV6, any("::%0 81"), any("::%0 0")),
            (Section::UdpV4, any("0.0.0.0%0 53"), any("*")),
            (Section::UdpV6, any("::%0 53"), any("*")),
        ]
    );
    let only_v4 = ConnectionsOptions { kinds: Kinds::TCP_V4, bound: false, ..ALL };
    assert_eq!(shown(&sockets, only_v4), [(Section::TcpV4, any("0.0.0.0%0 80"), any("0.0.0.0%0 0"))]);
}

#[test]
fn mapped_connections_are_ipv4() {
    let mut socket = tcp("[::ffff:10.0.0.1]:80", Some("[::ffff:10.0.0.2]:5"), Established);
    socket.family = Some(Family::V6);
    let mut half = dual(udp("[::]:53", Some("10.0.0.2:5")));
    half.family = Some(Family::V6);
    let rows = shown(&[socket, half], ALL);
    assert_eq!(rows[0], (Section::TcpV4, "10.0.0.1%0 80".into(), "10.0.0.2%0 5".into()));
    assert_eq!(rows[1], (Section::UdpV4, "0.0.0.0%0 53".into(), "10.0.0.2%0 5".into()));
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_udp_socket_with_an_ipv6_peer_has_no_ipv4_row() {
    let rows = shown(&[dual(udp("[::]:5000", Some("[2001:4860:4860::6464]:443")))], ALL);
    assert_eq!(rows, [(Section::UdpV6, "::%0 5000".into(), "2001:4860:4860::6464%0 443".into())]);
}

#[test]
fn addresses_sort_as_numbers() {
    let sockets = [
        tcp("192.168.0.1:1", None, Listen),
        tcp("10.0.0.1:9", None, Listen),
        tcp("10.0.0.1:10", Some("9.0.0.1:2"), Established),
        tcp("10.0.0.1:10", Some("10.0.0.1:1"), Established),
        tcp("10.0.0.1:10", None, Listen),
        tcp("0.0.0.0:65535", None, Listen),
        tcp("[fe80::1%12]:1", None, Listen),
        tcp("[fe80::1%2]:2", None, Listen),
        tcp("[2001:db8::1]:1", Some("[2001:db8::2:0:0:2]:1"), Established),
        tcp("[2001:db8::1]:1", Some("[2001:db8::2:0:0:1]:2"), Established),
        tcp("[2001:db8::1]:1", Some("[2001:db8::2:0:0:1]:1"), Established),
        tcp("[::1]:1", None, Listen),
    ];
    let locals: Vec<_> =
        shown(&sockets, ALL).into_iter().map(|(_, local, foreign)| format!("{local} {foreign}")).collect();
    assert_eq!(
        locals,
        [
            "0.0.0.0%0 65535 0.0.0.0%0 0",
            "10.0.0.1%0 9 0.0.0.0%0 0",
            "10.0.0.1%0 10 0.0.0.0%0 0",
            "10.0.0.1%0 10 9.0.0.1%0 2",
            "10.0.0.1%0 10 10.0.0.1%0 1",
            "192.168.0.1%0 1 0.0.0.0%0 0",
            "::1%0 1 ::%0 0",
            "2001:db8::1%0 1 2001:db8::2:0:0:1%0 1",
            "2001:db8::1%0 1 2001:db8::2:0:0:1%0 2",
            "2001:db8::1%0 1 2001:db8::2:0:0:2%0 1",
            "fe80::1%2 2 ::%0 0",
            "fe80::1%12 1 ::%0 0",
        ]
    );
}

#[test]
fn equal_ends_sort_by_inode() {
    let mut sockets: Vec<_> = [5, 3, 9]
        .map(|inode| {
            let mut socket = udp("0.0.0.0:5353", None);
            socket.id = SocketId { inode: Some(inode), cookie: None };
            socket
        })
        .into();
    let inodes = |sockets: &[Socket]| -> Vec<_> {
        ConnectionsView::new(&mut table(sockets), &ALL).rows().map(|row| row.socket.id.inode).collect()
    };
    assert_eq!(inodes(&sockets), [Some(3), Some(5), Some(9)]);
    sockets.reverse();
    assert_eq!(inodes(&sockets), [Some(3), Some(5), Some(9)]);
}

#[test]
fn peers_are_the_ends_that_can_have_names() {
    let mut sockets = table(&one_of_each());
    let view = ConnectionsView::new(&mut sockets, &ALL);
    let peers: Vec<_> = view.peers().map(|end| end.address.to_string()).collect();
    assert_eq!(peers, ["10.0.0.2", "2001:db8::2", "10.0.0.2", "2001:db8::2"]);
}

/// Few different values, so that ties are common; the ends are of one family, or an IPv6 wildcard has an IPv4 peer.
fn small_socket() -> impl Strategy<Value = Socket> {
    let end = |addresses: &[&'static str]| {
        (prop::sample::select(addresses.to_vec()), 0u32..3, 0u16..3).prop_map(|(address, scope, port)| {
            let scope = if address.starts_with("fe80") { scope } else { 0 };
            IpEndpoint::new(address.parse().unwrap(), port, scope)
        })
    };
    let v4 = || end(&["0.0.0.0", "10.0.0.1", "192.0.2.7"]);
    let v6 = || end(&["::", "::1", "fe80::1", "2001:db8::1"]);
    let ends = prop_oneof![
        (v4(), prop::option::of(v4())),
        (v6(), prop::option::of(v6())),
        (end(&["::"]), v4().prop_map(Some)),
    ];
    let state = prop::sample::select(vec![Listen, Bound, Established]);
    (ends, prop::option::of(state), any::<Option<bool>>(), 1u64..4).prop_map(
        |((local, remote), state, v6_only, inode)| {
            let protocol = if state.is_some() { Transport::Tcp } else { Transport::Udp };
            let mut socket = Socket::new(protocol, family(local), local, remote);
            socket.state = state;
            socket.v6_only = v6_only;
            socket.id.inode = Some(inode);
            socket
        },
    )
}

/// Everything that decides over the place of a row, first what counts first.
type Place = (Section, bool, IpEndpoint, Option<IpEndpoint>, u64, Option<TcpState>);

/// The rows that a socket is to have.
fn places(socket: &Socket) -> Vec<Place> {
    let socket = SocketRef::from(socket).ip().unwrap();
    let place = |section, local| {
        let bound = socket.state == Some(Bound);
        (section, bound, local, socket.remote, socket.id.inode.unwrap(), socket.state)
    };
    let (v4, v6) = match socket.protocol {
        Transport::Tcp => (Section::TcpV4, Section::TcpV6),
        Transport::Udp => (Section::UdpV4, Section::UdpV6),
    };
    let any_v4 = IpEndpoint { port: socket.local.port, ..IpEndpoint::ANY_V4 };
    if socket.local.address.is_ipv4() {
        vec![place(v4, socket.local)]
    } else if socket.remote.is_some_and(|end| end.address.is_ipv4()) {
        vec![place(v4, any_v4)]
    } else if socket.remote.is_none()
        && socket.local.address.is_unspecified()
        && socket.v6_only == Some(false)
    {
        vec![place(v4, any_v4), place(v6, socket.local)]
    } else {
        vec![place(v6, socket.local)]
    }
}

fn places_of(view: &ConnectionsView<'_>) -> Vec<Place> {
    view.rows()
        .map(|row| {
            let socket = row.socket;
            let bound = socket.state == Some(Bound);
            let local = row.local().ip().unwrap();
            (row.section, bound, local, socket.remote_ip(), socket.id.inode.unwrap(), socket.state)
        })
        .collect()
}

proptest! {
    #[test]
    fn rows_are_those_of_a_plain_sort(sockets in prop::collection::vec(small_socket(), 0..60), limit in 0usize..70) {
        let mut expected: Vec<_> = sockets.iter().flat_map(places).collect();
        let mut table = table(&sockets);
        prop_assert_eq!(&places_of(&ConnectionsView::unsorted(&table, &ALL)), &expected);
        expected.sort();
        let mut view = ConnectionsView::new(&mut table, &ALL);
        prop_assert_eq!(&places_of(&view), &expected);
        view.limit(limit);
        expected.truncate(limit);
        prop_assert_eq!(places_of(&view), expected);
    }
}
