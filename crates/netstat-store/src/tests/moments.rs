//! The table of past moments.

use super::{Folder, clock, connection, day, ended, opened, seconds, writer};
use crate::{At, Reader, Standing, Writer, WriterOptions};
use netstat_model::history::{BeginBound, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason};
use netstat_model::{NoOwner, Ownership, Socket, TcpState};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

fn at(reader: &Reader, at: u64) -> At {
    match reader.standing(day(at)) {
        Standing::Recorded(at) => at,
        other => panic!("{at}: {other:?}"),
    }
}

fn table(reader: &Reader, moment: u64) -> Vec<Socket> {
    let mut sockets = Vec::new();
    let damaged = reader
        .open_at(at(reader, moment), None, &mut |socket| {
            sockets.push(socket.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(damaged, []);
    sockets
}

#[test]
fn a_connection_goes_through_its_states() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let connecting = ConnectionRecord {
        established: Some(seconds(112)),
        first_fin: Some((seconds(130), true)),
        ..connection(1, 110, Some((140, EndReason::ClosedByUs)))
    };
    let left = ConnectionRecord {
        first_fin: Some((seconds(120), false)),
        ..connection(2, 110, Some((140, EndReason::ClosedByPeer)))
    };
    let refused =
        ConnectionRecord { established: None, ..connection(3, 110, Some((111, EndReason::Refused))) };
    writer.append(&[ended(connecting), ended(left), ended(refused)]);
    writer.commit(&clock(300)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let states = |moment| {
        table(&reader, moment)
            .into_iter()
            .map(|socket| (socket.id.cookie.unwrap(), socket.state.unwrap()))
            .collect::<BTreeMap<_, _>>()
    };
    use TcpState::{CloseWait, Established, FinWait2, SynSent, TimeWait};
    assert_eq!(states(109), BTreeMap::new());
    assert_eq!(states(110), BTreeMap::from([(1, SynSent), (2, Established), (3, SynSent)]));
    assert_eq!(states(115), BTreeMap::from([(1, Established), (2, Established)]));
    assert_eq!(states(125), BTreeMap::from([(1, Established), (2, CloseWait)]));
    assert_eq!(states(135), BTreeMap::from([(1, FinWait2), (2, CloseWait)]));
    assert_eq!(states(140), BTreeMap::from([(1, TimeWait)]));
    assert_eq!(states(199), BTreeMap::from([(1, TimeWait)]));
    assert_eq!(states(200), BTreeMap::new());
    let waiting = table(&reader, 150);
    assert_eq!(waiting[0].ownership, Ownership::Unowned(NoOwner::NoProcess));
    assert_eq!(waiting[0].tcp, None, "how much had been sent then is not known");
}

#[test]
fn ends_that_are_used_again_wait_no_longer() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let first = connection(1, 110, Some((120, EndReason::ClosedByUs)));
    let again = ConnectionRecord { cookie: 2, started: Some(seconds(125)), ended: None, ..first.clone() };
    writer.append(&[ended(first), opened(again)]);
    writer.commit(&clock(130)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!(table(&reader, 122).len(), 1);
    let now = table(&reader, 126);
    assert_eq!((now.len(), now[0].state), (1, Some(TcpState::Established)));
}

#[test]
fn before_and_after_the_history_nothing_is_known() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.commit(&clock(130)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!(reader.standing(day(99)), Standing::Before(day(100)));
    assert_eq!(reader.standing(day(131)), Standing::After(day(130)));
    assert!(matches!(reader.standing(day(130)), Standing::Recorded(_)));
}

/// What may happen to a connection: when it begins, how long it lasts (0 for until the end), and whether it is told when it
/// opens.
type Life = (u64, u64, bool);

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_moment_is_as_it_was(
        lives in proptest::collection::vec((0..5000u64, prop_oneof![0..5u64, 0..3000u64], any::<bool>()), 1..120),
        commits in proptest::collection::vec(0..6000u64, 0..40),
        moments in proptest::collection::vec(0..6000u64, 100),
    ) {
        check(&lives, commits, &moments)?;
    }
}

/// Plays lives through, with commits, and compares moments with what was played.
fn check(lives: &[Life], mut commits: Vec<u64>, moments: &[u64]) -> Result<(), TestCaseError> {
    let folder = Folder::new();
    let mut writer = writer(&folder, 0);
    let records: Vec<ConnectionRecord> = lives
        .iter()
        .zip(1..)
        .map(|(&(from, lasts, _), cookie)| {
            let until = (lasts > 0).then_some((from + lasts, EndReason::ClosedByPeer));
            connection(cookie, from, until)
        })
        .collect();
    let mut events: Vec<(u64, ConnectionEvent)> = Vec::new();
    for (record, (from, lasts, tells)) in records.iter().zip(lives) {
        if *tells || *lasts == 0 {
            events.push((*from, opened(ConnectionRecord { ended: None, ..record.clone() })));
        }
        if *lasts > 0 {
            events.push((from + lasts, ended(record.clone())));
        }
    }
    events.sort_by_key(|(at, _)| *at);
    commits.push(9000);
    commits.sort_unstable();
    let mut left = events.into_iter().peekable();
    for commit in commits {
        while let Some((_, event)) = left.next_if(|(at, _)| *at <= commit) {
            writer.append(&[event]);
        }
        writer.commit(&clock(commit)).unwrap();
    }
    let reader = Reader::open(folder.as_ref()).unwrap();
    for &moment in moments {
        let mut found: Vec<u64> =
            table(&reader, moment).iter().filter_map(|socket| socket.id.cookie).collect();
        found.sort_unstable();
        let there = |record: &&ConnectionRecord| {
            record.started <= Some(seconds(moment))
                && record.ended.is_none_or(|(end, _)| seconds(moment) < end)
        };
        let expected: Vec<u64> = records.iter().filter(there).map(|record| record.cookie).collect();
        prop_assert_eq!(found, expected, "at {}", moment);
    }
    Ok(())
}

#[test]
fn a_listener_listens_until_it_is_closed() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let listener = ConnectionRecord {
        role: ConnectionRole::Listener,
        remote: None,
        v6_only: Some(false),
        established: None,
        local: "[::]:80"
            .parse::<std::net::SocketAddr>()
            .map(|end| netstat_model::IpEndpoint::new(end.ip(), end.port(), 0))
            .unwrap(),
        ..connection(1, 110, None)
    };
    writer.append(&[opened(listener.clone())]);
    writer.commit(&clock(120)).unwrap();
    writer.append(&[ended(ConnectionRecord { ended: Some((seconds(900), EndReason::Closed)), ..listener })]);
    writer.commit(&clock(1000)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    for (moment, count) in [(109, 0), (110, 1), (899, 1), (900, 0)] {
        let sockets = table(&reader, moment);
        assert_eq!(sockets.len(), count, "{moment}");
        if let [listener] = &sockets[..] {
            assert_eq!((listener.state, listener.v6_only), (Some(TcpState::Listen), Some(false)));
        }
    }
}

#[test]
fn what_a_look_saw_of_a_state_is_shown_from_then_on() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let calls = ConnectionRecord {
        started: None,
        bound: Some(BeginBound::NoLaterThan(seconds(110))),
        established: None,
        ..connection(1, 0, None)
    };
    writer.append(&[opened(calls.clone())]);
    writer.commit(&clock(115)).unwrap();
    let state = |writer: &mut Writer, now| {
        writer.commit(&clock(now)).unwrap();
        let reader = Reader::open(folder.as_ref()).unwrap();
        [112, now].map(|moment| table(&reader, moment)[0].state.unwrap())
    };
    assert_eq!(state(&mut writer, 116), [TcpState::SynSent; 2]);
    let made = ConnectionRecord { established: Some(seconds(120)), ..calls };
    writer.append(&[opened(made.clone())]);
    assert_eq!(state(&mut writer, 121), [TcpState::SynSent, TcpState::Established]);
    writer.append(&[opened(ConnectionRecord { first_fin: Some((seconds(130), false)), ..made })]);
    assert_eq!(state(&mut writer, 131), [TcpState::SynSent, TcpState::CloseWait]);
}

#[test]
fn one_whose_begin_nobody_saw_is_there_from_when_it_was_seen() {
    let folder = Folder::new();
    let seen = |at, record| ConnectionRecord {
        started: None,
        established: None,
        bound: Some(BeginBound::NoLaterThan(seconds(at))),
        ..record
    };
    let mut first = writer(&folder, 100);
    first.append(&[opened(seen(101, connection(1, 0, None)))]);
    first.commit(&clock(130)).unwrap();
    drop(first);
    // It began while no recorder was running, and so did one that is over.
    let mut second = writer(&folder, 200);
    second.append(&[
        opened(seen(201, connection(1, 0, None))),
        opened(seen(201, connection(2, 0, None))),
        opened(seen(201, connection(3, 0, None))),
    ]);
    second.commit(&clock(202)).unwrap();
    let until = |at| Some((at, EndReason::ClosedByPeer));
    let unseen = ConnectionRecord {
        bound: Some(BeginBound::NoEarlierThan(seconds(204))),
        ..seen(0, connection(4, 0, until(205)))
    };
    let over = |cookie, at| ConnectionRecord { bound: None, ..seen(0, connection(cookie, 0, until(at))) };
    second.append(&[ended(over(2, 1500)), ended(over(3, 205)), ended(unseen)]);
    second.commit(&clock(2000)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let there = |moment| {
        let mut cookies: Vec<_> =
            table(&reader, moment).iter().filter_map(|socket| socket.id.cookie).collect();
        cookies.sort_unstable();
        cookies
    };
    assert!(there(100).is_empty());
    assert_eq!(there(110), [1]);
    assert_eq!(there(200), [1]);
    assert_eq!(there(203), [1, 2, 3]);
    assert_eq!(there(204), [1, 2, 3], "nobody knows of the one that was seen to end only");
    assert_eq!(there(206), [1, 2]);
    assert_eq!(there(1600), [1]);
    let bounds = |cookie| {
        let sockets = super::ends(&reader, &crate::Span::default()).0;
        let socket = sockets.iter().find(|socket| socket.id.cookie == Some(cookie)).unwrap();
        let life = socket.lifespan.as_deref().unwrap();
        (life.started, life.started_before, life.started_after)
    };
    assert_eq!(bounds(2), (None, Some(day(201)), None));
    assert_eq!(bounds(4), (None, None, Some(day(204))));
}

#[test]
fn the_table_is_of_the_network_namespace_that_was_recorded_then() {
    let folder = Folder::new();
    let namespace = |inode| Some(netstat_model::Namespace { inode });
    let record = |inode, from, until| {
        let options = WriterOptions { namespace: namespace(inode), ..WriterOptions::default() };
        let mut writer = Writer::open(folder.as_ref(), &options, &clock(from)).unwrap();
        let there = |cookie, inode| ConnectionRecord {
            namespace: namespace(inode),
            ..connection(cookie, from, Some((until - 1, EndReason::ClosedByPeer)))
        };
        writer.append(&[ended(there(from, 1)), ended(there(from + 1, 2))]);
        writer.commit(&clock(until)).unwrap();
    };
    record(1, 100, 200);
    record(2, 300, 400);
    let reader = Reader::open(folder.as_ref()).unwrap();
    let there = |moment| {
        let past = crate::Past::table(&reader, at(&reader, moment), day(moment));
        let kinds = netstat_model::query::Kinds::TCP;
        let query = netstat_model::query::SocketQuery::new(kinds, netstat_model::query::States::all());
        let listing = netstat_model::query::Listing {
            query: &query,
            owners: netstat_model::query::OwnerSearch::No,
            may_restart: true,
        };
        let mut cookies = Vec::new();
        netstat_os::Sockets::sockets(&past, &listing, &mut |socket| {
            cookies.extend(socket.id.cookie);
            netstat_model::query::Visit::Skip
        })
        .unwrap();
        (cookies, netstat_os::Machine::namespace(&past))
    };
    assert_eq!(there(150), (vec![100], namespace(1)));
    assert_eq!(there(350), (vec![301], namespace(2)));
}
