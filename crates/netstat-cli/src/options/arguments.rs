//! The command line as typed, before it is interpreted.

use crate::render::format::Format;
use netstat_check::{Assignment, Check};
use netstat_engine::columns::Column;
use netstat_engine::text::{Language, When};
use netstat_engine::view::sort::Order;
use netstat_fleet::Target;
use netstat_model::query::{Kinds, Owners, SocketSource, Tables};
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What was typed. Options that were not typed are `false`, `None` or empty; `settings` gives them a meaning.
///
/// A field has the name of its long option or says what it shows; the lists in `table/` set it. If an option is repeated
/// with different values, the last one counts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Arguments {
    pub(crate) all: bool,
    pub(crate) executable: bool,
    pub(crate) port_counts: bool,
    pub(crate) dscp: bool,
    pub(crate) ethernet: bool,
    pub(crate) full_names: bool,
    pub(crate) time_in_state: bool,
    pub(crate) numeric: bool,
    pub(crate) pid: bool,
    pub(crate) protocol: Option<ProtocolName>,
    /// `--family`, else the families that the filter names.
    pub(crate) family: Option<FamilyChoice>,
    pub(crate) bound: bool,
    pub(crate) route: bool,
    pub(crate) statistics: bool,
    pub(crate) offload: bool,
    pub(crate) verbose: bool,
    pub(crate) tables: Option<Tables>,
    pub(crate) no_extra: bool,
    pub(crate) no_rates: bool,
    pub(crate) network_direct: bool,
    /// `--interfaces`: a line for each interface.
    pub(crate) interfaces: bool,
    /// `--multicast`: the groups that interfaces belong to.
    pub(crate) multicast: bool,
    pub(crate) template: bool,
    /// Seconds between two displays, at least 1.
    pub(crate) interval: Option<u32>,
    /// `--watch`: the pause between two displays that are drawn in place, or between two looks of `netstat check`.
    pub(crate) watch: Option<Duration>,
    /// The interval, if it is longer than a minute and perhaps meant as something else.
    pub(crate) long_interval: Option<u32>,
    /// `--count`: displays after which to stop, at least 1. Only ever set together with `interval` or `watch`.
    pub(crate) count: Option<u64>,
    pub(crate) lang: Option<Language>,
    pub(crate) utf8: bool,
    pub(crate) owners: Option<Owners>,
    /// `--source`: how sockets are listed.
    pub(crate) source: Option<SocketSource>,
    /// `--netns`: whose sockets, routes and counters; `None` for those of this process.
    pub(crate) netns: Option<Netns>,
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
    pub(crate) columns: Option<Vec<&'static Column>>,
    pub(crate) column_help: bool,
    /// `--limit`: the maximum number of rows.
    pub(crate) limit: Option<usize>,
    /// `--no-header`: rows alone.
    pub(crate) no_header: bool,
    /// `--sort`: the order of the rows.
    pub(crate) sort: Option<Order>,
    /// `--group-by`: the columns to count rows by.
    pub(crate) group_by: Option<Vec<&'static Column>>,
    pub(crate) color: Option<Colour>,
    /// `--json` and the other data formats. Only one may be given, which is checked later.
    pub(crate) formats: Vec<&'static Format>,
    /// The first word, where it asks for something other than a table.
    pub(crate) verb: Option<Verb>,
    /// Arguments of `netstat check`.
    pub(crate) check: CheckArguments,
    /// Arguments of `netstat capture`.
    pub(crate) capture: CaptureArguments,
    /// `--once`: whether `netstat metrics` and `netstat ship` end after the first time.
    pub(crate) once: bool,
    /// Arguments of `netstat metrics`.
    pub(crate) metrics: MetricsArguments,
    /// Arguments of `netstat history`, which `netstat report` shares.
    pub(crate) history: HistoryArguments,
    /// `--page`: the file that `netstat report` writes; `-` for standard output.
    pub(crate) page: Option<PathBuf>,
    /// `--from` and what goes with it.
    pub(crate) fleet: FleetArguments,
    /// Arguments of `netstat ship`.
    pub(crate) ship: ShipArguments,
    /// `--at`: the moment whose table is shown.
    pub(crate) at: Option<When>,
    /// `--store`: the history to read, or to write.
    pub(crate) store: Option<PathBuf>,
    /// Arguments of `netstat close` and `netstat end`.
    pub(crate) act: ActArguments,
    /// Arguments of `netstat record`.
    pub(crate) recorder: RecordArguments,
    /// `--for`: how long the view or the capture lasts.
    pub(crate) lasts: Option<Duration>,
    /// Arguments of `netstat live`.
    pub(crate) live: LiveArguments,
    /// `--record`: the directory to write the operating system's answers to.
    pub(crate) record: Option<PathBuf>,
    /// `--replay`: the directory to answer from. Never set together with `record`.
    pub(crate) replay: Option<PathBuf>,
}

