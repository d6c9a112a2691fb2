//! The one-line message about a command line that was not understood: the word, and what to type instead.

use netstat_engine::filter::FilterError;
use netstat_engine::text::quote::{one_line, quoted};
use std::ffi::{OsStr, OsString};
use std::fmt;

/// Why a command line was not understood, and what to type instead.
///
/// Displays as one line without control characters and without the `netstat: ` prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    line: String,
    /// The word that was not understood, if it may be the name of something on this machine.
    pub(crate) word: Option<OsString>,
    /// The lines that point at the error, if it is in a filter.
    pub(crate) filter: Option<Box<FilterError>>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.line)
    }
}

impl std::error::Error for Complaint {}

/// Makes a complaint of a formatted text, in which words are [`quoted`].
macro_rules! complaint {
    ($($text:tt)*) => { Complaint::new(format!($($text)*)) };
}
pub(super) use complaint;

impl Complaint {
    /// Makes a complaint of this text, in which words are [`quoted`]. Line breaks are escaped.
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        Self { line: one_line(text.as_ref()), word: None, filter: None }
    }

    /// Complains about an invalid filter.
    pub(super) fn filter(error: &FilterError) -> Self {
        let line = "the filter is not understood (netstat --help filter explains filters)".to_owned();
        let word = error.text.get(error.at..error.at.saturating_add(error.len));
        let word = word.filter(|word| !word.is_empty()).map(OsString::from);
        Self { line, word, filter: Some(Box::new(error.clone())) }
    }

    /// Adds to the line.
    pub(super) fn with(mut self, more: &str) -> Self {
        self.line.push_str(more);
        self
    }

    /// Adds the word that was not understood.
    pub(super) fn about(mut self, word: &OsStr) -> Self {
        self.word = Some(word.to_owned());
        self
    }

    /// Rewords a filter complaint for `netstat check`, where the words might have been names of checks.
    pub(super) fn of_check(mut self, without_names: bool) -> Self {
        if without_names && self.filter.is_some() {
            self.line =
                "neither checks nor a filter (netstat check --list shows the checks, netstat --help filter \
                         explains filters)"
                    .to_owned();
        }
        self
    }

    /// Complains about recording and replaying at once.
    pub(super) fn record_and_replay() -> Self {
        Self::new(
            "--record and --replay cannot be combined: type --record to write a recording, --replay to read one",
        )
    }

    /// Complains about a second number that is not part of the filter.
    pub(super) fn second_interval(word: &OsStr, first: u32, seconds: u32) -> Self {
        complaint!(
            "{} is a second interval after {first}: to stop after {seconds} displays type --count {seconds}",
            quoted(word)
        )
    }
}
