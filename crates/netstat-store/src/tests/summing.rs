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
    writer.commit(&clock(DAY), b"").unwrap();
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
    writer.commit(&clock(2 * DAY), b"").unwrap();
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
    // A minute is shorter than a step.
    assert!(summary.time_wait.iter().sum::<u64>() <= 1);
    // Of the first day, nobody knows what was new.
    let first = reader.summary(day(0), day(DAY)).unwrap();
    assert_eq!((first.new_remotes, first.new_listeners, first.total.ends), (None, None, 1));
}
