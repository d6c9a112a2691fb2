//! The flows of UDP: between whom datagrams went, when, and how many bytes, as BPF programs count them (`bpf/udp.h`).
//!
//! The programs keep flows in tables of a fixed size. They are looked at once a second: one that is new is told, and one that has
//! ended is told and taken out. A socket that is connected, and whose making was seen, has one flow, which ends with it; any other
//! flow ends when nothing has gone over it for a while, or with its socket.
//!
//! The same programs tell of connects of TCP that never left.

use super::process;
use super::records::{ClockOffset, Record, decode_record, run};
use crate::linux::bpf::Failure;
use crate::linux::source::{FlowsProgram, Source, have_name};
use netstat_model::history::{
    BeginBound, ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, GapCause, OwnerSource,
    ProcessInstance, RecordGap,
};
use netstat_model::{IpEndpoint, Namespace, ProcessKey, Transport};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::time::Duration;

/// How often the flows are looked at.
const PAUSE: Duration = Duration::from_secs(1);

/// A look takes no more than this part of the time.
const SHARE: u32 = 20;

/// A flow over which nothing has gone for so long is over: so much time there is as long as there are no more than so many flows.
const IDLE: [(usize, Duration); 3] = [
    (16_384, Duration::from_secs(60)),
    (32_768, Duration::from_secs(15)),
    (usize::MAX, Duration::from_secs(3)),
];

/// The same of one whose socket is connected, and may have been there before the programs: its end may not be told. As long as half
/// of the table is free.
const IDLE_CONNECTED: (usize, Duration) = (32_768, Duration::from_secs(600));

/// After so many looks in a row that failed there are no more.
const FAILURES: u32 = 5;

/// `struct flow_key`.
type Key = [u8; 32];

/// `enum flow_flags` and `enum flow_socket_flags`.
const IS_CONNECTED: u32 = 1;
const WAS_CALLED: u32 = 2;
const SAW_MADE: u32 = 4;
const HEARD_NOBODY: u64 = 1;

/// The flows that were told, and what the programs have counted.
pub(super) struct Flows<'a> {
    program: Box<dyn FlowsProgram + 'a>,
    offset: ClockOffset,
    keeps_arguments: bool,
    /// Since when the programs run.
    since: Duration,
    /// Since when flows are missing that were wished, until then.
    missing_from: Duration,
    /// How many looks in a row have failed.
    failed: u32,
    /// The flows that were told, and whether each has the cookie of its socket.
    open: FxHashMap<Key, bool>,
    /// The sockets with such a flow; those whose flow ended at the last look, and at the one before.
    connected: FxHashSet<u64>,
    ended: [FxHashSet<u64>; 2],
    /// Datagrams, records of processes and connects that were lost, and when they were counted.
    lost: [u64; 3],
    counted_at: Duration,
    look_at: Duration,
}

impl<'a> Flows<'a> {
    pub(super) fn new(
        program: Box<dyn FlowsProgram + 'a>,
        offset: ClockOffset,
        keeps_arguments: bool,
        missing_from: Duration,
        now: Duration,
    ) -> Self {
        Self {
            program,
            offset,
            keeps_arguments,
            since: now,
            missing_from,
            failed: 0,
            open: FxHashMap::default(),
            connected: FxHashSet::default(),
            ended: Default::default(),
            lost: [0; 3],
            counted_at: now,
            look_at: now,
        }
    }

    /// Whether the end of the socket with this cookie is told here.
    pub(super) fn tells_end_of(&self, cookie: u64) -> bool {
        self.connected.contains(&cookie) || self.ended.iter().any(|ended| ended.contains(&cookie))
    }

