use super::{Endpoint, Family, Holder, Protocol, Section, Sections, Socket, SocketId, TcpState};

/// A socket in brief: what the classic table shows of it, and what tells it from others. Small, and copied freely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// [`Socket::protocol`].
    pub protocol: Protocol,
    /// [`Socket::family`].
    pub family: Family,
    /// [`Socket::local`].
    pub local: Endpoint,
    /// [`Socket::remote`].
    pub remote: Option<Endpoint>,
    /// [`Socket::state`].
    pub state: Option<TcpState>,
    /// [`Socket::v6_only`], where it makes a difference: of an IPv6 socket without a peer.
    pub v6_only: Option<bool>,
    /// [`Socket::id`].
    pub id: SocketId,
    /// [`Socket::ownership`].
    pub holder: Holder,
}

impl Brief {
    /// [`Socket::sections`].
    pub fn sections(&self) -> Sections {
        Sections::of(&self.local, self.remote.as_ref(), self.v6_only)
    }

    /// The parts of the table that the socket belongs to.
    pub fn rows(&self) -> impl Iterator<Item = Section> + use<> {
        let Sections { v4, v6 } = self.sections();
        let of = |serves: bool, family| serves.then(|| Section::of(self.protocol, family));
        of(v4, Family::V4).into_iter().chain(of(v6, Family::V6))
    }
}

impl From<&Socket> for Brief {
    fn from(socket: &Socket) -> Self {
        Self {
            protocol: socket.protocol,
            family: socket.family,
            local: socket.local,
            remote: socket.remote,
            state: socket.state,
            v6_only: socket.v6_only,
            id: socket.id,
            holder: socket.ownership.holder(),
        }
    }
}

impl From<&Brief> for Socket {
    /// The socket with nothing else known of it, and without its owners: in brief there is only one of them.
    fn from(brief: &Brief) -> Self {
        let mut socket = Self::new(brief.protocol, brief.family, brief.local, brief.remote);
        socket.state = brief.state;
        socket.v6_only = brief.v6_only;
        socket.id = brief.id;
        socket
    }
}
