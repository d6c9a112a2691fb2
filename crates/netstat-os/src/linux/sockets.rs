//! The list of sockets, from sock_diag (`NETLINK_SOCK_DIAG`), or from `/proc/net` if that is refused.

mod again;
mod all_namespaces;
mod answers;
mod bluetooth;
mod by_program;
mod decode;
mod destroy;
mod everywhere;
mod families;
mod ip;
mod netlink;
mod packet;
mod requests;
mod sctp;
mod unix;
mod vsock;
mod xdp;

#[cfg(fuzzing)]
pub(super) use decode::decode_socket;

/// Decodes bytes as a row and as a file of each family beyond TCP and UDP.
#[cfg(fuzzing)]
pub(super) fn decode_as_each_family(bytes: &[u8]) {
    let rows = wire::messages(bytes).flatten().filter_map(|row| unix::decode_row(row.payload));
    unix::connect(rows.collect());
    unix::decode_file(bytes);
    for family in [netstat_model::Family::V4, netstat_model::Family::V6] {
        ip::decode_file(bytes, family);
    }
    ip::decode_mptcp(bytes);
    sctp::decode_row(bytes);
    sctp::decode_all(bytes);
    bluetooth::decode_file(bytes, netstat_model::BluetoothProtocol::L2cap);
    packet::decode_row(bytes);
    packet::decode_file(bytes);
    netlink::decode_row(bytes);
    netlink::decode_file(bytes);
    vsock::decode_row(bytes);
    xdp::decode_row(bytes);
}

pub(super) use again::Again;
pub(super) use decode::decode_destroyed;
pub(super) use destroy::{destroy_request, identity_request};

use super::clock::uptime;
use super::host;
use super::procnet;
use super::source::{Netlink, NetworkSource, Source, TYPES};
use super::unlisted;
use super::wire::{self, Message, Rows};
use decode::{AF_INET, AF_INET6, decode_details, decode_head};
use netstat_model::error::words_of;
use netstat_model::query::{
    Fields, Kinds, Listing, OwnerSearch, Programs, Scope, SocketQuery, SocketSource, States, Visit,
};
use netstat_model::{Answer, Error, ListMethod, Operation, Warning};
use netstat_model::{
    Namespace, Protocol, Socket, SocketRef, SocketTable, TcpFields, TcpInfo, TcpState, Timer, TimerKind,
    Transport,
};
use requests::{body, body_of_both, extensions, kernel_states, request};
use rustc_hash::FxHashSet;
use std::io;
use std::time::Duration;

const IPPROTO_TCP: u8 = 6;
const IPPROTO_UDP: u8 = 17;

/// Requests TCP sockets of both families at once, unlike [`SOCK_DIAG_BY_FAMILY`].
const TCPDIAG_GETSOCK: u16 = 18;
const SOCK_DIAG_BY_FAMILY: u16 = 20;

/// `TCP_TIMEWAIT_LEN`, a constant of the kernel.
const TIME_WAIT_LENGTH: Duration = Duration::from_secs(60);

/// Lists the sockets of a query and returns a table of those that the visitor keeps. Sockets whose owners are wanted are only
/// marked, see [`SocketTable::wanted`].
///
/// # Errors
/// If sock_diag was refused and `/proc/net` cannot be read either, or sockets were visited already and
/// [`Listing::may_restart`] is false.
pub(super) fn list(
    source: &dyn Source,
    listing: &Listing<'_>,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
) -> Result<Answer<SocketTable>, Error> {
    list_within(source, listing, None, visit)
}

/// Network namespaces that are asked for.
pub(super) type Namespaces = FxHashSet<Namespace>;

