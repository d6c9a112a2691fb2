//! [`SocketTable`]: the sockets of a machine, packed.

mod listed;
mod pack;
mod row;
#[cfg(feature = "serde")]
mod serial;

pub use row::{ShortId, lower_half};

use crate::details::{Details, DetailsColumns, OfFamily, pack_memory};
use crate::keep::Keep;
use crate::owner_lists::OwnerMark;
use crate::{
    Endpoint, Family, FamilyFacts, Holder, IpEndpoint, IpSocketRef, ListMethod, NoOwner, Owner, OwnershipRef,
    ProcessKey, Socket, SocketId, SocketRef, Transport,
};
use row::{Ends, OtherRow, RowV4, RowV6, Unpacked, transport};
use rustc_hash::FxHashMap;

/// Sockets in packed rows: 24 bytes for TCP and UDP with IPv4 ends, 48 with IPv6 ends; sockets without ports take 64 bytes
/// and their names. Details, 80 bytes a socket and more, lie beside them only when [`SocketTable::new`] was told to keep them.
///
/// A socket comes out as it went in, except that:
///
/// - an IPv6 wildcard with an IPv4 peer becomes the IPv4 wildcard, and `v6_only` of a socket with IPv4 ends is unknown;
/// - an inode of more than 32 bits becomes the largest number of 32 bits;
/// - times are whole microseconds, and a timer has whole milliseconds, 49 days at most;
/// - without details, cookies are unknown, and so is the descriptor of a single owner.
///
/// ```
/// use netstat_model::{IpEndpoint, Family, Transport, Socket, SocketTable, TcpState};
///
/// let mut listener = Socket::new(Transport::Tcp, Family::V4, IpEndpoint { port: 22, ..IpEndpoint::ANY_V4 }, None);
/// listener.state = Some(TcpState::Listen);
/// let table: SocketTable = [listener].into_iter().collect();
/// assert!(table.iter().all(|socket| socket.local_ip().is_some_and(|end| end.port == 22)));
/// ```
#[derive(Debug, Clone, Default)]
pub struct SocketTable {
    keep: Keep,
    v4: [Vec<RowV4>; BLOCKS],
    v6: [Vec<RowV6>; BLOCKS],
    other: Vec<OtherRow>,
    /// Places of the details of the rows of each block; empty in a table that keeps none.
    places: [Vec<u32>; OTHER + 1],
    /// The block of each row, those of IPv4 first, in the order in which the rows came.
    order: Vec<u8>,
    /// The scopes of the two ends of IPv6 rows, each pair once. The first place is that of no scopes.
    scopes: Vec<(u32, u32)>,
    columns: DetailsColumns,
    listed_by: Option<ListMethod>,
}

/// Rows that are sorted together: TCP, bound-only TCP, UDP.
const BLOCKS: usize = 3;

/// The block of the sockets without ports, behind those of IPv4 and of IPv6.
const OTHER: usize = 2 * BLOCKS;

/// Bits of [`RowId`] for the place in a block.
const PLACE_BITS: u32 = 28;

/// Finds a row again in a table that was not changed since. At most 2^28 rows of a kind have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(u32);

impl RowId {
    fn new(block: usize, place: usize) -> Self {
        let block = u32::try_from(block).unwrap_or_default();
        let place = u32::try_from(place).unwrap_or(u32::MAX) & ((1 << PLACE_BITS) - 1);
        Self(block << PLACE_BITS | place)
    }

    fn block(self) -> usize {
        (self.0 >> PLACE_BITS) as usize
    }

    fn place(self) -> usize {
        (self.0 & ((1 << PLACE_BITS) - 1)) as usize
    }
}

/// Fills in who holds a socket, the principal process first, or says why nobody does.
pub type FindOwners<'a> = dyn FnMut(ShortId, &mut Vec<Owner>) -> Result<(), NoOwner> + 'a;

impl SocketTable {
    /// Returns an empty table that keeps so much of each socket.
    pub fn new(keep: Keep) -> Self {
        let columns = DetailsColumns { fields: keep.tcp, ..DetailsColumns::default() };
        Self { keep, columns, ..Self::default() }
    }

