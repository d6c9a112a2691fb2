//! Decodes what the program writes: `struct owner_record` of `bpf/owners.h`.

use std::collections::BTreeSet;

/// Bytes of a record.
const LEN: usize = 32;

/// Nanoseconds of a clock tick. `/proc` counts 100 ticks a second (`USER_HZ`) on all supported architectures.
pub(super) const TICK: u64 = 10_000_000;

/// One socket descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record {
    /// When the process started, as in field 22 of `/proc/PID/stat`.
    pub(crate) start_time: u64,
    /// The socket's cookie, if known.
    pub(crate) cookie: Option<u64>,
    /// The socket's inode.
    pub(crate) inode: u32,
    /// The descriptor.
    pub(crate) descriptor: u32,
    /// The process ID in the reader's PID namespace.
    pub(crate) pid: u32,
    /// The parent's process ID likewise; 0 if the reader cannot see the parent.
    pub(crate) parent: u32,
}

/// Decodes a piece of a walk; `None` when it does not consist of whole records.
pub(crate) fn decode_records(bytes: &[u8]) -> Option<impl Iterator<Item = Record>> {
    let (records, rest) = bytes.as_chunks::<LEN>();
    rest.is_empty().then(|| records.iter().filter_map(decode_record))
}

/// Whether another walk has more records: then the last record of a piece is all zero.
#[cfg(feature = "bpf")]
pub(crate) fn says_more(piece: &[u8]) -> bool {
    piece.last_chunk() == Some(&[0; LEN])
}

/// The processes with io_urings, as a walk tells of them.
#[derive(Debug, Default)]
pub(crate) struct Rings {
    processes: BTreeSet<u32>,
    is_whole: bool,
}

impl Rings {
    /// Notes what a piece of the walk tells.
    pub(crate) fn note(&mut self, piece: &[u8]) {
        for bytes in piece.as_chunks::<LEN>().0 {
            match (short(bytes, 16), short(bytes, 20), short(bytes, 24)) {
                (Some(0), Some(1..), Some(0)) => self.is_whole = true,
                (Some(0), _, Some(pid @ 1..)) => _ = self.processes.insert(pid),
                _ => {}
            }
        }
    }

    /// Returns the processes; `None` if the program does not tell of rings on this kernel, or did not when it was recorded.
    pub(crate) fn processes(self) -> Option<BTreeSet<u32>> {
        self.is_whole.then_some(self.processes)
    }
}

fn short(bytes: &[u8; LEN], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

/// Decodes one record; `None` without a process or a socket.
fn decode_record(bytes: &[u8; LEN]) -> Option<Record> {
    let long = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
    let short = |at: usize| short(bytes, at);
    Some(Record {
        start_time: long(0)? / TICK,
        cookie: long(8).filter(|&cookie| cookie != 0),
        inode: short(16).filter(|&inode| inode != 0)?,
        descriptor: short(20)?,
        pid: short(24).filter(|&pid| pid != 0)?,
        parent: short(28)?,
    })
}
