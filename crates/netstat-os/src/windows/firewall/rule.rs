//! One rule of the Windows firewall: its text, and whether it matches packets to a port.
//!
//! The text is `v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=3389|App=...|Name=...|`, as described by MS-GPFAS.
//! A condition that is not modelled, or whose answer is unknown (the sender, the interface), makes the rule one that may
//! match. The other conditions can still say that it does not.

#[cfg(any(test, fuzzing))]
use super::super::memory;
use super::profiles::Profiles;
use netstat_model::{Inbound, Transport};
use std::ffi::OsString;
use std::path::Path;

/// What a rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Allow,
    Block,
    /// Lets authenticated senders in, even past blocking rules.
    Bypass,
}

/// Whether a rule or one of its conditions matches. All conditions must match, so the smallest decides.
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

/// Local ports in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ports {
    Range(u16, u16),
    /// A keyword for a service that uses this port if it is set up at all.
    Perhaps(u16),
    /// A keyword for ports that services choose, or an unknown one.
    Word,
}

/// An inbound rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// The display name, or the ID if it has none.
    pub(super) name: String,
    /// `None` if it was not understood.
    pub(super) action: Option<Action>,
    /// Whether it is enabled; `None` if it does not say so.
    pub(super) active: Option<bool>,
    pub(super) profiles: Profiles,
    /// `None` for any.
    protocol: Option<u16>,
    /// Empty for any.
    ports: Vec<Ports>,
    program: Option<String>,
    service: Option<String>,
    /// It applies to a package of the store.
    package: bool,
    /// It has a condition that cannot be decided here.
    unsure: bool,
}

/// The ports of the RPC endpoint mapper, and of IP-HTTPS.
const RPC_MAPPER: u16 = 135;
const HTTPS: u16 = 443;

/// The protocol number of a rule for any protocol.
const ANY_PROTOCOL: u16 = 256;

impl Rule {
    /// A rule of which only the existence is known.
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

    /// Decodes a value, whose name is the ID of the rule. `None` for a rule that is disabled or not about incoming
    /// packets.
    pub(super) fn decode(id: &str, text: &str) -> Option<Self> {
        let mut fields = text.split('|');
        let version = fields.next().and_then(|first| first.strip_prefix(['v', 'V']));
        if !version.is_some_and(|version| version.starts_with(|first: char| first.is_ascii_digit())) {
            return Some(Self::not_understood(id));
        }
        let mut rule = Self { active: None, unsure: false, ..Self::not_understood(id) };
        let mut profiles = Profiles::empty();
        let mut inbound = false;
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
                "Dir" if is("In") => inbound = true,
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
                // None of these is a condition. Edge traversal concerns remote hosts behind a NAT, which are remote
                // hosts like any other.
                "Name" | "Desc" | "EmbedCtxt" | "Edge" | "Defer" => {}
                _ if is_local_ports(key) => rule.ports.extend(value.split(',').map(ports)),
                _ => rule.unsure = true,
            }
        }
        if !profiles.is_empty() {
            rule.profiles = profiles;
        }
        rule.unsure |= !inbound;
        Some(rule)
    }

    /// Returns whether the rule matches a packet.
    pub(super) fn matches(&self, inbound: &Inbound) -> Match {
        let number = match inbound.protocol {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        let port = Match::from(self.protocol.is_none_or(|protocol| protocol == number))
            .min(self.matches_port(inbound.port));
        // Ports rule out most rules and are cheap to compare; paths are not.
        if port == Match::No {
            return Match::No;
        }
        let program =
            self.program.as_deref().map_or(Match::Yes, |rule| program(rule, inbound.program.as_deref()));
        let service =
            self.service.as_deref().map_or(Match::Yes, |rule| service(rule, inbound.services.as_deref()));
        let package = if self.package { may_be_a_package(inbound) } else { Match::Yes };
        let unsure = if self.unsure { Match::Maybe } else { Match::Yes };
        port.min(program).min(service).min(package).min(unsure)
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

/// Returns true for `LPort`, and for `LPort2_10` and the like, which newer versions of the rules added.
fn is_local_ports(key: &str) -> bool {
    key.strip_prefix("LPort")
        .is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_'))
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

/// The name that stands for the kernel, which has no executable.
const SYSTEM: &str = "system";

fn has_drive(path: &str) -> bool {
    path.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) && path.get(1..3) == Some(":\\")
}

/// Compares the path in a rule, which may contain environment variables, with the executable of a process.
fn program(rule: &str, asked: Option<&Path>) -> Match {
    let Some(asked) = asked else { return Match::Maybe };
    let (rule, asked) = (rule.to_lowercase(), asked.to_string_lossy().to_lowercase());
    if rule == asked {
        return Match::Yes;
    }
    // Short names, links and further variables may stand for any path.
    let is_plain = |path: &str| !path.contains(['~', '/', '%']) && !path.contains("..");
    if asked == SYSTEM || rule == SYSTEM {
        return if rule.starts_with('%') && !rule.contains('\\') { Match::Maybe } else { Match::No };
    }
    if !asked.contains('\\') {
        // Only the name of the executable is known.
        let name = rule.rsplit('\\').next().unwrap_or_default();
        return if name == asked || !is_plain(name) { Match::Maybe } else { Match::No };
    }
    if !has_drive(&asked) {
        return Match::Maybe;
    }
    if let Some((variable, rest)) = rule.strip_prefix('%').and_then(|rule| rule.split_once('%')) {
        if !is_plain(rest) {
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
    if has_drive(&rule) && is_plain(&rule) { Match::No } else { Match::Maybe }
}

/// Compares the service in a rule, where `*` means any service, with the services of a process.
fn service(rule: &str, asked: Option<&[OsString]>) -> Match {
    let Some(asked) = asked else { return Match::Maybe };
    if rule == "*" {
        return (!asked.is_empty()).into();
    }
    let is = |name: &OsString| name.to_string_lossy().eq_ignore_ascii_case(rule);
    match asked {
        [one] => is(one).into(),
        // Any of them may own the socket.
        several if several.iter().any(is) => Match::Maybe,
        _ => Match::No,
    }
}

/// Returns whether the process may belong to a package of the store. Packages are not services, and their executables
/// are in `WindowsApps` or belong to Windows itself.
fn may_be_a_package(inbound: &Inbound) -> Match {
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

/// Decodes any bytes as a rule, and matches it.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_any(bytes: &[u8]) {
    let units: Vec<u16> = memory::units(bytes).collect();
    for text in [String::from_utf8_lossy(bytes).into_owned(), String::from_utf16_lossy(&units)] {
        let inbound = Inbound {
            protocol: Transport::Tcp,
            family: netstat_model::Family::V4,
            address: None,
            port: RPC_MAPPER,
            program: Some(text.clone().into()),
            services: Some(vec![text.clone().into()]),
        };
        for text in [text.clone(), format!("v2.10|{text}")] {
            if let Some(rule) = Rule::decode("", &text) {
                rule.matches(&inbound);
            }
        }
        program(&text, Some(Path::new("C:\\Windows\\System32\\svchost.exe")));
    }
}

#[cfg(test)]
mod tests;
