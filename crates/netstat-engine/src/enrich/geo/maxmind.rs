//! Files in the format of MaxMind, of whichever maker.

use super::{AutonomousSystem, Country};
use maxminddb::{MaxMindDbError, PathElement, Reader, WithinOptions};
use serde::Deserialize;
use std::fmt;
use std::net::IpAddr;

/// Why a file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GeoError {
    /// It is not in the format, or broken.
    Broken(String),
    /// It has neither countries nor networks.
    Useless,
}

impl std::error::Error for GeoError {}

impl fmt::Display for GeoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(why) => write!(f, "not a whole database in MaxMind's format ({why})"),
            Self::Useless => f.write_str("has neither countries nor networks"),
        }
    }
}

impl From<MaxMindDbError> for GeoError {
    fn from(error: MaxMindDbError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Where makers keep the code of the country. MaxMind has the country of whoever registered the address beside that of
/// the address, for those that are everywhere.
const COUNTRY: [&[PathElement<'_>]; 4] = [
    &[PathElement::Key("country"), PathElement::Key("iso_code")],
    &[PathElement::Key("country_code")],
    &[PathElement::Key("country")],
    &[PathElement::Key("registered_country"), PathElement::Key("iso_code")],
];

/// Where they keep the number of the network; some as a number, some as text (`AS15169`).
const NUMBER: [&[PathElement<'_>]; 2] =
    [&[PathElement::Key("autonomous_system_number")], &[PathElement::Key("asn")]];

/// Where they keep its name.
const NAME: [&[PathElement<'_>]; 3] = [
    &[PathElement::Key("autonomous_system_organization")],
    &[PathElement::Key("as_name")],
    &[PathElement::Key("organization")],
];

/// How many entries tell what a file has.
const PROBED: usize = 20_000;

/// A file, held in memory.
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
        // With those that have no data each step is short, however odd the tree is.
        let options = WithinOptions::default().include_networks_without_data();
        for entry in file.reader.networks(options)?.take(PROBED) {
            let record = Record(entry?);
            // An entry that cannot be read is a file that cannot be trusted.
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
        // What cannot be read is not known.
        Record(self.reader.lookup(address).ok()?).try_country().ok().flatten()
    }

    pub(super) fn network(&self, address: IpAddr) -> Option<AutonomousSystem> {
        Record(self.reader.lookup(address).ok()?).try_network().ok().flatten()
    }
}

/// What a file has of an address.
struct Record<'a>(maxminddb::LookupResult<'a, Vec<u8>>);

/// A value that some makers write in another type.
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
        // Number 0 is nobody's (RFC 7607).
        let number = number.filter(|number| *number != 0);
        Ok((number.is_some() || name.is_some()).then_some(AutonomousSystem { number, name }))
    }

    /// The value at a path; `None` where it leads nowhere.
    fn at(&self, path: &[PathElement<'_>]) -> Result<Option<Loose<'_>>, MaxMindDbError> {
        match self.0.decode_path(path) {
            // A map is looked for where there is none.
            Err(MaxMindDbError::Decoding { .. }) => Ok(None),
            other => other,
        }
    }
}
