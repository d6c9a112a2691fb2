//! What is counted of the connections that ended in a span.

use super::told::{Failure, POINTS, Storm, Traffic};
use crate::block::{Damaged, Packed};
use crate::clock::{Stretch, time_of};
use crate::kind::Begin;
use crate::life::TIME_WAIT;
use crate::row::{Address, Field, ProcessId, Row, kind_of, reason, time};
use crate::scan::Stored;
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, Transport};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::ffi::OsString;

/// A connection is short that lasted less, in microseconds.
const SHORT: u64 = 1_000_000;

/// So many short connections of one program with one end in one minute are a storm.
const STORM: u64 = 60;

/// From so many kinds of short connections on, those of minutes that are over are let go that are no storms.
const MANY: usize = 1 << 17;

/// The most programs that have a line of their own.
const MOST_LINES: usize = 1 << 12;

/// How many minutes an end may be told after its time.
const LATE: i64 = 2;

/// The number of the name of a program; 0 where that is not known.
pub(super) type Who = u32;

/// The names of programs, each once, and which processes have them.
#[derive(Default)]
pub(super) struct Names {
    list: Vec<OsString>,
    numbers: FxHashMap<OsString, Who>,
    processes: FxHashMap<ProcessId, Who>,
}

impl Names {
    pub(super) fn add(&mut self, process: ProcessId, name: OsString) {
        let next = Who::try_from(self.list.len() + 1).unwrap_or(0);
        let number = match self.numbers.entry(name) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                self.list.push(new.key().clone());
                *new.insert(next)
            }
        };
        self.processes.insert(process, number);
    }

    pub(super) fn who(&self, process: ProcessId) -> Who {
        self.processes.get(&process).copied().unwrap_or(0)
    }

    /// Returns every name, in the order of the numbers; the first is that of those that are not known.
    pub(super) fn all(&self) -> impl Iterator<Item = Option<OsString>> + '_ {
        std::iter::once(None).chain(self.list.iter().cloned().map(Some))
    }

    pub(super) fn name(&self, who: Who) -> Option<OsString> {
        self.list.get(usize::try_from(who).ok()?.checked_sub(1)?).cloned()
    }
}

/// The points of a line, in microseconds since 1970.
#[derive(Clone, Copy)]
pub(super) struct Line {
    from: i64,
    step: i64,
}

impl Line {
    pub(super) fn new(from: i64, until: i64) -> Self {
        let points = i64::try_from(POINTS).unwrap_or(1);
        Self { from, step: (until.saturating_sub(from) / points).max(1) }
    }

    /// Counts something that was there from a moment to before another.
    pub(super) fn add(self, differences: &mut [i64], from: i64, until: i64) {
        // The first point at or after a moment.
        let point = |at: i64| {
            let behind = at.saturating_sub(self.from).max(0);
            usize::try_from(behind.saturating_add(self.step - 1) / self.step).unwrap_or(usize::MAX)
        };
        let (first, last) = (point(from), point(until));
        if first < last {
            if let Some(begin) = differences.get_mut(first) {
                *begin += 1;
            }
            if let Some(end) = differences.get_mut(last) {
                *end -= 1;
            }
        }
    }
}

pub(super) fn sums(differences: &[i64]) -> Vec<u64> {
    let mut sum = 0;
    differences
        .iter()
        .take(POINTS)
        .map(|difference| {
            sum += difference;
            u64::try_from(sum).unwrap_or(0)
        })
        .collect()
}

pub(super) fn is_failure(reason: EndReason) -> bool {
    matches!(
        reason,
        EndReason::Refused
            | EndReason::ConnectTimedOut
            | EndReason::ConnectAbandoned
            | EndReason::NoLocalPort
            | EndReason::Unreachable
    )
}

pub(super) fn is_trouble(reason: EndReason) -> bool {
    is_failure(reason)
        || matches!(
            reason,
            EndReason::ResetByPeer | EndReason::TimedOut | EndReason::NeverAccepted | EndReason::Other(_)
        )
}

/// The end that connections of one program lead to: its address and port, and whether it is here, so that they came in.
type End<A> = (Who, A, u16, bool);

/// How many ended in which way, by the number of that. Most have one way, which takes no memory of its own.
#[derive(Default)]
struct Reasons {
    first: (u64, u64),
    others: Vec<(u64, u64)>,
}

