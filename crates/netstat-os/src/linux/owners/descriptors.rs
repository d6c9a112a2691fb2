//! One look at the descriptors of all processes, by a BPF program, or by `/proc` if that is not possible or not worth it.

use super::holders::Holders;
use super::search::{Bpf, Found, Search, Threads};
use crate::linux::bpf::{Failure, Record, Rings, decode_records};
use crate::linux::descriptor_links::fetch_pids;
use crate::linux::privileges::why_no_bpf;
use crate::linux::source::{OwnersProgram, Source, Walk};
use crate::linux::stat::{fetch_stat, is_gone, is_refused};
use netstat_model::owner_method::{NoBpf, OwnerMethod};
use netstat_model::query::Owners;
use netstat_model::{ProcessKey, ShortId, lower_half};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::io;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The number of open files on the machine from which on the program costs less than `/proc`. Loading it takes 2 to 6 ms,
/// and `/proc` gives 200 to 500 descriptors in a millisecond. There are more open files than descriptors, because running
/// programs and their libraries count as well. With 3,200 open files BPF takes half the time.
const MANY: u64 = 2000;

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
                walk(program.as_ref(), Walk::Quick, &mut holders, &|_| true).map(|_| program)
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
            walk(program.as_ref(), self.walk, &mut self.holders, &wants).map(|rings| (program, rings))
        });
        match told {
            Ok((program, rings)) => {
                self.ring_holders = rings;
                self.bpf = Bpf::Loaded(program);
                self.method = OwnerMethod::Bpf;
            }
            Err(reason) => {
                self.bpf = Bpf::RuledOut(reason);
                if self.by == Owners::Bpf {
                    return Err(io::Error::other(format!("by BPF: {reason}")));
                }
                self.method = OwnerMethod::Proc(reason);
                let all = (reason == NoBpf::FewFiles).then(|| self.wanted.clone());
                self.pass(threads)?;
                self.keep_missing();
                if let Some(all) = all
                    && self.refused > 0
                    && !self.wanted.is_empty()
                {
                    return self.look_past_refusals(all, threads);
                }
                return Ok(());
            }
        }
        self.keep_missing();
        Ok(())
    }

    /// Starts again by BPF, which sees the descriptors that `/proc` refuses, if it can be used.
    fn look_past_refusals(&mut self, all: FxHashMap<u32, u32>, threads: Threads) -> io::Result<()> {
        match why_no_bpf(self.source).and_then(|()| self.source.owners_program().map_err(Failure::reason)) {
            Ok(program) => {
                self.bpf = Bpf::Loaded(program);
                self.wanted = all;
                (self.holders, self.refused, self.failed) = (Holders::default(), 0, None);
                self.look(threads)
            }
            Err(reason) => {
                self.bpf = Bpf::RuledOut(reason);
                self.method = OwnerMethod::Proc(reason);
                Ok(())
            }
        }
    }

    /// Looks for io_urings that hold sockets still without an owner, in the processes that have rings as far as BPF told of
    /// them, and counts the processes that may not be read. Reading the link to the executable needs the same permission as reading descriptors, and costs next to nothing.
    pub(super) fn look_beyond_descriptors(&mut self) {
        if self.wanted.is_empty() {
            return;
        }
        let pids = fetch_pids(self.source).unwrap_or_else(|error| {
            self.failed.get_or_insert(error);
            Vec::new()
        });
        let mut has_rings = !is_io_uring_disabled(self.source);
        for pid in pids {
            let Ok(process) = self.source.process(pid) else { continue };
            let process = process.as_ref();
            if process.read_link("exe").is_err_and(|error| is_refused(&error)) {
                let stat = fetch_stat(process, &mut self.buffer);
                self.refused +=
                    usize::from(stat.is_ok_and(|stat| !stat.is_kernel_thread() && !stat.is_zombie()));
            } else if has_rings
                && self.ring_holders.as_ref().is_none_or(|holders| holders.contains(&pid))
                && let Err(error) = self.rings(process, pid)
                && !is_gone(&error)
            {
                self.failed.get_or_insert(error);
                has_rings = self.links_left > 0;
            }
        }
        self.keep_missing();
    }
}

/// Returns why the program is not worth loading, or cannot be used.
pub(super) fn is_worth_it(source: &dyn Source, by: Owners) -> Result<(), NoBpf> {
    match by {
        Owners::Proc => return Err(NoBpf::NotAsked),
        Owners::Auto if open_files(source).is_some_and(|files| files < MANY) => return Err(NoBpf::FewFiles),
        Owners::Auto | Owners::Bpf => {}
    }
    why_no_bpf(source)
}

/// Adds the descriptors whose inode is wanted, as the BPF program lists them. Adds none if the program fails. Returns the
/// processes that have io_urings, if it told of them.
fn walk(
    program: &dyn OwnersProgram,
    walk: Walk,
    holders: &mut Holders,
    wants: &dyn Fn(u32) -> bool,
) -> Result<Option<BTreeSet<u32>>, NoBpf> {
    let before = holders.len();
    let (mut odd, mut rings) = (false, Rings::default());
    let told = program.walk(walk, &mut |piece| {
        rings.note(piece);
        match decode_records(piece) {
            Some(records) => records.filter(|record| wants(record.inode)).for_each(|record| {
                let Record { start_time, cookie, inode, descriptor, pid, parent } = record;
                let socket = ShortId { inode, cookie: cookie.map_or(0, lower_half) };
                holders.add(ProcessKey { pid, start_time }, parent, socket, descriptor);
            }),
            None => odd = true,
        }
    });
    let told = if odd { told.and(Err(Failure::ODD)) } else { told };
    if told.is_err() {
        holders.truncate(before);
    }
    holders.seal();
    told.map(|()| rings.processes()).map_err(Failure::reason)
}

/// Returns whether no process may make an io_uring (`kernel.io_uring_disabled`, Linux 6.6).
fn is_io_uring_disabled(source: &dyn Source) -> bool {
    let mut bytes = Vec::new();
    source.read("/proc/sys/kernel/io_uring_disabled", &mut bytes).is_ok() && bytes.trim_ascii() == b"2"
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

#[cfg(test)]
mod tests;
