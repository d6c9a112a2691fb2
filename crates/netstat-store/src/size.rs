//! How much a store holds.

use crate::clock::{Boot, Moment, time_of};
use crate::reader::read_clock;
use crate::schema::unsigned;
use rusqlite::{Connection, OptionalExtension as _};
use std::time::SystemTime;

/// What a store holds, for a status line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreSize {
    /// Bytes in use.
    pub bytes: u64,
    /// Ends in blocks, and those that will be.
    pub ends: u64,
    /// Sockets that are open.
    pub open: u64,
    /// When its oldest end was; `None` before the first.
    pub oldest: Option<SystemTime>,
}

/// Returns how much there is. `oldest_fresh` is when the first of those ended that are not in a block yet.
pub(crate) fn size(
    database: &Connection,
    open: u64,
    oldest_fresh: Option<i64>,
) -> rusqlite::Result<StoreSize> {
    let sql = "SELECT (SELECT coalesce(sum(n), 0) FROM block) + (SELECT coalesce(sum(n), 0) FROM fresh)";
    let ends: i64 = database.query_row(sql, [], |row| row.get(0))?;
    let sql = "SELECT boot, first_at FROM block ORDER BY id LIMIT 1";
    let oldest: Option<(Boot, i64)> =
        database.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let oldest = match oldest {
        Some((boot, at)) => read_clock(database)?.wall(Moment { boot, at: unsigned(at) }),
        None => oldest_fresh,
    };
    Ok(StoreSize { bytes: bytes_in_use(database)?, ends: unsigned(ends), open, oldest: oldest.map(time_of) })
}

/// Returns the bytes of the pages in use.
pub(crate) fn bytes_in_use(database: &Connection) -> rusqlite::Result<u64> {
    let number = |name: &str| {
        database.query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0)).map(unsigned)
    };
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    Ok(pages.saturating_mul(number("page_size")?))
}
