//! The tables of a store, and the file they lie in.

use crate::beside::{file_of, open_lock, options};
use crate::error::{Fault, StoreError};
use crate::guard::{Budget, guard};
use crate::older;
use crate::row::{ADDRESS, Address, Field, Row, Values, address_bytes, address_of};
use rusqlite::{Connection, OpenFlags, Statement, ToSql};
use std::fs::File;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The version of the tables. It grows when an older version of this program would misread them.
const VERSION: i64 = 4;

/// What SQLite calls the application: `NSHI`.
const APPLICATION: i64 = 0x4e53_4849;

/// Who may look into the folder.
#[cfg(unix)]
const FOLDER_MODE: u32 = 0o750;

/// How long a program waits for another one's transaction.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a recorder tries to be the one that writes, and how long it waits in between.
const TRIES: u32 = 10;
const TRY_PAUSE: Duration = Duration::from_millis(50);

/// Times are microseconds: `..._at` since the boot that the row names, `wall` since 1970. Everything but the blocks can be
/// read by any program that knows SQLite. `{rows}` are the columns of one row: see [`Field`].
const TABLES: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT UNIQUE);
CREATE TABLE clock(boot INTEGER NOT NULL, at INTEGER NOT NULL, wall INTEGER NOT NULL);
CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, mode TEXT, namespace INTEGER, sequence INTEGER NOT NULL DEFAULT 0, filter TEXT);
CREATE TABLE program(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, uid INTEGER, user TEXT, name BLOB NOT NULL,
    comm BLOB NOT NULL, executable BLOB, arguments BLOB, cgroup BLOB, unit TEXT, runtime INTEGER, container TEXT,
    pod TEXT);
CREATE INDEX program_by_hash ON program(hash);
CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL,
    executions INTEGER NOT NULL, parent INTEGER, program INTEGER, last_block INTEGER);
CREATE UNIQUE INDEX process_by_key ON process(boot, pid, start, executions);
CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
    bloom BLOB NOT NULL,
    cols BLOB NOT NULL);
CREATE INDEX block_by_end ON block(boot, last_at, first_at);
CREATE TABLE fresh(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, n INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL, cols BLOB NOT NULL);
CREATE TABLE open(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, {rows});
CREATE TABLE long(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, block INTEGER NOT NULL, {rows});
CREATE INDEX long_by_end ON long(boot, ended);
CREATE INDEX long_by_block ON long(block);
CREATE TABLE gap(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, lost INTEGER, cause INTEGER NOT NULL);
CREATE TABLE shipped(target TEXT PRIMARY KEY, sequence INTEGER NOT NULL, deleted INTEGER NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, wall INTEGER, failed_wall INTEGER, failure TEXT) WITHOUT ROWID;
";

/// Returns the statements that make the tables of a version.
pub(crate) fn tables(version: i64) -> String {
    let rows: Vec<String> = older::fields_of(version)
        .map(|field| {
            let is_address = matches!(field, Field::Local | Field::Remote);
            format!("{} {}", field.name(), if is_address { "BLOB" } else { "INTEGER NOT NULL" })
        })
        .collect();
    older::tables_of(version, TABLES).replace("{rows}", &rows.join(", "))
}

/// The columns of [`Field`], separated by commas.
pub(crate) fn row_columns() -> String {
    Field::ALL.map(Field::name).join(", ")
}