/// The same, where [`Scope::All`] may mean some network namespaces only.
///
/// # Errors
/// As [`list`].
pub(super) fn list_within(
    source: &dyn Source,
    listing: &Listing<'_>,
    within: Option<&Namespaces>,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
) -> Result<Answer<SocketTable>, Error> {
    let query = listing.query;
    let mut lister = Lister {
        source,
        listing,
        visit,
        namespace: None,
        table: SocketTable::new(query.keep()),
        visited: 0,
        any_bound: false,
        any_held: false,
        any_mark: false,
        full: false,
        fin_timeout: None,
        knows_age: None,
        spare: None,
    };
    let mut warnings = Vec::new();
    match query.scope {
        Scope::Own => {
            lister.namespace =
                query.fields.contains(Fields::NAMESPACE).then(|| host::namespace(source)).flatten();
            of_namespace(source, &mut lister, States::all(), &mut warnings)?;
        }
        Scope::All => all_namespaces::list(source, within, &mut lister, &mut warnings)?,
    }
    if query.kinds.contains(Kinds::UNLISTED) && !lister.full {
        lister.namespace = None;
        let mut list_all = |each: &mut dyn FnMut(u64)| list_inodes(source, Scope::All, each);
        for mut socket in unlisted::sockets(source, &mut list_all, &mut warnings)? {
            lister.socket(&mut socket);
        }
    }
    let Lister { table, any_bound, any_held, any_mark, full, .. } = lister;
    // A reader without CAP_NET_ADMIN is not told the mark of any socket that a process holds.
    if query.fields.contains(Fields::MARK) && any_held && !any_mark {
        warnings.push(Warning::SourceUnavailable {
            what: "the mark of sockets",
            reason: "the kernel tells it with CAP_NET_ADMIN only".to_owned(),
        });
    }
    if !full {
        warn_of_old_kernel(source, query, any_bound, &mut warnings);
    }
    Ok(Answer { data: table, warnings })
}

/// Passes on the inode of each socket that a table lists. Returns what the tables may lack.
///
/// # Errors
/// As [`list`].
pub(super) fn list_inodes(
    source: &dyn Source,
    scope: Scope,
    each: &mut dyn FnMut(u64),
) -> Result<Vec<Warning>, Error> {
    let everything = SocketQuery { scope, ..SocketQuery::new(Kinds::LISTED, States::all()) };
    let listing = Listing { query: &everything, owners: OwnerSearch::No, may_restart: true };
    let answer = list(source, &listing, &mut |socket| {
        socket.id.inode.into_iter().for_each(&mut *each);
        Visit::Skip
    })?;
    Ok(answer.warnings)
}

/// Lists the sockets of one network namespace, those of TCP in the states that a program has `left`.
fn of_namespace(
    source: &dyn NetworkSource,
    lister: &mut Lister<'_>,
    left: States,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let query = lister.listing.query;
    lister.fin_timeout =
        query.fields.contains(Fields::TIME_IN_STATE).then_some(()).and_then(|()| {
            read_number(source, "/proc/sys/net/ipv4/tcp_fin_timeout").map(Duration::from_secs)
        });
    // Each protocol is a kernel module of its own, so one may be missing.
    for protocol in [Kinds::TCP, Kinds::UDP] {
        let kinds = query.kinds & protocol;
        if kinds.is_empty() || lister.full {
            continue;
        }
        let mut query = SocketQuery { kinds, ..query.clone() };
        if protocol == Kinds::TCP {
            query.states &= left;
            if query.states.is_empty() {
                continue;
            }
        }
        if protocol == Kinds::TCP && query.scope == Scope::Own && by_program::list(&query, lister)? {
            // All that the program cannot tell of.
            query.states &= States::BOUND;
            if query.states.is_empty() {
                continue;
            }
        }
        for warning in of_one_protocol(source, &query, lister)? {
            add(warning, warnings);
        }
    }
    let mut lacks = Vec::new();
    families::list(source, lister, &mut lacks)?;
    lacks.into_iter().for_each(|warning| add(warning, warnings));
    Ok(())
}

/// Adds a warning, unless another namespace or protocol gave the same.
fn add(warning: Warning, to: &mut Vec<Warning>) {
    if !to.contains(&warning) {
        to.push(warning);
    }
}

/// Shows the rows of the kernel to the visitor, and keeps those that it wants.
struct Lister<'a> {
    source: &'a dyn Source,
    listing: &'a Listing<'a>,
    visit: &'a mut dyn FnMut(&SocketRef<'_>) -> Visit,
    /// The network namespace that is being listed; `None` where nobody asked.
    namespace: Option<Namespace>,
    table: SocketTable,
    /// The number of sockets shown to the visitor.
    visited: usize,
    any_bound: bool,
    /// Whether a process holds any of the sockets that sock_diag listed.
    any_held: bool,
    /// Whether the mark of any of these is known.
    any_mark: bool,
    /// Whether the visitor has stopped.
    full: bool,
    /// `tcp_fin_timeout` of that namespace, where it is needed and could be read.
    fin_timeout: Option<Duration>,
    /// Whether ages can be trusted; `None` before that is found out.
    knows_age: Option<bool>,
    /// The course of the connection that was shown last.
    spare: Option<Box<TcpInfo>>,
}

