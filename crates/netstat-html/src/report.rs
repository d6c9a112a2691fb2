//! What goes into a page.

use netstat_check::Finding;
use netstat_engine::enrich::Geo;
use netstat_engine::text::{Language, Text, Zone};
use netstat_store::{Course, CourseWishes, Summary, Traffic};
use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

/// The lines of a plot that have a colour of their own; all others are one.
pub(crate) const LINES: usize = 7;

/// Connections that are told one by one.
pub(crate) const LIVES: usize = 50;

/// A span of which a history is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Its begin.
    pub from: SystemTime,
    /// Its end.
    pub until: SystemTime,
    /// Whether nothing at all was recorded, so that there is nothing to draw.
    pub is_blank: bool,
    /// What is missing, and why.
    pub what: Text,
}

/// What checks found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// The moment of the past that was judged; `None` if it was the system as it was when the page was made.
    pub at: Option<SystemTime>,
    /// The answers of the checks.
    pub findings: Vec<Finding>,
    /// The checks that could not judge.
    pub not_judged: Vec<NotJudged>,
    /// What the system did not tell.
    pub lacks: Vec<Text>,
}

/// A check that could not judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotJudged {
    /// Its name.
    pub check: &'static str,
    /// Why.
    pub why: Text,
}

/// The length of an interval, and how many of them a span has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The length.
    pub step: Duration,
    /// How many there are; the first may begin before the span.
    pub count: usize,
}

/// All that a page shows.
#[derive(Clone)]
pub struct Report<'a> {
    /// The language of the page.
    pub language: Language,
    /// The time zone of its times.
    pub zone: &'a Zone,
    /// Where addresses are.
    pub geo: &'a Geo,
    /// The host that was recorded, if its name is known.
    pub host: Option<&'a str>,
    /// How connections were seen, in the words of the recorders.
    pub modes: Vec<&'a str>,
    /// The begin of the span.
    pub from: SystemTime,
    /// Its end, which no longer belongs to it.
    pub until: SystemTime,
    /// The intervals of `course`, of which the last one ends with the span.
    pub interval: Interval,
    /// When the page is made; `None` if the system does not tell the time.
    pub made: Option<SystemTime>,
    /// The program that makes it, with its version.
    pub program: &'a str,
    /// The command that makes it again.
    pub command: &'a str,
    /// What is to be known of the span itself: that the history does not have all that was asked for.
    pub notes: Vec<Text>,
    /// What happened.
    pub summary: &'a Summary,
    /// How it went on over the time.
    pub course: &'a Course,
    /// Where the history is not whole.
    pub breaks: Vec<Break>,
    /// What checks found; or why they were not asked.
    pub judged: Result<Judged, Text>,
    /// How many local ports the system chooses from for connections; `None` where that is not known of the recorded host.
    pub local_ports: Option<u64>,
}

/// Lengths of intervals that people count in, in seconds.
const STEPS: [u64; 22] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800, 1_209_600, 2_592_000,
];

/// The most intervals of a plot, so that each is a few pixels wide.
const MOST_INTERVALS: u64 = 100;

/// Returns the intervals of a span: of a length that people count in, at most a hundred.
pub fn intervals(from: SystemTime, until: SystemTime) -> Interval {
    let span = until.duration_since(from).unwrap_or_default().as_micros();
    let needed = |step: u64| u64::try_from(span.div_ceil(u128::from(step) * 1_000_000)).unwrap_or(u64::MAX);
    let fits = STEPS.into_iter().find(|step| needed(*step) <= MOST_INTERVALS);
    // A span of many years has whole days.
    let step = fits.unwrap_or_else(|| needed(86_400).div_ceil(MOST_INTERVALS).saturating_mul(86_400));
    let count = usize::try_from(needed(step).max(1)).unwrap_or(1);
    Interval { step: Duration::from_secs(step), count }
}

/// Returns what to ask a history for once it has summed up the span: the lines of whoever had most connections or bytes.
pub fn wishes(summary: &Summary, until: SystemTime, interval: Interval) -> CourseWishes {
    CourseWishes {
        until,
        step: interval.step,
        intervals: interval.count,
        processes: most(&summary.processes),
        remotes: most(&summary.remotes),
        destinations: LINES,
        lives: LIVES,
    }
}

/// Returns whoever is among those with most connections or with most bytes.
fn most<K: Clone + PartialEq>(all: &[(K, Traffic)]) -> Vec<K> {
    let mut chosen: Vec<K> = Vec::new();
    let measures: [fn(&Traffic) -> u64; 2] = [|traffic| traffic.ends, Traffic::bytes];
    for measure in measures {
        let mut sorted: Vec<&(K, Traffic)> = all.iter().collect();
        sorted.sort_by_key(|(_, traffic)| Reverse(measure(traffic)));
        for (who, _) in sorted.into_iter().take(LINES) {
            if !chosen.contains(who) {
                chosen.push(who.clone());
            }
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_lengths_that_people_count_in() {
        let of = |seconds| {
            let from = SystemTime::UNIX_EPOCH;
            let Interval { step, count } = intervals(from, from + Duration::from_secs(seconds));
            (step.as_secs(), count)
        };
        assert_eq!(of(86_400), (900, 96));
        assert_eq!(of(3600), (60, 60));
        assert_eq!(of(0), (1, 1));
        assert_eq!(of(86_401), (900, 97));
        assert_eq!(of(7 * 86_400), (7200, 84));
        assert_eq!(of(2_592_000 * 200).1, 100);
    }
}