impl Reasons {
    fn count(&mut self, number: u64, ends: u64) {
        if self.first.1 == 0 || self.first.0 == number {
            self.first = (number, self.first.1 + ends);
            return;
        }
        match self.others.iter_mut().find(|(known, _)| *known == number) {
            Some((_, known)) => *known += ends,
            None => self.others.push((number, ends)),
        }
    }

    fn each(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        std::iter::once(self.first).chain(self.others.iter().copied())
    }

    fn all(&self) -> u64 {
        self.each().map(|(_, ends)| ends).sum()
    }
}

/// What is counted while blocks are read.
pub(super) struct Counts {
    pub(super) names: Names,
    pub(super) line: Line,
    pub(super) total: Traffic,
    pub(super) failed: u64,
    pub(super) processes: FxHashMap<Who, Traffic>,
    pub(super) remotes: FxHashMap<Address, Traffic>,
    /// By the number of the reason.
    failures: FxHashMap<(u64, End<Address>), u64>,
    /// Short connections, by the minute.
    short: FxHashMap<(i64, End<Address>), Reasons>,
    /// Differences from one point to the next.
    pub(super) close_wait: Vec<i64>,
    pub(super) time_wait: Vec<i64>,
    /// The first of them by program, of so many programs.
    unclosed: FxHashMap<Who, Vec<i64>>,
}

impl Counts {
    pub(super) fn new(names: Names, line: Line) -> Self {
        Self {
            names,
            line,
            total: Traffic::default(),
            failed: 0,
            processes: FxHashMap::default(),
            remotes: FxHashMap::default(),
            failures: FxHashMap::default(),
            short: FxHashMap::default(),
            close_wait: vec![0; POINTS + 1],
            time_wait: vec![0; POINTS + 1],
            unclosed: FxHashMap::default(),
        }
    }

    pub(super) fn who_of(&self, row: &Row) -> Who {
        row.process.map_or(0, |(id, _)| self.names.who(id))
    }

    /// Counts that the peer had closed a connection of a program, and the program had not.
    pub(super) fn unclosed(&mut self, who: Who, from: i64, until: i64) {
        self.line.add(&mut self.close_wait, from, until);
        if self.unclosed.len() < MOST_LINES || self.unclosed.contains_key(&who) {
            let of_program = self.unclosed.entry(who).or_insert_with(|| vec![0; POINTS + 1]);
            self.line.add(of_program, from, until);
        }
    }

    /// Returns how many connections of each program were in CLOSE_WAIT at each point, of those that had any at one.
    pub(super) fn unclosed_by_program(&self) -> Vec<(Option<OsString>, Vec<u64>)> {
        let lines = self.unclosed.iter().map(|(who, line)| (self.names.name(*who), sums(line)));
        let mut lines: Vec<_> = lines.filter(|(_, line)| line.iter().any(|count| *count > 0)).collect();
        lines.sort();
        lines
    }

