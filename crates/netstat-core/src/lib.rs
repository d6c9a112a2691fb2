//! What the operating system knows of its network, as plain data.
//!
//! This library never prints, never exits, and reads neither arguments nor the environment nor any
//! configuration; it resolves a name only when asked to.

pub mod enrich;
pub mod error;
pub mod filter;
#[cfg(all(fuzzing, target_os = "linux"))]
pub mod fuzzing;
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, unused_imports, reason = "what looks for owners while a table is listed is of Linux")
)]
pub mod model;
pub mod os;
pub mod owner_method;
pub mod query;
pub mod warning;

pub use error::{Error, Operation};
pub use owner_method::{NoBpf, OwnerMethod};
pub use warning::{Answer, Warning};
