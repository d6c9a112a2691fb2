//! [`Lifespan`]: when a connection began and ended, and how.

use std::time::{Duration, SystemTime};

/// Which end began a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ConnectionRole {
    /// The local one: `connect()`.
    Active,
    /// The remote one: a listener of this machine accepted it.
    Passive,
    /// Not a connection but a listener, or a UDP socket that waits for datagrams.
    Listener,
    /// It was there before the recorder.
    Unknown,
}

/// How a connection ended, from the side of the local end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum EndReason {
    /// Both ends closed, the local one first.
    ClosedByUs,
    /// Both ends closed, the remote one first.
    ClosedByPeer,
    /// The local end sent a reset: it closed with data unread, or with `SO_LINGER` 0.
    AbortedByUs,
    /// A reset came from the remote end.
    ResetByPeer,
    /// The remote end refused the connection.
    Refused,
    /// No answer to the request for a connection.
    ConnectTimedOut,
    /// The local end gave up before an answer came.
    ConnectAbandoned,
    /// No local port was free.
    NoLocalPort,
    /// No route, or forbidden: nothing was sent.
    Unreachable,
    /// Data or keepalive probes stayed without an answer.
    TimedOut,
    /// Another program ended it (`SOCK_DESTROY`, as `ss -K`).
    Destroyed,
    /// The listener was closed before anybody accepted it.
    NeverAccepted,
    /// A listener or a UDP socket was closed.
    Closed,
    /// Nothing went over the flow of a UDP socket for a while; the socket may still be open.
    Idle,
    /// It was gone at the next look; how it ended was not seen.
    Unseen,
    /// An error that is none of these, by its number (`errno`).
    Other(u16),
}

/// When a connection, a listener or a UDP socket began and ended, as a recorder saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lifespan {
    /// The host it was on, by the name that its recorder has; `None` where that is not known.
    pub host: Option<Box<str>>,
    /// How many alike it stands for: 1, but where whoever was asked has counted them.
    pub alike: u64,
    /// Which end began it.
    pub role: ConnectionRole,
    /// When `connect()` or `listen()` was called, or the handshake of a passive end was over. `None` where nobody saw that.
    pub started: Option<SystemTime>,
    /// Where that is not known, when it was there already.
    pub started_before: Option<SystemTime>,
    /// Or when it was not there yet.
    pub started_after: Option<SystemTime>,
    /// When it was established; `None` where it never was, or was before the recorder.
    pub established: Option<SystemTime>,
    /// When the first end closed its direction, and whether that was the local one.
    pub first_fin: Option<(SystemTime, bool)>,
    /// When it ended, and how; `None` while it is open.
    pub ended: Option<(SystemTime, EndReason)>,
    /// From its start to its end, or to the moment that was asked about. By the clock that never jumps, so it may differ
    /// from what the times of day say.
    pub lasted: Option<Duration>,
}
