//! [`Flat`]: an end or an open socket as one row of a table, and the columns that have its values.
//!
//! A row carries everything that is known of its process, so that one table answers a question. To add a column, add a line
//! of the table: servers whose tables lack it are sent the rest.

use crate::wire::{Wire, invalid};
use netstat_engine::text::lifespan::{self, NAMED_REASONS};
use netstat_engine::text::words::runtime_word;
use netstat_model::history::{
    BeginBound, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance, ProcessRecord,
};
use netstat_model::{
    Container, ContainerRuntime, IpEndpoint, Namespace, Owner, Process, ProcessKey, Socket, Transport,
};
use netstat_os::described;
use netstat_store::{Presence, Seen, Told, ToldProcess, presence, socket_of};
use std::io::{self, BufRead};
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Text as it was, which need not be UTF-8.
pub(crate) type Text = Box<[u8]>;

/// A column of the tables.
pub(crate) struct Column {
    pub(crate) name: &'static str,
    /// Its type on a server before 21, and on one from there on.
    pub(crate) plain: &'static str,
    pub(crate) modern: &'static str,
    /// How values of it are packed, on a server that can.
    pub(crate) codec: &'static str,
    /// A value that stands for a column that is not asked for, or not there.
    pub(crate) nothing: &'static str,
    pub(crate) put: fn(&Flat, &mut Vec<u8>),
    pub(crate) take: fn(&mut Flat, &mut dyn BufRead) -> io::Result<()>,
}

