//! What a chain does with a packet.
//!
//! Little is known of the packet, so a rule matches, does not match, or may match. Where it may, both ways are followed:
//! the answer is everything that may become of the packet.

use super::guard::Guard;
use super::packet::{Diverted, Match, State, View, address_of};
use super::places::Case;
use super::rules::{
    Addresses, Chain, Element, Engine, Expression, Found, NEW, NftKey, Ports, Rule, UNTRACKED, Verdict,
};
use super::sets::Set;
use netstat_model::{Family, Inbound};
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

/// Depth of nested chains, the work with rules, and number of ways through them, after which the answer is that anything
/// may happen.
const MAX_DEPTH: usize = 32;
pub(super) const MAX_WORK: usize = 200_000 * LOOK;
const MAX_STATES: usize = 64;

/// How much longer it takes to look at a rule than to pass over it by its guard.
const LOOK: usize = 16;

/// How many branches of one rule are followed: a rule may look up several values, each in a map of its own.
const MAX_BRANCHES: usize = 1024;

/// How many elements of a map are followed, where it is not known which one a packet finds.
const MAX_CHOICES: usize = 64;

/// Chains, rules and sets.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    /// The chains that the kernel calls, in its order.
    pub(super) bases: Vec<Chain>,
    rules: FxHashMap<NftKey, Vec<(Guard, Rule)>>,
    sets: FxHashMap<NftKey, Set>,
}

/// A packet that goes through chains.
pub(super) struct Traversal<'a> {
    pub(super) inbound: &'a Inbound,
    pub(super) cases: &'a [Case],
    /// How many more rules are passed over; to look at one is as much as passing over several.
    pub(super) work_left: usize,
    /// Whether a rule can still exempt the connection from tracking.
    pub(super) before_tracking: bool,
    /// Whether a rule can still give the packet another destination.
    pub(super) may_divert: bool,
    /// Whether every rule that may divert the packet was followed.
    pub(super) is_whole: Cell<bool>,
}

impl<'a> Traversal<'a> {
    pub(super) fn new(inbound: &'a Inbound, cases: &'a [Case]) -> Self {
        let is_whole = Cell::new(true);
        Self { inbound, cases, work_left: MAX_WORK, before_tracking: false, may_divert: false, is_whole }
    }

    /// Notes that rules may divert the packet in a way that is not followed.
    fn lose_track(&self) {
        self.is_whole.set(self.is_whole.get() && !self.may_divert);
    }

    /// Takes some of the work that is left; `None`, and no more work, where there is not as much.
    fn work(&mut self, amount: usize) -> Option<()> {
        let left = self.work_left.checked_sub(amount);
        self.work_left = left.unwrap_or(0);
        left.map(|_| ())
    }

    /// Returns the answer that the chain may accept or drop a packet in this state, or not decide. Whether it diverts the
    /// packet is not known.
    fn anything(&self, state: &State) -> Fates {
        self.lose_track();
        let one = || vec![state.clone()];
        Fates { accepted: one(), dropped: one(), undecided: one() }
    }
}

/// Everything that may become of a packet in a chain.
#[derive(Debug, Default)]
pub(super) struct Fates {
    pub(super) accepted: Vec<State>,
    pub(super) dropped: Vec<State>,
    /// No rule decides.
    pub(super) undecided: Vec<State>,
}

/// Adds a state to others, and says whether there are few enough of them still.
pub(super) fn add(states: &mut Vec<State>, state: State) -> bool {
    match states.iter_mut().find(|known| known.is_alike(&state)) {
        Some(known) => known.cases |= state.cases,
        None => states.push(state),
    }
    states.len() <= MAX_STATES
}

fn add_all(states: &mut Vec<State>, more: Vec<State>) -> bool {
    for state in more {
        add(states, state);
    }
    states.len() <= MAX_STATES
}

/// One thing that a rule may do with a packet.
#[derive(Debug)]
struct Branch {
    /// Whether the rule does this or another of its branches for certain.
    is_certain: bool,
    state: State,
    verdict: Verdict,
}

