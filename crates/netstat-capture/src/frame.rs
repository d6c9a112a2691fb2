//! Packets as addresses, ports and flags: what tells which connection one belongs to.

use bitflags::bitflags;
use netstat_model::Transport;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Numbers of protocols after the header of the link.
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const VLANS: [u16; 3] = [0x8100, 0x88a8, 0x9100];

/// Numbers of protocols after the header of the network.
const HOP_BY_HOP: u8 = 0;
const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const ICMPV6: u8 = 58;
const DESTINATION_OPTIONS: u8 = 60;

/// The most headers that are followed; nobody sends as many.
const MOST_HEADERS: usize = 16;

bitflags! {
    /// The flags of a segment of TCP.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Flags: u8 {
        /// The sender sends no more.
        const FIN = 1;
        /// The sender begins.
        const SYN = 2;
        /// The connection is over.
        const RST = 4;
        /// Do not wait for more.
        const PSH = 8;
        /// The acknowledgment counts.
        const ACK = 16;
        /// The urgent pointer counts.
        const URG = 32;
        /// The network is congested.
        const ECE = 64;
        /// The sender sends less.
        const CWR = 128;
    }
}

/// As tcpdump writes them: `S`, `F`, `R`, `P`, `U`, `E`, `W`, and `.` for an acknowledgment.
impl fmt::Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = [
            (Self::FIN, "F"),
            (Self::SYN, "S"),
            (Self::RST, "R"),
            (Self::PSH, "P"),
            (Self::URG, "U"),
            (Self::ECE, "E"),
            (Self::CWR, "W"),
            (Self::ACK, "."),
        ];
        letters
            .into_iter()
            .filter(|(flag, _)| self.contains(*flag))
            .try_for_each(|(_, letter)| f.write_str(letter))
    }
}

/// What a packet carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A segment of TCP.
    Tcp {
        /// The ports, of the sender first.
        ports: (u16, u16),
        /// The flags.
        flags: Flags,
        /// The number of its first byte.
        sequence: u32,
        /// The number of the byte that its sender expects next.
        acknowledgment: u32,
        /// How much more its sender takes, unscaled.
        window: u16,
    },
    /// A datagram of UDP.
    Udp {
        /// The ports, of the sender first.
        ports: (u16, u16),
    },
    /// A fragment of a packet that is not its first, so that it has no ports.
    Fragment,
    /// A message of ICMP about a packet, which it quotes.
    Quoted {
        /// The protocol, the ends of the packet that is quoted, its sender first, and their ports.
        transport: Transport,
        /// The addresses.
        addresses: (IpAddr, IpAddr),
        /// The ports.
        ports: (u16, u16),
    },
    /// Anything else, by the number of its protocol.
    Other(u8),
}

/// A packet of IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The addresses, of the sender first.
    pub addresses: (IpAddr, IpAddr),
    /// What it carries.
    pub content: Content,
    /// The number that its fragments share, and their protocol, where it is one.
    pub fragment: Option<(u32, u8)>,
    /// How many bytes the headers have: from that of the network on up to what a program has sent.
    pub headers: usize,
    /// How many bytes of that there are.
    pub payload: usize,
}

impl Frame {
    /// Returns what a program has sent, as far as it is among the bytes that were read: those behind the header of the link.
    pub fn payload_of<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        let payload = bytes.get(self.headers..).unwrap_or_default();
        payload.get(..payload.len().min(self.payload)).unwrap_or_default()
    }

    /// Returns the protocol and the ports, where the packet has them.
    pub fn ports(&self) -> Option<(Transport, (u16, u16))> {
        match self.content {
            Content::Tcp { ports, .. } => Some((Transport::Tcp, ports)),
            Content::Udp { ports } => Some((Transport::Udp, ports)),
            _ => None,
        }
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_be_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
}

/// Follows VLAN tags. Returns the protocol after them, and where it begins.
pub fn behind_tags(mut protocol: u16, bytes: &[u8]) -> Option<(u16, usize)> {
    let mut at = 0;
    for _ in 0..MOST_HEADERS {
        if !VLANS.contains(&protocol) {
            return Some((protocol, at));
        }
        protocol = short(bytes, at + 2)?;
        at += 4;
    }
    None
}

