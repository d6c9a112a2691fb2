//! Who joined multicast groups.

use crate::ProcessKey;
use std::net::IpAddr;

/// A membership of a socket in a multicast group of IP, and a process that holds the socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GroupMember {
    /// The index of the interface.
    pub interface: u32,
    /// The group.
    pub group: IpAddr,
    /// The socket, by its inode.
    pub inode: u64,
    /// The process.
    pub process: ProcessKey,
}
