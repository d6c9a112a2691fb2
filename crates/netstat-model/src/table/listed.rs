//! How the sockets of a table were listed.

use super::SocketTable;
use crate::ListMethod;

impl SocketTable {
    /// Returns by what means its TCP sockets were listed; `None` where the system has only one, or none were asked for.
    pub fn listed_by(&self) -> Option<ListMethod> {
        self.listed_by
    }

    /// Notes by what means its TCP sockets were listed.
    pub fn set_listed_by(&mut self, method: ListMethod) {
        self.listed_by = Some(method);
    }
}
