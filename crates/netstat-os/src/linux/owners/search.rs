//! [`Search`]: the state of one search for owners, and its passes over `/proc/PID/fd`.

use super::holders::{Holders, NO_DESCRIPTOR};
use crate::linux::descriptor_links::{MOST_LINKS, decode_socket_link, fetch_pids};
use crate::linux::source::{Next, OwnersProgram, ProcessSource, Source, Walk};
use crate::linux::stat::{fetch_stat, is_gone, is_refused};
use netstat_model::query::Owners;
use netstat_model::{NoBpf, OwnerMethod, ProcessKey, ShortId, SocketTable};
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::io;

/// The BPF program as far as a search has come with it. It is loaded once for all looks.
#[derive(Default)]
pub(super) enum Bpf<'a> {
    #[default]
    Untried,
    Loaded(Box<dyn OwnersProgram + 'a>),
    RuledOut(NoBpf),
}

/// What is known before a search begins.
#[derive(Default)]
pub(in crate::linux) struct Found<'a> {
    pub(super) bpf: Bpf<'a>,
    /// Whether BPF listed the descriptors of all processes.
    pub(super) looked: bool,
    pub(super) holders: Holders,
}

/// The threads whose descriptor tables are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Threads {
    /// One table per process, which its threads normally share.
    Shared,
    /// Also the tables of threads that have one of their own.
    All,
}

/// A search for the owners of sockets.
pub(super) struct Search<'a> {
    pub(super) source: &'a dyn Source,
    pub(super) by: Owners,
    /// How far BPF looks.
    pub(super) walk: Walk,
    pub(super) bpf: Bpf<'a>,
    /// The method of the last look.
    pub(super) method: OwnerMethod,
    /// Inodes still without an owner, with the cookie of the socket: 0 where it is unknown, or two sockets have the inode.
    pub(super) wanted: FxHashMap<u32, u32>,
    pub(super) holders: Holders,
    /// The number of processes whose descriptors were refused.
    pub(super) refused: usize,
    /// The first error that was neither a refusal nor the end of a process.
    pub(super) failed: Option<io::Error>,
    /// Inodes and descriptors of the process being read.
    hits: Vec<(u32, u32)>,
    /// The processes that have io_urings, if BPF told of them.
    pub(super) ring_holders: Option<BTreeSet<u32>>,
    /// Descriptors of the io_urings of the process being read.
    rings: Vec<u32>,
    pub(super) buffer: Vec<u8>,
    /// How many more descriptors of threads, or for io_urings alone, may be read.
    pub(super) links_left: usize,
}

