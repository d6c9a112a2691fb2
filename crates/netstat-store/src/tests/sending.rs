//! Ends are told elsewhere by their numbers, once each, whatever becomes of blocks meanwhile.

use super::{Folder, clock, connection, curl, day, ended, opened, writer};
use crate::{Ledger, Looked, Reader, WriterOptions, is_shipping};
use netstat_model::history::{ConnectionEvent, EndReason};
use std::time::SystemTime;

fn end(cookie: u64, at: u64) -> ConnectionEvent {
    ended(connection(cookie, at, Some((at, EndReason::ClosedByUs))))
}

/// Reads everything behind a number in batches, and returns the numbers and the cookies.
fn told(folder: &Folder, mut after: u64, most: u64) -> (Vec<u64>, Vec<u64>, u64) {
    let reader = Reader::open(folder.as_ref()).unwrap();
    let mut looked = Looked::default();
    let (mut numbers, mut cookies, mut missing) = (Vec::new(), Vec::new(), 0);
    loop {
        let batch = reader.unsent(after, most, &mut looked).unwrap();
        assert!(batch.ends.len() as u64 <= most);
        numbers.extend(batch.ends.iter().map(|told| told.sequence));
        cookies.extend(batch.ends.iter().map(|told| told.record.cookie));
        missing += batch.missing;
        after = batch.until;
        if !batch.has_more {
            return (numbers, cookies, missing);
        }
    }
}

#[test]
fn each_end_has_a_number_that_stays_when_it_moves_to_a_block() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    // Told late: its end is before those of an earlier commit.
    writer.append(&[ConnectionEvent::Process(Box::new(curl())), end(1, 103), end(2, 102)]);
    writer.commit(&clock(104)).unwrap();
    writer.append(&[end(3, 101)]);
    writer.commit(&clock(105)).unwrap();
    let (numbers, first, missing) = told(&folder, 0, 2);
    assert_eq!((numbers, missing), (vec![1, 2, 3], 0));
    assert_eq!(first, [2, 1, 3]);
    // A whole block and more.
    let many: Vec<_> = (0..3000).map(|number| end(10 + number, 106)).collect();
    writer.append(&many);
    writer.commit(&clock(107)).unwrap();
    drop(writer);
    let mut writer = super::writer(&folder, 108);
    writer.append(&[end(9, 109)]);
    writer.commit(&clock(110)).unwrap();
    let (numbers, cookies, missing) = told(&folder, 0, 700);
    assert_eq!((numbers, missing), ((1..=3004).collect(), 0));
    assert_eq!((&cookies[..3], cookies.last()), (&first[..], Some(&9)));
    assert_eq!(told(&folder, 3003, 700).0, [3004]);
    assert_eq!(told(&folder, 3004, 700), (vec![], vec![], 0));
    let reader = Reader::open(folder.as_ref()).unwrap();
    let batch = reader.unsent(0, 1, &mut Looked::default()).unwrap();
    let told = &batch.ends[0];
    assert_eq!(told.record.started.map(|at| SystemTime::UNIX_EPOCH + at), Some(day(102)));
    assert_eq!(told.process.as_ref().map(|(_, process)| process.pid), Some(7));
}

#[test]
fn what_was_open_at_the_end_of_a_boot_has_a_number_too() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[opened(connection(1, 101, None)), end(2, 101)]);
    writer.commit(&clock(102)).unwrap();
    drop(writer);
    let later = netstat_model::history::ClockReading { boot_id: "another".into(), ..clock(200) };
    let mut writer = crate::Writer::open(folder.as_ref(), &WriterOptions::default(), &later).unwrap();
    writer.commit(&later).unwrap();
    let (numbers, mut cookies, _) = told(&folder, 0, 10);
    cookies.sort_unstable();
    assert_eq!((numbers, cookies), (vec![1, 2], vec![1, 2]));
}

#[test]
fn what_is_deleted_unsent_is_counted() {
    let folder = Folder::new();
    let options = WriterOptions { keep_bytes: 1 << 18, ..WriterOptions::default() };
    let mut writer = crate::Writer::open(folder.as_ref(), &options, &clock(0)).unwrap();
    let ledger = Ledger::open(folder.as_ref(), "there").unwrap();
    assert!(Ledger::open(folder.as_ref(), "there").is_err());
    assert!(is_shipping(folder.as_ref(), "there").unwrap());
    assert!(!is_shipping(folder.as_ref(), "elsewhere").unwrap());
    let mut cookie = 0u64;
    for at in 1..60 {
        let some: Vec<_> = (0..500)
            .map(|_| {
                cookie += 1;
                end(cookie.wrapping_mul(cookie).wrapping_mul(0x9e37_79b9_7f4a_7c15), at)
            })
            .collect();
        writer.append(&some);
        writer.commit(&clock(at + 1)).unwrap();
        if at == 5 {
            ledger.arrived(1234, 1234, 99, day(6)).unwrap();
        }
    }
    let (numbers, _, missing) = told(&folder, 1234, 5000);
    let shipped = ledger.shipped().unwrap();
    assert!(missing > 0);
    assert_eq!((shipped.sequence, shipped.deleted, shipped.bytes), (1234, missing, 99));
    assert_eq!(numbers.len() as u64 + missing + 1234, 59 * 500);
    assert_eq!(Reader::open(folder.as_ref()).unwrap().shipped().unwrap(), [shipped]);
    ledger.failed("no route", day(70)).unwrap();
    assert_eq!(ledger.shipped().unwrap().failed, Some((day(70), "no route".to_owned())));
    ledger.arrived(2000, 1, 1, day(71)).unwrap();
    assert_eq!(ledger.shipped().unwrap().failed, None);
}
