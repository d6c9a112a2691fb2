//! What the rules do with a packet of which little is known: that another machine begins a connection with it.
//!
//! A rule matches, does not, or may. What may happen is followed both ways, so the answer is what is sure to happen, or
//! that it depends.

use super::decode::{Chain, Comparison, Element, Expression, Load, Rule, Verdict};
use netstat_model::{Family, Inbound, Judgement, Passage, Protocol};
use rustc_hash::FxHashMap;

/// Families of nftables, and hooks of those.
const INET: u8 = 1;
const IPV4: u8 = 2;
const IPV6: u8 = 10;
const NETDEV: u8 = 5;
const PREROUTING: u32 = 0;
const LOCAL_IN: u32 = 1;
/// Where an interface hands a packet over: numbered differently in the two families that have it.
const INGRESS: [(u8, u32); 2] = [(NETDEV, 0), (INET, 5)];

/// Chains in one another, and rules looked at in all, before it is given up.
const DEEPEST: usize = 32;
const MOST_RULES: usize = 200_000;

/// The bit of a new connection in its state (`NF_CT_STATE_BIT(IP_CT_NEW)`), and that of one that is not tracked.
const NEW: u16 = 8;
pub(super) const UNTRACKED: u16 = 64;

/// What tells a set from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in super::super) struct SetKey {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) name: String,
}

/// What tells a chain from others: family, table, name.
type ChainKey = (u8, String, String);

/// Chains, rules and sets.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    /// Those that the kernel calls, in its order.
    bases: Vec<Chain>,
    rules: FxHashMap<ChainKey, Vec<Rule>>,
    sets: FxHashMap<SetKey, Set>,
    /// Whether a rule gives connections another destination.
    translates: bool,
}

/// Before this priority of the first hook a connection is not tracked yet (`NF_IP_PRI_CONNTRACK`).
const TRACKING: i32 = -200;

/// How far a packet has come.
struct Course {
    /// How many more rules are looked at.
    left: usize,
    /// Whether a rule can still say that it is not to be tracked.
    before_tracking: bool,
    /// The state of its connection; `None` where that depends.
    state: Option<u16>,
}

/// The elements of a set, sorted.
#[derive(Debug)]
pub(super) struct Set {
    elements: Vec<Element>,
    /// Whether an element stands for all up to the next one.
    has_ranges: bool,
}

impl Set {
    pub(super) fn new(mut elements: Vec<Element>, has_ranges: bool) -> Self {
        // The end of a range before the beginning of the next at the same place.
        elements.sort_by(|one, two| one.key.cmp(&two.key).then(two.ends.cmp(&one.ends)));
        Self { elements, has_ranges }
    }
}

impl Chain {
    /// Whether what comes in passes it.
    pub(super) fn sees_inbound(&self) -> bool {
        let family = [INET, IPV4, IPV6].contains(&self.family);
        let on_the_way = self.hook.is_some_and(|hook| [PREROUTING, LOCAL_IN].contains(&hook.number));
        self.filters && (family && on_the_way || self.is_of_interfaces())
    }

    /// Whether it sees what some interfaces hand over, and not what others do.
    fn is_of_interfaces(&self) -> bool {
        self.hook.is_some_and(|hook| INGRESS.contains(&(self.family, hook.number)))
    }

    fn sees(&self, family: Family) -> bool {
        match family {
            Family::V4 => [INET, IPV4, NETDEV].contains(&self.family),
            Family::V6 => [INET, IPV6, NETDEV].contains(&self.family),
        }
    }

    fn title(&self) -> String {
        let family = match self.family {
            IPV4 => "ip",
            IPV6 => "ip6",
            NETDEV => "netdev",
            _ => "inet",
        };
        format!("nftables {family} {} {}", self.table, self.name)
    }
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

/// What may become of a packet in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Ends {
    accepted: bool,
    dropped: bool,
    /// No rule decides.
    falls: bool,
}

