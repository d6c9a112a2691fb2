//! What has come since somebody last looked, for who follows a history while it is written.

use crate::clock::{Moment, since_1970};
use crate::error::StoreError;
use crate::gap::Gap;
use crate::life::Asked;
use crate::processes;
use crate::reader::Reader;
use crate::scan::EachSocket;
use crate::schema::{read_row, row_columns, signed, unsigned};
use netstat_model::{Missing, Process, ProcessKey};
use netstat_os::described;
use rusqlite::{OptionalExtension as _, params};
use std::time::SystemTime;

/// Up to where a history has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// The number of the last end.
    ends: u64,
    /// That of the last socket that was open.
    open: u64,
    /// That of the last gap, and its end: one may grow.
    gap: Option<(u64, SystemTime)>,
    /// How many runs of recorders.
    runs: usize,
}

impl Place {
    /// Returns the same place before all that is open.
    pub fn before_open(self) -> Self {
        Self { open: 0, ..self }
    }
}

impl Reader {
    /// Returns the end of what is written so far.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn place(&self) -> Result<Place, StoreError> {
        let sql = "SELECT coalesce(max(id), 0) FROM open";
        let open = self.database.query_row(sql, [], |row| row.get(0).map(unsigned)).map_err(self.error())?;
        let gap = self.noted_gaps()?.into_iter().map(|(id, gap)| (id, gap.until)).max();
        Ok(Place { ends: self.last_sequence()?, open, gap, runs: self.runs_dated() })
    }

    /// Returns a place behind which is everything that ended at a time or later, and perhaps more.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn place_of(&self, time: SystemTime) -> Result<Place, StoreError> {
        let mut first: Option<u64> = None;
        for stretch in self.clock.stretches(since_1970(time), i64::MAX) {
            let sql = "SELECT min(first_sequence) FROM block WHERE boot = ? AND last_at >= ?";
            let found: Option<i64> = self
                .database
                .query_row(sql, params![stretch.boot, signed(stretch.from)], |row| row.get(0))
                .map_err(self.error())?;
            first = first.into_iter().chain(found.map(unsigned)).min();
        }
        let ends = match first {
            Some(first) => first.saturating_sub(1),
            // What is not in a block yet is looked through.
            None => {
                let sql = "SELECT coalesce(max(last_sequence), 0) FROM block";
                self.database.query_row(sql, [], |row| row.get(0).map(unsigned)).map_err(self.error())?
            }
        };
        Ok(Place { ends, ..self.place()? })
    }

    /// Returns the place behind another that has so many more ends, or all that are written. In a history that is not the same
    /// any more everything is new.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn next_place(&self, from: &mut Place, most: u64) -> Result<Place, StoreError> {
        let end = self.place()?;
        if end.ends < from.ends || end.runs < from.runs {
            *from = Place::default();
        }
        Ok(Place { ends: end.ends.min(from.ends.saturating_add(most)), ..end })
    }

    /// Returns the gaps between two places.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn gaps_between(&self, from: &Place, to: &Place) -> Result<Vec<Gap>, StoreError> {
        let mut gaps: Vec<Gap> = Vec::new();
        for (id, gap) in self.noted_gaps()? {
            let place = Some((id, gap.until));
            if from.gap < place && place <= to.gap {
                gaps.push(gap);
            }
        }
        // The first run comes after nothing.
        gaps.extend(self.breaks_behind(from.runs));
        gaps.sort_by_key(|gap| gap.from);
        Ok(gaps)
    }

    /// Calls `each` with the sockets that were opened between two places, where they are wanted, and are still open; then with
    /// those that ended, at `since` or later. Returns how many of these are not there any more, or are damaged.
    pub(crate) fn between(
        &self,
        [from, to]: [&Place; 2],
        with_open: bool,
        since: Option<SystemTime>,
        each: &mut EachSocket<'_>,
    ) -> Result<u64, StoreError> {
        if let (true, Some(last)) = (with_open, self.last()) {
            let columns = row_columns();
            let sql = format!("SELECT {columns} FROM open WHERE boot = ? AND id > ? AND id <= ? ORDER BY id");
            let mut statement = self.database.prepare_cached(&sql).map_err(self.error())?;
            let parameters = params![last.boot, signed(from.open), signed(to.open)];
            let mut rows = statement.query(parameters).map_err(self.error())?;
            while let Some(row) = rows.next().map_err(self.error())? {
                let row = read_row(row, 0).map_err(self.error())?;
                if each(&self.socket(last.boot, &row, Asked::Whole { last: Some(last.at) })?).is_break() {
                    return Ok(0);
                }
            }
        }
        if from.ends == to.ends {
            return Ok(0);
        }
        let rows = self.rows_behind(from.ends, to.ends)?;
        let missing = (to.ends - from.ends).saturating_sub(rows.len() as u64);
        for (boot, row) in rows {
            let end = self.clock.wall(Moment { boot, at: row.end() });
            if end.is_none_or(|end| since.is_some_and(|since| end < since_1970(since))) {
                continue;
            }
            if each(&self.socket(boot, &row, Asked::Whole { last: None })?).is_break() {
                break;
            }
        }
        Ok(missing)
    }

    /// Returns what was kept of one process.
    pub(crate) fn process(&self, key: ProcessKey) -> Result<Process, StoreError> {
        let told = processes::one(&self.database, key.start_time).optional().map_err(self.error())?;
        Ok(match told.map(|told| told.record) {
            Some(Some(record)) => described(key, &record),
            Some(None) => Process::unknown(key, Missing::NotRead),
            None => Process::unknown(key, Missing::Gone),
        })
    }
}
