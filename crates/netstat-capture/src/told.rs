//! [`Told`]: what events tell of connections, as lives of sockets.

use crate::flow::{FlowKey, Life, Place};
use crate::holder::{Holder, bare};
use netstat_model::history::{ConnectionRecord, ProcessInstance, ProcessRecord};
use netstat_model::{Namespace, NoOwner, Owner, Ownership, Process, SocketId, Transport};
use netstat_os::{Machine, described};
use rustc_hash::FxHashMap;
use std::rc::Rc;
use std::time::Duration;

/// The most processes that are remembered.
const MOST: usize = 1 << 16;

/// The processes that were told of, and what makes records of connections comparable with packets.
#[derive(Debug)]
pub(crate) struct Told {
    /// When the machine booted, since 1970: events are told by the time since then.
    pub(crate) boot: Duration,
    /// The network namespace whose packets these are.
    namespace: Option<Namespace>,
    processes: FxHashMap<ProcessInstance, Process>,
}

impl Told {
    pub(crate) fn new(machine: &impl Machine) -> Self {
        Self { boot: Duration::ZERO, namespace: machine.namespace(), processes: FxHashMap::default() }
    }

    /// Notes a process.
    pub(crate) fn process(&mut self, record: &ProcessRecord) {
        if self.processes.len() >= MOST {
            self.processes.clear();
        }
        self.processes.insert(record.instance, described(record.instance.process, record));
    }

    /// Returns the socket at one end of a connection; `None` for one of another network namespace, which may have connections
    /// between the same ends, and for what is no connection of TCP.
    pub(crate) fn life(&self, record: &ConnectionRecord) -> Option<(FlowKey, Place, Life)> {
        let remote = record.remote.filter(|_| record.transport == Transport::Tcp)?;
        if record.namespace.zip(self.namespace).is_some_and(|(its, own)| its != own) {
            return None;
        }
        let mut socket = bare(Transport::Tcp, record.local, remote);
        socket.uid = record.uid;
        socket.namespace = record.namespace;
        socket.id = SocketId { inode: None, cookie: (record.cookie != 0).then_some(record.cookie) };
        let mut processes = Vec::new();
        socket.ownership = match record.process {
            Some((instance, _)) => {
                processes.extend(self.processes.get(&instance).cloned());
                Ownership::Held(vec![Owner { process: instance.process, parent: None, descriptor: None }])
            }
            None if record.ended.is_some() => Ownership::Unowned(NoOwner::Vanished),
            None => Ownership::NotRead,
        };
        let life = Life {
            cookie: record.cookie,
            role: record.role,
            started: record.started.map(|at| self.boot + at),
            ended: record.ended.map(|(at, _)| self.boot + at),
            holder: Rc::new(Holder { socket, processes, sharing: 1 }),
        };
        let (key, place) = FlowKey::new(Transport::Tcp, record.local, remote);
        Some((key, place, life))
    }
}
