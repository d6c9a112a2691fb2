//! Others that say which sockets there are, to compare with: `ss` and `/proc/net`, each read on its own and
//! neither by the code under test.

mod counters;
mod proc_net;
mod ss;

pub use counters::counter;
pub use proc_net::proc_net;
pub use ss::{bound, ss, ss_with};
