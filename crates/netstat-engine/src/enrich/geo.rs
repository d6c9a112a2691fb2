//! The country and the network of an address, from databases that are files. Nothing is ever asked of anybody.
//!
//! A country of the built-in table is the one in which whoever announces the address is registered. A machine may stand
//! elsewhere: a cloud of one country has machines in many.

mod maxmind;
mod table;
#[cfg(test)]
mod tests;

pub use maxmind::GeoError;
pub use table::CountryTable;

use crate::filter::Reach;
use maxmind::MaxMind;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// The table of this program: see `data/ORIGIN.md`.
static BUILT_IN: &[u8] = include_bytes!("../../data/countries.bin");

/// A country, by its code of two letters (ISO 3166-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The country of a code, in any letter case; `None` for what is not two letters.
    pub fn new(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.as_bytes().try_into().ok()?;
        Self::from_bytes(code)
    }

    fn from_bytes(code: [u8; 2]) -> Option<Self> {
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code, in capitals.
    pub fn code(&self) -> &str {
        // Letters of ASCII are text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The network that an address belongs to: an autonomous system, by number, name or both.
///
/// A name comes from a file: it has to be escaped before a terminal sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AutonomousSystem {
    /// Its number.
    pub number: Option<u32>,
    /// Whose it is.
    pub name: Option<String>,
}

impl fmt::Display for AutonomousSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, &self.name) {
            (Some(number), Some(name)) => write!(f, "AS{number} {name}"),
            (Some(number), None) => write!(f, "AS{number}"),
            (None, Some(name)) => f.write_str(name),
            (None, None) => Ok(()),
        }
    }
}

/// Who knows the countries and networks of addresses: files in the order they were added, then the built-in table,
/// which has countries only.
#[derive(Debug, Default)]
pub struct Geo {
    files: Vec<MaxMind>,
}

impl Geo {
    /// The built-in table alone. Nothing is read or made for it.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// Asks this file in MaxMind's format, given whole, before the built-in table.
    ///
    /// # Errors
    /// When it is none, is broken, or has neither countries nor networks.
    pub fn add(&mut self, file: Vec<u8>) -> Result<(), GeoError> {
        self.files.push(MaxMind::new(file)?);
        Ok(())
    }

    /// Whether it can tell networks at all.
    pub fn has_networks(&self) -> bool {
        self.files.iter().any(MaxMind::has_networks)
    }

    /// The country of an address; `None` where it is not known. An address that is not of the whole internet has none.
    pub fn country(&self, address: IpAddr) -> Option<Country> {
        let address = leads_to(address);
        let of_file = self.of_files(address, MaxMind::country);
        // The table has addresses of the whole internet only.
        of_file.or_else(|| CountryTable::new(BUILT_IN)?.country(address))
    }

    /// The network of an address; `None` where it is not known. An address that is not of the whole internet has none.
    pub fn network(&self, address: IpAddr) -> Option<AutonomousSystem> {
        self.of_files(leads_to(address), MaxMind::network)
    }

    /// What the first file says that says something. A file may say anything of an address that is not of the whole
    /// internet, so it is not asked.
    fn of_files<T>(&self, address: IpAddr, of: impl Fn(&MaxMind, IpAddr) -> Option<T>) -> Option<T> {
        if self.files.is_empty() || Reach::of(address) != Some(Reach::Public) {
            return None;
        }
        self.files.iter().find_map(|file| of(file, address))
    }
}

/// The address itself, or the one of IPv4 that it leads to.
fn leads_to(address: IpAddr) -> IpAddr {
    let address = address.to_canonical();
    let IpAddr::V6(v6) = address else { return address };
    let [first, second, third, fourth, fifth, sixth, seventh, eighth] = v6.segments();
    let carried = match [first, second, third, fourth, fifth, sixth] {
        // NAT64, RFC 6052.
        [0x64, 0xff9b, 0, 0, 0, 0] => [seventh, eighth],
        // 6to4, RFC 3056.
        [0x2002, ..] => [second, third],
        _ => return address,
    };
    let [high, low] = carried.map(u32::from);
    IpAddr::V4(Ipv4Addr::from_bits(high << 16 | low))
}
