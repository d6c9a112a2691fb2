//! The table of sockets: lists them, and turns the process IDs in their rows into processes.

use super::source::Source;
use super::{owners, sockets};
use netstat_model::query::{Listing, Owners, Visit};
use netstat_model::{Answer, Error, Operation, OwnerMethod, SocketRef, SocketTable};
use std::io;

/// Lists the sockets of a query and returns a table of those that the visitor keeps, with their owners if requested.
///
/// # Errors
/// If a table of Windows was refused, or owners were requested by a method that Windows does not have.
pub(super) fn table(
    source: &dyn Source,
    listing: &Listing<'_>,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
    let query = listing.query;
    let mut table = SocketTable::new(query.keep());
    let Answer { data: sockets, mut warnings } = sockets::sockets(source, query)?;
    for socket in &sockets {
        let socket = SocketRef::from(socket);
        match visit(&socket) {
            // The row of the socket has its process ID already.
            Visit::Keep | Visit::KeepWithOwners => {
                let _ = table.push(&socket);
            }
            Visit::KeepLight { .. } => {
                let _ = table.push_light(&socket, false);
            }
            Visit::Skip => {}
            Visit::Stop => break,
        }
    }
    let method = match listing.owners.by() {
        None => OwnerMethod::NotNeeded,
        Some(by) => {
            let found = if by == Owners::Auto {
                owners::attach(source, &mut table).map(|(method, doubt)| {
                    warnings.extend(doubt);
                    method
                })
            } else {
                let why = io::Error::new(io::ErrorKind::Unsupported, "BPF and /proc exist only on Linux");
                Err(Error::new(Operation::FindOwners, why))
            };
            match found {
                Ok(method) => method,
                Err(error) => {
                    let (method, warning) = listing.owners.failed(error)?;
                    warnings.push(warning);
                    method
                }
            }
        }
    };
    Ok(Answer { data: (table, method), warnings })
}

#[cfg(test)]
mod tests;
