//! [`Summary`]: what happened in a span, in numbers: who talked most, what is new, what failed.
//!
//! It reads a few columns of each block, and makes no sockets of them.

use crate::block::{Damaged, Packed};
use crate::clock::{Moment, Stretch, since_1970};
use crate::error::StoreError;
use crate::gap::Gap;
use crate::life::TIME_WAIT;
use crate::reader::Reader;
use crate::row::{Address, Field, ProcessId, Row, kind_of, reason, time};
use crate::scan::Stored;
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, Transport};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::time::{Duration, SystemTime};

/// The points of the lines that [`Summary`] has.
pub const POINTS: usize = 48;

/// A connection is short that lasted less, in microseconds.
const SHORT: u64 = 1_000_000;

/// So many short connections of one process with one end in one minute are a storm.
const STORM: u64 = 60;

/// Fewer of them in one block are not counted towards one.
const COUNTED: u64 = 8;

/// Bytes and connections of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// How many connections ended.
    pub ends: u64,
    /// Bytes sent and acknowledged, of those of which that is known.
    pub sent: u64,
    /// Bytes received, likewise.
    pub received: u64,
}

impl Traffic {
    fn add(&mut self, other: Self) {
        self.ends += other.ends;
        self.sent = self.sent.saturating_add(other.sent);
        self.received = self.received.saturating_add(other.received);
    }

    /// Returns the bytes of both ways.
    pub fn bytes(&self) -> u64 {
        self.sent.saturating_add(self.received)
    }
}

/// Connections that ended in one way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// How.
    pub reason: EndReason,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
    /// The remote end.
    pub remote: IpEndpoint,
    /// How many.
    pub ends: u64,
}

/// Many short connections within a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storm {
    /// The begin of the minute.
    pub minute: SystemTime,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
    /// The remote end; of connections from outside, that of this host.
    pub end: IpEndpoint,
    /// How many.
    pub ends: u64,
    /// How most of them ended.
    pub reason: EndReason,
}

/// Something that listens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Listener {
    /// The local end.
    pub local: IpEndpoint,
    /// The program; `None` where it is not known.
    pub process: Option<OsString>,
}

/// What happened in a span.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// All connections that ended.
    pub total: Traffic,
    /// How many of them never were connections.
    pub failed: u64,
    /// Each program that had connections, the one with the most bytes first; `None` for those whose process is unknown.
    pub processes: Vec<(Option<OsString>, Traffic)>,
    /// Each remote address, likewise.
    pub remotes: Vec<(Address, Traffic)>,
    /// What failed or was reset, the most frequent first.
    pub failures: Vec<Failure>,
    /// Storms of short connections, the largest first.
    pub storms: Vec<Storm>,
    /// Addresses that there were no connections with in the day before; `None` if the history does not go back so far.
    pub new_remotes: Option<Vec<(Address, Traffic)>>,
    /// Listeners that there were not in the day before, likewise.
    pub new_listeners: Option<Vec<Listener>>,
    /// How many ends were in CLOSE_WAIT, at moments of the same distance.
    pub close_wait: Vec<u64>,
    /// How many were in TIME_WAIT.
    pub time_wait: Vec<u64>,
    /// What could not be read.
    pub damaged: Vec<Gap>,
}

/// What is counted while blocks are read.
#[derive(Default)]
struct Counts {
    processes: FxHashMap<ProcessId, Traffic>,
    remotes: FxHashMap<Address, Traffic>,
    failures: FxHashMap<(u64, ProcessId, Address, u16), u64>,
    storms: FxHashMap<StormKey, FxHashMap<u64, u64>>,
    listeners: FxHashSet<(IpEndpoint, ProcessId)>,
    /// Differences from one point to the next.
    close_wait: Vec<i64>,
    time_wait: Vec<i64>,
}

/// Minute since 1970, process, address and port.
type StormKey = (i64, ProcessId, Address, u16);

/// The points of a line, in microseconds since 1970.
#[derive(Clone, Copy)]
struct Line {
    from: i64,
    step: i64,
}

