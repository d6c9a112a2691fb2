//! One socket as a row of a table.
//!
//! ```
//! use netstat_engine::row::Section;
//! use netstat_model::query::Kinds;
//! use netstat_model::{IpEndpoint, Family, Protocol, Socket, SocketRef};
//!
//! let mut dual = Socket::new(Protocol::Udp, Family::V6, IpEndpoint::ANY_V6, None);
//! dual.v6_only = Some(false);
//! let sections: Vec<_> = Section::of_socket(&SocketRef::from(&dual), Kinds::all()).collect();
//! assert_eq!(sections, [Section::UdpV4, Section::UdpV6]);
//! ```

use netstat_model::query::Kinds;
use netstat_model::{Family, IpEndpoint, Protocol, SocketRef};
use std::cmp::Ordering;
use std::net::IpAddr;

/// A section of the Windows table, in its order.
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
}

impl Section {
    /// Returns the section of one protocol and family.
    pub fn of(protocol: Protocol, family: Family) -> Self {
        match (protocol, family) {
            (Protocol::Tcp, Family::V4) => Self::TcpV4,
            (Protocol::Tcp, Family::V6) => Self::TcpV6,
            (Protocol::Udp, Family::V4) => Self::UdpV4,
            (Protocol::Udp, Family::V6) => Self::UdpV6,
        }
    }

    /// Returns the protocol of its rows.
    pub fn protocol(self) -> Protocol {
        match self {
            Self::TcpV4 | Self::TcpV6 => Protocol::Tcp,
            Self::UdpV4 | Self::UdpV6 => Protocol::Udp,
        }
    }

    /// Returns whether its rows are those of IPv4.
    pub fn is_v4(self) -> bool {
        matches!(self, Self::TcpV4 | Self::UdpV4)
    }

    /// Returns a local end as this section shows it: the IPv6 wildcard of a dual-stack socket is the IPv4 wildcard among
    /// the IPv4 rows.
    pub fn local(self, end: IpEndpoint) -> IpEndpoint {
        if self.is_v4() { end.as_v4() } else { end }
    }

    /// Returns the sections that a socket has rows in, of those that are asked for: a dual-stack listener or unconnected UDP
    /// socket two, any other one. A UDP socket of both families with an IPv6 peer has one, in its own section, where Windows
    /// adds an IPv4 row with an address that does not exist.
    pub fn of_socket(socket: &SocketRef<'_>, kinds: Kinds) -> impl Iterator<Item = Self> + use<> {
        let (protocol, families) = (socket.protocol, socket.families());
        [(Family::V4, families.v4), (Family::V6, families.v6)]
            .into_iter()
            .filter(move |&(family, serves)| serves && kinds.contains(Kinds::of(protocol, family)))
            .map(move |(family, _)| Self::of(protocol, family))
    }
}

/// What the foreign column shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreign {
    /// A UDP socket that accepts datagrams from any peer.
    Anybody,
    /// The remote endpoint; the wildcard address for a TCP socket without one.
    End(IpEndpoint),
}

/// One row: a socket in one section of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The socket.
    pub socket: SocketRef<'a>,
    /// The section.
    pub section: Section,
}

impl Foreign {
    /// Returns what a row of this section shows for this remote endpoint.
    pub fn of(remote: Option<IpEndpoint>, section: Section) -> Self {
        match (remote, section) {
            (Some(end), _) => Self::End(end),
            (None, Section::UdpV4 | Section::UdpV6) => Self::Anybody,
            (None, Section::TcpV4) => Self::End(IpEndpoint::ANY_V4),
            (None, Section::TcpV6) => Self::End(IpEndpoint::ANY_V6),
        }
    }
}

impl Row<'_> {
    /// Returns the local endpoint in the form of this section.
    pub fn local(&self) -> IpEndpoint {
        self.section.local(self.socket.local)
    }

    /// Returns what the foreign column shows.
    pub fn foreign(&self) -> Foreign {
        Foreign::of(self.socket.remote, self.section)
    }

    /// Compares two rows of one section by their places in it: local end, remote end, inode, state.
    pub fn compare(&self, other: &Self) -> Ordering {
        let number = |address| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let key = |row: &Self| {
            let local = row.local();
            (
                (number(local.address), local.scope, local.port),
                row.socket.remote.map(|end| (number(end.address), end.scope, end.port)),
                row.socket.id.inode,
                row.socket.state,
            )
        };
        key(self).cmp(&key(other))
    }
}
