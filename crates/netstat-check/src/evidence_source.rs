//! Takes looks at the system for the checks: asks it for what they need, and keeps what the next look is compared with.

use super::address_gone;
use super::evidence::{DescriptorsSince, Evidence, Input, Lack, Listed, Moment, listening};
use super::joint_needs::JointNeeds;
use super::marks::Marks;
use super::needs::EvidenceNeeds;
use super::surroundings::{Firewalled, Surroundings, inbound};
use netstat_engine::enrich::StandIns;
use netstat_engine::filter::{Context, Filter};
use netstat_engine::select::{Kept, OwnersOf, Selection, Undecided, read_processes};
use netstat_model::error::words_of;
use netstat_model::query::{Fields, Kinds, Owners, RouteQuery, Scope, SocketQuery, States, Tables};
use netstat_model::{
    Answer, DescriptorUse, Endpoint, Error, Inbound, IpSocketRef, Keeper, Owner, Ownership, Process,
    ProcessKey, Protocol, RouteKind, Socket, SocketKey, SocketRef, SocketTable, TcpState, Transport, Warning,
};
use netstat_os::{CounterSources, Machine, NameDatabases, Processes, Restrictions, Routes, Sockets};
use rustc_hash::{FxHashMap, FxHashSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Whether a look leaves its sockets, or nothing but marks to compare the next one with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Marks,
    Whole,
}

/// Asks the system for evidence, look after look.
pub struct EvidenceSource<'a, B> {
    backend: &'a B,
    needs: JointNeeds,
    surroundings: Surroundings,
    /// Which sockets are judged; `None` for all.
    filter: Option<&'a Filter>,
    /// How owners are found.
    owners: Owners,
    /// Whether more looks follow the first whole one.
    repeats: bool,
    before: Option<Moment>,
    seen_since: FxHashMap<(SocketKey, Option<TcpState>), Duration>,
    descriptors_since: FxHashMap<ProcessKey, DescriptorsSince>,
}

