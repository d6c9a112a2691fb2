//! What the Windows firewall does with incoming packets, by its rules and settings in the registry.
//!
//! Those of the machine are below `FirewallPolicy`. Those of its administration (Group Policy or a management service) are
//! elsewhere and take precedence. Filters of other programs (WFP) are not in the registry and remain unknown.

mod judge;
mod profiles;
mod rule;

use super::registry::{Value, decode_values};
use super::source::{Question, Source};
use judge::{Ruleset, Settings};
use netstat_model::error::words_of;
use netstat_model::{Firewall, Inbound, UnreadRules};
use rule::Rule;
use std::io;

/// A key of the machine.
macro_rules! local {
    ($key:literal) => {
        concat!(r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\", $key)
    };
}

/// A key of Group Policy.
macro_rules! policy {
    ($key:literal) => {
        concat!(r"SOFTWARE\Policies\Microsoft\WindowsFirewall\", $key)
    };
}

/// Rules of the machine.
pub(super) const RULES: &str = local!("FirewallRules");

/// Rules of the administration: of Group Policy, and of a management service (MDM).
const MANAGED: [&str; 2] = [policy!("FirewallRules"), local!(r"Mdm\FirewallRules")];

/// Rules that restrict the services of Windows (service hardening).
const HARDENING: [&str; 2] =
    [local!(r"RestrictedServices\Static\System"), local!(r"RestrictedServices\Configurable\System")];

/// Openings by Group Policy in the form of Windows XP, which are still in force. Their contents are not parsed.
const OLD: [&str; 4] = [
    policy!(r"DomainProfile\GloballyOpenPorts\List"),
    policy!(r"DomainProfile\AuthorizedApplications\List"),
    policy!(r"StandardProfile\GloballyOpenPorts\List"),
    policy!(r"StandardProfile\AuthorizedApplications\List"),
];

/// The service of the firewall.
const SERVICE: &str = r"SYSTEM\CurrentControlSet\Services\MpsSvc";

/// `SERVICE_DISABLED`.
const DISABLED: u32 = 4;

/// The keys with the settings of a profile.
struct ProfileKeys {
    /// Of Group Policy, in order of precedence. Windows XP had one profile for all networks outside of the domain.
    policy: &'static [&'static str],
    /// Of a management service.
    mdm: &'static [&'static str],
    local: &'static str,
}

/// In the order of [`profiles::Profiles::EACH`].
const PROFILES: [ProfileKeys; 3] = [
    ProfileKeys {
        policy: &[policy!("DomainProfile")],
        mdm: &[local!(r"Mdm\DomainProfile")],
        local: local!("DomainProfile"),
    },
    ProfileKeys {
        policy: &[policy!("PrivateProfile"), policy!("StandardProfile")],
        mdm: &[local!(r"Mdm\StandardProfile"), local!(r"Mdm\PrivateProfile")],
        local: local!("StandardProfile"),
    },
    ProfileKeys {
        policy: &[policy!("PublicProfile"), policy!("StandardProfile")],
        mdm: &[local!(r"Mdm\PublicProfile")],
        local: local!("PublicProfile"),
    },
];

/// Judges each packet by the rules and settings that can be read.
pub(super) fn firewall(source: &dyn Source, asked: &[Inbound]) -> Firewall {
    let mut reader = Reader { source, unread: Vec::new() };
    let judgements = match reader.ruleset() {
        Ok(ruleset) => asked.iter().map(|inbound| Some(ruleset.judge(inbound))).collect(),
        Err(error) => {
            let reason = if error.kind() == io::ErrorKind::NotFound {
                "the registry has no FirewallPolicy".to_owned()
            } else {
                words_of(&error)
            };
            reader.unread = vec![UnreadRules { of: "the Windows firewall", reason }];
            vec![None; asked.len()]
        }
    };
    Firewall { judgements, published: Vec::new(), unread: reader.unread }
}

/// The numbers of a key by name; `None` for a value that is not a number.
type Numbers = Vec<(String, Option<u32>)>;

struct Reader<'a> {
    source: &'a dyn Source,
    unread: Vec<UnreadRules>,
}

