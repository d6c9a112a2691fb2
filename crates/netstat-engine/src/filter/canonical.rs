//! The canonical text of a filter, which parses to the same filter again.

use super::expression::{Event, Expression, Join, Side, Test};
use super::glob::Glob;
use super::{moment, syntax};
use crate::enrich::Reach;
use crate::family::FAMILIES;
use crate::text::{Zone, lifespan};
use netstat_model::{Family, Transport};
use std::fmt;

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => write!(f, "{test}"),
            Self::Not(inner) => match **inner {
                Self::Joined(..) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::Joined(join, members) => {
                for (at, member) in members.iter().enumerate() {
                    match join {
                        _ if at == 0 => {}
                        Join::All => f.write_str(" and ")?,
                        Join::Any => f.write_str(" or ")?,
                    }
                    match member {
                        // `and` binds closer than `or`.
                        Self::Joined(inner, _) if (*join, *inner) != (Join::Any, Join::All) => {
                            write!(f, "({member})")?;
                        }
                        _ => write!(f, "{member}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_side = |side: &Side, local, remote, either| match side {
            Side::Local => local,
            Side::Remote => remote,
            Side::Either => either,
        };
        match self {
            Self::Port(side, ports) => write!(f, "{} {ports}", of_side(side, "lport", "rport", "port")),
            Self::Host(side, networks) => list(f, of_side(side, "src", "dst", "host"), networks.iter()),
            Self::Zone(side, index) => write!(f, "{} %{index}", of_side(side, "src", "dst", "host")),
            Self::State(states) => list(f, "state", syntax::state_words(*states)),
            Self::Protocol(Transport::Tcp) => f.write_str("proto tcp"),
            Self::Protocol(Transport::Udp) => f.write_str("proto udp"),
            Self::Kinds(kinds) => {
                let families = FAMILIES.iter().filter(|family| kinds.contains(family.kinds));
                list(f, "family", families.map(|family| family.name))
            }
            Self::Name(side, glob) => {
                let pattern = format!("unix:{}", glob.pattern());
                write_pattern(f, of_side(side, "src", "dst", "host"), &pattern)
            }
            Self::Family(Family::V4) => f.write_str("ipv4"),
            Self::Family(Family::V6) => f.write_str("ipv6"),
            Self::Reach(Reach::Loopback) => f.write_str("loopback"),
            Self::Reach(Reach::Private) => f.write_str("private"),
            Self::Reach(Reach::Public) => f.write_str("public"),
            Self::Country(countries) => list(f, "country", countries.iter()),
            Self::NetworkNumber(numbers) => {
                list(f, "network", numbers.iter().map(|number| format!("AS{number}")))
            }
            Self::NetworkName(glob) => write_glob(f, "network", glob),
            Self::Pid(pids) => list(f, "pid", pids.iter()),
            Self::NamespacePid(pids) => list(f, "nspid", pids.iter()),
            Self::Process(glob) => write_glob(f, "process", glob),
            Self::Path(glob) => write_glob(f, "path", glob),
            Self::Unit(glob) => write_glob(f, "unit", glob),
            Self::Container(glob) => write_glob(f, "container", glob),
            Self::Pod(glob) => write_glob(f, "pod", glob),
            Self::HostName(glob) => write_glob(f, "hostname", glob),
            Self::Namespace(inodes) => list(f, "netns", inodes.iter()),
            Self::Account(glob) => write_glob(f, "user", glob),
            Self::User(users) => list(f, "user", users.iter()),
            Self::Number(quantity, comparison, number) => {
                write!(f, "{} {comparison} ", quantity.word())?;
                quantity.write(f, *number)
            }
            Self::Time(event, comparison, micros) => {
                let word = match event {
                    Event::Started => "started",
                    Event::Ended => "ended",
                };
                write!(f, "{word} {comparison} {}", Zone::UTC.rfc_3339(moment::of(*micros)))
            }
            Self::Reason(reasons) => {
                list(f, "reason", reasons.iter().map(|reason| lifespan::reason(*reason)))
            }
            Self::App(protocols) => list(f, "app", protocols.iter().map(|protocol| protocol.name())),
            Self::AppName(glob) => write_glob(f, "name", glob),
        }
    }
}

/// Writes a word and its values, separated by commas.
fn list(
    f: &mut fmt::Formatter<'_>,
    word: &str,
    values: impl Iterator<Item = impl fmt::Display>,
) -> fmt::Result {
    for (at, value) in values.enumerate() {
        if at == 0 { write!(f, "{word} {value}")? } else { write!(f, ",{value}")? }
    }
    Ok(())
}

/// Writes a pattern, in quotes unless it reads as one word without them.
fn write_glob(f: &mut fmt::Formatter<'_>, word: &str, glob: &Glob) -> fmt::Result {
    write_pattern(f, word, glob.pattern())
}

fn write_pattern(f: &mut fmt::Formatter<'_>, word: &str, pattern: &str) -> fmt::Result {
    let plain = |character: char| character.is_alphanumeric() || "._-*?/@+:[]\\,".contains(character);
    if !pattern.is_empty() && pattern.chars().all(plain) && !syntax::is_reserved(pattern) {
        return write!(f, "{word} {pattern}");
    }
    // A quote within quotes is doubled.
    write!(f, "{word} \"{}\"", pattern.replace('"', "\"\""))
}
