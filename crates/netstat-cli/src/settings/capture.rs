//! The meaning of what was typed after `netstat capture`.

use crate::options::Arguments;
use std::path::PathBuf;
use std::time::Duration;

/// What `netstat capture` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capture {
    /// The file to write; `None` to print a line for each packet.
    pub(crate) write: Option<PathBuf>,
    /// How long to capture; `None` until somebody ends it.
    pub(crate) duration: Option<Duration>,
    /// How many bytes the file may have.
    pub(crate) max_size: Option<u64>,
    /// How many bytes of each packet are kept; `None` for all.
    pub(crate) snap: Option<usize>,
    /// Whether only headers are kept.
    pub(crate) headers: bool,
}

/// Interprets what was typed after `netstat capture`.
pub(super) fn settings(arguments: &Arguments) -> Capture {
    let typed = &arguments.capture;
    Capture {
        write: typed.write.clone(),
        duration: typed.duration,
        max_size: typed.max_size,
        snap: typed.snap,
        headers: typed.headers,
    }
}
