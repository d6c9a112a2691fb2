//! Writer and reader together.

mod bounds;
mod course;
mod crash;
mod following;
mod hostile;
mod keeping;
mod language;
mod moments;
mod older;
mod sending;
mod summing;

use crate::made::record;
use crate::{Preselection, Reader, Span, Writer, WriterOptions};
use netstat_model::history::{
    ClockReading, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, OwnerSource, ProcessInstance,
    ProcessRecord,
};
use netstat_model::{IpEndpoint, ProcessKey, Socket, Transport};
use proptest::prelude::*;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

/// A folder of its own for a test, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("netstat-store-{}-{number}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl AsRef<Path> for Folder {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

/// When the clock said 0 seconds since boot, in these tests: 2026-09-21, 14:13:20 UTC.
pub(crate) const BOOTED: u64 = 1_790_000_000;

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The clock at so many seconds since boot.
pub(crate) fn clock(at: u64) -> ClockReading {
    ClockReading { boot_id: "one".into(), since_boot: seconds(at), since_1970: seconds(BOOTED + at) }
}

/// The time of day at so many seconds since boot.
pub(crate) fn day(at: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + seconds(BOOTED + at)
}

pub(crate) fn writer(folder: &Folder, at: u64) -> Writer {
    Writer::open(folder.as_ref(), &WriterOptions::default(), &clock(at)).unwrap()
}

/// A connection of `curl`, process 7, that is established at once.
pub(crate) fn connection(cookie: u64, from: u64, until: Option<(u64, EndReason)>) -> ConnectionRecord {
    let end = |text: &str, port| IpEndpoint::new(text.parse().unwrap(), port, 0);
    let port = u16::try_from(cookie % 60_000).unwrap() + 1000;
    ConnectionRecord {
        cookie,
        namespace: None,
        transport: Transport::Tcp,
        role: ConnectionRole::Active,
        local: end("192.0.2.1", port),
        remote: Some(end("198.51.100.7", 443)),
        v6_only: None,
        started: Some(seconds(from)),
        bound: None,
        established: Some(seconds(from)),
        first_fin: None,
        ended: until.map(|(until, reason)| (seconds(until), reason)),
        process: Some((curl().instance, OwnerSource::Made)),
        uid: Some(1000),
        bytes_sent: Some(100),
        bytes_received: Some(2000),
        rtt: Some(40),
        min_rtt: None,
        retransmits: Some(0),
    }
}

pub(crate) fn curl() -> ProcessRecord {
    ProcessRecord {
        instance: ProcessInstance { process: ProcessKey { pid: 7, start_time: 5 }, executions: 1 },
        parent: Some(1),
        uid: Some(1000),
        user: Some("alice".into()),
        name: (*b"curl").into(),
        comm: (*b"curl").into(),
        executable: Some((*b"/usr/bin/curl").into()),
        arguments: None,
        cgroup: Some((*b"/system.slice/fetch.service").into()),
        unit: Some("fetch.service".into()),
        container: None,
    }
}

pub(crate) fn ended(record: ConnectionRecord) -> ConnectionEvent {
    ConnectionEvent::Ended(Box::new(record))
}

pub(crate) fn opened(record: ConnectionRecord) -> ConnectionEvent {
    ConnectionEvent::Opened(Box::new(record))
}

/// All ends of a store, and how many are lost to damage.
pub(crate) fn ends(reader: &Reader, span: &Span) -> (Vec<Socket>, u64) {
    let mut sockets = Vec::new();
    let gaps = reader.ends(span, &Preselection::default(), &mut |socket| {
        sockets.push(socket.clone());
        ControlFlow::Continue(())
    });
    (sockets, gaps.unwrap().iter().filter_map(|gap| gap.lost).sum())
}

pub(crate) fn still_open(reader: &Reader) -> Vec<Socket> {
    let mut sockets = Vec::new();
    reader
        .still_open(&mut |socket| {
            sockets.push(socket.clone());
            ControlFlow::Continue(())
        })
        .unwrap();
    sockets
}

