//! The seam: every byte from the kernel comes through [`Source`], so that it can be recorded and replayed. Nothing here
//! interprets the bytes.

mod programs;
mod times;
mod types;

use super::bpf::{Failure, TcpSettings};
use crate::contract::{Ending, PacketTest};
use crate::tape::{Player, Recorder, hex};
pub(crate) use programs::{
    Closings, FlowsProgram, Lasting, OwnersProgram, PacketSource, RecorderProgram, RowProgram, Rows, Walk,
};
use std::io;
use std::sync::Arc;
use std::time::Duration;
pub(super) use times::{pack_time, unpack_time};
pub(super) use types::{TYPES, have_name, knows_bound};

/// A netlink protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Netlink {
    /// `NETLINK_SOCK_DIAG`.
    SockDiag,
    /// `NETLINK_ROUTE`.
    Route,
    /// `NETLINK_RDMA`.
    Rdma,
    /// `NETLINK_NETFILTER`.
    Netfilter,
}

impl Netlink {
    fn name(self) -> &'static str {
        match self {
            Self::SockDiag => "netlink sock_diag",
            Self::Route => "netlink route",
            Self::Rdma => "netlink rdma",
            Self::Netfilter => "netlink netfilter",
        }
    }
}

/// Whether to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// There is more to come.
    More,
    /// The answer is complete.
    Done,
}

/// What a network namespace answers: its netlink sockets, and the files below `/proc/net` and `/proc/sys/net`.
pub(crate) trait NetworkSource: Sync {
    /// Sends one netlink request and passes each datagram of the answer to `each` until that is done.
    ///
    /// # Errors
    /// Those of the socket calls, such as `ENOBUFS` when the receive buffer overflowed. An `NLMSG_ERROR` is passed on as
    /// bytes.
    fn netlink(
        &self,
        netlink: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()>;

    /// Reads a whole file into `into`, replacing its contents.
    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()>;
}

/// Where the bytes come from: the running kernel ([`Live`](super::live::Live)) or a recording. Threads share it, but no
/// two of them ask the same question at the same time: a recording returns answers in the order of the questions.
pub(crate) trait Source: NetworkSource {
    /// Enters another network namespace, which the file at `path` leads to. What is asked of the answer is asked there, by
    /// threads of their own that end at once; the calling thread stays where it is.
    ///
    /// # Errors
    /// `ESRCH` where the path leads to another namespace than the one with this inode by now; `EPERM` without
    /// `CAP_SYS_ADMIN` in both user namespaces. A source without namespaces fails.
    fn enter(&self, _path: &str, _inode: u64) -> io::Result<Box<dyn NetworkSource + '_>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads a file that may hold secrets, such as network passwords. Only what `keep` leaves of it is returned and
    /// recorded.
    fn read_kept(&self, path: &str, keep: &dyn Fn(&[u8]) -> Vec<u8>, into: &mut Vec<u8>) -> io::Result<()> {
        self.read(path, into)?;
        *into = keep(into);
        Ok(())
    }

    /// Returns the target of a symbolic link.
    fn read_link(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Lists the names in a directory, without `.` and `..`.
    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()>;

    /// Opens a process. The handle stays with that process: once it has ended, reading fails with `ESRCH`, even if its ID
    /// is in use again.
    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>>;

    /// Reads the clock: the time since 1970. A source without a clock fails.
    fn since_1970(&self) -> io::Result<Duration> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Reads a table of iptables-legacy: `struct ipt_getinfo` or `struct ip6t_getinfo`, and the entries. Creates the table
    /// if it does not exist. A source without such tables fails.
    fn iptables(&self, _v6: bool, _table: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Loads the BPF program of [`super::bpf`], which takes milliseconds. A source without such a program fails as if it
    /// were not permitted.
    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        Err(Failure::NOT_RECORDED)
    }

    /// Loads the BPF program of [`super::bpf`] that lists TCP sockets, or returns the one that is loaded already. A source
    /// without it fails as if it were not permitted.
    fn tcp_program(&self, _settings: TcpSettings) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        Err(Failure::NOT_RECORDED)
    }

    /// Loads another BPF program of [`super::bpf`] that lists something, or returns the one that is loaded already. A source
    /// without it fails as if it were not permitted.
    fn row_program(&self, _rows: Rows) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        Err(Failure::NOT_RECORDED)
    }

