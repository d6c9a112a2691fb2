//! The meaning of the command line: options combined with each other, the environment and the system.

mod act;
mod capture;
mod fleet;
mod live;
mod metrics;
mod net_tools;
mod page;
mod past;
mod recorder;

use crate::options::{Arguments, Colour, Netns, ProtocolName, Verb};
use crate::render::extras::Extras;
use crate::render::format::Format;
pub(crate) use act::{Act, Deed};
pub(crate) use fleet::{FleetPlace, Ship, ShipTask};
pub(crate) use live::{Live, LiveForm};
pub(crate) use metrics::{Metrics, Sending};
pub(crate) use net_tools::{
    CounterGroups, GroupList, InterfaceList, Lists, NetTools, RouteTables, SocketList, UnixList, Which,
    Without,
};
use netstat_check::{self as check, Assignment, Check};
use netstat_engine::columns::{self, Column};
use netstat_engine::text::Language;
use netstat_engine::view::ConnectionsOptions;
use netstat_engine::view::sort::Order;
use netstat_engine::view::statistics::Kind;
use netstat_model::Family;
use netstat_model::query::{Kinds, Owners, RouteQuery, Scope, SocketSource};
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use capture::{Capture, Capturing, is_told};
pub(crate) use page::Page;
pub(crate) use past::{CheckedPast, History, Past, are_usual, is_kept};
pub(crate) use recorder::{Recorder, Recording};

/// The default budget for all host name lookups together.
pub(crate) const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The interpreted command line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) report: Report,
    pub(crate) language: Language,
    pub(crate) repeat: Repeat,
    pub(crate) tape: Tape,
    pub(crate) owners: Owners,
    /// How sockets are listed.
    pub(crate) source: SocketSource,
    /// Whose sockets are listed.
    pub(crate) scope: Scope,
    /// The network namespace to enter first; `None` to stay in that of this process.
    pub(crate) namespace: Option<OsString>,
    pub(crate) geo: Vec<PathBuf>,
    /// The interval, if it is longer than a minute and perhaps meant as something else.
    pub(crate) long_interval: Option<u32>,
    /// The words of the filter; empty for none.
    pub(crate) filter: Vec<OsString>,
    /// What to do with the rows.
    pub(crate) purpose: Purpose,
    /// The moment to show (`--at`); `None` for now.
    pub(crate) past: Option<Past>,
    /// `-v` of reports that have no other use for it: report how sockets were listed and owners were found.
    pub(crate) verbose: bool,
}

/// What to do with the rows that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Show them.
    Show,
    /// Report by the exit code whether there is one (`--exists`).
    Ask,
    /// Wait for the first match, up to this timeout (`--wait`).
    Await(Option<Duration>),
}

/// The report to show. If several are asked for, the first of this list wins, as on Windows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// `-r`.
    Routes { query: RouteQuery, json: bool },
    /// `-e`, `-s`.
    Statistics(Statistics),
    /// `-x`.
    Rdma,
    /// `--interfaces`.
    Interfaces { rates: bool, json: bool },
    /// `--multicast`.
    Multicast { json: bool },
    /// `-c`.
    ProcessCounts(ConnectionsOptions),
    /// `netstat check`.
    Check(Checks),
    /// `netstat record`.
    Record(Recorder),
    /// `netstat close`, `netstat end`.
    Act(Act),
    /// `netstat capture`.
    Capture(Capture),
    /// A report of the net-tools dialect.
    NetTools(NetTools),
    /// `netstat history`.
    History(History),
    /// `netstat live`.
    Live(Live),
    /// `netstat metrics`.
    Metrics(Metrics),
    /// `netstat report`.
    Page(Page),
    /// `netstat ship`.
    Ship(Box<Ship>),
    /// Everything else.
    Connections(Connections),
}

impl Report {
    /// Returns true if it is written as data.
    pub(crate) fn is_data(&self) -> bool {
        match self {
            Self::Routes { json, .. }
            | Self::Statistics(Statistics { json, .. })
            | Self::Interfaces { json, .. }
            | Self::Multicast { json }
            | Self::Check(Checks { json, .. }) => *json,
            Self::Connections(table) | Self::History(History { table, .. }) => {
                matches!(table.form, Layout::Data(..))
            }
            Self::Capture(capture) => capture.is_data(),
            Self::Rdma
            | Self::ProcessCounts(_)
            | Self::Record(_)
            | Self::Act(_)
            | Self::Live(_)
            | Self::Metrics(_)
            | Self::Page(_)
            | Self::Ship(_)
            | Self::NetTools(_) => false,
        }
    }
}

