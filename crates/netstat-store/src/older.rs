//! Stores of earlier versions: how their tables differ from those of now, and what those of now are in their terms.
//!
//! A recorder brings such a store up to date when it opens it. Whoever only reads may not write: it gets the same answers
//! through views of its own, which nobody else sees.

use crate::block;
use crate::guard::has_tables_of;
use crate::row::Field;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, params};

/// A table that had other columns: the last version that had them, its name, and its statement.
const FORMER: [(i64, &str, &str); 8] = [
    (1, "boot", "CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE)"),
    (
        1,
        "session",
        "CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, continues INTEGER NOT NULL, mode TEXT, resume BLOB)",
    ),
    (
        2,
        "session",
        "CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, mode TEXT, namespace INTEGER)",
    ),
    (
        3,
        "session",
        "CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, mode TEXT, namespace INTEGER, sequence INTEGER NOT NULL DEFAULT 0)",
    ),
    (
        1,
        "block",
        "CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, listeners INTEGER NOT NULL, bloom BLOB NOT NULL,
    cols BLOB NOT NULL)",
    ),
    (
        2,
        "block",
        "CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, bloom BLOB NOT NULL,
    cols BLOB NOT NULL)",
    ),
    (
        2,
        "fresh",
        "CREATE TABLE fresh(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, n INTEGER NOT NULL, cols BLOB NOT NULL)",
    ),
    (2, "shipped", ""),
];

/// The last version whose ends had no numbers.
const UNNUMBERED: i64 = 2;

/// What a table of now is in terms of that of a version: the first and the last version of which that holds, the table, and
/// the query, in which `{of}` stands for the table as it was, `{rows}` for the columns that rows had, and `{first}` for the
/// number of the first end.
const IN_TERMS: [(i64, i64, &str, &str); 9] = [
    (1, 1, "boot", "SELECT id, boot_id FROM {of}"),
    (
        1,
        1,
        "session",
        "SELECT id, boot, from_at, until_at, mode, NULL AS namespace, 0 AS sequence, NULL AS filter FROM {of}",
    ),
    (
        2,
        2,
        "session",
        "SELECT id, boot, from_at, until_at, mode, namespace, 0 AS sequence, NULL AS filter FROM {of}",
    ),
    (
        3,
        3,
        "session",
        "SELECT id, boot, from_at, until_at, mode, namespace, sequence, NULL AS filter FROM {of}",
    ),
    (
        1,
        2,
        "block",
        "SELECT id, boot, first_at, last_at, n, {first} AS first_sequence, {first} + n - ({first} > 0) AS last_sequence,
             bloom, numbered(cols, {first}) AS cols FROM {of}",
    ),
    (
        1,
        2,
        "fresh",
        "SELECT id, boot, n, {first} + n - ({first} > 0) AS last_sequence, numbered(cols, {first}) AS cols FROM {of}",
    ),
    (1, 2, "open", "SELECT id, boot, {rows}, 0 AS sequence FROM {of}"),
    (1, 2, "long", "SELECT id, boot, block, {rows}, 0 AS sequence FROM {of}"),
    (
        1,
        2,
        "shipped",
        "SELECT '' AS target, 0 AS sequence, 0 AS deleted, 0 AS rows, 0 AS bytes, NULL AS wall, NULL AS failed_wall,
             NULL AS failure WHERE false",
    ),
];

/// Returns the statements that made the tables of a version, given those of now, where `{rows}` stands for columns of rows.
pub(crate) fn tables_of(version: i64, now: &str) -> String {
    let mut statements = String::new();
    for statement in now.split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
        let is_of = |table: &str| statement.starts_with(&format!("CREATE TABLE {table}("));
        let mut former = FORMER.iter().filter(|(last, table, _)| version <= *last && is_of(table));
        let statement = former.next().map_or(statement, |(_, _, former)| former);
        if !statement.is_empty() {
            statements.push_str(statement);
            statements.push_str(";\n");
        }
    }
    statements
}

/// Returns the fields of a row that a version had.
pub(crate) fn fields_of(version: i64) -> impl Iterator<Item = Field> {
    Field::ALL.into_iter().filter(move |field| version > UNNUMBERED || *field != Field::Sequence)
}

