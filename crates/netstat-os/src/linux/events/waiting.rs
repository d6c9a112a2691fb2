//! Ends that are kept back until their owner is known, and what of them has to be written so that another recorder can go on.

use crate::contract::KeptBack;
use netstat_model::history::{ConnectionEvent, ConnectionRecord};
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

    pub(super) fn take_all(&mut self) -> Vec<ConnectionEvent> {
        let cookies: Vec<u64> = self.ends.keys().copied().collect();
        cookies.into_iter().filter_map(|cookie| self.take(cookie).map(ConnectionEvent::Ended)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::IpEndpoint;
    use netstat_model::history::ConnectionRole;

    fn record(cookie: u64) -> Box<ConnectionRecord> {
        let record = ConnectionRecord::new(IpEndpoint::new([10, 0, 0, 1].into(), 80, 0), None);
        Box::new(ConnectionRecord { cookie, role: ConnectionRole::Passive, ..record })
    }

    /// What has changed, by cookies: whether each is kept back.
    fn changes(waiting: &mut Waiting) -> Vec<(u64, bool)> {
        let mut changes: Vec<_> =
            waiting.changes().into_iter().map(|change| (change.cookie, change.bytes.is_some())).collect();
        changes.sort_unstable();
        changes
    }

    #[test]
    fn only_what_has_changed_is_told() {
        let mut waiting = Waiting::default();
        for cookie in 1..=3 {
            waiting.add(record(cookie), [7].into());
        }
        // What came and went meanwhile was never told.
        assert!(waiting.take(2).is_some());
        assert_eq!(changes(&mut waiting), [(1, true), (3, true)]);
        assert_eq!(changes(&mut waiting), []);
        waiting.add(record(4), [7].into());
        assert!(waiting.take(3).is_some() && waiting.take(3).is_none());
        assert_eq!(changes(&mut waiting), [(3, false), (4, true)]);
        assert_eq!(waiting.take_all().len(), 2);
        assert_eq!(changes(&mut waiting), [(1, false), (4, false)]);
        assert_eq!(waiting.len(), 0);
    }
}