/// What to check, and how to show it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Checks {
    pub(crate) task: Task,
    pub(crate) config: Option<PathBuf>,
    /// `--set`, in order.
    pub(crate) set: Vec<Assignment>,
    pub(crate) policy: Option<PathBuf>,
    pub(crate) json: bool,
    /// Whether severities are coloured.
    pub(crate) colour: Colour,
    /// The moment or the span of a history that is judged; `None` for the system as it is.
    pub(crate) past: Option<CheckedPast>,
}

impl Checks {
    /// Returns these checks as they are without any option.
    pub(crate) fn of(checks: Vec<&'static Check>) -> Self {
        Self {
            task: Task::Run { checks, named: false },
            config: None,
            set: Vec::new(),
            policy: None,
            json: false,
            colour: Colour::Never,
            past: None,
        }
    }

    /// Returns true if a check that is run needs to locate addresses.
    pub(crate) fn needs_places(&self) -> bool {
        match &self.task {
            Task::Run { checks, .. } => checks.iter().any(|check| check.needs.surroundings.places),
            Task::List | Task::Explain(_) | Task::Learn => false,
        }
    }
}

/// What to do with the checks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Task {
    /// List them (`--list`).
    List,
    Explain(&'static Check),
    /// Write a policy that allows what is there now (`--learn`).
    Learn,
    /// Run them.
    Run {
        /// The checks to run.
        checks: Vec<&'static Check>,
        /// Whether they were named on the command line.
        named: bool,
    },
}

/// The counters to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    /// `-e`.
    pub(crate) interfaces: Option<Interfaces>,
    /// `-s`.
    pub(crate) protocols: Option<Protocols>,
    /// Also show what Windows does not.
    pub(crate) extra: bool,
    /// Show the change per second beside each counter.
    pub(crate) rates: bool,
    /// `--json`: all counters, as one document.
    pub(crate) json: bool,
}

/// The interfaces that `-e` shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interfaces {
    /// The sum of all but loopback.
    Total,
    /// Each by itself.
    Each,
}

/// The protocols that `-s` shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Protocols {
    /// `-p`; `None` for all.
    pub(crate) only: Option<(ProtocolName, Kind)>,
    /// The connection table that follows if a protocol with connections is chosen, as on Windows.
    pub(crate) table: Option<Connections>,
}

/// The connection table to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connections {
    pub(crate) rows: ConnectionsOptions,
    /// `-o`.
    pub(crate) pid: bool,
    /// `-b`.
    pub(crate) owner_lines: bool,
    pub(crate) path: bool,
    pub(crate) extras: Extras,
    /// How to show names; `None` for numbers.
    pub(crate) names: Option<NameSettings>,
    /// The last columns of the classic table: the network namespace, the process.
    pub(crate) last: Vec<&'static Column>,
    /// The order of the rows.
    pub(crate) order: Order,
    /// Whether the rows have a title and headings.
    pub(crate) header: bool,
    /// The maximum number of rows (`--limit`).
    pub(crate) limit: Option<usize>,
    /// The columns to count rows by (`--group-by`); empty to show rows.
    pub(crate) group_by: Vec<&'static Column>,
    /// How the rows are written.
    pub(crate) form: Layout,
    /// Whether TCP states are coloured.
    pub(crate) colour: Colour,
}

/// How rows are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Layout {
    /// The table of Windows.
    Classic,
    /// A text table of these columns.
    Columns(Vec<&'static Column>),
    /// A data format with these columns.
    Data(&'static Format, Vec<&'static Column>),
}

/// How to look up and show names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NameSettings {
    /// `-f`.
    pub(crate) full: bool,
    /// The budget for the lookups.
    pub(crate) budget: Duration,
}

