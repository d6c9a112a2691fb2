use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

/// One end of a socket of any family. `N` keeps the bytes of a name: [`EndpointRef`] borrows them.
///
/// ```
/// use netstat_model::{Endpoint, IpEndpoint};
///
/// let end: Endpoint = IpEndpoint::new("::1".parse()?, 80, 0).into();
/// assert_eq!(end.port(), Some(80));
/// assert_eq!(Endpoint::Path(b"/run/db.sock".as_slice()).port(), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Endpoint<N = Box<[u8]>> {
    /// TCP, UDP, and raw IP sockets, which have no port (0).
    Ip(IpEndpoint),
    /// A Unix socket that is bound to a path.
    #[doc(alias = "sun_path")]
    Path(N),
    /// A Unix socket with a name in the abstract namespace; the name without its leading NUL.
    Abstract(N),
    /// A Unix socket without a name, by its inode.
    Inode(u64),
    /// `AF_VSOCK`.
    Vsock {
        /// The context ID of the machine.
        cid: u32,
        /// The port.
        port: u32,
    },
    /// `AF_PACKET`.
    Packet {
        /// The index of the interface; 0 means any.
        interface: u32,
        /// The EtherType that is received, in host byte order; 3 (`ETH_P_ALL`) means any.
        ethertype: u16,
    },
    /// `AF_NETLINK`, by the port ID, which is 0 for the kernel.
    Netlink(u32),
    /// `AF_XDP`.
    Xdp {
        /// The index of the interface; 0 before the socket is bound.
        interface: u32,
        /// The queue of that interface.
        queue: u32,
    },
}

/// An [`Endpoint`] whose name is borrowed. Cheap to copy.
pub type EndpointRef<'a> = Endpoint<&'a [u8]>;

const _: () = assert!(size_of::<Option<EndpointRef<'_>>>() == size_of::<Option<IpEndpoint>>());

impl<N> Endpoint<N> {
    /// Returns address and port; `None` for a socket of another family than IP.
    pub fn ip(&self) -> Option<IpEndpoint> {
        match self {
            Self::Ip(end) => Some(*end),
            _ => None,
        }
    }

    /// Returns the address of an IP socket.
    pub fn address(&self) -> Option<IpAddr> {
        Some(self.ip()?.address)
    }

    /// Returns the port of an IP socket, in host byte order.
    pub fn port(&self) -> Option<u16> {
        Some(self.ip()?.port)
    }

    fn map<M>(self, name: impl FnOnce(N) -> M) -> Endpoint<M> {
        match self {
            Self::Ip(end) => Endpoint::Ip(end),
            Self::Path(path) => Endpoint::Path(name(path)),
            Self::Abstract(of_socket) => Endpoint::Abstract(name(of_socket)),
            Self::Inode(inode) => Endpoint::Inode(inode),
            Self::Vsock { cid, port } => Endpoint::Vsock { cid, port },
            Self::Packet { interface, ethertype } => Endpoint::Packet { interface, ethertype },
            Self::Netlink(port) => Endpoint::Netlink(port),
            Self::Xdp { interface, queue } => Endpoint::Xdp { interface, queue },
        }
    }
}

impl Endpoint {
    /// Borrows the name.
    pub fn as_ref(&self) -> EndpointRef<'_> {
        match self {
            Self::Path(path) => Endpoint::Path(path),
            Self::Abstract(name) => Endpoint::Abstract(name),
            // The others have none.
            other => other.clone().map(|_| &[][..]),
        }
    }
}

impl EndpointRef<'_> {
    /// Copies the name.
    pub fn to_owned(self) -> Endpoint {
        self.map(Box::from)
    }
}

impl<N> From<IpEndpoint> for Endpoint<N> {
    fn from(end: IpEndpoint) -> Self {
        Self::Ip(end)
    }
}

impl<N> PartialEq<IpEndpoint> for Endpoint<N> {
    fn eq(&self, other: &IpEndpoint) -> bool {
        self.ip() == Some(*other)
    }
}

/// IP as [`IpEndpoint`]; a Unix path as it is, an abstract name after `@`, an unnamed socket as its inode after `*`; vsock as
/// `CID:PORT`, packet as `ETHERTYPE:INTERFACE` with the type in hexadecimal, netlink as its port ID, XDP as
/// `INTERFACE:QUEUE`. Bytes of names that are
/// control characters or not UTF-8 are escaped.
impl<N: AsRef<[u8]>> fmt::Display for Endpoint<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(end) => end.fmt(f),
            Self::Path(path) => write_name(path.as_ref(), f),
            Self::Abstract(name) => {
                f.write_str("@")?;
                write_name(name.as_ref(), f)
            }
            Self::Inode(inode) => write!(f, "*{inode}"),
            Self::Vsock { cid, port } => write!(f, "{cid}:{port}"),
            Self::Packet { interface, ethertype } => write!(f, "{ethertype:04x}:{interface}"),
            Self::Netlink(port) => write!(f, "{port}"),
            Self::Xdp { interface, queue } => write!(f, "{interface}:{queue}"),
        }
    }
}