/// Reads a packet of IP. `protocol` is that of the header of the link, and `bytes` what is behind it; of those, the packet had
/// `length`, some of which may be cut off. `None` where it is none.
pub fn decode(protocol: u16, bytes: &[u8], length: usize) -> Option<Frame> {
    let (protocol, at) = behind_tags(protocol, bytes)?;
    let (packet, length) = (bytes.get(at..)?, length.checked_sub(at)?);
    let mut frame = match protocol {
        IPV4 => decode_v4(packet, length),
        IPV6 => decode_v6(packet, length),
        _ => None,
    }?;
    frame.headers += at;
    Some(frame)
}

/// The header of the network, read.
struct Network {
    addresses: (IpAddr, IpAddr),
    /// The protocol that it carries, where that begins, and where the packet ends.
    protocol: u8,
    at: usize,
    end: usize,
    fragment: Option<(u32, u8)>,
    is_first: bool,
}

fn network_v4(packet: &[u8], length: usize) -> Option<Network> {
    let first = *packet.first()?;
    let at = usize::from(first & 15) * 4;
    if first >> 4 != 4 || at < 20 {
        return None;
    }
    // What the hardware still has to cut has no length.
    let end = match usize::from(short(packet, 2)?) {
        0 => length,
        total => total.min(length),
    };
    let (place, protocol) = (short(packet, 6)?, *packet.get(9)?);
    let address = |at| long(packet, at).map(|number| IpAddr::V4(Ipv4Addr::from_bits(number)));
    let is_fragment = place & 0x3fff != 0;
    Some(Network {
        addresses: (address(12)?, address(16)?),
        protocol,
        at,
        end,
        fragment: is_fragment.then_some((short(packet, 4)?.into(), protocol)),
        is_first: place & 0x1fff == 0,
    })
}

fn network_v6(packet: &[u8], length: usize) -> Option<Network> {
    if packet.first()? >> 4 != 6 {
        return None;
    }
    let end = match usize::from(short(packet, 4)?) {
        0 => length,
        payload => (40 + payload).min(length),
    };
    let address = |at| {
        let bytes = packet.get(at..)?.first_chunk::<16>()?;
        // One that is mapped is one of IPv4 everywhere in this program.
        Some(IpAddr::V6(Ipv6Addr::from(*bytes)).to_canonical())
    };
    let mut network = Network {
        addresses: (address(8)?, address(24)?),
        protocol: *packet.get(6)?,
        at: 40,
        end,
        fragment: None,
        is_first: true,
    };
    for _ in 0..MOST_HEADERS {
        let Some(header) = packet.get(network.at..).filter(|header| header.len() >= 8) else { break };
        let (next, length) = (*header.first()?, usize::from(*header.get(1)?));
        network.at += match network.protocol {
            HOP_BY_HOP | ROUTING | DESTINATION_OPTIONS => (length + 1) * 8,
            AUTHENTICATION => (length + 2) * 4,
            FRAGMENT => {
                let place = short(header, 2)?;
                // One that is whole is none (RFC 6946).
                network.fragment = (place & 0xfff9 != 0).then_some((long(header, 4)?, next));
                network.is_first = place & 0xfff8 == 0;
                8
            }
            _ => break,
        };
        network.protocol = next;
        if !network.is_first {
            break;
        }
    }
    Some(network)
}

fn decode_v4(packet: &[u8], length: usize) -> Option<Frame> {
    finish(packet, network_v4(packet, length)?)
}

fn decode_v6(packet: &[u8], length: usize) -> Option<Frame> {
    finish(packet, network_v6(packet, length)?)
}

fn finish(packet: &[u8], network: Network) -> Option<Frame> {
    let Network { addresses, protocol, at, end, fragment, is_first } = network;
    let body = packet.get(at..).unwrap_or_default();
    let (content, header) = match protocol {
        _ if !is_first => (Content::Fragment, 0),
        TCP => tcp(body).unwrap_or((Content::Other(protocol), 0)),
        UDP => match ports(body) {
            Some(ports) => (Content::Udp { ports }, 8),
            None => (Content::Other(protocol), 0),
        },
        ICMP | ICMPV6 => (quoted(protocol, body).unwrap_or(Content::Other(protocol)), 8),
        _ => (Content::Other(protocol), 0),
    };
    let headers = at + header;
    Some(Frame { addresses, content, fragment, headers, payload: end.saturating_sub(headers) })
}

