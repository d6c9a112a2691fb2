use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// One end of a socket: an address, a port, and the interface a link-local address belongs to.
///
/// The order is that of the classic table: address as a big-endian number, scope, port; IPv4 before IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IpEndpoint {
    /// The address. Never IPv4-mapped: [`IpEndpoint::new`] turns `::ffff:1.2.3.4` into `1.2.3.4`.
    pub address: IpAddr,
    /// The interface index that scopes a link-local IPv6 address; 0 where none applies.
    #[doc(alias = "sin6_scope_id")]
    pub scope: u32,
    /// The port, in host byte order; 0 means any.
    pub port: u16,
}

impl IpEndpoint {
    /// An endpoint with its address in canonical form; the scope is kept for IPv6 link-local addresses only,
    /// because the kernel reports the bound interface beside every address.
    pub fn new(address: IpAddr, port: u16, scope: u32) -> Self {
        let address = address.to_canonical();
        let scope = match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() || is_link_local_multicast(v6) => scope,
            _ => 0,
        };
        Self { address, scope, port }
    }

    /// Any IPv4 address, any port.
    pub const ANY_V4: Self = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), scope: 0, port: 0 };

    /// Any IPv6 address, any port.
    pub const ANY_V6: Self = Self { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), scope: 0, port: 0 };
}

/// The form that [`SocketAddr`] has: `192.0.2.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`.
///
/// ```
/// use netstat_model::IpEndpoint;
///
/// assert_eq!(IpEndpoint::new("::1".parse().unwrap(), 80, 0).to_string(), "[::1]:80");
/// ```
impl fmt::Display for IpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

impl From<IpEndpoint> for SocketAddr {
    fn from(end: IpEndpoint) -> Self {
        match end.address {
            IpAddr::V4(address) => Self::from((address, end.port)),
            IpAddr::V6(address) => Self::V6(SocketAddrV6::new(address, end.port, 0, end.scope)),
        }
    }
}

/// `ff02::/16` and `ff01::/16` need an interface just as `fe80::/10` does.
fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_become_ipv4() {
        let end = IpEndpoint::new("::ffff:1.2.3.4".parse().unwrap(), 80, 7);
        assert_eq!(end, IpEndpoint { address: "1.2.3.4".parse().unwrap(), scope: 0, port: 80 });
    }

    #[test]
    fn ends_are_written_as_the_standard_library_writes_them() {
        for (address, scope, expected) in [
            ("1.2.3.4", 0, "1.2.3.4:80"),
            ("::1", 0, "[::1]:80"),
            ("fe80::1", 3, "[fe80::1%3]:80"),
            ("::", 3, "[::]:80"),
        ] {
            assert_eq!(IpEndpoint::new(address.parse().unwrap(), 80, scope).to_string(), expected);
        }
        assert_eq!(format!("{:>12}", IpEndpoint::ANY_V4), "   0.0.0.0:0");
    }

    #[test]
    fn only_link_local_keeps_its_scope() {
        assert_eq!(IpEndpoint::new("fe80::1".parse().unwrap(), 1, 3).scope, 3);
        assert_eq!(IpEndpoint::new("ff02::fb".parse().unwrap(), 1, 3).scope, 3);
        assert_eq!(IpEndpoint::new("2001:db8::1".parse().unwrap(), 1, 3).scope, 0);
        assert_eq!(IpEndpoint::new("::".parse().unwrap(), 1, 3).scope, 0);
    }
}
