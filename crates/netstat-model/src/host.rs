use super::IpEndpoint;
use std::fmt;
use std::net::IpAddr;

/// The address of a host, as looked up in the resolver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HostAddress {
    /// The address, never IPv4-mapped.
    pub address: IpAddr,
    /// The interface index that scopes a link-local IPv6 address; 0 if none applies.
    pub scope: u32,
}

impl HostAddress {
    /// Returns the address in canonical form; the scope is kept if one applies.
    pub fn new(address: IpAddr, scope: u32) -> Self {
        IpEndpoint::new(address, 0, scope).into()
    }
}

impl From<IpEndpoint> for HostAddress {
    fn from(end: IpEndpoint) -> Self {
        Self { address: end.address, scope: end.scope }
    }
}

/// Writes `192.0.2.1`, `2001:db8::1`, `fe80::1%3`.
impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scope == 0 { self.address.fmt(f) } else { write!(f, "{}%{}", self.address, self.scope) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_host_are_equal() {
        let host = |address: &str, scope| HostAddress::new(address.parse().unwrap(), scope);
        assert_eq!(host("::ffff:192.0.2.1", 2), host("192.0.2.1", 0));
        assert_ne!(host("fe80::1", 2), host("fe80::1", 3));
        assert_eq!(host("fe80::1", 2).to_string(), "fe80::1%2");
        assert_eq!(host("2001:db8::1", 2).to_string(), "2001:db8::1");
    }
}
