//! The ports that other hosts mostly should not reach, each with the reason. The table is `services.toml`.

use super::super::data::Sentence;
use super::super::surroundings::protocol_word;
use super::super::text::Text;
use netstat_model::Transport;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What somebody gets who reaches a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Risk {
    /// The machine or all of its data, unless it was set up with care.
    Control,
    /// A place to try passwords and known faults.
    Attack,
}

/// A row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Service {
    protocol: String,
    ports: Vec<u16>,
    pub(super) name: Text,
    pub(super) risk: Risk,
    reason: String,
    remedy: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    services: Vec<Service>,
    reasons: HashMap<String, Sentence>,
    remedies: HashMap<String, Sentence>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let parsed = toml::from_str(include_str!("services.toml"));
    debug_assert!(parsed.is_ok(), "{parsed:?}");
    parsed.unwrap_or_default()
});

/// A port that the settings name.
static NAMED: LazyLock<Service> = LazyLock::new(|| Service {
    protocol: String::new(),
    ports: Vec::new(),
    name: Text::fixed("a port that the settings name", "설정에 적은 포트"),
    risk: Risk::Attack,
    reason: "listed".to_owned(),
    remedy: "bind".to_owned(),
});

impl Service {
    /// Returns the service of a port.
    pub(super) fn of(protocol: Transport, port: u16) -> Option<&'static Self> {
        let protocol = protocol_word(protocol);
        TABLE.services.iter().find(|service| service.protocol == protocol && service.ports.contains(&port))
    }

    /// Returns what stands for a port that the settings name.
    pub(super) fn named() -> &'static Self {
        &NAMED
    }

    /// Returns why it should not be reached.
    pub(super) fn reason(&self) -> Option<Text> {
        TABLE.reasons.get(&self.reason).map(Sentence::text).cloned()
    }

    /// Returns what to do about it.
    pub(super) fn remedy(&self) -> Option<Text> {
        TABLE.remedies.get(&self.remedy).map(Sentence::text).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::text::{EN, KO};
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_port_is_there_twice_and_each_has_its_reason() {
        let mut seen = BTreeSet::new();
        for service in TABLE.services.iter().chain([Service::named()]) {
            for port in &service.ports {
                assert!(seen.insert((service.protocol.as_str(), *port)), "{port} twice");
            }
            let (reason, remedy) = (service.reason().unwrap(), service.remedy().unwrap());
            for text in [&service.name, &reason, &remedy] {
                assert!(!text.of(EN).is_empty() && !text.of(KO).is_empty());
            }
            assert!(reason.of(EN).ends_with('.') && reason.of(KO).ends_with('.'));
            assert!(!remedy.of(EN).ends_with('.') && !remedy.of(KO).ends_with('.'));
        }
        for port in
            [21, 23, 111, 135, 139, 445, 1433, 1521, 2375, 3306, 3389, 5432, 5900, 6379, 9200, 11211, 27017]
        {
            assert!(seen.contains(&("tcp", port)), "{port}");
        }
        assert!(seen.contains(&("udp", 69)));
        assert!(Service::of(Transport::Tcp, 22).is_none() && Service::of(Transport::Udp, 3306).is_none());
    }
}
