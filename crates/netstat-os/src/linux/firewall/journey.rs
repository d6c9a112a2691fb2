//! The way of the first packet from another machine, as the kernel has it: ingress, PREROUTING, routing, and then INPUT
//! or, with another destination, FORWARD and POSTROUTING.

use super::judge::{Fates, Ruleset, Traversal, add};
use super::packet::{Diverted, LOCAL, Output, State, UNICAST};
use super::places::{Case, Places, Way};
use super::rules::{
    Addresses, Chain, FORWARD, INVALID, LOCAL_IN, NEW, POSTROUTING, PREROUTING, Ports, UNTRACKED,
};
use netstat_model::{Diversion, Family, Inbound, Judgement, Passage, Target};
use std::net::IpAddr;

/// In the prerouting hook, connections are not tracked before this priority (`NF_IP_PRI_CONNTRACK`).
const TRACKING_PRIORITY: i32 = -200;

/// What decides on packets: the rules, and where they may go.
pub(super) struct Firewalled<'a> {
    pub(super) ruleset: &'a Ruleset,
    pub(super) places: &'a Places<'a>,
}

/// What the chains on a part of the way have done.
#[derive(Debug)]
pub(super) struct Course {
    passage: Passage,
    by: Vec<String>,
    /// The cases in which a packet was dropped.
    dropped: u128,
}

impl Default for Course {
    fn default() -> Self {
        Self { passage: Passage::Open, by: Vec::new(), dropped: 0 }
    }
}

impl Course {
    fn note(&mut self, passage: Passage, by: String) {
        if passage > self.passage {
            (self.passage, self.by) = (passage, Vec::new());
        }
        if passage == self.passage && !self.by.contains(&by) {
            self.by.push(by);
        }
    }

    /// Returns what it and another have done, one after the other.
    fn and(mut self, other: &Self) -> Self {
        other.by.iter().for_each(|by| self.note(other.passage, by.clone()));
        self.dropped |= other.dropped;
        self
    }
}

/// Packets that go to the same place.
#[derive(Debug)]
pub(super) struct Group {
    /// `None` for those that the rules leave alone.
    pub(super) diverted: Option<(Diverted, Addresses, Ports)>,
    states: Vec<State>,
}

impl Group {
    fn cases(&self) -> u128 {
        self.states.iter().fold(0, |cases, state| cases | state.cases)
    }
}

/// What has become of packets that go to the same place.
#[derive(Debug, PartialEq, Eq)]
struct Sent {
    ports: Ports,
    diversion: Diversion,
}

/// A judgement whose targets still have the ports as their rule gives them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    passage: Passage,
    by: Vec<String>,
    sent: Vec<Sent>,
}

impl Outcome {
    /// Returns the judgement for the ports asked about.
    pub(super) fn of(self, (first, last): (u16, u16)) -> Judgement {
        let diverted = self.sent.into_iter().map(|Sent { ports, mut diversion }| {
            let (Target::Here { ports: to, .. } | Target::Behind { ports: to, .. }) = &mut diversion.to;
            *to = ports.of((first, last));
            diversion
        });
        Judgement { passage: self.passage, by: self.by, diverted: diverted.collect() }
    }
}