/// Opens a store for writing, and makes it where there is none. Nobody else can write to it while the file that is
/// returned is open.
pub(crate) fn open_to_write(path: &Path) -> Result<(Connection, File, PathBuf), StoreError> {
    let file = file_of(path);
    let io = |error| StoreError::io(&file, error);
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        make_folder(folder).map_err(io)?;
    }
    let lock = open_lock(&file, true).map_err(io)?;
    for tries in 1.. {
        match lock.try_lock() {
            Ok(()) => break,
            // Whoever asks whether somebody records has it for a moment, and some ask again and again.
            Err(std::fs::TryLockError::WouldBlock) if tries < TRIES => std::thread::sleep(TRY_PAUSE),
            Err(std::fs::TryLockError::WouldBlock) => return Err(StoreError::new(&file, Fault::InUse)),
            Err(std::fs::TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    // SQLite gives its other files the mode of this one.
    make_file(&file).map_err(io)?;
    let database = |error| StoreError::database(&file, error);
    let mut connection = Connection::open(&file).map_err(database)?;
    connection.busy_timeout(PATIENCE).map_err(database)?;
    let is_new: bool = connection
        .query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
        .map_err(database)?;
    let version = if is_new {
        // These have to come before the first table.
        connection
            .execute_batch("PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL;")
            .map_err(database)?;
        VERSION
    } else {
        // What is somebody else's is left as it is.
        let version = version_of(&connection, &file)?;
        if version < VERSION {
            has_tables_of(&connection, version, &file)?;
        }
        version
    };
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 8388608;
             PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;",
        )
        .map_err(database)?;
    if is_new || version < VERSION {
        let tables = tables(VERSION);
        // Tells this store from any other, wherever both are kept.
        let store = signed(RandomState::new().build_hasher().finish());
        let finish = format!(
            "INSERT OR IGNORE INTO meta(key, value) VALUES ('store', {store}); PRAGMA user_version = {VERSION};"
        );
        let made = match is_new {
            true => connection.execute_batch(&format!(
                "BEGIN IMMEDIATE; {tables} PRAGMA application_id = {APPLICATION}; {finish} COMMIT;"
            )),
            false => older::bring_up_to_date(&mut connection, version, &tables, &finish),
        };
        made.map_err(database)?;
    }
    Ok((connection, lock, file))
}

/// Opens a store to note something in it beside whoever records, where there is one.
pub(crate) fn open_beside(file: &Path) -> Result<Connection, StoreError> {
    File::open(file).map_err(|error| StoreError::io(file, error))?;
    let database = |error| StoreError::database(file, error);
    let connection =
        Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(database)?;
    connection.busy_timeout(PATIENCE).map_err(database)?;
    match version_of(&connection, file)? {
        VERSION => {}
        older => return Err(StoreError::new(file, Fault::Older(older))),
    }
    connection.execute_batch("PRAGMA synchronous = NORMAL;").map_err(database)?;
    Ok(connection)
}

/// Returns whether a recorder writes to the store in a folder, or the file of one.
///
/// # Errors
/// When that cannot be found out.
pub fn is_recording(path: &Path) -> Result<bool, StoreError> {
    let file = file_of(path);
    let lock = match open_lock(&file, false) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        opened => opened.map_err(|error| StoreError::io(&file, error))?,
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(std::fs::TryLockError::WouldBlock) => Ok(true),
        Err(std::fs::TryLockError::Error(error)) => Err(StoreError::io(&file, error)),
    }
}

/// Makes the file of the database, which may be a link to another place.
fn make_file(file: &Path) -> std::io::Result<()> {
    match file.try_exists()? {
        true => Ok(()),
        false => options().write(true).create_new(true).open(file).map(drop),
    }
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(FOLDER_MODE);
    }
    builder.create(folder)
}

/// Opens a store for reading. One on a medium that cannot be written to, without a recorder, is read as it lies.
///
/// Returns how much work it may take as well.
pub(crate) fn open_to_read(path: &Path) -> Result<(Connection, PathBuf, Budget), StoreError> {
    let file = file_of(path);
    // What SQLite says of a file that is not there is that it is unable to open it.
    let found = File::open(&file).and_then(|file| file.metadata());
    let found = found.map_err(|error| StoreError::io(&file, error))?;
    let bytes = found.len() + journal_of(&file).metadata().map_or(0, |journal| journal.len());
    let open = |path: &Path, flags| {
        let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | flags)?;
        connection.busy_timeout(PATIENCE)?;
        guard(&mut connection, bytes)?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok::<_, rusqlite::Error>(connection)
    };
    let database = |error| StoreError::database(&file, error);
    let connection = match open(&file, OpenFlags::empty()) {
        Ok(connection) => connection,
        Err(error) => {
            let has_journal = journal_of(&file).metadata().is_ok_and(|it| it.len() > 0);
            let cannot_open = error.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen);
            match immutable(&file).filter(|_| cannot_open && !has_journal) {
                Some(uri) => open(Path::new(&uri), OpenFlags::SQLITE_OPEN_URI).map_err(database)?,
                None => return Err(database(error)),
            }
        }
    };
    let version = version_of(&connection, &file)?;
    has_tables_of(&connection, version, &file)?;
    if version < VERSION {
        older::read_as_now(&connection, version).map_err(database)?;
    }
    Ok((connection, file, Budget::of(bytes)))
}

