//! The table of columns: one row each. To add a column, add a row.

use super::{Column, ColumnNeeds, Given, Kind, NO_PROCESS, Origin, Value};
use super::{detail, ends};
use crate::family;
use crate::row::{Foreign, IDLE_FIELDS, LIFESPAN_FIELDS, Row, Section, idle, keepalive, lasted, started};
use crate::text::lifespan;
use crate::text::words::short_container;
use netstat_model::query::{Fields, ProcessFields};
use netstat_model::{
    Container, Endpoint, FamilyFacts, IpEndpoint, Lifespan, Missing, Namespace, NetworkNamespace, NoOwner,
    Owner, Process, Protocol, SocketRef, SocketType, TcpFields, TcpState,
};
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

const NOTHING: ColumnNeeds = ColumnNeeds::NOTHING;
const COMMON: ColumnNeeds = fields(Fields::COMMON);
/// The names of the interfaces that link-local addresses belong to.
const ZONES: ColumnNeeds = ColumnNeeds { interfaces: true, ..NOTHING };
/// The process ID alone, with nothing read of the process itself.
const OWNERS: ColumnNeeds = process(ProcessFields::empty());
const USER: ColumnNeeds = ColumnNeeds {
    users: true,
    // A Windows socket belongs to the account of its process.
    ..if cfg!(windows) { process(ProcessFields::ACCOUNT) } else { COMMON }
};

const fn fields(fields: Fields) -> ColumnNeeds {
    ColumnNeeds { fields, ..NOTHING }
}

/// The course of the connection is kept for these columns only.
const fn tcp(tcp: TcpFields) -> ColumnNeeds {
    ColumnNeeds { tcp, ..NOTHING }
}

const fn process(process: ProcessFields) -> ColumnNeeds {
    ColumnNeeds { owners: true, process, ..NOTHING }
}

/// Makes [`ALL`] of rows `name (key in JSON and CSV, where it is not the name), heading, kind unit, needs`, then
/// `on_linux` for what Windows never has, the meaning, and the value.
macro_rules! columns {
    (@key $name:literal) => { $name };
    (@key $name:literal $key:literal) => { $key };
    (@linux) => { false };
    (@linux on_linux) => { true };
    ($($name:literal $(as $key:literal)?, $heading:literal, $kind:ident $unit:literal, $needs:expr
       $(, $linux:ident)?; $meaning:literal, $origin:ident $value:expr;)*) => {
        /// Every column, in the order of the documents, and of JSON and CSV.
        pub const ALL: &[&Column] = &[$(&Column {
            name: $name,
            key: columns!(@key $name $($key)?),
            heading: $heading,
            kind: Kind::$kind,
            unit: $unit,
            needs: $needs,
            linux_only: columns!(@linux $($linux)?),
            meaning: $meaning,
            origin: Origin::$origin($value),
        }),*];
    };
}