    /// Whether the next look is due.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now >= self.look_at
    }

    /// Sets when the next look is due, by how long one took.
    pub(super) fn rest(&mut self, began: Duration, ended: Duration) {
        self.look_at = began + PAUSE.max(ended.saturating_sub(began) * SHARE);
    }

    /// When the flows were looked at last.
    pub(super) fn counted_at(&self) -> Duration {
        self.counted_at
    }

    /// Looks at the flows. With `is_last` all of them end: nobody sees what comes then. A look that fails becomes a gap; an error
    /// is that there is no use in another one.
    pub(super) fn look(
        &mut self,
        source: &dyn Source,
        now: Duration,
        is_last: bool,
        into: &mut Vec<ConnectionEvent>,
    ) -> Result<(), Failure> {
        if self.missing_from < self.since {
            into.push(missing(source, self.missing_from, self.since));
            self.missing_from = self.since;
        }
        let Err(failure) = self.look_once(source, now, is_last, into) else {
            self.failed = 0;
            return Ok(());
        };
        into.push(missing(source, self.counted_at, now));
        (self.counted_at, self.failed) = (now, self.failed + 1);
        if self.failed < FAILURES { Ok(()) } else { Err(failure) }
    }

    fn look_once(
        &mut self,
        source: &dyn Source,
        now: Duration,
        is_last: bool,
        into: &mut Vec<ConnectionEvent>,
    ) -> Result<(), Failure> {
        let mut sockets: FxHashMap<u64, (u64, u64)> = FxHashMap::default();
        self.program.sockets(&mut |cookie, socket| {
            if let (Some(cookie), Some(closed), Some(flags)) =
                (long(cookie, 0), long(socket, 0), long(socket, 8))
            {
                sockets.insert(cookie, (closed, flags));
            }
        })?;
        let (mut new, mut over) = (Vec::new(), Vec::new());
        let (offset, open, since) = (self.offset, &self.open, self.since);
        let patience = IDLE.into_iter().find(|(most, _)| open.len() <= *most).map_or(PAUSE, |(_, idle)| idle);
        self.program.flows(&mut |key, value| {
            let (Ok(key), Some(flow)) = (Key::try_from(key), Flow::decode(key, value, offset)) else {
                return;
            };
            let socket = sockets.get(&flow.cookie);
            let closed = socket.map(|(closed, _)| *closed).filter(|closed| *closed != 0);
            let end_is_told = flow.is_its_socket() && socket.is_some();
            let patience = match IDLE_CONNECTED {
                (most, idle) if flow.is_connected && open.len() <= most => idle,
                _ => patience,
            };
            let ending = match closed {
                Some(at) => Some((offset.moment(at), EndReason::Closed)),
                None if is_last && end_is_told => Some((now, EndReason::Unseen)),
                None if is_last => Some((flow.last, EndReason::Unseen)),
                None if !end_is_told && flow.last + patience <= now => Some((flow.last, EndReason::Idle)),
                None => None,
            };
            if let Some(ending) = ending {
                over.push((key, ending));
            } else if !open.contains_key(&key) {
                new.push((key, flow));
            }
        })?;
        // A process is told before its first flow is there.
        let keeps_arguments = self.keeps_arguments;
        self.program.take(&mut |bytes| match decode_record(bytes, offset) {
            Some(Record::Process(raw)) => {
                into.push(ConnectionEvent::Process(Box::new(process::of_kernel(*raw, keeps_arguments))));
            }
            Some(Record::Ended { mut record, .. }) => {
                record.ended = record.ended.map(|(at, _)| (at, EndReason::Unreachable));
                into.push(ConnectionEvent::Ended(record));
            }
            _ => {}
        })?;
        for (key, flow) in new {
            // A socket can be connected again, to somebody else.
            let has_cookie = flow.is_its_socket() && self.connected.insert(flow.cookie);
            self.open.insert(key, has_cookie);
            into.push(ConnectionEvent::Opened(Box::new(flow.record(since, has_cookie, None, false))));
        }
        let [last, before] = &mut self.ended;
        *before = std::mem::take(last);
        for (key, ending) in over {
            let Some(flow) =
                self.program.end_flow(&key)?.and_then(|value| Flow::decode(&key, &value, offset))
            else {
                continue;
            };
            let has_cookie = self
                .open
                .remove(&key)
                .unwrap_or(flow.is_its_socket() && !self.connected.contains(&flow.cookie));
            if has_cookie {
                self.connected.remove(&flow.cookie);
                last.insert(flow.cookie);
            }
            let heard_nobody = sockets.get(&flow.cookie).is_some_and(|(_, flags)| flags & HEARD_NOBODY != 0);
            let record = flow.record(since, has_cookie, Some(ending), heard_nobody);
            into.push(ConnectionEvent::Ended(Box::new(record)));
        }
        for (cookie, _) in sockets.iter().filter(|(_, (closed, _))| *closed != 0) {
            self.program.end_socket(&cookie.to_ne_bytes())?;
        }
        self.count(source, now, into)
    }

    /// Tells what was lost since the last look.
    fn count(
        &mut self,
        source: &dyn Source,
        now: Duration,
        into: &mut Vec<ConnectionEvent>,
    ) -> Result<(), Failure> {
        let counts = self.program.counts()?;
        let number = |place: usize| long(&counts, place * 8).unwrap_or(0);
        // Behind the three counts are those of the programs: calls that sent and received, states, and ends.
        let lost = [
            number(0).saturating_add(number(3)).saturating_add(number(4)),
            number(1),
            number(2).saturating_add(number(6)),
        ];
        let causes = [GapCause::Datagrams, GapCause::Processes, GapCause::Unseen];
        for ((before, lost), cause) in self.lost.into_iter().zip(lost).zip(causes) {
            if lost > before {
                let boot_id = crate::linux::host::boot_id(source);
                let (from, until, lost) = (self.counted_at, now, Some(lost - before));
                into.push(ConnectionEvent::Gap(RecordGap { boot_id, from, until, lost, cause }));
            }
        }
        (self.lost, self.counted_at) = (lost, now);
        Ok(())
    }
}

