//! Files that were made to harm whoever reads them.

use super::{Folder, clock, connection, curl, day, ended, opened, seconds, writer};
use crate::block::{self, MOST};
use crate::blocks::BLOCK;
use crate::{Fault, Preselection, Reader, Span, Standing, StoreError, Writer, WriterOptions};
use netstat_engine::filter::{Filter, NumbersOnly};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, EndReason, GapCause, RecordGap,
};
use proptest::prelude::*;
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// A history with rows in every table. Returns its file.
fn made(folder: &Folder) -> PathBuf {
    let mut writer = writer(folder, 100);
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    let end = |number: u64| {
        let at = 200 + number / 4;
        let started = Some(seconds(at.saturating_sub(number % 900)));
        ended(ConnectionRecord { started, ..connection(number + 1, 0, Some((at, EndReason::ClosedByUs))) })
    };
    let count = BLOCK as u64 + 10;
    writer.append(&(0..count).map(end).collect::<Vec<_>>());
    writer.append(&[opened(connection(100_000, 150, None))]);
    writer.append(&[ConnectionEvent::Gap(RecordGap {
        boot_id: None,
        from: seconds(300),
        until: seconds(301),
        lost: Some(3),
        cause: GapCause::Ring,
    })]);
    writer.commit(&clock(900)).unwrap();
    writer.append(&[end(count), end(count + 1)]);
    writer.commit(&clock(901)).unwrap();
    drop(writer);
    folder.as_ref().join("history.db")
}

/// Asks a history everything.
fn ask_all(file: &Path) -> Result<(), StoreError> {
    let reader = Reader::open(file)?;
    let mut each = |_: &netstat_model::Socket| ControlFlow::Continue(());
    reader.reach();
    reader.modes(day(0), day(1000));
    for span in [Span::default(), Span { since: Some(day(250)), until: Some(day(400)) }] {
        reader.gaps(&span)?;
        reader.ends(&span, &Preselection::default(), &mut each)?;
    }
    reader.still_open(&mut each)?;
    for moment in [0, 150, 300, 899, 10_000] {
        if let Standing::Recorded(at) = reader.standing(day(moment)) {
            reader.open_at(at, None, &mut each)?;
            reader.alive_at(at, &mut each)?;
        }
    }
    reader.summary(day(250), day(901))?;
    let century = Duration::from_secs(100 * 365 * 86_400);
    reader.summary(SystemTime::UNIX_EPOCH - century, SystemTime::UNIX_EPOCH + 100 * century)?;
    reader.processes()?;
    reader.users()?;
    Ok(())
}

#[test]
fn the_history_that_is_spoilt_here_is_whole() {
    let folder = Folder::new();
    ask_all(&made(&folder)).unwrap();
}

#[test]
fn no_numbers_panic() {
    for spoils in [
        "UPDATE clock SET wall = 9223372036854775807",
        "UPDATE clock SET wall = -9223372036854775808",
        "UPDATE clock SET at = -1",
        "UPDATE clock SET at = 9223372036854775807, wall = -9223372036854775808",
        "UPDATE session SET from_at = -1",
        "UPDATE session SET from_at = 0, until_at = -1",
        "UPDATE session SET until_at = 9223372036854775807",
        "UPDATE session SET boot = 'one'",
        "UPDATE session SET mode = x'ff00', namespace = -1",
        "DELETE FROM clock",
        "DELETE FROM session",
        "DELETE FROM boot",
        "DELETE FROM process",
        "UPDATE block SET first_at = -1, last_at = -1, n = -1",
        "UPDATE block SET first_at = 0, last_at = 9223372036854775807",
        "UPDATE block SET bloom = x'', cols = NULL",
        "UPDATE block SET bloom = 7",
        "UPDATE fresh SET cols = zeroblob(1000)",
        "UPDATE open SET started = -1, lasted = -1, kind = -1, reason = -1, first_fin = -1",
        "UPDATE open SET ended = -1, lasted = -1",
        "UPDATE open SET ended = 'x'",
        "UPDATE open SET local = NULL, remote = x'00', process = -1",
        "UPDATE open SET remote = zeroblob(20), local = zeroblob(20), local_port = -1, uid = -1, sent = -1",
        "UPDATE long SET ended = -1, lasted = 1",
        "UPDATE gap SET from_at = -1, until_at = -1, lost = -1, cause = -1",
        "UPDATE process SET pid = -1, parent = -1, start = -1",
        "UPDATE process SET program = 77",
        "UPDATE program SET user = x'ff', uid = -1",
        "UPDATE program SET user = 'a:b' || char(10), container = 'x', runtime = 99",
        "INSERT OR REPLACE INTO meta VALUES ('begins_boot', 'x'), ('begins_at', 1.5)",
        "INSERT OR REPLACE INTO meta VALUES ('begins_boot', -1), ('begins_at', -1)",
        "INSERT OR REPLACE INTO meta VALUES ('host', x'ff')",
    ] {
        let folder = Folder::new();
        let file = made(&folder);
        let database = Connection::open(&file).unwrap();
        // What SQLite does not take itself need not be tried.
        let _ = database.execute_batch(spoils);
        drop(database);
        if let Err(error) = ask_all(&file) {
            assert_eq!(error.to_string().lines().count(), 1, "{spoils}: {error}");
        }
    }
}

