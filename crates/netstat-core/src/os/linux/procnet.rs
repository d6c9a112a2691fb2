//! The fallback where sock_diag is refused: `/proc/net/{tcp,tcp6,udp,udp6}`.

use super::source::Source;
use crate::Answer;
use crate::model::Socket;
use crate::query::SocketQuery;
use std::io;

/// The sockets of the query, as `/proc/net` tells them.
pub(super) fn sockets(_: &dyn Source, _: &SocketQuery) -> io::Result<Answer<Vec<Socket>>> {
    Err(io::ErrorKind::Unsupported.into())
}
