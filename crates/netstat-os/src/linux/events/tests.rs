use super::kernel::KernelEvents;
use super::process;
use super::records::{ClockOffset, RawProcess, Record, decode_record};
use crate::contract::{EventStream, EventWishes};
use crate::linux::fake::Fake;
use netstat_model::history::{
    ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, GapCause, OwnerSource, ProcessInstance,
};
use netstat_model::{ContainerRuntime, ProcessKey};
use proptest::prelude::*;
use std::time::Duration;

const OPENED: u8 = 1;
const ENDED: u8 = 2;
const OWNER: u8 = 3;

/// An end_record with every field set to something of its own.
fn end(kind: u8, change: impl FnOnce(&mut End)) -> Vec<u8> {
    let mut end = End {
        // Kind, role, source, first FIN, old state, family, flags, unused: a passive end that its process has closed last.
        bytes: [kind, 2, 2, 2, 9, 2, 8, 0],
        longs: [77, 1_000, 2_000, 3_000, 4_000, 1_239_999_999],
        words: [50, 3, 1000, 4_026_531_840],
        counts: [8, 11],
        small: [1, 20, 10, 0],
        shorts: [0, 80, 40_000, 0],
        addresses: [10, 0, 0, 1, 10, 0, 0, 2].to_vec(),
    };
    change(&mut end);
    let mut bytes = end.bytes.to_vec();
    bytes.extend(end.longs.iter().flat_map(|long| long.to_ne_bytes()));
    bytes.extend(end.words.iter().flat_map(|word| word.to_ne_bytes()));
    bytes.extend(end.counts.iter().flat_map(|long| long.to_ne_bytes()));
    bytes.extend(end.small.iter().flat_map(|word| word.to_ne_bytes()));
    bytes.extend(end.shorts.iter().flat_map(|short| short.to_ne_bytes()));
    bytes.extend(end.addresses);
    bytes
}

struct End {
    bytes: [u8; 8],
    /// Cookie, started, established, FIN, now, start of the process.
    longs: [u64; 6],
    /// Process, executions, user, network namespace.
    words: [u32; 4],
    /// Bytes sent and received.
    counts: [u64; 2],
    /// Retransmissions, RTT, smallest RTT, interface.
    small: [u32; 4],
    /// Error, ports, unused.
    shorts: [u16; 4],
    addresses: Vec<u8>,
}

fn decoded(bytes: &[u8]) -> Option<Record> {
    decode_record(bytes, ClockOffset::default())
}

