//! Which rows there are, in which order, and where the cursor stands among them.

use super::{Cursor, State};
use crate::beside::Happening;
use crate::book::Book;
use crate::group::Grouping;
use crate::item::{Groups, Item, ItemKey, groups, waits};
use crate::mark::{Mark, Slot};
use crate::tab::Tab;
use netstat_engine::columns::Value;
use netstat_engine::filter::{Context, Tri};
use rustc_hash::{FxHashMap, FxHashSet};
use std::time::Duration;

/// Rows are not put in another order more often than this, nor so soon after a key.
const ORDER_STAYS: Duration = Duration::from_secs(2);

impl State {
    /// Makes the rows of what is known, in their order, and puts the cursor where its row is.
    pub(super) fn settle(&mut self) {
        if !self.is_dirty {
            return;
        }
        let tab = self.tab;
        let book = self.shown_book();
        // A row under the cursor stays until the cursor leaves it, or somebody asks for other rows.
        let held = self.cursor.as_ref().map(|cursor| &cursor.key).filter(|_| !self.ordered.is_zero());
        let held_slot = match held {
            Some(ItemKey::Socket(key)) => book.slot(key),
            _ => None,
        };
        let find = |key| book.processes().get(&key);
        let context = Context::new(&find);
        let matching = |slot: &Slot| {
            let Some(socket) = book.socket(*slot) else { return false };
            if held_slot == Some(*slot) && matches!(tab, Tab::Connections | Tab::Listening) {
                return true;
            }
            let of_tab = match tab {
                Tab::Connections => !waits(&socket),
                Tab::Listening => waits(&socket),
                Tab::Processes | Tab::Remotes => true,
                Tab::Links | Tab::Findings | Tab::Events => false,
            };
            of_tab && self.filter.as_ref().is_none_or(|filter| filter.matches(socket, &context) == Tri::Yes)
        };
        let beside = &self.beside;
        let found: Vec<Slot> = match tab {
            Tab::Links | Tab::Findings | Tab::Events => Vec::new(),
            _ => {
                let most = usize::from(self.layout().rows) / 3;
                without_most_gone(book, book.slots().filter(matching).collect(), most, held_slot)
            }
        };
        let mut grouped = None;
        let (groups, rows): (Groups, Vec<Item>) = match tab {
            Tab::Connections | Tab::Listening => {
                grouped = self.gather(&found);
                (Groups::default(), found.into_iter().map(Item::Socket).collect())
            }
            // Of the past they are not kept.
            Tab::Events if self.is_recorded() => (Groups::default(), Vec::new()),
            Tab::Links | Tab::Findings if self.is_past() => (Groups::default(), Vec::new()),
            Tab::Links => {
                (Groups::default(), beside.links.iter().map(|link| Item::Link(link.index)).collect())
            }
            Tab::Findings => {
                let findings = beside.findings.iter().flatten();
                (Groups::default(), (0..).zip(findings).map(|(at, _)| Item::Finding(at)).collect())
            }
            Tab::Events => {
                let until = if self.is_past() { self.shown_look().time } else { None };
                let was =
                    |event: &&Happening| event.passes && until.is_none_or(|until| event.time <= Some(until));
                let events = beside.happened.iter().filter(was);
                (Groups::default(), events.map(|event| Item::Event(event.number)).collect())
            }
            Tab::Processes | Tab::Remotes => {
                let mut groups = groups(tab, book, found.into_iter());
                let held = match held {
                    Some(ItemKey::Process(process)) => Some(Item::Process(*process)),
                    Some(ItemKey::Remote(address)) => Some(Item::Remote(*address)),
                    _ => None,
                };
                if let Some(held) = held {
                    groups.entry(held).or_default();
                }
                let rows = groups.keys().copied().collect();
                (groups, rows)
            }
        };
        self.groups = groups;
        self.shown = rows.len();
        if grouped.is_some() {
            self.grouping = grouped;
        }
        let may_order = self.ordered.is_zero()
            || self.now.saturating_sub(self.ordered) >= ORDER_STAYS
                && self.now.saturating_sub(self.pressed) >= ORDER_STAYS;
        self.items = match &self.grouping {
            Some(grouping) if matches!(tab, Tab::Connections | Tab::Listening) => {
                let groups = self.ordered_rows(grouping.numbers().map(Item::Group).collect(), may_order);
                let with_rows = |item: Item| {
                    let group = match item {
                        Item::Group(number) => grouping.group(number),
                        _ => None,
                    };
                    let unfolded = group.filter(|group| grouping.is_unfolded(&group.name));
                    let rows = unfolded.map_or(Vec::new(), |group| {
                        let rows = group.slots.iter().copied().map(Item::Socket).collect();
                        self.ordered_rows(rows, may_order)
                    });
                    std::iter::once(item).chain(rows)
                };
                groups.into_iter().flat_map(with_rows).collect()
            }
            _ => self.ordered_rows(rows, may_order),
        };
        if may_order {
            self.ordered = self.now.max(Duration::from_nanos(1));
        }
        self.hold_cursor();
    }