columns! {
    "proto", "Proto", Text "", NOTHING;
        "Protocol: TCP, TCPv6, UDP or UDPv6; with --family others as well",
        Row |row, _| Value::word(match row.section {
            Section::TcpV4 => "TCP",
            Section::TcpV6 => "TCPv6",
            Section::UdpV4 => "UDP",
            Section::UdpV6 => "UDPv6",
            Section::Other => row.socket.protocol.name(),
        });
    "local", "Local Address", End "", ZONES;
        "Local address and port, or the name of a Unix socket, else * and its inode",
        Row |row, given| ends::value(&row.socket, row.local(), given);
    "laddr", "Local Host", Text "", ZONES;
        "Local address without the port",
        Row |row, given| {
            row.local().ip().map_or(Value::Absent("-"), |end| ends::host(&row.socket, end, given))
        };
    "lport", "Local Port", Number "", NOTHING;
        "Local port",
        Row |row, _| row.local().port().map_or(Value::Absent("-"), |port| Value::Number(port.into()));
    "foreign", "Foreign Address", End "", ZONES;
        "Foreign address and port, or the name of the Unix socket there; null in JSON where there is none",
        Row |row, given| match (row.foreign(), row.socket.remote) {
            (_, Some(end)) => ends::value(&row.socket, end, given),
            (Foreign::Anybody, None) if row.section == Section::Other => Value::Absent("-"),
            (Foreign::Anybody, None) => Value::Absent("*:*"),
            (Foreign::End(Endpoint::Ip(IpEndpoint::ANY_V4)), None) => Value::Absent("0.0.0.0:0"),
            (Foreign::End(_), None) => Value::Absent("[::]:0"),
        };
    "raddr", "Foreign Host", Text "", ZONES;
        "Foreign address without the port",
        Row |row, given| {
            let host = row.socket.remote_ip().map(|end| ends::host(&row.socket, end, given));
            host.unwrap_or(Value::Absent(no_peer(row)))
        };
    "rport", "Foreign Port", Number "", NOTHING;
        "Foreign port",
        Row |row, _| {
            let port = row.socket.remote_ip().map(|end| Value::Number(end.port.into()));
            port.unwrap_or(Value::Absent(no_peer(row)))
        };
    "country", "Country", Text "", ColumnNeeds { countries: true, ..NOTHING };
        "Country of the foreign address, as its two-letter code",
        Row |row, given: &Given<'_>| {
            of_remote(row, |address| given.geo.country(address).map(|country| country.to_string()))
        };
    "network", "Network", Text "", ColumnNeeds { networks: true, ..NOTHING };
        "Network of the foreign address: number and name of its autonomous system, with --geo",
        Row |row, given: &Given<'_>| {
            of_remote(row, |address| given.geo.network(address).map(|network| network.to_string()))
        };
    "state", "State", Text "", NOTHING;
        "TCP state, or what corresponds to it; UDP has none",
        Row |row, _| match (row.socket.protocol, row.socket.state) {
            (_, Some(state)) => Value::State(state),
            (Protocol::Tcp, None) => Value::Unknown,
            (_, None) => Value::Absent("-"),
        };
    "pid", "PID", Number "", OWNERS;
        "ID of the process that holds the socket; 0 where there is none, null in JSON",
        Owner |owner, _| Value::Number(owner.process.pid.into());
    "nspid", "NS-PID", Number "", process(ProcessFields::NAMESPACE_PID), on_linux;
        "ID of the process in its own PID namespace: in a container the one by which it knows itself",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.namespace_pid, |pid| Value::Number((*pid).into()))
        };
    "process", "Process", Text "", process(ProcessFields::NAME);
        "Name of the program: its executable, or the script that was started",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.name, |name| Value::Text(name.as_os_str().into()))
        };
    "path", "Path", Text "", process(ProcessFields::EXECUTABLE);
        "Executable of the process, marked (deleted) if the file is gone",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.executable, |executable| {
                let mut path = Cow::Borrowed(executable.path.as_os_str());
                if executable.deleted {
                    path.to_mut().push(" (deleted)");
                }
                Value::Text(path)
            })
        };
    "cmdline", "Command line", Words "", process(ProcessFields::COMMAND_LINE);
        "Command line of the process; an array in JSON",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.command_line, |words| Value::Words(words))
        };
    "user", "User", Text "", USER;
        "Owner of the socket, by name or else by number. Windows: the user of its process",
        Row |row, given| match row.socket.uid() {
            Some(uid) => named_or_number(given.users.name(uid).map(OsStr::new), uid),
            None => {
                let owner = row.socket.ownership().principal();
                match owner.and_then(|owner| given.processes.get(&owner.process)).map(|it| &it.account) {
                    Some(Ok(account)) => Value::Text(account.as_os_str().into()),
                    _ => Value::Unknown,
                }
            }
        };
    "unit", "Unit", Text "", process(ProcessFields::UNIT);
        "Service the process belongs to: its systemd unit",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.unit, |unit| Value::Text(unit.as_os_str().into()))
        };
    "container", "Container", Container "", process(ProcessFields::CONTAINER), on_linux;
        "Container the process runs in, as runtime:name, or runtime:ID where the name may not be read",
        Owner |owner, given| process_field(owner, given, |process| &process.container, Value::Container);
    "pod", "Pod", Text "", process(ProcessFields::CONTAINER), on_linux;
        "Kubernetes pod the process runs in, by its UID",
        Owner |owner, given| {
            match process_field(owner, given, |process| &process.container, Value::Container) {
                Value::Container(Container { pod: Some(pod), .. }) => Value::word(pod),
                Value::Container(_) => Value::Absent("-"),
                other => other,
            }
        };
    "netns", "Netns", Text "", ColumnNeeds { namespaces: true, ..fields(Fields::NAMESPACE) }, on_linux;
        "Network namespace of the socket: its name, or the container that lives in it, else its inode",
        Row |row, given| row.socket.namespace().map_or(Value::Unknown, |of| namespace(of, given));
    "netns_inode", "Netns inode", Number "", fields(Fields::NAMESPACE), on_linux;
        "Inode of the network namespace, as in /proc/PID/ns/net",
        Row |row, _| Value::number(row.socket.namespace().map(|of| of.inode));
    "fd", "FD", Number "", ColumnNeeds { fields: Fields::COMMON, ..OWNERS }, on_linux;
        "Lowest descriptor by which the process holds the socket",
        Owner |owner, _| Value::number(owner.descriptor);
    "recvq", "Recv-Q", Number "bytes", COMMON, on_linux;
        "Received and not yet read by the process; of a listener, connections waiting to be accepted",
        Row |row, _| Value::number(row.socket.recv_queue());
    "sendq", "Send-Q", Number "bytes", COMMON, on_linux;
        "Not yet sent or not yet acknowledged; a listener has none",
        Row |row, _| if listens(&row.socket) { Value::Absent("-") } else { Value::number(row.socket.send_queue()) };
    "backlog", "Backlog", Number "connections", COMMON, on_linux;
        "How many connections may wait to be accepted; listeners only",
        Row |row, _| if listens(&row.socket) { Value::number(row.socket.send_queue()) } else { Value::Absent("-") };
    "timer", "Timer", Timer "", COMMON, on_linux;
        "Running TCP timer: what for, milliseconds left, how often it fired in a row",
        Row |row, _| row.socket.timer().map_or(Value::Absent("-"), Value::Timer);
    "rtt" as "rtt_us", "RTT (ms)", Microseconds "ms", tcp(TcpFields::RTT);
        "Smoothed round-trip time",
        Row |row, _| time(row, TcpFields::RTT);
    "rttvar" as "rttvar_us", "RTT var (ms)", Microseconds "ms", tcp(TcpFields::RTTVAR);
        "Variation of the round-trip time",
        Row |row, _| time(row, TcpFields::RTTVAR);
    "min_rtt" as "min_rtt_us", "Min RTT (ms)", Microseconds "ms", tcp(TcpFields::MIN_RTT);
        "Shortest round-trip time of the last minutes",
        Row |row, _| time(row, TcpFields::MIN_RTT);
    "cwnd", "Cwnd", Number "segments", tcp(TcpFields::CWND), on_linux;
        "Congestion window",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::CWND));
    "mss", "MSS", Number "bytes", tcp(TcpFields::MSS);
        "Maximum segment size for sending",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::MSS));
    "pacing", "Pacing", Number "bytes/s", tcp(TcpFields::PACING_RATE), on_linux;
        "Pacing rate: the kernel sends no faster",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::PACING_RATE));
    "delivery", "Delivery", Number "bytes/s", tcp(TcpFields::DELIVERY_RATE), on_linux;
        "Latest measured rate at which data arrived at the peer",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::DELIVERY_RATE));
    "retrans", "Retrans", Number "segments", tcp(TcpFields::TOTAL_RETRANSMITS);
        "Retransmitted since the connection began",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::TOTAL_RETRANSMITS));
    "bytes_sent", "Bytes sent", Number "bytes", tcp(TcpFields::BYTES_SENT);
        "Data sent since the connection began, retransmissions included",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_SENT));
    "bytes_received", "Bytes received", Number "bytes", tcp(TcpFields::BYTES_RECEIVED);
        "Data received since the connection began",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_RECEIVED));
    "bytes_acked", "Bytes acked", Number "bytes", tcp(TcpFields::BYTES_ACKED);
        "Data that the peer has acknowledged, each byte once: what was sent, without retransmissions",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::BYTES_ACKED));
    "segs", "Segs", Number "segments", tcp(TcpFields::SEGS_OUT.union(TcpFields::SEGS_IN));
        "Sent and received together, with or without data",
        Row |row, _| {
            let number = |field| row.socket.tcp_number(field);
            let both = number(TcpFields::SEGS_OUT).zip(number(TcpFields::SEGS_IN));
            Value::number(both.map(|(sent, received)| sent.saturating_add(received)))
        };
    "segs_out", "Segs out", Number "segments", tcp(TcpFields::SEGS_OUT);
        "Sent, with or without data",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::SEGS_OUT));
    "segs_in", "Segs in", Number "segments", tcp(TcpFields::SEGS_IN);
        "Received, with or without data",
        Row |row, _| Value::number(row.socket.tcp_number(TcpFields::SEGS_IN));
    "congestion", "Congestion", Text "", fields(Fields::CONGESTION), on_linux;
        "Congestion control of a connection",
        Row |row: &Row<'_>, _| row.socket.congestion().map_or(Value::Unknown, Value::word);
    "dscp", "DSCP", Number "", fields(Fields::TRAFFIC_CLASS), on_linux;
        "Differentiated services code point of what the socket sends, 0 to 63",
        Row |row, _| Value::number(row.socket.traffic_class().map(|class| class >> 2));
    "mark", "Mark", Number "", fields(Fields::MARK), on_linux;
        "Firewall and routing mark (SO_MARK); needs CAP_NET_ADMIN",
        Row |row, _| Value::number(row.socket.mark());
    "drops", "Drops", Number "packets", fields(Fields::MEMORY), on_linux;
        "Dropped by the socket, mostly because its buffer was full",
        Row |row, _| Value::number(row.socket.memory().and_then(|memory| memory.drops));
    "interface", "Interface", Text "", ColumnNeeds { interfaces: true, ..COMMON }, on_linux;
        "Interface the socket is bound to, by name or else by index",
        Row |row, given| match row.socket.interface() {
            Some(index) => named_or_number(given.interface(index, &row.socket), index),
            None => Value::Absent("-"),
        };
    "inode", "Inode", Number "", NOTHING, on_linux;
        "Inode of the socket, as in /proc/PID/fd",
        Row |row, _| Value::number(row.socket.id.inode);
    "cookie", "Cookie", Number "", COMMON, on_linux;
        "Kernel's own number of the socket, not reused until reboot",
        Row |row, _| Value::number(row.socket.id.cookie);
    "idle" as "idle_ms", "Idle (ms)", Milliseconds "ms", ColumnNeeds { tcp: IDLE_FIELDS, ..fields(Fields::AGE) }, on_linux;
        "Since data last went either way, or since the connection was established if none did",
        Row |row, _| idle(&row.socket).map_or(Value::Unknown, Value::Milliseconds);
    "keepalive", "Keepalive", Text "", COMMON, on_linux;
        "Whether an idle peer is asked for a sign of life: on or off; unknown while another timer runs",
        Row |row, _| keepalive(&row.socket).map_or(Value::Unknown, |is_on| Value::word(if is_on { "on" } else { "off" }));
    "age" as "age_ms", "Age (ms)", Milliseconds "ms", fields(Fields::AGE);
        "Since the connection was established; on Linux known while one side has sent no data",
        Row |row, _| row.socket.age().map_or(Value::Unknown, Value::Milliseconds);
    "comm", "Comm", Text "", process(ProcessFields::NAME), on_linux;
        "Name of the main thread, 15 bytes at most: a process may give itself any",
        Owner |owner, given| {
            process_field(owner, given, |process| &process.comm, |name| Value::Text(name.as_os_str().into()))
        };
    "started", "Started", Time "", fields(LIFESPAN_FIELDS);
        "When it began, in your time zone; of an open connection where its age is known, or netstat record saw it",
        Row |row, given: &Given<'_>| moment(started(&row.socket, given.now), given);
    "ended", "Ended", Time "", fields(Fields::LIFESPAN);
        "When it ended: netstat history",
        Row |row, given: &Given<'_>| match row.socket.lifespan() {
            Some(life) => life.ended.map_or(Value::Absent("-"), |(at, _)| Value::Time(at, given.zone)),
            // What is there has not ended.
            None => Value::Absent("-"),
        };
    "lasted" as "lasted_us", "Lasted (ms)", Microseconds "ms", fields(LIFESPAN_FIELDS);
        "How long it was there, or has been so far, where known",
        Row |row, _| lasted(&row.socket).map_or(Value::Unknown, Value::Microseconds);
    "reason", "Reason", Text "", fields(Fields::LIFESPAN);
        "How it ended: closed-by-us, reset-by-peer, refused and others of netstat --help filter",
        Row |row, _| match row.socket.lifespan().and_then(|life| life.ended) {
            Some((_, reason)) => Value::Text(match lifespan::reason(reason) {
                Cow::Borrowed(word) => OsStr::new(word).into(),
                Cow::Owned(word) => OsString::from(word).into(),
            }),
            None => Value::Absent("-"),
        };
    "side", "Side", Text "", fields(Fields::LIFESPAN);
        "Which end began it: out is this one, in the other; listen for a listener. netstat history",
        Row |row, _| {
            row.socket.lifespan().and_then(|life| lifespan::side(life.role)).map_or(Value::Unknown, Value::word)
        };
    "first_fin", "First FIN", Time "", fields(Fields::LIFESPAN);
        "When the first of its ends closed its direction: netstat history",
        Row |row, given: &Given<'_>| match row.socket.lifespan() {
            Some(life) => life.first_fin.map_or(Value::Absent("-"), |(at, _)| Value::Time(at, given.zone)),
            None => Value::Unknown,
        };
    "started_before", "Started Before", Time "", fields(Fields::LIFESPAN);
        "Where it is not known when it began: when it was there already. netstat history",
        Row |row, given: &Given<'_>| bound(&row.socket, |life| life.started_before, given);
    "started_after", "Started After", Time "", fields(Fields::LIFESPAN);
        "Where it is not known when it began: when it was not there yet. netstat history",
        Row |row, given: &Given<'_>| bound(&row.socket, |life| life.started_after, given);
    "family", "Family", Text "", NOTHING;
        "Family of the socket, as for --family",
        Row |row, _| Value::word(family::of(row.socket.protocol));
    "type", "Type", Text "", NOTHING;
        "How the socket transfers: stream, dgram, seqpacket or raw",
        Row |row, _| match row.socket.protocol.socket_type() {
            Some(SocketType::Stream) => Value::word("stream"),
            Some(SocketType::Datagram) => Value::word("dgram"),
            Some(SocketType::SeqPacket) => Value::word("seqpacket"),
            Some(SocketType::Raw) => Value::word("raw"),
            None => Value::Unknown,
        };
    "peer_inode", "Peer Inode", Number "", COMMON, on_linux;
        "Inode of the Unix socket at the other end",
        Row |row, _| match peer(row) {
            Some(inode) => Value::Number(inode),
            None => no_other_end(row),
        };
    "peer_pid", "Peer PID", Number "", OWNERS, on_linux;
        "ID of the process that holds the Unix socket at the other end",
        Row |row, given: &Given<'_>| of_peer(row, given, |owner, _| Value::Number(owner.process.pid.into()));
    "peer_process", "Peer Process", Text "", process(ProcessFields::NAME), on_linux;
        "Name of the program that holds the Unix socket at the other end",
        Row |row, given| of_peer(row, given, |owner, given| {
            process_field(owner, given, |process| &process.name, |name| Value::Text(name.as_os_str().into()))
        });
    "detail", "Detail", Text "", ColumnNeeds { interfaces: true, ..COMMON }, on_linux;
        "What only sockets of its family have: rings, groups, subflows; with -o also whether a path is deleted",
        Row |row, given| {
            let parts = row.socket.family_facts().map(|facts| detail::parts(facts, &row.socket, given)).unwrap_or_default();
            if parts.is_empty() { Value::Absent("-") } else { Value::Text(OsString::from(parts.join(", ")).into()) }
        };
}

