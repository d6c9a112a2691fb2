//! What a network may do to a recorder: the history stays within its size, and nobody is taken for somebody else.

use super::{BOOTED, Folder, clock, connection, curl, day, ended, ends, opened, seconds, still_open};
use crate::blocks::BLOCK;
use crate::{Reader, Span, Writer, WriterOptions};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, GapCause, OwnerSource,
    ProcessInstance, ProcessRecord,
};
use netstat_model::{IpEndpoint, ProcessKey, Transport};
use std::net::{IpAddr, Ipv6Addr};
use std::path::PathBuf;

/// Numbers without any order, the same each time.
fn scattered(number: u64) -> u64 {
    (number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn port(number: u64) -> u16 {
    u16::try_from(number % 65_536).unwrap()
}

fn bytes_of(folder: &Folder) -> u64 {
    let files = std::fs::read_dir(folder.as_ref()).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

/// The size that these histories may have: some twenty blocks of rows that nothing can compress.
const KEEP: u64 = 1 << 20;

/// Records rows that have nothing in common until the oldest had to go, and says how large it all was at most.
fn flood(folder: &Folder, row: impl Fn(u64) -> ConnectionRecord) -> u64 {
    let options = WriterOptions { keep_bytes: KEEP, ..WriterOptions::default() };
    let mut writer = Writer::open(folder.as_ref(), &options, &clock(100)).unwrap();
    writer.append(&[ConnectionEvent::Process(Box::new(curl()))]);
    let each = BLOCK as u64 / 2;
    let (mut at, mut largest) = (101, 0);
    for commit in 0..160 {
        let events: Vec<ConnectionEvent> = (commit * each..(commit + 1) * each)
            .flat_map(|number| {
                let record = ConnectionRecord {
                    ended: Some((seconds(at), EndReason::Closed)),
                    started: Some(seconds(at - 1)),
                    ..row(number)
                };
                [opened(ConnectionRecord { ended: None, ..record.clone() }), ended(record)]
            })
            .collect();
        writer.append(&events);
        writer.commit(&clock(at)).unwrap();
        largest = largest.max(bytes_of(folder));
        at += 1;
    }
    largest
}

#[test]
fn peers_and_scanned_ports_without_number_do_not_fill_the_disk() {
    let local = IpEndpoint::new([192, 0, 2, 1].into(), 53, 0);
    let peer = |number: u64| {
        let address = u128::from(scattered(number)) << 64 | u128::from(scattered(number + 7));
        IpEndpoint::new(IpAddr::V6(Ipv6Addr::from_bits(address)), port(scattered(number) >> 40), 0)
    };
    let base = connection(1, 100, None);
    let udp = |number| ConnectionRecord {
        cookie: number + 1,
        transport: Transport::Udp,
        role: ConnectionRole::Listener,
        local,
        remote: Some(peer(number)),
        bytes_sent: Some(scattered(number) >> 20),
        ..base.clone()
    };
    // One connects to every port of this host; each connection came in and is reset.
    let scan = |number: u64| ConnectionRecord {
        cookie: number + 1,
        role: ConnectionRole::Passive,
        local: IpEndpoint { port: port(number), ..local },
        remote: Some(IpEndpoint { port: port(scattered(number) >> 45), ..peer(0) }),
        bytes_received: Some(scattered(number) >> 20),
        ..base.clone()
    };
    let [of_peers, of_ports] = [Folder::new(), Folder::new()];
    for (what, largest, folder) in
        [("peers", flood(&of_peers, udp), &of_peers), ("ports", flood(&of_ports, scan), &of_ports)]
    {
        // A block and the write-ahead log come on top.
        assert!(largest < KEEP + (10 << 20), "{what}: {largest}");
        let reader = Reader::open(folder.as_ref()).unwrap();
        let (first, _) = reader.reach().unwrap();
        assert!(first > day(101), "{what}: nothing had to go, so nothing was tested");
        let (sockets, lost) = ends(&reader, &Span::default());
        assert!(!sockets.is_empty() && lost == 0 && still_open(&reader).is_empty(), "{what}");
        assert!(reader.gaps(&Span::default()).unwrap().is_empty(), "{what}");
    }
}

#[test]
fn a_number_that_is_used_again_is_another_process() {
    let folder = Folder::new();
    let mut writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(100)).unwrap();
    // The same ID at another time, and another program by the same process.
    let names = ["first", "second", "third"];
    for (number, (start_time, executions)) in [(5, 1), (900, 1), (900, 2)].into_iter().enumerate() {
        let instance = ProcessInstance { process: ProcessKey { pid: 7, start_time }, executions };
        let name = names[number].as_bytes();
        let record = ProcessRecord { instance, name: name.into(), executable: Some(name.into()), ..curl() };
        writer.append(&[ConnectionEvent::Process(Box::new(record))]);
        let made = ConnectionRecord {
            process: Some((instance, OwnerSource::Made)),
            ..connection(number as u64 + 1, 100, Some((101, EndReason::ClosedByUs)))
        };
        writer.append(&[ended(made)]);
        // Also when it has to be looked up again.
        writer.commit(&clock(102)).unwrap();
        drop(writer);
        writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(103)).unwrap();
    }
    let reader = Reader::open(folder.as_ref()).unwrap();
    let (processes, damaged) = reader.processes().unwrap();
    assert_eq!((processes.len(), damaged), (3, 0));
    let mut found: Vec<(u64, String, u32)> = ends(&reader, &Span::default())
        .0
        .iter()
        .map(|socket| {
            let owner = socket.ownership.principal().unwrap();
            let name = processes[&owner.process].name.as_deref().unwrap();
            (socket.id.cookie.unwrap(), name.to_string_lossy().into_owned(), owner.process.pid)
        })
        .collect();
    found.sort();
    let expected = names.iter().zip(1..).map(|(name, cookie)| (cookie, (*name).to_owned(), 7));
    assert!(found.iter().cloned().eq(expected), "{found:?}");
}

/// A recorder that was killed: its files as they lie, the write-ahead log beside the rest.
fn killed(folder: &Folder, commits_before: u64, commits_in_log: u64) -> PathBuf {
    let mut writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(100)).unwrap();
    let mut at = 100;
    for commit in 0..commits_before + commits_in_log {
        at += 1;
        writer.append(&[ended(connection(commit + 1, at - 1, Some((at, EndReason::ClosedByUs))))]);
        writer.commit(&clock(at)).unwrap();
        if commit + 1 == commits_before {
            writer.checkpoint();
        }
    }
    let copy = folder.as_ref().join("killed");
    std::fs::create_dir(&copy).unwrap();
    for name in ["history.db", "history.db-wal"] {
        std::fs::copy(folder.as_ref().join(name), copy.join(name)).unwrap();
    }
    copy
}

