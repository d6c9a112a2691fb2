//! Plain data: what the operating system said, without its bytes, without words for people.
//!
//! What is not known is `None` (or a [`Missing`] where the reason matters), never zero and never an empty string.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod brief;
mod conntrack;
mod counters;
mod endpoint;
pub mod error;
mod firewall;
mod host;
mod interface;
mod limits;
pub mod owner_method;
mod process;
pub mod query;
mod rdma;
mod route;
mod socket;
mod table;
mod tcp;
pub mod warning;

pub use brief::Brief;
pub use conntrack::Conntrack;
pub use counters::{
    Counters, IcmpV4Counters, IcmpV6Counters, InterfaceCounters, InterfaceStats, IpCounters, SocketLevels,
    TcpCounters, TcpExtCounters, UdpCounters,
};
pub use endpoint::Endpoint;
pub use error::{Error, Operation};
pub use firewall::{Firewall, Inbound, Judgement, Passage, UnreadRules};
pub use host::HostAddress;
pub use interface::{Interface, InterfaceAddress, InterfaceFlags};
pub use limits::{DynamicPorts, Limits, PortRange, TimeWaitReuse};
pub use owner_method::{NoBpf, OwnerMethod};
pub use process::{
    Container, ContainerRuntime, Executable, Holder, Missing, NoOwner, Owner, Ownership, Process, ProcessId,
};
pub use rdma::{RdmaEndpoint, RdmaRole};
pub use route::{
    NextHop, NextHops, PersistentRoute, Prefix, Route, RouteKind, RouteStore, TABLE_DEFAULT, TABLE_LOCAL,
    TABLE_MAIN,
};
pub use socket::{
    Family, Offload, Protocol, Section, Sections, Socket, SocketId, TcpState, Timer, TimerKind, WindowsSocket,
};
pub use table::{ShortId, Table, TableRow, lower_half};
pub use tcp::{SocketMemory, TcpInfo};
pub use warning::{Answer, PassedOver, Warning};
