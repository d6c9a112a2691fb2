//! Data in flight that arrives, is lost, is not acknowledged, or is not read.

use super::ongoing::Ongoing;
use super::{HERE, prepare, server};
use crate::error::{Doing, Result};
use crate::held::Held;
use crate::kernel;
use crate::namespace::{Namespace, eventually};
use crate::remote_host::RemoteHost;
use rustix::net::{SendFlags, sockopt};
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

pub use crate::peer::Receiver;

/// A connection to the remote host over which this process sends continuously.
#[derive(Debug)]
pub struct Transfer {
    /// This side of the connection.
    pub local: SocketAddr,
    /// The remote host.
    pub remote: SocketAddr,
    ongoing: Ongoing,
    _held: Held,
}

impl Transfer {
    /// Runs until dropped.
    pub fn new(host: &RemoteHost, receiver: Receiver) -> Result<Self> {
        let held = host.connect_to(receiver)?;
        let (local, remote) = (held.row.local, held.row.remote.unwrap_or(held.row.local));
        let socket = match held.descriptor() {
            Some(socket) => socket.try_clone_to_owned().doing(|| "duplicate a socket".into())?,
            None => return Err(crate::LabError::failed("send", "no descriptor holds the connection")),
        };
        let ongoing =
            Ongoing::start("a transfer", Duration::from_millis(5), move || send(&socket, &[0; 1_400]))?;
        Ok(Self { local, remote, ongoing, _held: held })
    }

    /// Waits until this side has tried to send this many more times.
    pub fn go_on(&self, times: u64) -> Result<()> {
        self.ongoing.more_rounds(times)
    }
}

/// Sends as much as there is room for.
fn send(socket: &OwnedFd, data: &[u8]) -> Result<()> {
    match rustix::net::send(socket, data, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
        Err(rustix::io::Errno::AGAIN) => Ok(()),
        other => other.map(|_| ()).doing(|| "send".into()),
    }
}

/// Makes a connection within this machine and fills its buffers.
fn filled(namespace: &Namespace) -> Result<(OwnedFd, TcpStream, TcpListener, SocketAddr)> {
    prepare(namespace)?;
    let (listener, port) = server()?;
    // Accepted sockets inherit it. Small, so that little data is in flight.
    sockopt::set_socket_recv_buffer_size(&listener, 8_192).doing(|| "set SO_RCVBUF".into())?;
    let at = SocketAddr::from((HERE, port));
    let (near, far) = super::connect(&listener, at)?;
    sockopt::set_socket_send_buffer_size(&near, 65_536).doing(|| "set SO_SNDBUF".into())?;
    let near = OwnedFd::from(near);
    // Until there is no room twice in a row.
    let mut full = 0;
    eventually("a full connection", || {
        let sent = rustix::net::send(&near, &[0; 4_096], SendFlags::NOSIGNAL | SendFlags::DONTWAIT);
        full = if sent.is_err() { full + 1 } else { 0 };
        (full > 1).then_some(())
    })?;
    Ok((near, far, listener, at))
}

/// A connection whose receiver does not read: its window is zero, and sent data waits.
#[derive(Debug)]
pub struct Unread {
    /// The end that does not read.
    pub receiver: SocketAddr,
    _ends: (OwnedFd, TcpStream, TcpListener),
}

impl Unread {
    /// Returns when the connection's buffers are full.
    pub fn new(namespace: &Namespace) -> Result<Self> {
        let (near, far, listener, receiver) = filled(namespace)?;
        eventually("a window of zero", || {
            // Nothing is lost on the way, so the timer that expires is that of the window probes.
            kernel::tcp_backoff(near.as_fd()).is_ok_and(|times| times > 0).then_some(())
        })?;
        Ok(Self { receiver, _ends: (near, far, listener) })
    }
}

/// The same connection with a receiver that reads a little at a time: always full, and always moving.
#[derive(Debug)]
pub struct SlowReader {
    /// The end that reads slowly.
    pub receiver: SocketAddr,
    ongoing: Ongoing,
    _listener: TcpListener,
}

impl SlowReader {
    /// Runs until dropped.
    pub fn new(namespace: &Namespace) -> Result<Self> {
        let (near, mut far, listener, receiver) = filled(namespace)?;
        let ongoing = Ongoing::start("a slow reader", Duration::from_millis(2), move || {
            far.read_exact(&mut [0; 2_048]).doing(|| "read".into())?;
            while rustix::net::send(&near, &[0; 2_048], SendFlags::NOSIGNAL | SendFlags::DONTWAIT).is_ok() {}
            Ok(())
        })?;
        Ok(Self { receiver, ongoing, _listener: listener })
    }

    /// Waits until this many more pieces were read.
    pub fn go_on(&self, pieces: u64) -> Result<()> {
        self.ongoing.more_rounds(pieces)
    }
}
