//! What a recorder misses while looks fail, or the machine is suspended.

use netstat_model::history::{ConnectionEvent, GapCause, RecordGap, SinceBoot};
use std::mem;
use std::time::{Duration, Instant};

/// The most events that are held back.
const MOST: usize = 1 << 16;

/// So much more time has to have passed than the machine was awake for it to have been suspended.
const SUSPENDED: Duration = Duration::from_secs(1);

/// What is noted of the takes of a stream, so that what was missed becomes a gap.
pub(super) struct Watch {
    /// When the last take was: since boot, and by a clock that stands still while the machine is suspended.
    taken: SinceBoot,
    awake: Instant,
    /// How many takes failed since the last that did not.
    failures: u32,
    /// Whether one ever succeeded.
    pub(super) has_begun: bool,
}

impl Watch {
    pub(super) fn new(taken: SinceBoot, awake: Instant) -> Self {
        Self { taken, awake, failures: 0, has_begun: false }
    }

    /// Notes a take. Returns what was missed since the last one.
    pub(super) fn note(&mut self, succeeded: bool, now: SinceBoot, awake: Instant) -> Vec<RecordGap> {
        let passed = now.saturating_sub(self.taken);
        let gap = |lost, cause| RecordGap { boot_id: None, from: self.taken, until: now, lost, cause };
        let mut missed = Vec::new();
        // Nothing opens or ends meanwhile.
        if passed.saturating_sub(awake.saturating_duration_since(self.awake)) > SUSPENDED {
            missed.push(gap(Some(0), GapCause::Suspended));
        }
        // Before the first take that succeeds nothing is recorded, which needs no gap.
        if self.has_begun && !(succeeded && self.failures == 0) {
            missed.push(gap(None, GapCause::Unseen));
        }
        self.failures = if succeeded { 0 } else { self.failures.saturating_add(1) };
        (self.taken, self.awake) = (now, awake);
        missed
    }

    pub(super) fn is_first_failure(&self) -> bool {
        self.failures == 1
    }
}

/// What is seen before the first take that succeeds: what is not there any more can be said only then.
pub(super) struct HeldBack {
    events: Vec<ConnectionEvent>,
    /// When some were added last, since boot.
    added: SinceBoot,
    /// What there was no room for.
    left_out: Option<RecordGap>,
}

impl HeldBack {
    pub(super) fn new(now: SinceBoot) -> Self {
        Self { events: Vec::new(), added: now, left_out: None }
    }

    /// Takes events. Of those that it has no room for the number is known.
    pub(super) fn add(&mut self, events: &mut Vec<ConnectionEvent>, now: SinceBoot) {
        let room = MOST.saturating_sub(self.events.len());
        let rest = events.split_off(room.min(events.len()));
        self.events.append(events);
        if !rest.is_empty() {
            let lost = rest.iter().map(|event| match event {
                ConnectionEvent::Ended(_) => Some(1),
                ConnectionEvent::Gap(gap) => gap.lost,
                ConnectionEvent::Opened(_) | ConnectionEvent::HalfClosed(_) | ConnectionEvent::Process(_) => {
                    Some(0)
                }
            });
            let lost: Option<u64> = lost.sum();
            let (from, cause) = (self.added, GapCause::Unseen);
            let none = || RecordGap { boot_id: None, from, until: now, lost: Some(0), cause };
            let gap = self.left_out.get_or_insert_with(none);
            gap.until = now;
            gap.lost = gap.lost.zip(lost).map(|(before, more)| before.saturating_add(more));
        }
        self.added = now;
    }

    /// Puts what it has before other events.
    pub(super) fn give(&mut self, events: &mut Vec<ConnectionEvent>) {
        if self.events.is_empty() {
            return;
        }
        let new = mem::replace(events, mem::take(&mut self.events));
        events.extend(self.left_out.take().map(ConnectionEvent::Gap));
        events.extend(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_take_that_fails_is_a_gap_until_one_succeeds() {
        let seconds = Duration::from_secs;
        let begin = Instant::now();
        let mut watch = Watch::new(seconds(100), begin);
        let mut note = |succeeded, at: u64| {
            let missed = watch.note(succeeded, seconds(at), begin + seconds(at - 100));
            watch.has_begun |= succeeded;
            let spans: Vec<_> = missed.iter().map(|gap| (gap.from, gap.until, gap.lost, gap.cause)).collect();
            (spans, watch.is_first_failure())
        };
        let unseen = |from, until| vec![(seconds(from), seconds(until), None, GapCause::Unseen)];
        assert_eq!(note(false, 101), (vec![], true));
        assert_eq!(note(true, 102), (vec![], false));
        assert_eq!(note(true, 103), (vec![], false));
        assert_eq!(note(false, 104), (unseen(103, 104), true));
        assert_eq!(note(false, 105), (unseen(104, 105), false));
        assert_eq!(note(true, 106), (unseen(105, 106), false));
        assert_eq!(note(true, 107), (vec![], false));
        assert_eq!(note(false, 108), (unseen(107, 108), true));
    }

    #[test]
    fn a_machine_that_was_suspended_leaves_a_gap() {
        let seconds = Duration::from_secs;
        let begin = Instant::now();
        let mut watch = Watch::new(seconds(100), begin);
        watch.has_begun = true;
        // It was stopped for an hour, and suspended for another.
        assert_eq!(watch.note(true, seconds(3700), begin + seconds(3600)), []);
        let missed = watch.note(true, seconds(7301), begin + seconds(3601));
        let [gap] = &missed[..] else { panic!("{missed:?}") };
        assert_eq!((gap.from, gap.until), (seconds(3700), seconds(7301)));
        assert_eq!((gap.lost, gap.cause), (Some(0), GapCause::Suspended));
    }

    #[test]
    fn what_is_held_back_has_a_limit_and_what_has_no_room_is_a_gap() {
        let seconds = Duration::from_secs;
        let gap = |at| RecordGap {
            boot_id: None,
            from: seconds(at),
            until: seconds(at),
            lost: Some(2),
            cause: GapCause::Ring,
        };
        let event = |at| ConnectionEvent::Gap(gap(at));
        let mut held = HeldBack::new(seconds(1));
        let mut events = vec![event(1)];
        held.give(&mut events);
        assert_eq!(events, [event(1)]);
        held.add(&mut events, seconds(2));
        assert_eq!(events, []);
        for at in 3..6 {
            events = vec![event(at); MOST / 2];
            held.add(&mut events, seconds(at));
            assert!(events.is_empty() && held.events.len() <= MOST, "{at}");
        }
        events = vec![event(9)];
        held.give(&mut events);
        assert_eq!(events.len(), MOST + 2);
        assert_eq!((&events[0], &events[MOST + 1]), (&event(1), &event(9)));
        // One did not fit at 4, and half of them at 5.
        let lost = Some(2 + u64::try_from(MOST).unwrap());
        let left_out =
            RecordGap { from: seconds(3), until: seconds(5), lost, cause: GapCause::Unseen, ..gap(0) };
        assert_eq!(events[MOST], ConnectionEvent::Gap(left_out));
        held.give(&mut events);
        assert_eq!(events.len(), MOST + 2, "it is given once");
    }
}
