//! Queries: what a caller asks for, so that nothing else is read.
//!
//! ```
//! use netstat_model::query::{Fields, Kinds, SocketQuery, States};
//! use netstat_model::{IpEndpoint, Family, Transport, Socket, TcpState};
//!
//! let query = SocketQuery { fields: Fields::MEMORY, ..SocketQuery::new(Kinds::TCP, States::LISTEN) };
//! let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None);
//! socket.state = Some(TcpState::Listen);
//! assert!(query.selects(&socket));
//! socket.state = Some(TcpState::Established);
//! assert!(!query.selects(&socket));
//! ```

pub use crate::keep::Keep;
use crate::{Error, Family, OwnerMethod, Protocol, SocketRef, TcpFields, TcpState, Transport, Warning};
use bitflags::bitflags;
use std::sync::Arc;

mod routes;

pub use routes::{Families, RouteQuery, Tables, UnknownTable};

bitflags! {
    /// Kinds of sockets, by protocol and family.
    ///
    /// The family of TCP and UDP is that of the traffic: an IPv4 connection on an IPv6 socket is IPv4.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Kinds: u16 {
        /// TCP over IPv4.
        const TCP_V4 = 1;
        /// TCP over IPv6.
        const TCP_V6 = 2;
        /// UDP over IPv4.
        const UDP_V4 = 4;
        /// UDP over IPv6.
        const UDP_V6 = 8;
        /// TCP over both.
        const TCP = 3;
        /// UDP over both.
        const UDP = 12;
        /// TCP and UDP over both: what the table of Windows has.
        const TCP_UDP = 15;
        /// `AF_UNIX`. Linux only, as all that follow.
        const UNIX = 1 << 4;
        /// Raw IP sockets, over both.
        const RAW = 1 << 5;
        /// ICMP echo sockets without privileges, over both.
        const PING = 1 << 6;
        /// `AF_PACKET`.
        const PACKET = 1 << 7;
        /// `AF_NETLINK`.
        const NETLINK = 1 << 8;
        /// `AF_VSOCK`.
        const VSOCK = 1 << 9;
        /// `AF_XDP`.
        const XDP = 1 << 10;
        /// Multipath TCP, over both.
        const MPTCP = 1 << 11;
        /// SCTP, over both.
        const SCTP = 1 << 12;
        /// `AF_BLUETOOTH`.
        const BLUETOOTH = 1 << 13;
        /// All kinds that the system has lists of.
        const LISTED = (1 << 14) - 1;
        /// Sockets in none of those lists, to which only descriptors lead: made and never bound, or reset by their peers and
        /// not closed. In all network namespaces.
        const UNLISTED = 1 << 14;
    }

    /// Set of TCP states. It does not apply to UDP sockets.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct States: u16 {
        /// CLOSED.
        const CLOSED = 1;
        /// LISTEN.
        const LISTEN = 1 << 1;
        /// SYN-SENT.
        const SYN_SENT = 1 << 2;
        /// SYN-RECEIVED.
        const SYN_RECEIVED = 1 << 3;
        /// ESTABLISHED.
        const ESTABLISHED = 1 << 4;
        /// FIN-WAIT-1.
        const FIN_WAIT_1 = 1 << 5;
        /// FIN-WAIT-2.
        const FIN_WAIT_2 = 1 << 6;
        /// CLOSE-WAIT.
        const CLOSE_WAIT = 1 << 7;
        /// CLOSING.
        const CLOSING = 1 << 8;
        /// LAST-ACK.
        const LAST_ACK = 1 << 9;
        /// TIME-WAIT.
        const TIME_WAIT = 1 << 10;
        /// Bound, neither listening nor connected.
        const BOUND = 1 << 11;
        /// DELETE-TCB: the control block is being deleted (Windows only).
        const DELETE_TCB = 1 << 12;
    }

    /// Fields of a socket that take extra time or memory to read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct Fields: u16 {
        /// [`crate::Socket::traffic_class`].
        const TRAFFIC_CLASS = 1;
        /// [`crate::Socket::congestion`].
        const CONGESTION = 2;
        /// [`crate::Socket::time_in_state`].
        const TIME_IN_STATE = 4;
        /// What comes with every row, but takes memory to keep: user, queues, interface, timer, mark, control group, and
        /// the whole cookie. Any other field brings these as well.
        const COMMON = 8;
        /// [`crate::Socket::memory`].
        const MEMORY = 16;
        /// [`crate::Socket::mark`], which is read anyway where the system permits it; if asked for, a
        /// warning says where it does not.
        const MARK = 32;
        /// [`crate::Socket::age`].
        const AGE = 64;
        /// [`crate::WindowsSocket::offload`].
        const OFFLOAD = 128;
        /// [`crate::WindowsSocket::module`].
        const MODULE = 256;
        /// [`crate::Socket::namespace`]. A list of all namespaces has it in any case.
        const NAMESPACE = 512;
        /// [`crate::Socket::lifespan`].
        const LIFESPAN = 1024;
        /// [`crate::WindowsSocket::template`].
        const TEMPLATE = 2048;
        /// [`crate::Socket::application`].
        const APPLICATION = 4096;
    }
}

