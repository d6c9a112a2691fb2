//! Netlink sockets, from sock_diag (`netlink_diag`), or from `/proc/net/netlink`.

use super::answers::{Dumped, Lines};
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::tcp_info::decode_memory;
use crate::linux::wire::{self, u32_at};
use netstat_model::query::SocketQuery;
use netstat_model::{
    Endpoint, FamilyFacts, NetlinkFacts, NoOwner, Ownership, Protocol, Socket, SocketId, SocketMemory,
};
use rustc_hash::FxHashSet;

const AF_NETLINK: u8 = 16;

/// `NDIAG_PROTO_ALL`.
const ALL_PROTOCOLS: u8 = 255;

/// `NDIAG_SHOW_MEMINFO` and `NDIAG_SHOW_GROUPS`.
const SHOW: u32 = 3;

/// `NETLINK_SOCK_DIAG`.
const SOCK_DIAG: u8 = 4;

const NETLINK_DIAG_MEMINFO: u16 = 0;
const NETLINK_DIAG_GROUPS: u16 = 1;

/// `struct netlink_diag_msg`.
const MESSAGE: usize = 28;

/// Lists the netlink sockets, those of the kernel among them.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let mut body = vec![AF_NETLINK, ALL_PROTOCOLS, 0, 0];
    // Any inode, what to show, any cookie.
    for number in [0, SHOW, u32::MAX, u32::MAX] {
        body.extend_from_slice(&number.to_ne_bytes());
    }
    let kind = super::SOCK_DIAG_BY_FAMILY;
    let own = own_pid(source);
    // The socket that asks is among them, and is gone when the answer is read.
    let is_own = |socket: &Socket| {
        socket.protocol == Protocol::Netlink(SOCK_DIAG) && socket.local == Endpoint::Netlink(own.unwrap_or(0))
    };
    let (mut sockets, end) = wire::collect(source, Netlink::SockDiag, kind, &body, |message| {
        message.of_kind(kind).and_then(decode_row)
    })?;
    // A socket with groups is in two lists of the kernel, and told of from both.
    let mut seen = FxHashSet::default();
    sockets.retain(|socket| {
        (own.is_none() || !is_own(socket)) && socket.id.cookie.is_none_or(|cookie| seen.insert(cookie))
    });
    Ok((sockets, end))
}

/// Returns the ID of this process, which is the port that the kernel gives to the first netlink socket of a process.
fn own_pid(source: &dyn NetworkSource) -> Option<u32> {
    let mut stat = Vec::new();
    source.read("/proc/self/stat", &mut stat).ok()?;
    std::str::from_utf8(stat.split(|&byte| byte == b' ').next()?).ok()?.parse().ok()
}

/// Returns a netlink socket. Port 0 is the kernel's: any other socket is listed once it has a port.
fn bare(protocol: u8, port: u32, inode: u32) -> Socket {
    let mut socket = Socket::of_protocol(Protocol::Netlink(protocol), Endpoint::Netlink(port), None);
    socket.id = SocketId { inode: (inode != 0).then_some(inode.into()), cookie: None };
    if port == 0 {
        socket.ownership = Ownership::Unowned(NoOwner::Kernel);
    }
    socket
}

/// Decodes a row: `struct netlink_diag_msg` and its attributes.
#[doc(alias = "netlink_diag_msg")]
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Socket> {
    let fixed: &[u8; MESSAGE] = bytes.first_chunk()?;
    if fixed[0] != AF_NETLINK {
        return None;
    }
    let mut socket = bare(fixed[2], u32_at(fixed, 4)?, u32_at(fixed, 16)?);
    // Most have no peer, which is as if it were the kernel.
    socket.remote = u32_at(fixed, 8).filter(|&port| port != 0).map(Endpoint::Netlink);
    let cookie = u64::from(u32_at(fixed, 20)?) | u64::from(u32_at(fixed, 24)?) << 32;
    socket.id.cookie = (cookie != 0).then_some(cookie);
    let mut facts = NetlinkFacts::default();
    for (kind, value) in wire::attributes(&bytes[MESSAGE..]) {
        match kind {
            NETLINK_DIAG_MEMINFO => {
                let memory = decode_memory(value);
                // As ss shows it: the memory of what is queued.
                (socket.recv_queue, socket.send_queue) = (memory.recv_allocated, memory.send_allocated);
                socket.memory = Some(Box::new(memory));
            }
            NETLINK_DIAG_GROUPS => facts.groups = groups(value),
            _ => {}
        }
    }
    socket.family_facts = Some(Box::new(FamilyFacts::Netlink(facts)));
    Some(socket)
}

/// Returns the numbers of groups, from 1, whose bits are set: words of the machine's size, the lowest first.
fn groups(words: &[u8]) -> Vec<u32> {
    let (words, _) = words.as_chunks::<{ size_of::<usize>() }>();
    let mut groups = Vec::new();
    let mut first = 1u32;
    for word in words {
        let bits = usize::from_ne_bytes(*word);
        groups.extend((0..usize::BITS).filter(|bit| bits >> bit & 1 == 1).map(|bit| first + bit));
        first = first.saturating_add(usize::BITS);
    }
    groups
}

/// Lists the sockets from `/proc/net/netlink`.
pub(super) fn from_proc_net(source: &dyn NetworkSource) -> Lines {
    let mut bytes = Vec::new();
    source.read("/proc/net/netlink", &mut bytes)?;
    Ok(decode_file(&bytes))
}

/// Decodes `/proc/net/netlink`. Returns the sockets and the number of malformed lines.
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

/// Decodes `sk Eth Pid Groups Rmem Wmem Dump Locks Drops Inode`, where `Eth` is the protocol and `Pid` the port.
fn decode_line(line: &str) -> Option<Socket> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let [_, protocol, port, set, received, sent, _, _, drops, inode, ..] = words[..] else { return None };
    let mut socket = bare(protocol.parse().ok()?, port.parse().ok()?, inode.parse().ok()?);
    let bits = u32::from_str_radix(set, 16).ok()?;
    let groups = (1..=u32::BITS).filter(|group| bits >> (group - 1) & 1 == 1).collect();
    (socket.recv_queue, socket.send_queue) = (received.parse().ok(), sent.parse().ok());
    let memory = SocketMemory { drops: drops.parse().ok(), ..SocketMemory::default() };
    socket.memory = Some(Box::new(memory));
    socket.family_facts = Some(Box::new(FamilyFacts::Netlink(NetlinkFacts { groups })));
    Some(socket)
}

#[cfg(test)]
mod tests;
