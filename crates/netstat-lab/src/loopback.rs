//! Sockets that need no remote host: listeners, UDP sockets, and connections over loopback.

use crate::error::{LabError, Result};
use crate::held::Held;
use crate::namespace::Namespace;
use crate::peer::PATIENCE;
use crate::row::{Family, Protocol, TcpState};
use crate::socket;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::SocketFlags;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;

/// Where a socket is bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// `0.0.0.0`.
    AnyV4,
    /// `::`, IPv6 only.
    AnyV6Only,
    /// `::` for both families: `IPV6_V6ONLY` off.
    AnyDualStack,
    /// `127.0.0.1`.
    LoopbackV4,
    /// `::1`, `IPV6_V6ONLY` off, which does not matter for such an address.
    LoopbackV6,
    /// `::ffff:127.0.0.1` on an IPv6 socket.
    LoopbackMapped,
}

impl Place {
    /// Every place.
    pub const ALL: [Self; 6] = [
        Self::AnyV4,
        Self::AnyV6Only,
        Self::AnyDualStack,
        Self::LoopbackV4,
        Self::LoopbackV6,
        Self::LoopbackMapped,
    ];

    fn address(self) -> IpAddr {
        match self {
            Self::AnyV4 => Ipv4Addr::UNSPECIFIED.into(),
            Self::AnyV6Only | Self::AnyDualStack => Ipv6Addr::UNSPECIFIED.into(),
            Self::LoopbackV4 => Ipv4Addr::LOCALHOST.into(),
            Self::LoopbackV6 => Ipv6Addr::LOCALHOST.into(),
            Self::LoopbackMapped => Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(),
        }
    }

    fn open(self, protocol: Protocol, port: u16) -> Result<OwnedFd> {
        let family = if self.address().is_ipv4() { Family::V4 } else { Family::V6 };
        let socket = socket::open(protocol, family, self == Self::AnyV6Only)?;
        socket::bind(&socket, SocketAddr::new(self.address(), port))?;
        Ok(socket)
    }
}

/// The addresses and socket families of a loopback connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loop {
    /// IPv4 sockets at both ends.
    V4,
    /// IPv6 sockets at both ends.
    V6,
    /// IPv6 sockets at both ends, with IPv4-mapped addresses.
    Mapped,
    /// A listener for both families and a client with an IPv4 socket: the server's end is mapped, the client's is not.
    V4ToDualStack,
}

/// Both ends of a TCP connection over loopback.
#[derive(Debug)]
pub struct Connected {
    /// The end that connected.
    pub client: Held,
    /// The end that was accepted; its companion is the listener.
    pub server: Held,
}

impl Namespace {
    /// Makes a TCP listener. Port 0 lets the kernel choose.
    pub fn listener(&self, place: Place, port: u16) -> Result<Held> {
        let socket = place.open(Protocol::Tcp, port)?;
        socket::listen(&socket)?;
        Held::of(socket, Protocol::Tcp, Some(TcpState::Listen))
    }

    /// Makes an unconnected UDP socket. Port 0 lets the kernel choose.
    pub fn udp(&self, place: Place, port: u16) -> Result<Held> {
        let socket = place.open(Protocol::Udp, port)?;
        Held::of(socket, Protocol::Udp, None)
    }

    /// Makes a UDP socket on a loopback address, connected to another port of it that need not be open.
    ///
    /// # Errors
    ///
    /// When the kernel refuses. For an unspecified address it chooses one.
    pub fn udp_connected(&self, place: Place, remote_port: u16) -> Result<Held> {
        let socket = place.open(Protocol::Udp, 0)?;
        socket::connect(&socket, SocketAddr::new(place.address(), remote_port))?;
        Held::of(socket, Protocol::Udp, None)
    }

    /// Makes an established connection over loopback, with both ends and the listener in this process.
    pub fn connected(&self, kind: Loop) -> Result<Connected> {
        let (from, at, to) = match kind {
            Loop::V4 => (Place::LoopbackV4, Place::LoopbackV4, Place::LoopbackV4),
            Loop::V6 => (Place::LoopbackV6, Place::LoopbackV6, Place::LoopbackV6),
            Loop::Mapped => (Place::LoopbackMapped, Place::LoopbackMapped, Place::LoopbackMapped),
            Loop::V4ToDualStack => (Place::LoopbackV4, Place::AnyDualStack, Place::LoopbackV4),
        };
        let listener = at.open(Protocol::Tcp, 0)?;
        socket::listen(&listener)?;
        let listening = socket::describe(&listener, Protocol::Tcp, Some(TcpState::Listen))?;
        let client = from.open(Protocol::Tcp, 0)?;
        socket::connect(&client, SocketAddr::new(to.address(), listening.local.port()))?;
        let server = accept(&listener)?;
        socket::wait_for_state(&client, TcpState::Established)?;
        socket::wait_for_state(&server, TcpState::Established)?;
        let established = Some(TcpState::Established);
        Ok(Connected {
            client: Held::of(client, Protocol::Tcp, established)?,
            server: Held::of(server, Protocol::Tcp, established)?.with_listener(listening, listener),
        })
    }
}

fn accept(listener: &OwnedFd) -> Result<OwnedFd> {
    use crate::error::Doing;
    let limit = Timespec { tv_sec: PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
    let mut waits = [PollFd::new(listener, PollFlags::IN)];
    match rustix::event::poll(&mut waits, Some(&limit)) {
        Ok(0) => return Err(LabError::failed("accept a connection", "none came")),
        other => other.doing(|| "wait for a connection".into())?,
    };
    rustix::net::accept_with(listener, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK)
        .doing(|| "accept a connection".into())
}