impl<'a, B: Sockets + Processes + Machine + CounterSources + Restrictions + NameDatabases + Routes>
    EvidenceSource<'a, B>
{
    /// Returns a source of evidence about every socket, for a single judgement.
    pub fn new(backend: &'a B, needs: JointNeeds, surroundings: Surroundings) -> Self {
        Self {
            backend,
            needs,
            surroundings,
            filter: None,
            owners: Owners::Auto,
            repeats: false,
            before: None,
            seen_since: FxHashMap::default(),
            descriptors_since: FxHashMap::default(),
        }
    }

    /// Leaves only the sockets that match a filter.
    #[must_use]
    pub fn filtered(self, filter: Option<&'a Filter>) -> Self {
        Self { filter, ..self }
    }

    /// Sets how owners are found.
    #[must_use]
    pub fn owners_by(self, owners: Owners) -> Self {
        Self { owners, ..self }
    }

    /// Sets whether [`Self::look`] is called again and again, as for `--watch`.
    #[must_use]
    pub fn repeated(self, repeats: bool) -> Self {
        Self { repeats, ..self }
    }

    /// Takes the first of two looks if a check judges a rate and there was no look yet. Returns whether the caller has to
    /// pause before [`Self::look`], because it did.
    ///
    /// # Errors
    /// When the system did not list its sockets.
    pub fn first_look(&mut self, warnings: &mut Vec<Warning>) -> Result<bool, Error> {
        let Some(needs) = self.needs.first_look().filter(|_| self.before.is_none()) else { return Ok(false) };
        let first = self.moment(&needs, Extent::Marks, warnings)?;
        let pause = self.needs.need_second_look(&first.counters);
        self.before = pause.then_some(first);
        Ok(pause)
    }

    /// Asks for everything that the checks need.
    ///
    /// # Errors
    /// When the system did not list its sockets.
    pub fn look(&mut self, warnings: &mut Vec<Warning>) -> Result<Evidence, Error> {
        let needs = self.needs.asked;
        let now = self.moment(&needs, Extent::Whole, warnings)?;
        let mut processes = read_processes(self.backend, &owners(&now.sockets), needs.process, warnings);
        self.surroundings.stand_ins =
            Arc::new(StandIns::read(self.backend, &processes, false, Keeper::ALL, Scope::Own, warnings));
        let descriptors = self.descriptors(&mut processes, warnings);
        let limits = asked(needs.limits, || self.backend.limits(), warnings);
        if needs.surroundings.firewall {
            self.surroundings.firewall = Arc::new(self.firewall(&now.sockets, &processes));
        }
        let foreign_addresses = asked(needs.addresses, || self.foreign_addresses(&now.sockets), warnings);
        let nothing_matches = now.sockets.is_empty() && needs.sockets() && self.nothing_matches()?;
        let listening = if needs.listening { self.listening(&now.sockets)? } else { FxHashSet::default() };
        Ok(Evidence {
            now,
            nothing_matches,
            listening,
            limits,
            descriptors,
            descriptors_since: std::mem::take(&mut self.descriptors_since),
            foreign_addresses,
            before: self.before.take(),
            processes,
            surroundings: self.surroundings.clone(),
            seen_since: std::mem::take(&mut self.seen_since),
        })
    }

    /// Keeps what the next look is compared with.
    pub fn keep(&mut self, evidence: Evidence) {
        if let Ok(at) = evidence.now.at {
            let since = |socket: IpSocketRef<'_>| {
                let key = (SocketKey::of(socket), socket.state);
                let since = evidence.seen_since.get(&key).copied().unwrap_or(at);
                (key, since)
            };
            self.seen_since = evidence.now.sockets.iter_ip().map(since).collect();
            if let Ok(Some(counted)) = &evidence.descriptors {
                self.descriptors_since = fewest(counted, &evidence.descriptors_since, at);
            }
        }
        self.before = Some(evidence.now);
    }

    /// Returns the descriptors of the processes that match the filter, and adds these processes to those that were read.
    fn descriptors(
        &self,
        processes: &mut FxHashMap<ProcessKey, Process>,
        warnings: &mut Vec<Warning>,
    ) -> Input<Option<DescriptorUse>> {
        let needs = self.needs.asked;
        if needs.descriptors && self.filter.is_some_and(|filter| !filter.needs().owners) {
            return Err(Lack::FilteredOut);
        }
        let mut answer = asked(needs.descriptors, || self.backend.descriptors(), warnings)?;
        let Some(counted) = &mut answer else { return Ok(None) };
        let unread = counted.processes.iter().map(|counts| counts.process);
        let unread: Vec<ProcessKey> = unread.filter(|id| !processes.contains_key(id)).collect();
        let fields = needs.process | self.filter.map_or(needs.process, |filter| filter.needs().processes);
        processes.extend(read_processes(self.backend, &unread, fields, warnings));
        if let Some(filter) = self.filter {
            let find = |id: ProcessKey| processes.get(&id);
            let context = Context::new(&find);
            let mut undecided = 0;
            counted.processes.retain(|counts| {
                // A process matches as a socket of it that is in no table would.
                let mut socket = Socket::of_protocol(Protocol::Unlisted, Endpoint::Inode(0), None);
                let owner = Owner { process: counts.process, parent: None, descriptor: None };
                socket.ownership = Ownership::Held(vec![owner]);
                let matches = filter.matches(&socket, &context).is_yes();
                undecided += usize::from(!matches && filter.may_match(&socket, &context));
                matches
            });
            counted.unreadable += undecided;
        }
        Ok(answer)
    }

    /// Returns what the firewall does with what comes to listeners, and which ports it passes on.
    fn firewall(&self, sockets: &SocketTable, processes: &FxHashMap<ProcessKey, Process>) -> Firewalled {
        let of_socket = |socket: IpSocketRef<'_>| {
            let owner = socket.ownership().principal();
            inbound(&socket, owner.and_then(|owner| processes.get(&owner.process)))
        };
        let mut asked: Vec<Inbound> = sockets.iter_ip().flat_map(of_socket).collect();
        asked.sort_unstable();
        asked.dedup();
        let firewall = self.backend.firewall(&asked);
        let mut firewalled = Firewalled::new(asked, firewall);
        if self.filter.is_some() {
            // A port that is passed on is not a socket, so that no filter selects it.
            firewalled.published = None;
        }
        firewalled
    }

    /// Returns the ports that somebody listens on. They decide which side made a connection, so no filter may hide them.
    fn listening(&self, sockets: &SocketTable) -> Result<FxHashSet<(Transport, u16)>, Error> {
        let needs = self.needs.asked;
        if self.filter.is_none() && needs.states.contains(States::LISTEN) {
            return Ok(listening(sockets.iter_ip()));
        }
        let mut ports = FxHashSet::default();
        let query = SocketQuery::new(needs.kinds, States::LISTEN);
        Selection::new(query, None, self.owners).stream(self.backend, |socket| {
            ports.extend(listening(socket.ip()));
            true
        })?;
        Ok(ports)
    }

    /// Returns the local addresses of connections that neither an interface has nor a routing table delivers locally. The
    /// routing tables may be large, and are asked only if there are such addresses.
    fn foreign_addresses(&self, sockets: &SocketTable) -> Result<Answer<FxHashSet<IpAddr>>, Error> {
        let judged = sockets.iter().filter_map(|socket| socket.ip()).filter(address_gone::is_judged);
        let mut foreign: FxHashSet<IpAddr> = judged.map(|socket| socket.local.address).collect();
        let mut answer = Answer::whole(FxHashSet::default());
        if !foreign.is_empty() {
            let own = self.backend.local_addresses()?;
            own.data.iter().for_each(|address| {
                foreign.remove(address);
            });
            answer.warnings = own.warnings;
        }
        if !foreign.is_empty() && cfg!(not(windows)) {
            let query = RouteQuery { tables: Tables::All, ..RouteQuery::default() };
            let routes = self.backend.routes(&query)?;
            let local = routes.data.iter().filter(|route| route.kind == RouteKind::Local);
            local.for_each(|route| foreign.retain(|address| !route.destination.contains(*address)));
            answer.warnings.extend(routes.warnings);
        }
        answer.data = foreign;
        Ok(answer)
    }

    /// Returns whether there is a filter that no socket matches, whatever the checks ask for.
    fn nothing_matches(&self) -> Result<bool, Error> {
        let Some(filter) = self.filter else { return Ok(false) };
        let query = SocketQuery::new(Kinds::TCP_UDP, States::all());
        let selection = Selection::new(query, Some(filter), self.owners);
        if selection.needs_owners_to_match() {
            let selected = selection.take(self.backend, |_| true)?;
            return Ok(selected.sockets.is_empty() && selected.undecided.is_empty());
        }
        let mut nothing = true;
        selection.stream(self.backend, |_| {
            nothing = false;
            false
        })?;
        Ok(nothing)
    }

    /// Asks for what is there now.
    fn moment(
        &self,
        needs: &EvidenceNeeds,
        extent: Extent,
        warnings: &mut Vec<Warning>,
    ) -> Result<Moment, Error> {
        let mut marks = Marks::default();
        let mut lacks = Vec::new();
        let (sockets, undecided, tells_course) = if needs.sockets() {
            self.sockets(needs, extent, &mut marks, &mut lacks)?
        } else {
            Default::default()
        };
        let listed = Listed::by(&lacks);
        warnings.extend(lacks);
        marks.sort();
        let counters = asked(needs.counters, || self.backend.counters(), warnings);
        let conntrack = asked(needs.conntrack, || self.backend.conntrack(), warnings);
        let at = self.backend.uptime().map_err(|error| Lack::Refused(words_of(&error.source)));
        Ok(Moment {
            at,
            whole: extent == Extent::Whole,
            sockets,
            undecided,
            listed,
            tells_course,
            marks,
            counters,
            conntrack,
        })
    }

    /// Lists the sockets, and counts those that may match the filter as well. Each is marked and compared as it comes, so that no more of it is held than a check reads.
    fn sockets(
        &self,
        needs: &EvidenceNeeds,
        extent: Extent,
        marks: &mut Marks,
        warnings: &mut Vec<Warning>,
    ) -> Result<(SocketTable, Undecided, bool), Error> {
        let EvidenceNeeds { kinds, states, fields, tcp, owners, udp_owners, .. } = *needs;
        let fields = fields | Fields::COMMON;
        let query = SocketQuery { fields, tcp, ..SocketQuery::new(kinds, states) };
        // Look owners up only where a check needs them.
        let wanted = |socket: &SocketRef<'_>| match (socket.protocol, socket.state) {
            (Protocol::Tcp, state) => state.is_some_and(|state| owners.contains(States::of(state))),
            (Protocol::Udp, _) => udp_owners,
            _ => false,
        };
        let mut selection = Selection::new(query, self.filter, self.owners);
        if udp_owners || !owners.is_empty() {
            selection.owners_of = OwnersOf::Those(&wanted);
        }
        let is_compared = extent == Extent::Marks || self.repeats;
        let mut tells_course = false;
        let selected = selection.sift(self.backend, |socket| {
            tells_course |= tells_course || socket.tcp().is_some();
            if is_compared {
                marks.add(socket);
            }
            let before = self.before.as_ref().and_then(|before| before.marks.get(socket));
            match extent {
                Extent::Marks => Kept::Nothing,
                Extent::Whole if self.needs.keeps_details(before, socket) => Kept::All,
                Extent::Whole => Kept::Row,
            }
        })?;
        warnings.extend(selected.warnings);
        Ok((selected.sockets, selected.undecided, tells_course))
    }
}

