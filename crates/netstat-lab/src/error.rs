//! What can go wrong in the laboratory: it is not allowed here, or it failed.

use std::{fmt, io};

/// Why a test cannot run on this machine. Not a failure of the code under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// What is missing and what to do about it.
    pub reason: String,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

/// An error of the laboratory itself.
#[derive(Debug)]
pub enum LabError {
    /// This machine does not permit or offer what the test needs: skip the test.
    Unavailable(Skip),
    /// The laboratory should have worked and did not: fail the test.
    Failed {
        /// What was being done.
        doing: String,
        /// What the operating system, or the other end, answered.
        source: io::Error,
    },
}

impl LabError {
    /// A reason to skip.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(Skip { reason: reason.into() })
    }

    /// A failure that has no error of the operating system behind it.
    pub(crate) fn failed(doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Failed { doing: doing.into(), source: io::Error::other(why.into()) }
    }
}

impl fmt::Display for LabError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(skip) => skip.fmt(f),
            Self::Failed { doing, source } => write!(f, "cannot {doing}: {source}"),
        }
    }
}

impl std::error::Error for LabError {}

/// The result of every call of the laboratory.
pub type Result<T> = std::result::Result<T, LabError>;

/// Adds what was being done to an error of the operating system.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "cannot ...".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Doing<T> for std::result::Result<T, E> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| LabError::Failed { doing: doing(), source: source.into() })
    }
}