impl SocketQuery {
    /// Returns a query for the ends and states of these sockets, and nothing else.
    pub fn new(kinds: Kinds, states: States) -> Self {
        let programs = Programs::default();
        let (fields, tcp, scope) = (Fields::empty(), TcpFields::empty(), Scope::default());
        Self { kinds, states, fields, tcp, programs, scope, source: SocketSource::default() }
    }

    /// Returns whether a socket is one of those asked for. One in a state that this program does not know is.
    pub fn selects<'a>(&self, socket: impl Into<SocketRef<'a>>) -> bool {
        let socket = socket.into();
        let Some(transport) = socket.protocol.transport() else {
            return self.kinds.intersects(Kinds::of_protocol(socket.protocol));
        };
        let wanted = |family| self.kinds.contains(Kinds::of(transport, family));
        let state = match socket.state {
            None | Some(TcpState::Unknown(_)) => true,
            Some(state) => self.states.contains(States::of(state)),
        };
        if wanted(Family::V4) && wanted(Family::V6) {
            return state;
        }
        let crate::ServedFamilies { v4, v6 } = socket.families();
        state && (v4 && wanted(Family::V4) || v6 && wanted(Family::V6))
    }

    /// Returns what a table has to keep to answer the query.
    pub fn keep(&self) -> Keep {
        Keep {
            // What other families have is kept beside the details.
            details: !self.fields.is_empty()
                || !self.tcp.is_empty()
                || self.scope == Scope::All
                || !self.kinds.others().is_empty(),
            tcp: self.tcp,
            memory: self.fields.contains(Fields::MEMORY),
            windows: self.fields.intersects(Fields::OFFLOAD | Fields::MODULE),
            lifespan: self.fields.contains(Fields::LIFESPAN),
            application: self.fields.contains(Fields::APPLICATION),
        }
    }

    /// Returns whether the kernel has to be asked for the course of TCP connections.
    pub fn reads_tcp_info(&self) -> bool {
        !self.tcp.is_empty() || self.fields.contains(Fields::AGE)
    }
}

impl States {
    /// All states except LISTEN and bound.
    pub const CONNECTIONS: Self = Self::all().difference(Self::LISTEN.union(Self::BOUND));

    /// Returns the set of one state, which is empty for [`TcpState::Unknown`].
    pub fn of(state: TcpState) -> Self {
        match state {
            TcpState::Closed => Self::CLOSED,
            TcpState::Listen => Self::LISTEN,
            TcpState::SynSent => Self::SYN_SENT,
            TcpState::SynReceived => Self::SYN_RECEIVED,
            TcpState::Established => Self::ESTABLISHED,
            TcpState::FinWait1 => Self::FIN_WAIT_1,
            TcpState::FinWait2 => Self::FIN_WAIT_2,
            TcpState::CloseWait => Self::CLOSE_WAIT,
            TcpState::Closing => Self::CLOSING,
            TcpState::LastAck => Self::LAST_ACK,
            TcpState::TimeWait => Self::TIME_WAIT,
            TcpState::Bound => Self::BOUND,
            TcpState::DeleteTcb => Self::DELETE_TCB,
            TcpState::Unknown(_) => Self::empty(),
        }
    }
}

impl Kinds {
    /// Returns all kinds of a protocol.
    pub fn of_protocol(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Tcp => Self::TCP,
            Protocol::Udp => Self::UDP,
            Protocol::Unix(_) => Self::UNIX,
            Protocol::Raw(_) => Self::RAW,
            Protocol::Ping => Self::PING,
            Protocol::Packet(_) => Self::PACKET,
            Protocol::Netlink(_) => Self::NETLINK,
            Protocol::Vsock(_) => Self::VSOCK,
            Protocol::Xdp => Self::XDP,
            Protocol::Mptcp => Self::MPTCP,
            Protocol::Sctp => Self::SCTP,
            Protocol::Bluetooth(_) => Self::BLUETOOTH,
            Protocol::Unlisted => Self::UNLISTED,
        }
    }

    /// Returns the kinds that are neither TCP nor UDP.
    pub fn others(self) -> Self {
        self.difference(Self::TCP_UDP)
    }

    /// Returns the kind of a protocol and family.
    pub fn of(protocol: Transport, family: Family) -> Self {
        match (protocol, family) {
            (Transport::Tcp, Family::V4) => Self::TCP_V4,
            (Transport::Tcp, Family::V6) => Self::TCP_V6,
            (Transport::Udp, Family::V4) => Self::UDP_V4,
            (Transport::Udp, Family::V6) => Self::UDP_V6,
        }
    }
}

