//! Ports taken by TIME_WAIT, by connections, and by sockets that are only bound.

use super::ongoing::Ongoing;
use super::{HERE, connect, connect_from, neighbour, prepare, read_to_end, server};
use crate::error::{LabError, Result};
use crate::namespace::Namespace;
use crate::{Family, Protocol, socket};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// Sets the range of dynamic ports of the namespace to this many, from 40000 on.
pub fn narrow_port_range(namespace: &Namespace, ports: u16) -> Result<()> {
    set_port_range(namespace, FIRST_PORT, ports)
}

const FIRST_PORT: u16 = 40_000;

fn set_port_range(namespace: &Namespace, first: u16, ports: u16) -> Result<()> {
    let last = first.saturating_add(ports.saturating_sub(1));
    namespace.set_sysctl("net/ipv4/ip_local_port_range", &format!("{first} {last}"))
}

/// Connections that this machine opened and closed first. Each leaves a TIME_WAIT for a minute.
#[derive(Debug)]
pub struct TimeWaitPile {
    /// The servers, with equally many connections each.
    pub servers: Vec<SocketAddr>,
    _listener: TcpListener,
}

impl TimeWaitPile {
    /// Narrows the range to this many ports, and makes `count` connections to this many neighbours, each from a port of
    /// its own of [`HERE`].
    pub fn new(namespace: &Namespace, ports: u16, count: u16, peers: usize) -> Result<Self> {
        prepare(namespace)?;
        // Otherwise a FIN that is retransmitted on a busy machine is answered by a reset, which removes the TIME_WAIT.
        namespace.set_sysctl("net/ipv4/tcp_rfc1337", "1")?;
        let (listener, port) = server()?;
        let servers: Vec<SocketAddr> = (0..peers).map(|peer| (neighbour(peer), port).into()).collect();
        let mut to = servers.iter().cycle();
        let mut done = 0;
        while done < count {
            // A few ports at a time: the kernel's search for a free one is slow where most are in use.
            let some = AT_A_TIME.min(count - done);
            set_port_range(namespace, FIRST_PORT.saturating_add(done), some)?;
            for to in to.by_ref().take(some.into()) {
                leave_time_wait(&listener, *to)?;
            }
            done += some;
        }
        narrow_port_range(namespace, ports)?;
        Ok(Self { servers, _listener: listener })
    }
}

const AT_A_TIME: u16 = 100;

fn leave_time_wait(listener: &TcpListener, to: SocketAddr) -> Result<()> {
    let (near, mut far) = connect(listener, to)?;
    drop(near);
    read_to_end(&mut far)
}

/// Established connections from a narrow range of ports.
#[derive(Debug)]
pub struct HeldPorts {
    /// The servers.
    pub servers: Vec<SocketAddr>,
    /// Number of connections.
    pub count: usize,
    held: Vec<(TcpStream, TcpStream)>,
    listener: TcpListener,
}

impl HeldPorts {
    /// Narrows the range to this many ports, and connects to one neighbour until no port is left.
    pub fn exhausted(namespace: &Namespace, ports: u16) -> Result<Self> {
        let mut scene = Self::spread(namespace, ports, 0, 1)?;
        for _ in 0..=ports {
            if !scene.can_connect()? {
                return Ok(scene);
            }
            scene.one_more(0)?;
        }
        Err(LabError::failed("use up all ports", format!("{} connections are open", scene.count)))
    }

    /// Narrows the range to this many ports, and makes `count` connections to this many neighbours.
    pub fn spread(namespace: &Namespace, ports: u16, count: usize, peers: usize) -> Result<Self> {
        prepare(namespace)?;
        let (listener, port) = server()?;
        narrow_port_range(namespace, ports)?;
        let servers: Vec<SocketAddr> = (0..peers).map(|peer| (neighbour(peer), port).into()).collect();
        let mut scene = Self { servers, count: 0, held: Vec::new(), listener };
        for peer in (0..peers).cycle().take(count) {
            scene.one_more(peer)?;
        }
        Ok(scene)
    }

