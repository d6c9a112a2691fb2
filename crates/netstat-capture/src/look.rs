//! A look at the sockets whose packets wait.

use crate::flow::{FlowKey, Place};
use crate::holder::Holder;
use netstat_engine::filter::Filter;
use netstat_engine::select::read_processes;
use netstat_model::query::{
    Fields, Kinds, Listing, OwnerSearch, Owners, ProcessFields, SocketQuery, States, Visit,
};
use netstat_model::{Error, IpEndpoint, ProcessKey, Socket, SocketRef, Transport, Warning};
use netstat_os::{Processes, Sockets};
use rustc_hash::FxHashSet;

/// The sockets to look at.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// Connections of TCP, by their ends.
    connections: FxHashSet<(IpEndpoint, IpEndpoint)>,
    /// Sockets of UDP, by their ports.
    ports: FxHashSet<u16>,
    /// Whether every socket of UDP is wanted.
    every_datagram: bool,
}

impl Wanted {
    /// Wants nothing yet, or every socket of UDP.
    pub(crate) fn new(every_datagram: bool) -> Self {
        Self { every_datagram, ..Self::default() }
    }

    /// Adds the socket at one end of a flow.
    pub(crate) fn add(&mut self, key: &FlowKey, place: Place) {
        let (local, remote) = key.seen_from(place);
        match key.transport {
            Transport::Tcp => {
                self.connections.insert((local, remote));
            }
            Transport::Udp => {
                self.ports.insert(local.port);
            }
        }
    }

    fn has(&self, socket: &SocketRef<'_>) -> bool {
        let Some(ip) = socket.ip() else { return false };
        match (ip.protocol, ip.remote) {
            (Transport::Udp, _) => self.every_datagram || self.ports.contains(&ip.local.port),
            (Transport::Tcp, Some(remote)) => self.connections.contains(&(ip.local, remote)),
            (Transport::Tcp, None) => false,
        }
    }
}

/// Looks at sockets, and at the processes that hold them.
pub(crate) fn look(
    system: &(impl Sockets + Processes),
    filter: Option<&Filter>,
    wanted: &Wanted,
    owners: Owners,
) -> Result<(Vec<Holder>, Vec<Warning>), Error> {
    let needs = filter.map(Filter::needs).unwrap_or_default();
    let query = SocketQuery {
        fields: needs.fields | Fields::COMMON,
        tcp: needs.tcp,
        ..SocketQuery::new(Kinds::TCP_UDP, States::CONNECTIONS)
    };
    let listing = Listing { query: &query, owners: OwnerSearch::Some(owners), may_restart: true };
    let answer = system.sockets(&listing, &mut |socket| {
        if wanted.has(socket) { Visit::KeepWithOwners } else { Visit::Skip }
    })?;
    let mut warnings = answer.warnings;
    let sockets: Vec<Socket> = answer.data.0.iter().map(|socket| socket.to_socket()).collect();
    let mut holders: Vec<ProcessKey> = sockets.iter().flat_map(owners_of).collect();
    holders.sort_unstable();
    holders.dedup();
    let fields = needs.processes | ProcessFields::NAME | ProcessFields::UNIT | ProcessFields::CONTAINER;
    let processes = read_processes(system, &holders, fields, &mut warnings);
    let found = sockets.into_iter().map(|socket| {
        let processes = owners_of(&socket).filter_map(|process| processes.get(&process).cloned()).collect();
        Holder { socket, processes, sharing: 1 }
    });
    Ok((found.collect(), warnings))
}

fn owners_of(socket: &Socket) -> impl Iterator<Item = ProcessKey> + '_ {
    socket.ownership.owners().iter().map(|owner| owner.process)
}
