//! What the words of the command line mean, together and on this system.

use crate::columns::Extras;
use crate::options::{Arguments, Lang, ProtocolName};
use crate::render::Language;
use crate::view::ConnectionsOptions;
use netstat_core::query::{Kinds, Owners};
use std::path::PathBuf;
use std::time::Duration;

/// How long all look-ups of host names together may take.
const RESOLVE_TIMEOUT: Duration = Duration::from_secs(2);

/// The command line, understood.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) report: Report,
    pub(crate) language: Language,
    pub(crate) repeat: Repeat,
    pub(crate) tape: Tape,
    /// `--owners`.
    pub(crate) owners: Owners,
}

/// Which report is shown. Where several are asked for, one is: as on Windows, the first of this list.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Report {
    /// `-r`.
    Routes,
    /// `-e`, `-s`.
    Statistics { ethernet: bool, protocols: bool, protocol: Option<ProtocolName> },
    /// `-x`.
    Rdma,
    /// `-c`.
    ProcessCounts(ConnectionsOptions),
    /// All else.
    Connections(Connections),
}

/// The form of the connection table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Connections {
    pub(crate) rows: ConnectionsOptions,
    /// `-o`.
    pub(crate) pid: bool,
    /// `-b`.
    pub(crate) owner_lines: bool,
    /// `--path`.
    pub(crate) path: bool,
    pub(crate) extras: Extras,
    /// `None` for numbers.
    pub(crate) names: Option<NameSettings>,
}

/// How names are shown and looked up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct NameSettings {
    /// `-f`.
    pub(crate) full: bool,
    /// How long the look-ups may take.
    pub(crate) budget: Duration,
}

/// How often the report is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// The pause between two displays; `None` for one display.
    pub(crate) pause: Option<Duration>,
    /// After how many displays it ends; `None` for never.
    pub(crate) count: Option<u64>,
}

/// Where the system's answers come from and go to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tape {
    None,
    Record(PathBuf),
    Replay(PathBuf),
}

impl Settings {
    /// `environment` gives the value of an environment variable.
    pub(crate) fn new(arguments: &Arguments, environment: impl Fn(&str) -> Option<String>) -> Self {
        let language = match arguments.lang {
            Some(Lang::En) => Language::English,
            Some(Lang::Ko) => Language::Korean,
            None => language_of_locale(environment),
        };
        let tape = match (&arguments.record, &arguments.replay) {
            (Some(folder), _) => Tape::Record(folder.clone()),
            (None, Some(folder)) => Tape::Replay(folder.clone()),
            (None, None) => Tape::None,
        };
        let repeat = Repeat {
            pause: arguments.interval.map(|seconds| Duration::from_secs(seconds.into())),
            count: arguments.count,
        };
        let owners = arguments.owners.unwrap_or_default();
        Self { report: report(arguments), language, repeat, tape, owners }
    }
}

fn report(arguments: &Arguments) -> Report {
    let rows = ConnectionsOptions {
        listening: arguments.all,
        bound: arguments.bound,
        kinds: arguments.protocol.map_or(Kinds::all(), kinds),
    };
    if arguments.route {
        Report::Routes
    } else if arguments.ethernet || arguments.statistics {
        Report::Statistics {
            ethernet: arguments.ethernet,
            protocols: arguments.statistics,
            protocol: arguments.protocol,
        }
    } else if arguments.network_direct {
        Report::Rdma
    } else if arguments.port_counts {
        // Ports are what is counted, so listeners and bound-only sockets count whatever else was typed.
        Report::ProcessCounts(ConnectionsOptions { listening: true, bound: true, ..rows })
    } else {
        Report::Connections(Connections {
            rows,
            pid: arguments.pid,
            owner_lines: arguments.executable,
            path: arguments.path,
            extras: Extras {
                offload: arguments.offload,
                time_in_state: arguments.time_in_state,
                dscp: arguments.dscp,
                template: arguments.template,
            },
            names: (!arguments.numeric).then(|| NameSettings {
                full: arguments.full_names,
                budget: arguments.resolve_timeout.unwrap_or(RESOLVE_TIMEOUT),
            }),
        })
    }
}

