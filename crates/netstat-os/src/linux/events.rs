//! Connections as they open and end.
//!
//! By BPF, if that can be used ([`kernel`]): programs at two tracepoints tell of every end of a TCP connection, whoever it
//! belongs to and however short it lived. Otherwise by looks at the table of sockets.

mod ending;
mod kernel;
#[cfg(test)]
mod live_tests;
mod process;
mod records;
#[cfg(test)]
mod tests;

use super::Linux;
use super::owners::why_no_bpf;
use crate::contract::{EventStream, EventWishes};
use crate::looks::Looks;
use netstat_model::NoBpf;
use netstat_model::history::EventMethod;

/// Begins to watch connections.
pub(super) fn events(system: &Linux, wishes: EventWishes) -> Box<dyn EventStream + '_> {
    let source = system.source();
    let allowed = if wishes.without_bpf { Err(NoBpf::NotAsked) } else { why_no_bpf(source) };
    match allowed.and_then(|()| kernel::KernelEvents::begin(source, wishes)) {
        Ok(events) => Box::new(events),
        Err(reason) => Box::new(Looks::new(system, EventMethod::Looks(Some(reason)), wishes)),
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
    kernel::decode_all(bytes);
}
