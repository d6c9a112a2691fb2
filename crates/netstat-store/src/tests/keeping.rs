//! What is kept, for how long, and what becomes of it when something breaks.

use super::{Folder, clock, connection, curl, day, ended, ends, opened, seconds, still_open, writer};
use crate::blocks::BLOCK;
use crate::schema::open_to_read;
use crate::{Fault, Past, Preselection, Reader, Span, Standing, Writer, WriterOptions};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, EndReason, GapCause, RecordGap,
};
use netstat_os::Machine as _;
use rusqlite::Connection;

/// So many ends, one a second, none like the other.
fn some_ends(first: u64, count: u64) -> Vec<ConnectionEvent> {
    let end = |at: u64| {
        // SplitMix64: a compressor finds nothing in it.
        let any = (at ^ (at >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let any = (any ^ (any >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let record = connection(at, at, Some((at, EndReason::ClosedByUs)));
        ended(ConnectionRecord {
            bytes_sent: Some(any >> 30),
            bytes_received: Some(any >> 20 & 0xffff_ffff),
            ..record
        })
    };
    (first..first + count).map(end).collect()
}

/// More ends than a block has.
const MANY: u64 = BLOCK as u64 + 100;

#[test]
fn what_waits_becomes_a_block() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    for first in [100, 1100, 2100] {
        writer.append(&some_ends(first, 1000));
        writer.commit(&clock(first + 1000)).unwrap();
    }
    writer.append(&some_ends(3100, 10));
    writer.commit(&clock(3110)).unwrap();
    let size = writer.size().unwrap();
    assert_eq!((size.ends, size.oldest), (3010, Some(day(100))));
    let (database, ..) = open_to_read(folder.as_ref()).unwrap();
    let count = |table: &str| -> i64 {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!((count("block"), count("fresh")), (1, 1));
    // What waits for too long becomes a block that is not full.
    writer.commit(&clock(3101 + 3600)).unwrap();
    drop(database);
    let (database, ..) = open_to_read(folder.as_ref()).unwrap();
    let blocks: i64 = database.query_row("SELECT count(*) FROM block", [], |row| row.get(0)).unwrap();
    assert_eq!(blocks, 2);
    let (sockets, lost) = ends(&Reader::open(folder.as_ref()).unwrap(), &Span::default());
    assert_eq!((sockets.len(), lost), (3010, 0));
    assert!(sockets.is_sorted_by_key(|socket| socket.lifespan.as_deref().unwrap().ended));
}

#[test]
fn the_oldest_ends_go_when_there_is_no_room() {
    let folder = Folder::new();
    let options = WriterOptions { keep_bytes: 400_000, ..WriterOptions::default() };
    let mut writer = Writer::open(folder.as_ref(), &options, &clock(100)).unwrap();
    for round in 0..40 {
        let first = 100 + round * MANY;
        writer.append(&some_ends(first, MANY));
        writer.commit(&clock(first + MANY)).unwrap();
        assert!(writer.size().unwrap().bytes <= options.keep_bytes);
    }
    let file = folder.as_ref().join("history.db");
    assert!(file.metadata().unwrap().len() < 2 * options.keep_bytes, "the space is given back");
    let reader = Reader::open(folder.as_ref()).unwrap();
    let (sockets, _) = ends(&reader, &Span::default());
    let count = sockets.len() as u64;
    assert!((MANY..40 * MANY).contains(&count), "{count}");
    // What was deleted is not an empty past.
    let (first, _) = reader.reach().unwrap();
    assert!(first > day(100));
    assert_eq!(reader.standing(day(100)), Standing::Before(first));
}

#[test]
fn ends_that_are_too_old_go() {
    let folder = Folder::new();
    let options = WriterOptions { keep_for: Some(seconds(2 * MANY)), ..WriterOptions::default() };
    let mut writer = Writer::open(folder.as_ref(), &options, &clock(100)).unwrap();
    for round in 0..3 {
        let first = 100 + round * MANY;
        writer.append(&some_ends(first, MANY));
        writer.commit(&clock(first + MANY)).unwrap();
    }
    let (sockets, _) = ends(&Reader::open(folder.as_ref()).unwrap(), &Span::default());
    assert_eq!(sockets.len() as u64, 2 * MANY);
}

#[test]
fn a_damaged_block_is_a_gap_and_the_others_are_read() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    for first in [100, 100 + MANY] {
        writer.append(&some_ends(first, MANY));
        writer.commit(&clock(first + MANY)).unwrap();
    }
    drop(writer);
    let database = Connection::open(folder.as_ref().join("history.db")).unwrap();
    database.execute("UPDATE block SET cols = substr(cols, 1, 5000) WHERE id = 1", []).unwrap();
    drop(database);
    let (sockets, lost) = ends(&Reader::open(folder.as_ref()).unwrap(), &Span::default());
    assert_eq!((sockets.len() as u64, lost), (MANY, MANY));
}

#[test]
fn rows_that_were_damaged_before_they_became_a_block_are_counted() {
    let folder = Folder::new();
    let mut first = writer(&folder, 100);
    first.append(&some_ends(101, 20));
    first.commit(&clock(130)).unwrap();
    drop(first);
    let database = Connection::open(folder.as_ref().join("history.db")).unwrap();
    database.execute("UPDATE fresh SET cols = zeroblob(40)", []).unwrap();
    drop(database);
    // While they wait, it is known but by and large when they ended.
    let told = |since: u64, until: u64| {
        let span = Span { since: Some(day(since)), until: Some(day(until)) };
        let reader = Reader::open(folder.as_ref()).unwrap();
        let all = &mut |_: &_| std::ops::ControlFlow::Continue(());
        let gaps = reader.ends(&span, &Preselection::default(), all).unwrap();
        gaps.iter().map(|gap| (gap.from, gap.until, gap.lost)).collect::<Vec<_>>()
    };
    assert_eq!(told(110, 9000), [(day(100), day(130), Some(20))]);
    assert_eq!(told(131, 9000), []);
    let mut second = writer(&folder, 140);
    second.commit(&clock(141)).unwrap();
    let gaps = Reader::open(folder.as_ref()).unwrap().gaps(&Span::default()).unwrap();
    let damaged: Vec<_> = gaps.iter().filter(|gap| gap.cause == GapCause::Damaged).collect();
    assert_eq!(damaged.len(), 1);
    assert_eq!((damaged[0].from, damaged[0].until), (day(100), day(130)));
    assert_eq!(damaged[0].lost, Some(20));
}

#[test]
fn a_full_disk_loses_nothing_that_finds_room_later() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[opened(connection(1, 100, None))]);
    writer.commit(&clock(101)).unwrap();
    writer.limit_pages(Some(0));
    writer.append(&some_ends(2, 2000));
    writer.append(&[ended(connection(1, 100, Some((102, EndReason::ClosedByUs))))]);
    for at in 102..105 {
        assert!(matches!(writer.commit(&clock(at)).unwrap_err().fault, Fault::Full));
    }
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!((still_open(&reader).len(), ends(&reader, &Span::default()).0.len()), (1, 0));
    drop(reader);
    writer.limit_pages(None);
    writer.commit(&clock(106)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!((still_open(&reader).len(), ends(&reader, &Span::default()).0.len()), (0, 2001));
}

#[test]
fn who_asks_whether_somebody_records_keeps_nobody_from_it() {
    let folder = Folder::new();
    drop(writer(&folder, 100));
    let is_over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_over.load(std::sync::atomic::Ordering::Relaxed) {
                    assert!(crate::is_recording(folder.as_ref()).is_ok());
                    std::thread::sleep(std::time::Duration::from_millis(1));
                }
            });
        }
        let opened: Vec<_> = (1..60)
            .map(|at| Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(100 + at)).map(drop))
            .collect();
        is_over.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    });
}