impl Reader<'_> {
    fn ruleset(&mut self) -> io::Result<Ruleset> {
        let mut ruleset = Ruleset { local: self.rules_of(RULES)?, ..Ruleset::default() };
        for key in MANAGED {
            ruleset.managed.extend(self.rules(key, "rules of Group Policy or a management service"));
        }
        for key in HARDENING {
            ruleset.hardening.extend(self.rules(key, "rules for services of Windows"));
        }
        for key in OLD {
            let old = self.numbers(key).unwrap_or_else(|_| vec![(String::new(), None)]);
            let more = old.iter().map(|(name, _)| Rule::not_understood(&format!("of Group Policy {name}")));
            ruleset.managed.extend(more);
        }
        let stopped = match self.numbers(SERVICE) {
            Ok(values) => number(&values, "Start").is_some_and(|start| start.is_none_or(|it| it == DISABLED)),
            Err(_) => true,
        };
        for keys in &PROFILES {
            let mut settings = self.settings(keys);
            // Without its service the firewall may be off, whatever the settings say.
            settings.enabled = settings.enabled.filter(|enabled| !enabled || !stopped);
            ruleset.settings.push(settings);
        }
        Ok(ruleset)
    }

    fn rules_of(&self, key: &'static str) -> io::Result<Vec<Rule>> {
        let values = self.source.ask(&Question::RegistryValues(key))?;
        let mut rules = Vec::new();
        let odd = decode_values(values.bytes(), |value| {
            rules.extend(decode_rule(value));
            true
        });
        if odd > 0 {
            rules.push(Rule::not_understood("that is cut off"));
        }
        Ok(rules)
    }

    /// Returns the rules of an optional key. If it cannot be read, it may contain any rule.
    fn rules(&mut self, key: &'static str, of: &'static str) -> Vec<Rule> {
        match self.rules_of(key) {
            Ok(rules) => rules,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.unread.push(UnreadRules { of, reason: words_of(&error) });
                vec![Rule::not_understood("that was not read")]
            }
        }
    }

    fn numbers(&self, key: &'static str) -> io::Result<Numbers> {
        let values = match self.source.ask(&Question::RegistryValues(key)) {
            Ok(values) => values,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        Ok(decode_numbers(values.bytes()))
    }

    fn settings(&mut self, keys: &ProfileKeys) -> Settings {
        let all = |keys: &[&'static str]| -> io::Result<Numbers> {
            let each: io::Result<Vec<Numbers>> = keys.iter().map(|key| self.numbers(key)).collect();
            Ok(each?.concat())
        };
        let read = all(keys.policy).and_then(|policy| Ok((policy, all(keys.mdm)?, all(&[keys.local])?)));
        let (policy, mdm, local) = match read {
            Ok(numbers) => numbers,
            Err(error) => {
                let unread = UnreadRules { of: "settings of the Windows firewall", reason: words_of(&error) };
                if !self.unread.contains(&unread) {
                    self.unread.push(unread);
                }
                return Settings::default();
            }
        };
        let setting = |name: &str, local: &[(String, Option<u32>)], default: bool| {
            let administered = match (number(&policy, name), number(&mdm, name)) {
                // Which administration takes precedence is a setting of its own.
                (Some(one), Some(other)) if one != other => return None,
                (one, other) => one.or(other),
            };
            match administered.or_else(|| number(local, name)) {
                Some(number) => flag(number?),
                None => Some(default),
            }
        };
        Settings {
            enabled: setting("EnableFirewall", &local, true),
            allows: setting("DefaultInboundAction", &local, true).map(|blocks| !blocks),
            shielded: setting("DoNotAllowExceptions", &local, false),
            // The machine itself cannot switch off its own rules.
            merges: setting("AllowLocalPolicyMerge", &[], true),
        }
    }
}

fn flag(number: u32) -> Option<bool> {
    match number {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// Finds a value by name. `Some(None)` if it is not a number.
fn number(values: &[(String, Option<u32>)], name: &str) -> Option<Option<u32>> {
    values.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, number)| *number)
}

/// Decodes the rule in a value, if it is about incoming packets.
fn decode_rule(value: &Value<'_>) -> Option<Rule> {
    Rule::decode(&value.name.to_string_lossy(), &value.text().to_string_lossy())
}

fn decode_numbers(values: &[u8]) -> Numbers {
    let mut numbers = Numbers::new();
    let odd = decode_values(values, |value| {
        numbers.push((value.name.to_string_lossy().into_owned(), value.number()));
        true
    });
    if odd > 0 {
        // The missing part may have contained any of these.
        let names =
            ["EnableFirewall", "DefaultInboundAction", "DoNotAllowExceptions", "AllowLocalPolicyMerge"];
        numbers.splice(0..0, names.map(|name| (name.to_owned(), None)));
    }
    numbers
}

/// Runs every decoder on any bytes.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(bytes: &[u8]) {
    decode_values(bytes, |value| decode_rule(value).is_some());
    decode_numbers(bytes);
    rule::decode_any(bytes);
}

#[cfg(test)]
mod tests;
