//! [`SocketRef`]: one socket as filters, columns, checks and renderers read it, whatever keeps it.

use crate::details::{Details, DetailsColumns};
use crate::owner_lists::OwnerMark;
use crate::{
    Application, Endpoint, EndpointRef, Family, FamilyFacts, Holder, IpEndpoint, Lifespan, Namespace,
    OwnershipRef, Protocol, Socket, SocketId, SocketMemory, TcpFields, TcpInfo, TcpState, Timer, Transport,
    WindowsSocket,
};
use std::net::IpAddr;
use std::ops::Deref;
use std::time::Duration;

/// One socket: a row of a [`SocketTable`](crate::SocketTable), or a [`Socket`]. Cheap to copy.
///
/// The fields are what every table keeps. What comes only when it was asked for is read by methods, and is `None` where it
/// was not.
///
/// ```
/// use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketRef, TcpState};
///
/// let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None);
/// socket.state = Some(TcpState::Listen);
/// socket.recv_queue = Some(3);
/// let socket = SocketRef::from(&socket);
/// assert_eq!((socket.state, socket.recv_queue()), (Some(TcpState::Listen), Some(3)));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SocketRef<'a> {
    /// The protocol.
    pub protocol: Protocol,
    /// The IP family the socket was made with; `None` for other families. An IPv4 connection on an IPv6 socket keeps
    /// [`Family::V6`] here.
    pub family: Option<Family>,
    /// The local end.
    pub local: EndpointRef<'a>,
    /// The remote end; `None` where there is none: listeners, bound-only sockets, unconnected UDP.
    pub remote: Option<EndpointRef<'a>>,
    /// The TCP state; `None` for UDP.
    pub state: Option<TcpState>,
    /// Whether an IPv6 socket without a peer refuses IPv4 (`IPV6_V6ONLY`); see [`Socket::v6_only`].
    pub v6_only: Option<bool>,
    /// Inode and cookie. A table without details keeps no cookies.
    pub id: SocketId,
    rest: Rest<'a>,
}

/// Where everything else lies.
#[derive(Debug, Clone, Copy)]
enum Rest<'a> {
    /// Nothing else was read; who holds the socket is known from its inode at best.
    Nothing(Holder),
    Wide(&'a Socket),
    Packed {
        columns: &'a DetailsColumns,
        /// Place of the details; `None` in a table that keeps none.
        details: Option<u32>,
        /// What the row says of the owners, and the note that belongs to it.
        owner: (OwnerMark, u32),
    },
}

/// Which families of addresses a socket serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServedFamilies {
    /// IPv4.
    pub v4: bool,
    /// IPv6.
    pub v6: bool,
}

impl ServedFamilies {
    /// Returns the families that a socket with these ends serves: an IPv4-mapped one is IPv4; an IPv6 wildcard that does
    /// not refuse IPv4 and has no peer is both.
    pub fn of(local: &IpEndpoint, remote: Option<&IpEndpoint>, v6_only: Option<bool>) -> Self {
        match local.address {
            IpAddr::V4(_) => Self { v4: true, v6: false },
            IpAddr::V6(local) => match remote.map(|end| end.address) {
                Some(IpAddr::V4(_)) => Self { v4: true, v6: false },
                Some(IpAddr::V6(_)) => Self { v4: false, v6: true },
                None => Self { v4: local.is_unspecified() && v6_only == Some(false), v6: true },
            },
        }
    }
}

impl<'a> From<&'a Socket> for SocketRef<'a> {
    fn from(socket: &'a Socket) -> Self {
        Self {
            protocol: socket.protocol,
            family: socket.family,
            local: socket.local.as_ref(),
            remote: socket.remote.as_ref().map(Endpoint::as_ref),
            state: socket.state,
            v6_only: socket.v6_only,
            id: socket.id,
            rest: Rest::Wide(socket),
        }
    }
}

impl<'a> From<&SocketRef<'a>> for SocketRef<'a> {
    fn from(socket: &SocketRef<'a>) -> Self {
        *socket
    }
}

impl<'a> SocketRef<'a> {
    /// Returns an IP socket of which nothing but its local end is known, and whether it can have an owner at all.
    pub fn bare(
        transport: Transport,
        family: Family,
        local: IpEndpoint,
        id: SocketId,
        holder: Holder,
    ) -> Self {
        let rest = Rest::Nothing(holder);
        Self { family: Some(family), rest, ..Self::of_ends(transport.into(), local.into(), None, id) }
    }

    /// Returns a socket of any protocol, of which nothing but its ends is known.
    pub(crate) fn of_ends(
        protocol: Protocol,
        local: EndpointRef<'a>,
        remote: Option<EndpointRef<'a>>,
        id: SocketId,
    ) -> Self {
        let rest = Rest::Nothing(Holder::NotRead);
        Self { protocol, family: None, local, remote, state: None, v6_only: None, id, rest }
    }

