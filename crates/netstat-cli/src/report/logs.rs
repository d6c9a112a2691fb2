//! Connections that ended, sent as log records of OpenTelemetry: what a recorder keeps, a stretch of time after the other.

use super::collector::complaint;
use super::past::{open, store_error};
use netstat_engine::text::Text;
use netstat_metrics::{LogBatch, MOST_RECORDS, Resource, Sender, SendingCounts};
use netstat_model::{OwnershipRef, ProcessKey};
use netstat_store::{Preselection, Span};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A recorder keeps an end back for a moment, until its process is known; before that the stretch is not whole.
const LAG: Duration = Duration::from_secs(5);

/// The longest stretch that is sent at once: what was not taken to its end is sent again from its start.
const STRETCH: Duration = Duration::from_secs(60);

/// Sends what ended, from one moment on.
pub(super) struct Logs {
    store: PathBuf,
    sender: Sender,
    counts: Arc<SendingCounts>,
    /// Everything that ended before has been sent.
    sent: SystemTime,
}

impl Logs {
    pub(super) fn new(store: PathBuf, sender: Sender, since: SystemTime, counts: Arc<SendingCounts>) -> Self {
        Self { store, sender, counts, sent: since }
    }

    /// Sends what has ended since the last time, as far as the recorder has written it and there is time.
    ///
    /// # Errors
    /// Why not all of it went; the rest is sent the next time.
    pub(super) fn send(&mut self, resource: &Resource, until: Instant) -> Result<(), Text> {
        let reader = open(&self.store)?;
        // Before the first record nothing is known, and after the last one nothing yet.
        let Some((first, last)) = reader.reach() else { return Ok(()) };
        let Some(end) = last.checked_sub(LAG) else { return Ok(()) };
        self.sent = self.sent.max(first);
        if self.sent >= end {
            return Ok(());
        }
        let (processes, _) = reader.processes().map_err(|error| store_error(&error))?;
        while self.sent < end && Instant::now() < until {
            let next = end.min(self.sent + STRETCH);
            let span = Span { since: Some(self.sent), until: Some(next) };
            let mut batch = LogBatch::default();
            for gap in reader.gaps(&span).map_err(|error| store_error(&error))? {
                // One is known when it is over, and may have begun in a span that was sent.
                if self.sent <= gap.until && gap.until < next {
                    batch.add_gap(gap.from, gap.until, gap.lost, gap.cause);
                }
            }
            let mut failed = None;
            let read = reader.ends(&span, &Preselection::default(), &mut |socket| {
                let owner = OwnershipRef::from(&socket.ownership).principal();
                let process = owner.and_then(|owner| processes.get::<ProcessKey>(&owner.process));
                batch.add(socket, process);
                if batch.len() >= MOST_RECORDS {
                    failed = self.post(&mut batch, resource, until);
                }
                if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            read.map_err(|error| store_error(&error))?;
            if let Some(why) = failed.or_else(|| self.post(&mut batch, resource, until)) {
                return Err(why);
            }
            self.sent = next;
        }
        Ok(())
    }

    /// Sends a batch. Returns why that failed; what a collector rejects of it would be rejected again.
    fn post(&mut self, batch: &mut LogBatch, resource: &Resource, until: Instant) -> Option<Text> {
        if batch.is_empty() {
            return None;
        }
        let count = batch.len();
        let json = batch.take_json(resource, SystemTime::now());
        let sent = self.sender.send("/v1/logs", &json, until);
        if sent.is_ok() {
            self.counts.note_records(count);
            return None;
        }
        complaint(&sent)
    }
}
