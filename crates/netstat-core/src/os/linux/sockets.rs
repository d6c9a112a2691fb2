//! The socket table, from sock_diag.

use super::source::Source;
use crate::model::Socket;
use crate::query::SocketQuery;
use crate::{Answer, Error, Operation};
use std::io;

/// The sockets of the query.
pub(super) fn sockets(_: &dyn Source, _: &SocketQuery) -> Result<Answer<Vec<Socket>>, Error> {
    Err(Error::new(Operation::ListSockets, io::ErrorKind::Unsupported.into()))
}
