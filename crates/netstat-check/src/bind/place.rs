//! What is asked about.

use super::super::surroundings::protocol_word;
use netstat_model::{IpSocketRef, Transport};

/// A port of a protocol, as it is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) port: u16,
    pub(super) protocol: Transport,
}

impl Place {
    /// Returns its name: `4873/tcp`.
    pub(super) fn name(self) -> String {
        format!("{}/{}", self.port, protocol_word(self.protocol))
    }

    /// Whether a socket has the port.
    pub(super) fn has(self, socket: &IpSocketRef<'_>) -> bool {
        (socket.protocol, socket.local.port) == (self.protocol, self.port)
    }

    /// Returns the places that a word of the settings means: one without a protocol means both.
    pub(super) fn of(word: &str) -> Vec<Self> {
        let (number, protocol) = word.split_once('/').map_or((word, None), |(number, of)| (number, Some(of)));
        let Ok(port) = number.trim().parse() else { return Vec::new() };
        [Transport::Tcp, Transport::Udp]
            .into_iter()
            .filter(|own| protocol.is_none_or(|typed| typed.eq_ignore_ascii_case(protocol_word(*own))))
            .map(|protocol| Self { port, protocol })
            .collect()
    }
}
