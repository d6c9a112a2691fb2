//! XDP sockets, from sock_diag (`xsk_diag`, kernel 5.1). No file lists them.

use super::answers::Dumped;
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::tcp_info::decode_memory;
use crate::linux::wire::{self, array_at, u32_at};
use netstat_model::query::SocketQuery;
use netstat_model::{Endpoint, FamilyFacts, Protocol, Socket, SocketId, XdpFacts};

const AF_XDP: u8 = 44;

/// `XDP_SHOW_INFO`, `_UMEM`, `_MEMINFO` and `_STATS`.
const SHOW: u32 = 0b1_1101;

const XDP_DIAG_INFO: u16 = 1;
const XDP_DIAG_UID: u16 = 2;
const XDP_DIAG_UMEM: u16 = 5;
const XDP_DIAG_MEMINFO: u16 = 8;
const XDP_DIAG_STATS: u16 = 9;

/// `XDP_DU_F_ZEROCOPY`.
const ZERO_COPY: u32 = 1;

/// `struct xdp_diag_msg`.
const MESSAGE: usize = 16;

/// Lists the sockets.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let mut body = vec![AF_XDP, 0, 0, 0];
    // Any inode, what to show, any cookie.
    for number in [0, SHOW, u32::MAX, u32::MAX] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    let kind = super::SOCK_DIAG_BY_FAMILY;
    wire::collect(source, Netlink::SockDiag, kind, &body, |message| {
        message.of_kind(kind).and_then(decode_row)
    })
}

/// Decodes a row: `struct xdp_diag_msg` and its attributes.
#[doc(alias = "xdp_diag_msg")]
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Socket> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    if fixed[0] != AF_XDP {
        return None;
    }
    let inode = u32_at(fixed, 4)?;
    let cookie = u64::from(u32_at(fixed, 8)?) | u64::from(u32_at(fixed, 12)?) << 32;
    let mut socket = Socket::of_protocol(Protocol::Xdp, Endpoint::Xdp { interface: 0, queue: 0 }, None);
    socket.id =
        SocketId { inode: (inode != 0).then_some(inode.into()), cookie: (cookie != 0).then_some(cookie) };
    let mut facts = XdpFacts::default();
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            XDP_DIAG_INFO => {
                let (interface, queue) = (u32_at(value, 0)?, u32_at(value, 4)?);
                socket.local = Endpoint::Xdp { interface, queue };
                socket.interface = (interface != 0).then_some(interface);
            }
            XDP_DIAG_UID => socket.uid = u32_at(value, 0),
            XDP_DIAG_UMEM => {
                facts.memory = array_at(value, 0).map(u64::from_ne_bytes);
                facts.is_zero_copy = u32_at(value, 32).map(|flags| flags & ZERO_COPY != 0);
            }
            XDP_DIAG_MEMINFO => socket.memory = Some(Box::new(decode_memory(value))),
            XDP_DIAG_STATS => facts.dropped = array_at(value, 0).map(u64::from_ne_bytes),
            _ => {}
        }
    }
    socket.family_facts = Some(Box::new(FamilyFacts::Xdp(facts)));
    Some(socket)
}

#[cfg(test)]
mod tests;
