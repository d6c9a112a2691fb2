//! [`Application`]: what the first bytes of a connection tell of the program that speaks.

/// A protocol of applications that is known by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ApplicationProtocol {
    /// TLS: a ClientHello (RFC 8446).
    Tls,
    /// QUIC: a ClientHello in its Initial packets (RFC 9000, RFC 9369).
    Quic,
    /// DNS (RFC 1035).
    Dns,
    /// Multicast DNS (RFC 6762).
    Mdns,
    /// HTTP/1 (RFC 9112).
    Http,
    /// SSH (RFC 4253).
    Ssh,
}

impl ApplicationProtocol {
    /// Every one of them.
    pub const ALL: [Self; 6] = [Self::Tls, Self::Quic, Self::Dns, Self::Mdns, Self::Http, Self::Ssh];

    /// Returns its name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Quic => "quic",
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Http => "http",
            Self::Ssh => "ssh",
        }
    }
}

/// What the first bytes of a connection tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Application {
    /// The protocol.
    pub protocol: ApplicationProtocol,
    /// Words of visible ASCII, 253 bytes at most. The first is the name: of the server for TLS and QUIC, of the question for DNS, of
    /// the host for HTTP, or the version that SSH announces; `-` where it has none. `None` where there is no word at all.
    pub name: Option<Box<str>>,
}

impl Application {
    /// Returns the name without what stands beside it; `None` where it has none.
    pub fn first_word(&self) -> Option<&str> {
        let words = self.name.as_deref()?;
        Some(words.split_once(' ').map_or(words, |(first, _)| first)).filter(|first| *first != "-")
    }
}