#[test]
fn two_recorders_do_not_write_to_one_store() {
    let folder = Folder::new();
    let _first = writer(&folder, 100);
    let second = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(101));
    assert!(matches!(second.err().unwrap().fault, Fault::InUse));
}

#[test]
fn a_database_of_somebody_else_is_left_as_it_is() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.as_ref()).unwrap();
    let file = folder.as_ref().join("other.db");
    Connection::open(&file).unwrap().execute_batch("CREATE TABLE notes(text)").unwrap();
    let before = std::fs::read(&file).unwrap();
    let refused = Writer::open(&file, &WriterOptions::default(), &clock(100)).err().unwrap();
    assert!(matches!(refused.fault, Fault::NotAStore));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn other_files_are_refused() {
    let folder = Folder::new();
    assert!(matches!(Reader::open(folder.as_ref()).err().unwrap().fault, Fault::Missing));
    std::fs::create_dir_all(folder.as_ref()).unwrap();
    let file = folder.as_ref().join("history.db");
    for content in [&b"not a database, and long enough to be looked at as if it were one"[..], b""] {
        std::fs::write(&file, content.repeat(100)).unwrap();
        let fault = Reader::open(folder.as_ref()).err().unwrap().fault;
        assert!(matches!(fault, Fault::NotAStore), "{fault:?}");
    }
    std::fs::remove_file(&file).unwrap();
    drop(writer(&folder, 100));
    let database = Connection::open(&file).unwrap();
    database.execute_batch("PRAGMA user_version = 9").unwrap();
    drop(database);
    assert!(matches!(Reader::open(folder.as_ref()).err().unwrap().fault, Fault::Newer(9)));
}

