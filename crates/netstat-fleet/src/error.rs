//! Why a server could not be asked or sent to.

use std::fmt;
use std::io;

/// What failed between this program and a server.
#[derive(Debug)]
pub enum FleetError {
    /// It could not be reached, or the connection broke.
    Away(String),
    /// It refused the user or the password.
    Denied(String),
    /// It said this instead of an answer: the number of its error, and the text of it.
    Refused(u32, String),
    /// The database has no tables of this program.
    NoTables(String),
    /// The tables lack these columns, without which nothing can be kept.
    OtherTables(String),
    /// What it answered makes no sense.
    Garbled,
    /// The question was taken back.
    Cancelled,
    /// More rows match than may be fetched: how many, and how many may.
    TooMany(u64, u64),
    /// The history on this side could not be read or written.
    Store(netstat_store::StoreError),
}

impl From<netstat_store::StoreError> for FleetError {
    fn from(error: netstat_store::StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<io::Error> for FleetError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidData => Self::Garbled,
            _ => Self::Away(error.to_string()),
        }
    }
}

/// What is wrong, for logs; what the server said is text from outside.
impl fmt::Display for FleetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(why) => write!(f, "the server does not answer: {why}"),
            Self::Denied(why) => write!(f, "the server refuses the user: {why}"),
            Self::Refused(_, why) => write!(f, "the server refuses: {why}"),
            Self::NoTables(database) => write!(f, "the database {database} has no tables of netstat"),
            Self::OtherTables(lacks) => write!(f, "the tables lack what has to be there: {lacks}"),
            Self::Garbled => f.write_str("what the server answers makes no sense"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::TooMany(rows, most) => write!(f, "{rows} connections match, more than {most}"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FleetError {}
