use super::decode::tests::{Row, row_with_info};
use super::decode::{INET_DIAG_MARK, decode_socket};
use super::requests::{INET_DIAG_REQ_BYTECODE, KERNEL_STATES};
use super::*;
use crate::linux::fake::Fake;
use crate::linux::live::Live;
use crate::linux::tcp_state::decode_state;
use crate::linux::wire::tests::{Script, done, message};
use netstat_model::{Family, IpEndpoint, Protocol, ServedFamilies, TcpFields};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

const NLM_F_DUMP_INTR: u16 = 0x10;

type Dumped = (Vec<Vec<u8>>, Option<i32>);

fn refused(errno: i32) -> Dumped {
    (vec![message(2, 0, &(-errno).to_ne_bytes())], None)
}

fn rows(rows: &[Vec<u8>]) -> Dumped {
    (rows.iter().map(|row| message(20, 0, row)).chain([done()]).collect(), None)
}

fn all() -> SocketQuery {
    SocketQuery::new(Kinds::TCP_UDP, States::all())
}

fn connections() -> SocketQuery {
    SocketQuery::new(Kinds::TCP, States::CONNECTIONS)
}

/// Lists the sockets that the visitor keeps.
fn visited(
    source: &dyn Source,
    query: &SocketQuery,
    may_restart: bool,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
) -> Result<Answer<Vec<Socket>>, Error> {
    let listing = Listing { query, owners: OwnerSearch::No, may_restart };
    let Answer { data, warnings } = list(source, &listing, visit)?;
    Ok(Answer { data: data.iter().map(|socket| socket.to_socket()).collect(), warnings })
}

fn listed(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    visited(source, query, true, &mut |_| Visit::Keep)
}

#[test]
fn age_is_unknown_if_its_counter_may_have_wrapped() {
    let aged = |files: Fake, fields, tcp| {
        let script = Script::new([rows(&[row_with_info(1)])]).with(files);
        let answer = listed(&script, &SocketQuery { fields, tcp, ..connections() }).unwrap();
        let [socket] = &answer.data[..] else { panic!("{answer:?}") };
        (socket.age, socket.tcp.is_some())
    };
    let (age, nothing) = (Fields::AGE, Fields::empty());
    let (rtt, none) = (TcpFields::RTT, TcpFields::empty());
    let young = || Fake::new().file("/proc/uptime", "4294966.99 1.00\n");
    let nine = Some(Duration::from_secs(9));
    assert_eq!(aged(young(), age, none), (nine, false));
    assert_eq!(aged(young(), age, rtt), (nine, true));
    assert_eq!(aged(young(), nothing, rtt), (None, true));
    assert_eq!(aged(Fake::new().file("/proc/uptime", "4294967.00 1.00\n"), age, none), (None, false));
    assert_eq!(aged(Fake::new().file("/proc/uptime", "?"), age, none), (None, false));
    assert_eq!(aged(Fake::new(), age, none), (None, false));
}

#[test]
fn hidden_marks_are_a_warning() {
    let warned = |row: Vec<u8>, fields| {
        let script = Script::new([rows(&[row])]);
        let warnings = listed(&script, &SocketQuery { fields, ..connections() }).unwrap().warnings;
        let is_mark = |warning: &Warning| matches!(warning, Warning::SourceUnavailable { what, .. } if what.contains("mark"));
        assert!(warnings.iter().all(is_mark), "{warnings:?}");
        !warnings.is_empty()
    };
    let held = Row::tcp4(1).bytes();
    assert!(warned(held.clone(), Fields::MARK));
    assert!(!warned(held.clone(), Fields::COMMON), "it was not asked for");
    let mut marked = held;
    wire::put_attribute(&mut marked, INET_DIAG_MARK, &[0; 4]);
    assert!(!warned(marked, Fields::MARK));
    let mut time_wait = Row::tcp4(6);
    time_wait.numbers[4] = 0;
    assert!(!warned(time_wait.bytes(), Fields::MARK), "no reader is told the mark of TIME_WAIT");
}

#[test]
fn the_extensions_are_the_bits_of_the_kernel() {
    let bits = |fields, tcp| extensions(&SocketQuery { fields, tcp, ..all() });
    let none = TcpFields::empty();
    assert_eq!(bits(Fields::empty(), none), 0);
    assert_eq!(bits(Fields::empty(), TcpFields::RTT), 0b10);
    assert_eq!(bits(Fields::AGE, none), 0b10);
    assert_eq!(bits(Fields::MEMORY, none), 0b100_0000);
    assert_eq!(bits(Fields::MARK | Fields::TIME_IN_STATE | Fields::COMMON, none), 0);
    assert_eq!(bits(Fields::all(), none), 0b111_1010);
}

