//! What a summary tells.

use crate::gap::Gap;
use crate::row::Address;
use netstat_model::IpEndpoint;
use netstat_model::history::EndReason;
use std::ffi::OsString;
use std::time::SystemTime;

/// The points of the lines that [`Summary`] has.
pub const POINTS: usize = 48;

/// Bytes and connections of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// How many connections ended.
    pub ends: u64,
    /// Bytes sent and acknowledged, of those of which that is known.
    pub sent: u64,
    /// Bytes received, likewise.
    pub received: u64,
}

impl Traffic {
    pub(crate) fn add(&mut self, other: Self) {
        self.ends += other.ends;
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
    }

    /// Returns the bytes of both ways.
    pub fn bytes(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }
}

/// Connections that ended in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How.
    pub reason: EndReason,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
    /// The remote end; of connections that came in, that of this host.
    pub end: IpEndpoint,
    /// Whether they came in.
    pub came_in: bool,
    /// How many.
    pub ends: u64,
}

/// Many short connections within a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// The begin of the minute.
    pub minute: SystemTime,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
    /// The remote end; of connections that came in, that of this host.
    pub end: IpEndpoint,
    /// Whether they came in.
    pub came_in: bool,
    /// How many.
    pub ends: u64,
    /// How most of them ended, and how many that are.
    pub reason: EndReason,
    /// See [`reason`](Self::reason).
    pub alike: u64,
}

/// Something that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// The local end.
    pub local: IpEndpoint,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
}

/// What happened in a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// All connections that ended.
    pub total: Traffic,
    /// How many of them never were connections.
    pub failed: u64,
    /// Each program that had connections, the one with the most bytes first; `None` for those whose process is unknown.
    pub processes: Vec<(Option<OsString>, Traffic)>,
    /// Each remote address, likewise.
    pub remotes: Vec<(Address, Traffic)>,
    /// What failed or was reset, the most frequent first.
    pub failures: Vec<Failure>,
    /// Storms of short connections, the largest first.
    pub storms: Vec<Storm>,
    /// Addresses that there was no connection with at any time of the day before; `None` if the history does not have that
    /// day. Those that no connection with has ended are still open.
    pub new_remotes: Option<Vec<(Address, Traffic)>>,
    /// Listeners that were not there at any time of the day before, likewise.
    pub new_listeners: Option<Vec<Listener>>,
    /// How many ends were in CLOSE_WAIT, at moments of the same distance.
    pub close_wait: Vec<u64>,
    /// The same of each program that had any, by its name; `None` for unknown ones.
    pub unclosed: Vec<(Option<OsString>, Vec<u64>)>,
    /// How many were in TIME_WAIT.
    pub time_wait: Vec<u64>,
    /// What could not be read.
    pub damaged: Vec<Gap>,
}
