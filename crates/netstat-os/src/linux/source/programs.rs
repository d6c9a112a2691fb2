//! The parts of the seam that stay open: BPF programs, and messages of the kernel that nobody asked for one by one.

use super::{Next, Recording, pack, unpack};
use crate::contract::{KeptIn, Pinned};
use crate::linux::bpf::Failure;
use crate::tape::Player;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How far a walk of the BPF program goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    /// Skips files that only processes in other network namespaces hold. For a socket it finds either all holders or
    /// none.
    Quick,
    /// Visits every descriptor, and tells of TCP and UDP sockets in the reader's network namespace.
    Full,
    /// Visits every descriptor, and tells of sockets of all families in all network namespaces.
    Everything,
    /// As [`Everything`](Self::Everything), with the inode of its network namespace in place of a socket's cookie, and
    /// without one for the descriptor of a namespace of any kind.
    Namespaces,
}

impl Walk {
    fn name(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Full => "",
            Self::Everything => "everything",
            Self::Namespaces => "namespaces",
        }
    }
}

/// The BPF program of [`super::bpf`], loaded until this is dropped.
pub(crate) trait OwnersProgram: Send {
    /// Passes on the records of all socket descriptors, piece by piece. After a failure the records are incomplete, and
    /// so are those of any later walk.
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure>;
}

/// What a BPF program lists that has no settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    /// The TCP sockets of all network namespaces.
    TcpEverywhere,
    /// Memberships of sockets in multicast groups, in the network namespace of the calling thread.
    Groups,
}

impl Rows {
    /// The question in a recording, where programs that have settings have those.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::TcpEverywhere => "everywhere 1",
            Self::Groups => "groups 1",
        }
    }
}

/// A BPF program of [`super::bpf`] that lists TCP sockets or something else, loaded until this is dropped.
pub(crate) trait RowProgram: Send + Sync {
    /// Passes on the rows, of the network namespace of the calling thread if those of one are listed, piece by piece, until `each` wants no more. After a
    /// failure they are incomplete.
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure>;
}

/// The BPF programs of [`super::bpf`] that record connections, running until this is dropped.
pub(crate) trait RecorderProgram: Send {
    /// Passes on the records since the last call, one at a time. The buffer keeps them until [`release`](Self::release).
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure>;

    /// Frees the room that the records taken have in the buffer.
    fn release(&mut self);

    /// Returns `struct all_counts` of `bpf/recorder.h`, then how often the kernel did not run each program, because it would
    /// have interrupted itself, in 8 bytes.
    fn counts(&mut self) -> Result<Vec<u8>, Failure>;

    /// A number that no other programs have had since boot; 0 where nothing of them can outlive this program.
    fn instance(&self) -> u32 {
        0
    }

    /// Up to where records were taken.
    fn place(&self) -> u64 {
        0
    }

    /// Whether these are the programs that were asked for, which an earlier recorder left behind.
    fn is_taken_over(&self) -> bool {
        false
    }

    /// Goes on with the records behind a place. Answers whether all of them are there.
    fn go_on_behind(&mut self, _place: u64) -> bool {
        false
    }

    /// Loads those that tell who sends datagrams of UDP to whom, for the control groups below a folder. A recording has none.
    fn flows(&self, _groups: &Path) -> Result<Box<dyn FlowsProgram>, Failure> {
        Err(Failure::NOT_RECORDED)
    }

    /// What of them outlives this program; see [`EventStream::pinned`](crate::contract::EventStream::pinned).
    fn pinned(&self) -> Pinned<'_> {
        None
    }
}

/// The BPF programs of [`super::bpf`] that tell who sends datagrams of UDP to whom, running until this is dropped.
pub(crate) trait FlowsProgram: Send {
    /// Passes on the records of processes since the last call, one at a time.
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure>;

