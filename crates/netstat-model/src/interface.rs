use bitflags::bitflags;
use std::ffi::OsString;
use std::net::IpAddr;

bitflags! {
    /// What the system says of an interface as a whole.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct InterfaceFlags: u8 {
        /// Switched on by the administrator (`IFF_UP`, `ifAdminStatus`).
        const UP = 1;
        /// What is sent comes back (`IFF_LOOPBACK`).
        const LOOPBACK = 1 << 1;
        /// Has a carrier and may carry traffic (`IFF_RUNNING`, `ifOperStatus`).
        const RUNNING = 1 << 2;
        /// Has one peer and no neighbours (`IFF_POINTOPOINT`).
        const POINT_TO_POINT = 1 << 3;
    }
}

/// One address of an interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[doc(alias = "ifaddrmsg")]
pub struct InterfaceAddress {
    /// This end's address.
    #[doc(alias = "IFA_LOCAL")]
    pub address: IpAddr,
    /// The other end's address, on a link of two.
    #[doc(alias = "IFA_ADDRESS")]
    pub peer: Option<IpAddr>,
    /// How many leading bits of the address (of the peer's, where there is one) the neighbours share.
    pub prefix_length: u8,
}

impl InterfaceAddress {
    /// Whether the neighbours this address belongs to include `other`.
    pub fn reaches(&self, other: IpAddr) -> bool {
        super::Prefix { address: self.peer.unwrap_or(self.address), length: self.prefix_length }
            .contains(other)
    }
}

/// One network interface.
///
/// Linux: `RTM_GETLINK` and `RTM_GETADDR`. Windows: `GetAdaptersAddresses`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[doc(alias = "ifinfomsg")]
pub struct Interface {
    /// The number of the interface (`ifIndex`).
    pub index: u32,
    /// The name commands take (`ifName`), as the system has it: not necessarily text.
    pub name: OsString,
    /// What its maker calls it (`ifDescr`), the model of a card for instance. Windows only: Linux does not know it.
    pub description: Option<OsString>,
    /// What somebody calls it (`ifAlias`): on Linux the text of `ip link set … alias`, where one was given.
    #[doc(alias = "IFLA_IFALIAS")]
    pub alias: Option<OsString>,
    /// The kind of device the kernel makes it of (`veth`, `bridge`, `vlan`, `wireguard` …). The drivers of real
    /// devices, and the loopback, have none.
    #[doc(alias = "IFLA_INFO_KIND")]
    pub kind: Option<OsString>,
    /// The type of its link layer, as Linux numbers them (1 Ethernet, 772 loopback, 65534 none …).
    #[doc(alias = "ARPHRD_ETHER")]
    pub link_type: Option<u16>,
    /// Its address on the link (`ifPhysAddress`), of whatever length that link has; `None` where the link has no
    /// addresses. Linux gives the loopback six zeros.
    pub hardware_address: Option<Box<[u8]>>,
    /// Its state.
    pub flags: InterfaceFlags,
    /// The largest packet it takes (`ifMtu`), in bytes.
    pub mtu: Option<u32>,
    /// Its addresses, in the order of the kernel: what it prefers comes first.
    pub addresses: Vec<InterfaceAddress>,
}
