//! What is counted while metrics are sent.

use crate::metric::{Kind, Label, Metric, Unit, Values};
use std::sync::atomic::{AtomicU64, Ordering};

static EXPORTS: Metric = Metric {
    name: "netstat.otlp.exports",
    kind: Kind::Counter,
    unit: Unit::Of("{request}"),
    help: "What was sent to the collector of --otlp: taken (sent), or given up (failed).",
};

static RESENT: Metric = Metric {
    name: "netstat.otlp.resent",
    kind: Kind::Counter,
    unit: Unit::Of("{request}"),
    help: "How often something was sent to the collector again, because it was busy or could not be reached.",
};

static REJECTED: Metric = Metric {
    name: "netstat.otlp.rejected",
    kind: Kind::Counter,
    unit: Unit::Of("{item}"),
    help: "What the collector has rejected of requests that it took.",
};

static RECORDS: Metric = Metric {
    name: "netstat.otlp.log_records",
    kind: Kind::Counter,
    unit: Unit::Of("{record}"),
    help: "Ended connections that were sent as log records, of --logs; one that was sent twice counts twice.",
};

/// All of them.
pub(crate) static ALL: &[&Metric] = &[&EXPORTS, &RESENT, &REJECTED, &RECORDS];

/// What was counted while sending.
#[derive(Debug, Default)]
pub struct SendingCounts {
    sent: AtomicU64,
    failed: AtomicU64,
    resent: AtomicU64,
    rejected: AtomicU64,
    records: AtomicU64,
}

impl SendingCounts {
    /// Counts a request that was taken, but for so much of it.
    pub(crate) fn note_sent(&self, rejected: u64) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.rejected.fetch_add(rejected, Ordering::Relaxed);
    }

    /// Counts log records that were sent.
    pub fn note_records(&self, count: usize) {
        self.records.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Counts a request that was given up.
    pub(crate) fn note_failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an attempt after the first one.
    pub(crate) fn note_resent(&self) {
        self.resent.fetch_add(1, Ordering::Relaxed);
    }
}

/// Returns what was counted while sending.
pub(crate) fn values(counts: &SendingCounts) -> Vec<Values> {
    let read = |count: &AtomicU64| Some(count.load(Ordering::Relaxed));
    let mut exports = Values::new(&EXPORTS);
    exports.add([(Label::Outcome, "sent")], read(&counts.sent));
    exports.add([(Label::Outcome, "failed")], read(&counts.failed));
    vec![
        exports,
        Values::one(&RESENT, read(&counts.resent)),
        Values::one(&REJECTED, read(&counts.rejected)),
        Values::one(&RECORDS, read(&counts.records)),
    ]
}