/// The value of `--netns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Netns {
    /// Every network namespace of this machine, in one table.
    All,
    /// One: a name of `ip netns`, the ID of a process in it, or the path of its file.
    One(OsString),
}

/// Which families of sockets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FamilyChoice {
    pub(crate) kinds: Kinds,
    /// `all`, rather than some by name.
    pub(crate) all: bool,
}

impl FamilyChoice {
    /// Returns whether there are sockets among them that the table of Windows does not have.
    pub(crate) fn has_others(self) -> bool {
        !self.kinds.others().is_empty()
    }
}

/// What was typed after `netstat check`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CheckArguments {
    /// The checks that were named; empty for all.
    pub(crate) names: Vec<&'static Check>,
    /// The ports that were named after `bind`.
    pub(crate) ports: Vec<String>,
    pub(crate) list: bool,
    pub(crate) explain: Option<&'static Check>,
    pub(crate) config: Option<PathBuf>,
    /// `--set`, in their order.
    pub(crate) set: Vec<Assignment>,
    /// `--learn`: write a policy of what is there.
    pub(crate) learn: bool,
    /// `--policy`: the file to check by.
    pub(crate) policy: Option<PathBuf>,
}

/// What was typed after `netstat history`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct HistoryArguments {
    /// `--since`: the start of the span.
    pub(crate) since: Option<When>,
    /// `--until`: its end.
    pub(crate) until: Option<When>,
    /// `--summary`: what happened, in short.
    pub(crate) summary: bool,
}

/// What was typed after `netstat capture`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct CaptureArguments {
    /// `--write`: the file to write.
    pub(crate) write: Option<PathBuf>,
    /// `--read`: the capture to read.
    pub(crate) read: Option<PathBuf>,
    /// `--max-size`: how large the file may become, in bytes.
    pub(crate) max_size: Option<u64>,
    /// `--files`: how many files make a ring.
    pub(crate) files: Option<usize>,
    /// `--snap`: how many bytes of each packet to keep.
    pub(crate) snap: Option<usize>,
    /// `--headers`: keep the headers alone.
    pub(crate) headers: bool,
    /// `--names`: tell names that packets hold.
    pub(crate) names: bool,
    /// `--follow-text`: print the readable start of what each end sends.
    pub(crate) follow_text: bool,
}

/// What was typed after `netstat metrics`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MetricsArguments {
    /// `--listen`: where to answer.
    pub(crate) listen: Option<SocketAddr>,
    /// `--output`: the file to write.
    pub(crate) output: Option<PathBuf>,
    /// `--otlp`: where to send.
    pub(crate) otlp: Option<String>,
    /// `--logs`: send connections that ended as well.
    pub(crate) logs: bool,
    /// `--top`: how many processes and destinations are named.
    pub(crate) top: Option<usize>,
}

/// What was typed after `netstat record`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RecordArguments {
    /// `--follow`: print what ends.
    pub(crate) follow: bool,
    /// `--opens`: and what opens.
    pub(crate) opens: bool,
    /// `--arguments`: keep the arguments of processes.
    pub(crate) arguments: bool,
    /// `--udp`: keep to whom UDP sockets send.
    pub(crate) udp: bool,
    /// `--keep`: the size of the history, in bytes.
    pub(crate) keep: Option<u64>,
    /// `--keep-days`: how many days it goes back.
    pub(crate) keep_days: Option<u64>,
    /// `--status`: tell how the recorder is doing.
    pub(crate) status: bool,
    /// `--stop`: stop it.
    pub(crate) stop: bool,
    /// `--ship`: the database to send what is kept to.
    pub(crate) ship: Option<Target>,
    /// `--install-service`: install the recorder as a service of Windows.
    pub(crate) install_service: bool,
    /// `--uninstall-service`: remove it.
    pub(crate) uninstall_service: bool,
}

/// What was typed about histories of many hosts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct FleetArguments {
    /// `--from`: the database to ask.
    pub(crate) from: Option<Target>,
    /// `--host`: a pattern for the hosts that are asked about.
    pub(crate) host: Option<String>,
    /// `--credentials`: the file with user and password.
    pub(crate) credentials: Option<PathBuf>,
    /// `--max-rows`: how many rows may be fetched.
    pub(crate) most: Option<u64>,
}

/// What was typed after `netstat ship`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct ShipArguments {
    /// `--to`: the database to send to.
    pub(crate) to: Option<Target>,
    /// `--every`: the pause between two inserts.
    pub(crate) every: Option<Duration>,
    /// `--schema`: print the tables.
    pub(crate) schema: bool,
    /// `--create`: make them.
    pub(crate) create: bool,
}

