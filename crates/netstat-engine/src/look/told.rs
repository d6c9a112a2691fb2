//! [`Told`]: what the system itself tells of connections between two lists of all.

use netstat_model::history::{ConnectionEvent, ConnectionRecord, EndReason};
use netstat_model::query::Scope;
use netstat_model::{
    Family, IpEndpoint, Lifespan, Namespace, NoOwner, Owner, Ownership, Process, Socket, SocketId, TcpInfo,
    TcpState, Transport,
};
use netstat_os::{Destroyed, DestroyedSockets, described};
use rustc_hash::FxHashMap;
use std::net::IpAddr;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, SystemTime};

/// Where it comes from.
pub(super) enum Teller<'a> {
    Nobody,
    /// Sockets that the system destroys. Whose they were it does not say.
    Destroyed(Box<dyn DestroyedSockets + 'a>),
    /// Connections as they open and end, with their process.
    Events(Feed),
}

/// Events of every TCP connection that opens and ends, from whoever drains them: the buffer of the kernel does not wait for a look.
/// The first message, which may be empty, says that they are complete from now on; who has none drops the sender.
pub type Feed = Receiver<Vec<ConnectionEvent>>;

/// What was told since it was taken last.
#[derive(Default)]
pub(super) struct Told {
    /// Connections that have opened and not closed since, by cookie.
    pub(super) opened: FxHashMap<u64, Socket>,
    pub(super) closed: Vec<Socket>,
    pub(super) processes: Vec<Process>,
    /// How much nobody could be told of.
    pub(super) lost: u64,
}

impl Teller<'_> {
    pub(super) fn are_events(&self) -> bool {
        matches!(self, Self::Events(_))
    }

    /// Takes what was told, of one network namespace or of all. `boot` is when the system booted.
    pub(super) fn take(
        &mut self,
        (scope, own): (Scope, Option<Namespace>),
        boot: Option<SystemTime>,
        told: &mut Told,
    ) {
        match self {
            Self::Nobody => {}
            Self::Destroyed(sockets) => {
                let mut destroyed = Vec::new();
                // What could not be read is lost, however much it was.
                told.lost += sockets.take(&mut destroyed).unwrap_or(1);
                // One that was never bound was no connection.
                let was_one = |gone: &Destroyed| gone.local.port != 0 || gone.remote.is_some();
                told.closed.extend(destroyed.into_iter().filter(was_one).map(of_destroyed));
            }
            Self::Events(feed) => {
                let mut events = Vec::new();
                let is_over = loop {
                    match feed.try_recv() {
                        Ok(more) => events.extend(more),
                        Err(error) => break error == TryRecvError::Disconnected,
                    }
                };
                told.hear(events, (scope, own), boot);
                if is_over {
                    // The next list of all tells what it can.
                    told.lost += 1;
                    *self = Self::Nobody;
                }
            }
        }
    }
}

/// The most ends and opens that wait for a look that succeeds.
const MOST: usize = 200_000;

impl Told {
    /// Lets go of what is too much to keep, and counts it.
    pub(super) fn bound(&mut self) {
        if self.closed.len() + self.opened.len() + self.processes.len() > MOST {
            self.lost += (self.closed.len() + self.opened.len()) as u64;
            (self.closed, self.opened, self.processes) = Default::default();
        }
    }

    /// Takes events, of one network namespace or of all.
    pub(super) fn hear(
        &mut self,
        events: Vec<ConnectionEvent>,
        (scope, own): (Scope, Option<Namespace>),
        boot: Option<SystemTime>,
    ) {
        let is_here = |record: &ConnectionRecord| {
            scope == Scope::All || record.namespace.zip(own).is_none_or(|(its, own)| its == own)
        };
        for event in events {
            match event {
                ConnectionEvent::Process(record) => {
                    self.processes.push(described(record.instance.process, &record));
                }
                ConnectionEvent::Opened(record) if is_here(&record) => {
                    let socket = of_record(&record, boot);
                    self.opened.extend(socket.map(|socket| (record.cookie, socket)));
                }
                // That one was there no more is what a list says, and sooner.
                ConnectionEvent::Ended(record) if matches!(record.ended, Some((_, EndReason::Unseen))) => {}
                ConnectionEvent::Ended(record) if is_here(&record) => {
                    self.opened.remove(&record.cookie);
                    self.closed.extend(of_record(&record, boot));
                }
                ConnectionEvent::Gap(gap) => self.lost += gap.lost.unwrap_or(1),
                ConnectionEvent::Opened(_) | ConnectionEvent::Ended(_) | ConnectionEvent::HalfClosed(_) => {}
            }
        }
    }
}