/// Returns the tables of now whose columns a version did not have, each with the query that gives them.
fn in_terms_of(version: i64) -> impl Iterator<Item = (&'static str, String)> {
    let columns: Vec<&str> = fields_of(version).map(Field::name).collect();
    let columns = columns.join(", ");
    IN_TERMS
        .iter()
        .filter(move |(first, last, ..)| (*first..=*last).contains(&version))
        .map(move |(.., table, query)| (*table, query.replace("{rows}", &columns)))
}

/// Lets a connection number the ends of blocks that had no numbers.
fn teach(connection: &Connection) -> rusqlite::Result<()> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("numbered", 2, flags, |of| {
        let first = u64::try_from(of.get::<i64>(1)?).unwrap_or(0);
        let bytes = of.get_raw(0).as_blob().unwrap_or_default();
        Ok(block::numbered(bytes, first).unwrap_or_else(|| bytes.to_vec()))
    })
}

/// Lets a connection read the tables of a version as if they were those of now.
pub(crate) fn read_as_now(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    teach(connection)?;
    connection.execute_batch("PRAGMA temp_store = MEMORY; PRAGMA query_only = OFF;")?;
    for (table, query) in in_terms_of(version) {
        let query = query.replace("{of}", &format!("main.{table}")).replace("{first}", "0");
        connection.execute_batch(&format!("CREATE TEMP VIEW {table} AS {query}"))?;
    }
    connection.execute_batch("PRAGMA query_only = ON;")
}

/// Whether a database has the tables of a version, and nothing else. `of_version` are the statements that make them.
pub(crate) fn is_of(connection: &Connection, of_version: &str) -> rusqlite::Result<bool> {
    let model = Connection::open_in_memory()?;
    model.execute_batch(of_version)?;
    has_tables_of(connection, &model)
}

/// Makes the tables of now from those of a version, all of them or none. `now` are the statements that make them, and
/// `finish` is what comes last.
pub(crate) fn bring_up_to_date(
    connection: &mut Connection,
    version: i64,
    now: &str,
    finish: &str,
) -> rusqlite::Result<()> {
    teach(connection)?;
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let tables: Vec<(&str, String)> = in_terms_of(version).collect();
    let mut statement = transaction.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?",
    )?;
    for (table, _) in &tables {
        let indexes: Vec<String> =
            statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        for index in indexes {
            transaction.execute_batch(&format!("DROP INDEX {index}"))?;
        }
        if FORMER.iter().any(|(last, name, made)| version <= *last && name == table && made.is_empty()) {
            continue;
        }
        transaction.execute_batch(&format!("ALTER TABLE {table} RENAME TO former_{table}"))?;
    }
    drop(statement);
    for made in now.split(';').map(str::trim) {
        let is_new = tables.iter().any(|(table, _)| {
            made.starts_with(&format!("CREATE TABLE {table}(")) || made.contains(&format!(" ON {table}("))
        });
        if is_new {
            transaction.execute_batch(made)?;
        }
    }
    // Ends are numbered in the order in which they were written.
    let mut next: i64 = 1;
    for (table, query) in &tables {
        let former = format!("former_{table}");
        let query = query.replace("{of}", &former);
        if !query.contains("{first}") {
            transaction.execute_batch(&format!("INSERT INTO {table} {query}"))?;
        } else {
            let counts: Vec<(i64, i64)> = transaction
                .prepare(&format!("SELECT id, n FROM {former} ORDER BY id"))?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let query = query.replace("{first}", "?2");
            let mut insert = transaction.prepare(&format!("INSERT INTO {table} {query} WHERE id = ?1"))?;
            for (id, count) in counts {
                insert.execute(params![id, next])?;
                next = next.saturating_add(count.max(0));
            }
        }
    }
    for (table, query) in &tables {
        if query.contains("{of}") {
            transaction.execute_batch(&format!("DROP TABLE former_{table}"))?;
        }
    }
    if version <= UNNUMBERED {
        transaction.execute(
            "UPDATE session SET sequence = ? WHERE id = (SELECT max(id) FROM session)",
            [next - 1],
        )?;
    }
    transaction.execute_batch(finish)?;
    transaction.commit()?;
    crate::vacuum::give_back(connection)
}