    /// Adds a socket. Returns false if it cannot be packed, because there are 65,536 pairs of scopes already; in practice
    /// this never happens.
    #[must_use]
    pub fn push(&mut self, socket: &SocketRef<'_>) -> bool {
        self.add(socket, false, true)
    }

    /// Adds a socket without the course of its connection and its memory, whose owners are to be looked for or not.
    #[must_use]
    pub fn push_light(&mut self, socket: &SocketRef<'_>, wanted: bool) -> bool {
        self.add(socket, wanted, false)
    }

    /// Adds a socket whose owners are to be looked for, unless it says that it has none.
    #[must_use]
    pub fn push_wanted(&mut self, socket: &SocketRef<'_>) -> bool {
        self.add(socket, true, true)
    }

    fn add(&mut self, socket: &SocketRef<'_>, wanted: bool, larger: bool) -> bool {
        let ends = Ends::of(socket);
        let mut scopes = 0;
        let block = match ends {
            Some((ends, block)) if ends.are_v4() => block,
            Some((ends, block)) => {
                let Some(place) = self.intern_scopes(ends) else { return false };
                scopes = place;
                block + BLOCKS
            }
            None => OTHER,
        };
        let owner = self.columns.owners.intern(&socket.ownership());
        let owner = if owner.is_none() && wanted { Some((OwnerMark::Wanted, None)) } else { owner };
        if block == OTHER && self.keep.details {
            self.add_facts(socket, wanted);
        }
        match ends {
            Some((ends, of_protocol)) if block < BLOCKS => {
                let mut row = RowV4::new(socket, ends);
                mark(&mut row.facts, owner);
                if let Some(rows) = self.v4.get_mut(of_protocol) {
                    rows.push(row);
                }
            }
            Some((ends, of_protocol)) => {
                let mut row = RowV6::new(socket, ends, scopes);
                mark(&mut row.facts, owner);
                if let Some(rows) = self.v6.get_mut(of_protocol) {
                    rows.push(row);
                }
            }
            None => {
                let mut row = OtherRow::new(socket);
                mark(&mut row.facts, owner);
                self.other.push(row);
            }
        }
        self.order.push(u8::try_from(block).unwrap_or_default());
        if self.keep.details {
            self.add_details(socket, block, larger);
        }
        true
    }

    fn add_details(&mut self, socket: &SocketRef<'_>, block: usize, larger: bool) {
        let place = u32::try_from(self.columns.details.len()).unwrap_or(u32::MAX);
        if let Some(places) = self.places.get_mut(block) {
            places.push(place);
        }
        let congestion = socket.congestion().and_then(|name| self.columns.intern_name(name));
        let mut details = Details::new(socket, congestion);
        if let OwnershipRef::One(owner) = socket.ownership() {
            details.set_descriptor(owner.descriptor);
        }
        let (mut tcp, mut memory) = (None, None);
        if larger && !self.keep.tcp.is_empty() && socket.has_tcp() {
            tcp = u32::try_from(self.columns.tcp.len() / self.keep.tcp.count()).ok();
            self.columns
                .tcp
                .extend(self.keep.tcp.each().map(|field| socket.tcp_number(field).unwrap_or(u64::MAX)));
        }
        if larger
            && self.keep.memory
            && let Some(of_socket) = socket.memory()
        {
            memory = u32::try_from(self.columns.memory.len()).ok();
            self.columns.memory.push(pack_memory(&of_socket));
        }
        details.set_larger(tcp, memory);
        if self.keep.windows {
            self.columns.windows.push(socket.windows().cloned().map(Box::new));
        }
        if self.keep.lifespan {
            self.columns.lifespans.push(socket.lifespan().cloned().map(Box::new));
        }
        if self.keep.application {
            self.columns.applications.push(socket.application().cloned().map(Box::new));
        }
        self.columns.details.push(details);
    }

    /// Keeps what only sockets of one family have, beside the details that are added next.
    fn add_facts(&mut self, socket: &SocketRef<'_>, wanted: bool) {
        let Some(facts) = socket.family_facts() else { return };
        let place = u32::try_from(self.columns.details.len()).unwrap_or(u32::MAX);
        let owner = self.columns.owners.intern(&socket.peer_ownership());
        let peer_owner = match owner {
            Some((mark, note)) => (mark, note.unwrap_or_default()),
            None if wanted && facts.peer().is_some() => (OwnerMark::Wanted, 0),
            None => (OwnerMark::NotRead, 0),
        };
        self.columns.of_family.push(OfFamily { place, facts: facts.clone(), peer_owner });
    }

