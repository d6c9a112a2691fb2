use super::{
    Application, Endpoint, FamilyFacts, IpEndpoint, Lifespan, Namespace, Ownership, SocketMemory, TcpInfo,
};
use std::fmt;
use std::time::Duration;

/// The protocol of a socket of any family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Protocol {
    /// TCP, RFC 9293.
    Tcp,
    /// UDP, RFC 768.
    Udp,
    /// A raw IP socket, with its protocol number (IANA).
    Raw(u8),
    /// A socket for ICMP echo that needs no privileges (`IPPROTO_ICMP` with `SOCK_DGRAM`).
    Ping,
    /// Multipath TCP, RFC 8684: the connection above its subflows, which are TCP sockets.
    Mptcp,
    /// SCTP, RFC 9260.
    Sctp,
    /// `AF_UNIX`.
    Unix(SocketType),
    /// `AF_PACKET`.
    Packet(SocketType),
    /// `AF_NETLINK`, with the netlink protocol.
    Netlink(u8),
    /// `AF_VSOCK`.
    Vsock(SocketType),
    /// `AF_XDP`.
    Xdp,
    /// `AF_BLUETOOTH`.
    Bluetooth(BluetoothProtocol),
    /// A socket that no table lists, so that its protocol is not known.
    Unlisted,
}

/// A protocol of `AF_BLUETOOTH`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum BluetoothProtocol {
    /// The interface to the adapter.
    Hci,
    /// Logical links, on which nearly all else runs.
    L2cap,
    /// Voice.
    Sco,
    /// Serial ports.
    Rfcomm,
    /// Networks (Ethernet).
    Bnep,
    /// ISDN.
    Cmtp,
    /// Keyboards and the like.
    Hidp,
    /// Audio of Bluetooth LE.
    Iso,
}

impl BluetoothProtocol {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Hci, Self::L2cap, Self::Sco, Self::Rfcomm, Self::Bnep, Self::Cmtp, Self::Hidp, Self::Iso];

    /// Returns its name, as `/proc/net` has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hci => "hci",
            Self::L2cap => "l2cap",
            Self::Sco => "sco",
            Self::Rfcomm => "rfcomm",
            Self::Bnep => "bnep",
            Self::Cmtp => "cmtp",
            Self::Hidp => "hidp",
            Self::Iso => "iso",
        }
    }
}

/// How a socket transfers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum SocketType {
    /// `SOCK_STREAM`.
    Stream,
    /// `SOCK_DGRAM`.
    Datagram,
    /// `SOCK_SEQPACKET`.
    SeqPacket,
    /// `SOCK_RAW`.
    Raw,
}

/// A protocol with ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Transport {
    /// TCP, RFC 9293.
    Tcp,
    /// UDP, RFC 768.
    Udp,
}

impl Protocol {
    /// Returns the name of the protocol, as `Display` writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Raw(_) => "RAW",
            Self::Ping => "PING",
            Self::Mptcp => "MPTCP",
            Self::Sctp => "SCTP",
            Self::Unix(_) => "UNIX",
            Self::Packet(_) => "PACKET",
            Self::Netlink(_) => "NETLINK",
            Self::Vsock(_) => "VSOCK",
            Self::Xdp => "XDP",
            Self::Bluetooth(_) => "BLUETOOTH",
            Self::Unlisted => "UNLISTED",
        }
    }

    /// Returns how its sockets transfer; `None` where that is not known.
    pub fn socket_type(self) -> Option<SocketType> {
        Some(match self {
            Self::Tcp | Self::Mptcp => SocketType::Stream,
            Self::Udp | Self::Ping => SocketType::Datagram,
            Self::Raw(_) | Self::Netlink(_) | Self::Xdp => SocketType::Raw,
            Self::Unix(of) | Self::Packet(of) | Self::Vsock(of) => of,
            // A socket of SCTP is a stream or has packets of many associations; what lists them does not tell.
            Self::Sctp | Self::Bluetooth(_) | Self::Unlisted => return None,
        })
    }

    /// Returns TCP or UDP; `None` for any other protocol.
    pub fn transport(self) -> Option<Transport> {
        match self {
            Self::Tcp => Some(Transport::Tcp),
            Self::Udp => Some(Transport::Udp),
            _ => None,
        }
    }
}

impl From<Transport> for Protocol {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::Tcp,
            Transport::Udp => Self::Udp,
        }
    }
}

impl PartialEq<Transport> for Protocol {
    fn eq(&self, other: &Transport) -> bool {
        self.transport() == Some(*other)
    }
}

/// The IP family a socket was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Family {
    /// `AF_INET`.
    V4,
    /// `AF_INET6`; such a socket may carry IPv4 traffic as well.
    V6,
}