impl<'a> Search<'a> {
    /// Starts a search for the sockets that the table wants owners of, except those that are found already.
    pub(super) fn new(
        source: &'a dyn Source,
        table: &SocketTable,
        by: Owners,
        walk: Walk,
        found: Found<'a>,
    ) -> Self {
        let Found { bpf, looked, holders } = found;
        let mut wanted = FxHashMap::default();
        if !looked {
            wanted.reserve(table.len());
        }
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
            walk,
            bpf,
            method: if looked { OwnerMethod::Bpf } else { OwnerMethod::NotNeeded },
            wanted,
            holders,
            refused: 0,
            failed: None,
            hits: Vec::new(),
            ring_holders: None,
            rings: Vec::new(),
            buffer: Vec::new(),
            links_left: MOST_LINKS,
        }
    }

    /// Returns true if every process so far could be read.
    pub(super) fn is_clear(&self) -> bool {
        self.refused == 0 && self.failed.is_none()
    }

    /// Stops looking for the sockets that were found.
    pub(super) fn keep_missing(&mut self) {
        let holders = &mut self.holders;
        holders.seal();
        self.wanted.retain(|&inode, &mut cookie| !holders.hold(ShortId { inode, cookie }));
    }

    /// Reads all processes once. Fails only if `/proc` cannot be listed.
    pub(super) fn pass(&mut self, threads: Threads) -> io::Result<()> {
        let mut refused = 0;
        for pid in fetch_pids(self.source)? {
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

    /// Reads one process. Its `stat` is read only if it holds a wanted socket or its descriptors are inconclusive, and
    /// through the same handle, so that a later process with the same ID cannot answer instead.
    fn process(&mut self, pid: u32, threads: Threads) -> io::Result<()> {
        let process = self.source.process(pid)?;
        let process = process.as_ref();
        self.hits.clear();
        self.rings.clear();
        let listed = self.table(process, "fd", usize::MAX);
        if matches!(listed, Ok(1..)) && self.hits.is_empty() && threads == Threads::Shared {
            return Ok(());
        }
        let stat = fetch_stat(process, &mut self.buffer)?;
        // Kernel threads and main threads that have ended hold no descriptors, so nothing is lost if they are refused.
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
        if threads == Threads::All {
            trouble = trouble.or(self.files_of_rings(process));
            if stat.threads > 1 {
                trouble = trouble.or(self.all_threads(process, pid));
            }
        }
        self.add_hits(ProcessKey { pid, start_time: stat.start_time }, stat.parent);
        trouble.map_or(Ok(()), Err)
    }

    fn add_hits(&mut self, process: ProcessKey, parent: u32) {
        for &(inode, descriptor) in &self.hits {
            self.holders.add(process, parent, ShortId { inode, cookie: 0 }, descriptor);
        }
    }

    /// Reads the io_urings of one process. Fails if the limit on descriptors leaves any of it unread.
    pub(super) fn rings(&mut self, process: &dyn ProcessSource, pid: u32) -> io::Result<()> {
        self.rings.clear();
        let limit = self.links_left;
        let links = self.table(process, "fd", limit)?;
        self.links_left = limit.saturating_sub(links);
        // Descriptors themselves are better known from BPF.
        self.hits.clear();
        let mut trouble = self.files_of_rings(process);
        if links > limit {
            let why = "too many descriptors are open to look for those of all io_urings";
            trouble.get_or_insert_with(|| io::Error::other(why));
        }
        if !self.hits.is_empty() {
            let stat = fetch_stat(process, &mut self.buffer)?;
            self.add_hits(ProcessKey { pid, start_time: stat.start_time }, stat.parent);
        }
        trouble.map_or(Ok(()), Err)
    }

    fn files_of_ring(&mut self, process: &dyn ProcessSource, ring: u32) -> io::Result<()> {
        for _ in 0..RING_READS {
            process.read(&format!("fdinfo/{ring}"), &mut self.buffer)?;
            let (wanted, hits) = (&self.wanted, &mut self.hits);
            let is_whole = decode_ring(&self.buffer, &mut |inode| {
                if wanted.contains_key(&inode) {
                    hits.push((inode, NO_DESCRIPTOR));
                }
            });
            if is_whole {
                return Ok(());
            }
        }
        Err(io::Error::other("an io_uring does not tell which files it holds"))
    }

    /// Reads which wanted sockets the rings of the process hold. Returns the error that may have kept one from being found.
    fn files_of_rings(&mut self, process: &dyn ProcessSource) -> Option<io::Error> {
        let mut trouble = None;
        for ring in std::mem::take(&mut self.rings) {
            if let Err(error) = self.files_of_ring(process, ring) {
                note(&mut trouble, error);
            }
        }
        trouble
    }

    /// Reads the table of the first thread other than the main one that has descriptors. Returns the error that may have
    /// kept one from being found.
    fn first_thread(&mut self, process: &dyn ProcessSource, pid: u32) -> Option<io::Error> {
        let mut trouble = None;
        for thread in other_threads(process, pid, &mut trouble) {
            match self.table(process, &format!("task/{thread}/fd"), usize::MAX) {
                Ok(0) => {}
                Ok(_) => return None,
                Err(error) => note(&mut trouble, error),
            }
        }
        trouble
    }

    /// Reads the tables of all threads other than the main one, until the limit on descriptors is reached.
    fn all_threads(&mut self, process: &dyn ProcessSource, pid: u32) -> Option<io::Error> {
        let mut trouble = None;
        for thread in other_threads(process, pid, &mut trouble) {
            if self.links_left == 0 {
                break;
            }
            match self.table(process, &format!("task/{thread}/fd"), usize::MAX) {
                Ok(links) => self.links_left = self.links_left.saturating_sub(links),
                Err(error) => note(&mut trouble, error),
            }
        }
        trouble
    }

    /// Reads the first `limit` descriptors of a table. Returns how many it has, or more than `limit` if it has more.
    fn table(&mut self, process: &dyn ProcessSource, directory: &str, limit: usize) -> io::Result<usize> {
        let (wanted, hits, rings) = (&self.wanted, &mut self.hits, &mut self.rings);
        let mut links = 0;
        process.links(directory, &mut |descriptor, target| {
            links += 1;
            if links > limit {
                return Next::Done;
            }
            if target == RING {
                rings.push(descriptor);
            }
            let inode = decode_socket_link(target).and_then(|inode| u32::try_from(inode).ok());
            if let Some(inode) = inode.filter(|inode| wanted.contains_key(inode)) {
                hits.push((inode, descriptor));
            }
            Next::More
        })?;
        Ok(links)
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

/// Keeps the first error other than the end of a thread.
fn note(trouble: &mut Option<io::Error>, error: io::Error) {
    if !is_gone(&error) {
        trouble.get_or_insert(error);
    }
}

/// How often a ring is asked that is in use and so tells nothing.
const RING_READS: usize = 3;

/// What the descriptor of an io_uring leads to.
const RING: &[u8] = b"anon_inode:[io_uring]";

/// Passes on the inodes of the sockets among the files of an io_uring, from its `fdinfo`:
///
/// ```text
/// UserFiles:\t2
///     0: socket:[4026]
///     1: /dev/null
/// UserBufs:\t0
/// ```
///
/// The number counts places, of which some may be empty (`<none>`, or no line in newer kernels). Returns false if a file may
/// be untold: kernels before 6.8 write `TCP` or `UDP` for a socket, and while the ring is in use a kernel writes nothing, or
/// the number without any lines.
pub(super) fn decode_ring(fdinfo: &[u8], each: &mut dyn FnMut(u32)) -> bool {
    let mut lines = fdinfo.split(|&byte| byte == b'\n');
    let Some(places) = lines.find_map(|line| line.strip_prefix(b"UserFiles:")) else { return false };
    let mut is_whole = true;
    let mut is_empty = true;
    for line in lines {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { break };
        let (place, target) = line.split_at(colon);
        let place = place.trim_ascii();
        if place.is_empty() || !place.iter().all(u8::is_ascii_digit) {
            break;
        }
        is_empty = false;
        let target = target.strip_prefix(b":").unwrap_or(target).trim_ascii();
        if let Some(inode) = decode_socket_link(target).and_then(|inode| u32::try_from(inode).ok()) {
            each(inode);
        }
        // A path, or an inode of something that has none.
        let is_told = target.starts_with(b"/") || target.windows(2).any(|two| two == b":[");
        is_whole &= is_told || target == b"<none>";
    }
    is_whole && (!is_empty || places.trim_ascii() == b"0")
}
