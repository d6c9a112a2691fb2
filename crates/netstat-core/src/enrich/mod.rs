//! What completes the data of the kernel from elsewhere: names of ports, names of hosts.

mod hosts;
mod services;

pub use hosts::{HostNames, HostResolver, short_name};
pub use services::ServiceNames;
