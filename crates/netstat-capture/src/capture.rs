//! [`Capture`]: packets wait until it is known whose they are; then they are handed on, or counted.

use crate::datagrams::Datagrams;
use crate::first_bytes::Heard;
use crate::flow::{Flow, FlowKey, Place, Sighting};
use crate::fragments::Fragments;
use crate::frame::{Content, Frame, decode};
use crate::holder::{Certainty, Holder, Verdict, judge};
use crate::kept::{Cut, Ends, Kept};
use crate::look::{Wanted, look};
use crate::openings::Openings;
use crate::told::Told;
use netstat_engine::filter::Filter;
use netstat_model::history::{ConnectionEvent, ConnectionRecord};
use netstat_model::query::Owners;
use netstat_model::{Error, IpEndpoint, Transport, Warning};
use netstat_os::{Machine, NameDatabases, Packet, PacketDirection, Processes, Sockets};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::rc::Rc;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long a packet waits for a socket to be accepted, and how many bytes of packets wait for anything.
const PATIENCE: Duration = Duration::from_secs(1);
const MOST_BYTES: usize = 64 << 20;

/// The time from the start of one look to that of the next: so many times as long as the first takes, within these bounds.
const PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
const SHARE: u32 = 5;

/// Packets of different processors need not come in the order of their times; they differ by less than this.
const DISORDER: Duration = Duration::from_millis(2);

/// The most flows that are remembered, and how long one without packets is.
const MOST_FLOWS: usize = 1 << 16;
const FORGET: Duration = Duration::from_secs(30);

/// One end of a packet that is on this machine.
#[derive(Debug, Clone, PartialEq)]
pub struct EndOf {
    /// The end.
    pub local: IpEndpoint,
    /// The socket there.
    pub holder: Rc<Holder>,
    /// How that is known.
    pub certainty: Certainty,
}

/// What became of packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Packets that were read.
    pub read: u64,
    /// Those that were handed on.
    pub written: u64,
    /// Those of them whose process is not known.
    pub without_process: u64,
    /// Those that do not match.
    pub not_matched: u64,
    /// Those that may match: nobody knows whose they are.
    pub not_attributed: u64,
    /// Those that waited when there was no room for more.
    pub left_out: u64,
    /// Those that are larger than a file may be.
    pub too_large: u64,
    /// Second sights of a packet of the loopback interface.
    pub copies: u64,
}

/// A packet that waits.
struct Waiting {
    kept: Kept,
    flow: Option<(FlowKey, u64, Place)>,
    /// Which of the ends, by their places in the flow, are on this machine.
    local: [bool; 2],
    /// What it tells of its connection, where the filter asks.
    told: Heard,
    since: Instant,
}

/// What is to become of a packet.
enum Standing {
    HandOn(Vec<EndOf>),
    NotMatched,
    NotAttributed,
    Wait,
}

/// How far the last look was.
struct Looked {
    begun: Instant,
    took: Duration,
    /// When it was over, since 1970.
    until: Duration,
}

/// Finds out whose packets are.
pub struct Capture<'f> {
    filter: Option<&'f Filter>,
    cut: Cut,
    owners: Owners,
    /// Whether the filter may say something else of the same socket later.
    is_of_the_moment: bool,
    flows: FxHashMap<FlowKey, Flow>,
    datagrams: Datagrams,
    fragments: Fragments,
    /// What the first bytes of connections tell, where the filter asks or that is to be told.
    openings: Option<Openings>,
    /// Whether names are told, and whether the filter asks for them.
    tells_names: bool,
    asks_names: bool,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    counts: Counts,
    known: Told,
    /// Until when all packets were read.
    read: Duration,
    looked: Option<Looked>,
    /// When events were taken last, where they tell of every connection.
    told: Option<Instant>,
    addresses: FxHashSet<IpAddr>,
}

impl<'f> Capture<'f> {
    /// Begins. `tells_all` says whether events tell of every connection of TCP.
    pub fn new(
        machine: &impl Machine,
        filter: Option<&'f Filter>,
        cut: Cut,
        owners: Owners,
        tells_all: bool,
    ) -> Self {
        let asks = filter.is_some_and(Filter::asks_first_bytes);
        Self {
            filter,
            cut,
            owners,
            is_of_the_moment: filter.is_some_and(Filter::is_of_the_moment),
            flows: FxHashMap::default(),
            datagrams: Datagrams::default(),
            fragments: Fragments::default(),
            openings: asks.then(Openings::default),
            tells_names: false,
            asks_names: asks,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            counts: Counts::default(),
            known: Told::new(machine),
            read: Duration::ZERO,
            looked: None,
            told: tells_all.then(Instant::now),
            addresses: FxHashSet::default(),
        }
    }

