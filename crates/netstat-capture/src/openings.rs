//! [`Openings`]: the first bytes of conversations, put together until they have told what they can.

use crate::first_bytes::{Gathered, Heard, Hello, MOST_BYTES, of_datagram, of_stream};
use crate::flow::{FlowKey, Place};
use crate::frame::{Content, Flags, Frame};
use rustc_hash::FxHashMap;
use std::mem;

/// So many directions may wait for more bytes, and so many conversations are remembered.
const MOST_GATHERING: usize = 1024;
const MOST_FLOWS: usize = 1 << 16;

/// What was sent by one end.
#[derive(Debug, Default)]
enum Direction {
    /// Nothing yet.
    #[default]
    Unseen,
    /// The handshake: its first byte has this number.
    Expected(u32),
    /// The first bytes, which may tell something once there are more.
    Gathering(Box<Gathered>),
    /// All that they tell was told.
    Over,
}

/// What both ends of a conversation have sent, and who began it, if that was seen.
#[derive(Debug, Default)]
struct Opening {
    directions: [Direction; 2],
    client: Option<Place>,
}

/// The conversations.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    flows: FxHashMap<FlowKey, Opening>,
    /// How many directions gather.
    gathering: usize,
    /// The first packets of clients of QUIC.
    hellos: FxHashMap<FlowKey, Box<Hello>>,
}

impl Openings {
    /// Returns whether a packet begins another conversation, although no handshake says so.
    pub(crate) fn begins_another(&self, key: &FlowKey, frame: &Frame, payload: &[u8]) -> bool {
        let is_udp = matches!(frame.content, Content::Udp { .. });
        is_udp && self.hellos.get(key).is_some_and(|hello| hello.is_of_another(payload))
    }

    /// Takes a packet. Returns what it tells, with those before it: [`Heard::Nothing`] where it is certain that the
    /// conversation is none of the protocols.
    pub(crate) fn add(&mut self, key: &FlowKey, sender: Place, frame: &Frame, payload: &[u8]) -> Heard {
        match frame.content {
            Content::Udp { ports } => match of_datagram(payload, ports) {
                Some(told) => Heard::Application(told),
                None => self.datagram(key, payload, payload.len() < frame.payload),
            },
            Content::Tcp { ports, flags, sequence, .. } => {
                self.segment(key, sender, (ports, flags, sequence), payload, payload.len() < frame.payload)
            }
            _ => Heard::More,
        }
    }

    /// Takes a datagram that may be the first of a client of QUIC, or go on where that one ended.
    fn datagram(&mut self, key: &FlowKey, payload: &[u8], is_cut: bool) -> Heard {
        if let Some(hello) = self.hellos.get_mut(key)
            && !hello.is_of_another(payload)
        {
            return hello.add(payload);
        }
        let Some((hello, heard)) = Hello::begin(payload) else {
            // What may be in the middle of a connection of QUIC says nothing.
            let is_none = !is_cut && !Hello::may_be_quic(payload);
            return if is_none { Heard::Nothing } else { Heard::More };
        };
        if self.hellos.len() >= MOST_GATHERING && !self.hellos.contains_key(key) {
            self.hellos.clear();
        }
        self.hellos.insert(*key, Box::new(hello));
        heard
    }

    fn segment(
        &mut self,
        key: &FlowKey,
        sender: Place,
        (ports, flags, sequence): ((u16, u16), Flags, u32),
        payload: &[u8],
        is_cut: bool,
    ) -> Heard {
        if self.flows.len() >= MOST_FLOWS && !self.flows.contains_key(key) {
            self.flows.clear();
            self.gathering = 0;
        }
        let Opening { directions, client } = self.flows.entry(*key).or_default();
        let is_syn = flags.contains(Flags::SYN);
        if is_syn && !flags.contains(Flags::ACK) {
            // Another conversation, or the same request again.
            self.gathering -= directions.iter().filter(|it| matches!(it, Direction::Gathering(_))).count();
            *directions = Default::default();
            *client = Some(sender);
        }
        let Some(direction) = directions.get_mut(sender) else { return Heard::More };
        let begin = if is_syn { sequence.wrapping_add(1) } else { sequence };
        if is_syn {
            *direction = match mem::take(direction) {
                Direction::Unseen => Direction::Expected(begin),
                other => other,
            };
        }
        let is_end = flags.intersects(Flags::FIN | Flags::RST);
        if payload.is_empty() && !is_cut && !is_end {
            return Heard::More;
        }
        let fresh = |first| Box::new(Gathered::new(first));
        let mut gathered = match mem::replace(direction, Direction::Over) {
            Direction::Unseen => fresh(begin),
            Direction::Expected(first) => fresh(first),
            Direction::Gathering(gathered) => {
                self.gathering -= 1;
                gathered
            }
            Direction::Over => return Heard::More,
        };
        gathered.add(begin, payload);
        let is_full = gathered.bytes().len() >= MOST_BYTES;
        match of_stream(gathered.bytes(), ports, is_cut || is_end || is_full) {
            Heard::Nothing => {
                // The client speaks first, or says which protocol it is as well; and of a connection that was there before,
                // these are not the first bytes.
                let end = begin.wrapping_add(u32::try_from(payload.len()).unwrap_or(u32::MAX));
                let is_whole = is_end && !is_cut && gathered.is_whole_before(end);
                let is_certain = is_whole || of_stream(gathered.bytes(), ports, false) == Heard::Nothing;
                if *client == Some(sender) && is_certain { Heard::Nothing } else { Heard::More }
            }
            Heard::More => {
                *direction = Direction::Gathering(gathered);
                self.gathering += 1;
                self.make_room();
                Heard::More
            }
            told => told,
        }
    }