/// Returns the inode of the socket at the other end.
fn peer(row: &Row<'_>) -> Option<u64> {
    row.socket.family_facts().and_then(FamilyFacts::peer)
}

/// Returns what stands for the other end of a socket of which the system does not tell it: whether it has one is known of a
/// Unix socket without a connection.
fn no_other_end(row: &Row<'_>) -> Value<'static> {
    match (row.socket.protocol, row.socket.state) {
        (Protocol::Unix(_), Some(TcpState::Established)) => Value::Unknown,
        _ => Value::Absent("-"),
    }
}

/// Returns a value of the principal process at the other end.
fn of_peer<'a>(
    row: &Row<'a>,
    given: &Given<'a>,
    value: for<'b> fn(&Owner, &Given<'b>) -> Value<'b>,
) -> Value<'a> {
    let ownership = row.socket.peer_ownership();
    match (ownership.principal(), ownership.unowned()) {
        (Some(owner), _) => value(&owner, given),
        (None, Some(NoOwner::NoProcess | NoOwner::Kernel)) => Value::Absent("-"),
        (None, Some(_)) => Value::Unknown,
        (None, None) => no_other_end(row),
    }
}

/// Returns the value of an owner column for a socket without a visible process. If it is known that there is
/// no process, the value is absent rather than unknown.
pub(super) fn of_unowned(column: &Column, why: Option<NoOwner>) -> Value<'static> {
    match why {
        Some(NoOwner::NoProcess | NoOwner::Kernel) if column.name == "pid" => NO_PROCESS,
        Some(NoOwner::NoProcess | NoOwner::Kernel) => Value::Absent("-"),
        _ => Value::Unknown,
    }
}

