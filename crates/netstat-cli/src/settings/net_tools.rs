//! The meaning of a command line of the net-tools dialect.

use super::{Purpose, Repeat, Report, Settings, Tape};
use crate::options::NetToolsArguments;
use crate::render::net_tools::{AddressFamily, InetColumns, RouteColumns};
use netstat_engine::text::Language;
use netstat_model::Family;
use netstat_model::query::{Scope, SocketSource};
use std::time::Duration;

/// The pause of `-c`.
const CONTINUOUS: Duration = Duration::from_secs(1);

/// A report of the net-tools dialect.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NetTools {
    /// Lists of sockets and groups, one after the other.
    Lists(Lists),
    /// `-r`.
    Routes(RouteTables),
    /// `-i`.
    Interfaces(InterfaceList),
    /// `-s`.
    Counters(CounterGroups),
    /// `-Z`, which is refused.
    Contexts,
}

/// Lists of sockets and groups.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lists {
    pub(crate) sockets: Option<SocketList>,
    pub(crate) groups: Option<GroupList>,
    pub(crate) unix: Option<UnixList>,
    /// Families that have no list here.
    pub(crate) unlisted: Vec<AddressFamily>,
    /// What is done where the system does not have one of them.
    pub(crate) without: Without,
    pub(crate) bluetooth: bool,
}

/// What is done where a system has no sockets of the kind that is to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Without {
    /// It is said, and nothing else is listed.
    Fail,
    /// It is said.
    Say,
    /// Nothing.
    Ignore,
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

/// Which interfaces to show, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InterfaceList {
    /// Whether those that are down are shown as well.
    pub(crate) all: bool,
    /// Whether each is shown with all its addresses and counters, as ifconfig shows it (`-e`), or as a row of a table.
    pub(crate) blocks: bool,
}

/// Which routes to show.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RouteTables {
    /// The families, in the order of the tables. Only IPv4 and IPv6 have some here.
    pub(crate) families: Vec<AddressFamily>,
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
    pub(crate) sctp: bool,
    pub(crate) udp: bool,
    pub(crate) udplite: bool,
    pub(crate) raw: bool,
    /// What is done where the system does not have one of them.
    pub(crate) without: Without,
    /// The families of sockets, in the order of the list.
    pub(crate) families: Vec<Family>,
    pub(crate) which: Which,
    pub(crate) columns: InetColumns,
    pub(crate) numeric_hosts: bool,
    pub(crate) numeric_ports: bool,
    pub(crate) numeric_users: bool,
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
        // net-tools shows counters once whatever else is typed.
        let continuous = arguments.continuous && !arguments.statistics;
        Self {
            report: Report::NetTools(report(arguments)),
            // There is no Korean text to follow.
            language: Language::English,
            repeat: Repeat {
                pause: pause.or(continuous.then_some(CONTINUOUS)),
                in_place: false,
                count: None,
            },
            tape,
            owners: arguments.owners.unwrap_or_default(),
            source: SocketSource::Auto,
            scope: Scope::Own,
            namespace: None,
            geo: Vec::new(),
            long_interval: arguments.long_interval,
            filter: arguments.filter.clone(),
            past: None,
            purpose: Purpose::Show,
            // What net-tools says with -v is said by the report.
            verbose: false,
        }
    }
}

fn report(arguments: &NetToolsArguments) -> NetTools {
    let has = |family| arguments.has(family);
    let any_family = !has(AddressFamily::Inet) && !has(AddressFamily::Inet6);
    if arguments.contexts {
        return NetTools::Contexts;
    }
    if arguments.routes {
        let families = match arguments.families[..] {
            [] => vec![AddressFamily::Inet],
            _ => arguments.families.clone(),
        };
        return NetTools::Routes(RouteTables {
            families,
            table: arguments.fib || !arguments.cache,
            cache: arguments.cache,
            columns: route_columns(arguments.extend),
            numeric_hosts: arguments.numeric_hosts,
        });
    }
    if arguments.interfaces {
        let (all, blocks) = (arguments.all, arguments.extend > 0);
        return NetTools::Interfaces(InterfaceList { all, blocks });
    }
    if arguments.statistics {
        let any_protocol = names_no_protocol(arguments);
        return NetTools::Counters(CounterGroups {
            tcp: arguments.tcp || any_protocol,
            udp: arguments.udp || any_protocol,
            raw: arguments.raw || any_protocol,
            v6: has(AddressFamily::Inet6),
        });
    }
    let unlisted: Vec<AddressFamily> = UNLISTED.into_iter().filter(|family| has(*family)).collect();
    let bluetooth = arguments.bluetooth || has(AddressFamily::Bluetooth);
    let no_inet = names_no_protocol(arguments) && any_family;
    let unix = has(AddressFamily::Unix);
    let nothing_chosen = no_inet && !unix && !arguments.groups && unlisted.is_empty() && !bluetooth;
    let without = match (nothing_chosen, arguments.verbose) {
        (false, _) => Without::Fail,
        (true, true) => Without::Say,
        (true, false) => Without::Ignore,
    };
    NetTools::Lists(Lists {
        sockets: (!no_inet || nothing_chosen).then(|| sockets(arguments, without)),
        unix: (unix || nothing_chosen)
            .then(|| UnixList { which: which(arguments), programs: arguments.programs }),
        groups: arguments.groups.then_some(GroupList {
            v4: has(AddressFamily::Inet) || any_family,
            v6: has(AddressFamily::Inet6) || any_family,
            numeric_hosts: arguments.numeric_hosts,
        }),
        unlisted: if nothing_chosen { UNLISTED.to_vec() } else { unlisted },
        without,
        bluetooth,
    })
}

/// Families of which no sockets are listed, in the order of the lists of net-tools.
const UNLISTED: [AddressFamily; 5] =
    [AddressFamily::Ipx, AddressFamily::Ax25, AddressFamily::X25, AddressFamily::NetRom, AddressFamily::Rose];

/// Returns the columns for a number of `-e`. net-tools swaps none and one, and looks at two bits of their sum with one.
fn route_columns(extend: u8) -> RouteColumns {
    match (extend, extend % 4) {
        (0, _) => RouteColumns::Usual,
        (1, _) | (_, 0) => RouteColumns::Metric,
        (_, 1) => RouteColumns::Usual,
        (_, 2) => RouteColumns::All,
        _ => RouteColumns::None,
    }
}

fn names_no_protocol(arguments: &NetToolsArguments) -> bool {
    !(arguments.tcp || arguments.sctp || arguments.udp || arguments.udplite || arguments.raw)
}

fn sockets(arguments: &NetToolsArguments, without: Without) -> SocketList {
    let has = |family| arguments.has(family);
    let any_family = !has(AddressFamily::Inet) && !has(AddressFamily::Inet6);
    let any_protocol = names_no_protocol(arguments);
    let mut families = Vec::new();
    if has(AddressFamily::Inet) || any_family {
        families.push(Family::V4);
    }
    if has(AddressFamily::Inet6) || any_family {
        families.push(Family::V6);
    }
    SocketList {
        tcp: arguments.tcp || any_protocol,
        sctp: arguments.sctp || any_protocol,
        udp: arguments.udp || any_protocol,
        udplite: arguments.udplite || any_protocol,
        raw: arguments.raw || any_protocol,
        without: if any_protocol && !any_family { Without::Ignore } else { without },
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
    }
}

fn which(arguments: &NetToolsArguments) -> Which {
    match (arguments.all, arguments.listening) {
        (true, _) => Which::All,
        (false, true) => Which::Servers,
        (false, false) => Which::Connected,
    }
}
