//! Looks: what changed among the sockets of a machine since the look before, for whoever watches them.
//!
//! A [`LookSource`] looks again and again. A look that is whole has every socket that was asked for, and what it does not have
//! is gone; one that is not has only the sockets that it tells of.

mod told;
mod walk;

pub use told::Feed;
pub use walk::{Walk, WalkWishes};

use netstat_model::query::Kinds;
use netstat_model::{Error, OwnerMethod, Process, SnapshotInfo, Socket, SocketTable, Warning};
use std::time::{Duration, SystemTime};

/// What one look saw.
#[derive(Debug)]
pub struct Look {
    /// When and where, by the clocks of the system that was looked at.
    pub info: SnapshotInfo,
    /// The sockets, in the order of the system. Not all of them where the look is not [`whole`](Self::whole); then nobody may
    /// have asked for their owners.
    pub sockets: SocketTable,
    /// Whether every socket that was asked for is there.
    pub whole: bool,
    /// Connections that the system told have opened, and that may be in no list yet. Of them only their ends and owner are known.
    pub opened: Vec<Socket>,
    /// Sockets that the system has destroyed since the look before, where it says so itself: as they were then. Some were in no
    /// look, because they lived between two.
    pub closed: Vec<Socket>,
    /// How many ends and changes there were that nobody could be told of.
    pub lost: u64,
    /// The processes that hold the sockets and were not told of before.
    pub processes: Vec<Process>,
    /// Whether every TCP connection that opens and ends is told, with its process, however short it lived.
    pub by_events: bool,
    /// How owners were found.
    pub method: OwnerMethod,
    /// What the look may lack.
    pub warnings: Vec<Warning>,
    /// How long it took.
    pub took: Duration,
    /// How long ago every socket was listed.
    pub age: Duration,
    /// Whether nothing is known to have happened since.
    pub is_current: bool,
    /// The time of day just before every socket was listed.
    pub listed: Option<SystemTime>,
}

/// What a view needs of each look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookWishes {
    /// The kinds of sockets.
    pub kinds: Kinds,
    /// What is read of each, beyond ends, state and owners.
    pub needs: crate::columns::ColumnNeeds,
}

/// Looks at the sockets of a machine again and again.
pub trait LookSource {
    /// Looks. The first look is whole. `visible` are sockets whose figures are wanted fresh even where the source does not
    /// look at all of them.
    ///
    /// # Errors
    /// When the system refused. The next look may succeed.
    fn look(&mut self, visible: &[Socket]) -> Result<Look, Error>;

    /// Changes what is read of each socket. The next look is whole.
    fn set_wishes(&mut self, wishes: LookWishes);

    /// Forgets which processes were told of: the next look tells of all that hold a socket.
    fn forget_processes(&mut self);
}
