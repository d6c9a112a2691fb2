//! [`Book`]: the sockets that the view knows, from one look to the next.

mod back;
mod ended;

use crate::beside::What;
use crate::mark::{Changes, Mark, Slot};
use crate::ring::{Before, Step};
use netstat_engine::flow::{FLOW_FIELDS, Flow, Rates, Reading};
use netstat_engine::look::Look;
use netstat_engine::row::{Row, Section};
use netstat_model::query::{Keep, Kinds};
use netstat_model::{
    Endpoint, EndpointRef, Process, ProcessKey, Protocol, RowId, Socket, SocketKey, SocketRef, SocketTable,
    TcpFields, TcpState,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;

/// How long a row that is gone stays.
pub(crate) const GONE_STAYS: Duration = Duration::from_secs(5);

/// How long a mark stays, and two looks at least.
const MARK_STAYS: Duration = Duration::from_secs(2);

#[derive(Debug, Clone)]
struct Entry {
    key: SocketKey,
    /// The table that has it, and where.
    table: u32,
    row: RowId,
    /// The last look that told of it.
    look: u32,
    mark: Mark,
    marked: Duration,
    marked_look: u32,
    state: Option<TcpState>,
    flow: Option<Flow>,
    /// Since when lists lack it, where its end is still to be told.
    missing: Option<Duration>,
}

/// The sockets that the view knows. Rows stay packed as the looks gave them; what a view knows besides lies in an entry each.
#[derive(Debug, Default)]
pub(crate) struct Book {
    /// The last whole look, then what later ones told of, then rows that are gone.
    tables: Vec<SocketTable>,
    entries: Vec<Option<Entry>>,
    free: Vec<Slot>,
    index: FxHashMap<SocketKey, Slot>,
    processes: FxHashMap<ProcessKey, Process>,
    /// When the last look was, since boot.
    looked: Duration,
    looks: u32,
    open: usize,
    /// When all were listed last, since boot.
    listed: Option<Duration>,
    /// Whether the rate of any of them may not be zero.
    moves: bool,
    /// Sockets that the last look knows by another key, each with that one.
    renamed: Vec<(SocketKey, SocketKey)>,
    /// What the last look saw happen, beside the sockets of the first.
    happened: Vec<(Slot, What)>,
    /// What leads back to the look before.
    back: Option<Step>,
    /// Whether that is wanted.
    goes_back: bool,
    /// The rates of sockets that are shown as they were.
    then: FxHashMap<Slot, Option<Rates>>,
}

/// With events, one that a list lacks is closed as soon as that is told, or when nobody has told after this time.
const TOLD_WITHIN: Duration = Duration::from_secs(4);

/// So many tables there may be before they are made one.
const MOST_TABLES: usize = 16;

impl Book {
    /// Takes a look. `keep` says which rows stay although they are gone.
    pub(crate) fn apply(&mut self, look: Look, keep: impl Fn(&SocketKey) -> bool) -> Changes {
        let at = look.info.uptime.unwrap_or(self.looked);
        // What was not there when all were listed last may be as old as that.
        let before = self.listed;
        self.looks += 1;
        self.renamed.clear();
        self.happened.clear();
        let (looks, is_first) = (self.looks, self.looks == 1);
        self.back = (!is_first && self.goes_back).then(|| Step::to(self.looked, self.open, self.keep()));
        let waits = |socket: &SocketRef<'_>| look.by_events && is_remainder(socket);
        let mut changes = Changes::default();
        for process in look.processes {
            self.processes.insert(process.id, process);
        }
        self.end(&look.closed, at, &mut changes);
        let sockets = if look.whole { look.sockets } else { self.with_owners(&look.sockets, &look.opened) };
        let table = u32::try_from(self.tables.len()).unwrap_or(u32::MAX);
        let mut new = Vec::new();
        for row in sockets.rows_as_given() {
            let Some(socket) = sockets.get(row) else { continue };
            let key = SocketKey::of(socket);
            match self.slot(&key) {
                // Events told that it has ended: what waits in its place comes when that is forgotten.
                Some(slot) if waits(&socket) && self.mark(slot) == Mark::Gone => {}
                Some(slot) => self.take(slot, &socket, (table, row), at, &mut changes),
                None => new.push((key, row)),
            }
        }
        // The kernel gives what remains of a connection another cookie, and says that it has destroyed the first.
        let mut before_time_wait = FxHashMap::default();
        for (entry, place) in self.entries.iter().zip(0..) {
            if let Some(entry) = entry
                // Events tell its end by itself, with all that is known of it.
                && !look.by_events
                && (entry.mark == Mark::Gone || look.whole && entry.look != looks)
                && let Some(socket) = self.tables.get(entry.table as usize).and_then(|of| of.get(entry.row))
                && socket.remote.is_some()
            {
                before_time_wait.insert(Ends::of(&socket), Slot(place));
            }
        }
        for (key, row) in new {
            let Some(socket) = sockets.get(row) else { continue };
            // The system told of it twice.
            if self.index.contains_key(&key) {
                continue;
            }
            if is_remainder(&socket)
                && let Some(slot) = before_time_wait.remove(&Ends::of(&socket))
                && self.entry(slot).is_some()
            {
                self.note(slot);
                let Some(Some(entry)) = self.entries.get_mut(slot.0 as usize) else { continue };
                self.index.remove(&entry.key);
                if entry.mark == Mark::Gone && entry.marked_look == looks {
                    // It has not ended: it waits.
                    changes.closed -= 1;
                }
                self.renamed.push((std::mem::replace(&mut entry.key, key.clone()), key.clone()));
                self.take(slot, &socket, (table, row), at, &mut changes);
                self.index.insert(key, slot);
                continue;
            }
            let flow = Reading::of(&socket, at).map(|reading| match before {
                Some(before) if !is_first => Flow::born(before, reading),
                _ => Flow::first(reading),
            });
            // What waits was told of already.
            let is_new = !is_first && !waits(&socket);
            changes.opened += usize::from(is_new);
            let mark = if is_new { Mark::New } else { Mark::Nothing };
            self.insert(Entry {
                key,
                table,
                row,
                look: looks,
                mark,
                marked: at,
                marked_look: looks,
                state: socket.state,
                flow,
                missing: None,
            });
        }
        if look.is_current && !look.whole && self.moves {
            self.stand_still(at, &mut changes);
        }
        self.moves |= changes.moved;
        if look.whole {
            for (entry, place) in self.entries.iter_mut().zip(0..) {
                if let Some(entry) = entry
                    && entry.look != looks
                    && entry.mark != Mark::Gone
                    && !(look.by_events && !entry.was_over(&self.tables, true) && entry.waits_for_events(at))
                {
                    note(&mut self.back, &self.tables, Slot(place), entry);
                    entry.set_mark(Mark::Gone, at);
                    entry.marked_look = looks;
                    // The connection was over when it began to wait.
                    changes.closed += usize::from(!entry.was_over(&self.tables, look.by_events));
                }
            }
        }
        if look.whole || !sockets.is_empty() {
            self.tables.push(sockets);
        }
        self.looked = at;
        if look.whole {
            self.listed = Some(at);
        }
        self.note_happened(look.by_events);
        self.forget(keep);
        if look.whole || self.tables.len() > MOST_TABLES {
            self.put_together(look.whole);
        }
        self.open = self.entries.iter().flatten().filter(|entry| entry.mark != Mark::Gone).count();
        changes
    }

    /// Returns sockets of a look that is not whole, with the owners that the last whole one found, and those that were told to have
    /// opened and are not known.
    fn with_owners(&self, sockets: &SocketTable, opened: &[Socket]) -> SocketTable {
        // What somebody tells of sockets says less than a list of them.
        let keep = match opened.is_empty() {
            true => sockets.keep(),
            false => Keep { details: true, tcp: sockets.keep().tcp | FLOW_FIELDS, ..sockets.keep() },
        };
        let mut table = SocketTable::new(keep);
        for socket in sockets.iter() {
            let known = self.index.get(&SocketKey::of(socket)).and_then(|slot| self.socket(*slot));
            let pushed = match known {
                Some(known) if !socket.ownership().is_read() => {
                    let ownership = known.to_socket().ownership;
                    table.push(&SocketRef::from(&Socket { ownership, ..socket.to_socket() }))
                }
                _ => table.push(&socket),
            };
            debug_assert!(pushed, "as it was packed before");
        }
        for socket in opened.iter().filter(|socket| !self.index.contains_key(&SocketKey::of(*socket))) {
            // One that cannot be packed comes with the next list.
            let _ = table.push(&SocketRef::from(socket));
        }
        table
    }

    /// Takes it that nothing has happened since the last whole look: what this one did not read has not moved.
    fn stand_still(&mut self, at: Duration, changes: &mut Changes) {
        let looks = self.looks;
        let mut moves = false;
        for (entry, place) in self.entries.iter_mut().zip(0..) {
            let Some(entry) = entry.as_mut().filter(|entry| entry.look != looks) else { continue };
            if entry.flow.as_ref().is_none_or(|flow| flow.rates() == Some(Rates::default())) {
                continue;
            }
            note(&mut self.back, &self.tables, Slot(place), entry);
            if let Some(flow) = &mut entry.flow {
                flow.note(Reading { at, ..flow.last() });
                moves |= flow.rates() != Some(Rates::default());
                changes.moved = true;
            }
        }
        self.moves = moves;
    }

    /// Returns the sockets that the last look knows by another key, each with that one.
    pub(crate) fn renamed(&self) -> &[(SocketKey, SocketKey)] {
        &self.renamed
    }

    /// Returns what the last look saw happen, to which sockets.
    pub(crate) fn happened(&self) -> &[(Slot, What)] {
        &self.happened
    }

    /// Gathers what this look marked.
    fn note_happened(&mut self, by_events: bool) {
        let (looks, now) = (self.looks, self.looked);
        if looks == 1 {
            return;
        }
        for (entry, at) in self.entries.iter().zip(0..) {
            if let Some(entry) = entry
                && (entry.marked_look, entry.marked) == (looks, now)
            {
                let what = match entry.mark {
                    Mark::New => What::Opened,
                    Mark::Changed => What::Changed(entry.state),
                    Mark::Gone if entry.was_over(&self.tables, by_events) => continue,
                    Mark::Gone => What::Closed,
                    Mark::Nothing => continue,
                };
                self.happened.push((Slot(at), what));
            }
        }
    }

    /// Takes a socket as a look saw it.
    fn take(
        &mut self,
        slot: Slot,
        socket: &SocketRef<'_>,
        place: (u32, RowId),
        at: Duration,
        changes: &mut Changes,
    ) {
        let Some(Some(entry)) = self.entries.get_mut(slot.0 as usize) else { return };
        if entry.table == place.0 {
            // The system told of it twice.
            return;
        }
        let before = self.tables.get(entry.table as usize).and_then(|of| of.get(entry.row));
        if entry.differs(socket, before.as_ref(), at) {
            note(&mut self.back, &self.tables, slot, entry);
        }
        entry.look = self.looks;
        entry.take(socket, place, at, changes);
    }

    /// Notes how a socket is, before a look changes it.
    fn note(&mut self, slot: Slot) {
        if let Some(Some(entry)) = self.entries.get(slot.0 as usize) {
            note(&mut self.back, &self.tables, slot, entry);
        }
    }

    /// Returns when the last look was, since boot.
    pub(crate) fn looked(&self) -> Duration {
        self.looked
    }

    fn insert(&mut self, entry: Entry) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            Slot(u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX))
        });
        self.index.insert(entry.key.clone(), slot);
        if let Some(back) = &mut self.back {
            back.note(slot, None);
        }
        if let Some(place) = self.entries.get_mut(slot.0 as usize) {
            *place = Some(entry);
        }
    }

    /// Forgets the rows that have been gone for long enough, and takes away marks that are old.
    fn forget(&mut self, keep: impl Fn(&SocketKey) -> bool) {
        let (looks, now) = (self.looks, self.looked);
        for (place, slot) in self.entries.iter_mut().zip(0..) {
            let Some(entry) = place else { continue };
            let age = now.saturating_sub(entry.marked);
            match entry.mark {
                Mark::New | Mark::Changed if age >= MARK_STAYS && looks >= entry.marked_look + 2 => {
                    note(&mut self.back, &self.tables, Slot(slot), entry);
                    entry.mark = Mark::Nothing;
                }
                Mark::Gone if age >= GONE_STAYS && !keep(&entry.key) => {
                    note(&mut self.back, &self.tables, Slot(slot), entry);
                    self.index.remove(&entry.key);
                    *place = None;
                    self.free.push(Slot(slot));
                }
                _ => {}
            }
        }
    }

    /// Returns what the table that keeps most has of each socket: one of those that were destroyed keeps little.
    fn keep(&self) -> Keep {
        let most =
            self.tables.iter().map(SocketTable::keep).max_by_key(|keep| (keep.details, keep.tcp.count()));
        let lifespan = self.tables.iter().any(|table| table.keep().lifespan);
        Keep { lifespan, ..most.unwrap_or_default() }
    }

    /// Makes one table of the rows that are still there and that the last whole look does not have, behind it.
    fn put_together(&mut self, whole: bool) {
        let base_at = if whole { self.tables.len().saturating_sub(1) } else { 0 };
        let mut rest = SocketTable::new(self.keep());
        let mut moved = Vec::new();
        for entry in self.entries.iter_mut().flatten() {
            let table = entry.table as usize;
            if table == base_at {
                entry.table = 0;
            } else if let Some(socket) = self.tables.get(table).and_then(|of| of.get(entry.row))
                && rest.push(&socket)
            {
                moved.push(entry);
            } else {
                // It cannot be packed: nothing is shown of it.
                entry.table = u32::MAX;
            }
        }
        for (entry, row) in moved.into_iter().zip(rest.rows_as_given()) {
            (entry.table, entry.row) = (1, row);
        }
        let base =
            if self.tables.is_empty() { SocketTable::default() } else { self.tables.swap_remove(base_at) };
        self.tables = vec![base, rest];
    }

    fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot.0 as usize)?.as_ref()
    }

    /// Returns the sockets, those that are gone among them, in no order.
    pub(crate) fn slots(&self) -> impl Iterator<Item = Slot> + '_ {
        self.entries.iter().zip(0..).filter(|(entry, _)| entry.is_some()).map(|(_, place)| Slot(place))
    }

    /// Returns the place of a socket.
    pub(crate) fn slot(&self, key: &SocketKey) -> Option<Slot> {
        self.index.get(key).copied()
    }

    /// Returns the identity of a socket.
    pub(crate) fn key(&self, slot: Slot) -> Option<&SocketKey> {
        self.entry(slot).map(|entry| &entry.key)
    }

    /// Returns a socket as the last look that told of it saw it.
    pub(crate) fn socket(&self, slot: Slot) -> Option<SocketRef<'_>> {
        let entry = self.entry(slot)?;
        self.tables.get(entry.table as usize)?.get(entry.row)
    }

    /// Returns a socket as a row: one that serves both families is a row of IPv6.
    pub(crate) fn row(&self, slot: Slot) -> Option<Row<'_>> {
        let socket = self.socket(slot)?;
        let section = Section::of_socket(&socket, Kinds::all()).last().unwrap_or(Section::Other);
        Some(Row { socket, section })
    }

    /// Returns what happened to it of late.
    pub(crate) fn mark(&self, slot: Slot) -> Mark {
        self.entry(slot).map_or(Mark::Nothing, |entry| entry.mark)
    }

    /// Returns when that happened.
    pub(crate) fn marked(&self, slot: Slot) -> Duration {
        self.entry(slot).map_or(Duration::ZERO, |entry| entry.marked)
    }

    /// Returns how fast bytes go over it. What is gone moves nothing.
    pub(crate) fn rates(&self, slot: Slot) -> Option<Rates> {
        let entry = self.entry(slot)?;
        let rates = match self.then.get(&slot) {
            Some(then) => (*then)?,
            None => entry.flow.as_ref()?.rates()?,
        };
        Some(if entry.mark == Mark::Gone { Rates::default() } else { rates })
    }

    /// Returns the rates of a socket of the book.
    pub(crate) fn rates_of(&self, socket: &SocketRef<'_>) -> Option<Rates> {
        self.rates(self.slot(&SocketKey::of(*socket))?)
    }

    /// Returns the processes that were told of.
    pub(crate) fn processes(&self) -> &FxHashMap<ProcessKey, Process> {
        &self.processes
    }

    /// Returns how many sockets are open.
    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Returns how many looks there were.
    pub(crate) fn looks(&self) -> u32 {
        self.looks
    }

    /// Forgets the processes that hold nothing any more, nor in these tables, once they are most.
    pub(crate) fn forget_processes<'a>(&mut self, also: impl Iterator<Item = &'a SocketTable>) -> bool {
        let of_past = also.flat_map(SocketTable::processes);
        let held: FxHashSet<ProcessKey> =
            self.tables.iter().flat_map(SocketTable::processes).chain(of_past).collect();
        if self.processes.len() < 2 * held.len() + 100 {
            return false;
        }
        self.processes.retain(|process, _| held.contains(process));
        true
    }
}

