//! Which processes hold which sockets: a BPF program in the kernel tells ([`descriptors`]), else `/proc/PID/fd`.
//!
//! One pass over all processes finds the owners of nearly all sockets. What is then without one is looked into again
//! before anything is said about it: the sockets are listed once more (those that are gone have `Vanished`), all
//! processes are read a second time (a descriptor may have moved from a process not yet read to one already read,
//! or to one that was born meanwhile), and the sockets are listed a last time. So a socket that is said to have no
//! process existed during two whole passes that did not see it.
//! Where a process was refused the last list is left out: what remains is `NotPermitted`, there or not.
//!
//! BPF sees the descriptors of all processes in the reader's PID namespace, whoever they belong to, and those of threads
//! that have tables of their own. Yet a kernel may keep a process from it that it also keeps from root in `/proc`; a
//! socket without an owner is therefore `NotPermitted` while there are processes that may not be looked into. What
//! follows is about `/proc` alone.
//!
//! Threads of a process share one table of descriptors, and the main thread's is read for all of them. There are two
//! exceptions. A main thread that has ended while others run has no table any more: theirs is read. A thread may have
//! made itself a table of its own (`unshare(CLONE_FILES)`): the second pass reads the tables of all threads, up to
//! [`THREAD_LINKS`] descriptors, because a busy process of many threads has thousands of times as many otherwise. A
//! socket that another process is seen to hold is not looked for among such threads.
//!
//! What an unprivileged reader cannot see is never taken for nothing: a process whose descriptors are refused, and a
//! `/proc` mounted with `hidepid`, which leaves other users' processes out of the list, both make a missing owner
//! `NotPermitted`. An ordinary user always meets the former on an ordinary machine, because PID 1 belongs to root.
//!
//! The BPF program may have looked while the sockets were being listed ([`HeadStart`]). That look only finds: what it did
//! not see is looked for from the start, as if there had been none: a socket can be younger than the look, and the look is a
//! quick one ([`Walk::Quick`](super::source::Walk)), which leaves out some sockets, though never one of several holders.

mod ancestry;
#[cfg(test)]
mod both_ways_tests;
mod descriptors;
mod holders;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod quick_tests;
#[cfg(test)]
mod tests;

use super::source::{ProcessSource, Source};
use super::stat::{fetch_stat, is_gone, is_refused};
use descriptors::Bpf;
pub(super) use descriptors::HeadStart;
use holders::Holders;
use netstat_model::error::words_of;
use netstat_model::query::{Fields, Listing, OwnerSearch, Owners, Programs, SocketQuery, States, Visit};
use netstat_model::{Answer, Error, Operation, OwnerMethod, Warning};
use netstat_model::{NoOwner, ProcessId, ShortId, SocketTable, TcpFields};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;

/// How many descriptors of threads beside the main ones are read at most: about a quarter of a second.
const THREAD_LINKS: usize = 65_536;

/// The inode of the PID namespace the machine booted with, `PROC_PID_INIT_INO`.
const INITIAL_PID_NAMESPACE: &[u8] = b"pid:[4026531836]";

/// `CAP_SYS_PTRACE`: who has it may look into the descriptors of all processes.
const CAP_SYS_PTRACE: u32 = 19;

/// Lists the sockets again, as those that are looked for were listed. Answers what the list may lack.
type List<'a> = dyn FnMut(&mut dyn FnMut(ShortId)) -> Result<Vec<Warning>, Error> + 'a;

/// Looks for the owners of those sockets of a table whose owners are wanted, beginning with what was found while the
/// sockets were listed.
pub(super) fn attach<'a>(
    source: &'a dyn Source,
    table: &mut SocketTable,
    query: &SocketQuery,
    by: Owners,
    found: Found<'a>,
) -> Result<Answer<OwnerMethod>, Error> {
    attach_asking(source, table, by, found, &mut |hand| list_again(source, query, hand))
}

fn list_again(
    source: &dyn Source,
    query: &SocketQuery,
    hand: &mut dyn FnMut(ShortId),
) -> Result<Vec<Warning>, Error> {
    // A socket that only changed its state since is not gone.
    let bound = query.states & States::BOUND;
    let states = States::all().difference(States::BOUND) | bound;
    // Programs look at the ends alone, which TCP sockets keep once they have both, or listen.
    let tcp = query.programs.tcp.clone().filter(|_| bound.is_empty());
    let programs = Programs { tcp, udp: None };
    let again = SocketQuery {
        kinds: query.kinds,
        states,
        fields: Fields::empty(),
        tcp: TcpFields::empty(),
        programs,
    };
    let listing = Listing { query: &again, owners: OwnerSearch::No, may_restart: true };
    let answer = super::sockets::list(source, &listing, &mut |socket| {
        hand(ShortId::new(socket.id.inode, socket.id.cookie));
        Visit::Skip
    })?;
    Ok(answer.warnings)
}

