//! [`Summary`]: what happened in a span, in numbers: who talked most, what is new, what failed.
//!
//! It reads a few columns of each block, and makes no sockets of them.

mod counts;
mod course;
mod gauge;
mod passes;
mod quantiles;
mod tally;
mod there;
mod told;

pub use course::{Course, CourseWishes, Life, Line as CourseLine, Quantiles};
pub use told::{Failure, Listener, POINTS, Storm, Summary, Traffic};

use crate::block::Damaged;
use crate::clock::{Moment, Stretch, since_1970};
use crate::error::StoreError;
use crate::processes;
use crate::reader::Reader;
use crate::row::LONG;
use counts::{Counts, Line, Names, sums};
use netstat_model::IpEndpoint;
use netstat_os::os_string;
use rustc_hash::FxHashSet;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};
use there::There;

const DAY: Duration = Duration::from_secs(86_400);

/// What may be missing of the day before, because nothing was recorded, for it to be compared with: as long as some reboots
/// take.
const MOST_MISSING: Duration = Duration::from_secs(3_600);

impl Reader {
    /// Sums up what happened in a span.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn summary(&self, from: SystemTime, until: SystemTime) -> Result<Summary, StoreError> {
        let (begin, end) = (since_1970(from), since_1970(until));
        let mut names = Names::default();
        processes::names(&self.database, |id, name| {
            self.budget.spend(name.len() + 16)?;
            names.add(id, os_string(name));
            Ok(())
        })
        .map_err(self.error())?;
        let mut counts = Counts::new(names, Line::new(begin, end));
        let mut summary = Summary::default();
        self.count(begin, end, &mut counts, &mut summary)?;
        self.count_open(end, &mut counts)?;
        let before = from.checked_sub(DAY).filter(|before| self.knows(*before, from));
        if let Some(before) = before {
            let there = self.there(begin, end)?;
            let mut earlier = self.there(since_1970(before), begin)?;
            summary.damaged.append(&mut earlier.damaged);
            compare(&counts, &there, &earlier, &mut summary);
        }
        (summary.total, summary.failed) = (counts.total, counts.failed);
        summary.failures = counts.failures();
        summary.storms = counts.storms();
        summary.close_wait = sums(&counts.close_wait);
        summary.unclosed = counts.unclosed_by_program();
        summary.time_wait = sums(&counts.time_wait);
        let by_name = counts.processes.iter().map(|(who, traffic)| (counts.names.name(*who), *traffic));
        summary.processes = sorted(by_name);
        summary.remotes = sorted(counts.remotes);
        Ok(summary)
    }

    fn count(
        &self,
        begin: i64,
        end: i64,
        counts: &mut Counts,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        let stretches = self.clock.stretches(begin, end);
        for (place, stretch) in stretches.iter().enumerate() {
            let at = Moment { boot: stretch.boot, at: stretch.from };
            let Some(wall) = self.clock.wall(at) else { continue };
            let offset = wall.saturating_sub_unsigned(stretch.from);
            // What was there at the end of the last one of a boot has ended later.
            let is_last = stretches.get(place + 1).is_none_or(|next| next.boot != stretch.boot);
            let reach =
                if is_last { stretch.until.saturating_add(LONG) } else { stretch.until.saturating_sub(1) };
            let whole = Stretch { until: reach.saturating_add(1), ..*stretch };
            let _: ControlFlow<()> = self.blocks(&whole, &mut |stored| {
                if counts.add(stored, stretch, offset, reach) == Err(Damaged) {
                    summary.damaged.push(self.damaged(stored));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            let later = if is_last { self.long_rows(stretch.boot, reach)? } else { Vec::new() };
            for row in later {
                if let Some((fin, false)) = row.first_fin {
                    let [from, until] = [fin, row.end()].map(|at| offset.saturating_add_unsigned(at));
                    counts.unclosed(counts.who_of(&row), from, until);
                }
            }
        }
        Ok(())
    }

    /// Counts what the peer has closed and the program has not.
    fn count_open(&self, end: i64, counts: &mut Counts) -> Result<(), StoreError> {
        let Some(last) = self.last() else { return Ok(()) };
        for row in self.open_rows(last.boot)? {
            if let Some((fin, false)) = row.first_fin {
                let at = self.clock.wall(Moment { boot: last.boot, at: fin }).unwrap_or(end);
                counts.unclosed(counts.who_of(&row), at, end);
            }
        }
        Ok(())
    }

    /// Returns whether the history has a span, but for what a reboot takes.
    fn knows(&self, from: SystemTime, until: SystemTime) -> bool {
        let goes_back = self.reach().is_some_and(|(first, _)| first <= from);
        let missing = |gap: crate::Gap| gap.until.min(until).duration_since(gap.from.max(from)).ok();
        goes_back && self.breaks().filter_map(missing).sum::<Duration>() <= MOST_MISSING
    }
}

/// Tells what is there now and was not earlier.
fn compare(counts: &Counts, there: &There, earlier: &There, summary: &mut Summary) {
    let remotes = there.remotes.difference(&earlier.remotes);
    // With what is still open nothing has ended.
    let traffic = |address| counts.remotes.get(address).copied().unwrap_or_default();
    summary.new_remotes = Some(sorted(remotes.map(|address| (*address, traffic(address)))));
    let known: FxHashSet<IpEndpoint> = earlier.listeners.iter().map(|(local, _)| *local).collect();
    let new = there.listeners.iter().filter(|(local, _)| !known.contains(local));
    let name = |id| counts.names.name(counts.names.who(id));
    let mut new: Vec<_> = new.map(|(local, id)| Listener { local: *local, process: name(*id) }).collect();
    new.sort();
    new.dedup();
    summary.new_listeners = Some(new);
}

/// Sorts by bytes, the most first; then by connections, and by who it is.
fn sorted<K: Ord>(traffic: impl IntoIterator<Item = (K, Traffic)>) -> Vec<(K, Traffic)> {
    let mut sorted: Vec<_> = traffic.into_iter().collect();
    sorted.sort_by(|(one, of_one), (two, of_two)| {
        (of_two.bytes(), of_two.ends).cmp(&(of_one.bytes(), of_one.ends)).then_with(|| one.cmp(two))
    });
    sorted
}
