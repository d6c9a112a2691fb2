//! How a span went on over its time.

use super::{Folder, clock, connection, curl, day, ended, opened, seconds, writer};
use crate::{Course, CourseWishes, Reader};
use netstat_model::TcpState;
use netstat_model::history::{ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason};
use proptest::prelude::*;
use std::time::Duration;

const LAST: u64 = 6000;

/// Ten intervals of ten minutes.
fn wishes() -> CourseWishes {
    CourseWishes {
        until: day(LAST),
        step: Duration::from_secs(600),
        intervals: 10,
        processes: vec![Some("curl".into()), None],
        remotes: vec![("198.51.100.7".parse().unwrap(), 0)],
        destinations: 2,
        lives: 2,
    }
}

fn course(events: Vec<(u64, ConnectionEvent)>) -> Course {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    for (at, event) in events {
        writer.append(&[event]);
        writer.commit(&clock(at)).unwrap();
    }
    writer.commit(&clock(LAST)).unwrap();
    Reader::open(folder.as_ref()).unwrap().course(day(0), &wishes()).unwrap()
}

fn states(course: &Course, state: TcpState) -> Vec<u64> {
    course.states.iter().find(|(known, _)| *known == state).unwrap().1.clone()
}

#[test]
fn each_interval_has_what_ended_in_it() {
    let by_peer = |until| Some((until, EndReason::ClosedByPeer));
    let one = connection(1, 100, by_peer(700));
    let unknown = ConnectionRecord {
        process: None,
        bytes_sent: None,
        bytes_received: None,
        retransmits: None,
        rtt: None,
        ..connection(2, 650, by_peer(710))
    };
    let again =
        ConnectionRecord { retransmits: Some(9), rtt: Some(80_000), ..connection(3, 5900, by_peer(5990)) };
    let refused = ConnectionRecord {
        established: None,
        ended: Some((seconds(1300), EndReason::Refused)),
        bytes_sent: None,
        bytes_received: None,
        rtt: None,
        ..connection(4, 1300, None)
    };
    let course =
        course(vec![(701, ended(one)), (711, ended(unknown)), (1301, ended(refused)), (5991, ended(again))]);
    assert_eq!(course.ends, [0, 2, 1, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(course.failed.iter().sum::<u64>(), 1);
    assert_eq!((course.sent[1], course.received[1], course.without_bytes[1]), (100, 2000, 1));
    assert_eq!(course.without_bytes[2], 0, "what never was a connection has no bytes");
    let [(curl, of_curl), (nobody, of_nobody)] = &course.processes[..] else { panic!() };
    assert_eq!((curl.as_deref(), nobody), (Some("curl".as_ref()), &None));
    assert_eq!((of_curl.ends[1], of_curl.bytes[1], of_nobody.ends[1]), (1, 2100, 1));
    assert_eq!(course.remotes[0].1.ends.iter().sum::<u64>(), 4);
    assert_eq!(course.failures.len(), 1);
    assert_eq!((course.failures[0].0, course.failures[0].1[2]), (EndReason::Refused, 1));
    assert_eq!(course.rtt[0], None, "missing is not zero");
    assert_eq!(course.rtt[1].unwrap().half, Duration::from_micros(40), "of one of two it is not known");
    let rtt = course.rtt[9].unwrap().most.as_micros();
    assert!(rtt.abs_diff(80_000) * 32 <= 80_000, "{rtt}");
    assert_eq!((course.sent_again[9], course.with_course.iter().sum::<u64>()), (9, 3));
    assert_eq!(course.ports.len(), 1);
    assert!(course.damaged.is_empty());
}

#[test]
fn states_and_ports_are_counted_while_they_last() {
    // Established from 100 to 1,500, waits to be closed until 2,500; looks are 75 s apart.
    let left = ConnectionRecord {
        first_fin: Some((seconds(1500), false)),
        ..connection(1, 100, Some((2500, EndReason::ClosedByPeer)))
    };
    // Closed from here, so that it waits for a minute; the first of two that overlap for a moment.
    let ours = ConnectionRecord {
        first_fin: Some((seconds(3000), true)),
        ..connection(2, 2400, Some((3020, EndReason::ClosedByUs)))
    };
    // Never answered.
    let silent = ConnectionRecord {
        established: None,
        ..connection(3, 4200, Some((4330, EndReason::ConnectTimedOut)))
    };
    let listener = ConnectionRecord {
        role: ConnectionRole::Listener,
        remote: None,
        local: connection(22, 0, None).local,
        ..connection(4, 10, None)
    };
    let open = ConnectionRecord { established: Some(seconds(5400)), ..connection(5, 5400, None) };
    let course = course(vec![
        (11, opened(listener)),
        (2501, ended(left)),
        (3021, ended(ours)),
        (4331, ended(silent)),
        (5401, opened(open)),
    ]);
    assert_eq!(states(&course, TcpState::Listen), [1; 10]);
    assert_eq!(states(&course, TcpState::Established), [1, 1, 1, 0, 1, 0, 0, 0, 0, 1]);
    assert_eq!(states(&course, TcpState::CloseWait), [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]);
    assert_eq!(states(&course, TcpState::FinWait2), [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(states(&course, TcpState::TimeWait), [0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
    assert_eq!(states(&course, TcpState::SynSent), [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    let (to, used) = &course.ports[0];
    assert_eq!((to.port, &used[..]), (443, &[1, 1, 1, 1, 2, 1, 0, 1, 0, 1][..]));
    // The longest of them, and one that has not ended.
    let lasted: Vec<_> =
        course.longest.iter().map(|life| (life.began, life.ended.map(|(at, _)| at))).collect();
    assert_eq!(lasted, [(day(100), Some(day(2500))), (day(2400), Some(day(3020)))]);
    assert_eq!(course.largest.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_kept_makes_a_course(
        records in proptest::collection::vec(crate::made::record(), 1..30),
        intervals in 1..40usize,
        step in 1..1u64 << 40,
    ) {
        let folder = Folder::new();
        let mut writer = writer(&folder, 0);
        let count = records.iter().filter(|record| record.ended.is_some()).count();
        writer.append(&records.into_iter().map(|record| match record.ended {
            Some(_) => ended(record),
            None => opened(record),
        }).collect::<Vec<_>>());
        writer.commit(&clock(LAST)).unwrap();
        let reader = Reader::open(folder.as_ref()).unwrap();
        let step = Duration::from_micros(step);
        let course = reader.course(day(0), &CourseWishes { step, intervals, ..wishes() }).unwrap();
        prop_assert_eq!(course.ends.len(), intervals);
        prop_assert!(course.ends.iter().sum::<u64>() <= count as u64);
        prop_assert!(course.states.iter().all(|(_, line)| line.len() == intervals));
    }
}

#[test]
fn what_ends_after_the_span_was_there_in_it() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    // One that ends soon after the span, and one that ends long after it.
    for (cookie, until) in [(1, LAST + 60), (2, LAST + 50_000)] {
        writer.append(&[ended(connection(cookie, 5000, Some((until, EndReason::ClosedByPeer))))]);
        writer.commit(&clock(until)).unwrap();
    }
    let course = Reader::open(folder.as_ref()).unwrap().course(day(0), &wishes()).unwrap();
    assert_eq!(course.ends, [0; 10]);
    assert_eq!(states(&course, TcpState::Established), [0, 0, 0, 0, 0, 0, 0, 0, 2, 2]);
}
