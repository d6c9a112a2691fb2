//! Selecting, sorting and counting: one file per report. No words and no bytes.

pub mod connections;
pub mod ethernet;
pub mod groups;
#[cfg(test)]
mod made;
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
