//! [`Openings`]: the first bytes of conversations, put together until they have told what they can.

use crate::first_bytes::{Gathered, Heard, Hello, MOST_BYTES, of_datagram, of_stream};
use crate::flow::{FlowKey, Place};
use crate::frame::{Content, Flags, Frame};
use netstat_model::Application;
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

/// The conversations.
#[derive(Debug, Default)]
pub(crate) struct Openings {
    flows: FxHashMap<FlowKey, [Direction; 2]>,
    /// How many directions gather.
    gathering: usize,
    /// The first packets of clients of QUIC; `None` where they have told all.
    hellos: FxHashMap<FlowKey, Option<Box<Hello>>>,
}

impl Openings {
    /// Takes a packet. Returns what it tells, with those before it.
    pub(crate) fn add(
        &mut self,
        key: &FlowKey,
        sender: Place,
        frame: &Frame,
        payload: &[u8],
    ) -> Option<Application> {
        match frame.content {
            Content::Udp { ports } => of_datagram(payload, ports).or_else(|| self.datagram(key, payload)),
            Content::Tcp { ports, flags, sequence, .. } => {
                self.segment(key, sender, (ports, flags, sequence), payload, payload.len() < frame.payload)
            }
            _ => None,
        }
    }

    /// Takes a datagram that may be the first of a client of QUIC, or go on where that one ended.
    fn datagram(&mut self, key: &FlowKey, payload: &[u8]) -> Option<Application> {
        let (hello, heard) = match self.hellos.get_mut(key) {
            Some(hello) => {
                let mut hello = hello.take()?;
                let heard = hello.add(payload);
                (hello, heard)
            }
            None => Hello::begin(payload).map(|(hello, heard)| (Box::new(hello), heard))?,
        };
        if self.hellos.len() >= MOST_GATHERING && !self.hellos.contains_key(key) {
            self.hellos.clear();
        }
        let (left, told) = match heard {
            Heard::More => (Some(hello), None),
            Heard::Nothing => (None, None),
            Heard::Application(told) => (None, Some(told)),
        };
        self.hellos.insert(*key, left);
        told
    }

    fn segment(
        &mut self,
        key: &FlowKey,
        sender: Place,
        (ports, flags, sequence): ((u16, u16), Flags, u32),
        payload: &[u8],
        is_cut: bool,
    ) -> Option<Application> {
        if self.flows.len() >= MOST_FLOWS && !self.flows.contains_key(key) {
            self.flows.clear();
            self.gathering = 0;
        }
        let directions = self.flows.entry(*key).or_default();
        let is_syn = flags.contains(Flags::SYN);
        if is_syn && !flags.contains(Flags::ACK) {
            // Another conversation, or the same request again.
            self.gathering -= directions.iter().filter(|it| matches!(it, Direction::Gathering(_))).count();
            *directions = Default::default();
        }
        let direction = directions.get_mut(sender)?;
        let begin = if is_syn { sequence.wrapping_add(1) } else { sequence };
        if is_syn {
            *direction = match mem::take(direction) {
                Direction::Unseen => Direction::Expected(begin),
                other => other,
            };
        }
        let is_end = flags.intersects(Flags::FIN | Flags::RST);
        if payload.is_empty() && !is_cut && !is_end {
            return None;
        }
        let fresh = |first| Box::new(Gathered::new(first));
        let mut gathered = match mem::replace(direction, Direction::Over) {
            Direction::Unseen => fresh(begin),
            Direction::Expected(first) => fresh(first),
            Direction::Gathering(gathered) => {
                self.gathering -= 1;
                gathered
            }
            Direction::Over => return None,
        };
        gathered.add(begin, payload);
        let is_last = is_cut || is_end || gathered.bytes().len() >= MOST_BYTES;
        match of_stream(gathered.bytes(), ports, is_last) {
            Heard::Application(application) => Some(application),
            Heard::Nothing => None,
            Heard::More => {
                *direction = Direction::Gathering(gathered);
                self.gathering += 1;
                self.make_room();
                None
            }
        }
    }

    /// Lets go of all that gather where there are too many: somebody sends what never tells anything.
    fn make_room(&mut self) {
        if self.gathering > MOST_GATHERING {
            let gathering = |it: &&mut Direction| matches!(it, Direction::Gathering(_));
            for direction in self.flows.values_mut().flatten().filter(gathering) {
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
    use crate::frame::made::{tcp, v4};
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
        let told = openings.add(&key, sender, &frame, frame.payload_of(there))?;
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
    fn nobody_can_make_it_keep_much() {
        let mut openings = Openings::default();
        let line = [b"GET /".to_vec(), vec![b'a'; 1000]].concat();
        for port in 0..3000 {
            assert_eq!(add(&mut openings, port, ACK, 1, &line, 0), None);
            for number in 1..30 {
                add(&mut openings, port, ACK, 2000 + number * 2, b"x", 0);
            }
        }
        let kept = openings.flows.values().flatten().filter_map(|direction| match direction {
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
                let gathering = openings.flows.values().flatten().filter(|it| matches!(it, Direction::Gathering(_)));
                prop_assert_eq!(gathering.count(), openings.gathering);
            }
        }
    }
}