    /// Loads the BPF programs of [`super::bpf`] that record connections, and attaches them. `pid_namespace` is the inode of
    /// the PID namespace whose numbers are wanted, or 0 for that which the machine booted with. With a history they are to go
    /// on when this program is killed, and those are used that did. A source without such programs fails as if they were not
    /// permitted.
    fn recorder_program(
        &self,
        _pid_namespace: u32,
        _lasting: Option<&Lasting<'_>>,
    ) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
        Err(Failure::NOT_RECORDED)
    }

    /// Opens a socket for the packets of every interface that a program lets pass. A recording has none: they would be most
    /// of it.
    fn packets(&self, _program: &[PacketTest]) -> io::Result<Box<dyn PacketSource + '_>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a recording has no packets"))
    }

    /// Returns whether the kernel lists sockets that are bound and neither listen nor are connected.
    fn lists_bound(&self) -> io::Result<bool> {
        knows_bound(self)
    }

    /// Begins to listen to what the kernel says of each TCP socket of this network namespace that it destroys. A source
    /// without that fails.
    fn closings(&self) -> io::Result<Box<dyn Closings + '_>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// One process of `/proc`, held open.
pub(crate) trait ProcessSource {
    /// Reads a file of the process into `into`, replacing its contents.
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()>;

    /// Returns the target of a symbolic link of the process.
    fn read_link(&self, name: &str) -> io::Result<Vec<u8>>;

    /// Passes on the entries of a directory of links until `each` is done: the name of each as a number, and its target. Skips
    /// other names, and links that vanish in the meantime. Any other error ends the listing, which is then incomplete: a directory that may be
    /// listed can hold links that may not be read (`CAP_DAC_READ_SEARCH` without `CAP_SYS_PTRACE`).
    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8]) -> Next) -> io::Result<()>;

    /// Lists the names in a directory of the process that are numbers.
    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()>;

    /// Identifies the file that a path of the process leads to, following links.
    fn file_id(&self, name: &str) -> io::Result<FileId>;

    /// Tells the process to end, or makes it end. Fails with `ESRCH` once it has, whoever has its ID. Nothing but the running
    /// kernel can do that.
    fn end(&self, _how: Ending) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// How [`Source::iptables`] is recorded.
fn iptables_question(v6: bool) -> &'static str {
    if v6 { "ip6tables" } else { "iptables" }
}

/// How [`Source::since_1970`] is recorded.
const CLOCK: &str = "clock";

/// Identifies a file among all that exist at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    /// `st_dev`.
    pub(crate) device: u64,
    /// `st_ino`.
    pub(crate) inode: u64,
}

impl FileId {
    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.device) << 64 | u128::from(self.inode)).to_le_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> io::Result<Self> {
        let (inode, rest) = bytes.split_first_chunk().ok_or(io::ErrorKind::InvalidData)?;
        let (device, _) = rest.split_first_chunk().ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { device: u64::from_le_bytes(*device), inode: u64::from_le_bytes(*inode) })
    }
}

/// How [`Source::enter`] is recorded, and what is asked in there.
const ENTER: &str = "enter";

fn asked_within(inode: u64, question: &str) -> String {
    format!("netns {inode} {question}")
}

/// Records every answer of another source.
pub(crate) struct Recording {
    live: Box<dyn Source + Send>,
    recorder: Arc<Recorder>,
}

impl Recording {
    pub(crate) fn new(live: impl Source + Send + 'static, recorder: Arc<Recorder>) -> Self {
        Self { live: Box::new(live), recorder }
    }

    #[cfg(test)]
    pub(crate) fn finish(&self) -> io::Result<()> {
        self.recorder.finish()
    }

    fn note<T>(&self, op: &str, on: &str, answer: &io::Result<T>, bytes: &[u8]) {
        self.recorder.add(op, on, answer.as_ref().map(|_| bytes));
    }
}

/// Appends a record: a number, the length, and the bytes. Both numbers are 32-bit little-endian.
fn pack(into: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    into.extend_from_slice(&number.to_le_bytes());
    into.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes());
    into.extend_from_slice(bytes);
}

/// Passes on the records that [`pack`] has written.
fn unpack(mut packed: &[u8], mut each: impl FnMut(u32, &[u8]) -> Next) -> io::Result<()> {
    while !packed.is_empty() {
        let record = packed.split_first_chunk::<4>().and_then(|(number, rest)| {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            let (bytes, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            Some((u32::from_le_bytes(*number), bytes, rest))
        });
        let Some((number, bytes, rest)) = record else {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "an answer in the recording is truncated",
            ));
        };
        if each(number, bytes) == Next::Done {
            return Ok(());
        }
        packed = rest;
    }
    Ok(())
}