    /// Lets go of all that gather where there are too many: somebody sends what never tells anything.
    fn make_room(&mut self) {
        if self.gathering > MOST_GATHERING {
            let gathering = |it: &&mut Direction| matches!(it, Direction::Gathering(_));
            for direction in self.flows.values_mut().flat_map(|it| &mut it.directions).filter(gathering) {
                *direction = Direction::Over;
            }
            self.gathering = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::decode;
    use crate::frame::made::{tcp, udp, v4};
    use netstat_model::{IpEndpoint, Transport};
    use proptest::prelude::*;

    const SYN: u8 = 2;
    const ACK: u8 = 16;
    const FIN: u8 = 1;
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a.org\r\n\r\n";

    /// What a segment tells, of which `cut` bytes at the end are not there.
    fn add(
        openings: &mut Openings,
        port: u16,
        flags: u8,
        sequence: u32,
        payload: &[u8],
        cut: usize,
    ) -> Option<String> {
        let packet = v4([192, 0, 2, 1], [192, 0, 2, 2], 6, 0, &tcp(port, 80, flags, sequence, payload));
        let there = &packet[..packet.len() - cut];
        let frame = decode(0x0800, there, packet.len()).unwrap();
        let end = |address, port| IpEndpoint::new(address, port, 0);
        let (key, sender) =
            FlowKey::new(Transport::Tcp, end(frame.addresses.0, port), end(frame.addresses.1, 80));
        let told = match openings.add(&key, sender, &frame, frame.payload_of(there)) {
            Heard::Application(told) => told,
            Heard::Nothing => return Some("nothing".to_owned()),
            Heard::More => return None,
        };
        Some(format!("{} {}", told.protocol.name(), told.name.unwrap_or_default()))
    }

    const TOLD: Option<&str> = Some("http a.org GET");

    #[test]
    fn segments_are_put_together_in_whatever_order_they_come() {
        let (first, rest) = REQUEST.split_at(5);
        let (second, third) = rest.split_at(7);
        let pieces = [(first, 0), (second, 5), (third, 12)];
        for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0], [1, 0, 2]] {
            let mut openings = Openings::default();
            // The numbers come round while it begins.
            assert_eq!(add(&mut openings, 9, SYN, u32::MAX - 3, b"", 0), None);
            let told: Vec<_> = order
                .into_iter()
                .map(|piece| pieces[piece])
                .map(|(bytes, at)| add(&mut openings, 9, ACK, (u32::MAX - 2).wrapping_add(at), bytes, 0))
                .collect();
            assert_eq!(
                (told[0].clone(), told[1].clone(), told[2].as_deref()),
                (None, None, TOLD),
                "{order:?}"
            );
            assert_eq!(add(&mut openings, 9, ACK, 20, REQUEST, 0), None, "it is told once");
            assert_eq!(openings.gathering, 0);
        }
    }

    #[test]
    fn what_is_sent_again_or_cut_off_or_ends_is_not_waited_for() {
        let mut openings = Openings::default();
        assert_eq!(add(&mut openings, 9, ACK, 100, &REQUEST[..20], 0), None);
        assert_eq!(add(&mut openings, 9, ACK, 100, &REQUEST[..20], 0), None);
        assert_eq!(add(&mut openings, 9, ACK, 110, &REQUEST[10..], 0).as_deref(), TOLD);
        // The same ends begin again.
        assert_eq!(add(&mut openings, 9, SYN, 7, b"", 0), None);
        assert_eq!(add(&mut openings, 9, ACK, 8, REQUEST, 0).as_deref(), TOLD);
        // The host is cut off, in another connection it ends before.
        assert_eq!(add(&mut openings, 10, ACK, 1, REQUEST, 10).as_deref(), Some("http - GET"));
        assert_eq!(add(&mut openings, 11, ACK, 1, &REQUEST[..20], 0), None);
        assert_eq!(add(&mut openings, 11, ACK | FIN, 21, b"", 0).as_deref(), Some("http - GET"));
        assert_eq!(openings.gathering, 0);
    }