#[cfg(unix)]
#[test]
fn others_may_not_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&some_ends(1, 5));
    writer.commit(&clock(101)).unwrap();
    for name in ["history.db", "history.db-wal", "history.db-shm", "history.db.lock"] {
        let mode = folder.as_ref().join(name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{name}: {mode:o}");
    }
}

#[test]
fn a_store_of_another_host_is_read_as_it_lies() {
    let (folder, other) = (Folder::new(), Folder::new());
    let options = WriterOptions { host: Some("db1".into()), ..WriterOptions::default() };
    let mut writer = Writer::open(folder.as_ref(), &options, &clock(100)).unwrap();
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    writer.append(&some_ends(101, 20));
    writer.commit(&clock(130)).unwrap();
    drop(writer);
    std::fs::create_dir_all(other.as_ref()).unwrap();
    let copy = other.as_ref().join("evidence?1.db");
    std::fs::copy(folder.as_ref().join("history.db"), &copy).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert_eq!((reader.host(), ends(&reader, &Span::default()).0.len()), (Some("db1"), 20));
}

#[test]
fn each_run_has_the_host_that_it_recorded() {
    let folder = Folder::new();
    let run = |host: Option<&str>, at: u64| {
        let options = WriterOptions { host: host.map(Into::into), ..WriterOptions::default() };
        let mut writer = Writer::open(folder.as_ref(), &options, &clock(at)).unwrap();
        let over = connection(at, at, Some((at + 1, EndReason::ClosedByUs)));
        writer.append(&[ended(over), opened(connection(at + 1, at, None))]);
        writer.commit(&clock(at + 2)).unwrap();
    };
    for (host, at) in [(Some("one"), 100), (Some("one"), 200), (Some("two"), 300), (None, 400)] {
        run(host, at);
    }
    let hosts = |reader: &Reader| {
        let (sockets, _) = ends(reader, &Span::default());
        let host = |socket: &netstat_model::Socket| socket.lifespan.as_ref().unwrap().host.clone();
        sockets.iter().map(|socket| host(socket).map(String::from)).collect::<Vec<_>>()
    };
    let reader = Reader::open(folder.as_ref()).unwrap();
    let named = |host: &str| Some(host.to_owned());
    assert_eq!(hosts(&reader), [named("one"), named("one"), named("two"), None]);
    assert_eq!((reader.host(), reader.hosts(day(0), day(1000))), (None, vec!["one", "two"]));
    assert_eq!(reader.hosts(day(300), day(301)), ["two"]);
    let at = |time| match reader.standing(day(time)) {
        Standing::Recorded(at) => Past::table(&reader, at, day(time)).host_name().ok(),
        other => panic!("{other:?}"),
    };
    assert_eq!([at(101), at(301), at(401)], [named("one"), named("two"), None]);
    drop(reader);
    // Once more on the first one.
    run(Some("one"), 500);
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!((reader.host(), hosts(&reader).pop().flatten()), (Some("one"), named("one")));
    let told = reader.unsent(0, 99, &mut crate::Looked::default()).unwrap().ends;
    assert_eq!(
        told.iter().map(|told| told.host.as_deref()).collect::<Vec<_>>(),
        [Some("one"), Some("one"), Some("two"), None, Some("one")]
    );
    let runs = reader.runs().unwrap();
    assert_eq!(runs.iter().filter(|run| run.host.as_deref() == Some("one")).count(), 3);
}

