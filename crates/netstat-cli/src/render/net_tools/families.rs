//! The address families that net-tools knows, by name.

/// An address family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AddressFamily {
    Inet,
    Inet6,
    Unix,
    Ipx,
    Ax25,
    X25,
    NetRom,
    Rose,
    AppleTalk,
    Ash,
    Bluetooth,
}

/// The names of IPv4.
pub(crate) const INET: &[&str] = &["inet", "ip", "tcpip", "ipv4"];

/// The names of IPv6.
pub(crate) const INET6: &[&str] = &["inet6", "ipv6"];

/// Every family with its names. Messages have the first.
const NAMES: &[(AddressFamily, &[&str])] = &[
    (AddressFamily::Inet, INET),
    (AddressFamily::Inet6, INET6),
    (AddressFamily::Unix, &["unix"]),
    (AddressFamily::Ipx, &["ipx"]),
    (AddressFamily::Ax25, &["ax25"]),
    (AddressFamily::X25, &["x25"]),
    (AddressFamily::NetRom, &["netrom"]),
    (AddressFamily::Rose, &["rose"]),
    (AddressFamily::AppleTalk, &["ddp", "appletalk"]),
    (AddressFamily::Ash, &["ash"]),
    (AddressFamily::Bluetooth, &["bluetooth"]),
];

/// The first name of each.
pub(crate) const FIRST_NAMES: &[&str] =
    &["inet", "inet6", "unix", "ipx", "ax25", "x25", "netrom", "rose", "ddp", "ash", "bluetooth"];

impl AddressFamily {
    pub(crate) fn by_name(word: &str) -> Option<Self> {
        NAMES.iter().find(|(_, names)| names.contains(&word)).map(|(family, _)| *family)
    }

    /// Returns the name that messages have.
    pub(crate) fn name(self) -> &'static str {
        let named = NAMES.iter().find(|(family, _)| *family == self);
        named.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
    }
}
