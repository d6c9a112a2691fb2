//! What comes is told once, in the order in which it was written.

use super::{Folder, clock, connection, curl, day, ended, opened, seconds, writer};
use crate::{Past, Place, Reader};
use netstat_model::history::{ConnectionEvent, EndReason, GapCause, RecordGap};
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, ProcessFields, SocketQuery, States, Visit};
use netstat_os::{Processes as _, Sockets as _};
use std::time::SystemTime;

/// The cookies of what has come behind a place, and whether each has ended; moves the place on.
fn come(
    folder: &Folder,
    place: &mut Place,
    most: u64,
    with_open: bool,
    since: Option<SystemTime>,
) -> Vec<(u64, bool)> {
    let reader = Reader::open(folder.as_ref()).unwrap();
    let next = reader.next_place(place, most).unwrap();
    let past = Past::between(&reader, [*place, next], with_open, since, day(0));
    let mut query = SocketQuery::new(Kinds::TCP_UDP, States::all());
    query.fields = Fields::COMMON | Fields::LIFESPAN;
    let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
    let mut come = Vec::new();
    let (table, _) = past
        .sockets(&listing, &mut |socket| {
            let life = socket.lifespan().unwrap();
            come.push((socket.id.cookie.unwrap(), life.ended.is_some()));
            Visit::Keep
        })
        .unwrap()
        .data;
    for process in past.processes(&table.processes(), ProcessFields::all()).data {
        assert_eq!(process.name.unwrap(), "curl");
    }
    assert_eq!(past.missing(), 0);
    *place = next;
    come
}

#[test]
fn each_end_comes_once() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let end = |cookie, at| ended(connection(cookie, at - 1, Some((at, EndReason::ClosedByUs))));
    writer.append(&[
        ConnectionEvent::Process(Box::new(curl())),
        end(1, 101),
        opened(connection(2, 101, None)),
    ]);
    writer.commit(&clock(102)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let [mut from_now, mut with_open] = [reader.place().unwrap(); 2];
    let mut from_begin = reader.place_of(day(0)).unwrap();
    let mut from_what_is_open = reader.place().unwrap().before_open();
    drop(reader);
    assert_eq!(come(&folder, &mut from_what_is_open, 99, true, None), [(2, false)]);
    assert_eq!(come(&folder, &mut from_what_is_open, 99, true, None), []);
    assert_eq!(come(&folder, &mut from_now, 99, false, None), []);
    assert_eq!(come(&folder, &mut from_begin, 99, false, Some(day(0))), [(1, true)]);
    writer.append(&[opened(connection(3, 103, None)), end(4, 103), end(2, 103)]);
    writer.commit(&clock(104)).unwrap();
    // What was told to be open already is not told again when more is known of it.
    writer.append(&[opened(connection(3, 103, None)), end(5, 104)]);
    writer.commit(&clock(105)).unwrap();
    assert_eq!(come(&folder, &mut from_now, 99, false, None), [(4, true), (2, true), (5, true)]);
    assert_eq!(come(&folder, &mut from_now, 99, false, None), []);
    assert_eq!(come(&folder, &mut with_open, 99, true, None), [(3, false), (4, true), (2, true), (5, true)]);
    // Piece by piece, over the making of a block, and by a recorder that is started again.
    for cookie in 10..3000 {
        writer.append(&[end(cookie, 106)]);
    }
    writer.commit(&clock(107)).unwrap();
    drop(writer);
    let mut writer = super::writer(&folder, 108);
    writer.append(&[opened(connection(4000, 108, None)), end(3000, 108)]);
    writer.commit(&clock(109)).unwrap();
    let mut all = Vec::new();
    loop {
        let some = come(&folder, &mut with_open, 1000, true, None);
        if some.is_empty() {
            break;
        }
        assert!(some.len() <= 1001);
        all.extend(some);
    }
    let mut cookies: Vec<u64> = all.iter().map(|(cookie, _)| *cookie).collect();
    cookies.sort_unstable();
    assert!(cookies.into_iter().eq((10..=3000).chain([4000])), "{all:?}");
    // Since a time, what ended earlier is left out.
    let reader = Reader::open(folder.as_ref()).unwrap();
    let mut since = reader.place_of(day(108)).unwrap();
    assert_eq!(come(&folder, &mut since, 1 << 20, false, Some(day(108))), [(3000, true)]);
}

#[test]
fn gaps_come_with_what_they_are_gaps_of() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let gap = |from, until, lost| {
        let cause = GapCause::Ring;
        ConnectionEvent::Gap(RecordGap {
            boot_id: None,
            from: seconds(from),
            until: seconds(until),
            lost,
            cause,
        })
    };
    writer.append(&[gap(100, 101, Some(1))]);
    writer.commit(&clock(102)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let mut place = reader.place().unwrap();
    let come = |place: &mut Place| {
        let reader = Reader::open(folder.as_ref()).unwrap();
        let next = reader.next_place(place, 99).unwrap();
        let gaps = reader.gaps_between(place, &next).unwrap();
        *place = next;
        gaps.iter().map(|gap| (gap.cause, gap.lost)).collect::<Vec<_>>()
    };
    assert_eq!(come(&mut place), []);
    writer.append(&[gap(103, 104, Some(2))]);
    writer.commit(&clock(104)).unwrap();
    assert_eq!(come(&mut place), [(GapCause::Ring, Some(2))]);
    // One that grows is told again.
    writer.append(&[gap(104, 105, Some(5))]);
    writer.commit(&clock(105)).unwrap();
    assert_eq!(come(&mut place), [(GapCause::Ring, Some(7))]);
    assert_eq!(come(&mut place), []);
    drop(writer);
    let mut writer = super::writer(&folder, 120);
    writer.commit(&clock(121)).unwrap();
    assert_eq!(come(&mut place), [(GapCause::NotRunning, None)]);
    assert_eq!(come(&mut place), []);
}
