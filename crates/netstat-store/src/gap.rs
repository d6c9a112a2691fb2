//! Spans of which the history is not whole.

use crate::clock::{Boot, Moment, micros};
use crate::schema::{signed, unsigned};
use netstat_model::history::{GapCause, RecordGap};
use rusqlite::{Connection, Transaction, params};
use std::time::SystemTime;

/// The causes in the order of their numbers.
const CAUSES: [GapCause; 11] = [
    GapCause::Ring,
    GapCause::Store,
    GapCause::Unseen,
    GapCause::NotRunning,
    GapCause::Suspended,
    GapCause::Damaged,
    GapCause::Begins,
    GapCause::Processes,
    GapCause::HalfClosed,
    GapCause::Unsent,
    GapCause::Datagrams,
];

/// A span of which the history is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its begin.
    pub from: SystemTime,
    /// Its end.
    pub until: SystemTime,
    /// How many are missing of what the cause names, ends of connections if it names nothing else; `None` where nobody
    /// knows.
    pub lost: Option<u64>,
    /// Why.
    pub cause: GapCause,
}

pub(crate) fn cause(number: i64) -> GapCause {
    usize::try_from(number).ok().and_then(|at| CAUSES.get(at).copied()).unwrap_or(GapCause::Unseen)
}

/// Writes a gap. One that goes on with the last of its cause is one with it, so that what fails for long does not fill the
/// disk.
pub(crate) fn insert(transaction: &Transaction<'_>, boot: Boot, gap: &RecordGap) -> rusqlite::Result<()> {
    let number = CAUSES.iter().position(|known| *known == gap.cause);
    let parameters = params![
        boot,
        signed(micros(gap.from)),
        signed(micros(gap.until)),
        gap.lost.map(|lost| i64::try_from(lost).unwrap_or(i64::MAX)),
        number.and_then(|at| i64::try_from(at).ok())
    ];
    let longer = transaction
        .prepare_cached(
            "UPDATE gap SET until_at = max(until_at, ?3), lost = lost + ?4
             WHERE id = (SELECT max(id) FROM gap WHERE cause = ?5) AND boot = ?1
                 AND from_at <= ?2 AND ?2 <= until_at AND (lost IS NULL) = (?4 IS NULL)",
        )?
        .execute(parameters)?;
    if longer == 0 {
        transaction
            .prepare_cached("INSERT INTO gap(boot, from_at, until_at, lost, cause) VALUES (?, ?, ?, ?, ?)")?
            .execute(parameters)?;
    }
    Ok(())
}

/// Returns the spans in which nothing could be written and nobody knows how much was lost.
pub(crate) fn unwritten(database: &Connection) -> rusqlite::Result<Vec<[Moment; 2]>> {
    let number = CAUSES.iter().position(|known| *known == GapCause::Store);
    let sql = "SELECT boot, from_at, until_at FROM gap WHERE cause = ? AND lost IS NULL ORDER BY id DESC LIMIT 1000";
    let mut statement = database.prepare(sql)?;
    let rows = statement.query_map([number.and_then(|at| i64::try_from(at).ok())], |row| {
        let boot = row.get(0)?;
        Ok([row.get(1)?, row.get(2)?].map(|at| Moment { boot, at: unsigned(at) }))
    })?;
    rows.collect()
}

/// Adds a gap to those that wait to be written, in the same way.
pub(crate) fn push(gaps: &mut Vec<RecordGap>, gap: RecordGap) {
    let last = gaps.iter_mut().rev().find(|last| last.cause == gap.cause);
    match last {
        Some(last)
            if last.from <= gap.from
                && gap.from <= last.until
                && last.lost.is_none() == gap.lost.is_none() =>
        {
            last.until = last.until.max(gap.until);
            last.lost = last.lost.zip(gap.lost).map(|(one, other)| one.saturating_add(other));
        }
        _ => gaps.push(gap),
    }
}
