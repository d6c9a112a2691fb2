//! Owners of sockets. The socket tables have the PID of each owner; the list of processes tells whether the PID still
//! belongs to the same process: one that is younger than its socket has the PID of another that has ended. If the clock was
//! set back, a process may only seem to be younger; then it is shown, with a warning.

use super::clock;
use super::memory::u64_at;
use super::processes::{self, Listed};
use super::source::{Question, Source};
use netstat_model::{Error, Operation, Owner, OwnerMethod, ProcessKey, SocketTable, Warning};
use rustc_hash::FxHashMap;

/// The PID of the process of the kernel, the first one.
const SYSTEM: u32 = 4;

/// Hundreds of nanoseconds in a second.
const SECOND: u64 = 10_000_000;

/// Turns the process IDs of a table into processes.
pub(super) fn attach(
    source: &dyn Source,
    table: &mut SocketTable,
) -> Result<(OwnerMethod, Option<Warning>), Error> {
    if !table.has_listed() {
        return Ok((OwnerMethod::NotNeeded, None));
    }
    let processes = processes::list(source).map_err(|error| Error::new(Operation::FindOwners, error))?;
    let by_pid: FxHashMap<u32, &Listed> = processes.iter().map(|process| (process.id.pid, process)).collect();
    let mut set_back = None;
    let mut doubtful = false;
    table.settle_listed(|pid, since| {
        let process = by_pid.get(&pid).copied();
        let younger_by = process.map_or(0, |process| younger_by(since, process));
        // Asked only where it matters.
        let mut by = || *set_back.get_or_insert_with(|| clock_set_back(source, by_pid.get(&SYSTEM).copied()));
        let seems_younger = younger_by > 0 && by() >= SECOND && younger_by <= by().saturating_add(SECOND);
        doubtful |= seems_younger;
        owner(pid, process.filter(|_| younger_by == 0 || seems_younger))
    });
    let warning = doubtful.then(|| Warning::SourceUnavailable {
        what: "whether some sockets are those of the processes that are shown",
        reason: "the clock was set back since these began".to_owned(),
    });
    Ok((OwnerMethod::Table, warning))
}

/// Returns by how much a process is younger than a socket; 0 if it is not, or the time of the socket is not known.
fn younger_by(since: u64, process: &Listed) -> u64 {
    if since == 0 { 0 } else { process.id.start_time.saturating_sub(since) }
}

/// Returns by how much the clock was set back since the system started: it began when the process of the kernel did, so the
/// time since then is not to be less than the uptime. 0 where that is not known.
fn clock_set_back(source: &dyn Source, system: Option<&Listed>) -> u64 {
    let now = source.ask(&Question::Time).ok().and_then(|time| u64_at(time.bytes(), 0));
    let (Some(system), Some(now), Ok(uptime)) = (system, now, clock::uptime(source)) else { return 0 };
    let uptime = u64::try_from(uptime.as_nanos() / 100).unwrap_or(u64::MAX);
    system.id.start_time.saturating_add(uptime).saturating_sub(now)
}

/// Returns the owner with this PID. If it has ended, only its PID is known.
fn owner(pid: u32, process: Option<&Listed>) -> Owner {
    match process {
        Some(process) => Owner { process: process.id, parent: Some(process.parent), descriptor: None },
        None => Owner {
            process: ProcessKey { pid, start_time: processes::ENDED },
            parent: None,
            descriptor: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use crate::windows::memory::Memory;

    fn listed(pid: u32, start_time: u64) -> Listed {
        Listed { id: ProcessKey { pid, start_time }, parent: 4, name: "a.exe".into() }
    }

    #[test]
    fn a_reused_pid_is_not_the_owner() {
        let process = listed(8, 100);
        assert_eq!(
            (younger_by(150, &process), younger_by(100, &process), younger_by(99, &process)),
            (0, 0, 1)
        );
        assert_eq!(younger_by(0, &process), 0, "no creation time is reported");
        assert_eq!(
            (owner(8, Some(&process)).process, owner(8, Some(&process)).parent),
            (process.id, Some(4))
        );
        assert_eq!(owner(8, None).process, ProcessKey { pid: 8, start_time: processes::ENDED });
    }

    #[test]
    fn a_clock_that_was_set_back_shows_in_the_uptime() {
        let says = |now: u64, uptime: u64| {
            Fake::new()
                .says(Question::Time, Memory::flat(now.to_le_bytes().to_vec()))
                .says(Question::Uptime, Memory::flat(uptime.to_le_bytes().to_vec()))
        };
        let system = listed(SYSTEM, 1000 * SECOND);
        let set_back = |now, uptime| clock_set_back(&says(now, uptime), Some(&system));
        assert_eq!(set_back(1060 * SECOND, 60_000), 0);
        assert_eq!(set_back(2000 * SECOND, 60_000), 0, "set forward");
        assert_eq!(set_back(460 * SECOND, 60_000), 600 * SECOND);
        assert_eq!(clock_set_back(&says(460 * SECOND, 60_000), None), 0);
        assert_eq!(clock_set_back(&Fake::new(), Some(&system)), 0, "an old recording does not tell");
    }
}
