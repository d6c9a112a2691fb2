//! The names that a table shows, however they were looked up.

use netstat_model::{IpEndpoint, Transport};
use std::net::IpAddr;

/// Names that are known when the table is written; no method may block.
pub trait Names {
    /// Returns the full host name of this remote endpoint, as the resolver returned it; `None` if it has none or
    /// did not answer in time.
    fn host(&self, end: &IpEndpoint) -> Option<&str>;

    /// Returns the name of the service at a port of this protocol.
    fn service(&self, port: u16, protocol: Transport) -> Option<&str>;

    /// Returns the name of this host, in full if known; `None` if the system refused it.
    fn own_name(&self) -> Option<&str>;

    /// Returns true if the address is assigned to this host. Loopback and wildcard addresses need not be included.
    fn is_own(&self, address: IpAddr) -> bool;
}
