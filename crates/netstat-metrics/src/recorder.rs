//! What the recorder of this machine counts.

use crate::metric::{Kind, Label, Metric, Unit, Values};
use std::time::{SystemTime, UNIX_EPOCH};

/// What a recorder tells of itself, as `netstat record --status` shows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorder {
    /// Whether one is running.
    pub running: bool,
    /// When it told this.
    pub at: Option<SystemTime>,
    /// The end of the oldest connection that is kept.
    pub oldest: Option<SystemTime>,
    /// The size of the history, in bytes.
    pub bytes: u64,
    /// Connections in it.
    pub kept: u64,
    /// Connections that are open.
    pub open: u64,
    /// Connections that have opened since it began.
    pub opened: u64,
    /// Connections that have ended since it began, those among them that were there before.
    pub ended: u64,
    /// What the kernel's buffer had no room for: ends, begins, processes, half-closed connections.
    pub lost: [u64; 4],
    /// Connections whose end the kernel never told.
    pub unseen: u64,
    /// Ends that were noticed late.
    pub late: u64,
    /// Runs of the kernel's programs that were skipped.
    pub skipped: u64,
    /// Of these, those that were made up for.
    pub saved: u64,
    /// Sockets that could not be followed for lack of memory.
    pub not_followed: u64,
    /// How often the history could not be written.
    pub failed_writes: u64,
}

/// What [`Recorder::lost`] counts, in its order.
const LOST: [&str; 4] = ["ends", "begins", "processes", "half_closed"];

macro_rules! metrics {
    ($($name:ident = $kind:ident, $metric:literal, $unit:expr, $help:literal;)*) => {
        $(pub(crate) static $name: Metric =
            Metric { name: $metric, kind: Kind::$kind, unit: $unit, help: $help };)*
        /// All of them.
        pub(crate) static ALL: &[&Metric] = &[$(&$name),*];
    };
}

metrics! {
    RUNNING = Gauge, "netstat.recorder.running", Unit::Truth,
        "Whether a recorder writes to the history (1) or has stopped (0). Without a history there is no value.";
    STATUS = Gauge, "netstat.recorder.status_timestamp", Unit::Seconds,
        "When the recorder told the values below, in seconds since 1970: every few seconds while it runs.";
    BYTES = Gauge, "netstat.recorder.history", Unit::Bytes, "The size of the history.";
    KEPT = Gauge, "netstat.recorder.history_connections", Unit::Of("{connection}"), "Ended connections in the history.";
    OLDEST = Gauge, "netstat.recorder.oldest_timestamp", Unit::Seconds,
        "The end of the oldest connection in the history, in seconds since 1970.";
    OPEN = Gauge, "netstat.recorder.open_connections", Unit::Of("{connection}"), "Connections and listeners that the recorder sees open.";
    OPENED = Counter, "netstat.recorder.connections_opened", Unit::Of("{connection}"), "Connections that have opened since the recorder began.";
    ENDED = Counter, "netstat.recorder.connections_ended", Unit::Of("{connection}"),
        "Connections that have ended since the recorder began, those among them that were open before.";
    LOSSES = Counter, "netstat.recorder.lost_events", Unit::Of("{event}"),
        "Events that the kernel had no room for, by what they were of. The history has a gap there.";
    UNSEEN = Counter, "netstat.recorder.unseen_ends", Unit::Of("{connection}"), "Connections whose end was never told.";
    LATE = Counter, "netstat.recorder.late_ends", Unit::Of("{connection}"), "Ends that were noticed late.";
    SKIPPED = Counter, "netstat.recorder.skipped_runs", Unit::Of("{run}"),
        "Runs of the recorder's programs that the kernel skipped and that were not made up for.";
    NOT_FOLLOWED = Counter, "netstat.recorder.not_followed", Unit::Of("{socket}"), "Sockets that there was no memory to follow.";
    FAILED_WRITES = Counter, "netstat.recorder.failed_writes", Unit::Of("{write}"), "How often the history could not be written.";
}

/// Returns what is known of a recorder.
pub(crate) fn values(recorder: &Recorder) -> Vec<Values> {
    let time = |metric: &'static Metric, at: Option<SystemTime>| {
        let mut values = Values::new(metric);
        if let Some(since) = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()) {
            values.add_real([], since.as_secs_f64());
        }
        values
    };
    let mut lost = Values::new(&LOSSES);
    for (what, count) in LOST.into_iter().zip(recorder.lost) {
        lost.add([(Label::What, what)], Some(count));
    }
    let one = |metric, value| Values::one(metric, Some(value));
    vec![
        one(&RUNNING, recorder.running.into()),
        time(&STATUS, recorder.at),
        one(&BYTES, recorder.bytes),
        one(&KEPT, recorder.kept),
        time(&OLDEST, recorder.oldest),
        one(&OPEN, recorder.open),
        one(&OPENED, recorder.opened),
        one(&ENDED, recorder.ended),
        lost,
        one(&UNSEEN, recorder.unseen),
        one(&LATE, recorder.late),
        one(&SKIPPED, recorder.skipped.saturating_sub(recorder.saved)),
        one(&NOT_FOLLOWED, recorder.not_followed),
        one(&FAILED_WRITES, recorder.failed_writes),
    ]
}