    /// Passes on the cookie and `struct flow_socket` of `bpf/udp.h` of each socket that has flows.
    fn sockets(&mut self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Failure>;

    /// Passes on `struct flow_key` and `struct flow` of each flow.
    fn flows(&mut self, each: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), Failure>;

    /// Lets go of a flow. Returns what it was at last; `None` where it is not there.
    fn end_flow(&mut self, key: &[u8]) -> Result<Option<Vec<u8>>, Failure>;

    /// Lets go of a socket.
    fn end_socket(&mut self, key: &[u8]) -> Result<(), Failure>;

    /// Returns `struct flow_counts`, then how often the kernel did not run each program, in 8 bytes.
    fn counts(&mut self) -> Result<Vec<u8>, Failure>;
}

/// For whom programs are to outlive this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lasting<'a> {
    /// The history that they are for.
    pub(crate) kept_in: &'a KeptIn,
    /// The [`instance`](RecorderProgram::instance) of those that the history has records of.
    pub(crate) instance: Option<u32>,
}

/// Messages of sock_diag about TCP sockets that the kernel has destroyed (`SKNLGRP_INET_TCP_DESTROY` and its IPv6 sibling).
pub(crate) trait Closings: Send {
    /// Passes on the datagrams since the last call, without waiting for one. Returns whether the kernel had no room for some.
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> io::Result<bool>;

    /// The inode of the socket, by which `/proc/net/netlink` lists how many it had no room for.
    fn inode(&self) -> u64;
}

/// Packets as the kernel gives them, block by block.
pub(crate) trait PacketSource {
    /// Waits for a block, or until it has waited long enough.
    fn wait(&mut self, patience: Duration) -> io::Result<()>;

    /// Passes on the next block, if there is one, and returns whether there was.
    fn block(&mut self, each: &mut dyn FnMut(&[u8])) -> bool;

    /// Lets no further packet in.
    fn stop(&mut self) -> io::Result<()>;

    /// Reads what was counted since this was read last (`struct tpacket_stats_v3`).
    fn statistics(&mut self) -> io::Result<Vec<u8>>;

    /// When the machine booted, by the clock of packets, since 1970.
    fn boot(&self) -> Duration;

    /// How long a packet may be in a block that is not passed on yet.
    fn drained_after(&self) -> Duration;
}

/// How [`super::Source::owners_program`] and [`OwnersProgram::walk`] are recorded: the questions, and the parts of an answer.
const BPF_LOAD: &str = "bpf load";
const BPF_OWNERS: &str = "bpf owners";
const PIECE: u32 = 0;
const FAILURE: u32 = 1;

/// How [`super::Source::tcp_program`] and [`RowProgram::walk`] are recorded.
const BPF_LOAD_TCP: &str = "bpf tcp-load";
const BPF_TCP: &str = "bpf tcp";

/// How [`super::Source::recorder_program`] and the methods of [`RecorderProgram`] are recorded.
const BPF_RECORDER: &str = "bpf recorder";
const BPF_RECORDS: &str = "bpf records";
const BPF_COUNTS: &str = "bpf counts 2";

/// How [`super::Source::closings`] and [`Closings::take`] are recorded: the questions, and what stands for missing datagrams.
const CLOSINGS: &str = "closings";
const CLOSED: &str = "closed";
const OVERRUN: u32 = 2;

/// Records [`super::Source::owners_program`].
pub(super) fn record_owners(recording: &Recording) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
    let answer = recording.live.owners_program();
    note_failure(recording, BPF_LOAD, "", answer.as_ref().err());
    Ok(Box::new(RecordingOwners { live: answer?, recording }))
}

/// Records [`super::Source::tcp_program`] or its sibling, with their answer.
pub(super) fn record_tcp<'a>(
    recording: &'a Recording,
    question: &str,
    answer: Result<Arc<dyn RowProgram + 'a>, Failure>,
) -> Result<Arc<dyn RowProgram + 'a>, Failure> {
    note_failure(recording, BPF_LOAD_TCP, question, answer.as_ref().err());
    Ok(Arc::new(RecordingTcp { live: answer?, question: question.to_owned(), recording }))
}

/// Records [`super::Source::recorder_program`].
pub(super) fn record_recorder<'a>(
    recording: &'a Recording,
    pid_namespace: u32,
    lasting: Option<&Lasting<'_>>,
) -> Result<Box<dyn RecorderProgram + 'a>, Failure> {
    let answer = recording.live.recorder_program(pid_namespace, lasting);
    note_failure(recording, BPF_RECORDER, "", answer.as_ref().err());
    Ok(Box::new(RecordingRecorder { live: answer?, recording }))
}

