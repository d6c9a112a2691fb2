//! A network laboratory for end-to-end tests: a private network namespace with known sockets in every state.
//!
//! Nothing outside the namespace is touched. Needs root and iproute2. Where something is missing, a test is skipped (see
//! [`skip`]), unless `NETSTAT_LAB=required` is in the environment.
//!
//! # How to write a test
//!
//! ```no_run
//! use netstat_lab::{Flavor, TcpState, normalized, witness};
//!
//! netstat_lab::with_remote_host(|namespace, host| {
//!     let held = vec![
//!         host.hold(TcpState::CloseWait, Flavor::Mapped).unwrap(),
//!         namespace.listener(netstat_lab::Place::AnyDualStack, 8080).unwrap(),
//!     ];
//!     // Run the code under test here: as a child process, or on this very thread.
//!     let expected = normalized(held.iter().flat_map(|held| held.rows()));
//!     assert_eq!(normalized(&witness::ss().unwrap()), expected);
//!     assert_eq!(normalized(&witness::proc_net().unwrap()), expected);
//! });
//! ```
//!
//! - A function that returns a [`Result`] fails where the kernel refuses what it asks for, or a program is missing.
//! - The body runs on a thread of its own. A failed assertion there fails the test as usual.
//! - Sockets stay in their states until their [`Held`] is dropped: no sleeping, no races. Once dropped, they are gone.
//! - A test that needs only loopback takes [`on_own_thread`], which needs no TUN device.
//! - Child processes inherit the namespace of the thread that starts them. Code on the thread itself must read
//!   `/proc/thread-self/net`: see [`Namespace`].
//! - Faults and their healthy look-alikes are in [`faults`].
//! - A [`Neighbour`] is another machine, connected with the namespace of the test.
//! - [`Holders`] makes child processes hold a socket too.
#![cfg(target_os = "linux")]

mod error;
pub mod faults;
mod held;
mod holders;
mod kernel;
mod loopback;
mod mmdb;
mod namespace;
mod neighbour;
mod peer;
mod remote_host;
mod row;
mod segment;
mod skip;
mod socket;
mod usage;
pub mod witness;

pub use error::{LabError, Result, Skip};
pub use held::Held;
pub use holders::Holders;
pub use loopback::{Connected, Loop, Place};
pub use mmdb::{Mmdb, Value as MmdbValue};
pub use namespace::{Namespace, eventually, on_own_thread};
pub use neighbour::Neighbour;
pub use remote_host::{
    Flavor, INTERFACE, OUR_LINK_LOCAL, OUR_V4, OUR_V6, RemoteHost, THEIR_LINK_LOCAL, THEIR_V4, THEIR_V6,
    with_remote_host,
};
pub use row::{Family, Key, Protocol, Row, TcpState, normalized};
pub use skip::{lists_bound, skip, skip_unless_required};
pub use socket::{interface_index, join_link_group, keep_errors, make_transparent, send_with_service};
pub use usage::{Usage, monotonic_nanoseconds, wait_with_usage};
