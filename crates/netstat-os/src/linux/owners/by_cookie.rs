//! Owners of sockets that are known by their cookies, also of those that the table does not list any more.

use super::ancestry::Ancestry;
use crate::linux::bpf::{Failure, decode_records};
use crate::linux::source::{OwnersProgram, Source, Walk};
use netstat_model::{Owner, ProcessKey};
use rustc_hash::FxHashMap;

/// Adds to each of these sockets the processes that hold it, the principal one first.
///
/// # Errors
/// When the program failed. Some owners may be missing then.
pub(in crate::linux) fn find(
    source: &dyn Source,
    program: &dyn OwnersProgram,
    wanted: &mut FxHashMap<u64, Vec<Owner>>,
) -> Result<(), Failure> {
    let mut is_odd = false;
    program.walk(Walk::Full, &mut |piece| match decode_records(piece) {
        Some(records) => {
            for record in records {
                let Some(owners) = record.cookie.and_then(|cookie| wanted.get_mut(&cookie)) else { continue };
                let process = ProcessKey { pid: record.pid, start_time: record.start_time };
                match owners.iter_mut().find(|owner| owner.process == process) {
                    Some(owner) => owner.descriptor = owner.descriptor.min(Some(record.descriptor)),
                    None => owners.push(Owner {
                        process,
                        parent: Some(record.parent),
                        descriptor: Some(record.descriptor),
                    }),
                }
            }
        }
        None => is_odd = true,
    })?;
    let mut ancestry = Ancestry::new(source);
    wanted.values_mut().for_each(|owners| ancestry.put_principal_first(owners));
    if is_odd { Err(Failure::ODD) } else { Ok(()) }
}
