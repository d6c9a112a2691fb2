//! The file of a policy: who may listen where, and who may go where.
//!
//! ```toml
//! [[allow.listen]]
//! process = "sshd"
//! port = 22
//!
//! [[allow.connect]]
//! unit = "backup.service"
//! address = ["10.0.0.0/8", "2001:db8::/32"]
//! port = "443,8000-8100"
//!
//! [[forbid.connect]]
//! port = 25
//! ```
//!
//! What a rule does not name is anything. What is forbidden is so even where it is allowed. Where a file has no
//! `allow.listen` at all listeners are not judged but by what is forbidden; destinations in the same way.

use netstat_engine::enrich::UserNames;
use netstat_engine::filter::{Glob, Network, Ports};
use netstat_model::{Missing, NoOwner, Ownership, Process, Protocol, Socket};
use serde::Deserialize;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// A policy.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(super) listen: Rules,
    pub(super) connect: Rules,
}

/// What of it is about one of the two.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// `None` where everything is allowed.
    pub(super) allowed: Option<Vec<Rule>>,
    pub(super) forbidden: Vec<Rule>,
}

/// Who, and where. What is `None` is anything.
#[derive(Debug, Default)]
pub(super) struct Rule {
    process: Option<Glob>,
    path: Option<Glob>,
    user: Option<String>,
    unit: Option<Glob>,
    protocol: Option<Protocol>,
    addresses: Option<Vec<Network>>,
    ports: Option<Ports>,
    /// Why it is there, in the words of whoever wrote it.
    pub(super) note: Option<String>,
}

/// Yes, no, or `None`: what would decide is not known.
pub(super) type Answer = Option<bool>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Section,
    #[serde(default)]
    forbid: Section,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Section {
    listen: Option<Vec<Written>>,
    connect: Option<Vec<Written>>,
}

/// A rule as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    process: Option<String>,
    path: Option<String>,
    user: Option<toml::Value>,
    unit: Option<String>,
    protocol: Option<String>,
    address: Option<OneOrMore>,
    port: Option<toml::Value>,
    note: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl Policy {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// What is wrong in it, beginning with the line or the rule.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count();
            format!("line {line}: {}", error.message().replace('\n', " "))
        })?;
        let File { allow, forbid } = file;
        let rules = |written: Option<Vec<Written>>, kind: &str| {
            let rule = |(at, written): (usize, Written)| {
                written.rule().map_err(|why| format!("{kind}, rule {}: {why}", at + 1))
            };
            written
                .map(|list| list.into_iter().enumerate().map(rule).collect::<Result<Vec<_>, _>>())
                .transpose()
        };
        Ok(Self {
            listen: Rules {
                allowed: rules(allow.listen, "allow.listen")?,
                forbidden: rules(forbid.listen, "forbid.listen")?.unwrap_or_default(),
            },
            connect: Rules {
                allowed: rules(allow.connect, "allow.connect")?,
                forbidden: rules(forbid.connect, "forbid.connect")?.unwrap_or_default(),
            },
        })
    }
}

impl Written {
    fn rule(self) -> Result<Rule, String> {
        let protocol = match self.protocol.as_deref() {
            None => None,
            Some("tcp") => Some(Protocol::Tcp),
            Some("udp") => Some(Protocol::Udp),
            Some(other) => return Err(format!("protocol {other:?} is neither tcp nor udp")),
        };
        let addresses = self.address.map(|address| match address {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        });
        let network = |text: String| {
            parse_network(&text)
                .ok_or_else(|| format!("{text:?} is no address and no network such as 10.0.0.0/8"))
        };
        let addresses = addresses.map(|list| list.into_iter().map(network).collect()).transpose()?;
        let user = match self.user {
            None => None,
            Some(toml::Value::String(name)) => Some(name),
            Some(toml::Value::Integer(number)) => Some(number.to_string()),
            Some(_) => return Err("user is neither a name nor a number".to_owned()),
        };
        let ports = self.port.map(|value| {
            parse_ports(&value)
                .ok_or_else(|| "port is none: write 22, \"8000-8100\", \"80,443\" or [80, 443]".to_owned())
        });
        let glob = |pattern: Option<String>| pattern.as_deref().map(Glob::new);
        Ok(Rule {
            process: glob(self.process),
            path: glob(self.path),
            user,
            unit: glob(self.unit),
            protocol,
            addresses,
            ports: ports.transpose()?,
            note: self.note,
        })
    }
}

