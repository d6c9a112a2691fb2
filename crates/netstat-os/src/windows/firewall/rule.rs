//! One rule of the Windows firewall: its text, and whether it is about what comes to a port.
//!
//! The text is `v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=...|Name=...|`, as MS-GPFAS has it. A
//! condition that is not known here, or whose answer is not (who sends it, over which interface), makes a rule one that may
//! match; what is known of it can still say that it does not.

#[cfg(any(test, fuzzing))]
use super::super::memory;
use super::Profiles;
use netstat_model::{Inbound, Protocol};
use std::ffi::OsString;
use std::path::Path;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    Block,
    /// Lets in whoever proves who he is, even past rules that block.
    Bypass,
}

/// Whether a rule matches; all of its conditions have to, so that the least decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    No,
    Maybe,
    Yes,
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// Local ports that a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    Range(u16, u16),
    /// A word for a service that has this port if it is set up at all.
    Perhaps(u16),
    /// A word for ports that services choose, or one that is not known here.
    Word,
}

/// An inbound rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// As people find it again.
    pub(super) name: String,
    /// `None`: that was not understood.
    pub(super) action: Option<Action>,
    /// Whether it is switched on, where it says so.
    pub(super) active: Option<bool>,
    /// In which profiles it holds.
    pub(super) profiles: Profiles,
    /// `None`: any.
    protocol: Option<u16>,
    /// Any where there are none.
    ports: Vec<Ports>,
    program: Option<String>,
    service: Option<String>,
    /// It is about a package of the store.
    package: bool,
    /// There is a condition that cannot be decided here.
    unsure: bool,
}

/// The endpoint mapper of RPC, and IPv6 in HTTPS.
const RPC_MAPPER: u16 = 135;
const HTTPS: u16 = 443;

/// How a rule says that any protocol is meant.
const ANY_PROTOCOL: u16 = 256;

impl Rule {
    /// One of which nothing is known but that it is there.
    pub(super) fn not_understood(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            action: None,
            active: Some(true),
            profiles: Profiles::all(),
            protocol: None,
            ports: Vec::new(),
            program: None,
            service: None,
            package: false,
            unsure: true,
        }
    }

    /// The rule of a value, whose name is the ID of the rule; `None` for one that is not about what comes in, or is
    /// switched off.
    pub(super) fn decode(id: &str, text: &str) -> Option<Self> {
        let mut fields = text.split('|');
        let version = fields.next().and_then(|first| first.strip_prefix(['v', 'V']));
        if !version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())) {
            return Some(Self::not_understood(id));
        }
        let mut rule = Self { active: None, unsure: false, ..Self::not_understood(id) };
        let mut profiles = Profiles::empty();
        let mut inbound = None;
        let mut once: Vec<&str> = Vec::new();
        for field in fields.map(str::trim).filter(|field| !field.is_empty()) {
            let Some((key, value)) = field.split_once('=') else {
                rule.unsure = true;
                continue;
            };
            if ["Action", "Active", "Dir", "Protocol", "App", "Svc"].contains(&key) {
                if once.contains(&key) {
                    return Some(Self::not_understood(id));
                }
                once.push(key);
            }
            let is = |word: &str| value.eq_ignore_ascii_case(word);
            match key {
                "Action" if is("Allow") => rule.action = Some(Action::Allow),
                "Action" if is("Block") => rule.action = Some(Action::Block),
                "Action" if is("ByPass") => rule.action = Some(Action::Bypass),
                "Active" if is("TRUE") => rule.active = Some(true),
                "Active" if is("FALSE") => return None,
                "Dir" if is("In") => inbound = Some(true),
                "Dir" if is("Out") => return None,
                "Profile" if is("Domain") => profiles |= Profiles::DOMAIN,
                "Profile" if is("Private") => profiles |= Profiles::PRIVATE,
                "Profile" if is("Public") => profiles |= Profiles::PUBLIC,
                "Profile" => (profiles, rule.unsure) = (Profiles::all(), true),
                "Protocol" => match value.parse() {
                    Ok(ANY_PROTOCOL) => {}
                    Ok(number) => rule.protocol = Some(number),
                    Err(_) => rule.unsure = true,
                },
                "App" => rule.program = Some(value.to_owned()),
                "Svc" => rule.service = Some(value.to_owned()),
                "AppPkgId" | "PFN" => rule.package = true,
                "Name" if !value.is_empty() && !value.starts_with('@') => rule.name = value.to_owned(),
                // These say nothing of what it matches: a remote end behind a NAT of this machine is one as well.
                "Name" | "Desc" | "EmbedCtxt" | "Edge" | "Defer" => {}
                _ if is_local_ports(key) => rule.ports.extend(value.split(',').map(ports)),
                _ => rule.unsure = true,
            }
        }
        if !profiles.is_empty() {
            rule.profiles = profiles;
        }
        rule.unsure |= inbound.is_none();
        Some(rule)
    }

    /// Whether it is about this.
    pub(super) fn matches(&self, inbound: &Inbound) -> Match {
        let number = match inbound.protocol {
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        };
        // Ports leave out most rules, and cost little.
        let of_port = Match::from(self.protocol.is_none_or(|protocol| protocol == number))
            .min(self.matches_port(inbound.port));
        if of_port == Match::No {
            return Match::No;
        }
        [
            of_port,
            if self.unsure { Match::Maybe } else { Match::Yes },
            self.program.as_deref().map_or(Match::Yes, |rule| program(rule, inbound.program.as_deref())),
            self.service.as_deref().map_or(Match::Yes, |rule| service(rule, inbound.services.as_deref())),
            if self.package { may_be_of_a_package(inbound) } else { Match::Yes },
        ]
        .into_iter()
        .min()
        .unwrap_or(Match::Maybe)
    }

    fn matches_port(&self, port: u16) -> Match {
        let one = |ports: &Ports| match *ports {
            Ports::Range(first, last) => (first..=last).contains(&port).into(),
            Ports::Perhaps(perhaps) if perhaps != port => Match::No,
            Ports::Perhaps(_) | Ports::Word => Match::Maybe,
        };
        self.ports.iter().map(one).max().unwrap_or(Match::Yes)
    }
}