impl NetworkSource for Recording {
    fn netlink(
        &self,
        netlink: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        let mut packed = Vec::new();
        let answer = self.live.netlink(netlink, request, &mut |datagram| {
            pack(&mut packed, 0, datagram);
            each(datagram)
        });
        self.note(netlink.name(), &hex(request), &answer, &packed);
        answer
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        let answer = self.live.read(path, into);
        self.note("read", path, &answer, into);
        answer
    }
}

impl Source for Recording {
    fn enter(&self, path: &str, inode: u64) -> io::Result<Box<dyn NetworkSource + '_>> {
        let answer = self.live.enter(path, inode);
        self.note(ENTER, &format!("{inode} {path}"), &answer, &[]);
        Ok(Box::new(RecordingWithin { inode, live: answer?, recording: self }))
    }

    fn read_kept(&self, path: &str, keep: &dyn Fn(&[u8]) -> Vec<u8>, into: &mut Vec<u8>) -> io::Result<()> {
        let answer = self.live.read_kept(path, keep, into);
        if answer.is_err() {
            into.clear();
        }
        self.note("read", path, &answer, into);
        answer
    }

    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        let answer = self.live.read_link(path);
        self.note("read_link", path, &answer, answer.as_deref().unwrap_or_default());
        answer
    }

    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let mut packed = Vec::new();
        let answer = self.live.names(path, &mut |name| {
            pack(&mut packed, 0, name);
            each(name);
        });
        self.note("names", path, &answer, &packed);
        answer
    }

    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        let answer = self.live.process(pid);
        self.note("process", &pid.to_string(), &answer, &[]);
        let live = answer?;
        Ok(Box::new(RecordingProcess { pid, live, recording: self }))
    }

    fn since_1970(&self) -> io::Result<Duration> {
        let answer = self.live.since_1970();
        self.note(CLOCK, "", &answer, &answer.as_ref().map_or_else(|_| Vec::new(), |time| pack_time(*time)));
        answer
    }

    fn iptables(&self, v6: bool, table: &str) -> io::Result<Vec<u8>> {
        let answer = self.live.iptables(v6, table);
        self.note(iptables_question(v6), table, &answer, answer.as_deref().unwrap_or_default());
        answer
    }

    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        programs::record_owners(self)
    }

    fn tcp_program(&self, settings: TcpSettings) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        programs::record_tcp(self, &hex(&settings.to_bytes(0)), self.live.tcp_program(settings))
    }

    fn row_program(&self, rows: Rows) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        programs::record_tcp(self, rows.name(), self.live.row_program(rows))
    }

    fn recorder_program(
        &self,
        pid_namespace: u32,
        lasting: Option<&Lasting<'_>>,
    ) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
        programs::record_recorder(self, pid_namespace, lasting)
    }

    fn closings(&self) -> io::Result<Box<dyn Closings + '_>> {
        programs::record_closings(self)
    }
}

struct RecordingWithin<'a> {
    inode: u64,
    live: Box<dyn NetworkSource + 'a>,
    recording: &'a Recording,
}

impl NetworkSource for RecordingWithin<'_> {
    fn netlink(
        &self,
        netlink: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        let mut packed = Vec::new();
        let answer = self.live.netlink(netlink, request, &mut |datagram| {
            pack(&mut packed, 0, datagram);
            each(datagram)
        });
        self.recording.note(&asked_within(self.inode, netlink.name()), &hex(request), &answer, &packed);
        answer
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        let answer = self.live.read(path, into);
        self.recording.note(&asked_within(self.inode, "read"), path, &answer, into);
        answer
    }
}

struct RecordingProcess<'a> {
    pid: u32,
    live: Box<dyn ProcessSource + 'a>,
    recording: &'a Recording,
}

impl RecordingProcess<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.pid)
    }
}

