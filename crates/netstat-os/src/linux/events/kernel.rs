//! Events of the BPF programs.
//!
//! The programs tell an end with its process, if it is known by then. It is not for a connection that a process has
//! accepted and that was reset: who closes the socket is told afterwards ([`Record::Owner`]), which may be long after.
//! So whoever holds an accepted connection is looked for while it is open, by its cookie; and an end without an owner is
//! kept back until its owner was told or looked for.
//!
//! What was open before the programs were there is listed once, when they are there already.

use super::balance::{Balance, Difference, Lost};
use super::counters::decode_counts;
use super::first::{AT_ONCE, First, Held};
use super::flows::{self, Flows};
use super::half_closed::HalfClosed;
use super::open::{Listed, There, records};
use super::process;
use super::reached::Reached;
use super::records::{self, ClockOffset, Record, decode_record};
use super::waiting::Waiting;
use crate::contract::{EventStream, EventWishes, KeptBack, KeptIn, Pinned};
use crate::linux::owners::by_cookie;
use crate::linux::source::{Lasting, OwnersProgram, RecorderProgram, Source};
use crate::linux::{clock, processes};
use crate::looks::{process_fields, process_record};
use netstat_model::history::{
    ConnectionEvent, ConnectionRecord, ConnectionRole, EventCounts, EventMethod, GapCause, OwnerSource,
    ProcessInstance, ProcessRecord, RecordGap,
};
use netstat_model::{Error, Namespace, NoBpf, Operation, Owner, ProcessKey};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::rc::Rc;
use std::time::Duration;

/// The inode of the PID namespace the machine booted with, `PROC_PID_INIT_INO`.
const INITIAL_PID_NAMESPACE: u32 = 4_026_531_836;

/// How long to wait between two takes: the buffer holds a second of 100,000 ends.
const PAUSE: Duration = Duration::from_millis(200);

/// How often the counters are read while no record comes.
const COUNT: Duration = Duration::from_secs(1);

/// How long an end has to be without an owner before that is looked for: most are told in the meantime.
const YOUNG: Duration = Duration::from_secs(1);

/// How often what was told is compared with the sockets that are there, and which part of the time that takes at most.
const COMPARE: Duration = Duration::from_secs(60);
const SMALL_SHARE: u32 = 1000;

/// How often the owner of an open connection is looked for. Nobody may have accepted it.
const LOOKS: u8 = 3;

/// A look at all descriptors takes no more than this part of the time.
const SHARE: u32 = 100;

/// The most processes and ends that are remembered; beyond it some are told again, or end without an owner.
const MOST: usize = 1 << 16;

/// An open connection whose owner is not known.
struct Unowned {
    record: Box<ConnectionRecord>,
    /// How many looks did not find one.
    looks: u8,
}

/// The programs, and what has to be kept between two records.
pub(super) struct KernelEvents<'a> {
    source: &'a dyn Source,
    program: Box<dyn RecorderProgram + 'a>,
    /// The program that lists descriptors; it is not loaded before it is needed.
    owners: Option<Box<dyn OwnersProgram + 'a>>,
    wishes: EventWishes,
    offset: ClockOffset,
    /// Whether what was there at the start was listed.
    has_taken_over: bool,
    /// The network namespaces that were listed then.
    listed: Listed,
    /// What was there at the start, until it was told.
    first: Option<First>,
    /// Open connections that a look told more of than the programs know, by cookie.
    held: FxHashMap<u64, Held>,
    unowned: FxHashMap<u64, Unowned>,
    /// Ends that are kept back until their owner is known.
    waiting: Waiting,
    half_closed: HalfClosed,
    /// Processes that were told by `/proc`.
    told: FxHashSet<ProcessInstance>,
    counts: EventCounts,
    balance: Balance,
    /// Ends that the buffer had no room for, and those that nothing explains.
    lost: Lost,
    unseen: u64,
    /// When the next comparison is due, and when the last two were, since boot.
    compare_at: Duration,
    compared: (Duration, Duration),
    /// When the counts were read, and the next look at descriptors is due, since boot.
    counted_at: Duration,
    look_at: Duration,
    /// Whether it goes on behind an earlier recorder, and since when something was taken then that nobody has.
    has_resumed: bool,
    missing_since: Option<Duration>,
}

