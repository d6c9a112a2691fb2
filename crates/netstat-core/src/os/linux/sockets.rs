//! The socket table, from sock_diag (`NETLINK_SOCK_DIAG`), or from `/proc/net` where that is refused.

use super::procnet;
use super::source::{Netlink, Source};
use super::tcp_info::{decode_age, decode_memory, decode_tcp_info};
use super::uptime::uptime;
use super::wire::{self, DumpEnd, Message, Rows};
use crate::error::words_of;
use crate::model::{
    Endpoint, Family, NoOwner, Ownership, Protocol, Socket, SocketId, TcpState, Timer, TimerKind,
};
use crate::query::{Fields, Kinds, Programs, SocketQuery, States};
use crate::{Answer, Error, Operation, Warning};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;

/// Asks for TCP of both families at once, unlike [`SOCK_DIAG_BY_FAMILY`], which asks for one.
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

const INET_DIAG_REQ_BYTECODE: u16 = 1;

const INET_DIAG_INFO: u16 = 2;
const INET_DIAG_CONG: u16 = 4;
const INET_DIAG_TOS: u16 = 5;
const INET_DIAG_TCLASS: u16 = 6;
const INET_DIAG_SKMEMINFO: u16 = 7;
const INET_DIAG_SKV6ONLY: u16 = 11;
const INET_DIAG_MARK: u16 = 15;
const INET_DIAG_CGROUP_ID: u16 = 21;

/// `TCP_TIMEWAIT_LEN`: a constant of the kernel.
const TIME_WAIT_LENGTH: Duration = Duration::from_secs(60);

/// A socket without a cookie says so with all bits set.
const NO_COOKIE: u64 = u64::MAX;

/// The sockets of the query.
pub(super) fn sockets(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    let mut answer = Answer::whole(Vec::new());
    // One of them may be missing: each is a module of the kernel by itself.
    for protocol in [Kinds::TCP, Kinds::UDP] {
        let kinds = query.kinds & protocol;
        if kinds.is_empty() {
            continue;
        }
        let mut part = of_one_protocol(source, &SocketQuery { kinds, ..query.clone() })?;
        if answer.data.is_empty() {
            // The larger one, almost always, is not worth copying.
            answer.data = part.data;
        } else {
            answer.data.append(&mut part.data);
        }
        for warning in part.warnings {
            if !answer.warnings.contains(&warning) {
                answer.warnings.push(warning);
            }
        }
    }
    answer.data.retain(|socket| selected(socket, query));
    if query.fields.contains(Fields::TIME_IN_STATE) {
        fill_time_in_state(source, &mut answer);
    }
    fill_age(source, query, &mut answer.data);
    if query.fields.contains(Fields::MARK) {
        warn_of_hidden_marks(&mut answer);
    }
    if query.states.contains(States::BOUND) && query.kinds.intersects(Kinds::TCP) {
        warn_of_old_kernel(source, &mut answer);
    }
    Ok(answer)
}

/// From sock_diag, or from `/proc/net` where that is refused.
fn of_one_protocol(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    let refused = match with_programs(source, query) {
        Ok(answer) => return Ok(answer),
        Err(refused) => refused,
    };
    let mut answer = procnet::sockets(source, query).map_err(|error| {
        let both = format!("sock_diag: {}; /proc/net: {}", words_of(&refused), words_of(&error));
        Error::new(Operation::ListSockets, io::Error::new(error.kind(), both))
    })?;
    answer.warnings.insert(0, Warning::ProcNetFallback { reason: words_of(&refused) });
    Ok(answer)
}

fn selected(socket: &Socket, query: &SocketQuery) -> bool {
    let sections = socket.sections();
    let family = |family| query.kinds.contains(Kinds::of(socket.protocol, family));
    let state = match socket.state {
        None | Some(TcpState::Unknown(_)) => true,
        Some(state) => query.states.contains(States::of(state)),
    };
    state && (sections.v4 && family(Family::V4) || sections.v6 && family(Family::V6))
}

/// One request, and what its rows are.
struct Dump {
    request: Vec<u8>,
    protocol: Protocol,
    /// The same asked family by family, for a kernel that does not answer the one for both.
    instead: Vec<Vec<u8>>,
}

