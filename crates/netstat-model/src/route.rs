use super::Prefix;
use std::ffi::OsString;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The routing table that routes go to by default.
pub const TABLE_MAIN: u32 = 254;
/// The routing table that is looked up last; usually empty.
pub const TABLE_DEFAULT: u32 = 253;
/// The routing table of local and broadcast addresses, maintained by the kernel.
pub const TABLE_LOCAL: u32 = 255;

/// What happens to a packet that a route applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "rtm_type")]
pub enum RouteKind {
    /// Sent to the next hop.
    Unicast,
    /// Delivered locally.
    Local,
    /// Sent to all neighbours.
    Broadcast,
    /// Delivered locally, as to one of several hosts with this address.
    Anycast,
    /// Sent to the members of the group.
    Multicast,
    /// Dropped silently.
    Blackhole,
    /// Rejected: destination unreachable.
    Unreachable,
    /// Rejected: administratively prohibited.
    Prohibit,
    /// Lookup in this table ends; the next table is looked up.
    Throw,
    /// Any other kind, by its number.
    Unknown(u8),
}

/// One next hop of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "rtnexthop")]
pub struct NextHop {
    /// The gateway (`inetCidrRouteNextHop`), possibly of the other family; `None` if the destination is on-link.
    #[doc(alias = "RTA_GATEWAY")]
    #[doc(alias = "RTA_VIA")]
    pub gateway: Option<IpAddr>,
    /// The index of the outgoing interface (`inetCidrRouteIfIndex`).
    #[doc(alias = "RTA_OIF")]
    pub interface: Option<NonZeroU32>,
    /// The share of the traffic, 1 to 65,536, if there are several next hops; otherwise 1.
    pub weight: u32,
    /// True if the kernel does not use it: its interface is down, or has no carrier and `ignore_routes_with_linkdown` is
    /// set.
    #[doc(alias = "RTNH_F_DEAD")]
    pub dead: bool,
    /// True if its interface has no carrier. The kernel uses it all the same unless it is `dead` as well.
    #[doc(alias = "RTNH_F_LINKDOWN")]
    pub linkdown: bool,
    /// True if the gateway is taken for a neighbour, whatever the addresses of the interface (`onlink`).
    #[doc(alias = "RTNH_F_ONLINK")]
    pub onlink: bool,
}

/// The next hops of a route. Routes with the same set of several next hops share it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NextHops {
    /// None: the packet goes nowhere ([`RouteKind::Blackhole`] and similar).
    None,
    /// One, by far the most common.
    One(NextHop),
    /// Several (ECMP).
    #[doc(alias = "RTA_MULTIPATH")]
    Many(Arc<[NextHop]>),
}

impl NextHops {
    /// Returns all next hops.
    pub fn as_slice(&self) -> &[NextHop] {
        match self {
            Self::None => &[],
            Self::One(hop) => std::slice::from_ref(hop),
            Self::Many(hops) => hops,
        }
    }
}

/// One route. The type stays under 100 bytes, so that a full internet table fits into memory.
///
/// Linux: `RTM_GETROUTE`. Windows: `GetIpForwardTable2`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "rtmsg")]
pub struct Route {
    /// The destination (`inetCidrRouteDest`, `inetCidrRoutePfxLen`).
    pub destination: Prefix,
    /// What happens to the packet (`inetCidrRouteType`).
    pub kind: RouteKind,
    /// The origin of the route by its Linux number (2 kernel, 3 boot, 4 static, 16 DHCP, 186 BGP …).
    #[doc(alias = "rtm_protocol")]
    pub protocol: Option<u8>,
    /// The type of service it applies to; 0 for any.
    #[doc(alias = "rtm_tos")]
    pub tos: u8,
    /// The number of the routing table.
    #[doc(alias = "RTA_TABLE")]
    pub table: u32,
    /// The metric: of routes to the same prefix, the lowest wins. On Windows the metric of the interface is added to
    /// it. On Linux it is 0 for IPv4 and 1024 for IPv6 by default.
    #[doc(alias = "RTA_PRIORITY")]
    pub metric: u32,
    /// The preferred source address, if the route sets one.
    #[doc(alias = "RTA_PREFSRC")]
    pub preferred_source: Option<IpAddr>,
    /// The source prefix it applies to, if limited (IPv6 only).
    #[doc(alias = "RTA_SRC")]
    pub from: Option<Box<Prefix>>,
    /// Seconds until the kernel removes it, rounded up; `None` if it does not expire.
    #[doc(alias = "rta_expires")]
    pub expires: Option<NonZeroU32>,
    /// The next hops.
    pub next_hops: NextHops,
}

/// Where a persistent route is configured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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

/// A route in the configuration, to be added at boot; it need not be in use now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PersistentRoute {
    /// The destination.
    pub destination: Prefix,
    /// What happens to the packet.
    pub kind: RouteKind,
    /// The gateway; `None` if the destination is on-link.
    pub gateway: Option<IpAddr>,
    /// The name of the interface it is configured for, if given.
    pub interface: Option<OsString>,
    /// The metric, if given.
    pub metric: Option<u32>,
    /// The number of the routing table.
    pub table: u32,
    /// Where it is configured.
    pub store: RouteStore,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_takes_less_than_100_bytes() {
        assert!(size_of::<Route>() < 100, "{}", size_of::<Route>());
    }
}