impl<'a> KernelEvents<'a> {
    /// Loads the programs, then lists what is open. Those that an earlier recorder of the same history left are used again.
    pub(super) fn begin(
        source: &'a dyn Source,
        wishes: EventWishes,
        kept_in: Option<&KeptIn>,
    ) -> Result<Self, NoBpf> {
        let own = source.read_link("/proc/self/ns/pid").ok();
        let own = own.and_then(|target| decode_namespace(&target)).ok_or(NoBpf::OtherNamespace)?;
        let namespace = if own == INITIAL_PID_NAMESPACE { 0 } else { own };
        let reached = kept_in.and_then(|kept_in| Reached::decode(kept_in.reached.as_deref()?));
        let lasting = kept_in.map(|kept_in| {
            let instance = reached.as_ref().map(|reached| reached.instance);
            Lasting { kept_in, instance }
        });
        let program = source.recorder_program(namespace, lasting.as_ref());
        let program = program.map_err(|failure| failure.reason())?;
        let mut offsets = Vec::new();
        // Before Linux 5.6 there are no time namespaces.
        let offset = match source.read("/proc/self/timens_offsets", &mut offsets) {
            Ok(()) => ClockOffset::decode(&offsets),
            Err(_) => ClockOffset::default(),
        };
        let now = clock::uptime(source).unwrap_or_default();
        let mut events = Self {
            source,
            program,
            owners: None,
            wishes,
            offset,
            has_taken_over: false,
            listed: Listed::default(),
            first: None,
            held: FxHashMap::default(),
            unowned: FxHashMap::default(),
            waiting: Waiting::default(),
            half_closed: HalfClosed::default(),
            told: FxHashSet::default(),
            counts: EventCounts::default(),
            balance: Balance::default(),
            lost: Lost::default(),
            unseen: 0,
            compare_at: now + COMPARE,
            compared: (now, now),
            counted_at: now,
            look_at: now + YOUNG,
            has_resumed: false,
            missing_since: None,
        };
        if let Some(reached) = reached.filter(|_| events.program.is_taken_over()) {
            events.resume(reached, kept_in.map(|kept_in| &*kept_in.kept_back).unwrap_or_default());
        }
        // One that fails is tried again with the first take.
        let _ = events.take_over();
        Ok(events)
    }

