//! Owners as a BPF program tells them, and the way back to `/proc` where it does not.

use super::{Found, Holders, Search, Threads};
use crate::linux::bpf::{Failure, Record, decode_records};
use crate::linux::source::{OwnersProgram, Source, Walk};
use crate::linux::stat::{fetch_stat, is_refused};
use netstat_model::owner_method::{NoBpf, OwnerMethod};
use netstat_model::query::Owners;
use netstat_model::{ProcessId, ShortId, lower_half};
use std::io;
use std::thread::{Builder, Scope, ScopedJoinHandle};

/// The number of open files on the machine from which on the program costs less than `/proc`. Loading it takes 2 to 6 ms,
/// and `/proc` gives some 500 descriptors in a millisecond; files are more than descriptors, because programs and
/// libraries that run count too.
const MANY: u64 = 4000;

/// Where a search stands with BPF. The program is loaded once for all looks.
#[derive(Default)]
pub(super) enum Bpf<'a> {
    #[default]
    Untried,
    Loaded(Box<dyn OwnersProgram + 'a>),
    RuledOut(NoBpf),
}

/// The first look by BPF, a quick one, taken on a thread of its own while the sockets are listed.
pub(in crate::linux) enum HeadStart<'scope, 'a> {
    Running(ScopedJoinHandle<'scope, Found<'a>>),
    /// There is none.
    Not(Found<'a>),
}

impl<'scope, 'a: 'scope> HeadStart<'scope, 'a> {
    /// Begins, where BPF is to be used at all.
    pub(in crate::linux) fn begin(
        scope: &'scope Scope<'scope, '_>,
        source: &'a dyn Source,
        by: Owners,
    ) -> Self {
        if let Err(reason) = is_worth_it(source, by) {
            return Self::Not(Found { bpf: Bpf::RuledOut(reason), ..Found::default() });
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
        // Without a thread it is looked afterwards.
        Builder::new().spawn_scoped(scope, look).map_or_else(|_| Self::Not(Found::default()), Self::Running)
    }

    /// Waits for the end of it.
    pub(in crate::linux) fn finish(self) -> Found<'a> {
        match self {
            Self::Running(thread) => thread.join().unwrap_or_default(),
            Self::Not(found) => found,
        }
    }
}

impl Search<'_> {
    /// Looks into all processes once, for what is still looked for. Fails only when nothing could be looked into.
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

    /// Counts the processes that may not be looked into, where sockets are missing. Reading where the executable is
    /// takes the permission that reading descriptors does, and costs next to nothing.
    pub(super) fn count_refused(&mut self) {
        if self.wanted.is_empty() {
            return;
        }
        let mut pids = Vec::new();
        let listed = self.source.names("/proc", &mut |name| {
            pids.extend(std::str::from_utf8(name).ok().and_then(|name| name.parse::<u32>().ok()));
        });
        if let Err(error) = listed {
            self.failed.get_or_insert(error);
        }
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

/// Whether the program is to be loaded: it is asked for, or pays.
pub(super) fn is_worth_it(source: &dyn Source, by: Owners) -> Result<(), NoBpf> {
    match by {
        Owners::Proc => return Err(NoBpf::NotAsked),
        Owners::Auto if open_files(source).is_some_and(|files| files < MANY) => return Err(NoBpf::FewFiles),
        Owners::Auto | Owners::Bpf => {}
    }
    if sees_own_namespace(source) { Ok(()) } else { Err(NoBpf::OtherNamespace) }
}

/// Lets the BPF program tell of the descriptors whose inode is wanted. Where it fails nothing has been found.
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
            holders.add(ProcessId { pid, start_time }, parent, socket, descriptor);
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

/// How many files are open on the machine, in all of its containers: what `/proc` takes grows with them.
fn open_files(source: &dyn Source) -> Option<u64> {
    let mut bytes = Vec::new();
    source.read("/proc/sys/fs/file-nr", &mut bytes).ok()?;
    decode_open_files(&bytes)
}

/// The first number in `/proc/sys/fs/file-nr`.
fn decode_open_files(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.split_ascii_whitespace().next()?.parse().ok()
}

/// Whether `/proc` numbers the processes as the kernel does for this one, so that what BPF and what `/proc` tell of a
/// number are of the same process.
fn sees_own_namespace(source: &dyn Source) -> bool {
    let mut status = Vec::new();
    source.read("/proc/self/status", &mut status).is_ok() && decode_own_namespace(&status)
}

/// Whether this process has one number in `/proc/self/status`: the list goes from the namespace that `/proc` shows to
/// that of the process.
fn decode_own_namespace(status: &[u8]) -> bool {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"NSpid:"));
    line.is_some_and(|line| line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count() == 1)
}

#[cfg(test)]
mod tests;