/// What is known before the search.
#[derive(Default)]
pub(super) struct Found<'a> {
    bpf: Bpf<'a>,
    /// Whether BPF has told of all descriptors.
    looked: bool,
    holders: Holders,
}

/// The same, with the way to list the sockets again.
fn attach_asking<'a>(
    source: &'a dyn Source,
    table: &mut SocketTable,
    by: Owners,
    found: Found<'a>,
    list: &mut List<'_>,
) -> Result<Answer<OwnerMethod>, Error> {
    let mut search = Search::new(source, table, by, found);
    let mut warnings = Vec::new();
    let mut vanished = FxHashSet::default();
    let mut unowned = NoOwner::NotPermitted;
    if !search.wanted.is_empty() {
        search.look(Threads::Shared).map_err(|error| Error::new(Operation::FindOwners, error))?;
        if !search.wanted.is_empty() {
            unowned = search.settle(list, &mut vanished, &mut warnings);
        }
        search.report(&mut warnings);
        if !vanished.is_empty() {
            warnings.push(Warning::OwnersVanished { sockets: vanished.len() });
        }
    }
    let method = search.method;
    search.hand_over(table, &vanished, unowned);
    Ok(Answer { data: method, warnings })
}

/// Which threads' tables of descriptors to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Threads {
    /// The one that the threads of a process share.
    Shared,
    /// Those of threads that have their own as well.
    All,
}

struct Search<'a> {
    source: &'a dyn Source,
    by: Owners,
    bpf: Bpf<'a>,
    /// How the last look was taken.
    method: OwnerMethod,
    /// Inodes still looked for, with the cookie of the socket; 0 where it is not known, or two have the inode.
    wanted: FxHashMap<u32, u32>,
    holders: Holders,
    /// Processes whose descriptors were refused.
    refused: usize,
    /// Why a process could not be read, where that is neither its end nor a refusal.
    failed: Option<io::Error>,
    /// Inodes and descriptors of the process being read.
    hits: Vec<(u32, u32)>,
    buffer: Vec<u8>,
    /// How many descriptors of threads may still be read.
    thread_links: usize,
}

impl<'a> Search<'a> {
    fn new(source: &'a dyn Source, table: &SocketTable, by: Owners, found: Found<'a>) -> Self {
        let Found { bpf, looked, holders } = found;
        let mut wanted = FxHashMap::default();
        for id in table.wanted() {
            if !looked || !holders.hold(id) {
                let cookie = wanted.entry(id.inode).or_insert(id.cookie);
                if *cookie != id.cookie {
                    *cookie = 0;
                }
            }
        }
        Self {
            source,
            by,
            bpf,
            method: if looked { OwnerMethod::Bpf } else { OwnerMethod::NotNeeded },
            wanted,
            holders,
            refused: 0,
            failed: None,
            hits: Vec::new(),
            buffer: Vec::new(),
            thread_links: THREAD_LINKS,
        }
    }

    /// Every process that could be read was, so far.
    fn is_clear(&self) -> bool {
        self.refused == 0 && self.failed.is_none()
    }

    /// Looks no longer for what was found.
    fn keep_missing(&mut self) {
        let holders = &mut self.holders;
        holders.seal();
        self.wanted.retain(|&inode, &mut cookie| !holders.hold(ShortId { inode, cookie }));
    }

