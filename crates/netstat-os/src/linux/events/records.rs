//! Decodes what the programs of the recorder write: the records of `bpf/recorder.h`.

use super::ending::{self, Ending};
use netstat_model::history::{BeginBound, ConnectionRecord, ConnectionRole, OwnerSource, ProcessInstance};
use netstat_model::{IpEndpoint, Namespace, ProcessKey, Transport};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

/// Kinds of records.
const OPENED: u8 = 1;
const ENDED: u8 = 2;
const OWNER: u8 = 3;
const PROCESS: u8 = 4;
const HALF: u8 = 5;

/// `enum end_flags`.
const HAD_NO_PROCESS: u8 = 1;
const SEEN_LATE: u8 = 2;
const OWNER_MAY_FOLLOW: u8 = 4;
const GOT_FIN: u8 = 8;
const IS_V6_ONLY: u8 = 16;

/// `enum process_flags`.
const PATH_IS_CUT: u8 = 1;
const CGROUP_IS_CUT: u8 = 2;
const PATH_IS_DELETED: u8 = 4;

/// Bytes of a record without addresses, and of one without text.
const END_HEAD: usize = 112;
const PROCESS_HEAD: usize = 56;

/// Nanoseconds of a clock tick, in which `/proc` tells when a process started.
const TICK: u64 = 10_000_000;

/// One record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Record {
    /// A connection or listener has opened.
    Opened(Box<ConnectionRecord>),
    /// One has ended.
    Ended {
        record: Box<ConnectionRecord>,
        /// Whether a [`Record::Owner`] may tell the owner later.
        owner_may_follow: bool,
    },
    /// Who held the socket of this cookie, which has ended before; nobody if the kernel itself let go of it.
    Owner { cookie: u64, owner: Option<(ProcessInstance, OwnerSource)>, uid: Option<u32> },
    /// A process.
    Process(Box<RawProcess>),
    /// The first FIN of the connection with this cookie: when, and whether the local end sent it.
    Half { cookie: u64, at: Duration, is_local: bool },
}

/// A process as the kernel knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RawProcess {
    pub(super) instance: ProcessInstance,
    /// The process ID of its parent; 0 where it is not visible.
    pub(super) parent: u32,
    /// Effective user ID.
    pub(super) uid: u32,
    pub(super) comm: Vec<u8>,
    /// The path of its executable, as far as it is whole; and whether the file was deleted.
    pub(super) path: Option<(Vec<u8>, bool)>,
    /// The name of the file that it runs, which is known of a path that is cut as well.
    pub(super) file: Option<Vec<u8>>,
    /// The path of its control group in the unified hierarchy.
    pub(super) cgroup: Option<Vec<u8>>,
    /// The first bytes of its arguments, each ended by a NUL; empty where they could not be read.
    pub(super) arguments: Vec<u8>,
}

/// Reads numbers from the start of bytes on, each at a place.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    fn short(&self, at: usize) -> Option<u16> {
        self.0.get(at..)?.first_chunk().map(|bytes| u16::from_ne_bytes(*bytes))
    }

    fn word(&self, at: usize) -> Option<u32> {
        self.0.get(at..)?.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
    }

    fn long(&self, at: usize) -> Option<u64> {
        self.0.get(at..)?.first_chunk().map(|bytes| u64::from_ne_bytes(*bytes))
    }
}

/// What the clocks of the recorder's time namespace add to those of the machine, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ClockOffset(pub(super) i64);

impl ClockOffset {
    /// Decodes `/proc/self/timens_offsets`: a clock, seconds and nanoseconds in each line.
    pub(super) fn decode(bytes: &[u8]) -> Self {
        let line = std::str::from_utf8(bytes)
            .ok()
            .and_then(|text| text.lines().find_map(|line| line.strip_prefix("boottime")));
        let nanoseconds = line.and_then(|line| {
            let mut numbers = line.split_ascii_whitespace().map(str::parse::<i64>);
            let (seconds, nanoseconds) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
            seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
        });
        Self(nanoseconds.unwrap_or(0))
    }

