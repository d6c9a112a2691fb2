//! TCP segments inside bare IPv4 and IPv6 packets: bytes to values and back. No options, no fragments.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The flags of a segment that the remote host reads or sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags {
    pub(crate) fin: bool,
    pub(crate) syn: bool,
    pub(crate) rst: bool,
    pub(crate) ack: bool,
}

/// One TCP segment. Addresses carry neither scope nor flow label: a packet has no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) source: SocketAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) sequence: u32,
    pub(crate) acknowledgment: u32,
    pub(crate) flags: Flags,
    /// Length of the data in bytes. The data itself is ignored.
    pub(crate) data: u32,
}

const TCP: u8 = 6;
const TCP_HEADER: u16 = 20;
const WINDOW: u16 = 65_535;

impl Segment {
    /// Returns the sequence number after this segment. SYN and FIN count as one each.
    pub(crate) fn end(&self) -> u32 {
        let marks = u32::from(self.flags.syn) + u32::from(self.flags.fin);
        self.sequence.wrapping_add(self.data).wrapping_add(marks)
    }

    /// Decodes a packet; `None` for anything but a whole TCP segment with correct checksums.
    pub(crate) fn decode(packet: &[u8]) -> Option<Self> {
        let (source, destination, tcp) = match packet.first()? >> 4 {
            4 => decode_v4(packet)?,
            6 => decode_v6(packet)?,
            _ => return None,
        };
        if sum(tcp, pseudo_header(source, destination, tcp.len())?) != 0xffff {
            return None;
        }
        let offset = usize::from(tcp.get(12)? >> 4) * 4;
        let data = tcp.len().checked_sub(offset).filter(|_| offset >= usize::from(TCP_HEADER))?;
        let flags = tcp.get(13)?;
        Some(Self {
            source: SocketAddr::new(source, u16_at(tcp, 0)?),
            destination: SocketAddr::new(destination, u16_at(tcp, 2)?),
            sequence: u32_at(tcp, 4)?,
            acknowledgment: u32_at(tcp, 8)?,
            flags: Flags {
                fin: flags & 0x01 != 0,
                syn: flags & 0x02 != 0,
                rst: flags & 0x04 != 0,
                ack: flags & 0x10 != 0,
            },
            data: u32::try_from(data).ok()?,
        })
    }

    /// Encodes this segment as a packet without data; `None` if its ends have different families.
    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut tcp = Vec::with_capacity(usize::from(TCP_HEADER));
        tcp.extend_from_slice(&self.source.port().to_be_bytes());
        tcp.extend_from_slice(&self.destination.port().to_be_bytes());
        tcp.extend_from_slice(&self.sequence.to_be_bytes());
        let acknowledgment = if self.flags.ack { self.acknowledgment } else { 0 };
        tcp.extend_from_slice(&acknowledgment.to_be_bytes());
        tcp.push(0x50); // five words of header
        tcp.push(
            u8::from(self.flags.fin)
                | u8::from(self.flags.syn) << 1
                | u8::from(self.flags.rst) << 2
                | u8::from(self.flags.ack) << 4,
        );
        tcp.extend_from_slice(&WINDOW.to_be_bytes());
        let pseudo = pseudo_header(self.source.ip(), self.destination.ip(), usize::from(TCP_HEADER))?;
        let checksum = !sum(&tcp, pseudo);
        tcp.extend_from_slice(&checksum.to_be_bytes());
        tcp.extend_from_slice(&[0, 0]); // no urgent data

        let mut packet = match (self.source.ip(), self.destination.ip()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => header_v4(from, to),
            (IpAddr::V6(from), IpAddr::V6(to)) => header_v6(from, to),
            _ => return None,
        };
        packet.extend_from_slice(&tcp);
        Some(packet)
    }
}

fn header_v4(from: Ipv4Addr, to: Ipv4Addr) -> Vec<u8> {
    let [high, low] = (20 + TCP_HEADER).to_be_bytes();
    // Version and header length, class, length, identification, "do not fragment", hop limit, protocol.
    let front = [0x45, 0, high, low, 0, 0, 0x40, 0, 64, TCP];
    let mut addresses = Vec::with_capacity(8);
    addresses.extend_from_slice(&from.octets());
    addresses.extend_from_slice(&to.octets());
    let checksum = !sum(&addresses, u32::from(sum(&front, 0)));
    [&front[..], &checksum.to_be_bytes(), &addresses].concat()
}

