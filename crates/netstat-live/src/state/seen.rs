//! What a look changes.

use super::{Cursor, Mode, State};
use crate::beside::{Happening, MOST_EVENTS, What};
use crate::event::Effect;
use crate::item::{Cells, Item, ItemKey};
use crate::mark::{Mark, Slot};
use crate::named::Names;
use crate::tab::Tab;
use netstat_engine::flow::Rates;
use netstat_engine::look::Look;
use netstat_model::SocketKey;
use std::time::{Duration, SystemTime};

impl State {
    pub(super) fn look(&mut self, look: Look, effects: &mut Vec<Effect>) {
        let under_cursor = match &self.cursor {
            Some(Cursor { key: ItemKey::Socket(key), .. }) => Some(key.clone()),
            _ => None,
        };
        self.is_dirty |= self.failure.take().is_some();
        let before = self.last.clone();
        let (time, took, age) = (look.info.at, look.took, look.age);
        let age = if look.is_current { Duration::ZERO } else { age };
        self.is_dirty |= self.last.age.as_secs() != age.as_secs();
        self.last.age = age;
        self.last.listed = look.listed;
        let (is_whole, is_current, by_events) = (look.whole, look.is_current, look.by_events);
        self.last.is_whole = is_whole;
        self.is_dirty |= self.last.by_events != by_events;
        self.last.by_events = by_events;
        self.last.method = Some(look.method);
        self.last.lost += look.lost;
        self.is_dirty |= self.last.warnings != look.warnings;
        self.last.warnings.clone_from(&look.warnings);
        let had_marks = self
            .items
            .iter()
            .any(|item| matches!(item, Item::Socket(slot) if self.book.mark(*slot) != Mark::Nothing));
        let changes = self.book.apply(look, |key| under_cursor.as_ref() == Some(key));
        self.last.lost += changes.untold as u64;
        self.follow_renamed();
        self.note_events(time);
        self.keep_back(before);
        if self.book.forget_processes(self.ring.tables()) {
            effects.push(Effect::ForgetProcesses);
        }
        let had_changes = !self.last.changes.is_nothing();
        self.last.changes = changes;
        // A clock that stands still looks like a program that does.
        self.wants_drawing |= second(self.last.time) != second(time);
        self.last.time = time;
        self.last.is_summed = is_whole || is_current;
        if changes.is_nothing() && !had_marks && !had_changes && self.book.looks() > 1 {
            return;
        }
        self.last.took = took;
        // What only some sockets moved is no sum.
        if self.last.is_summed {
            self.last.rates = self.book.slots().filter_map(|slot| self.book.rates(slot)).reduce(Rates::and);
        }
        if let Some(paused) = &mut self.paused {
            paused.waiting += changes.opened + changes.closed + changes.changed;
            self.is_dirty = true;
            return;
        }
        self.is_dirty = true;
    }

    /// Notes what the last look saw happen.
    fn note_events(&mut self, time: Option<SystemTime>) {
        let cells = Cells {
            book: &self.book,
            environment: &self.environment,
            groups: &self.groups,
            grouping: None,
            beside: &self.beside,
            names: &Names::default(),
            past: None,
            now: time,
        };
        let happened: Vec<Happening> = cells.with(|filled| {
            let of = |&event: &(Slot, What)| filled.happening(event, time, self.filter.as_ref());
            // No more are kept: the oldest of a look need not be written.
            let skipped = self.book.happened().len().saturating_sub(MOST_EVENTS);
            self.book.happened().iter().skip(skipped).filter_map(of).collect()
        });
        self.is_dirty |= !happened.is_empty() && self.tab == Tab::Events;
        happened.into_iter().for_each(|event| self.beside.note(event));
    }

    /// Lets the cursor, the details and tags stay with sockets that have another key now.
    fn follow_renamed(&mut self) {
        let mut renamed = self.book.renamed().to_vec();
        renamed.retain(|(old, _)| {
            let of_cursor =
                matches!(&self.cursor, Some(Cursor { key: ItemKey::Socket(key), .. }) if key == old);
            let of_details = matches!(&self.mode, Mode::Details(key, _) if key == old);
            of_cursor || of_details || self.tags.contains(&ItemKey::Socket(old.clone()))
        });
        match &mut self.paused {
            Some(paused) => paused.renamed.extend(renamed),
            None => self.rename(renamed),
        }
    }

    pub(super) fn rename(&mut self, renamed: Vec<(SocketKey, SocketKey)>) {
        for (old, new) in renamed {
            if let Mode::Details(key, _) = &mut self.mode
                && *key == old
            {
                *key = new.clone();
            }
            let (old, new) = (ItemKey::Socket(old), ItemKey::Socket(new));
            if let Some(cursor) = self.cursor.as_mut().filter(|cursor| cursor.key == old) {
                cursor.key = new.clone();
            }
            if self.tags.remove(&old) {
                self.tags.insert(new);
            }
        }
    }
}

fn second(time: Option<SystemTime>) -> Option<u64> {
    Some(time?.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}
