//! The meaning of what was typed after `netstat capture`.

use super::{Colour, Connections, Layout, past};
use crate::options::Arguments;
use netstat_engine::columns::Column;
use std::path::PathBuf;
use std::time::Duration;

/// What `netstat capture` does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Capture {
    /// Capture.
    Live(Capturing),
    /// Show the connections of a capture.
    Read {
        /// The file.
        file: PathBuf,
        /// How rows are shown.
        table: Box<Connections>,
    },
}

impl Capture {
    /// Returns true if it is written as data.
    pub(super) fn is_data(&self) -> bool {
        matches!(self, Self::Read { table, .. } if matches!(table.form, Layout::Data(..)))
    }
}

/// What is captured, and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Capturing {
    /// The file to write; `None` to print a line for each packet.
    pub(crate) write: Option<PathBuf>,
    /// How long to capture; `None` until somebody ends it.
    pub(crate) duration: Option<Duration>,
    /// How many bytes the file may have.
    pub(crate) max_size: Option<u64>,
    /// How many files make a ring.
    pub(crate) files: Option<usize>,
    /// How many bytes of each packet are kept; `None` for all.
    pub(crate) snap: Option<usize>,
    /// Whether only headers are kept.
    pub(crate) headers: bool,
    /// Whether names that packets hold are told.
    pub(crate) names: bool,
    /// Whether the readable start of what each end sends is printed.
    pub(crate) follow_text: bool,
}

/// The columns that a capture has values for, in the order in which data formats show them.
const TOLD: [&str; 25] = [
    "started",
    "started_before",
    "ended",
    "lasted",
    "reason",
    "side",
    "proto",
    "local",
    "laddr",
    "lport",
    "foreign",
    "raddr",
    "rport",
    "country",
    "state",
    "first_fin",
    "pid",
    "process",
    "unit",
    "min_rtt",
    "retrans",
    "bytes_acked",
    "bytes_received",
    "app",
    "name",
];

/// One more, which is shown only where it is named.
const TOLD_TOO: &str = "network";

/// Returns whether a capture has values for a column.
pub(crate) fn is_told(column: &Column) -> bool {
    TOLD.contains(&column.name) || column.name == TOLD_TOO
}

/// Interprets what was typed after `netstat capture`.
pub(super) fn settings(arguments: &Arguments, colour: Colour) -> Capture {
    let typed = &arguments.capture;
    if let Some(file) = &typed.read {
        let table = Box::new(past::table(arguments, colour, &TOLD));
        return Capture::Read { file: file.clone(), table };
    }
    Capture::Live(Capturing {
        write: typed.write.clone(),
        duration: arguments.lasts,
        max_size: typed.max_size,
        files: typed.files,
        snap: typed.snap,
        headers: typed.headers,
        names: typed.names,
        follow_text: typed.follow_text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_engine::columns;

    #[test]
    fn the_columns_of_a_capture_exist() {
        let told = columns::ALL.iter().filter(|column| is_told(column)).count();
        assert_eq!(told, TOLD.len() + 1);
        let alone = columns::ALL.iter().filter(|column| is_told(column) && !past::is_kept(column));
        assert_eq!(alone.map(|column| column.name).collect::<Vec<_>>(), ["app", "name"]);
    }
}
