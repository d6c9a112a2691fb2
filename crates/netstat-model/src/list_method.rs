//! By what means the TCP sockets of a table were listed.
//!
//! ```
//! use netstat_model::{ListMethod, NoBpf};
//!
//! let method = ListMethod::Diag(NoBpf::FewSockets);
//! assert!(method.to_string().starts_with("TCP sockets were listed by sock_diag, not with BPF: there are few"));
//! ```

use crate::NoBpf;
use std::fmt;

/// By what means TCP sockets were listed, on a system that has more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ListMethod {
    /// A BPF program wrote a row for each socket in the kernel's table (`iter/tcp`).
    Bpf,
    /// The kernel answered requests (`NETLINK_SOCK_DIAG`), because BPF was not used.
    Diag(NoBpf),
    /// The files in `/proc/net` were read.
    Proc,
}

impl fmt::Display for ListMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bpf => f.write_str("TCP sockets were listed with BPF"),
            Self::Diag(reason) => write!(f, "TCP sockets were listed by sock_diag, not with BPF: {reason}"),
            Self::Proc => f.write_str("TCP sockets were listed from /proc/net"),
        }
    }
}
