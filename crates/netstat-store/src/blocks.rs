//! Rows on their way into blocks: those of one commit lie together until there are enough for a block.

use crate::block::{self, FAST, LEVEL, Packed};
use crate::bloom;
use crate::clock::{Boot, LATEST};
use crate::row::{Field, ProcessId, Row};
use crate::schema::{insert_row, row_columns, signed, unsigned};
use netstat_model::history::{GapCause, RecordGap};
use rusqlite::{Connection, Transaction, params};
use std::time::Duration;

/// How many rows become a block, fewer in tests, and how long they wait at most, in microseconds.
pub(crate) const BLOCK: usize = if cfg!(test) { 2048 } else { 65_536 };
pub(crate) const LONGEST_WAIT: u64 = 3_600_000_000;

fn io(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

/// Returns the lowest and the highest number of rows.
fn sequences(rows: &[Row]) -> (u64, u64) {
    let numbers = || rows.iter().map(|row| row.sequence);
    (numbers().min().unwrap_or(0), numbers().max().unwrap_or(0))
}

pub(crate) fn insert_fresh(transaction: &Transaction<'_>, boot: Boot, rows: &[Row]) -> rusqlite::Result<()> {
    for rows in rows.chunks(BLOCK) {
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        transaction
            .prepare_cached("INSERT INTO fresh(boot, n, last_sequence, cols) VALUES (?, ?, ?, ?)")?
            .execute(params![
                boot,
                count,
                signed(sequences(rows).1),
                block::encode(rows, FAST).map_err(io)?
            ])?;
    }
    Ok(())
}

/// Reads the rows that wait to become a block, and counts those that cannot be read.
pub(crate) fn read_fresh(database: &Connection, boot: Boot) -> rusqlite::Result<(Vec<Row>, u64)> {
    let mut statement = database.prepare("SELECT n, cols FROM fresh WHERE boot = ? ORDER BY id")?;
    let (mut rows, mut lost) = (Vec::new(), 0);
    for fresh in statement.query_map([boot], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)))? {
        let (count, cols) = fresh?;
        match block::decode(&cols) {
            Ok(decoded) => rows.extend(decoded),
            Err(block::Damaged) => lost += u64::try_from(count).unwrap_or(0),
        }
    }
    rows.sort_by_key(Row::end);
    Ok((rows, lost))
}

/// Returns from when to when the rows ended that wait to become a block: after those that are in one, while something was
/// recorded.
pub(crate) fn bounds_of_fresh(database: &Connection, boot: Boot) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT coalesce((SELECT max(last_at) FROM block WHERE boot = ?1), min(from_at), 0),
                   coalesce(max(until_at), 0) FROM session
                   WHERE boot = ?1 AND (mode IS NOT NULL OR from_at < until_at)";
    database.query_row(sql, [boot], |row| {
        let (from, until) = (unsigned(row.get(0)?), unsigned(row.get(1)?));
        Ok((from.min(until), until))
    })
}

/// Returns what is missing of rows that waited to become a block, and were damaged before they did.
pub(crate) fn damaged(database: &Connection, boot: Boot, lost: u64) -> rusqlite::Result<RecordGap> {
    let (from, until) = bounds_of_fresh(database, boot)?;
    let [from, until] = [from, until].map(Duration::from_micros);
    Ok(RecordGap { boot_id: None, from, until, lost: Some(lost), cause: GapCause::Damaged })
}

/// Writes rows, which are sorted, as blocks of about the same size.
pub(crate) fn write_blocks(transaction: &Transaction<'_>, boot: Boot, rows: &[Row]) -> rusqlite::Result<()> {
    let blocks = ((rows.len() + BLOCK / 2) / BLOCK).max(1);
    for rows in rows.chunks(rows.len().div_ceil(blocks).max(1)) {
        write_block(transaction, boot, rows)?;
    }
    Ok(())
}

fn write_block(transaction: &Transaction<'_>, boot: Boot, rows: &[Row]) -> rusqlite::Result<()> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(()) };
    let (first_sequence, last_sequence) = sequences(rows);
    let cols = block::encode(rows, LEVEL).map_err(io)?;
    let addresses = Packed::new(&cols).and_then(|packed| packed.addresses()).unwrap_or_default();
    transaction
        .prepare_cached(
            "INSERT INTO block(boot, first_at, last_at, n, first_sequence, last_sequence, bloom, cols)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            boot,
            signed(first.end()),
            signed(last.end().min(LATEST)),
            i64::try_from(rows.len()).unwrap_or(i64::MAX),
            signed(first_sequence),
            signed(last_sequence),
            bloom::build(&addresses),
            cols
        ])?;
    let block = transaction.last_insert_rowid();
    let marks = ", ?".repeat(Field::ALL.len());
    let columns = row_columns();
    let mut long = transaction
        .prepare_cached(&format!("INSERT INTO long(boot, block, {columns}) VALUES (?, ?{marks})"))?;
    for row in rows.iter().filter(|row| row.is_long()) {
        insert_row(&mut long, &[boot, block], row)?;
    }
    let mut processes: Vec<ProcessId> = rows.iter().filter_map(|row| Some(row.process?.0)).collect();
    processes.sort_unstable();
    processes.dedup();
    let mut used = transaction.prepare_cached("UPDATE process SET last_block = ? WHERE id = ?")?;
    for process in processes {
        used.execute([block, signed(process)])?;
    }
    Ok(())
}
