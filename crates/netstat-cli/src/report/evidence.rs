//! One look at the system for the checks: asks it for what they need, and keeps what the next look is compared with.

use super::Session;
use netstat_check::{
    Evidence, EvidenceNeeds, Firewalled, Input, JointNeeds, Lack, Marks, Moment, Surroundings, inbound,
    listening,
};
use netstat_engine::select::{OwnersOf, Selection, read_processes};
use netstat_model::error::words_of;
use netstat_model::query::{Fields, SocketQuery, States};
use netstat_model::{Answer, Error, Warning};
use netstat_model::{Inbound, Process, ProcessKey, Protocol, Socket, SocketKey, SocketRef, TcpState};
use netstat_os::{CounterSources, Machine, Restrictions};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// Whether a look leaves its sockets, or nothing but marks to compare the next one with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Marks,
    Whole,
}

/// Asks the system for evidence, look after look.
pub(super) struct EvidenceSource<'a> {
    session: &'a Session<'a>,
    needs: JointNeeds,
    surroundings: Surroundings,
    before: Option<Moment>,
    seen_since: FxHashMap<(SocketKey, Option<TcpState>), Duration>,
}

impl<'a> EvidenceSource<'a> {
    pub(super) fn new(session: &'a Session<'a>, needs: JointNeeds, surroundings: Surroundings) -> Self {
        Self { session, needs, surroundings, before: None, seen_since: FxHashMap::default() }
    }

    /// Takes the first of two looks if a check judges a rate and there was no look yet. Returns whether it did: the caller
    /// then has to pause before [`Self::look`].
    pub(super) fn first_look(&mut self, warnings: &mut Vec<Warning>) -> Result<bool, Error> {
        let wanted = self.needs.asked.twice && self.before.is_none();
        if wanted {
            self.before = Some(self.moment(&self.needs.first_look(), Extent::Marks, warnings)?);
        }
        Ok(wanted)
    }

    /// Asks for everything that the checks need.
    pub(super) fn look(&mut self, warnings: &mut Vec<Warning>) -> Result<Evidence, Error> {
        let needs = self.needs.asked;
        let now = self.moment(&needs, Extent::Whole, warnings)?;
        let owners: Vec<ProcessKey> = owners(&now.sockets);
        let processes = read_processes(&self.session.backend, &owners, needs.process);
        let limits =
            if needs.limits { told(self.session.backend.limits(), warnings) } else { Err(Lack::NotAsked) };
        if needs.surroundings.firewall {
            self.surroundings.firewall = Arc::new(self.firewall(&now.sockets, &processes));
        }
        let listening = if needs.listening { self.listening(&now.sockets)? } else { FxHashSet::default() };
        Ok(Evidence {
            now,
            listening,
            limits,
            before: self.before.take(),
            processes,
            surroundings: self.surroundings.clone(),
            seen_since: std::mem::take(&mut self.seen_since),
        })
    }

    /// Keeps what the next look is compared with.
    pub(super) fn keep(&mut self, evidence: Evidence) {
        if let Ok(at) = evidence.now.at {
            let key = |socket: &Socket| (SocketKey::of(socket), socket.state);
            self.seen_since = evidence
                .now
                .sockets
                .iter()
                .map(|socket| (key(socket), evidence.seen_since.get(&key(socket)).copied().unwrap_or(at)))
                .collect();
        }
        self.before = Some(evidence.now);
    }

    /// Returns what the firewall does with what comes to listeners.
    fn firewall(&self, sockets: &[Socket], processes: &HashMap<ProcessKey, Process>) -> Firewalled {
        let of_socket = |socket: &Socket| {
            let owner = socket.ownership.principal();
            inbound(socket, owner.and_then(|owner| processes.get(&owner.process)))
        };
        let mut asked: Vec<Inbound> = sockets.iter().flat_map(of_socket).collect();
        asked.sort_unstable();
        asked.dedup();
        if asked.is_empty() {
            return Firewalled::default();
        }
        let firewall = self.session.backend.firewall(&asked);
        Firewalled::new(asked, firewall)
    }

