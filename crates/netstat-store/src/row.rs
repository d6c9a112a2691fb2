//! One end of a connection as a row of whole numbers.

use crate::clock::{LATEST, micros};
use crate::kind::{self, Begin};
use netstat_model::history::{
    BeginBound, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
};
use netstat_model::{IpEndpoint, Namespace, Transport};
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// The number of a process in a store; 0 stands for none.
pub(crate) type ProcessId = u64;

/// An address, with the interface of a link-local one.
pub(crate) type Address = (IpAddr, u32);

/// What is known of a start that nobody saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    NoLaterThan(u64),
    NoEarlierThan(u64),
}

/// One end. Times are microseconds since boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Which end of this store it is, in the order in which they were written, from 1; 0 while it is open.
    pub(crate) sequence: u64,
    pub(crate) cookie: u64,
    /// Inode of the network namespace.
    pub(crate) namespace: Option<u64>,
    pub(crate) transport: Transport,
    pub(crate) role: ConnectionRole,
    pub(crate) local: IpEndpoint,
    pub(crate) remote: Option<IpEndpoint>,
    pub(crate) v6_only: Option<bool>,
    pub(crate) started: Option<u64>,
    /// What is known of its start where that is not.
    pub(crate) bound: Option<Bound>,
    pub(crate) established: Option<u64>,
    pub(crate) first_fin: Option<(u64, bool)>,
    pub(crate) ended: Option<(u64, EndReason)>,
    pub(crate) process: Option<(ProcessId, OwnerSource)>,
    pub(crate) uid: Option<u32>,
    pub(crate) bytes_sent: Option<u64>,
    pub(crate) bytes_received: Option<u64>,
    pub(crate) rtt: Option<u32>,
    pub(crate) min_rtt: Option<u32>,
    pub(crate) retransmits: Option<u32>,
}

impl Row {
    /// Returns the row of a record whose process has this number.
    pub(crate) fn of(record: &ConnectionRecord, process: Option<ProcessId>) -> Self {
        Self {
            sequence: 0,
            cookie: record.cookie,
            namespace: record.namespace.map(|namespace| namespace.inode),
            transport: record.transport,
            role: record.role,
            local: record.local,
            remote: record.remote,
            v6_only: record.v6_only,
            started: record.started.map(micros),
            bound: bound_of(record),
            established: record.established.map(micros),
            first_fin: record.first_fin.map(|(at, is_local)| (micros(at), is_local)),
            ended: record.ended.map(|(at, reason)| (micros(at), reason)),
            process: record.process.zip(process).map(|((_, source), id)| (id, source)),
            uid: record.uid,
            bytes_sent: record.bytes_sent,
            bytes_received: record.bytes_received,
            rtt: record.rtt,
            min_rtt: record.min_rtt,
            retransmits: record.retransmits,
        }
    }

    /// Returns the record of the row, whose process is this one.
    pub(crate) fn to_record(self, process: Option<ProcessInstance>) -> ConnectionRecord {
        let time = Duration::from_micros;
        ConnectionRecord {
            cookie: self.cookie,
            namespace: self.namespace.map(|inode| Namespace { inode }),
            transport: self.transport,
            role: self.role,
            local: self.local,
            remote: self.remote,
            v6_only: self.v6_only,
            started: self.started.map(time),
            bound: self.bound.map(|bound| match bound {
                Bound::NoLaterThan(at) => BeginBound::NoLaterThan(time(at)),
                Bound::NoEarlierThan(at) => BeginBound::NoEarlierThan(time(at)),
            }),
            established: self.established.map(time),
            first_fin: self.first_fin.map(|(at, is_local)| (time(at), is_local)),
            ended: self.ended.map(|(at, reason)| (time(at), reason)),
            process: process.zip(self.process).map(|(process, (_, source))| (process, source)),
            uid: self.uid,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            rtt: self.rtt,
            min_rtt: self.min_rtt,
            retransmits: self.retransmits,
        }
    }

