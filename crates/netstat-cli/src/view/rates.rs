//! What a counter says: its total, and what became of it since an earlier look.
//!
//! Pure functions of two numbers and the time between them. A counter that is unknown in one of the two looks, or
//! that went backwards (the driver was loaded anew, the recording is another one), has no rate.

use std::fmt;
use std::time::Duration;

/// An earlier look at the same thing.
#[derive(Debug)]
pub struct Earlier<'a, T> {
    /// What was there.
    pub data: &'a T,
    /// How long ago, by a clock that only goes forward.
    pub elapsed: Duration,
}

impl<T> Clone for Earlier<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Earlier<'_, T> {}

impl<'a, T> Earlier<'a, T> {
    /// The same look at a part.
    pub(super) fn part<P>(self, part: impl FnOnce(&'a T) -> Option<&'a P>) -> Option<Earlier<'a, P>> {
        Some(Earlier { data: part(self.data)?, elapsed: self.elapsed })
    }
}

/// How fast a counter grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    grown: u64,
    elapsed: Duration,
}

impl Rate {
    /// From a counter before and after; `None` where one is unknown, where it went backwards, and where no time
    /// went by.
    pub fn between(before: Option<u64>, after: Option<u64>, elapsed: Duration) -> Option<Self> {
        Self::of(after?.checked_sub(before?)?, elapsed)
    }

    /// Of what came within a time.
    pub fn of(grown: u64, elapsed: Duration) -> Option<Self> {
        (!elapsed.is_zero()).then_some(Self { grown, elapsed })
    }

    /// What came within the time.
    pub fn grown(self) -> u64 {
        self.grown
    }
}

/// `12/s`, below ten `0.4/s`, and `<0.1/s` for what is more than nothing but rounds to it.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.elapsed.as_nanos().max(1);
        // 2^64 and ten decimal digits are far below 2^128.
        let rounded =
            |unit: u128| (u128::from(self.grown) * unit * 1_000_000_000 + nanoseconds / 2) / nanoseconds;
        let tenths = rounded(10);
        if tenths == 0 && self.grown > 0 {
            f.write_str("<0.1/s")
        } else if tenths >= 100 || tenths % 10 == 0 {
            write!(f, "{}/s", rounded(1))
        } else {
            write!(f, "{}.{}/s", tenths / 10, tenths % 10)
        }
    }
}

/// A part of a whole that is not nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    part: u64,
    whole: u64,
}

impl Percent {
    /// `None` where one is unknown, or the whole is nothing.
    pub fn of(part: Option<u64>, whole: Option<u64>) -> Option<Self> {
        Some(Self { part: part?, whole: whole.filter(|&whole| whole > 0)? })
    }
}

/// `0.47%`, and `<0.01%` for what is more than nothing but rounds to it.
impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = u128::from(self.whole.max(1));
        let hundredths = (u128::from(self.part) * 10_000 + whole / 2) / whole;
        if hundredths == 0 && self.part > 0 {
            f.write_str("<0.01%")
        } else {
            write!(f, "{}.{:02}%", hundredths / 100, hundredths % 100)
        }
    }
}

/// What stands in one place of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A counter.
    Counter {
        /// All of it; `None` where the system does not have it.
        total: Option<u64>,
        /// How fast it grew since the earlier look, where there was one.
        rate: Option<Rate>,
    },
    /// What also shrinks, and so has no rate.
    Level(Option<u64>),
    /// A part of something.
    Percent {
        /// Of everything.
        total: Option<Percent>,
        /// Of what came since the earlier look.
        recent: Option<Percent>,
    },
}

impl Value {
    /// A counter before, where it was looked at, and now.
    pub(super) fn counter(total: Option<u64>, before: Option<(Option<u64>, Duration)>) -> Self {
        let rate = before.and_then(|(before, elapsed)| Rate::between(before, total, elapsed));
        Self::Counter { total, rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn rate(before: u64, after: u64, elapsed: Duration) -> String {
        Rate::between(Some(before), Some(after), elapsed).map_or("none".into(), |rate| rate.to_string())
    }

    #[test]
    fn a_rate_is_what_came_per_second() {
        assert_eq!(rate(100, 112, SECOND), "12/s");
        assert_eq!(rate(100, 112, Duration::from_millis(500)), "24/s");
        assert_eq!(rate(0, 2, 5 * SECOND), "0.4/s");
        assert_eq!(rate(0, 3, Duration::from_micros(1_000_300)), "3/s");
        assert_eq!(rate(7, 7, SECOND), "0/s");
        assert_eq!(rate(0, 1, 60 * SECOND), "<0.1/s");
        assert_eq!(rate(0, 99, 10 * SECOND), "9.9/s");
        assert_eq!(rate(0, 999, 100 * SECOND), "10/s");
        assert_eq!(rate(0, u64::MAX, Duration::from_nanos(1)), "18446744073709551615000000000/s");
        assert_eq!(rate(0, u64::MAX, Duration::MAX), "1/s");
    }

    #[test]
    fn without_two_numbers_that_grow_there_is_no_rate() {
        assert_eq!(rate(112, 100, SECOND), "none");
        assert_eq!(rate(1, 2, Duration::ZERO), "none");
        assert_eq!(Rate::between(None, Some(1), SECOND), None);
        assert_eq!(Rate::between(Some(1), None, SECOND), None);
    }

    #[test]
    fn percents_are_rounded_to_hundredths() {
        let percent = |part, whole| Percent::of(Some(part), Some(whole)).unwrap().to_string();
        assert_eq!(percent(34_858, 7_388_244), "0.47%");
        assert_eq!(percent(0, 5), "0.00%");
        assert_eq!(percent(1, 1_000_000), "<0.01%");
        assert_eq!(percent(3, 2), "150.00%");
        assert_eq!(percent(u64::MAX, 1), "1844674407370955161500.00%");
        assert_eq!(Percent::of(Some(1), Some(0)), None);
        assert_eq!(Percent::of(None, Some(1)), None);
    }
}
