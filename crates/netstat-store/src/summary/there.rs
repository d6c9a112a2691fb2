//! Who was there at any time of a span, whether or not it ended in it.

use crate::block::{Damaged, Packed};
use crate::clock::Stretch;
use crate::error::StoreError;
use crate::gap::Gap;
use crate::kind::Begin;
use crate::reader::Reader;
use crate::row::{Address, Field, LONG, ProcessId, Row, kind_of, time};
use crate::scan::Stored;
use netstat_model::IpEndpoint;
use netstat_model::history::ConnectionRole;
use rustc_hash::FxHashSet;
use std::ops::ControlFlow;

/// The remote addresses and the listeners of a span.
#[derive(Default)]
pub(super) struct There {
    pub(super) remotes: FxHashSet<Address>,
    /// Each with its process; 0 where that is not known.
    pub(super) listeners: FxHashSet<(IpEndpoint, ProcessId)>,
    pub(super) damaged: Vec<Gap>,
}

/// Whether something was there within a stretch that is known to have been there from one moment to before another. Of what
/// was seen to end only, nothing is known but that.
fn was_within(stretch: &Stretch, from: Option<u64>, end: u64) -> bool {
    from.unwrap_or(end) < stretch.until && stretch.from <= end
}

impl There {
    fn add(&mut self, row: &Row) {
        if row.role == ConnectionRole::Listener {
            self.listeners.insert((row.local, row.process.map_or(0, |(id, _)| id)));
        } else {
            self.remotes.extend(row.remote.map(|end| (end.address, end.scope)));
        }
    }

    fn add_block(&mut self, stored: &Stored<'_>, stretch: &Stretch) -> Result<(), Damaged> {
        let packed = Packed::new(stored.cols)?;
        let (ends, lasted) = (packed.column(Field::End)?, packed.column(Field::Lasted)?);
        let (kinds, remotes) = (packed.column(Field::Kind)?, packed.column(Field::Remote)?);
        let addresses = packed.addresses()?;
        let mut used = vec![false; addresses.len() + 1];
        let mut listening = Vec::new();
        let rows = ends.iter().zip(&lasted).zip(kinds.iter().zip(&remotes));
        for (at, ((&end, &lasted), (&kind, &remote))) in rows.enumerate() {
            let (role, _, _, begin) = kind_of(kind);
            let from = time(end, lasted).filter(|_| begin != Begin::NoEarlier);
            if !was_within(stretch, from, end) {
                continue;
            }
            if role == ConnectionRole::Listener {
                listening.push(at);
            } else if let Some(used) = usize::try_from(remote).ok().and_then(|at| used.get_mut(at)) {
                *used = true;
            }
        }
        let seen = addresses.iter().zip(used.iter().skip(1)).filter(|(_, used)| **used);
        self.remotes.extend(seen.map(|(address, _)| *address));
        if !listening.is_empty() {
            let block = packed.unpack()?;
            listening.into_iter().filter_map(|at| block.row(at)).for_each(|row| self.add(&row));
        }
        Ok(())
    }
}

impl Reader {
    /// Returns who was there in a span of the time of day.
    pub(super) fn there(&self, from: i64, until: i64) -> Result<There, StoreError> {
        let mut there = There::default();
        for stretch in self.clock.stretches(from, until) {
            // What was there and ended later is in a later block, or among the long ones.
            let whole = Stretch { until: stretch.until.saturating_add(LONG + 1), ..stretch };
            let _: ControlFlow<()> = self.blocks(&whole, &mut |stored| {
                if there.add_block(stored, &stretch) == Err(Damaged) {
                    there.damaged.push(self.damaged(stored));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            let rows = self.long_rows(stretch.boot, stretch.from)?;
            let open = self.open_rows(stretch.boot)?;
            let began = |row: &&Row| row.known_from().is_some_and(|from| from < stretch.until);
            rows.iter().chain(&open).filter(began).for_each(|row| there.add(row));
        }
        Ok(there)
    }
}
