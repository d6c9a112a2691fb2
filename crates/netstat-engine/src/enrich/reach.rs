//! How far an address reaches, by the special-purpose address registries of IANA (RFC 6890 and its updates):
//! <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use netstat_model::Prefix;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of the network from which an address can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// This machine only: `127.0.0.0/8`, `::1`.
    Loopback,
    /// Less than the whole internet: private networks, link-local addresses, shared address space of carriers,
    /// documentation, benchmarking, reserved blocks, and everything else that the registries do not mark as globally
    /// reachable.
    Private,
    /// The whole internet.
    Public,
}

impl Reach {
    /// Returns the reach of an address; `None` for multicast addresses and unallocated space.
    pub fn of(address: IpAddr) -> Option<Self> {
        let address = address.to_canonical();
        let blocks = SPECIAL_BLOCKS.iter().filter(|(block, _)| block.contains(address));
        blocks.max_by_key(|(block, _)| block.length).and_then(|(_, reach)| *reach)
    }
}

/// An address block and its reach; `None` for multicast addresses and unallocated space.
type Block = (Prefix, Option<Reach>);

const fn v4([a, b, c, d]: [u8; 4], length: u8, reach: Option<Reach>) -> Block {
    (Prefix { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length }, reach)
}

/// A block of IPv6, by the first four groups and the last group of its address.
const fn v6([a, b, c, d, last]: [u16; 5], length: u8, reach: Option<Reach>) -> Block {
    (Prefix { address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, last)), length }, reach)
}

const LOOPBACK: Option<Reach> = Some(Reach::Loopback);
const PRIVATE: Option<Reach> = Some(Reach::Private);
const PUBLIC: Option<Reach> = Some(Reach::Public);

