//! Owners as a BPF program tells them, and the way back to `/proc` where it does not.

use super::{Search, Threads};
use crate::model::{Owner, ProcessId};
use crate::os::linux::bpf::{Failure, Record, decode_records};
use crate::os::linux::source::{OwnersProgram, Source};
use crate::os::linux::stat::{fetch_stat, is_refused};
use crate::owner_method::{NoBpf, OwnerMethod};
use crate::query::Owners;
use std::io;

/// The number of sockets from which on loading the program costs less than reading `/proc` does: about 6 ms, in which
/// some thousand descriptors are read.
const MANY: usize = 1000;

/// Where a search stands with BPF. The program is loaded once for all looks.
#[derive(Default)]
pub(super) enum Bpf<'a> {
    #[default]
    Untried,
    Loaded(Box<dyn OwnersProgram + 'a>),
    RuledOut(NoBpf),
}

impl<'a> Search<'a> {
    /// Looks into all processes once. Fails only when nothing could be looked into.
    pub(super) fn look(&mut self, threads: Threads) -> io::Result<()> {
        let program = match std::mem::take(&mut self.bpf) {
            Bpf::Untried => self.load(),
            Bpf::Loaded(program) => Ok(program),
            Bpf::RuledOut(reason) => Err(reason),
        };
        let told = program.and_then(|program| self.walk(program.as_ref()).map(|()| program));
        match told {
            Ok(program) => {
                self.bpf = Bpf::Loaded(program);
                self.method = OwnerMethod::Bpf;
                Ok(())
            }
            Err(reason) => {
                self.bpf = Bpf::RuledOut(reason);
                if self.by == Owners::Bpf {
                    return Err(io::Error::other(format!("by BPF: {reason}")));
                }
                self.method = OwnerMethod::Proc(reason);
                self.pass(threads)
            }
        }
    }

    /// Loads the BPF program, where that is asked for and pays.
    fn load(&self) -> Result<Box<dyn OwnersProgram + 'a>, NoBpf> {
        match self.by {
            Owners::Proc => return Err(NoBpf::NotAsked),
            Owners::Auto if self.wanted.len() < MANY && !uses_many_sockets(self.source) => {
                return Err(NoBpf::FewSockets);
            }
            Owners::Auto | Owners::Bpf => {}
        }
        if !sees_own_namespace(self.source) {
            return Err(NoBpf::OtherNamespace);
        }
        self.source.owners_program().map_err(Failure::reason)
    }

    /// Lets the BPF program tell. Where it fails nothing has been found.
    fn walk(&mut self, program: &dyn OwnersProgram) -> Result<(), NoBpf> {
        let mut odd = false;
        let told = program.walk(&mut |piece| match decode_records(piece) {
            Some(records) => records.for_each(|record| self.add(&record)),
            None => odd = true,
        });
        let told = if odd { told.and(Err(Failure::ODD)) } else { told };
        for &place in self.wanted.values() {
            let Some(found) = self.found.get_mut(place) else { continue };
            if told.is_err() {
                found.owners.clear();
            } else if found.owners.len() > 1 {
                // The lowest descriptor of each process comes first and stays.
                found.owners.sort_unstable_by_key(|owner| (owner.process, owner.descriptor));
                found.owners.dedup_by_key(|owner| owner.process);
            }
        }
        told.map_err(Failure::reason)
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

    fn add(&mut self, record: &Record) {
        let place = self.wanted.get(&u64::from(record.inode));
        let Some(found) = place.and_then(|&place| self.found.get_mut(place)) else { return };
        // Inodes of sockets are 32 bits wide and come again while others that have them still live. Cookies do not.
        if found.cookie.zip(record.cookie).is_some_and(|(wanted, other)| wanted != other) {
            return;
        }
        let process = ProcessId { pid: record.pid, start_time: record.start_time };
        let descriptor = Some(record.descriptor);
        // Nearly all sockets have one owner.
        found.owners.reserve_exact(usize::from(found.owners.is_empty()));
        found.owners.push(Owner { process, parent: Some(record.parent), descriptor });
    }
}

/// Whether there are many sockets beside those that are wanted: the descriptors of all are read in `/proc`. Nobody tells
/// cheaply how many descriptors processes have, but the network namespace knows its sockets of all families.
fn uses_many_sockets(source: &dyn Source) -> bool {
    let mut sockstat = Vec::new();
    source.read("/proc/net/sockstat", &mut sockstat).is_ok()
        && decode_sockets_used(&sockstat).is_some_and(|used| used >= MANY)
}

/// The number in `sockets: used 288` of `/proc/net/sockstat`.
fn decode_sockets_used(sockstat: &[u8]) -> Option<usize> {
    let line = sockstat.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"sockets: used "))?;
    std::str::from_utf8(line).ok()?.trim().parse().ok()
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
