//! [`SocketKey`]: the identity of a socket from one look to the next.

use crate::{Endpoint, EndpointRef, OwnershipRef, Protocol, SocketRef};

/// Identifies a socket among those of one network namespace, from one look to the next.
///
/// Linux: the cookie, which the kernel gives to one socket until reboot. Where that is not known (from `/proc/net`, or in a
/// table without details): protocol, ends and inode. Windows: protocol, ends and process ID; the creation time is no part
/// of it, because a table keeps it only until the owners are known, and the keys of both looks must agree.
///
/// Keys of two looks can be compared if both looks read the same fields. 16 bytes.
///
/// ```
/// use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketKey};
///
/// let mut socket = Socket::new(Transport::Tcp, Family::V4, IpEndpoint::ANY_V4, None);
/// socket.id.cookie = Some(7);
/// let before = SocketKey::of(&socket);
/// socket.local = IpEndpoint { port: 1234, ..IpEndpoint::ANY_V4 }.into();
/// assert_eq!(SocketKey::of(&socket), before);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum SocketKey {
    /// The kernel's own number of the socket (Linux).
    Cookie(u64),
    /// What else is known of it. Another socket can have the same key when this one is gone.
    Ends(Box<SocketEnds>),
}

/// Identifies a socket without a cookie.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketEnds {
    /// The protocol.
    pub protocol: Protocol,
    /// The local end.
    pub local: Endpoint,
    /// The remote end.
    pub remote: Option<Endpoint>,
    /// The inode (Linux).
    pub inode: Option<u64>,
    /// The process ID in the table of sockets (Windows). `None` where the inode is known, so that a key does not depend
    /// on whether owners were looked for.
    pub pid: Option<u32>,
}

impl SocketKey {
    /// Returns the key of a socket.
    pub fn of<'a>(socket: impl Into<SocketRef<'a>>) -> Self {
        let socket = socket.into();
        if let Some(cookie) = socket.id.cookie {
            return Self::Cookie(cookie);
        }
        let pid = match socket.ownership() {
            _ if socket.id.inode.is_some() => None,
            OwnershipRef::Listed { pid, .. } => Some(pid),
            held => held.principal().map(|owner| owner.process.pid),
        };
        let (local, remote) = (socket.local.to_owned(), socket.remote.map(EndpointRef::to_owned));
        let (protocol, inode) = (socket.protocol, socket.id.inode);
        Self::Ends(Box::new(SocketEnds { protocol, local, remote, inode, pid }))
    }
}

const _: () = assert!(size_of::<SocketKey>() == 16);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Family, IpEndpoint, Owner, Ownership, ProcessKey, Socket, TcpState, Transport};

    fn socket(port: u16) -> Socket {
        Socket::new(Transport::Tcp, Family::V4, IpEndpoint { port, ..IpEndpoint::ANY_V4 }, None)
    }

    fn held_by(pid: u32) -> Ownership {
        let process = ProcessKey { pid, start_time: 1 };
        Ownership::Held(vec![Owner { process, parent: None, descriptor: None }])
    }

    #[test]
    fn a_cookie_says_all() {
        let mut before = socket(1);
        before.id.cookie = Some(9);
        let mut after = Socket { state: Some(TcpState::TimeWait), ..socket(2) };
        after.id.cookie = Some(9);
        assert_eq!(SocketKey::of(&before), SocketKey::of(&after));
        after.id.cookie = Some(10);
        assert_ne!(SocketKey::of(&before), SocketKey::of(&after));
    }

    #[test]
    fn an_inode_tells_apart_what_has_the_same_ends() {
        let mut before = socket(1);
        before.id.inode = Some(5);
        let held = Socket { ownership: held_by(7), ..before.clone() };
        assert_eq!(
            SocketKey::of(&before),
            SocketKey::of(&held),
            "owners were looked for the second time alone"
        );
        let mut after = before.clone();
        after.id.inode = Some(6);
        assert_ne!(SocketKey::of(&before), SocketKey::of(&after));
        assert_ne!(
            SocketKey::of(&before),
            SocketKey::of(&Socket { local: IpEndpoint::ANY_V4.into(), ..before.clone() })
        );
    }

    #[test]
    fn a_process_id_tells_apart_what_has_no_inode() {
        let listed = |pid| Socket { ownership: Ownership::Listed { pid, since: 3 }, ..socket(1) };
        let held = |pid| Socket { ownership: held_by(pid), ..socket(1) };
        assert_ne!(SocketKey::of(&listed(7)), SocketKey::of(&listed(8)));
        assert_eq!(SocketKey::of(&listed(7)), SocketKey::of(&held(7)), "owners became known in between");
    }
}
