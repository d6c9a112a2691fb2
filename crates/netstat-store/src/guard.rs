//! What a file may do that is only to be read: it may have come from another host, as evidence, and be made to harm.
//!
//! It has the tables that this program makes, and nothing else: no view, no trigger, no column that computes. Reading it
//! takes no more work and memory than a history of its size can need.

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode};
use std::cell::Cell;

/// The most bytes of one value: a block has less.
const MOST_VALUE: i32 = 64 << 20;

/// After so many steps of the database its work is looked at.
const STEPS: i32 = 100_000;

/// So many steps, rows or bytes every file may take, fewer in tests; and for each of its bytes so many more.
const FREE_STEPS: u64 = 200_000_000;
const STEPS_A_BYTE: u64 = 64;
const FREE_ROWS: u64 = if cfg!(test) { 1 << 22 } else { 1 << 26 };
const ROWS_A_BYTE: u64 = 16;

/// Lets a connection do nothing but read, for no longer than a file of that many bytes can need.
pub(crate) fn guard(connection: &mut Connection, bytes: u64) -> rusqlite::Result<()> {
    for (setting, is_on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, is_on)?;
    }
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MOST_VALUE)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    let mut left = FREE_STEPS.saturating_add(bytes.saturating_mul(STEPS_A_BYTE));
    connection.progress_handler(
        STEPS,
        Some(move || {
            left = left.saturating_sub(u64::from(STEPS.unsigned_abs()));
            left == 0
        }),
    )?;
    connection.execute_batch("PRAGMA query_only = ON; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0;")
}

/// Returns whether a database has the tables of another one, each as it was made, and nothing else.
pub(crate) fn has_tables_of(connection: &Connection, model: &Connection) -> rusqlite::Result<bool> {
    type Made = Vec<(String, Option<String>)>;
    let made = |connection: &Connection| -> rusqlite::Result<Made> {
        let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name")?;
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
    };
    Ok(made(connection)? == made(model)?)
}

/// Rows of blocks that may be unpacked, and bytes of text that may be kept, until reading a file has taken too much.
#[derive(Debug)]
pub(crate) struct Budget(Cell<u64>);

/// It has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent;

impl Budget {
    /// Returns the budget of a file of that many bytes.
    pub(crate) fn of(bytes: u64) -> Self {
        Self(Cell::new(FREE_ROWS.saturating_add(bytes.saturating_mul(ROWS_A_BYTE))))
    }

    pub(crate) fn spend(&self, work: usize) -> Result<(), Spent> {
        let left = self.0.get().checked_sub(work as u64).ok_or(Spent)?;
        self.0.set(left);
        Ok(())
    }
}

/// Makes the error of a database that was stopped.
impl From<Spent> for rusqlite::Error {
    fn from(Spent: Spent) -> Self {
        let code = rusqlite::ffi::Error { code: ErrorCode::OperationInterrupted, extended_code: 9 };
        Self::SqliteFailure(code, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_only_reads_writes_nothing_and_ends_by_itself() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t(a); CREATE VIEW v AS SELECT 1").unwrap();
        guard(&mut connection, 0).unwrap();
        assert!(connection.execute("INSERT INTO t VALUES (1)", []).is_err());
        assert!(connection.query_row("SELECT * FROM v", [], |_| Ok(())).is_err());
        assert!(connection.execute_batch("ATTACH ':memory:' AS other").is_err());
        assert!(connection.query_row("SELECT length(zeroblob(100000000))", [], |_| Ok(())).is_err());
        let endless =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
        let error = connection.query_row(endless, [], |_| Ok(())).unwrap_err();
        assert_eq!(error.sqlite_error_code(), Some(ErrorCode::OperationInterrupted));
    }
}
