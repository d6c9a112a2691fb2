//! Plain data: what the operating system reports, decoded, without any text for people.
//!
//! Unknown is `None` (or a [`Missing`] where the reason matters), never zero and never an empty string.
//!
//! With the feature `serde` these types can be serialized. Names of the operating system need not be UTF-8; they are
//! written as serde writes an [`OsString`](std::ffi::OsString).
//!
//! ```
//! use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketTable};
//!
//! let local = IpEndpoint::new("127.0.0.1".parse()?, 631, 0);
//! let table: SocketTable = [Socket::new(Transport::Udp, Family::V4, local, None)].into_iter().collect();
//! let lines: Vec<String> = table.iter().map(|it| format!("{} {}", it.protocol, it.local)).collect();
//! assert_eq!(lines, ["UDP 127.0.0.1:631"]);
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod application;
mod conntrack;
mod counters;
mod descriptors;
mod details;
mod endpoint;
pub mod error;
mod family_facts;
mod firewall;
pub mod history;
mod host;
mod interface;
mod keep;
mod lifespan;
mod limits;
mod list_method;
mod multicast;
mod network_namespace;
mod owner_lists;
pub mod owner_method;
mod ownership_ref;
mod prefix;
mod process;
pub mod query;
mod rdma;
mod route;
mod snapshot_info;
mod socket;
mod socket_key;
mod socket_ref;
mod stand_in;
mod table;
mod tcp;
mod tcp_fields;
pub mod warning;

pub use application::{Application, ApplicationProtocol};
pub use conntrack::Conntrack;
pub use counters::{
    CounterBlock, Counters, IcmpV4Counters, IcmpV6Counters, InterfaceCounters, InterfaceStats, IpCounters,
    SocketLevels, TcpCounters, TcpExtCounters, UdpCounters,
};
pub use descriptors::{DescriptorUse, ProcessDescriptors};
pub use endpoint::{Endpoint, EndpointRef, IpEndpoint};
pub use error::{Error, Operation};
pub use family_facts::{
    BluetoothFacts, FamilyFacts, MembershipKind, MptcpFacts, NetlinkFacts, PacketFacts, PacketMembership,
    RingSize, SctpFacts, SctpState, SocketFile, UnixFacts, XdpFacts,
};
pub use firewall::{
    Diversion, Firewall, Inbound, Judgement, Passage, Published, Target, Tenant, UnreadRules,
};
pub use host::HostAddress;
pub use interface::{Interface, InterfaceAddress, InterfaceFlags, InterfaceHardware};
pub use lifespan::{ConnectionRole, EndReason, Lifespan};
pub use limits::{DynamicPorts, Limits, PortRange, TimeWaitReuse};
pub use list_method::ListMethod;
pub use multicast::GroupMember;
pub use network_namespace::NetworkNamespace;
pub use owner_method::{NoBpf, OwnerMethod};
pub use ownership_ref::OwnershipRef;
pub use prefix::Prefix;
pub use process::{
    Container, ContainerRuntime, Executable, Holder, Missing, NoOwner, Owner, Ownership, Process, ProcessKey,
};
pub use rdma::{RdmaEndpoint, RdmaRole};
pub use route::{
    NextHop, NextHops, PersistentRoute, Route, RouteKind, RouteStore, TABLE_DEFAULT, TABLE_LOCAL, TABLE_MAIN,
};
pub use snapshot_info::{Namespace, SnapshotInfo};
pub use socket::{
    BluetoothProtocol, Family, Offload, Protocol, Socket, SocketId, SocketType, TcpState, Timer, TimerKind,
    Transport, WindowsSocket,
};
pub use socket_key::{SocketEnds, SocketKey};
pub use socket_ref::{IpSocketRef, ServedFamilies, SocketRef};
pub use stand_in::{Keeper, StandIn};
pub use table::{FindOwners, RowId, ShortId, SocketTable, lower_half};
pub use tcp::{SocketMemory, TcpInfo};
pub use tcp_fields::TcpFields;
pub use warning::{Answer, Warning};
