//! Packed rows: 24 bytes for a TCP or UDP socket with IPv4 ends, 48 with IPv6 ends. Other sockets keep their ends unpacked.

use crate::owner_lists::OwnerMark;
use crate::query::States;
use crate::{
    Endpoint, EndpointRef, Family, IpEndpoint, NoOwner, Protocol, SocketId, SocketRef, TcpState, Transport,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Identifies a socket in 32 bits each; 0 where a part is unknown. Inodes of sockets have no more bits on any system that has
/// them. The cookie only tells apart sockets whose inode was used again, so its lower half is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortId {
    /// The inode; the largest number where it has more than 32 bits.
    pub inode: u32,
    /// The lower half of the cookie.
    pub cookie: u32,
}

impl ShortId {
    /// Shortens inode and cookie.
    pub fn new(inode: Option<u64>, cookie: Option<u64>) -> Self {
        let inode = inode.map_or(0, |inode| u32::try_from(inode).unwrap_or(u32::MAX));
        Self { inode, cookie: cookie.map_or(0, lower_half) }
    }

    /// Returns whether the other is the same socket, as far as that is known.
    pub fn may_be(self, other: Self) -> bool {
        self.inode == other.inode && (self.cookie == other.cookie || self.cookie == 0 || other.cookie == 0)
    }
}

/// Returns the lower 32 bits.
pub fn lower_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

/// State, flags and owner of a row.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    /// What the owner mark says it is.
    note: u32,
    /// Place of the scopes of the ends among those of the table.
    pub(super) scopes: u16,
    state: u8,
    flags: u8,
}

impl Facts {
    const HAS_REMOTE: u8 = 1;
    /// The state is the system's own number.
    const ODD_STATE: u8 = 2;
    /// The owner mark takes four bits from here on.
    const OWNER: u8 = 2;
    const OWNER_BITS: u8 = 0b0011_1100;
    /// IPv4 rows: the socket was made as an IPv6 one. IPv6 rows: `v6_only` is known.
    const FAMILY_V6: u8 = 1 << 6;
    const V6_ONLY_KNOWN: u8 = 1 << 6;
    const V6_ONLY: u8 = 1 << 7;

    pub(super) fn new(socket: &SocketRef<'_>, is_v4: bool) -> Self {
        let (odd, state) = match socket.state {
            None => (0, 0),
            Some(TcpState::Unknown(number)) => (Self::ODD_STATE, number),
            // The set of one state has the bit of its place in `TcpState::ALL`.
            Some(state) => (0, u8::try_from(States::of(state).bits().trailing_zeros() + 1).unwrap_or(0)),
        };
        let flag = |is: bool, bit: u8| if is { bit } else { 0 };
        let family = if is_v4 {
            flag(socket.family == Some(Family::V6), Self::FAMILY_V6)
        } else {
            flag(socket.v6_only.is_some(), Self::V6_ONLY_KNOWN)
                | flag(socket.v6_only == Some(true), Self::V6_ONLY)
        };
        Self {
            note: ShortId::new(None, socket.id.cookie).cookie,
            scopes: 0,
            state,
            flags: odd | flag(socket.remote.is_some(), Self::HAS_REMOTE) | family,
        }
    }

    pub(super) fn has_remote(self) -> bool {
        self.flags & Self::HAS_REMOTE != 0
    }

    pub(super) fn state(self) -> Option<TcpState> {
        if self.flags & Self::ODD_STATE != 0 {
            return Some(TcpState::Unknown(self.state));
        }
        TcpState::ALL.get(usize::from(self.state).checked_sub(1)?).copied()
    }

    /// The order of states, that of [`TcpState`].
    pub(super) fn order(self) -> (u8, u8) {
        (self.flags & Self::ODD_STATE, self.state)
    }

    pub(super) fn set_owner(&mut self, mark: OwnerMark, note: u32) {
        let tag = match mark {
            OwnerMark::NotRead => 0,
            OwnerMark::Wanted => 1,
            OwnerMark::One => 2,
            OwnerMark::Several => 3,
            OwnerMark::Listed => 4,
            OwnerMark::Nobody(NoOwner::NoProcess) => 5,
            OwnerMark::Nobody(NoOwner::NotPermitted) => 6,
            OwnerMark::Nobody(NoOwner::Kernel) => 7,
            OwnerMark::Nobody(NoOwner::OtherNamespace) => 8,
            OwnerMark::Nobody(NoOwner::Vanished) => 9,
        };
        self.note = note;
        self.flags = self.flags & !Self::OWNER_BITS | tag << Self::OWNER;
    }

