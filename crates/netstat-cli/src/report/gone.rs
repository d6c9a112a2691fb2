//! What an earlier recorder left open in a history, and is not there any more.

use super::chosen::{Key, key_of};
use netstat_model::history::{ConnectionEvent, ConnectionRecord, EndReason};
use rustc_hash::FxHashSet;
use std::time::Duration;

/// Returns what tells apart the connections that events are of.
pub(super) fn keys_of(events: &[ConnectionEvent]) -> impl Iterator<Item = Key> + '_ {
    events.iter().filter_map(|event| match event {
        ConnectionEvent::Opened(record)
        | ConnectionEvent::HalfClosed(record)
        | ConnectionEvent::Ended(record) => Some(key_of(record)),
        ConnectionEvent::Process(_) | ConnectionEvent::Gap(_) => None,
    })
}

/// Returns the ends of those connections of an earlier recorder that are not there any more: nobody saw how they ended. What a
/// stream tells at its start is all that is open in the network namespaces that were listed; what is in others stays open.
pub(super) fn gone(
    before: Vec<ConnectionRecord>,
    told: &FxHashSet<Key>,
    would_be_told: impl Fn(&ConnectionRecord) -> bool,
    now: Duration,
) -> Vec<ConnectionEvent> {
    let gone = before.into_iter().filter(|record| would_be_told(record) && !told.contains(&key_of(record)));
    gone.map(|mut record| {
        record.ended = Some((now, EndReason::Unseen));
        ConnectionEvent::Ended(Box::new(record))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{IpEndpoint, Namespace};

    fn open(cookie: u64, port: u16) -> ConnectionRecord {
        let record = ConnectionRecord::new(IpEndpoint::new([127, 0, 0, 1].into(), port, 0), None);
        ConnectionRecord { cookie, ..record }
    }

    #[test]
    fn what_is_not_there_any_more_has_ended_unseen() {
        let first = [open(1, 80), open(0, 81)].map(|record| ConnectionEvent::Opened(Box::new(record)));
        let [mut own, mut other] = [open(3, 83), open(4, 84)];
        (own.namespace, other.namespace) = (Some(Namespace { inode: 1 }), Some(Namespace { inode: 2 }));
        let before = vec![open(1, 80), open(2, 80), open(0, 81), open(0, 82), own, other];
        let at = Duration::from_secs(9);
        let has_listed = |it: &ConnectionRecord| it.namespace != Some(Namespace { inode: 2 });
        let ended = gone(before, &keys_of(&first).collect(), has_listed, at);
        let ports: Vec<(u64, u16)> = ended
            .iter()
            .map(|event| match event {
                ConnectionEvent::Ended(record) => {
                    assert_eq!(record.ended, Some((at, EndReason::Unseen)));
                    (record.cookie, record.local.port)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ports, [(2, 80), (0, 82), (3, 83)]);
    }
}