fn ports(body: &[u8]) -> Option<(u16, u16)> {
    Some((short(body, 0)?, short(body, 2)?))
}

fn tcp(body: &[u8]) -> Option<(Content, usize)> {
    let content = Content::Tcp {
        ports: ports(body)?,
        sequence: long(body, 4)?,
        acknowledgment: long(body, 8)?,
        flags: Flags::from_bits_retain(*body.get(13)?),
        window: short(body, 14)?,
    };
    Some((content, usize::from(*body.get(12)? >> 4).max(5) * 4))
}

/// Reads the packet that a message of ICMP is about: the first bytes of it are enough for the ports.
fn quoted(protocol: u8, body: &[u8]) -> Option<Content> {
    let kind = *body.first()?;
    // Those that tell of an error: unreachable, too big, time exceeded, a parameter problem.
    let tells_of_one = match protocol {
        ICMP => matches!(kind, 3 | 4 | 11 | 12),
        _ => kind < 128,
    };
    let packet = body.get(8..).filter(|_| tells_of_one)?;
    let network = match packet.first()? >> 4 {
        4 => network_v4(packet, packet.len()),
        _ => network_v6(packet, packet.len()),
    }?;
    let transport = match network.protocol {
        TCP => Transport::Tcp,
        UDP => Transport::Udp,
        _ => return None,
    };
    let ports = ports(packet.get(network.at..)?).filter(|_| network.is_first)?;
    Some(Content::Quoted { transport, addresses: network.addresses, ports })
}

#[cfg(test)]
pub(crate) mod made {
    //! Packets for tests.

