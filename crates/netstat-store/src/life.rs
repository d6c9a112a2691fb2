//! A row of the past as a socket.

use crate::clock::{Boot, Moment, micros, time_of};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::row::{Bound, Row};
use netstat_model::history::{ConnectionRecord, ConnectionRole, EndReason};
use netstat_model::{
    Family, Lifespan, Namespace, NoOwner, Owner, Ownership, ProcessKey, Socket, SocketId, TcpInfo, TcpState,
    Transport,
};
use std::time::{Duration, SystemTime};

/// How long Linux keeps the end that closed first, in microseconds; the same on every system (`TCP_TIMEWAIT_LEN`).
pub(crate) const TIME_WAIT: u64 = 60_000_000;

/// What is asked about a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The socket as it was at a moment of its boot.
    At(u64),
    /// All of its life, up to the last moment of its boot that was recorded.
    Whole {
        /// That moment.
        last: Option<u64>,
    },
}

impl Row {
    /// Whether the row is one of the table of this moment as a closed end that waits.
    pub(crate) fn waits_at(&self, at: u64) -> bool {
        self.transport == Transport::Tcp
            && matches!(self.ended, Some((end, EndReason::ClosedByUs)) if end <= at && at - end < TIME_WAIT)
    }

    /// The state of a TCP socket at a moment at which it was there, or had ended.
    fn state_at(&self, at: u64) -> TcpState {
        let reached = |time: Option<u64>| time.is_some_and(|time| time <= at);
        match (self.role, self.first_fin) {
            _ if self.waits_at(at) => TcpState::TimeWait,
            _ if reached(self.ended.map(|(end, _)| end)) => TcpState::Closed,
            (ConnectionRole::Listener, _) => TcpState::Listen,
            (_, Some((fin, true))) if fin <= at => TcpState::FinWait2,
            (_, Some((fin, false))) if fin <= at => TcpState::CloseWait,
            (ConnectionRole::Active, _) if self.established.is_some_and(|time| time > at) => {
                TcpState::SynSent
            }
            (ConnectionRole::Active, _) if self.never_established() => TcpState::SynSent,
            _ => TcpState::Established,
        }
    }

    /// Whether an end that calls has ended, or is, without ever having been established.
    fn never_established(&self) -> bool {
        let failed = matches!(
            self.ended,
            Some((
                _,
                EndReason::Refused
                    | EndReason::ConnectTimedOut
                    | EndReason::ConnectAbandoned
                    | EndReason::NoLocalPort
                    | EndReason::Unreachable
            ))
        );
        failed || (self.established.is_none() && self.ended.is_none())
    }
}

/// What is asked about a record whose times are of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// The socket as it was at a moment, as the time since 1970.
    At(Duration),
    /// All of its life; while it is open, up to a moment.
    Whole {
        /// That moment.
        last: Option<Duration>,
    },
}

/// Whether a record is one of the table of a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It was open.
    Open,
    /// It had ended, and its end waits as the system lets it.
    Waits,
    /// It is none.
    Absent,
}

/// Returns whether a record, whose times are since 1970, is one of the table of a moment.
pub fn presence(record: &ConnectionRecord, at: Duration) -> Presence {
    let (row, at) = (Row::of(record, None), micros(at));
    match (row.is_open_at(at), row.waits_at(at)) {
        (true, _) => Presence::Open,
        (_, true) => Presence::Waits,
        _ => Presence::Absent,
    }
}

/// Returns the socket of a record that was kept elsewhere, whose times are since 1970. `owner` is its process; `lasted` is how
/// long it lived where that was measured.
pub fn socket_of(
    record: &ConnectionRecord,
    lasted: Option<Duration>,
    owner: Option<Owner>,
    host: Option<&str>,
    seen: Seen,
) -> Socket {
    let row = Row::of(record, None);
    let asked = match seen {
        Seen::At(at) => Asked::At(micros(at)),
        Seen::Whole { last } => Asked::Whole { last: last.map(micros) },
    };
    let time = |at: u64| time_of(i64::try_from(at).unwrap_or(i64::MAX));
    let mut socket = socket(&row, asked, &time, owner, host);
    if let (Some(life), Seen::Whole { .. }, Some(lasted)) = (&mut socket.lifespan, seen, lasted) {
        life.lasted = Some(lasted);
    }
    socket
}

