//! Connections that are never established, because nobody answers or the client never finishes, and connections that
//! only look like that, because the listener waits for data.

use super::{HERE, allow_descriptors, prepare};
use crate::error::{Doing, Result};
use crate::held::Held;
use crate::remote_host::RemoteHost;
use crate::{Family, Namespace, OUR_V4, Protocol, Row, TcpState, eventually, kernel, socket};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd as _, OwnedFd};

/// Connections to addresses behind the interface where nobody answers, as behind a firewall that drops packets.
#[derive(Debug)]
pub struct Unanswered {
    /// The destinations.
    pub destinations: Vec<SocketAddr>,
    _sockets: Vec<OwnedFd>,
}

impl Unanswered {
    /// Starts `each` connections to every destination.
    pub fn new(_host: &RemoteHost, destinations: &[SocketAddr], each: usize) -> Result<Self> {
        allow_descriptors()?;
        let mut sockets = Vec::new();
        for to in destinations {
            for _ in 0..each {
                let socket = socket::open(Protocol::Tcp, Family::V4, false)?;
                socket::connect(&socket, *to)?;
                socket::wait_for_state(&socket, TcpState::SynSent)?;
                sockets.push(socket);
            }
        }
        Ok(Self { destinations: destinations.to_vec(), _sockets: sockets })
    }
}

/// Requests that a listener has answered and whose clients never finish.
#[derive(Debug)]
pub struct HalfOpen {
    /// The listener.
    pub listener: SocketAddr,
    _requests: Vec<Held>,
    _listener: OwnedFd,
}

impl HalfOpen {
    /// Makes `count` requests from the remote host to one listener, whose queue is larger.
    pub fn new(host: &RemoteHost, count: usize) -> Result<Self> {
        let socket = socket::open(Protocol::Tcp, Family::V4, false)?;
        socket::bind(&socket, (OUR_V4, 0).into())?;
        rustix::net::listen(&socket, 4096).doing(|| "listen".into())?;
        let listening = socket::describe(&socket, Protocol::Tcp, Some(TcpState::Listen))?;
        let requests = (0..count).map(|_| {
            let (remote, far_end) = host.half_open(listening.local)?;
            let row = Row {
                state: Some(TcpState::SynReceived),
                remote: Some(remote),
                inode: None,
                pids: Vec::new(),
                ..listening.clone()
            };
            Ok(Held::new(row, None).with_far_end(&host.share(), far_end))
        });
        let requests = requests.collect::<Result<_>>()?;
        Ok(Self { listener: listening.local, _requests: requests, _listener: socket })
    }
}

/// Clients that have connected to a listener with `TCP_DEFER_ACCEPT` and have nothing to say yet: complete, and in
/// SYN_RECEIVED all the same.
#[derive(Debug)]
pub struct Deferred {
    /// The listener.
    pub listener: SocketAddr,
    _clients: Vec<TcpStream>,
    _listener: OwnedFd,
}

impl Deferred {
    /// Makes `count` of them, each after the kernel's timer has fired at least once.
    pub fn new(namespace: &Namespace, count: usize) -> Result<Self> {
        prepare(namespace)?;
        let socket = socket::open(Protocol::Tcp, Family::V4, false)?;
        socket::bind(&socket, (HERE, 0).into())?;
        kernel::defer_accept(socket.as_fd(), 60).doing(|| "set TCP_DEFER_ACCEPT".into())?;
        rustix::net::listen(&socket, 4096).doing(|| "listen".into())?;
        let listener = socket::describe(&socket, Protocol::Tcp, Some(TcpState::Listen))?.local;
        let clients =
            (0..count).map(|_| TcpStream::connect(listener).doing(|| format!("connect to {listener}")));
        let clients = clients.collect::<Result<_>>()?;
        eventually("the timer of deferred requests", || {
            let table = std::fs::read_to_string("/proc/thread-self/net/tcp").ok()?;
            (fired_requests(&table, listener.port()) == count).then_some(())
        })?;
        Ok(Self { listener, _clients: clients, _listener: socket })
    }
}

/// Counts the requests at a port whose timer has fired, from `/proc/net/tcp`.
fn fired_requests(table: &str, port: u16) -> usize {
    let of_port = format!(":{port:04X}");
    let fired = |line: &&str| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        matches!(words.as_slice(), [_, local, _, "03", _, _, timeouts, ..]
            if local.ends_with(&of_port) && timeouts.bytes().any(|digit| digit != b'0'))
    };
    table.lines().filter(fired).count()
}