#[test]
fn what_is_kept_back_is_written_when_it_changes() {
    let folder = Folder::new();
    let mut first = writer(&folder, 100);
    let bytes = |number: u64| Some(number.to_le_bytes().repeat(20).into());
    for number in 0..20_000 {
        first.note_kept_back(number, bytes(number));
    }
    first.commit(&clock(101)).unwrap();
    first.checkpoint();
    let log = folder.as_ref().join("history.db-wal");
    first.note_kept_back(7, None);
    first.note_kept_back(20_000, bytes(20_000));
    first.commit(&clock(102)).unwrap();
    let written = std::fs::metadata(&log).unwrap().len();
    assert!(written < 200_000, "{written} bytes for two of 20,000");
    // What a full disk does not take is written with the next.
    first.limit_pages(Some(0));
    first.append(&some_ends(1000, 1500));
    first.note_kept_back(8, None);
    assert!(first.commit(&clock(103)).is_err());
    assert_eq!(first.kept_back().unwrap().len(), 20_000);
    first.limit_pages(None);
    first.commit(&clock(104)).unwrap();
    let kept = first.kept_back().unwrap();
    assert_eq!(kept.len(), 19_999);
    assert!(!kept.contains(&bytes(8).unwrap()) && kept.contains(&bytes(20_000).unwrap()));
    drop(first);
    // The next recorder reads it, and writes what it keeps back itself.
    let mut second = writer(&folder, 110);
    assert_eq!(second.kept_back().unwrap().len(), 19_999);
    second.note_kept_back(5, bytes(5));
    second.commit(&clock(111)).unwrap();
    assert_eq!(second.kept_back().unwrap(), [bytes(5).unwrap()]);
}

#[test]
fn what_was_open_at_an_earlier_boot_ended_with_it() {
    let folder = Folder::new();
    let mut first = writer(&folder, 100);
    first.append(&[
        opened(connection(1, 101, None)),
        ended(connection(2, 101, Some((102, EndReason::Refused)))),
    ]);
    first.commit(&clock(110)).unwrap();
    drop(first);
    let rebooted = ClockReading {
        boot_id: "two".into(),
        since_boot: seconds(5),
        since_1970: seconds(super::BOOTED + 300),
    };
    let second = Writer::open(folder.as_ref(), &WriterOptions::default(), &rebooted).unwrap();
    assert_eq!(second.open_records().unwrap(), []);
    let reader = Reader::open(folder.as_ref()).unwrap();
    let (sockets, _) = ends(&reader, &Span::default());
    let reasons: Vec<_> = sockets.iter().filter_map(|socket| socket.lifespan.as_deref()?.ended).collect();
    assert_eq!(reasons, [(day(102), EndReason::Refused), (day(110), EndReason::Unseen)]);
    let gaps = reader.gaps(&Span::default()).unwrap();
    assert_eq!(gaps.len(), 1);
    assert_eq!((gaps[0].from, gaps[0].until, gaps[0].cause), (day(110), day(300), GapCause::NotRunning));
    assert_eq!(reader.standing(day(200)), Standing::Within(gaps[0]));
}

