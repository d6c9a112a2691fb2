use super::Family;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses: those that share the first `length` bits of `address`.
///
/// Ordered as in the classic table: by address as a big-endian number, then by length; IPv4 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Prefix {
    /// The first address of the block.
    pub address: IpAddr,
    /// The number of leading bits that count: 0 to 32 for IPv4, 0 to 128 for IPv6.
    pub length: u8,
}

impl Prefix {
    /// Returns the prefix as given, host bits included; `None` if the length exceeds the bits of the address.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        (length <= Self::bits(address)).then_some(Self { address, length })
    }

    /// Returns the block that `address` is in, with the host bits cleared; `None` if the length exceeds the bits of the
    /// address. A block of IPv4-mapped IPv6 addresses becomes an IPv4 block.
    pub fn containing(address: IpAddr, length: u8) -> Option<Self> {
        let mapped = match address {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().zip(length.checked_sub(96)),
            IpAddr::V4(_) => None,
        };
        let (address, length) = mapped.map_or((address, length), |(v4, length)| (v4.into(), length));
        Self::new(address, length).map(Self::masked)
    }

    /// Returns the prefix of an address and a netmask; `None` for a mask with holes.
    pub fn with_netmask(address: Ipv4Addr, netmask: Ipv4Addr) -> Option<Self> {
        let length = netmask.to_bits().leading_ones();
        let prefix = Self::new(address.into(), u8::try_from(length).ok()?)?;
        (netmask.to_bits().count_ones() == length).then_some(prefix)
    }

    /// Returns the prefix with its host bits cleared.
    #[must_use]
    pub fn masked(self) -> Self {
        let host = u32::from(Self::bits(self.address).saturating_sub(self.length));
        let address = match self.address {
            IpAddr::V4(v4) => {
                Ipv4Addr::from_bits(v4.to_bits() & u32::MAX.checked_shl(host).unwrap_or(0)).into()
            }
            IpAddr::V6(v6) => {
                Ipv6Addr::from_bits(v6.to_bits() & u128::MAX.checked_shl(host).unwrap_or(0)).into()
            }
        };
        Self { address, ..self }
    }

    /// Returns the prefix of all addresses of a family.
    pub fn everything(family: Family) -> Self {
        let address = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { address, length: 0 }
    }

    /// Returns the prefix of a single address; an IPv4-mapped IPv6 address counts as IPv4.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, length: Self::bits(address) }
    }

    fn bits(address: IpAddr) -> u8 {
        if address.is_ipv4() { 32 } else { 128 }
    }

    /// Returns the family of the addresses.
    pub fn family(&self) -> Family {
        if self.address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// Returns true if the address is in the block. An IPv4 address is never in a block of IPv6.
    pub fn contains(&self, other: IpAddr) -> bool {
        let length = u32::from(self.length);
        match (self.address, other) {
            (IpAddr::V4(a), IpAddr::V4(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(32 - length.min(32)).is_none_or(|rest| rest == 0)
            }
            (IpAddr::V6(a), IpAddr::V6(b)) => {
                (a.to_bits() ^ b.to_bits()).checked_shr(128 - length.min(128)).is_none_or(|rest| rest == 0)
            }
            _ => false,
        }
    }
}

/// Writes `10.0.0.0/8`, and a single address without its length.
impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        if self.length == Self::bits(self.address) { Ok(()) } else { write!(f, "/{}", self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Prefix {
        let (address, length) = text.split_once('/').unwrap();
        Prefix::containing(address.parse().unwrap(), length.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_prefix_contains_the_addresses_that_share_its_leading_bits() {
        for (network, inside, outside) in [
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.0"),
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("1.2.3.4/32", "1.2.3.4", "1.2.3.5"),
            ("::/0", "fe80::1", "0.0.0.0"),
            ("::1/128", "::1", "::"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
        ] {
            assert!(block(network).contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!block(network).contains(outside.parse().unwrap()), "{network} {outside}");
        }
        for new in [Prefix::new, Prefix::containing] {
            assert_eq!(new("1.2.3.4".parse().unwrap(), 33), None);
            assert_eq!(new("::".parse().unwrap(), 129), None);
        }
    }

    #[test]
    fn a_block_is_written_by_its_first_address() {
        for (network, text) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.2.3/32", "10.1.2.3"),
            ("::1/128", "::1"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
            ("::ffff:10.0.0.0/95", "::fffe:0:0/95"),
        ] {
            assert_eq!(block(network).to_string(), text);
        }
    }
}