    /// Like [`HeldPorts::spread`], but each connection binds its address first, so that its port serves no other.
    pub fn bound_first(namespace: &Namespace, ports: u16, count: usize, peers: usize) -> Result<Self> {
        let mut scene = Self::spread(namespace, ports, 0, peers)?;
        for to in scene.servers.clone().into_iter().cycle().take(count) {
            scene.held.push(connect_from(HERE, &scene.listener, to)?);
        }
        scene.count = scene.held.len();
        Ok(scene)
    }

    /// Returns true if one more connection to the first server finds a port. Leaves nothing behind.
    pub fn can_connect(&self) -> Result<bool> {
        can_connect(&self.servers, &self.listener)
    }

    fn one_more(&mut self, peer: usize) -> Result<()> {
        let to = self.servers.get(peer).copied().ok_or_else(|| LabError::failed("connect", "no server"))?;
        self.held.push(connect(&self.listener, to)?);
        self.count = self.held.len();
        Ok(())
    }
}

fn can_connect(servers: &[SocketAddr], listener: &TcpListener) -> Result<bool> {
    let to = servers.first().copied().ok_or_else(|| LabError::failed("connect", "no server"))?;
    let near = socket::open(Protocol::Tcp, Family::V4, false)?;
    match socket::connect(&near, to) {
        Ok(()) => {
            let (far, _) =
                listener.accept().map_err(|source| LabError::Failed { doing: "accept".into(), source })?;
            // With a reset, so that neither end becomes TIME_WAIT.
            socket::close_without_trace(near);
            drop(far);
            Ok(true)
        }
        Err(LabError::Failed { source, .. }) if source.kind() == std::io::ErrorKind::AddrNotAvailable => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Sockets bound to a port of the kernel's choice that do nothing else. No connection from their address can use these
/// ports.
#[derive(Debug)]
pub struct BoundPorts {
    /// A server that nobody is connected to.
    pub server: SocketAddr,
    listener: TcpListener,
    _bound: Vec<OwnedFd>,
}

impl BoundPorts {
    /// Narrows the range to this many ports, and binds `count` sockets at [`HERE`].
    pub fn new(namespace: &Namespace, ports: u16, count: usize) -> Result<Self> {
        prepare(namespace)?;
        let (listener, port) = server()?;
        narrow_port_range(namespace, ports)?;
        let bound = (0..count).map(|_| {
            let socket = socket::open(Protocol::Tcp, Family::V4, false)?;
            socket::bind(&socket, (HERE, 0).into())?;
            Ok(socket)
        });
        let bound = bound.collect::<Result<_>>()?;
        Ok(Self { server: (neighbour(0), port).into(), listener, _bound: bound })
    }

    /// Like [`HeldPorts::can_connect`].
    pub fn can_connect(&self) -> Result<bool> {
        can_connect(&[self.server], &self.listener)
    }
}

/// Short connections to one server, one after another, closed here first, as of a client without keep-alive.
#[derive(Debug)]
pub struct Churn {
    /// The server.
    pub server: SocketAddr,
    _ongoing: Ongoing,
}

impl Churn {
    /// Runs until dropped, with this many TIME_WAIT buckets (`tcp_max_tw_buckets`).
    pub fn with_buckets(namespace: &Namespace, buckets: u32) -> Result<Self> {
        prepare(namespace)?;
        namespace.set_sysctl("net/ipv4/tcp_max_tw_buckets", &buckets.to_string())?;
        let (listener, port) = server()?;
        let server = (neighbour(0), port).into();
        let ongoing = Ongoing::start("short connections", Duration::from_millis(5), move || {
            leave_time_wait(&listener, server)
        })?;
        Ok(Self { server, _ongoing: ongoing })
    }
}
