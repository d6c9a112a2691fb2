//! A remote host on a TUN device, and the connections to it that it holds in every state of TCP.

use crate::error::{LabError, Result};
use crate::held::Held;
use crate::kernel;
use crate::namespace::{Namespace, on_thread};
use crate::peer::{self, Behavior, Pair, Peer, Receiver};
use crate::row::{Family, Protocol, Row, TcpState};
use crate::socket;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;

/// The name of the interface between the two hosts.
pub const INTERFACE: &str = "tun-lab";
/// The address of this side.
pub const OUR_V4: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 1);
/// The address of the remote host.
pub const THEIR_V4: Ipv4Addr = Ipv4Addr::new(10, 99, 0, 2);
/// The address of this side.
pub const OUR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 1);
/// The address of the remote host.
pub const THEIR_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x99, 0, 0, 0, 0, 2);
/// The link-local address of this side.
pub const OUR_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
/// The link-local address of the remote host.
pub const THEIR_LINK_LOCAL: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2);

/// What kind of socket, and over which addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flavor {
    /// An IPv4 socket.
    V4,
    /// An IPv6 socket with global addresses.
    V6,
    /// An IPv6 socket whose traffic is IPv4, with addresses of the form `::ffff:10.99.0.2`.
    Mapped,
    /// An IPv6 socket with link-local addresses, which have an interface as scope.
    LinkLocal,
}

impl Flavor {
    /// Every flavor.
    pub const ALL: [Self; 4] = [Self::V4, Self::V6, Self::Mapped, Self::LinkLocal];

    fn family(self) -> Family {
        match self {
            Self::V4 => Family::V4,
            Self::V6 | Self::Mapped | Self::LinkLocal => Family::V6,
        }
    }
}

/// A host at the other end of a TUN device that holds connections in any state. It answers what [`RemoteHost::hold`]
/// needs, is silent otherwise, and never sends an RST before the test drops what it holds.
#[derive(Debug)]
pub struct RemoteHost {
    running: peer::Running,
    index: u32,
}

/// Settings that keep the kernel from giving up on a silent peer. They matter after the first minute only.
const PATIENT_KERNEL: [(&str, &str); 4] = [
    ("net/ipv4/tcp_syn_retries", "127"),
    ("net/ipv4/tcp_synack_retries", "100"),
    ("net/ipv4/tcp_retries2", "100"),
    ("net/ipv4/tcp_orphan_retries", "100"),
];