/// Flows are not told of this span; how many datagrams went nobody knows.
pub(super) fn missing(source: &dyn Source, from: Duration, until: Duration) -> ConnectionEvent {
    let boot_id = crate::linux::host::boot_id(source);
    ConnectionEvent::Gap(RecordGap { boot_id, from, until, lost: None, cause: GapCause::Datagrams })
}

/// A flow as the programs know it.
#[derive(Debug, Clone, PartialEq)]
struct Flow {
    cookie: u64,
    is_connected: bool,
    was_called: bool,
    saw_made: bool,
    local: IpEndpoint,
    remote: IpEndpoint,
    first: Duration,
    last: Duration,
    bytes_sent: u64,
    bytes_received: u64,
    process: Option<ProcessInstance>,
    uid: u32,
    network: u32,
}

impl Flow {
    /// Decodes one; `None` when it makes no sense.
    fn decode(key: &[u8], value: &[u8], offset: ClockOffset) -> Option<Self> {
        let flags = word(value, 60)?;
        let family = short(key, 26)?;
        let (interface, port) = (word(value, 56)?, short(key, 24)?);
        let process = ProcessKey { pid: word(value, 40)?, start_time: offset.start_time(long(value, 32)?) };
        let executions = run(word(value, 44)?, short(value, 82)?);
        Some(Self {
            cookie: long(key, 0)?,
            is_connected: flags & IS_CONNECTED != 0,
            was_called: flags & WAS_CALLED != 0,
            saw_made: flags & SAW_MADE != 0,
            local: IpEndpoint::new(address(family, value.get(64..80)?)?, short(value, 80)?, interface),
            remote: IpEndpoint::new(address(family, key.get(8..24)?)?, port, interface),
            first: offset.moment(long(value, 0)?),
            last: offset.moment(long(value, 8)?),
            bytes_sent: long(value, 16)?,
            bytes_received: long(value, 24)?,
            process: (process.pid != 0).then_some(ProcessInstance { process, executions }),
            uid: word(value, 48)?,
            network: word(value, 52)?,
        })
    }

    /// Whether it is the only flow of its socket, and ends with that.
    fn is_its_socket(&self) -> bool {
        self.is_connected && self.saw_made
    }

    /// Whether its first datagram was seen: the socket was made while the programs ran, or nothing had gone over it for so long that an
    /// earlier flow would be over.
    fn is_whole(&self, since: Duration) -> bool {
        let ([(_, idle), ..], (_, connected)) = (IDLE, IDLE_CONNECTED);
        self.saw_made || self.first >= since + if self.is_connected { connected } else { idle }
    }

