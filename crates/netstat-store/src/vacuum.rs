//! Pages of the file that nothing needs any more.

use rusqlite::Connection;

/// Gives the pages that nothing needs back to the file system. Each step of the statement gives one.
pub(crate) fn give_back(database: &Connection) -> rusqlite::Result<()> {
    let mut statement = database.prepare("PRAGMA incremental_vacuum")?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
