//! One socket as a row of a table.
//!
//! ```
//! use netstat_engine::row::Section;
//! use netstat_model::query::Kinds;
//! use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketRef};
//!
//! let mut dual = Socket::new(Transport::Udp, Family::V6, IpEndpoint::ANY_V6, None);
//! dual.v6_only = Some(false);
//! let sections: Vec<_> = Section::of_socket(&SocketRef::from(&dual), Kinds::TCP_UDP).collect();
//! assert_eq!(sections, [Section::UdpV4, Section::UdpV6]);
//! ```

use netstat_model::query::{Fields, Kinds};
use netstat_model::{
    Endpoint, EndpointRef, Family, IpEndpoint, SocketRef, TcpFields, TcpState, TimerKind, Transport,
};
use std::cmp::Ordering;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

/// A section of the Windows table, in its order, and what that table does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// TCP over IPv4.
    TcpV4,
    /// TCP over IPv6.
    TcpV6,
    /// UDP over IPv4.
    UdpV4,
    /// UDP over IPv6.
    UdpV6,
    /// Sockets that are neither TCP nor UDP.
    Other,
}

impl Section {
    /// Returns the section of one protocol and family.
    pub fn of(transport: Transport, family: Family) -> Self {
        match (transport, family) {
            (Transport::Tcp, Family::V4) => Self::TcpV4,
            (Transport::Tcp, Family::V6) => Self::TcpV6,
            (Transport::Udp, Family::V4) => Self::UdpV4,
            (Transport::Udp, Family::V6) => Self::UdpV6,
        }
    }

    /// Returns the protocol of its rows, TCP or UDP.
    pub fn transport(self) -> Option<Transport> {
        match self {
            Self::TcpV4 | Self::TcpV6 => Some(Transport::Tcp),
            Self::UdpV4 | Self::UdpV6 => Some(Transport::Udp),
            Self::Other => None,
        }
    }

    /// Returns whether its rows are those of IPv4.
    pub fn is_v4(self) -> bool {
        matches!(self, Self::TcpV4 | Self::UdpV4)
    }

    /// Returns a local end as this section shows it: the IPv6 wildcard of a dual-stack socket is the IPv4 wildcard among
    /// the IPv4 rows.
    pub fn local(self, end: EndpointRef<'_>) -> EndpointRef<'_> {
        match end {
            Endpoint::Ip(end) if self.is_v4() => Endpoint::Ip(end.as_v4()),
            end => end,
        }
    }

    /// Returns the sections that a socket has rows in, of those that are asked for: a dual-stack listener or unconnected UDP
    /// socket two, any other one. A UDP socket of both families with an IPv6 peer has one, in its own section, where Windows
    /// adds an IPv4 row with an address that does not exist.
    pub fn of_socket(socket: &SocketRef<'_>, kinds: Kinds) -> impl Iterator<Item = Self> + use<> {
        let (transport, families) = (socket.protocol.transport(), socket.families());
        let other = transport.is_none() && kinds.contains(Kinds::of_protocol(socket.protocol));
        let served = [(Family::V4, families.v4), (Family::V6, families.v6)];
        let of_families = transport.into_iter().flat_map(move |transport| {
            let wanted = move |&(family, serves): &(Family, bool)| {
                serves && kinds.contains(Kinds::of(transport, family))
            };
            served.into_iter().filter(wanted).map(move |(family, _)| Self::of(transport, family))
        });
        of_families.chain(other.then_some(Self::Other))
    }
}

/// What the foreign column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign<'a> {
    /// A socket that accepts datagrams from any peer, or has none.
    Anybody,
    /// The remote endpoint; the wildcard address for a TCP socket without one.
    End(EndpointRef<'a>),
}

/// One row: a socket in one section of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The socket.
    pub socket: SocketRef<'a>,
    /// The section.
    pub section: Section,
}

