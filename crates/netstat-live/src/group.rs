//! [`Grouping`]: the sockets of a tab put together by what they have in a column.

use crate::book::Book;
use crate::mark::{Mark, Slot};
use netstat_engine::columns::{Column, by_name};
use netstat_engine::flow::Rates;
use netstat_model::TcpState;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// The columns that the key for groups goes through.
pub(crate) const CYCLE: [&str; 5] = ["process", "raddr", "state", "unit", "container"];

/// Sockets that have the same in a column.
#[derive(Debug, Default)]
pub(crate) struct Group {
    /// What they have, safe for a terminal.
    pub(crate) name: String,
    pub(crate) slots: Vec<Slot>,
    pub(crate) rates: Option<Rates>,
    /// How many there are in each state, those that are gone left out.
    states: BTreeMap<Option<TcpState>, usize>,
    /// How many addresses there are at the other ends.
    pub(crate) remotes: usize,
}

/// How sockets are grouped. All groups are folded until somebody unfolds one.
#[derive(Debug)]
pub(crate) struct Grouping {
    pub(crate) column: &'static Column,
    /// The number of each group, which stays with its name while there is such a group.
    numbers: FxHashMap<String, u32>,
    next: u32,
    groups: FxHashMap<u32, Group>,
    unfolded: FxHashSet<String>,
}

impl Grouping {
    /// Groups by a column.
    pub(crate) fn by(column: &'static Column) -> Self {
        Self {
            column,
            numbers: FxHashMap::default(),
            next: 0,
            groups: FxHashMap::default(),
            unfolded: FxHashSet::default(),
        }
    }

    /// Begins again with the same groups, none of which has sockets.
    pub(crate) fn again(&self) -> Self {
        Self {
            numbers: self.numbers.clone(),
            next: self.next,
            unfolded: self.unfolded.clone(),
            ..Self::by(self.column)
        }
    }

    /// Returns what comes after a grouping when the key for it is pressed.
    pub(crate) fn after(now: Option<&Self>) -> Option<Self> {
        let at = now.map_or(0, |now| {
            CYCLE.iter().position(|name| *name == now.column.name).map_or(CYCLE.len(), |at| at + 1)
        });
        CYCLE.get(at).and_then(|name| by_name(name)).map(Self::by)
    }

    /// Puts sockets together. Each comes with the name of its group. The group of the cursor stays although nothing is in it.
    pub(crate) fn gather(
        &mut self,
        book: &Book,
        sockets: impl Iterator<Item = (Slot, String)>,
        held: Option<&str>,
    ) {
        let mut remotes: FxHashMap<u32, FxHashSet<IpAddr>> = FxHashMap::default();
        if let Some(number) = held.and_then(|name| self.numbers.get(name)) {
            self.groups.entry(*number).or_default();
        }
        for (slot, name) in sockets {
            let number = *self.numbers.entry(name).or_insert_with_key(|_| {
                self.next += 1;
                self.next
            });
            let group = self.groups.entry(number).or_default();
            group.slots.push(slot);
            if book.mark(slot) == Mark::Gone {
                continue;
            }
            let Some(socket) = book.socket(slot) else { continue };
            *group.states.entry(socket.state).or_default() += 1;
            if let Some(rates) = book.rates(slot) {
                group.rates = Some(group.rates.unwrap_or_default().and(rates));
            }
            remotes.entry(number).or_default().extend(socket.remote.and_then(|end| end.address()));
        }
        // The groups that are there no more are forgotten.
        self.numbers.retain(|name, number| match self.groups.get_mut(number) {
            Some(group) => {
                group.name.clone_from(name);
                group.remotes = remotes.get(number).map_or(0, FxHashSet::len);
                true
            }
            None => false,
        });
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> + '_ {
        self.groups.keys().copied()
    }

    pub(crate) fn group(&self, number: u32) -> Option<&Group> {
        self.groups.get(&number)
    }

    /// Returns the group of a socket.
    pub(crate) fn group_of(&self, slot: Slot) -> Option<&Group> {
        self.groups.values().find(|group| group.slots.contains(&slot))
    }

    pub(crate) fn is_unfolded(&self, name: &str) -> bool {
        self.unfolded.contains(name)
    }

    /// Folds a group, or unfolds it.
    pub(crate) fn fold(&mut self, name: &str) {
        if !self.unfolded.remove(name) {
            self.unfolded.insert(name.to_owned());
        }
    }
}

impl Group {
    /// Returns the state that most are in, and how many are.
    pub(crate) fn state(&self) -> Option<(Option<TcpState>, usize)> {
        self.states.iter().max_by_key(|(_, count)| **count).map(|(state, count)| (*state, *count))
    }
}
