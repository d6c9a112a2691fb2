//! Tables that the Linux kernel has as text, in the order of the kernel, as programs of long ago read them.
//!
//! | file | tables |
//! |---|---|
//! | `routes.rs` | `/proc/net/route`, `/proc/net/ipv6_route` |
//! | `groups.rs` | `/proc/net/igmp`, `/proc/net/igmp6`, `/proc/net/dev_mcast` |
//! | `devices.rs` | `/proc/net/dev` |
//! | `addresses.rs` | `/proc/net/if_inet6` |
//! | `counters.rs` | `/proc/net/snmp`, `/proc/net/snmp6`, `/proc/net/netstat`, with every name that the kernel gives |
//! | `unix.rs` | `/proc/net/unix` |
//! | `datagrams.rs` | `/proc/net/raw`, `/proc/net/raw6`, `/proc/net/udplite`, `/proc/net/udplite6` |
//! | `networks.rs` | `/etc/networks` |
//! | `protocols.rs` | `/etc/protocols` |
//!
//! Lines that make no sense are skipped.

mod addresses;
mod counters;
mod datagrams;
mod devices;
mod groups;
mod networks;
mod protocols;
mod routes;
mod unix;
mod words;

pub use addresses::{AddressV6, addresses_v6};
pub use counters::{Counter, counters, counters_v6};
pub use datagrams::{DatagramSocket, datagram_sockets};
pub use devices::{Device, Traffic, devices};
pub use groups::{Group, LinkGroup, groups_link, groups_v4, groups_v6};
pub use networks::NetworkNames;
pub use protocols::ProtocolNames;
pub use routes::{RouteV4, RouteV6, routes_v4, routes_v6};
pub use unix::{UnixSocket, unix_sockets};

/// Runs every decoder on the same text.
#[cfg(any(test, fuzzing))]
pub(crate) fn every_table(text: &[u8]) {
    routes_v4(text);
    routes_v6(text);
    groups_v4(text);
    groups_v6(text);
    groups_link(text);
    devices(text);
    addresses_v6(text);
    counters(text);
    counters_v6(text);
    NetworkNames::parse(text);
    ProtocolNames::parse(text);
    datagram_sockets(text);
    unix_sockets(text);
}

#[cfg(test)]
mod tests;
