//! Scales: from a value to a height, and which values are labelled.

use crate::shown::Unit;

/// How values become heights.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Scale {
    /// In proportion, from 0 to this value.
    Linear(u64),
    /// Each factor of ten has the same height: from a power of ten to another, or from 0, which then lies a little below 1.
    Logarithmic(u64, u64),
}

/// The most labels of an axis.
const LABELS: u64 = 6;

impl Scale {
    /// Returns the scale for values up to `most`, with its labelled values.
    pub(crate) fn linear(most: u64, unit: Unit) -> (Self, Vec<u64>) {
        let step = step(most.max(1), unit);
        let count = most.max(1).div_ceil(step);
        let labels = (0..=count).map(|number| number.saturating_mul(step)).collect();
        (Self::Linear(count.saturating_mul(step)), labels)
    }

    /// Returns the scale for values from `least` to `most`, likewise.
    pub(crate) fn logarithmic(least: u64, most: u64) -> (Self, Vec<u64>) {
        let low = if least == 0 { 0 } else { 10_u64.pow(least.ilog10()) };
        let mut labels = vec![low];
        if least == 0 {
            labels.push(1);
        }
        let mut last = low.max(1);
        while last < most.max(low.saturating_add(1)) {
            last = last.saturating_mul(10);
            labels.push(last);
        }
        (Self::Logarithmic(low, last), labels)
    }

    /// Returns how high a value is, from 0 to 1.
    pub(crate) fn height(self, value: u64) -> f64 {
        match self {
            Self::Linear(top) => value as f64 / top.max(1) as f64,
            Self::Logarithmic(low, top) => {
                // Where 0 is, 1 is a third of a factor of ten above it.
                let of = |value: u64| match low {
                    0 => (value as f64 + 1.0).log10(),
                    _ => (value.max(1) as f64).log10(),
                };
                ((of(value) - of(low)) / (of(top) - of(low)).max(f64::EPSILON)).clamp(0.0, 1.0)
            }
        }
    }
}

/// Returns a distance of labels that is easy to count in.
fn step(most: u64, unit: Unit) -> u64 {
    let least = most.div_ceil(LABELS).max(1);
    match unit {
        // 1, 2, 5 of a power of 1024, or 10, 20, 50, 100, 200, 500 of one.
        Unit::Bytes => {
            let power = 1_u64 << (least.ilog2() / 10 * 10);
            let of_power = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1024];
            of_power.into_iter().map(|times| power.saturating_mul(times)).find(|step| *step >= least)
        }
        Unit::Count | Unit::Time => {
            let power = 10_u64.pow(least.ilog10());
            [1, 2, 5, 10].into_iter().map(|times| power.saturating_mul(times)).find(|step| *step >= least)
        }
    }
    .unwrap_or(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_round_and_reach_the_top() {
        assert_eq!(Scale::linear(0, Unit::Count), (Scale::Linear(1), vec![0, 1]));
        assert_eq!(Scale::linear(17, Unit::Count), (Scale::Linear(20), vec![0, 5, 10, 15, 20]));
        assert_eq!(Scale::linear(3 << 20, Unit::Bytes).1.last(), Some(&(3 << 20)));
        for most in [1, 7, 1234, 99_999, 1 << 40, u64::MAX] {
            for unit in [Unit::Count, Unit::Bytes, Unit::Time] {
                let (scale, labels) = Scale::linear(most, unit);
                assert!(labels.len() as u64 <= LABELS + 1, "{most} {labels:?}");
                assert!(scale.height(most) <= 1.0 + 1e-9 && scale.height(most) > 0.4, "{most} {scale:?}");
            }
        }
    }

    #[test]
    fn a_logarithmic_scale_has_powers_of_ten() {
        let (scale, labels) = Scale::logarithmic(350, 80_000);
        assert_eq!(labels, [100, 1000, 10_000, 100_000]);
        assert!((scale.height(1000) - 1.0 / 3.0).abs() < 1e-9);
        let (from_zero, labels) = Scale::logarithmic(0, 300);
        assert_eq!(labels, [0, 1, 10, 100, 1000]);
        assert!(from_zero.height(0) == 0.0 && from_zero.height(1) > 0.05 && from_zero.height(1000) == 1.0);
    }
}
