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
//! What a rule does not name may be anything. `forbid` wins over `allow`. In a file without `allow.listen` every listener
//! is allowed that is not forbidden; the same goes for destinations.

use super::text::Text;
use super::toml_error::{at_line, without_content};
use netstat_engine::both;
use netstat_engine::enrich::UserNames;
use netstat_engine::filter::{Glob, Ports};
use netstat_model::{IpSocketRef, Missing, NoOwner, OwnershipRef, Prefix, Process, Transport};
use serde::Deserialize;
use std::net::IpAddr;
use std::ops::RangeInclusive;

/// A policy.
#[derive(Debug, Default)]
pub struct Policy {
    pub(crate) listen: Rules,
    pub(crate) connect: Rules,
}

/// The rules for listeners, or for destinations.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// `None` if everything is allowed.
    pub(crate) allowed: Option<Vec<Rule>>,
    pub(crate) forbidden: Vec<Rule>,
}

/// A rule: who, and where. `None` stands for anything.
#[derive(Debug, Default)]
pub(crate) struct Rule {
    process: Option<Glob>,
    path: Option<Glob>,
    user: Option<String>,
    unit: Option<Glob>,
    protocol: Option<Transport>,
    addresses: Option<Vec<Prefix>>,
    ports: Option<Ports>,
    /// Why the rule exists, in the words of its author.
    pub(crate) note: Option<String>,
}

/// Whether a rule matches; `None` if what decides is not known.
pub(crate) type RuleAnswer = Option<bool>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    #[serde(default)]
    allow: RuleLists,
    #[serde(default)]
    forbid: RuleLists,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RuleLists {
    listen: Option<Vec<Written>>,
    connect: Option<Vec<Written>>,
}

/// A rule as written in the file.
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
    /// Parses the text of a policy file.
    ///
    /// # Errors
    /// Says what is wrong, beginning with the line or the rule.
    pub fn parse(text: &str) -> Result<Self, Text> {
        let file: PolicyFile = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            at_line(text, start, &without_content(error.message()))
        })?;
        let PolicyFile { allow, forbid } = file;
        let rules = |written: Option<Vec<Written>>, kind: &str| {
            let rule = |(at, written): (usize, Written)| {
                written.rule().map_err(|why| {
                    let number = (at + 1).to_string();
                    both!("{kind}, rule {number}: {why}", "{kind}, 규칙 {number}: {why}", kind, number, why)
                })
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
    fn rule(self) -> Result<Rule, Text> {
        let protocol = match self.protocol.as_deref() {
            None => None,
            Some("tcp") => Some(Transport::Tcp),
            Some("udp") => Some(Transport::Udp),
            Some(_) => {
                return Err(both!("protocol is neither tcp nor udp", "protocol 값이 tcp도 udp도 아닙니다"));
            }
        };
        let addresses = self.address.map(|address| match address {
            OneOrMore::One(one) => vec![one],
            OneOrMore::More(more) => more,
        });
        let network = |text: String| {
            parse_network(&text).ok_or_else(|| {
                both!(
                    "address is neither an address nor a network such as 10.0.0.0/8",
                    "address 값이 주소도, 10.0.0.0/8 같은 네트워크도 아닙니다"
                )
            })
        };
        let addresses = addresses.map(|list| list.into_iter().map(network).collect()).transpose()?;
        let user = match self.user {
            None => None,
            Some(toml::Value::String(name)) => Some(name),
            Some(toml::Value::Integer(number)) => Some(number.to_string()),
            Some(_) => {
                return Err(both!("user is neither a name nor a number", "user 값이 이름도 번호도 아닙니다"));
            }
        };
        let ports = self.port.map(|value| {
            parse_ports(&value).ok_or_else(|| {
                both!(
                    "port is not valid: write 22, \"8000-8100\", \"80,443\" or [80, 443]",
                    "port 값이 잘못되었습니다. 쓸 수 있는 형식: 22, \"8000-8100\", \"80,443\", [80, 443]"
                )
            })
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

fn parse_network(text: &str) -> Option<Prefix> {
    match text.split_once('/') {
        None => Some(Prefix::host(text.parse().ok()?)),
        Some((address, length)) => Prefix::containing(address.parse().ok()?, length.parse().ok()?),
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

/// What a rule is compared with.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) socket: IpSocketRef<'a>,
    /// The local end of a listener, the remote one of a connection.
    pub(crate) address: IpAddr,
    pub(crate) port: u16,
    pub(crate) process: Option<&'a Process>,
    pub(crate) users: &'a UserNames,
}

impl Rule {
    /// Returns whether the rule matches.
    pub(crate) fn matches(&self, subject: &Subject<'_>) -> RuleAnswer {
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
            self.process.as_ref().map(|glob| subject.name(glob)),
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
    /// Compares the names of the process.
    fn name(&self, glob: &Glob) -> RuleAnswer {
        match self.process {
            Some(process) => process.is_named(|name| glob.matches(name)),
            None => self.nobody(),
        }
    }

    fn fact<T>(
        &self,
        of: impl Fn(&Process) -> &Result<T, Missing>,
        matches: impl FnOnce(&T) -> bool,
    ) -> RuleAnswer {
        match self.process.map(of) {
            Some(Ok(fact)) => Some(matches(fact)),
            Some(Err(Missing::NotApplicable)) => Some(false),
            Some(Err(_)) => None,
            None => self.nobody(),
        }
    }

    /// Answers for a socket without a known process: if it is known to have none, no process of a rule is its.
    fn nobody(&self) -> RuleAnswer {
        match self.socket.ownership() {
            OwnershipRef::Unowned(NoOwner::NoProcess | NoOwner::Kernel) => Some(false),
            _ => None,
        }
    }

    /// Compares the user of the process, or of the socket's creator. A Windows account matches without its domain as well.
    fn user(&self, wanted: &str) -> RuleAnswer {
        if let Some(Ok(account)) = self.process.map(|process| &process.account) {
            let account = account.to_string_lossy().to_lowercase();
            let wanted = wanted.to_lowercase();
            return Some(account == wanted || account.rsplit('\\').next() == Some(wanted.as_str()));
        }
        let of_process = self.process.and_then(|process| process.user.ok());
        let uid = of_process.or(self.socket.uid())?;
        Some(self.users.name(uid) == Some(wanted) || wanted.parse() == Ok(uid))
    }
}
