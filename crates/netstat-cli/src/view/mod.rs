//! One file per question: which rows answer it, and in which order. No words and no bytes.

pub mod connections;
pub mod ethernet;
pub mod groups;
pub mod names;
pub mod process_counts;
pub mod processes;
pub mod rates;
pub mod rdma;
pub mod routes;
pub mod sort;
pub mod statistics;

pub use connections::{ConnectionsOptions, ConnectionsView, Foreign, Row};
pub use names::Names;
pub use process_counts::{Holder, PortCount, count_ports};
pub use processes::Processes;
