//! Packets as they come and go: the ring of a packet socket, decoded.

use super::source::PacketSource;
use crate::contract::{Packet, PacketCounts, PacketDirection, PacketStream};
use netstat_model::{Error, Operation};
use std::io;
use std::time::Duration;

/// Where a block of the ring has what (`struct tpacket_block_desc`).
const COUNT_AT: usize = 12;
const FIRST_AT: usize = 16;

/// Bytes before the address of a packet (`struct tpacket3_hdr`), and of both.
const HEADER: usize = 48;
const HEADER_AND_ADDRESS: usize = HEADER + 20;

/// Bits of `tp_status`: the checksum is not made yet; there was a VLAN tag, and its protocol is known.
const CHECKSUM_NOT_READY: u32 = 1 << 3;
const VLAN_VALID: u32 = 1 << 4;
const VLAN_PROTOCOL_VALID: u32 = 1 << 6;

/// The protocol of a VLAN tag that does not say its own (802.1Q).
const VLAN: u16 = 0x8100;

/// Who a packet is for (`PACKET_HOST` and its kin of linux/if_packet.h).
const OTHER_HOST: u8 = 3;
const OUTGOING: u8 = 4;

/// `ARPHRD_LOOPBACK` of linux/if_arp.h.
const LOOPBACK: u16 = 772;

/// The packets of every interface.
pub(super) struct LinuxPackets<'a> {
    source: Box<dyn PacketSource + 'a>,
    counts: PacketCounts,
}

impl<'a> LinuxPackets<'a> {
    pub(super) fn new(source: Box<dyn PacketSource + 'a>) -> Self {
        Self { source, counts: PacketCounts::default() }
    }
}

fn failed(error: io::Error) -> Error {
    Error::new(Operation::CapturePackets, error)
}

impl PacketStream for LinuxPackets<'_> {
    fn take(&mut self, patience: Duration, each: &mut dyn FnMut(&Packet<'_>)) -> Result<bool, Error> {
        self.source.wait(patience).map_err(failed)?;
        let mut odd = 0;
        let any = self.source.block(&mut |block| odd = decode_block(block, each));
        self.counts.odd += odd;
        Ok(any)
    }

    fn stop(&mut self) -> Result<(), Error> {
        self.source.stop().map_err(failed)
    }

    fn counts(&mut self) -> Result<PacketCounts, Error> {
        let statistics = self.source.statistics().map_err(failed)?;
        // The kernel counts from the last time that it was asked.
        let (seen, dropped) = decode_statistics(&statistics).unwrap_or_default();
        self.counts.seen += seen;
        self.counts.dropped += dropped;
        Ok(self.counts)
    }

    fn boot(&self) -> Duration {
        self.source.boot()
    }

    fn drained_after(&self) -> Duration {
        self.source.drained_after()
    }
}

fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes_at(bytes, at).map(u32::from_ne_bytes)
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes_at(bytes, at).map(u16::from_ne_bytes)
}

/// Returns how many packets there were, those that were dropped among them, and how many were dropped.
fn decode_statistics(bytes: &[u8]) -> Option<(u64, u64)> {
    Some((long(bytes, 0)?.into(), long(bytes, 4)?.into()))
}

