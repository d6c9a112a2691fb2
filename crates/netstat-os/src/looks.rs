//! Connections as they open and end, told apart by looks at the table of sockets: a source of events for every system.
//!
//! What lived between two looks alone is not seen, but for the side that closed first: its socket stays in TIME_WAIT for a
//! minute. When something began is known to a look as a bound only: it was there then, or it was not there yet.
//!
//! Where the kernel says itself which TCP sockets it destroys ([`Looks::end`]), or which connections begin and end ([`Told`]), a
//! look tells no end of one: it waits for the kernel to tell it, so that none is told twice.

/// Makes a record of a socket that is seen for the first time. When it began nobody knows.
pub(crate) fn record_of(socket: &SocketRef<'_>, now: Duration) -> Option<ConnectionRecord> {
    let transport = socket.protocol.transport()?;
    let waits = socket.state == Some(TcpState::Listen) || transport == Transport::Udp;
    Some(ConnectionRecord {
        cookie: socket.id.cookie.unwrap_or(0),
        transport,
        role: if waits { ConnectionRole::Listener } else { role_in(socket.state) },
        v6_only: socket.v6_only,
        bound: Some(BeginBound::NoLaterThan(now)),
        first_fin: first_fin(socket.state).map(|by_us| (now, by_us)),
        uid: socket.uid(),
        ..ConnectionRecord::new(socket.local_ip()?, socket.remote_ip())
    })
}

#[cfg(test)]
mod tests;
mod told;

pub(crate) use told::Told;

use crate::contract::{Destroyed, EventStream, EventWishes, Machine, Processes, Sockets};
use netstat_model::history::{
    BeginBound, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, EventCounts, EventMethod,
    GapCause, OwnerSource, ProcessInstance, ProcessRecord, RecordGap,
};
use netstat_model::query::{
    Fields, Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, States, Visit,
};
use netstat_model::{
    Error, IpEndpoint, Namespace, Owner, Process, ProcessKey, SocketRef, TcpState, Transport,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// So long after a look the next one has missed something.
const LATE: Duration = Duration::from_secs(3);

/// So long an end may be told after a look has missed it, where the kernel tells in its own time.
const PATIENCE: Duration = Duration::from_secs(4);

/// The most processes, and ends that the kernel may tell again, that are remembered; beyond it some are told again.
const MOST: usize = 1 << 16;

/// Tells a socket from others in two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The kernel's own number, which a socket keeps in TIME_WAIT.
    Cookie(u64),
    /// What else is known; another one may have it later.
    Ends(Transport, IpEndpoint, Option<IpEndpoint>),
}

/// A socket of the last look.
struct Open {
    record: Box<ConnectionRecord>,
    /// The number of the last look that saw it.
    look: u64,
    /// Whether it was there at the first look.
    was_there: bool,
    /// Whether its end was told: it is in TIME_WAIT, or the kernel tells it once more.
    has_ended: bool,
    /// Whether a look told its end, and the kernel may still do so: a process may hold what was reset.
    may_be_told: bool,
    /// When a look missed it whose end the kernel has not told, and how it ended as far as that look knows.
    missed: Option<(Duration, EndReason)>,
}

impl Open {
    fn new(record: Box<ConnectionRecord>, look: u64, was_there: bool) -> Self {
        Self { record, look, was_there, has_ended: false, may_be_told: false, missed: None }
    }

    /// Notes what a look knows more. Returns whether that is anything.
    fn learn(&mut self, state: Option<TcpState>, seen: &ConnectionRecord, now: Duration) -> bool {
        let record = &mut self.record;
        let is_connected = role_in(state) == ConnectionRole::Unknown;
        let is_made = record.role == ConnectionRole::Active && record.established.is_none() && is_connected;
        if is_made {
            record.established = Some(now);
        }
        let is_half_closed = record.first_fin.is_none() && seen.first_fin.is_some();
        if is_half_closed {
            record.first_fin = seen.first_fin;
        }
        let is_held = record.process.is_none() && seen.process.is_some();
        if is_held {
            (record.process, record.uid) = (seen.process, seen.uid);
        }
        is_made || is_half_closed || is_held
    }

    /// Tells its end.
    fn end(
        &mut self,
        at: Duration,
        reason: EndReason,
        counts: &mut EventCounts,
        into: &mut Vec<ConnectionEvent>,
    ) {
        self.has_ended = true;
        self.record.ended = Some((at, reason));
        match self.was_there {
            true => counts.ended_of_before += 1,
            false => counts.ended += 1,
        }
        into.push(ConnectionEvent::Ended(self.record.clone()));
    }
}

