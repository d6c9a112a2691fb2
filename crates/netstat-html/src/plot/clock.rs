//! The axis of time: which moments are labelled, in the time zone of the reader.

use netstat_engine::text::Zone;
use std::time::{Duration, SystemTime};

/// A labelled moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tick {
    pub(crate) at: SystemTime,
    /// The time of the day, or the date where the labels are days apart.
    pub(crate) label: String,
    /// The date, where a day begins, and at the first moment.
    pub(crate) date: Option<String>,
}

/// Distances of labels, in seconds.
const STEPS: [u64; 20] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800,
    604_800,
];

const DAY: u64 = 86_400;

/// Returns the labels of a span, at most so many.
pub(crate) fn ticks(from: SystemTime, until: SystemTime, zone: &Zone, most: u64) -> Vec<Tick> {
    let span = until.duration_since(from).unwrap_or_default().as_secs();
    let fits = STEPS.into_iter().find(|step| span / step <= most);
    let step = fits.unwrap_or_else(|| span.div_ceil(most).div_ceil(DAY).saturating_mul(DAY)).max(1);
    let mut ticks: Vec<Tick> = Vec::new();
    let mut at = from;
    // A zone whose clocks are set forward or back may make a label more.
    for _ in 0..most.saturating_add(4) {
        let Some(next) = next(at, step, zone).filter(|next| *next < until) else { break };
        let text = zone.to_the_second(next);
        let (date, time) = text.split_once(' ').unwrap_or((&text, ""));
        let minute = time.get(..5).unwrap_or(time);
        let tick = if step >= DAY {
            Tick { at: next, label: date.get(5..).unwrap_or(date).to_owned(), date: None }
        } else {
            let shown = if step < 60 { time } else { minute };
            let begins = ticks.is_empty() || time == "00:00:00";
            Tick { at: next, label: shown.to_owned(), date: begins.then(|| date.to_owned()) }
        };
        ticks.push(tick);
        match next.checked_add(Duration::from_secs(1)) {
            Some(later) => at = later,
            None => break,
        }
    }
    ticks
}

/// Returns the first moment from another on at which the reader's clock shows a multiple of a step.
fn next(at: SystemTime, step: u64, zone: &Zone) -> Option<SystemTime> {
    let since =
        i64::try_from(at.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_millis().div_ceil(1000)).ok()?;
    let step = i64::try_from(step).ok()?;
    let moment =
        |seconds: i64| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(seconds).ok()?));
    let rounded = |offset: i64| {
        let local = since.checked_add(offset)?;
        local.checked_add((step - local.rem_euclid(step)).rem_euclid(step))?.checked_sub(offset)
    };
    let found = rounded(i64::from(zone.offset(at)))?;
    // The clocks may be set forward or back before then.
    let then = i64::from(zone.offset(moment(found)?));
    moment(rounded(then).filter(|again| *again >= since).unwrap_or(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn labels_are_round_times_and_days_have_their_date() {
        // From 2026-09-21 14:13:20 on.
        let begin = 1_790_000_000;
        let day = ticks(at(begin), at(begin + 86_400), &Zone::UTC, 10);
        let shown: Vec<&str> = day.iter().map(|tick| tick.label.as_str()).collect();
        assert_eq!(shown, ["15:00", "18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00"]);
        let dates: Vec<&str> = day.iter().filter_map(|tick| tick.date.as_deref()).collect();
        assert_eq!(dates, ["2026-09-21", "2026-09-22"]);
        let short = ticks(at(begin), at(begin + 7), &Zone::UTC, 10);
        assert_eq!((short.len(), short[0].label.as_str()), (7, "14:13:20"));
        let long = ticks(at(begin), at(begin + 20 * 86_400), &Zone::UTC, 10);
        assert_eq!(long[0].label, "09-22");
        assert!(ticks(at(begin), at(begin), &Zone::UTC, 10).is_empty());
    }
}
