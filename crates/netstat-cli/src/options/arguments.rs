//! The command line as typed, before it is interpreted.

use crate::render::format::Format;
use netstat_check::{Assignment, Check};
use netstat_engine::columns::Column;
use netstat_engine::view::sort::Order;
use netstat_model::query::{Owners, Tables};
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

/// What was typed. Options that were not typed are `false`, `None` or empty; `settings` gives them a meaning.
///
/// If an option is repeated with different values, the last one counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    /// `-a`: also listeners and UDP.
    pub(crate) all: bool,
    /// `-b`: the executable of each row.
    pub(crate) executable: bool,
    /// `-c`: processes by the number of ports they hold.
    pub(crate) port_counts: bool,
    /// `-d`: the DSCP column.
    pub(crate) dscp: bool,
    /// `-e`: interface statistics.
    pub(crate) ethernet: bool,
    /// `-f`: whole host names.
    pub(crate) full_names: bool,
    /// `-i`: the column of the time in the current state.
    pub(crate) time_in_state: bool,
    /// `-n`: numbers instead of names.
    pub(crate) numeric: bool,
    /// `-o`: the process ID column.
    pub(crate) pid: bool,
    /// `-p`: one protocol only.
    pub(crate) protocol: Option<ProtocolName>,
    /// `-q`: also listeners, UDP, and ports that are bound but not listening.
    pub(crate) bound: bool,
    /// `-r`: the routing table.
    pub(crate) route: bool,
    /// `-s`: statistics by protocol.
    pub(crate) statistics: bool,
    /// `-t`: the offload state column.
    pub(crate) offload: bool,
    /// `-v`: with `-e` each interface by itself; otherwise how owners were found.
    pub(crate) verbose: bool,
    /// `--table`: the routing tables.
    pub(crate) tables: Option<Tables>,
    /// `--no-extra`: with `-s` and `-e`, only what Windows shows.
    pub(crate) no_extra: bool,
    /// `--no-rates`: with an interval, no rates beside the counters of `-s` and `-e`.
    pub(crate) no_rates: bool,
    /// `-x`: NetworkDirect (RDMA) connections.
    pub(crate) network_direct: bool,
    /// `-y`: the TCP template column.
    pub(crate) template: bool,
    /// Seconds between two displays, at least 1.
    pub(crate) interval: Option<u32>,
    /// The interval, if it is rather a port.
    pub(crate) perhaps_port: Option<u32>,
    /// `--count`: displays after which to stop, at least 1. Only ever set together with `interval`.
    pub(crate) count: Option<u64>,
    /// `--lang`: the language of titles and headings.
    pub(crate) lang: Option<Lang>,
    /// `--utf8`: on Windows, UTF-8 to files and pipes too.
    pub(crate) utf8: bool,
    /// `--owners`: the owner method.
    pub(crate) owners: Option<Owners>,
    /// `--geo`: files with countries and networks of addresses, in order of precedence.
    pub(crate) geo: Vec<PathBuf>,
    /// `--path`: full paths where `-b` would show file names.
    pub(crate) path: bool,
    /// `--resolve-timeout`: the budget for all name lookups together.
    pub(crate) resolve_timeout: Option<Duration>,
    /// The words of the filter; empty for none. Their syntax is valid, but names in them may not exist.
    pub(crate) filter: Vec<OsString>,
    /// `--exists`: report by the exit code alone whether a row matches.
    pub(crate) exists: bool,
    /// `--wait`: return as soon as a row matches.
    pub(crate) wait: bool,
    /// `--timeout`: the limit of `--wait`.
    pub(crate) timeout: Option<Duration>,
    /// `--process`: the process in a column.
    pub(crate) process: bool,
    /// `--cmdline`: the command line in that column.
    pub(crate) cmdline: bool,
    /// `--columns`: the columns, in their order.
    pub(crate) columns: Option<Vec<&'static Column>>,
    /// `--columns help`.
    pub(crate) column_help: bool,
    /// `--limit`: the maximum number of rows.
    pub(crate) limit: Option<usize>,
    /// `--sort`: the order of the rows.
    pub(crate) sort: Option<Order>,
    /// `--group-by`: the columns to count rows by.
    pub(crate) group_by: Option<Vec<&'static Column>>,
    /// `--color`: whether states are coloured.
    pub(crate) color: Option<Colour>,
    /// `--json` and the other data formats. Only one may be given, which is checked later.
    pub(crate) formats: Vec<&'static Format>,
    /// Arguments of `netstat check`.
    pub(crate) check: CheckArguments,
    /// `--record`: the directory to write the operating system's answers to.
    pub(crate) record: Option<PathBuf>,
    /// `--replay`: the directory to answer from. Never set together with `record`.
    pub(crate) replay: Option<PathBuf>,
}

