//! How far the source of events was when a recorder wrote last, so that another one goes on there.

use crate::clock::Boot;
use crate::schema::unsigned;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use rustc_hash::FxHashMap;

/// The keys of the table `meta`: bytes of the source, and the boot that they are of.
const BYTES: &str = "reached";
const OF_BOOT: &str = "reached_boot";

pub(crate) fn write(
    transaction: &Transaction<'_>,
    boot: Boot,
    reached: Option<&[u8]>,
) -> rusqlite::Result<()> {
    let mut set = transaction.prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)")?;
    match reached {
        Some(bytes) => {
            set.execute(params![BYTES, bytes])?;
            set.execute(params![OF_BOOT, boot])?;
        }
        None => {
            transaction.prepare_cached("DELETE FROM meta WHERE key = ?")?.execute([BYTES])?;
        }
    }
    Ok(())
}

/// How the keys of what is kept back begin; the cookie follows.
const KEPT_BACK: &str = "kept-back.";

/// Writes what has changed of events that are told later. `anew` is whether nothing that was written before counts.
pub(crate) fn write_kept_back(
    transaction: &Transaction<'_>,
    anew: bool,
    changed: &FxHashMap<u64, Option<Box<[u8]>>>,
) -> rusqlite::Result<()> {
    if anew {
        transaction.execute("DELETE FROM meta WHERE key > ?1 AND key < ?1 || 'g'", [KEPT_BACK])?;
    }
    let mut set = transaction.prepare_cached("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)")?;
    let mut remove = transaction.prepare_cached("DELETE FROM meta WHERE key = ?")?;
    for (cookie, bytes) in changed {
        let key = format!("{KEPT_BACK}{cookie:016x}");
        match bytes {
            Some(bytes) => set.execute(params![key, bytes])?,
            None => remove.execute([key])?,
        };
    }
    Ok(())
}

/// Reads what was kept back.
pub(crate) fn read_kept_back(database: &Connection) -> rusqlite::Result<Vec<Box<[u8]>>> {
    let sql = "SELECT value FROM meta WHERE key > ?1 AND key < ?1 || 'g' AND typeof(value) = 'blob'";
    let mut statement = database.prepare(sql)?;
    statement.query_map([KEPT_BACK], |row| row.get::<_, Vec<u8>>(0).map(Into::into))?.collect()
}

pub(crate) fn read(database: &Connection, boot: Boot) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT bytes.value FROM meta AS bytes, meta AS its
               WHERE bytes.key = ? AND its.key = ? AND its.value = ? AND typeof(bytes.value) = 'blob'";
    database.query_row(sql, params![BYTES, OF_BOOT, boot], |row| row.get(0)).optional()
}

/// Returns until when recorders before a session recorded at a boot, in microseconds since then.
pub(crate) fn until(database: &Connection, boot: Boot, session: i64) -> rusqlite::Result<Option<u64>> {
    let sql = "SELECT max(until_at) FROM session
               WHERE boot = ? AND id < ? AND (mode IS NOT NULL OR from_at < until_at)";
    let until: Option<i64> = database.query_row(sql, params![boot, session], |row| row.get(0))?;
    Ok(until.map(unsigned))
}

/// Returns the filter of the run before a session at a boot.
pub(crate) fn filter_before(
    database: &Connection,
    boot: Boot,
    session: i64,
) -> rusqlite::Result<Option<String>> {
    let sql =
        "SELECT filter FROM session WHERE boot = ? AND id < ? AND (mode IS NOT NULL OR from_at < until_at)
               ORDER BY id DESC LIMIT 1";
    database.query_row(sql, params![boot, session], |row| row.get(0)).optional().map(Option::flatten)
}

pub(crate) fn number(database: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT value FROM meta WHERE key = 'store'";
    let number: Option<i64> = database.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(number.map_or(0, unsigned))
}
