//! SCTP, from sock_diag (`sctp_diag`, kernel 4.7), or from `/proc/net/sctp`: each association is a row, and each socket that
//! listens.
//!
//! sock_diag gives a row of the socket before those of its associations, and listeners twice. A socket that does not listen is
//! left out where it has an association: that is the connection.

use super::answers::{Dumped, Lines};
use super::decode::{AF_INET, AF_INET6, INET_DIAG_SKMEMINFO, MESSAGE, decode_details, decode_head};
use crate::linux::source::{Netlink, NetworkSource};
use crate::linux::wire::{self, DumpEnd, u16_at};
use netstat_model::query::SocketQuery;
use netstat_model::{
    Endpoint, FamilyFacts, IpEndpoint, Protocol, SctpFacts, SctpState, Socket, SocketId, TcpFields, TcpState,
    Transport,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const IPPROTO_SCTP: u8 = 132;

const INET_DIAG_LOCALS: u16 = 12;
const INET_DIAG_PEERS: u16 = 13;

/// `struct sockaddr_storage`.
const ADDRESS: usize = 128;

/// The states of TCP that a socket of SCTP has: `TCP_ESTABLISHED` and `TCP_LISTEN`.
const ESTABLISHED: u8 = 1;
const LISTEN: u8 = 10;

/// Lists the listeners and associations.
pub(super) fn from_sock_diag(source: &dyn NetworkSource, _: &SocketQuery) -> Dumped {
    let (mut sockets, mut end) = (Vec::new(), DumpEnd::default());
    for family in [AF_INET, AF_INET6] {
        let kind = super::SOCK_DIAG_BY_FAMILY;
        let body = super::body(family, IPPROTO_SCTP, 1 << (INET_DIAG_SKMEMINFO - 1), u32::MAX);
        let (more, ended) = wire::collect(source, Netlink::SockDiag, kind, &body, |message| {
            message.of_kind(kind).and_then(decode_row)
        })?;
        sockets.extend(more);
        end.interrupted |= ended.interrupted;
        end.overrun |= ended.overrun;
        end.odd += ended.odd;
    }
    Ok((without_repetition(sockets), end))
}

/// Leaves out what is told twice: listeners, and sockets that have an association.
fn without_repetition(mut sockets: Vec<Socket>) -> Vec<Socket> {
    let is_association = |socket: &Socket| matches!(socket.family_facts.as_deref(), Some(FamilyFacts::Sctp(facts)) if facts.association.is_some());
    let key = |socket: &Socket| (socket.id.inode, socket.id.cookie);
    let of_associations: rustc_hash::FxHashSet<_> =
        sockets.iter().filter(|socket| is_association(socket)).map(key).collect();
    let mut seen = rustc_hash::FxHashSet::default();
    sockets.retain(|socket| {
        is_association(socket)
            || ((socket.state == Some(TcpState::Listen) || !of_associations.contains(&key(socket)))
                && (key(socket) == (None, None) || seen.insert(key(socket))))
    });
    sockets
}

/// Decodes a row: an association has the addresses of its peer.
pub(in crate::linux) fn decode_row(bytes: &[u8]) -> Option<Socket> {
    let mut facts = SctpFacts::default();
    let mut is_association = false;
    for (kind, value) in wire::attributes(bytes.get(MESSAGE..)?) {
        match kind {
            INET_DIAG_LOCALS => facts.local_addresses = decode_addresses(value),
            INET_DIAG_PEERS => {
                is_association = true;
                facts.remote_addresses = decode_addresses(value);
            }
            _ => {}
        }
    }
    // The rest of the row is that of TCP, apart from the numbers of states and timers.
    let mut row = bytes.to_vec();
    let number = std::mem::replace(row.get_mut(1)?, if is_association { ESTABLISHED } else { LISTEN });
    let mut socket = decode_head(&row, Transport::Tcp)?.to_socket();
    decode_details(&row, TcpFields::empty(), &mut socket, &mut None);
    (socket.timer, socket.age) = (None, None);
    if is_association {
        facts.association = Some(decode_state(number)?);
        socket.state = facts.association.map(as_of_tcp);
    } else {
        socket.state = (number == LISTEN).then_some(TcpState::Listen);
    }
    Some(finished(socket, facts))
}

fn finished(mut socket: Socket, facts: SctpFacts) -> Socket {
    socket.protocol = Protocol::Sctp;
    socket.family_facts = Some(Box::new(FamilyFacts::Sctp(facts)));
    socket
}

/// Decodes `enum sctp_state`.
fn decode_state(number: u8) -> Option<SctpState> {
    Some(match number {
        0 => SctpState::Closed,
        1 => SctpState::CookieWait,
        2 => SctpState::CookieEchoed,
        3 => SctpState::Established,
        4 => SctpState::ShutdownPending,
        5 => SctpState::ShutdownSent,
        6 => SctpState::ShutdownReceived,
        7 => SctpState::ShutdownAckSent,
        _ => return None,
    })
}

/// Returns the state of TCP that corresponds to it.
fn as_of_tcp(state: SctpState) -> TcpState {
    match state {
        SctpState::Closed => TcpState::Closed,
        // Only who asks for the association is in these.
        SctpState::CookieWait | SctpState::CookieEchoed => TcpState::SynSent,
        SctpState::Established => TcpState::Established,
        SctpState::ShutdownPending => TcpState::FinWait1,
        SctpState::ShutdownSent => TcpState::FinWait2,
        SctpState::ShutdownReceived => TcpState::CloseWait,
        SctpState::ShutdownAckSent => TcpState::LastAck,
    }
}

/// Decodes an array of `struct sockaddr_storage`.
fn decode_addresses(value: &[u8]) -> Vec<IpAddr> {
    let (each, _) = value.as_chunks::<ADDRESS>();
    let address = |bytes: &[u8; ADDRESS]| {
        Some(match u8::try_from(u16_at(bytes, 0)?).ok()? {
            AF_INET => IpAddr::V4(Ipv4Addr::from(wire::array_at::<4>(bytes, 4)?)),
            AF_INET6 => IpAddr::V6(Ipv6Addr::from(wire::array_at::<16>(bytes, 8)?)).to_canonical(),
            _ => return None,
        })
    };
    each.iter().filter_map(address).collect()
}

/// Lists them from `/proc/net/sctp/eps` and `assocs`. Sockets that neither listen nor have an association are in neither.
pub(super) fn from_proc_net(source: &dyn NetworkSource) -> Lines {
    let mut bytes = Vec::new();
    let (mut sockets, mut odd) = (Vec::new(), 0);
    for (path, decode) in FILES {
        source.read(path, &mut bytes)?;
        let (more, malformed) = decode_file(&bytes, decode);
        sockets.extend(more);
        odd += malformed;
    }
    Ok((without_repetition(sockets), odd))
}

type DecodeLine = fn(&str) -> Option<Socket>;

const FILES: [(&str, DecodeLine); 2] =
    [("/proc/net/sctp/eps", decode_listener), ("/proc/net/sctp/assocs", decode_association)];

/// Decodes a file below its heading. Returns the sockets and the number of malformed lines.
fn decode_file(bytes: &[u8], decode: DecodeLine) -> (Vec<Socket>, u64) {
    let (mut sockets, mut odd) = (Vec::new(), 0);
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty()) {
        match std::str::from_utf8(line).ok().and_then(decode) {
            Some(socket) => sockets.push(socket),
            None => odd += 1,
        }
    }
    (sockets, odd)
}

