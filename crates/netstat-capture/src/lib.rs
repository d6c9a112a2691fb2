//! Packets with the processes that sent and received them.
//!
//! [`frame`] reads the headers of a packet, [`Capture`] finds out whose it is, [`pcapng`] keeps it in a file that Wireshark
//! opens, and [`Captured`] is such a file as a system that can be asked for its connections.
//!
//! This library never prints, never exits, and reads neither arguments nor the environment nor any configuration.

#![cfg_attr(
    not(test),
    deny(clippy::print_stdout, clippy::print_stderr, clippy::exit, clippy::disallowed_methods)
)]

mod capture;
mod captured;
pub mod comment;
mod datagrams;
mod file;
pub mod first_bytes;
mod flow;
mod fragments;
pub mod frame;
mod holder;
mod kept;
mod look;
mod openings;
mod packing;
pub mod pcapng;
mod prefilter;
pub mod read;
mod starts;
mod talk;
mod told;

pub use capture::{Capture, Counts, EndOf};
pub use captured::{Captured, MOST_CONNECTIONS};
pub use file::{CaptureFile, create};
pub use holder::{Certainty, Holder};
pub use kept::{Cut, Kept};
pub use packing::{Packed, Packing};
pub use prefilter::prefilter;
pub use starts::{Over, Start, Starts};