    /// Begins to tell the flows of UDP as well, which are missing since a moment before.
    pub(super) fn flows(&self, missing_from: Duration, now: Duration) -> Result<Flows<'a>, NoBpf> {
        let groups = flows::groups(self.source).ok_or(NoBpf::NoGroups)?;
        let program = self.program.flows(&groups).map_err(|failure| match flows::are_told(self.source) {
            Ok(false) => NoBpf::NoDatagrams,
            _ => failure.reason(),
        })?;
        Ok(Flows::new(program, self.offset, self.wishes.arguments, missing_from, now))
    }

    /// Up to when an earlier recorder has written, behind which this one goes on.
    pub(super) fn resumed_at(&self) -> Option<Duration> {
        self.has_resumed.then_some(self.counted_at)
    }

    /// Goes on behind what an earlier recorder has written.
    fn resume(&mut self, reached: Reached, kept_back: &[Box<[u8]>]) {
        self.has_resumed = true;
        if !self.program.go_on_behind(reached.place) {
            self.missing_since = Some(reached.counted_at);
        }
        self.counts = reached.counts;
        self.unseen = reached.counts.unseen;
        self.counted_at = reached.counted_at;
        for (cookie, at, is_local) in reached.half_closed {
            self.half_closed.note(cookie, at, is_local);
        }
        for bytes in kept_back.iter().take(MOST) {
            if let Some(Record::Ended { record, .. }) = decode_record(bytes, self.offset) {
                self.waiting.add(record, bytes.clone());
            }
        }
    }

    /// Lists the connections and listeners that are open. What is in a namespace that may not be entered is told when it ends,
    /// with what is known then.
    fn take_over(&mut self) -> Result<(), Error> {
        let (first, listed) = First::list(self.source)?;
        (self.first, self.listed) = (Some(first), listed);
        self.has_taken_over = true;
        Ok(())
    }

    /// Tells the next part of what was there at the start.
    fn tell_first(&mut self, into: &mut Vec<ConnectionEvent>) {
        let Some(mut first) = self.first.take() else { return };
        while let Some((mut record, owner, is_open)) = first.next_socket() {
            if let Some(owner) = owner {
                let instance = self.introduce(owner, &mut first.met, into);
                record.process = Some((instance, OwnerSource::Held));
            }
            let owner = record.process.map(|(instance, _)| first.shared((instance, record.uid)));
            if record.role != ConnectionRole::Unknown || owner.is_some() {
                self.held.insert(record.cookie, Held { role: record.role, owner });
            }
            // What is being made the programs tell of.
            if is_open {
                self.balance.open(&record);
                into.push(ConnectionEvent::Opened(Box::new(record)));
            }
            if into.len() >= AT_ONCE {
                self.first = Some(first);
                return;
            }
        }
    }

    /// Tells of a process that holds a socket, if that was not done under the name that it has now. Returns how records name it.
    /// `met` are those that the same look has found before.
    fn introduce(
        &mut self,
        owner: Owner,
        met: &mut FxHashMap<ProcessKey, ProcessInstance>,
        events: &mut Vec<ConnectionEvent>,
    ) -> ProcessInstance {
        if let Some(instance) = met.get(&owner.process) {
            return *instance;
        }
        if self.told.len() >= MOST {
            self.told.clear();
        }
        let answer = processes::processes(self.source, &[owner.process], process_fields(self.wishes));
        // How many programs it has executed is not in /proc.
        let name = answer.data.first().map_or(0, process::number_of_name);
        let instance = ProcessInstance { process: owner.process, executions: records::run(0, name) };
        if self.told.insert(instance) {
            events.extend(answer.data.into_iter().map(|read| {
                let record = process_record(read, owner.parent, self.wishes);
                ConnectionEvent::Process(Box::new(ProcessRecord { instance, ..record }))
            }));
        }
        met.insert(owner.process, instance);
        instance
    }

    /// Handles a record. `bytes` are its own where it may have to be kept back.
    fn handle(&mut self, record: Record, bytes: Box<[u8]>, into: &mut Vec<ConnectionEvent>) {
        match record {
            Record::Process(raw) => {
                let record = process::of_kernel(*raw, self.wishes.arguments);
                into.push(ConnectionEvent::Process(Box::new(record)));
            }
            Record::Opened(mut record) => {
                self.balance.open(&record);
                if let Some(held) = self.held.get(&record.cookie) {
                    held.complete(&mut record);
                }
                if record.process.is_none() && self.unowned.len() < MOST {
                    self.unowned.insert(record.cookie, Unowned { record: record.clone(), looks: 0 });
                }
                into.push(ConnectionEvent::Opened(record));
            }
            Record::Ended { mut record, owner_may_follow } => {
                self.half_closed.end(record.cookie);
                self.balance.end(record.cookie);
                self.unowned.remove(&record.cookie);
                if let Some(held) = self.held.remove(&record.cookie) {
                    held.complete(&mut record);
                }
                if record.process.is_none() && owner_may_follow && self.waiting.len() < MOST {
                    self.waiting.add(record, bytes);
                } else {
                    into.push(ConnectionEvent::Ended(record));
                }
            }
            Record::Half { cookie, at, is_local } => self.half_closed.note(cookie, at, is_local),
            Record::Owner { cookie, owner, uid } => {
                if let Some(mut record) = self.waiting.take(cookie) {
                    (record.process, record.uid) = (owner, uid);
                    into.push(ConnectionEvent::Ended(record));
                }
            }
        }
    }

    /// Tells of connections that are still open although one of their ends closed its direction at `by` or before.
    fn tell_half_closed(&mut self, by: Duration, into: &mut Vec<ConnectionEvent>) {
        for (cookie, first_fin) in self.half_closed.stay(by) {
            if let Some(record) = self.balance.open_record(cookie) {
                let record = ConnectionRecord { first_fin: Some(first_fin), ..record };
                into.push(ConnectionEvent::HalfClosed(Box::new(record)));
            }
        }
    }

    /// Looks for those who hold connections whose owner is not known.
    fn look(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) -> Result<(), NoBpf> {
        let is_due = |at: Option<Duration>| at.is_none_or(|at| at + YOUNG <= now);
        let open = self.unowned.iter().filter(|(_, it)| is_due(it.record.established));
        let ended = self.waiting.records().filter(|it| is_due(it.ended.map(|(at, _)| at)));
        let wanted = open.map(|(cookie, _)| *cookie).chain(ended.map(|it| it.cookie));
        let mut wanted: FxHashMap<u64, Vec<Owner>> = wanted.map(|cookie| (cookie, Vec::new())).collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let program = match self.owners.take() {
            Some(program) => program,
            None => self.source.owners_program().map_err(|failure| failure.reason())?,
        };
        by_cookie::find(self.source, program.as_ref(), &mut wanted).map_err(|failure| failure.reason())?;
        self.owners = Some(program);
        let mut met = FxHashMap::default();
        for (cookie, owners) in wanted {
            let found = owners.first().map(|owner| self.introduce(*owner, &mut met, into));
            let owner = found.map(|instance| (instance, OwnerSource::Held));
            if let Some(mut record) = self.waiting.take(cookie) {
                record.process = owner;
                into.push(ConnectionEvent::Ended(record));
            } else if let Some(mut open) = self.unowned.remove(&cookie) {
                if let Some(instance) = found {
                    let role = open.record.role;
                    self.held.insert(cookie, Held { role, owner: Some(Rc::new((instance, None))) });
                    open.record.process = owner;
                    into.push(ConnectionEvent::Opened(open.record));
                } else if open.looks + 1 < LOOKS {
                    open.looks += 1;
                    self.unowned.insert(cookie, open);
                }
            }
        }
        Ok(())
    }

    /// Compares what was told with the sockets that are there. What cannot be listed is compared the next time.
    fn compare(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let Some(there) = There::list(self.source) else { return Ok(()) };
        let now = clock::uptime(self.source)?;
        let Difference { ended, opened } = self.balance.compare(&there.cookies, &there.namespaces, now);
        drop(there);
        self.tell_unseen(ended, self.compared.1, into);
        self.lost.compared();
        let opened = if opened.is_empty() { Vec::new() } else { records(self.source, &opened, now) };
        for record in opened {
            self.balance.open(&record);
            let record = Box::new(record);
            if self.unowned.len() < MOST {
                self.unowned.insert(record.cookie, Unowned { record: record.clone(), looks: 0 });
            }
            into.push(ConnectionEvent::Opened(record));
        }
        self.compared = (self.compared.1, now);
        Ok(())
    }

    /// Tells ends that the programs did not, and that were by a moment.
    fn tell_unseen(
        &mut self,
        ended: Vec<ConnectionRecord>,
        until: Duration,
        into: &mut Vec<ConnectionEvent>,
    ) {
        let found = u64::try_from(ended.len()).unwrap_or(u64::MAX);
        // Those that the buffer had no room for are a gap already.
        let unseen = self.lost.unexplained(found);
        if unseen > 0 {
            self.unseen += unseen;
            self.counts.unseen = self.unseen;
            let boot_id = crate::linux::host::boot_id(self.source);
            let (from, lost, cause) = (self.compared.0, Some(unseen), GapCause::Unseen);
            into.push(ConnectionEvent::Gap(RecordGap { boot_id, from, until, lost, cause }));
        }
        for mut record in ended {
            self.unowned.remove(&record.cookie);
            if let Some(held) = self.held.remove(&record.cookie) {
                held.complete(&mut record);
            }
            into.push(ConnectionEvent::Ended(Box::new(record)));
        }
    }

    /// Compares for the last time. What had ended before the sockets were listed was told before the buffer was read after that,
    /// so that this need not wait for another comparison.
    fn compare_at_the_end(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let Some(there) = There::list(self.source) else { return Ok(()) };
        let There { cookies, namespaces } = there;
        let now = clock::uptime(self.source)?;
        let mut ended = self.balance.compare(&cookies, &namespaces, now).ended;
        self.take_records(into)?;
        ended.extend(self.balance.compare(&cookies, &namespaces, now).ended);
        self.tell_unseen(ended, now, into);
        Ok(())
    }

    /// Reads the buffer. Returns how many records made no sense.
    fn take_records(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<u64, Error> {
        let mut records = Vec::new();
        let offset = self.offset;
        let mut senseless = 0;
        let taken = self.program.take(&mut |bytes| match decode_record(bytes, offset) {
            Some(record) => {
                let may_wait = matches!(record, Record::Ended { owner_may_follow: true, .. });
                records.push((record, if may_wait { bytes.into() } else { Box::default() }));
            }
            None => senseless += 1,
        });
        for (record, bytes) in records {
            self.handle(record, bytes, into);
        }
        taken.map_err(|failure| failed(failure.reason()))?;
        Ok(senseless)
    }

    /// Makes it believe what is not so: that one is open, and that nobody told of another. The next take compares.
    #[cfg(test)]
    pub(super) fn mistake(&mut self, open: &ConnectionRecord, untold: u64) {
        self.balance.open(open);
        self.balance.end(untold);
        self.compare_at = Duration::ZERO;
    }

    /// Makes a gap from the last look at the counters on.
    fn gap(&self, until: Duration, lost: Option<u64>, cause: GapCause) -> ConnectionEvent {
        let boot_id = crate::linux::host::boot_id(self.source);
        ConnectionEvent::Gap(RecordGap { boot_id, from: self.counted_at, until, lost, cause })
    }

    /// Reads the counters, and tells what was lost since they were read.
    fn count(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) -> Result<(), NoBpf> {
        let bytes = self.program.counts().map_err(|failure| failure.reason())?;
        let Some(counts) = decode_counts(&bytes) else { return Ok(()) };
        let last = std::mem::replace(&mut self.counts, EventCounts { unseen: self.unseen, ..counts });
        self.lost.add(counts.lost.saturating_sub(last.lost));
        for (before, after, cause) in [
            (last.lost, counts.lost, GapCause::Ring),
            (last.lost_begins, counts.lost_begins, GapCause::Begins),
            (last.lost_processes, counts.lost_processes, GapCause::Processes),
            (last.lost_half_closed, counts.lost_half_closed, GapCause::HalfClosed),
        ] {
            let lost = after.saturating_sub(before);
            if lost > 0 {
                into.push(self.gap(now, Some(lost), cause));
            }
        }
        // Whether such a socket has ended by now nobody knows.
        if counts.not_followed > last.not_followed {
            into.push(self.gap(now, None, GapCause::Unseen));
        }
        self.counted_at = now;
        Ok(())
    }
}

