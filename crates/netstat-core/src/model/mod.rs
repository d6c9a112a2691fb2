//! Plain data: what the operating system said, without its bytes, without words for people.
//!
//! What is not known is `None` (or a [`Missing`] where the reason matters), never zero and never an empty string.

mod endpoint;
mod host;
mod process;
mod rdma;
mod socket;
mod tcp;

pub use endpoint::Endpoint;
pub use host::HostAddress;
pub use process::{
    Container, ContainerRuntime, Executable, Missing, NoOwner, Owner, Ownership, Process, ProcessId,
};
pub use rdma::{RdmaEndpoint, RdmaRole};
pub use socket::{Family, Protocol, Section, Sections, Socket, SocketId, TcpState, Timer, TimerKind};
pub use tcp::{SocketMemory, TcpInfo};