#[test]
fn losses_stand_where_they_happened() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[ConnectionEvent::Gap(RecordGap {
        boot_id: Some("one".into()),
        from: seconds(120),
        until: seconds(122),
        lost: Some(1204),
        cause: GapCause::Ring,
    })]);
    writer.commit(&clock(130)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let found =
        |since, until| reader.gaps(&Span { since: Some(day(since)), until: Some(day(until)) }).unwrap();
    assert_eq!(found(100, 119), []);
    assert_eq!(found(123, 140), []);
    let [gap] = found(121, 130)[..] else { panic!() };
    assert_eq!((gap.from, gap.until, gap.lost, gap.cause), (day(120), day(122), Some(1204), GapCause::Ring));
}

#[test]
fn a_clock_that_was_set_back_changes_no_duration() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[ended(connection(1, 101, Some((150, EndReason::ClosedByUs))))]);
    writer.commit(&clock(150)).unwrap();
    // An hour back.
    let set = ClockReading { since_1970: seconds(super::BOOTED + 160 - 3600), ..clock(160) };
    writer.commit(&set).unwrap();
    writer.append(&[ended(connection(2, 151, Some((170, EndReason::ClosedByUs))))]);
    let later = ClockReading { since_1970: seconds(super::BOOTED + 171 - 3600), ..clock(171) };
    writer.commit(&later).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let (sockets, _) = ends(&reader, &Span::default());
    let lives: Vec<_> = sockets.iter().filter_map(|socket| socket.lifespan.as_deref().cloned()).collect();
    assert_eq!(lives[1].lasted, Some(seconds(19)));
    assert_eq!(lives[1].started, Some(day(151)));
    assert_eq!(lives[1].ended.unwrap().0, day(170) - seconds(3600));
    assert!(lives[1].ended.unwrap().0 < lives[1].started.unwrap());
    // Both are found by the time that the clock said.
    let span = Span { since: Some(day(165) - seconds(3600)), until: Some(day(175) - seconds(3600)) };
    assert_eq!(ends(&reader, &span).0.len(), 1);
    let span = Span { since: Some(day(149)), until: Some(day(151)) };
    assert_eq!(ends(&reader, &span).0.len(), 1);
}

#[test]
fn what_fails_for_long_is_one_gap() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    let gap = |from, until, lost, cause| {
        ConnectionEvent::Gap(RecordGap {
            boot_id: None,
            from: seconds(from),
            until: seconds(until),
            lost,
            cause,
        })
    };
    for at in 100..110 {
        writer.append(&[gap(at, at + 1, None, GapCause::Unseen), gap(at, at + 1, Some(2), GapCause::Begins)]);
        if at % 3 == 0 {
            writer.commit(&clock(at + 1)).unwrap();
        }
    }
    writer.append(&[gap(120, 121, None, GapCause::Unseen)]);
    writer.commit(&clock(130)).unwrap();
    let mut gaps = Reader::open(folder.as_ref()).unwrap().gaps(&Span::default()).unwrap();
    gaps.sort_by_key(|gap| (gap.from, gap.lost));
    let found: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.until, gap.lost, gap.cause)).collect();
    assert_eq!(
        found,
        [
            (day(100), day(110), None, GapCause::Unseen),
            (day(100), day(110), Some(20), GapCause::Begins),
            (day(120), day(121), None, GapCause::Unseen),
        ]
    );
}

#[test]
fn a_full_disk_bounds_what_waits_and_counts_what_is_lost() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.commit(&clock(101)).unwrap();
    writer.limit_pages(Some(0));
    const PROCESSES: u32 = (1 << 16) + 500;
    for pid in 1..=PROCESSES {
        let process = netstat_model::ProcessKey { pid, start_time: 5 };
        let instance = netstat_model::history::ProcessInstance { process, executions: 1 };
        let record = netstat_model::history::ProcessRecord { instance, ..curl() };
        writer.append(&[ConnectionEvent::Process(Box::new(record))]);
    }
    assert!(matches!(writer.commit(&clock(102)).unwrap_err().fault, Fault::Full));
    writer.limit_pages(None);
    writer.commit(&clock(103)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let gaps = reader.gaps(&Span::default()).unwrap();
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((gap.from, gap.until), (day(101), day(103)));
    assert_eq!((gap.lost, gap.cause), (Some(500), GapCause::Processes));
    // Their numbers are known all the same.
    let (processes, _) = reader.processes().unwrap();
    assert_eq!(processes.len(), PROCESSES as usize);
    assert_eq!(processes.values().filter(|process| process.name.is_err()).count(), 500);
    // Once is enough.
    writer.commit(&clock(104)).unwrap();
    assert_eq!(Reader::open(folder.as_ref()).unwrap().gaps(&Span::default()).unwrap().len(), 1);
}