#[test]
fn every_requested_state_is_decoded_as_itself() {
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
    let row = |state, expires| Row { timer: 3, numbers: [expires, 0, 0, 0, 0], ..Row::tcp4(state) }.bytes();
    let times = |files: Fake| {
        // TIME_WAIT, also with more than its 60 s; FIN_WAIT_2; ESTABLISHED.
        let dump = rows(&[row(6, 12_000), row(6, 61_000), row(5, 10_000), Row::tcp4(1).bytes()]);
        let query = SocketQuery { fields: Fields::TIME_IN_STATE, ..connections() };
        let answer = listed(&Script::new([dump]).with(files), &query).unwrap();
        let seconds = |socket: &Socket| socket.time_in_state.map(|time| time.as_secs());
        answer.data.iter().map(seconds).collect::<Vec<_>>()
    };
    let timeout = Fake::new().file("/proc/sys/net/ipv4/tcp_fin_timeout", "30\n");
    assert_eq!(times(timeout), [Some(48), None, Some(20), None]);
    assert_eq!(times(Fake::new()), [Some(48), None, None, None]);
}

#[test]
fn a_kernel_without_the_request_for_both_families_is_asked_for_each() {
    let v6 = Row { family: AF_INET6, ..Row::tcp4(1) }.bytes();
    let script = Script::new([refused(22), rows(&[Row::tcp4(1).bytes()]), rows(&[v6])]);
    let answer = listed(&script, &connections()).unwrap();
    let families: Vec<_> =
        answer.data.iter().map(|socket| socket.local.address().unwrap().is_ipv4()).collect();
    assert_eq!((families, answer.warnings, script.left()), (vec![true, false], vec![], 0));
}

#[test]
fn a_kernel_that_refuses_the_program_is_asked_without() {
    let programs = Programs { tcp: Some([1, 4, 8, 0].into()), udp: None };
    let query = SocketQuery { programs, ..connections() };
    // Both families at once, then the first of the two, then without the program.
    let script = Script::new([refused(22), refused(22), rows(&[Row::tcp4(1).bytes()])]);
    let answer = listed(&script, &query).unwrap();
    assert_eq!((answer.data.len(), answer.warnings, script.left()), (1, vec![], 0));
    // After another error, or without a program, nothing is asked again.
    for (errno, query) in [(1, &query), (22, &connections())] {
        let script = Script::new([refused(errno), refused(errno)]);
        assert!(listed(&script, query).is_err());
        assert_eq!(script.left(), 0);
    }
}