fn namespace<'a>(of: Namespace, given: &Given<'a>) -> Value<'a> {
    match given.namespaces.get(&of.inode) {
        Some(NetworkNamespace { name: Some(name), .. }) => Value::Text(name.as_os_str().into()),
        Some(NetworkNamespace { container: Some(container), .. }) => {
            Value::Text(Cow::Owned(short_container(container).into()))
        }
        _ => Value::Text(Cow::Owned(of.inode.to_string().into())),
    }
}

fn process_field<'a, T: 'a>(
    owner: &Owner,
    given: &Given<'a>,
    field: fn(&'a Process) -> &'a Result<T, Missing>,
    value: fn(&'a T) -> Value<'a>,
) -> Value<'a> {
    match given.processes.get(&owner.process).map(field) {
        Some(Ok(known)) => value(known),
        Some(Err(Missing::NotApplicable)) => Value::Absent("-"),
        Some(Err(_)) | None => Value::Unknown,
    }
}

/// Looks up the foreign address; a socket without one has no place.
fn of_remote<'a>(row: &Row<'a>, look_up: impl Fn(IpAddr) -> Option<String>) -> Value<'a> {
    match row.socket.remote_ip() {
        None => Value::Absent("-"),
        Some(end) => {
            look_up(end.address).map_or(Value::Unknown, |text| Value::Text(OsString::from(text).into()))
        }
    }
}

