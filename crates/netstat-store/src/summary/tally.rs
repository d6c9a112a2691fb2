//! What is counted of each interval while blocks are read.

use super::counts::{Names, Who, is_failure, is_trouble};
use super::course::{Course, CourseWishes, Life, Line};
use super::gauge::Gauge;
use super::quantiles::{Buckets, Distribution};
use crate::block::{Damaged, Packed};
use crate::clock::{Stretch, time_of};
use crate::kind::{self, Begin};
use crate::life::TIME_WAIT;
use crate::row::{Address, Bound, Field, Row, reason, time};
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, TcpState, Transport};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The states that a history tells, in the order of a connection's life.
const STATES: [TcpState; 6] = [
    TcpState::Listen,
    TcpState::SynSent,
    TcpState::Established,
    TcpState::FinWait2,
    TcpState::CloseWait,
    TcpState::TimeWait,
];

/// Connections that are told one by one, the smallest first to go.
struct Top<T> {
    most: usize,
    heap: BinaryHeap<Reverse<(u64, u64, T)>>,
    /// Tells equals apart, the earlier being the larger.
    next: u64,
}

/// A row as it is kept until it is known whether it is told. What a row does not know is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Kept {
    who: Who,
    kind: u64,
    local: IpEndpoint,
    remote: Option<IpEndpoint>,
    began: i64,
    began_is_known: bool,
    ended: Option<(i64, EndReason)>,
    sent: Option<u64>,
    received: Option<u64>,
}

impl<T: Ord> Top<T> {
    fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new(), next: u64::MAX }
    }

    fn add(&mut self, size: u64, make: impl FnOnce() -> T) {
        let least = self.heap.peek().map_or(0, |Reverse((least, ..))| *least);
        if size == 0 || (self.heap.len() >= self.most && size <= least) {
            return;
        }
        self.next -= 1;
        self.heap.push(Reverse((size, self.next, make())));
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    fn largest_first(self) -> impl Iterator<Item = T> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse((.., kept))| kept)
    }
}

/// The times of a connection, in microseconds since 1970.
struct Times {
    began: i64,
    established: Option<i64>,
    first_fin: Option<(i64, bool)>,
    /// When it ended, or until when it was seen.
    until: i64,
    reason: Option<EndReason>,
}

pub(super) struct Tally {
    names: Names,
    buckets: Buckets,
    /// The end of the span.
    until: i64,
    /// The lines of programs, by the number of the name.
    lines_of: Vec<Option<usize>>,
    lines_to: FxHashMap<Address, usize>,
    ports_to: FxHashMap<(Address, u16), usize>,
    course: Course,
    failures: FxHashMap<u64, Vec<u64>>,
    states: Vec<Gauge>,
    ports: Vec<((Address, u16), Gauge)>,
    rtt: Distribution,
    longest: Top<Kept>,
    largest: Top<Kept>,
}

fn add(numbers: &mut [u64], at: usize, number: u64) {
    if let Some(sum) = numbers.get_mut(at) {
        *sum = sum.saturating_add(number);
    }
}

impl Tally {
    pub(super) fn new(names: Names, wishes: &CourseWishes, until: i64, ports: &[(Address, u16)]) -> Self {
        let step = i64::try_from(wishes.step.as_micros()).unwrap_or(i64::MAX).max(1);
        let count = wishes.intervals;
        let length = step.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
        let buckets = Buckets { from: until.saturating_sub(length), step, count };
        let none = || vec![0; count];
        let line = || Line { ends: none(), bytes: none() };
        let course = Course {
            ends: none(),
            failed: none(),
            sent: none(),
            received: none(),
            without_bytes: none(),
            processes: wishes.processes.iter().map(|name| (name.clone(), line())).collect(),
            remotes: wishes.remotes.iter().map(|address| (*address, line())).collect(),
            sent_again: none(),
            with_course: none(),
            ..Course::default()
        };
        let line_of = |name| wishes.processes.iter().position(|wanted| *wanted == name);
        Self {
            lines_of: names.all().map(line_of).collect(),
            lines_to: wishes.remotes.iter().enumerate().map(|(at, address)| (*address, at)).collect(),
            ports_to: ports.iter().enumerate().map(|(at, destination)| (*destination, at)).collect(),
            names,
            buckets,
            until,
            course,
            failures: FxHashMap::default(),
            states: vec![Gauge::new(buckets); STATES.len()],
            ports: ports.iter().map(|destination| (*destination, Gauge::new(buckets))).collect(),
            rtt: Distribution::new(buckets),
            longest: Top::new(wishes.lives),
            largest: Top::new(wishes.lives),
        }
    }