    pub(super) fn owner(self) -> (OwnerMark, u32) {
        let mark = match (self.flags & Self::OWNER_BITS) >> Self::OWNER {
            1 => OwnerMark::Wanted,
            2 => OwnerMark::One,
            3 => OwnerMark::Several,
            4 => OwnerMark::Listed,
            5 => OwnerMark::Nobody(NoOwner::NoProcess),
            6 => OwnerMark::Nobody(NoOwner::NotPermitted),
            7 => OwnerMark::Nobody(NoOwner::Kernel),
            8 => OwnerMark::Nobody(NoOwner::OtherNamespace),
            9 => OwnerMark::Nobody(NoOwner::Vanished),
            _ => OwnerMark::NotRead,
        };
        (mark, self.note)
    }

    pub(super) fn id(self, inode: u32) -> ShortId {
        ShortId { inode, cookie: self.cookie() }
    }

    /// The cookie, while the owner is not known.
    fn cookie(self) -> u32 {
        match self.owner().0 {
            OwnerMark::NotRead | OwnerMark::Wanted => self.note,
            _ => 0,
        }
    }
}

/// A row of a socket without ports.
#[derive(Debug, Clone)]
pub(super) struct OtherRow {
    pub(super) protocol: Protocol,
    pub(super) family: Option<Family>,
    pub(super) local: Endpoint,
    pub(super) remote: Option<Endpoint>,
    pub(super) inode: u32,
    pub(super) facts: Facts,
}

impl OtherRow {
    pub(super) fn new(socket: &SocketRef<'_>) -> Self {
        Self {
            protocol: socket.protocol,
            family: socket.family,
            local: socket.local.to_owned(),
            remote: socket.remote.map(EndpointRef::to_owned),
            inode: ShortId::new(socket.id.inode, None).inode,
            facts: Facts::new(socket, false),
        }
    }

    pub(super) fn socket(&self, id: SocketId) -> SocketRef<'_> {
        let (local, remote) = (self.local.as_ref(), self.remote.as_ref().map(Endpoint::as_ref));
        let mut socket = SocketRef::of_ends(self.protocol, local, remote, id);
        socket.family = self.family;
        socket.state = self.facts.state();
        socket
    }
}

/// Ends, identity and state as a packed row has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacked {
    pub(super) family: Family,
    pub(super) local: IpEndpoint,
    pub(super) remote: Option<IpEndpoint>,
    pub(super) state: Option<TcpState>,
    pub(super) v6_only: Option<bool>,
    pub(super) inode: u32,
    pub(super) facts: Facts,
}

/// A row with IPv4 ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowV4 {
    /// The local address, its port, and the upper half of the remote address.
    high: u64,
    /// The lower half of the remote address, its port, and the inode.
    low: u64,
    pub(super) facts: Facts,
}

/// A row with any ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowV6 {
    local: u128,
    remote: u128,
    local_port: u16,
    remote_port: u16,
    pub(super) inode: u32,
    pub(super) facts: Facts,
}

const _: () = assert!(size_of::<RowV4>() == 24 && size_of::<RowV6>() == 48 && size_of::<OtherRow>() == 64);

fn bits_v4(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => address.to_bits(),
        // The wildcard of an IPv6 socket with an IPv4 peer.
        IpAddr::V6(_) => 0,
    }
}

