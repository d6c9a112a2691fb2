//! [`FamilyFacts`]: what only sockets of one family have.

use std::net::IpAddr;

/// What only sockets of one family have. Linux tells it; Windows lists no such sockets.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum FamilyFacts {
    /// `AF_UNIX`.
    Unix(UnixFacts),
    /// `AF_PACKET`.
    Packet(PacketFacts),
    /// `AF_NETLINK`.
    Netlink(NetlinkFacts),
    /// Multipath TCP.
    Mptcp(MptcpFacts),
    /// SCTP.
    Sctp(SctpFacts),
    /// `AF_XDP`.
    Xdp(XdpFacts),
    /// `AF_BLUETOOTH`.
    Bluetooth(BluetoothFacts),
}

/// What a Unix socket has beyond its ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnixFacts {
    /// The inode of the socket at the other end, in whatever network namespace it is; of a connection that waits to be
    /// accepted, that of the listener. `None` without a peer, where the peer was closed, and from `/proc/net/unix`.
    #[doc(alias = "UNIX_DIAG_PEER")]
    pub peer: Option<u64>,
    /// Whether the connection waits in the queue of a listener, which is its peer until then.
    #[doc(alias = "UNIX_DIAG_ICONS")]
    pub is_waiting: bool,
    /// The file that the path named when the socket was bound to it (kernel 3.3).
    #[doc(alias = "UNIX_DIAG_VFS")]
    pub file: Option<SocketFile>,
    /// Whether that file is gone from its path, so that nobody can connect by it any more. `None` where that was not
    /// asked for or cannot be told.
    pub is_deleted: Option<bool>,
}

/// The file of a Unix socket that is bound to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketFile {
    /// Its inode.
    #[doc(alias = "udiag_vfs_ino")]
    pub inode: u32,
    /// The device of its file system, as the kernel numbers it: 12 bits of major and 20 bits of minor number.
    #[doc(alias = "udiag_vfs_dev")]
    pub device: u32,
}

/// What a packet socket has beyond its protocol and interface. `/proc/net/packet` tells none of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PacketFacts {
    /// The ring that packets are received by without a copy.
    #[doc(alias = "PACKET_DIAG_RX_RING")]
    pub receive_ring: Option<RingSize>,
    /// The ring that packets are sent by.
    #[doc(alias = "PACKET_DIAG_TX_RING")]
    pub send_ring: Option<RingSize>,
    /// The number of the group of sockets that share the packets.
    #[doc(alias = "PACKET_DIAG_FANOUT")]
    pub fanout_group: Option<u16>,
    /// What the socket makes its interfaces receive beyond what is meant for the machine.
    #[doc(alias = "PACKET_DIAG_MCLIST")]
    pub memberships: Vec<PacketMembership>,
    /// Whether a program selects the packets; `None` for a reader without `CAP_NET_ADMIN`, who is not told.
    #[doc(alias = "PACKET_DIAG_FILTER")]
    pub has_filter: Option<bool>,
}

/// The size of a ring of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RingSize {
    /// Bytes of a block.
    pub block_size: u32,
    /// The number of blocks.
    pub blocks: u32,
}

impl RingSize {
    /// Returns the size in bytes.
    pub fn bytes(self) -> u64 {
        u64::from(self.block_size) * u64::from(self.blocks)
    }
}

/// What a packet socket makes an interface receive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PacketMembership {
    /// The index of the interface.
    pub interface: u32,
    /// What is received.
    pub kind: MembershipKind,
    /// The link-layer address, of as many bytes as the interface has; empty where the kind needs none.
    pub address: Box<[u8]>,
}

/// What an interface is made to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum MembershipKind {
    /// One multicast address.
    Multicast,
    /// Everything (promiscuous mode).
    Promiscuous,
    /// All multicast.
    AllMulticast,
    /// One more unicast address.
    Unicast,
}

/// What a netlink socket has beyond its protocol and port ID.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NetlinkFacts {
    /// The multicast groups it listens to, in order. From `/proc/net/netlink` only those up to 32 are known.
    #[doc(alias = "NETLINK_DIAG_GROUPS")]
    pub groups: Vec<u32>,
}

/// What a connection of Multipath TCP has beyond what TCP has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MptcpFacts {
    /// How many subflows there are beside the first.
    #[doc(alias = "mptcpi_subflows")]
    pub more_subflows: Option<u8>,
    /// The token by which a peer names the connection when it adds a subflow.
    #[doc(alias = "mptcpi_token")]
    pub token: Option<u32>,
}

/// What an association of SCTP, or a socket that listens for some, has beyond its first addresses.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SctpFacts {
    /// The state of the association by the name of its own; `None` of a socket that listens or has none.
    pub association: Option<SctpState>,
    /// All addresses of this end.
    #[doc(alias = "INET_DIAG_LOCALS")]
    pub local_addresses: Vec<IpAddr>,
    /// All addresses of the other end.
    #[doc(alias = "INET_DIAG_PEERS")]
    pub remote_addresses: Vec<IpAddr>,
}

/// The state of an association (RFC 9260, section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SctpState {
    /// CLOSED.
    Closed,
    /// COOKIE-WAIT.
    CookieWait,
    /// COOKIE-ECHOED.
    CookieEchoed,
    /// ESTABLISHED.
    Established,
    /// SHUTDOWN-PENDING.
    ShutdownPending,
    /// SHUTDOWN-SENT.
    ShutdownSent,
    /// SHUTDOWN-RECEIVED.
    ShutdownReceived,
    /// SHUTDOWN-ACK-SENT.
    ShutdownAckSent,
}

impl SctpState {
    /// Returns its name, as the RFC has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::CookieWait => "COOKIE-WAIT",
            Self::CookieEchoed => "COOKIE-ECHOED",
            Self::Established => "ESTABLISHED",
            Self::ShutdownPending => "SHUTDOWN-PENDING",
            Self::ShutdownSent => "SHUTDOWN-SENT",
            Self::ShutdownReceived => "SHUTDOWN-RECEIVED",
            Self::ShutdownAckSent => "SHUTDOWN-ACK-SENT",
        }
    }
}

/// What a Bluetooth socket has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BluetoothFacts {
    /// The inode of the listener in whose queue the connection waits to be accepted.
    pub listener: Option<u64>,
}

/// What an XDP socket has beyond its interface and queue.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct XdpFacts {
    /// Bytes of the memory that it shares with the kernel.
    #[doc(alias = "XDP_DIAG_UMEM")]
    pub memory: Option<u64>,
    /// Whether packets are received without a copy.
    #[doc(alias = "XDP_DU_F_ZEROCOPY")]
    pub is_zero_copy: Option<bool>,
    /// Packets received and dropped (kernel 5.9).
    #[doc(alias = "n_rx_dropped")]
    pub dropped: Option<u64>,
}

impl FamilyFacts {
    /// Returns what a Unix socket has.
    pub fn unix(&self) -> Option<&UnixFacts> {
        match self {
            Self::Unix(facts) => Some(facts),
            _ => None,
        }
    }

    /// Returns the inode of the socket at the other end, where the system tells it.
    pub fn peer(&self) -> Option<u64> {
        self.unix()?.peer
    }
}
