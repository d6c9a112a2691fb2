//! [`Course`]: how what happened in a span went on over its time, in intervals of one length.

use crate::gap::Gap;
use crate::row::Address;
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, TcpState};
use std::ffi::OsString;
use std::time::{Duration, SystemTime};

/// The intervals of a course, and whose lines it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseWishes {
    /// The end of the last interval, which no longer belongs to it.
    pub until: SystemTime,
    /// The length of an interval.
    pub step: Duration,
    /// How many there are.
    pub intervals: usize,
    /// The programs that have a line of their own; `None` for unknown ones.
    pub processes: Vec<Option<OsString>>,
    /// The remote addresses that have one.
    pub remotes: Vec<Address>,
    /// How many destinations have one.
    pub destinations: usize,
    /// How many connections are told one by one, of the longest and of the largest.
    pub lives: usize,
}

/// What ended in each interval, of one program or one remote address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// Connections that ended.
    pub ends: Vec<u64>,
    /// Their bytes, of both ways, as far as they are known.
    pub bytes: Vec<u64>,
}

/// Round-trip times of the connections that ended in an interval: of so many per cent it was not longer than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quantiles {
    /// Of half of them.
    pub half: Duration,
    /// Of 95 %.
    pub most: Duration,
}

/// One connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
    /// Which end called.
    pub role: ConnectionRole,
    /// The local end.
    pub local: IpEndpoint,
    /// The remote end.
    pub remote: Option<IpEndpoint>,
    /// When it began; where nobody saw that, when it was seen first.
    pub began: SystemTime,
    /// Whether that was seen.
    pub began_is_known: bool,
    /// When it ended, and how; `None` while it is open.
    pub ended: Option<(SystemTime, EndReason)>,
    /// Bytes sent and acknowledged.
    pub sent: Option<u64>,
    /// Bytes received.
    pub received: Option<u64>,
}

/// What happened in a span, over its time. Each list of numbers has one for each interval.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// Connections that ended.
    pub ends: Vec<u64>,
    /// How many of them never were connections.
    pub failed: Vec<u64>,
    /// Bytes sent, of connections that ended.
    pub sent: Vec<u64>,
    /// Bytes received, likewise.
    pub received: Vec<u64>,
    /// How many ended of which the bytes are not known.
    pub without_bytes: Vec<u64>,
    /// The programs that were asked for, in that order.
    pub processes: Vec<(Option<OsString>, Line)>,
    /// The remote addresses, likewise.
    pub remotes: Vec<(Address, Line)>,
    /// What failed or was reset, by how, the most frequent first.
    pub failures: Vec<(EndReason, Vec<u64>)>,
    /// The most TCP sockets that were in a state at once, by eight looks in each interval.
    pub states: Vec<(TcpState, Vec<u64>)>,
    /// Round-trip times; `None` where none is known.
    pub rtt: Vec<Option<Quantiles>>,
    /// Segments that were sent again, of connections that ended.
    pub sent_again: Vec<u64>,
    /// Connections that ended of which that is known.
    pub with_course: Vec<u64>,
    /// Local ports of connections to one destination, those that wait (TIME_WAIT) among them: the most at once, by the same
    /// looks. The destination with most connections comes first.
    pub ports: Vec<(IpEndpoint, Vec<u64>)>,
    /// The connections that lasted longest, the open ones among them.
    pub longest: Vec<Life>,
    /// Those that ended with most bytes.
    pub largest: Vec<Life>,
    /// What could not be read.
    pub damaged: Vec<Gap>,
}
