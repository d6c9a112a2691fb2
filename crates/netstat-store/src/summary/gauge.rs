//! How many there were at once, at moments of the same distance.

use super::quantiles::Buckets;

/// Looks in each interval.
const LOOKS: u8 = 8;

/// How many were there at each of some looks, as differences from one to the next.
#[derive(Debug, Clone)]
pub(super) struct Gauge(Vec<i64>);

impl Gauge {
    pub(super) fn new(buckets: Buckets) -> Self {
        Self(vec![0; buckets.count * usize::from(LOOKS) + 1])
    }

    /// Counts something that was there from a moment to before another.
    pub(super) fn add(&mut self, buckets: Buckets, from: i64, until: i64) {
        let step = (buckets.step / i64::from(LOOKS)).max(1);
        // The first look at or after a moment.
        let look = |at: i64| {
            let behind = at.saturating_sub(buckets.from).max(0);
            usize::try_from(behind.saturating_add(step - 1) / step).unwrap_or(usize::MAX)
        };
        let (first, last) = (look(from), look(until));
        if first < last {
            if let Some(begin) = self.0.get_mut(first) {
                *begin += 1;
            }
            if let Some(end) = self.0.get_mut(last) {
                *end -= 1;
            }
        }
    }

    /// Returns the most of each interval.
    pub(super) fn most(&self) -> Vec<u64> {
        let mut sum = 0_i64;
        let looks = self.0.get(..self.0.len().saturating_sub(1)).unwrap_or_default();
        looks
            .chunks(usize::from(LOOKS))
            .map(|looks| {
                let mut most = 0;
                for difference in looks {
                    sum += difference;
                    most = most.max(sum);
                }
                u64::try_from(most).unwrap_or(0)
            })
            .collect()
    }
}
