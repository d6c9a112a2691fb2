//! Independent witnesses of which sockets exist: `ss` and `/proc/net`, neither read by the code under test.

mod counters;
mod proc_net;
mod ss;
mod unix;

pub use counters::counter;
pub use proc_net::proc_net;
pub use ss::{bound, ss, ss_with};
pub use unix::{UnixRow, unix};
