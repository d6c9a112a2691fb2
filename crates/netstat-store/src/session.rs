//! How a recorder begins: which boot it is, and what is open of it.

use crate::clock::Boot;
use crate::hosts;
use crate::pending::Key;
use crate::row::ProcessId;
use crate::schema::{read_row, row_columns, signed, unsigned};
use netstat_model::Namespace;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// How a history is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterOptions {
    /// The size that the file does not grow beyond, in bytes, but for one block and the write-ahead log: the oldest ends go.
    pub keep_bytes: u64,
    /// How long ends are kept; `None` for as long as there is room.
    pub keep_for: Option<Duration>,
    /// The name of this host, for whoever opens the file elsewhere.
    pub host: Option<String>,
    /// The network namespace whose table the table of a past moment is; `None` where there is only one.
    pub namespace: Option<Namespace>,
    /// How connections are seen, in a word or two: what the history does not have follows from it.
    pub mode: Option<String>,
    /// The filter that chose what is kept; `None` where all is.
    pub filter: Option<String>,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { keep_bytes: 1 << 30, keep_for: None, host: None, namespace: None, mode: None, filter: None }
    }
}

/// What a writer begins with.
pub(crate) struct Begun {
    pub(crate) boot: Boot,
    pub(crate) session: i64,
    pub(crate) next_process: ProcessId,
    pub(crate) open: FxHashMap<Key, i64>,
    pub(crate) next_open: i64,
    /// The number of the last end that was written.
    pub(crate) sequence: u64,
}

pub(crate) fn begin(
    database: &mut Connection,
    options: &WriterOptions,
    boot_id: &str,
    at: u64,
    wall: i64,
) -> rusqlite::Result<Begun> {
    let transaction = database.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let known = match boot_id {
        "" => unnamed_boot(&transaction, at, wall)?,
        id => transaction
            .query_row("SELECT id FROM boot WHERE boot_id = ?", [id], |row| row.get(0))
            .optional()?,
    };
    let boot: Boot = match known {
        Some(boot) => boot,
        None => {
            let id = Some(boot_id).filter(|id| !id.is_empty());
            transaction.execute("INSERT INTO boot(boot_id) VALUES (?)", [id])?;
            transaction.last_insert_rowid()
        }
    };
    insert_reading(&transaction, boot, at, wall)?;
    transaction.execute(
        "INSERT INTO session(boot, from_at, until_at, mode, namespace, filter) VALUES (?1, ?2, ?2, ?3, ?4, ?5)",
        params![
            boot,
            signed(at),
            options.mode,
            options.namespace.map(|namespace| signed(namespace.inode)),
            options.filter
        ],
    )?;
    let session = transaction.last_insert_rowid();
    hosts::note(&transaction, session, options.host.as_deref())?;
    let next = |sql| transaction.query_row(sql, [], |row| row.get::<_, i64>(0));
    let next_process = unsigned(next("SELECT coalesce(max(id), 0) + 1 FROM process")?);
    // The numbers of sockets that are open only grow, so that whoever follows knows which are new.
    let next_open = next("SELECT coalesce(max(id), 0) + 1 FROM open")?.max(session.saturating_mul(1 << 32));
    let sequence = unsigned(next("SELECT coalesce(max(sequence), 0) FROM session")?);
    let mut open = FxHashMap::default();
    {
        let sql = format!("SELECT id, {} FROM open WHERE boot = ?", row_columns());
        let mut statement = transaction.prepare(&sql)?;
        for row in statement.query_map([boot], |row| Ok((row.get(0)?, read_row(row, 1)?)))? {
            let (id, row) = row?;
            open.insert(Key::of(&row), id);
        }
    }
    transaction.commit()?;
    Ok(Begun { boot, session, next_process, open, next_open, sequence })
}

/// How far the time of day of a boot may be from what it was, in microseconds. Of a boot that was recorded for longer than
/// this, no later one is as near.
const SAME_BOOT: u64 = 5_000_000;

/// Returns the last boot of a system that does not name its boots, if this one is the same: it has been running for no less
/// time, and began at the same time of day. One that is not recognized is another boot, which mixes no times.
fn unnamed_boot(transaction: &Transaction<'_>, at: u64, wall: i64) -> rusqlite::Result<Option<Boot>> {
    let last: Option<(Boot, i64, i64, i64)> = transaction
        .query_row(
            "SELECT boot.id, clock.at, clock.wall, (SELECT max(until_at) FROM session WHERE boot = boot.id)
             FROM boot JOIN clock ON clock.boot = boot.id WHERE boot_id IS NULL
             ORDER BY boot.id DESC, clock.at DESC, clock.rowid DESC LIMIT 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let is_same = |&(_, then, said, until): &(Boot, i64, i64, i64)| {
        let began = wall.saturating_sub_unsigned(at);
        at >= unsigned(until) && began.abs_diff(said.saturating_sub(then)) <= SAME_BOOT
    };
    Ok(last.filter(is_same).map(|(boot, ..)| boot))
}

pub(crate) fn set_meta(
    transaction: &Transaction<'_>,
    key: &str,
    value: impl rusqlite::ToSql,
) -> rusqlite::Result<()> {
    transaction.execute("INSERT OR REPLACE INTO meta(key, value) VALUES (?, ?)", params![key, value])?;
    Ok(())
}

pub(crate) fn insert_reading(
    transaction: &Transaction<'_>,
    boot: Boot,
    at: u64,
    wall: i64,
) -> rusqlite::Result<()> {
    transaction.prepare_cached("INSERT INTO clock(boot, at, wall) VALUES (?, ?, ?)")?.execute(params![
        boot,
        signed(at),
        wall
    ])?;
    Ok(())
}
