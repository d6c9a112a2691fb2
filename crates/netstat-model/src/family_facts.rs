//! [`FamilyFacts`]: what only sockets of one family have.

/// What only sockets of one family have. Linux tells it; Windows lists no such sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FamilyFacts {
    /// `AF_UNIX`.
    Unix(UnixFacts),
}

/// What a Unix socket has beyond its ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnixFacts {
    /// The inode of the socket at the other end, in whatever network namespace it is; of a connection that waits to be
    /// accepted, that of the listener. `None` without a peer, where the peer was closed, and from `/proc/net/unix`.
    #[doc(alias = "UNIX_DIAG_PEER")]
    pub peer: Option<u64>,
    /// Whether the connection waits in the queue of a listener, which is its peer until then.
    #[doc(alias = "UNIX_DIAG_ICONS")]
    pub is_waiting: bool,
    /// The file that the path named when the socket was bound to it (kernel 3.3).
    #[doc(alias = "UNIX_DIAG_VFS")]
    pub file: Option<SocketFile>,
    /// Whether that file is gone from its path, so that nobody can connect by it any more. `None` where that was not
    /// asked for or cannot be told.
    pub is_deleted: Option<bool>,
}

/// The file of a Unix socket that is bound to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketFile {
    /// Its inode.
    #[doc(alias = "udiag_vfs_ino")]
    pub inode: u32,
    /// The device of its file system, as the kernel numbers it: 12 bits of major and 20 bits of minor number.
    #[doc(alias = "udiag_vfs_dev")]
    pub device: u32,
}

impl FamilyFacts {
    /// Returns what a Unix socket has.
    pub fn unix(&self) -> Option<&UnixFacts> {
        match self {
            Self::Unix(facts) => Some(facts),
        }
    }

    /// Returns the inode of the socket at the other end, where the system tells it.
    pub fn peer(&self) -> Option<u64> {
        self.unix()?.peer
    }
}
