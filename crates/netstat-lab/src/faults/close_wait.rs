//! Connections whose other end has closed: of a program that never closes its own end, and of one that soon does.

use super::ongoing::Ongoing;
use super::{HERE, connect, connect_from, neighbour, prepare, server};
use crate::error::{Doing, Result};
use crate::namespace::Namespace;
use crate::socket;
use std::collections::VecDeque;
use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::time::Duration;

/// A client with a leaked pool of connections: the servers closed them, and it neither reads nor closes.
#[derive(Debug)]
pub struct CloseWaitLeak {
    /// The servers, with equally many connections each.
    pub servers: Vec<SocketAddr>,
    /// Unread bytes of each connection.
    pub unread: usize,
    _forgotten: Vec<OwnedFd>,
    _listener: TcpListener,
}

impl CloseWaitLeak {
    /// Makes `count` connections to this many servers, each of which sends `farewell` before it closes.
    pub fn new(namespace: &Namespace, count: usize, peers: usize, farewell: &[u8]) -> Result<Self> {
        prepare(namespace)?;
        let (listener, port) = server()?;
        let servers: Vec<SocketAddr> = (0..peers).map(|peer| (neighbour(peer), port).into()).collect();
        let mut forgotten = Vec::with_capacity(count);
        for to in servers.iter().cycle().take(count) {
            forgotten.push(closed_by_peer(connect(&listener, *to)?, farewell)?);
        }
        Ok(Self { servers, unread: farewell.len(), _forgotten: forgotten, _listener: listener })
    }
}

fn closed_by_peer((near, mut far): (TcpStream, TcpStream), farewell: &[u8]) -> Result<OwnedFd> {
    far.write_all(farewell).doing(|| "send".into())?;
    drop(far);
    let near = OwnedFd::from(near);
    socket::wait_for_state(&near, crate::TcpState::CloseWait)?;
    Ok(near)
}

/// A busy server whose clients close first: at any moment it has connections in CLOSE_WAIT, none of them for long.
#[derive(Debug)]
pub struct CloseWaitTraffic {
    /// The server.
    pub server: SocketAddr,
    /// Number of connections in CLOSE_WAIT at any moment.
    pub count: usize,
    ongoing: Ongoing,
}

impl CloseWaitTraffic {
    /// Runs until dropped. Returns when `count` connections are in CLOSE_WAIT.
    pub fn new(namespace: &Namespace, count: usize) -> Result<Self> {
        prepare(namespace)?;
        let (listener, port) = server()?;
        let server = SocketAddr::from((HERE, port));
        let mut waiting: VecDeque<OwnedFd> = VecDeque::with_capacity(count);
        let mut number = 0;
        let ongoing = Ongoing::start("a busy server", Duration::from_millis(1), move || {
            while waiting.len() >= count {
                drop(waiting.pop_front());
            }
            // From many client addresses, so that no address collects many TIME_WAIT.
            number += 1;
            let (near, far) = connect_from(neighbour(number % 100), &listener, server)?;
            waiting.push_back(closed_by_peer((far, near), b"")?);
            Ok(())
        })?;
        let scene = Self { server, count, ongoing };
        scene.go_on(u64::try_from(count).unwrap_or(u64::MAX))?;
        Ok(scene)
    }

    /// Waits until this many more connections were closed.
    pub fn go_on(&self, connections: u64) -> Result<()> {
        self.ongoing.more_rounds(connections)
    }
}
