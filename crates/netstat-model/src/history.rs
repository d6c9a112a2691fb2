//! What a recorder keeps of connections: when each began and ended, how, by whom, and what is missing.

pub use crate::lifespan::{ConnectionRole, EndReason, Lifespan};
use crate::{Container, IpEndpoint, Namespace, NoBpf, ProcessKey, Transport};
use std::fmt;
use std::time::Duration;

/// A moment, as the time since the system booted, sleep included (`CLOCK_BOOTTIME`). It never jumps; a [`ClockReading`] makes
/// a time of day of it.
pub type SinceBoot = Duration;

/// What a moment since boot was by the clock on the wall. One is kept at the start, and whenever the clock was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockReading {
    /// Random ID of the boot that `since_boot` counts from; empty on a system that has none.
    pub boot_id: Box<str>,
    /// The moment.
    pub since_boot: SinceBoot,
    /// The same moment, as the time since 1970.
    pub since_1970: Duration,
}

/// From what the process of a connection is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OwnerSource {
    /// It connected or listened: the process that made the connection.
    Made,
    /// It closed the connection. After a descriptor was passed on, or a fork, this is the last process that held it.
    Closed,
    /// It held the socket at a look at all descriptors.
    Held,
}

/// What is known of when a connection began that nobody saw begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginBound {
    /// It was there at this moment: a look saw it then.
    NoLaterThan(SinceBoot),
    /// It was not there at this moment: a look would have seen it.
    NoEarlierThan(SinceBoot),
}

/// One run of one program, under one name: a process that executes another program is another one, and so is one that has given
/// itself another name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessInstance {
    /// The process.
    pub process: ProcessKey,
    /// Tells these apart: the low 16 bits are how many programs the process had executed, 0 where that is not known; the others
    /// a number of its name, likewise.
    pub executions: u32,
}

/// One end of a TCP connection, a listener, or the flow of a UDP socket.
#[derive(Debug, Clone, PartialEq)]
pub struct ConnectionRecord {
    /// The cookie of its socket, unique since boot. 0 where that is not known.
    pub cookie: u64,
    /// The network namespace of the socket.
    pub namespace: Option<Namespace>,
    /// The protocol.
    pub transport: Transport,
    /// Which end began it.
    pub role: ConnectionRole,
    /// The local end.
    pub local: IpEndpoint,
    /// The remote end; `None` for a listener.
    pub remote: Option<IpEndpoint>,
    /// Whether an IPv6 socket without a remote end refuses IPv4; see [`Socket::v6_only`](crate::Socket::v6_only).
    pub v6_only: Option<bool>,
    /// When `connect()` or `listen()` was called, or the handshake of a passive end was over. `None` where nobody saw that.
    pub started: Option<SinceBoot>,
    /// What is known of its start where `started` is not.
    pub bound: Option<BeginBound>,
    /// When it was established; `None` where it never was, or was before the recorder.
    pub established: Option<SinceBoot>,
    /// When the first end closed its direction, and whether that was the local one.
    pub first_fin: Option<(SinceBoot, bool)>,
    /// When it ended, and how; `None` while it is open.
    pub ended: Option<(SinceBoot, EndReason)>,
    /// Which process held it, and how that is known. Never guessed.
    pub process: Option<(ProcessInstance, OwnerSource)>,
    /// The numeric ID of its user.
    pub uid: Option<u32>,
    /// Bytes sent that were acknowledged, without retransmissions.
    pub bytes_sent: Option<u64>,
    /// Bytes received.
    pub bytes_received: Option<u64>,
    /// Smoothed round-trip time, in microseconds.
    pub rtt: Option<u32>,
    /// Smallest round-trip time, in microseconds.
    pub min_rtt: Option<u32>,
    /// Segments sent again.
    pub retransmits: Option<u32>,
}

impl ConnectionRecord {
    /// Makes a record of a TCP connection of which nothing but its ends is known.
    #[must_use]
    pub fn new(local: IpEndpoint, remote: Option<IpEndpoint>) -> Self {
        Self {
            cookie: 0,
            namespace: None,
            transport: Transport::Tcp,
            role: ConnectionRole::Unknown,
            local,
            remote,
            v6_only: None,
            started: None,
            bound: None,
            established: None,
            first_fin: None,
            ended: None,
            process: None,
            uid: None,
            bytes_sent: None,
            bytes_received: None,
            rtt: None,
            min_rtt: None,
            retransmits: None,
        }
    }
}

/// A process that held a connection, as it was then: it may be over when somebody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessRecord {
    /// Which one.
    pub instance: ProcessInstance,
    /// The process ID of its parent.
    pub parent: Option<u32>,
    /// The numeric ID of its user, and the name of that.
    pub uid: Option<u32>,
    /// The name of that user.
    pub user: Option<Box<str>>,
    /// The name of its program, as the table shows it.
    pub name: Box<[u8]>,
    /// The name that it gave itself, 15 bytes at most.
    pub comm: Box<[u8]>,
    /// The path of its executable.
    pub executable: Option<Box<[u8]>>,
    /// Its arguments, each ended by a NUL. Only where they were asked for: they may hold passwords.
    pub arguments: Option<Box<[u8]>>,
    /// Its control group, by the path below the root of the hierarchy.
    pub cgroup: Option<Box<[u8]>>,
    /// Its systemd unit.
    pub unit: Option<Box<str>>,
    /// Its container.
    pub container: Option<Container>,
}

