//! Selecting, sorting and counting: one file per report. No words and no bytes.
//!
//! ```
//! use netstat_engine::view::{ConnectionsOptions, ConnectionsView};
//! use netstat_model::query::Kinds;
//! use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketTable};
//!
//! let ports = [443, 80].map(|port| IpEndpoint { port, ..IpEndpoint::ANY_V4 });
//! let sockets = ports.map(|local| Socket::new(Transport::Udp, Family::V4, local, None));
//! let mut table: SocketTable = sockets.into_iter().collect();
//! let options = ConnectionsOptions { listening: true, bound: false, kinds: Kinds::TCP_UDP };
//! let view = ConnectionsView::new(&mut table, &options);
//! let ports: Vec<Option<u16>> = view.rows().map(|row| row.local().port()).collect();
//! assert_eq!(ports, [Some(80), Some(443)]);
//! ```

pub mod connections;
pub mod ethernet;
pub mod groups;
pub mod interfaces;
#[cfg(test)]
mod made;
pub mod multicast;
pub mod names;
pub mod process_counts;
pub mod rates;
pub mod rdma;
pub mod routes;
pub mod sort;
pub mod statistics;

pub use connections::{ConnectionsOptions, ConnectionsView};
pub use names::Names;
pub use process_counts::{PortCount, PortHolder, count_ports};