    /// Reads all processes once. Fails only when there is no list of them.
    fn pass(&mut self, threads: Threads) -> io::Result<()> {
        let mut pids = Vec::new();
        self.source.names("/proc", &mut |name| {
            pids.extend(std::str::from_utf8(name).ok().and_then(|name| name.parse::<u32>().ok()));
        })?;
        let mut refused = 0;
        for pid in pids {
            match self.process(pid, threads) {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) if is_refused(&error) => refused += 1,
                Err(error) => {
                    self.failed.get_or_insert(error);
                }
            }
        }
        self.refused = self.refused.max(refused);
        Ok(())
    }

    /// Reads one process. Only one that holds a wanted socket, or whose descriptors tell nothing, is asked who it
    /// is: through the same handle, so that a later process of the same number cannot answer for it.
    fn process(&mut self, pid: u32, threads: Threads) -> io::Result<()> {
        let process = self.source.process(pid)?;
        let process = process.as_ref();
        self.hits.clear();
        let listed = self.table(process, "fd");
        if matches!(listed, Ok(1..)) && self.hits.is_empty() && threads == Threads::Shared {
            return Ok(());
        }
        let stat = fetch_stat(process, &mut self.buffer)?;
        // A kernel thread holds no descriptor, and neither does a main thread that has ended: being refused what they
        // have is no loss.
        let mut trouble = None;
        if stat.is_kernel_thread() {
            return Ok(());
        } else if stat.is_zombie() {
            self.hits.clear();
            if stat.threads > 1 {
                trouble = self.first_thread(process, pid);
            }
        } else {
            listed?;
        }
        if threads == Threads::All && stat.threads > 1 {
            trouble = trouble.or(self.all_threads(process, pid));
        }
        let process = ProcessId { pid, start_time: stat.start_time };
        for &(inode, descriptor) in &self.hits {
            self.holders.add(process, stat.parent, ShortId { inode, cookie: 0 }, descriptor);
        }
        trouble.map_or(Ok(()), Err)
    }

    /// Reads the table of the first thread beside the main one that has any descriptor. Answers why there is none,
    /// where it may be for lack of permission.
    fn first_thread(&mut self, process: &dyn ProcessSource, pid: u32) -> Option<io::Error> {
        let mut trouble = None;
        for thread in other_threads(process, pid, &mut trouble) {
            match self.table(process, &format!("task/{thread}/fd")) {
                Ok(0) => {}
                Ok(_) => return None,
                Err(error) => note(&mut trouble, error),
            }
        }
        trouble
    }

    /// Reads the tables of all threads beside the main one, while there are descriptors left to read.
    fn all_threads(&mut self, process: &dyn ProcessSource, pid: u32) -> Option<io::Error> {
        let mut trouble = None;
        for thread in other_threads(process, pid, &mut trouble) {
            if self.thread_links == 0 {
                break;
            }
            match self.table(process, &format!("task/{thread}/fd")) {
                Ok(links) => self.thread_links = self.thread_links.saturating_sub(links),
                Err(error) => note(&mut trouble, error),
            }
        }
        trouble
    }

    /// Reads one table of descriptors and answers how many it has.
    fn table(&mut self, process: &dyn ProcessSource, directory: &str) -> io::Result<usize> {
        let (wanted, hits) = (&self.wanted, &mut self.hits);
        let mut links = 0;
        process.links(directory, &mut |descriptor, target| {
            links += 1;
            let inode = decode_socket_link(target).and_then(|inode| u32::try_from(inode).ok());
            if let Some(inode) = inode.filter(|inode| wanted.contains_key(inode)) {
                hits.push((inode, descriptor));
            }
        })?;
        Ok(links)
    }

    /// Finds out about the sockets that the first pass found no process for. Answers the reason for those of them that
    /// are neither found now nor `vanished`.
    fn settle(
        &mut self,
        list: &mut List<'_>,
        vanished: &mut FxHashSet<u32>,
        warnings: &mut Vec<Warning>,
    ) -> NoOwner {
        let mut unknown = |what: &'static str, reason: String| {
            warnings.push(Warning::SourceUnavailable { what, reason });
            NoOwner::NotPermitted
        };
        let mut doubts = Vec::new();
        for last in [false, true] {
            match self.drop_vanished(list, vanished) {
                Ok(lacks) => doubts.extend(lacks.into_iter().filter(|warning| {
                    matches!(warning, Warning::DumpInterrupted { .. } | Warning::DumpOverrun { .. })
                })),
                Err(error) => {
                    return unknown("whether some sockets still exist", words_of(&error.source));
                }
            }
            if last || self.wanted.is_empty() {
                break;
            }
            if let Err(error) = self.look(Threads::All) {
                return unknown("the owner of some sockets", words_of(&error));
            }
            if self.method == OwnerMethod::Bpf {
                self.count_refused();
            }
            // Nothing will be said of the rest that a last look could make untrue.
            if !self.is_clear() {
                break;
            }
        }
        let reason = if self.wanted.is_empty() || !self.is_clear() {
            NoOwner::NotPermitted
        } else if self.method != OwnerMethod::Bpf
            && let Some(reason) = why_processes_lack(self.source)
        {
            unknown("the owner of some sockets", reason)
        } else {
            match self.source.read_link("/proc/self/ns/pid") {
                Ok(namespace) if namespace == INITIAL_PID_NAMESPACE => NoOwner::Kernel,
                Ok(_) => {
                    doubts.push(Warning::OwnersInOtherNamespace);
                    NoOwner::OtherNamespace
                }
                Err(error) => {
                    let reason = format!("/proc/self/ns/pid: {}", words_of(&error));
                    unknown("the owner of some sockets", reason)
                }
            }
        };
        warnings.append(&mut doubts);
        reason
    }

    /// Looks no longer for sockets that are not in a newer list. Answers what that may lack.
    fn drop_vanished(
        &mut self,
        list: &mut List<'_>,
        vanished: &mut FxHashSet<u32>,
    ) -> Result<Vec<Warning>, Error> {
        let mut there = FxHashSet::default();
        let wanted = &mut self.wanted;
        let lacks = list(&mut |id| {
            // Inodes are used again, cookies are not.
            let same = |&cookie: &u32| ShortId { inode: id.inode, cookie }.may_be(id);
            if wanted.get(&id.inode).is_some_and(same) {
                there.insert(id.inode);
            }
        })?;
        wanted.retain(|inode, _| {
            let stays = there.contains(inode);
            if !stays {
                vanished.insert(*inode);
            }
            stays
        });
        Ok(lacks)
    }

    /// Says what could not be looked into, where it may matter.
    fn report(&mut self, warnings: &mut Vec<Warning>) {
        if self.wanted.is_empty() {
            return;
        }
        if self.refused > 0 {
            warnings.push(Warning::OwnersNotPermitted { processes: self.refused });
        }
        if let Some(error) = self.failed.take() {
            let what = "the owner of some sockets";
            warnings.push(Warning::SourceUnavailable { what, reason: words_of(&error) });
        }
    }

    fn hand_over(self, table: &mut SocketTable, vanished: &FxHashSet<u32>, unowned: NoOwner) {
        let mut ancestry = ancestry::Ancestry::new(self.source);
        table.set_owners(&mut |id, owners| {
            self.holders.owners(id, owners);
            ancestry.put_principal_first(owners);
            match owners.is_empty() {
                false => Ok(()),
                true if vanished.contains(&id.inode) => Err(NoOwner::Vanished),
                true => Err(unowned),
            }
        });
    }
}