    /// Attaches what a table keeps beside the row.
    pub(crate) fn packed(
        self,
        columns: &'a DetailsColumns,
        details: Option<u32>,
        owner: (OwnerMark, u32),
    ) -> Self {
        Self { rest: Rest::Packed { columns, details, owner }, ..self }
    }

    /// Returns the local end of an IP socket.
    pub fn local_ip(&self) -> Option<IpEndpoint> {
        self.local.ip()
    }

    /// Returns the remote end of an IP socket that has one.
    pub fn remote_ip(&self) -> Option<IpEndpoint> {
        self.remote?.ip()
    }

    /// Returns the socket as one with addresses and ports; `None` for one that is neither TCP nor UDP.
    pub fn ip(&self) -> Option<IpSocketRef<'a>> {
        let (protocol, local) = (self.protocol.transport()?, self.local.ip()?);
        Some(IpSocketRef { protocol, local, remote: self.remote_ip(), socket: *self })
    }

    /// Returns the IP families the socket serves: none for a socket of another family.
    pub fn families(&self) -> ServedFamilies {
        self.local_ip().map_or(ServedFamilies { v4: false, v6: false }, |local| {
            ServedFamilies::of(&local, self.remote_ip().as_ref(), self.v6_only)
        })
    }

    /// Returns the processes that hold the socket.
    pub fn ownership(&self) -> OwnershipRef<'a> {
        match self.rest {
            Rest::Nothing(Holder::Nobody(reason)) => OwnershipRef::Unowned(reason),
            Rest::Nothing(_) => OwnershipRef::NotRead,
            Rest::Wide(socket) => (&socket.ownership).into(),
            Rest::Packed { columns, details, owner } => columns.ownership(owner, details),
        }
    }

    /// Returns the principal process by its ID, or why there is none: [`OwnershipRef::holder`] in less time.
    pub fn holder(&self) -> Holder {
        match self.rest {
            Rest::Packed { columns, owner, .. } => columns.owners.holder(owner),
            _ => self.ownership().holder(),
        }
    }

    fn details(&self) -> Option<(&'a DetailsColumns, &'a Details, u32)> {
        match self.rest {
            Rest::Packed { columns, details: Some(place), .. } => {
                Some((columns, columns.details(place)?, place))
            }
            _ => None,
        }
    }

    /// Reads a field from the socket or from the details of the table.
    fn read<T>(
        &self,
        wide: impl FnOnce(&'a Socket) -> Option<T>,
        packed: impl FnOnce(&'a Details) -> Option<T>,
    ) -> Option<T> {
        match self.rest {
            Rest::Wide(socket) => wide(socket),
            _ => packed(self.details()?.1),
        }
    }

    /// Returns the user that made the socket; see [`Socket::uid`].
    pub fn uid(&self) -> Option<u32> {
        self.read(|it| it.uid, Details::uid)
    }

    /// Returns the bytes received and not yet read, or the connections waiting for accept; see [`Socket::recv_queue`].
    pub fn recv_queue(&self) -> Option<u32> {
        self.read(|it| it.recv_queue, Details::recv_queue)
    }

    /// Returns the bytes not yet sent or acknowledged, or the limit of the accept queue; see [`Socket::send_queue`].
    pub fn send_queue(&self) -> Option<u32> {
        self.read(|it| it.send_queue, Details::send_queue)
    }

    /// Returns the index of the interface the socket is bound to.
    pub fn interface(&self) -> Option<u32> {
        self.read(|it| it.interface, Details::interface)
    }

    /// Returns the running timer. Linux only.
    pub fn timer(&self) -> Option<Timer> {
        self.read(|it| it.timer, Details::timer)
    }

    /// Returns the traffic class of what the socket sends; see [`Socket::traffic_class`].
    pub fn traffic_class(&self) -> Option<u8> {
        self.read(|it| it.traffic_class, Details::traffic_class)
    }

    /// Returns the congestion control algorithm; see [`Socket::congestion`].
    pub fn congestion(&self) -> Option<&'a str> {
        match self.rest {
            Rest::Wide(socket) => socket.congestion.as_deref(),
            _ => self.details().and_then(|(columns, details, _)| columns.congestion(details)),
        }
    }

    /// Returns how long the socket has been in its state; see [`Socket::time_in_state`].
    pub fn time_in_state(&self) -> Option<Duration> {
        self.read(|it| it.time_in_state, Details::time_in_state)
    }

    /// Returns how long ago the connection was established; see [`Socket::age`].
    pub fn age(&self) -> Option<Duration> {
        self.read(|it| it.age, Details::age)
    }

    /// Returns the mark of the socket's packets; see [`Socket::mark`].
    pub fn mark(&self) -> Option<u32> {
        self.read(|it| it.mark, Details::mark)
    }

    /// Returns the control group (version 2) the socket was made in; see [`Socket::cgroup_id`].
    pub fn cgroup_id(&self) -> Option<u64> {
        self.read(|it| it.cgroup_id, Details::cgroup_id)
    }

    /// Returns the network namespace the socket belongs to; see [`Socket::namespace`].
    pub fn namespace(&self) -> Option<Namespace> {
        self.read(|it| it.namespace, Details::namespace)
    }

    /// Returns the course of the connection, as far as the table keeps its fields; see [`Socket::tcp`].
    pub fn tcp(&self) -> Option<TcpInfo> {
        match self.rest {
            Rest::Wide(socket) => socket.tcp.as_deref().cloned(),
            _ => self.details().and_then(|(columns, details, _)| columns.tcp_info(details)),
        }
    }

    /// Returns whether [`SocketRef::tcp`] knows the connection.
    pub(crate) fn has_tcp(&self) -> bool {
        match self.rest {
            Rest::Wide(socket) => socket.tcp.is_some(),
            _ => self.details().is_some_and(|(_, details, _)| details.tcp().is_some()),
        }
    }

    /// Returns one field of [`SocketRef::tcp`] as a number, durations in microseconds.
    pub fn tcp_number(&self, field: TcpFields) -> Option<u64> {
        match self.rest {
            Rest::Wide(socket) => socket.tcp.as_deref()?.number(field),
            _ => self.details().and_then(|(columns, details, _)| columns.tcp_number(details, field)),
        }
    }

    /// Returns the memory of the socket; see [`Socket::memory`].
    pub fn memory(&self) -> Option<SocketMemory> {
        match self.rest {
            Rest::Wide(socket) => socket.memory.as_deref().copied(),
            _ => self.details().and_then(|(columns, details, _)| columns.memory(details)),
        }
    }

    /// Returns what Windows alone tells.
    pub fn windows(&self) -> Option<&'a WindowsSocket> {
        match self.rest {
            Rest::Wide(socket) => socket.windows.as_deref(),
            _ => self.details().and_then(|(columns, _, place)| columns.windows(place)),
        }
    }

    /// Returns when it began and ended, where a recorder saw that.
    pub fn lifespan(&self) -> Option<&'a Lifespan> {
        match self.rest {
            Rest::Wide(socket) => socket.lifespan.as_deref(),
            _ => self.details().and_then(|(columns, _, place)| columns.lifespan(place)),
        }
    }

    /// Returns what its first bytes tell, where a capture has them.
    pub fn application(&self) -> Option<&'a Application> {
        match self.rest {
            Rest::Wide(socket) => socket.application.as_deref(),
            _ => self.details().and_then(|(columns, _, place)| columns.application(place)),
        }
    }

    /// Returns what only sockets of its family have.
    pub fn family_facts(&self) -> Option<&'a FamilyFacts> {
        match self.rest {
            Rest::Wide(socket) => socket.family_facts.as_deref(),
            _ => self.details().and_then(|(columns, _, place)| Some(&columns.of_family(place)?.facts)),
        }
    }

    /// Returns the processes that hold the socket at the other end; see [`Socket::peer_ownership`].
    pub fn peer_ownership(&self) -> OwnershipRef<'a> {
        match self.rest {
            Rest::Wide(socket) => (&socket.peer_ownership).into(),
            _ => {
                let of_peer = self.details().and_then(|(columns, _, place)| {
                    Some(columns.owners.get(columns.of_family(place)?.peer_owner, None))
                });
                of_peer.unwrap_or(OwnershipRef::NotRead)
            }
        }
    }

    /// Returns the socket with everything that is known of it, independent of the table.
    pub fn to_socket(&self) -> Socket {
        if let Rest::Wide(socket) = self.rest {
            return socket.clone();
        }
        let (local, remote) = (self.local.to_owned(), self.remote.map(EndpointRef::to_owned));
        let mut socket = Socket::of_protocol(self.protocol, local, remote);
        socket.family = self.family;
        socket.state = self.state;
        socket.v6_only = self.v6_only;
        socket.id = self.id;
        socket.uid = self.uid();
        socket.recv_queue = self.recv_queue();
        socket.send_queue = self.send_queue();
        socket.interface = self.interface();
        socket.timer = self.timer();
        socket.traffic_class = self.traffic_class();
        socket.congestion = self.congestion().map(Box::from);
        socket.time_in_state = self.time_in_state();
        socket.age = self.age();
        socket.tcp = self.tcp().map(Box::new);
        socket.memory = self.memory().map(Box::new);
        socket.mark = self.mark();
        socket.cgroup_id = self.cgroup_id();
        socket.namespace = self.namespace();
        socket.windows = self.windows().cloned().map(Box::new);
        socket.lifespan = self.lifespan().cloned().map(Box::new);
        socket.application = self.application().cloned().map(Box::new);
        socket.family_facts = self.family_facts().cloned().map(Box::new);
        socket.ownership = self.ownership().to_owned();
        socket.peer_ownership = self.peer_ownership().to_owned();
        socket
    }
}

