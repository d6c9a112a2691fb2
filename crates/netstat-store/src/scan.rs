//! What ended in a span, and what was there at a moment.

use crate::block::{Damaged, Packed, rows_in};
use crate::blocks::bounds_of_fresh;
use crate::clock::{Boot, LATEST, Moment, Stretch, since_1970};
use crate::error::StoreError;
use crate::gap::Gap;
use crate::life::{Asked, TIME_WAIT};
use crate::preselect::Preselection;
use crate::reader::{At, Reader, Span};
use crate::row::{Field, LONG, Row, unfold};
use crate::schema::{read_row, row_columns, signed, unsigned};
use netstat_model::history::GapCause;
use netstat_model::{Namespace, Socket};
use rusqlite::params;
use rustc_hash::FxHashSet;
use std::ops::ControlFlow;

/// Gets one socket after the other, and says whether it wants more.
pub type EachSocket<'a> = dyn FnMut(&Socket) -> ControlFlow<()> + 'a;

/// A block as it lies in the database.
pub(crate) struct Stored<'a> {
    boot: Boot,
    first: u64,
    last: u64,
    count: u64,
    /// Whether it is no block yet. Of such rows it is known but by and large when they ended.
    is_fresh: bool,
    /// Which addresses it may have; unknown of rows that are not in a block yet.
    bloom: Option<&'a [u8]>,
    pub(crate) cols: &'a [u8],
}