    fn intern_scopes(&mut self, ends: Ends) -> Option<u16> {
        if self.scopes.is_empty() {
            self.scopes.push((0, 0));
        }
        let wanted = (ends.local.scope, ends.remote.map_or(0, |end| end.scope));
        let place = self.scopes.iter().position(|&pair| pair == wanted).unwrap_or_else(|| {
            self.scopes.push(wanted);
            self.scopes.len() - 1
        });
        u16::try_from(place).ok()
    }

    /// Returns how much of each socket is kept.
    pub fn keep(&self) -> Keep {
        self.keep
    }

    /// Returns how many sockets there are.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Sorts the sockets of each kind: by local address, scope and port, then the remote ones, each as a number; sockets
    /// that are equal in all of these by inode and state. [`SocketTable::iter`] no longer knows the order in which they
    /// came.
    pub fn sort(&mut self) {
        let scopes = std::mem::take(&mut self.scopes);
        for (rows, places) in self.v4.iter_mut().zip(self.places.iter_mut()) {
            sort_with(rows, places, RowV4::first_key, RowV4::key);
        }
        for (rows, places) in self.v6.iter_mut().zip(self.places.iter_mut().skip(BLOCKS)) {
            sort_with(rows, places, RowV6::first_key, |row| row.key(&scopes));
        }
        self.scopes = scopes;
        if let Some(places) = self.places.last_mut() {
            let key = |row: &OtherRow| (row.local.clone(), row.remote.clone(), row.inode);
            sort_with(&mut self.other, places, |row| row.protocol, key);
        }
    }

    /// Returns the sockets of one kind, in the order of [`SocketTable::sort`]: bound-only TCP sockets apart from the others.
    /// [`Family::V4`] are sockets whose ends are IPv4; a dual-stack listener is among [`Family::V6`]. Without a protocol,
    /// those that are neither TCP nor UDP.
    pub fn rows(
        &self,
        transport: Option<Transport>,
        family: Family,
        bound: bool,
    ) -> impl Iterator<Item = (RowId, SocketRef<'_>)> {
        let (mut v4, mut v6, mut other): (&[RowV4], &[RowV6], &[OtherRow]) = Default::default();
        let (mut block, of_protocol) = match transport {
            Some(Transport::Tcp) if bound => (1, 1),
            Some(Transport::Tcp) => (0, 0),
            Some(Transport::Udp) => (2, 2),
            None => (OTHER, OTHER),
        };
        match (transport, family) {
            (Some(_), Family::V4) => v4 = self.v4.get(of_protocol).map_or(&[], Vec::as_slice),
            (Some(_), Family::V6) => {
                block += BLOCKS;
                v6 = self.v6.get(of_protocol).map_or(&[], Vec::as_slice);
            }
            (None, _) => other = &self.other,
        }
        let details =
            if self.keep.details { self.places.get(block).map_or(&[][..], Vec::as_slice) } else { &[] };
        let transport = transport.unwrap_or(Transport::Tcp);
        let id = move |place| RowId::new(block, place);
        let details = move |place: usize| details.get(place).copied();
        let v4 = v4
            .iter()
            .enumerate()
            .map(move |(place, row)| (id(place), self.socket(transport, row.unpack(), details(place))));
        let v6 = v6.iter().enumerate().map(move |(place, row)| {
            (id(place), self.socket(transport, row.unpack(&self.scopes), details(place)))
        });
        let other = other
            .iter()
            .enumerate()
            .map(move |(place, row)| (id(place), self.other_socket(row, details(place))));
        v4.chain(v6).chain(other)
    }

