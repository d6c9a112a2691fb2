//! One look at the descriptors of all processes, by a BPF program, or by `/proc` if that is not possible or not worth it.

use super::holders::Holders;
use super::search::{Bpf, Found, Search, Threads, fetch_pids};
use crate::linux::bpf::{Failure, Record, decode_records};
use crate::linux::source::{OwnersProgram, Source, Walk};
use crate::linux::stat::{fetch_stat, is_refused};
use netstat_model::owner_method::{NoBpf, OwnerMethod};
use netstat_model::query::Owners;
use netstat_model::{ProcessKey, ShortId, lower_half};
use std::io;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The number of open files on the machine from which on the program costs less than `/proc`. Loading it takes 2 to 6 ms,
/// and `/proc` gives some 500 descriptors in a millisecond. There are more open files than descriptors, because running
/// programs and their libraries count as well.
const MANY: u64 = 4000;

/// A quick look by BPF, on a thread of its own while the sockets are listed.
pub(in crate::linux) enum HeadStart<'scope, 'a> {
    Running(ScopedJoinHandle<'scope, Found<'a>>),
    /// No thread was started.
    NotStarted(Found<'a>),
}

impl<'scope, 'a: 'scope> HeadStart<'scope, 'a> {
    /// Starts the look, if BPF is to be used at all.
    pub(in crate::linux) fn begin(
        scope: &'scope Scope<'scope, '_>,
        source: &'a dyn Source,
        by: Owners,
    ) -> Self {
        if let Err(reason) = is_worth_it(source, by) {
            return Self::NotStarted(Found { bpf: Bpf::RuledOut(reason), ..Found::default() });
        }
        let look = move || {
            let mut holders = Holders::default();
            let program = source.owners_program().map_err(Failure::reason);
            let told = program.and_then(|program| {
                walk(program.as_ref(), Walk::Quick, &mut holders, &|_| true).map(|()| program)
            });
            let looked = told.is_ok();
            Found { bpf: told.map_or_else(Bpf::RuledOut, Bpf::Loaded), looked, holders }
        };
        // Without a thread, the search looks later.
        Builder::new()
            .spawn_scoped(scope, look)
            .map_or_else(|_| Self::NotStarted(Found::default()), Self::Running)
    }

    /// Waits for the look to end, and returns what it found.
    pub(in crate::linux) fn finish(self) -> Found<'a> {
        match self {
            Self::Running(thread) => thread.join().unwrap_or_default(),
            Self::NotStarted(found) => found,
        }
    }
}

impl Search<'_> {
    /// Reads all processes once for the sockets still wanted. Fails if only BPF may be used and it failed, or if `/proc`
    /// cannot be listed.
    pub(super) fn look(&mut self, threads: Threads) -> io::Result<()> {
        let program = match std::mem::take(&mut self.bpf) {
            Bpf::Untried => is_worth_it(self.source, self.by)
                .and_then(|()| self.source.owners_program().map_err(Failure::reason)),
            Bpf::Loaded(program) => Ok(program),
            Bpf::RuledOut(reason) => Err(reason),
        };
        let wanted = &self.wanted;
        let told = program.and_then(|program| {
            let wants = |inode| wanted.contains_key(&inode);
            walk(program.as_ref(), Walk::Full, &mut self.holders, &wants).map(|()| program)
        });
        match told {
            Ok(program) => {
                self.bpf = Bpf::Loaded(program);
                self.method = OwnerMethod::Bpf;
            }
            Err(reason) => {
                self.bpf = Bpf::RuledOut(reason);
                if self.by == Owners::Bpf {
                    return Err(io::Error::other(format!("by BPF: {reason}")));
                }
                self.method = OwnerMethod::Proc(reason);
                self.pass(threads)?;
            }
        }
        self.keep_missing();
        Ok(())
    }

    /// Counts the processes that may not be read, if sockets without an owner are left. Reading the link to the executable
    /// needs the same permission as reading descriptors, and costs next to nothing.
    pub(super) fn count_refused(&mut self) {
        if self.wanted.is_empty() {
            return;
        }
        let pids = fetch_pids(self.source).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Vec::new()
        });
        for pid in pids {
            let Ok(process) = self.source.process(pid) else { continue };
            if process.read_link("exe").is_err_and(|error| is_refused(&error))
                && fetch_stat(process.as_ref(), &mut self.buffer)
                    .is_ok_and(|stat| !stat.is_kernel_thread() && !stat.is_zombie())
            {
                self.refused += 1;
            }
        }
    }
}

/// Returns why the program is not worth loading, or cannot be used.
pub(super) fn is_worth_it(source: &dyn Source, by: Owners) -> Result<(), NoBpf> {
    match by {
        Owners::Proc => return Err(NoBpf::NotAsked),
        Owners::Auto if open_files(source).is_some_and(|files| files < MANY) => return Err(NoBpf::FewFiles),
        Owners::Auto | Owners::Bpf => {}
    }
    if sees_own_namespace(source) { Ok(()) } else { Err(NoBpf::OtherNamespace) }
}

/// Adds the descriptors whose inode is wanted, as the BPF program lists them. Adds none if the program fails.
fn walk(
    program: &dyn OwnersProgram,
    walk: Walk,
    holders: &mut Holders,
    wants: &dyn Fn(u32) -> bool,
) -> Result<(), NoBpf> {
    let before = holders.len();
    let mut odd = false;
    let told = program.walk(walk, &mut |piece| match decode_records(piece) {
        Some(records) => records.filter(|record| wants(record.inode)).for_each(|record| {
            let Record { start_time, cookie, inode, descriptor, pid, parent } = record;
            let socket = ShortId { inode, cookie: cookie.map_or(0, lower_half) };
            holders.add(ProcessKey { pid, start_time }, parent, socket, descriptor);
        }),
        None => odd = true,
    });
    let told = if odd { told.and(Err(Failure::ODD)) } else { told };
    if told.is_err() {
        holders.truncate(before);
    }
    holders.seal();
    told.map_err(Failure::reason)
}

/// Returns how many files are open on the machine, in all of its containers. The cost of reading `/proc` grows with them.
fn open_files(source: &dyn Source) -> Option<u64> {
    let mut bytes = Vec::new();
    source.read("/proc/sys/fs/file-nr", &mut bytes).ok()?;
    decode_open_files(&bytes)
}

/// Decodes the first number in `/proc/sys/fs/file-nr`.
fn decode_open_files(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// Returns whether `/proc` shows the PID namespace of this process, so that BPF and `/proc` mean the same process by a
/// process ID.
fn sees_own_namespace(source: &dyn Source) -> bool {
    let mut status = Vec::new();
    source.read("/proc/self/status", &mut status).is_ok() && decode_own_namespace(&status)
}

/// Returns whether `/proc/self/status` has one process ID for this process. It has one for each namespace, from the one that
/// `/proc` shows down to that of the process.
fn decode_own_namespace(status: &[u8]) -> bool {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"NSpid:"));
    line.is_some_and(|line| line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() == 1)
}

#[cfg(test)]
mod tests;
