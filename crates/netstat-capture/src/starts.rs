//! [`Starts`]: the readable start of what each end of a connection sends.

use crate::first_bytes::Gathered;
use crate::flow::{FlowKey, Place};
use crate::frame::{Content, Flags};
use crate::kept::Kept;
use rustc_hash::FxHashMap;
use std::time::Duration;

/// So many bytes of each direction are shown.
const MOST_TEXT: usize = 1024;

/// So many directions are followed at once, and one without packets for so long is forgotten where there are too many.
const MOST_DIRECTIONS: usize = 4096;
const FORGET: Duration = Duration::from_secs(60);

/// How long it counts that there was no room.
const PAUSE: Duration = Duration::from_secs(1);

/// What a packet adds to what is readable.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Start {
    /// The bytes that can be read: nothing but text, with its ends of lines.
    pub text: Vec<u8>,
    /// Why nothing more of this direction follows, if so.
    pub over: Option<Over>,
}

/// Why the text of a direction is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// What follows is no text.
    Binary,
    /// It is as long as is shown.
    Long,
}

/// What one end has sent.
#[derive(Debug)]
struct Direction {
    /// `None` once it is over.
    bytes: Option<Gathered>,
    /// How many bytes were shown.
    shown: usize,
    last: Duration,
}

/// The directions of all connections.
#[derive(Debug, Default)]
pub struct Starts {
    directions: FxHashMap<(FlowKey, Place), Direction>,
    /// Whether one was forgotten: what comes without a handshake may be one of those since then.
    has_forgotten: bool,
    /// When it was last seen that there is no room.
    full: Option<Duration>,
}

impl Starts {
    /// Takes a packet. Returns what can be read now, each byte once and in the order in which it was sent.
    pub fn add(&mut self, kept: &Kept) -> Start {
        let (Some(frame), Some((transport, source, destination))) = (&kept.frame, kept.ends) else {
            return Start::default();
        };
        let payload = frame.payload_of(kept.bytes.get(kept.network..).unwrap_or_default());
        let (key, sender) = FlowKey::new(transport, source, destination);
        let place = (key, sender);
        let (sequence, flags) = match frame.content {
            Content::Tcp { sequence, flags, .. } => (Some(sequence), flags),
            Content::Udp { .. } => (None, Flags::empty()),
            _ => return Start::default(),
        };
        let is_first = flags.contains(Flags::SYN);
        if is_first {
            self.directions.remove(&place);
        }
        let may_begin = is_first || !payload.is_empty() && self.may_begin(sequence);
        if !may_begin && !self.directions.contains_key(&place) {
            return Start::default();
        }
        if !self.make_room(&place, kept.at) {
            return Start::default();
        }
        let first = sequence.map_or(0, |sequence| sequence.wrapping_add(u32::from(is_first)));
        let fresh = || Direction { bytes: Some(Gathered::new(first)), shown: 0, last: kept.at };
        let direction = self.directions.entry(place).or_insert_with(fresh);
        direction.last = kept.at;
        let start = direction.add(sequence.map(|_| first), payload);
        if flags.intersects(Flags::FIN | Flags::RST) && start.over.is_none() {
            // Whatever comes late belongs to it still.
            direction.last = Duration::ZERO;
        }
        start
    }

    /// Whether a direction that was not seen so far may begin with any packet.
    fn may_begin(&self, sequence: Option<u32>) -> bool {
        sequence.is_none() || !self.has_forgotten
    }

    /// Makes room for one direction. Returns false where all of those there are followed.
    fn make_room(&mut self, place: &(FlowKey, Place), now: Duration) -> bool {
        if self.directions.len() < MOST_DIRECTIONS || self.directions.contains_key(place) {
            return true;
        }
        // A flood of handshakes must not have all of them looked at each time.
        if self.full.is_some_and(|full| now.saturating_sub(full) < PAUSE) {
            return false;
        }
        self.full = Some(now);
        let old = now.saturating_sub(FORGET);
        self.directions.retain(|_, direction| direction.last > old);
        self.has_forgotten |= self.directions.len() < MOST_DIRECTIONS;
        self.directions.len() < MOST_DIRECTIONS
    }
}

impl Direction {
    /// Adds a segment, or a datagram, which has no number.
    fn add(&mut self, sequence: Option<u32>, payload: &[u8]) -> Start {
        let Some(bytes) = &mut self.bytes else { return Start::default() };
        match sequence {
            Some(sequence) => bytes.add(sequence, payload),
            None => bytes.append_datagram(payload),
        }
        let fresh = bytes.bytes().get(self.shown..).unwrap_or_default();
        let room = MOST_TEXT.saturating_sub(self.shown);
        let shown = fresh.get(..fresh.len().min(room)).unwrap_or_default();
        let readable = readable(shown);
        let mut start = Start { text: shown.get(..readable).unwrap_or_default().to_vec(), over: None };
        // A character whose rest is in the next segment is no text only if it stays so.
        if readable < shown.len()
            && (!may_go_on(shown.get(readable..).unwrap_or_default()) || fresh.len() > room)
        {
            start.over = Some(Over::Binary);
        } else if fresh.len() >= room {
            start.over = Some(Over::Long);
        }
        self.shown += readable;
        if start.over.is_some() {
            self.bytes = None;
        }
        start
    }
}

/// Returns how many bytes are text from the first one on.
fn readable(bytes: &[u8]) -> usize {
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let is_odd = |character: &char| character.is_control() && !matches!(character, '\n' | '\r' | '\t');
    valid.chars().take_while(|character| !is_odd(character)).map(char::len_utf8).sum()
}