/// Records [`super::Source::closings`].
pub(super) fn record_closings(recording: &Recording) -> io::Result<Box<dyn Closings + '_>> {
    let answer = recording.live.closings();
    let inode = answer.as_ref().map_or(0, |closings| closings.inode()).to_le_bytes();
    recording.note(CLOSINGS, "", &answer, &inode);
    Ok(Box::new(RecordingClosings { live: answer?, recording }))
}

fn note_failure(recording: &Recording, question: &str, on: &str, failure: Option<&Failure>) {
    let mut packed = Vec::new();
    if let Some(failure) = failure {
        pack(&mut packed, FAILURE, &failure.to_bytes());
    }
    recording.note(question, on, &Ok(()), &packed);
}

struct RecordingRecorder<'a> {
    live: Box<dyn RecorderProgram + 'a>,
    recording: &'a Recording,
}

impl RecorderProgram for RecordingRecorder<'_> {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let mut packed = Vec::new();
        let answer = self.live.take(&mut |record| {
            pack(&mut packed, PIECE, record);
            each(record);
        });
        if let Err(failure) = answer {
            pack(&mut packed, FAILURE, &failure.to_bytes());
        }
        self.recording.note(BPF_RECORDS, "", &Ok(()), &packed);
        answer
    }

    fn release(&mut self) {
        self.live.release();
    }

    fn counts(&mut self) -> Result<Vec<u8>, Failure> {
        let answer = self.live.counts();
        let mut packed = Vec::new();
        match &answer {
            Ok(bytes) => pack(&mut packed, PIECE, bytes),
            Err(failure) => pack(&mut packed, FAILURE, &failure.to_bytes()),
        }
        self.recording.note(BPF_COUNTS, "", &Ok(()), &packed);
        answer
    }

    fn instance(&self) -> u32 {
        self.live.instance()
    }

    fn place(&self) -> u64 {
        self.live.place()
    }

    fn is_taken_over(&self) -> bool {
        self.live.is_taken_over()
    }

    fn go_on_behind(&mut self, place: u64) -> bool {
        self.live.go_on_behind(place)
    }

    fn pinned(&self) -> Pinned<'_> {
        self.live.pinned()
    }
}

struct RecordingOwners<'a> {
    live: Box<dyn OwnersProgram + 'a>,
    recording: &'a Recording,
}

impl OwnersProgram for RecordingOwners<'_> {
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        let mut packed = Vec::new();
        let answer = self.live.walk(walk, &mut |piece| {
            pack(&mut packed, PIECE, piece);
            each(piece);
        });
        if let Err(failure) = answer {
            pack(&mut packed, FAILURE, &failure.to_bytes());
        }
        self.recording.note(BPF_OWNERS, walk.name(), &Ok(()), &packed);
        answer
    }
}

struct RecordingTcp<'a> {
    live: Arc<dyn RowProgram + 'a>,
    question: String,
    recording: &'a Recording,
}

impl RowProgram for RecordingTcp<'_> {
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure> {
        let mut packed = Vec::new();
        let answer = self.live.walk(&mut |piece| {
            pack(&mut packed, PIECE, piece);
            each(piece)
        });
        if let Err(failure) = answer {
            pack(&mut packed, FAILURE, &failure.to_bytes());
        }
        self.recording.note(BPF_TCP, &self.question, &Ok(()), &packed);
        answer
    }
}

struct RecordingClosings<'a> {
    live: Box<dyn Closings + 'a>,
    recording: &'a Recording,
}

impl Closings for RecordingClosings<'_> {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let mut packed = Vec::new();
        let answer = self.live.take(&mut |datagram| {
            pack(&mut packed, PIECE, datagram);
            each(datagram);
        });
        if let Ok(true) = answer {
            pack(&mut packed, OVERRUN, &[]);
        }
        self.recording.note(CLOSED, "", &answer, &packed);
        answer
    }

    fn inode(&self) -> u64 {
        self.live.inode()
    }
}