    /// Takes from an earlier row of the same socket what this one does not know.
    pub(crate) fn complete_from(&mut self, earlier: &Self) {
        if self.role == ConnectionRole::Unknown {
            self.role = earlier.role;
        }
        self.namespace = self.namespace.or(earlier.namespace);
        self.remote = self.remote.or(earlier.remote);
        self.v6_only = self.v6_only.or(earlier.v6_only);
        self.started = self.started.or(earlier.started);
        self.bound = match (self.bound, earlier.bound) {
            _ if self.started.is_some() => None,
            (Some(Bound::NoLaterThan(one)), Some(Bound::NoLaterThan(other))) => {
                Some(Bound::NoLaterThan(one.min(other)))
            }
            // Who has seen it knows better than who has missed it.
            (_, Some(Bound::NoLaterThan(at))) | (Some(Bound::NoLaterThan(at)), _) => {
                Some(Bound::NoLaterThan(at))
            }
            (bound, earlier) => bound.or(earlier),
        };
        self.established = self.established.or(earlier.established);
        self.first_fin = self.first_fin.or(earlier.first_fin);
        self.process = self.process.or(earlier.process);
        self.uid = self.uid.or(earlier.uid);
        self.bytes_sent = self.bytes_sent.or(earlier.bytes_sent);
        self.bytes_received = self.bytes_received.or(earlier.bytes_received);
        self.rtt = self.rtt.or(earlier.rtt);
        self.min_rtt = self.min_rtt.or(earlier.min_rtt);
        self.retransmits = self.retransmits.or(earlier.retransmits);
    }

    /// When it ended; 0 while it is open.
    pub(crate) fn end(&self) -> u64 {
        self.ended.map_or(0, |(at, _)| at)
    }

    /// From when on it is known to have been there; `None` where it never was seen.
    pub(crate) fn known_from(&self) -> Option<u64> {
        match self.bound {
            Some(Bound::NoLaterThan(at)) => self.started.or(Some(at)),
            _ => self.started,
        }
    }

    /// Whether it is known to have been there at a moment.
    pub(crate) fn is_open_at(&self, at: u64) -> bool {
        self.known_from().is_some_and(|from| from <= at) && self.ended.is_none_or(|(ended, _)| at < ended)
    }

    /// Whether it is known to have been there for so long that it is kept among the long ones as well.
    pub(crate) fn is_long(&self) -> bool {
        self.known_from().is_some_and(|from| self.end().saturating_sub(from) > LONG)
    }
}

/// Ends that lived longer, in microseconds, are kept apart as well, so that whoever asks for what was open at some moment
/// looks at the blocks of this span behind it only.
pub(crate) const LONG: u64 = 600_000_000;

/// The columns of a row. The number is that in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    End,
    Lasted,
    Established,
    FirstFin,
    Kind,
    Reason,
    Process,
    Local,
    LocalPort,
    Remote,
    RemotePort,
    Namespace,
    Cookie,
    Uid,
    Sent,
    Received,
    Rtt,
    MinRtt,
    Retransmits,
    Sequence,
}

impl Field {
    pub(crate) const ALL: [Self; 20] = [
        Self::End,
        Self::Lasted,
        Self::Established,
        Self::FirstFin,
        Self::Kind,
        Self::Reason,
        Self::Process,
        Self::Local,
        Self::LocalPort,
        Self::Remote,
        Self::RemotePort,
        Self::Namespace,
        Self::Cookie,
        Self::Uid,
        Self::Sent,
        Self::Received,
        Self::Rtt,
        Self::MinRtt,
        Self::Retransmits,
        Self::Sequence,
    ];

    /// Returns its name in the tables of single rows.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::End => "ended",
            Self::Lasted => "lasted",
            Self::Established => "established",
            Self::FirstFin => "first_fin",
            Self::Kind => "kind",
            Self::Reason => "reason",
            Self::Process => "process",
            Self::Local => "local",
            Self::LocalPort => "local_port",
            Self::Remote => "remote",
            Self::RemotePort => "remote_port",
            Self::Namespace => "namespace",
            Self::Cookie => "cookie",
            Self::Uid => "uid",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Rtt => "rtt",
            Self::MinRtt => "min_rtt",
            Self::Retransmits => "retransmits",
            Self::Sequence => "sequence",
        }
    }

    pub(crate) fn number(self) -> usize {
        self as usize
    }
}

