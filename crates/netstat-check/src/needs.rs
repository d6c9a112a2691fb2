//! The evidence that a check needs. Nothing else is asked of the system for it.

use super::surroundings::Wanted;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, Protocol, TcpFields, TcpState};
use std::time::Duration;

/// What a check reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EvidenceNeeds {
    /// Sockets of these parts of the table.
    pub kinds: Kinds,
    /// TCP sockets in these states.
    pub states: States,
    /// Fields of each socket.
    pub fields: Fields,
    /// Fields of the course of each TCP connection.
    pub tcp: TcpFields,
    /// The connections whose `fields` are read; of the others they may be dropped.
    pub details: Details,
    /// Owners of the TCP sockets in these states.
    pub owners: States,
    /// Owners of UDP sockets.
    pub udp_owners: bool,
    /// Fields of each process that holds one of those.
    pub process: ProcessFields,
    /// The protocol counters.
    pub counters: bool,
    /// The limits of the system.
    pub limits: bool,
    /// The table of tracked connections.
    pub conntrack: bool,
    /// The descriptors of processes.
    pub descriptors: bool,
    /// What is known beyond the tables of the system.
    pub surroundings: Wanted,
    /// Which local addresses of connections are not those of this machine.
    pub addresses: bool,
    /// The ports that somebody listens on, even those that the filter leaves out.
    pub listening: bool,
    /// Whether two looks a moment apart are needed, because a rate is judged.
    pub twice: Twice,
}

/// When a check needs two looks a moment apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Twice {
    /// One look is enough.
    Never,
    /// The protocol counters of a first look decide (`time_wait_may_overflow`).
    IfTimeWaitMayOverflow,
    /// Each time, with all that the check reads.
    Always,
}

/// Returns whether the table of TIME_WAIT is at least half full. It takes a burst to fill one that is not within a second,
/// and then it is seen to be full.
pub(crate) fn time_wait_may_overflow(counters: &Counters) -> bool {
    let fill = counters.levels.as_ref().and_then(|levels| levels.tcp_tw.zip(levels.tcp_max_tw_buckets));
    fill.is_some_and(|(used, max)| max > 0 && used.saturating_mul(2) >= max)
}

/// The sockets whose details (`struct tcp_info`, memory) a check reads, out of those it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// Every socket.
    All,
    /// Connections that had to send a segment again since the look before.
    SentAgain,
    /// Connections with data in a queue none of which moved since the look before.
    Stuck,
    /// Connections that have been idle for an hour.
    Idle,
}

/// The shortest time without data that a check may ask about: details of connections that had some since are dropped.
pub(crate) const LEAST_IDLE: Duration = Duration::from_secs(3600);

impl EvidenceNeeds {
    /// Needs nothing.
    pub const NOTHING: Self = Self {
        kinds: Kinds::empty(),
        states: States::empty(),
        fields: Fields::empty(),
        tcp: TcpFields::empty(),
        details: Details::All,
        owners: States::empty(),
        udp_owners: false,
        process: ProcessFields::empty(),
        counters: false,
        limits: false,
        conntrack: false,
        descriptors: false,
        surroundings: Wanted::NOTHING,
        addresses: false,
        listening: false,
        twice: Twice::Never,
    };

    /// Returns whether sockets are needed.
    pub fn sockets(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// Returns whether sockets of this protocol and TCP state are needed.
    pub(crate) fn asks_for(&self, protocol: Protocol, state: Option<TcpState>) -> bool {
        match protocol {
            Protocol::Tcp => {
                self.kinds.intersects(Kinds::TCP)
                    && state.is_none_or(|state| self.states.contains(States::of(state)))
            }
            protocol => self.kinds.intersects(Kinds::of_protocol(protocol)),
        }
    }

    /// Returns whether the owners of such sockets are needed.
    pub(crate) fn asks_for_owner(&self, protocol: Protocol, state: Option<TcpState>) -> bool {
        match protocol {
            Protocol::Tcp => state.is_none_or(|state| self.owners.contains(States::of(state))),
            _ => self.udp_owners,
        }
    }
}