/// Refuses what does not have the tables of its version, or has anything else.
fn has_tables_of(connection: &Connection, version: i64, file: &Path) -> Result<(), StoreError> {
    match older::is_of(connection, &tables(version)).map_err(|error| StoreError::database(file, error))? {
        true => Ok(()),
        false => Err(StoreError::new(file, Fault::NotAStore)),
    }
}

/// Returns the write-ahead log of a database.
fn journal_of(file: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(file);
    name.push("-wal");
    name.into()
}

/// Returns the URI by which SQLite reads a file that nobody changes.
fn immutable(file: &Path) -> Option<String> {
    let mut uri = String::from("file:");
    for byte in file.to_str()?.bytes() {
        match byte {
            b'?' | b'#' | b'%' => uri.push_str(&format!("%{byte:02x}")),
            byte => uri.push(char::from(byte)),
        }
    }
    uri.push_str("?immutable=1");
    file.to_str().filter(|text| text.is_ascii()).map(|_| uri)
}

/// Returns the version of the tables, and refuses what this version of the program would misread.
fn version_of(connection: &Connection, file: &Path) -> Result<i64, StoreError> {
    let number = |name: &str| {
        connection
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, i64>(0))
            .map_err(|error| StoreError::database(file, error))
    };
    if number("application_id")? != APPLICATION {
        return Err(StoreError::new(file, Fault::NotAStore));
    }
    match number("user_version")? {
        known @ 1..=VERSION => Ok(known),
        newer if newer > VERSION => Err(StoreError::new(file, Fault::Newer(newer))),
        _ => Err(StoreError::new(file, Fault::NotAStore)),
    }
}

/// A number as SQLite has it, and back: the same bits.
pub(crate) fn signed(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) fn unsigned(number: i64) -> u64 {
    number.cast_unsigned()
}

/// Writes one row with a statement whose last parameters are the columns of [`Field`].
pub(crate) fn insert_row(statement: &mut Statement<'_>, before: &[i64], row: &Row) -> rusqlite::Result<()> {
    let mut addresses: Vec<[u8; ADDRESS]> = Vec::with_capacity(2);
    let values = row.values(|address| {
        addresses.push(address_bytes(address));
        addresses.len() as u64
    });
    let numbers: Vec<i64> = values.iter().map(|value| signed(*value)).collect();
    let mut parameters: Vec<&dyn ToSql> = before.iter().map(|number| number as &dyn ToSql).collect();
    const NULL: Option<i64> = None;
    for (field, number) in Field::ALL.into_iter().zip(&numbers) {
        let place = usize::try_from(*number).ok().and_then(|number| number.checked_sub(1));
        parameters.push(match field {
            Field::Local | Field::Remote => match place.and_then(|place| addresses.get(place)) {
                Some(address) => address,
                None => &NULL,
            },
            _ => number,
        });
    }
    statement.execute(parameters.as_slice())?;
    Ok(())
}

/// Reads one row, whose columns begin at `first`.
pub(crate) fn read_row(from: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Row> {
    let mut addresses: Vec<Address> = Vec::with_capacity(2);
    let mut values: Values = [0; Field::ALL.len()];
    for (field, value) in Field::ALL.into_iter().zip(&mut values) {
        let at = first + field.number();
        *value = match field {
            Field::Local | Field::Remote => match from.get::<_, Option<[u8; ADDRESS]>>(at)? {
                Some(bytes) => {
                    addresses.push(address_of(&bytes));
                    addresses.len() as u64
                }
                None => 0,
            },
            _ => unsigned(from.get(at)?),
        };
    }
    Ok(Row::from_values(&values, |number| {
        addresses.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }))
}
