//! What a summary counts.

use super::{Folder, clock, connection, curl, day, ended, opened, seconds, writer};
use crate::{POINTS, Reader};
use netstat_model::history::{ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason};
use std::time::Duration;

const DAY: u64 = 86_400;

fn to(record: ConnectionRecord, address: &str) -> ConnectionRecord {
    let remote =
        record.remote.map(|end| netstat_model::IpEndpoint { address: address.parse().unwrap(), ..end });
    ConnectionRecord { remote, ..record }
}

#[test]
fn who_talked_what_is_new_and_what_failed() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    // The day before: one address.
    writer.append(&[ended(to(connection(1, 50, Some((60, EndReason::ClosedByPeer))), "192.0.2.50"))]);
    writer.commit(&clock(DAY)).unwrap();
    // The same address, and a new one with more bytes.
    let old = to(connection(2, DAY + 10, Some((DAY + 20, EndReason::ClosedByPeer))), "192.0.2.50");
    let new = to(connection(3, DAY + 10, Some((DAY + 30, EndReason::ClosedByUs))), "192.0.2.51");
    writer.append(&[ended(old), ended(ConnectionRecord { bytes_sent: Some(1 << 30), ..new })]);
    for number in 0..90 {
        let at = seconds(DAY + 100) + Duration::from_millis(number * 100);
        let refused = ConnectionRecord {
            started: Some(at),
            ended: Some((at + Duration::from_micros(200), EndReason::Refused)),
            bytes_sent: None,
            bytes_received: None,
            process: None,
            ..connection(100 + number, 0, None)
        };
        writer.append(&[ended(refused)]);
    }
    let left = ConnectionRecord {
        first_fin: Some((seconds(DAY + 1000), false)),
        ..connection(500, DAY + 900, Some((DAY + 40_000, EndReason::ClosedByPeer)))
    };
    let listener = ConnectionRecord {
        role: ConnectionRole::Listener,
        remote: None,
        local: connection(4444, 0, None).local,
        ..connection(501, DAY + 50, None)
    };
    writer.append(&[ended(left), opened(listener.clone())]);
    writer.commit(&clock(2 * DAY)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let summary = reader.summary(day(DAY), day(2 * DAY)).unwrap();
    assert_eq!((summary.total.ends, summary.failed, summary.damaged.len()), (93, 90, 0));
    assert_eq!(summary.processes[0].0.as_deref(), Some("curl".as_ref()));
    assert_eq!(summary.processes[0].1.ends, 3);
    assert_eq!(summary.processes[1].0, None, "nobody is guessed");
    assert_eq!(summary.remotes[0].0.0.to_string(), "192.0.2.51");
    let new: Vec<_> = summary.new_remotes.unwrap().iter().map(|(address, _)| address.0.to_string()).collect();
    assert_eq!(new, ["192.0.2.51", "198.51.100.7"]);
    let listeners = summary.new_listeners.unwrap();
    assert_eq!(listeners.len(), 1);
    assert_eq!(
        (listeners[0].local, listeners[0].process.as_deref()),
        (listener.local, Some("curl".as_ref()))
    );
    assert_eq!((summary.failures.len(), summary.failures[0].ends), (1, 90));
    assert_eq!(summary.failures[0].reason, EndReason::Refused);
    assert_eq!(summary.storms.len(), 1);
    assert_eq!((summary.storms[0].ends, summary.storms[0].reason), (90, EndReason::Refused));
    assert_eq!(summary.close_wait.len(), POINTS);
    // From 1,000 to 40,000 seconds, in steps of 1,800.
    assert_eq!(summary.close_wait.iter().sum::<u64>(), 22);
    // Of a span that was over before they ended, too, soon or much later.
    for until in [DAY + 39_900, DAY + 20_000] {
        let part = reader.summary(day(DAY), day(until)).unwrap();
        assert_eq!(part.close_wait.last(), Some(&1), "{until}");
        assert_eq!((part.close_wait[0], part.total.ends), (0, 92));
    }
    // A minute is shorter than a step.
    assert!(summary.time_wait.iter().sum::<u64>() <= 1);
    // Of the first day, nobody knows what was new.
    let first = reader.summary(day(0), day(DAY)).unwrap();
    assert_eq!((first.new_remotes, first.new_listeners, first.total.ends), (None, None, 1));
}

/// The new addresses and listeners of a second day, each with what was told of it.
fn new_on_the_second_day(events: &[(u64, ConnectionEvent)]) -> (Vec<(String, u64)>, Vec<u16>) {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    for (at, event) in events {
        writer.append(std::slice::from_ref(event));
        writer.commit(&clock(*at)).unwrap();
    }
    writer.commit(&clock(2 * DAY)).unwrap();
    let summary = Reader::open(folder.as_ref()).unwrap().summary(day(DAY), day(2 * DAY)).unwrap();
    let remotes = summary.new_remotes.unwrap();
    let remotes = remotes.iter().map(|(address, of)| (address.0.to_string(), of.ends)).collect();
    (remotes, summary.new_listeners.unwrap().iter().map(|listener| listener.local.port).collect())
}

