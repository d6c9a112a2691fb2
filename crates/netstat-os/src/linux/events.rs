//! Connections as they open and end.
//!
//! By BPF, if that can be used ([`kernel`]): programs at two tracepoints tell of every end of a TCP connection, whoever it
//! belongs to and however short it lived, which is compared with the table now and then ([`balance`]); UDP sockets are looked at once a second. Otherwise by what the kernel says of
//! sockets that it destroys, and looks at the table ([`closings`]); otherwise by looks alone.

mod balance;
mod closings;
mod counters;
mod ending;
mod first;
mod flows;
mod half_closed;
mod kernel;
#[cfg(test)]
mod live_tests;
mod open;
mod process;
mod reached;
mod records;
#[cfg(test)]
mod tests;
mod waiting;

use super::Linux;
use super::clock;
use super::privileges::why_no_bpf;
pub(super) use closings::{decode_datagram as decode_destroyed, dropped};

use crate::contract::{EventStream, EventWishes, KeptBack, KeptIn, Pinned};
use crate::looks::Looks;
use netstat_model::history::{ConnectionEvent, EventCounts, EventMethod};
use netstat_model::query::Kinds;
use netstat_model::{Error, Namespace, NoBpf};
use std::time::Duration;

/// Begins to watch connections.
pub(super) fn events<'a>(
    system: &'a Linux,
    wishes: EventWishes,
    kept_in: Option<&KeptIn>,
) -> Box<dyn EventStream + 'a> {
    let source = system.source();
    let allowed = if wishes.without_bpf { Err(NoBpf::NotAsked) } else { why_no_bpf(source) };
    match allowed.and_then(|()| kernel::KernelEvents::begin(source, wishes, kept_in)) {
        Ok(kernel) => {
            let udp = (!wishes.tcp_alone).then(|| Looks::new(system, Kinds::UDP, EventMethod::Bpf, wishes));
            let now = clock::uptime(source).unwrap_or_default();
            // The programs of an earlier recorder went with it, though those for TCP stayed.
            let from = kernel.resumed_at().unwrap_or(now);
            let flows = wishes.flows.then(|| kernel.flows(from, now));
            let unrecorded = Unrecorded { from, tell_at: now, pause: Duration::from_secs(1) };
            Box::new(Complete { system, kernel, udp, look_at: Duration::ZERO, flows, unrecorded })
        }
        Err(reason) => match closings::Sampled::begin(system, reason, wishes) {
            Some(sampled) => Box::new(sampled),
            None => {
                let method = EventMethod::Looks(Some(reason));
                Box::new(Looks::new(system, Kinds::TCP_UDP, method, wishes))
            }
        },
    }
}

/// TCP by the kernel's programs, and UDP by looks.
struct Complete<'a> {
    system: &'a Linux,
    kernel: kernel::KernelEvents<'a>,
    udp: Option<Looks<'a, Linux>>,
    /// When the next look at UDP is due, since boot.
    look_at: Duration,
    /// The flows of UDP, if they are wished, or why they are not told.
    flows: Option<Result<flows::Flows<'a>, NoBpf>>,
    unrecorded: Unrecorded,
}

/// A span of which flows are wished and not told.
struct Unrecorded {
    from: Duration,
    /// When it is told next, up to then, and how long after that the next part is.
    tell_at: Duration,
    pause: Duration,
}

impl Unrecorded {
    /// A span that goes on is told in parts, each twice as long as the one before, but for this: a recorder that is killed tells no
    /// more.
    const LONGEST: Duration = Duration::from_secs(3600);
}

