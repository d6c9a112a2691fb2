//! What the two ways to list the sockets of a family give.

use crate::linux::wire::DumpEnd;
use netstat_model::Socket;
use std::io;

/// Sockets from sock_diag.
pub(super) type Dumped = io::Result<(Vec<Socket>, DumpEnd)>;

/// Sockets from a file, and the number of malformed lines.
pub(super) type Lines = io::Result<(Vec<Socket>, u64)>;