    /// Returns a moment since boot as the recorder sees it.
    pub(super) fn moment(self, nanoseconds: u64) -> Duration {
        Duration::from_nanos(nanoseconds.saturating_add_signed(self.0))
    }

    /// The same, `None` for one that is not known.
    fn known(self, nanoseconds: u64) -> Option<Duration> {
        (nanoseconds != 0).then(|| self.moment(nanoseconds))
    }

    /// Returns the start of a process, as field 22 of `/proc/PID/stat` has it.
    pub(super) fn start_time(self, nanoseconds: u64) -> u64 {
        nanoseconds.saturating_add_signed(self.0) / TICK
    }
}

/// Decodes a record; `None` when it makes no sense.
pub(super) fn decode_record(bytes: &[u8], offset: ClockOffset) -> Option<Record> {
    match *bytes.first()? {
        kind @ (OPENED | ENDED | OWNER) => decode_end(kind, bytes, offset),
        PROCESS => decode_process(bytes, offset).map(Box::new).map(Record::Process),
        HALF => {
            let fields = Fields(bytes);
            let is_local = match fields.byte(1)? {
                1 => true,
                2 => false,
                _ => return None,
            };
            Some(Record::Half { cookie: fields.long(8)?, at: offset.moment(fields.long(16)?), is_local })
        }
        _ => None,
    }
}

fn decode_end(kind: u8, bytes: &[u8], offset: ClockOffset) -> Option<Record> {
    let fields = Fields(bytes);
    let role = match fields.byte(1)? {
        1 => ConnectionRole::Active,
        2 => ConnectionRole::Passive,
        3 => ConnectionRole::Listener,
        _ => ConnectionRole::Unknown,
    };
    let source = match fields.byte(2)? {
        1 => Some(OwnerSource::Made),
        2 => Some(OwnerSource::Closed),
        _ => None,
    };
    let first_fin = fields.byte(3)?;
    let (old_state, family, flags) = (fields.byte(4)?, fields.byte(5)?, fields.byte(6)?);
    let cookie = fields.long(8)?;
    let established = fields.long(24)?;
    let at = fields.long(40)?;
    let owner = source.and_then(|source| {
        let process = ProcessKey {
            pid: fields.word(56).filter(|pid| *pid != 0)?,
            start_time: offset.start_time(fields.long(48)?),
        };
        Some((ProcessInstance { process, executions: run(fields.word(60)?, fields.short(110)?) }, source))
    });
    let uid = fields.word(64).filter(|_| owner.is_some());
    if kind == OWNER {
        return Some(Record::Owner { cookie, owner, uid });
    }
    let (error, local_port, remote_port) = (fields.short(104)?, fields.short(106)?, fields.short(108)?);
    let interface = fields.word(100)?;
    let (local, remote) = decode_addresses(family, bytes.get(END_HEAD..)?)?;
    let has_ended = kind == ENDED;
    let ending = Ending {
        role,
        old_state,
        error,
        has_port: local_port != 0,
        had_no_process: flags & HAD_NO_PROCESS != 0,
        was_seen: flags & SEEN_LATE == 0,
    };
    // The kernel counts a SYN or FIN as a byte. The SYN of a passive end is acknowledged before there is a socket.
    let was_established = established != 0;
    let syn = u64::from(role == ConnectionRole::Active && was_established);
    let fin = u64::from(has_ended && ending.was_fin_acknowledged());
    let got_fin = u64::from(flags & GOT_FIN != 0);
    let has_stream = role != ConnectionRole::Listener;
    let record = Box::new(ConnectionRecord {
        cookie,
        namespace: fields.word(68).filter(|inode| *inode != 0).map(|inode| Namespace { inode: inode.into() }),
        transport: Transport::Tcp,
        role,
        local: IpEndpoint::new(local, local_port, interface),
        remote: has_stream.then(|| IpEndpoint::new(remote, remote_port, interface)),
        v6_only: (!has_stream && local.is_ipv6()).then_some(flags & IS_V6_ONLY != 0),
        started: offset.known(fields.long(16)?),
        bound: (!has_ended).then(|| BeginBound::NoLaterThan(offset.moment(at))),
        established: offset.known(established),
        first_fin: match first_fin {
            1 | 2 => offset.known(fields.long(32)?).map(|at| (at, first_fin == 1)),
            _ => None,
        },
        ended: has_ended.then(|| (offset.moment(at), ending::reason(ending))),
        process: owner,
        uid,
        bytes_sent: fields.long(72).filter(|_| has_stream).map(|bytes| bytes.saturating_sub(syn + fin)),
        bytes_received: fields.long(80).filter(|_| has_stream).map(|bytes| bytes.saturating_sub(got_fin)),
        // Where nothing was measured the smoothed one is 0, and the smallest is all ones.
        rtt: fields.word(92).filter(|rtt| *rtt != 0 && has_stream),
        min_rtt: fields.word(96).filter(|rtt| *rtt != u32::MAX && *rtt != 0 && has_stream),
        retransmits: fields.word(88).filter(|_| has_stream),
    });
    Some(match has_ended {
        true => Record::Ended { record, owner_may_follow: flags & OWNER_MAY_FOLLOW != 0 },
        false => Record::Opened(record),
    })
}

