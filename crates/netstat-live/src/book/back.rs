//! The book as it was at an earlier look.

use super::{Book, Entry};
use crate::ring::{Before, Moment, Step};
use netstat_model::SocketTable;

impl Book {
    /// Begins one that notes what leads back from each look.
    pub(crate) fn going_back() -> Self {
        Self { goes_back: true, ..Self::default() }
    }

    /// Notes no more what leads back.
    pub(crate) fn stop_going_back(&mut self) {
        self.goes_back = false;
    }

    /// Returns what leads back from the last look to the one before.
    pub(crate) fn take_back(&mut self) -> Option<Step> {
        self.back.take()
    }

    /// Returns the same sockets as they are now.
    pub(crate) fn copy(&self) -> Self {
        Self {
            tables: self.tables.clone(),
            entries: self.entries.clone(),
            free: Vec::new(),
            index: self.index.clone(),
            processes: self.processes.clone(),
            renamed: Vec::new(),
            happened: Vec::new(),
            back: None,
            then: self.then.clone(),
            ..*self
        }
    }

    /// Returns the sockets as they were at an earlier look.
    pub(crate) fn at(&self, moment: &Moment<'_>) -> Self {
        let mut book = self.copy();
        for slot in moment.differ.keys() {
            if let Some(place) = book.entries.get_mut(slot.0 as usize)
                && let Some(entry) = place.take()
                && book.index.get(&entry.key) == Some(slot)
            {
                book.index.remove(&entry.key);
            }
        }
        let mut sockets = SocketTable::new(self.keep());
        let table = u32::try_from(book.tables.len()).unwrap_or(u32::MAX);
        for (&slot, before) in &moment.differ {
            let Some((before, of)) = before else { continue };
            let socket = before.row.and_then(|row| of.get(row));
            let row = socket.filter(|socket| sockets.push(socket)).and_then(|_| sockets.last_row());
            let Some(row) = row else { continue };
            let Before { key, mark, marked, state, rates, .. } = (*before).clone();
            let (look, marked_look) = (book.looks, book.looks);
            if let Some(place) = book.entries.get_mut(slot.0 as usize) {
                book.index.insert(key.clone(), slot);
                book.then.insert(slot, rates);
                *place = Some(Entry {
                    key,
                    table,
                    row,
                    look,
                    mark,
                    marked,
                    marked_look,
                    state,
                    flow: None,
                    missing: None,
                });
            }
        }
        book.tables.push(sockets);
        (book.looked, book.open) = (moment.looked, moment.open);
        book
    }
}
