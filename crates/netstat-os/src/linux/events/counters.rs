//! What the programs count.

use netstat_model::history::EventCounts;

/// Decodes `struct all_counts` and what follows it; `None` when it is too short.
pub(super) fn decode_counts(bytes: &[u8]) -> Option<EventCounts> {
    /// Words of `struct counts`, how many of them there are, and the places of the losses of each kind of record.
    const WORDS: usize = 16;
    const PROCESSORS: usize = 64;
    const LOST: usize = 6 + 5;
    /// What is not known of a connection that is open: that an end of it has closed its direction.
    const LOST_HALVES: usize = LOST;
    const LOST_BEGINS: usize = LOST + 1;
    const LOST_ENDS: usize = LOST + 2;
    const LOST_OWNERS: usize = LOST + 3;
    const LOST_PROCESSES: usize = LOST + 4;
    let (words, _) = bytes.as_chunks::<8>();
    let words: Vec<u64> = words.iter().map(|word| u64::from_ne_bytes(*word)).collect();
    let (counts, misses) = words.split_at_checked(WORDS * PROCESSORS)?;
    let sum = |at: usize| {
        counts.iter().skip(at).step_by(WORDS).fold(0, |sum: u64, count| sum.saturating_add(*count))
    };
    Some(EventCounts {
        opened: sum(0),
        ended: sum(1),
        ended_of_before: sum(2),
        late: sum(3),
        saved: sum(4),
        not_followed: sum(5),
        lost: sum(LOST_ENDS),
        lost_begins: sum(LOST_BEGINS).saturating_add(sum(LOST_HALVES)),
        lost_processes: sum(LOST_OWNERS).saturating_add(sum(LOST_PROCESSES)),
        unseen: 0,
        skipped: misses.iter().fold(0, |sum, misses| sum.saturating_add(*misses)),
    })
}