impl Line {
    /// Counts something that was there from a moment to before another.
    fn add(self, differences: &mut [i64], from: i64, until: i64) {
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

fn sums(differences: &[i64]) -> Vec<u64> {
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

fn is_failure(reason: EndReason) -> bool {
    matches!(
        reason,
        EndReason::Refused
            | EndReason::ConnectTimedOut
            | EndReason::ConnectAbandoned
            | EndReason::NoLocalPort
            | EndReason::Unreachable
    )
}

fn is_trouble(reason: EndReason) -> bool {
    is_failure(reason)
        || matches!(
            reason,
            EndReason::ResetByPeer | EndReason::TimedOut | EndReason::NeverAccepted | EndReason::Other(_)
        )
}

impl Reader {
    /// Sums up what happened in a span.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn summary(&self, from: SystemTime, until: SystemTime) -> Result<Summary, StoreError> {
        let (begin, end) = (since_1970(from), since_1970(until));
        let step = (end.saturating_sub(begin) / i64::try_from(POINTS).unwrap_or(1)).max(1);
        let line = Line { from: begin, step };
        let mut counts =
            Counts { close_wait: vec![0; POINTS + 1], time_wait: vec![0; POINTS + 1], ..Counts::default() };
        let mut summary = Summary::default();
        self.count(begin, end, line, &mut counts, &mut summary)?;
        self.each_open(&mut |boot, row| {
            if row.role == ConnectionRole::Listener {
                counts.listeners.extend(row.process.map(|(id, _)| (row.local, id)));
            } else if let Some((fin, false)) = row.first_fin {
                let at = self.clock.wall(Moment { boot, at: fin }).unwrap_or(end);
                line.add(&mut counts.close_wait, at, end);
            }
        })?;
        let day = Duration::from_secs(86_400);
        let before = from.checked_sub(day).map_or(i64::MIN, since_1970);
        let reach = self.reach().map(|(first, _)| since_1970(first));
        // Who was there a day before is known if at least half of that day is.
        let known_since = begin.saturating_sub(43_200_000_000);
        let earlier = match reach.is_some_and(|first| first <= known_since) {
            true => Some(self.seen(before, begin)?),
            false => None,
        };
        let names = self.processes()?;
        let names: FxHashMap<ProcessId, OsString> = names
            .into_iter()
            .filter_map(|(key, process)| Some((key.start_time, process.name.ok()?)))
            .collect();
        self.finish(counts, earlier, &names, &mut summary);
        Ok(summary)
    }

    fn count(
        &self,
        begin: i64,
        end: i64,
        line: Line,
        counts: &mut Counts,
        summary: &mut Summary,
    ) -> Result<(), StoreError> {
        for stretch in self.clock.stretches(begin, end) {
            let at = Moment { boot: stretch.boot, at: stretch.from };
            let Some(wall) = self.clock.wall(at) else { continue };
            let offset = wall.saturating_sub_unsigned(stretch.from);
            let _: ControlFlow<()> = self.blocks(&stretch, &mut |stored| {
                match counts.add(stored, &stretch, offset, line, &mut summary.total) {
                    Ok(failed) => summary.failed += failed,
                    Err(Damaged) => summary.damaged.push(self.damaged(stored)),
                }
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(())
    }

    /// Returns the remote addresses and the listeners of a span.
    fn seen(&self, from: i64, until: i64) -> Result<Seen, StoreError> {
        let mut seen = Seen::default();
        for stretch in self.clock.stretches(from, until) {
            let _: ControlFlow<()> = self.blocks(&stretch, &mut |stored| {
                // What is damaged has been said, or will be when somebody asks for that span.
                let _ = seen.add(stored, &stretch);
                Ok(ControlFlow::Continue(()))
            })?;
            self.each_open(&mut |boot, row| {
                let began = row.started.is_none_or(|started| started < stretch.until);
                if boot == stretch.boot && began && row.role == ConnectionRole::Listener {
                    seen.listeners.insert(row.local);
                } else if boot == stretch.boot && began {
                    seen.remotes.extend(row.remote.map(|end| (end.address, end.scope)));
                }
            })?;
        }
        Ok(seen)
    }

    fn finish(
        &self,
        counts: Counts,
        earlier: Option<Seen>,
        names: &FxHashMap<ProcessId, OsString>,
        summary: &mut Summary,
    ) {
        let name = |id: ProcessId| names.get(&id).cloned();
        let mut by_name: FxHashMap<Option<OsString>, Traffic> = FxHashMap::default();
        for (id, traffic) in counts.processes {
            by_name.entry(name(id)).or_default().add(traffic);
        }
        summary.processes = sorted(by_name);
        summary.new_remotes = earlier.as_ref().map(|earlier| {
            let is_new = |(address, _): &(&Address, &Traffic)| !earlier.remotes.contains(*address);
            sorted(counts.remotes.iter().filter(is_new).map(|(address, traffic)| (*address, *traffic)))
        });
        summary.remotes = sorted(counts.remotes);
        summary.new_listeners = earlier.map(|earlier| {
            let is_new = |(local, _): &(IpEndpoint, ProcessId)| !earlier.listeners.contains(local);
            let new = counts.listeners.into_iter().filter(is_new);
            let mut new: Vec<_> = new.map(|(local, id)| Listener { local, process: name(id) }).collect();
            new.sort();
            new.dedup();
            new
        });
        let mut failures: FxHashMap<(EndReason, Option<OsString>, IpEndpoint), u64> = FxHashMap::default();
        for ((number, id, (address, scope), port), ends) in counts.failures {
            if let Some(reason) = reason(number) {
                *failures.entry((reason, name(id), IpEndpoint { address, scope, port })).or_default() += ends;
            }
        }
        summary.failures = failures
            .into_iter()
            .map(|((reason, process, remote), ends)| Failure { reason, process, remote, ends })
            .collect();
        summary.failures.sort_by(|one, two| {
            two.ends.cmp(&one.ends).then_with(|| (one.reason, one.remote).cmp(&(two.reason, two.remote)))
        });
        let mut storms: FxHashMap<(i64, Option<OsString>, IpEndpoint), FxHashMap<u64, u64>> =
            FxHashMap::default();
        for ((minute, id, (address, scope), port), reasons) in counts.storms {
            let storm = storms.entry((minute, name(id), IpEndpoint { address, scope, port })).or_default();
            for (reason, ends) in reasons {
                *storm.entry(reason).or_default() += ends;
            }
        }
        let storm = |((minute, process, end), reasons): ((i64, _, _), FxHashMap<u64, u64>)| {
            let ends = reasons.values().sum();
            let most = reasons.into_iter().max_by_key(|(number, ends)| (*ends, *number))?.0;
            let minute = crate::clock::time_of(minute.saturating_mul(60_000_000));
            (ends >= STORM).then(|| Some(Storm { minute, process, end, ends, reason: reason(most)? }))?
        };
        summary.storms = storms.into_iter().filter_map(storm).collect();
        summary.storms.sort_by(|one, two| {
            two.ends.cmp(&one.ends).then_with(|| (one.minute, one.end).cmp(&(two.minute, two.end)))
        });
        summary.close_wait = sums(&counts.close_wait);
        summary.time_wait = sums(&counts.time_wait);
    }
}

/// Sorts by bytes, the most first; then by connections, and by who it is.
fn sorted<K: Ord>(traffic: impl IntoIterator<Item = (K, Traffic)>) -> Vec<(K, Traffic)> {
    let mut sorted: Vec<_> = traffic.into_iter().collect();
    sorted.sort_by(|(one, of_one), (two, of_two)| {
        (of_two.bytes(), of_two.ends).cmp(&(of_one.bytes(), of_one.ends)).then_with(|| one.cmp(two))
    });
    sorted
}

/// Who was there in a span.
#[derive(Default)]
struct Seen {
    remotes: FxHashSet<Address>,
    listeners: FxHashSet<IpEndpoint>,
}

impl Seen {
    fn add(&mut self, stored: &Stored<'_>, stretch: &Stretch) -> Result<(), Damaged> {
        let packed = Packed::new(stored.cols)?;
        let addresses = packed.addresses()?;
        let ends = packed.column(Field::End)?;
        let remotes = packed.column(Field::Remote)?;
        let mut used = vec![false; addresses.len() + 1];
        for (end, remote) in ends.iter().zip(&remotes) {
            let is_within = stretch.from <= *end && *end < stretch.until;
            if let Some(used) = usize::try_from(*remote).ok().and_then(|at| used.get_mut(at)) {
                *used |= is_within;
            }
        }
        let seen = addresses.iter().zip(used.iter().skip(1)).filter(|(_, used)| **used);
        self.remotes.extend(seen.map(|(address, _)| *address));
        if stored.listeners {
            let block = packed.unpack()?;
            let listeners = block.rows().filter(|row| row.role == ConnectionRole::Listener);
            self.listeners.extend(listeners.map(|row| row.local));
        }
        Ok(())
    }
}

impl Counts {
    /// Counts the rows of a block that ended in a stretch, whose clock is so far ahead. Returns how many of them failed.
    fn add(
        &mut self,
        stored: &Stored<'_>,
        stretch: &Stretch,
        offset: i64,
        line: Line,
        total: &mut Traffic,
    ) -> Result<u64, Damaged> {
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
        let mut short: FxHashMap<(i64, ProcessId, u64, u64), FxHashMap<u64, u64>> = FxHashMap::default();
        let mut failed = 0;
        let at = |column: &[u64], row: usize| column.get(row).copied().unwrap_or(0);
        for (row, &end) in ends.iter().enumerate() {
            if end < stretch.from || stretch.until <= end {
                continue;
            }
            let (role, transport, fin_is_local) = kind_of(at(&kinds, row));
            let (process, reason_number) = (at(&processes, row), at(&reasons, row));
            if role == ConnectionRole::Listener {
                if let Some((address, scope)) = place(&addresses, at(&locals, row)) {
                    let port = u16::try_from(at(&local_ports, row)).unwrap_or(0);
                    self.listeners.insert((IpEndpoint { address, scope, port }, process));
                }
                continue;
            }
            let traffic = Traffic {
                ends: 1,
                sent: at(&sent, row).saturating_sub(1),
                received: at(&received, row).saturating_sub(1),
            };
            total.add(traffic);
            self.processes.entry(process).or_default().add(traffic);
            let remote = at(&remotes, row);
            if let Some(by_address) = index(remote).and_then(|at| by_address.get_mut(at)) {
                by_address.add(traffic);
            }
            let wall = offset.saturating_add_unsigned(end);
            let how = reason(reason_number).unwrap_or(EndReason::Unseen);
            failed += u64::from(is_failure(how));
            if let (true, Some(address)) = (is_trouble(how), place(&addresses, remote)) {
                let port = u16::try_from(at(&remote_ports, row)).unwrap_or(0);
                *self.failures.entry((reason_number, process, address, port)).or_default() += 1;
            }
            if transport == Transport::Tcp {
                let fin = time(end, at(&fins, row));
                if let Some(fin) = fin.filter(|_| !fin_is_local) {
                    line.add(&mut self.close_wait, offset.saturating_add_unsigned(fin), wall);
                }
                if how == EndReason::ClosedByUs {
                    line.add(&mut self.time_wait, wall, wall.saturating_add_unsigned(TIME_WAIT));
                }
            }
            let started = time(end, at(&lasted, row));
            if started.is_some_and(|started| end.saturating_sub(started) < SHORT) {
                let side = if role == ConnectionRole::Passive {
                    (at(&locals, row), at(&local_ports, row))
                } else {
                    (remote, at(&remote_ports, row))
                };
                let key = (wall.div_euclid(60_000_000), process, side.0, side.1);
                *short.entry(key).or_default().entry(reason_number).or_default() += 1;
            }
        }
        for (address, traffic) in addresses.iter().zip(by_address).filter(|(_, traffic)| traffic.ends > 0) {
            self.remotes.entry(*address).or_default().add(traffic);
        }
        for ((minute, process, address, port), reasons) in short {
            let is_many = reasons.values().sum::<u64>() >= COUNTED;
            if let (true, Some(address)) = (is_many, place(&addresses, address)) {
                let port = u16::try_from(port).unwrap_or(0);
                let storm = self.storms.entry((minute, process, address, port)).or_default();
                for (reason, ends) in reasons {
                    *storm.entry(reason).or_default() += ends;
                }
            }
        }
        Ok(failed)
    }
}

fn index(number: u64) -> Option<usize> {
    usize::try_from(number).ok()?.checked_sub(1)
}

fn place(addresses: &[Address], number: u64) -> Option<Address> {
    addresses.get(index(number)?).copied()
}

/// Calls with a row, and its boot.
type EachRow<'a> = dyn FnMut(i64, &Row) + 'a;

impl Reader {
    fn each_open(&self, each: &mut EachRow<'_>) -> Result<(), StoreError> {
        let Some(last) = self.last() else { return Ok(()) };
        self.open_rows(last.boot)?.iter().for_each(|row| each(last.boot, row));
        Ok(())
    }
}
