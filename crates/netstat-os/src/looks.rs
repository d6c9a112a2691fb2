//! Connections as they open and end, told apart by looks at the table of sockets: a source of events for every system.
//!
//! What lived between two looks alone is not seen, but for the side that closed first: its socket stays in TIME_WAIT for a
//! minute. When something happened is known to a look.

use crate::contract::{EventStream, EventWishes, Machine, Processes, Sockets};
use netstat_model::history::{
    ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, EventCounts, EventMethod, GapCause,
    OwnerSource, ProcessInstance, ProcessRecord, RecordGap,
};
use netstat_model::query::{
    Fields, Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, States, Visit,
};
use netstat_model::{Error, IpEndpoint, Owner, Process, ProcessKey, SocketRef, TcpState, Transport};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::OsString;
use std::time::Duration;

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// So long after a look the next one has missed something.
const LATE: Duration = Duration::from_secs(3);

/// The most processes that are remembered; beyond it some are told again.
const MOST: usize = 1 << 16;

/// Tells a socket from others in two looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    /// The kernel's own number, which a socket keeps in TIME_WAIT.
    Cookie(u64),
    /// What else is known; another one may have it later.
    Ends(Transport, IpEndpoint, Option<IpEndpoint>),
}

/// A TCP socket that the kernel has destroyed, as it said itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gone {
    pub(crate) cookie: u64,
    pub(crate) local: IpEndpoint,
    pub(crate) remote: Option<IpEndpoint>,
    pub(crate) bytes_sent: Option<u64>,
    pub(crate) bytes_received: Option<u64>,
    pub(crate) rtt: Option<u32>,
    pub(crate) min_rtt: Option<u32>,
    pub(crate) retransmits: Option<u32>,
}

