//! The command line of the net-tools dialect as typed, before it is interpreted.

use netstat_model::query::Owners;
use std::ffi::OsString;
use std::path::PathBuf;

/// What was typed in the net-tools dialect. Options that were not typed are `false`, `None`, 0 or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NetToolsArguments {
    /// `-4`, `--inet`, `--ip`, `-A inet`.
    pub(crate) inet: bool,
    /// `-6`, `--inet6`, `-A inet6`.
    pub(crate) inet6: bool,
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
    /// `-g`.
    pub(crate) groups: bool,
    pub(crate) routes: bool,
    /// `-F`: the routing table beside the routing cache.
    pub(crate) fib: bool,
    /// `-C`: the routing cache.
    pub(crate) cache: bool,
    pub(crate) interfaces: bool,
    pub(crate) statistics: bool,
    pub(crate) masquerade: bool,
    pub(crate) all: bool,
    pub(crate) listening: bool,
    /// How often `-e` was typed.
    pub(crate) extend: u8,
    pub(crate) timers: bool,
    pub(crate) programs: bool,
    pub(crate) wide: bool,
    pub(crate) continuous: bool,
    pub(crate) verbose: bool,
    pub(crate) numeric_hosts: bool,
    pub(crate) numeric_ports: bool,
    pub(crate) numeric_users: bool,
    /// Seconds between two displays, at least 1.
    pub(crate) interval: Option<u32>,
    /// The interval, if it is rather a port.
    pub(crate) perhaps_port: Option<u32>,
    /// The words of the filter; empty for none.
    pub(crate) filter: Vec<OsString>,
    pub(crate) owners: Option<Owners>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) replay: Option<PathBuf>,
}