/// How often to show the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// The pause between two displays; `None` to show one.
    pub(crate) pause: Option<Duration>,
    /// `--watch`: each display stands where the one before stood, on a terminal.
    pub(crate) in_place: bool,
    /// The number of displays; `None` for no end.
    pub(crate) count: Option<u64>,
}

/// Whether the system's answers are recorded or replayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tape {
    None,
    Record(PathBuf),
    Replay(PathBuf),
}

impl Settings {
    /// Interprets the command line. `environment` returns the value of an environment variable; `system_language` is the
    /// display language of the user on systems that have one apart from the locale (Windows).
    pub(crate) fn new(
        arguments: &Arguments,
        environment: impl Fn(&str) -> Option<String>,
        system_language: Option<Language>,
    ) -> Self {
        let language = arguments.lang.unwrap_or_else(|| language(&environment, system_language));
        let tape = match (&arguments.record, &arguments.replay) {
            (Some(folder), _) => Tape::Record(folder.clone()),
            (None, Some(folder)) => Tape::Replay(folder.clone()),
            (None, None) => Tape::None,
        };
        let repeat = Repeat {
            pause: arguments.interval.map(|seconds| Duration::from_secs(seconds.into())).or(arguments.watch),
            in_place: arguments.watch.is_some(),
            count: arguments.count,
        };
        let owners = arguments.owners.unwrap_or_default();
        let source = arguments.source.unwrap_or_default();
        let (scope, namespace) = match &arguments.netns {
            Some(Netns::All) => (Scope::All, None),
            Some(Netns::One(of)) => (Scope::Own, Some(of.clone())),
            None => (Scope::Own, None),
        };
        let purpose = match (arguments.exists, arguments.wait) {
            (true, _) => Purpose::Ask,
            (_, true) => Purpose::Await(arguments.timeout),
            _ => Purpose::Show,
        };
        Self {
            // The live view goes to its moment itself.
            past: arguments.at.clone().filter(|_| arguments.verb != Some(Verb::Live)).map(|at| Past {
                at,
                store: past::store(arguments, &environment),
                fleet: fleet::place(arguments, &environment),
            }),
            report: report(arguments, &environment),
            language,
            repeat,
            tape,
            owners,
            source,
            scope,
            namespace,
            geo: arguments.geo.clone(),
            long_interval: arguments.long_interval,
            filter: arguments.filter.clone(),
            purpose,
            verbose: arguments.verbose,
        }
    }
}

fn report(arguments: &Arguments, environment: &impl Fn(&str) -> Option<String>) -> Report {
    let colour = colour(arguments, environment);
    match arguments.verb {
        Some(Verb::Check) => return Report::Check(checks(arguments, colour, environment)),
        Some(Verb::Record) => return Report::Record(recorder::settings(arguments, environment)),
        Some(Verb::History) => {
            let store = past::store(arguments, environment);
            return Report::History(past::history(
                arguments,
                colour,
                store,
                fleet::place(arguments, environment),
            ));
        }
        Some(Verb::Close) => return Report::Act(act::settings(arguments, Deed::Close, colour)),
        Some(Verb::End) => {
            let deed = if arguments.act.kill { Deed::Kill } else { Deed::End };
            return Report::Act(act::settings(arguments, deed, colour));
        }
        Some(Verb::Live) => {
            return Report::Live(live::settings(arguments, colour, past::store(arguments, environment)));
        }
        Some(Verb::Capture) => return Report::Capture(capture::settings(arguments, colour)),
        Some(Verb::Metrics) => {
            let store = past::store(arguments, environment);
            return Report::Metrics(metrics::settings(arguments, environment, store, colour));
        }
        Some(Verb::Report) => {
            return Report::Page(page::settings(arguments, past::store(arguments, environment)));
        }
        Some(Verb::Ship) => {
            return Report::Ship(Box::new(fleet::ship(
                arguments,
                environment,
                past::store(arguments, environment),
            )));
        }
        None => {}
    }
    if arguments.route {
        let query = RouteQuery { tables: arguments.tables.unwrap_or_default(), ..RouteQuery::default() };
        Report::Routes { query, json: arguments.json() }
    } else if arguments.ethernet || arguments.statistics {
        let protocols = || Protocols {
            only: arguments.protocol.map(|protocol| (protocol, sections(protocol).0)),
            table: arguments
                .protocol
                .filter(|protocol| protocol.has_sockets())
                .map(|_| connections(arguments, colour)),
        };
        Report::Statistics(Statistics {
            interfaces: arguments.ethernet.then_some(if arguments.verbose {
                Interfaces::Each
            } else {
                Interfaces::Total
            }),
            protocols: arguments.statistics.then(protocols),
            extra: !arguments.no_extra,
            rates: !arguments.no_rates && !arguments.no_extra,
            json: arguments.json(),
        })
    } else if arguments.network_direct {
        Report::Rdma
    } else if arguments.interfaces {
        Report::Interfaces { rates: !arguments.no_rates, json: arguments.json() }
    } else if arguments.multicast {
        Report::Multicast { json: arguments.json() }
    } else if arguments.port_counts {
        // Every held port counts, so include listeners and bound-only sockets whatever else was typed.
        Report::ProcessCounts(ConnectionsOptions { listening: true, bound: true, ..rows(arguments) })
    } else {
        Report::Connections(connections(arguments, colour))
    }
}

