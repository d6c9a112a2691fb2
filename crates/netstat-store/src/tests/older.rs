//! Stores that earlier versions wrote: they are read as they are, and brought up to date by who records.

use super::{Folder, clock, connection, curl, day, ended, ends, opened, seconds, still_open, writer};
use crate::block::tests::encode_unnumbered;
use crate::{At, Fault, Reader, Span, Standing, Writer, WriterOptions};
use netstat_model::Socket;
use netstat_model::history::{ConnectionEvent, EndReason, GapCause, RecordGap};
use rusqlite::Connection;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The tables as the first three versions made them, copied from those versions: `{rows}` are the columns of a row.
const FIRST: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT NOT NULL UNIQUE);
CREATE TABLE clock(boot INTEGER NOT NULL, at INTEGER NOT NULL, wall INTEGER NOT NULL);
CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, continues INTEGER NOT NULL, mode TEXT, resume BLOB);
CREATE TABLE program(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, uid INTEGER, user TEXT, name BLOB NOT NULL,
    comm BLOB NOT NULL, executable BLOB, arguments BLOB, cgroup BLOB, unit TEXT, runtime INTEGER, container TEXT,
    pod TEXT);
CREATE INDEX program_by_hash ON program(hash);
CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL,
    executions INTEGER NOT NULL, parent INTEGER, program INTEGER, last_block INTEGER);
CREATE UNIQUE INDEX process_by_key ON process(boot, pid, start, executions);
CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, listeners INTEGER NOT NULL, bloom BLOB NOT NULL,
    cols BLOB NOT NULL);
CREATE INDEX block_by_end ON block(boot, last_at, first_at);
CREATE TABLE fresh(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, n INTEGER NOT NULL, cols BLOB NOT NULL);
CREATE TABLE open(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, {rows});
CREATE TABLE long(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, block INTEGER NOT NULL, {rows});
CREATE INDEX long_by_end ON long(boot, ended);
CREATE INDEX long_by_block ON long(block);
CREATE TABLE gap(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, lost INTEGER, cause INTEGER NOT NULL);
";

const SECOND: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT UNIQUE);
CREATE TABLE clock(boot INTEGER NOT NULL, at INTEGER NOT NULL, wall INTEGER NOT NULL);
CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, mode TEXT, namespace INTEGER);
CREATE TABLE program(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, uid INTEGER, user TEXT, name BLOB NOT NULL,
    comm BLOB NOT NULL, executable BLOB, arguments BLOB, cgroup BLOB, unit TEXT, runtime INTEGER, container TEXT,
    pod TEXT);
CREATE INDEX program_by_hash ON program(hash);
CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL,
    executions INTEGER NOT NULL, parent INTEGER, program INTEGER, last_block INTEGER);
CREATE UNIQUE INDEX process_by_key ON process(boot, pid, start, executions);
CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, bloom BLOB NOT NULL,
    cols BLOB NOT NULL);
CREATE INDEX block_by_end ON block(boot, last_at, first_at);
CREATE TABLE fresh(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, n INTEGER NOT NULL, cols BLOB NOT NULL);
CREATE TABLE open(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, {rows});
CREATE TABLE long(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, block INTEGER NOT NULL, {rows});
CREATE INDEX long_by_end ON long(boot, ended);
CREATE INDEX long_by_block ON long(block);
CREATE TABLE gap(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, lost INTEGER, cause INTEGER NOT NULL);
";

const THIRD: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE boot(id INTEGER PRIMARY KEY, boot_id TEXT UNIQUE);
CREATE TABLE clock(boot INTEGER NOT NULL, at INTEGER NOT NULL, wall INTEGER NOT NULL);
CREATE TABLE session(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, mode TEXT, namespace INTEGER, sequence INTEGER NOT NULL DEFAULT 0);
CREATE TABLE program(id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, uid INTEGER, user TEXT, name BLOB NOT NULL,
    comm BLOB NOT NULL, executable BLOB, arguments BLOB, cgroup BLOB, unit TEXT, runtime INTEGER, container TEXT,
    pod TEXT);
CREATE INDEX program_by_hash ON program(hash);
CREATE TABLE process(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, start INTEGER NOT NULL,
    executions INTEGER NOT NULL, parent INTEGER, program INTEGER, last_block INTEGER);