impl Ruleset {
    pub(super) fn new(chains: Vec<Chain>, rules: Vec<Rule>) -> Self {
        let mut bases: Vec<Chain> = chains.into_iter().filter(Chain::sees_inbound).collect();
        bases.sort_by_key(|chain| {
            (!chain.is_of_interfaces(), chain.hook.map(|hook| (hook.number, hook.priority)))
        });
        let mut by_chain: FxHashMap<ChainKey, Vec<Rule>> = FxHashMap::default();
        for rule in rules {
            by_chain.entry((rule.family, rule.table.clone(), rule.chain.clone())).or_default().push(rule);
        }
        let mut expressions = by_chain.values().flatten().flat_map(|rule| &rule.expressions);
        let translates = expressions.any(|expression| *expression == Expression::Translates);
        Self { bases, rules: by_chain, sets: FxHashMap::default(), translates }
    }

    /// The sets that rules look something up in, each once.
    pub(super) fn wanted_sets(&self) -> Vec<SetKey> {
        let of_rule = |rule: &Rule| {
            let set = |expression: &Expression| match expression {
                Expression::Lookup { set, .. } => {
                    Some(SetKey { family: rule.family, table: rule.table.clone(), name: set.clone() })
                }
                _ => None,
            };
            rule.expressions.iter().filter_map(set).collect::<Vec<_>>()
        };
        let mut wanted: Vec<SetKey> = self.rules.values().flatten().flat_map(of_rule).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    pub(super) fn add_set(&mut self, key: SetKey, set: Set) {
        self.sets.insert(key, set);
    }

    pub(super) fn judge(&self, inbound: &Inbound) -> Judgement {
        let mut judgement = Judgement { passage: Passage::Open, by: Vec::new() };
        let mut course = Course { left: MOST_RULES, before_tracking: false, state: Some(NEW) };
        for chain in self.bases.iter().filter(|chain| chain.sees(inbound.family)) {
            let key = (chain.family, chain.table.clone(), chain.name.clone());
            let of_interfaces = chain.is_of_interfaces();
            let state = course.state;
            if of_interfaces {
                course.state = None;
            }
            course.before_tracking = !of_interfaces
                && chain.hook.is_some_and(|hook| hook.number == PREROUTING && hook.priority < TRACKING);
            let mut ends = self.walk(&key, inbound, DEEPEST, &mut course);
            if of_interfaces {
                // By another interface it comes in all the same.
                (ends.accepted, course.state) = (true, state);
            }
            if ends.falls {
                ends.dropped |= chain.drops;
                ends.accepted |= !chain.drops;
            }
            let passage = match ends {
                Ends { dropped: false, .. } => Passage::Open,
                Ends { accepted: true, .. } => Passage::Depends,
                Ends { accepted: false, .. } => Passage::Closed,
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

    fn walk(&self, chain: &ChainKey, inbound: &Inbound, depth: usize, course: &mut Course) -> Ends {
        let anything = Ends { accepted: true, dropped: true, falls: true };
        let mut ends = Ends::default();
        let Some(depth) = depth.checked_sub(1) else { return anything };
        for rule in self.rules.get(chain).map(Vec::as_slice).unwrap_or_default() {
            let Some(fewer) = course.left.checked_sub(1) else { return anything };
            course.left = fewer;
            for (matched, verdict) in self.outcomes(rule, inbound, course) {
                let sure = matched == Match::Yes;
                let to = |name: &String| (chain.0, chain.1.clone(), name.clone());
                match verdict {
                    Verdict::Accept => ends.accepted = true,
                    Verdict::Drop => ends.dropped = true,
                    Verdict::Queue => (ends.accepted, ends.dropped) = (true, true),
                    Verdict::Return => ends.falls = true,
                    Verdict::Continue => continue,
                    Verdict::Jump(name) => {
                        let inner = self.walk(&to(&name), inbound, depth, course);
                        ends.accepted |= inner.accepted;
                        ends.dropped |= inner.dropped;
                        if inner.falls {
                            continue;
                        }
                    }
                    Verdict::Goto(name) => {
                        let inner = self.walk(&to(&name), inbound, depth, course);
                        ends.accepted |= inner.accepted;
                        ends.dropped |= inner.dropped;
                        ends.falls |= inner.falls;
                    }
                }
                if sure {
                    return ends;
                }
            }
        }
        Ends { falls: true, ..ends }
    }

    /// What a rule does, and whether that is sure. Several outcomes are ways that it may go.
    fn outcomes(&self, rule: &Rule, inbound: &Inbound, course: &mut Course) -> Vec<(Match, Verdict)> {
        let mut packet = Packet::new(inbound, course.state, self.translates);
        let mut matched = Match::Yes;
        let mut outcomes = Vec::new();
        for expression in &rule.expressions {
            let step = match expression {
                Expression::Nothing => Match::Yes,
                Expression::Untracked => {
                    if course.before_tracking && course.state != Some(UNTRACKED) {
                        course.state = (matched == Match::Yes).then_some(UNTRACKED);
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
                    let right = *protocol == 0 || *protocol == packet.protocol;
                    let inside = ranges.iter().any(|(from, to)| (from..=to).contains(&&packet.port));
                    (right && inside != *inverted).into()
                }
                Expression::State { mask, translated } => match course.state {
                    Some(state) if mask & state != 0 => Match::Yes,
                    Some(_) if !(*translated && self.translates) => Match::No,
                    _ => Match::Maybe,
                },
                Expression::Verdict(verdict) => {
                    outcomes.push((matched, verdict.clone()));
                    return outcomes;
                }
                Expression::Lookup { of, set, inverted, verdicts } => {
                    let key = SetKey { family: rule.family, table: rule.table.clone(), name: set.clone() };
                    let set = self.sets.get(&key);
                    match set.map(|set| look_up(set, &packet, *of)) {
                        Some(Found::Element(element)) if *verdicts => {
                            outcomes.extend(element.verdict.clone().map(|verdict| (matched, verdict)));
                            return outcomes;
                        }
                        Some(Found::Element(_)) => (!*inverted).into(),
                        Some(Found::Nothing) => (*inverted && !*verdicts).into(),
                        Some(Found::NotKnown) if *verdicts => {
                            // It may be any of them.
                            let elements = set.into_iter().flat_map(|set| &set.elements);
                            let all = elements.filter_map(|element| element.verdict.clone());
                            outcomes.extend(all.map(|verdict| (Match::Maybe, verdict)));
                            return outcomes;
                        }
                        Some(Found::NotKnown) => Match::Maybe,
                        None if *verdicts => {
                            outcomes.extend(
                                [Verdict::Accept, Verdict::Drop].map(|verdict| (Match::Maybe, verdict)),
                            );
                            return outcomes;
                        }
                        None => Match::Maybe,
                    }
                }
            };
            match step {
                Match::Yes => {}
                Match::No => return outcomes,
                Match::Maybe => matched = Match::Maybe,
            }
        }
        outcomes
    }
}

enum Found<'a> {
    Element(&'a Element),
    Nothing,
    NotKnown,
}

/// The element of a set that has a value of the packet.
fn look_up<'a>(set: &'a Set, packet: &Packet, of: u32) -> Found<'a> {
    let elements = &set.elements;
    let Some(length) = elements.iter().map(|element| element.key.len()).max().filter(|length| *length > 0)
    else {
        return Found::Nothing;
    };
    let Some(value) = packet.bytes(of, length) else { return Found::NotKnown };
    // Ranges of several fields do not sort.
    if let Some(ranged) = elements.iter().find(|element| element.key_end.is_some()) {
        let plain = ranged.key.len() <= 4;
        let inside = |element: &&Element| {
            element.key.as_slice() <= value.as_slice()
                && element.key_end.as_ref().unwrap_or(&element.key).as_slice() >= value.as_slice()
        };
        return match elements.iter().find(inside) {
            _ if !plain => Found::NotKnown,
            Some(element) => Found::Element(element),
            None => Found::Nothing,
        };
    }
    let after = elements.partition_point(|element| element.key <= value);
    match after.checked_sub(1).and_then(|at| elements.get(at)).filter(|element| !element.key.is_empty()) {
        Some(element) if !element.ends && (set.has_ranges || element.key == value) => Found::Element(element),
        // An element for all else.
        _ => match elements.first().filter(|element| element.key.is_empty()) {
            Some(element) => Found::Element(element),
            None => Found::Nothing,
        },
    }
}

/// What is known of the packet, and the registers of a rule.
struct Packet {
    family: Family,
    protocol: u8,
    port: u16,
    /// The state of its connection, where that is known.
    state: Option<u16>,
    /// Whether its addresses may have been translated.
    translated: bool,
    registers: [Option<u8>; REGISTERS],
    /// Where an interface is kept: not by name or number, but it is not the loopback.
    interface: Option<usize>,
}

const REGISTERS: usize = 80;

/// Where a register begins: four of 16 bytes, or the same as those of 4 bytes from number 8 on.
fn place(register: u32) -> Option<usize> {
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
            Protocol::Tcp => 6,
            Protocol::Udp => 17,
        };
        Self {
            family: inbound.family,
            protocol,
            port: inbound.port,
            state,
            translated,
            registers: [None; REGISTERS],
            interface: None,
        }
    }

    fn forget(&mut self) {
        self.registers = [None; REGISTERS];
        self.interface = None;
    }

    fn put(&mut self, register: u32, value: Option<&[u8]>) {
        let Some(at) = place(register) else { return self.forget() };
        self.interface = self.interface.filter(|kept| *kept != at);
        // A value that is not known may be as long as a register.
        let length = value.map_or(16, |value| value.len().next_multiple_of(4));
        for (index, byte) in self.registers.iter_mut().skip(at).take(length).enumerate() {
            *byte = value.map(|value| value.get(index).copied().unwrap_or(0));
        }
    }

    /// The bytes of a register; `None` where one of them is not known.
    fn bytes(&self, register: u32, length: usize) -> Option<Vec<u8>> {
        let at = place(register)?;
        self.registers.get(at..at.checked_add(length)?)?.iter().copied().collect()
    }

    fn load(&mut self, into: u32, what: Load) {
        let port = self.port.to_be_bytes();
        let tcp = self.protocol == 6;
        let (network, ether) = match self.family {
            Family::V4 => (IPV4, [8, 0]),
            Family::V6 => (IPV6, [0x86, 0xdd]),
        };
        let state = self.state.map(|state| u32::from(state).to_ne_bytes());
        let value: Option<&[u8]> = match what {
            Load::Layer4Protocol => Some(std::slice::from_ref(&self.protocol)),
            Load::NetworkProtocol => Some(&[network]),
            Load::EtherType => Some(&ether),
            // To this host.
            Load::PacketType => Some(&[0]),
            Load::ConnectionState => state.as_ref().map(<[u8; 4]>::as_slice),
            // Of a connection that begins no bit is set but by translation.
            Load::ConnectionStatus => (!self.translated).then_some(&[0; 4]),
            Load::Network(9, 1) if self.family == Family::V4 => Some(std::slice::from_ref(&self.protocol)),
            Load::Network(6, 1) if self.family == Family::V6 => Some(std::slice::from_ref(&self.protocol)),
            Load::Transport(2, 2) => Some(&port),
            // The flags of the first segment: SYN.
            Load::Transport(13, 1) if tcp => Some(&[2]),
            _ => None,
        };
        let value = value.map(<[u8]>::to_vec);
        self.put(into, value.as_deref());
        if matches!(what, Load::InterfaceName | Load::InterfaceIndex) {
            self.interface = place(into);
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
            let kept = self.interface.is_some() && self.interface == place(of);
            return match how {
                Comparison::Equal if kept && is_loopback(with) => Match::No,
                Comparison::NotEqual if kept && is_loopback(with) => Match::Yes,
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

/// The name or the number of the loopback interface, which is 1 in every namespace.
fn is_loopback(value: &[u8]) -> bool {
    let name =
        value.strip_prefix(b"lo").is_some_and(|rest| rest.iter().all(|&byte| byte == 0) && !rest.is_empty());
    name || value == 1u32.to_ne_bytes()
}
