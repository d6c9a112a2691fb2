//! The rows of the classic table, packed: 24 bytes for one of IPv4, 48 for one of IPv6.

use super::{Brief, Endpoint, Family, Holder, NoOwner, Protocol, Section, TcpState};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// One row, unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableRow {
    /// The part of the table.
    pub section: Section,
    /// The local end as that part has it, see [`Section::local`].
    pub local: Endpoint,
    /// The remote end; `None` where there is none.
    pub remote: Option<Endpoint>,
    /// The TCP state.
    pub state: Option<TcpState>,
    /// Who holds the socket.
    pub holder: Holder,
}

impl TableRow {
    /// The row of a socket in one of its parts of the table.
    pub fn new(brief: &Brief, section: Section) -> Self {
        let Brief { remote, state, holder, .. } = *brief;
        Self { section, local: section.local(brief.local), remote, state, holder }
    }
}

/// Rows of the classic table, each with no more than is shown of it. For tables of any length: a [`Socket`] is ten times
/// as large.
///
/// [`Socket`]: super::Socket
#[derive(Debug, Clone, Default)]
pub struct Table {
    v4: [Vec<RowV4>; BLOCKS],
    v6: [Vec<RowV6>; BLOCKS],
    /// The scopes of the two ends of IPv6 rows, each pair once. The first place is that of no scopes.
    scopes: Vec<(u32, u32)>,
    /// In which of the blocks each row is, in the order in which they came: those of IPv4, then those of IPv6.
    order: Vec<u8>,
}

/// Rows of one protocol that stand together: TCP, bound-only TCP, UDP.
const BLOCKS: usize = 3;

fn block(protocol: Protocol, state: Option<TcpState>) -> usize {
    match (protocol, state) {
        (Protocol::Tcp, Some(TcpState::Bound)) => 1,
        (Protocol::Tcp, _) => 0,
        (Protocol::Udp, _) => 2,
    }
}

fn section(block: usize, family: Family) -> Section {
    let protocol = if block == 2 { Protocol::Udp } else { Protocol::Tcp };
    Section::of(protocol, family)
}

/// What tells a socket of a table from others, in 32 bits each; 0 where it is not known. Inodes of sockets have no more
/// on any system that has them. Of the cookie, which only has to tell apart sockets of the same inode, it is the lower
/// half.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShortId {
    pub inode: u32,
    pub cookie: u32,
}

impl ShortId {
    pub fn new(inode: Option<u64>, cookie: Option<u64>) -> Self {
        let inode = inode.map_or(0, |inode| u32::try_from(inode).unwrap_or(u32::MAX));
        Self { inode, cookie: cookie.map_or(0, lower_half) }
    }

    /// Whether the other is the same socket, as far as that is known.
    pub fn may_be(self, other: Self) -> bool {
        self.inode == other.inode && (self.cookie == other.cookie || self.cookie == 0 || other.cookie == 0)
    }
}

/// The lower 32 bits.
pub fn lower_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default()
}

/// State and flags of a row, and who holds it.
#[derive(Debug, Clone, Copy)]
struct Facts {
    /// The cookie, until it is known who holds the socket; then the process.
    note: u32,
    /// Where in [`Table::scopes`] those of the ends are.
    scopes: u16,
    state: u8,
    flags: u8,
}

impl Facts {
    const HAS_REMOTE: u8 = 1;
    /// The state is the system's own number.
    const ODD_STATE: u8 = 2;
    /// Who holds it, from this bit on.
    const HOLDER: u8 = 2;
    const LOWER: u8 = 3;

    fn new(brief: &Brief) -> Self {
        let (odd, state) = match brief.state {
            None => (0, 0),
            Some(TcpState::Unknown(number)) => (Self::ODD_STATE, number),
            Some(state) => {
                let place = STATES.iter().position(|known| *known == state);
                (0, place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0))
            }
        };
        let remote = if brief.remote.is_some() { Self::HAS_REMOTE } else { 0 };
        let note = ShortId::new(None, brief.id.cookie).cookie;
        let mut facts = Self { note, scopes: 0, state, flags: odd | remote };
        if brief.holder != Holder::NotRead {
            facts.set_holder(brief.holder);
        }
        facts
    }

    fn has_remote(self) -> bool {
        self.flags & Self::HAS_REMOTE != 0
    }

    fn state(self) -> Option<TcpState> {
        if self.flags & Self::ODD_STATE != 0 {
            return Some(TcpState::Unknown(self.state));
        }
        STATES.get(usize::from(self.state).checked_sub(1)?).copied()
    }

    /// By the state's place in [`TcpState`].
    fn order(self) -> (u8, u8) {
        (self.flags & Self::ODD_STATE, self.state)
    }

    fn set_holder(&mut self, holder: Holder) {
        let (tag, note) = match holder {
            Holder::NotRead => (0, 0),
            Holder::Process(pid) => (1, pid),
            Holder::Nobody(NoOwner::NoProcess) => (2, 0),
            Holder::Nobody(NoOwner::NotPermitted) => (3, 0),
            Holder::Nobody(NoOwner::Kernel) => (4, 0),
            Holder::Nobody(NoOwner::OtherNamespace) => (5, 0),
            Holder::Nobody(NoOwner::Vanished) => (6, 0),
        };
        self.note = note;
        self.flags = self.flags & Self::LOWER | tag << Self::HOLDER;
    }

    fn holder(self) -> Holder {
        match self.flags >> Self::HOLDER {
            1 => Holder::Process(self.note),
            2 => Holder::Nobody(NoOwner::NoProcess),
            3 => Holder::Nobody(NoOwner::NotPermitted),
            4 => Holder::Nobody(NoOwner::Kernel),
            5 => Holder::Nobody(NoOwner::OtherNamespace),
            6 => Holder::Nobody(NoOwner::Vanished),
            _ => Holder::NotRead,
        }
    }

    fn is_open(self) -> bool {
        self.flags >> Self::HOLDER == 0
    }
}