fn ended(change: impl FnOnce(&mut End)) -> ConnectionRecord {
    match decoded(&end(ENDED, change)) {
        Some(Record::Ended { record, .. }) => *record,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_field_is_in_its_place() {
    let record = ended(|_| {});
    let process = ProcessKey { pid: 50, start_time: 123 };
    let ns = Duration::from_nanos;
    assert_eq!(record.cookie, 77);
    assert_eq!(record.namespace.unwrap().inode, 4_026_531_840);
    assert_eq!(
        (record.local.to_string(), record.remote.unwrap().to_string()),
        ("10.0.0.1:80".into(), "10.0.0.2:40000".into())
    );
    assert_eq!((record.started, record.established), (Some(ns(1_000)), Some(ns(2_000))));
    assert_eq!(record.first_fin, Some((ns(3_000), false)));
    assert_eq!(record.ended, Some((ns(4_000), EndReason::ClosedByPeer)));
    assert_eq!(record.process, Some((ProcessInstance { process, executions: 3 }, OwnerSource::Closed)));
    assert_eq!((record.role, record.uid), (ConnectionRole::Passive, Some(1000)));
    // A FIN was acknowledged, and one received.
    assert_eq!((record.bytes_sent, record.bytes_received), (Some(7), Some(10)));
    assert_eq!((record.retransmits, record.rtt, record.min_rtt), (Some(1), Some(20), Some(10)));
}

#[test]
fn a_first_fin_is_told_by_itself() {
    let half = |whose: u8| {
        let mut bytes = vec![5, whose, 0, 0, 0, 0, 0, 0];
        bytes.extend([77_u64, 3_000].iter().flat_map(|long| long.to_ne_bytes()));
        decoded(&bytes)
    };
    let at = Duration::from_nanos(3_000);
    assert_eq!(half(1), Some(Record::Half { cookie: 77, at, is_local: true }));
    assert_eq!(half(2), Some(Record::Half { cookie: 77, at, is_local: false }));
    assert_eq!((half(0), half(3)), (None, None));
}

#[test]
fn what_is_not_known_is_none_and_never_zero() {
    let record = ended(|end| {
        end.bytes = [ENDED, 0, 0, 0, 1, 10, 0, 0];
        end.longs = [77, 0, 0, 0, 4_000, 0];
        end.words[0] = 0;
        end.small = [0, 0, u32::MAX, 0];
        end.addresses = [[0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]; 2].concat();
    });
    assert_eq!((record.started, record.established, record.first_fin), (None, None, None));
    assert_eq!((record.process, record.uid, record.rtt, record.min_rtt), (None, None, None, None));
    assert_eq!(record.role, ConnectionRole::Unknown);
    // The number of a process without a process, and the other way round.
    for (source, pid) in [(1, 0), (0, 50)] {
        let record = ended(|end| (end.bytes[2], end.words[0]) = (source, pid));
        assert_eq!((record.process, record.uid), (None, None), "{source} {pid}");
    }
}

#[test]
fn a_listener_has_no_other_end_and_no_stream() {
    let record = ended(|end| {
        end.bytes = [ENDED, 3, 1, 0, 10, 10, 16, 0];
        end.addresses = vec![0; 32];
    });
    assert_eq!((record.remote, record.v6_only, record.role), (None, Some(true), ConnectionRole::Listener));
    assert_eq!((record.bytes_sent, record.bytes_received, record.retransmits), (None, None, None));
    assert_eq!(record.ended.unwrap().1, EndReason::Closed);
}

#[test]
fn a_mapped_address_is_an_ipv4_address() {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1];
    let record = ended(|end| (end.bytes[5], end.addresses) = (10, [mapped, mapped].concat()));
    assert_eq!(record.local.to_string(), "127.0.0.1:80");
}

#[test]
fn each_error_has_its_reason() {
    use EndReason::*;
    // Role, old state, error, local port, flags.
    for (role, state, error, port, flags, expected) in [
        (1, 2, libc::ECONNREFUSED, 1, 0, Refused),
        (1, 2, libc::ETIMEDOUT, 1, 0, ConnectTimedOut),
        (1, 2, 0, 1, 0, ConnectAbandoned),
        (1, 2, 0, 0, 0, NoLocalPort),
        (1, 2, libc::EHOSTUNREACH, 1, 0, Unreachable),
        (1, 1, 0, 1, 0, AbortedByUs),
        (2, 8, 0, 1, 0, AbortedByUs),
        (2, 1, 0, 1, 1, NeverAccepted),
        (2, 8, 0, 1, 1, NeverAccepted),
        (1, 4, 0, 1, 1, AbortedByUs),
        (1, 5, 0, 1, 1, ClosedByUs),
        (1, 11, 0, 1, 1, ClosedByUs),
        (1, 9, 0, 1, 1, ClosedByPeer),
        (1, 1, libc::ECONNRESET, 1, 0, ResetByPeer),
        (1, 8, libc::EPIPE, 1, 0, ResetByPeer),
        (1, 1, libc::ETIMEDOUT, 1, 0, TimedOut),
        (1, 1, libc::EHOSTUNREACH, 1, 0, TimedOut),
        (1, 1, libc::ECONNABORTED, 1, 0, Destroyed),
        (1, 1, libc::ENOBUFS, 1, 0, Other(105)),
        // Seen late.
        (1, 4, 0, 1, 3, ClosedByUs),
        (1, 9, 0, 1, 3, ClosedByPeer),
        (1, 1, 0, 1, 3, Unseen),
    ] {
        let record = ended(|end| {
            (end.bytes[1], end.bytes[4], end.bytes[6]) = (role, state, flags);
            (end.shorts[0], end.shorts[1]) = (error.try_into().unwrap(), port);
        });
        assert_eq!(record.ended.unwrap().1, expected, "{role} {state} {error} {port} {flags}");
    }
}

/// A process_record with these texts, each component ended by a NUL.
fn process_record(flags: u8, path: &[u8], cgroup: &[u8], arguments: &[u8]) -> Vec<u8> {
    let mut bytes = vec![4, flags];
    for part in [path, cgroup, arguments] {
        bytes.extend(u16::try_from(part.len()).unwrap().to_ne_bytes());
    }
    bytes.extend([1_239_999_999_u64, 9].into_iter().flat_map(u64::to_ne_bytes));
    bytes.extend([50_u32, 1, 3, 1000].into_iter().flat_map(u32::to_ne_bytes));
    bytes.extend(b"MainThread\0\0\0\0\0\0");
    [&bytes, path, cgroup, arguments].concat()
}

fn raw(flags: u8, path: &[u8], cgroup: &[u8], arguments: &[u8]) -> RawProcess {
    match decoded(&process_record(flags, path, cgroup, arguments)) {
        Some(Record::Process(raw)) => *raw,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_process_has_its_path_turned_around_and_its_unit_by_the_control_group() {
    let raw = raw(0, b"node\0bin\0usr\0", b"x.service\0system.slice\0", b"node\0app.js\0");
    assert_eq!(raw.path, Some((b"/usr/bin/node".to_vec(), false)));
    let record = process::of_kernel(raw, true);
    assert_eq!((&*record.name, &*record.comm), (&b"node"[..], &b"MainThread"[..]));
    assert_eq!(record.unit.as_deref(), Some("x.service"));
    assert_eq!(record.cgroup.as_deref(), Some(&b"/system.slice/x.service"[..]));
    assert_eq!(record.arguments.as_deref(), Some(&b"node\0app.js\0"[..]));
    assert_eq!((record.parent, record.uid, record.user), (Some(1), Some(1000), None));
}

#[test]
fn arguments_are_kept_only_where_they_are_asked_for() {
    let raw = raw(0, b"x\0", b"", b"x\0--password\0hunter2\0");
    assert_eq!(process::of_kernel(raw, false).arguments, None);
}

#[test]
fn of_a_path_that_is_cut_only_the_name_is_known() {
    let record = process::of_kernel(raw(1 | 2, b"deep\0b\0", b"docker\0", b""), false);
    assert_eq!((&*record.name, record.executable, record.cgroup), (&b"deep"[..], None, None));
    // A kernel thread has none.
    let record = process::of_kernel(raw(1, b"", b"", b""), false);
    assert_eq!((&*record.name, record.executable), (&b"MainThread"[..], None));
}

#[test]
fn a_container_is_known_by_its_control_group() {
    let id = "0123456789abcdef".repeat(4);
    let cgroup = format!("docker-{id}.scope\0system.slice\0");
    let record = process::of_kernel(raw(0, b"x\0", cgroup.as_bytes(), b""), false);
    let container = record.container.unwrap();
    assert_eq!((container.runtime, &*container.id), (ContainerRuntime::Docker, id.as_str()));
}

/// `struct all_counts` with some ends lost on two processors, and the misses of four programs.
fn counts(lost: u64) -> Vec<u8> {
    let mut words = vec![0_u64; 64 * 18];
    (words[0], words[1], words[14]) = (5, 4, lost);
    words[18 + 14] = lost;
    words.extend([1, 0, 2, 0]);
    words.into_iter().flat_map(u64::to_ne_bytes).collect()
}

/// A system with the programs, and nothing open.
fn system() -> Fake {
    Fake::new()
        .file("/proc/self/ns/pid", "pid:[4026531836]")
        .file("/proc/self/timens_offsets", "monotonic 0 0\nboottime 2 500\n")
        .file("/proc/uptime", "10.00 1\n")
}

fn taken(fake: &Fake, times: usize) -> Vec<ConnectionEvent> {
    let mut stream = KernelEvents::begin(fake, EventWishes::default(), None).unwrap();
    let mut events = Vec::new();
    (0..times).for_each(|_| stream.take(&mut events).unwrap());
    events
}

#[test]
fn times_are_those_of_the_time_namespace() {
    let fake = system().take(&[end(OPENED, |_| {})], &counts(0));
    let events = taken(&fake, 1);
    let [ConnectionEvent::Opened(record)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(record.started, Some(Duration::from_nanos(2_000_000_500 + 1_000)));
    assert_eq!(record.process.unwrap().0.process.start_time, (2_000_000_500 + 1_239_999_999) / 10_000_000);
}

#[test]
fn what_is_open_is_listed_again_when_that_was_refused() {
    let refused = rustix::io::Errno::MFILE;
    let fake = system()
        .fails("/proc", refused)
        .fails("/proc", refused)
        .names("/proc", &[])
        .take(&[end(OPENED, |_| {})], &counts(0));
    let mut stream = KernelEvents::begin(&fake, EventWishes::default(), None).unwrap();
    let mut events = Vec::new();
    assert!(stream.take(&mut events).is_err());
    assert_eq!(events, [], "nothing is told before what was there");
    stream.take(&mut events).unwrap();
    assert_eq!(events.len(), 1);
}

/// A passive end that was reset while its process, which has not closed it yet, is not known.
fn reset(end: &mut End) {
    (end.bytes, end.words[0]) = ([ENDED, 2, 0, 0, 1, 2, 4, 0], 0);
    end.shorts[0] = libc::ECONNRESET.try_into().unwrap();
}

#[test]
fn an_end_waits_for_its_owner() {
    let owner = end(OWNER, |end| (end.bytes[1], end.bytes[2]) = (2, 2));
    let fake = system().take(&[end(ENDED, reset)], &counts(0)).take(&[owner], &counts(0));
    let mut stream = KernelEvents::begin(&fake, EventWishes::default(), None).unwrap();
    let mut events = Vec::new();
    stream.take(&mut events).unwrap();
    assert_eq!(events, []);
    stream.take(&mut events).unwrap();
    let [ConnectionEvent::Ended(record)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(record.ended.unwrap().1, EndReason::ResetByPeer);
    assert_eq!(record.process.map(|(it, source)| (it.process.pid, source)), Some((50, OwnerSource::Closed)));
}

#[test]
fn an_owner_that_nobody_tells_is_looked_for() {
    // The descriptor, as the program of the owners tells it: start, cookie, inode, descriptor, process, parent.
    let descriptor: Vec<u8> = [5_000_000_000_u64, 77]
        .into_iter()
        .flat_map(u64::to_ne_bytes)
        .chain([1_u32, 3, 60, 1].into_iter().flat_map(u32::to_ne_bytes))
        .collect();
    let fake = system()
        .file("/proc/uptime", "10.00 1\n")
        .file("/proc/uptime", "20.00 1\n")
        .take(&[end(ENDED, reset)], &counts(0))
        .take(&[], &counts(0))
        .walk(descriptor, Ok(()));
    let events = taken(&fake, 2);
    let [ConnectionEvent::Process(process), ConnectionEvent::Ended(record)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let expected = ProcessInstance { process: ProcessKey { pid: 60, start_time: 500 }, executions: 0 };
    assert_eq!((process.instance, record.process), (expected, Some((expected, OwnerSource::Held))));
}

#[test]
fn an_end_that_waits_is_told_when_the_recording_stops() {
    let fake = system().take(&[end(ENDED, reset)], &counts(0));
    let mut stream = KernelEvents::begin(&fake, EventWishes::default(), None).unwrap();
    let mut events = Vec::new();
    stream.take(&mut events).unwrap();
    assert_eq!(events, []);
    stream.finish(&mut events);
    assert!(
        matches!(events.as_slice(), [ConnectionEvent::Ended(record)] if record.process.is_none()),
        "{events:?}"
    );
}

#[test]
fn an_owner_that_is_not_found_is_not_guessed() {
    let fake = system()
        .file("/proc/uptime", "20.00 1\n")
        .take(&[end(ENDED, reset)], &counts(0))
        .take(&[], &counts(0))
        .walk(Vec::new(), Ok(()));
    let events = taken(&fake, 2);
    let [ConnectionEvent::Ended(record)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((record.process, record.uid), (None, None));
}

#[test]
fn every_loss_is_a_gap() {
    let lost = |place: usize| {
        let mut bytes = counts(0);
        // On the second processor.
        let at = (18 + place) * 8;
        bytes[at..at + 8].copy_from_slice(&7_u64.to_ne_bytes());
        bytes
    };
    // Sockets without memory; begins, ends, owners, processes and first FINs without room.
    for (place, expected) in [
        (5, (None, GapCause::Unseen)),
        (13, (Some(7), GapCause::Begins)),
        (14, (Some(7), GapCause::Ring)),
        (15, (Some(7), GapCause::Processes)),
        (16, (Some(7), GapCause::Processes)),
        (17, (Some(7), GapCause::HalfClosed)),
    ] {
        let fake = system().take(&[], &counts(0)).take(&[], &lost(place)).take(&[], &lost(place));
        let events = taken(&fake, 3);
        let [ConnectionEvent::Gap(gap)] = events.as_slice() else { panic!("{place}: {events:?}") };
        assert_eq!((gap.lost, gap.cause), expected, "{place}");
    }
    // And so is a record that makes no sense.
    let fake = system().take(&[vec![9; 200], vec![]], &counts(0));
    let events = taken(&fake, 1);
    let [ConnectionEvent::Gap(gap)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((gap.lost, gap.cause), (Some(2), GapCause::Unseen));
}

#[test]
fn what_the_buffer_had_no_room_for_is_a_gap_once() {
    let fake = system()
        .file("/proc/uptime", "11.00 1\n")
        .take(&[], &counts(0))
        .take(&[], &counts(21))
        .take(&[], &counts(21));
    let mut stream = KernelEvents::begin(&fake, EventWishes::default(), None).unwrap();
    let mut events = Vec::new();
    (0..3).for_each(|_| stream.take(&mut events).unwrap());
    let [ConnectionEvent::Gap(gap)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((gap.lost, gap.cause), (Some(42), GapCause::Ring));
    let counts = stream.counts();
    assert_eq!((counts.opened, counts.ended, counts.lost, counts.skipped), (5, 4, 42, 3));
}

proptest! {
    #[test]
    fn no_bytes_panic(
        kind in 0u8..6,
        rest in proptest::collection::vec(any::<u8>(), 0..400),
        offset in any::<i64>(),
    ) {
        let bytes = [vec![kind], rest].concat();
        let record = decode_record(&bytes, ClockOffset(offset));
        if let Some(Record::Process(raw)) = record {
            process::of_kernel(*raw, true);
        }
    }

    #[test]
    fn a_shorter_record_is_none(length in 0usize..120) {
        let bytes = end(ENDED, |_| {});
        prop_assert_eq!(decoded(&bytes[..length.min(bytes.len() - 1)]), None);
    }
}