/// A socket of the last look.
struct Open {
    record: Box<ConnectionRecord>,
    /// The number of the last look that saw it.
    look: u64,
    /// Whether its end was told: it is in TIME_WAIT.
    has_ended: bool,
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
    counts: EventCounts,
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
            counts: EventCounts::default(),
        }
    }

    /// Takes a look, and tells what has changed since the last one.
    fn look(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let states = States::all() - States::BOUND - States::CLOSED - States::DELETE_TCB;
        let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(self.kinds, states) };
        let by = match self.method {
            EventMethod::Looks(None) => Owners::Auto,
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
            && now > last + LATE
            && self.kinds.intersects(Kinds::TCP)
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
        for socket in table.iter() {
            let Some(mut record) = self.record_of(&socket, now) else { continue };
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

    /// Makes a record of a socket, as if it had opened just now.
    fn record_of(&self, socket: &SocketRef<'_>, now: Duration) -> Option<ConnectionRecord> {
        let transport = socket.protocol.transport()?;
        let waits = socket.state == Some(TcpState::Listen) || transport == Transport::Udp;
        let is_connected = !matches!(socket.state, None | Some(TcpState::Listen | TcpState::SynSent));
        // What the first look sees was there before.
        let began = (self.looks > 1).then_some(now);
        Some(ConnectionRecord {
            cookie: socket.id.cookie.unwrap_or(0),
            namespace: None,
            transport,
            role: if waits { ConnectionRole::Listener } else { ConnectionRole::Unknown },
            local: socket.local_ip()?,
            remote: socket.remote_ip(),
            v6_only: socket.v6_only,
            started: began,
            bound: None,
            established: began.filter(|_| is_connected),
            first_fin: None,
            ended: None,
            process: None,
            uid: socket.uid(),
            bytes_sent: None,
            bytes_received: None,
            rtt: None,
            min_rtt: None,
            retransmits: None,
        })
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
            0 => Key::Ends(record.transport, record.local, record.remote),
            cookie => Key::Cookie(cookie),
        };
        let waits = state == Some(TcpState::TimeWait);
        let look = self.looks;
        let known = self.open.get_mut(&key).filter(|known| {
            // The same ends with another process are another socket.
            let same = known.record.process.map(|(instance, _)| instance)
                == record.process.map(|(instance, _)| instance);
            matches!(key, Key::Cookie(_))
                || waits
                || known.record.process.is_none()
                || record.process.is_none()
                || same
        });
        if let Some(known) = known {
            known.look = look;
            if waits && !known.has_ended {
                known.has_ended = true;
                known.record.ended = Some((now, EndReason::ClosedByUs));
                into.push(ConnectionEvent::Ended(known.record.clone()));
                self.counts.ended += 1;
            } else if known.record.process.is_none() && record.process.is_some() && !known.has_ended {
                (known.record.process, known.record.uid) = (record.process, record.uid);
                into.push(ConnectionEvent::Opened(known.record.clone()));
            }
            return;
        }
        // The kernel itself says what has ended, under a number that is no more.
        if waits && matches!(self.method, EventMethod::Closings(_)) {
            return;
        }
        if let Some(mut gone) = self.open.remove(&key).filter(|gone| !gone.has_ended) {
            gone.record.ended = Some((now, EndReason::Unseen));
            into.push(ConnectionEvent::Ended(gone.record));
            self.counts.ended += 1;
        }
        if waits {
            record.ended = Some((now, EndReason::ClosedByUs));
        }
        let record = Box::new(record);
        // What waited at the first look has ended before.
        if !waits {
            self.counts.opened += u64::from(look > 1);
            into.push(ConnectionEvent::Opened(record.clone()));
        } else if look > 1 {
            self.counts.opened += 1;
            self.counts.ended += 1;
            into.push(ConnectionEvent::Ended(record.clone()));
        }
        self.open.insert(key, Open { record, look, has_ended: waits });
    }

    /// Tells the end of a socket that the kernel has destroyed. One that no look saw began after the last one.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Linux alone says so"))]
    pub(crate) fn end(&mut self, gone: Gone, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let key = Key::Cookie(gone.cookie);
        let open = self.open.entry(key).or_insert_with(|| Open {
            record: Box::new(ConnectionRecord {
                cookie: gone.cookie,
                namespace: self.system.namespace(),
                transport: Transport::Tcp,
                role: ConnectionRole::Unknown,
                local: gone.local,
                remote: gone.remote,
                v6_only: None,
                started: Some(self.last.unwrap_or(now)),
                bound: None,
                established: None,
                first_fin: None,
                ended: None,
                process: None,
                uid: None,
                bytes_sent: None,
                bytes_received: None,
                rtt: None,
                min_rtt: None,
                retransmits: None,
            }),
            look: self.looks,
            has_ended: false,
        });
        if open.has_ended {
            return;
        }
        // It stays until the next look, which may see it in TIME_WAIT.
        open.has_ended = true;
        let record = &mut open.record;
        let reason = match record.role {
            ConnectionRole::Listener => EndReason::Closed,
            _ => EndReason::Unseen,
        };
        record.ended = Some((now, reason));
        if record.role != ConnectionRole::Listener {
            (record.bytes_sent, record.bytes_received) = (gone.bytes_sent, gone.bytes_received);
            (record.rtt, record.min_rtt, record.retransmits) = (gone.rtt, gone.min_rtt, gone.retransmits);
        }
        match record.started {
            Some(_) => self.counts.ended += 1,
            None => self.counts.ended_of_before += 1,
        }
        into.push(ConnectionEvent::Ended(record.clone()));
    }

    /// Counts ends that nobody could be told of.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "Linux alone tells so"))]
    pub(crate) fn count_lost(&mut self, lost: u64) {
        self.counts.lost += lost;
    }

    /// Tells the end of what this look did not see.
    fn end_others(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let look = self.looks;
        let counts = &mut self.counts;
        self.open.retain(|_, open| {
            let is_there = open.look == look;
            if !is_there && !open.has_ended {
                let reason = match open.record.role {
                    ConnectionRole::Listener => EndReason::Closed,
                    _ => EndReason::Unseen,
                };
                open.record.ended = Some((now, reason));
                into.push(ConnectionEvent::Ended(open.record.clone()));
                match open.record.started {
                    Some(_) => counts.ended += 1,
                    None => counts.ended_of_before += 1,
                }
            }
            is_there
        });
    }

    /// Tells of the processes that were not told of, before the events that name them.
    fn introduce(&mut self, holders: &[Owner], into: &mut Vec<ConnectionEvent>) {
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
        self.look(&mut events)?;
        into.append(&mut events);
        Ok(())
    }

    fn release(&mut self) {}

    fn finish(&mut self, _into: &mut Vec<ConnectionEvent>) {}

    fn counts(&self) -> EventCounts {
        self.counts
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
