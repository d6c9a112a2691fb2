//! The one writer of standard output, and what is said on standard error.

use crate::options::one_line;
use netstat_core::Warning;
use std::io::{self, ErrorKind, Write};

/// Whether there is somebody left to write for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Go on.
    Listening,
    /// The pipe is closed: nobody reads on, and that is success.
    Gone,
}

/// Writes one display to standard output, all of it.
///
/// # Errors
/// What the system said, but for a closed pipe.
pub(crate) fn display(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<Reader> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::Listening),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(error),
    }
}

/// One line on standard error. Where that is closed too, the exit code has to say it all.
///
/// The line may hold what others wrote, a recording from elsewhere among them, so nothing in it is left that moves
/// the cursor of a terminal.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "netstat: {}", one_line(line));
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
