//! Single sockets that are read again.

use super::decode::{decode_details, decode_head};
use crate::linux::source::Source;
use netstat_model::query::{Fields, SocketQuery};
use netstat_model::{SocketRef, SocketTable, TcpInfo, Transport};

/// Sockets that are read again, one by one.
pub(in crate::linux) struct Again<'a> {
    query: &'a SocketQuery,
    table: SocketTable,
    spare: Option<Box<TcpInfo>>,
    /// Whether ages were asked for and can be trusted.
    knows_age: bool,
}

impl<'a> Again<'a> {
    /// Returns an empty table for sockets of which a query says what is read.
    pub(in crate::linux) fn new(query: &'a SocketQuery, source: &dyn Source) -> Self {
        let knows_age = query.fields.contains(Fields::AGE) && super::can_trust_ages(source);
        Self { query, table: SocketTable::new(query.keep()), spare: None, knows_age }
    }

    /// Adds a row of sock_diag. One that is malformed is left out.
    pub(in crate::linux) fn add(&mut self, row: &[u8], protocol: Transport) {
        let Some(head) = decode_head(row, protocol) else { return };
        let mut socket = head.to_socket();
        decode_details(row, self.query.tcp, &mut socket, &mut self.spare);
        if !self.knows_age {
            socket.age = None;
        }
        let _ = self.table.push(&SocketRef::from(&socket));
        self.spare = socket.tcp.take().or(self.spare.take());
    }

    /// Returns the table.
    pub(in crate::linux) fn table(self) -> SocketTable {
        self.table
    }
}
