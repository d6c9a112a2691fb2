//! What completes the data of the kernel from elsewhere: names of ports, of hosts and of users, countries and networks of
//! addresses.

mod address_list;
mod geo;
mod hosts;
mod services;
mod users;

pub use address_list::{AddressList, Entry};
pub use geo::{AutonomousSystem, Country, CountryTable, Geo, GeoError};
pub use hosts::{HostNames, HostResolver, short_name};
pub use services::ServiceNames;
pub use users::UserNames;