CREATE UNIQUE INDEX process_by_key ON process(boot, pid, start, executions);
CREATE TABLE block(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL, n INTEGER NOT NULL, first_sequence INTEGER NOT NULL, last_sequence INTEGER NOT NULL,
    bloom BLOB NOT NULL,
    cols BLOB NOT NULL);
CREATE INDEX block_by_end ON block(boot, last_at, first_at);
CREATE TABLE fresh(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, n INTEGER NOT NULL,
    last_sequence INTEGER NOT NULL, cols BLOB NOT NULL);
CREATE TABLE open(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, {rows});
CREATE TABLE long(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, block INTEGER NOT NULL, {rows});
CREATE INDEX long_by_end ON long(boot, ended);
CREATE INDEX long_by_block ON long(block);
CREATE TABLE gap(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL, lost INTEGER, cause INTEGER NOT NULL);
CREATE TABLE shipped(target TEXT PRIMARY KEY, sequence INTEGER NOT NULL, deleted INTEGER NOT NULL,
    rows INTEGER NOT NULL, bytes INTEGER NOT NULL, wall INTEGER, failed_wall INTEGER, failure TEXT) WITHOUT ROWID;
";

const ROWS: &str = "ended INTEGER NOT NULL, lasted INTEGER NOT NULL, established INTEGER NOT NULL, first_fin INTEGER NOT NULL, kind INTEGER NOT NULL, reason INTEGER NOT NULL, process INTEGER NOT NULL, local BLOB, local_port INTEGER NOT NULL, remote BLOB, remote_port INTEGER NOT NULL, namespace INTEGER NOT NULL, cookie INTEGER NOT NULL, uid INTEGER NOT NULL, sent INTEGER NOT NULL, received INTEGER NOT NULL, rtt INTEGER NOT NULL, min_rtt INTEGER NOT NULL, retransmits INTEGER NOT NULL";

const LONG_LIVED: u64 = 2000;

/// Makes a store of now with something in each of its tables: a block, ends that wait, long ones, open ones, a gap.
fn made_now(folder: &Folder) {
    let mut writer = writer(folder, 100);
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    // More than become one block, in tests.
    for cookie in 1..=2100 {
        writer.append(&[ended(connection(cookie, 101, Some((103, EndReason::ClosedByUs))))]);
    }
    writer.append(&[ended(connection(5000, 100, Some((100 + LONG_LIVED, EndReason::ResetByPeer))))]);
    writer.commit(&clock(100 + LONG_LIVED)).unwrap();
    let gap = RecordGap {
        boot_id: None,
        from: seconds(105),
        until: seconds(106),
        lost: Some(3),
        cause: GapCause::Ring,
    };
    let last = 110 + LONG_LIVED;
    writer.append(&[
        ended(connection(6000, last - 1, Some((last, EndReason::Refused)))),
        opened(connection(7000, 104, None)),
        ConnectionEvent::Gap(gap),
    ]);
    writer.commit(&clock(last)).unwrap();
}

/// The columns of a block, but for what was added later.
type Block = (i64, i64, i64, i64, i64, Vec<u8>, Vec<u8>);