/// The first word of a command line that asks for checks.
const CHECK: &str = "check";

/// Returns true if the word asks for checks where it is the first.
pub(super) fn is_check_word(word: &OsStr) -> bool {
    word.eq_ignore_ascii_case(CHECK)
}

/// What was typed after `netstat check`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CheckArguments {
    /// The first word was `check`.
    pub(crate) asked: bool,
    /// The checks that were named; empty for all.
    pub(crate) names: Vec<&'static Check>,
    /// `--list`.
    pub(crate) list: bool,
    /// `--explain`.
    pub(crate) explain: Option<&'static Check>,
    /// `--watch`: the pause between two looks.
    pub(crate) watch: Option<Duration>,
    /// `--config`.
    pub(crate) config: Option<PathBuf>,
    /// `--set`, in their order.
    pub(crate) set: Vec<Assignment>,
    /// `--learn`: write a policy of what is there.
    pub(crate) learn: bool,
    /// `--policy`: the file to check by.
    pub(crate) policy: Option<PathBuf>,
}

/// What `-p` accepts. The plain names mean IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ProtocolName {
    /// IPv4, statistics only.
    Ip,
    /// IPv6, statistics only.
    Ipv6,
    /// ICMP for IPv4, statistics only.
    Icmp,
    /// ICMP for IPv6, statistics only.
    Icmpv6,
    /// TCP over IPv4.
    Tcp,
    /// TCP over IPv6.
    Tcpv6,
    /// UDP over IPv4.
    Udp,
    /// UDP over IPv6.
    Udpv6,
}

impl ProtocolName {
    /// Every protocol, those with connections first.
    const ALL: [Self; 8] =
        [Self::Tcp, Self::Tcpv6, Self::Udp, Self::Udpv6, Self::Ip, Self::Ipv6, Self::Icmp, Self::Icmpv6];

    /// The names of [`Self::ALL`].
    pub(super) const NAMES: [&'static str; 8] =
        ["tcp", "tcpv6", "udp", "udpv6", "ip", "ipv6", "icmp", "icmpv6"];

    /// Finds a protocol by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        by_name(&Self::NAMES, &Self::ALL, name)
    }

    /// Returns the name in lower case.
    pub(crate) fn name(self) -> &'static str {
        let named = Self::ALL.iter().zip(Self::NAMES).find(|(protocol, _)| **protocol == self);
        named.map_or("", |(_, name)| name)
    }

    /// Returns true if the protocol has connections or ports, and so rows in the connection table.
    pub(crate) fn has_sockets(self) -> bool {
        matches!(self, Self::Tcp | Self::Tcpv6 | Self::Udp | Self::Udpv6)
    }
}

impl Arguments {
    /// Returns true if the document of a report other than the connection table is asked for.
    pub(crate) fn json(&self) -> bool {
        self.formats.iter().any(|format| format.of_every_report)
    }
}

/// Whether states are coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Colour {
    /// On a terminal that can show them, unless `NO_COLOR` is set.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

impl Colour {
    /// The words of `--color`.
    pub(super) const NAMES: [&'static str; 3] = ["auto", "always", "never"];

    /// Finds a choice by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        by_name(&Self::NAMES, &[Self::Auto, Self::Always, Self::Never], name)
    }
}

/// Languages of titles and headings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Lang {
    /// English.
    En,
    /// Korean.
    Ko,
}

impl Lang {
    /// The words of `--lang`.
    pub(super) const NAMES: [&'static str; 2] = ["en", "ko"];

    /// Finds a language by name, ignoring case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        by_name(&Self::NAMES, &[Self::En, Self::Ko], name)
    }
}

/// The words of `--owners`.
pub(super) const OWNERS_NAMES: [&str; 3] = ["auto", "bpf", "proc"];

/// Finds an owner method by name, ignoring case.
pub(super) fn owners_from_name(name: &str) -> Option<Owners> {
    by_name(&OWNERS_NAMES, &[Owners::Auto, Owners::Bpf, Owners::Proc], name)
}

/// Returns the value at the place of the name, which may be in any letter case.
fn by_name<T: Copy>(names: &[&str], values: &[T], name: &str) -> Option<T> {
    let at = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    values.get(at).copied()
}