/// In the order of [`TcpState`].
const STATES: [TcpState; 13] = [
    TcpState::Closed,
    TcpState::Listen,
    TcpState::SynSent,
    TcpState::SynReceived,
    TcpState::Established,
    TcpState::FinWait1,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::Closing,
    TcpState::LastAck,
    TcpState::TimeWait,
    TcpState::Bound,
    TcpState::DeleteTcb,
];

/// A row of IPv4.
#[derive(Debug, Clone, Copy)]
struct RowV4 {
    /// The local address, its port, and the upper half of the remote address.
    high: u64,
    /// The lower half of the remote address, its port, and the inode.
    low: u64,
    facts: Facts,
}

/// A row of IPv6.
#[derive(Debug, Clone, Copy)]
struct RowV6 {
    local: u128,
    remote: u128,
    local_port: u16,
    remote_port: u16,
    inode: u32,
    facts: Facts,
}

const _: () = assert!(size_of::<RowV4>() == 24 && size_of::<RowV6>() == 48);

fn bits_v4(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(address) => address.to_bits(),
        // The wildcard of a socket of both families.
        IpAddr::V6(_) => 0,
    }
}

fn bits_v6(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl RowV4 {
    fn new(brief: &Brief, facts: Facts) -> Self {
        let (remote, remote_port) = brief.remote.map_or((0, 0), |end| (bits_v4(end.address), end.port));
        let (local, inode) = (bits_v4(brief.local.address), ShortId::new(brief.id.inode, None).inode);
        let port = u64::from(brief.local.port);
        let remote = u64::from(remote) << 16 | u64::from(remote_port);
        Self {
            high: u64::from(local) << 32 | port << 16 | remote >> 32,
            low: remote << 32 | u64::from(inode),
            facts,
        }
    }

    fn id(&self) -> ShortId {
        ShortId { inode: lower_half(self.low), cookie: self.facts.note }
    }

    fn unpack(&self, section: Section) -> TableRow {
        let end = |bits: u64| Endpoint {
            address: IpAddr::V4(Ipv4Addr::from_bits(lower_half(bits >> 16))),
            scope: 0,
            port: u16::try_from(bits & 0xffff).unwrap_or_default(),
        };
        TableRow {
            section,
            local: end(self.high >> 16),
            remote: self.facts.has_remote().then(|| end(self.high << 32 | self.low >> 32)),
            state: self.facts.state(),
            holder: self.facts.holder(),
        }
    }
}

impl RowV6 {
    fn unpack(&self, section: Section, scopes: &[(u32, u32)]) -> TableRow {
        let (local_scope, remote_scope) = self.scopes(scopes);
        let end = |bits, scope, port| Endpoint { address: Ipv6Addr::from_bits(bits).into(), scope, port };
        let remote = || end(self.remote, remote_scope, self.remote_port);
        TableRow {
            section,
            local: end(self.local, local_scope, self.local_port),
            remote: self.facts.has_remote().then(remote),
            state: self.facts.state(),
            holder: self.facts.holder(),
        }
    }

    fn id(&self) -> ShortId {
        ShortId { inode: self.inode, cookie: self.facts.note }
    }

    fn scopes(&self, scopes: &[(u32, u32)]) -> (u32, u32) {
        scopes.get(usize::from(self.facts.scopes)).copied().unwrap_or_default()
    }
}

impl Table {
    /// Adds the row of a socket in one of its parts of the table. `false` where it cannot be packed: it has ends of both
    /// families, neither of which is a wildcard, or there are 65,536 pairs of scopes already. No machine has such.
    #[must_use]
    pub fn push(&mut self, brief: &Brief, section: Section) -> bool {
        let facts = Facts::new(brief);
        let block = block(brief.protocol, brief.state);
        let mut place = block;
        if section.is_v4() {
            let (local, remote) = (brief.local.address, brief.remote.map(|end| end.address));
            let fits = local.is_ipv4() || local.is_unspecified();
            if !fits || remote.is_some_and(|address| address.is_ipv6()) {
                return false;
            }
            if let Some(rows) = self.v4.get_mut(block) {
                rows.push(RowV4::new(brief, facts));
            }
        } else {
            let Some(scopes) = self.intern(brief.local.scope, brief.remote.map_or(0, |end| end.scope)) else {
                return false;
            };
            place += BLOCKS;
            let (remote, remote_port) = brief.remote.map_or((0, 0), |end| (bits_v6(end.address), end.port));
            if let Some(rows) = self.v6.get_mut(block) {
                rows.push(RowV6 {
                    local: bits_v6(brief.local.address),
                    remote,
                    local_port: brief.local.port,
                    remote_port,
                    inode: ShortId::new(brief.id.inode, None).inode,
                    facts: Facts { scopes, ..facts },
                });
            }
        }
        self.order.push(u8::try_from(place).unwrap_or_default());
        true
    }

    fn intern(&mut self, local: u32, remote: u32) -> Option<u16> {
        if self.scopes.is_empty() {
            self.scopes.push((0, 0));
        }
        let place = self.scopes.iter().position(|&pair| pair == (local, remote)).unwrap_or_else(|| {
            self.scopes.push((local, remote));
            self.scopes.len() - 1
        });
        u16::try_from(place).ok()
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Puts the rows of each block into order: by local address, scope and port, then the remote ones, each as a number;
    /// sockets that are equal in all of these by inode and state.
    pub fn sort(&mut self) {
        for rows in &mut self.v4 {
            rows.sort_unstable_by_key(|row| {
                (row.high, row.low >> 32, row.facts.has_remote(), row.low, row.facts.order())
            });
        }
        let scopes = &self.scopes;
        for rows in &mut self.v6 {
            rows.sort_unstable_by_key(|row| {
                let (local_scope, remote_scope) = row.scopes(scopes);
                let local = (row.local, local_scope, row.local_port);
                let remote = (row.facts.has_remote(), row.remote, remote_scope, row.remote_port);
                (local, remote, row.inode, row.facts.order())
            });
        }
    }

    /// The rows by blocks: TCP and then bound-only TCP over IPv4, the same over IPv6, UDP over IPv4, over IPv6.
    pub fn rows(&self) -> impl Iterator<Item = TableRow> + '_ {
        let v4 = |block: usize| self.v4.get(block).into_iter().flatten().map(move |row| (block, row));
        let v6 = |block: usize| self.v6.get(block).into_iter().flatten().map(move |row| (block, row));
        let unpack_v4 = |(block, row): (usize, &RowV4)| row.unpack(section(block, Family::V4));
        let unpack_v6 = |(block, row): (usize, &RowV6)| row.unpack(section(block, Family::V6), &self.scopes);
        (v4(0).chain(v4(1)).map(unpack_v4))
            .chain(v6(0).chain(v6(1)).map(unpack_v6))
            .chain(v4(2).map(unpack_v4))
            .chain(v6(2).map(unpack_v6))
    }

    /// The rows in the order in which they came, of a table that was not sorted.
    pub fn rows_as_given(&self) -> impl Iterator<Item = TableRow> + '_ {
        let mut v4 = self.v4.each_ref().map(|rows| rows.iter());
        let mut v6 = self.v6.each_ref().map(|rows| rows.iter());
        self.order.iter().filter_map(move |&place| {
            let place = usize::from(place);
            match place.checked_sub(BLOCKS) {
                None => Some(v4.get_mut(place)?.next()?.unpack(section(place, Family::V4))),
                Some(place) => {
                    Some(v6.get_mut(place)?.next()?.unpack(section(place, Family::V6), &self.scopes))
                }
            }
        })
    }

    /// Takes away all but so many of the rows, those that came first. Not for a table that was sorted.
    pub fn truncate(&mut self, len: usize) {
        for place in self.order.drain(len.min(self.order.len())..) {
            let place = usize::from(place);
            match place.checked_sub(BLOCKS) {
                None => drop(self.v4.get_mut(place).and_then(Vec::pop)),
                Some(place) => drop(self.v6.get_mut(place).and_then(Vec::pop)),
            }
        }
    }

    /// The sockets of which it is not known who holds them.
    pub fn open(&self) -> impl Iterator<Item = ShortId> + '_ {
        let v4 = self.v4.iter().flatten().filter(|row| row.facts.is_open()).map(RowV4::id);
        v4.chain(self.v6.iter().flatten().filter(|row| row.facts.is_open()).map(RowV6::id))
    }

    /// Says who holds them.
    pub fn set_holders(&mut self, of: &mut dyn FnMut(ShortId) -> Holder) {
        for row in self.v4.iter_mut().flatten().filter(|row| row.facts.is_open()) {
            let holder = of(row.id());
            row.facts.set_holder(holder);
        }
        for row in self.v6.iter_mut().flatten().filter(|row| row.facts.is_open()) {
            let holder = of(row.id());
            row.facts.set_holder(holder);
        }
    }
}

#[cfg(test)]
mod tests;