/// Asks with the programs of the query, and without them where the kernel does not take them.
fn with_programs(source: &dyn Source, query: &SocketQuery) -> io::Result<Answer<Vec<Socket>>> {
    match from_sock_diag(source, query) {
        Err(error)
            if query.programs != Programs::default()
                && error.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error()) =>
        {
            from_sock_diag(source, &SocketQuery { programs: Programs::default(), ..query.clone() })
        }
        answer => answer,
    }
}

fn from_sock_diag(source: &dyn Source, query: &SocketQuery) -> io::Result<Answer<Vec<Socket>>> {
    let mut answer = Answer::whole(Vec::new());
    for dump in dumps(query) {
        let mut collector = Collector::new(&mut answer.data, dump.protocol);
        let mut ends = Vec::new();
        match wire::dump(source, Netlink::SockDiag, &dump.request, &mut collector) {
            Ok(end) => ends.push(end),
            Err(error) if dump.instead.is_empty() => return Err(error),
            Err(_) => {
                for request in &dump.instead {
                    // What the request for both gave before it failed comes again.
                    collector.restart();
                    ends.push(wire::dump(source, Netlink::SockDiag, request, &mut collector)?);
                    collector.keep();
                }
            }
        }
        for end in ends {
            warn_of(end, dump.protocol, &mut answer.warnings);
        }
    }
    Ok(answer)
}

fn warn_of(end: DumpEnd, protocol: Protocol, warnings: &mut Vec<Warning>) {
    let what = match protocol {
        Protocol::Tcp => "table of TCP sockets",
        Protocol::Udp => "table of UDP sockets",
    };
    if end.interrupted {
        warnings.push(Warning::DumpInterrupted { what });
    }
    if end.overrun {
        warnings.push(Warning::DumpOverrun { what });
    }
    if end.odd > 0 {
        warnings.push(Warning::OddMessages { what, count: end.odd });
    }
}

/// The requests a query needs. IPv4 traffic may be on an IPv6 socket, so IPv4 asks for both families.
fn dumps(query: &SocketQuery) -> Vec<Dump> {
    let mut dumps = Vec::new();
    let extensions = extensions(query.fields);
    let states = kernel_states(query.states);
    if query.kinds.intersects(Kinds::TCP) && states != 0 {
        let program = query.programs.tcp.as_deref();
        let by_family =
            |family| request(SOCK_DIAG_BY_FAMILY, body(family, IPPROTO_TCP, extensions, states), program);
        dumps.push(if query.kinds.contains(Kinds::TCP_V4) {
            // One walk of the hash table, which all network namespaces share, instead of two.
            Dump {
                request: request(TCPDIAG_GETSOCK, body_of_both(extensions, states), program),
                protocol: Protocol::Tcp,
                instead: vec![by_family(AF_INET), by_family(AF_INET6)],
            }
        } else {
            Dump { request: by_family(AF_INET6), protocol: Protocol::Tcp, instead: Vec::new() }
        });
    }
    if query.kinds.intersects(Kinds::UDP) {
        let families: &[u8] =
            if query.kinds.contains(Kinds::UDP_V4) { &[AF_INET, AF_INET6] } else { &[AF_INET6] };
        dumps.extend(families.iter().map(|&family| Dump {
            request: request(
                SOCK_DIAG_BY_FAMILY,
                body(family, IPPROTO_UDP, extensions, u32::MAX),
                query.programs.udp.as_deref(),
            ),
            protocol: Protocol::Udp,
            instead: Vec::new(),
        }));
    }
    dumps
}

/// A request, with the program that chooses among the sockets.
fn request(kind: u16, mut body: Vec<u8>, program: Option<&[u8]>) -> Vec<u8> {
    if let Some(program) = program {
        wire::put_attribute(&mut body, INET_DIAG_REQ_BYTECODE, program);
    }
    wire::dump_request(kind, &body)
}

/// `struct inet_diag_req_v2`.
#[doc(alias = "inet_diag_req_v2")]
fn body(family: u8, protocol: u8, extensions: u8, states: u32) -> Vec<u8> {
    let mut body = vec![family, protocol, extensions, 0];
    body.extend_from_slice(&states.to_ne_bytes());
    body.resize(body.len() + SOCKET_ID, 0);
    body
}

