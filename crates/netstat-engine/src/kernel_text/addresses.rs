//! IPv6 addresses of interfaces.

use super::words::{address_v6, hex, lines};
use std::net::Ipv6Addr;

/// An IPv6 address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressV6<'a> {
    /// The address.
    pub address: Ipv6Addr,
    /// The length of the prefix of its network.
    pub length: u8,
    /// The scope as the kernel numbers it: 0 is global, 0x10 this host, 0x20 the link, 0x40 the site, and 0x80 is set for an
    /// address with an IPv4 address in it.
    pub scope: u8,
    /// The name of the interface.
    pub interface: &'a [u8],
}

/// Returns the addresses of `/proc/net/if_inet6`, in the order of the hash table of the kernel.
pub fn addresses_v6(text: &[u8]) -> Vec<AddressV6<'_>> {
    lines(text)
        .filter_map(|words| {
            let [address, _, length, scope, _, interface] = words[..] else { return None };
            let byte = |word| u8::try_from(hex(word)?).ok();
            Some(AddressV6 {
                address: address_v6(address)?,
                length: byte(length)?,
                scope: byte(scope)?,
                interface,
            })
        })
        .collect()
}
