//! The table of sockets: listing them, and looking for their owners at the same time.

use super::owners::{self, HeadStart};
use super::sockets;
use super::source::Source;
use netstat_model::query::{Listing, OwnerSearch, Visit};
use netstat_model::{Answer, Error, OwnerMethod, SocketRef, SocketTable};

/// Lists the sockets of a query as far as the visitor keeps them, and looks for their owners where that is asked for.
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
        // Where few owners are wanted, perhaps none, the look would be for nothing.
        let head_start = match listing.owners {
            OwnerSearch::All(_) => Some(HeadStart::begin(scope, source, by)),
            OwnerSearch::Some(_) | OwnerSearch::No => None,
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