    /// Counts the rows of a block, or of a piece of one to come, that ended in a stretch, whose clock is so far ahead; and of
    /// those that ended after it, but not after `reach`, that they were in CLOSE_WAIT.
    pub(super) fn add(
        &mut self,
        stored: &Stored<'_>,
        stretch: &Stretch,
        offset: i64,
        reach: u64,
    ) -> Result<(), Damaged> {
        let packed = Packed::new(stored.cols)?;
        let addresses = packed.addresses()?;
        let column = |field| packed.column(field);
        let (ends, lasted, kinds) = (column(Field::End)?, column(Field::Lasted)?, column(Field::Kind)?);
        let (reasons, processes, fins) =
            (column(Field::Reason)?, column(Field::Process)?, column(Field::FirstFin)?);
        let (locals, local_ports) = (column(Field::Local)?, column(Field::LocalPort)?);
        let (remotes, remote_ports) = (column(Field::Remote)?, column(Field::RemotePort)?);
        let (sent, received) = (column(Field::Sent)?, column(Field::Received)?);
        let mut by_address = vec![Traffic::default(); addresses.len()];
        let mut short: FxHashMap<(i64, End<u64>), Reasons> = FxHashMap::default();
        let mut latest = i64::MIN;
        let at = |column: &[u64], row: usize| column.get(row).copied().unwrap_or(0);
        for (row, &end) in ends.iter().enumerate() {
            let (role, transport, fin_is_local, begin) = kind_of(at(&kinds, row));
            if end < stretch.from || role == ConnectionRole::Listener {
                continue;
            }
            let wall = offset.saturating_add_unsigned(end);
            if transport == Transport::Tcp
                && end <= reach
                && let Some(fin) = time(end, at(&fins, row)).filter(|_| !fin_is_local)
            {
                let who = self.names.who(at(&processes, row));
                self.unclosed(who, offset.saturating_add_unsigned(fin), wall);
            }
            if stretch.until <= end {
                continue;
            }
            let (who, reason_number) = (self.names.who(at(&processes, row)), at(&reasons, row));
            let traffic = Traffic {
                ends: 1,
                sent: at(&sent, row).saturating_sub(1),
                received: at(&received, row).saturating_sub(1),
            };
            self.total.add(traffic);
            self.processes.entry(who).or_default().add(traffic);
            let remote = at(&remotes, row);
            if let Some(by_address) = index(remote).and_then(|at| by_address.get_mut(at)) {
                by_address.add(traffic);
            }
            let how = reason(reason_number).unwrap_or(EndReason::Unseen);
            self.failed += u64::from(is_failure(how));
            let came_in = role == ConnectionRole::Passive;
            let (address, port) = match came_in {
                true => (at(&locals, row), at(&local_ports, row)),
                false => (remote, at(&remote_ports, row)),
            };
            let port = u16::try_from(port).unwrap_or(0);
            if let (true, Some(address)) = (is_trouble(how), place(&addresses, address)) {
                *self.failures.entry((reason_number, (who, address, port, came_in))).or_default() += 1;
            }
            if transport == Transport::Tcp && how == EndReason::ClosedByUs {
                self.line.add(&mut self.time_wait, wall, wall.saturating_add_unsigned(TIME_WAIT));
            }
            // One that began later than at its time may have been short, or not.
            let began = time(end, at(&lasted, row)).filter(|_| begin != Begin::NoLater);
            if began.is_some_and(|began| end.saturating_sub(began) < SHORT) {
                let minute = wall.div_euclid(60_000_000);
                latest = latest.max(minute);
                let key = (minute, (who, address, port, came_in));
                short.entry(key).or_default().count(reason_number, 1);
            }
        }
        for (address, traffic) in addresses.iter().zip(by_address).filter(|(_, traffic)| traffic.ends > 0) {
            self.remotes.entry(*address).or_default().add(traffic);
        }
        for ((minute, (who, address, port, came_in)), reasons) in short {
            if let Some(address) = place(&addresses, address) {
                let known = self.short.entry((minute, (who, address, port, came_in))).or_default();
                reasons.each().for_each(|(number, ends)| known.count(number, ends));
            }
        }
        if self.short.len() > MANY {
            let over = latest.saturating_sub(LATE);
            self.short.retain(|(minute, ..), reasons| *minute >= over || reasons.all() >= STORM);
        }
        Ok(())
    }

    /// Returns what failed, the most frequent first.
    pub(super) fn failures(&self) -> Vec<Failure> {
        let failure = |(&(number, end), &ends): (&(u64, End<Address>), &u64)| {
            let (who, (address, scope), port, came_in) = end;
            let end = IpEndpoint { address, scope, port };
            Some(Failure { reason: reason(number)?, process: self.names.name(who), end, came_in, ends })
        };
        let mut failures: Vec<Failure> = self.failures.iter().filter_map(failure).collect();
        failures.sort_by(|one, two| {
            two.ends.cmp(&one.ends).then_with(|| (one.reason, one.end).cmp(&(two.reason, two.end)))
        });
        failures
    }

    /// Returns the storms, the largest first.
    pub(super) fn storms(&self) -> Vec<Storm> {
        let storm = |(&(minute, end), reasons): (&(i64, End<Address>), &Reasons)| {
            let (who, (address, scope), port, came_in) = end;
            let ends = reasons.all();
            let (most, alike) = reasons.each().max_by_key(|(number, ends)| (*ends, *number))?;
            let minute = time_of(minute.saturating_mul(60_000_000));
            let (process, end) = (self.names.name(who), IpEndpoint { address, scope, port });
            (ends >= STORM)
                .then(|| Some(Storm { minute, process, end, came_in, ends, reason: reason(most)?, alike }))?
        };
        let mut storms: Vec<Storm> = self.short.iter().filter_map(storm).collect();
        storms.sort_by(|one, two| {
            two.ends.cmp(&one.ends).then_with(|| (one.minute, one.end).cmp(&(two.minute, two.end)))
        });
        storms
    }
}

fn index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

fn place(addresses: &[Address], number: u64) -> Option<Address> {
    addresses.get(index(number)?).copied()
}