    /// Makes a record. How many bytes go over it is known in the end, but for those that the process took from whomever. `since` is
    /// when the programs began to run.
    fn record(
        &self,
        since: Duration,
        has_cookie: bool,
        ended: Option<(Duration, EndReason)>,
        heard_nobody: bool,
    ) -> ConnectionRecord {
        let is_whole = self.is_whole(since);
        let role = match self.was_called {
            _ if !is_whole => ConnectionRole::Unknown,
            true => ConnectionRole::Passive,
            false => ConnectionRole::Active,
        };
        // Who made the first call that was seen had the socket then.
        let owner = if is_whole { OwnerSource::Made } else { OwnerSource::Held };
        ConnectionRecord {
            cookie: if has_cookie { self.cookie } else { 0 },
            namespace: (self.network != 0).then(|| Namespace { inode: self.network.into() }),
            transport: Transport::Udp,
            role,
            started: is_whole.then_some(self.first),
            bound: (!is_whole).then_some(BeginBound::NoLaterThan(self.first)),
            ended,
            process: self.process.map(|instance| (instance, owner)),
            uid: self.process.map(|_| self.uid),
            bytes_sent: ended.filter(|_| is_whole).map(|_| self.bytes_sent),
            bytes_received: ended.filter(|_| is_whole && !heard_nobody).map(|_| self.bytes_received),
            ..ConnectionRecord::new(self.local, Some(self.remote))
        }
    }
}

/// Asks the kernel's types whether there is a tracepoint behind each call that sends or receives.
pub(super) fn are_told(source: &dyn Source) -> io::Result<bool> {
    have_name(source, "btf_trace_sock_send_length")
}

/// Returns where control groups of version 2 are.
pub(super) fn groups(source: &dyn Source) -> Option<PathBuf> {
    let mut mounts = Vec::new();
    source.read("/proc/self/mounts", &mut mounts).ok()?;
    decode_groups(&mounts)
}

/// Decodes `/proc/self/mounts`: what, where and of which kind, in each line. A blank in a path is written otherwise; no system has
/// one here.
fn decode_groups(mounts: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(mounts).ok()?.lines().find_map(|line| {
        let mut fields = line.split(' ').skip(1);
        let (place, kind) = (fields.next()?, fields.next()?);
        (kind == "cgroup2").then(|| place.into())
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
}

fn address(family: u16, bytes: &[u8]) -> Option<IpAddr> {
    match i32::from(family) {
        libc::AF_INET => bytes.first_chunk::<4>().map(|octets| Ipv4Addr::from(*octets).into()),
        libc::AF_INET6 => bytes.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets).into()),
        _ => None,
    }
}

