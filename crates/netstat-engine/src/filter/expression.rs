//! A filter as a tree, and its canonical text.

use super::glob::Glob;
use super::network::Network;
use super::ports::Ports;
use super::quantity::{Comparison, Quantity};
use super::registry::Reach;
use super::syntax;
use crate::enrich::Country;
use netstat_model::query::States;
use netstat_model::{Family, Protocol};
use std::fmt::{self, Write as _};

/// Which end of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The end here.
    Local,
    /// The other end.
    Remote,
    /// One of the two, whichever.
    Either,
}

/// One question about one socket.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Test {
    /// A port is in the set.
    Port(Side, Ports),
    /// An address is in one of the blocks; at least one block.
    Host(Side, Box<[Network]>),
    /// The TCP state is in the set, which is not empty. UDP has no state.
    State(States),
    /// The transport protocol, over whatever family.
    Protocol(Protocol),
    /// The socket serves the family. A dual-stack listener serves both.
    Family(Family),
    /// How far the remote address reaches.
    Reach(Reach),
    /// The remote address is of one of these countries; at least one.
    Country(Box<[Country]>),
    /// The remote address is of one of these autonomous systems; at least one number.
    NetworkNumber(Box<[u32]>),
    /// The remote address is of an autonomous system of such a name. The pattern is in small letters, and letter case
    /// does not count.
    NetworkName(Glob),
    /// A process with one of these numbers holds it; at least one number.
    Pid(Box<[u32]>),
    /// A process of such a name holds it.
    Process(Glob),
    /// A process that runs such a file holds it.
    Path(Glob),
    /// A process of such a service holds it.
    Unit(Glob),
    /// One of these users made it; at least one number.
    User(Box<[u32]>),
    /// A number compares so.
    Number(Quantity, Comparison, u64),
}

/// Tests and how they are joined. `All` and `Any` have two members at least and no member of their own kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Expression {
    Test(Test),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
}

impl Expression {
    /// All of these, of which there is one at least.
    pub(super) fn all(members: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.swap_remove(0),
            _ => Self::All(flat),
        }
    }

    /// Any of these, of which there is one at least.
    pub(super) fn any(members: Vec<Self>) -> Self {
        let mut flat = Vec::with_capacity(members.len());
        for member in members {
            match member {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        match flat.len() {
            1 => flat.swap_remove(0),
            _ => Self::Any(flat),
        }
    }

    pub(super) fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// Calls with every test.
    pub(super) fn each(&self, call: &mut dyn FnMut(&Test)) {
        match self {
            Self::Test(test) => call(test),
            Self::Not(inner) => inner.each(call),
            Self::All(members) | Self::Any(members) => members.iter().for_each(|member| member.each(call)),
        }
    }
}

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
