//! What a check has to know, so that no more is asked than that.

use super::Check;
use super::surroundings::Wanted;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};

/// What is asked of the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Sockets of these parts of the table.
    pub(crate) kinds: Kinds,
    /// TCP sockets in these states.
    pub(crate) states: States,
    /// What of each socket.
    pub(crate) fields: Fields,
    /// Owners of the TCP sockets in these states.
    pub(crate) owners: States,
    /// Owners of UDP sockets.
    pub(crate) udp_owners: bool,
    /// What of each process that holds one of those.
    pub(crate) process: ProcessFields,
    /// The protocol counters.
    pub(crate) counters: bool,
    /// The limits of the system.
    pub(crate) limits: bool,
    /// The table of tracked connections.
    pub(crate) conntrack: bool,
    /// What is known beyond the tables of the system.
    pub(crate) surroundings: Wanted,
    /// On which ports somebody listens, whatever the filter leaves.
    pub(crate) listening: bool,
    /// All of this twice, moments apart, because a rate is judged.
    pub(crate) twice: bool,
}

impl Needs {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self {
        kinds: Kinds::empty(),
        states: States::empty(),
        fields: Fields::empty(),
        owners: States::empty(),
        udp_owners: false,
        process: ProcessFields::empty(),
        counters: false,
        limits: false,
        conntrack: false,
        surroundings: Wanted::NOTHING,
        listening: false,
        twice: false,
    };

    /// What all of these checks need.
    pub(crate) fn of<'a>(checks: impl IntoIterator<Item = &'a &'static Check>) -> Self {
        checks.into_iter().fold(Self::NOTHING, |needs, check| needs.and(check.needs))
    }

    /// What the first of two looks needs that are a moment apart: who holds what is the same in both.
    pub(crate) fn first_look(checks: &[&'static Check]) -> Self {
        let needs = Self::of(checks.iter().filter(|check| check.needs.twice));
        Self {
            owners: States::empty(),
            udp_owners: false,
            process: ProcessFields::empty(),
            limits: false,
            listening: false,
            ..needs
        }
    }

    /// What either needs.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            kinds: self.kinds | other.kinds,
            states: self.states | other.states,
            fields: self.fields | other.fields,
            owners: self.owners | other.owners,
            udp_owners: self.udp_owners || other.udp_owners,
            process: self.process | other.process,
            counters: self.counters || other.counters,
            limits: self.limits || other.limits,
            conntrack: self.conntrack || other.conntrack,
            surroundings: self.surroundings.and(other.surroundings),
            listening: self.listening || other.listening,
            twice: self.twice || other.twice,
        }
    }

    /// Whether there are sockets among it.
    pub(crate) fn sockets(&self) -> bool {
        !self.kinds.is_empty()
    }
}