    /// Returns the rows in the order in which they came, of a table that was not sorted.
    pub fn rows_as_given(&self) -> impl Iterator<Item = RowId> + '_ {
        let mut next = [0; OTHER + 1];
        self.order.iter().filter_map(move |&block| {
            let block = usize::from(block);
            let next = next.get_mut(block)?;
            let place = *next;
            *next += 1;
            Some(RowId::new(block, place))
        })
    }

    /// Returns the sockets in the order in which they came, of a table that was not sorted.
    pub fn iter(&self) -> impl Iterator<Item = SocketRef<'_>> + '_ {
        self.rows_as_given().filter_map(|row| self.get(row))
    }

    /// Returns the TCP and UDP sockets in the order in which they came, of a table that was not sorted.
    pub fn iter_ip(&self) -> impl Iterator<Item = IpSocketRef<'_>> + '_ {
        self.iter().filter_map(|socket| socket.ip())
    }

    /// Puts another owner first in sockets that several processes hold: the one whose place `choose` returns.
    pub fn lead_with(&mut self, mut choose: impl FnMut(&SocketRef<'_>, &[Owner]) -> Option<usize>) {
        let lists: FxHashMap<*const Owner, usize> =
            self.columns.owners.several.iter().enumerate().map(|(at, list)| (list.as_ptr(), at)).collect();
        if lists.is_empty() {
            return;
        }
        let mut chosen = Vec::new();
        for socket in self.iter() {
            if let OwnershipRef::Several(owners) = socket.ownership()
                && let Some(place @ 1..) = choose(&socket, owners)
                && let Some(list) = lists.get(&owners.as_ptr())
            {
                chosen.push((*list, place));
            }
        }
        for (list, place) in chosen {
            if let Some(owners) =
                self.columns.owners.several.get_mut(list).and_then(|all| all.get_mut(..=place))
            {
                owners.rotate_right(1);
            }
        }
    }

    /// Returns a socket.
    pub fn get(&self, row: RowId) -> Option<SocketRef<'_>> {
        let (block, place) = (row.block(), row.place());
        let details = if self.keep.details { self.places.get(block)?.get(place).copied() } else { None };
        let (of_protocol, unpacked) = match block.checked_sub(BLOCKS) {
            None => (block, self.v4.get(block)?.get(place)?.unpack()),
            Some(BLOCKS) => return Some(self.other_socket(self.other.get(place)?, details)),
            Some(of_protocol) => (of_protocol, self.v6.get(of_protocol)?.get(place)?.unpack(&self.scopes)),
        };
        Some(self.socket(transport(of_protocol), unpacked, details))
    }

    fn id(&self, inode: u32, details: Option<u32>) -> SocketId {
        let known = details.and_then(|place| self.columns.details(place));
        SocketId { inode: (inode != 0).then_some(u64::from(inode)), cookie: known.and_then(Details::cookie) }
    }

    fn socket(&self, transport: Transport, row: Unpacked, details: Option<u32>) -> SocketRef<'_> {
        let id = self.id(row.inode, details);
        let mut socket = SocketRef::bare(transport, row.family, row.local, id, Holder::NotRead);
        socket.remote = row.remote.map(Endpoint::Ip);
        socket.state = row.state;
        socket.v6_only = row.v6_only;
        socket.packed(&self.columns, details, row.facts.owner())
    }

    fn other_socket<'a>(&'a self, row: &'a OtherRow, details: Option<u32>) -> SocketRef<'a> {
        row.socket(self.id(row.inode, details)).packed(&self.columns, details, row.facts.owner())
    }

    /// Returns whether the table keeps more of a socket than its row.
    pub fn keeps_details(&self) -> bool {
        self.keep.details
    }

    /// Removes all but the first sockets. Not for a table that was sorted.
    pub fn truncate(&mut self, len: usize) {
        let mut details = self.columns.details.len();
        for block in self.order.drain(len.min(self.order.len())..) {
            let block = usize::from(block);
            match block.checked_sub(BLOCKS) {
                None => drop(self.v4.get_mut(block).and_then(Vec::pop)),
                Some(BLOCKS) => drop(self.other.pop()),
                Some(of_protocol) => drop(self.v6.get_mut(of_protocol).and_then(Vec::pop)),
            }
            // Not `len`: details of sockets that `retain` removed are still there.
            if let Some(place) = self.places.get_mut(block).and_then(Vec::pop) {
                details = details.min(place as usize);
            }
        }
        self.columns.truncate(details);
    }

    /// Keeps the sockets for which `keep` returns true. Not for a table that was sorted.
    pub fn retain(&mut self, mut keep: impl FnMut(&SocketRef<'_>) -> bool) {
        let stays: Vec<bool> = self.iter().map(|socket| keep(&socket)).collect();
        let mut of_block: [Vec<bool>; OTHER + 1] = Default::default();
        for (&block, &stay) in self.order.iter().zip(&stays) {
            if let Some(of_block) = of_block.get_mut(usize::from(block)) {
                of_block.push(stay);
            }
        }
        let [a, b, c, d, e, f, other] = &of_block;
        for (rows, stay) in self.v4.iter_mut().zip([a, b, c]) {
            retain_by(rows, stay);
        }
        for (rows, stay) in self.v6.iter_mut().zip([d, e, f]) {
            retain_by(rows, stay);
        }
        retain_by(&mut self.other, other);
        for (places, stay) in self.places.iter_mut().zip(&of_block) {
            retain_by(places, stay);
        }
        retain_by(&mut self.order, &stays);
    }

    /// Returns the sockets whose owners are to be looked for, and the other ends of such sockets.
    pub fn wanted(&self) -> impl Iterator<Item = ShortId> + '_ {
        let v4 = self.v4.iter().flatten().map(|row| (row.facts, row.inode()));
        let v6 = self.v6.iter().flatten().map(|row| (row.facts, row.inode));
        let other = self.other.iter().map(|row| (row.facts, row.inode));
        let wanted = |(facts, _): &(row::Facts, u32)| facts.owner().0 == OwnerMark::Wanted;
        let peers = self.columns.of_family.iter().filter(|it| it.peer_owner.0 == OwnerMark::Wanted);
        let peers = peers.map(|it| ShortId::new(it.facts.peer(), None));
        v4.chain(v6).chain(other).filter(wanted).map(|(facts, inode)| facts.id(inode)).chain(peers)
    }

    /// Asks for the owners of each socket that [`SocketTable::wanted`] returns, and keeps the answer.
    pub fn set_owners(&mut self, find: &mut FindOwners<'_>) {
        let mut found = Vec::new();
        let (owners, details) = (&mut self.columns.owners, &mut self.columns.details);
        let mut settle = |facts: &mut row::Facts, inode: u32, place: Option<u32>| {
            if facts.owner().0 != OwnerMark::Wanted {
                return;
            }
            found.clear();
            let (mark, note) = match find(facts.id(inode), &mut found) {
                Ok(()) => owners.add(&found),
                Err(reason) => (OwnerMark::Nobody(reason), 0),
            };
            facts.set_owner(mark, note);
            if let (OwnerMark::One, [owner], Some(place)) = (mark, found.as_slice(), place)
                && let Some(details) = details.get_mut(place as usize)
            {
                details.set_descriptor(owner.descriptor);
            }
        };
        let mut places = self.places.iter();
        for (rows, places) in self.v4.iter_mut().zip(places.by_ref()) {
            for (at, row) in rows.iter_mut().enumerate() {
                let inode = row.inode();
                settle(&mut row.facts, inode, places.get(at).copied());
            }
        }
        for (rows, places) in self.v6.iter_mut().zip(places.by_ref()) {
            for (at, row) in rows.iter_mut().enumerate() {
                settle(&mut row.facts, row.inode, places.get(at).copied());
            }
        }
        let places = places.next().map_or(&[][..], Vec::as_slice);
        for (at, row) in self.other.iter_mut().enumerate() {
            settle(&mut row.facts, row.inode, places.get(at).copied());
        }
        let wanted = |it: &&mut OfFamily| it.peer_owner.0 == OwnerMark::Wanted;
        for of_peer in self.columns.of_family.iter_mut().filter(wanted) {
            found.clear();
            of_peer.peer_owner = match find(ShortId::new(of_peer.facts.peer(), None), &mut found) {
                Ok(()) => self.columns.owners.add(&found),
                Err(reason) => (OwnerMark::Nobody(reason), 0),
            };
        }
    }

    /// Replaces what only sockets of one family have, where `update` returns something else: what is learned of a socket once
    /// its owners are known.
    pub fn update_facts(&mut self, mut update: impl FnMut(&SocketRef<'_>) -> Option<FamilyFacts>) {
        let places = self.places.last().map_or(&[][..], Vec::as_slice);
        let changed: Vec<(u32, FamilyFacts)> = self
            .other
            .iter()
            .zip(places)
            .filter_map(|(row, &place)| Some((place, update(&self.other_socket(row, Some(place)))?)))
            .collect();
        for (place, facts) in changed {
            let at = self.columns.of_family.binary_search_by_key(&place, |it| it.place);
            if let Some(of_family) = at.ok().and_then(|at| self.columns.of_family.get_mut(at)) {
                of_family.facts = facts;
            }
        }
    }

    /// Returns whether the system's own table names process IDs that are not settled yet.
    pub fn has_listed(&self) -> bool {
        !self.columns.owners.listed.is_empty()
    }

    /// Turns the process IDs that the system's own table names into processes.
    pub fn settle_listed(&mut self, mut process: impl FnMut(u32, u64) -> Owner) {
        let listed = std::mem::take(&mut self.columns.owners.listed);
        let owners = &mut self.columns.owners;
        let mut settle = |facts: &mut row::Facts| {
            if let (OwnerMark::Listed, note) = facts.owner()
                && let Some(&(pid, since)) = listed.get(note as usize)
            {
                let (mark, note) = owners.add(&[process(pid, since)]);
                facts.set_owner(mark, note);
            }
        };
        self.v4.iter_mut().flatten().for_each(|row| settle(&mut row.facts));
        self.v6.iter_mut().flatten().for_each(|row| settle(&mut row.facts));
        self.other.iter_mut().for_each(|row| settle(&mut row.facts));
    }

    /// Returns the processes that hold sockets of this table, each once: those that are the only owner of one, and all
    /// owners of the others.
    pub fn processes(&self) -> Vec<ProcessKey> {
        let several = self.columns.owners.several.iter().flatten().map(|owner| owner.process);
        let mut all: Vec<_> =
            self.columns.owners.processes.iter().map(|(process, _)| *process).chain(several).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

fn mark(facts: &mut row::Facts, owner: Option<(OwnerMark, Option<u32>)>) {
    if let Some((mark, note)) = owner {
        // Without a note the cookie stays.
        let note = note.unwrap_or(facts.owner().1);
        facts.set_owner(mark, note);
    }
}

/// Sorts rows by two keys, and the places of their details with them.
fn sort_with<R, F: Ord, K: Ord>(
    rows: &mut Vec<R>,
    places: &mut Vec<u32>,
    first: impl Fn(&R) -> F,
    key: impl Fn(&R) -> K,
) {
    if places.is_empty() {
        sort_by_two(rows, first, key);
        return;
    }
    let mut both: Vec<(R, u32)> = rows.drain(..).zip(places.drain(..)).collect();
    sort_by_two(&mut both, |(row, _)| first(row), |(row, _)| key(row));
    (*rows, *places) = both.into_iter().unzip();
}

/// Comparing one number is so much cheaper than comparing a whole key that sorting twice takes less time.
fn sort_by_two<R, F: Ord, K: Ord>(rows: &mut [R], first: impl Fn(&R) -> F, key: impl Fn(&R) -> K) {
    rows.sort_unstable_by_key(&first);
    for equal in rows.chunk_by_mut(|one, two| first(one) == first(two)).filter(|equal| equal.len() > 1) {
        equal.sort_unstable_by_key(&key);
    }
}

fn retain_by<T>(items: &mut Vec<T>, stay: &[bool]) {
    let mut stay = stay.iter();
    items.retain(|_| stay.next().copied().unwrap_or(true));
}

/// Keeps everything that is known of each socket.
impl FromIterator<Socket> for SocketTable {
    fn from_iter<I: IntoIterator<Item = Socket>>(sockets: I) -> Self {
        let mut table = Self::new(Keep::EVERYTHING);
        for socket in sockets {
            let _ = table.push(&SocketRef::from(&socket));
        }
        table
    }
}

impl IpEndpoint {
    /// Returns the IPv4 wildcard with the port of an IPv6 one: how a dual-stack socket is reached by IPv4.
    pub fn as_v4(self) -> Self {
        if self.address.is_unspecified() { Self { port: self.port, ..Self::ANY_V4 } } else { self }
    }
}

#[cfg(test)]
mod tests;
