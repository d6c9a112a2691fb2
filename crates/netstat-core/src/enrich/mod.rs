//! What completes the data of the kernel from elsewhere: names of ports, of hosts and of users.

mod hosts;
mod services;
mod users;

pub use hosts::{HostNames, HostResolver, short_name};
pub use services::ServiceNames;
pub use users::UserNames;