    /// A packet of IPv4 with this protocol and body.
    pub(crate) fn v4(from: [u8; 4], to: [u8; 4], protocol: u8, place: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(20 + body.len()).unwrap();
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0x12, 0x34]);
        packet.extend(place.to_be_bytes());
        packet.extend([64, protocol, 0, 0]);
        packet.extend(from);
        packet.extend(to);
        packet.extend(body);
        packet
    }

    /// A packet of IPv6 between two addresses that end in these numbers.
    pub(crate) fn v6(from: u8, to: u8, protocol: u8, body: &[u8]) -> Vec<u8> {
        let mut packet = vec![0x60, 0, 0, 0];
        packet.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        packet.extend([protocol, 64]);
        for last in [from, to] {
            packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        packet.extend(body);
        packet
    }

    /// A segment of TCP.
    pub(crate) fn tcp(from: u16, to: u16, flags: u8, sequence: u32, payload: &[u8]) -> Vec<u8> {
        let mut segment = Vec::new();
        segment.extend(from.to_be_bytes());
        segment.extend(to.to_be_bytes());
        segment.extend(sequence.to_be_bytes());
        segment.extend([0, 0, 0, 9, 0x50, flags, 1, 0, 0, 0, 0, 0]);
        segment.extend(payload);
        segment
    }

    /// A datagram of UDP.
    pub(crate) fn udp(from: u16, to: u16, payload: &[u8]) -> Vec<u8> {
        let mut datagram = Vec::new();
        datagram.extend(from.to_be_bytes());
        datagram.extend(to.to_be_bytes());
        datagram.extend(u16::try_from(8 + payload.len()).unwrap().to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(payload);
        datagram
    }
}

#[cfg(test)]
mod tests {
    use super::made::{tcp, udp, v4, v6};
    use super::*;
    use proptest::prelude::*;

    const A: [u8; 4] = [192, 0, 2, 1];
    const B: [u8; 4] = [192, 0, 2, 2];

    fn read(protocol: u16, bytes: &[u8]) -> Frame {
        decode(protocol, bytes, bytes.len()).unwrap()
    }

    #[test]
    fn a_segment_of_tcp_has_ports_flags_and_numbers() {
        let frame = read(IPV4, &v4(A, B, TCP, 0, &tcp(40000, 443, 0x12, 7, b"hello")));
        assert_eq!(frame.addresses, (A.into(), B.into()));
        assert_eq!(frame.ports(), Some((Transport::Tcp, (40000, 443))));
        let Content::Tcp { flags, sequence, acknowledgment, window, .. } = frame.content else { panic!() };
        assert_eq!((flags.to_string().as_str(), sequence, acknowledgment, window), ("S.", 7, 9, 256));
        assert_eq!((frame.headers, frame.payload, frame.fragment), (40, 5, None));
    }

    #[test]
    fn what_is_cut_off_has_its_length() {
        let packet = v4(A, B, UDP, 0, &udp(1, 2, &[0; 500]));
        let frame = decode(IPV4, &packet[..40], packet.len()).unwrap();
        assert_eq!((frame.headers, frame.payload), (28, 500));
        // Padding of Ethernet is no payload.
        let mut padded = v4(A, B, UDP, 0, &udp(1, 2, &[]));
        padded.resize(46, 0);
        assert_eq!(read(IPV4, &padded).payload, 0);
    }

    #[test]
    fn headers_of_ipv6_and_tags_are_followed() {
        let segment = tcp(1, 2, 0x10, 1, b"x");
        let with = |headers: &[u8], protocol| v6(1, 2, protocol, &[headers, &segment].concat());
        let destination = [TCP, 0, 0, 0, 0, 0, 0, 0];
        let hop = [DESTINATION_OPTIONS, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let frame = read(IPV6, &with(&[&hop[..], &destination].concat(), HOP_BY_HOP));
        assert_eq!((frame.ports(), frame.payload), (Some((Transport::Tcp, (1, 2))), 1));
        let tagged = [&[0, 5, 0x86, 0xdd][..], &with(&[], TCP)].concat();
        let frame = read(0x8100, &tagged);
        assert_eq!((frame.ports(), frame.headers), (Some((Transport::Tcp, (1, 2))), 64));
    }

    #[test]
    fn a_fragment_says_whose_it_is() {
        let first = read(IPV4, &v4(A, B, UDP, 0x2000, &udp(1, 2, &[0; 16])));
        let later = read(IPV4, &v4(A, B, UDP, 3, &[0; 24]));
        assert_eq!((first.fragment, later.fragment), (Some((0x1234, UDP)), Some((0x1234, UDP))));
        assert_eq!((first.ports().is_some(), later.content), (true, Content::Fragment));
        let header = |place: u16| [&[UDP, 0][..], &place.to_be_bytes(), &[0, 0, 0, 9]].concat();
        let first = read(IPV6, &v6(1, 2, FRAGMENT, &[header(1), udp(1, 2, &[])].concat()));
        let later = read(IPV6, &v6(1, 2, FRAGMENT, &[header(8), vec![0; 16]].concat()));
        assert_eq!((first.fragment, later.fragment), (Some((9, UDP)), Some((9, UDP))));
        assert_eq!((first.ports().is_some(), later.content), (true, Content::Fragment));
    }

    #[test]
    fn an_error_of_icmp_quotes_a_packet() {
        let about = v4(A, B, UDP, 0, &udp(5, 6, &[]));
        let frame = read(IPV4, &v4(B, A, ICMP, 0, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &about].concat()));
        let quoted =
            Content::Quoted { transport: Transport::Udp, addresses: (A.into(), B.into()), ports: (5, 6) };
        assert_eq!(frame.content, quoted);
        let echo = read(IPV4, &v4(B, A, ICMP, 0, &[&[8, 0, 0, 0, 0, 0, 0, 0][..], &about].concat()));
        assert_eq!(echo.content, Content::Other(ICMP));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(
            protocol in prop_oneof![Just(IPV4), Just(IPV6), Just(0x8100), any::<u16>()],
            first in prop_oneof![Just(0x45u8), Just(0x60), any::<u8>()],
            rest in proptest::collection::vec(any::<u8>(), 0..200),
            length in 0usize..70_000,
        ) {
            let bytes = [&[first][..], &rest].concat();
            if let Some(frame) = decode(protocol, &bytes, length) {
                prop_assert!(frame.payload <= length);
            }
        }
    }
}