/// Returns what tells a run of a process under one name from others.
pub(super) fn run(executions: u32, name: u16) -> u32 {
    executions & 0xffff | u32::from(name) << 16
}

/// Decodes the local and the remote address.
fn decode_addresses(family: u8, bytes: &[u8]) -> Option<(IpAddr, IpAddr)> {
    match i32::from(family) {
        libc::AF_INET => {
            let (local, rest) = bytes.split_first_chunk::<4>()?;
            Some((Ipv4Addr::from(*local).into(), Ipv4Addr::from(*rest.first_chunk::<4>()?).into()))
        }
        libc::AF_INET6 => {
            let (local, rest) = bytes.split_first_chunk::<16>()?;
            Some((Ipv6Addr::from(*local).into(), Ipv6Addr::from(*rest.first_chunk::<16>()?).into()))
        }
        _ => None,
    }
}

fn decode_process(bytes: &[u8], offset: ClockOffset) -> Option<RawProcess> {
    let fields = Fields(bytes);
    let flags = fields.byte(1)?;
    let (path, cgroup, arguments) = (fields.short(2)?, fields.short(4)?, fields.short(6)?);
    let text = bytes.get(PROCESS_HEAD..)?;
    let (path, text) = text.split_at_checked(path.into())?;
    let (cgroup, text) = text.split_at_checked(cgroup.into())?;
    let arguments = text.get(..arguments.into())?;
    let process = ProcessKey {
        pid: fields.word(24).filter(|pid| *pid != 0)?,
        start_time: offset.start_time(fields.long(8)?),
    };
    let comm = bytes.get(40..PROCESS_HEAD)?;
    let file = path.split(|byte| *byte == 0).next().filter(|file| !file.is_empty());
    // A kernel thread has no executable, and then no component either.
    let is_whole = flags & PATH_IS_CUT == 0 && file.is_some();
    Some(RawProcess {
        instance: ProcessInstance { process, executions: run(fields.word(32)?, fields.short(16)?) },
        parent: fields.word(28)?,
        uid: fields.word(36)?,
        comm: comm.split(|byte| *byte == 0).next().unwrap_or_default().to_vec(),
        path: is_whole.then(|| (forward(path), flags & PATH_IS_DELETED != 0)),
        file: file.map(<[u8]>::to_vec),
        cgroup: (flags & CGROUP_IS_CUT == 0).then(|| forward(cgroup)),
        arguments: arguments.to_vec(),
    })
}

/// Turns a path around that is told from its last component to its first, each ended by a NUL. The root has none.
fn forward(components: &[u8]) -> Vec<u8> {
    let components = components.strip_suffix(b"\0").unwrap_or(components);
    if components.is_empty() {
        return b"/".to_vec();
    }
    components.rsplit(|byte| *byte == 0).fold(Vec::new(), |mut path, component| {
        path.push(b'/');
        path.extend_from_slice(component);
        path
    })
}
