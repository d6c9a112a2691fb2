//! The command line as typed, before anything is concluded from it.

use crate::check::{Assignment, Check};
use crate::columns::Column;
use crate::view::sort::Order;
use netstat_model::query::{Owners, Tables};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// What was typed. A field that was not typed is `false` or `None`; what that means is decided later.
///
/// Where an option was repeated with different values the last one holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    /// `-a`: listeners and UDP as well.
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
    /// `-q`: listeners, UDP, and ports bound but not listening.
    pub(crate) bound: bool,
    /// `-r`: the routing table.
    pub(crate) route: bool,
    /// `-s`: statistics by protocol.
    pub(crate) statistics: bool,
    /// `-t`: the offload state column.
    pub(crate) offload: bool,
    /// `-v`: with `-e` each interface by itself; with `-b` a letter of Windows XP.
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
    /// `--count`: displays after which to stop, at least 1. Only ever set together with `interval`.
    pub(crate) count: Option<u64>,
    /// `--lang`: the language of titles and headings.
    pub(crate) lang: Option<Lang>,
    /// `--utf8`: UTF-8 on Windows too, wherever it goes.
    pub(crate) utf8: bool,
    /// `--owners`: by what means owners are looked for.
    pub(crate) owners: Option<Owners>,
    /// `--geo`: files with countries and networks of addresses, the first to be asked first.
    pub(crate) geo: Vec<PathBuf>,
    /// `--path`: the full path where `-b` would show a file name.
    pub(crate) path: bool,
    /// `--resolve-timeout`: the time all name look-ups together may take.
    pub(crate) resolve_timeout: Option<Duration>,
    /// The words of the filter; empty for none. They are a filter, though a name in them may stand for nothing.
    pub(crate) filter: Vec<OsString>,
    /// `--exists`: say by the exit code alone whether a row matches.
    pub(crate) exists: bool,
    /// `--wait`: return as soon as a row matches.
    pub(crate) wait: bool,
    /// `--timeout`: how long `--wait` waits at most.
    pub(crate) timeout: Option<Duration>,
    /// `--process`: the process in a column.
    pub(crate) process: bool,
    /// `--cmdline`: its command line there.
    pub(crate) cmdline: bool,
    /// `--columns`: the columns, in their order.
    pub(crate) columns: Option<Vec<&'static Column>>,
    /// `--columns help`.
    pub(crate) column_help: bool,
    /// `--limit`: how many rows there are at most.
    pub(crate) limit: Option<usize>,
    /// `--sort`: the order of the rows.
    pub(crate) sort: Option<Order>,
    /// `--group-by`: the columns by whose values rows are counted.
    pub(crate) group_by: Option<Vec<&'static Column>>,
    /// `--color`: whether states have colours.
    pub(crate) color: Option<Colour>,
    /// `--json`: one document.
    pub(crate) json: bool,
    /// `--jsonl`: a line of JSON for each row.
    pub(crate) jsonl: bool,
    /// `--csv`: a line of CSV for each row.
    pub(crate) csv: bool,
    /// What belongs to `netstat check`.
    pub(crate) check: CheckArguments,
    /// `--record`: the directory to write the operating system's answers to.
    pub(crate) record: Option<PathBuf>,
    /// `--replay`: the directory to answer from. Never set together with `record`.
    pub(crate) replay: Option<PathBuf>,
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
    /// Every name, as typed, with what it means.
    const ALL: [(&'static str, Self); 8] = [
        ("tcp", Self::Tcp),
        ("tcpv6", Self::Tcpv6),
        ("udp", Self::Udp),
        ("udpv6", Self::Udpv6),
        ("ip", Self::Ip),
        ("ipv6", Self::Ipv6),
        ("icmp", Self::Icmp),
        ("icmpv6", Self::Icmpv6),
    ];

    /// The names people type, those with connections first.
    pub(super) const NAMES: [&'static str; 8] = {
        let mut names = [""; 8];
        let mut i = 0;
        while i < names.len() {
            names[i] = Self::ALL[i].0;
            i += 1;
        }
        names
    };

    /// The protocol of a name, in any letter case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(spelling, _)| spelling.eq_ignore_ascii_case(name))
            .map(|(_, protocol)| *protocol)
    }

    /// The name as typed, in lower case.
    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, protocol)| *protocol == self).map_or("", |(name, _)| name)
    }

    /// Whether the protocol has connections or ports, and so rows in the connection table.
    pub(crate) fn has_sockets(self) -> bool {
        matches!(self, Self::Tcp | Self::Tcpv6 | Self::Udp | Self::Udpv6)
    }
}

/// Data for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Format {
    /// `--json`.
    Json,
    /// `--jsonl`.
    JsonLines,
    /// `--csv`.
    Csv,
}

impl Arguments {
    /// The formats that were asked for, with their spellings.
    pub(crate) fn formats(&self) -> impl Iterator<Item = (Format, &'static str)> {
        [
            (self.json, Format::Json, "--json"),
            (self.jsonl, Format::JsonLines, "--jsonl"),
            (self.csv, Format::Csv, "--csv"),
        ]
        .into_iter()
        .filter_map(|(typed, format, spelling)| typed.then_some((format, spelling)))
    }
}

/// Whether states have colours.
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
    /// The names people type.
    pub(super) const NAMES: [&'static str; 3] = ["auto", "always", "never"];

    /// The choice of a name, in any letter case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "auto" => Some(Self::Auto),
            "always" => Some(Self::Always),
            "never" => Some(Self::Never),
            _ => None,
        }
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
    /// The names people type.
    pub(super) const NAMES: [&'static str; 2] = ["en", "ko"];

    /// The language of a name, in any letter case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "ko" => Some(Self::Ko),
            _ => None,
        }
    }
}

/// The words of `--owners`, with what they mean.
const OWNERS: [(&str, Owners); 3] = [("auto", Owners::Auto), ("bpf", Owners::Bpf), ("proc", Owners::Proc)];

/// The words of `--owners`.
pub(super) const OWNERS_NAMES: [&str; 3] = [OWNERS[0].0, OWNERS[1].0, OWNERS[2].0];

/// What a word of `--owners` means, in any letter case.
pub(super) fn owners_from_name(name: &str) -> Option<Owners> {
    OWNERS.iter().find(|(word, _)| word.eq_ignore_ascii_case(name)).map(|&(_, owners)| owners)
}
