//! What is asked for, so that no more is read than that.

use crate::{Brief, Family, Protocol, Section, Sections, Socket, TcpState};
use bitflags::bitflags;
use std::sync::Arc;

mod routes;

pub use routes::{Families, RouteQuery, Tables, UnknownTable};

bitflags! {
    /// Sections of the table, by protocol and family.
    ///
    /// A family means the traffic, as in the table: an IPv4 connection on an IPv6 socket is IPv4.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Kinds: u8 {
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
    }

    /// TCP states. UDP sockets are not narrowed by them.
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
        /// The control block is being deleted (Windows only).
        const DELETE_TCB = 1 << 12;
    }

    /// Fields of a socket that cost something to get.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Fields: u16 {
        /// [`crate::Socket::traffic_class`].
        const TRAFFIC_CLASS = 1;
        /// [`crate::Socket::congestion`].
        const CONGESTION = 2;
        /// [`crate::Socket::time_in_state`].
        const TIME_IN_STATE = 4;
        /// [`crate::Socket::tcp`].
        const TCP_INFO = 8;
        /// [`crate::Socket::memory`].
        const MEMORY = 16;
        /// [`crate::Socket::mark`], which comes unasked where it may be told; asked for, a warning says
        /// where it may not.
        const MARK = 32;
        /// [`crate::Socket::age`].
        const AGE = 64;
        /// [`crate::WindowsSocket::offload`].
        const OFFLOAD = 128;
        /// [`crate::WindowsSocket::module`].
        const MODULE = 256;
    }
}

impl SocketQuery {
    /// Whether a socket is one of those asked for. One in a state that this program does not know is.
    pub fn selects(&self, socket: &Socket) -> bool {
        self.selects_such(socket.protocol, socket.state, socket.sections())
    }

    /// The same of a socket in brief.
    pub fn selects_brief(&self, brief: &Brief) -> bool {
        self.selects_such(brief.protocol, brief.state, brief.sections())
    }

    fn selects_such(&self, protocol: Protocol, state: Option<TcpState>, sections: Sections) -> bool {
        let family = |family| self.kinds.contains(Kinds::of(protocol, family));
        let state = match state {
            None | Some(TcpState::Unknown(_)) => true,
            Some(state) => self.states.contains(States::of(state)),
        };
        state && (sections.v4 && family(Family::V4) || sections.v6 && family(Family::V6))
    }
}

impl States {
    /// All but bound-only and listening.
    pub const CONNECTIONS: Self = Self::all().difference(Self::LISTEN.union(Self::BOUND));

    /// The set of one state; a number this program does not know is in no set.
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
    /// The kind of one part of the table.
    pub fn of_section(section: Section) -> Self {
        match section {
            Section::TcpV4 => Self::TCP_V4,
            Section::TcpV6 => Self::TCP_V6,
            Section::UdpV4 => Self::UDP_V4,
            Section::UdpV6 => Self::UDP_V6,
        }
    }

    /// The kind of one protocol and family.
    pub fn of(protocol: Protocol, family: Family) -> Self {
        Self::of_section(Section::of(protocol, family))
    }
}

/// Programs by which the kernel leaves sockets out, from [`netstat_engine::filter::Filter::narrow`]; `None` leaves out none.
///
/// They save reading what would be thrown away. They are no promise: where the kernel refuses them, or the table comes
/// from elsewhere, everything comes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[doc(alias = "INET_DIAG_REQ_BYTECODE")]
pub struct Programs {
    /// For TCP.
    pub tcp: Option<Arc<[u8]>>,
    /// For UDP.
    pub udp: Option<Arc<[u8]>>,
}

/// Which sockets, and what of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocketQuery {
    /// Which parts of the table. A dual-stack socket answers to either of its two.
    pub kinds: Kinds,
    /// Which TCP states.
    pub states: States,
    /// What to read beyond the ends and the state.
    pub fields: Fields,
    /// What the kernel may leave out.
    pub programs: Programs,
}

/// By what means the owners of sockets are looked for, where the system has more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Owners {
    /// By the fastest that works. Linux: by the descriptors in `/proc` while fewer than 4,000 files are open on the
    /// machine, because loading a program takes 2 to 8 ms; from there on by BPF where that is possible, else by `/proc`.
    #[default]
    Auto,
    /// By a BPF program in the kernel, or not at all. Linux only.
    Bpf,
    /// By the descriptors in `/proc`. Linux only.
    Proc,
}

bitflags! {
    /// What to read of a process.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct ProcessFields: u8 {
        /// [`crate::Process::name`].
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
    }
}