#[test]
fn other_tables_are_not_read() {
    for spoils in [
        "CREATE VIEW extra AS SELECT 1",
        "CREATE TRIGGER extra AFTER INSERT ON gap BEGIN SELECT 1; END",
        "CREATE INDEX extra ON gap(abs(cause))",
        "ALTER TABLE gap ADD COLUMN extra AS (zeroblob(1000000))",
        "DROP TABLE gap; CREATE VIEW gap AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
             SELECT i id, 1 boot, 1 from_at, 1 until_at, 1 lost, 1 cause FROM n",
        "DROP TABLE gap",
        "CREATE VIRTUAL TABLE extra USING fts3(a)",
    ] {
        let folder = Folder::new();
        let file = made(&folder);
        Connection::open(&file).unwrap().execute_batch(spoils).unwrap();
        let fault = Reader::open(&file).err().unwrap().fault;
        assert!(matches!(fault, Fault::NotAStore), "{spoils}: {fault:?}");
    }
}

#[test]
fn little_that_claims_to_be_much_is_not_unpacked_for_ever() {
    let folder = Folder::new();
    let file = made(&folder);
    let database = Connection::open(&file).unwrap();
    let mut claims = block::encode(&[], 1).unwrap();
    claims[..4].copy_from_slice(&u32::try_from(MOST).unwrap().to_le_bytes());
    assert_eq!(block::decode(&claims).unwrap().len(), MOST);
    database.execute("UPDATE block SET cols = ?", [&claims]).unwrap();
    let copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
         INSERT INTO block(boot, first_at, last_at, n, first_sequence, last_sequence, bloom, cols)
         SELECT boot, first_at, last_at, n, first_sequence, last_sequence, x'', cols FROM block JOIN n WHERE id = 1";
    database.execute(copies, []).unwrap();
    drop(database);
    let error = ask_all(&file).unwrap_err();
    assert!(matches!(error.fault, Fault::TooMuch), "{error:?}");
    // One row more than any block has.
    claims[..4].copy_from_slice(&u32::try_from(MOST + 1).unwrap().to_le_bytes());
    assert!(block::decode(&claims).is_err());
}

#[test]
fn one_long_name_for_many_processes_does_not_fill_the_memory() {
    let folder = Folder::new();
    let file = made(&folder);
    let database = Connection::open(&file).unwrap();
    database.execute("UPDATE program SET name = zeroblob(100000)", []).unwrap();
    let copies = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)
         INSERT INTO process(boot, pid, start, executions, program)
         SELECT boot, pid + i, start, executions, program FROM process JOIN n WHERE id = 1";
    database.execute(copies, []).unwrap();
    drop(database);
    let reader = Reader::open(&file).unwrap();
    assert!(matches!(reader.processes().unwrap_err().fault, Fault::TooMuch));
    let reader = Reader::open(&file).unwrap();
    assert!(matches!(reader.summary(day(0), day(901)).unwrap_err().fault, Fault::TooMuch));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_panic(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..40),
        cut in prop_oneof![4 => Just(None), 1 => any::<proptest::sample::Index>().prop_map(Some)],
    ) {
        let folder = Folder::new();
        let mut bytes = std::fs::read(made(&folder)).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let file = folder.as_ref().join("spoilt.db");
        std::fs::write(&file, bytes).unwrap();
        if let Err(error) = ask_all(&file) {
            prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }
}