/// Passes on the packets of a block. Returns how many of those that it says it has make no sense.
pub(super) fn decode_block(block: &[u8], each: &mut dyn FnMut(&Packet<'_>)) -> u64 {
    let (Some(count), Some(first)) = (long(block, COUNT_AT), long(block, FIRST_AT)) else { return 0 };
    let mut at = usize::try_from(first).unwrap_or(usize::MAX);
    for passed in 0..count {
        let header = block.get(at..).unwrap_or_default();
        let Some((packet, next)) = decode_packet(header) else { return u64::from(count - passed) };
        each(&packet);
        match usize::try_from(next).ok().and_then(|next| at.checked_add(next)) {
            Some(next) if next > at => at = next,
            // The last one says 0.
            _ => return u64::from(count - passed - 1),
        }
    }
    0
}

/// Reads the packet at the start of these bytes, and how far away the next one is.
fn decode_packet(header: &[u8]) -> Option<(Packet<'_>, u32)> {
    header.get(..HEADER_AND_ADDRESS)?;
    let next = long(header, 0)?;
    let at = Duration::new(long(header, 4)?.into(), long(header, 8)?.min(999_999_999));
    let (captured, length, status) = (long(header, 12)?, long(header, 16)?, long(header, 20)?);
    let (link, network) = (usize::from(short(header, 24)?), usize::from(short(header, 26)?));
    let frame = header.get(link..link.checked_add(usize::try_from(captured).ok()?)?)?;
    let tag = u16::try_from(long(header, 32)? & 0xffff).ok()?;
    let tag_protocol = if status & VLAN_PROTOCOL_VALID == 0 { VLAN } else { short(header, 36)? };
    let link_type = short(header, HEADER + 8)?;
    let packet = Packet {
        at,
        interface: long(header, HEADER + 4)?,
        link_type,
        is_loopback: link_type == LOOPBACK,
        direction: match *header.get(HEADER + 10)? {
            OUTGOING => PacketDirection::Outgoing,
            OTHER_HOST => PacketDirection::Elsewhere,
            _ => PacketDirection::Incoming,
        },
        protocol: u16::from_be_bytes(bytes_at(header, HEADER + 2)?),
        frame,
        // The link header is empty, or lies before the packet.
        network: network.saturating_sub(link).min(frame.len()),
        length,
        vlan: (status & VLAN_VALID != 0).then_some((tag_protocol, tag)),
        has_checksum: status & CHECKSUM_NOT_READY == 0,
    };
    Some((packet, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A block with these packets, each of an interface and with a status, as the kernel lays it out.
    fn block(packets: &[(u32, u32, &[u8])]) -> Vec<u8> {
        let mut block = vec![0; 48];
        block[COUNT_AT..][..4].copy_from_slice(&u32::try_from(packets.len()).unwrap().to_ne_bytes());
        block[FIRST_AT..][..4].copy_from_slice(&48u32.to_ne_bytes());
        for (place, (interface, status, frame)) in packets.iter().enumerate() {
            let length = u32::try_from(frame.len()).unwrap();
            let whole = (82 + frame.len()).next_multiple_of(16);
            let next = if place + 1 == packets.len() { 0 } else { u32::try_from(whole).unwrap() };
            let mut packet = Vec::new();
            for number in [next, 5, 7, length, length, *status, 96 << 16 | 82, 0, 0x8064] {
                packet.extend_from_slice(&u32::to_ne_bytes(number));
            }
            packet.resize(HEADER, 0);
            packet.extend_from_slice(&17u16.to_ne_bytes());
            packet.extend_from_slice(&0x0800u16.to_be_bytes());
            packet.extend_from_slice(&interface.to_ne_bytes());
            packet.extend_from_slice(&[1, 0, OUTGOING, 6]);
            packet.resize(82, 0);
            packet.extend_from_slice(frame);
            packet.resize(whole, 0);
            block.extend(packet);
        }
        block
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_packets_of_a_block_are_passed_on() {
        let frames: [&[u8]; 2] = [&[1; 60], &[2; 20]];
        let bytes = block(&[(2, 1, frames[0]), (3, 1 | VLAN_VALID, frames[1])]);
        let mut seen = 0;
        let odd = decode_block(&bytes, &mut |packet| {
            assert_eq!(packet.at, Duration::new(5, 7));
            assert_eq!(packet.frame, frames[seen]);
            assert_eq!(packet.network, 14);
            assert_eq!(packet.interface, [2, 3][seen]);
            assert_eq!(packet.vlan, [None, Some((VLAN, 0x8064))][seen]);
            assert_eq!((packet.protocol, packet.direction), (0x0800, PacketDirection::Outgoing));
            seen += 1;
        });
        assert_eq!((seen, odd), (2, 0));
    }

    #[test]
    fn what_a_block_lacks_is_counted() {
        let mut bytes = block(&[(2, 1, &[1; 60])]);
        bytes[COUNT_AT] = 3;
        let mut seen = 0;
        assert_eq!(decode_block(&bytes, &mut |_| seen += 1), 2);
        assert_eq!(seen, 1);
        bytes.truncate(100);
        assert_eq!(decode_block(&bytes, &mut |_| panic!()), 3);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), first in 0u32..64) {
            if bytes.len() > 20 {
                bytes[FIRST_AT..][..4].copy_from_slice(&first.to_ne_bytes());
            }
            decode_block(&bytes, &mut |packet| assert!(packet.network <= packet.frame.len()));
            decode_statistics(&bytes);
        }
    }
}