/// Looks at the table, and what is kept between two of them.
pub(crate) struct Looks<'a, S> {
    system: &'a S,
    kinds: Kinds,
    method: EventMethod,
    wishes: EventWishes,
    open: FxHashMap<Key, Open>,
    told: FxHashSet<ProcessKey>,
    looks: u64,
    /// When the last look was, since boot.
    last: Option<Duration>,
    /// When one was tried last, by a clock that stands still while the machine is suspended.
    tried: Instant,
    counts: EventCounts,
    /// What the last look saw in TIME_WAIT, where the kernel tells of connections by their ends.
    waiting: FxHashSet<Key>,
}

impl<'a, S: Sockets + Processes + Machine> Looks<'a, S> {
    /// Looks at the sockets of these kinds.
    pub(crate) fn new(system: &'a S, kinds: Kinds, method: EventMethod, wishes: EventWishes) -> Self {
        Self {
            system,
            kinds,
            method,
            wishes,
            open: FxHashMap::default(),
            told: FxHashSet::default(),
            looks: 0,
            last: None,
            tried: Instant::now(),
            counts: EventCounts::default(),
            waiting: FxHashSet::default(),
        }
    }

    /// Takes a look, and tells what has changed since the last one.
    fn look(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let states = States::all() - States::BOUND - States::CLOSED - States::DELETE_TCB;
        let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(self.kinds, states) };
        let by = match self.method {
            EventMethod::Looks(None) | EventMethod::NoTrace(_) | EventMethod::Trace => Owners::Auto,
            _ if self.wishes.without_bpf => Owners::Proc,
            _ => Owners::Auto,
        };
        // Whoever holds a socket is looked for once: the search takes longer than the list.
        let owners = if self.open.is_empty() { OwnerSearch::All(by) } else { OwnerSearch::Some(by) };
        let listing = Listing { query: &query, owners, may_restart: true };
        let known = &self.open;
        let (table, _) = self
            .system
            .sockets(&listing, &mut |socket| {
                let key = socket.id.cookie.map(Key::Cookie);
                let has_owner = |open: &Open| open.record.process.is_some() || open.has_ended;
                match key.and_then(|key| known.get(&key)) {
                    Some(open) if has_owner(open) => Visit::Keep,
                    _ => Visit::KeepWithOwners,
                }
            })?
            .data;
        let now = self.system.uptime()?;
        let namespace = self.system.namespace();
        self.looks += 1;
        if let Some(last) = self.last
            && self.tried.elapsed() > LATE
            && self.kinds.intersects(Kinds::TCP)
            && self.method != EventMethod::Trace
        {
            into.push(ConnectionEvent::Gap(RecordGap {
                boot_id: self.system.boot_id(),
                from: last,
                until: now,
                lost: None,
                cause: GapCause::Unseen,
            }));
        }
        let mut holders = Vec::new();
        self.waiting.clear();
        for socket in table.iter() {
            let Some(mut record) = record_of(&socket, now) else { continue };
            record.namespace = namespace;
            let owner = socket.ownership().principal();
            if let Some(owner) = owner {
                let instance = ProcessInstance { process: owner.process, executions: 0 };
                record.process = Some((instance, OwnerSource::Held));
                holders.push(owner);
            }
            self.see(socket.state, record, now, into);
        }
        self.introduce(&holders, into);
        self.end_others(now, into);
        self.last = Some(now);
        Ok(())
    }

    /// Compares a socket with the last look.
    fn see(
        &mut self,
        state: Option<TcpState>,
        mut record: ConnectionRecord,
        now: Duration,
        into: &mut Vec<ConnectionEvent>,
    ) {
        let key = match record.cookie {
            0 => self.key_of_ends(record.transport, record.local, record.remote),
            cookie => Key::Cookie(cookie),
        };
        let waits = state == Some(TcpState::TimeWait);
        let look = self.looks;
        let known = self.open.get_mut(&key).filter(|known| {
            // A process may connect the same socket anew.
            if known.may_be_told && !waits {
                return false;
            }
            // The same ends with another process are another socket.
            let same = known.record.process.map(|(instance, _)| instance)
                == record.process.map(|(instance, _)| instance);
            matches!(key, Key::Cookie(_))
                || waits
                || known.record.process.is_none()
                || record.process.is_none()
                || same
        });
        let is_told = is_told_by_the_kernel(self.method, &record);
        if waits && self.method == EventMethod::Trace {
            self.waiting.insert(key);
        }
        if let Some(known) = known {
            known.look = look;
            if !waits {
                known.missed = None;
            }
            if waits && !known.has_ended && is_told {
                known.missed.get_or_insert((now, EndReason::ClosedByUs));
            } else if waits && !known.has_ended {
                known.end(now, EndReason::ClosedByUs, &mut self.counts, into);
            } else if !known.has_ended && known.learn(state, &record, now) {
                into.push(ConnectionEvent::Opened(known.record.clone()));
            }
            return;
        }
        // The kernel itself says what has ended, under a number that is no more.
        if waits && is_told {
            return;
        }
        if let Some(mut gone) = self.open.remove(&key).filter(|gone| !gone.has_ended) {
            gone.end(now, EndReason::Unseen, &mut self.counts, into);
        }
        let was_there = look == 1;
        if waits {
            // It began after the last look, which did not see it.
            record.bound = self.last.map(BeginBound::NoEarlierThan);
        }
        let record = Box::new(record);
        let mut open = Open::new(record, look, was_there);
        self.counts.opened += u64::from(!was_there);
        if !waits {
            into.push(ConnectionEvent::Opened(open.record.clone()));
        } else if was_there {
            // What waited at the first look has ended before.
            open.has_ended = true;
        } else {
            open.end(now, EndReason::ClosedByUs, &mut self.counts, into);
        }
        self.open.insert(key, open);
    }

    /// Tells the end of a socket that the kernel has destroyed. One that no look saw began after the last one.
    #[cfg_attr(not(any(target_os = "linux", test)), expect(dead_code, reason = "Linux alone says so"))]
    pub(crate) fn end(&mut self, gone: Destroyed, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let key = Key::Cookie(gone.cookie);
        let open = self.open.entry(key).or_insert_with(|| {
            let record = ConnectionRecord {
                cookie: gone.cookie,
                namespace: self.system.namespace(),
                bound: self.last.map(BeginBound::NoEarlierThan),
                ..ConnectionRecord::new(gone.local, gone.remote)
            };
            Open::new(Box::new(record), self.looks, false)
        });
        if open.has_ended {
            open.may_be_told = false;
            return;
        }
        let record = &mut open.record;
        if record.role != ConnectionRole::Listener {
            (record.bytes_sent, record.bytes_received) = (gone.bytes_sent, gone.bytes_received);
            (record.rtt, record.min_rtt, record.retransmits) = (gone.rtt, gone.min_rtt, gone.retransmits);
        }
        // A look that missed it has seen that it was over.
        let (at, reason) = open.missed.unwrap_or((now, end_of(record.role)));
        // It stays until the next look, which may see it in TIME_WAIT.
        open.end(at, reason, &mut self.counts, into);
    }

    /// Counts ends that nobody could be told of.
    pub(crate) fn count_lost(&mut self, lost: u64) {
        self.counts.lost += lost;
    }

    /// Tells the end of what this look did not see.
    fn end_others(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let (look, method) = (self.looks, self.method);
        let patience = if method == EventMethod::Trace { PATIENCE } else { Duration::ZERO };
        let counts = &mut self.counts;
        let mut kept = 0;
        self.open.retain(|_, open| {
            let is_there = open.look == look;
            if open.has_ended {
                kept += usize::from(open.may_be_told);
                return is_there || open.may_be_told && kept <= MOST;
            }
            match open.missed {
                None if is_there => true,
                // The kernel may be about to tell it.
                None if is_told_by_the_kernel(method, &open.record) => {
                    open.missed = Some((now, end_of(open.record.role)));
                    true
                }
                // What the kernel has told by now is known; this it had no room to tell.
                Some((at, _)) if now <= at + patience => true,
                missed => {
                    let (at, reason) = missed.unwrap_or((now, end_of(open.record.role)));
                    open.end(at, reason, counts, into);
                    open.may_be_told = is_told_by_the_kernel(method, &open.record);
                    is_there || open.may_be_told
                }
            }
        });
    }

    /// Tells of the processes that were not told of, before the events that name them.
    pub(crate) fn introduce(&mut self, holders: &[Owner], into: &mut Vec<ConnectionEvent>) {
        if self.told.len() >= MOST {
            self.told.clear();
        }
        let new: Vec<Owner> =
            holders.iter().copied().filter(|owner| self.told.insert(owner.process)).collect();
        let keys: Vec<ProcessKey> = new.iter().map(|owner| owner.process).collect();
        let read = self.system.processes(&keys, process_fields(self.wishes)).data;
        let records = new.iter().zip(read).map(|(owner, read)| {
            ConnectionEvent::Process(Box::new(process_record(read, owner.parent, self.wishes)))
        });
        into.splice(0..0, records.collect::<Vec<_>>());
    }
}