impl Ruleset {
    pub(super) fn new(chains: Vec<Chain>, rules: Vec<Rule>) -> Self {
        let mut bases: Vec<Chain> = chains.into_iter().filter(Chain::sees_inbound).collect();
        // Among chains of the same priority the kernel calls the newest first (`nf_hook_entries_grow`), and lists it last.
        bases.reverse();
        bases.sort_by_key(Chain::order);
        let mut by_chain: FxHashMap<NftKey, Vec<(Guard, Rule)>> = FxHashMap::default();
        for rule in rules {
            by_chain.entry(rule.chain.clone()).or_default().push((Guard::of(&rule), rule));
        }
        Self { bases, rules: by_chain, sets: FxHashMap::default() }
    }

    /// Lists all rules, in no particular order.
    pub(super) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.values().flatten().map(|(_, rule)| rule)
    }

    /// Lists the sets that rules look something up in, each once.
    pub(super) fn wanted_sets(&self) -> Vec<NftKey> {
        let mut wanted = Vec::new();
        for rule in self.rules().filter(|rule| rule.chain.engine == Engine::Nftables) {
            wanted.extend(rule.expressions.iter().filter_map(|expression| match expression {
                Expression::Lookup { set, .. } => Some(NftKey { name: set.clone(), ..rule.chain.clone() }),
                _ => None,
            }));
        }
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    pub(super) fn add_set(&mut self, key: NftKey, set: Set) {
        self.sets.insert(key, set);
    }

    /// Returns a set that a rule looks something up in.
    pub(super) fn set(&self, rule: &Rule, name: &str) -> Option<&Set> {
        self.sets.get(&NftKey { name: name.to_owned(), ..rule.chain.clone() })
    }

    /// Follows a packet through a base chain, whose policy decides in the end.
    pub(super) fn pass(&self, chain: &Chain, states: Vec<State>, traversal: &mut Traversal<'_>) -> Fates {
        let mut fates = Fates::default();
        for state in states {
            let one = self.walk(&chain.key, state, MAX_DEPTH, traversal);
            add_all(&mut fates.accepted, one.accepted);
            add_all(&mut fates.dropped, one.dropped);
            add_all(&mut fates.undecided, one.undecided);
        }
        let undecided = std::mem::take(&mut fates.undecided);
        add_all(if chain.policy_drops { &mut fates.dropped } else { &mut fates.accepted }, undecided);
        fates
    }

    fn walk(&self, chain: &NftKey, state: State, depth: usize, traversal: &mut Traversal<'_>) -> Fates {
        let Some(depth) = depth.checked_sub(1) else { return traversal.anything(&state) };
        let start = state.clone();
        let mut fates = Fates::default();
        let mut states = vec![state];
        for (guard, rule) in self.rules.get(chain).map(Vec::as_slice).unwrap_or_default() {
            if traversal.work(states.len()).is_none() {
                return traversal.anything(&start);
            }
            if states.iter().all(|state| guard.excludes(state, traversal.inbound)) {
                continue;
            }
            let mut on = Vec::new();
            let mut few = true;
            for state in states {
                let Some(branches) = self.evaluate(rule, &state, traversal) else {
                    return traversal.anything(&start);
                };
                let mut unmatched = state.cases;
                for branch in branches {
                    if branch.is_certain {
                        unmatched &= !branch.state.cases;
                    }
                    let state = branch.state;
                    few &= match &branch.verdict {
                        Verdict::Accept => add(&mut fates.accepted, state),
                        Verdict::Drop => add(&mut fates.dropped, state),
                        Verdict::Queue => {
                            add(&mut fates.accepted, state.clone()) && add(&mut fates.dropped, state)
                        }
                        Verdict::Return => add(&mut fates.undecided, state),
                        Verdict::Continue => add(&mut on, state),
                        Verdict::Jump(name) | Verdict::Goto(name) => {
                            let to = NftKey { name: name.clone(), ..chain.clone() };
                            let inner = self.walk(&to, state, depth, traversal);
                            // What an inner chain does not decide comes back to this one after a jump, but not after a goto.
                            let is_jump = matches!(branch.verdict, Verdict::Jump(_));
                            let back = if is_jump { &mut on } else { &mut fates.undecided };
                            let few = add_all(back, inner.undecided);
                            let few = add_all(&mut fates.accepted, inner.accepted) && few;
                            add_all(&mut fates.dropped, inner.dropped) && few
                        }
                    };
                }
                if unmatched != 0 {
                    few &= add(&mut on, State { cases: unmatched, ..state });
                }
            }
            if !few {
                return traversal.anything(&start);
            }
            states = on;
            if states.is_empty() {
                return fates;
            }
        }
        add_all(&mut fates.undecided, states);
        fates
    }

    /// Evaluates a rule: everything that it may do; `None` where that is too much. Cases are told apart only where the rule
    /// does so.
    fn evaluate(&self, rule: &Rule, state: &State, traversal: &mut Traversal<'_>) -> Option<Vec<Branch>> {
        let (branches, depends_on_case) = self.evaluate_case(rule, state, None, traversal)?;
        if branches.is_empty() || !depends_on_case {
            return Some(branches);
        }
        let mut branches: Vec<Branch> = Vec::new();
        for (at, case) in traversal.cases.iter().enumerate() {
            let bit = state.cases & 1 << at;
            if bit == 0 {
                continue;
            }
            let state = State { cases: bit, ..state.clone() };
            for branch in self.evaluate_case(rule, &state, Some(case), traversal)?.0 {
                let alike = branches.iter_mut().find(|known| {
                    known.is_certain == branch.is_certain
                        && known.verdict == branch.verdict
                        && known.state.is_alike(&branch.state)
                });
                match alike {
                    Some(known) => known.state.cases |= bit,
                    None => branches.push(branch),
                }
            }
        }
        Some(branches)
    }

    fn evaluate_case(
        &self,
        rule: &Rule,
        state: &State,
        case: Option<&Case>,
        traversal: &mut Traversal<'_>,
    ) -> Option<(Vec<Branch>, bool)> {
        let evaluation = Evaluation { ruleset: self, rule, traversal, ways: Cell::new(0) };
        let mut branches = Vec::new();
        let mut view = View::new(traversal.inbound, case);
        evaluation.run(&rule.expressions, &mut view, state.clone(), true, &mut branches);
        let ways = evaluation.ways.get();
        traversal.work(ways.saturating_mul(LOOK))?;
        if ways > MAX_BRANCHES {
            return None;
        }
        // Perhaps going on unchanged is what happens without the rule.
        branches.retain(|branch| {
            branch.is_certain || branch.verdict != Verdict::Continue || branch.state != *state
        });
        Some((branches, view.depends_on_case))
    }
}

