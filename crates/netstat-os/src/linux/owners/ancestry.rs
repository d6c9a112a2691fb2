//! Which of several processes is the ancestor of the others.

use crate::linux::source::Source;
use crate::linux::stat::fetch_stat;
use netstat_model::{Owner, ProcessId};
use rustc_hash::FxHashMap;

/// How many generations are climbed at most. A tree this deep is odd; one without an end is a broken recording.
const GENERATIONS: usize = 256;

/// A process on the way up.
#[derive(Debug, Clone, Copy)]
struct Kin {
    parent: u32,
    start_time: u64,
}

/// Processes already climbed through.
pub(super) struct Ancestry<'a> {
    source: &'a dyn Source,
    known: FxHashMap<u32, Option<Kin>>,
    buffer: Vec<u8>,
}

impl<'a> Ancestry<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, known: FxHashMap::default(), buffer: Vec::new() }
    }

    /// Puts first the owner that is the ancestor of all others, else the oldest; the others follow by age. Those that
    /// started in the same clock tick are ordered by number.
    pub(super) fn put_principal_first(&mut self, owners: &mut [Owner]) {
        if owners.len() < 2 {
            return;
        }
        for owner in &*owners {
            if let Some(parent) = owner.parent {
                let start_time = owner.process.start_time;
                self.known.insert(owner.process.pid, Some(Kin { parent, start_time }));
            }
        }
        owners.sort_unstable_by_key(|owner| owner.process);
        let ancestor = self.common_ancestor(owners);
        owners.sort_unstable_by_key(|owner| {
            let ProcessId { pid, start_time } = owner.process;
            (Some(owner.process) != ancestor, start_time, pid)
        });
    }

    /// The one of `owners`, which are sorted by process, that all others descend from.
    fn common_ancestor(&mut self, owners: &[Owner]) -> Option<ProcessId> {
        let mut common = None;
        for owner in owners {
            let highest = self.highest(owner, owners);
            if *common.get_or_insert(highest) != highest {
                return None;
            }
        }
        common
    }

    /// The farthest ancestor of `owner` that is an owner too; itself where there is none. Processes between the two
    /// need not be owners.
    fn highest(&mut self, owner: &Owner, owners: &[Owner]) -> ProcessId {
        let mut highest = owner.process;
        let Some(parent) = owner.parent else { return highest };
        let mut child = Kin { parent, start_time: owner.process.start_time };
        for _ in 0..GENERATIONS {
            let pid = child.parent;
            let Some(kin) = self.kin(pid) else { break };
            // A parent is never younger: this one got the number of one that has ended.
            if kin.start_time > child.start_time {
                break;
            }
            let process = ProcessId { pid, start_time: kin.start_time };
            if owners.binary_search_by_key(&process, |owner| owner.process).is_ok() {
                highest = process;
            }
            child = kin;
        }
        highest
    }

    fn kin(&mut self, pid: u32) -> Option<Kin> {
        if pid == 0 {
            return None;
        }
        let (source, buffer) = (self.source, &mut self.buffer);
        *self.known.entry(pid).or_insert_with(|| {
            let process = source.process(pid).ok()?;
            let stat = fetch_stat(process.as_ref(), buffer).ok()?;
            Some(Kin { parent: stat.parent, start_time: stat.start_time })
        })
    }
}