fn family_of(local: IpEndpoint) -> Family {
    match local.address {
        IpAddr::V4(_) => Family::V4,
        IpAddr::V6(_) => Family::V6,
    }
}

/// Returns a connection as it is, or as it was at its end; `None` for what is known by no cookie.
fn of_record(record: &ConnectionRecord, boot: Option<SystemTime>) -> Option<Socket> {
    if record.cookie == 0 || record.transport != Transport::Tcp {
        return None;
    }
    let is_open = record.ended.is_none();
    let clock = |at: Duration| boot?.checked_add(at);
    let micros = |micros: Option<u32>| micros.map(|micros| Duration::from_micros(micros.into()));
    let state = match (is_open, record.remote, record.established) {
        (false, ..) => TcpState::Closed,
        (true, None, _) => TcpState::Listen,
        (true, Some(_), Some(_)) => TcpState::Established,
        (true, Some(_), None) => TcpState::SynSent,
    };
    Some(Socket {
        state: Some(state),
        id: SocketId { inode: None, cookie: Some(record.cookie) },
        uid: record.uid,
        namespace: record.namespace,
        v6_only: record.v6_only,
        ownership: match record.process {
            Some((instance, _)) => {
                let (parent, descriptor) = (None, None);
                Ownership::Held(vec![Owner { process: instance.process, parent, descriptor }])
            }
            None if is_open => Ownership::NotRead,
            None => Ownership::Unowned(NoOwner::Vanished),
        },
        tcp: Some(Box::new(TcpInfo {
            bytes_sent: record.bytes_sent,
            bytes_received: record.bytes_received,
            rtt: micros(record.rtt),
            min_rtt: micros(record.min_rtt),
            total_retransmits: record.retransmits,
            ..TcpInfo::default()
        })),
        lifespan: Some(Box::new(Lifespan {
            host: None,
            alike: 1,
            role: record.role,
            started: record.started.and_then(clock),
            started_before: None,
            started_after: None,
            established: record.established.and_then(clock),
            first_fin: record.first_fin.and_then(|(at, by_us)| Some((clock(at)?, by_us))),
            ended: record.ended.and_then(|(at, how)| Some((clock(at)?, how))),
            lasted: record.started.zip(record.ended).and_then(|(from, (until, _))| until.checked_sub(from)),
        })),
        ..Socket::new(Transport::Tcp, family_of(record.local), record.local, record.remote)
    })
}

/// Returns a socket as it was when the system destroyed it. Whose it was nobody knows by then.
fn of_destroyed(gone: Destroyed) -> Socket {
    let Destroyed { cookie, local, remote, bytes_sent, bytes_received, rtt, min_rtt, retransmits } = gone;
    let micros = |micros: Option<u32>| micros.map(|micros| Duration::from_micros(micros.into()));
    Socket {
        state: Some(TcpState::Closed),
        id: SocketId { inode: None, cookie: Some(cookie) },
        ownership: Ownership::Unowned(NoOwner::Vanished),
        tcp: Some(Box::new(TcpInfo {
            bytes_sent,
            bytes_received,
            rtt: micros(rtt),
            min_rtt: micros(min_rtt),
            total_retransmits: retransmits,
            ..TcpInfo::default()
        })),
        ..Socket::new(Transport::Tcp, family_of(local), local, remote)
    }
}