fn parse_network(text: &str) -> Option<Network> {
    match text.split_once('/') {
        None => Some(Network::host(text.parse().ok()?)),
        Some((address, length)) => Network::new(address.parse().ok()?, length.parse().ok()?),
    }
}

fn parse_ports(value: &toml::Value) -> Option<Ports> {
    fn ranges(value: &toml::Value) -> Option<Vec<RangeInclusive<u16>>> {
        match value {
            toml::Value::Integer(port) => {
                let port = u16::try_from(*port).ok()?;
                Some(vec![port..=port])
            }
            toml::Value::String(text) => text.split(',').map(|part| range(part.trim())).collect(),
            toml::Value::Array(list) => {
                list.iter().map(ranges).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
            }
            _ => None,
        }
    }
    fn range(text: &str) -> Option<RangeInclusive<u16>> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = from.trim().parse().ok()?..=to.trim().parse().ok()?;
        (!range.is_empty()).then_some(range)
    }
    Ports::new(ranges(value)?)
}

/// What a rule is held against.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) socket: &'a Socket,
    /// The local end of a listener, the remote one of a connection.
    pub(super) address: IpAddr,
    pub(super) port: u16,
    pub(super) process: Option<&'a Process>,
    pub(super) users: &'a UserNames,
}

impl Rule {
    /// Whether the rule is about it.
    pub(super) fn matches(&self, subject: &Subject<'_>) -> Answer {
        let certain = self.protocol.is_none_or(|protocol| protocol == subject.socket.protocol)
            && self.ports.as_ref().is_none_or(|ports| ports.contains(subject.port))
            && self
                .addresses
                .as_ref()
                .is_none_or(|list| list.iter().any(|one| one.contains(subject.address)));
        if !certain {
            return Some(false);
        }
        let of_process = [
            self.process
                .as_ref()
                .map(|glob| subject.fact(|process| &process.name, |name| glob.matches(name))),
            self.path.as_ref().map(|glob| {
                subject.fact(|process| &process.executable, |file| glob.matches(file.path.as_os_str()))
            }),
            self.unit.as_ref().map(|glob| subject.fact(|process| &process.unit, |unit| glob.matches(unit))),
            self.user.as_ref().map(|user| subject.user(user)),
        ];
        let mut all = Some(true);
        for answer in of_process.into_iter().flatten() {
            match answer {
                Some(true) => {}
                Some(false) => return Some(false),
                None => all = None,
            }
        }
        all
    }
}

impl Subject<'_> {
    fn fact<T>(
        &self,
        of: impl Fn(&Process) -> &Result<T, Missing>,
        matches: impl FnOnce(&T) -> bool,
    ) -> Answer {
        match self.process.map(of) {
            Some(Ok(fact)) => Some(matches(fact)),
            Some(Err(Missing::NotApplicable)) => Some(false),
            Some(Err(_)) => None,
            None => self.nobody(),
        }
    }

    /// What is known to have no process is not of this one.
    fn nobody(&self) -> Answer {
        match self.socket.ownership {
            Ownership::Unowned(NoOwner::NoProcess | NoOwner::Kernel) => Some(false),
            _ => None,
        }
    }

    /// The user of the process, or of who made the socket. An account of Windows may be meant without its domain.
    fn user(&self, wanted: &str) -> Answer {
        if let Some(Ok(account)) = self.process.map(|process| &process.account) {
            let account = account.to_string_lossy().to_lowercase();
            let wanted = wanted.to_lowercase();
            return Some(account == wanted || account.rsplit('\\').next() == Some(wanted.as_str()));
        }
        let of_process = self.process.and_then(|process| process.user.ok());
        let uid = of_process.or(self.socket.uid)?;
        Some(self.users.name(uid) == Some(wanted) || wanted.parse() == Ok(uid))
    }
}
