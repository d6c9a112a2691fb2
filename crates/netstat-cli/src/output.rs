//! The one writer of standard output, and what is said on standard error.

use crate::options::one_line;
use netstat_core::Warning;
use netstat_core::error::words_of;
use netstat_core::filter::FilterError;
use std::io::{self, ErrorKind, Write};

/// Whether there is somebody left to write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Go on.
    Listening,
    /// The pipe is closed: nobody reads on, and that is success.
    Gone,
}

/// Writes a text to standard output, all of it.
///
/// # Errors
/// What failed and why, as a line for people. A closed pipe is no error.
pub(crate) fn text(text: &[u8]) -> Result<Reader, String> {
    let mut out = io::stdout().lock();
    outcome(out.write_all(text).and_then(|()| out.flush()))
}

/// What it means that standard output was written, or was not.
///
/// # Errors
/// What failed and why, as a line for people. A closed pipe is no error.
pub(crate) fn outcome(written: io::Result<()>) -> Result<Reader, String> {
    match written {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(format!("cannot write to standard output: {}", words_of(&error))),
    }
}

/// One line on standard error. Where that is closed too, the exit code has to say it all.
///
/// The line may hold what others wrote, a recording from elsewhere among them, so nothing in it is left that moves
/// the cursor of a terminal.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "netstat: {}", one_line(line));
}

/// A line on standard error as Windows says it, without the name of this program.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Why the program cannot do what was asked: one line, and where the fault is in a filter, lines that point at it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) line: String,
    pub(crate) filter: Option<FilterError>,
}

impl From<String> for Trouble {
    fn from(line: String) -> Self {
        Self { line, filter: None }
    }
}

impl Trouble {
    /// Says it on standard error.
    pub(crate) fn say(&self) {
        complain(&self.line);
        if let Some(error) = &self.filter {
            for line in error.to_string().lines() {
                let _ = writeln!(io::stderr(), "  {line}");
            }
        }
    }
}

/// Warnings, each said once however often the report is repeated.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    said: Vec<Warning>,
}

impl Warnings {
    /// Says what has not been said yet.
    pub(crate) fn say(&mut self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if !self.said.iter().any(|said| warning.repeats(said)) {
                complain(&warning.to_string());
                self.said.push(warning);
            }
        }
    }
}
