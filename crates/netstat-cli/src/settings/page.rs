//! What the command line means that asks for a page of what happened.

use crate::options::Arguments;
use netstat_engine::text::When;
use std::path::PathBuf;

/// A span of the past as a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Page {
    pub(crate) since: Option<When>,
    pub(crate) until: Option<When>,
    /// The history to read.
    pub(crate) store: PathBuf,
    /// Whether it was named.
    pub(crate) is_named: bool,
    /// The file to write; `None` for standard output.
    pub(crate) file: Option<PathBuf>,
}

/// Interprets `netstat report`.
pub(super) fn settings(arguments: &Arguments, store: PathBuf) -> Page {
    Page {
        since: arguments.history.since.clone(),
        until: arguments.history.until.clone(),
        store,
        is_named: arguments.store.is_some(),
        file: arguments.page.clone().filter(|file| file.as_os_str() != "-"),
    }
}