/// Asks the system if a check needs the answer. Returns it, or why there is none.
fn asked<T>(
    is_needed: bool,
    ask: impl FnOnce() -> Result<Answer<T>, Error>,
    warnings: &mut Vec<Warning>,
) -> Input<T> {
    if !is_needed {
        return Err(Lack::NotAsked);
    }
    let answer = ask().map_err(|error| Lack::Refused(words_of(&error.source)))?;
    warnings.extend(answer.warnings);
    Ok(answer.data)
}

/// Returns what the growth of descriptors is measured from: the fewest that were seen.
fn fewest(
    now: &DescriptorUse,
    before: &FxHashMap<ProcessKey, DescriptorsSince>,
    at: Duration,
) -> FxHashMap<ProcessKey, DescriptorsSince> {
    let of_process = |counts: &netstat_model::ProcessDescriptors| {
        let now = DescriptorsSince { at, open: counts.open, unlisted: counts.unlisted };
        let since = match before.get(&counts.process) {
            Some(before) if before.open < now.open => {
                let unlisted = before.unlisted.zip(now.unlisted).map(|(before, now)| before.min(now));
                DescriptorsSince { unlisted: unlisted.or(now.unlisted).or(before.unlisted), ..*before }
            }
            _ => now,
        };
        (counts.process, since)
    };
    now.processes.iter().map(of_process).collect()
}

/// Returns the processes that hold the sockets, each once.
fn owners(sockets: &SocketTable) -> Vec<ProcessKey> {
    let mut owners: FxHashSet<ProcessKey> = FxHashSet::default();
    for socket in sockets.iter() {
        owners.extend(socket.ownership().owners().iter().map(|owner| owner.process));
    }
    let mut owners: Vec<ProcessKey> = owners.into_iter().collect();
    owners.sort_unstable();
    owners
}

#[cfg(test)]
mod tests;