/// Adds details to a socket: the wanted fields of the course of its connection, and the course of another whose memory is
/// used again.
type AddDetails<'a> = dyn FnMut(TcpFields, &mut Socket, &mut Option<Box<TcpInfo>>) + 'a;

/// How far a listing has come.
#[derive(Debug, Clone, Copy)]
struct Progress {
    kept: usize,
    visited: usize,
}

impl Lister<'_> {
    /// Adds a row of sock_diag. Returns false if it is malformed.
    fn row(&mut self, row: &[u8], protocol: Transport) -> bool {
        let Some(head) = decode_head(row, protocol) else { return false };
        self.listed(&head, &mut |wanted, socket, spare| decode_details(row, wanted, socket, spare))
    }

    /// Adds a listed socket: its head, and the function that adds its details where they are wanted. Returns false if the
    /// table cannot keep it.
    #[inline(always)]
    fn listed(&mut self, head: &SocketRef<'_>, add_details: &mut AddDetails<'_>) -> bool {
        if !self.table.keeps_details() {
            return self.visit_if_selected(head);
        }
        if !self.listing.query.selects(head) {
            return true;
        }
        let mut socket = head.to_socket();
        add_details(self.listing.query.tcp, &mut socket, &mut self.spare);
        if socket.id.inode.is_some() {
            self.any_held = true;
            self.any_mark |= socket.mark.is_some();
        }
        let is_kept = self.socket(&mut socket);
        self.spare = socket.tcp.take().or(self.spare.take());
        is_kept
    }

    /// Adds a socket with its details. Returns false if the table cannot keep it.
    fn socket(&mut self, socket: &mut Socket) -> bool {
        let fields = self.listing.query.fields;
        socket.namespace = self.namespace;
        if fields.contains(Fields::TIME_IN_STATE) {
            socket.time_in_state = self.time_in_state(socket);
        }
        if socket.age.is_some() && !(fields.contains(Fields::AGE) && self.knows_age()) {
            socket.age = None;
        }
        self.visit_if_selected(&SocketRef::from(&*socket))
    }

    fn visit_if_selected(&mut self, socket: &SocketRef<'_>) -> bool {
        if self.full || !self.listing.query.selects(socket) {
            return true;
        }
        self.any_bound |= socket.state == Some(TcpState::Bound);
        self.visited += 1;
        match (self.visit)(socket) {
            Visit::Skip => true,
            Visit::Stop => {
                self.full = true;
                true
            }
            Visit::KeepWithOwners => self.table.push_wanted(socket),
            Visit::KeepLight { owners } => {
                let all = matches!(self.listing.owners, OwnerSearch::All(_));
                self.table.push_light(socket, owners || all)
            }
            Visit::Keep if matches!(self.listing.owners, OwnerSearch::All(_)) => {
                self.table.push_wanted(socket)
            }
            Visit::Keep => self.table.push(socket),
        }
    }

    fn progress(&self) -> Progress {
        Progress { kept: self.table.len(), visited: self.visited }
    }

    /// Removes the sockets added since. Returns false if the visitor has seen some of them and must not see them twice.
    fn take_back(&mut self, to: Progress) -> bool {
        if !self.listing.may_restart && self.visited != to.visited {
            return false;
        }
        self.table.truncate(to.kept);
        true
    }

    /// Returns the time in the state, which a timer shows in two states: TIME_WAIT counts down from 60 s, and FIN_WAIT_2 in a
    /// time-wait block from `tcp_fin_timeout`. A socket with a linger time of its own (`TCP_LINGER2`) counts down from that,
    /// which the kernel does not report: if it is longer the time is unknown, if it is shorter the time is too long.
    fn time_in_state(&self, socket: &Socket) -> Option<Duration> {
        let Some(Timer { kind: TimerKind::TimeWait, expires_in, .. }) = socket.timer else { return None };
        let length = match socket.state {
            Some(TcpState::TimeWait) => Some(TIME_WAIT_LENGTH),
            Some(TcpState::FinWait2) => self.fin_timeout,
            _ => None,
        };
        length.and_then(|length| length.checked_sub(expires_in))
    }

    /// Returns whether ages can be trusted. The kernel counts them in milliseconds with 32 bits, so none can have wrapped on a
    /// system that has run for less than 49.7 days.
    fn knows_age(&mut self) -> bool {
        *self.knows_age.get_or_insert_with(|| can_trust_ages(self.source))
    }
}