    /// Asks for what the first bytes of connections tell: [`Kept::application`].
    pub fn tell_names(&mut self) {
        self.openings.get_or_insert_default();
        self.tells_names = true;
    }

    /// Returns what became of packets so far. Those that wait are not counted yet.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Returns how many packets wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a packet.
    pub fn packet(&mut self, packet: &Packet<'_>) {
        self.counts.read += 1;
        self.read = self.read.max(packet.at.saturating_sub(DISORDER));
        // The loopback shows each packet as it goes and as it comes. What has come was not dropped on the way.
        if packet.is_loopback && packet.direction == PacketDirection::Outgoing {
            self.counts.copies += 1;
            return;
        }
        let behind = packet.frame.get(packet.network..).unwrap_or_default();
        let length = usize::try_from(packet.length).unwrap_or(usize::MAX).saturating_sub(packet.network);
        let frame = decode(packet.protocol, behind, length);
        let ends = frame.as_ref().and_then(|frame| self.fragments.ends(frame, packet.interface));
        let Some((transport, source, destination)) = ends else {
            // It belongs to no socket of TCP or UDP.
            if self.filter.is_some() {
                self.counts.not_matched += 1;
            } else {
                self.wait(packet, frame, None, None, [false; 2]);
            }
            return;
        };
        let (key, sender) = FlowKey::new(transport, source, destination);
        let mut local = [false; 2];
        let (sent, came) = match packet.direction {
            _ if packet.is_loopback => (true, true),
            PacketDirection::Outgoing => (true, false),
            PacketDirection::Incoming => (false, true),
            PacketDirection::Elsewhere => (false, false),
        };
        if let Some(place) = local.get_mut(sender) {
            *place = sent;
        }
        if let Some(place) = local.get_mut(1 - sender) {
            *place = came;
        }
        let content = frame.as_ref().map_or(Content::Other(0), |frame| frame.content);
        let is_no = |place: Place| {
            judge(self.filter, transport, key.seen_from(place), None, &Heard::More) == Verdict::No
        };
        let may_match = (0..2).any(|place| local.get(place) == Some(&true) && !is_no(place));
        if !may_match {
            self.counts.not_matched += 1;
            return;
        }
        let flow = self.flows.entry(key).or_default();
        let mut number = flow.add(packet.at, sender, &content);
        let mut told = Heard::More;
        // Before anything of it is cut off.
        if let (Some(openings), Some(frame)) = (&mut self.openings, &frame) {
            let payload = frame.payload_of(behind);
            if openings.begins_another(&key, frame, payload) {
                number = flow.begin(packet.at, None);
            }
            told = openings.add(&key, sender, frame, payload);
            if self.asks_names {
                flow.hear(number, &told);
            }
        }
        self.wait(packet, frame, ends, Some((key, number, sender)), local);
        if let Some(waiting) = self.waiting.back_mut() {
            waiting.kept.application = told.application().filter(|_| self.tells_names).cloned();
            if self.asks_names {
                waiting.told = told;
            }
        }
    }

    fn wait(
        &mut self,
        packet: &Packet<'_>,
        frame: Option<Frame>,
        ends: Option<Ends>,
        flow: Option<(FlowKey, u64, Place)>,
        local: [bool; 2],
    ) {
        let kept = Kept::new(packet, frame, ends, self.cut);
        self.waiting_bytes += kept.bytes.len();
        self.waiting.push_back(Waiting { kept, flow, local, told: Heard::More, since: Instant::now() });
    }

    /// Notes that all packets up to a moment were read.
    pub fn note_read(&mut self, until: Duration) {
        self.read = self.read.max(until);
    }

    /// Notes what events have told, by the time since the machine has booted, which it did at `boot` by the clock of packets.
    pub fn events(&mut self, boot: Duration, events: &mut Vec<ConnectionEvent>) {
        self.known.boot = boot;
        for event in events.drain(..) {
            match event {
                ConnectionEvent::Process(record) => self.known.process(&record),
                ConnectionEvent::Opened(record) | ConnectionEvent::Ended(record) => self.life(&record),
                ConnectionEvent::HalfClosed(_) | ConnectionEvent::Gap(_) => {}
            }
        }
        self.told = self.told.map(|_| Instant::now());
    }

    fn life(&mut self, record: &ConnectionRecord) {
        let Some((key, place, life)) = self.known.life(record) else { return };
        if judge(self.filter, key.transport, key.seen_from(place), None, &Heard::More) == Verdict::No {
            return;
        }
        let flow = self.flows.entry(key).or_default();
        flow.last = flow.last.max(self.read);
        if let Some(end) = flow.ends.get_mut(place) {
            end.tell(life);
        }
    }

