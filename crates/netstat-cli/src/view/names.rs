//! What the table needs to know of names. Who looks them up, and how long that may take, is another matter.

use netstat_model::{Endpoint, Protocol};
use std::net::IpAddr;

/// Names that are known by the time the table is written; nothing here may wait.
pub trait Names {
    /// The whole name of the host at this end, as the resolver gave it; `None` where it has none, or has not
    /// answered in time. Asked of other machines only.
    fn host(&self, end: &Endpoint) -> Option<&str>;

    /// The name of the service at a port of this protocol.
    fn service(&self, port: u16, protocol: Protocol) -> Option<&str>;

    /// The name of this machine, whole where that is known; `None` where the system refused it.
    fn own_name(&self) -> Option<&str>;

    /// Whether the address is one of this machine's. Loopback and wildcard addresses need not be known here.
    fn is_own(&self, address: IpAddr) -> bool;
}
