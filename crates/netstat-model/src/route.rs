use super::Family;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::Arc;

/// The number of the routing table that routes go to when nobody says otherwise.
pub const TABLE_MAIN: u32 = 254;
/// The number of the table that is asked last; empty as a rule.
pub const TABLE_DEFAULT: u32 = 253;
/// The number of the table of this machine's own addresses and of broadcasts, kept by the kernel.
pub const TABLE_LOCAL: u32 = 255;

/// A set of addresses that begin alike.
///
/// The order is that of the classic table: the address as a big-endian number, then the length; IPv4 first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix {
    /// The first address.
    pub address: IpAddr,
    /// How many leading bits count: 0 to 32, or 0 to 128.
    pub length: u8,
}

impl Prefix {
    /// A prefix; `None` when the length is more than the address has bits.
    pub fn new(address: IpAddr, length: u8) -> Option<Self> {
        (length <= Self::bits(address)).then_some(Self { address, length })
    }

    /// The prefix of all addresses of a family.
    pub fn everything(family: Family) -> Self {
        let address = match family {
            Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        Self { address, length: 0 }
    }

    /// The prefix of one address alone.
    pub fn host(address: IpAddr) -> Self {
        Self { address, length: Self::bits(address) }
    }

    fn bits(address: IpAddr) -> u8 {
        if address.is_ipv4() { 32 } else { 128 }
    }

    /// The family of its addresses.
    pub fn family(&self) -> Family {
        if self.address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// Whether an address is in the set.
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

/// What becomes of a packet that a route applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "rtm_type")]
pub enum RouteKind {
    /// It goes to the next hop.
    Unicast,
    /// It is for this machine.
    Local,
    /// It goes to all neighbours.
    Broadcast,
    /// It is for this machine as one of several of this address.
    Anycast,
    /// It goes to those who listen.
    Multicast,
    /// It is dropped without a word.
    Blackhole,
    /// It is dropped, and the sender is told that the destination is unreachable.
    Unreachable,
    /// It is dropped, and the sender is told that it is forbidden.
    Prohibit,
    /// The table has no answer: the next table is asked.
    Throw,
    /// A number this program does not know.
    Unknown(u8),
}

/// One way a route leads on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "rtnexthop")]
pub struct NextHop {
    /// The neighbour that takes the packet (`inetCidrRouteNextHop`), possibly of the other family; `None` where
    /// the destination itself is a neighbour.
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "RTA_VIA")]
    pub gateway: Option<IpAddr>,
    /// The index of the interface the packet leaves by (`inetCidrRouteIfIndex`).
    #[doc(alias = "RTA_OIF")]
    pub interface: Option<NonZeroU32>,
    /// Its share of the traffic, 1 to 65,536, where there are several; else 1.
    pub weight: u32,
    /// Whether it is out of use, because its interface is down or has no carrier.
    #[doc(alias = "RTNH_F_DEAD")]
    pub dead: bool,
}

/// The ways a route leads on. Routes with the same several ways share them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum NextHops {
    /// None: the route ends here ([`RouteKind::Blackhole`] and its like).
    None,
    /// One, as almost always.
    One(NextHop),
    /// Several (ECMP).
    #[doc(alias = "RTA_MULTIPATH")]
    Many(Arc<[NextHop]>),
}

impl NextHops {
    /// All of them.
    pub fn as_slice(&self) -> &[NextHop] {
        match self {
            Self::None => &[],
            Self::One(hop) => std::slice::from_ref(hop),
            Self::Many(hops) => hops,
        }
    }
}

/// One route. A whole Internet table of them has to fit: the type stays under 100 bytes.
///
/// Linux: `RTM_GETROUTE`. Windows: `GetIpForwardTable2`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "rtmsg")]
pub struct Route {
    /// Where to (`inetCidrRouteDest`, `inetCidrRoutePfxLen`).
    pub destination: Prefix,
    /// What becomes of the packet (`inetCidrRouteType`).
    pub kind: RouteKind,
    /// Who made the route, as Linux numbers them (2 the kernel, 3 at boot, 4 by hand, 16 DHCP, 186 BGP …).
    #[doc(alias = "rtm_protocol")]
    pub protocol: Option<u8>,
    /// The type of service it is for; 0 is any.
    #[doc(alias = "rtm_tos")]
    pub tos: u8,
    /// The number of its table.
    #[doc(alias = "RTA_TABLE")]
    pub table: u32,
    /// What it costs: of routes to the same prefix the lowest wins. The kernel's own single number; on Windows
    /// that of the interface is added. On Linux 0 for IPv4 and 1024 for IPv6 when nobody says otherwise.
    #[doc(alias = "RTA_PRIORITY")]
    pub metric: u32,
    /// The address this machine sends from, where the route says.
    #[doc(alias = "RTA_PREFSRC")]
    pub preferred_source: Option<IpAddr>,
    /// The senders it is for, where not all (IPv6 only).
    #[doc(alias = "RTA_SRC")]
    pub from: Option<Box<Prefix>>,
    /// The ways it leads on.
    pub next_hops: NextHops,
}

/// Where a persistent route is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteStore {
    /// `.network` files of systemd-networkd.
    Networkd,
    /// Keyfiles of NetworkManager.
    NetworkManager,
    /// `interfaces` of ifupdown.
    Ifupdown,
    /// The registry of Windows.
    Registry,
}

/// A route that is configured to come back at the next start; whether it is in use now is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersistentRoute {
    /// Where to.
    pub destination: Prefix,
    /// What becomes of the packet.
    pub kind: RouteKind,
    /// The neighbour that takes the packet; `None` where the destination itself is a neighbour.
    pub gateway: Option<IpAddr>,
    /// The name of the interface it is configured for, where it is for one and its name is given.
    pub interface: Option<OsString>,
    /// The metric, where one is given.
    pub metric: Option<u32>,
    /// The number of its table.
    pub table: u32,
    /// Where it is written down.
    pub store: RouteStore,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_routes_fit() {
        assert!(size_of::<Route>() < 100, "{}", size_of::<Route>());
    }

    #[test]
    fn prefixes_contain_what_begins_alike() {
        let prefix = |text: &str, length| Prefix::new(text.parse().unwrap(), length).unwrap();
        let holds = |prefix: Prefix, text: &str| prefix.contains(text.parse().unwrap());
        assert!(holds(prefix("10.1.0.0", 16), "10.1.255.255"));
        assert!(!holds(prefix("10.1.0.0", 16), "10.2.0.0"));
        assert!(holds(prefix("0.0.0.0", 0), "255.255.255.255"));
        assert!(!holds(prefix("0.0.0.0", 0), "::"));
        assert!(holds(prefix("1.2.3.4", 32), "1.2.3.4") && !holds(prefix("1.2.3.4", 32), "1.2.3.5"));
        assert!(holds(prefix("::", 0), "ffff::") && !holds(prefix("::1", 128), "::"));
        assert_eq!(Prefix::new("1.2.3.4".parse().unwrap(), 33), None);
    }
}