fn listener(cookie: u64, from: u64, until: Option<u64>) -> ConnectionRecord {
    ConnectionRecord {
        role: ConnectionRole::Listener,
        remote: None,
        ..connection(cookie, from, until.map(|until| (until, EndReason::Closed)))
    }
}

#[test]
fn what_was_there_the_day_before_is_not_new_whenever_it_ended() {
    let by_peer = |until| Some((until, EndReason::ClosedByPeer));
    let (remotes, listeners) = new_on_the_second_day(&[
        // Open all the time, and open at midnight for long and for a moment.
        (10, opened(to(connection(1, 10, None), "192.0.2.1"))),
        (DAY + 20, ended(to(connection(2, 10, by_peer(DAY + 20)), "192.0.2.1"))),
        (DAY + 21, ended(to(connection(3, DAY - 700, by_peer(DAY + 21)), "192.0.2.2"))),
        (DAY + 22, ended(to(connection(4, DAY - 5, by_peer(DAY + 22)), "192.0.2.3"))),
        (DAY + 23, ended(to(connection(5, DAY + 23, by_peer(DAY + 23)), "192.0.2.2"))),
        (DAY + 24, ended(to(connection(6, DAY + 23, by_peer(DAY + 24)), "192.0.2.3"))),
        (DAY + 25, ended(listener(7, 10, Some(DAY + 25)))),
    ]);
    assert_eq!((remotes, listeners), (vec![], vec![]));
}

#[test]
fn what_was_not_there_the_day_before_is_new_while_it_is_open_too() {
    let by_peer = |until| Some((until, EndReason::ClosedByPeer));
    let (remotes, listeners) = new_on_the_second_day(&[
        (10, ended(to(connection(1, 5, by_peer(9)), "192.0.2.1"))),
        (DAY + 20, opened(to(connection(2, DAY + 19, None), "192.0.2.2"))),
        // In one block with what ended the day before.
        (DAY + 21, ended(to(connection(3, DAY + 20, by_peer(DAY + 21)), "192.0.2.3"))),
        (DAY + 22, ended(listener(4, DAY + 20, Some(DAY + 22)))),
        (DAY + 23, opened(ConnectionRecord { process: None, ..listener(5, DAY + 22, None) })),
    ]);
    assert_eq!(remotes, [("192.0.2.3".to_owned(), 1), ("192.0.2.2".to_owned(), 0)]);
    assert_eq!(listeners, [1004, 1005]);
}

#[test]
fn without_the_day_before_nobody_knows_what_is_new() {
    // It began 20 hours before; it began long before and was not running for 5 hours of that day.
    for (first, stopped, again, is_known) in [
        (10 * 3600, 30 * 3600, 30 * 3600, false),
        (0, 10 * 3600, 15 * 3600, false),
        (0, 10 * 3600, 10 * 3600 + 600, true),
    ] {
        let folder = Folder::new();
        let mut before = writer(&folder, first);
        before.commit(&clock(stopped)).unwrap();
        drop(before);
        writer(&folder, again).commit(&clock(50 * 3600)).unwrap();
        let reader = Reader::open(folder.as_ref()).unwrap();
        let summary = reader.summary(day(30 * 3600), day(50 * 3600)).unwrap();
        assert_eq!(summary.new_remotes.is_some(), is_known, "{first} {stopped} {again}");
        assert_eq!(summary.new_listeners.is_some(), is_known);
    }
}

#[test]
fn a_storm_is_seen_though_each_commit_and_each_process_has_little_of_it() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    for number in 0..90 {
        // Each by a process of its own, one a commit.
        let process = netstat_model::ProcessKey { pid: 1000 + u32::try_from(number).unwrap(), start_time: 9 };
        let instance = netstat_model::history::ProcessInstance { process, executions: 1 };
        let mut record = curl();
        record.instance = instance;
        let at = seconds(120) + Duration::from_millis(number * 500);
        let refused = ConnectionRecord {
            started: Some(at),
            ended: Some((at + Duration::from_micros(200), EndReason::Refused)),
            process: Some((instance, netstat_model::history::OwnerSource::Made)),
            ..connection(100 + number, 0, None)
        };
        // The other end is here, too, and is no storm of the same direction.
        let other = ConnectionRecord {
            role: netstat_model::history::ConnectionRole::Passive,
            local: refused.remote.unwrap(),
            remote: Some(refused.local),
            ..refused.clone()
        };
        writer.append(&[ConnectionEvent::Process(Box::new(record)), ended(refused), ended(other)]);
        writer.commit(&clock(120 + number)).unwrap();
    }
    writer.commit(&clock(300)).unwrap();
    let summary = Reader::open(folder.as_ref()).unwrap().summary(day(0), day(300)).unwrap();
    let [one, other] = &summary.storms[..] else { panic!("{:?}", summary.storms) };
    assert_ne!(one.came_in, other.came_in);
    assert_eq!(one.end, other.end);
    // It began at 14:15:20, and was over within the minute.
    assert_eq!((one.ends, one.process.as_deref()), (80, Some("curl".as_ref())));
}