fn other_threads(process: &dyn ProcessSource, pid: u32, trouble: &mut Option<io::Error>) -> Vec<u32> {
    let mut threads = Vec::new();
    if let Err(error) = process.numbers("task", &mut |thread| threads.push(thread)) {
        note(trouble, error);
    }
    threads.retain(|&thread| thread != pid);
    threads
}

/// Keeps the first error that is not the mere end of a thread.
fn note(trouble: &mut Option<io::Error>, error: io::Error) {
    if !is_gone(&error) {
        trouble.get_or_insert(error);
    }
}

/// The inode in `socket:[4026]`.
fn decode_socket_link(target: &[u8]) -> Option<u64> {
    let digits = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Why this reader may be shown fewer processes than there are; so it is when nothing can be learned of it.
fn why_processes_lack(source: &dyn Source) -> Option<String> {
    let mut bytes = Vec::new();
    if source.read("/proc/self/status", &mut bytes).is_ok()
        && decode_capabilities(&bytes).is_some_and(|held| held & (1 << CAP_SYS_PTRACE) != 0)
    {
        return None;
    }
    if let Err(error) = source.read("/proc/self/mounts", &mut bytes) {
        let why = words_of(&error);
        return Some(format!("/proc/self/mounts: {why}. Mount /proc (mount -t proc proc /proc) to see them"));
    }
    decode_hidepid(&bytes)
        .then(|| "/proc may hide the processes of other users (hidepid). Run as root to see them".to_owned())
}

/// The effective capabilities in `/proc/self/status`.
fn decode_capabilities(status: &[u8]) -> Option<u64> {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"CapEff:"))?;
    u64::from_str_radix(std::str::from_utf8(line).ok()?.trim(), 16).ok()
}

/// Whether `/proc` is mounted with `hidepid` in the list of mounts. The last mount of a place is the one seen.
fn decode_hidepid(mounts: &[u8]) -> bool {
    let options = mounts.split(|&byte| byte == b'\n').rev().find_map(|line| {
        let mut fields = line.split(|&byte| byte == b' ').skip(1);
        (fields.next()? == b"/proc" && fields.next()? == b"proc").then(|| fields.next())?
    });
    options.is_none_or(|options| {
        options
            .split(|&byte| byte == b',')
            .filter_map(|option| option.strip_prefix(b"hidepid="))
            .any(|value| value != b"0" && value != b"off")
    })
}
