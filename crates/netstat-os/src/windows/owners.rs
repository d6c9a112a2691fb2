//! Owners of sockets. The socket tables have the PID of each owner; the list of processes tells whether the PID still
//! belongs to the same process.

use super::processes::{self, Listed};
use super::source::Source;
use netstat_model::{Error, Operation, Owner, OwnerMethod, ProcessKey, SocketTable};
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

/// Returns the owner with this PID. If the list lacks it, or it belongs to a process younger than the socket, the owner
/// has ended and only its PID is known.
fn owner(pid: u32, since: u64, process: Option<&Listed>) -> Owner {
    match process {
        Some(process) if since == 0 || process.id.start_time <= since => {
            Owner { process: process.id, parent: Some(process.parent), descriptor: None }
        }
        _ => Owner {
            process: ProcessKey { pid, start_time: processes::ENDED },
            parent: None,
            descriptor: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_pid_is_not_the_owner() {
        let id = ProcessKey { pid: 8, start_time: 100 };
        let listed = Listed { id, parent: 4, name: "a.exe".into() };
        let found = owner(8, 150, Some(&listed));
        assert_eq!((found.process, found.parent), (id, Some(4)));
        assert_eq!(owner(8, 0, Some(&listed)).process, id, "no creation time is reported");
        for gone in [owner(8, 99, Some(&listed)), owner(8, 150, None)] {
            assert_eq!(gone.process, ProcessKey { pid: 8, start_time: processes::ENDED });
        }
    }
}
