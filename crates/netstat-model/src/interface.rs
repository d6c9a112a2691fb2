use bitflags::bitflags;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};

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
        /// Can choose between several connectors (`IFF_PORTSEL`).
        const PORT_SELECTION = 1 << 14;
        /// Chooses the connector by itself (`IFF_AUTOMEDIA`).
        const AUTOMATIC_MEDIA = 1 << 15;
    }
}

/// One address of an interface.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
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
    /// The address by which all neighbours are reached at once, where one was set. IPv4 on Linux only.
    #[doc(alias = "IFA_BROADCAST")]
    pub broadcast: Option<Ipv4Addr>,
    /// The label: the name of the interface, or another that the address was given (`eth0:1`). Chosen by whoever added
    /// the address: escape it before showing it. IPv4 on Linux only.
    #[doc(alias = "IFA_LABEL")]
    pub label: Option<OsString>,
}

impl InterfaceAddress {
    /// Returns an address of which nothing else is known.
    pub fn new(address: IpAddr, prefix_length: u8) -> Self {
        Self { address, peer: None, prefix_length, broadcast: None, label: None }
    }

    /// Returns true if `other` is on-link by this address.
    pub fn reaches(&self, other: IpAddr) -> bool {
        super::Prefix { address: self.peer.unwrap_or(self.address), length: self.prefix_length }
            .contains(other)
    }
}

/// Where the hardware of an interface is in this machine, as its driver tells. Each number is 0 where there is none, and with
/// the many drivers that do not tell. Linux only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias("IFLA_MAP", "rtnl_link_ifmap", "ifmap"))]
pub struct InterfaceHardware {
    /// The first address of its memory.
    pub memory_start: u64,
    /// The last address of its memory.
    pub memory_end: u64,
    /// Its I/O port.
    pub base_address: u64,
    /// Its interrupt.
    pub interrupt: u16,
    /// Its DMA channel.
    pub dma: u8,
    /// The connector that is in use (`IF_PORT_10BASET` and its kin).
    pub port: u8,
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
    /// How many packets may wait to be sent, unless its queueing discipline has a limit of its own. Linux only.
    #[doc(alias = "IFLA_TXQLEN")]
    pub queue_length: Option<u32>,
    /// Where its hardware is.
    pub hardware: Option<InterfaceHardware>,
    /// The addresses, in the order of the kernel: preferred ones first.
    pub addresses: Vec<InterfaceAddress>,
}

impl Interface {
    /// Returns an interface of which nothing else is known.
    pub fn new(index: u32, name: impl Into<OsString>) -> Self {
        Self {
            index,
            name: name.into(),
            description: None,
            alias: None,
            kind: None,
            link_type: None,
            hardware_address: None,
            flags: InterfaceFlags::empty(),
            mtu: None,
            queue_length: None,
            hardware: None,
            addresses: Vec::new(),
        }
    }
}
