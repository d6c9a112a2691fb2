//! Where and when data was taken.

use std::time::{Duration, SystemTime};

/// The machine, the namespace and the moment that data belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SnapshotInfo {
    /// Wall-clock time of the query; a replay has that of the recording. It may jump when the clock is set. `None` if the
    /// system refused it, and for a recording made by a version that did not record it.
    pub at: Option<SystemTime>,
    /// Time since the system booted, at the query; never goes backwards. Linux: `/proc/uptime`. Windows: `GetTickCount64`.
    /// `None` if the system refused it.
    pub uptime: Option<Duration>,
    /// Host name as it was set, short or full. Linux: `/proc/sys/kernel/hostname`.
    /// Windows: `GetComputerNameExW`. `None` if the system refused it or it is not text.
    pub host: Option<String>,
    /// Random ID of this boot. Linux: `/proc/sys/kernel/random/boot_id`. Windows has none.
    pub boot_id: Option<Box<str>>,
    /// Network namespace whose sockets, routes and counters the data shows. Windows has none.
    pub namespace: Option<Namespace>,
}

/// A Linux network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Namespace {
    /// Inode of `/proc/thread-self/ns/net`. Unique among the namespaces alive on one machine, reused after they are gone.
    pub inode: u64,
}