    /// Returns whether it is time to look at the sockets.
    pub fn is_look_due(&self) -> bool {
        let is_wanted = self.waiting.iter().any(|waiting| waiting.flow.is_some()) || self.is_of_the_moment;
        let pause = |looked: &Looked| (looked.took * SHARE).clamp(PAUSE, LONGEST_PAUSE);
        is_wanted && self.looked.as_ref().is_none_or(|looked| looked.begun.elapsed() >= pause(looked))
    }

    /// Looks at the sockets whose packets wait; for the first time, before there are any, at those whose packets say nothing
    /// of when they began.
    ///
    /// # Errors
    /// When the system did not list them.
    pub fn look(
        &mut self,
        system: &(impl Sockets + Processes + Machine + NameDatabases),
    ) -> Result<Vec<Warning>, Error> {
        let begun = Instant::now();
        let from = now(system);
        let wanted = self.wanted();
        if let Ok(addresses) = system.local_addresses() {
            self.addresses = addresses.data.into_iter().collect();
        }
        let looked = look(system, self.filter, &wanted, self.owners);
        let until = now(system);
        self.looked = Some(Looked { begun, took: begun.elapsed(), until });
        let (holders, warnings) = looked?;
        for holder in holders {
            self.see(from, until, holder);
        }
        Ok(warnings)
    }

    /// Returns the ends and the ports whose sockets are to be looked at.
    fn wanted(&self) -> Wanted {
        // What the first look sees was there before the first packet.
        let mut wanted = Wanted::new(self.looked.is_none());
        for waiting in &self.waiting {
            let Some((key, ..)) = &waiting.flow else { continue };
            for place in (0..2).filter(|&place| waiting.local.get(place) == Some(&true)) {
                wanted.add(key, place);
            }
        }
        if self.is_of_the_moment {
            let recent = self.read.saturating_sub(PATIENCE);
            for key in self.flows.iter().filter(|(_, flow)| flow.last >= recent).map(|(key, _)| key) {
                wanted.add(key, 0);
                wanted.add(key, 1);
            }
        }
        wanted
    }

    /// Notes a socket that a look has seen.
    fn see(&mut self, from: Duration, until: Duration, holder: Holder) {
        let Some(local) = holder.socket.local.ip() else { return };
        let remote = holder.socket.remote.as_ref().and_then(netstat_model::Endpoint::ip);
        match (holder.socket.protocol.transport(), remote) {
            (Some(Transport::Udp), _) => self.datagrams.see(from, until, holder),
            (Some(Transport::Tcp), Some(remote)) => {
                let (key, place) = FlowKey::new(Transport::Tcp, local, remote);
                let end = self.flows.get_mut(&key).and_then(|flow| flow.ends.get_mut(place));
                if let Some(end) = end {
                    end.see(Sighting { from, until, holder: Rc::new(holder) });
                }
            }
            _ => {}
        }
    }

    /// Hands on the packets of which it is known whose they are, in their order, and counts the others. `is_last` says that
    /// nothing more will become known.
    ///
    /// # Errors
    /// Those of `each`: that packet waits on.
    pub fn settle<E>(
        &mut self,
        is_last: bool,
        mut each: impl FnMut(&Kept, &[EndOf]) -> Result<(), E>,
    ) -> Result<(), E> {
        while let Some(waiting) = self.waiting.pop_front() {
            let standing = self.standing(&waiting, is_last);
            if let Standing::Wait = standing {
                self.waiting.push_front(waiting);
                break;
            }
            match &standing {
                Standing::HandOn(ends) => {
                    if let Err(error) = each(&waiting.kept, ends) {
                        self.waiting.push_front(waiting);
                        return Err(error);
                    }
                    self.counts.written += 1;
                    let is_known = ends.iter().any(|end| end.holder.is_held());
                    self.counts.without_process += u64::from(!is_known);
                }
                Standing::NotMatched => self.counts.not_matched += 1,
                Standing::NotAttributed | Standing::Wait => self.counts.not_attributed += 1,
            }
            self.waiting_bytes -= waiting.kept.bytes.len();
        }
        self.forget();
        Ok(())
    }

