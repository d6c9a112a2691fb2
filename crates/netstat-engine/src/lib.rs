//! Questions about a machine's network, on top of what the kernel knows of it ([`netstat_os`]).
//!
//! This library never prints, never exits, and reads neither arguments nor the environment nor any
//! configuration; it resolves a name only when asked to.
//!
//! Begin with [`Snapshot::take`]; the folder `examples` has an exporter for Prometheus, a watcher for leaks of connections,
//! and a program that waits for a port.
//!
//! ```
//! use netstat_engine::{Query, Snapshot};
//!
//! # fn main() -> Result<(), netstat_engine::model::Error> {
//! let listeners = Snapshot::take(&Query::tcp().listening().owners())?;
//! for socket in listeners.iter() {
//!     println!("{} {:?}", socket.local, socket.ownership().principal());
//! }
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

pub mod act;
pub mod columns;
pub mod enrich;
pub mod family;
pub mod filter;
pub mod flow;
#[cfg(all(fuzzing, target_os = "linux"))]
pub mod fuzzing;
pub mod kernel_text;
pub mod look;
pub mod row;
pub mod select;
pub mod snapshot;
pub mod text;
pub mod view;
pub mod watch;

pub use netstat_model as model;
pub use snapshot::{Query, Snapshot};

// Fixtures that tests of the program share are written as code outside of this library.
#[cfg(test)]
extern crate self as netstat_engine;
