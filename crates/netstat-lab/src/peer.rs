//! The other end of the wire: a minimal TCP that does only what it is told and never sends an RST on its own, so that a
//! connection stays in the state it was brought to.

use crate::error::{Doing, LabError, Result};
use crate::segment::{Flags, Segment};
use rustix::event::{PollFd, PollFlags, Timespec};
use std::collections::HashMap;
use std::fs::File;
use std::io::{PipeWriter, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time limit for a condition to come true. Generous, because a test that passes never waits this long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Pause before a retransmission.
const REPEAT: Duration = Duration::from_millis(200);
/// TIME_WAIT lasts 60 seconds; each repeated FIN restarts them.
const REFRESH: Duration = Duration::from_secs(15);
/// Longest sleep of the thread, after which it checks whether a refresh is due.
const POLL: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };
const INITIAL_SEQUENCE: u32 = 0x1000_0000;

/// What the remote host does with data it receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// Acknowledges all data.
    Prompt,
    /// Loses one segment in this many, each once, and acknowledges the others.
    LosesOneIn(u32),
    /// Acknowledges no data.
    Silent,
}

/// Which segments the remote host answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Behavior {
    /// Answers a SYN with SYN-ACK.
    pub(crate) answers_syn: bool,
    /// Acknowledges a FIN.
    pub(crate) acknowledges_fin: bool,
    /// What happens to data.
    pub(crate) receiver: Receiver,
}

impl Behavior {
    /// Answers nothing.
    pub(crate) const SILENT: Self =
        Self { answers_syn: false, acknowledges_fin: false, receiver: Receiver::Prompt };
    /// Completes connections and accepts data.
    pub(crate) const CONNECTS: Self = Self { answers_syn: true, ..Self::SILENT };
}

/// The two ends of a connection, without scopes, seen from the remote host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Pair {
    /// The end of the remote host.
    pub(crate) theirs: SocketAddr,
    /// The end of the machine under test.
    pub(crate) ours: SocketAddr,
}

/// The remote host's state of one connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    /// The next sequence number it will send (SND.NXT).
    send_next: u32,
    /// The next sequence number it expects (RCV.NXT), which it has acknowledged up to.
    receive_next: u32,
    fin_sent: bool,
    keep_time_wait: bool,
    /// New data segments that arrived, those treated as lost included.
    data_segments: u32,
    /// The end of the latest of them.
    latest: u32,
    /// Data that arrived after a lost segment, as first sequence number and the one after the last.
    beyond: Vec<(u32, u32)>,
    /// A SYN-ACK for its SYN arrived.
    pub(crate) saw_syn_ack: bool,
    /// A SYN arrived.
    pub(crate) saw_syn: bool,
    /// A FIN arrived.
    pub(crate) saw_fin: bool,
    /// Its own FIN was acknowledged.
    pub(crate) fin_acknowledged: bool,
}

impl Connection {
    fn new(send_next: u32, receive_next: u32) -> Self {
        Self { send_next, receive_next, latest: receive_next, ..Self::default() }
    }

    /// Returns true if a data segment is to be treated as lost.
    fn loses(&mut self, receiver: Receiver, segment: &Segment) -> bool {
        let is_new = is_after(segment.end(), self.latest);
        if is_new {
            self.latest = segment.end();
            self.data_segments = self.data_segments.wrapping_add(1);
        }
        match receiver {
            Receiver::Prompt => false,
            Receiver::LosesOneIn(count) => is_new && self.data_segments.is_multiple_of(count),
            Receiver::Silent => true,
        }
    }

    /// Accepts data that begins at or before the next number, and stored data that follows it now.
    fn take(&mut self, begin: u32, end: u32) {
        self.beyond.push((begin, end));
        while let Some(at) = self.beyond.iter().position(|(begin, _)| !is_after(*begin, self.receive_next)) {
            let (_, end) = self.beyond.swap_remove(at);
            if is_after(end, self.receive_next) {
                self.receive_next = end;
            }
        }
    }
}

/// Returns true if a sequence number is after another, modulo 2^32.
fn is_after(one: u32, other: u32) -> bool {
    one != other && one.wrapping_sub(other) < 1 << 31
}

#[derive(Debug, Default)]
struct Memory {
    behavior: HashMap<u16, Behavior>,
    connections: HashMap<Pair, Connection>,
    next_port: u16,
    failure: Option<String>,
}

