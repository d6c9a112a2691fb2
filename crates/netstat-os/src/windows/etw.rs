//! Connections as they begin and end, as the kernel of Windows tells it (ETW), joined with looks at the table.
//!
//! Connections and processes are told by two providers, each in a session of its own ([`packed`], [`decode`]). A begin and an end
//! name the process by its number, which [`processes`] makes a process of. What is told arrives late and is put in order
//! here, so that a process is known before its connections. What the kernel lost is asked for each second and becomes a gap.
//! The looks tell what was open before, listeners, UDP, and how a connection ended, as far as its state showed it.

mod decode;
mod packed;
mod processes;
#[cfg(any(windows, test))]
mod sessions;
#[cfg(test)]
mod tests;

#[cfg(windows)]
pub(super) use decode::{NETWORK, PROCESS};
#[cfg(windows)]
pub(super) use packed::{Head, Losses, Provider, Raw};
#[cfg(windows)]
pub(super) use sessions::{is_left_behind, name};

use super::source::{Source, Trace};
use super::{Windows, clock, win32_error};
use crate::contract::{EventStream, EventWishes};
use crate::looks::{Looks, Told};
use decode::{Event, What};
use netstat_model::history::{
    ConnectionEvent, ConnectionRole, EventCounts, EventMethod, GapCause, NoTrace, RecordGap,
};
use netstat_model::query::Kinds;
use netstat_model::{Error, Namespace, Operation, Owner};
#[cfg(not(windows))]
use packed::{Head, Provider};
use processes::Known;
use std::io;
use std::time::Duration;

/// How long to wait between two takes.
const PAUSE: Duration = Duration::from_millis(250);

/// So long an event waits for others that happened before it: buffers are passed on once a second, those of each
/// processor and session for themselves.
const HOLD: Duration = Duration::from_millis(2500);

/// The most events that wait; beyond it they are taken in the order of their times as far as they have come.
const MOST: usize = 1 << 18;

/// Begins to hear, or says why not.
pub(super) fn begin(system: &Windows, wishes: EventWishes) -> Result<Traced<'_>, NoTrace> {
    let source = system.source();
    let trace = source.trace().map_err(|error| why(&error))?;
    Ok(Traced {
        source,
        trace,
        looks: Looks::new(system, Kinds::TCP_UDP, EventMethod::Trace, wishes),
        looked: None,
        known: Known::begin(source),
        pending: Vec::new(),
        head: Head::default(),
        taken: clock::uptime(source).unwrap_or_default(),
        lost_processes: 0,
    })
}

fn why(error: &io::Error) -> NoTrace {
    match win32_error::number(error) {
        Some(win32_error::ACCESS_DENIED | win32_error::PRIVILEGE_NOT_HELD) => NoTrace::NotPermitted,
        Some(win32_error::CALL_NOT_IMPLEMENTED) => NoTrace::Silent,
        Some(number) => NoTrace::Refused(number.cast_unsigned()),
        None if error.kind() == io::ErrorKind::NotFound => NoTrace::NotRecorded,
        None => NoTrace::Silent,
    }
}

/// The events, and looks once a second.
pub(super) struct Traced<'a> {
    source: &'a dyn Source,
    trace: Box<dyn Trace + 'a>,
    looks: Looks<'a, Windows>,
    looked: Option<Duration>,
    known: Known,
    /// What waits for its turn, and when it happened.
    pending: Vec<(Duration, Event)>,
    /// What the last take said of losses.
    head: Head,
    taken: Duration,
    lost_processes: u64,
}

