//! Sets of ports.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of ports, never empty: ranges in ascending order that neither overlap nor touch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ports(Box<[(u16, u16)]>);

impl Ports {
    /// The ports of all the ranges; `None` when there is none.
    pub fn new(ranges: impl IntoIterator<Item = RangeInclusive<u16>>) -> Option<Self> {
        let mut all: Vec<(u16, u16)> =
            ranges.into_iter().map(|range| range.into_inner()).filter(|(from, to)| from <= to).collect();
        all.sort_unstable();
        let mut merged: Vec<(u16, u16)> = Vec::new();
        for (from, to) in all {
            match merged.last_mut() {
                Some((_, last)) if from <= last.saturating_add(1) => *last = to.max(*last),
                _ => merged.push((from, to)),
            }
        }
        (!merged.is_empty()).then(|| Self(merged.into()))
    }

    /// The ranges.
    pub fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u16>> {
        self.0.iter().map(|&(from, to)| from..=to)
    }

    /// Whether the port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.ranges().any(|range| range.contains(&port))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (from, to)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            if from == to { write!(f, "{comma}{from}")? } else { write!(f, "{comma}{from}-{to}")? }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_merged() {
        let ports = Ports::new([80..=80, 443..=443, 81..=90, 85..=100, 65535..=65535]).unwrap();
        assert_eq!(ports.to_string(), "80-100,443,65535");
        assert!(ports.contains(99) && ports.contains(443) && !ports.contains(101) && !ports.contains(0));
        assert_eq!(Ports::new([]), None);
        #[expect(clippy::reversed_empty_ranges, reason = "that is what is tested")]
        let none = Ports::new([9..=8]);
        assert_eq!(none, None);
    }
}