/// Makes [`Flat`] and [`COLUMNS`] of lines `name: type, kind;`.
macro_rules! columns {
    ($($(#[$doc:meta])* $name:ident: $type:ty, $kind:ident $($codec:literal)?;)*) => {
        /// One end or open socket. Times are microseconds since 1970.
        #[derive(Debug, Clone, PartialEq, Eq, Default)]
        pub(crate) struct Flat {
            $($(#[$doc])* pub(crate) $name: $type,)*
        }

        /// Every column, in the order of the tables.
        pub(crate) const COLUMNS: &[Column] = &[$(Column {
            name: stringify!($name),
            plain: $kind.0,
            modern: $kind.1,
            codec: columns!(@codec $($codec)?),
            nothing: $kind.2,
            put: |row, out| row.$name.put(out),
            take: |row, from| {
                row.$name = Wire::take(from)?;
                Ok(())
            },
        }),*];
    };
    (@codec) => { "" };
    (@codec $codec:literal) => { $codec };
}

type Kind = (&'static str, &'static str, &'static str);

const WORD: Kind = ("String", "LowCardinality(String)", "''");
const TEXT: Kind = ("String", "String", "''");
const MAYBE_WORD: Kind =
    ("Nullable(String)", "LowCardinality(Nullable(String))", "CAST(NULL AS Nullable(String))");
const MAYBE_TEXT: Kind = ("Nullable(String)", "Nullable(String)", "CAST(NULL AS Nullable(String))");
const ADDRESS: Kind = ("FixedString(16)", "IPv6", "toFixedString('', 16)");
const U8: Kind = ("UInt8", "UInt8", "toUInt8(0)");
const U16: Kind = ("UInt16", "UInt16", "toUInt16(0)");
const U32: Kind = ("UInt32", "UInt32", "toUInt32(0)");
const U64: Kind = ("UInt64", "UInt64", "toUInt64(0)");
const I64: Kind = ("Int64", "Int64", "toInt64(0)");
const TIME: Kind = ("DateTime", "DateTime", "toDateTime(0)");
const MAYBE_U8: Kind = ("Nullable(UInt8)", "Nullable(UInt8)", "CAST(NULL AS Nullable(UInt8))");
const MAYBE_U32: Kind = ("Nullable(UInt32)", "Nullable(UInt32)", "CAST(NULL AS Nullable(UInt32))");
const MAYBE_U64: Kind = ("Nullable(UInt64)", "Nullable(UInt64)", "CAST(NULL AS Nullable(UInt64))");
const MAYBE_I64: Kind = ("Nullable(Int64)", "Nullable(Int64)", "CAST(NULL AS Nullable(Int64))");

columns! {
    /// The name of the host, as its recorder has it.
    host: Text, WORD;
    /// The random number of the store it came from.
    store: u64, U64 "CODEC(ZSTD)";
    /// The random ID of the boot.
    boot: Text, WORD;
    /// Which end of the store it is; of an open socket the number that tells it from others.
    sequence: u64, U64 "CODEC(Delta, ZSTD)";
    /// When it ended, in seconds; 0 while it is open.
    ended: u32, TIME "CODEC(Delta, ZSTD)";
    ended_us: i64, I64 "CODEC(Delta, ZSTD)";
    /// How; empty while it is open.
    reason: Text, WORD;
    /// `tcp` or `udp`.
    proto: Text, WORD;
    /// `out`, `in`, `listen`, or empty.
    side: Text, WORD;
    /// The port of the service: that of the end that was called.
    service: u16, U16 "CODEC(ZSTD)";
    /// IPv4 as mapped.
    local: [u8; 16], ADDRESS "CODEC(ZSTD)";
    local_port: u16, U16 "CODEC(ZSTD)";
    local_scope: u32, U32 "CODEC(ZSTD)";
    remote: [u8; 16], ADDRESS "CODEC(ZSTD)";
    remote_port: u16, U16 "CODEC(ZSTD)";
    remote_scope: u32, U32 "CODEC(ZSTD)";
    /// Whether there is a remote end.
    has_remote: u8, U8 "CODEC(ZSTD)";
    v6_only: Option<u8>, MAYBE_U8 "CODEC(ZSTD)";
    started_us: Option<i64>, MAYBE_I64 "CODEC(Delta, ZSTD)";
    started_before_us: Option<i64>, MAYBE_I64 "CODEC(ZSTD)";
    started_after_us: Option<i64>, MAYBE_I64 "CODEC(ZSTD)";
    established_us: Option<i64>, MAYBE_I64 "CODEC(Delta, ZSTD)";
    first_fin_us: Option<i64>, MAYBE_I64 "CODEC(Delta, ZSTD)";
    first_fin_local: u8, U8 "CODEC(ZSTD)";
    lasted_us: Option<u64>, MAYBE_U64 "CODEC(ZSTD)";
    uid: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    bytes_sent: Option<u64>, MAYBE_U64 "CODEC(ZSTD)";
    bytes_received: Option<u64>, MAYBE_U64 "CODEC(ZSTD)";
    rtt_us: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    min_rtt_us: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    retransmits: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    /// Inode of the network namespace.
    namespace: Option<u64>, MAYBE_U64 "CODEC(ZSTD)";
    cookie: u64, U64 "CODEC(Delta, ZSTD)";
    /// The number of its process in the store; 0 for none.
    process: u64, U64 "CODEC(ZSTD)";
    pid: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    /// From what the process is known: `made`, `closed`, `held`.
    owner_source: Text, WORD;
    parent: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    /// Whether more is known of the process than its IDs.
    process_known: u8, U8 "CODEC(ZSTD)";
    process_name: Text, WORD;
    comm: Text, WORD;
    path: Option<Text>, MAYBE_WORD;
    arguments: Option<Text>, MAYBE_TEXT "CODEC(ZSTD)";
    cgroup: Option<Text>, MAYBE_WORD;
    unit: Option<Text>, MAYBE_WORD;
    process_uid: Option<u32>, MAYBE_U32 "CODEC(ZSTD)";
    user: Option<Text>, MAYBE_WORD;
    /// The runtime of its container; empty without one.
    runtime: Text, WORD;
    container: Text, TEXT "CODEC(ZSTD)";
    pod: Option<Text>, MAYBE_WORD;
}

/// Returns the place of a column.
pub(crate) fn place(name: &str) -> Option<usize> {
    COLUMNS.iter().position(|column| column.name == name)
}

const RUNTIMES: [ContainerRuntime; 7] = [
    ContainerRuntime::Docker,
    ContainerRuntime::Podman,
    ContainerRuntime::Containerd,
    ContainerRuntime::CriO,
    ContainerRuntime::Kubernetes,
    ContainerRuntime::Lxc,
    ContainerRuntime::Nspawn,
];

const SOURCES: [OwnerSource; 3] = [OwnerSource::Made, OwnerSource::Closed, OwnerSource::Held];

const ROLES: [ConnectionRole; 3] =
    [ConnectionRole::Active, ConnectionRole::Passive, ConnectionRole::Listener];

fn text(text: &str) -> Text {
    text.as_bytes().into()
}

/// Returns the bytes of an address, of IPv4 those of the mapped one.
pub(crate) fn address_bytes(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
        IpAddr::V6(address) => address.octets(),
    }
}

fn endpoint(address: [u8; 16], scope: u32, port: u16) -> IpEndpoint {
    IpEndpoint { address: IpAddr::V6(Ipv6Addr::from(address)).to_canonical(), scope, port }
}

fn since_1970(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Returns microseconds since 1970, as the tables have them.
pub(crate) fn micros(time: SystemTime) -> i64 {
    since_1970(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

fn time(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn reason(word: &str) -> EndReason {
    let named = NAMED_REASONS.into_iter().find(|reason| lifespan::known_reason(*reason) == Some(word));
    let number = || word.strip_prefix("error-")?.parse().ok().map(EndReason::Other);
    // What a newer version knows was not seen by this one.
    named.or_else(number).unwrap_or(EndReason::Unseen)
}

/// Returns the port of the end that was called.
fn service(record: &ConnectionRecord) -> u16 {
    let (local, remote) = (record.local.port, record.remote.map_or(0, |end| end.port));
    match record.role {
        ConnectionRole::Active => remote,
        ConnectionRole::Passive | ConnectionRole::Listener => local,
        ConnectionRole::Unknown if remote == 0 => local,
        // Ports that systems choose are high.
        ConnectionRole::Unknown => local.min(remote),
    }
}

/// A row as somebody who asks wants it.
pub(crate) struct Read {
    pub(crate) record: ConnectionRecord,
    pub(crate) lasted: Option<Duration>,
    pub(crate) owner: Option<Owner>,
    pub(crate) host: Option<Box<str>>,
}

impl Read {
    /// Returns the socket of the row.
    pub(crate) fn socket(&self, seen: Seen) -> Socket {
        socket_of(&self.record, self.lasted, self.owner, self.host.as_deref(), seen)
    }

    pub(crate) fn presence(&self, at: Duration) -> Presence {
        presence(&self.record, at)
    }
}

impl Flat {
    /// Returns the row of what a store tells.
    pub(crate) fn of(told: &Told, store: u64) -> Self {
        let record = &told.record;
        let (ended, end_reason) = record.ended.map_or((None, None), |(at, why)| (Some(at), Some(why)));
        let (before, after) = match record.bound {
            Some(BeginBound::NoLaterThan(at)) => (Some(since_1970(at)), None),
            Some(BeginBound::NoEarlierThan(at)) => (None, Some(since_1970(at))),
            None => (None, None),
        };
        let remote = record.remote;
        let mut row = Self {
            host: text(told.host.as_deref().unwrap_or_default()),
            store,
            boot: text(&told.boot),
            sequence: told.sequence,
            // The server counts seconds in 32 bits.
            ended: ended.map_or(0, |at| u32::try_from(at.as_secs()).unwrap_or(u32::MAX)),
            ended_us: ended.map_or(0, since_1970),
            reason: end_reason.map_or_else(Text::default, |why| text(&lifespan::reason(why))),
            proto: text(if record.transport == Transport::Tcp { "tcp" } else { "udp" }),
            side: text(lifespan::side(record.role).unwrap_or_default()),
            service: service(record),
            local: address_bytes(record.local.address),
            local_port: record.local.port,
            local_scope: record.local.scope,
            remote: address_bytes(remote.map_or(Ipv6Addr::UNSPECIFIED.into(), |end| end.address)),
            remote_port: remote.map_or(0, |end| end.port),
            remote_scope: remote.map_or(0, |end| end.scope),
            has_remote: remote.is_some().into(),
            v6_only: record.v6_only.map(u8::from),
            started_us: record.started.map(since_1970),
            started_before_us: before,
            started_after_us: after,
            established_us: record.established.map(since_1970),
            first_fin_us: record.first_fin.map(|(at, _)| since_1970(at)),
            first_fin_local: record.first_fin.is_some_and(|(_, is_local)| is_local).into(),
            lasted_us: told.lasted.map(|lasted| u64::try_from(lasted.as_micros()).unwrap_or(u64::MAX)),
            uid: record.uid,
            bytes_sent: record.bytes_sent,
            bytes_received: record.bytes_received,
            rtt_us: record.rtt,
            min_rtt_us: record.min_rtt,
            retransmits: record.retransmits,
            namespace: record.namespace.map(|namespace| namespace.inode),
            cookie: record.cookie,
            ..Self::default()
        };
        if let (Some((id, process)), Some((_, source))) = (&told.process, record.process) {
            row.process = *id;
            row.owner_source = text(lifespan::owner_source(source));
            row.add_process(process);
        }
        row
    }

    fn add_process(&mut self, process: &Rc<ToldProcess>) {
        self.pid = Some(process.pid);
        self.parent = process.parent;
        let Some(record) = &process.record else { return };
        self.process_known = 1;
        self.process_name = record.name.clone();
        self.comm = record.comm.clone();
        self.path = record.executable.clone();
        self.arguments = record.arguments.clone();
        self.cgroup = record.cgroup.clone();
        self.unit = record.unit.as_deref().map(text);
        self.process_uid = record.uid;
        self.user = record.user.as_deref().map(text);
        if let Some(container) = &record.container {
            self.runtime = text(runtime_word(container.runtime));
            self.container = text(&container.id);
            self.pod = container.pod.as_deref().map(text);
        }
    }

    /// Returns what tells an open socket from others of its store.
    pub(crate) fn open_key(&self) -> u64 {
        let mut key = Hash::default();
        key.add(&self.boot);
        key.add(&self.cookie.to_le_bytes());
        if self.cookie == 0 {
            key.add(&self.namespace.unwrap_or(0).to_le_bytes());
            key.add(&self.proto);
            for (address, port) in [(self.local, self.local_port), (self.remote, self.remote_port)] {
                key.add(&address);
                key.add(&port.to_le_bytes());
            }
        }
        key.0
    }

    /// Returns the key by which sockets of all hosts name the process; it has no other.
    pub(crate) fn process_key(&self) -> Option<ProcessKey> {
        let pid = self.pid?;
        let mut key = Hash::default();
        key.add(&self.store.to_le_bytes());
        key.add(&self.process.to_le_bytes());
        Some(ProcessKey { pid, start_time: key.0 })
    }

    /// Returns what is known of the process.
    pub(crate) fn described(&self, key: ProcessKey) -> Process {
        if self.process_known == 0 {
            return Process::unknown(key, netstat_model::Missing::NotRead);
        }
        let shown = |text: &Text| -> Box<str> { String::from_utf8_lossy(text).into() };
        let runtime = RUNTIMES.into_iter().find(|known| runtime_word(*known).as_bytes() == &*self.runtime);
        let record = ProcessRecord {
            instance: ProcessInstance { process: key, executions: 0 },
            parent: self.parent,
            uid: self.process_uid,
            user: self.user.as_ref().map(shown),
            name: self.process_name.clone(),
            comm: self.comm.clone(),
            executable: self.path.clone(),
            arguments: self.arguments.clone(),
            cgroup: self.cgroup.clone(),
            unit: self.unit.as_ref().map(shown),
            container: runtime.map(|runtime| Container {
                runtime,
                id: shown(&self.container),
                name: None,
                pod: self.pod.as_ref().map(shown),
                pod_name: None,
            }),
        };
        described(key, &record)
    }

    /// Returns the row as a record with times since 1970.
    pub(crate) fn read(&self) -> Read {
        let word = |text: &Text| String::from_utf8_lossy(text).into_owned();
        let side = word(&self.side);
        let role = ROLES.into_iter().find(|role| lifespan::side(*role) == Some(&side));
        let source = word(&self.owner_source);
        let source = SOURCES.into_iter().find(|known| lifespan::owner_source(*known) == source);
        let key = self.process_key();
        let host = word(&self.host);
        let record = ConnectionRecord {
            cookie: self.cookie,
            namespace: self.namespace.map(|inode| Namespace { inode }),
            transport: if &*self.proto == b"udp" { Transport::Udp } else { Transport::Tcp },
            role: role.unwrap_or(ConnectionRole::Unknown),
            local: endpoint(self.local, self.local_scope, self.local_port),
            remote: (self.has_remote != 0)
                .then(|| endpoint(self.remote, self.remote_scope, self.remote_port)),
            v6_only: self.v6_only.map(|refuses| refuses != 0),
            started: self.started_us.map(time),
            bound: match (self.started_before_us, self.started_after_us) {
                (Some(at), _) => Some(BeginBound::NoLaterThan(time(at))),
                (_, Some(at)) => Some(BeginBound::NoEarlierThan(time(at))),
                _ => None,
            },
            established: self.established_us.map(time),
            first_fin: self.first_fin_us.map(|at| (time(at), self.first_fin_local != 0)),
            ended: (!self.reason.is_empty()).then(|| (time(self.ended_us), reason(&word(&self.reason)))),
            process: key
                .zip(source)
                .map(|(process, source)| (ProcessInstance { process, executions: 0 }, source)),
            uid: self.uid,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            rtt: self.rtt_us,
            min_rtt: self.min_rtt_us,
            retransmits: self.retransmits,
        };
        Read {
            record,
            lasted: self.lasted_us.map(Duration::from_micros),
            owner: key.map(|process| Owner { process, parent: self.parent, descriptor: None }),
            host: (!host.is_empty()).then(|| host.into()),
        }
    }

    /// Reads a row of these columns.
    pub(crate) fn take(columns: &[&Column], from: &mut dyn BufRead) -> io::Result<Self> {
        let mut row = Self::default();
        for column in columns {
            (column.take)(&mut row, from)?;
        }
        Ok(row)
    }
}

/// The number before every row of an answer. What the server says in the middle of one, because it fails there, begins with
/// other bytes.
pub(crate) const MARK: u32 = 0x6e73_6801;

/// Reads the mark of the next row; `false` behind the last.
///
/// # Errors
/// When something else is there, which is put in front of the error as text.
pub(crate) fn take_mark(from: &mut dyn BufRead) -> Result<bool, (io::Error, Vec<u8>)> {
    match from.fill_buf() {
        Ok([]) => return Ok(false),
        Ok(_) => {}
        Err(error) => return Err((error, Vec::new())),
    }
    let mut mark = [0; 4];
    from.read_exact(&mut mark).map_err(|error| (error, Vec::new()))?;
    if u32::from_le_bytes(mark) == MARK {
        return Ok(true);
    }
    let mut said = mark.to_vec();
    let mut rest = [0; 2048];
    while said.len() < 4096 {
        match from.read(&mut rest) {
            Ok(count @ 1..) => said.extend_from_slice(rest.get(..count).unwrap_or_default()),
            _ => break,
        }
    }
    Err((invalid(), said))
}

/// A number of bytes that stays the same from one version of the program to the next (FNV-1a, mixed once more).
#[derive(Debug, Clone, Copy)]
struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Adds a value, and that it ends there.
    fn add(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.0 ^= self.0 >> 29;
    }
}

/// Returns the number of a row's values, but for those that change without anything happening.
pub(crate) fn content(row: &Flat) -> u64 {
    let mut out = Vec::new();
    for column in COLUMNS {
        (column.put)(row, &mut out);
    }
    let mut hash = Hash::default();
    hash.add(&out);
    hash.0
}
