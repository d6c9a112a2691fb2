//! Why a store could not be opened, read or written.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What failed, with the file it failed on.
#[derive(Debug)]
pub struct StoreError {
    /// The file or folder that was named.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a store.
#[derive(Debug)]
pub enum Fault {
    /// There is no such file, or the folder holds none.
    Missing,
    /// It is another kind of file.
    NotAStore,
    /// It was written by a newer version, with this number.
    Newer(i64),
    /// It was written by an older version, with this number, and is only read until a recorder has brought it up to date.
    Older(i64),
    /// Reading it takes more work than a history of its size can need.
    TooMuch,
    /// Its clock is damaged: no moment of it has a time of day.
    Undated,
    /// It was removed, or another file is in its place, while it was being written.
    Gone,
    /// Another recorder writes to it.
    InUse,
    /// Another program sends from it to the same place.
    Sending,
    /// The disk is full.
    Full,
    /// It may not be opened.
    NotPermitted,
    /// The system refused it.
    Io(io::Error),
    /// The database did.
    Database(rusqlite::Error),
}

impl StoreError {
    pub(crate) fn new(path: &Path, fault: Fault) -> Self {
        Self { path: path.to_owned(), fault }
    }

    pub(crate) fn io(path: &Path, error: io::Error) -> Self {
        let fault = match error.kind() {
            io::ErrorKind::NotFound => Fault::Missing,
            io::ErrorKind::PermissionDenied => Fault::NotPermitted,
            io::ErrorKind::StorageFull => Fault::Full,
            _ => Fault::Io(error),
        };
        Self::new(path, fault)
    }

    pub(crate) fn database(path: &Path, error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let fault = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Fault::NotAStore,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::InUse,
            Some(ErrorCode::DiskFull) => Fault::Full,
            Some(ErrorCode::OperationInterrupted) => Fault::TooMuch,
            Some(ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => Fault::NotPermitted,
            _ => Fault::Database(error),
        };
        Self::new(path, fault)
    }
}

/// The fault in words, without the path, which is text from outside.
impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Missing => f.write_str("there is no history"),
            Fault::NotAStore => f.write_str("it is not a history that this program wrote"),
            Fault::Newer(version) => {
                write!(f, "it was written by a newer version of this program (schema {version})")
            }
            Fault::Older(version) => {
                write!(
                    f,
                    "it was written by an older version of this program (schema {version}): the next netstat record brings it up to date"
                )
            }
            Fault::TooMuch => f.write_str(
                "reading it takes more work than a history of its size can need: it was tampered with",
            ),
            Fault::Undated => {
                f.write_str("its clock is damaged, so that nobody can tell when anything happened")
            }
            Fault::Gone => f.write_str("it was removed while it was being written"),
            Fault::InUse => f.write_str("another program is writing to it"),
            Fault::Sending => f.write_str("another program sends from it to the same place"),
            Fault::Full => f.write_str("the disk is full"),
            Fault::NotPermitted => f.write_str("it may not be opened by this user"),
            Fault::Io(error) => write!(f, "{}", netstat_model::error::words_of(error)),
            Fault::Database(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StoreError {}
