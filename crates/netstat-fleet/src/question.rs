//! [`Question`]: what is asked of a fleet.

use netstat_engine::filter::Filter;
use netstat_store::Span;
use std::time::SystemTime;

/// What of the past is asked about.
#[derive(Debug, Clone, Copy)]
pub enum Asked {
    /// The table of a moment.
    Table(SystemTime),
    /// What ended in a span, and what was open at its end.
    Span(Span),
}

/// Some rows of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct First {
    /// The column that they are sorted by, by its name in tables of connections; `None` for the order of their ends.
    pub by: Option<&'static str>,
    /// Whether the largest come first.
    pub descending: bool,
    /// How many; `None` for all, in that order.
    pub rows: Option<usize>,
}

impl First {
    /// Returns the column of the table; `None` where the server does not have it.
    pub(crate) fn column(self) -> Option<&'static str> {
        Some(match self.by {
            None | Some("ended") => "ended_us",
            Some("started") => "started_us",
            Some("lasted") => "lasted_us",
            Some("rtt") => "rtt_us",
            Some("min_rtt") => "min_rtt_us",
            Some("retrans") => "retransmits",
            Some("bytes_acked") => "bytes_sent",
            Some("bytes_received") => "bytes_received",
            Some("host") => "host",
            Some(_) => return None,
        })
    }
}

/// What is asked of a fleet.
pub struct Question<'f> {
    /// About when.
    pub asked: Asked,
    /// Which sockets; it is asked about what comes once more.
    pub filter: Option<&'f Filter>,
    /// Whether facts of processes are shown or tested.
    pub wants_processes: bool,
    /// The columns that rows are counted by, where no row is wanted.
    pub groups: Option<&'f [&'static netstat_engine::columns::Column]>,
    /// Which rows are wanted, where not all are.
    pub first: Option<First>,
    /// The most rows that may come.
    pub most: u64,
    /// The time of whoever asks.
    pub now: SystemTime,
}