impl Reader {
    /// Returns the socket of a row.
    pub(crate) fn socket(&self, boot: Boot, row: &Row, asked: Asked) -> Result<Socket, StoreError> {
        let owner = match row.process {
            Some((id, _)) => self.holder(id)?.map(|(pid, parent)| {
                let process = ProcessKey { pid, start_time: id };
                Owner { process, parent, descriptor: None }
            }),
            None => None,
        };
        let at = match asked {
            Asked::At(at) => Some(at),
            Asked::Whole { last } => row.ended.map(|(end, _)| end).or(last),
        };
        let host = self.host_of(Moment { boot, at: at.unwrap_or(u64::MAX) });
        Ok(socket(row, asked, &|at| self.time(boot, at), owner, host.map(AsRef::as_ref)))
    }
}

/// Returns the socket of a row, whose times `time` makes times of day of.
fn socket(
    row: &Row,
    asked: Asked,
    time: &dyn Fn(u64) -> SystemTime,
    owner: Option<Owner>,
    host: Option<&str>,
) -> Socket {
    let family = match (row.local.address.is_ipv4(), row.remote.map(|end| end.address.is_ipv4())) {
        (true, _) | (_, Some(true)) => Family::V4,
        _ => Family::V6,
    };
    let at = match asked {
        Asked::At(at) => Some(at),
        Asked::Whole { last } => row.ended.map(|(end, _)| end).or(last),
    };
    let waits = matches!(asked, Asked::At(at) if row.waits_at(at));
    let lasted = row.started.zip(at).map(|(started, at)| {
        Duration::from_micros(row.ended.map_or(at, |(end, _)| end.min(at)).saturating_sub(started))
    });
    let lifespan = Lifespan {
        host: host.map(Into::into),
        alike: 1,
        role: row.role,
        started: row.started.map(time),
        started_before: match row.bound {
            Some(Bound::NoLaterThan(at)) => Some(time(at)),
            _ => None,
        },
        started_after: match row.bound {
            Some(Bound::NoEarlierThan(at)) => Some(time(at)),
            _ => None,
        },
        established: row.established.map(time),
        first_fin: row.first_fin.map(|(at, is_local)| (time(at), is_local)),
        ended: row.ended.map(|(at, reason)| (time(at), reason)),
        lasted,
    };
    let state = match (row.transport, asked) {
        (Transport::Udp, _) => None,
        (Transport::Tcp, Asked::At(at)) => Some(row.state_at(at)),
        (Transport::Tcp, Asked::Whole { last }) => Some(match row.ended {
            Some(_) => TcpState::Closed,
            None => row.state_at(last.unwrap_or(u64::MAX)),
        }),
    };
    let ownership = match owner {
        // As the running system has it: nobody holds what waits.
        _ if waits => Ownership::Unowned(NoOwner::NoProcess),
        Some(owner) => Ownership::Held(vec![owner]),
        None => Ownership::Unowned(NoOwner::Vanished),
    };
    // At a moment before its end, nobody knows how much had been sent.
    let is_whole = matches!(asked, Asked::Whole { .. });
    // Since when it was in its state then.
    let since = match state {
        Some(TcpState::TimeWait) => row.ended.map(|(end, _)| end),
        Some(TcpState::FinWait2 | TcpState::CloseWait) => row.first_fin.map(|(fin, _)| fin),
        _ => None,
    };
    let time_in_state = match asked {
        Asked::At(at) => since.map(|since| Duration::from_micros(at.saturating_sub(since))),
        Asked::Whole { .. } => None,
    };
    let micros = |number: Option<u32>| number.map(|number| Duration::from_micros(number.into()));
    let has_course = is_whole
        && (row.bytes_sent.is_some()
            || row.bytes_received.is_some()
            || row.rtt.is_some()
            || row.min_rtt.is_some()
            || row.retransmits.is_some());
    let tcp = TcpInfo {
        rtt: micros(row.rtt),
        min_rtt: micros(row.min_rtt),
        total_retransmits: row.retransmits,
        bytes_acked: row.bytes_sent,
        bytes_received: row.bytes_received,
        ..TcpInfo::default()
    };
    Socket {
        state,
        time_in_state,
        v6_only: row.v6_only,
        id: SocketId { inode: None, cookie: (row.cookie != 0).then_some(row.cookie) },
        uid: row.uid.filter(|_| !waits),
        namespace: row.namespace.map(|inode| Namespace { inode }),
        tcp: has_course.then(|| Box::new(tcp)),
        lifespan: Some(Box::new(lifespan)),
        ownership,
        ..Socket::new(row.transport, family, row.local, row.remote)
    }
}