fn header_v6(from: Ipv6Addr, to: Ipv6Addr) -> Vec<u8> {
    let [high, low] = TCP_HEADER.to_be_bytes();
    let front = [0x60, 0, 0, 0, high, low, TCP, 64];
    [&front[..], &from.octets(), &to.octets()].concat()
}

fn decode_v4(packet: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    let header = usize::from(packet.first()? & 0x0f) * 4;
    let total = usize::from(u16_at(packet, 2)?);
    let fragment = u16_at(packet, 6)? & 0x3fff;
    if header < 20 || fragment != 0 || *packet.get(9)? != TCP || sum(packet.get(..header)?, 0) != 0xffff {
        return None;
    }
    let from: [u8; 4] = packet.get(12..16)?.try_into().ok()?;
    let to: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    Some((from.into(), to.into(), packet.get(header..total)?))
}

fn decode_v6(packet: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    if *packet.get(6)? != TCP {
        return None;
    }
    let length = usize::from(u16_at(packet, 4)?);
    let from: [u8; 16] = packet.get(8..24)?.try_into().ok()?;
    let to: [u8; 16] = packet.get(24..40)?.try_into().ok()?;
    Some((from.into(), to.into(), packet.get(40..40 + length)?))
}

/// Sums up the pseudo-header that the TCP checksum covers.
fn pseudo_header(from: IpAddr, to: IpAddr, length: usize) -> Option<u32> {
    let addresses = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => sum(&[from.octets(), to.octets()].concat(), 0),
        (IpAddr::V6(from), IpAddr::V6(to)) => sum(&[from.octets(), to.octets()].concat(), 0),
        _ => return None,
    };
    Some(u32::from(addresses) + u32::from(TCP) + u32::from(u16::try_from(length).ok()?))
}

/// The ones' complement sum of RFC 1071, not complemented.
fn sum(bytes: &[u8], start: u32) -> u16 {
    let mut total = u64::from(start);
    for pair in bytes.chunks(2) {
        let high = pair.first().copied().unwrap_or(0);
        let low = pair.get(1).copied().unwrap_or(0);
        total += u64::from(u16::from_be_bytes([high, low]));
    }
    loop {
        match u16::try_from(total) {
            Ok(folded) => return folded,
            Err(_) => total = (total >> 16) + (total & 0xffff),
        }
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(source: &str, destination: &str) -> Segment {
        Segment {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
            sequence: 0xffff_fffe,
            acknowledgment: 7,
            flags: Flags { fin: true, ack: true, ..Flags::default() },
            data: 0,
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for (source, destination) in
            [("10.99.0.2:80", "10.99.0.1:4000"), ("[2001:db8::2]:80", "[2001:db8::1]:4000")]
        {
            let segment = segment(source, destination);
            let packet = segment.encode().unwrap();
            assert_eq!(Segment::decode(&packet), Some(segment));
            assert_eq!(segment.end(), 0xffff_ffff);
        }
    }

    #[test]
    fn the_checksum_is_the_one_of_rfc_1071() {
        // The worked example of section 3: 0001 + f203 + f4f5 + f6f7 = ddf2 (folded).
        assert_eq!(sum(&[0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7], 0), 0xddf2);
    }

    #[test]
    fn every_damaged_bit_and_every_cut_is_noticed() {
        let packet = segment("10.99.0.2:80", "10.99.0.1:4000").encode().unwrap();
        for at in 0..packet.len() {
            assert_eq!(Segment::decode(&packet[..at]), None, "cut at {at}");
            for bit in 0..8 {
                let mut damaged = packet.clone();
                damaged[at] ^= 1 << bit;
                assert_eq!(Segment::decode(&damaged), None, "byte {at}, bit {bit}");
            }
        }
    }

    #[test]
    fn mixed_families_are_no_packet() {
        assert_eq!(segment("10.99.0.2:80", "[::1]:4000").encode(), None);
    }
}
