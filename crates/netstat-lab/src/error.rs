//! Errors of the laboratory: something is not permitted on this machine, or something failed.

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
    /// This machine does not permit or have what the test needs: skip the test.
    Unavailable(Skip),
    /// The laboratory should have worked: fail the test.
    Failed {
        /// The action that failed.
        doing: String,
        /// The error of the operating system, or of the other end.
        source: io::Error,
    },
}

impl LabError {
    /// Makes a reason to skip.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(Skip { reason: reason.into() })
    }

    /// Makes a failure without an error of the operating system.
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

/// The result of the laboratory's functions.
pub type Result<T> = std::result::Result<T, LabError>;

/// Adds the failed action to an error of the operating system.
pub(crate) trait Doing<T> {
    /// `doing` completes the sentence "cannot ...".
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<io::Error>> Doing<T> for std::result::Result<T, E> {
    fn doing(self, doing: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| LabError::Failed { doing: doing(), source: source.into() })
    }
}