/// Why something is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GapCause {
    /// The buffer between kernel and recorder was full, and had no room for ends.
    Ring,
    /// It had no room for begins: those connections are not there until they end.
    Begins,
    /// Which processes held some connections was told, and there was no room to keep it.
    Processes,
    /// The store could not be written, such as on a full disk.
    Store,
    /// The kernel did not run a program, or ran it for fewer ends than there were.
    Unseen,
    /// The recorder was not running.
    NotRunning,
    /// The machine was suspended.
    Suspended,
    /// A block of the store is damaged.
    Damaged,
    /// Ends were deleted to make room before they could be sent to where they are asked for.
    Unsent,
    /// The buffer had no room to tell that an end of some connections had closed its direction: until they end they may be
    /// told as established.
    HalfClosed,
    /// There was no room to keep who sent some datagrams of UDP, or to whom they went.
    Datagrams,
}

/// A span of time of which the history is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordGap {
    /// The boot that the times count from; `None` where the span reaches over a boot.
    pub boot_id: Option<Box<str>>,
    /// Its begin, since boot.
    pub from: SinceBoot,
    /// Its end, since boot.
    pub until: SinceBoot,
    /// How many are missing of what the cause names, ends of connections if it names nothing else; `None` where nobody
    /// knows.
    pub lost: Option<u64>,
    /// Why.
    pub cause: GapCause,
}

/// What a source of events tells a recorder, in the order in which it happened as far as that is known.
#[derive(Debug, Clone, PartialEq)]
pub enum ConnectionEvent {
    /// A process that has not been seen before. Comes before the first connection that names it.
    Process(Box<ProcessRecord>),
    /// A connection or listener that is open. May come again with more known.
    Opened(Box<ConnectionRecord>),
    /// An end of a connection has closed its direction, and the connection is still open. Of its record there is only what
    /// tells it from others, and the first FIN.
    HalfClosed(Box<ConnectionRecord>),
    /// A connection or listener has ended. It was [`ConnectionEvent::Opened`] before only if it lived long enough.
    Ended(Box<ConnectionRecord>),
    /// Something is missing.
    Gap(RecordGap),
}

/// By what means the events of connections are seen, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventMethod {
    /// BPF programs in the kernel: every end of a TCP connection in all network namespaces, with its process.
    Bpf,
    /// What the kernel says of each TCP socket that it destroys, and looks at the table, because BPF was not used: every end
    /// in this network namespace, and the process of those that lived until a look.
    Closings(NoBpf),
    /// What the kernel of Windows tells (ETW): every TCP connection that was established, as it begins and ends, with its
    /// process. How it ended, listeners and UDP are known from looks.
    Trace,
    /// Looks at the table alone: what lived until one. Why BPF was not used, on a system that has it.
    Looks(Option<NoBpf>),
    /// The same on Windows, and why it does not tell more.
    NoTrace(NoTrace),
}

/// Why nothing is heard of the kernel of Windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTrace {
    /// It takes an administrator, or a member of the group Performance Log Users.
    NotPermitted,
    /// The system takes the question and tells nothing, as Wine does.
    Silent,
    /// A recording from before there was such a thing, or of somebody without the rights.
    NotRecorded,
    /// The system refused, with this error.
    Refused(u32),
}

impl fmt::Display for NoTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPermitted => {
                f.write_str("it takes an administrator or a member of the group Performance Log Users")
            }
            Self::Silent => f.write_str("this system has none"),
            Self::NotRecorded => f.write_str("the recording has none"),
            Self::Refused(error) => write!(f, "Windows refused with error {error}"),
        }
    }
}

impl fmt::Display for EventMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bpf => {
                f.write_str("complete: every end of a TCP connection is seen, with its process (BPF)")
            }
            Self::Closings(reason) => write!(
                f,
                "sampled: every end in this network namespace is seen, but the process only of connections that lived until a \
                 look, once a second; BPF was not used: {reason}"
            ),
            Self::Trace => f.write_str(
                "traced: every TCP connection is seen from its handshake to its end, with its process (ETW); how it ended, and \
                 UDP, are known from looks, once a second",
            ),
            Self::NoTrace(reason) => write!(
                f,
                "looks only: a connection that opens and ends between two looks, once a second, is not seen; the events of Windows \
                 (ETW) were not used: {reason}"
            ),
            Self::Looks(reason) => {
                f.write_str("looks only: a connection that opens and ends between two looks, once a second, is not seen")?;
                reason.map_or(Ok(()), |reason| write!(f, "; BPF was not used: {reason}"))
            }
        }
    }
}

/// What a source of events has counted since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventCounts {
    /// Connections and listeners whose begin was seen.
    pub opened: u64,
    /// Those of them that have ended.
    pub ended: u64,
    /// Those that have ended and were there before.
    pub ended_of_before: u64,
    /// Ends that the buffer between kernel and recorder had no room for. They are in a [`RecordGap`].
    pub lost: u64,
    /// Begins, and records of processes, that it had no room for, likewise.
    pub lost_begins: u64,
    /// See [`lost_begins`](Self::lost_begins).
    pub lost_processes: u64,
    /// See [`GapCause::HalfClosed`].
    pub lost_half_closed: u64,
    /// Ends that the kernel told nobody of, found by what was open before. They are in a [`RecordGap`].
    pub unseen: u64,
    /// Times that the kernel did not run a program because it would have interrupted itself; the second copy of each
    /// program makes up for that.
    pub skipped: u64,
    /// What only the second copy of a program saw.
    pub saved: u64,
    /// Ends that were noticed only when the kernel freed the socket.
    pub late: u64,
    /// Sockets that the kernel had no memory to follow.
    pub not_followed: u64,
}