/// The rows of a protocol. The parser lets those without sockets pass only where no table is shown.
pub(crate) fn kinds(protocol: ProtocolName) -> Kinds {
    match protocol {
        ProtocolName::Tcp => Kinds::TCP_V4,
        ProtocolName::Tcpv6 => Kinds::TCP_V6,
        ProtocolName::Udp => Kinds::UDP_V4,
        ProtocolName::Udpv6 => Kinds::UDP_V6,
        ProtocolName::Ip | ProtocolName::Ipv6 | ProtocolName::Icmp | ProtocolName::Icmpv6 => Kinds::empty(),
    }
}

/// Korean where the locale says so and its character set can show it: the headings are UTF-8.
fn language_of_locale(environment: impl Fn(&str) -> Option<String>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| environment(name).filter(|value| !value.is_empty()))
        .unwrap_or_default();
    let (name, rest) = locale.split_once('.').unwrap_or((&locale, ""));
    let charset = rest.split('@').next().unwrap_or_default();
    let korean = name == "ko" || name.starts_with("ko_");
    let utf8 = charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8");
    if korean && utf8 { Language::Korean } else { Language::English }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{self, Command};

    /// Names and values of environment variables.
    type Locale = &'static [(&'static str, &'static str)];

    fn settings(words: &str, locale: Locale) -> Settings {
        let typed = words.split_ascii_whitespace().map(Into::into);
        let Ok(Command::Run(arguments)) = options::parse(typed) else { panic!("{words:?} is refused") };
        Settings::new(&arguments, |name| {
            locale.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_locale_chooses_the_language_and_the_option_wins() {
        use Language::{English, Korean};
        let cases: [(Locale, &str, Language); 8] = [
            (&[], "-a", English),
            (&[("LANG", "ko_KR.UTF-8")], "-a", Korean),
            (&[("LANG", "ko_KR.utf8@x")], "-a", Korean),
            (&[("LANG", "ko_KR.eucKR")], "-a", English),
            (&[("LANG", "kok_IN.UTF-8")], "-a", English),
            (&[("LC_ALL", "C.UTF-8"), ("LANG", "ko_KR.UTF-8")], "-a", English),
            (&[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8")], "-a", Korean),
            (&[("LANG", "ko_KR.UTF-8")], "-a --lang en", English),
        ];
        for (locale, words, language) in cases {
            assert_eq!(settings(words, locale).language, language, "{words} in {locale:?}");
        }
    }

    #[test]
    fn one_report_is_chosen() {
        for (words, chosen) in [
            ("-ano", "Connections"),
            ("-r -n", "Routes"),
            ("-e -t 5", "Statistics"),
            ("-s -r", "Routes"),
            ("-xan", "Rdma"),
            ("-c", "ProcessCounts"),
        ] {
            let report = format!("{:?}", settings(words, &[]).report);
            assert!(report.starts_with(chosen), "{words} gives {report}");
        }
    }

    #[test]
    fn names_are_looked_up_unless_numbers_are_asked_for() {
        let names = |words| match settings(words, &[]).report {
            Report::Connections(table) => table.names,
            other => panic!("{other:?}"),
        };
        assert_eq!(names("-an"), None);
        assert_eq!(names("-fn"), None);
        assert_eq!(names("-a"), Some(NameSettings { full: false, budget: RESOLVE_TIMEOUT }));
        let half = Duration::from_millis(500);
        assert_eq!(names("-f --resolve-timeout 500ms"), Some(NameSettings { full: true, budget: half }));
    }

    #[test]
    fn every_protocol_with_sockets_has_rows() {
        for (protocol, kind) in [
            (ProtocolName::Tcp, Kinds::TCP_V4),
            (ProtocolName::Tcpv6, Kinds::TCP_V6),
            (ProtocolName::Udp, Kinds::UDP_V4),
            (ProtocolName::Udpv6, Kinds::UDP_V6),
        ] {
            assert_eq!(kinds(protocol), kind);
        }
    }
}