    /// Returns the ports that somebody listens on. They decide which side made a connection, so no filter may hide them.
    fn listening(&self, sockets: &[Socket]) -> Result<FxHashSet<(Protocol, u16)>, Error> {
        let needs = self.needs.asked;
        if self.session.filter.is_none() && needs.states.contains(States::LISTEN) {
            return Ok(listening(sockets));
        }
        let query = SocketQuery::new(needs.kinds, States::LISTEN);
        let mut ports = FxHashSet::default();
        Selection::new(query, None, self.session.settings.owners).stream(
            &self.session.backend,
            |socket| {
                ports.extend(listening(std::slice::from_ref(&socket.to_socket())));
                true
            },
        )?;
        Ok(ports)
    }

    /// Asks for what is there now.
    fn moment(
        &self,
        needs: &EvidenceNeeds,
        extent: Extent,
        warnings: &mut Vec<Warning>,
    ) -> Result<Moment, Error> {
        let backend = &self.session.backend;
        let is_compared = extent == Extent::Marks || self.session.settings.repeat.pause.is_some();
        let mut marks = Marks::default();
        let mut sift = |socket: &mut Socket| {
            if is_compared {
                marks.add(socket);
            }
            if let Some(before) = self.before.as_ref().and_then(|before| before.marks.get(socket)) {
                self.needs.lighten(before, socket);
            }
            extent == Extent::Whole
        };
        let sockets = if needs.sockets() { self.sockets(needs, &mut sift, warnings)? } else { Vec::new() };
        marks.sort();
        let counters = if needs.counters { told(backend.counters(), warnings) } else { Err(Lack::NotAsked) };
        let conntrack =
            if needs.conntrack { told(backend.conntrack(), warnings) } else { Err(Lack::NotAsked) };
        let at = backend.uptime().map_err(|error| Lack::Refused(words_of(&error.source)));
        Ok(Moment { at, whole: extent == Extent::Whole, sockets, marks, counters, conntrack })
    }

    fn sockets(
        &self,
        needs: &EvidenceNeeds,
        sift: &mut dyn FnMut(&mut Socket) -> bool,
        warnings: &mut Vec<Warning>,
    ) -> Result<Vec<Socket>, Error> {
        let EvidenceNeeds { kinds, states, fields, tcp, owners, udp_owners, .. } = *needs;
        let fields = fields | Fields::COMMON;
        let query = SocketQuery { fields, tcp, ..SocketQuery::new(kinds, states) };
        // Look owners up only where a check needs them.
        let wanted = |socket: &SocketRef<'_>| match socket.protocol {
            Protocol::Udp => udp_owners,
            Protocol::Tcp => socket.state.is_some_and(|state| owners.contains(States::of(state))),
        };
        let mut selection = self.session.selection(query);
        if udp_owners || !owners.is_empty() {
            selection.owners_of = OwnersOf::Those(&wanted);
        }
        let selected = selection.take(&self.session.backend, |_| true)?;
        warnings.extend(selected.warnings);
        let mut sockets = Vec::new();
        for socket in selected.sockets.iter() {
            let mut socket = socket.to_socket();
            if sift(&mut socket) {
                sockets.push(socket);
            }
        }
        Ok(sockets)
    }
}

/// Returns what the system answered, or why it did not.
fn told<T>(answer: Result<Answer<T>, Error>, warnings: &mut Vec<Warning>) -> Input<T> {
    match answer {
        Ok(answer) => {
            warnings.extend(answer.warnings);
            Ok(answer.data)
        }
        Err(error) => Err(Lack::Refused(words_of(&error.source))),
    }
}

/// Returns the processes that hold the sockets, each once.
fn owners(sockets: &[Socket]) -> Vec<ProcessKey> {
    let mut owners: Vec<ProcessKey> =
        sockets.iter().flat_map(|socket| socket.ownership.owners()).map(|owner| owner.process).collect();
    owners.sort_unstable();
    owners.dedup();
    owners
}
