//! [`Kept`]: a packet as it waits, and as it is written.

use crate::frame::Frame;
use netstat_model::{Application, IpEndpoint, Transport};
use netstat_os::{Packet, PacketDirection};
use std::time::Duration;

/// Where the VLAN tag of a frame of Ethernet stands, its length, and that of the header without it.
const TAG_AT: usize = 12;
const TAG: u8 = 4;
const ETHERNET_HEADER: usize = 14;

/// What is kept of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cut {
    /// So many bytes at most.
    pub snap: Option<usize>,
    /// The headers alone.
    pub headers: bool,
}

/// A packet that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// When it came or went, since 1970.
    pub at: Duration,
    /// The index of the interface, and the type of its link.
    pub interface: u32,
    /// See [`Packet::link_type`].
    pub link_type: u16,
    /// Which way it went.
    pub direction: PacketDirection,
    /// Whether its checksum was made by then.
    pub has_checksum: bool,
    /// Its bytes, as far as they are kept, and where in them the header of the network begins.
    pub bytes: Box<[u8]>,
    /// See [`Packet::network`].
    pub network: usize,
    /// How many bytes it had.
    pub length: u32,
    /// See [`Packet::protocol`].
    pub protocol: u16,
    /// What it is; `None` for what is no packet of IP.
    pub frame: Option<Frame>,
    /// The ends of its connection, of the sender first.
    pub ends: Option<(Transport, IpEndpoint, IpEndpoint)>,
    /// What the first bytes of its connection tell, where that was asked for: with the packet that completes them.
    pub application: Option<Application>,
}

/// The ends of a connection, of the sender of a packet first.
pub(crate) type Ends = (Transport, IpEndpoint, IpEndpoint);

impl Kept {
    /// Returns whether the packet went out; `None` for one between others.
    pub fn is_outgoing(&self) -> Option<bool> {
        match self.direction {
            PacketDirection::Incoming => Some(false),
            PacketDirection::Outgoing => Some(true),
            PacketDirection::Elsewhere => None,
        }
    }

    /// Keeps as much of a packet as is wanted.
    pub(crate) fn new(packet: &Packet<'_>, frame: Option<Frame>, ends: Option<Ends>, cut: Cut) -> Self {
        // The tag that the system has taken out is put back where it was.
        let tag = packet.vlan.filter(|_| packet.network >= ETHERNET_HEADER);
        let more = tag.map_or(0, |_| TAG);
        let network = packet.network + usize::from(more);
        let headers = match &frame {
            Some(frame) if cut.headers => network + frame.headers,
            // What is not understood may be anything that programs have sent.
            None if cut.headers => network,
            _ => usize::MAX,
        };
        let room = cut.snap.unwrap_or(usize::MAX).min(headers);
        let whole = packet.frame;
        let taken = |bytes: &[u8]| bytes.get(..bytes.len().min(room)).unwrap_or_default().to_vec();
        let bytes = match (tag, whole.split_at_checked(TAG_AT)) {
            (Some((protocol, tag)), Some((addresses, rest))) => {
                let rest = rest.get(..rest.len().min(room)).unwrap_or_default();
                taken(&[addresses, &protocol.to_be_bytes(), &tag.to_be_bytes(), rest].concat())
            }
            _ => taken(whole),
        };
        Self {
            at: packet.at,
            interface: packet.interface,
            link_type: packet.link_type,
            direction: packet.direction,
            has_checksum: packet.has_checksum,
            bytes: bytes.into(),
            network,
            length: packet.length.saturating_add(more.into()),
            protocol: packet.protocol,
            frame,
            ends,
            application: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::decode;
    use crate::frame::made::{udp, v4};

    fn packet<'a>(frame: &'a [u8], vlan: Option<(u16, u16)>) -> Packet<'a> {
        Packet {
            at: Duration::ZERO,
            interface: 2,
            link_type: 1,
            is_loopback: false,
            direction: PacketDirection::Incoming,
            protocol: 0x0800,
            frame,
            network: 14,
            length: u32::try_from(frame.len()).unwrap(),
            vlan,
            has_checksum: true,
        }
    }

    #[test]
    fn a_tag_stands_where_it_was_and_what_is_not_wanted_is_cut() {
        let body = v4([1; 4], [2; 4], 17, 0, &udp(1, 2, b"secret"));
        let frame = [&[7; 12][..], &[8, 0], &body].concat();
        let decoded = decode(0x0800, &body, body.len());
        let kept = |vlan, cut| Kept::new(&packet(&frame, vlan), decoded, None, cut);
        let whole = kept(None, Cut::default());
        assert_eq!((&*whole.bytes, whole.network, whole.length), (&frame[..], 14, 48));
        let tagged = kept(Some((0x8100, 100)), Cut::default());
        assert_eq!(tagged.bytes[..18], [&[7; 12][..], &[0x81, 0, 0, 100, 8, 0]].concat());
        assert_eq!((tagged.bytes.len(), tagged.network, tagged.length), (52, 18, 52));
        for vlan in [None, Some((0x8100, 100))] {
            let headers = kept(vlan, Cut { headers: true, snap: None });
            assert_eq!(headers.bytes.len(), headers.network + 28);
            assert!(!headers.bytes.windows(6).any(|bytes| bytes == b"secret"));
            assert_eq!(kept(vlan, Cut { headers: true, snap: Some(16) }).bytes.len(), 16);
        }
    }
}