impl RemoteHost {
    /// Makes the interface, gives this side its addresses, and starts the remote host. One per namespace.
    ///
    /// # Errors
    ///
    /// [`LabError::Unavailable`] where `/dev/net/tun` is missing or refused, `ip` is missing, or the kernel has no
    /// IPv6; [`LabError::Failed`] for the rest.
    pub fn start(namespace: &Namespace) -> Result<Self> {
        if !Path::new("/proc/thread-self/net/if_inet6").exists() {
            return Err(LabError::unavailable("this kernel runs without IPv6"));
        }
        for (name, value) in PATIENT_KERNEL {
            namespace.try_set(name, value);
        }
        let tun = kernel::open_tun(INTERFACE).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => LabError::unavailable(
                "/dev/net/tun is missing; load the tun module or give it to the container",
            ),
            io::ErrorKind::PermissionDenied => {
                LabError::unavailable("/dev/net/tun is not permitted; run the tests as root")
            }
            _ if error.raw_os_error() == Some(libc::ENODEV) => {
                LabError::unavailable("/dev/net/tun has no driver; load the tun module")
            }
            _ => LabError::Failed { doing: "make a TUN device".into(), source: error },
        })?;
        for name in ["disable_ipv6", "accept_dad", "accept_ra", "router_solicitations"] {
            namespace.try_set(&format!("net/ipv6/conf/{INTERFACE}/{name}"), "0");
        }
        // No autoconfigured address, and none that waits for duplicate address detection.
        namespace.ip(&format!(
            "link set {INTERFACE} addrgenmode none\n\
             addr add {OUR_V4}/24 dev {INTERFACE}\n\
             addr add {OUR_V6}/64 dev {INTERFACE} nodad\n\
             addr add {OUR_LINK_LOCAL}/64 dev {INTERFACE} nodad\n\
             link set {INTERFACE} up\n"
        ))?;
        let index = socket::interface_index(INTERFACE)?;
        Ok(Self { running: peer::start(tun)?, index })
    }

    /// Returns the index of the interface, which is the scope of the link-local addresses.
    pub fn interface_index(&self) -> u32 {
        self.index
    }

    /// Brings a socket to a state and keeps it there. Returns when the kernel has reached the state.
    ///
    /// All but [`TcpState::Listen`], [`TcpState::Bound`] and [`TcpState::SynReceived`] are connections that this
    /// side began. SYN_RECEIVED is a half-open request: it has no descriptor, and its listener is a companion.
    /// Where closing is part of the state the socket was shut down and its descriptor is still open, so that it
    /// has an inode and a process, TIME_WAIT aside. TIME_WAIT is renewed every 15 seconds.
    ///
    /// # Errors
    ///
    /// When the kernel refuses, or does not reach the state in 20 seconds.
    pub fn hold(&self, state: TcpState, flavor: Flavor) -> Result<Held> {
        match state {
            TcpState::Bound => self.hold_bound(flavor),
            TcpState::Listen => self.hold_listener(flavor),
            TcpState::SynReceived => self.hold_half_open(flavor),
            _ => self.hold_connection(state, flavor),
        }
    }

    /// Reaches SYN_RECEIVED by a simultaneous open. Unlike a half-open request it is a full socket, with
    /// a descriptor, an inode and a process, and it has no listener.
    pub fn hold_simultaneous_open(&self, flavor: Flavor) -> Result<Held> {
        let mut held = self.hold_connection(TcpState::SynSent, flavor)?;
        if let Some(remote) = held.row.remote {
            self.request(remote, held.row.local)?;
        }
        held.wait_for(TcpState::SynReceived)?;
        held.row.state = Some(TcpState::SynReceived);
        Ok(held)
    }

    /// Makes a UDP socket connected to the remote host, which never answers.
    pub fn hold_udp(&self, flavor: Flavor) -> Result<Held> {
        let socket = socket::open(Protocol::Udp, flavor.family(), false)?;
        socket::bind(&socket, self.ours(flavor))?;
        socket::connect(&socket, self.theirs(flavor, 53))?;
        Held::of(socket, Protocol::Udp, None)
    }

    fn ours(&self, flavor: Flavor) -> SocketAddr {
        self.end(flavor, (OUR_V4, OUR_V6, OUR_LINK_LOCAL), 0)
    }

    fn theirs(&self, flavor: Flavor, port: u16) -> SocketAddr {
        self.end(flavor, (THEIR_V4, THEIR_V6, THEIR_LINK_LOCAL), port)
    }

    fn end(&self, flavor: Flavor, host: (Ipv4Addr, Ipv6Addr, Ipv6Addr), port: u16) -> SocketAddr {
        let (v4, v6, link_local) = host;
        match flavor {
            Flavor::V4 => (v4, port).into(),
            Flavor::V6 => (v6, port).into(),
            Flavor::Mapped => (v4.to_ipv6_mapped(), port).into(),
            Flavor::LinkLocal => SocketAddrV6::new(link_local, port, 0, self.index).into(),
        }
    }

    fn hold_bound(&self, flavor: Flavor) -> Result<Held> {
        let socket = socket::open(Protocol::Tcp, flavor.family(), false)?;
        socket::bind(&socket, self.ours(flavor))?;
        Held::of(socket, Protocol::Tcp, Some(TcpState::Bound))
    }

    fn hold_listener(&self, flavor: Flavor) -> Result<Held> {
        let (row, socket) = listener(self.ours(flavor))?;
        Ok(Held::new(row, Some(socket)))
    }

    fn hold_half_open(&self, flavor: Flavor) -> Result<Held> {
        let at = match flavor {
            // What matters for this flavor is a dual-stack listener that gets an IPv4 request.
            Flavor::Mapped => SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
            _ => self.ours(flavor),
        };
        let (listening, listener) = listener(at)?;
        let remote = self.theirs(flavor, self.peer().new_port(Behavior::SILENT)?);
        let mut local = self.ours(flavor);
        local.set_port(listening.local.port());
        let pair = self.request(remote, local)?;
        let row = Row {
            protocol: Protocol::Tcp,
            family: flavor.family(),
            state: Some(TcpState::SynReceived),
            local,
            remote: Some(remote),
            v6_only: None,
            inode: None,
            pids: Vec::new(),
        };
        Ok(Held::new(row, None).with_listener(listening, listener).with_far_end(self.peer(), pair))
    }

    /// Sends a SYN until it is answered, and does not complete the handshake.
    fn request(&self, remote: SocketAddr, local: SocketAddr) -> Result<Pair> {
        let pair = Pair { theirs: socket::on_the_wire(remote), ours: socket::on_the_wire(local) };
        let peer = self.peer();
        peer.until(pair, "the answer to a SYN", || peer.send_syn(pair), |connection| connection.saw_syn_ack)?;
        Ok(pair)
    }

    /// Makes a half-open request of an existing listener; returns its remote end and the pair.
    pub(crate) fn half_open(&self, listener: SocketAddr) -> Result<(SocketAddr, Pair)> {
        let remote = self.theirs(Flavor::V4, self.peer().new_port(Behavior::SILENT)?);
        Ok((remote, self.request(remote, listener)?))
    }

    /// Makes an established connection to a remote host with this behaviour.
    pub(crate) fn connect_to(&self, receiver: Receiver) -> Result<Held> {
        let behavior = Behavior { receiver, ..Behavior::CONNECTS };
        let remote = self.theirs(Flavor::V4, self.peer().new_port(behavior)?);
        Ok(self.connect(TcpState::Established, behavior, remote, Flavor::V4)?.0)
    }

    /// Makes an established connection to any address behind the interface; the remote host answers for it.
    pub(crate) fn connect_far(&self, remote: SocketAddr) -> Result<Held> {
        self.peer().behave_at(remote.port(), Behavior::CONNECTS);
        Ok(self.connect(TcpState::Established, Behavior::CONNECTS, remote, Flavor::V4)?.0)
    }

    fn hold_connection(&self, state: TcpState, flavor: Flavor) -> Result<Held> {
        let behavior = Behavior {
            answers_syn: state != TcpState::SynSent,
            acknowledges_fin: matches!(state, TcpState::FinWait2 | TcpState::TimeWait),
            receiver: Receiver::Prompt,
        };
        let remote = self.theirs(flavor, self.peer().new_port(behavior)?);
        let (held, pair) = self.connect(state, behavior, remote, flavor)?;
        self.bring_to(state, pair, held)
    }

    /// Connects as far as `state` needs and the remote host allows.
    fn connect(
        &self,
        state: TcpState,
        behavior: Behavior,
        remote: SocketAddr,
        flavor: Flavor,
    ) -> Result<(Held, Pair)> {
        let socket = socket::open(Protocol::Tcp, flavor.family(), false)?;
        socket::bind(&socket, self.ours(flavor))?;
        socket::connect(&socket, remote)?;
        let first = if behavior.answers_syn { TcpState::Established } else { TcpState::SynSent };
        socket::wait_for_state(&socket, first)?;
        let mut row = socket::describe(&socket, Protocol::Tcp, Some(state))?;
        // getpeername fails for a socket in SYN_SENT.
        row.remote = Some(remote);
        let pair = Pair { theirs: socket::on_the_wire(remote), ours: socket::on_the_wire(row.local) };
        // From here on, a failure drops the value, which closes the connection.
        Ok((Held::new(row, Some(socket)).with_far_end(self.peer(), pair), pair))
    }

    /// Moves on from ESTABLISHED (or SYN_SENT) to `state`.
    fn bring_to(&self, state: TcpState, pair: Pair, mut held: Held) -> Result<Held> {
        let peer = self.peer();
        let see_our_fin = || peer.until(pair, "our FIN", || (), |connection| connection.saw_fin);
        let send_a_fin =
            || peer.until(pair, "the answer to a FIN", || peer.send_fin(pair), |seen| seen.fin_acknowledged);
        match state {
            TcpState::SynSent => peer.until(pair, "a SYN", || (), |connection| connection.saw_syn)?,
            TcpState::FinWait1 | TcpState::FinWait2 => {
                held.shut_down()?;
                see_our_fin()?;
            }
            TcpState::CloseWait => send_a_fin()?,
            TcpState::LastAck => {
                send_a_fin()?;
                held.shut_down()?;
                see_our_fin()?;
            }
            TcpState::Closing => {
                held.shut_down()?;
                see_our_fin()?;
                send_a_fin()?;
            }
            TcpState::TimeWait => {
                held.shut_down()?;
                see_our_fin()?;
                held.wait_for(TcpState::FinWait2)?;
                send_a_fin()?;
                peer.keep_time_wait(pair);
                held.let_go();
                return Ok(held);
            }
            TcpState::Established | TcpState::Bound | TcpState::Listen | TcpState::SynReceived => {}
        }
        held.wait_for(state)?;
        Ok(held)
    }

    fn peer(&self) -> &Arc<Peer> {
        &self.running.peer
    }

    /// Returns the remote host, for a thread that outlives this borrow.
    pub(crate) fn share(&self) -> Arc<Peer> {
        Arc::clone(self.peer())
    }
}

fn listener(at: SocketAddr) -> Result<(Row, OwnedFd)> {
    let family = if at.is_ipv4() { Family::V4 } else { Family::V6 };
    let socket = socket::open(Protocol::Tcp, family, false)?;
    socket::bind(&socket, at)?;
    socket::listen(&socket)?;
    socket::wait_for_state(&socket, TcpState::Listen)?;
    let row = socket::describe(&socket, Protocol::Tcp, Some(TcpState::Listen))?;
    Ok((row, socket))
}

/// Like [`on_own_thread`](crate::on_own_thread), with a [`RemoteHost`]. Also skips where that is unavailable.
pub fn with_remote_host<T: Send>(body: impl FnOnce(&Namespace, &RemoteHost) -> T + Send) -> Option<T> {
    on_thread(|| {
        let namespace = Namespace::enter()?;
        let host = RemoteHost::start(&namespace)?;
        Ok(body(&namespace, &host))
    })
}
