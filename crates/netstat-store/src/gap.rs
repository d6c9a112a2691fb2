//! Spans of which the history is not whole.

use crate::clock::{Boot, micros};
use crate::schema::signed;
use netstat_model::history::{GapCause, RecordGap};
use rusqlite::{Transaction, params};
use std::time::SystemTime;

/// The causes in the order of their numbers.
const CAUSES: [GapCause; 6] = [
    GapCause::Ring,
    GapCause::Store,
    GapCause::Unseen,
    GapCause::NotRunning,
    GapCause::Suspended,
    GapCause::Damaged,
];

/// A span of which the history is not whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Its begin.
    pub from: SystemTime,
    /// Its end.
    pub until: SystemTime,
    /// How many ends of connections are missing; `None` where nobody knows.
    pub lost: Option<u64>,
    /// Why.
    pub cause: GapCause,
}

pub(crate) fn cause(number: i64) -> GapCause {
    usize::try_from(number).ok().and_then(|at| CAUSES.get(at).copied()).unwrap_or(GapCause::Unseen)
}

pub(crate) fn insert(transaction: &Transaction<'_>, boot: Boot, gap: &RecordGap) -> rusqlite::Result<()> {
    let number = CAUSES.iter().position(|known| *known == gap.cause);
    transaction
        .prepare_cached("INSERT INTO gap(boot, from_at, until_at, lost, cause) VALUES (?, ?, ?, ?, ?)")?
        .execute(params![
            boot,
            signed(micros(gap.from)),
            signed(micros(gap.until)),
            gap.lost.map(|lost| i64::try_from(lost).unwrap_or(i64::MAX)),
            number.and_then(|at| i64::try_from(at).ok())
        ])?;
    Ok(())
}