/// The state of a TCP socket, by its RFC 9293 name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TcpState {
    /// CLOSED.
    Closed,
    /// LISTEN.
    Listen,
    /// SYN-SENT.
    SynSent,
    /// SYN-RECEIVED, full sockets and half-open requests alike.
    #[doc(alias = "TCP_NEW_SYN_RECV")]
    SynReceived,
    /// ESTABLISHED.
    Established,
    /// FIN-WAIT-1.
    FinWait1,
    /// FIN-WAIT-2.
    FinWait2,
    /// CLOSE-WAIT.
    CloseWait,
    /// CLOSING.
    Closing,
    /// LAST-ACK.
    LastAck,
    /// TIME-WAIT.
    TimeWait,
    /// Bound to a port, neither listening nor connected; not a state of the RFC.
    #[doc(alias = "TCP_BOUND_INACTIVE")]
    Bound,
    /// The control block is being deleted (Windows only).
    #[doc(alias = "MIB_TCP_STATE_DELETE_TCB")]
    DeleteTcb,
    /// A number this program does not know.
    Unknown(u8),
}

impl TcpState {
    /// Every state that has a name, in order.
    pub const ALL: [Self; 13] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
        Self::Bound,
        Self::DeleteTcb,
    ];
}

/// The name in capitals: `TCP`, `UNIX`, `NETLINK`.
impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// `TCP` or `UDP`.
impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Protocol::from(*self).fmt(f)
    }
}

/// The names of RFC 9293, with underscores as most programs write them: `ESTABLISHED`, `TIME_WAIT`.
///
/// ```
/// use netstat_model::TcpState;
///
/// assert_eq!(TcpState::CloseWait.to_string(), "CLOSE_WAIT");
/// assert_eq!(format!("{:<12}|", TcpState::Listen), "LISTEN      |");
/// ```
impl fmt::Display for TcpState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN_SENT",
            Self::SynReceived => "SYN_RECEIVED",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN_WAIT_1",
            Self::FinWait2 => "FIN_WAIT_2",
            Self::CloseWait => "CLOSE_WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
            Self::Bound => "BOUND",
            Self::DeleteTcb => "DELETE_TCB",
            Self::Unknown(number) => return write!(f, "UNKNOWN({number})"),
        })
    }
}

/// What tells one socket from all others on a running system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SocketId {
    /// Linux: the inode in sockfs. `None` for a socket that no descriptor holds (TIME_WAIT, request, orphan)
    /// and on Windows.
    #[doc(alias = "idiag_inode")]
    pub inode: Option<u64>,
    /// Linux: the kernel's own number of the socket, never used again until reboot. `None` from `/proc/net`.
    #[doc(alias = "idiag_cookie")]
    pub cookie: Option<u64>,
}

/// What a TCP timer is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TimerKind {
    /// Retransmission, or a tail loss probe.
    Retransmit,
    /// Keep-alive, or the retransmission of a SYN-ACK.
    KeepAlive,
    /// TIME_WAIT, or FIN_WAIT_2 in a time-wait block.
    TimeWait,
    /// Zero-window probe.
    Probe,
}

/// A running TCP timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timer {
    /// What it waits for.
    pub kind: TimerKind,
    /// Time left until it fires.
    #[doc(alias = "idiag_expires")]
    pub expires_in: Duration,
    /// How often it has fired in a row.
    #[doc(alias = "idiag_retrans")]
    pub retransmits: u8,
}

/// Who handles the segments of a TCP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[doc(alias = "TCP_CONNECTION_OFFLOAD_STATE")]
pub enum Offload {
    /// The operating system. Linux never hands a connection to the network card as a whole, and Windows no
    /// longer does: what cards do today (segmentation, checksums) is done to packets, not to connections.
    InHost,
    /// On its way to the network card.
    Offloading,
    /// The network card.
    Offloaded,
    /// On its way back.
    Uploading,
}

/// What Windows alone tells of a socket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WindowsSocket {
    /// Who handles the connection; only when asked for.
    pub offload: Option<Offload>,
    /// The part of its process that made the socket, a service for instance, or the name of the executable; only when
    /// asked for.
    #[doc(alias = "pModuleName")]
    pub module: Option<Box<str>>,
    /// The template of settings that applies to the connection, such as `Internet`; only when asked for.
    #[doc(alias = "AppliedSetting")]
    pub template: Option<Box<str>>,
}

