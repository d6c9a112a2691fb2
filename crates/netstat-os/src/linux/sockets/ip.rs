//! IP sockets beyond TCP and UDP: raw, ping, and Multipath TCP.

use super::answers::{Dumped, Lines};
use super::decode::{
    AF_INET, AF_INET6, INET_DIAG_INFO, INET_DIAG_SKMEMINFO, MESSAGE, decode_details, decode_head,
};
use crate::linux::procnet;
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::wire::{self, DumpEnd, u8_at, u32_at};
use netstat_model::query::{SocketQuery, States};
use netstat_model::{
    Endpoint, Family, FamilyFacts, IpEndpoint, MptcpFacts, Protocol, Socket, SocketMemory, TcpFields,
    Transport,
};
use std::io;

const IPPROTO_RAW: u8 = 255;
const IPPROTO_MPTCP: u32 = 262;

/// Names a protocol that the eight bits of the request have no room for.
const INET_DIAG_REQ_PROTOCOL: u16 = 3;

/// Lists raw sockets, which have their protocol where others have the local port (`raw_diag`, kernel 4.10).
pub(super) fn raw_from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let body = |family| super::body(family, IPPROTO_RAW, extensions(), u32::MAX);
    of_both(source, &body, &|row| decode_row(row, Transport::Udp).map(into_raw))
}

/// Lists the connections and listeners of Multipath TCP (`mptcp_diag`, kernel 5.9; listeners since 5.19).
pub(super) fn mptcp_from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    // The states of a query are those of TCP, of which a filter may leave none.
    let states = super::kernel_states(States::all().difference(States::BOUND | States::CLOSED));
    let body = |family| {
        let mut body = super::body(family, 0, extensions(), states);
        wire::put_attribute(&mut body, INET_DIAG_REQ_PROTOCOL, &IPPROTO_MPTCP.to_ne_bytes());
        body
    };
    of_both(source, &body, &decode_mptcp)
}

/// The attributes to request: the memory, which tells drops, and what the protocol has of its own.
fn extensions() -> u8 {
    1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_SKMEMINFO - 1)
}

/// Asks for the sockets of both families.
fn of_both(
    source: &dyn NetworkSource,
    body: &dyn Fn(u8) -> Vec<u8>,
    decode: &dyn Fn(&[u8]) -> Option<Socket>,
) -> Dumped {
    let (mut sockets, mut end) = (Vec::new(), DumpEnd::default());
    for family in [AF_INET, AF_INET6] {
        let kind = super::SOCK_DIAG_BY_FAMILY;
        let (more, ended) = wire::collect(source, Netlink::SockDiag, kind, &body(family), |message| {
            message.of_kind(kind).and_then(decode)
        })?;
        sockets.extend(more);
        end.interrupted |= ended.interrupted;
        end.overrun |= ended.overrun;
        end.odd += ended.odd;
    }
    Ok((sockets, end))
}

fn decode_row(bytes: &[u8], transport: Transport) -> Option<Socket> {
    let mut socket = decode_head(bytes, transport)?.to_socket();
    decode_details(bytes, TcpFields::empty(), &mut socket, &mut None);
    socket.age = None;
    Some(socket)
}

/// Decodes a row of Multipath TCP.
pub(in crate::linux) fn decode_mptcp(bytes: &[u8]) -> Option<Socket> {
    let mut socket = decode_row(bytes, Transport::Tcp)?;
    let mut facts = MptcpFacts::default();
    for (kind, value) in wire::attributes(bytes.get(MESSAGE..)?) {
        // `struct mptcp_info`. A listener has no subflows.
        if kind == INET_DIAG_INFO && socket.remote.is_some() {
            facts.more_subflows = u8_at(value, 0);
            facts.token = u32_at(value, 12);
        }
    }
    socket.protocol = Protocol::Mptcp;
    socket.family_facts = Some(Box::new(FamilyFacts::Mptcp(facts)));
    Some(socket)
}

/// Returns the raw socket that was decoded like a UDP socket.
fn into_raw(mut socket: Socket) -> Socket {
    let protocol = socket.local.port().and_then(|port| u8::try_from(port).ok());
    socket.protocol = Protocol::Raw(protocol.unwrap_or(IPPROTO_RAW));
    for end in std::iter::once(&mut socket.local).chain(&mut socket.remote) {
        if let Endpoint::Ip(end) = end {
            *end = IpEndpoint { port: 0, ..*end };
        }
    }
    socket
}

/// Lists raw sockets from `/proc/net/raw` and `raw6`.
pub(super) fn raw_from_proc_net(source: &dyn NetworkSource) -> Lines {
    let (sockets, odd) = from_files(source, ["/proc/net/raw", "/proc/net/raw6"])?;
    Ok((sockets.into_iter().map(into_raw).collect(), odd))
}

/// Lists ping sockets from `/proc/net/icmp` and `icmp6`. The local port is the identifier of the echo requests.
pub(super) fn ping_from_proc_net(source: &dyn NetworkSource) -> Lines {
    let (mut sockets, odd) = from_files(source, ["/proc/net/icmp", "/proc/net/icmp6"])?;
    sockets.iter_mut().for_each(|socket| socket.protocol = Protocol::Ping);
    Ok((sockets, odd))
}

/// Reads the two files of a protocol. A kernel without IPv6 lacks the second.
fn from_files(source: &dyn NetworkSource, [v4, v6]: [&str; 2]) -> Lines {
    let (mut sockets, mut odd, mut bytes) = (Vec::new(), 0, Vec::new());
    for (path, family) in [(v4, Family::V4), (v6, Family::V6)] {
        match source.read(path, &mut bytes) {
            Err(error) if family == Family::V6 && error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(()) => {
                let (more, malformed) = decode_file(&bytes, family);
                sockets.extend(more);
                odd += malformed;
            }
        }
    }
    Ok((sockets, odd))
}

/// Decodes a file that has the lines of `/proc/net/udp`, with the drops at their end. Returns the sockets and the number of
/// malformed lines.
pub(in crate::linux) fn decode_file(bytes: &[u8], family: Family) -> (Vec<Socket>, u64) {
    let (mut sockets, mut odd) = (Vec::new(), 0);
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty()) {
        let text = std::str::from_utf8(line).ok();
        match text.and_then(|text| Some((procnet::decode_line(text, Transport::Udp, family)?, text))) {
            Some((mut socket, text)) => {
                let drops = text.split_ascii_whitespace().nth(12).and_then(|drops| drops.parse().ok());
                let memory = SocketMemory { drops, ..SocketMemory::default() };
                socket.memory = drops.map(|_| Box::new(memory));
                sockets.push(socket);
            }
            None => odd += 1,
        }
    }
    (sockets, odd)
}

#[cfg(test)]
mod tests;