impl Traced<'_> {
    /// Takes what has come, and tells of what was lost.
    fn hear(&mut self, now: Duration, into: &mut Vec<ConnectionEvent>) -> io::Result<()> {
        let bytes = self.trace.take().inspect_err(|_| {
            // What is told next is told by sessions that count from nothing, and nobody told of processes meanwhile.
            self.head = Head::default();
            self.known.lost(self.source);
        })?;
        if bytes.is_empty() {
            return Ok(());
        }
        let head = Head::decode(&bytes).ok_or(io::ErrorKind::InvalidData)?;
        let (mut unknown, mut unknown_processes) = (0, 0);
        for raw in packed::events(&bytes) {
            match decode::decode(&raw) {
                Some(event) => self.pending.push((since_boot(&head, raw.at, now), event)),
                None if raw.provider == Provider::Network => unknown += 1,
                None => unknown_processes += 1,
            }
        }
        // Of what begins at once and what comes in one buffer the order is that in which it was told.
        self.pending.sort_by_key(|(at, _)| *at);
        let before = std::mem::replace(&mut self.head, head);
        let since = |now: u64, before: u64| now.saturating_sub(before);
        let dropped = since(head.dropped, before.dropped);
        let events = |now: u32, before: u32| u64::from(now.saturating_sub(before));
        let [network, process] = [(head.network, before.network), (head.process, before.process)];
        let lost = unknown + dropped + events(network.0.events, network.1.events);
        let is_counted =
            (network.0.log_buffers, network.0.buffers) == (network.1.log_buffers, network.1.buffers);
        if lost > 0 || !is_counted {
            self.looks.count_lost(lost);
            into.push(self.gap(GapCause::Ring, is_counted.then_some(lost), now));
        }
        let lost = unknown_processes + events(process.0.events, process.1.events);
        let is_counted =
            (process.0.log_buffers, process.0.buffers) == (process.1.log_buffers, process.1.buffers);
        if lost > 0 || !is_counted || dropped > 0 {
            self.lost_processes += lost;
            self.known.lost(self.source);
            into.push(self.gap(GapCause::Processes, (is_counted && dropped == 0).then_some(lost), now));
        }
        Ok(())
    }

    fn gap(&self, cause: GapCause, lost: Option<u64>, now: Duration) -> ConnectionEvent {
        ConnectionEvent::Gap(RecordGap { boot_id: None, from: self.taken, until: now, lost, cause })
    }

    /// Tells of what happened no later than a time, or of so much that no more than [`MOST`] wait.
    fn tell(&mut self, until: Duration, now: Duration, into: &mut Vec<ConnectionEvent>) {
        let due = self.pending.partition_point(|(at, _)| *at <= until);
        let due = due.max(self.pending.len().saturating_sub(MOST));
        let time = clock::filetime(self.source);
        let mut told = Vec::new();
        let mut owners = Vec::new();
        for (at, event) in self.pending.drain(..due).collect::<Vec<_>>() {
            match event {
                Event::Started { process, parent, image } => self.known.started(process, parent, image),
                Event::Stopped { process } => self.known.stopped(process, at),
                Event::Connection { what, pid, local, remote } => {
                    let ago = now.saturating_sub(at).as_nanos() / 100;
                    let then = time.map(|time| time.saturating_sub(u64::try_from(ago).unwrap_or(u64::MAX)));
                    let owner = self.known.of(self.source, pid, then);
                    owners.extend(owner);
                    let about = Told { local, remote, at, process: owner.map(|owner| owner.process) };
                    self.tell_connection(what, &about, &mut told);
                }
            }
        }
        self.introduce(&owners, &mut told);
        self.known.sweep(self.source, now);
        into.append(&mut told);
    }

    fn tell_connection(&mut self, what: What, about: &Told, told: &mut Vec<ConnectionEvent>) {
        match what {
            What::Connected => self.looks.begin(about, ConnectionRole::Active, told),
            What::Accepted => self.looks.begin(about, ConnectionRole::Passive, told),
            What::Disconnected => self.looks.end_told(about, told),
            What::SentAgain => self.looks.send_again(about),
            What::TriedAgain => self.looks.try_again(about, told),
        }
    }

    /// Tells of the processes before the events that name them.
    fn introduce(&mut self, owners: &[Owner], told: &mut Vec<ConnectionEvent>) {
        self.looks.introduce(owners, told);
        for event in told {
            if let ConnectionEvent::Process(record) = event {
                self.known.complete(record);
            }
        }
    }
}

impl EventStream for Traced<'_> {
    fn method(&self) -> EventMethod {
        EventMethod::Trace
    }

    fn pause(&self) -> Duration {
        PAUSE
    }

    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        let read = clock::uptime(self.source);
        let now = *read.as_ref().unwrap_or(&self.taken);
        let heard = self.hear(now, into);
        // What was told is kept though something else fails.
        self.tell(now.saturating_sub(HOLD), now, into);
        let mut looked = Ok(());
        if self.looked.is_none_or(|looked| now >= looked + self.looks.pause()) {
            self.looked = Some(now);
            looked = self.looks.take(into);
        }
        self.taken = now;
        heard.map_err(|error| Error::new(Operation::WatchConnections, error))?;
        read.and(looked)
    }

    fn release(&mut self) {}

    fn finish(&mut self, into: &mut Vec<ConnectionEvent>) {
        // What happened last is in buffers that are not full.
        self.trace.flush();
        let now = clock::uptime(self.source).unwrap_or(self.taken);
        if self.hear(now, into).is_err() {
            into.push(self.gap(GapCause::Ring, None, now));
        }
        self.tell(Duration::MAX, now, into);
        self.taken = now;
        self.looks.finish(into);
    }

    fn counts(&self) -> EventCounts {
        EventCounts { lost_processes: self.lost_processes, ..self.looks.counts() }
    }

    fn has_listed(&self, namespace: Option<Namespace>) -> bool {
        self.looks.has_listed(namespace)
    }

    fn is_over(&self) -> bool {
        self.trace.is_over()
    }
}

/// Returns when something happened, since boot. The counter and the time since boot were read at once.
fn since_boot(head: &Head, at: u64, now: Duration) -> Duration {
    let steps = u128::from(head.counter.saturating_sub(at));
    let nanoseconds = (steps * 1_000_000_000).checked_div(u128::from(head.frequency)).unwrap_or(0);
    now.saturating_sub(Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)))
}

/// Runs every decoder of what the kernel tells.
#[cfg(fuzzing)]
pub(super) fn decode_all(bytes: &[u8]) {
    if let Some(head) = Head::decode(bytes) {
        for raw in packed::events(bytes) {
            let _ = (decode::decode(&raw), since_boot(&head, raw.at, Duration::from_secs(9)));
        }
    }
}
