//! Connections that do not come about: this side waits for an answer, or the other side never finishes.

use super::allow_descriptors;
use crate::error::{Doing, Result};
use crate::held::Held;
use crate::remote_host::RemoteHost;
use crate::{Family, OUR_V4, Protocol, Row, TcpState, socket};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;

/// Connections to addresses beyond the interface where nobody answers, as behind a firewall that drops.
#[derive(Debug)]
pub struct Unanswered {
    /// Whom they are for.
    pub destinations: Vec<SocketAddr>,
    _sockets: Vec<OwnedFd>,
}

impl Unanswered {
    /// Begins `each` connections to every destination.
    ///
    /// # Errors
    ///
    /// When the kernel refuses.
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

/// Requests that a listener has answered and that never became connections.
#[derive(Debug)]
pub struct HalfOpen {
    /// Where they came to.
    pub listener: SocketAddr,
    _requests: Vec<Held>,
    _listener: OwnedFd,
}

impl HalfOpen {
    /// `count` of them from the remote host to one listener, whose queue is larger.
    ///
    /// # Errors
    ///
    /// When the kernel refuses, or does not answer a SYN.
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