#[test]
fn a_log_that_is_gone_takes_its_commits_with_it_and_that_is_told() {
    let folder = Folder::new();
    let copy = killed(&folder, 5, 3);
    assert_eq!(ends(&Reader::open(&copy).unwrap(), &Span::default()).0.len(), 8);
    std::fs::remove_file(copy.join("history.db-wal")).unwrap();
    let _ = std::fs::remove_file(copy.join("history.db-shm"));
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(ends(&reader, &Span::default()).0.len(), 5);
    assert_eq!(reader.reach(), Some((day(100), day(105))));
    drop(reader);
    let mut writer = Writer::open(&copy, &WriterOptions::default(), &clock(120)).unwrap();
    writer.append(&[ended(connection(99, 120, Some((121, EndReason::ClosedByUs))))]);
    writer.commit(&clock(121)).unwrap();
    let reader = Reader::open(&copy).unwrap();
    assert_eq!(ends(&reader, &Span::default()).0.len(), 6);
    let gaps = reader.gaps(&Span::default()).unwrap();
    let gaps: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.until, gap.cause)).collect();
    assert_eq!(gaps, [(day(105), day(120), GapCause::NotRunning)]);
    // Half of one is as much as it has whole commits of.
    let folder = Folder::new();
    let copy = killed(&folder, 5, 3);
    let log = copy.join("history.db-wal");
    let half = std::fs::metadata(&log).unwrap().len() / 2;
    std::fs::OpenOptions::new().write(true).open(&log).unwrap().set_len(half).unwrap();
    let found = ends(&Reader::open(&copy).unwrap(), &Span::default()).0.len();
    assert!((5..8).contains(&found), "{found}");
}

#[test]
fn a_time_that_the_clock_said_twice_is_the_later_one() {
    let folder = Folder::new();
    let mut writer = Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(100)).unwrap();
    writer.append(&[opened(connection(1, 101, None))]);
    writer.commit(&clock(110)).unwrap();
    writer.append(&[ended(connection(1, 101, Some((115, EndReason::ResetByPeer))))]);
    writer.append(&[opened(connection(2, 116, None))]);
    // At 120 it is set back by 15 seconds: from 105 on it says what it said before.
    let set = |at: u64| ClockReading { since_1970: seconds(BOOTED + at - 15), ..clock(at) };
    writer.commit(&set(120)).unwrap();
    writer.commit(&set(130)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let crate::Standing::Recorded(at) = reader.standing(day(107)) else { panic!() };
    let mut cookies = Vec::new();
    reader
        .open_at(at, None, &mut |socket| {
            cookies.push(socket.id.cookie);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(cookies, [Some(2)]);
}