#[test]
fn a_connection_is_told_with_its_process() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[
        ConnectionEvent::Process(Box::new(curl())),
        ended(connection(1, 101, Some((103, EndReason::ResetByPeer)))),
        opened(connection(2, 102, None)),
    ]);
    writer.commit(&clock(104)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    assert_eq!(reader.reach(), Some((day(100), day(104))));
    let (sockets, lost) = ends(&reader, &Span::default());
    assert_eq!((sockets.len(), lost), (1, 0));
    let life = sockets[0].lifespan.as_deref().unwrap();
    assert_eq!(life.started, Some(day(101)));
    assert_eq!(life.ended, Some((day(103), EndReason::ResetByPeer)));
    assert_eq!(life.lasted, Some(seconds(2)));
    let owner = sockets[0].ownership.principal().unwrap();
    assert_eq!((owner.process.pid, owner.parent), (7, Some(1)));
    let (processes, _) = reader.processes().unwrap();
    assert_eq!(processes[&owner.process].name.as_deref().unwrap(), "curl");
    assert_eq!(reader.users().unwrap(), b"alice:x:1000:::\n");
    let open = still_open(&reader);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].lifespan.as_deref().unwrap().lasted, Some(seconds(2)));
    // What happens later is not seen by who has opened it before.
    writer.append(&[ended(connection(2, 102, Some((105, EndReason::ClosedByUs))))]);
    writer.commit(&clock(106)).unwrap();
    assert_eq!(still_open(&reader).len(), 1);
    let later = Reader::open(folder.as_ref()).unwrap();
    assert_eq!((still_open(&later).len(), ends(&later, &Span::default()).0.len()), (0, 2));
    let span = Span { since: Some(day(104)), until: Some(day(105)) };
    assert_eq!(ends(&later, &span).0.len(), 0);
    let span = Span { since: Some(day(105)), until: Some(day(106)) };
    assert_eq!(ends(&later, &span).0.len(), 1);
}

#[test]
fn what_an_end_does_not_know_is_taken_from_when_it_was_open() {
    let folder = Folder::new();
    let mut writer = writer(&folder, 100);
    writer.append(&[ConnectionEvent::Process(Box::new(curl())), opened(connection(1, 101, None))]);
    writer.commit(&clock(102)).unwrap();
    let known = connection(1, 101, Some((103, EndReason::ClosedByPeer)));
    let poor =
        ConnectionRecord { started: None, process: None, role: ConnectionRole::Unknown, ..known.clone() };
    writer.append(&[ended(poor)]);
    writer.commit(&clock(104)).unwrap();
    let reader = Reader::open(folder.as_ref()).unwrap();
    let (sockets, _) = ends(&reader, &Span::default());
    let life = sockets[0].lifespan.as_deref().unwrap();
    assert_eq!((life.started, life.role), (Some(day(101)), ConnectionRole::Active));
    assert_eq!(sockets[0].ownership.principal().unwrap().process.pid, 7);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(records in proptest::collection::vec((record(), any::<bool>(), 0..9u8), 0..60)) {
        let folder = Folder::new();
        let mut writer = writer(&folder, 100);
        let mut expected = Vec::new();
        for (number, (mut record, was_open, commits)) in records.into_iter().enumerate() {
            record.cookie = number as u64 + 1;
            if was_open {
                writer.append(&[opened(ConnectionRecord { ended: None, ..record.clone() })]);
            }
            if commits == 0 {
                writer.commit(&clock(101)).unwrap();
            }
            if record.ended.is_some() {
                writer.append(&[ended(record.clone())]);
            } else if !was_open {
                continue;
            }
            expected.push(record);
        }
        writer.commit(&clock(102)).unwrap();
        // As another program finds them after this one has ended.
        let mut found = writer.open_records().unwrap();
        drop(writer);
        let reader = Reader::open(folder.as_ref()).unwrap();
        found.extend(reader.records().unwrap());
        found.sort_by_key(|record| record.cookie);
        prop_assert_eq!(found, expected);
    }
}