/// All blocks; the longest block that contains an address decides.
///
/// Where the registry leaves "globally reachable" open, addresses that embed or stand for a public IPv4 address (Teredo,
/// 6to4, the former 6to4 relays) count as public. The old ORCHID block, which is never routed, does not.
pub(crate) const SPECIAL_BLOCKS: [(Prefix, Option<Reach>); 52] = [
    v4([0, 0, 0, 0], 0, PUBLIC),
    v4([0, 0, 0, 0], 8, PRIVATE),
    v4([10, 0, 0, 0], 8, PRIVATE),
    v4([100, 64, 0, 0], 10, PRIVATE),
    v4([127, 0, 0, 0], 8, LOOPBACK),
    v4([169, 254, 0, 0], 16, PRIVATE),
    v4([172, 16, 0, 0], 12, PRIVATE),
    v4([192, 0, 0, 0], 24, PRIVATE),
    // Port Control Protocol and TURN anycast.
    v4([192, 0, 0, 9], 32, PUBLIC),
    v4([192, 0, 0, 10], 32, PUBLIC),
    v4([192, 0, 2, 0], 24, PRIVATE),
    v4([192, 31, 196, 0], 24, PUBLIC),
    v4([192, 52, 193, 0], 24, PUBLIC),
    v4([192, 88, 99, 0], 24, PUBLIC),
    // 6a44 relay anycast.
    v4([192, 88, 99, 2], 32, PRIVATE),
    v4([192, 168, 0, 0], 16, PRIVATE),
    v4([192, 175, 48, 0], 24, PUBLIC),
    v4([198, 18, 0, 0], 15, PRIVATE),
    v4([198, 51, 100, 0], 24, PRIVATE),
    v4([203, 0, 113, 0], 24, PRIVATE),
    v4([224, 0, 0, 0], 4, None),
    v4([240, 0, 0, 0], 4, PRIVATE),
    v6([0, 0, 0, 0, 0], 0, None),
    v6([0, 0, 0, 0, 0], 128, PRIVATE),
    v6([0, 0, 0, 0, 1], 128, LOOPBACK),
    v6([0x64, 0xff9b, 0, 0, 0], 96, PUBLIC),
    v6([0x64, 0xff9b, 1, 0, 0], 48, PRIVATE),
    v6([0x100, 0, 0, 0, 0], 64, PRIVATE),
    v6([0x100, 0, 0, 1, 0], 64, PRIVATE),
    // Global unicast space.
    v6([0x2000, 0, 0, 0, 0], 3, PUBLIC),
    v6([0x2001, 0, 0, 0, 0], 23, PRIVATE),
    v6([0x2001, 0, 0, 0, 0], 32, PUBLIC),
    v6([0x2001, 1, 0, 0, 1], 128, PUBLIC),
    v6([0x2001, 1, 0, 0, 2], 128, PUBLIC),
    v6([0x2001, 1, 0, 0, 3], 128, PUBLIC),
    v6([0x2001, 2, 0, 0, 0], 48, PRIVATE),
    v6([0x2001, 3, 0, 0, 0], 32, PUBLIC),
    v6([0x2001, 4, 0x112, 0, 0], 48, PUBLIC),
    v6([0x2001, 0x10, 0, 0, 0], 28, PRIVATE),
    v6([0x2001, 0x20, 0, 0, 0], 28, PUBLIC),
    v6([0x2001, 0x30, 0, 0, 0], 28, PUBLIC),
    v6([0x2001, 0xdb8, 0, 0, 0], 32, PRIVATE),
    v6([0x2002, 0, 0, 0, 0], 16, PUBLIC),
    v6([0x2620, 0x4f, 0x8000, 0, 0], 48, PUBLIC),
    v6([0x3fff, 0, 0, 0, 0], 20, PRIVATE),
    v6([0x5f00, 0, 0, 0, 0], 16, PRIVATE),
    v6([0xfc00, 0, 0, 0, 0], 7, PRIVATE),
    v6([0xfe80, 0, 0, 0, 0], 10, PRIVATE),
    // Site-local, deprecated by RFC 3879 and in no registry; still routed nowhere.
    v6([0xfec0, 0, 0, 0, 0], 10, PRIVATE),
    v6([0xff00, 0, 0, 0, 0], 8, None),
    // The limited broadcast address and discard-only blocks lie in larger blocks of the same reach.
    v4([255, 255, 255, 255], 32, PRIVATE),
    v4([192, 0, 0, 170], 31, PRIVATE),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_reach(expected: Option<Reach>, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(Reach::of(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn every_block_of_the_registries_and_its_neighbours() {
        assert_reach(LOOPBACK, &["127.0.0.1", "127.255.255.255", "::1", "::ffff:127.0.0.1"]);
        assert_reach(
            PRIVATE,
            &[
                "0.0.0.0",
                "0.1.2.3",
                "10.0.0.1",
                "100.64.0.1",
                "100.127.255.255",
                "169.254.1.1",
                "172.16.0.1",
                "172.31.255.255",
                "192.0.0.1",
                "192.0.0.8",
                "192.0.0.11",
                "192.0.0.170",
                "192.0.0.171",
                "192.0.2.1",
                "192.88.99.2",
                "192.168.0.1",
                "198.18.0.1",
                "198.19.255.255",
                "198.51.100.1",
                "203.0.113.1",
                "240.0.0.1",
                "255.255.255.255",
                "::",
                "64:ff9b:1::1",
                "64:ff9b:1:ffff::",
                "100::1",
                "100:0:0:1::1",
                "2001:1::4",
                "2001:2::1",
                "2001:4:113::",
                "2001:10::1",
                "2001:1f:ffff::",
                "2001:40::1",
                "2001:1ff:ffff::",
                "2001:db8::1",
                "3fff::1",
                "3fff:fff:ffff::",
                "5f00::1",
                "fc00::1",
                "fd12::1",
                "fe80::1",
                "febf::1",
                "fec0::1",
            ],
        );
        assert_reach(
            PUBLIC,
            &[
                "1.1.1.1",
                "9.255.255.255",
                "11.0.0.0",
                "100.63.255.255",
                "100.128.0.0",
                "126.255.255.255",
                "128.0.0.0",
                "172.15.255.255",
                "172.32.0.0",
                "192.0.0.9",
                "192.0.0.10",
                "192.0.1.0",
                "192.31.196.1",
                "192.52.193.1",
                "192.88.99.1",
                "192.175.48.1",
                "198.17.255.255",
                "198.20.0.0",
                "223.255.255.255",
                "64:ff9b::808:808",
                "2001::1",
                "2001:1::1",
                "2001:1::2",
                "2001:1::3",
                "2001:3::1",
                "2001:4:112::1",
                "2001:20::1",
                "2001:2f:ffff::",
                "2001:30::1",
                "2001:3f:ffff::",
                "2001:200::1",
                "2002::1",
                "2606:4700::1111",
                "2620:4f:8000::1",
                "3ffe::1",
                "3fff:1000::",
            ],
        );
        assert_reach(
            None,
            &["224.0.0.1", "239.255.255.255", "ff02::1", "4000::1", "::2", "200::1", "64:ff9b:2::"],
        );
    }
}
