//! Blocks of addresses.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address block: the addresses that begin with the same bits. One address is a block of its full length.
///
/// A block of IPv6 never contains an IPv4 address: those are IPv4 from the decoder on, in whatever socket they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    address: IpAddr,
    length: u8,
}

impl Network {
    /// The block of the addresses that begin with the first `length` bits of `address`; `None` when the address has
    /// fewer. A block of IPv4-mapped addresses is one of IPv4.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        match address {
            IpAddr::V4(v4) => {
                let rest = 32u8.checked_sub(length)?;
                let mask = u32::MAX.checked_shl(u32::from(rest)).unwrap_or(0);
                Some(Self { address: IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask)), length })
            }
            IpAddr::V6(v6) => {
                if let (Some(v4), Some(length)) = (v6.to_ipv4_mapped(), length.checked_sub(96)) {
                    return Self::new(IpAddr::V4(v4), length);
                }
                let rest = 128u8.checked_sub(length)?;
                let mask = u128::MAX.checked_shl(u32::from(rest)).unwrap_or(0);
                Some(Self { address: IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask)), length })
            }
        }
    }

    /// The block of this address alone.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, length: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// The first address of the block.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// How many bits its addresses have in common.
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Whether the address is in the block.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && Self::new(address, self.length).is_some_and(|other| other.address == self.address)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = if self.address.is_ipv4() { 32 } else { 128 };
        write!(f, "{}", self.address)?;
        if self.length == full { Ok(()) } else { write!(f, "/{}", self.length) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Network {
        let (address, length) = text.split_once('/').unwrap();
        Network::new(address.parse().unwrap(), length.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_block_contains_what_begins_as_it_does() {
        for (network, inside, outside) in [
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("1.2.3.4/32", "1.2.3.4", "1.2.3.5"),
            ("::/0", "fe80::1", "0.0.0.0"),
            ("2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.0"),
        ] {
            assert!(block(network).contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!block(network).contains(outside.parse().unwrap()), "{network} {outside}");
        }
        assert_eq!(Network::new("1.2.3.4".parse().unwrap(), 33), None);
        assert_eq!(Network::new("::".parse().unwrap(), 129), None);
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
