//! [`Course`]: how what happened in a span went on over its time, in intervals of one length.
//!
//! It takes two passes over the blocks: the first finds the destinations with most connections, so that the second holds
//! lines of those alone, however many there are.

use super::counts::Names;
use super::tally::Tally;
use crate::block::{Damaged, Packed};
use crate::clock::{Moment, Stretch, since_1970};
use crate::error::StoreError;
use crate::gap::Gap;
use crate::kind;
use crate::life::TIME_WAIT;
use crate::processes;
use crate::reader::Reader;
use crate::row::{Address, Field, LONG};
use crate::scan::Stored;
use netstat_model::history::{ConnectionRole, EndReason};
use netstat_model::{IpEndpoint, TcpState, Transport};
use netstat_os::os_string;
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::ops::ControlFlow;
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

impl Reader {
    /// Tells how what happened in a span went on over its time. `from` is its begin, which may lie within the first interval.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub fn course(&self, from: SystemTime, wishes: &CourseWishes) -> Result<Course, StoreError> {
        let (begin, end) = (since_1970(from), since_1970(wishes.until));
        let mut names = Names::default();
        processes::names(&self.database, |id, name| {
            self.budget.spend(name.len() + 16)?;
            names.add(id, os_string(name));
            Ok(())
        })
        .map_err(self.error())?;
        let destinations = self.destinations(begin, end, wishes.destinations)?;
        let mut tally = Tally::new(names, wishes, end, &destinations);
        let mut damaged = Vec::new();
        let stretches = self.clock.stretches(begin, end);
        for (place, stretch) in stretches.iter().enumerate() {
            let Some(wall) = self.clock.wall(Moment { boot: stretch.boot, at: stretch.from }) else {
                continue;
            };
            let offset = wall.saturating_sub_unsigned(stretch.from);
            let of_boot = |at: usize| stretches.get(at).map(|other| other.boot) == Some(stretch.boot);
            let is_first = !place.checked_sub(1).is_some_and(of_boot);
            let is_last = !of_boot(place + 1);
            // What was there at the end has ended later, and what had just ended at the begin waits.
            let reach =
                if is_last { stretch.until.saturating_add(LONG) } else { stretch.until.saturating_sub(1) };
            let first = if is_first { stretch.from.saturating_sub(TIME_WAIT) } else { stretch.from };
            let whole = Stretch { from: first, until: reach.saturating_add(1), ..*stretch };
            let _: ControlFlow<()> = self.blocks(&whole, &mut |stored| {
                if tally.add(stored.cols, stretch, &whole, offset) == Err(Damaged) {
                    damaged.push(self.damaged(stored));
                }
                Ok(ControlFlow::Continue(()))
            })?;
            if is_last {
                for row in self.long_rows(stretch.boot, reach)? {
                    tally.there(&row, offset, i64::MAX);
                }
            }
        }
        if let Some(last) = self.last()
            && let Some(wall) = self.clock.wall(last)
        {
            // Later than that nobody knows.
            let offset = wall.saturating_sub_unsigned(last.at);
            for row in self.open_rows(last.boot)? {
                tally.there(&row, offset, wall.saturating_add(1));
            }
        }
        let mut course = tally.course();
        course.damaged = damaged;
        Ok(course)
    }

    /// Returns the destinations to which most connections that ended in a span were made from here.
    fn destinations(&self, begin: i64, end: i64, most: usize) -> Result<Vec<(Address, u16)>, StoreError> {
        let mut counts: FxHashMap<(Address, u16), u64> = FxHashMap::default();
        for stretch in self.clock.stretches(begin, end) {
            let _: ControlFlow<()> = self.blocks(&stretch, &mut |stored| {
                // What is damaged is told by the second pass.
                let _ = count_destinations(stored, &stretch, &mut counts);
                Ok(ControlFlow::Continue(()))
            })?;
        }
        let mut sorted: Vec<_> = counts.into_iter().collect();
        sorted.sort_by(|(one, ends), (two, others)| others.cmp(ends).then_with(|| one.cmp(two)));
        Ok(sorted.into_iter().take(most).map(|(destination, _)| destination).collect())
    }
}

fn count_destinations(
    stored: &Stored<'_>,
    stretch: &Stretch,
    counts: &mut FxHashMap<(Address, u16), u64>,
) -> Result<(), Damaged> {
    let packed = Packed::new(stored.cols)?;
    let addresses = packed.addresses()?;
    let (ends, kinds) = (packed.column(Field::End)?, packed.column(Field::Kind)?);
    let (remotes, ports) = (packed.column(Field::Remote)?, packed.column(Field::RemotePort)?);
    let mut of_block: FxHashMap<(u64, u64), u64> = FxHashMap::default();
    for ((end, kind), (remote, port)) in ends.iter().zip(&kinds).zip(remotes.iter().zip(&ports)) {
        let is_out = kind::role(*kind) == ConnectionRole::Active && kind::transport(*kind) == Transport::Tcp;
        if is_out && stretch.from <= *end && *end < stretch.until {
            *of_block.entry((*remote, *port)).or_default() += 1;
        }
    }
    for ((remote, port), ends) in of_block {
        let place = usize::try_from(remote).ok().and_then(|number| number.checked_sub(1));
        if let (Some(address), Ok(port)) = (place.and_then(|at| addresses.get(at)), u16::try_from(port)) {
            *counts.entry((*address, port)).or_default() += ends;
        }
    }
    Ok(())
}
