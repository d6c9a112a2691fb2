//! Makes sockets and queries their properties.

use crate::error::{Doing, LabError, Result};
use crate::kernel;
use crate::peer::PATIENCE;
use crate::row::{Family, Protocol, Row, TcpState};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

/// Makes a socket that neither blocks nor is inherited. `v6_only` is for IPv6 sockets.
pub(crate) fn open(protocol: Protocol, family: Family, v6_only: bool) -> Result<OwnedFd> {
    let domain = match family {
        Family::V4 => AddressFamily::INET,
        Family::V6 => AddressFamily::INET6,
    };
    let kind = match protocol {
        Protocol::Tcp => SocketType::STREAM,
        Protocol::Udp => SocketType::DGRAM,
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(domain, kind, flags, None)
        .doing(|| format!("make a {protocol:?} socket of family {family:?}"))?;
    if family == Family::V6 {
        sockopt::set_ipv6_v6only(&socket, v6_only).doing(|| "set IPV6_V6ONLY".into())?;
    }
    Ok(socket)
}

pub(crate) fn bind(socket: &OwnedFd, address: SocketAddr) -> Result<()> {
    rustix::net::bind(socket, &address).doing(|| format!("bind to {address}"))
}

/// Lets a socket take packets for any address that a TPROXY rule gives it.
///
/// # Errors
///
/// When the kernel refuses it, as to anyone without `CAP_NET_ADMIN`.
pub fn make_transparent(socket: impl AsFd) -> Result<()> {
    kernel::make_transparent(socket.as_fd()).doing(|| "set IP_TRANSPARENT".into())
}

/// Lets the kernel keep what comes back for datagrams in the queue of errors of a socket.
///
/// # Errors
///
/// When the kernel refuses it.
pub fn keep_errors(socket: impl AsFd, v6: bool) -> Result<()> {
    kernel::keep_errors(socket.as_fd(), v6).doing(|| "set IP_RECVERR".into())
}

/// Sends on a connected socket of UDP, with a type of service as control data.
///
/// # Errors
///
/// When the kernel refuses it.
pub fn send_with_service(socket: impl AsFd, bytes: &[u8], v6: bool) -> Result<usize> {
    kernel::send_with_service(socket.as_fd(), bytes, v6).doing(|| "send with control data".into())
}

/// Makes a packet socket join a link-layer group of an interface.
///
/// # Errors
///
/// When the interface does not exist or the kernel refuses it.
pub fn join_link_group(socket: impl AsFd, interface: &str, address: [u8; 6]) -> Result<()> {
    let index = interface_index(interface)?.cast_signed();
    kernel::join_link_group(socket.as_fd(), index, address).doing(|| format!("join a group of {interface}"))
}

pub(crate) fn listen(socket: &OwnedFd) -> Result<()> {
    rustix::net::listen(socket, 16).doing(|| "listen".into())
}

/// Starts to connect. TCP finishes later.
pub(crate) fn connect(socket: &OwnedFd, address: SocketAddr) -> Result<()> {
    match rustix::net::connect(socket, &address) {
        Err(rustix::io::Errno::INPROGRESS) => Ok(()),
        other => other.doing(|| format!("connect to {address}")),
    }
}

/// Waits until the socket reports the state `wanted`.
pub(crate) fn wait_for_state(socket: &OwnedFd, wanted: TcpState) -> Result<()> {
    let start = Instant::now();
    loop {
        let number = kernel::tcp_state_number(socket.as_fd()).doing(|| "read TCP_INFO".into())?;
        if TcpState::from_kernel(number) == Some(wanted) {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            let why = format!("still in kernel state {number} after {PATIENCE:?}");
            return Err(LabError::failed(format!("bring a socket to {wanted:?}"), why));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Closes at once, without FIN and TIME_WAIT. Disconnecting removes the socket from the kernel's tables even while
/// another descriptor holds it, as the child of another thread's `fork` does until its exec. A socket bound to a port
/// that the caller chose stays there until the last descriptor is closed.
pub(crate) fn close_without_trace(socket: OwnedFd) {
    // On failure the socket closes in the ordinary way, which shows in the witnesses.
    let _ = rustix::net::connect_unspec(&socket);
    drop(socket);
}

/// Makes the row of a socket of this process from what the socket reports. `state` is for TCP.
pub(crate) fn describe(socket: &OwnedFd, protocol: Protocol, state: Option<TcpState>) -> Result<Row> {
    let local = rustix::net::getsockname(socket)
        .and_then(SocketAddr::try_from)
        .doing(|| "read the local address of a socket".into())?;
    let remote = match rustix::net::getpeername(socket) {
        Ok(Some(address)) => {
            Some(SocketAddr::try_from(address).doing(|| "read the remote address of a socket".into())?)
        }
        Ok(None) | Err(rustix::io::Errno::NOTCONN) => None,
        Err(error) => return Err(error).doing(|| "read the remote address of a socket".into()),
    };
    let family = if local.is_ipv4() { Family::V4 } else { Family::V6 };
    let v6_only = match family {
        Family::V4 => None,
        Family::V6 => Some(sockopt::ipv6_v6only(socket).doing(|| "read IPV6_V6ONLY".into())?),
    };
    let inode = rustix::fs::fstat(socket).doing(|| "stat a socket".into())?.st_ino;
    let pids = vec![std::process::id()];
    Ok(Row { protocol, family, state, local, remote, v6_only, inode: Some(inode), pids })
}

/// Converts a socket's address to that in packets: IPv4 for a mapped address, and without scope.
pub(crate) fn on_the_wire(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Returns the index of an interface by name, in the namespace of the calling thread.
///
/// # Errors
///
/// When there is none of that name.
pub fn interface_index(name: &str) -> Result<u32> {
    let socket = open(Protocol::Udp, Family::V4, false)?;
    rustix::net::netdevice::name_to_index(&socket, name).doing(|| format!("find the interface {name}"))
}