/// Whether bytes may be the first ones of a character.
fn may_go_on(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::decode;
    use crate::frame::made::{tcp, udp, v4};
    use crate::kept::Cut;
    use netstat_model::{IpEndpoint, Transport};
    use netstat_os::{Packet, PacketDirection};
    use proptest::prelude::*;

    const A: [u8; 4] = [192, 0, 2, 1];
    const B: [u8; 4] = [192, 0, 2, 2];
    const SYN: u8 = 2;
    const ACK: u8 = 16;

    fn kept(at: u64, transport: Transport, client: u16, body: &[u8]) -> Kept {
        let packet = Packet {
            at: Duration::from_secs(at),
            interface: 1,
            link_type: 1,
            is_loopback: false,
            direction: PacketDirection::Outgoing,
            protocol: 0x0800,
            frame: body,
            network: 0,
            length: u32::try_from(body.len()).unwrap(),
            vlan: None,
            has_checksum: true,
        };
        let end = |address: [u8; 4], port| IpEndpoint::new(address.into(), port, 0);
        let ends = Some((transport, end(A, client), end(B, 80)));
        Kept::new(&packet, decode(0x0800, body, body.len()), ends, Cut::default())
    }

    fn segment(client: u16, flags: u8, sequence: u32, payload: &[u8]) -> Kept {
        kept(1, Transport::Tcp, client, &v4(A, B, 6, 0, &tcp(client, 80, flags, sequence, payload)))
    }

    fn text(start: &Start) -> (&str, Option<Over>) {
        (std::str::from_utf8(&start.text).unwrap(), start.over)
    }

    #[test]
    fn each_byte_is_shown_once_and_in_order() {
        let mut starts = Starts::default();
        assert_eq!(text(&starts.add(&segment(7, SYN, 100, b""))), ("", None));
        assert_eq!(
            text(&starts.add(&segment(7, ACK, 107, b"world\n"))),
            ("", None),
            "what is before it is missing"
        );
        assert_eq!(text(&starts.add(&segment(7, ACK, 101, b"hello "))), ("hello world\n", None));
        assert_eq!(text(&starts.add(&segment(7, ACK, 101, b"hello "))), ("", None), "it was sent again");
        assert_eq!(text(&starts.add(&segment(7, ACK, 113, b"\xec\x95"))), ("", None));
        assert_eq!(text(&starts.add(&segment(7, ACK, 115, b"\x88!"))), ("안!", None));
        assert_eq!(text(&starts.add(&segment(7, ACK, 117, b"and\x00this"))), ("and", Some(Over::Binary)));
        assert_eq!(text(&starts.add(&segment(7, ACK, 125, b"more"))), ("", None));
    }

    #[test]
    fn it_is_the_start_alone() {
        let mut starts = Starts::default();
        assert_eq!(starts.add(&segment(7, ACK, 5, &[b'x'; 1000])).text.len(), 1000);
        assert_eq!(
            text(&starts.add(&segment(7, ACK, 1005, &[b'x'; 1000]))),
            ("x".repeat(24).as_str(), Some(Over::Long))
        );
        assert_eq!(text(&starts.add(&segment(7, ACK, 2005, b"x"))), ("", None));
        // The handshake of another connection between the same ends.
        starts.add(&segment(7, SYN, 5, b""));
        assert_eq!(text(&starts.add(&segment(7, ACK, 6, b"again"))), ("again", None));
    }

    #[test]
    fn datagrams_follow_each_other() {
        let mut starts = Starts::default();
        let datagram = |payload: &[u8]| kept(1, Transport::Udp, 9, &v4(A, B, 17, 0, &udp(9, 80, payload)));
        assert_eq!(text(&starts.add(&datagram(b"one"))), ("one", None));
        assert_eq!(text(&starts.add(&datagram(b"one"))), ("one", None));
        assert_eq!(text(&starts.add(&datagram(b"\x80\x01"))), ("", Some(Over::Binary)));
    }

    #[test]
    fn of_too_many_only_those_that_begin_are_followed() {
        let mut starts = Starts::default();
        for client in 0..4096 {
            starts.add(&segment(client, SYN, 5, b""));
        }
        assert_eq!(text(&starts.add(&segment(5000, ACK, 5, b"late"))), ("", None));
        let later = |flags, sequence, payload: &[u8]| {
            kept(200, Transport::Tcp, 5000, &v4(A, B, 6, 0, &tcp(5000, 80, flags, sequence, payload)))
        };
        starts.add(&later(SYN, 5, b""));
        assert_eq!(text(&starts.add(&later(ACK, 6, b"new"))), ("new", None));
        assert_eq!(starts.directions.len(), 1);
        // It may be one that was forgotten.
        assert_eq!(text(&starts.add(&segment(4000, ACK, 900, b"middle"))), ("", None));
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_all_that_is_shown_is_text(
            pieces in proptest::collection::vec((any::<u32>(), any::<u8>(), proptest::collection::vec(any::<u8>(), 0..600)), 0..12),
        ) {
            let mut starts = Starts::default();
            let mut shown = 0;
            for (sequence, flags, payload) in pieces {
                let start = starts.add(&segment(7, flags, sequence % 3000, &payload));
                let text = String::from_utf8(start.text).unwrap();
                prop_assert!(text.chars().all(|it| !it.is_control() || matches!(it, '\n' | '\r' | '\t')));
                shown = if flags & SYN != 0 { text.len() } else { shown + text.len() };
                prop_assert!(shown <= MOST_TEXT);
            }
        }
    }
}