impl Firewalled<'_> {
    /// Follows a packet to a port, and says whether rules may divert it in a way that was not followed.
    pub(super) fn judge(&self, inbound: &Inbound) -> (Judgement, bool) {
        let cases = self.places.cases(inbound);
        let mut traversal = Traversal::new(inbound, &cases);
        let (groups, arrival) = self.arrive(&mut traversal);
        let outcome = self.conclude(groups, arrival, &mut traversal);
        (outcome.of((inbound.port, inbound.port)), traversal.is_whole.get())
    }

    /// Follows a packet to where it is routed: groups by where it goes, and what was dropped before.
    pub(super) fn arrive(&self, traversal: &mut Traversal<'_>) -> (Vec<Group>, Course) {
        let family = traversal.inbound.family;
        let mut arrival = Course::default();
        let all = traversal.cases.iter().fold(0u128, |cases, _| cases << 1 | 1);
        let mut states = vec![State { tracking: Some(INVALID), ..State::new(all) }];
        traversal.may_divert = true;
        let chains = || self.ruleset.bases.iter().filter(|chain| chain.sees(family));
        for chain in chains().filter(|chain| chain.is_ingress()) {
            states = self.ingress(chain, states, traversal, &mut arrival);
        }
        let chains: Vec<&Chain> = chains().filter(|chain| chain.ip_hook() == Some(PREROUTING)).collect();
        let tracked = chains.partition_point(|chain| chain.order().0 < TRACKING_PRIORITY);
        let (before, after) = chains.split_at_checked(tracked).unwrap_or_default();
        traversal.before_tracking = true;
        states = self.in_turn(before, states, traversal, &mut arrival);
        traversal.before_tracking = false;
        for state in &mut states {
            state.tracking = state.tracking.map(|was| if was == INVALID { NEW } else { was });
        }
        states = self.in_turn(after, states, traversal, &mut arrival);
        traversal.may_divert = false;
        let mut groups: Vec<Group> = Vec::new();
        for state in states {
            let diverted = state.diverted.clone().map(|diverted| (diverted, state.addresses, state.ports));
            let diverted = diverted.filter(|diverted| !is_same_socket(diverted, traversal.inbound));
            match groups.iter_mut().find(|group| group.diverted == diverted) {
                Some(group) => group.states.push(state),
                None => groups.push(Group { diverted, states: vec![state] }),
            }
        }
        (groups, arrival)
    }

    /// Passes a chain of some interfaces. There are no connections yet.
    fn ingress(
        &self,
        chain: &Chain,
        states: Vec<State>,
        traversal: &mut Traversal<'_>,
        course: &mut Course,
    ) -> Vec<State> {
        let devices = chain.hook.as_ref().map(|hook| hook.devices.as_slice()).unwrap_or_default();
        let (mut certain, mut possible) = (0u128, 0u128);
        for (at, case) in traversal.cases.iter().enumerate() {
            match &case.link {
                Some(link) if devices.iter().any(|device| is_device(device, &link.name)) => {
                    certain |= 1 << at
                }
                // Its packets come through another interface first, which may be one of these.
                Some(link) if !link.is_stacked => {}
                _ => possible |= 1 << at,
            }
        }
        traversal.before_tracking = false;
        let (mut entering, mut passing) = (Vec::new(), Vec::new());
        for state in states {
            let tracking = state.tracking;
            let of = |cases: u128| State { cases: state.cases & cases, ..state.clone() };
            if state.cases & (certain | possible) != 0 {
                entering.push((State { tracking: None, ..of(certain | possible) }, tracking));
            }
            if state.cases & !certain != 0 {
                add(&mut passing, of(!certain));
            }
        }
        for (state, tracking) in entering {
            let fates = self.ruleset.pass(chain, vec![state], traversal);
            note(chain, &fates, !passing.is_empty(), course);
            for state in fates.accepted {
                add(&mut passing, State { tracking, ..state });
            }
        }
        passing
    }

    /// Passes the chains of a hook. Among those of the same priority the order is known, unless some are of iptables-legacy
    /// and some are not.
    fn in_turn(
        &self,
        chains: &[&Chain],
        mut states: Vec<State>,
        traversal: &mut Traversal<'_>,
        course: &mut Course,
    ) -> Vec<State> {
        for equals in chains.chunk_by(|one, other| one.order() == other.order()) {
            let is_known = equals.windows(2).all(|pair| match pair {
                [one, other] => one.key.engine == other.key.engine,
                _ => true,
            });
            let back = (!is_known).then(|| {
                equals
                    .iter()
                    .rev()
                    .fold(states.clone(), |states, chain| self.hook(chain, states, traversal, course))
            });
            states = equals.iter().fold(states, |states, chain| self.hook(chain, states, traversal, course));
            for state in back.into_iter().flatten() {
                add(&mut states, state);
            }
        }
        states
    }

    fn hook(
        &self,
        chain: &Chain,
        states: Vec<State>,
        traversal: &mut Traversal<'_>,
        course: &mut Course,
    ) -> Vec<State> {
        let (mut entering, mut passing) = (Vec::new(), Vec::new());
        for state in states {
            match (chain.translates, state.tracking) {
                // The destination is translated, or the packet not tracked: the kernel does not call it. Chains that
                // translate sources come after routing.
                (true, _) if state.translated && chain.ip_hook() == Some(PREROUTING) => passing.push(state),
                (true, Some(UNTRACKED)) => passing.push(state),
                (true, None) => {
                    passing.push(state.clone());
                    entering.push(state);
                }
                _ => entering.push(state),
            }
        }
        if entering.is_empty() {
            return passing;
        }
        let fates = self.ruleset.pass(chain, entering, traversal);
        note(chain, &fates, !passing.is_empty(), course);
        for state in fates.accepted {
            add(&mut passing, state);
        }
        passing
    }

    /// Follows each group to its end.
    pub(super) fn conclude(
        &self,
        groups: Vec<Group>,
        arrival: Course,
        traversal: &mut Traversal<'_>,
    ) -> Outcome {
        let mut own = Course::default();
        let mut is_reached = false;
        let mut sent = Vec::new();
        for group in groups {
            let mut course = Course::default();
            let cases = group.cases();
            let Some((diverted, addresses, ports)) = group.diverted else {
                let states = self.hooks(&[LOCAL_IN], group.states, traversal, &mut course);
                is_reached |= !states.is_empty();
                own = own.and(&course);
                continue;
            };
            let in_cases = |mask: u128| {
                traversal
                    .cases
                    .iter()
                    .enumerate()
                    .filter(move |(at, _)| mask & 1 << at != 0)
                    .map(|(_, case)| case)
            };
            let from = self.places.names(in_cases(cases));
            let way = self.way(addresses);
            let (states, is_here) = match diverted.proxied {
                Some(_) => (self.hooks(&[LOCAL_IN], group.states, traversal, &mut course), true),
                None => self.route(group.states, addresses, &way, traversal, &mut course),
            };
            let dropped_before = arrival.dropped & cases != 0;
            let passage = match (states.is_empty(), course.dropped != 0 || dropped_before) {
                (true, _) => Passage::Closed,
                (false, true) => Passage::Depends,
                (false, false) => Passage::Open,
            };
            if dropped_before {
                arrival.by.iter().for_each(|by| course.note(arrival.passage, by.clone()));
            }
            let to = target(addresses, is_here, traversal.inbound.address);
            let ports = diverted.proxied.map_or(ports, |(from, to)| Ports::Range(from, to));
            let diversion = Diversion { rule: diverted.rule.to_string(), to, from, passage, by: course.by };
            let new = Sent { ports, diversion };
            if !sent.contains(&new) {
                sent.push(new);
            }
        }
        let own = arrival.and(&own);
        let passage = match (is_reached, own.dropped != 0 || !sent.is_empty()) {
            (false, _) => Passage::Closed,
            (true, true) => Passage::Depends,
            (true, false) => Passage::Open,
        };
        let is_decided = is_reached || own.dropped != 0;
        Outcome { passage, by: if is_decided { own.by } else { Vec::new() }, sent }
    }

    /// Returns what the rules for sockets of this machine would do with a packet that no rule has changed.
    pub(super) fn otherwise(&self, traversal: &mut Traversal<'_>) -> (Passage, Vec<String>) {
        let all = traversal.cases.iter().fold(0u128, |cases, _| cases << 1 | 1);
        let mut course = Course::default();
        let states = self.hooks(&[LOCAL_IN], vec![State::new(all)], traversal, &mut course);
        let passage = match (states.is_empty(), course.dropped != 0) {
            (true, _) => Passage::Closed,
            (false, true) => Passage::Depends,
            (false, false) => Passage::Open,
        };
        (passage, course.by)
    }

    fn hooks(
        &self,
        numbers: &[u32],
        mut states: Vec<State>,
        traversal: &mut Traversal<'_>,
        course: &mut Course,
    ) -> Vec<State> {
        traversal.before_tracking = false;
        for number in numbers {
            let family = traversal.inbound.family;
            let is_next = |chain: &&Chain| chain.sees(family) && chain.ip_hook() == Some(*number);
            let chains: Vec<&Chain> = self.ruleset.bases.iter().filter(is_next).collect();
            states = self.in_turn(&chains, states, traversal, course);
        }
        states
    }

    /// Returns where packets to some addresses go.
    fn way(&self, addresses: Addresses) -> Way {
        match addresses {
            Addresses::Same | Addresses::OfInterface => Way::Here,
            Addresses::Unknown => Way::Unknown,
            Addresses::Range(from, to) => match (self.places.way(from), self.places.way(to)) {
                (one, other) if one == other => one,
                _ => Way::Unknown,
            },
        }
    }

    /// Routes packets with another destination, and passes the hooks on their way. Returns those that get there, and
    /// whether that is this machine.
    fn route(
        &self,
        states: Vec<State>,
        addresses: Addresses,
        way: &Way,
        traversal: &mut Traversal<'_>,
        course: &mut Course,
    ) -> (Vec<State>, bool) {
        let (here, on) = match way {
            Way::Here => (true, None),
            Way::On(link) => (false, Some(link.clone().map_or(Output::Unknown, Output::Link))),
            Way::Unknown => (true, Some(Output::Unknown)),
            Way::Nowhere => {
                course.note(Passage::Closed, "no route to it".to_owned());
                return (Vec::new(), false);
            }
        };
        let mut arrived = Vec::new();
        let is_certain = here != on.is_some();
        if here {
            let kind = is_certain.then_some(LOCAL);
            let states =
                states.iter().map(|state| State { destination_type: kind, ..state.clone() }).collect();
            let gate = |case: &Case| self.is_let_to(addresses, case);
            let reason = match traversal.inbound.family {
                Family::V4 => "net.ipv4.conf.all.route_localnet = 0",
                Family::V6 => "no route to ::1 from outside",
            };
            let states = gated(states, traversal.cases, &gate, reason, course);
            arrived.extend(self.hooks(&[LOCAL_IN], states, traversal, course));
        }
        if let Some(output) = on {
            let kind = is_certain.then_some(UNICAST);
            let with = |state: State| State { output: output.clone(), destination_type: kind, ..state };
            let states = states.into_iter().map(with).collect();
            let family = traversal.inbound.family;
            let gate = |case: &Case| self.places.forwards(family, case.link.as_deref());
            let reason = match family {
                Family::V4 => "net.ipv4.ip_forward = 0",
                Family::V6 => "net.ipv6.conf.all.forwarding = 0",
            };
            let states = gated(states, traversal.cases, &gate, reason, course);
            arrived.extend(self.hooks(&[FORWARD, POSTROUTING], states, traversal, course));
        }
        (arrived, here && is_certain)
    }

    /// Whether a packet that came from outside may go to an address of this machine; `None` where that is not known.
    fn is_let_to(&self, addresses: Addresses, case: &Case) -> Option<bool> {
        match addresses {
            Addresses::Range(IpAddr::V4(address), _) if address.is_loopback() => {
                self.places.reaches_loopback(case.link.as_deref())
            }
            // The kernel routes it by the loopback interface alone.
            Addresses::Range(IpAddr::V6(address), _) if address.is_loopback() => Some(false),
            _ => Some(true),
        }
    }
}

