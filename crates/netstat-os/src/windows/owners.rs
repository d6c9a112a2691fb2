//! Who holds which socket. The socket tables name a process by its number; the list of processes tells whether that is
//! still the process meant.

use super::processes::{self, Listed};
use super::source::Source;
use netstat_model::{Error, Operation, Owner, OwnerMethod, ProcessId, SocketTable};
use rustc_hash::FxHashMap;

/// Turns the process IDs of a table into processes.
pub(super) fn attach(source: &dyn Source, table: &mut SocketTable) -> Result<OwnerMethod, Error> {
    if !table.has_listed() {
        return Ok(OwnerMethod::NotNeeded);
    }
    let processes = processes::list(source).map_err(|error| Error::new(Operation::FindOwners, error))?;
    let by_pid: FxHashMap<u32, &Listed> = processes.iter().map(|process| (process.id.pid, process)).collect();
    table.settle_listed(|pid, since| owner(pid, since, by_pid.get(&pid).copied()));
    Ok(OwnerMethod::Table)
}

/// A number that is not in the list any more, or belongs to a process younger than the socket, stays a number: of that
/// process nothing is known.
fn owner(pid: u32, since: u64, process: Option<&Listed>) -> Owner {
    match process {
        Some(process) if since == 0 || process.id.start_time <= since => {
            Owner { process: process.id, parent: Some(process.parent), descriptor: None }
        }
        _ => {
            Owner { process: ProcessId { pid, start_time: processes::ENDED }, parent: None, descriptor: None }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_used_again_is_nobody() {
        let id = ProcessId { pid: 8, start_time: 100 };
        let listed = Listed { id, parent: 4, name: "a.exe".into() };
        let found = owner(8, 150, Some(&listed));
        assert_eq!((found.process, found.parent), (id, Some(4)));
        assert_eq!(owner(8, 0, Some(&listed)).process, id, "no time is told");
        for gone in [owner(8, 99, Some(&listed)), owner(8, 150, None)] {
            assert_eq!(gone.process, ProcessId { pid: 8, start_time: processes::ENDED });
        }
    }
}
