//! The socket table, from sock_diag (`NETLINK_SOCK_DIAG`), or from `/proc/net` where that is refused.

mod brief;
mod decode;

pub(super) use brief::{Again, each, table};
pub(super) use decode::{decode_socket, decode_timer_kind, state_and_remote};

use super::procnet;
use super::source::{Netlink, Source};
use super::uptime::uptime;
use super::wire::{self, DumpEnd, Message, Rows};
use netstat_model::error::words_of;
use netstat_model::query::{Fields, Kinds, Programs, SocketQuery, States};
use netstat_model::{Answer, Error, Operation, Warning};
use netstat_model::{Protocol, Socket, TcpState, Timer, TimerKind};
use std::io;
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

/// `TCP_TIMEWAIT_LEN`: a constant of the kernel.
const TIME_WAIT_LENGTH: Duration = Duration::from_secs(60);

/// The sockets of the query.
pub(super) fn sockets(source: &dyn Source, query: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    sifted(source, query, &mut |_| true)
}

/// The sockets of the query, as the sieve leaves them.
pub(super) fn sifted(
    source: &dyn Source,
    query: &SocketQuery,
    sift: &mut dyn FnMut(&mut Socket) -> bool,
) -> Result<Answer<Vec<Socket>>, Error> {
    let mut sifted = Sifted { sockets: Vec::new(), query, sift, any_bound: false };
    let warnings = list(source, query, &mut sifted)?;
    let any_bound = sifted.any_bound;
    let mut answer = Answer { data: sifted.sockets, warnings };
    if query.fields.contains(Fields::TIME_IN_STATE) {
        fill_time_in_state(source, &mut answer);
    }
    fill_age(source, query, &mut answer.data);
    if query.fields.contains(Fields::MARK) {
        warn_of_hidden_marks(&mut answer);
    }
    warn_of_old_kernel(source, query, any_bound, &mut answer.warnings);
    Ok(answer)
}

/// Where the rows of a table go as they come.
trait Sink {
    /// Takes a row of sock_diag; `false` when it makes no sense.
    fn row(&mut self, row: &[u8], protocol: Protocol) -> bool;
    /// Takes a row of `/proc/net`.
    fn socket(&mut self, socket: Socket);
    /// How far it has come.
    fn mark(&self) -> usize;
    /// Takes back what came after this mark; `false` where it has been handed on already.
    fn take_back(&mut self, to: usize) -> bool;
    /// Whether no more is wanted.
    fn is_full(&self) -> bool {
        false
    }
}

/// The sockets of the query that the sieve leaves.
struct Sifted<'a> {
    sockets: Vec<Socket>,
    query: &'a SocketQuery,
    sift: &'a mut dyn FnMut(&mut Socket) -> bool,
    /// Whether a bound-only one was among those that came.
    any_bound: bool,
}

impl Sink for Sifted<'_> {
    fn row(&mut self, row: &[u8], protocol: Protocol) -> bool {
        let Some(socket) = decode_socket(row, protocol) else { return false };
        self.socket(socket);
        true
    }

    fn socket(&mut self, mut socket: Socket) {
        if self.query.selects(&socket) {
            self.any_bound |= socket.state == Some(TcpState::Bound);
            if (self.sift)(&mut socket) {
                self.sockets.push(socket);
            }
        }
    }

    fn mark(&self) -> usize {
        self.sockets.len()
    }

    fn take_back(&mut self, to: usize) -> bool {
        self.sockets.truncate(to);
        true
    }
}

