//! Connections of which one end has closed its direction.
//!
//! Most are over a moment later, and their end tells it. One that stays, a leak for instance, has to be told of before.

use rustc_hash::FxHashMap;
use std::time::Duration;

/// The first FINs that were told lately, by the cookie of the connection.
#[derive(Debug, Default)]
pub(super) struct HalfClosed {
    since: FxHashMap<u64, (Duration, bool)>,
}

impl HalfClosed {
    /// Notes a first FIN: when, and whether the local end sent it.
    pub(super) fn note(&mut self, cookie: u64, at: Duration, is_local: bool) {
        self.since.insert(cookie, (at, is_local));
    }

    /// Forgets a connection that has ended.
    pub(super) fn end(&mut self, cookie: u64) {
        self.since.remove(&cookie);
    }

    /// Returns all of them.
    pub(super) fn all(&self) -> impl Iterator<Item = (u64, (Duration, bool))> {
        self.since.iter().map(|(cookie, first_fin)| (*cookie, *first_fin))
    }

    /// Takes out those that are half closed since this moment or longer.
    pub(super) fn stay(&mut self, by: Duration) -> impl Iterator<Item = (u64, (Duration, bool))> {
        self.since.extract_if(move |_, (at, _)| *at <= by)
    }
}
