//! The identity of sockets and processes from one look to the next. All of `check` takes its keys from here.

use netstat_model::{Endpoint, Protocol, SocketRef};

pub use netstat_model::ProcessId as ProcessKey;

/// Identifies a socket from one look to the next: by the kernel's cookie, or else by protocol and endpoints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SocketKey {
    /// The cookie (Linux).
    Cookie(u64),
    /// Protocol and endpoints.
    Ends(Box<(Protocol, Endpoint, Option<Endpoint>)>),
}

impl SocketKey {
    /// Returns the key of a socket.
    pub fn of(socket: &SocketRef<'_>) -> Self {
        match socket.id.cookie {
            Some(cookie) => Self::Cookie(cookie),
            None => Self::Ends(Box::new((socket.protocol, socket.local, socket.remote))),
        }
    }
}
