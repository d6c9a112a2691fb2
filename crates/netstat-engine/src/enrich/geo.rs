//! The country and the network (autonomous system) of an address, from local databases. No network lookups are made.
//!
//! The built-in table gives the country in which the holder of the address block is registered. The host itself may be
//! elsewhere: a cloud provider registered in one country has hosts in many.
//!
//! Without the feature `geo` there are no databases, and every country and network is unknown.

#[cfg(feature = "geo")]
mod maxmind;
#[cfg(feature = "geo")]
mod table;
#[cfg(all(test, feature = "geo"))]
mod tests;

#[cfg(feature = "geo")]
pub use maxmind::GeoError;
#[cfg(feature = "geo")]
pub use table::CountryTable;

use super::place::{AutonomousSystem, Country};
use std::net::IpAddr;

/// The built-in table, see `data/ORIGIN.md`.
#[cfg(feature = "geo")]
static BUILT_IN: &[u8] = include_bytes!("../../data/countries.bin");

/// Databases of the countries and networks of addresses: files in the order they were added, then the built-in table,
/// which has countries only.
#[derive(Debug, Default)]
pub struct Geo {
    #[cfg(feature = "geo")]
    files: Vec<maxmind::MaxMind>,
}

impl Geo {
    /// Returns the built-in table alone. This takes no time: the table is searched in place.
    pub fn built_in() -> Self {
        Self::default()
    }
}

#[cfg(feature = "geo")]
impl Geo {
    /// Adds a file in MaxMind's format, given as its whole content, to be searched before the built-in table.
    ///
    /// # Errors
    /// If the file is not in this format, is broken, or has neither countries nor networks.
    pub fn add(&mut self, file: Vec<u8>) -> Result<(), GeoError> {
        self.files.push(maxmind::MaxMind::new(file)?);
        Ok(())
    }

    /// Returns true if one of the files has networks.
    pub fn has_networks(&self) -> bool {
        self.files.iter().any(maxmind::MaxMind::has_networks)
    }

    /// Returns the country of an address; `None` if unknown, or if the address is not globally reachable.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let address = embedded_v4(address);
        let of_file = self.of_files(address, maxmind::MaxMind::country);
        // The table has globally reachable addresses only.
        of_file.or_else(|| CountryTable::new(BUILT_IN)?.country(address))
    }

    /// Returns the network of an address; `None` if unknown, or if the address is not globally reachable.
    pub fn network(&self, address: IpAddr) -> Option<AutonomousSystem> {
        self.of_files(embedded_v4(address), maxmind::MaxMind::network)
    }

    /// Returns the answer of the first file that has one. A file may have entries for addresses that are not globally
    /// reachable; those mean nothing here.
    fn of_files<T>(&self, address: IpAddr, of: impl Fn(&maxmind::MaxMind, IpAddr) -> Option<T>) -> Option<T> {
        use super::reach::Reach;
        if self.files.is_empty() || Reach::of(address) != Some(Reach::Public) {
            return None;
        }
        self.files.iter().find_map(|file| of(file, address))
    }
}

#[cfg(not(feature = "geo"))]
impl Geo {
    /// Returns false: there are no databases.
    pub fn has_networks(&self) -> bool {
        false
    }

    /// Returns `None`: there are no databases.
    pub fn country(&self, _: IpAddr) -> Option<Country> {
        None
    }

    /// Returns `None`: there are no databases.
    pub fn network(&self, _: IpAddr) -> Option<AutonomousSystem> {
        None
    }
}

/// Returns the IPv4 address embedded in a transition address, or else the address itself.
#[cfg(feature = "geo")]
fn embedded_v4(address: IpAddr) -> IpAddr {
    use std::net::Ipv4Addr;
    let address = address.to_canonical();
    let IpAddr::V6(v6) = address else { return address };
    let (high, low) = match v6.segments() {
        // NAT64, RFC 6052.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        // 6to4, RFC 3056.
        [0x2002, high, low, ..] => (high, low),
        _ => return address,
    };
    IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}