    /// Puts sockets into their groups, where there are groups.
    fn gather(&self, found: &[Slot]) -> Option<Grouping> {
        let mut grouping = self.grouping.as_ref()?.again();
        let column = grouping.column;
        self.cells().with(|filled| {
            let named = found.iter().map(|slot| (*slot, filled.group_name(*slot, column)));
            let held = match &self.cursor {
                Some(Cursor { key: ItemKey::Group(name), .. }) => Some(name.as_str()),
                _ => None,
            };
            grouping.gather(self.shown_book(), named, held);
        });
        Some(grouping)
    }

    /// Returns rows in their order, or in that in which they were.
    fn ordered_rows(&self, mut rows: Vec<Item>, may_order: bool) -> Vec<Item> {
        self.order(&mut rows);
        if may_order { rows } else { in_old_order(&self.items, rows) }
    }

    /// Sorts rows.
    fn order(&self, rows: &mut Vec<Item>) {
        let sort = self.sort();
        let Some(spec) = self.column(sort.column) else { return };
        let cells = self.cells();
        cells.with(|filled| {
            let mut keyed: Vec<(Value<'_>, Item)> =
                rows.iter().map(|&item| (filled.sort_value(item, spec), item)).collect();
            keyed.sort_by(|(one, item), (two, other)| {
                let by_value = if sort.descending { one.compare_descending(two) } else { one.compare(two) };
                by_value.then_with(|| filled.compare_usual(*item, *other))
            });
            *rows = keyed.into_iter().map(|(_, item)| item).collect();
        });
    }

    /// The next settling may order rows at once.
    pub(super) fn order_anew(&mut self) {
        self.ordered = Duration::ZERO;
    }

    /// Scrolls so that the row of the cursor keeps its line of the screen.
    pub(super) fn hold_cursor(&mut self) {
        let rows = usize::from(self.layout().rows);
        let last = self.items.len().saturating_sub(1);
        if let Some(cursor) = self.cursor.clone() {
            let line = cursor.line.min(rows.saturating_sub(1));
            let place = self.place_of(&cursor.key);
            match place {
                Some(place) => self.put_cursor(place, place.saturating_sub(line)),
                None => {
                    // Its row is there no more: the cursor stays on its line.
                    let place = (self.top + line).min(last);
                    self.put_cursor(place, self.top);
                }
            }
        }
        self.top = self.top.min(self.items.len().saturating_sub(rows.max(1)));
        // The end of the list may have been cut.
        let place = self.cursor.as_ref().and_then(|cursor| self.place_of(&cursor.key));
        if let (Some(cursor), Some(place)) = (&mut self.cursor, place) {
            cursor.line = place.saturating_sub(self.top);
        }
        if self.tab == Tab::Events && self.cursor.is_none() {
            self.top = self.items.len().saturating_sub(rows.max(1));
        }
    }

    /// Returns where a row is among those of the tab.
    fn place_of(&self, key: &ItemKey) -> Option<usize> {
        match key {
            ItemKey::Socket(key) => {
                let slot = self.shown_book().slot(key)?;
                self.items.iter().position(|item| *item == Item::Socket(slot))
            }
            key => self.items.iter().position(|item| self.key_of(*item).as_ref() == Some(key)),
        }
    }

    /// Puts the cursor on a row, with this row at the top of the screen.
    pub(super) fn put_cursor(&mut self, place: usize, top: usize) {
        let rows = usize::from(self.layout().rows).max(1);
        let place = place.min(self.items.len().saturating_sub(1));
        let top = top.min(place).max((place + 1).saturating_sub(rows));
        self.top = top.min(self.items.len().saturating_sub(rows));
        let line = place.saturating_sub(self.top);
        self.cursor =
            self.items.get(place).and_then(|item| self.key_of(*item)).map(|key| Cursor { key, line });
    }

    pub(super) fn move_by(&mut self, by: isize) {
        if self.items.is_empty() {
            return;
        }
        let place = self.index().saturating_add_signed(by);
        self.put_cursor(place, self.top);
    }
}

/// Leaves out what is gone but for the latest of it: closed rows are no more than `most`, and that of the cursor.
fn without_most_gone(book: &Book, mut slots: Vec<Slot>, most: usize, held: Option<Slot>) -> Vec<Slot> {
    let is_gone = |slot: &Slot| book.mark(*slot) == Mark::Gone && held != Some(*slot);
    let mut gone: Vec<(Duration, Slot)> =
        slots.iter().filter(|slot| is_gone(slot)).map(|slot| (book.marked(*slot), *slot)).collect();
    if gone.len() > most {
        gone.sort_unstable_by(|one, two| two.cmp(one));
        let left_out: FxHashSet<Slot> = gone.into_iter().skip(most).map(|(_, slot)| slot).collect();
        slots.retain(|slot| !left_out.contains(slot));
    }
    slots
}

/// Puts rows into the order in which they were; new ones come last.
fn in_old_order(old: &[Item], rows: Vec<Item>) -> Vec<Item> {
    let places: FxHashMap<Item, usize> = old.iter().enumerate().map(|(at, item)| (*item, at)).collect();
    let mut placed: Vec<(usize, Item)> =
        rows.into_iter().map(|item| (places.get(&item).copied().unwrap_or(usize::MAX), item)).collect();
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, item)| item).collect()
}
