//! [`Told`]: what events tell of connections, as lives of sockets.

use crate::boot::Boot;
use crate::flow::{FlowKey, Life, Place};
use crate::holder::{Holder, bare};
use netstat_model::history::{ConnectionRecord, ProcessInstance, ProcessRecord};
use netstat_model::{Namespace, NoOwner, Owner, Ownership, Process, SocketId, Transport};
use netstat_os::{Machine, described};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// The most processes that are remembered.
const MOST: usize = 1 << 16;

/// The processes that were told of, and what makes records of connections comparable with packets.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) boot: Boot,
    /// The network namespace whose packets these are.
    namespace: Option<Namespace>,
    processes: FxHashMap<ProcessInstance, Process>,
}

impl Told {
    pub(crate) fn new(machine: &impl Machine) -> Self {
        Self { boot: Boot::find(machine), namespace: machine.namespace(), processes: FxHashMap::default() }
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
        // Without a clock nothing can be compared.
        let started = match record.started {
            Some(started) => Some(self.boot.since_1970(started)?),
            None => None,
        };
        let life = Life {
            cookie: record.cookie,
            role: record.role,
            started,
            ended: record.ended.and_then(|(at, _)| self.boot.since_1970(at)),
            holder: Rc::new(Holder { socket, processes, sharing: 1 }),
        };
        let (key, place) = FlowKey::new(Transport::Tcp, record.local, remote);
        Some((key, place, life))
    }
}