/// What was typed after `netstat close` or `netstat end`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ActArguments {
    /// `--yes`: ask nobody.
    pub(crate) yes: bool,
    /// `--dry-run`: list what would be done.
    pub(crate) dry_run: bool,
    /// `--this-terminal`: even what this terminal comes through.
    pub(crate) this_terminal: bool,
    /// `--kill`: end processes at once.
    pub(crate) kill: bool,
}

/// What was typed after `netstat live`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct LiveArguments {
    /// `--view`: the tab to begin with.
    pub(crate) view: Option<netstat_live::Tab>,
    /// `--no-mouse`: leave the mouse to the terminal.
    pub(crate) no_mouse: bool,
    /// `--ascii`: draw with ASCII alone.
    pub(crate) ascii: bool,
    /// `--budget`: how much of a processor listing may take, in percent.
    pub(crate) budget: Option<u32>,
    /// `--plain`: draw nothing, and write lines.
    pub(crate) plain: bool,
    pub(crate) read_only: bool,
}

/// Defines an enum whose values are typed by name.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum $name {
            $($(#[$of])* $variant,)*
        }

        impl $name {
            pub(in crate::options) const NAMES: [&'static str; [$($word),*].len()] = [$($word),*];

            /// Finds a value by name, ignoring case.
            pub(in crate::options) fn from_name(name: &str) -> Option<Self> {
                $crate::options::arguments::by_name(&Self::NAMES, &[$(Self::$variant),*], name)
            }
        }
    };
}
pub(super) use named;

named! {
    /// The first word of a command line that asks for something other than a table.
    Verb {
        /// Judges what is there.
        Check = "check",
        /// Watches connections open and end.
        Record = "record",
        /// Tells what connections there were.
        History = "history",
        /// Closes connections.
        Close = "close",
        /// Ends the processes that hold sockets.
        End = "end",
        /// Shows what there is as it changes.
        Live = "live",
        /// Keeps the packets of connections.
        Capture = "capture",
        /// Gives what there is as metrics.
        Metrics = "metrics",
        /// Makes a page of what happened.
        Report = "report",
        /// Sends what a recorder keeps to where it is asked for.
        Ship = "ship",
    }
}

impl Verb {
    /// Returns the word in lower case.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Record => "record",
            Self::History => "history",
            Self::Close => "close",
            Self::End => "end",
            Self::Live => "live",
            Self::Capture => "capture",
            Self::Metrics => "metrics",
            Self::Report => "report",
            Self::Ship => "ship",
        }
    }

    /// Returns what a word asks for where it is the first.
    pub(crate) fn of_word(word: &OsStr) -> Option<Self> {
        let word = word.to_str()?;
        // As people call such a program.
        if word.eq_ignore_ascii_case("top") { Some(Self::Live) } else { Self::from_name(word) }
    }
}

named! {
    /// What `-p` accepts, those with connections first. The plain names mean IPv4.
    ProtocolName {
        /// TCP over IPv4.
        Tcp = "tcp",
        /// TCP over IPv6.
        Tcpv6 = "tcpv6",
        /// UDP over IPv4.
        Udp = "udp",
        /// UDP over IPv6.
        Udpv6 = "udpv6",
        /// IPv4, statistics only.
        Ip = "ip",
        /// IPv6, statistics only.
        Ipv6 = "ipv6",
        /// ICMP for IPv4, statistics only.
        Icmp = "icmp",
        /// ICMP for IPv6, statistics only.
        Icmpv6 = "icmpv6",
    }
}

impl ProtocolName {
    /// Returns the name in lower case.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|name| Self::from_name(name) == Some(self)).unwrap_or_default()
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

named! {
    /// Whether states are coloured.
    Colour {
        /// On a terminal that can show them, unless `NO_COLOR` is set.
        Auto = "auto",
        /// In any case.
        Always = "always",
        /// In no case.
        Never = "never",
    }
}

/// The words of `--lang`.
pub(super) const LANGUAGES: [&str; 2] = ["en", "ko"];

/// The words of `--owners`.
pub(super) const OWNER_METHODS: [&str; 3] = ["auto", "bpf", "proc"];

/// The words of `--source`.
pub(super) const SOCKET_SOURCES: [&str; 4] = ["auto", "iter", "diag", "proc"];

/// Returns the value at the place of the name, which may be in any letter case.
pub(super) fn by_name<T: Copy>(names: &[&str], values: &[T], name: &str) -> Option<T> {
    let at = names.iter().position(|known| known.eq_ignore_ascii_case(name))?;
    values.get(at).copied()
}

named! {
    /// Whose options and text these are.
    Dialect {
        /// Those of Windows netstat, and all that goes beyond it.
        Windows = "windows",
        /// Those of the netstat of net-tools, which Linux distributions have.
        NetTools = "net-tools",
    }
}