/// One socket as the kernel has it: a connection, a listener, a UDP socket, a Unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Socket {
    /// The protocol.
    pub protocol: Protocol,
    /// The IP family the socket was made with; `None` for other families. An IPv4 connection on an IPv6 socket keeps
    /// [`Family::V6`] here.
    pub family: Option<Family>,
    /// The local end.
    pub local: Endpoint,
    /// The remote end; `None` where there is none: listeners, bound-only sockets, unconnected UDP.
    #[doc(alias = "peer")]
    pub remote: Option<Endpoint>,
    /// The TCP state, or what corresponds to it in another family; `None` for UDP and for what is not connected.
    pub state: Option<TcpState>,
    /// Whether an IPv6 socket refuses IPv4 (`IPV6_V6ONLY`). Linux tells it for listening, bound-only and
    /// unconnected sockets (sock_diag, 3.17); `None` elsewhere, for IPv4 sockets, and from `/proc/net`.
    #[doc(alias = "INET_DIAG_SKV6ONLY")]
    pub v6_only: Option<bool>,
    /// What tells it from all others.
    pub id: SocketId,
    /// The user that made the socket. Unknown for TIME_WAIT.
    #[doc(alias = "idiag_uid")]
    pub uid: Option<u32>,
    /// Bytes received and not yet read by the process; for a listener the connections waiting for accept.
    #[doc(alias = "idiag_rqueue")]
    pub recv_queue: Option<u32>,
    /// Bytes sent and not yet acknowledged, or not yet sent; for a listener the limit of its accept queue.
    #[doc(alias = "idiag_wqueue")]
    pub send_queue: Option<u32>,
    /// The interface the socket is bound to.
    #[doc(alias = "idiag_if")]
    pub interface: Option<u32>,
    /// The running timer. Linux only.
    pub timer: Option<Timer>,
    /// The traffic class of what the socket sends: TOS for IPv4, traffic class for IPv6; DSCP is its upper six
    /// bits. Linux: only when asked for, unknown for TIME_WAIT and half-open requests.
    #[doc(alias = "INET_DIAG_TOS")]
    #[doc(alias = "INET_DIAG_TCLASS")]
    pub traffic_class: Option<u8>,
    /// The congestion control algorithm. Linux: only when asked for, TCP in a connected state.
    #[doc(alias = "INET_DIAG_CONG")]
    pub congestion: Option<Box<str>>,
    /// How long the socket has been in its state, where the system knows it: Linux derives it from the timers
    /// of TIME_WAIT and FIN_WAIT_2.
    pub time_in_state: Option<Duration>,
    /// How long ago the connection was established. Linux: only when asked for, and known only of a connection that
    /// has not sent, or not received, any data yet, on a system that has run for less than 49 days (kernel 4.6).
    pub age: Option<Duration>,
    /// The course of the connection. Linux: only when asked for, TCP that is or was connected; unknown for TIME_WAIT,
    /// half-open requests, and from `/proc/net`.
    pub tcp: Option<Box<TcpInfo>>,
    /// The memory of the socket. Linux: only when asked for; unknown for TIME_WAIT, half-open requests, and from
    /// `/proc/net`.
    pub memory: Option<Box<SocketMemory>>,
    /// The mark that routing and firewall rules know the socket's packets by (`SO_MARK`), 0 where none was set.
    /// Linux, told to `CAP_NET_ADMIN` only (kernel 4.9); unknown for TIME_WAIT and from `/proc/net`.
    #[doc(alias = "INET_DIAG_MARK")]
    pub mark: Option<u32>,
    /// The control group (version 2) the socket was made in: the inode of its directory. Linux 5.8; unknown for
    /// TIME_WAIT, half-open requests, and from `/proc/net`.
    #[doc(alias = "INET_DIAG_CGROUP_ID")]
    pub cgroup_id: Option<u64>,
    /// The network namespace the socket belongs to. Linux: only when asked for.
    pub namespace: Option<Namespace>,
    /// What Windows alone tells.
    pub windows: Option<Box<WindowsSocket>>,
    /// When it began and ended, where a recorder saw that; a running system does not tell.
    pub lifespan: Option<Box<Lifespan>>,
    /// What its first bytes tell, where a capture has them; a running system does not tell.
    pub application: Option<Box<Application>>,
    /// What only sockets of its family have.
    pub family_facts: Option<Box<FamilyFacts>>,
    /// The processes that hold the socket.
    pub ownership: Ownership,
    /// The processes that hold the socket at the other end, where the system tells which one that is: see
    /// [`FamilyFacts::peer`].
    pub peer_ownership: Ownership,
}

impl Socket {
    /// Returns an IP socket of which nothing but its kind and its ends is known.
    pub fn new(transport: Transport, family: Family, local: IpEndpoint, remote: Option<IpEndpoint>) -> Self {
        let (local, remote) = (local.into(), remote.map(Endpoint::from));
        Self { family: Some(family), ..Self::of_protocol(transport.into(), local, remote) }
    }

    /// Returns a socket of any protocol, of which nothing but its ends is known.
    pub fn of_protocol(protocol: Protocol, local: Endpoint, remote: Option<Endpoint>) -> Self {
        Self {
            protocol,
            family: None,
            local,
            remote,
            state: None,
            v6_only: None,
            id: SocketId::default(),
            uid: None,
            recv_queue: None,
            send_queue: None,
            interface: None,
            timer: None,
            traffic_class: None,
            congestion: None,
            time_in_state: None,
            age: None,
            tcp: None,
            memory: None,
            mark: None,
            cgroup_id: None,
            namespace: None,
            windows: None,
            lifespan: None,
            application: None,
            family_facts: None,
            ownership: Ownership::NotRead,
            peer_ownership: Ownership::NotRead,
        }
    }
}