#[test]
fn a_time_that_no_clock_says_is_no_time() {
    let folder = Folder::new();
    let file = made(&folder);
    let database = Connection::open(&file).unwrap();
    database.execute("UPDATE clock SET wall = 9223372036854775000", []).unwrap();
    drop(database);
    assert!(matches!(Reader::open(&file).err().unwrap().fault, Fault::Undated));
}

/// Spoils a history that has a process, and asks it for its table.
fn asked_of_spoilt(spoil: &str) -> (Result<usize, StoreError>, Reader) {
    let folder = Folder::new();
    let file = made(&folder);
    Connection::open(&file).unwrap().execute_batch(spoil).unwrap();
    let reader = Reader::open(&file).unwrap();
    let mut count = 0;
    let asked = reader.ends(&Span::default(), &Preselection::default(), &mut |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    (asked.map(|_| count), reader)
}

#[test]
fn a_process_that_is_damaged_is_unknown_and_takes_nothing_else_with_it() {
    let (whole, _) = asked_of_spoilt("");
    let whole = whole.unwrap();
    for (spoil, damaged) in [
        ("UPDATE program SET name = 7", 1),
        ("UPDATE program SET user = x'ff', unit = x'ff'", 1),
        ("UPDATE process SET pid = 'x'", 1),
        ("UPDATE process SET pid = -1", 1),
    ] {
        let (asked, reader) = asked_of_spoilt(spoil);
        assert_eq!(asked.unwrap(), whole, "{spoil}");
        assert_eq!(reader.processes().unwrap().1, damaged, "{spoil}");
        reader.users().unwrap();
        reader.summary(day(0), day(1000)).unwrap();
        let filter = Filter::parse(&["process curl".into()], &NumbersOnly).unwrap();
        let mut found = 0;
        let count = &mut |_: &netstat_model::Socket| {
            found += 1;
            ControlFlow::Continue(())
        };
        reader.ends(&Span::default(), &reader.preselect(&filter).unwrap(), count).unwrap();
        assert_eq!(found, whole, "{spoil}: who holds a row may be the one that is damaged");
    }
}

#[test]
fn what_cannot_be_dated_is_not_of_1970() {
    let folder = Folder::new();
    let file = made(&folder);
    Connection::open(&file).unwrap().execute_batch("DELETE FROM clock").unwrap();
    assert!(matches!(Reader::open(&file).err().unwrap().fault, Fault::Undated));
    // Of three boots two are left, whichever it is.
    for (spoilt, left) in [(1, (1, 3)), (2, (0, 3)), (3, (0, 2))] {
        let folder = Folder::new();
        let file = made(&folder);
        let boots = ["one", "two", "three"];
        let at = |boot: usize, at| ClockReading { boot_id: boots[boot].into(), ..clock(at) };
        for (boot, begin) in [(1, 5000), (2, 9000)] {
            let options = WriterOptions::default();
            let mut next = Writer::open(folder.as_ref(), &options, &at(boot, begin)).unwrap();
            next.commit(&at(boot, begin + 1)).unwrap();
        }
        let spoil = format!("DELETE FROM clock WHERE boot = {spoilt}");
        Connection::open(&file).unwrap().execute_batch(&spoil).unwrap();
        let reader = Reader::open(&file).unwrap();
        assert_eq!(reader.undated(), 1);
        let times = [(100, 901), (5000, 5001), (9000, 9001)];
        let (first, last) = (times[left.0].0, times[left.1 - 1].1);
        assert_eq!(reader.reach(), Some((day(first), day(last))), "{spoilt}");
        let causes: Vec<GapCause> =
            reader.gaps(&Span::default()).unwrap().iter().map(|gap| gap.cause).collect();
        assert_eq!(causes.contains(&GapCause::Damaged), spoilt == 2, "{causes:?}");
        assert_eq!(causes.contains(&GapCause::NotRunning), spoilt != 2, "{causes:?}");
    }
}
