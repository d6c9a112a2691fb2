//! From the time since a boot, which never jumps, to the time of day, and back.

use std::time::{Duration, SystemTime};

/// The number of a boot in a store.
pub(crate) type Boot = i64;

/// A moment: microseconds since a boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment {
    pub(crate) boot: Boot,
    pub(crate) at: u64,
}

/// A span of one boot: from the first moment to before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) boot: Boot,
    pub(crate) from: u64,
    pub(crate) until: u64,
}

/// Returns whole microseconds. The largest fits a signed number, as a database has it, with room for differences.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).min(LATEST)
}

/// The latest moment: 146,000 years after boot.
pub(crate) const LATEST: u64 = 1 << 62;

/// What the clock on the wall said at some moments, boot by boot.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    /// Sorted by moment: microseconds since boot, and since 1970.
    readings: Vec<(Moment, i64)>,
}

impl Clock {
    pub(crate) fn new(mut readings: Vec<(Moment, i64)>) -> Self {
        readings.sort_unstable();
        Self { readings }
    }

    /// The readings of one boot, each with the moment at which the next one begins to count.
    fn segments(&self) -> impl Iterator<Item = (Stretch, i64)> + '_ {
        let of_boot = |at: usize| self.readings.get(at).map(|(moment, _)| moment.boot);
        self.readings.iter().enumerate().map(move |(at, &(moment, wall))| {
            let boot = moment.boot;
            // What was before the first reading was by the same clock, as far as anybody knows.
            let is_first = at.checked_sub(1).and_then(of_boot) != Some(boot);
            let from = if is_first { 0 } else { moment.at };
            let next = self.readings.get(at + 1).filter(|(next, _)| next.boot == boot);
            let until = next.map_or(LATEST, |(next, _)| next.at);
            let offset = wall.saturating_sub(i64::try_from(moment.at).unwrap_or(i64::MAX));
            (Stretch { boot, from, until }, offset)
        })
    }

    /// Returns what the clock said at a moment, in microseconds since 1970; `None` for a boot without any reading.
    pub(crate) fn wall(&self, moment: Moment) -> Option<i64> {
        let behind = self.readings.partition_point(|(known, _)| *known <= moment);
        let same = |at: usize| self.readings.get(at).filter(|(known, _)| known.boot == moment.boot);
        let (known, wall) = behind.checked_sub(1).and_then(same).or_else(|| same(behind))?;
        let since = i64::try_from(moment.at).ok()?.checked_sub(i64::try_from(known.at).ok()?)?;
        wall.checked_add(since)
    }

    /// Returns the stretches in which the clock was in a span, in their order. A clock that was set back gives two.
    pub(crate) fn stretches(&self, from: i64, until: i64) -> Vec<Stretch> {
        let clip = |(stretch, offset): (Stretch, i64)| {
            let begin = u64::try_from(from.saturating_sub(offset)).unwrap_or(0).max(stretch.from);
            let end = u64::try_from(until.saturating_sub(offset)).unwrap_or(0).min(stretch.until);
            (begin < end).then_some(Stretch { from: begin, until: end, ..stretch })
        };
        self.segments().filter_map(clip).collect()
    }

    /// Returns the moments at which the clock said this: none where it was set over it, two where it was set back.
    pub(crate) fn moments(&self, wall: i64) -> Vec<Moment> {
        let stretches = self.stretches(wall, wall.saturating_add(1));
        stretches.into_iter().map(|stretch| Moment { boot: stretch.boot, at: stretch.from }).collect()
    }
}

/// Returns a time of day as microseconds since 1970.
pub(crate) fn since_1970(time: SystemTime) -> i64 {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
    }
}

/// Returns the time of day of microseconds since 1970.
pub(crate) fn time_of(wall: i64) -> SystemTime {
    let distance = Duration::from_micros(wall.unsigned_abs());
    let time = if wall >= 0 {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn moment(boot: Boot, at: u64) -> Moment {
        Moment { boot, at }
    }

    #[test]
    fn a_clock_that_was_set_back_says_some_times_twice_and_one_set_forward_some_never() {
        // At 100 it said 1100, was set back to 1050, and at 200, where it said 1150, forward to 1300.
        let clock = Clock::new(vec![(moment(1, 0), 1000), (moment(1, 100), 1050), (moment(1, 200), 1300)]);
        assert_eq!(clock.wall(moment(1, 99)), Some(1099));
        assert_eq!(clock.wall(moment(1, 100)), Some(1050));
        assert_eq!(clock.moments(1060), [moment(1, 60), moment(1, 110)]);
        assert_eq!(clock.moments(1200), []);
        assert_eq!(clock.moments(1310), [moment(1, 210)]);
        let stretch = |from, until| Stretch { boot: 1, from, until };
        assert_eq!(clock.stretches(1000, 1320), [stretch(0, 100), stretch(100, 200), stretch(200, 220)]);
    }

    #[test]
    fn a_boot_knows_its_own_clock_only() {
        let clock = Clock::new(vec![(moment(2, 50), 9000), (moment(1, 70), 1000)]);
        assert_eq!(clock.wall(moment(1, 10)), Some(940));
        assert_eq!(clock.wall(moment(2, 10)), Some(8960));
        assert_eq!(clock.wall(moment(3, 10)), None);
    }

    proptest! {
        #[test]
        fn what_the_clock_said_leads_back_to_the_moment(
            steps in proptest::collection::vec((0..3i64, 0..1000u64, -2000..2000i64), 1..8),
            boot in 0..3i64,
            at in 0..2000u64,
        ) {
            let readings = steps.into_iter().map(|(boot, at, wall)| (moment(boot, at), wall)).collect();
            let clock = Clock::new(readings);
            if let Some(wall) = clock.wall(moment(boot, at)) {
                prop_assert!(clock.moments(wall).contains(&moment(boot, at)), "{:?}", clock);
            }
        }

        #[test]
        fn times_of_day_come_back(wall: i32) {
            let wall = i64::from(wall);
            prop_assert_eq!(since_1970(time_of(wall)), wall);
        }
    }
}