/// Replays [`super::Source::owners_program`].
pub(super) fn play_owners(player: &Player) -> Result<Box<dyn OwnersProgram + '_>, Failure> {
    played(player, BPF_LOAD, "", &mut |_| Next::More)?;
    Ok(Box::new(PlayedOwners(player)))
}

/// Replays [`super::Source::tcp_program`] or its sibling.
pub(super) fn play_tcp<'a>(player: &'a Player, question: &str) -> Result<Arc<dyn RowProgram + 'a>, Failure> {
    played(player, BPF_LOAD_TCP, question, &mut |_| Next::More)?;
    Ok(Arc::new(PlayedTcp { player, question: question.to_owned() }))
}

/// Replays [`super::Source::recorder_program`].
pub(super) fn play_recorder(player: &Player) -> Result<Box<dyn RecorderProgram + '_>, Failure> {
    played(player, BPF_RECORDER, "", &mut |_| Next::More)?;
    Ok(Box::new(PlayedRecorder(player)))
}

/// Replays [`super::Source::closings`].
pub(super) fn play_closings(player: &Player) -> io::Result<Box<dyn Closings + '_>> {
    let inode = player.answer(CLOSINGS, "")?.first_chunk().ok_or(io::ErrorKind::InvalidData)?;
    Ok(Box::new(PlayedClosings { player, inode: u64::from_le_bytes(*inode) }))
}

struct PlayedRecorder<'a>(&'a Player);

impl RecorderProgram for PlayedRecorder<'_> {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        played(self.0, BPF_RECORDS, "", &mut more(each))
    }

    fn release(&mut self) {}

    fn counts(&mut self) -> Result<Vec<u8>, Failure> {
        let mut counts = Vec::new();
        played(self.0, BPF_COUNTS, "", &mut more(&mut |bytes| counts = bytes.to_vec()))?;
        Ok(counts)
    }
}

/// Replays the answer to a question about BPF.
fn played(
    player: &Player,
    question: &str,
    on: &str,
    each: &mut dyn FnMut(&[u8]) -> Next,
) -> Result<(), Failure> {
    let packed = player.answer(question, on).map_err(|_| Failure::NOT_RECORDED)?;
    let mut failure = None;
    let whole = unpack(packed, |kind, bytes| {
        if kind == PIECE {
            return each(bytes);
        }
        failure = Some(Failure::from_bytes(bytes).unwrap_or(Failure::NOT_RECORDED));
        Next::More
    });
    failure.or(whole.is_err().then_some(Failure::NOT_RECORDED)).map_or(Ok(()), Err)
}

/// Returns a function that always wants more.
fn more<'a>(each: &'a mut dyn FnMut(&[u8])) -> impl FnMut(&[u8]) -> Next + 'a {
    |piece| {
        each(piece);
        Next::More
    }
}

struct PlayedTcp<'a> {
    player: &'a Player,
    question: String,
}

impl RowProgram for PlayedTcp<'_> {
    fn walk(&self, each: &mut dyn FnMut(&[u8]) -> Next) -> Result<(), Failure> {
        played(self.player, BPF_TCP, &self.question, each)
    }
}

struct PlayedOwners<'a>(&'a Player);

impl OwnersProgram for PlayedOwners<'_> {
    fn walk(&self, walk: Walk, each: &mut dyn FnMut(&[u8])) -> Result<(), Failure> {
        played(self.0, BPF_OWNERS, walk.name(), &mut more(each))
    }
}

struct PlayedClosings<'a> {
    player: &'a Player,
    inode: u64,
}

impl Closings for PlayedClosings<'_> {
    fn take(&mut self, each: &mut dyn FnMut(&[u8])) -> io::Result<bool> {
        let mut overrun = false;
        unpack(self.player.answer(CLOSED, "")?, |kind, datagram| {
            match kind {
                PIECE => each(datagram),
                _ => overrun = true,
            }
            Next::More
        })?;
        Ok(overrun)
    }

    fn inode(&self) -> u64 {
        self.inode
    }
}
