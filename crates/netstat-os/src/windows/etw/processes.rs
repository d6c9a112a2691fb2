//! Which process has a number, and when: the events of connections name it by its number alone.

use crate::windows::processes::{self, Listed};
use crate::windows::source::Source;
use netstat_model::history::ProcessRecord;
use netstat_model::{Owner, ProcessKey};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::time::Duration;

/// So long a process is remembered that has ended: its connections may be told of later.
const KEEP: Duration = Duration::from_secs(10);

/// The most processes that are remembered; beyond it those that run are listed anew.
const MOST: usize = 1 << 16;

/// No process has these numbers: the idle process, and what stands where nobody knows.
const NOBODY: [u32; 2] = [0, u32::MAX];

struct Process {
    key: ProcessKey,
    parent: u32,
    /// Its image as the kernel told it, or its name in the list of processes.
    image: OsString,
    /// Whether it was in a list after events were lost or missing: then it may be younger than an event with its number.
    is_found: bool,
    ended: Option<Duration>,
}

/// The processes that run, and those that have just ended.
#[derive(Default)]
pub(super) struct Known {
    by_number: FxHashMap<u32, Process>,
    /// Whether the list was read since the last [`sweep`](Self::sweep).
    is_listed: bool,
}

impl Known {
    /// Lists the processes that run.
    pub(super) fn begin(source: &dyn Source) -> Self {
        let mut known = Self::default();
        known.list(source, false);
        known
    }

    fn list(&mut self, source: &dyn Source, is_found: bool) {
        self.is_listed = true;
        for Listed { id, parent, name } in processes::list(source).unwrap_or_default() {
            let is_known = self.by_number.get(&id.pid).is_some_and(|known| known.key == id);
            if !is_known {
                self.by_number
                    .insert(id.pid, Process { key: id, parent, image: name, is_found, ended: None });
            }
        }
    }

    pub(super) fn started(&mut self, key: ProcessKey, parent: u32, image: OsString) {
        self.by_number.insert(key.pid, Process { key, parent, image, is_found: false, ended: None });
    }

    pub(super) fn stopped(&mut self, key: ProcessKey, at: Duration) {
        if let Some(process) = self.by_number.get_mut(&key.pid).filter(|process| process.key == key) {
            process.ended = Some(at);
        }
    }

    /// Forgets everybody but those that run now: that some started or ended was lost.
    pub(super) fn lost(&mut self, source: &dyn Source) {
        self.by_number.clear();
        self.list(source, true);
    }

    /// Forgets those that ended long ago. For the end of each take.
    pub(super) fn sweep(&mut self, source: &dyn Source, now: Duration) {
        self.by_number.retain(|_, process| process.ended.is_none_or(|ended| now < ended + KEEP));
        if self.by_number.len() > MOST {
            self.lost(source);
        }
        self.is_listed = false;
    }

    /// Returns the process that had a number at a time, given as a `FILETIME` where that is known.
    pub(super) fn of(&mut self, source: &dyn Source, pid: u32, at: Option<u64>) -> Option<Owner> {
        if NOBODY.contains(&pid) {
            return None;
        }
        if !self.by_number.contains_key(&pid) && !self.is_listed {
            self.list(source, true);
        }
        let process = self.by_number.get(&pid)?;
        let may_be = !process.is_found || at.is_some_and(|at| process.key.start_time <= at);
        may_be.then_some(Owner { process: process.key, parent: Some(process.parent), descriptor: None })
    }

    /// Adds to a record what was told of the process, where it has ended before anybody could ask it.
    pub(super) fn complete(&self, record: &mut ProcessRecord) {
        let key = record.instance.process;
        let Some(process) = self.by_number.get(&key.pid).filter(|process| process.key == key) else { return };
        let image = process.image.to_string_lossy();
        if record.name.is_empty() {
            record.name = image.rsplit('\\').next().unwrap_or_default().as_bytes().into();
        }
        if record.executable.is_none() && image.contains('\\') {
            record.executable = Some(process.image.as_encoded_bytes().into());
        }
    }
}