/// The numbers of a row, in the order of [`Field::ALL`]: 0 stands for what is unknown, and everything else is one more
/// than its value. Addresses are the caller's numbers.
pub(crate) type Values = [u64; Field::ALL.len()];

fn known<T: Into<u64>>(value: Option<T>) -> u64 {
    value.map_or(0, |value| value.into().saturating_add(1))
}

fn value(number: u64) -> Option<u64> {
    number.checked_sub(1)
}

fn small(number: u64) -> Option<u32> {
    value(number).map(|value| u32::try_from(value).unwrap_or(u32::MAX))
}

/// Folds a difference into a number that is small if the difference is.
pub(crate) fn fold(from: u64, to: u64) -> u64 {
    let difference = to.wrapping_sub(from).cast_signed();
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

/// Undoes [`fold`].
pub(crate) fn unfold(from: u64, folded: u64) -> u64 {
    let difference = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
    from.wrapping_add(difference.cast_unsigned())
}

/// A time, told from the end of the row.
fn before(end: u64, time: Option<u64>) -> u64 {
    time.map_or(0, |time| fold(time.min(LATEST), end).wrapping_add(1))
}

/// Returns the time of a number that was told from the end of its row.
pub(crate) fn time(end: u64, number: u64) -> Option<u64> {
    // The difference was taken the other way round.
    value(number).map(|folded| end.wrapping_sub(unfold(0, folded)).min(LATEST))
}

/// What a record knows of a start that nobody saw: at the latest it was when something else was seen of it.
fn bound_of(record: &ConnectionRecord) -> Option<Bound> {
    if record.started.is_some() {
        return None;
    }
    let fin = record.first_fin.map(|(at, _)| at);
    let ended = record.ended.map(|(at, _)| at);
    let seen = [record.established, fin, ended].into_iter().flatten().min();
    match record.bound {
        Some(BeginBound::NoEarlierThan(at)) => Some(Bound::NoEarlierThan(micros(at))),
        Some(BeginBound::NoLaterThan(at)) => {
            Some(Bound::NoLaterThan(micros(seen.map_or(at, |seen| seen.min(at)))))
        }
        None => seen.map(|seen| Bound::NoLaterThan(micros(seen))),
    }
}

/// Returns role, protocol, whether the first FIN was that of the local end, and what the time of the start says.
pub(crate) fn kind_of(number: u64) -> (ConnectionRole, Transport, bool, Begin) {
    (kind::role(number), kind::transport(number), kind::fin_is_local(number), kind::begin(number))
}

/// The reasons in the order of their numbers.
const REASONS: [EndReason; 15] = [
    EndReason::ClosedByUs,
    EndReason::ClosedByPeer,
    EndReason::AbortedByUs,
    EndReason::ResetByPeer,
    EndReason::Refused,
    EndReason::ConnectTimedOut,
    EndReason::ConnectAbandoned,
    EndReason::NoLocalPort,
    EndReason::Unreachable,
    EndReason::TimedOut,
    EndReason::Destroyed,
    EndReason::NeverAccepted,
    EndReason::Closed,
    EndReason::Unseen,
    EndReason::Idle,
];

/// From here on a reason is the number of an error.
const FIRST_ERROR: u64 = 256;

pub(crate) fn reason_number(reason: EndReason) -> u64 {
    match reason {
        EndReason::Other(error) => FIRST_ERROR + u64::from(error),
        named => REASONS
            .iter()
            .position(|known| *known == named)
            .and_then(|at| u64::try_from(at + 1).ok())
            .unwrap_or(0),
    }
}

pub(crate) fn reason(number: u64) -> Option<EndReason> {
    match number.checked_sub(FIRST_ERROR) {
        Some(error) => Some(EndReason::Other(u16::try_from(error).unwrap_or(u16::MAX))),
        // A reason that a newer version knows was not seen by this one.
        None => match usize::try_from(number.checked_sub(1)?) {
            Ok(at) => Some(REASONS.get(at).copied().unwrap_or(EndReason::Unseen)),
            Err(_) => None,
        },
    }
}

impl Row {
    /// Returns the numbers. `address` gives the number of an address, which is never 0.
    pub(crate) fn values(&self, mut address: impl FnMut(Address) -> u64) -> Values {
        let end = self.end();
        let fin = self.first_fin;
        let source = self.process.map(|(_, source)| source);
        let (began, begin) = match (self.started, self.bound) {
            (None, Some(Bound::NoLaterThan(at))) => (Some(at), Begin::NoLater),
            (None, Some(Bound::NoEarlierThan(at))) => (Some(at), Begin::NoEarlier),
            (started, _) => (started, Begin::Seen),
        };
        let fin_is_local = fin.is_some_and(|(_, local)| local);
        let kind = kind::pack(self.transport, self.role, source, self.v6_only, fin_is_local, begin);
        let mut number = |end: IpEndpoint| address((end.address, end.scope));
        [
            end,
            before(end, began),
            before(end, self.established),
            before(end, fin.map(|(at, _)| at)),
            kind,
            self.ended.map_or(0, |(_, reason)| reason_number(reason)),
            self.process.map_or(0, |(id, _)| id),
            number(self.local),
            self.local.port.into(),
            self.remote.map_or(0, number),
            self.remote.map_or(0, |end| end.port.into()),
            known(self.namespace),
            self.cookie,
            known(self.uid),
            known(self.bytes_sent),
            known(self.bytes_received),
            known(self.rtt),
            known(self.min_rtt),
            known(self.retransmits),
            self.sequence,
        ]
    }

    /// Returns the row of these numbers. Any numbers give a row; those of an address that `address` does not know are
    /// unspecified.
    pub(crate) fn from_values(values: &Values, address: impl Fn(u64) -> Option<Address>) -> Self {
        let [
            end,
            lasted,
            established,
            fin,
            kind,
            reason_of_end,
            process,
            local,
            local_port,
            remote,
            remote_port,
            namespace,
            cookie,
            uid,
            sent,
            received,
            rtt,
            min_rtt,
            retransmits,
            sequence,
        ] = *values;
        let port = |number: u64| u16::try_from(number).unwrap_or(u16::MAX);
        let endpoint = |number: u64, of: u64| {
            let (address, scope) = address(number)?;
            Some(IpEndpoint { address, scope, port: port(of) })
        };
        let unspecified = IpEndpoint { port: port(local_port), ..IpEndpoint::ANY_V6 };
        let (began, begin) = (time(end, lasted), kind::begin(kind));
        Self {
            sequence,
            cookie,
            namespace: value(namespace),
            transport: kind::transport(kind),
            role: kind::role(kind),
            local: endpoint(local, local_port).unwrap_or(unspecified),
            remote: endpoint(remote, remote_port).filter(|_| remote != 0),
            v6_only: kind::v6_only(kind),
            started: began.filter(|_| begin == Begin::Seen),
            bound: match begin {
                Begin::Seen => None,
                Begin::NoLater => began.map(Bound::NoLaterThan),
                Begin::NoEarlier => began.map(Bound::NoEarlierThan),
            },
            established: time(end, established),
            first_fin: time(end, fin).map(|at| (at, kind::fin_is_local(kind))),
            ended: reason(reason_of_end).map(|reason| (end.min(LATEST), reason)),
            process: kind::source(kind).filter(|_| process != 0).map(|source| (process, source)),
            uid: small(uid),
            bytes_sent: value(sent),
            bytes_received: value(received),
            rtt: small(rtt),
            min_rtt: small(min_rtt),
            retransmits: small(retransmits),
        }
    }
}

/// The bytes of an address in a store: 16 of the address, IPv4 as mapped, and 4 of the scope.
pub(crate) const ADDRESS: usize = 20;

pub(crate) fn address_bytes((address, scope): Address) -> [u8; ADDRESS] {
    let mapped = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    let mut bytes = [0; ADDRESS];
    let (of_address, of_scope) = bytes.split_at_mut(16);
    of_address.copy_from_slice(&mapped.octets());
    of_scope.copy_from_slice(&scope.to_le_bytes());
    bytes
}

pub(crate) fn address_of(bytes: &[u8; ADDRESS]) -> Address {
    let (address, scope) = bytes.split_at(16);
    let address: [u8; 16] = address.try_into().unwrap_or_default();
    let scope: [u8; 4] = scope.try_into().unwrap_or_default();
    (IpAddr::V6(Ipv6Addr::from(address)).to_canonical(), u32::from_le_bytes(scope))
}