/// `struct inet_diag_req`, whose family the kernel does not look at in a dump.
#[doc(alias = "inet_diag_req")]
fn body_of_both(extensions: u8, states: u32) -> Vec<u8> {
    let mut body = vec![AF_INET, 0, 0, extensions];
    body.resize(body.len() + SOCKET_ID, 0);
    body.extend_from_slice(&states.to_ne_bytes());
    body.extend_from_slice(&[0; 4]);
    body
}

fn extensions(fields: Fields) -> u8 {
    let mut extensions = 0;
    if fields.contains(Fields::TRAFFIC_CLASS) {
        extensions |= 1 << (INET_DIAG_TOS - 1) | 1 << (INET_DIAG_TCLASS - 1);
    }
    if fields.contains(Fields::CONGESTION) {
        extensions |= 1 << (INET_DIAG_CONG - 1);
    }
    if fields.intersects(Fields::TCP_INFO | Fields::AGE) {
        extensions |= 1 << (INET_DIAG_INFO - 1);
    }
    if fields.contains(Fields::MEMORY) {
        extensions |= 1 << (INET_DIAG_SKMEMINFO - 1);
    }
    extensions
}

/// The kernel's numbers of the states. A half-open request is asked for with a number of its own (12) and answers
/// with that of SYN-RECEIVED (3); bound-only sockets are asked for with 13 and answer with that of CLOSED (7).
const KERNEL_STATES: [(u8, States); 13] = [
    (1, States::ESTABLISHED),
    (2, States::SYN_SENT),
    (3, States::SYN_RECEIVED),
    (4, States::FIN_WAIT_1),
    (5, States::FIN_WAIT_2),
    (6, States::TIME_WAIT),
    (7, States::CLOSED),
    (8, States::CLOSE_WAIT),
    (9, States::LAST_ACK),
    (10, States::LISTEN),
    (11, States::CLOSING),
    (12, States::SYN_RECEIVED),
    (13, States::BOUND),
];

fn kernel_states(states: States) -> u32 {
    KERNEL_STATES
        .iter()
        .filter(|(_, state)| states.intersects(*state))
        .fold(0, |bits, (number, _)| bits | 1 << number)
}

/// The state of a TCP row. A closed socket is in no table but that of the bound ones.
fn decode_state(number: u8) -> TcpState {
    match number {
        1 => TcpState::Established,
        2 => TcpState::SynSent,
        3 | 12 => TcpState::SynReceived,
        4 => TcpState::FinWait1,
        5 => TcpState::FinWait2,
        6 => TcpState::TimeWait,
        7 | 13 => TcpState::Bound,
        8 => TcpState::CloseWait,
        9 => TcpState::LastAck,
        10 => TcpState::Listen,
        11 => TcpState::Closing,
        other => TcpState::Unknown(other),
    }
}

/// Sets the state of a row by the kernel's number, and its remote end where it has one.
pub(super) fn set_state(socket: &mut Socket, state: u8, remote: Endpoint) {
    socket.state = (socket.protocol == Protocol::Tcp).then(|| decode_state(state));
    let has_peer = match socket.state {
        Some(state) => !matches!(state, TcpState::Listen | TcpState::Bound),
        None => remote.port != 0 || !remote.address.is_unspecified(),
    };
    socket.remote = has_peer.then_some(remote);
}

/// What a running timer waits for, by the kernel's number; `None` where none runs.
pub(super) fn decode_timer_kind(number: u8) -> Option<TimerKind> {
    match number {
        1 => Some(TimerKind::Retransmit),
        2 => Some(TimerKind::KeepAlive),
        3 => Some(TimerKind::TimeWait),
        4 => Some(TimerKind::Probe),
        _ => None,
    }
}

/// The rows of one dump, at the end of those of the dumps before it.
struct Collector<'a> {
    sockets: &'a mut Vec<Socket>,
    from: usize,
    protocol: Protocol,
}

impl<'a> Collector<'a> {
    fn new(sockets: &'a mut Vec<Socket>, protocol: Protocol) -> Self {
        let from = sockets.len();
        Self { sockets, from, protocol }
    }

    /// Rows so far stay, whatever happens to the next dump.
    fn keep(&mut self) {
        self.from = self.sockets.len();
    }
}

