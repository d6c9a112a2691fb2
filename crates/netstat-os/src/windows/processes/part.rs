//! Properties of one process, and the reasons why Windows does not report them.

use crate::windows::memory::{Memory, u64_at};
use crate::windows::source::{Part, Question, Source};
use crate::windows::win32_error::{ACCESS_DENIED, INVALID_PARAMETER, number};
use netstat_model::{Missing, ProcessKey};
use std::io;

/// Offset of the property, after the creation time of the process.
pub(super) const START: usize = 8;

/// Reads a property of a process, never of a successor with the same PID.
pub(super) fn part(source: &dyn Source, id: ProcessKey, part: Part) -> Result<Memory, Missing> {
    let answer = source.ask(&Question::Process(id.pid, part)).map_err(|error| missing(&error))?;
    match u64_at(answer.bytes(), 0) {
        Some(started) if started == id.start_time => Ok(answer),
        Some(_) => Err(Missing::Gone),
        None => Err(Missing::Unreadable),
    }
}

/// Converts the error of a function to the reason for missing data.
pub(super) fn missing(error: &io::Error) -> Missing {
    match number(error) {
        Some(ACCESS_DENIED) => Missing::NotPermitted,
        Some(INVALID_PARAMETER) => Missing::Gone,
        _ => Missing::Unreadable,
    }
}