/// Returns what stands for the address or the port of a peer that is not there.
fn no_peer(row: &Row<'_>) -> &'static str {
    if row.section == Section::Other { "-" } else { "*" }
}

fn named_or_number(name: Option<&OsStr>, number: u32) -> Value<'_> {
    Value::Text(name.map_or_else(|| OsString::from(number.to_string()).into(), Into::into))
}

/// The kernel reports the backlog of a listener in the field of the send queue.
fn listens(socket: &SocketRef<'_>) -> bool {
    socket.state == Some(TcpState::Listen)
}

/// Shows what bounds the begin of a connection of the past; nothing bounds one that is known, or is not of the past.
fn bound<'a>(
    socket: &SocketRef<'_>,
    of: impl Fn(&Lifespan) -> Option<SystemTime>,
    given: &Given<'a>,
) -> Value<'a> {
    socket.lifespan().and_then(of).map_or(Value::Absent("-"), |at| Value::Time(at, given.zone))
}

fn moment<'a>(moment: Option<SystemTime>, given: &Given<'a>) -> Value<'a> {
    moment.map_or(Value::Unknown, |moment| Value::Time(moment, given.zone))
}

fn time(row: &Row<'_>, field: TcpFields) -> Value<'static> {
    let micros = row.socket.tcp_number(field);
    micros.map_or(Value::Unknown, |micros| Value::Microseconds(Duration::from_micros(micros)))
}