/// Hands the rows of the kinds of the query to the sink, and more: what the kernel does not leave out,
/// [`SocketQuery::selects`] has to. Answers what they may lack.
fn list(source: &dyn Source, query: &SocketQuery, sink: &mut dyn Sink) -> Result<Vec<Warning>, Error> {
    let mut warnings = Vec::new();
    // One of them may be missing: each is a module of the kernel by itself.
    for protocol in [Kinds::TCP, Kinds::UDP] {
        let kinds = query.kinds & protocol;
        if kinds.is_empty() || sink.is_full() {
            continue;
        }
        for warning in of_one_protocol(source, &SocketQuery { kinds, ..query.clone() }, sink)? {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    Ok(warnings)
}

/// From sock_diag, or from `/proc/net` where that is refused.
fn of_one_protocol(
    source: &dyn Source,
    query: &SocketQuery,
    sink: &mut dyn Sink,
) -> Result<Vec<Warning>, Error> {
    let before = sink.mark();
    let refused = match with_programs(source, query, sink) {
        Ok(warnings) => return Ok(warnings),
        Err(refused) => refused,
    };
    if !sink.take_back(before) {
        return Err(Error::new(Operation::ListSockets, refused));
    }
    let answer = procnet::sockets(source, query).map_err(|error| {
        let both = format!("sock_diag: {}; /proc/net: {}", words_of(&refused), words_of(&error));
        Error::new(Operation::ListSockets, io::Error::new(error.kind(), both))
    })?;
    answer.data.into_iter().for_each(|socket| sink.socket(socket));
    let fallback = Warning::ProcNetFallback { reason: words_of(&refused) };
    Ok(std::iter::once(fallback).chain(answer.warnings).collect())
}

/// One request, and what its rows are.
struct Dump {
    request: Vec<u8>,
    protocol: Protocol,
    /// The same asked family by family, for a kernel that does not answer the one for both.
    instead: Vec<Vec<u8>>,
}

/// Asks with the programs of the query, and without them where the kernel does not take them.
fn with_programs(source: &dyn Source, query: &SocketQuery, sink: &mut dyn Sink) -> io::Result<Vec<Warning>> {
    let before = sink.mark();
    match from_sock_diag(source, query, sink) {
        Err(error)
            if query.programs != Programs::default()
                && error.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error())
                && sink.take_back(before) =>
        {
            from_sock_diag(source, &SocketQuery { programs: Programs::default(), ..query.clone() }, sink)
        }
        answer => answer,
    }
}

fn from_sock_diag(source: &dyn Source, query: &SocketQuery, sink: &mut dyn Sink) -> io::Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for dump in dumps(query) {
        let mut rows = DumpRows { from: sink.mark(), sink, protocol: dump.protocol };
        let mut ends = Vec::new();
        match wire::dump(source, Netlink::SockDiag, &dump.request, &mut rows) {
            Ok(end) => ends.push(end),
            // What the request for both gave before it failed comes again.
            Err(error) if dump.instead.is_empty() || !rows.restart() => return Err(error),
            Err(_) => {
                for request in &dump.instead {
                    ends.push(wire::dump(source, Netlink::SockDiag, request, &mut rows)?);
                    rows.from = rows.sink.mark();
                }
            }
        }
        for end in ends {
            warn_of(end, dump.protocol, &mut warnings);
        }
    }
    Ok(warnings)
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

/// The length of `struct inet_diag_sockid`.
const SOCKET_ID: usize = 48;

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

/// The rows of one dump, on their way to the sink.
struct DumpRows<'a> {
    sink: &'a mut dyn Sink,
    /// Where the sink was before.
    from: usize,
    protocol: Protocol,
}

impl Rows for DumpRows<'_> {
    fn row(&mut self, message: Message<'_>) -> bool {
        matches!(message.kind, SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK)
            && self.sink.row(message.payload, self.protocol)
    }

    fn restart(&mut self) -> bool {
        self.sink.take_back(self.from)
    }

    fn is_full(&self) -> bool {
        self.sink.is_full()
    }
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
fn warn_of_old_kernel(
    source: &dyn Source,
    query: &SocketQuery,
    any_bound: bool,
    warnings: &mut Vec<Warning>,
) {
    if any_bound || !query.states.contains(States::BOUND) || !query.kinds.intersects(Kinds::TCP) {
        return;
    }
    if warnings.iter().any(|warning| matches!(warning, Warning::ProcNetFallback { .. })) {
        warnings.push(Warning::BoundUnavailable { release: None });
        return;
    }
    let mut bytes = Vec::new();
    if source.read("/proc/sys/kernel/osrelease", &mut bytes).is_err() {
        return;
    }
    let release = String::from_utf8_lossy(&bytes).trim().to_owned();
    if older_than_6_8(&release) {
        warnings.push(Warning::BoundUnavailable { release: Some(release) });
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
