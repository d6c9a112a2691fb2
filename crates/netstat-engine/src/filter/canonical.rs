//! The canonical text of a filter, which parses to the same filter again.

use super::expression::{Expression, Side, Test};
use super::glob::Glob;
use super::syntax;
use crate::enrich::Reach;
use netstat_model::{Family, Protocol};
use std::fmt::{self, Write as _};

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test(test) => write!(f, "{test}"),
            Self::Not(inner) => match **inner {
                Self::All(_) | Self::Any(_) => write!(f, "not ({inner})"),
                _ => write!(f, "not {inner}"),
            },
            Self::All(members) => {
                for (at, member) in members.iter().enumerate() {
                    f.write_str(if at > 0 { " and " } else { "" })?;
                    match member {
                        Self::Any(_) | Self::All(_) => write!(f, "({member})")?,
                        _ => write!(f, "{member}")?,
                    }
                }
                Ok(())
            }
            Self::Any(members) => {
                for (at, member) in members.iter().enumerate() {
                    f.write_str(if at > 0 { " or " } else { "" })?;
                    match member {
                        Self::Any(_) => write!(f, "({member})")?,
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
        let side = |local, remote, either| match self {
            Self::Port(Side::Local, _) | Self::Host(Side::Local, _) => local,
            Self::Port(Side::Remote, _) | Self::Host(Side::Remote, _) => remote,
            _ => either,
        };
        match self {
            Self::Port(_, ports) => write!(f, "{} {ports}", side("lport", "rport", "port")),
            Self::Host(_, networks) => {
                f.write_str(side("src ", "dst ", "host "))?;
                list(f, networks)
            }
            Self::State(states) => {
                f.write_str("state ")?;
                for (at, word) in syntax::state_words(*states).enumerate() {
                    write!(f, "{}{word}", if at > 0 { "," } else { "" })?;
                }
                Ok(())
            }
            Self::Protocol(Protocol::Tcp) => f.write_str("proto tcp"),
            Self::Protocol(Protocol::Udp) => f.write_str("proto udp"),
            Self::Family(Family::V4) => f.write_str("ipv4"),
            Self::Family(Family::V6) => f.write_str("ipv6"),
            Self::Reach(Reach::Loopback) => f.write_str("loopback"),
            Self::Reach(Reach::Private) => f.write_str("private"),
            Self::Reach(Reach::Public) => f.write_str("public"),
            Self::Country(countries) => {
                f.write_str("country ")?;
                list(f, countries)
            }
            Self::NetworkNumber(numbers) => {
                for (at, number) in numbers.iter().enumerate() {
                    write!(f, "{}{number}", if at > 0 { ",AS" } else { "network AS" })?;
                }
                Ok(())
            }
            Self::NetworkName(glob) => write_glob(f, "network", glob),
            Self::Pid(pids) => {
                f.write_str("pid ")?;
                list(f, pids)
            }
            Self::Process(glob) => write_glob(f, "process", glob),
            Self::Path(glob) => write_glob(f, "path", glob),
            Self::Unit(glob) => write_glob(f, "unit", glob),
            Self::User(users) => {
                f.write_str("user ")?;
                list(f, users)
            }
            Self::Number(quantity, comparison, number) => {
                write!(f, "{} {comparison} ", quantity.word())?;
                quantity.write(f, *number)
            }
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, members: &[impl fmt::Display]) -> fmt::Result {
    for (at, member) in members.iter().enumerate() {
        write!(f, "{}{member}", if at > 0 { "," } else { "" })?;
    }
    Ok(())
}

/// A pattern in quotes, unless every reader takes it for one word without them.
fn write_glob(f: &mut fmt::Formatter<'_>, word: &str, glob: &Glob) -> fmt::Result {
    let pattern = glob.pattern();
    let plain = |character: char| character.is_alphanumeric() || "._-*?/@+:[]\\,".contains(character);
    if !pattern.is_empty() && pattern.chars().all(plain) && !syntax::is_reserved(pattern) {
        return write!(f, "{word} {pattern}");
    }
    write!(f, "{word} \"")?;
    for character in pattern.chars() {
        if character == '"' {
            f.write_char('"')?;
        }
        f.write_char(character)?;
    }
    f.write_char('"')
}