/// `LPort`, and `LPort2_10` and its kin: what a newer version of the rules added.
fn is_local_ports(key: &str) -> bool {
    key.strip_prefix("LPort").is_some_and(|version| {
        version.is_empty() || version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    })
}

fn ports(word: &str) -> Ports {
    let word = word.trim();
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if first <= last => Ports::Range(first, last),
        _ => match word.to_ascii_lowercase().as_str() {
            "rpc-epmap" => Ports::Range(RPC_MAPPER, RPC_MAPPER),
            "iphttpsin" | "iptlsin" => Ports::Perhaps(HTTPS),
            _ => Ports::Word,
        },
    }
}

/// The name that stands for the kernel, which runs no file.
const SYSTEM: &str = "system";

fn has_drive(path: &str) -> bool {
    path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.get(1..3) == Some(":\\")
}

/// Whether the file of a rule, with variables of the environment in it, is the one that a process runs.
fn program(rule: &str, asked: Option<&Path>) -> Match {
    let Some(asked) = asked else { return Match::Maybe };
    let (rule, asked) = (rule.to_lowercase(), asked.to_string_lossy().to_lowercase());
    if rule == asked {
        return Match::Yes;
    }
    let sound = |path: &str| !path.contains(['~', '/', '%']) && !path.contains("..");
    if asked == SYSTEM || rule == SYSTEM {
        // A variable may stand for anything.
        return if rule.starts_with('%') && !rule.contains('\\') { Match::Maybe } else { Match::No };
    }
    if !asked.contains('\\') {
        // No more than its name is known.
        let name = rule.rsplit('\\').next().unwrap_or_default();
        return if name == asked || !sound(name) { Match::Maybe } else { Match::No };
    }
    if !has_drive(&asked) {
        return Match::Maybe;
    }
    if let Some((variable, rest)) = rule.strip_prefix('%').and_then(|rule| rule.split_once('%')) {
        if !sound(rest) {
            return Match::Maybe;
        }
        let Some(before) = asked.strip_suffix(rest) else { return Match::No };
        let usual = match variable {
            "systemroot" | "windir" => "\\windows",
            "programfiles" | "programw6432" => "\\program files",
            "programfiles(x86)" => "\\program files (x86)",
            "programdata" => "\\programdata",
            "systemdrive" => "",
            _ => return Match::Maybe,
        };
        let is_usual = before.get(2..) == Some(usual) && before.get(1..2) == Some(":");
        return if is_usual { Match::Yes } else { Match::Maybe };
    }
    if has_drive(&rule) && sound(&rule) { Match::No } else { Match::Maybe }
}

/// Whether the service of a rule is the one that a process runs; `*` is any.
fn service(rule: &str, asked: Option<&[OsString]>) -> Match {
    let Some(asked) = asked else { return Match::Maybe };
    if rule == "*" {
        return (!asked.is_empty()).into();
    }
    let is = |name: &OsString| name.to_string_lossy().eq_ignore_ascii_case(rule);
    match asked {
        [one] => is(one).into(),
        // Which of them has the socket is not known.
        several if several.iter().any(is) => Match::Maybe,
        _ => Match::No,
    }
}

/// Packages of the store are services never, and lie where Windows keeps them; some run by files of Windows itself.
fn may_be_of_a_package(inbound: &Inbound) -> Match {
    if inbound.services.as_ref().is_some_and(|services| !services.is_empty()) {
        return Match::No;
    }
    let Some(program) = &inbound.program else { return Match::Maybe };
    let program = program.to_string_lossy().to_lowercase();
    let elsewhere = has_drive(&program)
        && !program.contains("\\windowsapps\\")
        && !program.get(2..).is_some_and(|path| path.starts_with("\\windows\\"));
    if elsewhere || program == SYSTEM { Match::No } else { Match::Maybe }
}

/// Any bytes as the text of a rule, which is then asked about ports.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_any(bytes: &[u8]) {
    let units: Vec<u16> = memory::units(bytes).collect();
    let rules = [String::from_utf8_lossy(bytes).into_owned(), String::from_utf16_lossy(&units)];
    for text in rules {
        let inbound = Inbound {
            protocol: Protocol::Tcp,
            family: netstat_model::Family::V4,
            port: RPC_MAPPER,
            program: Some(text.clone().into()),
            services: Some(vec![text.clone().into()]),
        };
        for rule in
            [Rule::decode("", &text), Rule::decode("", &format!("v2.10|{text}"))].into_iter().flatten()
        {
            rule.matches(&inbound);
        }
        program(&text, Some(Path::new("C:\\Windows\\System32\\svchost.exe")));
    }
}

#[cfg(test)]
mod tests;
