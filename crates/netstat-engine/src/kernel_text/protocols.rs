//! Names of the protocols over IP.

use super::words::{number, words};

/// The names of protocols in `/etc/protocols`. They are only known to be UTF-8: escape them before showing them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProtocolNames(Vec<(u16, Box<str>)>);

impl ProtocolNames {
    /// Parses lines of a name and a number; `#` begins a comment.
    pub fn parse(text: &[u8]) -> Self {
        let parse_line = |line: &[u8]| {
            let line = line.split(|&byte| byte == b'#').next()?;
            let [name, protocol, ..] = words(line)[..] else { return None };
            Some((number(protocol)?, std::str::from_utf8(name).ok()?.into()))
        };
        Self(text.split(|&byte| byte == b'\n').filter_map(parse_line).collect())
    }

    /// Returns the name of a protocol: the first of several.
    pub fn name(&self, protocol: u16) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == protocol).map(|(_, name)| &**name)
    }
}