/// Drops packets in the cases in which the kernel does not let them through, for a reason.
fn gated(
    states: Vec<State>,
    cases: &[Case],
    gate: &dyn Fn(&Case) -> Option<bool>,
    reason: &str,
    course: &mut Course,
) -> Vec<State> {
    let (mut through, mut lost) = (0u128, 0u128);
    for (at, case) in cases.iter().enumerate() {
        let answer = gate(case);
        through |= u128::from(answer != Some(false)) << at;
        lost |= u128::from(answer != Some(true)) << at;
    }
    let all = states.iter().fold(0, |all, state| all | state.cases);
    if all & lost != 0 {
        course.dropped |= all & lost;
        let passage = if all & through == 0 { Passage::Closed } else { Passage::Depends };
        course.note(passage, reason.to_owned());
    }
    let kept = states.into_iter().map(|state| State { cases: state.cases & through, ..state });
    kept.filter(|state| state.cases != 0).collect()
}

/// Notes what a chain has done. Chains that translate are named only where they drop something.
fn note(chain: &Chain, fates: &Fates, some_pass: bool, course: &mut Course) {
    let passage = match (fates.dropped.is_empty(), fates.accepted.is_empty() && !some_pass) {
        (true, _) => Passage::Open,
        (false, false) => Passage::Depends,
        (false, true) => Passage::Closed,
    };
    course.dropped |= fates.dropped.iter().fold(0, |all, state| all | state.cases);
    if passage != Passage::Open || !chain.translates {
        course.note(passage, chain.key.title());
    }
}

