//! The packed table: listing the sockets and looking for their owners at the same time.

use super::owners::{self, HeadStart};
use super::sockets;
use super::source::Source;
use crate::owners_unknown;
use netstat_model::query::{Owners, SocketQuery};
use netstat_model::{Answer, Error, OwnerMethod};
use netstat_model::{Brief, Table};

/// The rows of the query, and who holds them if a means to find that is given.
pub(super) fn table(
    source: &dyn Source,
    query: &SocketQuery,
    owners: Option<Owners>,
    keep: &dyn Fn(&Brief) -> bool,
) -> Result<Answer<(Table, OwnerMethod)>, Error> {
    let Some(by) = owners else {
        let Answer { data, warnings } = sockets::table(source, query, keep)?;
        return Ok(Answer { data: (data, OwnerMethod::NotNeeded), warnings });
    };
    std::thread::scope(|scope| {
        let head_start = HeadStart::begin(scope, source, by);
        let Answer { data: mut table, mut warnings } = sockets::table(source, query, keep)?;
        let found = head_start.finish();
        let method = match owners::attach_to_table(source, &mut table, query, by, found) {
            Ok(answer) => {
                warnings.extend(answer.warnings);
                answer.data
            }
            Err(error) => {
                warnings.push(owners_unknown(error, by)?);
                OwnerMethod::NotNeeded
            }
        };
        Ok(Answer { data: (table, method), warnings })
    })
}