impl ProcessSource for RecordingProcess<'_> {
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()> {
        let answer = self.live.read(name, into);
        self.recording.note("process read", &self.path(name), &answer, into);
        answer
    }

    fn read_link(&self, name: &str) -> io::Result<Vec<u8>> {
        let answer = self.live.read_link(name);
        self.recording.note(
            "process read_link",
            &self.path(name),
            &answer,
            answer.as_deref().unwrap_or_default(),
        );
        answer
    }

    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8]) -> Next) -> io::Result<()> {
        let mut packed = Vec::new();
        let answer = self.live.links(directory, &mut |number, target| {
            pack(&mut packed, number, target);
            each(number, target)
        });
        self.recording.note("process links", &self.path(directory), &answer, &packed);
        answer
    }

    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        let mut packed = Vec::new();
        let answer = self.live.numbers(directory, &mut |number| {
            pack(&mut packed, number, &[]);
            each(number);
        });
        self.recording.note("process numbers", &self.path(directory), &answer, &packed);
        answer
    }

    fn file_id(&self, name: &str) -> io::Result<FileId> {
        let answer = self.live.file_id(name);
        let bytes = answer.as_ref().map(|id| id.to_bytes()).unwrap_or_default();
        self.recording.note("process file_id", &self.path(name), &answer, &bytes);
        answer
    }
}

impl NetworkSource for Player {
    fn netlink(
        &self,
        netlink: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        unpack(self.answer(netlink.name(), &hex(request))?, |_, datagram| each(datagram))
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        into.extend_from_slice(self.answer("read", path)?);
        Ok(())
    }
}

impl Source for Player {
    fn enter(&self, path: &str, inode: u64) -> io::Result<Box<dyn NetworkSource + '_>> {
        self.answer(ENTER, &format!("{inode} {path}"))?;
        Ok(Box::new(PlayedWithin { inode, player: self }))
    }

    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        self.answer("read_link", path).map(<[u8]>::to_vec)
    }

    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        unpack(self.answer("names", path)?, |_, name| {
            each(name);
            Next::More
        })
    }

    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        self.answer("process", &pid.to_string())?;
        Ok(Box::new(PlayedProcess { pid, player: self }))
    }

    fn since_1970(&self) -> io::Result<Duration> {
        unpack_time(self.answer(CLOCK, "")?)
    }

    fn iptables(&self, v6: bool, table: &str) -> io::Result<Vec<u8>> {
        self.answer(iptables_question(v6), table).map(<[u8]>::to_vec)
    }

    fn owners_program(&self) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
        programs::play_owners(self)
    }

    fn tcp_program(&self, settings: TcpSettings) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        programs::play_tcp(self, &hex(&settings.to_bytes(0)))
    }

    fn row_program(&self, rows: Rows) -> Result<Arc<dyn RowProgram + '_>, Failure> {
        programs::play_tcp(self, rows.name())
    }

    fn recorder_program(
        &self,
        _pid_namespace: u32,
        _lasting: Option<&Lasting<'_>>,
    ) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
        programs::play_recorder(self)
    }

    fn closings(&self) -> io::Result<Box<dyn Closings + '_>> {
        programs::play_closings(self)
    }
}

struct PlayedWithin<'a> {
    inode: u64,
    player: &'a Player,
}

impl NetworkSource for PlayedWithin<'_> {
    fn netlink(
        &self,
        netlink: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        let question = asked_within(self.inode, netlink.name());
        unpack(self.player.answer(&question, &hex(request))?, |_, datagram| each(datagram))
    }

    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        into.extend_from_slice(self.player.answer(&asked_within(self.inode, "read"), path)?);
        Ok(())
    }
}

struct PlayedProcess<'a> {
    pid: u32,
    player: &'a Player,
}

impl PlayedProcess<'_> {
    fn answer(&self, op: &str, name: &str) -> io::Result<&[u8]> {
        self.player.answer(op, &format!("{}/{name}", self.pid))
    }
}

impl ProcessSource for PlayedProcess<'_> {
    fn read(&self, name: &str, into: &mut Vec<u8>) -> io::Result<()> {
        into.clear();
        into.extend_from_slice(self.answer("process read", name)?);
        Ok(())
    }

    fn read_link(&self, name: &str) -> io::Result<Vec<u8>> {
        self.answer("process read_link", name).map(<[u8]>::to_vec)
    }

    fn links(&self, directory: &str, each: &mut dyn FnMut(u32, &[u8]) -> Next) -> io::Result<()> {
        unpack(self.answer("process links", directory)?, each)
    }

    fn numbers(&self, directory: &str, each: &mut dyn FnMut(u32)) -> io::Result<()> {
        unpack(self.answer("process numbers", directory)?, |number, _| {
            each(number);
            Next::More
        })
    }

    fn file_id(&self, name: &str) -> io::Result<FileId> {
        FileId::from_bytes(self.answer("process file_id", name)?)
    }
}