fn write_name(name: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in name.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() {
                write!(f, "{}", letter.escape_default())?
            } else {
                write!(f, "{letter}")?
            }
        }
        write!(f, "{}", chunk.invalid().escape_ascii())?;
    }
    Ok(())
}

/// One end of an IP socket: an address, a port, and the interface a link-local address belongs to.
///
/// The order is that of the classic table: address as a big-endian number, scope, port; IPv4 before IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IpEndpoint {
    /// The address. Never IPv4-mapped: [`IpEndpoint::new`] turns `::ffff:1.2.3.4` into `1.2.3.4`.
    pub address: IpAddr,
    /// The interface index that scopes a link-local IPv6 address; 0 where none applies.
    #[doc(alias = "sin6_scope_id")]
    pub scope: u32,
    /// The port, in host byte order; 0 means any.
    pub port: u16,
}

impl IpEndpoint {
    /// An endpoint with its address in canonical form; the scope is kept for IPv6 link-local addresses only,
    /// because the kernel reports the bound interface beside every address.
    pub fn new(address: IpAddr, port: u16, scope: u32) -> Self {
        let address = address.to_canonical();
        let scope = match address {
            IpAddr::V6(v6) if v6.is_unicast_link_local() || is_link_local_multicast(v6) => scope,
            _ => 0,
        };
        Self { address, scope, port }
    }

    /// Any IPv4 address, any port.
    pub const ANY_V4: Self = Self { address: IpAddr::V4(Ipv4Addr::UNSPECIFIED), scope: 0, port: 0 };

    /// Any IPv6 address, any port.
    pub const ANY_V6: Self = Self { address: IpAddr::V6(Ipv6Addr::UNSPECIFIED), scope: 0, port: 0 };
}

/// The form that [`SocketAddr`] has: `192.0.2.1:80`, `[2001:db8::1]:80`, `[fe80::1%2]:80`.
///
/// ```
/// use netstat_model::IpEndpoint;
///
/// assert_eq!(IpEndpoint::new("::1".parse().unwrap(), 80, 0).to_string(), "[::1]:80");
/// ```
impl fmt::Display for IpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::from(*self).fmt(f)
    }
}

impl From<IpEndpoint> for SocketAddr {
    fn from(end: IpEndpoint) -> Self {
        match end.address {
            IpAddr::V4(address) => Self::from((address, end.port)),
            IpAddr::V6(address) => Self::V6(SocketAddrV6::new(address, end.port, 0, end.scope)),
        }
    }
}

/// `ff02::/16` and `ff01::/16` need an interface just as `fe80::/10` does.
fn is_link_local_multicast(address: Ipv6Addr) -> bool {
    matches!(address.segments()[0] & 0xff0f, 0xff01 | 0xff02)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapped_addresses_become_ipv4() {
        let end = IpEndpoint::new("::ffff:1.2.3.4".parse().unwrap(), 80, 7);
        assert_eq!(end, IpEndpoint { address: "1.2.3.4".parse().unwrap(), scope: 0, port: 80 });
    }

    #[test]
    fn ends_are_written_as_the_standard_library_writes_them() {
        for (address, scope, expected) in [
            ("1.2.3.4", 0, "1.2.3.4:80"),
            ("::1", 0, "[::1]:80"),
            ("fe80::1", 3, "[fe80::1%3]:80"),
            ("::", 3, "[::]:80"),
        ] {
            assert_eq!(IpEndpoint::new(address.parse().unwrap(), 80, scope).to_string(), expected);
        }
        assert_eq!(format!("{:>12}", IpEndpoint::ANY_V4), "   0.0.0.0:0");
    }

    #[test]
    fn only_link_local_keeps_its_scope() {
        assert_eq!(IpEndpoint::new("fe80::1".parse().unwrap(), 1, 3).scope, 3);
        assert_eq!(IpEndpoint::new("ff02::fb".parse().unwrap(), 1, 3).scope, 3);
        assert_eq!(IpEndpoint::new("2001:db8::1".parse().unwrap(), 1, 3).scope, 0);
        assert_eq!(IpEndpoint::new("::".parse().unwrap(), 1, 3).scope, 0);
    }
}