/// Makes a store as that version did, with what one of now holds.
fn made_by(version: i64, now: &Folder, folder: &Folder) -> PathBuf {
    std::fs::create_dir_all(folder.as_ref()).unwrap();
    let file = folder.as_ref().join("history.db");
    let old = Connection::open(&file).unwrap();
    let (tables, rows) = match version {
        1 => (FIRST, ROWS.to_owned()),
        2 => (SECOND, ROWS.to_owned()),
        _ => (THIRD, format!("{ROWS}, sequence INTEGER NOT NULL")),
    };
    old.execute_batch(
        "PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;",
    )
    .unwrap();
    old.execute_batch(&tables.replace("{rows}", &rows)).unwrap();
    old.execute_batch(&format!(
        "PRAGMA application_id = {}; PRAGMA user_version = {version}; ATTACH '{}' AS now;",
        0x4e53_4849,
        now.as_ref().join("history.db").display()
    ))
    .unwrap();
    for table in ["boot", "clock", "program", "process", "gap"] {
        old.execute_batch(&format!("INSERT INTO main.{table} SELECT * FROM now.{table}")).unwrap();
    }
    let names: Vec<&str> = rows.split(", ").map(|column| column.split(' ').next().unwrap()).collect();
    let names = names.join(", ");
    old.execute_batch(&format!(
        "INSERT INTO main.open SELECT id, boot, {names} FROM now.open;
         INSERT INTO main.long SELECT id, boot, block, {names} FROM now.long;
         INSERT INTO main.session(id, boot, from_at, until_at, mode{more})
             SELECT id, boot, from_at, until_at, mode{more_of} FROM now.session;",
        more = match version {
            1 => ", continues",
            2 => ", namespace",
            _ => ", namespace, sequence",
        },
        more_of = match version {
            1 => ", 0",
            2 => ", namespace",
            _ => ", namespace, sequence",
        },
    ))
    .unwrap();
    if version == 3 {
        old.execute_batch(
            "INSERT INTO main.block SELECT * FROM now.block; INSERT INTO main.fresh SELECT * FROM now.fresh;
             INSERT INTO main.meta SELECT * FROM now.meta;",
        )
        .unwrap();
        return file;
    }
    let blocks: Vec<Block> = old
        .prepare("SELECT id, boot, first_at, last_at, n, bloom, cols FROM now.block")
        .unwrap()
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!blocks.is_empty());
    let listeners = if version == 1 { ", listeners" } else { "" };
    for (id, boot, first, last, n, bloom, cols) in blocks {
        let cols = encode_unnumbered(&crate::block::decode(&cols).unwrap());
        let zero = if version == 1 { ", 0" } else { "" };
        old.execute(
            &format!(
                "INSERT INTO main.block(id, boot, first_at, last_at, n, bloom, cols{listeners})
                 VALUES (?, ?, ?, ?, ?, ?, ?{zero})"
            ),
            rusqlite::params![id, boot, first, last, n, bloom, cols],
        )
        .unwrap();
    }
    let fresh: Vec<(i64, i64, i64, Vec<u8>)> = old
        .prepare("SELECT id, boot, n, cols FROM now.fresh")
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(!fresh.is_empty());
    for (id, boot, n, cols) in fresh {
        let cols = encode_unnumbered(&crate::block::decode(&cols).unwrap());
        old.execute("INSERT INTO main.fresh VALUES (?, ?, ?, ?)", rusqlite::params![id, boot, n, cols])
            .unwrap();
    }
    file
}

/// What a store tells, but for what the first version did not keep.
type Told = (Vec<Socket>, Vec<Socket>, Vec<Socket>, Vec<crate::Gap>, usize, Option<String>);