    /// Counts the rows of a block: those that ended in a stretch, and of the others that ended within `whole` that they were
    /// there.
    pub(super) fn add(
        &mut self,
        cols: &[u8],
        stretch: &Stretch,
        whole: &Stretch,
        offset: i64,
    ) -> Result<(), Damaged> {
        let packed = Packed::new(cols)?;
        let addresses = packed.addresses()?;
        let column = |field| packed.column(field);
        let (ends, lasted, kinds) = (column(Field::End)?, column(Field::Lasted)?, column(Field::Kind)?);
        let (established, fins) = (column(Field::Established)?, column(Field::FirstFin)?);
        let (reasons, processes) = (column(Field::Reason)?, column(Field::Process)?);
        let (locals, local_ports) = (column(Field::Local)?, column(Field::LocalPort)?);
        let (remotes, remote_ports) = (column(Field::Remote)?, column(Field::RemotePort)?);
        let (sent, received) = (column(Field::Sent)?, column(Field::Received)?);
        let (rtts, again) = (column(Field::Rtt)?, column(Field::Retransmits)?);
        // The lines of the addresses of this block.
        let lines: Vec<_> = addresses.iter().map(|address| self.lines_to.get(address).copied()).collect();
        let at = |column: &[u64], row: usize| column.get(row).copied().unwrap_or(0);
        let place = |number: u64| usize::try_from(number).ok()?.checked_sub(1);
        let end_of = |address: u64, port: u64| {
            let (address, scope) = *addresses.get(place(address)?)?;
            Some(IpEndpoint { address, scope, port: u16::try_from(port).unwrap_or(0) })
        };
        for (row, &end) in ends.iter().enumerate() {
            if end < whole.from || whole.until <= end {
                continue;
            }
            let wall = |at: u64| offset.saturating_add_unsigned(at);
            let kind = at(&kinds, row);
            let (role, begin) = (kind::role(kind), kind::begin(kind));
            let how = reason(at(&reasons, row)).unwrap_or(EndReason::Unseen);
            let remote = end_of(at(&remotes, row), at(&remote_ports, row));
            let is_tcp = kind::transport(kind) == Transport::Tcp;
            // Of what was seen to end only, that is all that is known.
            let began = time(end, at(&lasted, row)).filter(|_| begin != Begin::NoEarlier).unwrap_or(end);
            if is_tcp {
                let fin = time(end, at(&fins, row)).map(|fin| (wall(fin), kind::fin_is_local(kind)));
                let established = time(end, at(&established, row)).map(wall);
                let (began, until) = (wall(began), wall(end));
                let times = Times { began, established, first_fin: fin, until, reason: Some(how) };
                self.levels(role, remote, &times);
            }
            if end < stretch.from || stretch.until <= end || role == ConnectionRole::Listener {
                continue;
            }
            let Some(interval) = self.buckets.of(wall(end)) else { continue };
            let sent = at(&sent, row).checked_sub(1);
            let received = at(&received, row).checked_sub(1);
            let bytes = sent.unwrap_or(0).saturating_add(received.unwrap_or(0));
            let who = self.names.who(at(&processes, row));
            let course = &mut self.course;
            add(&mut course.ends, interval, 1);
            add(&mut course.failed, interval, u64::from(is_failure(how)));
            add(&mut course.sent, interval, sent.unwrap_or(0));
            add(&mut course.received, interval, received.unwrap_or(0));
            // What never was a connection has none.
            let lacks_bytes = (sent.is_none() || received.is_none()) && !is_failure(how);
            add(&mut course.without_bytes, interval, u64::from(lacks_bytes));
            let of_process = usize::try_from(who).ok().and_then(|who| *self.lines_of.get(who)?);
            let to_remote = place(at(&remotes, row)).and_then(|place| *lines.get(place)?);
            let of_process = of_process.and_then(|at| Some(&mut course.processes.get_mut(at)?.1));
            let to_remote = to_remote.and_then(|at| Some(&mut course.remotes.get_mut(at)?.1));
            for line in [of_process, to_remote].into_iter().flatten() {
                add(&mut line.ends, interval, 1);
                add(&mut line.bytes, interval, bytes);
            }
            if is_trouble(how) {
                let count = self.buckets.count;
                let line = self.failures.entry(at(&reasons, row)).or_insert_with(|| vec![0; count]);
                add(line, interval, 1);
            }
            if let Some(rtt) = at(&rtts, row).checked_sub(1) {
                self.rtt.add(interval, u32::try_from(rtt).unwrap_or(u32::MAX));
            }
            if let Some(again) = at(&again, row).checked_sub(1) {
                add(&mut course.sent_again, interval, again);
                add(&mut course.with_course, interval, 1);
            }
            let kept = || Kept {
                who,
                kind,
                local: end_of(at(&locals, row), at(&local_ports, row)).unwrap_or(IpEndpoint::ANY_V6),
                remote,
                began: wall(began),
                began_is_known: begin == Begin::Seen && at(&lasted, row) != 0,
                ended: Some((wall(end), how)),
                sent,
                received,
            };
            self.longest.add(end.saturating_sub(began), kept);
            self.largest.add(bytes, kept);
        }
        Ok(())
    }