fn checks(arguments: &Arguments, colour: Colour, environment: &impl Fn(&str) -> Option<String>) -> Checks {
    let typed = &arguments.check;
    let task = match typed.explain {
        _ if typed.list => Task::List,
        Some(check) => Task::Explain(check),
        None if typed.learn => Task::Learn,
        None if typed.names.is_empty() => Task::Run { checks: check::ALL.to_vec(), named: false },
        // In the order of the list, not as typed.
        None => Task::Run {
            checks: check::ALL.into_iter().filter(|check| typed.names.contains(check)).collect(),
            named: true,
        },
    };
    Checks {
        task,
        config: typed.config.clone(),
        set: typed.set.clone(),
        policy: typed.policy.clone(),
        json: arguments.json(),
        colour,
        past: past::checked(arguments, environment),
    }
}

fn rows(arguments: &Arguments) -> ConnectionsOptions {
    ConnectionsOptions {
        // An explicit filter implies -a, and so do families.
        listening: arguments.all || !arguments.filter.is_empty() || arguments.family.is_some(),
        bound: arguments.bound,
        kinds: match (arguments.protocol, arguments.family) {
            (Some(protocol), _) => sections(protocol).1,
            (None, Some(families)) => families.kinds,
            (None, None) => Kinds::TCP_UDP,
        },
    }
}

fn connections(arguments: &Arguments, colour: Colour) -> Connections {
    let form = form(arguments);
    Connections {
        rows: rows(arguments),
        pid: arguments.pid,
        owner_lines: arguments.executable,
        path: arguments.path,
        extras: Extras {
            offload: arguments.offload,
            time_in_state: arguments.time_in_state,
            dscp: arguments.dscp,
            template: arguments.template,
        },
        // Only the Windows table shows names. The others show numbers, which can be sorted and searched.
        names: (!arguments.numeric && form == Layout::Classic).then(|| NameSettings {
            full: arguments.full_names,
            budget: arguments.resolve_timeout.unwrap_or(RESOLVE_TIMEOUT),
        }),
        last: namespace_column(arguments).into_iter().chain(process_column(arguments)).collect(),
        order: arguments.sort.unwrap_or(Order::Usual),
        header: !arguments.no_header,
        limit: arguments.limit,
        group_by: arguments.group_by.clone().unwrap_or_default(),
        form,
        colour,
    }
}

fn form(arguments: &Arguments) -> Layout {
    let columns = arguments.columns.clone();
    match arguments.formats.first() {
        Some(&format) => Layout::Data(format, columns.unwrap_or_else(|| columns::ALL.to_vec())),
        None => match columns.or_else(|| arguments.group_by.clone()) {
            Some(columns) => Layout::Columns(columns),
            None => match arguments.family.filter(|families| families.has_others()) {
                Some(families) => Layout::Columns(columns_of(families.kinds, arguments)),
                None => Layout::Classic,
            },
        },
    }
}

/// Returns the column that tells the sockets of one network namespace from those of another.
fn namespace_column(arguments: &Arguments) -> Option<&'static Column> {
    (arguments.netns == Some(Netns::All)).then(|| columns::by_name("netns")).flatten()
}