impl Complete<'_> {
    /// Tells the flows of UDP, if that is due, or that they are missing. Returns whether UDP sockets may be looked at: the end of one
    /// with a flow is told by that.
    fn look_at_flows(&mut self, is_last: bool, into: &mut Vec<ConnectionEvent>) -> bool {
        let source = self.system.source();
        let now = clock::uptime(source).ok();
        let missing = &mut self.unrecorded;
        match &mut self.flows {
            None => true,
            Some(Err(_)) => {
                let now = now.unwrap_or(missing.from);
                if now > missing.from && (is_last || now >= missing.tell_at) {
                    into.push(flows::missing(source, missing.from, now));
                    (missing.from, missing.tell_at) = (now, now + missing.pause);
                    missing.pause = Unrecorded::LONGEST.min(missing.pause * 2);
                }
                true
            }
            Some(Ok(flows)) => {
                let now = now.unwrap_or(flows.counted_at());
                if !is_last && !flows.is_due(now) {
                    return false;
                }
                let looked = flows.look(source, now, is_last, into);
                flows.rest(now, clock::uptime(source).unwrap_or(now));
                if let Err(failure) = looked {
                    self.flows = Some(Err(failure.reason()));
                    (missing.from, missing.tell_at) = (now, now);
                }
                true
            }
        }
    }
}

impl EventStream for Complete<'_> {
    fn method(&self) -> EventMethod {
        self.kernel.method()
    }

    fn pause(&self) -> Duration {
        self.kernel.pause()
    }

    fn take(&mut self, into: &mut Vec<ConnectionEvent>) -> Result<(), Error> {
        self.kernel.take(into)?;
        // At the sockets right after the flows: the end of a socket that is gone by then is told by its flow, if it has one.
        if self.kernel.tells_on() || !self.look_at_flows(false, into) {
            return Ok(());
        }
        let Some(udp) = &mut self.udp else { return Ok(()) };
        let now = clock::uptime(self.system.source())?;
        if now >= self.look_at {
            // One that fails is tried again in its time.
            self.look_at = now + udp.pause();
            let told = into.len();
            udp.take(into)?;
            if let Some(Ok(flows)) = &self.flows {
                let mut at = 0;
                // What ends with its flow is told by that.
                into.retain(|event| {
                    at += 1;
                    !matches!(event, ConnectionEvent::Ended(record) if at > told && flows.tells_end_of(record.cookie))
                });
            }
        }
        Ok(())
    }

    fn release(&mut self) {
        self.kernel.release();
    }

    fn finish(&mut self, into: &mut Vec<ConnectionEvent>) {
        self.kernel.finish(into);
        // What it cannot tell any more becomes a gap.
        self.look_at_flows(true, into);
    }

    fn counts(&self) -> EventCounts {
        self.kernel.counts()
    }

    fn tells_on(&self) -> bool {
        self.kernel.tells_on()
    }

    fn has_listed(&self, namespace: Option<Namespace>) -> bool {
        self.kernel.has_listed(namespace)
    }

    fn has_resumed(&self) -> bool {
        self.kernel.has_resumed()
    }

    fn has_lost_some(&self) -> bool {
        self.kernel.has_lost_some()
    }

    fn keeps_back(&self, cookie: u64) -> bool {
        self.kernel.keeps_back(cookie)
    }

    fn flows(&self) -> Option<Result<(), NoBpf>> {
        self.flows.as_ref().map(|flows| flows.as_ref().map(drop).map_err(|reason| *reason))
    }

    fn reached(&self) -> Option<Vec<u8>> {
        self.kernel.reached()
    }

    fn kept_back(&mut self) -> Vec<KeptBack> {
        self.kernel.kept_back()
    }

    fn pinned(&self) -> Pinned<'_> {
        self.kernel.pinned()
    }
}

/// Runs every decoder of what the programs tell.
#[cfg(fuzzing)]
pub(super) fn decode_all(bytes: &[u8]) {
    if let Some(records::Record::Process(raw)) =
        records::decode_record(bytes, records::ClockOffset::default())
    {
        process::of_kernel(*raw, true);
    }
    flows::decode_all(bytes);
    kernel::decode_all(bytes);
    closings::decode_all(bytes);
}
