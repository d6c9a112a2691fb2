//! The identity of sockets and processes from one look to the next. All of `check` takes its keys from here.

pub(crate) use netstat_model::{ProcessKey, SocketKey};
