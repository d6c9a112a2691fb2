//! The country and the network of an address, as plain data.

use std::fmt;

/// A country by its two-letter code (ISO 3166-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Returns the country of a code in any letter case; `None` unless it has two letters.
    pub fn new(code: &str) -> Option<Self> {
        let code: [u8; 2] = code.as_bytes().try_into().ok()?;
        Self::from_bytes(code)
    }

    pub(super) fn from_bytes(code: [u8; 2]) -> Option<Self> {
        code.iter().all(u8::is_ascii_alphabetic).then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// Returns the code in capital letters.
    pub fn code(&self) -> &str {
        // ASCII letters are valid UTF-8.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The network that an address belongs to: an autonomous system by its number, its name, or both.
///
/// The name comes from a file: escape it before showing it on a terminal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AutonomousSystem {
    /// The AS number.
    pub number: Option<u32>,
    /// The name of the operator.
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
