//! Ends that are kept back until their owner is known, and what of them has to be written so that another recorder can go on.

use crate::contract::KeptBack;
use netstat_model::history::ConnectionRecord;
use rustc_hash::{FxHashMap, FxHashSet};

struct End {
    record: Box<ConnectionRecord>,
    /// The bytes that told it.
    bytes: Box<[u8]>,
    /// Whether these are among the changes that were told.
    is_told: bool,
}

/// Ends that are kept back, by cookie.
#[derive(Default)]
pub(super) struct Waiting {
    ends: FxHashMap<u64, End>,
    /// Those of which something has changed since that was told.
    changed: FxHashSet<u64>,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn has(&self, cookie: u64) -> bool {
        self.ends.contains_key(&cookie)
    }

    pub(super) fn records(&self) -> impl Iterator<Item = &ConnectionRecord> {
        self.ends.values().map(|end| &*end.record)
    }

    pub(super) fn add(&mut self, record: Box<ConnectionRecord>, bytes: Box<[u8]>) {
        let cookie = record.cookie;
        let is_told = self.ends.get(&cookie).is_some_and(|before| before.is_told);
        self.ends.insert(cookie, End { record, bytes, is_told });
        self.changed.insert(cookie);
    }

    /// Takes one out, because its owner is known.
    pub(super) fn take(&mut self, cookie: u64) -> Option<Box<ConnectionRecord>> {
        let end = self.ends.remove(&cookie)?;
        // Most come and go before anybody asks.
        match end.is_told {
            true => self.changed.insert(cookie),
            false => self.changed.remove(&cookie),
        };
        Some(end.record)
    }

    pub(super) fn take_all(&mut self) -> Vec<Box<ConnectionRecord>> {
        let cookies: Vec<u64> = self.ends.keys().copied().collect();
        cookies.into_iter().filter_map(|cookie| self.take(cookie)).collect()
    }

    /// Returns what has changed since this was asked last.
    pub(super) fn changes(&mut self) -> Vec<KeptBack> {
        let change = |cookie| {
            let bytes = self.ends.get_mut(&cookie).map(|end| {
                end.is_told = true;
                end.bytes.clone()
            });
            KeptBack { cookie, bytes }
        };
        self.changed.drain().map(change).collect()
    }
}
