//! The fallback if sock_diag is refused: `/proc/net/{tcp,tcp6,udp,udp6}`.
//!
//! These files lack cookies, traffic classes, bound-only sockets, and whether an IPv6 socket refuses IPv4.

use super::source::NetworkSource;
use super::tcp_state::{decode_timer_kind, state_and_remote};
use netstat_model::error::words_of;
use netstat_model::query::{Kinds, SocketQuery};
use netstat_model::{
    Answer, Family, IpEndpoint, NoOwner, Ownership, Socket, SocketId, TcpState, Timer, Transport, Warning,
};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// `USER_HZ`, the unit of the times in these files: the same on every architecture that Linux runs on today.
const TICKS_PER_SECOND: u64 = 100;

/// Returns the sockets of the protocols and families of the query, in all states.
///
/// # Errors
/// If a file does not exist or cannot be read. A kernel without IPv6 lacks the files for it, which is not an error.
pub(super) fn sockets(source: &dyn NetworkSource, query: &SocketQuery) -> io::Result<Answer<Vec<Socket>>> {
    let mut answer = Answer::whole(Vec::new());
    let files = [
        ("/proc/net/tcp", Transport::Tcp, Family::V4, Kinds::TCP_V4),
        ("/proc/net/tcp6", Transport::Tcp, Family::V6, Kinds::TCP),
        ("/proc/net/udp", Transport::Udp, Family::V4, Kinds::UDP_V4),
        ("/proc/net/udp6", Transport::Udp, Family::V6, Kinds::UDP),
    ];
    let mut bytes = Vec::new();
    for (path, protocol, family, kinds) in files {
        if !query.kinds.intersects(kinds) {
            continue;
        }
        match source.read(path, &mut bytes) {
            Err(error) if family == Family::V6 && error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                let named = format!("{path}: {}", words_of(&error));
                return Err(io::Error::new(error.kind(), named));
            }
            Ok(()) => {}
        }
        let odd = decode_table(&bytes, protocol, family, &mut answer.data);
        if odd > 0 {
            answer.warnings.push(Warning::OddMessages { what: path, count: odd });
        }
    }
    Ok(answer)
}

/// Adds the rows of one file. Returns the number of malformed lines.
pub(super) fn decode_table(bytes: &[u8], protocol: Transport, family: Family, into: &mut Vec<Socket>) -> u64 {
    let mut odd = 0;
    // The first line is the heading.
    for line in bytes.split(|&byte| byte == b'\n').skip(1).filter(|line| !line.trim_ascii().is_empty()) {
        match std::str::from_utf8(line).ok().and_then(|line| decode_line(line, protocol, family)) {
            Some(socket) => into.push(socket),
            None => odd += 1,
        }
    }
    odd
}

/// Decodes `sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...`
fn decode_line(line: &str, protocol: Transport, family: Family) -> Option<Socket> {
    let mut words = line.split_ascii_whitespace().skip(1);
    let local = decode_endpoint(words.next()?, family)?;
    let remote = decode_endpoint(words.next()?, family)?;
    let state = u8::from_str_radix(words.next()?, 16).ok()?;
    let (send, recv) = words.next()?.split_once(':')?;
    let (timer, when) = words.next()?.split_once(':')?;
    let retransmits = u32::from_str_radix(words.next()?, 16).ok()?;
    let uid: u32 = words.next()?.parse().ok()?;
    let inode: u64 = words.nth(1)?.parse().ok()?;

    let mut socket = Socket::new(protocol, family, local, None);
    (socket.state, socket.remote) = state_and_remote(protocol, state, remote);
    socket.id = SocketId { inode: (inode != 0).then_some(inode), cookie: None };
    socket.uid = Some(uid).filter(|&uid| inode != 0 || uid != 0);
    socket.recv_queue = u32::from_str_radix(recv, 16).ok();
    // For a listener these files have 0 here, not the limit of its queue.
    socket.send_queue = match socket.state {
        Some(TcpState::Listen) => None,
        _ => u32::from_str_radix(send, 16).ok(),
    };
    let kind = decode_timer_kind(u8::from_str_radix(timer, 16).ok()?);
    let ticks = u64::from_str_radix(when, 16).ok()?;
    socket.timer = kind.map(|kind| Timer {
        kind,
        expires_in: Duration::from_millis(ticks.saturating_mul(1000 / TICKS_PER_SECOND)),
        retransmits: u8::try_from(retransmits).unwrap_or(u8::MAX),
    });
    if inode == 0 {
        socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    }
    Some(socket)
}

/// Decodes `0100007F:1F90`: the address as 32-bit words in the byte order of this machine, then the port.
fn decode_endpoint(text: &str, family: Family) -> Option<IpEndpoint> {
    let (address, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let word = |at: usize| {
        let digits = address.get(at * 8..at * 8 + 8)?;
        u32::from_str_radix(digits, 16).ok().map(u32::to_ne_bytes)
    };
    let address = match family {
        Family::V4 if address.len() == 8 => IpAddr::V4(Ipv4Addr::from(word(0)?)),
        Family::V6 if address.len() == 32 => {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let mut bytes = [0; 16];
            for (into, word) in bytes.chunks_exact_mut(4).zip(words) {
                into.copy_from_slice(&word);
            }
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        _ => return None,
    };
    // These files lack the interface of a link-local address.
    Some(IpEndpoint::new(address, port, 0))
}

#[cfg(test)]
mod tests;