/// Returns whether ages have not wrapped: the kernel counts them in milliseconds with 32 bits.
fn can_trust_ages(source: &dyn Source) -> bool {
    uptime(source).is_ok_and(|uptime| uptime.as_secs() < u64::from(u32::MAX) / 1000)
}

/// Lists the sockets of one protocol from sock_diag, or from `/proc/net` if that is refused.
fn of_one_protocol(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    lister: &mut Lister<'_>,
) -> Result<Vec<Warning>, Error> {
    if query.source == SocketSource::Proc {
        let failed = |error| Error::new(Operation::ListSockets, error);
        return from_proc_net(source, query, lister).map_err(failed);
    }
    let before = lister.progress();
    let refused = match with_programs(source, query, lister) {
        Ok(warnings) => return Ok(warnings),
        Err(refused) => refused,
    };
    if !lister.take_back(before) {
        return Err(Error::new(Operation::ListSockets, refused));
    }
    let transport = if query.kinds.intersects(Kinds::TCP) { Transport::Tcp } else { Transport::Udp };
    let refused = why_refused(&refused, transport);
    if query.source != SocketSource::Auto {
        let reason = io::Error::other(format!("sock_diag: {refused}"));
        return Err(Error::new(Operation::ListSockets, reason));
    }
    let mut warnings = from_proc_net(source, query, lister).map_err(|error| {
        let both = format!("sock_diag: {refused}; /proc/net: {}", words_of(&error));
        Error::new(Operation::ListSockets, io::Error::new(error.kind(), both))
    })?;
    warnings.insert(0, Warning::ProcNetFallback { protocol: transport.into(), reason: refused });
    Ok(warnings)
}

/// Lists the sockets of one protocol from `/proc/net`.
fn from_proc_net(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    lister: &mut Lister<'_>,
) -> io::Result<Vec<Warning>> {
    let Answer { data, mut warnings } = procnet::sockets(source, query)?;
    let left_out = data.into_iter().map(|mut socket| u64::from(!lister.socket(&mut socket))).sum();
    if left_out > 0 {
        warnings.push(Warning::OddMessages { what: "/proc/net", count: left_out });
    }
    if query.kinds.intersects(Kinds::TCP) {
        lister.table.set_listed_by(ListMethod::Proc);
    }
    Ok(warnings)
}

/// Returns why sock_diag did not list the sockets of a protocol. Each protocol has a handler, mostly in a module that the
/// kernel loads by itself: `ENOENT` says that there is none.
fn why_refused(error: &io::Error, transport: Transport) -> String {
    if error.raw_os_error() != Some(rustix::io::Errno::NOENT.raw_os_error()) {
        return words_of(error);
    }
    let (module, option) = match transport {
        Transport::Tcp => ("tcp_diag", "CONFIG_INET_TCP_DIAG"),
        Transport::Udp => ("udp_diag", "CONFIG_INET_UDP_DIAG"),
    };
    format!("{module} is not loaded; modprobe {module} as root loads it, if this kernel has {option}")
}

/// A request to sock_diag.
struct Dump {
    request: Vec<u8>,
    protocol: Transport,
    /// Requests for one family each, for a kernel that refuses the one for both.
    instead: Vec<Vec<u8>>,
}

/// Sends the requests with the programs of the query, and without them if the kernel refuses programs (`EINVAL`).
fn with_programs(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    lister: &mut Lister<'_>,
) -> io::Result<Vec<Warning>> {
    let before = lister.progress();
    match from_sock_diag(source, query, lister) {
        Err(error)
            if query.programs != Programs::default()
                && error.raw_os_error() == Some(rustix::io::Errno::INVAL.raw_os_error())
                && lister.take_back(before) =>
        {
            from_sock_diag(source, &SocketQuery { programs: Programs::default(), ..query.clone() }, lister)
        }
        answer => answer,
    }
}

