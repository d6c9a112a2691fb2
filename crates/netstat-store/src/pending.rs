//! What a writer was told and has not yet written.

use crate::gap;
use crate::row::{ProcessId, Row};
use netstat_model::history::{GapCause, ProcessInstance, ProcessRecord, RecordGap};
use netstat_model::{IpEndpoint, Transport};
use rustc_hash::FxHashMap;
use std::time::Duration;

/// The most ends that wait for a disk that does not take them: two minutes at 10,000 a second take 200 MB.
const MOST: usize = 1_200_000;

/// The most processes that wait with all that is known of them, in a kilobyte each.
const MOST_PROCESSES: usize = 1 << 16;

/// Tells one open socket from all others.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Cookie(u64),
    /// Where its cookie is not known.
    Ends(Box<(Transport, IpEndpoint, Option<IpEndpoint>, Option<u64>)>),
}

impl Key {
    pub(crate) fn of(row: &Row) -> Self {
        match row.cookie {
            0 => Self::Ends(Box::new((row.transport, row.local, row.remote, row.namespace))),
            cookie => Self::Cookie(cookie),
        }
    }
}

/// What waits for the next commit.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    pub(crate) processes: Vec<(ProcessId, Box<ProcessRecord>)>,
    /// Processes that a connection named and nobody described.
    pub(crate) bare: Vec<(ProcessId, ProcessInstance)>,
    pub(crate) opened: FxHashMap<Key, Row>,
    pub(crate) ended: Vec<Row>,
    /// Rows of the table of open sockets that have ended: the number of each, and its place among those that ended.
    pub(crate) closed: Vec<(Key, i64, usize)>,
    pub(crate) gaps: Vec<RecordGap>,
    /// How many records of processes could not wait any longer.
    pub(crate) lost_processes: u64,
}

impl Pending {
    pub(crate) fn open(&mut self, mut row: Row) {
        let key = Key::of(&row);
        if let Some(earlier) = self.opened.get(&key) {
            row.complete_from(earlier);
        }
        self.opened.insert(key, row);
    }

    /// Adds an end. `open` is the number of its row in the table of open sockets.
    pub(crate) fn end(&mut self, mut row: Row, open: Option<i64>) {
        let key = Key::of(&row);
        if let Some(earlier) = self.opened.remove(&key) {
            row.complete_from(&earlier);
        }
        self.closed.extend(open.map(|id| (key, id, self.ended.len())));
        self.ended.push(row);
    }

    /// Adds a process. Of one too many its number is kept, as long as there is room for that.
    pub(crate) fn process(&mut self, id: ProcessId, record: Box<ProcessRecord>) {
        if self.processes.len() < MOST_PROCESSES {
            self.processes.push((id, record));
            return;
        }
        self.lost_processes += 1;
        self.bare(id, record.instance);
    }

    /// Adds a process of which nothing but its number is known.
    pub(crate) fn bare(&mut self, id: ProcessId, instance: ProcessInstance) {
        if self.bare.len() < MOST {
            self.bare.push((id, instance));
        }
    }

    /// Returns how many ends could not wait any longer.
    pub(crate) fn given_up(&self) -> u64 {
        self.gaps.iter().filter(|gap| gap.cause == GapCause::Store).filter_map(|gap| gap.lost).sum()
    }

    /// Lets go of what waits for too long, and counts it.
    pub(crate) fn bound(&mut self) {
        if self.ended.len() < MOST {
            return;
        }
        let ends = || self.ended.iter().map(Row::end);
        let time = |at: Option<u64>| Duration::from_micros(at.unwrap_or(0));
        let gap = RecordGap {
            boot_id: None,
            from: time(ends().min()),
            until: time(ends().max()),
            lost: u64::try_from(self.ended.len()).ok(),
            cause: GapCause::Store,
        };
        gap::push(&mut self.gaps, gap);
        self.ended.clear();
        for (_, _, place) in &mut self.closed {
            *place = usize::MAX;
        }
    }
}