/// A TCP or UDP socket: a [`SocketRef`] of which it is known that its ends have addresses and ports.
#[derive(Debug, Clone, Copy)]
pub struct IpSocketRef<'a> {
    /// The protocol.
    pub protocol: Transport,
    /// The local end.
    pub local: IpEndpoint,
    /// The remote end; `None` where there is none: listeners, bound-only sockets, unconnected UDP.
    pub remote: Option<IpEndpoint>,
    socket: SocketRef<'a>,
}

impl<'a> From<IpSocketRef<'a>> for SocketRef<'a> {
    fn from(socket: IpSocketRef<'a>) -> Self {
        socket.socket
    }
}

impl<'a> From<&IpSocketRef<'a>> for SocketRef<'a> {
    fn from(socket: &IpSocketRef<'a>) -> Self {
        socket.socket
    }
}

impl<'a> Deref for IpSocketRef<'a> {
    type Target = SocketRef<'a>;

    fn deref(&self) -> &SocketRef<'a> {
        &self.socket
    }
}

/// Sockets are equal if everything that is known of them is.
impl PartialEq for SocketRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.to_socket() == other.to_socket()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NoOwner, Owner, Ownership, ProcessKey};

    fn end(address: &str) -> IpEndpoint {
        IpEndpoint::new(address.parse().unwrap(), 22, 0)
    }

    #[test]
    fn the_ends_decide_which_families_are_served() {
        let (v4, v6, both) = ((true, false), (false, true), (true, true));
        for (local, remote, v6_only, expected) in [
            ("10.0.0.1", None, None, v4),
            ("0.0.0.0", None, None, v4),
            ("::ffff:10.0.0.1", Some("::ffff:10.0.0.2"), None, v4),
            ("::", Some("10.0.0.2"), Some(false), v4),
            ("::", None, Some(false), both),
            ("::", None, Some(true), v6),
            // Nothing is guessed.
            ("::", None, None, v6),
            ("::", Some("2001:db8::1"), Some(false), v6),
            ("2001:db8::1", None, Some(false), v6),
        ] {
            let remote = remote.map(end);
            let served = ServedFamilies::of(&end(local), remote.as_ref(), v6_only);
            assert_eq!((served.v4, served.v6), expected, "{local} {remote:?} {v6_only:?}");
        }
    }

    #[test]
    fn ownership_is_that_of_the_socket() {
        let owner =
            |pid| Owner { process: ProcessKey { pid, start_time: 1 }, parent: None, descriptor: Some(3) };
        let reason = NoOwner::Kernel;
        let listed = Ownership::Listed { pid: 7, since: 0 };
        for (ownership, principal, holder, is_read) in [
            (Ownership::NotRead, None, Holder::NotRead, false),
            (listed, None, Holder::NotRead, false),
            (Ownership::Held(vec![owner(8)]), Some(owner(8)), Holder::Process(8), true),
            (Ownership::Held(vec![owner(9), owner(8)]), Some(owner(9)), Holder::Process(9), true),
            (Ownership::Unowned(reason), None, Holder::Nobody(reason), true),
        ] {
            let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None);
            socket.ownership = ownership.clone();
            let read = SocketRef::from(&socket).ownership();
            assert_eq!((read.principal(), read.holder(), read.is_read()), (principal, holder, is_read));
            let owners = if let Ownership::Held(owners) = &ownership { owners.as_slice() } else { &[] };
            assert_eq!(read.owners(), owners);
            assert_eq!(read.unowned(), (ownership == Ownership::Unowned(reason)).then_some(reason));
        }
    }

    #[test]
    fn a_bare_socket_is_known_by_its_ends_alone() {
        let id = SocketId { inode: None, cookie: Some(7) };
        let bare = |holder| SocketRef::bare(Transport::Udp, Family::V4, end("10.0.0.1"), id, holder);
        let unowned = OwnershipRef::Unowned(NoOwner::NoProcess);
        assert_eq!(bare(Holder::Nobody(NoOwner::NoProcess)).ownership(), unowned);
        assert_eq!(bare(Holder::NotRead).ownership(), OwnershipRef::NotRead);
        let mut socket = Socket::new(Transport::Udp, Family::V4, end("10.0.0.1"), None);
        socket.id = id;
        assert_eq!(bare(Holder::NotRead).to_socket(), socket);
        assert_eq!(bare(Holder::NotRead), SocketRef::from(&socket));
        socket.recv_queue = Some(1);
        assert_ne!(bare(Holder::NotRead), SocketRef::from(&socket));
    }
}
