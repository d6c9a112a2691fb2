//! What of a stream of events outlives the recorder that reads it.

use std::io;
use std::path::{Path, PathBuf};

/// The history that the events of a stream are kept in: by it a stream finds what an earlier recorder, which was killed, left
/// in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIn {
    /// The file, by a path that does not depend on the current folder.
    pub file: PathBuf,
    /// The random number that tells it from other histories, of the same path as well.
    pub store: u64,
    /// What [`EventStream::reached`](super::EventStream::reached) said when events were written last, at this boot.
    pub reached: Option<Vec<u8>>,
    /// What [`EventStream::kept_back`](super::EventStream::kept_back) said by then, of those that were still kept back.
    pub kept_back: Vec<Box<[u8]>>,
}

/// What is to be known of an event that is told later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBack {
    /// The cookie of its socket.
    pub cookie: u64,
    /// What tells it; `None` where it is not kept back any more.
    pub bytes: Option<Box<[u8]>>,
}

/// Why a recorder that is killed leaves nothing in the kernel that would go on.
#[derive(Debug)]
pub enum NotPinned {
    /// No BPF file system is mounted where it usually is.
    NotMounted(&'static Path),
    /// The folder there is another user's, or others may look into it.
    NotOurs(PathBuf),
    /// What is there belongs to another recorder, which runs.
    InUse(PathBuf),
    /// The system refused it.
    Refused(PathBuf, io::Error),
}

/// Where the programs of a stream are kept beyond its recorder, or why they are not; `None` where that was not asked for.
pub type Pinned<'a> = Option<Result<&'a Path, &'a NotPinned>>;
