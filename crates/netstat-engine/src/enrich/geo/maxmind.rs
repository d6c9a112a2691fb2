//! Databases in MaxMind's file format, of any vendor.

use crate::enrich::place::{AutonomousSystem, Country};
use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;

/// The reason why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeoError {
    /// It is not in this format, or broken.
    Broken(String),
    /// It has neither countries nor networks.
    Useless,
}

impl std::error::Error for GeoError {}

impl fmt::Display for GeoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(f, "not a valid database in MaxMind's format ({why})"),
            Self::Useless => f.write_str("has neither countries nor networks"),
        }
    }
}

impl From<MaxMindDbError> for GeoError {
    fn from(error: MaxMindDbError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Where vendors keep the country code. MaxMind also has the country of registration, for addresses without a location.
const COUNTRY: [&[PathElement<'_>]; 4] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country")],
    &[PathElement::Key("registered_country"), PathElement::Key("iso_code")],
];

/// Where vendors keep the AS number; some as a number, some as text (`AS15169`).
const NUMBER: [&[PathElement<'_>]; 2] =
    [&[PathElement::Key("autonomous_system_number")], &[PathElement::Key("asn")]];

/// Where vendors keep the name of the network.
const NAME: [&[PathElement<'_>]; 3] = [
    &[PathElement::Key("autonomous_system_organization")],
    &[PathElement::Key("as_name")],
    &[PathElement::Key("organization")],
];

/// The number of entries that are read to find out what a file has.
const PROBED: usize = 20_000;

/// A database, held in memory.
pub(super) struct MaxMind {
    reader: Reader<Vec<u8>>,
    networks: bool,
}

impl fmt::Debug for MaxMind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MaxMind").field("type", &self.reader.metadata().database_type).finish_non_exhaustive()
    }
}

impl MaxMind {
    pub(super) fn new(file: Vec<u8>) -> Result<Self, GeoError> {
        let mut file = Self { reader: Reader::from_source(file)?, networks: false };
        let mut countries = false;
        // Visiting networks without data too keeps each step short, whatever the tree looks like.
        let options = WithinOptions::default().include_networks_without_data();
        for entry in file.reader.networks(options)?.take(PROBED) {
            let record = Record(entry?);
            // One unreadable entry makes the whole file untrustworthy.
            countries |= record.try_country()?.is_some();
            file.networks |= record.try_network()?.is_some();
            if countries && file.networks {
                break;
            }
        }
        if countries || file.networks { Ok(file) } else { Err(GeoError::Useless) }
    }

    pub(super) fn has_networks(&self) -> bool {
        self.networks
    }

    pub(super) fn country(&self, address: IpAddr) -> Option<Country> {
        // An unreadable entry counts as unknown.
        Record(self.reader.lookup(address).ok()?).try_country().ok().flatten()
    }

    pub(super) fn network(&self, address: IpAddr) -> Option<AutonomousSystem> {
        Record(self.reader.lookup(address).ok()?).try_network().ok().flatten()
    }
}

/// The entry of an address.
struct Record<'a>(maxminddb::LookupResult<'a, Vec<u8>>);

/// A value whose type differs between vendors.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose<'a> {
    Number(u32),
    Text(&'a str),
    Other(serde::de::IgnoredAny),
}

impl Record<'_> {
    fn try_country(&self) -> Result<Option<Country>, MaxMindDbError> {
        for path in COUNTRY {
            if let Some(Loose::Text(code)) = self.at(path)?
                && let Some(country) = Country::new(code)
            {
                return Ok(Some(country));
            }
        }
        Ok(None)
    }

    fn try_network(&self) -> Result<Option<AutonomousSystem>, MaxMindDbError> {
        let (mut number, mut name) = (None, None);
        for path in NUMBER {
            number = number.or(match self.at(path)? {
                Some(Loose::Number(number)) => Some(number),
                Some(Loose::Text(text)) => text.strip_prefix("AS").unwrap_or(text).parse().ok(),
                _ => None,
            });
        }
        for path in NAME {
            name = name.or(match self.at(path)? {
                Some(Loose::Text(text)) if !text.is_empty() => Some(text.to_owned()),
                _ => None,
            });
        }
        // AS 0 is reserved (RFC 7607).
        let number = number.filter(|number| *number != 0);
        Ok((number.is_some() || name.is_some()).then_some(AutonomousSystem { number, name }))
    }

    /// Returns the value at a path; `None` if there is none.
    fn at(&self, path: &[PathElement<'_>]) -> Result<Option<Loose<'_>>, MaxMindDbError> {
        match self.0.decode_path(path) {
            // A part of the path is not a map.
            Err(MaxMindDbError::Decoding { .. }) => Ok(None),
            other => other,
        }
    }
}
