//! What the system answered, once, or twice if a rate is judged. Plain data: whoever runs the checks asks for it.

use super::marks::{Mark, Marks};
use super::surroundings::{Surroundings, listens};
use netstat_engine::select::Undecided;
use netstat_model::{
    Conntrack, Counters, DescriptorUse, IpEndpoint, IpSocketRef, Limits, Process, ProcessKey, SocketKey,
    SocketTable, TcpState, Transport, Warning,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::IpAddr;
use std::time::Duration;

/// Why an input is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lack {
    /// No chosen check needs it.
    NotAsked,
    /// The system refused it; in the system's words.
    Refused(String),
    /// The filter asks about sockets and not about processes, which it is about.
    FilteredOut,
}

impl Lack {
    /// Returns the reason, in words.
    pub fn reason(&self) -> &str {
        match self {
            Self::NotAsked => "not asked for",
            Self::FilteredOut => "the filter names no process",
            Self::Refused(reason) => reason,
        }
    }
}

/// An answer of the system, or why there is none.
pub type Input<T> = Result<T, Lack>;

/// Which sockets the system listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    /// Whether every one was delivered and understood.
    pub whole: bool,
    /// Whether those were that are bound and do nothing else.
    pub bound: bool,
}

impl Listed {
    /// Concludes it from the warnings of the listing.
    pub(crate) fn by(warnings: &[Warning]) -> Self {
        let is_doubtful = |warning: &Warning| {
            matches!(
                warning,
                Warning::DumpInterrupted { .. }
                    | Warning::DumpOverrun { .. }
                    | Warning::OddMessages { .. }
                    | Warning::FamilyUnavailable { .. }
                    | Warning::NamespacesLeftOut { .. }
            )
        };
        let lacks_bound = |warning: &Warning| {
            matches!(
                warning,
                Warning::BoundUnavailable { .. }
                    | Warning::SourceUnavailable { what: Warning::BOUND_SOCKETS, .. }
            )
        };
        Self { whole: !warnings.iter().any(is_doubtful), bound: !warnings.iter().any(lacks_bound) }
    }
}

/// The state of the system at one moment.
#[derive(Debug, Clone)]
pub struct Moment {
    /// The time since the system started.
    pub at: Input<Duration>,
    /// Whether everything that the checks need was asked for. The first of two looks a moment apart is not whole: it has
    /// marks and counters to make rates of, but neither sockets nor owners.
    pub whole: bool,
    /// The sockets that match the filter, in no particular order; empty if no check needs them. Of those whose details no
    /// check reads, only the row is kept.
    pub sockets: SocketTable,
    /// Which sockets the table may lack.
    pub listed: Listed,
    /// Whether the system told the course of any of these connections, kept or not.
    pub tells_course: bool,
    /// How many more sockets may match the filter, by kind: what decides could not be read.
    pub undecided: Undecided,
    /// What the next look compares its sockets with; empty if there is none.
    pub marks: Marks,
    /// The protocol counters.
    pub counters: Input<Counters>,
    /// The table of tracked connections; `None` if connections are not tracked.
    pub conntrack: Input<Option<Conntrack>>,
}

/// What growth of the descriptors of a process is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorsSince {
    /// When that was, by the clock of [`Moment::at`].
    pub at: Duration,
    /// The descriptors then.
    pub open: u64,
    /// The sockets in no table then.
    pub unlisted: Option<u64>,
}

