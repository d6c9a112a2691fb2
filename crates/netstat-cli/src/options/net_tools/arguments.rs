//! The command line of the net-tools dialect as typed, before it is interpreted.

use crate::render::net_tools::AddressFamily;
use netstat_model::query::Owners;
use std::ffi::OsString;
use std::path::PathBuf;

/// What was typed in the net-tools dialect. Options that were not typed are `false`, `None`, 0 or empty.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct NetToolsArguments {
    /// The families of `-4`, `-6`, `-x`, `-A` and their long names, in the order in which they were typed.
    pub(crate) families: Vec<AddressFamily>,
    pub(crate) tcp: bool,
    pub(crate) sctp: bool,
    pub(crate) udp: bool,
    pub(crate) udplite: bool,
    pub(crate) raw: bool,
    /// Bluetooth (`--l2cap`, `--rfcomm`).
    pub(crate) bluetooth: bool,
    /// `-Z`.
    pub(crate) contexts: bool,
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
    /// The interval, if it is longer than a minute and perhaps meant as something else.
    pub(crate) long_interval: Option<u32>,
    /// The words of the filter; empty for none.
    pub(crate) filter: Vec<OsString>,
    pub(crate) owners: Option<Owners>,
    pub(crate) record: Option<PathBuf>,
    pub(crate) replay: Option<PathBuf>,
}

impl NetToolsArguments {
    pub(crate) fn has(&self, family: AddressFamily) -> bool {
        self.families.contains(&family)
    }
}