    /// Counts that something was there which ended after the span, or is open, and was seen until a moment.
    pub(super) fn there(&mut self, row: &Row, offset: i64, seen_until: i64) {
        let wall = |at: u64| offset.saturating_add_unsigned(at);
        let Some(began) = row.known_from().map(wall) else { return };
        let until = row.ended.map_or(seen_until, |(end, _)| wall(end));
        if row.transport == Transport::Tcp {
            let times = Times {
                began,
                established: row.established.map(wall),
                first_fin: row.first_fin.map(|(fin, is_local)| (wall(fin), is_local)),
                until,
                reason: row.ended.map(|(_, reason)| reason),
            };
            self.levels(row.role, row.remote, &times);
        }
        // It lasted for so long by the end of the span.
        let lasted = until.min(self.until).saturating_sub(began);
        if row.role == ConnectionRole::Listener || lasted <= 0 {
            return;
        }
        let who = self.names.who(row.process.map_or(0, |(id, _)| id));
        self.longest.add(lasted.unsigned_abs(), || Kept {
            who,
            kind: kind::pack(row.transport, row.role, None, None, false, Begin::Seen),
            local: row.local,
            remote: row.remote,
            began,
            began_is_known: row.started.is_some() && !matches!(row.bound, Some(Bound::NoLaterThan(_))),
            ended: None,
            // Their bytes are known when they end.
            sent: None,
            received: None,
        });
    }

    /// Counts the states that a TCP socket went through, and its local port.
    fn levels(&mut self, role: ConnectionRole, remote: Option<IpEndpoint>, times: &Times) {
        let Times { began, established, first_fin, until, reason } = *times;
        let buckets = self.buckets;
        let mut state = |state: TcpState, from: i64, until: i64| {
            let at = STATES.iter().position(|known| *known == state);
            if let Some(gauge) = at.and_then(|at| self.states.get_mut(at)) {
                gauge.add(buckets, from, until);
            }
        };
        let waits_until = match reason {
            Some(EndReason::ClosedByUs) => until.saturating_add_unsigned(TIME_WAIT),
            _ => until,
        };
        if role == ConnectionRole::Listener {
            return state(TcpState::Listen, began, until);
        }
        let calls = role == ConnectionRole::Active;
        let fin = first_fin.map_or(until, |(fin, _)| fin.min(until));
        let has_failed = reason.is_some_and(is_failure);
        let answered = match established {
            _ if calls && (has_failed || (established.is_none() && reason.is_none())) => until,
            // Times of a damaged history may be in any order.
            Some(established) if calls => established.max(began).min(fin),
            _ => began,
        };
        state(TcpState::SynSent, began, answered);
        if !has_failed {
            state(TcpState::Established, answered, fin);
        }
        match first_fin {
            Some((_, true)) => state(TcpState::FinWait2, fin, until),
            Some((_, false)) => state(TcpState::CloseWait, fin, until),
            None => {}
        }
        state(TcpState::TimeWait, until, waits_until);
        if let (true, Some(IpEndpoint { address, scope, port })) = (calls, remote)
            && let Some(place) = self.ports_to.get(&((address, scope), port))
            && let Some((_, gauge)) = self.ports.get_mut(*place)
        {
            gauge.add(buckets, began, waits_until);
        }
    }

    pub(super) fn course(self) -> Course {
        let Self { names, mut course, failures, states, ports, rtt, longest, largest, .. } = self;
        let life = |kept: Kept| Life {
            process: names.name(kept.who),
            role: kind::role(kept.kind),
            local: kept.local,
            remote: kept.remote,
            began: time_of(kept.began),
            began_is_known: kept.began_is_known,
            ended: kept.ended.map(|(at, reason)| (time_of(at), reason)),
            sent: kept.sent,
            received: kept.received,
        };
        let mut failures: Vec<_> =
            failures.into_iter().filter_map(|(number, line)| Some((reason(number)?, line))).collect();
        failures.sort_by_key(|(reason, line)| (Reverse(line.iter().sum::<u64>()), *reason));
        course.failures = failures;
        course.states = STATES.into_iter().zip(states.iter().map(Gauge::most)).collect();
        let end = |(address, scope), port| IpEndpoint { address, scope, port };
        course.ports =
            ports.iter().map(|((address, port), gauge)| (end(*address, *port), gauge.most())).collect();
        course.rtt = rtt.quantiles();
        course.longest = longest.largest_first().map(life).collect();
        course.largest = largest.largest_first().map(life).collect();
        course
    }
}
