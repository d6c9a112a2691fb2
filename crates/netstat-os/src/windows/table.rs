//! The table of sockets: listing them, and turning the process IDs that the system names into processes.

use super::source::Source;
use super::{owners, sockets};
use netstat_model::query::{Listing, Owners, Visit};
use netstat_model::{Answer, Error, Operation, OwnerMethod, SocketRef, SocketTable};
use std::io;

/// Lists the sockets of a query as far as the visitor keeps them, with their owners where those are asked for.
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
            // Who holds a socket is in its row already.
            Visit::Keep | Visit::KeepWithOwners => {
                let _ = table.push(&socket);
            }
            Visit::Skip => {}
            Visit::Stop => break,
        }
    }
    let method = match listing.owners.by() {
        None => OwnerMethod::NotNeeded,
        Some(by) => {
            let found = if by == Owners::Auto {
                owners::attach(source, &mut table)
            } else {
                let why = io::Error::new(io::ErrorKind::Unsupported, "BPF and /proc are of Linux");
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
