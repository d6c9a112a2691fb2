//! The meaning of a command line of the net-tools dialect.

use super::{Purpose, Repeat, Report, Settings, Tape};
use crate::options::NetToolsArguments;
use crate::render::net_tools::{InetColumns, RouteColumns};
use netstat_engine::text::Language;
use netstat_model::Family;
use netstat_model::query::Scope;
use std::time::Duration;

/// The pause of `-c`.
const CONTINUOUS: Duration = Duration::from_secs(1);

/// A report of the net-tools dialect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NetTools {
    /// Lists of sockets and groups, one after the other.
    Lists { sockets: Option<SocketList>, groups: Option<GroupList>, unix: Option<UnixList> },
    /// `-r`.
    Routes(RouteTables),
    /// `-i`.
    Interfaces {
        /// Whether those that are down are shown as well.
        all: bool,
    },
    /// `-s`.
    Counters(CounterGroups),
}

/// Which Unix sockets to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnixList {
    pub(crate) which: Which,
    pub(crate) programs: bool,
}

/// Which multicast groups to list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GroupList {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    pub(crate) numeric_hosts: bool,
}

/// Which routes to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RouteTables {
    pub(crate) v4: bool,
    pub(crate) v6: bool,
    pub(crate) table: bool,
    pub(crate) cache: bool,
    pub(crate) columns: RouteColumns,
    pub(crate) numeric_hosts: bool,
}

/// Which counters to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CounterGroups {
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
    /// IP and ICMP.
    pub(crate) raw: bool,
    pub(crate) v6: bool,
}

/// Which sockets to list, and what of each.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SocketList {
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
    /// The families of sockets, in the order of the list.
    pub(crate) families: Vec<Family>,
    pub(crate) which: Which,
    pub(crate) columns: InetColumns,
    pub(crate) numeric_hosts: bool,
    pub(crate) numeric_ports: bool,
    pub(crate) numeric_users: bool,
    /// Whether net-tools would list raw sockets too.
    pub(crate) raw: bool,
}

/// Which sockets are listed, by whether they have a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Those with a peer.
    Connected,
    /// Those without (`-l`).
    Servers,
    /// All (`-a`).
    All,
}

impl Which {
    /// Returns the words of net-tools for it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Connected => "w/o servers",
            Self::Servers => "only servers",
            Self::All => "servers and established",
        }
    }
}

impl Settings {
    /// Interprets a command line of the net-tools dialect.
    pub(crate) fn of_net_tools(arguments: &NetToolsArguments) -> Self {
        let tape = match (&arguments.record, &arguments.replay) {
            (Some(folder), _) => Tape::Record(folder.clone()),
            (None, Some(folder)) => Tape::Replay(folder.clone()),
            (None, None) => Tape::None,
        };
        let pause = arguments.interval.map(|seconds| Duration::from_secs(seconds.into()));
        Self {
            report: Report::NetTools(report(arguments)),
            // There is no Korean text to follow.
            language: Language::English,
            repeat: Repeat {
                pause: pause.or(arguments.continuous.then_some(CONTINUOUS)),
                in_place: false,
                count: None,
            },
            tape,
            owners: arguments.owners.unwrap_or_default(),
            scope: Scope::Own,
            namespace: None,
            geo: Vec::new(),
            long_interval: arguments.long_interval,
            filter: arguments.filter.clone(),
            past: None,
            purpose: Purpose::Show,
            verbose: arguments.verbose,
        }
    }
}

fn report(arguments: &NetToolsArguments) -> NetTools {
    let any_protocol = !arguments.tcp && !arguments.udp;
    let any_family = !arguments.inet && !arguments.inet6;
    if arguments.routes {
        return NetTools::Routes(RouteTables {
            v4: arguments.inet || any_family,
            v6: arguments.inet6,
            table: arguments.fib || !arguments.cache,
            cache: arguments.cache,
            columns: match arguments.extend {
                0 => RouteColumns::Usual,
                1 => RouteColumns::Metric,
                _ => RouteColumns::All,
            },
            numeric_hosts: arguments.numeric_hosts,
        });
    }
    if arguments.interfaces {
        return NetTools::Interfaces { all: arguments.all };
    }
    if arguments.statistics {
        return NetTools::Counters(CounterGroups {
            tcp: arguments.tcp || any_protocol,
            udp: arguments.udp || any_protocol,
            raw: any_protocol,
            v6: arguments.inet6,
        });
    }
    let no_inet = any_protocol && any_family;
    let nothing_chosen = no_inet && !arguments.unix && !arguments.groups;
    NetTools::Lists {
        sockets: (!no_inet || nothing_chosen).then(|| sockets(arguments)),
        unix: (arguments.unix || nothing_chosen)
            .then(|| UnixList { which: which(arguments), programs: arguments.programs }),
        groups: arguments.groups.then_some(GroupList {
            v4: arguments.inet || any_family,
            v6: arguments.inet6 || any_family,
            numeric_hosts: arguments.numeric_hosts,
        }),
    }
}

fn sockets(arguments: &NetToolsArguments) -> SocketList {
    let any_family = !arguments.inet && !arguments.inet6;
    let any_protocol = !arguments.tcp && !arguments.udp;
    let mut families = Vec::new();
    if arguments.inet || any_family {
        families.push(Family::V4);
    }
    if arguments.inet6 || any_family {
        families.push(Family::V6);
    }
    SocketList {
        tcp: arguments.tcp || any_protocol,
        udp: arguments.udp || any_protocol,
        families,
        which: which(arguments),
        columns: InetColumns {
            user_and_inode: arguments.extend > 0,
            program: arguments.programs,
            timer: arguments.timers,
            wide: arguments.wide,
        },
        numeric_hosts: arguments.numeric_hosts,
        numeric_ports: arguments.numeric_ports,
        numeric_users: arguments.numeric_users,
        raw: any_protocol,
    }
}

fn which(arguments: &NetToolsArguments) -> Which {
    match (arguments.all, arguments.listening) {
        (true, _) => Which::All,
        (false, true) => Which::Servers,
        (false, false) => Which::Connected,
    }
}
