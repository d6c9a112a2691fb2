//! The sockets of all network namespaces.

use super::{Lister, Namespaces, everywhere, of_namespace};
use crate::linux::source::{NetworkSource, Source};
use crate::linux::stat::{is_gone, is_refused};
use crate::linux::{host, namespaces};
use netstat_model::error::words_of;
use netstat_model::query::States;
use netstat_model::{Answer, Error, Namespace, Warning};
use std::io;

/// Lists the sockets of every network namespace that can be found and entered; of those that are named, and maybe others,
/// where some are.
pub(super) fn list(
    source: &dyn Source,
    within: Option<&Namespaces>,
    lister: &mut Lister<'_>,
    warnings: &mut Vec<Warning>,
) -> Result<(), Error> {
    let own = host::namespace(source);
    let Answer { data: mut places, warnings: lacks } = namespaces::find(source)?;
    warnings.extend(lacks);
    // The program sees namespaces that nothing leads to; sockets of these are in the list of all alone.
    let is_found = |id: &Namespace| places.iter().any(|place| place.namespace.id == *id);
    if let Some(within) = within.filter(|within| within.iter().all(is_found)) {
        places.retain(|place| within.contains(&place.namespace.id));
    }
    let by_program = everywhere::list(lister, places.len())?;
    let left_of = |of, within: &dyn NetworkSource| {
        by_program.as_ref().map_or(States::all(), |program| program.left_of(of, within))
    };
    let mut refused: Option<(usize, io::Error)> = None;
    for namespaces::Place { namespace, path } in places {
        if lister.full {
            break;
        }
        lister.namespace = Some(namespace.id);
        if own == Some(namespace.id) {
            let left = if by_program.is_some() { States::BOUND } else { States::all() };
            of_namespace(source, lister, left, warnings)?;
            continue;
        }
        match source.enter(&path, namespace.id.inode) {
            Ok(within) => {
                let left = left_of(namespace.id, &*within);
                of_namespace(&*within, lister, left, warnings)?;
            }
            // It has ended meanwhile.
            Err(error) if is_gone(&error) => {}
            Err(error) => refused.get_or_insert((0, error)).0 += 1,
        }
    }
    if let Some((namespaces, error)) = refused {
        let needs = if is_refused(&error) { "; it takes root (CAP_SYS_ADMIN)" } else { "" };
        let reason = format!("{}{needs}", words_of(&error));
        warnings.push(Warning::NamespacesLeftOut { namespaces, reason });
    }
    Ok(())
}
