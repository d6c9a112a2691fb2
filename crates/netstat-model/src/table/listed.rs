//! How a table was filled: by which means, and which row came last.

use super::{BLOCKS, RowId, SocketTable};
use crate::ListMethod;

impl SocketTable {
    /// Returns the row that came last, of a table that was not sorted.
    pub fn last_row(&self) -> Option<RowId> {
        let block = usize::from(*self.order.last()?);
        let rows = match block.checked_sub(BLOCKS) {
            None => self.v4.get(block)?.len(),
            Some(BLOCKS) => self.other.len(),
            Some(block) => self.v6.get(block)?.len(),
        };
        Some(RowId::new(block, rows.checked_sub(1)?))
    }

    /// Returns by what means its TCP sockets were listed; `None` where the system has only one, or none were asked for.
    pub fn listed_by(&self) -> Option<ListMethod> {
        self.listed_by
    }

    /// Notes by what means its TCP sockets were listed.
    pub fn set_listed_by(&mut self, method: ListMethod) {
        self.listed_by = Some(method);
    }
}
