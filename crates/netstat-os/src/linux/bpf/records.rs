//! Decodes what the program writes: `struct owner_record` of `bpf/owners.h`.

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

/// Decodes one record; `None` without a process or a socket.
fn decode_record(bytes: &[u8; LEN]) -> Option<Record> {
    let long = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes));
    let short = |at: usize| bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes));
    Some(Record {
        start_time: long(0)? / TICK,
        cookie: long(8).filter(|&cookie| cookie != 0),
        inode: short(16).filter(|&inode| inode != 0)?,
        descriptor: short(20)?,
        pid: short(24).filter(|&pid| pid != 0)?,
        parent: short(28)?,
    })
}
