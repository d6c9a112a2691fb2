//! Independent witnesses of which sockets exist: `ss` and `/proc/net`, neither read by the code under test.

mod counters;
mod families;
mod proc_net;
mod ss;

pub use counters::counter;
pub use families::{OtherRow, UnixRow, others, unix};
pub use proc_net::proc_net;
pub use ss::{bound, ss, ss_with};