impl<S: Sockets + Processes + Machine> EventStream for Looks<'_, S> {
    fn method(&self) -> EventMethod {
        self.method
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let mut events = Vec::new();
        let looked = self.look(&mut events);
        self.tried = Instant::now();
        into.append(&mut events);
        looked
    }

    fn release(&mut self) {}

    fn finish(&mut self, into: &mut Vec<ConnectionEvent>) {
        for open in self.open.values_mut().filter(|open| !open.has_ended) {
            if let Some((at, reason)) = open.missed {
                open.end(at, reason, &mut self.counts, into);
            }
        }
    }

    fn counts(&self) -> EventCounts {
        self.counts
    }

    fn has_listed(&self, namespace: Option<Namespace>) -> bool {
        namespace.is_none() || namespace == self.system.namespace()
    }
}

/// Returns which end began a connection that is in a state: what is being made here is known.
fn role_in(state: Option<TcpState>) -> ConnectionRole {
    match state {
        Some(TcpState::SynSent) => ConnectionRole::Active,
        _ => ConnectionRole::Unknown,
    }
}

/// Returns whether the local end was the first to close its direction; `None` in a state in which none has.
fn first_fin(state: Option<TcpState>) -> Option<bool> {
    match state? {
        TcpState::FinWait1 | TcpState::FinWait2 | TcpState::Closing => Some(true),
        TcpState::CloseWait | TcpState::LastAck => Some(false),
        _ => None,
    }
}