/// Everything that the chosen checks judge by.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// The state now.
    pub now: Moment,
    /// The state before: a second ago, or at the last round of `--watch`.
    pub before: Option<Moment>,
    /// Whether no socket of any kind matches the filter.
    pub nothing_matches: bool,
    /// The limits of the system.
    pub limits: Input<Limits>,
    /// The descriptors of the processes that match the filter; `None` where the system does not tell them.
    pub descriptors: Input<Option<DescriptorUse>>,
    /// What `--watch` has seen of them: when it saw a process first, and the fewest descriptors and unlisted sockets of it
    /// since.
    pub descriptors_since: FxHashMap<ProcessKey, DescriptorsSince>,
    /// Local addresses of connections that this machine does not have.
    pub foreign_addresses: Input<FxHashSet<IpAddr>>,
    /// The processes that hold sockets.
    pub processes: FxHashMap<ProcessKey, Process>,
    /// What is known beyond the tables of the system.
    pub surroundings: Surroundings,
    /// The ports that somebody listens on, even if the filter leaves the listener out.
    pub listening: FxHashSet<(Transport, u16)>,
    /// Since when `--watch` has seen a socket in its state, by the same clock as [`Moment::at`]; empty without it.
    pub seen_since: FxHashMap<(SocketKey, Option<TcpState>), Duration>,
}

/// Returns the ports that somebody listens on.
pub(crate) fn listening<'a>(
    sockets: impl IntoIterator<Item = IpSocketRef<'a>>,
) -> FxHashSet<(Transport, u16)> {
    let listeners = sockets.into_iter().filter(listens);
    listeners.map(|socket| (socket.protocol, socket.local.port)).collect()
}

impl Evidence {
    /// Returns the time between the two looks, if there were two and the clock is known.
    pub fn elapsed(&self) -> Option<Duration> {
        let before = self.before.as_ref()?;
        let (Ok(then), Ok(now)) = (&before.at, &self.now.at) else { return None };
        now.checked_sub(*then).filter(|elapsed| !elapsed.is_zero())
    }

    /// Returns the look before, if it was a whole one and the time since is known.
    pub fn earlier(&self) -> Option<(&Moment, Duration)> {
        Some((self.before.as_ref().filter(|before| before.whole)?, self.elapsed()?))
    }

    /// Returns a counter and its growth between the two looks; `None` for the growth if there was only one look.
    pub fn counter(&self, get: impl Fn(&Counters) -> Option<u64>) -> Option<(u64, Option<u64>)> {
        let now = get(self.now.counters.as_ref().ok()?)?;
        let before = self.before.as_ref().and_then(|before| get(before.counters.as_ref().ok()?));
        Some((now, before.map(|before| now.saturating_sub(before))))
    }

    /// Returns by how much a counter grew between the two looks.
    pub fn grown(&self, get: impl Fn(&Counters) -> Option<u64>) -> Option<u64> {
        self.counter(get)?.1
    }

    /// Returns a counter's growth as a rate per second.
    pub fn per_second(&self, growth: u64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        self.elapsed().map(|elapsed| growth as f64 / elapsed.as_secs_f64())
    }

    /// Returns the mark of a socket in the look before.
    pub fn before(&self, socket: &IpSocketRef<'_>) -> Option<&Mark> {
        self.before.as_ref()?.marks.get(socket)
    }

    /// Returns for how long watching has seen a socket in its state.
    pub fn watched_for(&self, socket: &IpSocketRef<'_>) -> Option<Duration> {
        let since = self.seen_since.get(&(SocketKey::of(socket), socket.state))?;
        self.now.at.as_ref().ok()?.checked_sub(*since).filter(|watched| !watched.is_zero())
    }

    /// Returns the listener that a connection to this end came to: the one of its address, or else of every address.
    pub fn listener(&self, local: IpEndpoint) -> Option<IpSocketRef<'_>> {
        let of_port = || self.in_state(TcpState::Listen).filter(|listener| listener.local.port == local.port);
        of_port()
            .find(|listener| listener.local.address == local.address)
            .or_else(|| of_port().find(|listener| listener.local.address.is_unspecified()))
    }

    /// Returns the TCP sockets in a state.
    pub fn in_state(&self, state: TcpState) -> impl Iterator<Item = IpSocketRef<'_>> {
        self.now.sockets.iter_ip().filter(move |socket| socket.state == Some(state))
    }
}