/// The state shared by the test and the thread of the remote host.
#[derive(Debug)]
pub(crate) struct Peer {
    tun: File,
    memory: Mutex<Memory>,
    changed: Condvar,
}

/// The running remote host; dropping it ends its thread and, with the last [`Peer`], the TUN device.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) peer: Arc<Peer>,
    wake: Option<PipeWriter>,
    thread: Option<JoinHandle<()>>,
}

/// Starts the thread that reads the device and answers.
pub(crate) fn start(tun: OwnedFd) -> Result<Running> {
    let memory = Mutex::new(Memory { next_port: 20_000, ..Memory::default() });
    let peer = Arc::new(Peer { tun: tun.into(), memory, changed: Condvar::new() });
    let (stop, wake) = std::io::pipe().doing(|| "make a pipe".into())?;
    let shared = Arc::clone(&peer);
    let thread = std::thread::Builder::new()
        .name("remote host".into())
        .spawn(move || shared.run(&stop))
        .doing(|| "start the remote host".into())?;
    Ok(Running { peer, wake: Some(wake), thread: Some(thread) })
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.wake.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Peer {
    fn run(&self, stop: &impl AsFd) {
        let mut packet = [0_u8; 2048];
        let mut refreshed = Instant::now();
        loop {
            if refreshed.elapsed() >= REFRESH {
                self.refresh_time_wait();
                refreshed = Instant::now();
            }
            let mut waits = [
                PollFd::new(&self.tun, PollFlags::IN),
                PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN),
            ];
            match rustix::event::poll(&mut waits, Some(&POLL)) {
                Ok(0) => {}
                Ok(_) if waits.get(1).is_some_and(|wait| !wait.revents().is_empty()) => return,
                Ok(_) => match (&self.tun).read(&mut packet) {
                    Ok(length) => {
                        if let Some(segment) = packet.get(..length).and_then(Segment::decode) {
                            self.receive(&segment);
                        }
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                    Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                    Err(error) => return self.give_up(&format!("cannot read the TUN device: {error}")),
                },
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return self.give_up(&format!("cannot poll the TUN device: {error}")),
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Every change is complete before anything can panic, so a poisoned lock guards good data.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_up(&self, why: &str) {
        self.memory().failure.get_or_insert_with(|| why.to_owned());
        self.changed.notify_all();
    }

    /// The rules of this TCP.
    fn receive(&self, segment: &Segment) {
        let pair = Pair { theirs: segment.destination, ours: segment.source };
        let mut memory = self.memory();
        let Some(behavior) = memory.behavior.get(&pair.theirs.port()).copied() else { return };
        let connections = &mut memory.connections;
        if segment.flags.rst {
            connections.remove(&pair);
        } else if segment.flags.syn && !segment.flags.ack {
            let connection =
                connections.entry(pair).or_insert_with(|| Connection::new(INITIAL_SEQUENCE, segment.end()));
            connection.saw_syn = true;
            if behavior.answers_syn {
                let answer = Flags { syn: true, ack: true, ..Flags::default() };
                self.send(pair, INITIAL_SEQUENCE, segment.end(), answer);
                connection.send_next = INITIAL_SEQUENCE.wrapping_add(1);
            }
        } else if let Some(connection) = connections.get_mut(&pair) {
            if segment.data > 0 && connection.loses(behavior.receiver, segment) {
                return;
            }
            connection.saw_syn_ack |= segment.flags.syn;
            connection.saw_fin |= segment.flags.fin;
            connection.fin_acknowledged |=
                connection.fin_sent && segment.acknowledgment == connection.send_next;
            let is_news = segment.data > 0 || segment.flags.fin;
            if is_news {
                let mut end = segment.end();
                if segment.flags.fin && !behavior.acknowledges_fin {
                    end = end.wrapping_sub(1);
                }
                connection.take(segment.sequence, end);
            }
            // Duplicates are acknowledged too: a repeated FIN asks for its acknowledgment again.
            if is_news && (behavior.acknowledges_fin || segment.data > 0) {
                let answer = Flags { ack: true, ..Flags::default() };
                self.send(pair, connection.send_next, connection.receive_next, answer);
            }
        }
        drop(memory);
        self.changed.notify_all();
    }

    fn send(&self, pair: Pair, sequence: u32, acknowledgment: u32, flags: Flags) {
        let segment =
            Segment { source: pair.theirs, destination: pair.ours, sequence, acknowledgment, flags, data: 0 };
        // A packet that the device refuses is a lost packet, and whoever waits for its effect repeats it.
        if let Some(packet) = segment.encode() {
            let _ = (&self.tun).write(&packet);
        }
    }

    /// Allocates an unused port of the remote host with this behaviour.
    pub(crate) fn new_port(&self, behavior: Behavior) -> Result<u16> {
        let mut memory = self.memory();
        let port = memory.next_port;
        memory.next_port =
            port.checked_add(1).ok_or_else(|| LabError::failed("choose a remote port", "all are used"))?;
        memory.behavior.insert(port, behavior);
        Ok(port)
    }

    /// Sends a SYN: opens a connection to the machine under test, or answers a simultaneous open.
    pub(crate) fn send_syn(&self, pair: Pair) {
        let mut memory = self.memory();
        let connection = memory.connections.entry(pair).or_insert_with(|| Connection::new(0, 0));
        connection.send_next = INITIAL_SEQUENCE.wrapping_add(1);
        self.send(pair, INITIAL_SEQUENCE, 0, Flags { syn: true, ..Flags::default() });
    }

    /// Sends a SYN and forgets it, so that the SYN-ACK gets no answer.
    pub(crate) fn send_lone_syn(&self, theirs: SocketAddr, ours: SocketAddr) {
        self.send(Pair { theirs, ours }, INITIAL_SEQUENCE, 0, Flags { syn: true, ..Flags::default() });
    }

    /// Sets the behaviour of a port below those that [`Peer::new_port`] allocates.
    pub(crate) fn behave_at(&self, port: u16, behavior: Behavior) {
        self.memory().behavior.insert(port, behavior);
    }

    /// Sends a FIN, or the same FIN again.
    pub(crate) fn send_fin(&self, pair: Pair) {
        let mut memory = self.memory();
        let Some(connection) = memory.connections.get_mut(&pair) else { return };
        if !connection.fin_sent {
            connection.fin_sent = true;
            connection.send_next = connection.send_next.wrapping_add(1);
        }
        self.repeat_fin(pair, connection);
    }

    fn repeat_fin(&self, pair: Pair, connection: &Connection) {
        let flags = Flags { fin: true, ack: true, ..Flags::default() };
        self.send(pair, connection.send_next.wrapping_sub(1), connection.receive_next, flags);
    }

    /// Keeps the TIME_WAIT of the other side from expiring, from now on.
    pub(crate) fn keep_time_wait(&self, pair: Pair) {
        if let Some(connection) = self.memory().connections.get_mut(&pair) {
            connection.keep_time_wait = true;
        }
    }

    fn refresh_time_wait(&self) {
        for (pair, connection) in self.memory().connections.iter().filter(|(_, c)| c.keep_time_wait) {
            self.repeat_fin(*pair, connection);
        }
    }

    /// Ends a connection at once, with an RST, and forgets it.
    pub(crate) fn reset(&self, pair: Pair) {
        if let Some(connection) = self.memory().connections.remove(&pair) {
            let flags = Flags { rst: true, ack: true, ..Flags::default() };
            self.send(pair, connection.send_next, connection.receive_next, flags);
        }
    }

    /// Repeats `act` until `ready` holds for the connection, because a packet may be lost.
    pub(crate) fn until(
        &self,
        pair: Pair,
        what: &str,
        act: impl Fn(),
        ready: impl Fn(&Connection) -> bool,
    ) -> Result<()> {
        let start = Instant::now();
        loop {
            act();
            let memory = self.memory();
            let waiting = |memory: &mut Memory| {
                memory.failure.is_none() && !memory.connections.get(&pair).is_some_and(&ready)
            };
            let (memory, timeout) = self
                .changed
                .wait_timeout_while(memory, REPEAT, waiting)
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(failure) = &memory.failure {
                return Err(LabError::failed(format!("wait for {what}"), failure.clone()));
            }
            if !timeout.timed_out() {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                let seen = format!("still not after {PATIENCE:?}: {:?}", memory.connections.get(&pair));
                return Err(LabError::failed(format!("wait for {what} on {pair:?}"), seen));
            }
        }
    }
}
