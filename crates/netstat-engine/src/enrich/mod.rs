//! Data from sources other than the kernel: names of ports, hosts and users, countries and networks of addresses, and who is
//! behind a listener.
//!
//! ```
//! use netstat_engine::enrich::{Reach, ServiceNames};
//! use netstat_model::Transport;
//!
//! let services = ServiceNames::parse(b"http 80/tcp www\ndomain 53/udp\n");
//! assert_eq!(services.name(Transport::Tcp, 80), Some("http"));
//! assert_eq!(Reach::of("192.168.1.1".parse()?), Some(Reach::Private));
//! # Ok::<(), std::net::AddrParseError>(())
//! ```

mod address_list;
mod geo;
mod hosts;
mod hosts_file;
mod place;
mod reach;
mod services;
mod stand_ins;
mod users;

pub use address_list::{AddressList, Entry};
pub use geo::Geo;
#[cfg(feature = "geo")]
pub use geo::{CountryTable, GeoError};
pub use hosts::{HostNames, HostResolver};
pub use hosts_file::HostsFile;
pub use place::{AutonomousSystem, Country};
pub use reach::Reach;
pub(crate) use reach::SPECIAL_BLOCKS;
pub use services::ServiceNames;
pub use stand_ins::StandIns;
pub use users::UserNames;