impl Reader {
    /// Calls `each` with every socket that ended in a span, in the order of their ends; of those that cannot match only some.
    /// Returns what could not be read.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn ends(
        &self,
        span: &Span,
        wanted_rows: &Preselection,
        each: &mut EachSocket<'_>,
    ) -> Result<Vec<Gap>, StoreError> {
        let from = span.since.map_or(i64::MIN, since_1970);
        let until = span.until.map_or(i64::MAX, since_1970);
        let stretches = self.clock.stretches(from, until);
        let mut damaged = Vec::new();
        for of_boot in stretches.chunk_by(|one, two| one.boot == two.boot) {
            let (Some(first), Some(last)) = (of_boot.first(), of_boot.last()) else { continue };
            let whole = Stretch { until: last.until, ..*first };
            let wanted = |end: u64| of_boot.iter().any(|stretch| stretch.from <= end && end < stretch.until);
            let flow = self.blocks(&whole, &mut |stored| {
                if !wanted_rows.may_be_in(stored.bloom) {
                    return Ok(ControlFlow::Continue(()));
                }
                let rows = match rows_where(stored.cols, wanted_rows, |end, _| wanted(end)) {
                    Ok(rows) => rows,
                    Err(Damaged) => {
                        damaged.extend(self.damaged_in(stored, &whole));
                        return Ok(ControlFlow::Continue(()));
                    }
                };
                for row in rows {
                    let socket = self.socket(stored.boot, &row, Asked::Whole { last: None })?;
                    if each(&socket).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(damaged)
    }

    /// Returns all ends as they went in.
    #[cfg(test)]
    pub(crate) fn records(&self) -> Result<Vec<netstat_model::history::ConnectionRecord>, StoreError> {
        let mut records = Vec::new();
        let everything = Stretch { boot: 1, from: 0, until: LATEST };
        let _: ControlFlow<()> = self.blocks(&everything, &mut |stored| {
            for row in crate::block::decode(stored.cols).unwrap() {
                let process = row.process.and_then(|(id, _)| {
                    crate::processes::instance(&self.database, id).map_err(self.error()).unwrap()
                });
                records.push(row.to_record(process));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(records)
    }

    pub(crate) fn damaged(&self, stored: &Stored<'_>) -> Gap {
        Gap {
            from: self.time(stored.boot, stored.first),
            until: self.time(stored.boot, stored.last),
            lost: Some(stored.count),
            cause: GapCause::Damaged,
        }
    }

    /// The same, if it may be of a stretch.
    fn damaged_in(&self, stored: &Stored<'_>, stretch: &Stretch) -> Option<Gap> {
        (stored.first < stretch.until && stretch.from <= stored.last).then(|| self.damaged(stored))
    }

    /// Calls `each` with the blocks that may have ends in a stretch, then with the rows that are to become blocks.
    pub(crate) fn blocks(
        &self,
        stretch: &Stretch,
        each: &mut dyn FnMut(&Stored<'_>) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let sql = "SELECT first_at, last_at, n, bloom, cols FROM block
             WHERE boot = ?1 AND last_at >= ?2 AND first_at < ?3 ORDER BY last_at";
        let fresh = "SELECT ?2, ?3, n, NULL, cols FROM fresh WHERE boot = ?1 ORDER BY id";
        let of_blocks = (stretch.from, stretch.until.min(LATEST));
        let of_fresh = bounds_of_fresh(&self.database, stretch.boot).map_err(self.error())?;
        for (sql, is_fresh, (from, until)) in [(sql, false, of_blocks), (fresh, true, of_fresh)] {
            let mut statement = self.database.prepare_cached(sql).map_err(self.error())?;
            let parameters = params![stretch.boot, signed(from), signed(until)];
            let mut rows = statement.query(parameters).map_err(self.error())?;
            while let Some(row) = rows.next().map_err(self.error())? {
                let number = |at| row.get::<_, i64>(at).map(unsigned).map_err(self.error());
                let bytes = |at| row.get_ref(at).map_err(self.error()).map(|value| value.as_blob().ok());
                let stored = Stored {
                    boot: stretch.boot,
                    first: number(0)?,
                    last: number(1)?,
                    count: number(2)?,
                    is_fresh,
                    bloom: bytes(3)?,
                    cols: bytes(4)?.unwrap_or_default(),
                };
                let work = stored.cols.len().max(rows_in(stored.cols));
                self.budget.spend(work).map_err(|spent| self.error()(spent.into()))?;
                if each(&stored)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Calls `each` with the sockets that are open as far as the store knows: that were, when it was last written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn still_open(&self, each: &mut EachSocket<'_>) -> Result<(), StoreError> {
        let Some(last) = self.last() else { return Ok(()) };
        for row in self.open_rows(last.boot)? {
            let asked = Asked::Whole { last: Some(last.at) };
            if each(&self.socket(last.boot, &row, asked)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with the sockets of a moment, as they were then; with those of one network namespace, where that is
    /// given and theirs is known. Returns what could not be read.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn open_at(
        &self,
        at: At,
        own: Option<Namespace>,
        each: &mut EachSocket<'_>,
    ) -> Result<Vec<Gap>, StoreError> {
        let (rows, damaged) = self.rows_at(at)?;
        let is_elsewhere =
            |row: &Row| own.zip(row.namespace).is_some_and(|(own, namespace)| own.inode != namespace);
        for row in rows.iter().filter(|row| !is_elsewhere(row)) {
            if each(&self.socket(at.0.boot, row, Asked::At(at.0.at))?).is_break() {
                break;
            }
        }
        Ok(damaged)
    }

    /// Calls `each` with the sockets that were open at a moment, with all of their lives.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn alive_at(&self, at: At, each: &mut EachSocket<'_>) -> Result<Vec<Gap>, StoreError> {
        let Moment { boot, at: moment } = at.0;
        let (rows, damaged) = self.rows_at(at)?;
        let last = self.last().filter(|last| last.boot == boot).map(|last| last.at);
        for row in rows.iter().filter(|row| row.is_open_at(moment)) {
            if each(&self.socket(boot, row, Asked::Whole { last })?).is_break() {
                break;
            }
        }
        Ok(damaged)
    }

    /// Returns the rows of the table of a moment.
    fn rows_at(&self, at: At) -> Result<(Vec<Row>, Vec<Gap>), StoreError> {
        let Moment { boot, at } = at.0;
        let mut rows = self.open_rows(boot)?;
        rows.extend(self.long_rows(boot, at)?);
        rows.retain(|row| row.is_open_at(at));
        let mut damaged = Vec::new();
        let near = Stretch { boot, from: at.saturating_sub(TIME_WAIT), until: at.saturating_add(LONG + 1) };
        let mut waiting = Vec::new();
        let _: ControlFlow<()> = self.blocks(&near, &mut |stored| {
            // Of rows that are not in a block yet, none is among the long ones.
            let wanted = |end: u64, started: Option<u64>| {
                let there = started.is_some_and(|started| started <= at) && at < end;
                let is_apart =
                    !stored.is_fresh && started.is_some_and(|from| end.saturating_sub(from) > LONG);
                there && !is_apart || (end <= at && at - end < TIME_WAIT)
            };
            match rows_where(stored.cols, &Preselection::default(), wanted) {
                Ok(found) => {
                    for row in found {
                        if row.is_open_at(at) {
                            rows.push(row);
                        } else if row.waits_at(at) {
                            waiting.push(row);
                        }
                    }
                }
                Err(Damaged) => damaged.extend(self.damaged_in(stored, &near)),
            }
            Ok(ControlFlow::Continue(()))
        })?;
        // Ends that were used again wait no longer.
        let mut used: FxHashSet<_> = rows.iter().map(|row| (row.local, row.remote, row.namespace)).collect();
        waiting.sort_by_key(|row| std::cmp::Reverse(row.end()));
        waiting.retain(|row| used.insert((row.local, row.remote, row.namespace)));
        rows.extend(waiting);
        Ok((rows, damaged))
    }

    /// Returns the sockets that were open when the store was last written.
    pub(crate) fn open_rows(&self, boot: Boot) -> Result<Vec<Row>, StoreError> {
        self.rows_of(&format!("SELECT {} FROM open WHERE boot = ?", row_columns()), boot, None)
    }

    /// Returns the sockets that were there for long and ended after a moment.
    pub(crate) fn long_rows(&self, boot: Boot, after: u64) -> Result<Vec<Row>, StoreError> {
        let sql = format!("SELECT {} FROM long WHERE boot = ? AND ended > ?", row_columns());
        self.rows_of(&sql, boot, Some(after))
    }

    fn rows_of(&self, sql: &str, boot: Boot, at: Option<u64>) -> Result<Vec<Row>, StoreError> {
        let read = || -> rusqlite::Result<Vec<Row>> {
            let mut statement = self.database.prepare_cached(sql)?;
            let row = |row: &rusqlite::Row<'_>| read_row(row, 0);
            match at {
                Some(at) => statement.query_map(params![boot, signed(at)], row)?.collect(),
                None => statement.query_map([boot], row)?.collect(),
            }
        };
        read().map_err(self.error())
    }
}

/// Unpacks the rows of a block that may match and whose end and start are wanted; nothing else of a block that has none.
fn rows_where(
    cols: &[u8],
    rows: &Preselection,
    wanted: impl Fn(u64, Option<u64>) -> bool,
) -> Result<Vec<Row>, Damaged> {
    let packed = Packed::new(cols)?;
    let (ends, lasted) = (packed.column(Field::End)?, packed.column(Field::Lasted)?);
    let mut stay: Vec<bool> = ends
        .iter()
        .zip(&lasted)
        .map(|(end, lasted)| {
            let started = lasted.checked_sub(1).map(|folded| end.wrapping_sub(unfold(0, folded)));
            wanted(*end, started)
        })
        .collect();
    if stay.contains(&true) {
        rows.narrow(&packed, &mut stay)?;
    }
    if !stay.contains(&true) {
        return Ok(Vec::new());
    }
    let block = packed.unpack()?;
    Ok(stay.into_iter().enumerate().filter_map(|(at, stay)| block.row(at).filter(|_| stay)).collect())
}