    #[test]
    fn it_is_certain_only_of_a_client_from_its_first_byte_on_that_it_is_none_of_them() {
        let none = Some("nothing");
        let mut openings = Openings::default();
        assert_eq!(add(&mut openings, 9, ACK, 1, b"\0what", 0), None, "it was there before");
        assert_eq!(add(&mut openings, 9, SYN, 7, b"", 0), None);
        assert_eq!(add(&mut openings, 9, ACK, 8, b"\0what", 0).as_deref(), none);
        assert_eq!(add(&mut openings, 9, ACK, 13, b"\0what", 0), None, "it is told once");
        // It says nothing at all; and something is missing before its end.
        assert_eq!(add(&mut openings, 10, SYN, 7, b"", 0), None);
        assert_eq!(add(&mut openings, 10, ACK | FIN, 8, b"", 0).as_deref(), none);
        assert_eq!(add(&mut openings, 11, SYN, 7, b"", 0), None);
        assert_eq!(add(&mut openings, 11, ACK | FIN, 108, b"", 0), None);
        // The first letters of a method that are cut off.
        assert_eq!(add(&mut openings, 12, SYN, 7, b"", 0), None);
        assert_eq!(add(&mut openings, 12, ACK, 8, REQUEST, REQUEST.len() - 2), None);
    }

    #[test]
    fn datagrams_that_cannot_be_quic_are_none_of_the_protocols() {
        let heard = |openings: &mut Openings, payload: &[u8]| {
            let packet = v4([192, 0, 2, 1], [192, 0, 2, 2], 17, 0, &udp(5000, 443, payload));
            let frame = decode(0x0800, &packet, packet.len()).unwrap();
            let end = |address, port| IpEndpoint::new(address, port, 0);
            let ends = (end(frame.addresses.0, 5000), end(frame.addresses.1, 443));
            let (key, sender) = FlowKey::new(Transport::Udp, ends.0, ends.1);
            openings.add(&key, sender, &frame, frame.payload_of(&packet))
        };
        for (first, expected) in [(0x23, Heard::Nothing), (0x40, Heard::More), (0xc0, Heard::More)] {
            assert_eq!(heard(&mut Openings::default(), &[first; 48]), expected, "{first:x}");
        }
        assert_eq!(heard(&mut Openings::default(), &[0x40; 20]), Heard::Nothing);
    }

    #[test]
    fn nobody_can_make_it_keep_much() {
        let mut openings = Openings::default();
        let line = [b"GET /".to_vec(), vec![b'a'; 1000]].concat();
        for port in 0..3000 {
            assert_eq!(add(&mut openings, port, ACK, 1, &line, 0), None);
            for number in 1..30 {
                add(&mut openings, port, ACK, 2000 + number * 2, b"x", 0);
            }
        }
        let kept =
            openings.flows.values().flat_map(|it| &it.directions).filter_map(|direction| match direction {
                Direction::Gathering(gathered) => Some(gathered),
                _ => None,
            });
        let kept: Vec<_> = kept.collect();
        assert_eq!(kept.len(), openings.gathering);
        assert!(kept.len() <= MOST_GATHERING);
        assert!(kept.iter().all(|gathered| gathered.holds() <= 2 * MOST_BYTES));
        // A line that never ends is let go of.
        let mut openings = Openings::default();
        for at in 0..10 {
            let begin = if at == 0 { &line[..1000] } else { &[b'a'; 1000][..] };
            assert_eq!(add(&mut openings, 1, ACK, 1 + at * 1000, begin, 0), None);
        }
        assert_eq!(openings.gathering, 0);
    }

    proptest! {
        #[test]
        fn no_segments_break_it(
            segments in proptest::collection::vec((0u16..3, any::<u8>(), any::<u32>(), 0usize..3000, 0usize..10), 0..60),
        ) {
            let mut openings = Openings::default();
            for (port, flags, near, length, cut) in segments {
                let payload = [REQUEST, &[b'x'; 3000]].concat();
                let cut = cut.min(length);
                add(&mut openings, port, flags, near % 5000, &payload[..length], cut);
                let gathering = openings.flows.values().flat_map(|it| &it.directions).filter(|it| matches!(it, Direction::Gathering(_)));
                prop_assert_eq!(gathering.count(), openings.gathering);
            }
        }
    }
}
