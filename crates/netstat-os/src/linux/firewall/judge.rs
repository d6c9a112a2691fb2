//! What the rules do with the first packet of a connection from another machine.
//!
//! Little is known of that packet, so a rule matches, does not match, or may match. Where it may, both ways are followed:
//! the judgement is what happens for certain, or that it depends.

use super::rules::{Chain, Comparison, Element, Expression, IPV4, IPV6, Load, NEW, NftKey, PREROUTING};
use super::rules::{Rule, UNTRACKED, Verdict};
use netstat_model::{Family, Inbound, Judgement, Passage, Transport};
use rustc_hash::FxHashMap;

/// Depth of nested chains, and number of rules in all, after which the answer is "depends".
const MAX_DEPTH: usize = 32;
const MAX_RULES: usize = 200_000;

/// In the prerouting hook, connections are not tracked before this priority (`NF_IP_PRI_CONNTRACK`).
const TRACKING_PRIORITY: i32 = -200;

/// Chains, rules and sets.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    /// The chains that the kernel calls, in its order.
    bases: Vec<Chain>,
    rules: FxHashMap<NftKey, Vec<Rule>>,
    sets: FxHashMap<NftKey, Set>,
    /// Whether any rule gives connections another destination.
    translates: bool,
}

/// What changes as a packet goes from rule to rule.
struct Traversal {
    /// How many more rules are looked at.
    rules_left: usize,
    /// Whether a rule can still exempt the connection from tracking.
    before_tracking: bool,
    /// The state of the connection; `None` where that depends.
    state: Option<u16>,
}

/// The elements of a set, sorted by key.
#[derive(Debug)]
pub(super) struct Set {
    elements: Vec<Element>,
    /// Whether an element stands for all keys up to the next one.
    has_ranges: bool,
}

/// Whether a rule matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Match {
    Yes,
    No,
    Maybe,
}

impl From<bool> for Match {
    fn from(is: bool) -> Self {
        if is { Self::Yes } else { Self::No }
    }
}

/// Everything that may become of a packet in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Fates {
    accepted: bool,
    dropped: bool,
    /// No rule decides.
    undecided: bool,
}

impl Ruleset {
    pub(super) fn new(chains: Vec<Chain>, rules: Vec<Rule>) -> Self {
        let mut bases: Vec<Chain> = chains.into_iter().filter(Chain::sees_inbound).collect();
        bases.sort_by_key(|chain| (!chain.is_ingress(), chain.hook));
        let mut expressions = rules.iter().flat_map(|rule| &rule.expressions);
        let translates = expressions.any(|expression| *expression == Expression::Translates);
        let mut by_chain: FxHashMap<NftKey, Vec<Rule>> = FxHashMap::default();
        for rule in rules {
            by_chain.entry(rule.chain.clone()).or_default().push(rule);
        }
        Self { bases, rules: by_chain, sets: FxHashMap::default(), translates }
    }