#[test]
fn every_request_has_its_program_as_an_attribute() {
    let programs = Programs { tcp: Some([1, 4, 8, 0].into()), udp: Some([1, 4, 4, 0].into()) };
    let attribute = |program: [u8; 4]| {
        let mut bytes = Vec::new();
        wire::put_attribute(&mut bytes, INET_DIAG_REQ_BYTECODE, &program);
        bytes
    };
    for kinds in [Kinds::TCP_UDP, Kinds::TCP_V6 | Kinds::UDP_V6] {
        let query = SocketQuery { kinds, programs: programs.clone(), ..all() };
        let bare = SocketQuery { kinds, ..all() };
        for (with, without) in dumps(&query).iter().zip(dumps(&bare)) {
            let tail = attribute(if with.protocol == Transport::Tcp { [1, 4, 8, 0] } else { [1, 4, 4, 0] });
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
fn without_sock_diag_proc_net_is_read() {
    let head =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
    let line = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000002 00:00000000 00000000  1000        0 4242 1 0\n";
    let files =
        || Fake::new().file("/proc/net/tcp", format!("{head}{line}nonsense\n")).file("/proc/net/udp", head);
    // TCP of both families, then of the first; UDP of the first.
    let script = || Script::new([refused(1), refused(1), refused(1)]);
    let query = SocketQuery { fields: Fields::MARK, ..all() };
    let answer = listed(&script().with(files()), &query).unwrap();
    let [listener] = &answer.data[..] else { panic!("{answer:?}") };
    assert_eq!((listener.local.port(), listener.state), (Some(0x1f90), Some(TcpState::Listen)));
    assert_eq!((listener.uid, listener.id.inode), (Some(1000), Some(4242)));
    let fallback = |protocol, reason: &str| Warning::ProcNetFallback { protocol, reason: reason.into() };
    let (tcp, udp) = (
        fallback(Protocol::Tcp, "Operation not permitted"),
        fallback(Protocol::Udp, "Operation not permitted"),
    );
    let odd = Warning::OddMessages { what: "/proc/net/tcp", count: 1 };
    // Nothing is said of marks, which these files never have.
    assert_eq!(answer.warnings, [tcp, odd, udp, Warning::BoundUnavailable { release: None }]);

    // A kernel without udp_diag lists TCP sockets all the same, bound-only ones among them.
    let udp_alone = Script::new([rows(&[Row::tcp4(7).bytes()]), refused(2)]).with(files());
    let warnings = listed(&udp_alone, &query).unwrap().warnings;
    let missing =
        "udp_diag is not loaded; modprobe udp_diag as root loads it, if this kernel has CONFIG_INET_UDP_DIAG";
    assert_eq!(warnings[0], fallback(Protocol::Udp, missing));
    assert!(!warnings.contains(&Warning::BoundUnavailable { release: None }), "{warnings:?}");
    assert!(
        warnings[1..].iter().any(|warning| warning.to_string().starts_with("the mark of sockets")),
        "{warnings:?}"
    );

    let error = listed(&script(), &query).unwrap_err().to_string();
    assert!(error.contains("sock_diag: Operation not permitted"), "{error}");
    assert!(error.contains("/proc/net: "), "{error}");
}

#[test]
fn missing_bound_sockets_are_a_warning_where_the_kernel_lists_none() {
    let warned = |row: Row, query: &SocketQuery, types: Option<&str>| {
        let mut files = Fake::new().file("/proc/sys/kernel/osrelease", "6.7.12\n");
        if let Some(types) = types {
            files = files.file(TYPES, types);
        }
        let dumped = [rows(&[row.bytes()]), rows(&[]), rows(&[])];
        listed(&Script::new(dumped).with(files), query).unwrap().warnings
    };
    let (none, one) =
        (Some("\0BPF_TCP_NEW_SYN_RECV\0"), Some("\0BPF_TCP_NEW_SYN_RECV\0BPF_TCP_BOUND_INACTIVE\0"));
    let old = [Warning::BoundUnavailable { release: Some("6.7.12".into()) }];
    assert_eq!(warned(Row::tcp4(1), &all(), none), old);
    assert_eq!(warned(Row::tcp4(1), &all(), one), []);
    let failed = warned(Row::tcp4(1), &all(), None);
    let [Warning::SourceUnavailable { what: Warning::BOUND_SOCKETS, reason }] = &failed[..] else {
        panic!("{failed:?}");
    };
    assert_eq!(reason, "/sys/kernel/btf/vmlinux: No such file or directory");
    // It is not asked where it has listed one, or nobody wants them.
    assert_eq!(warned(Row::tcp4(7), &all(), None), []);
    assert_eq!(warned(Row::tcp4(1), &connections(), None), []);
}

#[test]
fn the_kernel_says_whether_it_lists_bound_sockets() {
    // Where the tests of the laboratory say that the kernel lists them, it says so as well.
    if netstat_lab::lists_bound() {
        assert!(Live.lists_bound().unwrap());
    }
}

/// A row of `127.0.0.1` with this port, in a message with these flags.
fn established(port: u16, flags: u16) -> Vec<u8> {
    message(20, flags, &Row { ports: (port, 9), ..Row::tcp4(1) }.bytes())
}

/// Passes on the ports of connections until one of them is `last`; keeps nothing.
fn stream(script: &Script, may_restart: bool, last: u16) -> (Result<Vec<Warning>, Error>, Vec<u16>) {
    let mut ports = Vec::new();
    let query = SocketQuery { kinds: Kinds::TCP_UDP, ..connections() };
    let answer = visited(script, &query, may_restart, &mut |socket| {
        ports.push(socket.local.port().unwrap());
        if socket.local.port() == Some(last) { Visit::Stop } else { Visit::Skip }
    });
    (
        answer.map(|answer| {
            assert_eq!(answer.data, []);
            answer.warnings
        }),
        ports,
    )
}

#[test]
fn an_interrupted_dump_begins_again_if_it_may() {
    let torn = (vec![established(1, NLM_F_DUMP_INTR), done()], None);
    let whole = (vec![established(2, 0), done()], None);
    let script = || Script::new([torn.clone(), whole.clone(), rows(&[]), rows(&[])]);
    let answer = listed(&script(), &SocketQuery { kinds: Kinds::TCP_UDP, ..connections() }).unwrap();
    assert_eq!(answer.data.iter().map(|socket| socket.local.port()).collect::<Vec<_>>(), [Some(2)]);
    assert_eq!(answer.warnings, []);
    let (answer, found) = stream(&script(), true, 0);
    assert_eq!((answer.unwrap(), found), (vec![], vec![1, 2]));
    // What was passed on cannot be taken back: a warning says what may be missing.
    let script = Script::new([torn, rows(&[]), rows(&[])]);
    let (answer, found) = stream(&script, false, 0);
    assert_eq!(answer.unwrap(), [Warning::DumpInterrupted { what: "table of TCP sockets" }]);
    assert_eq!((found, script.left()), (vec![1], 0));
}

#[test]
fn a_failure_after_sockets_were_passed_on_is_final() {
    let broken = (vec![established(1, 0)], Some(5));
    let (answer, found) = stream(&Script::new([broken.clone()]), false, 0);
    assert_eq!(answer.unwrap_err().source.raw_os_error(), Some(5));
    assert_eq!(found, [1]);
    // Otherwise, each family is asked for.
    let each = || [(vec![established(3, 0), done()], None), rows(&[]), rows(&[]), rows(&[])];
    for (first, may_restart, expected) in [(refused(22), false, vec![3]), (broken, true, vec![1, 3])] {
        let script = Script::new(std::iter::once(first).chain(each()));
        let (answer, found) = stream(&script, may_restart, 0);
        assert_eq!((answer.unwrap(), found, script.left()), (vec![], expected, 0));
    }
}

#[test]
fn nothing_is_read_after_a_stop() {
    let first = [established(1, 0), established(2, 0), established(3, 0)].concat();
    // There are no further answers: UDP is not asked for any more. Nothing is said of bound-only sockets.
    let script = Script::new([(vec![first, established(4, 0)], None)]);
    let (answer, found) = stream(&script, false, 2);
    assert_eq!((answer.unwrap(), found), (vec![], vec![1, 2]));
}

#[test]
fn the_visitor_says_what_is_kept_and_whose_owners_are_wanted() {
    let of_port = |port| Row { ports: (port, 9), numbers: [0, 0, 0, 0, port.into()], ..Row::tcp4(1) }.bytes();
    let unheld = Row { numbers: [0; 5], ..Row::tcp4(6) }.bytes();
    let query = connections();
    for (owners, wanted) in [
        (OwnerSearch::No, vec![2]),
        (OwnerSearch::Some(Default::default()), vec![2]),
        (OwnerSearch::All(Default::default()), vec![2, 3]),
    ] {
        let script = Script::new([rows(&[of_port(1), of_port(2), of_port(3), unheld.clone()])]);
        let listing = Listing { query: &query, owners, may_restart: true };
        let table = list(&script, &listing, &mut |socket| match socket.local.port().unwrap() {
            1 => Visit::Skip,
            2 => Visit::KeepWithOwners,
            _ => Visit::Keep,
        });
        let table = table.unwrap().data;
        let ports: Vec<_> = table.iter().map(|socket| socket.local.port().unwrap()).collect();
        assert_eq!(ports, [2, 3, 80]);
        assert_eq!(table.wanted().map(|id| id.inode).collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn a_dual_stack_listener_is_one_socket_for_each_kind_that_it_serves() {
    let mut listener = Row { family: AF_INET6, addresses: ([0; 16], [0; 16]), ..Row::tcp4(10) }.bytes();
    wire::put_attribute(&mut listener, super::decode::INET_DIAG_SKV6ONLY, &[0]);
    for (kinds, states, listed_once) in [
        (Kinds::TCP, States::LISTEN, true),
        (Kinds::TCP_V4, States::LISTEN, true),
        (Kinds::TCP_V6, States::LISTEN, true),
        (Kinds::TCP, States::ESTABLISHED, false),
    ] {
        let query = SocketQuery::new(kinds, states);
        let found = listed(&Script::new([rows(std::slice::from_ref(&listener))]), &query).unwrap().data;
        assert_eq!(found.len(), usize::from(listed_once));
        for socket in &found {
            assert_eq!((socket.family, &socket.remote), (Some(Family::V6), &None));
            assert_eq!(SocketRef::from(socket).families(), ServedFamilies { v4: true, v6: true });
        }
    }
}

fn remote(socket: &Socket) -> Option<IpEndpoint> {
    socket.remote.as_ref()?.ip()
}

#[test]
fn this_process_finds_its_own_sockets() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    let udp = UdpSocket::bind("[::1]:0").unwrap();
    let answer = listed(&Live, &all()).unwrap();
    let end = |address: SocketAddr| IpEndpoint::new(address.ip(), address.port(), 0);
    let is_there = |transport, local: SocketAddr, peer: Option<SocketAddr>, state| {
        let wanted = (Protocol::from(transport), Some(end(local)), peer.map(end), state);
        let there = answer
            .data
            .iter()
            .any(|socket| (socket.protocol, socket.local.ip(), remote(socket), socket.state) == wanted);
        assert!(there, "{wanted:?} is missing");
    };
    let [ours, theirs] = [client.local_addr().unwrap(), server.local_addr().unwrap()];
    is_there(Transport::Tcp, listener.local_addr().unwrap(), None, Some(TcpState::Listen));
    is_there(Transport::Tcp, ours, Some(theirs), Some(TcpState::Established));
    is_there(Transport::Tcp, theirs, Some(ours), Some(TcpState::Established));
    is_there(Transport::Udp, udp.local_addr().unwrap(), None, None);
}

#[test]
fn this_process_finds_the_tcp_info_of_its_own_connection() {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (mut server, _) = listener.accept().unwrap();
    client.write_all(&[7; 5000]).unwrap();
    server.read_exact(&mut [0; 5000]).unwrap();
    let fields = Fields::MEMORY | Fields::AGE | Fields::MARK;
    let query = SocketQuery { kinds: Kinds::TCP_V4, fields, tcp: TcpFields::all(), ..all() };
    let read = || {
        let answer = listed(&Live, &query).unwrap();
        answer
            .data
            .into_iter()
            .filter(|socket| [socket.local.ip(), remote(socket)].iter().flatten().any(|end| end.port == port))
            .collect::<Vec<_>>()
    };
    let of = |sockets: &[Socket], from: u16| {
        sockets
            .iter()
            .find(|socket| socket.local.port() == Some(from) && socket.remote.is_some())
            .cloned()
            .unwrap()
    };
    let client_port = client.local_addr().unwrap().port();
    // The acknowledgement takes a moment.
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
    // Both were silent in one direction, so their age is known unless the system has run for too long.
    let uptime: f64 =
        std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!((ours.age.is_some(), theirs.age.is_some()), (uptime < 4_294_967.0, uptime < 4_294_967.0));
    // A listener has memory and a mark, but no TCP info.
    let listening = rows.iter().find(|socket| socket.remote.is_none()).unwrap();
    assert!(listening.memory.is_some() && listening.tcp.is_none() && listening.age.is_none());
    // CAP_NET_ADMIN is number 12.
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let capabilities = status.lines().find_map(|line| line.strip_prefix("CapEff:")).unwrap().trim();
    let may_know = u64::from_str_radix(capabilities, 16).unwrap() >> 12 & 1 == 1;
    assert!(listening.mark.is_none() || may_know, "{:?}", listening.mark);
}

impl Rows for Vec<Socket> {
    fn row(&mut self, message: Message<'_>) -> bool {
        let socket = decode_socket(message.payload, Transport::Tcp);
        self.extend(socket.clone());
        socket.is_some()
    }
    fn restart(&mut self) -> bool {
        self.clear();
        true
    }
}

#[test]
fn one_walk_for_both_families_finds_what_two_walks_find() {
    let v4 = TcpListener::bind("127.0.0.1:0").unwrap();
    let v6 = TcpListener::bind("[::1]:0").unwrap();
    let ours = [&v4, &v6].map(|listener| {
        let address = listener.local_addr().unwrap();
        IpEndpoint::new(address.ip(), address.port(), 0)
    });
    let rows = |requests: &[Vec<u8>]| {
        let mut found: Vec<Socket> = Vec::new();
        for request in requests {
            let mut rows: Vec<Socket> = Vec::new();
            wire::dump(&Live, Netlink::SockDiag, request, &mut rows).unwrap();
            found.append(&mut rows);
        }
        found.retain(|socket| socket.remote.is_none() && ours.contains(&socket.local.ip().unwrap()));
        found.sort_by_key(|socket| socket.id);
        found
    };
    let dump = &dumps(&SocketQuery { kinds: Kinds::TCP, ..all() })[0];
    let both = rows(std::slice::from_ref(&dump.request));
    assert_eq!(both, rows(&dump.instead));
    assert_eq!(both.len(), 2);
}