fn bits_v6(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The ends of a socket with ports.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ends {
    pub(super) local: IpEndpoint,
    pub(super) remote: Option<IpEndpoint>,
}

impl Ends {
    /// Returns the ends of a TCP or UDP socket, and the first of the blocks it belongs to.
    pub(super) fn of(socket: &SocketRef<'_>) -> Option<(Self, usize)> {
        let block = block(socket.protocol.transport()?, socket.state);
        Some((Self { local: socket.local_ip()?, remote: socket.remote_ip() }, block))
    }

    /// Returns whether they fit into a row of IPv4.
    pub(super) fn are_v4(&self) -> bool {
        match (self.local.address, self.remote.map(|end| end.address)) {
            (IpAddr::V4(_), remote) => !matches!(remote, Some(IpAddr::V6(_))),
            (IpAddr::V6(local), remote) => local.is_unspecified() && matches!(remote, Some(IpAddr::V4(_))),
        }
    }
}

impl RowV4 {
    pub(super) fn new(socket: &SocketRef<'_>, ends: Ends) -> Self {
        let (remote, remote_port) = ends.remote.map_or((0, 0), |end| (bits_v4(end.address), end.port));
        let (local, inode) = (bits_v4(ends.local.address), ShortId::new(socket.id.inode, None).inode);
        let port = u64::from(ends.local.port);
        let remote = u64::from(remote) << 16 | u64::from(remote_port);
        Self {
            high: u64::from(local) << 32 | port << 16 | remote >> 32,
            low: remote << 32 | u64::from(inode),
            facts: Facts::new(socket, true),
        }
    }

    /// What decides first over the place of the row in its block.
    pub(super) fn first_key(&self) -> u64 {
        self.high
    }

    /// What decides over the order of rows with the same first key.
    pub(super) fn key(&self) -> impl Ord + use<> {
        (self.low >> 32, self.facts.has_remote(), self.low, self.facts.order())
    }

    pub(super) fn inode(&self) -> u32 {
        lower_half(self.low)
    }

    pub(super) fn unpack(&self) -> Unpacked {
        let end = |bits: u64| IpEndpoint {
            address: IpAddr::V4(Ipv4Addr::from_bits(lower_half(bits >> 16))),
            scope: 0,
            port: u16::try_from(bits & 0xffff).unwrap_or_default(),
        };
        let is_v6 = self.facts.flags & Facts::FAMILY_V6 != 0;
        Unpacked {
            family: if is_v6 { Family::V6 } else { Family::V4 },
            local: end(self.high >> 16),
            remote: self.facts.has_remote().then(|| end(self.high << 32 | self.low >> 32)),
            state: self.facts.state(),
            v6_only: None,
            inode: lower_half(self.low),
            facts: self.facts,
        }
    }
}

impl RowV6 {
    pub(super) fn new(socket: &SocketRef<'_>, ends: Ends, scopes: u16) -> Self {
        let (remote, remote_port) = ends.remote.map_or((0, 0), |end| (bits_v6(end.address), end.port));
        Self {
            local: bits_v6(ends.local.address),
            remote,
            local_port: ends.local.port,
            remote_port,
            inode: ShortId::new(socket.id.inode, None).inode,
            facts: Facts { scopes, ..Facts::new(socket, false) },
        }
    }

    /// What decides first over the place of the row in its block.
    pub(super) fn first_key(&self) -> u128 {
        self.local
    }

    /// What decides over the order of rows with the same first key.
    pub(super) fn key(&self, scopes: &[(u32, u32)]) -> impl Ord + use<> {
        let (local_scope, remote_scope) = self.scopes(scopes);
        let local = (local_scope, self.local_port);
        let remote = (self.facts.has_remote(), self.remote, remote_scope, self.remote_port);
        (local, remote, self.inode, self.facts.order())
    }

    fn scopes(&self, scopes: &[(u32, u32)]) -> (u32, u32) {
        scopes.get(usize::from(self.facts.scopes)).copied().unwrap_or_default()
    }

    pub(super) fn unpack(&self, scopes: &[(u32, u32)]) -> Unpacked {
        let (local_scope, remote_scope) = self.scopes(scopes);
        let end = |bits, scope, port| {
            let address = IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical();
            IpEndpoint { address, scope, port }
        };
        let flags = self.facts.flags;
        let local = end(self.local, local_scope, self.local_port);
        Unpacked {
            family: if local.address.is_ipv4() { Family::V4 } else { Family::V6 },
            local,
            remote: self.facts.has_remote().then(|| end(self.remote, remote_scope, self.remote_port)),
            state: self.facts.state(),
            v6_only: (flags & Facts::V6_ONLY_KNOWN != 0).then_some(flags & Facts::V6_ONLY != 0),
            inode: self.inode,
            facts: self.facts,
        }
    }
}

/// Which block of a table a socket belongs to: TCP, bound-only TCP, UDP.
fn block(transport: Transport, state: Option<TcpState>) -> usize {
    match (transport, state) {
        (Transport::Tcp, Some(TcpState::Bound)) => 1,
        (Transport::Tcp, _) => 0,
        (Transport::Udp, _) => 2,
    }
}

/// The protocol of a block.
pub(super) fn transport(block: usize) -> Transport {
    if block == 2 { Transport::Udp } else { Transport::Tcp }
}