fn told(store: &Path) -> Told {
    let reader = Reader::open(store).unwrap();
    let (sockets, lost) = ends(&reader, &Span::default());
    assert_eq!(lost, 0);
    let Standing::Recorded(At(at)) = reader.standing(day(1500)) else { panic!() };
    let mut then = Vec::new();
    reader
        .open_at(At(at), None, &mut |socket| {
            then.push(socket.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    let gaps = reader.gaps(&Span::default()).unwrap();
    let processes = reader.processes().unwrap().0.len();
    let (from, until) = reader.reach().unwrap();
    assert!(reader.summary(from, until).is_ok() && reader.filtered(&Span::default()).is_empty());
    let mode = reader.modes(from, until).first().map(|mode| (*mode).to_owned());
    (sockets, then, still_open(&reader), gaps, processes, mode)
}

#[test]
fn stores_of_earlier_versions_are_read_and_brought_up_to_date() {
    let now = Folder::new();
    made_now(&now);
    let expected = told(now.as_ref());
    let bytes = std::fs::metadata(now.as_ref().join("history.db")).unwrap().len();
    assert_eq!((expected.0.len(), expected.1.len(), expected.2.len(), expected.3.len()), (2102, 2, 1, 1));
    for version in 1..=3 {
        let folder = Folder::new();
        let file = made_by(version, &now, &folder);
        let before = std::fs::read(&file).unwrap();
        assert!(told(folder.as_ref()) == expected, "version {version}, as it is");
        assert_eq!(std::fs::read(&file).unwrap(), before, "version {version}: who reads does not write");
        // The recorder goes on with it: what was open still is.
        let mut writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(3000)).unwrap();
        let (sockets, then, open, gaps, processes, _) = told(folder.as_ref());
        assert!(sockets == expected.0 && then == expected.1, "version {version}, brought up to date");
        assert_eq!((open.len(), processes), (1, expected.4), "version {version}");
        // The pause between both recorders is one more.
        assert_eq!((gaps.len(), gaps[0]), (2, expected.3[0]), "version {version}");
        writer.append(&[ended(connection(7000, 104, Some((3001, EndReason::ClosedByPeer))))]);
        writer.commit(&clock(3001)).unwrap();
        drop(writer);
        // Nothing of what it was is left in the file.
        let now = std::fs::metadata(&file).unwrap().len();
        assert!(now <= bytes + bytes / 4, "version {version}: {now} bytes, and a new one has {bytes}");
        let reader = Reader::open(folder.as_ref()).unwrap();
        assert_eq!(ends(&reader, &Span::default()).0.len(), expected.0.len() + 1);
        assert_eq!(still_open(&reader).len(), 0);
        // Every end has a number of its own, by which it can be sent.
        let mut numbers: Vec<u64> = Vec::new();
        let database = Connection::open(&file).unwrap();
        for sql in [
            "SELECT first_sequence, last_sequence, cols FROM block",
            "SELECT 0, last_sequence, cols FROM fresh",
        ] {
            let mut statement = database.prepare(sql).unwrap();
            let mut rows = statement.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let block = crate::block::decode(&row.get::<_, Vec<u8>>(2).unwrap()).unwrap();
                let of_block: Vec<u64> = block.iter().map(|row| row.sequence).collect();
                let [first, last] = [0, 1].map(|at| u64::try_from(row.get::<_, i64>(at).unwrap()).unwrap());
                assert!(first == 0 || of_block.iter().min() == Some(&first), "version {version}");
                assert_eq!(of_block.iter().max(), Some(&last), "version {version}");
                numbers.extend(of_block);
            }
        }
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(1..=2103), "version {version}");
        assert_eq!(reader.last_sequence().unwrap(), 2103, "version {version}");
    }
}

#[test]
fn what_only_says_that_it_is_an_earlier_version_is_left_alone() {
    let now = Folder::new();
    made_now(&now);
    for version in 1..=3 {
        let folder = Folder::new();
        let file = made_by(version, &now, &folder);
        let old = Connection::open(&file).unwrap();
        old.execute_batch("CREATE TRIGGER t AFTER INSERT ON session BEGIN DELETE FROM gap; END").unwrap();
        old.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(old);
        let before = std::fs::read(&file).unwrap();
        let fault = |result: Result<(), crate::StoreError>| result.unwrap_err().fault;
        let written = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(3000)).map(drop);
        assert!(matches!(fault(written), Fault::NotAStore), "version {version}");
        let read = Reader::open(folder.as_ref()).map(drop);
        assert!(matches!(fault(read), Fault::NotAStore), "version {version}");
        assert_eq!(std::fs::read(&file).unwrap(), before, "version {version}");
    }
}

#[test]
fn a_history_tells_what_chose_it_and_when() {
    let folder = Folder::new();
    let mut at = 100;
    for filter in [None, Some("port 443"), Some("port 443"), Some("process curl"), None, Some("port 443")] {
        let options = WriterOptions { filter: filter.map(str::to_owned), ..WriterOptions::default() };
        let mut writer = Writer::open(folder.as_ref(), &options, &clock(at)).unwrap();
        writer.commit(&clock(at + 5)).unwrap();
        at += 10;
    }
    let reader = Reader::open(folder.as_ref()).unwrap();
    let told = |span: &Span| -> Vec<(u64, u64, String)> {
        let since = |time: std::time::SystemTime| time.duration_since(day(0)).unwrap().as_secs();
        reader
            .filtered(span)
            .into_iter()
            .map(|it| (since(it.from), since(it.until), it.filter.to_owned()))
            .collect()
    };
    let all = [(110, 125, "port 443"), (130, 135, "process curl"), (150, 155, "port 443")];
    let all = all.map(|(from, until, filter)| (from, until, filter.to_owned()));
    assert_eq!(told(&Span::default()), all);
    assert_eq!(told(&Span { since: Some(day(126)), until: Some(day(150)) }), all[1..2]);
    assert_eq!(told(&Span { since: Some(day(140)), until: Some(day(149)) }), []);
}