impl Rows for Collector<'_> {
    fn row(&mut self, message: Message<'_>) -> bool {
        if !matches!(message.kind, SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK) {
            return false;
        }
        match decode_socket(message.payload, self.protocol) {
            Some(socket) => {
                self.sockets.push(socket);
                true
            }
            None => false,
        }
    }

    fn restart(&mut self) {
        self.sockets.truncate(self.from);
    }
}

/// `struct inet_diag_sockid`.
const SOCKET_ID: usize = 48;

/// `struct inet_diag_msg`: four bytes, the socket ID, five 32-bit numbers.
const MESSAGE: usize = 4 + SOCKET_ID + 20;

/// A row of the table; `None` when it is too short or of a family this program does not know.
#[doc(alias = "inet_diag_msg")]
pub(super) fn decode_socket(bytes: &[u8], protocol: Protocol) -> Option<Socket> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let family = match fixed[0] {
        AF_INET => Family::V4,
        AF_INET6 => Family::V6,
        _ => return None,
    };
    let state = fixed[1];
    let interface = wire::u32_at(fixed, 40)?;
    let local = decode_endpoint(fixed, family, 4, 8, interface)?;
    let remote = decode_endpoint(fixed, family, 6, 24, interface)?;
    let cookie = u64::from(wire::u32_at(fixed, 44)?) | u64::from(wire::u32_at(fixed, 48)?) << 32;
    let inode = wire::u32_at(fixed, 68)?;

    let mut socket = Socket::new(protocol, family, local, None);
    set_state(&mut socket, state, remote);
    socket.id = SocketId {
        inode: (inode != 0).then_some(u64::from(inode)),
        cookie: (cookie != NO_COOKIE && cookie != 0).then_some(cookie),
    };
    // What no descriptor holds has no user either: the kernel fills in 0.
    socket.uid = (inode != 0).then_some(wire::u32_at(fixed, 64)?);
    socket.recv_queue = Some(wire::u32_at(fixed, 56)?);
    socket.send_queue = Some(wire::u32_at(fixed, 60)?);
    socket.interface = (interface != 0).then_some(interface);
    socket.timer = decode_timer(fixed[2], fixed[3], wire::u32_at(fixed, 52)?);
    if inode == 0 {
        socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    }
    let (mut tos, mut tclass) = (None, None);
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            INET_DIAG_TOS => tos = wire::u8_at(value, 0),
            INET_DIAG_TCLASS => tclass = wire::u8_at(value, 0),
            INET_DIAG_INFO if was_connected(socket.state) => {
                socket.tcp = Some(Box::new(decode_tcp_info(value)));
                socket.age = is_established(socket.state).then(|| decode_age(value)).flatten();
            }
            INET_DIAG_SKMEMINFO => socket.memory = Some(Box::new(decode_memory(value))),
            INET_DIAG_MARK => socket.mark = wire::u32_at(value, 0),
            INET_DIAG_CGROUP_ID => {
                // Zero is a socket of no group that is left.
                socket.cgroup_id =
                    wire::array_at(value, 0).map(u64::from_ne_bytes).filter(|&group| group != 0);
            }
            INET_DIAG_SKV6ONLY => socket.v6_only = wire::u8_at(value, 0).map(|flag| flag != 0),
            INET_DIAG_CONG => {
                let name = value.split(|&byte| byte == 0).next().unwrap_or_default();
                socket.congestion =
                    std::str::from_utf8(name).ok().filter(|name| !name.is_empty()).map(Box::from);
            }
            _ => {}
        }
    }
    // An IPv6 socket reports both; the one of the traffic it carries counts.
    let carries_v4 = socket.remote.unwrap_or(socket.local).address.is_ipv4();
    socket.traffic_class = if carries_v4 { tos } else { tclass };
    Some(socket)
}

fn decode_endpoint(
    bytes: &[u8],
    family: Family,
    port: usize,
    address: usize,
    interface: u32,
) -> Option<Endpoint> {
    let port = wire::be16_at(bytes, port)?;
    let address = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(bytes, address)?)),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(bytes, address)?)),
    };
    Some(Endpoint::new(address, port, interface))
}

fn decode_timer(kind: u8, retransmits: u8, expires: u32) -> Option<Timer> {
    let kind = decode_timer_kind(kind)?;
    Some(Timer { kind, expires_in: Duration::from_millis(u64::from(expires)), retransmits })
}