/// Programs with which the kernel skips sockets, as compiled from a filter; `None` skips none.
///
/// They only save work: where the kernel refuses them, or the table comes from elsewhere, all sockets are returned. Check
/// each socket again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[doc(alias = "INET_DIAG_REQ_BYTECODE")]
pub struct Programs {
    /// The program for TCP.
    pub tcp: Option<Arc<[u8]>>,
    /// The program for UDP.
    pub udp: Option<Arc<[u8]>>,
}

/// Which sockets to list, and what to read of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketQuery {
    /// The kinds of sockets. A dual-stack socket matches the kinds of both families.
    pub kinds: Kinds,
    /// The TCP states.
    pub states: States,
    /// The fields to read beyond ends and state.
    pub fields: Fields,
    /// Which fields of the course of TCP connections to keep.
    pub tcp: TcpFields,
    /// What the kernel may leave out.
    pub programs: Programs,
    /// Whose sockets.
    pub scope: Scope,
    /// By what means.
    pub source: SocketSource,
}

/// By what means TCP and UDP sockets are listed, where the system has more than one. Windows has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SocketSource {
    /// The fastest that works: a BPF program for TCP where there are so many sockets that loading it pays, otherwise sock_diag,
    /// otherwise `/proc/net`.
    #[default]
    Auto,
    /// A BPF program for TCP, or fail; sock_diag for what the program does not list: UDP, bound-only sockets.
    Iter,
    /// sock_diag, or fail.
    Diag,
    /// `/proc/net`, or fail.
    Proc,
}

/// Which network namespaces sockets are listed of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Scope {
    /// That of the calling thread.
    #[default]
    Own,
    /// All of this machine that can be found and entered. Linux only: elsewhere the same as [`Scope::Own`].
    All,
}

/// What is to become of a socket that was just read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visit {
    /// Leave it out of the table.
    Skip,
    /// Keep it.
    Keep,
    /// Keep it, and look for its owners.
    KeepWithOwners,
    /// Keep it without the course of its connection and its memory, which are most of its size.
    KeepLight {
        /// Whether to look for its owners.
        owners: bool,
    },
    /// Leave it out, and read no more sockets.
    Stop,
}

/// Whether and how owners are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnerSearch {
    /// Not at all.
    No,
    /// For each socket that [`Visit::KeepWithOwners`] names, when the list is complete.
    Some(Owners),
    /// For each socket that is kept, beginning while they are listed.
    All(Owners),
}

impl OwnerSearch {
    /// Returns the means, where owners are looked for.
    pub fn by(self) -> Option<Owners> {
        match self {
            Self::No => None,
            Self::Some(by) | Self::All(by) => Some(by),
        }
    }

    /// Turns a failed search into a warning: a table without owners is better than none.
    ///
    /// # Errors
    /// The error itself, where BPF was asked for by name and failed, or `/proc` and this system has none.
    pub fn failed(self, error: Error) -> Result<(OwnerMethod, Warning), Error> {
        let kind = error.source.kind();
        match self.by() {
            Some(Owners::Bpf) => Err(error),
            Some(Owners::Proc) if kind == std::io::ErrorKind::Unsupported => Err(error),
            _ => Ok((
                OwnerMethod::NotNeeded,
                Warning::SourceUnavailable {
                    what: "the owner of each socket",
                    reason: crate::error::words_of(&error.source),
                },
            )),
        }
    }
}

/// How sockets are listed.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// Which sockets, and what of each.
    pub query: &'a SocketQuery,
    /// Whether their owners are looked for.
    pub owners: OwnerSearch,
    /// Whether the list may begin again where the system was interrupted, so that sockets are visited twice. A visitor
    /// that has passed them on does not want that; the list is then incomplete, with a warning.
    pub may_restart: bool,
}

/// By what means the owners of sockets are looked for, where the system has more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Owners {
    /// The fastest that works. Linux: the descriptors in `/proc` while fewer than 2,000 files are open on the machine,
    /// because loading a BPF program takes 2 to 8 ms; beyond that, and where `/proc` refuses some processes, BPF if
    /// possible, otherwise `/proc`.
    #[default]
    Auto,
    /// A BPF program, or fail. Linux only.
    Bpf,
    /// The descriptors in `/proc`. Linux only.
    Proc,
}

bitflags! {
    /// Fields of a process to read.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
    pub struct ProcessFields: u8 {
        /// [`crate::Process::name`] and [`crate::Process::comm`].
        const NAME = 1;
        /// [`crate::Process::executable`].
        const EXECUTABLE = 2;
        /// [`crate::Process::unit`].
        const UNIT = 4;
        /// [`crate::Process::command_line`].
        const COMMAND_LINE = 8;
        /// [`crate::Process::user`].
        const USER = 16;
        /// [`crate::Process::container`].
        const CONTAINER = 32;
        /// [`crate::Process::account`].
        const ACCOUNT = 64;
        /// [`crate::Process::namespace_pid`].
        const NAMESPACE_PID = 128;
    }
}