    /// Lets go of what waits: there is no room for it.
    pub fn leave_out(&mut self) {
        self.counts.left_out += u64::try_from(self.waiting.len()).unwrap_or(u64::MAX);
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    /// Lets go of the packet that was to be handed on next: there is room for others.
    pub fn leave_out_first(&mut self) {
        if let Some(waiting) = self.waiting.pop_front() {
            self.counts.too_large += 1;
            self.waiting_bytes -= waiting.kept.bytes.len();
        }
    }

    fn standing(&mut self, waiting: &Waiting, is_last: bool) -> Standing {
        let Some((key, number, _)) = waiting.flow else { return Standing::HandOn(Vec::new()) };
        // Each datagram of DNS speaks for itself; a connection is what it began as.
        let told = match &waiting.told {
            told @ Heard::Application(_) => told.clone(),
            _ if self.asks_names => self.flows.get(&key).map(|flow| flow.heard(number)).unwrap_or_default(),
            _ => Heard::More,
        };
        let mut found = Vec::new();
        // Whether some end matches, or may match; whether a socket without a process is there, or nobody knows one.
        let (mut yes, mut open) = (false, false);
        let (mut unheld, mut unknown, mut is_foreign) = (false, false, true);
        for place in (0..2).filter(|&place| waiting.local.get(place) == Some(&true)) {
            let ends = key.seen_from(place);
            let known = self.holder(&key, number, place, waiting.kept.at);
            let holder = known.as_ref().map(|(holder, _)| &**holder);
            let verdict = judge(self.filter, key.transport, ends, holder, &told);
            yes |= verdict == Verdict::Yes;
            if verdict == Verdict::No {
                // Its name stands beside that of the end that matches.
                if let Some((holder, certainty)) = known {
                    found.push((false, EndOf { local: ends.0, holder, certainty }));
                }
                continue;
            }
            open |= verdict == Verdict::Open;
            match known {
                Some((holder, certainty)) => {
                    unheld |= !holder.is_held();
                    is_foreign = false;
                    found.push((verdict == Verdict::Yes, EndOf { local: ends.0, holder, certainty }));
                }
                None => {
                    unknown = true;
                    is_foreign &= !self.is_of_this_machine(ends.0.address);
                }
            }
        }
        if !yes && !open {
            return Standing::NotMatched;
        }
        let untold = !yes && self.asks_names && told == Heard::More;
        if (unheld || unknown || open) && !is_last && !self.has_waited(waiting, unheld || untold) {
            return Standing::Wait;
        }
        if yes {
            // That which matches comes first.
            found.sort_by_key(|(matches, _)| !matches);
            return Standing::HandOn(found.into_iter().map(|(_, end)| end).collect());
        }
        if is_foreign { Standing::NotMatched } else { Standing::NotAttributed }
    }

    /// Returns the socket at one end of a packet.
    fn holder(
        &mut self,
        key: &FlowKey,
        number: u64,
        place: Place,
        at: Duration,
    ) -> Option<(Rc<Holder>, Certainty)> {
        match key.transport {
            Transport::Tcp => {
                let flow = self.flows.get_mut(key)?;
                let holder = flow.holder(number, place, at, self.read, self.is_of_the_moment)?;
                Some((holder, Certainty::Certain))
            }
            Transport::Udp => {
                let (local, remote) = key.seen_from(place);
                let looked = self.looked.as_ref()?;
                if looked.until < at {
                    return None;
                }
                let boot = self.known.boot;
                self.datagrams.holder(at, local, remote, |holder| {
                    // Processes are told apart by hundredths of a second.
                    let ticks = at.saturating_sub(boot).as_millis() / 10 + 1;
                    holder.processes.iter().any(|process| u128::from(process.id.start_time) <= ticks)
                })
            }
        }
    }

    /// Returns whether nothing more will become known of a packet: a look, and events, that came after it did not tell.
    fn has_waited(&self, waiting: &Waiting, is_expected: bool) -> bool {
        if self.waiting_bytes > MOST_BYTES {
            return true;
        }
        let is_later = |looked: &Looked| looked.begun > waiting.since && looked.until <= self.read;
        let was_looked_for =
            self.looked.as_ref().is_some_and(is_later) && self.told.is_none_or(|told| told > waiting.since);
        // Whoever listens may be about to accept it, or its first bytes are on the way.
        was_looked_for && (!is_expected || waiting.since.elapsed() >= PATIENCE)
    }

    /// Returns whether packets to an address are for this machine.
    fn is_of_this_machine(&self, address: IpAddr) -> bool {
        let is_for_many = match address {
            IpAddr::V4(address) => address.is_broadcast() || address.is_multicast(),
            IpAddr::V6(address) => address.is_multicast(),
        };
        is_for_many || address.is_loopback() || self.addresses.contains(&address)
    }

    /// Forgets flows that have had no packet for long.
    fn forget(&mut self) {
        if self.flows.len() < MOST_FLOWS || self.waiting.len() * 2 > self.flows.len() {
            return;
        }
        let needed: FxHashSet<FlowKey> =
            self.waiting.iter().filter_map(|waiting| waiting.flow.map(|(key, ..)| key)).collect();
        let old = self.read.saturating_sub(FORGET);
        self.flows.retain(|key, flow| flow.last >= old || needed.contains(key));
        if self.flows.len() >= MOST_FLOWS {
            self.flows.retain(|key, _| needed.contains(key));
        }
    }
}

/// Returns the time of day, since 1970.
fn now(machine: &impl Machine) -> Duration {
    machine.now().and_then(|now| now.duration_since(UNIX_EPOCH).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
