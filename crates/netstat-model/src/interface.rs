use bitflags::bitflags;
use std::ffi::OsString;
use std::net::IpAddr;

bitflags! {
    /// State of an interface.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    pub struct InterfaceFlags: u16 {
        /// Enabled by the administrator (`IFF_UP`, `ifAdminStatus`).
        const UP = 1;
        /// Loopback: packets sent are received again (`IFF_LOOPBACK`).
        const LOOPBACK = 1 << 1;
        /// Has a carrier and can pass traffic (`IFF_RUNNING`, `ifOperStatus`).
        const RUNNING = 1 << 2;
        /// Connects to a single peer (`IFF_POINTOPOINT`).
        const POINT_TO_POINT = 1 << 3;
        /// Can send to all its neighbours at once (`IFF_BROADCAST`); Linux only, as all that follow.
        const BROADCAST = 1 << 4;
        /// Debugging of the driver (`IFF_DEBUG`).
        const DEBUG = 1 << 5;
        /// Avoids trailers (`IFF_NOTRAILERS`), which has no effect today.
        const NO_TRAILERS = 1 << 6;
        /// Has no address resolution protocol (`IFF_NOARP`).
        const NO_ARP = 1 << 7;
        /// Receives all packets, whoever they are for (`IFF_PROMISC`).
        const PROMISCUOUS = 1 << 8;
        /// Receives all multicast packets (`IFF_ALLMULTI`).
        const ALL_MULTICAST = 1 << 9;
        /// Leads a group of others (`IFF_MASTER`).
        const MASTER = 1 << 10;
        /// Belongs to such a group (`IFF_SLAVE`).
        const SLAVE = 1 << 11;
        /// Can send to groups of hosts (`IFF_MULTICAST`).
        const MULTICAST = 1 << 12;
        /// Loses its addresses when it goes down (`IFF_DYNAMIC`).
        const DYNAMIC = 1 << 13;
    }
}

/// One address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "ifaddrmsg")]
pub struct InterfaceAddress {
    /// The local address.
    #[doc(alias = "IFA_LOCAL")]
    pub address: IpAddr,
    /// The address of the peer, on a point-to-point link.
    #[doc(alias = "IFA_ADDRESS")]
    pub peer: Option<IpAddr>,
    /// The prefix length of the on-link network, which is that of the peer if there is one.
    pub prefix_length: u8,
}

impl InterfaceAddress {
    /// Returns true if `other` is on-link by this address.
    pub fn reaches(&self, other: IpAddr) -> bool {
        super::Prefix { address: self.peer.unwrap_or(self.address), length: self.prefix_length }
            .contains(other)
    }
}

/// One network interface.
///
/// Linux: `RTM_GETLINK` and `RTM_GETADDR`. Windows: `GetAdaptersAddresses`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "ifinfomsg")]
pub struct Interface {
    /// The interface index (`ifIndex`).
    pub index: u32,
    /// The name used in commands (`ifName`); not necessarily UTF-8.
    pub name: OsString,
    /// The description by the vendor (`ifDescr`), such as the model of a network card. Windows only.
    pub description: Option<OsString>,
    /// The name given by an administrator (`ifAlias`): on Linux the text of `ip link set … alias`, if any.
    #[doc(alias = "IFLA_IFALIAS")]
    pub alias: Option<OsString>,
    /// The kind of virtual device (`veth`, `bridge`, `vlan`, `wireguard` …). `None` for hardware and the loopback
    /// interface.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub kind: Option<OsString>,
    /// The link-layer type by its Linux number (1 Ethernet, 772 loopback, 65534 none …).
    #[doc(alias = "ARPHRD_ETHER")]
    pub link_type: Option<u16>,
    /// The link-layer address (`ifPhysAddress`), whose length depends on the link; `None` if the link has no
    /// addresses. On Linux the loopback interface has six zeros.
    pub hardware_address: Option<Box<[u8]>>,
    /// The state.
    pub flags: InterfaceFlags,
    /// The MTU (`ifMtu`), in bytes.
    pub mtu: Option<u32>,
    /// The addresses, in the order of the kernel: preferred ones first.
    pub addresses: Vec<InterfaceAddress>,
}
