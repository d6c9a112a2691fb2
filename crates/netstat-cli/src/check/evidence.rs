//! What the system was asked, once, or twice where a rate is judged. Plain data: who asks is in `report/check.rs`.

use super::marks::{Mark, Marks};
use super::surroundings::Surroundings;
use netstat_model::{Conntrack, Counters, Endpoint, Limits, Process, ProcessId, Protocol, Socket, TcpState};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::time::Duration;

/// Why an input is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lack {
    /// No chosen check needs it.
    NotAsked,
    /// The system refused it, in its words.
    Refused(String),
}

impl Lack {
    /// Why, in words.
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::NotAsked => "not asked for",
            Self::Refused(reason) => reason,
        }
    }
}

/// Something that the system may not have told.
pub(crate) type Input<T> = Result<T, Lack>;

/// What was there at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// When, since the system started.
    pub(crate) at: Input<Duration>,
    /// Whether all that the checks need was asked for. The first of two looks a moment apart is not whole: it knows what
    /// rates are made of, as marks, and neither sockets nor owners.
    pub(crate) whole: bool,
    /// The sockets that the filter leaves, in no particular order; empty where no check needs them.
    pub(crate) sockets: Vec<Socket>,
    /// What the next look compares its sockets with; empty where there is none.
    pub(crate) marks: Marks,
    /// The protocol counters.
    pub(crate) counters: Input<Counters>,
    /// The table of tracked connections; `None` where none are tracked.
    pub(crate) conntrack: Input<Option<Conntrack>>,
}

/// What tells a socket from others, from one look to the next: the kernel's number of it, or else its ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SocketKey {
    Cookie(u64),
    Ends(Box<(Protocol, Endpoint, Option<Endpoint>)>),
}

impl SocketKey {
    pub(crate) fn of(socket: &Socket) -> Self {
        match socket.id.cookie {
            Some(cookie) => Self::Cookie(cookie),
            None => Self::Ends(Box::new((socket.protocol, socket.local, socket.remote))),
        }
    }
}

/// All that the chosen checks may judge by.
#[derive(Debug, Clone)]
pub(crate) struct Evidence {
    /// What is there now.
    pub(crate) now: Moment,
    /// What was there before: a second ago, or at the last round of `--watch`.
    pub(crate) before: Option<Moment>,
    /// The limits of the system.
    pub(crate) limits: Input<Limits>,
    /// What is known of the processes that hold sockets.
    pub(crate) processes: HashMap<ProcessId, Process>,
    /// What is known beyond the tables of the system.
    pub(crate) surroundings: Surroundings,
    /// The ports that somebody listens on, those of listeners included that the filter leaves out.
    pub(crate) listening: FxHashSet<(Protocol, u16)>,
    /// Since when `--watch` has seen a socket in its state, by the same clock as [`Moment::at`]; empty without it.
    pub(crate) seen_since: FxHashMap<(SocketKey, Option<TcpState>), Duration>,
}

/// The ports that somebody listens on.
pub(crate) fn listening(sockets: &[Socket]) -> FxHashSet<(Protocol, u16)> {
    let listens = |socket: &&Socket| match socket.protocol {
        Protocol::Tcp => socket.state == Some(TcpState::Listen),
        Protocol::Udp => socket.remote.is_none(),
    };
    sockets.iter().filter(listens).map(|socket| (socket.protocol, socket.local.port)).collect()
}

impl Evidence {
    /// The time between the two looks, where there were two and the clock is known.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        let before = self.before.as_ref()?;
        let (Ok(then), Ok(now)) = (&before.at, &self.now.at) else { return None };
        now.checked_sub(*then).filter(|elapsed| !elapsed.is_zero())
    }

    /// The look before, where it was a whole one and the time since is known.
    pub(crate) fn earlier(&self) -> Option<(&Moment, Duration)> {
        Some((self.before.as_ref().filter(|before| before.whole)?, self.elapsed()?))
    }

    /// A counter, and by how much it grew between the two looks; `None` where it is not known, and for the growth where
    /// there was one look only.
    pub(crate) fn counter(&self, get: impl Fn(&Counters) -> Option<u64>) -> Option<(u64, Option<u64>)> {
        let now = get(self.now.counters.as_ref().ok()?)?;
        let before = self.before.as_ref().and_then(|before| get(before.counters.as_ref().ok()?));
        Some((now, before.map(|before| now.saturating_sub(before))))
    }

    /// By how much a counter grew between the two looks.
    pub(crate) fn grown(&self, get: impl Fn(&Counters) -> Option<u64>) -> Option<u64> {
        self.counter(get)?.1
    }

    /// A counter's growth as a rate per second.
    pub(crate) fn per_second(&self, growth: u64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        self.elapsed().map(|elapsed| growth as f64 / elapsed.as_secs_f64())
    }

    /// What a socket was like in the look before.
    pub(crate) fn before(&self, socket: &Socket) -> Option<&Mark> {
        self.before.as_ref()?.marks.get(socket)
    }

    /// For how long at least a socket has been in its state, as far as watching tells.
    pub(crate) fn watched_for(&self, socket: &Socket) -> Option<Duration> {
        let since = self.seen_since.get(&(SocketKey::of(socket), socket.state))?;
        self.now.at.as_ref().ok()?.checked_sub(*since).filter(|watched| !watched.is_zero())
    }

    /// The listener that a socket of this end came to: the one of its address, or else of every address.
    pub(crate) fn listener(&self, local: Endpoint) -> Option<&Socket> {
        let of_port = || self.in_state(TcpState::Listen).filter(|listener| listener.local.port == local.port);
        of_port()
            .find(|listener| listener.local.address == local.address)
            .or_else(|| of_port().find(|listener| listener.local.address.is_unspecified()))
    }

    /// The TCP sockets in a state.
    pub(crate) fn in_state(&self, state: TcpState) -> impl Iterator<Item = &Socket> {
        self.now.sockets.iter().filter(move |socket| socket.state == Some(state))
    }
}
