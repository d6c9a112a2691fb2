//! The intervals of a course, and the distribution of a duration in each of them.

use super::course::Quantiles;
use std::time::Duration;

/// Intervals of one length, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Buckets {
    pub(super) from: i64,
    pub(super) step: i64,
    pub(super) count: usize,
}

impl Buckets {
    /// Returns the interval of a moment. One before the first is in it, because it belongs to the span.
    pub(super) fn of(self, at: i64) -> Option<usize> {
        let behind = at.saturating_sub(self.from).max(0) / self.step.max(1);
        usize::try_from(behind).ok().filter(|place| *place < self.count)
    }
}

/// Each power of two is divided into so many classes, by its next bits; below that, each number has one of its own.
const PARTS: u32 = 16;
const BITS: u32 = PARTS.trailing_zeros();
const CLASSES: usize = (PARTS * (32 - BITS + 1)) as usize;

fn class(micros: u32) -> usize {
    if micros < PARTS {
        return micros as usize;
    }
    let power = micros.ilog2();
    let part = (micros >> (power - BITS)) - PARTS;
    ((power - BITS + 1) * PARTS + part) as usize
}

/// Returns the middle of a class, which is at most 3 % off.
fn middle(class: usize) -> u64 {
    let (class, parts) = (class as u64, u64::from(PARTS));
    if class < parts {
        return class;
    }
    let shift = class / parts - 1;
    let first = (parts + class % parts) << shift;
    first + ((1 << shift) - 1) / 2
}

/// How often each duration occurred in each interval, by classes.
pub(super) struct Distribution(Vec<u32>);

impl Distribution {
    pub(super) fn new(buckets: Buckets) -> Self {
        Self(vec![0; buckets.count * CLASSES])
    }

    pub(super) fn add(&mut self, interval: usize, micros: u32) {
        if let Some(count) = self.0.get_mut(interval * CLASSES + class(micros)) {
            *count = count.saturating_add(1);
        }
    }

    pub(super) fn quantiles(&self) -> Vec<Option<Quantiles>> {
        self.0
            .chunks(CLASSES)
            .map(|classes| {
                let all: u64 = classes.iter().map(|count| u64::from(*count)).sum();
                let at = |percent: u64| {
                    let wanted = (all * percent).div_ceil(100);
                    let mut seen = 0;
                    let found = classes.iter().position(|count| {
                        seen += u64::from(*count);
                        seen >= wanted
                    });
                    Duration::from_micros(middle(found.unwrap_or(0)))
                };
                (all > 0).then(|| Quantiles { half: at(50), most: at(95) })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_class_is_near_its_durations(micros: u32) {
            let found = middle(class(micros));
            prop_assert!(found.abs_diff(u64::from(micros)) * 32 <= u64::from(micros), "{found}");
            prop_assert!(class(micros) < CLASSES);
        }
    }

    #[test]
    fn half_and_most_of_an_interval() {
        let buckets = Buckets { from: 0, step: 10, count: 2 };
        let mut distribution = Distribution::new(buckets);
        for micros in 1..=100 {
            distribution.add(1, micros * 1000);
        }
        let found = distribution.quantiles();
        assert_eq!(found[0], None, "missing is not zero");
        let Some(Quantiles { half, most }) = found[1] else { panic!("{found:?}") };
        assert!(
            half.as_micros().abs_diff(50_000) < 2000 && most.as_micros().abs_diff(95_000) < 3000,
            "{found:?}"
        );
    }
}