/// Returns how something ended that was seen to be gone only.
fn end_of(role: ConnectionRole) -> EndReason {
    match role {
        ConnectionRole::Listener => EndReason::Closed,
        _ => EndReason::Unseen,
    }
}

/// Returns whether the kernel says itself when a socket ends: by its cookie, or by the ends of a connection.
fn is_told_by_the_kernel(method: EventMethod, record: &ConnectionRecord) -> bool {
    record.transport == Transport::Tcp
        && match method {
            EventMethod::Closings(_) => record.cookie != 0,
            EventMethod::Trace => record.role != ConnectionRole::Listener,
            EventMethod::Bpf | EventMethod::Looks(_) | EventMethod::NoTrace(_) => false,
        }
}

/// Returns what is asked of a process for its record.
pub(crate) fn process_fields(wishes: EventWishes) -> ProcessFields {
    let fields = ProcessFields::NAME
        | ProcessFields::EXECUTABLE
        | ProcessFields::USER
        | ProcessFields::UNIT
        | ProcessFields::CONTAINER;
    if wishes.arguments { fields | ProcessFields::COMMAND_LINE } else { fields }
}

/// Makes a record of a process as the system shows it now.
pub(crate) fn process_record(process: Process, parent: Option<u32>, wishes: EventWishes) -> ProcessRecord {
    let bytes = |text: OsString| -> Box<[u8]> { text.into_encoded_bytes().into() };
    let text = |text: OsString| text.into_string().ok().map(Box::from);
    let comm = process.comm.map(bytes).unwrap_or_default();
    ProcessRecord {
        instance: ProcessInstance { process: process.id, executions: 0 },
        parent: parent.filter(|&parent| parent != 0),
        uid: process.user.ok(),
        user: process.account.ok().and_then(text),
        name: process.name.map(bytes).unwrap_or_else(|_| comm.clone()),
        comm,
        executable: process.executable.ok().map(|executable| bytes(executable.path.into_os_string())),
        arguments: process
            .command_line
            .ok()
            .filter(|_| wishes.arguments)
            .map(|words| words.into_iter().flat_map(|word| [&bytes(word)[..], b"\0"].concat()).collect()),
        cgroup: None,
        unit: process.unit.ok().and_then(text),
        container: process.container.ok(),
    }
}
