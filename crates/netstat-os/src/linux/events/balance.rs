//! Compares what the kernel's programs told with the sockets that are there, from time to time: the kernel now and then
//! tells an end to no program, and a buffer that is full loses begins and ends.
//!
//! A record may be on its way while sockets are listed. So what differs is told only if it differs in the next comparison
//! as well, a minute later.

use netstat_model::history::{BeginBound, ConnectionRecord, EndReason};
use netstat_model::{IpEndpoint, Namespace};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::hash::BuildHasher as _;
use std::num::NonZeroU64;
use std::time::Duration;

/// An open connection, or a listener, as it was told.
struct Known {
    local: IpEndpoint,
    remote: Option<IpEndpoint>,
    /// Its inode.
    namespace: Option<NonZeroU64>,
    /// When a comparison did not find it, or another connection with the same ends began, in nanoseconds since boot.
    missed: Option<NonZeroU64>,
}

/// What was told, and what the last comparison found.
#[derive(Default)]
pub(super) struct Balance {
    known: FxHashMap<u64, Known>,
    /// The cookie of the last connection between two ends, by a hash of them.
    by_ends: FxHashMap<u64, u64>,
    /// Sockets that the last comparison found and nobody had told of.
    strange: FxHashSet<u64>,
}

/// Ends that were lost, and that were told as lost: what a comparison finds of them is not told once more.
#[derive(Debug, Default)]
pub(super) struct Lost {
    /// What the last comparison may have begun to miss.
    missed: u64,
    /// What was lost since.
    since: u64,
}

impl Lost {
    pub(super) fn add(&mut self, lost: u64) {
        self.since = self.since.saturating_add(lost);
    }

    /// Returns how many of the ends that a comparison has found were not lost.
    pub(super) fn unexplained(&mut self, mut found: u64) -> u64 {
        for lost in [&mut self.missed, &mut self.since] {
            let explained = found.min(*lost);
            *lost -= explained;
            found -= explained;
        }
        found
    }

    /// Notes that a comparison is over. What was lost before the one before it was found now, or was never known to be open.
    pub(super) fn compared(&mut self) {
        *self = Self { missed: self.since, since: 0 };
    }
}

/// What a comparison has found.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Difference {
    /// Ends that were not told, each with the moment by which it was over.
    pub(super) ended: Vec<ConnectionRecord>,
    /// The cookies of those whose begins were not.
    pub(super) opened: FxHashSet<u64>,
}

impl Balance {
    /// Notes what was told to be open. A connection between the same ends that is not over by what was told is over by then.
    pub(super) fn open(&mut self, record: &ConnectionRecord) {
        let ConnectionRecord { cookie, local, remote, namespace, .. } = *record;
        let namespace = namespace.and_then(|namespace| NonZeroU64::new(namespace.inode));
        let known = Known { local, remote, namespace, missed: None };
        if let Some(hash) = known.hash() {
            let before = self.by_ends.insert(hash, cookie).filter(|before| *before != cookie);
            if let Some(replaced) = before.and_then(|before| self.known.get_mut(&before))
                && (replaced.local, replaced.remote, replaced.namespace) == (local, remote, namespace)
            {
                replaced.missed = replaced.missed.or(began(record).map(nanoseconds));
            }
        }
        self.known.insert(cookie, known);
    }

    /// Makes a record of an open connection, with what tells it from others; `None` if nobody told of it.
    pub(super) fn open_record(&self, cookie: u64) -> Option<ConnectionRecord> {
        self.known.get(&cookie).map(|known| known.record(cookie))
    }

    /// Notes an end that was told.
    pub(super) fn end(&mut self, cookie: u64) {
        if let Some(known) = self.known.remove(&cookie) {
            forget(&mut self.by_ends, &known, cookie);
        }
    }

    /// Compares with the cookies of all sockets that are open in some network namespaces. Of others nothing can be said.
    pub(super) fn compare(
        &mut self,
        there: &FxHashSet<u64>,
        namespaces: &FxHashSet<Namespace>,
        now: Duration,
    ) -> Difference {
        let mut difference = Difference::default();
        self.known.retain(|cookie, known| {
            let is_listed = known.namespace().is_some_and(|namespace| namespaces.contains(&namespace));
            if !is_listed || there.contains(cookie) {
                known.missed = None;
                return true;
            }
            match known.missed {
                None => {
                    known.missed = Some(nanoseconds(now));
                    true
                }
                Some(missed) => {
                    let ended = Some((Duration::from_nanos(missed.get()), EndReason::Unseen));
                    difference.ended.push(ConnectionRecord { ended, ..known.record(*cookie) });
                    forget(&mut self.by_ends, known, *cookie);
                    false
                }
            }
        });
        let strange = there.iter().filter(|cookie| !self.known.contains_key(cookie));
        let (again, new) = strange.copied().partition(|cookie| self.strange.contains(cookie));
        (difference.opened, self.strange) = (again, new);
        difference
    }
}

/// Returns when a connection began, as far as that is known.
fn began(record: &ConnectionRecord) -> Option<Duration> {
    match record.bound {
        Some(BeginBound::NoLaterThan(at)) => record.started.or(Some(at)),
        _ => record.started,
    }
}