pub(super) fn failed(reason: NoBpf) -> Error {
    Error::new(Operation::WatchConnections, io::Error::other(reason.to_string()))
}

impl EventStream for KernelEvents<'_> {
    fn method(&self) -> EventMethod {
        EventMethod::Bpf
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        if !self.has_taken_over {
            self.take_over()?;
        }
        if let Some(since) = self.missing_since.take() {
            let until = clock::uptime(self.source)?;
            let boot_id = crate::linux::host::boot_id(self.source);
            let (lost, cause) = (None, GapCause::Store);
            into.push(ConnectionEvent::Gap(RecordGap { boot_id, from: since, until, lost, cause }));
        }
        self.tell_first(into);
        // What has happened since is told after that.
        if self.first.is_some() {
            return Ok(());
        }
        let place = self.program.place();
        let senseless = self.take_records(into)?;
        let now = clock::uptime(self.source)?;
        if senseless > 0 {
            into.push(self.gap(now, Some(senseless), GapCause::Unseen));
        }
        let counted = match self.program.place() != place || now >= self.counted_at + COUNT {
            true => self.count(now, into).map_err(failed),
            false => Ok(()),
        };
        self.tell_half_closed(now.saturating_sub(YOUNG), into);
        if now >= self.compare_at {
            self.compare(into)?;
            let spent = clock::uptime(self.source)?.saturating_sub(now);
            self.compare_at = now + COMPARE.max(spent * SMALL_SHARE);
        }
        if now >= self.look_at {
            // One that fails is tried again in its time.
            self.look_at = now + YOUNG;
            self.look(now, into).map_err(failed)?;
            let spent = clock::uptime(self.source)?.saturating_sub(now);
            self.look_at = now + YOUNG.max(spent * SHARE);
        }
        counted
    }

    fn release(&mut self) {
        self.program.release();
    }

    fn finish(&mut self, into: &mut Vec<ConnectionEvent>) {
        while self.first.is_some() {
            let mut part = Vec::new();
            self.tell_first(&mut part);
            into.append(&mut part);
        }
        if let Ok(now) = clock::uptime(self.source) {
            let _ = self.count(now, into);
        }
        // What was not told cannot be found without a list, and is told by the next recorder.
        let _ = self.compare_at_the_end(into);
        self.tell_half_closed(Duration::MAX, into);
        into.append(&mut self.waiting.take_all());
    }

    fn counts(&self) -> EventCounts {
        self.counts
    }

    fn tells_on(&self) -> bool {
        self.first.is_some()
    }

    fn has_listed(&self, namespace: Option<Namespace>) -> bool {
        self.listed.has(namespace)
    }

    fn has_resumed(&self) -> bool {
        self.has_resumed
    }

    fn has_lost_some(&self) -> bool {
        self.missing_since.is_some()
    }

    fn keeps_back(&self, cookie: u64) -> bool {
        self.waiting.has(cookie)
    }

    fn reached(&self) -> Option<Vec<u8>> {
        self.program.pinned()?.ok()?;
        let reached = Reached {
            instance: self.program.instance(),
            place: self.program.place(),
            counted_at: self.counted_at,
            counts: EventCounts { unseen: self.unseen, ..self.counts },
            half_closed: self
                .half_closed
                .all()
                .map(|(cookie, (at, is_local))| (cookie, at, is_local))
                .collect(),
        };
        Some(reached.encode())
    }

    fn kept_back(&mut self) -> Vec<KeptBack> {
        match self.program.pinned() {
            Some(Ok(_)) => self.waiting.changes(),
            _ => Vec::new(),
        }
    }

    fn pinned(&self) -> Pinned<'_> {
        self.program.pinned()
    }
}

/// Decodes the target of a link in `/proc/PID/ns`: `pid:[4026531836]`.
fn decode_namespace(target: &[u8]) -> Option<u32> {
    let inode = target.strip_prefix(b"pid:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(inode).ok()?.parse().ok()
}

/// Runs the decoders of this file.
#[cfg(fuzzing)]
pub(super) fn decode_all(bytes: &[u8]) {
    let _ = (decode_namespace(bytes), ClockOffset::decode(bytes), decode_counts(bytes));
}