fn from_sock_diag(
    source: &dyn NetworkSource,
    query: &SocketQuery,
    lister: &mut Lister<'_>,
) -> io::Result<Vec<Warning>> {
    let mut warnings = Vec::new();
    for dump in dumps(query) {
        let mut rows = DumpRows { from: lister.progress(), lister, protocol: dump.protocol };
        let mut ends = Vec::new();
        match wire::dump(source, Netlink::SockDiag, &dump.request, &mut rows) {
            Ok(end) => ends.push(end),
            // The sockets that came before the failure come again.
            Err(error) if dump.instead.is_empty() || !rows.restart() => return Err(error),
            Err(_) => {
                for request in &dump.instead {
                    ends.push(wire::dump(source, Netlink::SockDiag, request, &mut rows)?);
                    rows.from = rows.lister.progress();
                }
            }
        }
        let what = match dump.protocol {
            Transport::Tcp => "table of TCP sockets",
            Transport::Udp => "table of UDP sockets",
        };
        ends.into_iter().for_each(|end| end.warn(what, &mut warnings));
    }
    Ok(warnings)
}

/// Returns the requests for a query. IPv4 traffic may be on an IPv6 socket, so IPv4 needs both families.
fn dumps(query: &SocketQuery) -> Vec<Dump> {
    let mut dumps = Vec::new();
    let extensions = extensions(query);
    let states = kernel_states(query.states);
    if query.kinds.intersects(Kinds::TCP) && states != 0 {
        let program = query.programs.tcp.as_deref();
        let by_family =
            |family| request(SOCK_DIAG_BY_FAMILY, body(family, IPPROTO_TCP, extensions, states), program);
        dumps.push(if query.kinds.contains(Kinds::TCP_V4) {
            // One walk of the hash table, which all network namespaces share, is cheaper than two.
            Dump {
                request: request(TCPDIAG_GETSOCK, body_of_both(extensions, states), program),
                protocol: Transport::Tcp,
                instead: vec![by_family(AF_INET), by_family(AF_INET6)],
            }
        } else {
            Dump { request: by_family(AF_INET6), protocol: Transport::Tcp, instead: Vec::new() }
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
            protocol: Transport::Udp,
            instead: Vec::new(),
        }));
    }
    dumps
}

/// Passes the rows of one dump to the lister.
struct DumpRows<'a, 'b> {
    lister: &'a mut Lister<'b>,
    /// The progress of the lister before the dump.
    from: Progress,
    protocol: Transport,
}

impl Rows for DumpRows<'_, '_> {
    fn row(&mut self, message: Message<'_>) -> bool {
        matches!(message.kind, SOCK_DIAG_BY_FAMILY | TCPDIAG_GETSOCK)
            && self.lister.row(message.payload, self.protocol)
    }

    fn restart(&mut self) -> bool {
        self.lister.take_back(self.from)
    }

    fn is_full(&self) -> bool {
        self.lister.full
    }
}

fn read_text(source: &dyn NetworkSource, path: &str) -> Option<String> {
    let mut bytes = Vec::new();
    source.read(path, &mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

fn read_number(source: &dyn NetworkSource, path: &str) -> Option<u64> {
    read_text(source, path)?.trim().parse().ok()
}

/// Warns if bound-only sockets cannot be listed. Old kernels accept the request for them and return none.
fn warn_of_old_kernel(
    source: &dyn Source,
    query: &SocketQuery,
    any_bound: bool,
    warnings: &mut Vec<Warning>,
) {
    if any_bound || !query.states.contains(States::BOUND) || !query.kinds.intersects(Kinds::TCP) {
        return;
    }
    let from_proc =
        |warning: &Warning| matches!(warning, Warning::ProcNetFallback { protocol: Protocol::Tcp, .. });
    if query.source == SocketSource::Proc || warnings.iter().any(from_proc) {
        warnings.push(Warning::BoundUnavailable { release: None });
        return;
    }
    match source.lists_bound() {
        Ok(true) => {}
        Ok(false) => {
            let release = read_text(source, "/proc/sys/kernel/osrelease");
            let release = release.map(|text| text.trim().to_owned());
            warnings.push(Warning::BoundUnavailable { release });
        }
        Err(error) => {
            let reason = format!("{TYPES}: {}", words_of(&error));
            warnings.push(Warning::SourceUnavailable { what: Warning::BOUND_SOCKETS, reason });
        }
    }
}

#[cfg(test)]
mod tests;