/// Runs the decoders of this file.
#[cfg(fuzzing)]
pub(super) fn decode_all(bytes: &[u8]) {
    let (key, value) = bytes.split_at_checked(32).unwrap_or((bytes, bytes));
    let _ = (Flow::decode(key, value, ClockOffset::default()), decode_groups(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::source::TYPES;

    /// A flow of IPv4 as the programs write it.
    fn written(flags: u32) -> ([u8; 32], [u8; 88]) {
        let (mut key, mut value) = ([0; 32], [0; 88]);
        let put =
            |into: &mut [u8], at: usize, bytes: &[u8]| into[at..at + bytes.len()].copy_from_slice(bytes);
        put(&mut key, 0, &7_u64.to_ne_bytes());
        put(&mut key, 8, &[192, 0, 2, 1]);
        put(&mut key, 24, &53_u16.to_ne_bytes());
        put(&mut key, 26, &2_u16.to_ne_bytes());
        for (place, number) in [1_000_000_000_u64, 3_000_000_000, 30, 500, 20_000_000].into_iter().enumerate()
        {
            put(&mut value, place * 8, &number.to_ne_bytes());
        }
        for (place, number) in [42_u32, 3, 1000, 4_026_531_840, 0, flags].into_iter().enumerate() {
            put(&mut value, 40 + place * 4, &number.to_ne_bytes());
        }
        put(&mut value, 64, &[10, 0, 0, 9]);
        put(&mut value, 80, &4000_u16.to_ne_bytes());
        put(&mut value, 82, &5_u16.to_ne_bytes());
        (key, value)
    }

    #[test]
    fn a_flow_is_what_the_programs_have_written() {
        let (key, value) = written(SAW_MADE);
        let flow = Flow::decode(&key, &value, ClockOffset::default()).unwrap();
        let since = Duration::ZERO;
        let open = flow.record(since, false, None, false);
        assert_eq!((open.cookie, open.bytes_sent, open.bytes_received), (0, None, None), "it goes on");
        assert_eq!(open.local, IpEndpoint::new([10, 0, 0, 9].into(), 4000, 0));
        assert_eq!(open.remote, Some(IpEndpoint::new([192, 0, 2, 1].into(), 53, 0)));
        assert_eq!((open.role, open.uid), (ConnectionRole::Active, Some(1000)));
        let process = ProcessKey { pid: 42, start_time: 2 };
        let instance = ProcessInstance { process, executions: run(3, 5) };
        assert_eq!(open.process, Some((instance, OwnerSource::Made)));
        let ended = Some((flow.last, EndReason::Idle));
        let record = flow.record(since, true, ended, false);
        assert_eq!((record.cookie, record.bytes_sent, record.bytes_received), (7, Some(30), Some(500)));
        assert_eq!(
            (record.started, record.ended),
            (Some(Duration::from_secs(1)), Some((Duration::from_secs(3), EndReason::Idle)))
        );
        // Who takes datagrams without asking from whom may have taken some of this one.
        assert_eq!(flow.record(since, true, ended, true).bytes_received, None);
        let (key, value) = written(WAS_CALLED | IS_CONNECTED | SAW_MADE);
        let flow = Flow::decode(&key, &value, ClockOffset::default()).unwrap();
        assert!(flow.is_connected && flow.record(since, true, None, false).role == ConnectionRole::Passive);
        assert_eq!(Flow::decode(&key, &value[..80], ClockOffset::default()), None);
        assert_eq!(Flow::decode(&[0; 32], &value, ClockOffset::default()), None, "of no family");
    }

    #[test]
    fn of_a_flow_that_may_have_been_there_before_neither_begin_nor_bytes_are_known() {
        let (key, value) = written(WAS_CALLED);
        let flow = Flow::decode(&key, &value, ClockOffset::default()).unwrap();
        let ended = Some((flow.last, EndReason::Idle));
        let before = flow.record(Duration::ZERO, false, ended, false);
        assert_eq!((before.role, before.started), (ConnectionRole::Unknown, None));
        assert_eq!(before.bound, Some(BeginBound::NoLaterThan(flow.first)));
        assert_eq!((before.bytes_sent, before.bytes_received), (None, None));
        assert_eq!(before.process.map(|(_, source)| source), Some(OwnerSource::Held));
        // Nothing had gone over it for so long that it is a new one, but for a connected socket.
        let later = Flow { first: Duration::from_secs(60), last: Duration::from_secs(61), ..flow };
        let new = later.record(Duration::ZERO, false, ended, false);
        assert_eq!((new.role, new.started), (ConnectionRole::Passive, Some(Duration::from_secs(60))));
        assert_eq!((new.bytes_sent, new.bytes_received), (Some(30), Some(500)));
        let connected = Flow { is_connected: true, ..later };
        assert_eq!(connected.record(Duration::ZERO, false, ended, false).started, None);
    }

    #[test]
    fn whether_datagrams_are_told_is_read_in_the_types() {
        use crate::linux::fake::Fake;
        let types = |names: &[u8]| are_told(&Fake::new().file(TYPES, names));
        assert!(types(b"\0int\0btf_trace_sock_send_length\0x\0").unwrap());
        assert!(!types(b"\0int\0btf_trace_sock_send_lengths\0x\0").unwrap());
        are_told(&Fake::new()).unwrap_err();
    }

    #[test]
    fn control_groups_are_found_by_their_kind() {
        let mounts =
            b"cgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
        assert_eq!(decode_groups(mounts), Some("/sys/fs/cgroup/unified".into()));
        assert_eq!(decode_groups(b"cgroup2 /x\n\nnone"), None);
    }
}