#[test]
fn boots_without_a_name_are_told_apart_by_their_clocks() {
    let folder = Folder::new();
    let clock = |booted: u64, at: u64| ClockReading {
        boot_id: "".into(),
        since_boot: seconds(at),
        since_1970: seconds(super::BOOTED + booted + at),
    };
    let record = |booted: u64, from: u64, until: u64, cookie: u64| {
        let options = WriterOptions::default();
        let mut writer = Writer::open(folder.as_ref(), &options, &clock(booted, from)).unwrap();
        let end = Some((from + 1, EndReason::ClosedByUs));
        writer.append(&[ended(connection(cookie, from, end)), opened(connection(cookie + 1, from, None))]);
        writer.commit(&clock(booted, until)).unwrap();
        let open = writer.open_records().unwrap().len();
        drop(writer);
        open
    };
    // The same boot, started again; another one; one that has been running for longer than the one before was recorded.
    assert_eq!(record(0, 100, 200, 1), 1);
    assert_eq!(record(1, 300, 400, 3), 2);
    assert_eq!(record(1000, 50, 90, 5), 1);
    assert_eq!(record(2000, 500, 600, 7), 1);
    let reader = Reader::open(folder.as_ref()).unwrap();
    let ends = ends(&reader, &Span::default()).0;
    let times: Vec<_> = ends.iter().map(|it| it.lifespan.as_deref().unwrap().ended.unwrap().0).collect();
    for (booted, at) in [(0, 101), (1, 301), (1000, 51), (2000, 501)] {
        assert!(times.contains(&day(booted + at)), "{times:?}");
    }
    let standing = |at| reader.standing(day(at));
    assert!(matches!(standing(150), Standing::Recorded(_)));
    assert!(matches!(standing(1070), Standing::Recorded(_)));
    assert!(matches!(standing(1200), Standing::Within(_)));
    assert!(matches!(standing(2550), Standing::Recorded(_)));
    let Standing::Recorded(at) = standing(150) else { panic!() };
    assert_eq!(reader.boot_id(at.0.boot), None);
}

#[test]
fn what_a_recorder_could_not_write_is_told_before_that_none_was_running() {
    let folder = Folder::new();
    let mut first = writer(&folder, 100);
    first.commit(&clock(110)).unwrap();
    drop(first);
    let mut second = writer(&folder, 150);
    second.note_unwritten(seconds(130)).unwrap();
    second.commit(&clock(151)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let gaps = reader.gaps(&Span::default()).unwrap();
    let told: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.until, gap.cause)).collect();
    let wanted = [(day(110), day(130), GapCause::Store), (day(130), day(150), GapCause::NotRunning)];
    assert_eq!(told, wanted);
    let cause = |at| match reader.standing(day(at)) {
        Standing::Within(gap) => Some(gap.cause),
        _ => None,
    };
    assert_eq!(
        [105, 120, 140, 150].map(cause),
        [None, Some(GapCause::Store), Some(GapCause::NotRunning), None]
    );
    drop(second);
    // Nothing is lost of what was written; nor does a moment of another boot say anything.
    let mut third = writer(&folder, 160);
    third.note_unwritten(seconds(140)).unwrap();
    third.commit(&clock(161)).unwrap();
    let gaps = Reader::open(folder.as_ref()).unwrap().gaps(&Span::default()).unwrap();
    assert_eq!(gaps.iter().filter(|gap| gap.cause == GapCause::Store).count(), 1);
}
