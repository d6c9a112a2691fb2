//! A counter: its total, and how it changed since an earlier sample.
//!
//! Pure functions of two numbers and the time between them. A counter that is unknown in one of the two samples, or
//! that went backwards (the driver was reloaded, another recording), has no rate.

use std::fmt;
use std::time::Duration;

/// An earlier sample of the same data.
#[derive(Debug)]
pub struct Earlier<'a, T> {
    /// The data.
    pub data: &'a T,
    /// Time since then, by a monotonic clock.
    pub elapsed: Duration,
}

impl<T> Clone for Earlier<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Earlier<'_, T> {}

/// How fast a counter grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    grown: u64,
    elapsed: Duration,
}

impl Rate {
    /// Computes the rate from a counter before and after; `None` if one is unknown, if it went backwards, or if no
    /// time passed.
    pub fn between(before: Option<u64>, after: Option<u64>, elapsed: Duration) -> Option<Self> {
        Self::of(after?.checked_sub(before?)?, elapsed)
    }

    /// Computes the rate of a growth within a time.
    pub fn of(grown: u64, elapsed: Duration) -> Option<Self> {
        (!elapsed.is_zero()).then_some(Self { grown, elapsed })
    }

    /// Returns the growth per second.
    #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
    pub fn per_second(self) -> f64 {
        self.grown as f64 / self.elapsed.as_secs_f64()
    }

    /// Returns the growth within the time.
    pub fn grown(self) -> u64 {
        self.grown
    }
}

/// Displays `12/s`, below ten `0.4/s`, and `<0.1/s` for a rate that is not zero but rounds to it.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.elapsed.as_nanos().max(1);
        // 2^64 with ten decimal digits is far below 2^128.
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

/// A part of a whole that is not zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Percent {
    part: u64,
    whole: u64,
}

impl Percent {
    /// Returns `None` if one is unknown or the whole is zero.
    pub fn of(part: Option<u64>, whole: Option<u64>) -> Option<Self> {
        Some(Self { part: part?, whole: whole.filter(|&whole| whole > 0)? })
    }
}

/// Displays `0.47%`, and `<0.01%` for a share that is not zero but rounds to it.
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

/// One value of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// A counter.
    Counter {
        /// The total; `None` if the system does not have it.
        total: Option<u64>,
        /// The rate since the earlier sample, if there was one.
        rate: Option<Rate>,
    },
    /// A value that also shrinks, and so has no rate.
    Level(Option<u64>),
    /// A share.
    Percent {
        /// The share of the totals.
        total: Option<Percent>,
        /// The share of the growth since the earlier sample.
        recent: Option<Percent>,
    },
}

impl Value {
    /// Makes a counter from its earlier value, with the time since then, and its value now.
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
