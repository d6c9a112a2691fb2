//! [`OwnershipRef`]: which processes hold a socket, as it is read.

use crate::{Holder, NoOwner, Owner, Ownership};

/// Which processes hold a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnershipRef<'a> {
    /// Owners were not asked for.
    NotRead,
    /// The table of sockets names a process ID (Windows), and nobody asked yet which process that is.
    Listed {
        /// The process ID.
        pid: u32,
        /// When the socket was made, as a FILETIME; 0 where that is not known.
        since: u64,
    },
    /// Exactly one process.
    One(Owner),
    /// Several processes, the principal one first.
    Several(&'a [Owner]),
    /// No process, and why.
    Unowned(NoOwner),
}

impl OwnershipRef<'_> {
    /// Returns the processes that are known to hold the socket.
    pub fn owners(&self) -> &[Owner] {
        match self {
            Self::One(owner) => std::slice::from_ref(owner),
            Self::Several(owners) => owners,
            Self::NotRead | Self::Listed { .. } | Self::Unowned(_) => &[],
        }
    }

    /// Returns the process to show where there is room for one: the ancestor of the others, else the oldest.
    pub fn principal(&self) -> Option<Owner> {
        self.owners().first().copied()
    }

    /// Returns the principal process by its ID, or why there is none.
    pub fn holder(&self) -> Holder {
        match self {
            Self::Unowned(reason) => Holder::Nobody(*reason),
            _ => self.principal().map_or(Holder::NotRead, |owner| Holder::Process(owner.process.pid)),
        }
    }

    /// Returns why no process is known, where owners were asked for.
    pub fn unowned(&self) -> Option<NoOwner> {
        match self {
            Self::Unowned(reason) => Some(*reason),
            _ => None,
        }
    }

    /// Returns the same with its list copied.
    pub fn to_owned(&self) -> Ownership {
        match *self {
            Self::NotRead => Ownership::NotRead,
            Self::Listed { pid, since } => Ownership::Listed { pid, since },
            Self::Unowned(reason) => Ownership::Unowned(reason),
            Self::One(_) | Self::Several(_) => Ownership::Held(self.owners().to_vec()),
        }
    }

    /// Returns whether owners were asked for.
    pub fn is_read(&self) -> bool {
        !matches!(self, Self::NotRead | Self::Listed { .. })
    }
}

impl<'a> From<&'a Ownership> for OwnershipRef<'a> {
    fn from(ownership: &'a Ownership) -> Self {
        match ownership {
            Ownership::NotRead => Self::NotRead,
            Ownership::Listed { pid, since } => Self::Listed { pid: *pid, since: *since },
            Ownership::Held(owners) => match owners.as_slice() {
                [owner] => Self::One(*owner),
                owners => Self::Several(owners),
            },
            Ownership::Unowned(reason) => Self::Unowned(*reason),
        }
    }
}
