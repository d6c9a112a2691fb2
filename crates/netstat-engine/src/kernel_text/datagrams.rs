//! Sockets of datagrams that the list of TCP and UDP does not have: raw and UDP-Lite sockets.

use super::words::{address_v4, hex, lines, number};
use std::net::{IpAddr, Ipv6Addr};

/// A raw or UDP-Lite socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatagramSocket {
    /// Its own address and port; that of a raw socket is the number of its protocol.
    pub local: (IpAddr, u16),
    /// The address and port that it is connected to; unspecified and 0 without.
    pub remote: (IpAddr, u16),
    /// The number of its state: 1 for one that is connected, else 7.
    pub state: u32,
    /// The bytes that were not sent yet.
    pub send_queue: u32,
    /// The bytes that were not read yet.
    pub recv_queue: u32,
    /// The user that made it.
    pub uid: u32,
    /// Its inode.
    pub inode: u64,
}

/// Returns the rows of `/proc/net/raw` or `/proc/net/udplite`, or of those for IPv6.
pub fn datagram_sockets(text: &[u8]) -> Vec<DatagramSocket> {
    lines(text).skip(1).filter_map(|words| row(&words)).collect()
}

fn row(words: &[&[u8]]) -> Option<DatagramSocket> {
    let [_, local, remote, state, queues, _, _, uid, _, inode, ..] = words[..] else { return None };
    let (send, recv) = halves(queues)?;
    Some(DatagramSocket {
        local: end(local)?,
        remote: end(remote)?,
        state: hex(state)?,
        send_queue: hex(send)?,
        recv_queue: hex(recv)?,
        uid: number(uid)?,
        inode: number(inode)?,
    })
}

fn end(word: &[u8]) -> Option<(IpAddr, u16)> {
    let (address, port) = halves(word)?;
    Some((self::address(address)?, u16::try_from(hex(port)?).ok()?))
}

/// Decodes an address, which is written as numbers of 32 bits in the byte order of this machine.
fn address(digits: &[u8]) -> Option<IpAddr> {
    if digits.len() == 8 {
        return address_v4(digits).map(IpAddr::from);
    }
    let (numbers, rest) = digits.as_chunks::<8>();
    if numbers.len() != 4 || !rest.is_empty() {
        return None;
    }
    let mut octets = Vec::new();
    for digits in numbers {
        octets.extend(hex(digits)?.to_ne_bytes());
    }
    <[u8; 16]>::try_from(octets).ok().map(|octets| Ipv6Addr::from(octets).into())
}

fn halves(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = word.iter().position(|&byte| byte == b':')?;
    Some((word.get(..colon)?, word.get(colon + 1..)?))
}