fn is_device(device: &str, name: &[u8]) -> bool {
    match device.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix.as_bytes()),
        None => name == device.as_bytes(),
    }
}

/// Whether a diverted packet still goes to the socket that it was for.
fn is_same_socket((diverted, addresses, ports): &(Diverted, Addresses, Ports), inbound: &Inbound) -> bool {
    let port = (inbound.port, inbound.port);
    match (diverted.proxied, addresses, ports) {
        (Some(ports), ..) => ports == port,
        (None, Addresses::Same, _) => to_port(*ports, inbound.port) == port,
        (None, Addresses::OfInterface, _) => {
            inbound.address.is_none() && to_port(*ports, inbound.port) == port
        }
        _ => false,
    }
}

fn to_port(ports: Ports, asked: u16) -> (u16, u16) {
    State { ports, ..State::new(0) }.port(asked)
}

fn target(addresses: Addresses, is_here: bool, asked: Option<IpAddr>) -> Target {
    let ports = (0, 0);
    match addresses {
        Addresses::Same => Target::Here { address: asked, ports },
        Addresses::OfInterface => Target::Here { address: None, ports },
        Addresses::Range(from, _) if is_here => Target::Here { address: Some(from), ports },
        Addresses::Range(from, to) => Target::Behind { addresses: Some((from, to)), ports, tenant: None },
        Addresses::Unknown => Target::Behind { addresses: None, ports, tenant: None },
    }
}
