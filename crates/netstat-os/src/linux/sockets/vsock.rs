//! Sockets between a virtual machine and its host, from sock_diag (`vsock_diag`, kernel 4.15). No file lists them.

use super::answers::Dumped;
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::wire::{self, u32_at};
use netstat_model::query::SocketQuery;
use netstat_model::{Endpoint, Protocol, Socket, SocketId, SocketType, TcpState};

const AF_VSOCK: u8 = 40;

/// `struct vsock_diag_msg`.
const MESSAGE: usize = 32;

/// Lists the sockets.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let mut body = vec![AF_VSOCK, 0, 0, 0];
    // All states, then what is reserved, and the cookie, which a dump does not read.
    for number in [u32::MAX, 0, 0, 0, 0] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    let kind = super::SOCK_DIAG_BY_FAMILY;
    wire::collect(source, Netlink::SockDiag, kind, &body, |message| {
        message.of_kind(kind).and_then(decode_row)
    })
}

/// Decodes `struct vsock_diag_msg`.
#[doc(alias = "vsock_diag_msg")]
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Socket> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    let kind = match (fixed[0], fixed[1]) {
        (AF_VSOCK, 1) => SocketType::Stream,
        (AF_VSOCK, 2) => SocketType::Datagram,
        (AF_VSOCK, 5) => SocketType::SeqPacket,
        _ => return None,
    };
    let end = |at| Some(Endpoint::Vsock { cid: u32_at(fixed, at)?, port: u32_at(fixed, at + 4)? });
    let mut socket = Socket::of_protocol(Protocol::Vsock(kind), end(4)?, None);
    // The numbers of TCP. What is not connected has none: the kernel says CLOSED of it.
    socket.state = match fixed[2] {
        7 => None,
        1 => Some(TcpState::Established),
        2 => Some(TcpState::SynSent),
        10 => Some(TcpState::Listen),
        11 => Some(TcpState::Closing),
        other => Some(TcpState::Unknown(other)),
    };
    let has_peer = !matches!(socket.state, None | Some(TcpState::Listen));
    socket.remote = end(12).filter(|_| has_peer);
    let inode = u32_at(fixed, 20)?;
    let cookie = u64::from(u32_at(fixed, 24)?) | u64::from(u32_at(fixed, 28)?) << 32;
    socket.id =
        SocketId { inode: (inode != 0).then_some(inode.into()), cookie: (cookie != 0).then_some(cookie) };
    Some(socket)
}

#[cfg(test)]
mod tests;