/// Runs the decoders of both files on any bytes.
#[cfg(any(test, fuzzing))]
pub(in crate::linux) fn decode_all(bytes: &[u8]) {
    for (_, decode) in FILES {
        decode_file(bytes, decode);
    }
}

/// Decodes `ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS`.
fn decode_listener(line: &str) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace();
    let state: u8 = words.nth(3)?.parse().ok()?;
    let port = words.nth(1)?.parse().ok()?;
    let uid = words.next()?.parse().ok()?;
    let inode = words.next()?.parse().ok()?;
    let local_addresses = words.map(address).collect::<Option<Vec<_>>>()?;
    let first = local_addresses.first().copied().unwrap_or(Ipv4Addr::UNSPECIFIED.into());
    let mut socket = at_ends((first, port), None, uid, inode);
    socket.state = (state == LISTEN).then_some(TcpState::Listen);
    Some(finished(socket, SctpFacts { local_addresses, ..SctpFacts::default() }))
}

/// Decodes `ASSOC SOCK STY SST ST HBKT ASSOC-ID TX_QUEUE RX_QUEUE UID INODE LPORT RPORT LADDRS <-> RADDRS`, and what newer
/// kernels have behind that, which begins with a number.
fn decode_association(line: &str) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace();
    let association = decode_state(words.nth(4)?.parse().ok()?)?;
    let sent = words.nth(2)?.parse().ok()?;
    let received = words.next()?.parse().ok()?;
    let uid = words.next()?.parse().ok()?;
    let inode = words.next()?.parse().ok()?;
    let (local_port, remote_port) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let mut local_addresses = Vec::new();
    for word in words.by_ref().take_while(|&word| word != "<->") {
        local_addresses.push(address(word)?);
    }
    let remote: Vec<&str> = words.take_while(|word| word.parse::<u64>().is_err()).collect();
    let remote_addresses = remote.iter().map(|word| address(word)).collect::<Option<Vec<_>>>()?;
    // That in use is marked.
    let used = remote.iter().position(|word| word.starts_with('*')).unwrap_or(0);
    let end = |addresses: &[IpAddr], at: usize, port| Some((*addresses.get(at)?, port));
    let local = end(&local_addresses, 0, local_port)?;
    let mut socket = at_ends(local, Some(end(&remote_addresses, used, remote_port)?), uid, inode);
    socket.state = Some(as_of_tcp(association));
    (socket.recv_queue, socket.send_queue) = (Some(received), Some(sent));
    Some(finished(socket, SctpFacts { association: Some(association), local_addresses, remote_addresses }))
}

/// Decodes an address, which is marked where it is the one in use.
fn address(word: &str) -> Option<IpAddr> {
    let address: IpAddr = word.strip_prefix('*').unwrap_or(word).parse().ok()?;
    Some(address.to_canonical())
}

fn at_ends(local: (IpAddr, u16), remote: Option<(IpAddr, u16)>, uid: u32, inode: u64) -> Socket {
    let end = |(address, port)| Endpoint::from(IpEndpoint::new(address, port, 0));
    let mut socket = Socket::of_protocol(Protocol::Sctp, end(local), remote.map(end));
    socket.id = SocketId { inode: (inode != 0).then_some(inode), cookie: None };
    socket.uid = Some(uid);
    socket
}

#[cfg(test)]
mod tests;
