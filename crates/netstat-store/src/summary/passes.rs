//! How a [`Course`] is counted, in two passes over the blocks: the first finds the destinations with most connections, so that
//! the second holds lines of those alone, however many there are.

use super::counts::Names;
use super::course::{Course, CourseWishes};
use super::tally::Tally;
use crate::block::{Damaged, Packed};
use crate::clock::{Moment, Stretch, since_1970};
use crate::error::StoreError;
use crate::kind;
use crate::life::TIME_WAIT;
use crate::processes;
use crate::reader::Reader;
use crate::row::{Address, Field, LONG};
use crate::scan::Stored;
use netstat_model::Transport;
use netstat_model::history::ConnectionRole;
use netstat_os::os_string;
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;
use std::time::SystemTime;

impl Reader {
    /// Tells how what happened in a span went on over its time. `from` is its start, which may lie within the first interval.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn course(&self, from: SystemTime, wishes: &CourseWishes) -> Result<Course, StoreError> {
        let (begin, end) = (since_1970(from), since_1970(wishes.until));
        let mut names = Names::default();
        processes::names(&self.database, |id, name| {
            self.budget.spend(name.len() + 16)?;
            names.add(id, os_string(name));
            Ok(())
        })
        .map_err(self.error())?;
        let destinations = self.destinations(begin, end, wishes.destinations)?;
        let mut tally = Tally::new(names, wishes, end, &destinations);
        let mut damaged = Vec::new();
        let stretches = self.clock.stretches(begin, end);
        for (place, stretch) in stretches.iter().enumerate() {
            let Some(wall) = self.clock.wall(Moment { boot: stretch.boot, at: stretch.from }) else {
                continue;
            };
            let offset = wall.saturating_sub_unsigned(stretch.from);
            let of_boot = |at: usize| stretches.get(at).map(|other| other.boot) == Some(stretch.boot);
            let is_first = !place.checked_sub(1).is_some_and(of_boot);
            let is_last = !of_boot(place + 1);
            // What was there at the end has ended later, and what had just ended at the start waits.
            let reach =
                if is_last { stretch.until.saturating_add(LONG) } else { stretch.until.saturating_sub(1) };
            let first = if is_first { stretch.from.saturating_sub(TIME_WAIT) } else { stretch.from };
            let whole = Stretch { from: first, until: reach.saturating_add(1), ..*stretch };
            let _: ControlFlow<()> = self.blocks(&whole, &mut |stored| {
                if tally.add(stored.cols, stretch, &whole, offset) == Err(Damaged) {
                    damaged.push(self.damaged(stored));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if is_last {
                for row in self.long_rows(stretch.boot, reach)? {
                    tally.there(&row, offset, i64::MAX);
                }
            }
        }
        if let Some(last) = self.last()
            && let Some(wall) = self.clock.wall(last)
        {
            // Later than that nobody knows.
            let offset = wall.saturating_sub_unsigned(last.at);
            for row in self.open_rows(last.boot)? {
                tally.there(&row, offset, wall.saturating_add(1));
            }
        }
        let mut course = tally.course();
        course.damaged = damaged;
        Ok(course)
    }

    /// Returns the destinations to which most connections that ended in a span were made from here.
    fn destinations(&self, begin: i64, end: i64, most: usize) -> Result<Vec<(Address, u16)>, StoreError> {
        let mut counts: FxHashMap<(Address, u16), u64> = FxHashMap::default();
        for stretch in self.clock.stretches(begin, end) {
            let _: ControlFlow<()> = self.blocks(&stretch, &mut |stored| {
                // What is damaged is told by the second pass.
                let _ = count_destinations(stored, &stretch, &mut counts);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let mut sorted: Vec<_> = counts.into_iter().collect();
        sorted.sort_by(|(one, ends), (two, others)| others.cmp(ends).then_with(|| one.cmp(two)));
        Ok(sorted.into_iter().take(most).map(|(destination, _)| destination).collect())
    }
}

fn count_destinations(
    stored: &Stored<'_>,
    stretch: &Stretch,
    counts: &mut FxHashMap<(Address, u16), u64>,
) -> Result<(), Damaged> {
    let packed = Packed::new(stored.cols)?;
    let addresses = packed.addresses()?;
    let (ends, kinds) = (packed.column(Field::End)?, packed.column(Field::Kind)?);
    let (remotes, ports) = (packed.column(Field::Remote)?, packed.column(Field::RemotePort)?);
    let mut of_block: FxHashMap<(u64, u64), u64> = FxHashMap::default();
    for ((end, kind), (remote, port)) in ends.iter().zip(&kinds).zip(remotes.iter().zip(&ports)) {
        let is_out = kind::role(*kind) == ConnectionRole::Active && kind::transport(*kind) == Transport::Tcp;
        if is_out && stretch.from <= *end && *end < stretch.until {
            *of_block.entry((*remote, *port)).or_default() += 1;
        }
    }
    for ((remote, port), ends) in of_block {
        let place = usize::try_from(remote).ok().and_then(|number| number.checked_sub(1));
        if let (Some(address), Ok(port)) = (place.and_then(|at| addresses.get(at)), u16::try_from(port)) {
            *counts.entry((*address, port)).or_default() += ends;
        }
    }
    Ok(())
}
