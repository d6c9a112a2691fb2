//! One socket as the laboratory made it or as a witness reports it.

use std::fmt;
use std::net::{SocketAddr, SocketAddrV6};

/// The transport protocol of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, RFC 9293.
    Tcp,
    /// UDP, RFC 768.
    Udp,
}

/// The address family a socket was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `AF_INET`.
    V4,
    /// `AF_INET6`; such a socket may carry IPv4 traffic as well.
    V6,
}

/// The state of a TCP socket, by its RFC 9293 name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TcpState {
    /// Bound to a port, neither listening nor connected; not a state of the RFC.
    Bound,
    /// LISTEN.
    Listen,
    /// SYN-SENT.
    SynSent,
    /// SYN-RECEIVED.
    SynReceived,
    /// ESTABLISHED.
    Established,
    /// FIN-WAIT-1.
    FinWait1,
    /// FIN-WAIT-2.
    FinWait2,
    /// CLOSE-WAIT.
    CloseWait,
    /// CLOSING.
    Closing,
    /// LAST-ACK.
    LastAck,
    /// TIME-WAIT.
    TimeWait,
}

impl TcpState {
    /// Every state that [`RemoteHost::hold`](crate::RemoteHost::hold) can make.
    pub const ALL: [Self; 11] = [
        Self::Bound,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
    ];

    /// Decodes the kernel's number of a state; `None` for CLOSE (7) and unknown numbers.
    #[doc(alias = "TCP_ESTABLISHED")]
    pub fn from_kernel(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Established,
            2 => Self::SynSent,
            3 | 12 => Self::SynReceived,
            4 => Self::FinWait1,
            5 => Self::FinWait2,
            6 => Self::TimeWait,
            8 => Self::CloseWait,
            9 => Self::LastAck,
            10 => Self::Listen,
            11 => Self::Closing,
            13 => Self::Bound,
            _ => return None,
        })
    }
}

/// One socket. Unknown values are `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The family the socket was made with.
    pub family: Family,
    /// The TCP state; `None` for UDP.
    pub state: Option<TcpState>,
    /// The local end as the socket has it: `[::ffff:a.b.c.d]` is kept. The scope of a link-local address is
    /// its interface index, 0 where the witness does not report it.
    pub local: SocketAddr,
    /// The remote end; `None` where there is none.
    pub remote: Option<SocketAddr>,
    /// `IPV6_V6ONLY`; `None` for an IPv4 socket and where it is not reported.
    pub v6_only: Option<bool>,
    /// The inode of the socket; `None` where no descriptor holds it (TIME_WAIT, half-open requests, orphans).
    pub inode: Option<u64>,
    /// The processes that hold it, ascending; empty where there is none, and where the witness does not report them.
    pub pids: Vec<u32>,
}

/// What every witness reports of a socket: the part of a [`Row`] that can be compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The transport protocol.
    pub protocol: Protocol,
    /// The family the socket was made with.
    pub family: Family,
    /// The TCP state; `None` for UDP.
    pub state: Option<TcpState>,
    /// The local end, without scope.
    pub local: SocketAddr,
    /// The remote end, without scope.
    pub remote: Option<SocketAddr>,
}

impl Row {
    /// Returns the part that every witness reports.
    pub fn key(&self) -> Key {
        Key {
            protocol: self.protocol,
            family: self.family,
            state: self.state,
            local: without_scope(self.local),
            remote: self.remote.map(without_scope),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{:?} {} -> ", self.protocol, self.family, self.local)?;
        match self.remote {
            Some(remote) => write!(f, "{remote}")?,
            None => f.write_str("none")?,
        }
        match self.state {
            Some(state) => write!(f, " {state:?}"),
            None => Ok(()),
        }
    }
}

/// Sorts the part of rows that every witness reports, and keeps duplicates: two tables of the same sockets compare equal,
/// and `assert_eq!` shows what differs.
///
/// Leaves out what one of the witnesses does not know: `/proc/net` has no scope and no process, TIME_WAIT
/// has no inode. [`TcpState::Bound`] is in neither `/proc/net` nor an older `ss`: see
/// [`witness::bound`](crate::witness::bound).
pub fn normalized<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Vec<Key> {
    let mut keys: Vec<Key> = rows.into_iter().map(Row::key).collect();
    keys.sort();
    keys
}

fn without_scope(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(_) => address,
        SocketAddr::V6(v6) => SocketAddrV6::new(*v6.ip(), v6.port(), 0, 0).into(),
    }
}
