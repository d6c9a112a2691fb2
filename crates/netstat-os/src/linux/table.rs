//! The table of sockets: lists them, and looks for their owners at the same time.

use super::owners::{self, HeadStart};
use super::sockets;
use super::source::Source;
use netstat_model::query::{Listing, OwnerSearch, Scope, Visit};
use netstat_model::{Answer, Error, OwnerMethod, SocketRef, SocketTable};

/// Lists the sockets of a query and returns a table of those that the visitor keeps, with their owners if requested.
///
/// # Errors
/// If the sockets cannot be listed, or owners were requested by BPF and that failed.
pub(super) fn table(
    source: &dyn Source,
    listing: &Listing<'_>,
    visit: &mut dyn FnMut(&SocketRef<'_>) -> Visit,
) -> Result<Answer<(SocketTable, OwnerMethod)>, Error> {
    let Some(by) = listing.owners.by() else {
        let Answer { data, warnings } = sockets::list(source, listing, visit)?;
        return Ok(Answer { data: (data, OwnerMethod::NotNeeded), warnings });
    };
    std::thread::scope(|scope| {
        // If only some owners are wanted, perhaps none, a look at all processes may be for nothing.
        let head_start = match listing.owners {
            // The quick look is at TCP and UDP in the own namespace alone.
            OwnerSearch::All(_)
                if listing.query.scope == Scope::Own && listing.query.kinds.others().is_empty() =>
            {
                Some(HeadStart::begin(scope, source, by))
            }
            OwnerSearch::All(_) | OwnerSearch::Some(_) | OwnerSearch::No => None,
        };
        let Answer { data: mut table, mut warnings } = sockets::list(source, listing, visit)?;
        let found = head_start.map(HeadStart::finish).unwrap_or_default();
        let method = match owners::attach(source, &mut table, listing.query, by, found) {
            Ok(answer) => {
                warnings.extend(answer.warnings);
                answer.data
            }
            Err(error) => {
                let (method, warning) = listing.owners.failed(error)?;
                warnings.push(warning);
                method
            }
        };
        Ok(Answer { data: (table, method), warnings })
    })
}