/// TIME_WAIT counts down from 60 s, FIN_WAIT_2 in a time-wait block from `tcp_fin_timeout`; what is gone of that is
/// the time in the state. A socket with a linger time of its own (`TCP_LINGER2`) counts down from another number, which
/// the kernel does not tell: a longer one is unknown, a shorter one looks older than it is.
fn fill_time_in_state(source: &dyn Source, answer: &mut Answer<Vec<Socket>>) {
    let mut fin_timeout = None;
    for socket in &mut answer.data {
        let Some(Timer { kind: TimerKind::TimeWait, expires_in, .. }) = socket.timer else { continue };
        let length = match socket.state {
            Some(TcpState::TimeWait) => Some(TIME_WAIT_LENGTH),
            Some(TcpState::FinWait2) => *fin_timeout.get_or_insert_with(|| {
                read_number(source, "/proc/sys/net/ipv4/tcp_fin_timeout").map(Duration::from_secs)
            }),
            _ => None,
        };
        socket.time_in_state = length.and_then(|length| length.checked_sub(expires_in));
    }
}

/// Whether `struct tcp_info` has a meaning: the kernel also sends it for listeners, with other things in its fields.
fn was_connected(state: Option<TcpState>) -> bool {
    state == Some(TcpState::SynSent) || is_established(state)
}

/// Whether the handshake is over, and the socket is not a mere time-wait block.
fn is_established(state: Option<TcpState>) -> bool {
    use TcpState::{CloseWait, Closing, Established, FinWait1, FinWait2, LastAck};
    matches!(state, Some(Established | FinWait1 | FinWait2 | CloseWait | Closing | LastAck))
}

/// The kernel's counters of milliseconds wrap after 49.7 days at the earliest; on a system that has not run for that
/// long none has. What was decoded on the way to something else is taken out again.
fn fill_age(source: &dyn Source, query: &SocketQuery, sockets: &mut [Socket]) {
    let known = query.fields.contains(Fields::AGE) && sockets.iter().any(|socket| socket.age.is_some()) && {
        uptime(source).is_ok_and(|uptime| uptime.as_secs() < u64::from(u32::MAX) / 1000)
    };
    for socket in sockets {
        if !known {
            socket.age = None;
        }
        if !query.fields.contains(Fields::TCP_INFO) {
            socket.tcp = None;
        }
    }
}

/// No socket that a process holds tells its mark: the kernel does not want to.
fn warn_of_hidden_marks(answer: &mut Answer<Vec<Socket>>) {
    let from_proc = answer.warnings.iter().any(|warning| matches!(warning, Warning::ProcNetFallback { .. }));
    let mut held = answer.data.iter().filter(|socket| socket.id.inode.is_some()).peekable();
    if !from_proc && held.peek().is_some() && held.all(|socket| socket.mark.is_none()) {
        answer.warnings.push(Warning::SourceUnavailable {
            what: "the mark of sockets",
            reason: "the kernel tells it with CAP_NET_ADMIN only".to_owned(),
        });
    }
}

fn read_text(source: &dyn Source, path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    source.read(path, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

fn read_number(source: &dyn Source, path: &str) -> Option<u64> {
    read_text(source, path)?.trim().parse().ok()
}

/// Kernels before 6.8 take the request for bound-only sockets and answer with none. A distribution may have brought
/// the feature to an older one, so a row speaks louder than the release.
fn warn_of_old_kernel(source: &dyn Source, answer: &mut Answer<Vec<Socket>>) {
    if answer.data.iter().any(|socket| socket.state == Some(TcpState::Bound)) {
        return;
    }
    if answer.warnings.iter().any(|warning| matches!(warning, Warning::ProcNetFallback { .. })) {
        answer.warnings.push(Warning::BoundUnavailable { release: None });
        return;
    }
    let mut bytes = Vec::new();
    if source.read("/proc/sys/kernel/osrelease", &mut bytes).is_err() {
        return;
    }
    let release = String::from_utf8_lossy(&bytes).trim().to_owned();
    if older_than_6_8(&release) {
        answer.warnings.push(Warning::BoundUnavailable { release: Some(release) });
    }
}

fn older_than_6_8(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) < (6, 8),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