/// Notes how a socket was before a look changes it.
fn note(back: &mut Option<Step>, tables: &[SocketTable], slot: Slot, entry: &Entry) {
    let Some(back) = back.as_mut().filter(|back| !back.has(slot)) else { return };
    let Entry { ref key, mark, marked, state, ref flow, .. } = *entry;
    let rates = flow.as_ref().and_then(Flow::rates);
    let before = Before { key: key.clone(), mark, marked, state, rates, row: None };
    back.note(slot, Some((before, tables.get(entry.table as usize).and_then(|of| of.get(entry.row)))));
}

impl Entry {
    /// Returns whether a look tells more of a socket than that it is still there.
    fn differs(&self, socket: &SocketRef<'_>, before: Option<&SocketRef<'_>>, at: Duration) -> bool {
        let moved = match (&self.flow, Reading::of(socket, at)) {
            (None, None) => false,
            (Some(flow), Some(reading)) => {
                flow.rates() != Some(Rates::default())
                    || (flow.last().received, flow.last().sent) != (reading.received, reading.sent)
            }
            _ => true,
        };
        let always = |of: &SocketRef<'_>| {
            let number = |field| of.tcp_number(field);
            let course = [TcpFields::RTT, TcpFields::TOTAL_RETRANSMITS].map(number);
            (of.recv_queue(), of.send_queue(), course, of.ownership().principal().map(|owner| owner.process))
        };
        moved
            || self.state != socket.state
            || self.mark == Mark::Gone
            || before.is_none_or(|before| always(before) != always(socket))
    }

    /// Takes a socket as a look saw it.
    fn take(&mut self, socket: &SocketRef<'_>, place: (u32, RowId), at: Duration, changes: &mut Changes) {
        (self.table, self.row) = place;
        self.missing = None;
        if self.mark == Mark::Gone {
            // Two looks that crossed: it is there after all.
            self.set_mark(Mark::Nothing, at);
        }
        if self.state != socket.state {
            self.state = socket.state;
            self.set_mark(Mark::Changed, at);
            self.marked_look = self.look;
            changes.changed += 1;
        }
        match (&mut self.flow, Reading::of(socket, at)) {
            (Some(flow), Some(reading)) => {
                let last = flow.last();
                let moves = flow.rates().is_none_or(|rates| rates != Rates::default());
                flow.note(reading);
                changes.moved |= moves || (last.received, last.sent) != (reading.received, reading.sent);
            }
            (flow @ None, Some(reading)) => *flow = Some(Flow::first(reading)),
            (flow, None) => *flow = None,
        }
    }

    /// Returns whether its connection has ended before, as far as anybody is told: without events, one in FIN_WAIT_2 has not.
    fn was_over(&self, tables: &[SocketTable], by_events: bool) -> bool {
        let socket = || tables.get(self.table as usize).and_then(|table| table.get(self.row));
        self.state == Some(TcpState::TimeWait)
            || by_events && socket().is_some_and(|socket| is_remainder(&socket))
    }

    /// Returns whether events may still tell how it ended.
    fn waits_for_events(&mut self, at: Duration) -> bool {
        self.state.is_some() && at < *self.missing.get_or_insert(at) + TOLD_WITHIN
    }

    fn set_mark(&mut self, mark: Mark, at: Duration) {
        self.mark = mark;
        self.marked = at;
        self.marked_look = self.look;
    }
}

/// Returns whether a socket is what the kernel keeps of a connection that its program has closed: in TIME_WAIT, or in
/// FIN_WAIT_2 without an inode (Linux keeps both as a `tcp_timewait_sock`).
fn is_remainder(socket: &SocketRef<'_>) -> bool {
    match socket.state {
        Some(TcpState::TimeWait) => true,
        Some(TcpState::FinWait2) => socket.id.inode.is_none() && socket.id.cookie.is_some(),
        _ => false,
    }
}

/// What a connection has in TIME_WAIT as before.
#[derive(PartialEq, Eq, Hash)]
struct Ends {
    protocol: Protocol,
    local: Endpoint,
    remote: Option<Endpoint>,
}

impl Ends {
    fn of(socket: &SocketRef<'_>) -> Self {
        Self {
            protocol: socket.protocol,
            local: socket.local.to_owned(),
            remote: socket.remote.map(EndpointRef::to_owned),
        }
    }
}
