//! The order of several owners of a socket: the ancestor of the others first, but a service manager last.

use crate::linux::source::Source;
use crate::linux::stat::fetch_stat;
use netstat_model::{Owner, ProcessKey};
use rustc_hash::FxHashMap;

/// The limit on generations. No real tree is this deep, but a broken recording may have a cycle.
const GENERATIONS: usize = 256;

/// Parent and start time of a process.
#[derive(Debug, Clone, Copy)]
struct Kin {
    parent: u32,
    start_time: u64,
}

/// The process tree, as far as it was read.
pub(super) struct Ancestry<'a> {
    source: &'a dyn Source,
    known: FxHashMap<u32, Option<Kin>>,
    managers: FxHashMap<u32, bool>,
    buffer: Vec<u8>,
}

impl<'a> Ancestry<'a> {
    pub(super) fn new(source: &'a dyn Source) -> Self {
        Self { source, known: FxHashMap::default(), managers: FxHashMap::default(), buffer: Vec::new() }
    }

    /// Moves the owner that is the ancestor of all others, else the oldest, to the front. The others follow by age, and by
    /// process ID if they started in the same clock tick. A service manager that made the socket for a service (socket
    /// activation) and keeps it comes last: the service is what answers.
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
        self.sort(owners);
        // Only one: a manager gets no sockets from another.
        if let Some(first) = owners.first()
            && self.is_manager(first.process.pid)
        {
            owners.rotate_left(1);
            if let Some((_, services)) = owners.split_last_mut() {
                self.sort(services);
            }
        }
    }

    /// Sorts by age, but the owner that is the ancestor of all others comes first.
    fn sort(&mut self, owners: &mut [Owner]) {
        owners.sort_unstable_by_key(|owner| owner.process);
        let ancestor = self.common_ancestor(owners);
        owners.sort_unstable_by_key(|owner| {
            let ProcessKey { pid, start_time } = owner.process;
            (Some(owner.process) != ancestor, start_time, pid)
        });
    }

    /// Returns whether a process is systemd: that of the machine, of a container, or of a user. Any process may call itself
    /// `systemd`, so all but PID 1 need an executable of that name too.
    fn is_manager(&mut self, pid: u32) -> bool {
        let (source, buffer) = (self.source, &mut self.buffer);
        *self.managers.entry(pid).or_insert_with(|| {
            let Ok(process) = source.process(pid) else { return false };
            let is_named = process.read("comm", buffer).is_ok() && buffer.as_slice() == b"systemd\n";
            is_named && (pid == 1 || process.read_link("exe").is_ok_and(|path| is_systemd(&path)))
        })
    }

    /// Returns the owner that all others descend from. `owners` are sorted by process.
    fn common_ancestor(&mut self, owners: &[Owner]) -> Option<ProcessKey> {
        let mut common = None;
        for owner in owners {
            let highest = self.highest(owner, owners);
            if *common.get_or_insert(highest) != highest {
                return None;
            }
        }
        common
    }

    /// Returns the farthest ancestor of `owner` that is an owner too, or `owner` itself. Processes between the two need not
    /// be owners.
    fn highest(&mut self, owner: &Owner, owners: &[Owner]) -> ProcessKey {
        let mut highest = owner.process;
        let Some(parent) = owner.parent else { return highest };
        let mut child = Kin { parent, start_time: owner.process.start_time };
        for _ in 0..GENERATIONS {
            let pid = child.parent;
            let Some(kin) = self.kin(pid) else { break };
            // A parent is never younger: this process got the ID of the real parent after that had ended.
            if kin.start_time > child.start_time {
                break;
            }
            let process = ProcessKey { pid, start_time: kin.start_time };
            if owners.binary_search_by_key(&process, |owner| owner.process).is_ok() {
                highest = process;
            }
            child = kin;
        }
        highest
    }

    /// Returns parent and start time of a process; reads them only once.
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

/// Returns whether the target of `/proc/PID/exe` is an executable named `systemd`, perhaps replaced by an update since.
fn is_systemd(path: &[u8]) -> bool {
    path.strip_suffix(b" (deleted)").unwrap_or(path).ends_with(b"/systemd")
}
