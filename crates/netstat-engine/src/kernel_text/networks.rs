//! Names of networks.

use super::words::words;
use std::net::Ipv4Addr;

/// The names of networks in `/etc/networks`. They are only known to be UTF-8: escape them before showing them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkNames<'a>(Vec<(Ipv4Addr, &'a str)>);

impl<'a> NetworkNames<'a> {
    /// Parses lines of a name and an address, whose last parts may be left out; `#` begins a comment.
    pub fn parse(text: &'a [u8]) -> Self {
        let parse_line = |line: &'a [u8]| {
            let line = line.split(|&byte| byte == b'#').next()?;
            let [name, address, ..] = words(line)[..] else { return None };
            let mut parts = std::str::from_utf8(address).ok()?.split('.').map(str::parse::<u8>);
            let mut octets = [0; 4];
            for octet in &mut octets {
                match parts.next() {
                    Some(part) => *octet = part.ok()?,
                    None => break,
                }
            }
            Some((Ipv4Addr::from(octets), std::str::from_utf8(name).ok()?))
        };
        Self(text.split(|&byte| byte == b'\n').filter_map(parse_line).collect())
    }

    /// Returns the name of a network.
    pub fn name(&self, network: Ipv4Addr) -> Option<&'a str> {
        self.0.iter().find(|(known, _)| *known == network).map(|(_, name)| *name)
    }
}