fn forget(by_ends: &mut FxHashMap<u64, u64>, known: &Known, cookie: u64) {
    if let Some(hash) = known.hash()
        && by_ends.get(&hash) == Some(&cookie)
    {
        by_ends.remove(&hash);
    }
}

fn nanoseconds(since_boot: Duration) -> NonZeroU64 {
    u64::try_from(since_boot.as_nanos()).ok().and_then(NonZeroU64::new).unwrap_or(NonZeroU64::MIN)
}

impl Known {
    fn namespace(&self) -> Option<Namespace> {
        self.namespace.map(|inode| Namespace { inode: inode.get() })
    }

    /// Returns a hash of both ends; `None` for a listener.
    fn hash(&self) -> Option<u64> {
        let remote = self.remote?;
        Some(FxBuildHasher.hash_one((self.local, remote, self.namespace)))
    }

    /// Makes a record to which an end or a first FIN is added. What else is known of it was told when it opened.
    fn record(&self, cookie: u64) -> ConnectionRecord {
        let record = ConnectionRecord::new(self.local, self.remote);
        ConnectionRecord { cookie, namespace: self.namespace(), ..record }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: Namespace = Namespace { inode: 1 };
    const OTHER: Namespace = Namespace { inode: 2 };

    fn record(cookie: u64, namespace: Namespace) -> ConnectionRecord {
        let local = IpEndpoint::new([10, 0, 0, 1].into(), 80, 0);
        let namespace = NonZeroU64::new(namespace.inode);
        let known = Known { local, remote: None, namespace, missed: None };
        known.record(cookie)
    }

    /// The cookies of the ends, each with its second, and of the begins that a comparison finds.
    fn compared(balance: &mut Balance, there: &[u64], at: u64) -> (Vec<(u64, u64)>, Vec<u64>) {
        let there = there.iter().copied().collect();
        let found = balance.compare(&there, &FxHashSet::from_iter([OWN]), Duration::from_secs(at));
        found.opened.iter().for_each(|cookie| balance.open(&record(*cookie, OWN)));
        let mut ended: Vec<_> =
            found.ended.iter().map(|record| (record.cookie, record.ended.unwrap().0.as_secs())).collect();
        ended.sort_unstable();
        (ended, found.opened.into_iter().collect())
    }

    #[test]
    fn what_was_lost_explains_no_end_that_comes_later() {
        let mut lost = Lost::default();
        lost.add(3);
        lost.compared();
        assert_eq!(lost.unexplained(2), 0);
        lost.add(1);
        // One of the three was never known to be open.
        lost.compared();
        assert_eq!(lost.unexplained(4), 3);
        lost.compared();
        assert_eq!(lost.unexplained(1), 1);
    }

    #[test]
    fn an_end_that_nobody_told_is_found_by_the_second_comparison() {
        let mut balance = Balance::default();
        for cookie in 1..=4 {
            balance.open(&record(cookie, OWN));
        }
        balance.open(&record(5, OTHER));
        assert_eq!(compared(&mut balance, &[1], 60), (vec![], vec![]));
        // The end of one was on its way, and another one was there after all.
        balance.end(2);
        assert_eq!(compared(&mut balance, &[1, 3], 120), (vec![(4, 60)], vec![]));
        assert_eq!(compared(&mut balance, &[1], 180), (vec![], vec![]));
        assert_eq!(compared(&mut balance, &[1], 240), (vec![(3, 180)], vec![]));
        assert_eq!(compared(&mut balance, &[1], 300), (vec![], vec![]), "each is told once, and no guess is");
    }

    #[test]
    fn an_end_that_nobody_told_was_before_the_next_of_the_same_ends() {
        let remote = Some(IpEndpoint::new([10, 0, 0, 2].into(), 40_000, 0));
        let connected = |cookie, at, namespace| ConnectionRecord {
            remote,
            started: Some(Duration::from_secs(at)),
            ..record(cookie, namespace)
        };
        let mut balance = Balance::default();
        balance.open(&connected(1, 10, OWN));
        balance.open(&connected(2, 20, OTHER));
        balance.open(&connected(3, 30, OWN));
        assert_eq!(compared(&mut balance, &[3], 60), (vec![(1, 30)], vec![]));
        // What was told is not told again, and the ends may be used once more.
        balance.end(3);
        balance.open(&connected(4, 70, OWN));
        assert_eq!(compared(&mut balance, &[4], 120), (vec![], vec![]));
        assert!(balance.by_ends.len() == 2 && balance.known.len() == 2);
    }

    #[test]
    fn a_begin_that_was_lost_is_told_by_the_second_comparison() {
        let mut balance = Balance::default();
        assert_eq!(compared(&mut balance, &[1, 2, 3], 60), (vec![], vec![]));
        balance.open(&record(2, OWN));
        assert_eq!(compared(&mut balance, &[1, 2], 120), (vec![], vec![1]));
        assert_eq!(compared(&mut balance, &[1, 2, 3], 180), (vec![], vec![]));
        assert_eq!(compared(&mut balance, &[2], 240), (vec![], vec![]));
        assert_eq!(compared(&mut balance, &[2], 300), (vec![(1, 240)], vec![]));
    }
}