impl<'a> Foreign<'a> {
    /// Returns what a row of this section shows for this remote endpoint.
    pub fn of(remote: Option<EndpointRef<'a>>, section: Section) -> Self {
        match (remote, section) {
            (Some(end), _) => Self::End(end),
            (None, Section::UdpV4 | Section::UdpV6 | Section::Other) => Self::Anybody,
            (None, Section::TcpV4) => Self::End(Endpoint::Ip(IpEndpoint::ANY_V4)),
            (None, Section::TcpV6) => Self::End(Endpoint::Ip(IpEndpoint::ANY_V6)),
        }
    }
}

impl<'a> Row<'a> {
    /// Returns the local endpoint in the form of this section.
    pub fn local(&self) -> EndpointRef<'a> {
        self.section.local(self.socket.local)
    }

    /// Returns what the foreign column shows.
    pub fn foreign(&self) -> Foreign<'a> {
        Foreign::of(self.socket.remote, self.section)
    }

    /// Compares two rows of one section by their places in it: local end, remote end, inode, state.
    pub fn compare(&self, other: &Self) -> Ordering {
        // The order of [`SocketTable::sort`](netstat_model::SocketTable::sort): an address is a number of its own family.
        let number = |end: EndpointRef<'a>| match end.ip() {
            Some(IpEndpoint { address: IpAddr::V4(address), scope, port }) => {
                Ok((u128::from(address.to_bits()), scope, port))
            }
            Some(IpEndpoint { address: IpAddr::V6(address), scope, port }) => {
                Ok((address.to_bits(), scope, port))
            }
            None => Err(end),
        };
        let key = |row: &Self| {
            let socket = &row.socket;
            (number(row.local()), socket.remote.map(number), socket.id.inode, socket.state)
        };
        key(self).cmp(&key(other))
    }
}

/// The fields of a connection that tell how long it has been idle.
pub const IDLE_FIELDS: TcpFields = TcpFields::LAST_DATA_SENT.union(TcpFields::LAST_DATA_RECEIVED);

/// Returns how long no data went either way; `None` if unknown. Until the first data it is the age of the connection.
/// Needs [`IDLE_FIELDS`] and [`Fields::AGE`](netstat_model::query::Fields::AGE).
pub fn idle(socket: &SocketRef<'_>) -> Option<Duration> {
    if !matches!(socket.state, Some(TcpState::Established | TcpState::CloseWait | TcpState::FinWait2)) {
        return None;
    }
    let since = |field| socket.tcp_number(field).map(Duration::from_micros);
    let last = [TcpFields::LAST_DATA_SENT, TcpFields::LAST_DATA_RECEIVED].into_iter().filter_map(since).min();
    last.or_else(|| socket.age())
}

/// Returns whether keepalive is on; `None` if unknown. The system reports the timer that runs next, and of an idle connection
/// that is the one of keepalive or none.
pub fn keepalive(socket: &SocketRef<'_>) -> Option<bool> {
    let is_tcp = socket.protocol == Transport::Tcp;
    if !is_tcp || !matches!(socket.state, Some(TcpState::Established | TcpState::CloseWait)) {
        return None;
    }
    match socket.timer() {
        None => (socket.send_queue()? == 0).then_some(false),
        Some(timer) => (timer.kind == TimerKind::KeepAlive).then_some(true),
    }
}

/// What tells when a socket began and how long it has been there.
pub const LIFESPAN_FIELDS: Fields = Fields::LIFESPAN.union(Fields::AGE);

/// Returns when a socket began, for somebody who looks at it now; `None` if unknown. A running system tells it of few
/// connections. Needs [`LIFESPAN_FIELDS`].
pub fn started(socket: &SocketRef<'_>, now: Option<SystemTime>) -> Option<SystemTime> {
    match socket.lifespan() {
        Some(life) => life.started,
        None => now?.checked_sub(socket.age()?),
    }
}

/// Returns how long a socket was there, or has been so far; `None` if unknown. Needs [`LIFESPAN_FIELDS`].
pub fn lasted(socket: &SocketRef<'_>) -> Option<Duration> {
    match socket.lifespan() {
        Some(life) => life.lasted,
        None => socket.age(),
    }
}