/// A rule that looks at a packet.
struct Evaluation<'a> {
    ruleset: &'a Ruleset,
    rule: &'a Rule,
    traversal: &'a Traversal<'a>,
    /// How many ways through the expressions have been followed.
    ways: Cell<usize>,
}

impl Evaluation<'_> {
    /// Goes through the expressions, from a state of the registers on.
    fn run(
        &self,
        expressions: &[Expression],
        view: &mut View<'_>,
        mut state: State,
        mut is_certain: bool,
        branches: &mut Vec<Branch>,
    ) {
        self.ways.set(self.ways.get() + 1);
        if self.ways.get() > MAX_BRANCHES {
            return;
        }
        let end = |is_certain, state, verdict| Branch { is_certain, state, verdict };
        for (at, expression) in expressions.iter().enumerate() {
            let step = match expression {
                Expression::Nothing => Match::Yes,
                Expression::Never => Match::No,
                Expression::Uncertain => Match::Maybe,
                Expression::Unknown => {
                    self.traversal.lose_track();
                    for verdict in [Verdict::Accept, Verdict::Drop] {
                        branches.push(end(false, state.clone(), verdict));
                    }
                    view.forget();
                    Match::Maybe
                }
                Expression::Untracked => {
                    if self.traversal.before_tracking {
                        state.tracking = Some(UNTRACKED);
                    }
                    Match::Yes
                }
                Expression::Load { into, what } => {
                    view.load(&state, *into, *what);
                    Match::Yes
                }
                Expression::Put { into, value } => {
                    view.put(*into, Some(value));
                    Match::Yes
                }
                Expression::Compute { into } => {
                    view.put(*into, None);
                    Match::Yes
                }
                Expression::Compare { of, how, with } => view.compare(*of, *how, with),
                Expression::Range { of, inside, from, to } => match view.bytes(*of, from.len()) {
                    Some(value) => (*inside == (*from <= value && value <= *to)).into(),
                    None => Match::Maybe,
                },
                Expression::Bitwise { of, into, mask, xor } => {
                    view.bitwise(*of, *into, mask, xor);
                    Match::Yes
                }
                Expression::Ports { protocol, .. } if ![0, view.protocol()].contains(protocol) => Match::No,
                Expression::Ports { ranges, inverted, .. } => view.ports(&state, ranges).inverted(*inverted),
                Expression::Flags { mask, with, inverted } => match mask & 0xc0 {
                    // The first segment is a SYN, perhaps with the flags of congestion control.
                    0 => Match::from(2 & mask == *with).inverted(*inverted),
                    _ => Match::Maybe,
                },
                Expression::State { mask, translated, inverted } => match state.tracking {
                    Some(tracking) => {
                        let is_translated = *translated && state.translated && tracking == NEW;
                        Match::from(mask & tracking != 0 || is_translated).inverted(*inverted)
                    }
                    None => Match::Maybe,
                },
                Expression::OriginalPorts { range: (from, to), inverted } => match state.tracking {
                    Some(NEW) => Match::from((from..=to).contains(&&view.inbound.port)).inverted(*inverted),
                    _ => Match::Maybe,
                },
                Expression::DestinationType { types, inverted } => {
                    let is = |kind: u32| match view.inbound.family {
                        // In IPv6 a local address is a unicast one as well.
                        Family::V6 if *types == 2 => kind <= 2,
                        _ => 1u32.checked_shl(kind).is_some_and(|bit| bit & u32::from(*types) != 0),
                    };
                    let found = view.destination_type(&state).map(is);
                    found.map_or(Match::Maybe, |found| Match::from(found).inverted(*inverted))
                }
                Expression::Mark { mask, with, inverted } => {
                    let (value, known) = state.mark;
                    match (value ^ with) & known & mask {
                        0 if mask & !known == 0 => Match::from(with & !mask == 0).inverted(*inverted),
                        0 => Match::Maybe,
                        _ => Match::No.inverted(*inverted),
                    }
                }
                Expression::SetMark { mask, with } => {
                    state.set_mark(*mask, *with);
                    Match::Yes
                }
                Expression::Store { from, what } => {
                    view.store(&mut state, *from, *what, &self.title());
                    Match::Yes
                }
                Expression::Proxy { port } => {
                    let port = match port {
                        Some(register) => view.bytes(*register, 2).and_then(|bytes| number(&bytes)),
                        None => Some(view.inbound.port),
                    };
                    // Where there is no transparent socket, the rule does not match.
                    is_certain = false;
                    self.proxy(&mut state, port);
                    Match::Maybe
                }
                Expression::ProxyTo { port } => {
                    branches.push(end(false, state.clone(), Verdict::Drop));
                    let port = if *port == 0 { view.inbound.port } else { *port };
                    self.proxy(&mut state, Some(port));
                    // It sets bits of the mark as well.
                    state.set_mark(u32::MAX, None);
                    branches.push(end(is_certain, state, Verdict::Accept));
                    return;
                }
                Expression::Translate { family: Some(family), .. } if *family != view.inbound.family => {
                    Match::Yes
                }
                Expression::Translate { redirects, addresses, ports, .. } => {
                    let addresses = match addresses {
                        None if *redirects => Addresses::OfInterface,
                        None => Addresses::Same,
                        Some((from, to)) => self.addresses(view, *from, *to),
                    };
                    let port = |register| view.bytes(register, 2).and_then(|bytes| number(&bytes));
                    let ports = match ports.map(|(from, to)| (port(from), port(to))) {
                        None => Ports::Same,
                        Some((Some(from), Some(to))) => Ports::Range(from, to),
                        Some(_) => Ports::Range(0, u16::MAX),
                    };
                    self.translate(&mut state, addresses, ports);
                    return branches.push(end(is_certain, state, Verdict::Accept));
                }
                Expression::TranslateTo { addresses, ports } => {
                    self.translate(&mut state, in_family(*addresses, view.inbound.family), *ports);
                    return branches.push(end(is_certain, state, Verdict::Accept));
                }
                Expression::Verdict(verdict) => {
                    return branches.push(end(is_certain, state, verdict.clone()));
                }
                Expression::Lookup { of, set, inverted, found } => {
                    let set = self.ruleset.set(self.rule, set);
                    if *found == Found::Match {
                        let element = set.and_then(|set| set.look_up(view, *of));
                        element.map_or(Match::Maybe, |element| (element.is_some() != *inverted).into())
                    } else {
                        let rest = expressions.get(at + 1..).unwrap_or_default();
                        return self.look_up(set, (*of, *found), rest, view, &state, is_certain, branches);
                    }
                }
            };
            match step {
                Match::Yes => {}
                Match::No => return,
                Match::Maybe => is_certain = false,
            }
        }
        branches.push(end(is_certain, state, Verdict::Continue));
    }

    /// Goes on with what a map holds for a register.
    #[expect(clippy::too_many_arguments, reason = "the state of an evaluation and where it goes on")]
    fn look_up(
        &self,
        set: Option<&Set>,
        (of, found): (u32, Found),
        rest: &[Expression],
        view: &mut View<'_>,
        state: &State,
        is_certain: bool,
        branches: &mut Vec<Branch>,
    ) {
        let mut go_on = |element: &Element, is_certain: bool, view: &mut View<'_>| match found {
            Found::Value(into) => {
                let mut own = view.clone();
                own.put(into, element.value.as_deref());
                self.run(rest, &mut own, state.clone(), is_certain, branches);
                view.depends_on_case |= own.depends_on_case;
            }
            _ => branches.extend(element.verdict.clone().map(|verdict| {
                let state = state.clone();
                Branch { is_certain, state, verdict }
            })),
        };
        let unknown = Element::default();
        let Some(set) = set else {
            if matches!(found, Found::Value(_)) {
                return go_on(&unknown, false, view);
            }
            for verdict in [Verdict::Accept, Verdict::Drop] {
                branches.push(Branch { is_certain: false, state: state.clone(), verdict });
            }
            return;
        };
        if let Some(element) = set.look_up(view, of) {
            return element.map_or((), |element| go_on(element, is_certain, view));
        }
        if let Some(keys) = view.choices(of).filter(|_| set.has_keys_of(4)) {
            // It is one of these for certain, and a key that the map lacks ends the rule.
            let elements: Vec<Option<&Element>> = keys.iter().map(|key| set.find(key)).collect();
            let is_complete = is_certain && elements.iter().all(Option::is_some);
            return elements.into_iter().flatten().for_each(|element| go_on(element, is_complete, view));
        }
        if set.elements.len() > MAX_CHOICES {
            match found {
                Found::Value(_) => go_on(&unknown, false, view),
                _ => {
                    let mut verdicts: Vec<&Element> = Vec::new();
                    for element in &set.elements {
                        if !verdicts.iter().any(|known| known.verdict == element.verdict) {
                            verdicts.push(element);
                        }
                    }
                    verdicts.into_iter().for_each(|element| go_on(element, false, view));
                }
            }
            return;
        }
        set.elements
            .iter()
            .filter(|element| !element.ends_range)
            .for_each(|element| go_on(element, false, view));
    }

    fn title(&self) -> Rc<str> {
        self.rule.title().into()
    }

    fn addresses(&self, view: &View<'_>, from: u32, to: u32) -> Addresses {
        let family = view.inbound.family;
        let length = if family == Family::V4 { 4 } else { 16 };
        let address = |register| view.bytes(register, length).and_then(|bytes| address_of(family, &bytes));
        match (address(from), address(to)) {
            (Some(from), Some(to)) => Addresses::Range(from, to),
            _ => Addresses::Unknown,
        }
    }

    fn translate(&self, state: &mut State, addresses: Addresses, ports: Ports) {
        if addresses != Addresses::Same {
            state.addresses = addresses;
        }
        if ports != Ports::Same {
            state.ports = ports;
        }
        state.destination_type = None;
        state.translated = true;
        state.diverted = Some(Diverted { rule: self.title(), proxied: None });
    }

    fn proxy(&self, state: &mut State, port: Option<u16>) {
        let ports = port.map_or((0, u16::MAX), |port| (port, port));
        state.diverted = Some(Diverted { rule: self.title(), proxied: Some(ports) });
    }
}

fn number(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.first_chunk()?))
}

/// Returns the addresses of an iptables rule in the family of the packet: one of IPv6 that ends in 12 zero bytes is read
/// as one of IPv4.
fn in_family(addresses: Addresses, family: Family) -> Addresses {
    let own = |address: IpAddr| match (address, family) {
        (IpAddr::V4(address), Family::V6) => {
            let mut bytes = [0; 16];
            bytes.iter_mut().zip(address.octets()).for_each(|(byte, octet)| *byte = octet);
            IpAddr::V6(Ipv6Addr::from(bytes))
        }
        (address, _) => address,
    };
    match addresses {
        Addresses::Range(from, to) => Addresses::Range(own(from), own(to)),
        other => other,
    }
}
