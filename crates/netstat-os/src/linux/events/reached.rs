//! How far the events of the programs have been told, for a recorder that goes on behind one that was killed.

use netstat_model::history::EventCounts;
use std::time::Duration;

/// The version of this layout.
const LAYOUT: u8 = 2;

/// How far events were told. What of them is still kept back is written beside it, as it changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reached {
    /// Which programs it was.
    pub(super) instance: u32,
    /// Up to where in their buffer.
    pub(super) place: u64,
    /// What was counted and told by then, and when.
    pub(super) counts: EventCounts,
    pub(super) counted_at: Duration,
    /// First FINs of connections that may stay half closed: by cookie, when, and whether the local end sent it.
    pub(super) half_closed: Vec<(u64, Duration, bool)>,
}

impl Reached {
    /// Encodes it: numbers in little-endian order.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![LAYOUT];
        bytes.extend(self.instance.to_le_bytes());
        let mut long = |number: u64| bytes.extend(number.to_le_bytes());
        long(self.place);
        long(nanoseconds(self.counted_at));
        of_counts(&self.counts).into_iter().for_each(&mut long);
        long(self.half_closed.len() as u64);
        for (cookie, at, is_local) in &self.half_closed {
            [*cookie, nanoseconds(*at), u64::from(*is_local)].into_iter().for_each(&mut long);
        }
        bytes
    }

    /// Decodes what [`encode`](Self::encode) wrote; `None` when it makes no sense.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[LAYOUT], rest) = bytes.split_first_chunk()? else { return None };
        let (instance, mut rest) = rest.split_first_chunk()?;
        let mut long = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_le_bytes(*number))
        };
        let place = long()?;
        let counted_at = Duration::from_nanos(long()?);
        let mut counts = [0; COUNTS];
        for count in &mut counts {
            *count = long()?;
        }
        let mut half_closed = Vec::new();
        for _ in 0..long()? {
            half_closed.push((long()?, Duration::from_nanos(long()?), long()? == 1));
        }
        let (instance, counts) = (u32::from_le_bytes(*instance), to_counts(counts));
        rest.is_empty().then_some(Self { instance, place, counts, counted_at, half_closed })
    }
}

/// Counts that are told: what a recorder that goes on need not tell again.
const COUNTS: usize = 6;

fn of_counts(counts: &EventCounts) -> [u64; COUNTS] {
    let EventCounts { lost, lost_begins, lost_processes, lost_half_closed, not_followed, unseen, .. } =
        *counts;
    [lost, lost_begins, lost_processes, lost_half_closed, not_followed, unseen]
}

fn to_counts(counts: [u64; COUNTS]) -> EventCounts {
    let [lost, lost_begins, lost_processes, lost_half_closed, not_followed, unseen] = counts;
    let known = EventCounts { lost, lost_begins, lost_processes, lost_half_closed, ..EventCounts::default() };
    EventCounts { not_followed, unseen, ..known }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn reached() -> Reached {
        let counts = to_counts([1, 2, 3, 4, 5, 6]);
        let ms = Duration::from_millis;
        Reached {
            instance: 7,
            place: 1 << 40,
            counts,
            counted_at: ms(9_000),
            half_closed: vec![(10, ms(11), true), (12, ms(13), false)],
        }
    }

    #[test]
    fn what_was_reached_comes_back() {
        let reached = reached();
        assert_eq!(Reached::decode(&reached.encode()), Some(reached.clone()));
        let none = Reached { half_closed: Vec::new(), ..reached };
        assert_eq!(Reached::decode(&none.encode()), Some(none));
    }

    #[test]
    fn what_is_cut_or_of_another_layout_is_not_believed() {
        let bytes = reached().encode();
        for len in 0..bytes.len() {
            assert_eq!(Reached::decode(&bytes[..len]), None, "{len}");
        }
        assert_eq!(Reached::decode(&[&bytes[..], b"more"].concat()), None);
        let other = [&[LAYOUT + 1], &bytes[1..]].concat();
        assert_eq!(Reached::decode(&other), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Reached::decode(&bytes);
            let _ = Reached::decode(&[&[LAYOUT], &bytes[..]].concat());
        }
    }
}
