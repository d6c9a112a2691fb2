//! [`Ring`]: how the sockets were at earlier looks, as far as there is room.
//!
//! A look is kept as what it changed, the other way round: the rows as they were before. So a host on which nothing happens costs
//! nothing. Where room gets short, two old looks become one, and the further back somebody goes, the longer are the steps.

use crate::last::LastLook;
use crate::mark::{Mark, Slot};
use netstat_engine::flow::Rates;
use netstat_model::query::Keep;
use netstat_model::{RowId, SocketKey, SocketRef, SocketTable, TcpState};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::time::Duration;

/// How far back the ring goes.
const SPAN: Duration = Duration::from_secs(15 * 60);

/// How many bytes that may take.
const ROOM: usize = 16 << 20;

/// What the book knew of a socket at an earlier look.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(crate) key: SocketKey,
    pub(crate) mark: Mark,
    pub(crate) marked: Duration,
    pub(crate) state: Option<TcpState>,
    pub(crate) rates: Option<Rates>,
    /// Its row in the table of the step; `None` where it could not be packed.
    pub(crate) row: Option<RowId>,
}

/// What leads from one look back to the one before.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What was changed, as it was before; `None` where there was nothing.
    changed: FxHashMap<Slot, Option<Before>>,
    /// The rows of those.
    sockets: SocketTable,
    /// Since boot, when the look was to which this leads.
    looked: Duration,
    /// How many sockets were open then.
    open: usize,
    /// What is said of that look.
    last: LastLook,
}

impl Step {
    /// Begins a step to the look of that time.
    pub(crate) fn to(looked: Duration, open: usize, keep: Keep) -> Self {
        Self { looked, open, sockets: SocketTable::new(keep), ..Self::default() }
    }

    /// Notes how a socket was, unless that is noted already: the first is the one from before the look.
    pub(crate) fn note(&mut self, slot: Slot, before: Option<(Before, Option<SocketRef<'_>>)>) {
        let sockets = &mut self.sockets;
        self.changed.entry(slot).or_insert_with(|| {
            let (mut before, socket) = before?;
            before.row = socket.and_then(|socket| add(sockets, &socket));
            Some(before)
        });
    }

    pub(crate) fn has(&self, slot: Slot) -> bool {
        self.changed.contains_key(&slot)
    }

    /// Says what is said of the look to which this leads.
    pub(crate) fn saying(mut self, last: LastLook) -> Self {
        self.last = last;
        self
    }

    /// Returns about how many bytes it takes.
    fn size(&self) -> usize {
        let keep = self.sockets.keep();
        let row = 40 + if keep.details { 80 } else { 0 } + 8 * keep.tcp.count();
        size_of::<Self>()
            + self.changed.len() * size_of::<(Slot, Option<Before>)>() * 8 / 7
            + self.sockets.len() * row
    }

    /// Goes back over a younger step first.
    fn after(mut self, younger: Self) -> Self {
        for (slot, before) in younger.changed {
            let sockets = &mut self.sockets;
            self.changed.entry(slot).or_insert_with(|| {
                let mut before = before?;
                let socket = before.row.and_then(|row| younger.sockets.get(row));
                before.row = socket.and_then(|socket| add(sockets, &socket));
                Some(before)
            });
        }
        self
    }
}

/// Adds a socket to a table. Returns its row.
fn add(sockets: &mut SocketTable, socket: &SocketRef<'_>) -> Option<RowId> {
    sockets.push(socket).then(|| sockets.last_row()).flatten()
}

/// The looks of the last quarter of an hour, or fewer.
#[derive(Debug)]
pub(crate) struct Ring {
    /// The oldest first.
    steps: VecDeque<Step>,
    size: usize,
    /// How many bytes they may take.
    room: usize,
}

impl Default for Ring {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

/// The sockets that differed at a moment, and what was said of it.
pub(crate) struct Moment<'a> {
    pub(crate) looked: Duration,
    pub(crate) open: usize,
    pub(crate) last: &'a LastLook,
    /// What was there instead, each with the table that has its row.
    pub(crate) differ: FxHashMap<Slot, Option<(&'a Before, &'a SocketTable)>>,
}

impl Ring {
    /// Begins one that takes about so many bytes.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { steps: VecDeque::new(), size: 0, room }
    }

    /// Takes what leads from the last look, at `now`, to the one before.
    pub(crate) fn take(&mut self, step: Step, now: Duration) {
        self.size += step.size();
        self.steps.push_back(step);
        while self.steps.front().is_some_and(|oldest| oldest.looked + SPAN < now) {
            self.steps.pop_front();
        }
        if self.size > self.room {
            self.thin_out();
        }
        self.size = self.steps.iter().map(Step::size).sum();
    }

    /// Makes one step of each two of the older half, and forgets the oldest where that does not help.
    fn thin_out(&mut self) {
        let old = self.steps.len() / 4 * 2;
        let young = self.steps.split_off(old);
        let mut pairs = std::mem::take(&mut self.steps).into_iter();
        while let Some(older) = pairs.next() {
            self.steps.push_back(match pairs.next() {
                Some(younger) => older.after(younger),
                None => older,
            });
        }
        self.steps.extend(young);
        let size = |steps: &VecDeque<Step>| steps.iter().map(Step::size).sum::<usize>();
        while !self.steps.is_empty() && size(&self.steps) > self.room {
            self.steps.pop_front();
        }
    }

    /// Returns when the looks were that somebody can go back to, the oldest first.
    pub(crate) fn looks(&self) -> impl DoubleEndedIterator<Item = Duration> + '_ {
        self.steps.iter().map(|step| step.looked)
    }

    /// Returns how the look of that time differed from the last one; `None` where it is not kept.
    pub(crate) fn at(&self, looked: Duration) -> Option<Moment<'_>> {
        let first = self.steps.iter().position(|step| step.looked == looked)?;
        let mut steps = self.steps.iter().skip(first);
        let of = steps.next()?;
        let mut differ = FxHashMap::default();
        for step in std::iter::once(of).chain(steps) {
            for (slot, before) in &step.changed {
                // The oldest is how it was.
                differ.entry(*slot).or_insert_with(|| before.as_ref().map(|before| (before, &step.sockets)));
            }
        }
        Some(Moment { looked: of.looked, open: of.open, last: &of.last, differ })
    }

    /// Returns how fast bytes went over a socket at each of the last looks before the present one, the oldest first, back to the one
    /// at which it was there first. `now` is its rate at the present one.
    pub(crate) fn rates(&self, slot: Slot, key: &SocketKey, now: Option<Rates>) -> VecDeque<Option<Rates>> {
        let (mut course, mut rates) = (VecDeque::new(), now);
        for step in self.steps.iter().rev() {
            match step.changed.get(&slot) {
                None => {}
                Some(Some(before)) if before.key == *key => rates = before.rates,
                // Another socket had its place, or nothing.
                Some(_) => break,
            }
            course.push_front(rates);
        }
        course
    }

    /// Returns the tables of all that is kept.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &SocketTable> {
        self.steps.iter().map(|step| &step.sockets)
    }
}
