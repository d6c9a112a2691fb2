//! What of a store was sent elsewhere: [`Ledger`] keeps it, and the writer counts what it deletes unsent.

use crate::beside::{file_of, open_lock_named};
use crate::block::Packed;
use crate::error::{Fault, StoreError};
use crate::reader::Reader;
use crate::row::Field;
use crate::schema::{open_beside, signed, unsigned};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::fs::File;
use std::hash::Hasher as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How far a place has got.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shipped {
    /// The place, as whoever sends there names it.
    pub target: String,
    /// The number of the last end that arrived, as all before it.
    pub sequence: u64,
    /// Ends that were deleted to make room before they were sent.
    pub deleted: u64,
    /// How many ends and open sockets were sent, and in how many bytes.
    pub rows: u64,
    /// See [`rows`](Self::rows).
    pub bytes: u64,
    /// When something last arrived.
    pub at: Option<SystemTime>,
    /// When sending last failed, and why; `None` if it has succeeded since.
    pub failed: Option<(SystemTime, String)>,
}

/// Keeps what of a store was sent to one place. One program sends there; the recorder goes on meanwhile.
pub struct Ledger {
    file: PathBuf,
    target: String,
    database: Connection,
    _lock: File,
}

impl Ledger {
    /// Opens the account of a place, and makes it where there is none: everything is to be sent then.
    ///
    /// # Errors
    /// When there is no store, it may not be written to, or another program sends from it to this place.
    pub fn open(path: &Path, target: &str) -> Result<Self, StoreError> {
        let file = file_of(path);
        let lock = lock(&file, target, true)?;
        lock.try_lock().map_err(|error| match error {
            std::fs::TryLockError::WouldBlock => StoreError::new(&file, Fault::Sending),
            std::fs::TryLockError::Error(error) => StoreError::io(&file, error),
        })?;
        let database = open_beside(&file)?;
        let ledger = Self { file, target: target.to_owned(), database, _lock: lock };
        ledger
            .database
            .execute(
                "INSERT OR IGNORE INTO shipped(target, sequence, deleted, rows, bytes) VALUES (?, 0, 0, 0, 0)",
                [target],
            )
            .map_err(|error| ledger.error(error))?;
        Ok(ledger)
    }

    fn error(&self, error: rusqlite::Error) -> StoreError {
        StoreError::database(&self.file, error)
    }

    /// Returns how far this place has got.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn shipped(&self) -> Result<Shipped, StoreError> {
        let found = read(&self.database, Some(&self.target)).map_err(|error| self.error(error))?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Notes that everything up to a number has arrived, in so many rows and bytes.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn arrived(&self, sequence: u64, rows: u64, bytes: u64, now: SystemTime) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE shipped SET sequence = max(sequence, ?2), rows = rows + ?3, bytes = bytes + ?4, wall = ?5,
                     failed_wall = NULL, failure = NULL WHERE target = ?1",
                params![
                    self.target,
                    signed(sequence),
                    signed(rows),
                    signed(bytes),
                    crate::clock::since_1970(now)
                ],
            )
            .map_err(|error| self.error(error))?;
        Ok(())
    }

    /// Notes why nothing arrives.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn failed(&self, why: &str, now: SystemTime) -> Result<(), StoreError> {
        self.database
            .execute(
                "UPDATE shipped SET failed_wall = ?2, failure = ?3 WHERE target = ?1",
                params![self.target, crate::clock::since_1970(now), why],
            )
            .map_err(|error| self.error(error))?;
        Ok(())
    }
}

/// Returns whether a program sends from a store to a place.
///
/// # Errors
/// When that cannot be found out.
pub fn is_shipping(path: &Path, target: &str) -> Result<bool, StoreError> {
    let file = file_of(path);
    let lock = match lock(&file, target, false) {
        Err(StoreError { fault: Fault::Missing, .. }) => return Ok(false),
        opened => opened?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(std::fs::TryLockError::WouldBlock) => Ok(true),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::io(&file, error)),
    }
}

/// Opens the lock of a place, whose name may be none of a file.
fn lock(file: &Path, target: &str, make: bool) -> Result<File, StoreError> {
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(target.as_bytes());
    let ending = format!("ship-{:016x}.lock", hasher.finish());
    open_lock_named(file, &ending, make).map_err(|error| StoreError::io(file, error))
}

fn read(database: &Connection, target: Option<&str>) -> rusqlite::Result<Vec<Shipped>> {
    let mut statement = database.prepare(
        "SELECT target, sequence, deleted, rows, bytes, wall, failed_wall, failure FROM shipped
         WHERE ?1 IS NULL OR target = ?1 ORDER BY target",
    )?;
    let rows = statement.query_map([target], |row| {
        let time = |wall: Option<i64>| wall.map(crate::clock::time_of);
        let failure: Option<String> = row.get(7)?;
        Ok(Shipped {
            target: row.get(0)?,
            sequence: unsigned(row.get(1)?),
            deleted: unsigned(row.get(2)?),
            rows: unsigned(row.get(3)?),
            bytes: unsigned(row.get(4)?),
            at: time(row.get(5)?),
            failed: time(row.get(6)?).zip(failure),
        })
    })?;
    rows.collect()
}

impl Reader {
    /// Returns how far each place has got that ends of this store are sent to.
    ///
    /// # Errors
    /// When that cannot be read.
    pub fn shipped(&self) -> Result<Vec<Shipped>, StoreError> {
        read(&self.database, None).map_err(self.error())
    }
}

/// Counts what a block has that was not sent yet, for each place: it is about to be deleted.
pub(crate) fn count_unsent(transaction: &Transaction<'_>, block: i64) -> rusqlite::Result<()> {
    let mut behind = transaction.prepare_cached(
        "SELECT target, shipped.sequence FROM shipped, block
         WHERE block.id = ? AND shipped.sequence < block.last_sequence",
    )?;
    let behind: Vec<(String, i64)> =
        behind.query_map([block], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    for (target, sent) in behind {
        let stored: Option<(i64, i64, Vec<u8>)> = transaction
            .query_row("SELECT n, first_sequence, cols FROM block WHERE id = ?", [block], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((count, first, cols)) = stored else { continue };
        let sent = unsigned(sent);
        let unsent = match Packed::new(&cols).and_then(|packed| packed.column(Field::Sequence)) {
            Ok(numbers) if unsigned(first) <= sent => {
                numbers.iter().filter(|number| **number > sent).count() as u64
            }
            _ => unsigned(count),
        };
        transaction.execute(
            "UPDATE shipped SET deleted = deleted + ? WHERE target = ?",
            params![signed(unsent), target],
        )?;
    }
    Ok(())
}