    /// Lists the sets that rules look something up in, each once.
    pub(super) fn wanted_sets(&self) -> Vec<NftKey> {
        let mut wanted = Vec::new();
        for rule in self.rules.values().flatten() {
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

    /// Follows a packet through all chains that it passes.
    pub(super) fn judge(&self, inbound: &Inbound) -> Judgement {
        let mut judgement = Judgement { passage: Passage::Open, by: Vec::new() };
        let mut traversal = Traversal { rules_left: MAX_RULES, before_tracking: false, state: Some(NEW) };
        for chain in self.bases.iter().filter(|chain| chain.sees(inbound.family)) {
            let mut fates;
            if chain.is_ingress() {
                let state = traversal.state.take();
                traversal.before_tracking = false;
                fates = self.walk(&chain.key, inbound, MAX_DEPTH, &mut traversal);
                // The packet may as well come by another interface, which this chain does not see.
                (fates.accepted, traversal.state) = (true, state);
            } else {
                traversal.before_tracking = chain
                    .hook
                    .is_some_and(|hook| hook.number == PREROUTING && hook.priority < TRACKING_PRIORITY);
                fates = self.walk(&chain.key, inbound, MAX_DEPTH, &mut traversal);
            }
            if fates.undecided {
                fates.dropped |= chain.policy_drops;
                fates.accepted |= !chain.policy_drops;
            }
            let passage = match fates {
                Fates { dropped: false, .. } => Passage::Open,
                Fates { accepted: true, .. } => Passage::Depends,
                Fates { accepted: false, .. } => Passage::Closed,
            };
            if passage > judgement.passage {
                (judgement.passage, judgement.by) = (passage, Vec::new());
            }
            if passage == judgement.passage {
                judgement.by.push(chain.title());
            }
            if passage == Passage::Closed {
                break;
            }
        }
        judgement
    }

    fn walk(&self, chain: &NftKey, inbound: &Inbound, depth: usize, traversal: &mut Traversal) -> Fates {
        let anything = Fates { accepted: true, dropped: true, undecided: true };
        let mut fates = Fates::default();
        let Some(depth) = depth.checked_sub(1) else { return anything };
        for rule in self.rules.get(chain).map(Vec::as_slice).unwrap_or_default() {
            let Some(rules_left) = traversal.rules_left.checked_sub(1) else { return anything };
            traversal.rules_left = rules_left;
            for (matched, verdict) in self.evaluate(rule, inbound, traversal) {
                match &verdict {
                    Verdict::Accept => fates.accepted = true,
                    Verdict::Drop => fates.dropped = true,
                    Verdict::Queue => (fates.accepted, fates.dropped) = (true, true),
                    Verdict::Return => fates.undecided = true,
                    Verdict::Continue => continue,
                    Verdict::Jump(name) | Verdict::Goto(name) => {
                        let to = NftKey { name: name.clone(), ..chain.clone() };
                        let inner = self.walk(&to, inbound, depth, traversal);
                        fates.accepted |= inner.accepted;
                        fates.dropped |= inner.dropped;
                        // What an inner chain does not decide comes back to this one after a jump, but not after a goto.
                        match verdict {
                            Verdict::Jump(_) if inner.undecided => continue,
                            _ => fates.undecided |= inner.undecided,
                        }
                    }
                }
                if matched == Match::Yes {
                    return fates;
                }
            }
        }
        Fates { undecided: true, ..fates }
    }

    /// Evaluates a rule: each verdict that it may come to, and whether it does so for certain.
    fn evaluate(&self, rule: &Rule, inbound: &Inbound, traversal: &mut Traversal) -> Vec<(Match, Verdict)> {
        let mut packet = Packet::new(inbound, traversal.state, self.translates);
        let mut matched = Match::Yes;
        for expression in &rule.expressions {
            let step = match expression {
                Expression::Nothing => Match::Yes,
                Expression::Untracked => {
                    if traversal.before_tracking && traversal.state != Some(UNTRACKED) {
                        traversal.state = (matched == Match::Yes).then_some(UNTRACKED);
                    }
                    Match::Yes
                }
                Expression::Unknown | Expression::Translates => {
                    packet.forget();
                    Match::Maybe
                }
                Expression::Load { into, what } => {
                    packet.load(*into, *what);
                    Match::Yes
                }
                Expression::Compare { of, how, with } => packet.compare(*of, *how, with),
                Expression::Range { of, inside, from, to } => match packet.bytes(*of, from.len()) {
                    Some(value) => (*inside == (*from <= value && value <= *to)).into(),
                    None => Match::Maybe,
                },
                Expression::Bitwise { of, into, mask, xor } => {
                    packet.bitwise(*of, *into, mask, xor);
                    Match::Yes
                }
                Expression::Ports { protocol, ranges, inverted } => {
                    let applies = *protocol == 0 || *protocol == packet.protocol;
                    let inside = ranges.iter().any(|(from, to)| (from..=to).contains(&&packet.port));
                    (applies && inside != *inverted).into()
                }
                Expression::State { mask, translated } => match traversal.state {
                    Some(state) if mask & state != 0 => Match::Yes,
                    Some(_) if !(*translated && self.translates) => Match::No,
                    _ => Match::Maybe,
                },
                Expression::Verdict(verdict) => return vec![(matched, verdict.clone())],
                Expression::Lookup { of, set, inverted, verdicts } => {
                    let set = self.sets.get(&NftKey { name: set.clone(), ..rule.chain.clone() });
                    let found = set.and_then(|set| set.look_up(&packet, *of));
                    if *verdicts {
                        return match (found, set) {
                            (Some(element), _) => {
                                let verdict = element.and_then(|element| element.verdict.clone());
                                verdict.map(|verdict| (matched, verdict)).into_iter().collect()
                            }
                            // It may be any of them.
                            (None, Some(set)) => {
                                let all = set.elements.iter().filter_map(|element| element.verdict.clone());
                                all.map(|verdict| (Match::Maybe, verdict)).collect()
                            }
                            (None, None) => {
                                [Verdict::Accept, Verdict::Drop].map(|verdict| (Match::Maybe, verdict)).into()
                            }
                        };
                    }
                    found.map_or(Match::Maybe, |element| (element.is_some() != *inverted).into())
                }
            };
            match step {
                Match::Yes => {}
                Match::No => return Vec::new(),
                Match::Maybe => matched = Match::Maybe,
            }
        }
        Vec::new()
    }
}

impl Set {
    pub(super) fn new(mut elements: Vec<Element>, has_ranges: bool) -> Self {
        // Where a range ends at the key at which the next one begins, the end comes first.
        elements.sort_by(|one, two| one.key.cmp(&two.key).then(two.ends_range.cmp(&one.ends_range)));
        Self { elements, has_ranges }
    }

    /// Finds the element for the value in a register: `None` where that cannot be known, `Some(None)` where the set has
    /// none.
    fn look_up(&self, packet: &Packet, register: u32) -> Option<Option<&Element>> {
        let elements = &self.elements;
        let length = elements.iter().map(|element| element.key.len()).max().unwrap_or(0);
        if length == 0 {
            return Some(None);
        }
        let value = packet.bytes(register, length)?;
        if let Some(range) = elements.iter().find(|element| element.key_end.is_some()) {
            // Each field of a concatenation has a range of its own, so the whole does not compare as bytes.
            if range.key.len() > 4 {
                return None;
            }
            return Some(elements.iter().find(|element| {
                let end = element.key_end.as_ref().unwrap_or(&element.key);
                element.key <= value && value <= *end
            }));
        }
        let after = elements.partition_point(|element| element.key <= value);
        let last = after.checked_sub(1).and_then(|at| elements.get(at));
        let is_hit = |element: &&Element| {
            !element.key.is_empty() && !element.ends_range && (self.has_ranges || element.key == value)
        };
        let catch_all = elements.first().filter(|element| element.key.is_empty());
        Some(last.filter(is_hit).or(catch_all))
    }
}

/// What is known of a packet, and the registers of a rule.
struct Packet {
    family: Family,
    protocol: u8,
    port: u16,
    /// The state of its connection; `None` where that depends.
    state: Option<u16>,
    /// Whether its addresses may have been translated.
    translated: bool,
    /// The bytes of the registers; `None` where one is not known.
    registers: [Option<u8>; REGISTER_BYTES],
    /// Where the interface was loaded to. Its name and number are not known, except that it is not the loopback.
    interface: Option<usize>,
}

const REGISTER_BYTES: usize = 80;

/// Returns where a register begins. There are two views of the same bytes: registers 1 to 4 have 16 bytes each, those
/// from 8 on (`NFT_REG32_00`) 4 bytes.
fn register_start(register: u32) -> Option<usize> {
    let register = usize::try_from(register).ok()?;
    match register {
        1..=4 => Some((register - 1) * 16),
        8..=24 => Some((register - 8) * 4),
        _ => None,
    }
}

impl Packet {
    fn new(inbound: &Inbound, state: Option<u16>, translated: bool) -> Self {
        let protocol = match inbound.protocol {
            Transport::Tcp => 6,
            Transport::Udp => 17,
        };
        Self {
            family: inbound.family,
            protocol,
            port: inbound.port,
            state,
            translated,
            registers: [None; REGISTER_BYTES],
            interface: None,
        }
    }

    fn forget(&mut self) {
        self.registers = [None; REGISTER_BYTES];
        self.interface = None;
    }

    fn put(&mut self, register: u32, value: Option<&[u8]>) {
        let Some(start) = register_start(register) else { return self.forget() };
        self.interface = self.interface.filter(|place| *place != start);
        // A value that is not known may be as long as a register.
        let length = value.map_or(16, |value| value.len().next_multiple_of(4));
        for (index, byte) in self.registers.iter_mut().skip(start).take(length).enumerate() {
            *byte = value.map(|value| value.get(index).copied().unwrap_or(0));
        }
    }

    /// Returns the bytes of a register; `None` where one of them is not known.
    fn bytes(&self, register: u32, length: usize) -> Option<Vec<u8>> {
        let start = register_start(register)?;
        self.registers.get(start..start.checked_add(length)?)?.iter().copied().collect()
    }

    fn load(&mut self, into: u32, what: Load) {
        let (network, ether_type, protocol_offset) = match self.family {
            Family::V4 => (IPV4, [8, 0], 9),
            Family::V6 => (IPV6, [0x86, 0xdd], 6),
        };
        let value: Option<Vec<u8>> = match what {
            Load::Layer4Protocol => Some(vec![self.protocol]),
            Load::NetworkProtocol => Some(vec![network]),
            Load::EtherType => Some(ether_type.into()),
            // PACKET_HOST.
            Load::PacketType => Some(vec![0]),
            Load::ConnectionState => self.state.map(|state| u32::from(state).to_ne_bytes().into()),
            // Of a new connection no bit is set, unless by translation.
            Load::ConnectionStatus => (!self.translated).then(|| vec![0; 4]),
            Load::Network(offset, 1) if offset == protocol_offset => Some(vec![self.protocol]),
            Load::Transport(2, 2) => Some(self.port.to_be_bytes().into()),
            // The flags of the first segment: SYN.
            Load::Transport(13, 1) if self.protocol == 6 => Some(vec![2]),
            _ => None,
        };
        self.put(into, value.as_deref());
        if matches!(what, Load::InterfaceName | Load::InterfaceIndex) {
            self.interface = register_start(into);
        }
    }

    fn bitwise(&mut self, of: u32, into: u32, mask: &[u8], xor: &[u8]) {
        let value = self.bytes(of, mask.len()).map(|bytes| {
            let pairs = mask.iter().zip(xor.iter().chain(std::iter::repeat(&0)));
            bytes.iter().zip(pairs).map(|(byte, (mask, xor))| byte & mask ^ xor).collect::<Vec<u8>>()
        });
        self.put(into, value.as_deref());
    }

    fn compare(&self, of: u32, how: Comparison, with: &[u8]) -> Match {
        let Some(value) = self.bytes(of, with.len()) else {
            let is_interface = self.interface.is_some() && self.interface == register_start(of);
            return match how {
                Comparison::Equal if is_interface && is_loopback(with) => Match::No,
                Comparison::NotEqual if is_interface && is_loopback(with) => Match::Yes,
                _ => Match::Maybe,
            };
        };
        let order = value.as_slice().cmp(with);
        match how {
            Comparison::Equal => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
        .into()
    }
}

/// Whether this is the name of the loopback interface, or its index, which is 1 in every namespace.
fn is_loopback(value: &[u8]) -> bool {
    let is_name =
        value.strip_prefix(b"lo").is_some_and(|rest| rest.iter().all(|&byte| byte == 0) && !rest.is_empty());
    is_name || value == 1u32.to_ne_bytes()
}