/// Returns the columns of a table of these families: what every socket has, what was asked for of its owner, and of its other
/// end where that is another socket of this machine.
fn columns_of(kinds: Kinds, arguments: &Arguments) -> Vec<&'static Column> {
    let mut names = vec!["proto", "type", "local", "foreign", "state", "recvq", "sendq", "backlog"];
    let process = process_column(arguments).map(|column| column.name);
    if kinds == Kinds::UNLISTED {
        // Nothing is known of them but who holds them.
        let of_holder = process.unwrap_or("process");
        return ["proto", "local", "pid", of_holder].into_iter().filter_map(columns::by_name).collect();
    }
    let has_peers = kinds.contains(Kinds::UNIX);
    let is_named = process.is_some() || arguments.executable;
    names.extend(arguments.pid.then_some("pid"));
    names.extend(arguments.executable.then_some("unit"));
    names.extend(process.or(arguments.executable.then_some("process")));
    names.extend((has_peers && arguments.pid).then_some("peer_pid"));
    names.extend((has_peers && is_named).then_some("peer_process"));
    let dropping = Kinds::RAW | Kinds::PING | Kinds::PACKET | Kinds::NETLINK;
    names.extend(kinds.intersects(dropping).then_some("drops"));
    names.push("detail");
    let namespace = namespace_column(arguments);
    namespace.into_iter().chain(names.into_iter().filter_map(columns::by_name)).collect()
}

/// Returns the content of the process column. `--path` alone beside `-b` belongs to `-b`.
fn process_column(arguments: &Arguments) -> Option<&'static Column> {
    let path = arguments.path && (arguments.process || !arguments.executable);
    let name = match (arguments.cmdline, path, arguments.process) {
        (true, ..) => "cmdline",
        (_, true, _) => "path",
        (.., true) => "process",
        _ => return None,
    };
    columns::by_name(name)
}

/// Interprets `--color`: the environment can turn `auto` off.
fn colour(arguments: &Arguments, environment: impl Fn(&str) -> Option<String>) -> Colour {
    let chosen = arguments.color.unwrap_or(Colour::Auto);
    let refused = environment("NO_COLOR").is_some_and(|value| !value.is_empty())
        || environment("TERM").is_some_and(|value| value == "dumb");
    if chosen == Colour::Auto && refused { Colour::Never } else { chosen }
}

/// Returns the statistics section and the table sections of a protocol. Protocols without sockets have no table
/// section; the parser accepts them only with `-s`.
fn sections(protocol: ProtocolName) -> (Kind, Kinds) {
    use Family::{V4, V6};
    match protocol {
        ProtocolName::Ip => (Kind::Ip(V4), Kinds::empty()),
        ProtocolName::Ipv6 => (Kind::Ip(V6), Kinds::empty()),
        ProtocolName::Icmp => (Kind::Icmp(V4), Kinds::empty()),
        ProtocolName::Icmpv6 => (Kind::Icmp(V6), Kinds::empty()),
        ProtocolName::Tcp => (Kind::Tcp(Some(V4)), Kinds::TCP_V4),
        ProtocolName::Tcpv6 => (Kind::Tcp(Some(V6)), Kinds::TCP_V6),
        ProtocolName::Udp => (Kind::Udp(V4), Kinds::UDP_V4),
        ProtocolName::Udpv6 => (Kind::Udp(V6), Kinds::UDP_V6),
    }
}

/// Returns the language that was not chosen by an option: that of the system, else that of the locale.
pub(crate) fn language(
    environment: impl Fn(&str) -> Option<String>,
    system_language: Option<Language>,
) -> Language {
    system_language.unwrap_or_else(|| language_of_locale(environment))
}

/// Returns Korean for a Korean locale, but not where it names a character set other than UTF-8: the headings are UTF-8.
fn language_of_locale(environment: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| environment(name).filter(|value| !value.is_empty()))
        .unwrap_or_default();
    let (name, rest) = locale.split_once('.').unwrap_or((&locale, ""));
    let charset = rest.split('@').next().unwrap_or_default();
    let korean = name == "ko" || name.starts_with("ko_");
    let utf8 =
        charset.is_empty() || charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8");
    if korean && utf8 { Language::Korean } else { Language::English }
}

#[cfg(test)]
mod tests;
