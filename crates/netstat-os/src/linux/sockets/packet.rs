//! Packet sockets, from sock_diag (`packet_diag`), or from `/proc/net/packet`, which knows neither rings nor memberships.

use super::answers::{Dumped, Lines};
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::tcp_info::decode_memory;
use crate::linux::wire::{self, u16_at, u32_at};
use netstat_model::query::SocketQuery;
use netstat_model::{
    Endpoint, FamilyFacts, MembershipKind, PacketFacts, PacketMembership, Protocol, RingSize, Socket,
    SocketId, SocketType,
};

const AF_PACKET: u8 = 17;

/// `PACKET_SHOW_INFO`, `_MCLIST`, `_RING_CFG`, `_FANOUT`, `_MEMINFO` and `_FILTER`.
const SHOW: u32 = 0x3f;

const PACKET_DIAG_INFO: u16 = 0;
const PACKET_DIAG_MCLIST: u16 = 1;
const PACKET_DIAG_RX_RING: u16 = 2;
const PACKET_DIAG_TX_RING: u16 = 3;
const PACKET_DIAG_FANOUT: u16 = 4;
const PACKET_DIAG_UID: u16 = 5;
const PACKET_DIAG_MEMINFO: u16 = 6;
const PACKET_DIAG_FILTER: u16 = 7;

/// `struct packet_diag_msg`.
const MESSAGE: usize = 16;

/// `struct packet_diag_mclist`.
const MEMBERSHIP: usize = 44;

/// Lists the packet sockets.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let mut body = vec![AF_PACKET, 0, 0, 0];
    // Any inode, what to show, any cookie.
    for number in [0, SHOW, u32::MAX, u32::MAX] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    let kind = super::SOCK_DIAG_BY_FAMILY;
    wire::collect(source, Netlink::SockDiag, kind, &body, |message| {
        message.of_kind(kind).and_then(decode_row)
    })
}

/// Returns a packet socket that receives this EtherType at this interface.
fn bare(kind: u8, ethertype: u16, interface: u32, inode: u32) -> Option<Socket> {
    let kind = match kind {
        2 => SocketType::Datagram,
        // `SOCK_PACKET`, which is obsolete, is raw too.
        3 | 10 => SocketType::Raw,
        _ => return None,
    };
    let local = Endpoint::Packet { interface, ethertype };
    let mut socket = Socket::of_protocol(Protocol::Packet(kind), local, None);
    socket.id = SocketId { inode: (inode != 0).then_some(inode.into()), cookie: None };
    socket.interface = (interface != 0).then_some(interface);
    Some(socket)
}

/// Decodes a row: `struct packet_diag_msg` and its attributes.
#[doc(alias = "packet_diag_msg")]
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Socket> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    if fixed[0] != AF_PACKET {
        return None;
    }
    let cookie = u64::from(u32_at(fixed, 8)?) | u64::from(u32_at(fixed, 12)?) << 32;
    let (mut interface, mut uid, mut memory) = (0, None, None);
    let mut facts = PacketFacts::default();
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            PACKET_DIAG_INFO => interface = u32_at(value, 0)?,
            PACKET_DIAG_MCLIST => {
                let (each, _) = value.as_chunks::<MEMBERSHIP>();
                facts.memberships = each.iter().filter_map(|bytes| decode_membership(bytes)).collect();
            }
            PACKET_DIAG_RX_RING => facts.receive_ring = decode_ring(value),
            PACKET_DIAG_TX_RING => facts.send_ring = decode_ring(value),
            // The number of the group, and how it shares.
            PACKET_DIAG_FANOUT => {
                facts.fanout_group = u32_at(value, 0).and_then(|group| u16::try_from(group & 0xffff).ok());
            }
            PACKET_DIAG_UID => uid = u32_at(value, 0),
            PACKET_DIAG_MEMINFO => memory = Some(decode_memory(value)),
            PACKET_DIAG_FILTER => facts.has_filter = Some(!value.is_empty()),
            _ => {}
        }
    }
    let mut socket = bare(fixed[1], u16_at(fixed, 2)?, interface, u32_at(fixed, 4)?)?;
    socket.id.cookie = (cookie != 0).then_some(cookie);
    socket.uid = uid;
    // As ss shows it: the memory of what is queued.
    socket.recv_queue = memory.and_then(|memory| memory.recv_allocated);
    socket.send_queue = memory.and_then(|memory| memory.send_allocated);
    socket.memory = memory.map(Box::new);
    socket.family_facts = Some(Box::new(FamilyFacts::Packet(facts)));
    Some(socket)
}

/// Decodes `struct packet_diag_ring`; `None` for a ring without blocks, which is none.
fn decode_ring(value: &[u8]) -> Option<RingSize> {
    let ring = RingSize { block_size: u32_at(value, 0)?, blocks: u32_at(value, 4)? };
    (ring.blocks != 0).then_some(ring)
}

/// Decodes `struct packet_diag_mclist`.
fn decode_membership(bytes: &[u8]) -> Option<PacketMembership> {
    let kind = match u16_at(bytes, 8)? {
        0 => MembershipKind::Multicast,
        1 => MembershipKind::Promiscuous,
        2 => MembershipKind::AllMulticast,
        3 => MembershipKind::Unicast,
        _ => return None,
    };
    // The length is of the address of the interface, and the address of a fixed room.
    let of_one = matches!(kind, MembershipKind::Multicast | MembershipKind::Unicast);
    let len = if of_one { usize::from(u16_at(bytes, 10)?) } else { 0 };
    let address = bytes.get(12..12 + len)?.into();
    Some(PacketMembership { interface: u32_at(bytes, 0)?, kind, address })
}

/// Lists the sockets from `/proc/net/packet`.
pub(super) fn from_proc_net(source: &dyn NetworkSource) -> Lines {
    let mut bytes = Vec::new();
    source.read("/proc/net/packet", &mut bytes)?;
    Ok(decode_file(&bytes))
}

/// Decodes `/proc/net/packet`. Returns the sockets and the number of malformed lines.
pub(in crate::linux) fn decode_file(bytes: &[u8]) -> (Vec<Socket>, u64) {
    let (mut sockets, mut odd) = (Vec::new(), 0);
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty()) {
        match std::str::from_utf8(line).ok().and_then(decode_line) {
            Some(socket) => sockets.push(socket),
            None => odd += 1,
        }
    }
    (sockets, odd)
}

/// Decodes `sk RefCnt Type Proto Iface R Rmem User Inode`.
fn decode_line(line: &str) -> Option<Socket> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, _, kind, ethertype, interface, _, queued, uid, inode, ..] = words[..] else { return None };
    let ethertype = u16::from_str_radix(ethertype, 16).ok()?;
    let mut socket = bare(kind.parse().ok()?, ethertype, interface.parse().ok()?, inode.parse().ok()?)?;
    socket.recv_queue = queued.parse().ok();
    socket.uid = uid.parse().ok();
    Some(socket)
}

#[cfg(test)]
mod tests;
