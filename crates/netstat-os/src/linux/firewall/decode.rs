//! The messages of nftables: chains, rules with their expressions, elements of sets.

use super::judge::{SetKey, UNTRACKED};
use super::wire;

/// Where a chain hangs, if the kernel calls it by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hook {
    pub(super) number: u32,
    pub(super) priority: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Table {
    pub(super) family: u8,
    pub(super) name: String,
    /// `flags dormant`: its chains are there, and are not called.
    pub(super) sleeps: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Chain {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) name: String,
    pub(super) hook: Option<Hook>,
    /// What becomes of what no rule decides; accepted where it is not told.
    pub(super) drops: bool,
    /// Whether it filters, other than chains that translate addresses.
    pub(super) filters: bool,
}

/// What a rule does with what it matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Drop,
    /// Another program decides.
    Queue,
    Continue,
    Return,
    Jump(String),
    Goto(String),
}

/// What is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Load {
    Layer4Protocol,
    NetworkProtocol,
    EtherType,
    InterfaceName,
    InterfaceIndex,
    PacketType,
    ConnectionState,
    /// Bits, among them whether its addresses are translated.
    ConnectionStatus,
    /// Bytes of the network header.
    Network(u32, u32),
    /// Bytes of the transport header.
    Transport(u32, u32),
    /// Something of the packet that nobody knows here.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A part of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    Load {
        into: u32,
        what: Load,
    },
    Compare {
        of: u32,
        how: Comparison,
        with: Vec<u8>,
    },
    Range {
        of: u32,
        inside: bool,
        from: Vec<u8>,
        to: Vec<u8>,
    },
    Bitwise {
        of: u32,
        into: u32,
        mask: Vec<u8>,
        xor: Vec<u8>,
    },
    Lookup {
        of: u32,
        set: String,
        inverted: bool,
        verdicts: bool,
    },
    Verdict(Verdict),
    /// A match of iptables on ports: whether one of the ranges has the local port.
    Ports {
        protocol: u8,
        ranges: Vec<(u16, u16)>,
        inverted: bool,
    },
    /// A match of iptables on the state: bits of states, that of a new connection being 8.
    State {
        mask: u16,
        /// Whether a connection whose addresses are translated matches as well.
        translated: bool,
    },
    /// Gives a connection another destination, which may be this machine. May do so or not.
    Translates,
    /// From here on the connection is not tracked, so it has no state.
    Untracked,
    /// Nothing that decides.
    Nothing,
    /// What may match or not, or may do anything.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Rule {
    pub(super) family: u8,
    pub(super) table: String,
    pub(super) chain: String,
    pub(super) expressions: Vec<Expression>,
}

/// An element of a set: a key, or the first and the last of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Element {
    pub(super) key: Vec<u8>,
    pub(super) key_end: Option<Vec<u8>>,
    /// The key is the first one behind a range.
    pub(super) ends: bool,
    pub(super) verdict: Option<Verdict>,
}

fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

fn be32(value: &[u8]) -> Option<u32> {
    Some(u32::from_be_bytes(wire::array_at(value, 0)?))
}

/// The first attribute of a kind.
fn find(list: &[u8], kind: u16) -> Option<&[u8]> {
    wire::attributes(list).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

fn number(list: &[u8], kind: u16) -> Option<u32> {
    be32(find(list, kind)?)
}

/// The family of `struct nfgenmsg`, and the attributes behind it.
fn header(message: &[u8]) -> Option<(u8, &[u8])> {
    Some((wire::u8_at(message, 0)?, message.get(4..)?))
}

pub(in super::super) fn decode_table(message: &[u8]) -> Option<Table> {
    let (family, list) = header(message)?;
    let sleeps = number(list, 2).is_some_and(|flags| flags & 1 != 0);
    Some(Table { family, name: text(find(list, 1)?), sleeps })
}

/// A set, and whether its elements are ranges.
pub(in super::super) fn decode_set(message: &[u8]) -> Option<(SetKey, bool)> {
    let (family, list) = header(message)?;
    let has_ranges = number(list, 3).is_some_and(|flags| flags & 4 != 0);
    Some((SetKey { family, table: text(find(list, 1)?), name: text(find(list, 2)?) }, has_ranges))
}

pub(in super::super) fn decode_chain(message: &[u8]) -> Option<Chain> {
    let (family, list) = header(message)?;
    let hook = find(list, 4)
        .and_then(|hook| Some(Hook { number: number(hook, 1)?, priority: number(hook, 2)?.cast_signed() }));
    Some(Chain {
        family,
        table: text(find(list, 1)?),
        name: text(find(list, 3)?),
        hook,
        drops: number(list, 5) == Some(0),
        filters: find(list, 7).is_none_or(|kind| text(kind) == "filter"),
    })
}

pub(in super::super) fn decode_rule(message: &[u8]) -> Option<Rule> {
    let (family, list) = header(message)?;
    let expressions = find(list, 4).unwrap_or_default();
    Some(Rule {
        family,
        table: text(find(list, 1)?),
        chain: text(find(list, 2)?),
        expressions: wire::attributes(expressions)
            .map(|(_, element)| decode_expression(element).unwrap_or(Expression::Unknown))
            .collect(),
    })
}

pub(in super::super) fn decode_elements(message: &[u8]) -> Vec<Element> {
    let Some((_, list)) = header(message) else { return Vec::new() };
    let elements = find(list, 3).unwrap_or_default();
    wire::attributes(elements)
        .map(|(_, element)| Element {
            // An element for all else has no key.
            key: find(element, 1).and_then(|key| find(key, 1)).unwrap_or_default().to_vec(),
            key_end: find(element, 10).and_then(|key| find(key, 1)).map(<[u8]>::to_vec),
            ends: number(element, 3).is_some_and(|flags| flags & 1 != 0),
            verdict: find(element, 2).and_then(|data| decode_verdict(find(data, 2)?)),
        })
        .collect()
}

fn decode_verdict(list: &[u8]) -> Option<Verdict> {
    let chain = || find(list, 2).map(text);
    Some(match number(list, 1)?.cast_signed() {
        -1 => Verdict::Continue,
        -3 => Verdict::Jump(chain()?),
        -4 => Verdict::Goto(chain()?),
        -5 => Verdict::Return,
        0 => Verdict::Drop,
        1 => Verdict::Accept,
        // A queue has its number in the upper half.
        code if code & 0xff == 3 => Verdict::Queue,
        _ => return None,
    })
}

fn decode_expression(element: &[u8]) -> Option<Expression> {
    let name = text(find(element, 1)?);
    let data = find(element, 2).unwrap_or_default();
    let value = |kind| find(data, kind).and_then(|data| find(data, 1)).map(<[u8]>::to_vec);
    Some(match name.as_str() {
        "counter" | "log" | "ct_timeout" => Expression::Nothing,
        "notrack" => Expression::Untracked,
        // What has a name: a counter, or a helper of the tracking.
        "objref" if matches!(number(data, 1), Some(1 | 3)) => Expression::Nothing,
        "reject" => Expression::Verdict(Verdict::Drop),
        "meta" => match (number(data, 1), number(data, 2)?) {
            // A register is written to the packet, which decides nothing.
            (None, _) => Expression::Nothing,
            (Some(into), key) => Expression::Load {
                into,
                what: match key {
                    1 => Load::EtherType,
                    4 => Load::InterfaceIndex,
                    6 => Load::InterfaceName,
                    15 => Load::NetworkProtocol,
                    16 => Load::Layer4Protocol,
                    19 => Load::PacketType,
                    _ => Load::Other,
                },
            },
        },
        "payload" => {
            let (base, offset, length) = (number(data, 2)?, number(data, 3)?, number(data, 4)?);
            match number(data, 1) {
                None => Expression::Nothing,
                Some(into) => Expression::Load {
                    into,
                    what: match base {
                        1 => Load::Network(offset, length),
                        2 => Load::Transport(offset, length),
                        _ => Load::Other,
                    },
                },
            }
        }
        "ct" => match number(data, 1) {
            None => Expression::Nothing,
            Some(into) => {
                let what = match number(data, 2)? {
                    0 => Load::ConnectionState,
                    2 => Load::ConnectionStatus,
                    _ => Load::Other,
                };
                Expression::Load { into, what }
            }
        },
        // A type of 1 is that of destinations.
        "nat" if number(data, 1) == Some(1) => Expression::Translates,
        "redir" => Expression::Translates,
        "fib" | "rt" => Expression::Load { into: number(data, 1)?, what: Load::Other },
        "cmp" => Expression::Compare {
            of: number(data, 1)?,
            how: match number(data, 2)? {
                0 => Comparison::Equal,
                1 => Comparison::NotEqual,
                2 => Comparison::Less,
                3 => Comparison::LessOrEqual,
                4 => Comparison::Greater,
                5 => Comparison::GreaterOrEqual,
                _ => return None,
            },
            with: value(3)?,
        },
        "range" => Expression::Range {
            of: number(data, 1)?,
            inside: number(data, 2)? == 0,
            from: value(3)?,
            to: value(4)?,
        },
        "bitwise" if number(data, 6).unwrap_or(0) == 0 => Expression::Bitwise {
            of: number(data, 1)?,
            into: number(data, 2)?,
            mask: value(4)?,
            xor: value(5)?,
        },
        "lookup" => Expression::Lookup {
            of: number(data, 2)?,
            set: text(find(data, 1)?),
            inverted: number(data, 5).is_some_and(|flags| flags & 1 != 0),
            verdicts: number(data, 3).is_some(),
        },
        "immediate" => {
            // A value that is put into a register is for what is done, not for what is compared.
            match find(data, 2).and_then(|data| find(data, 2)) {
                Some(verdict) => Expression::Verdict(decode_verdict(verdict)?),
                None => Expression::Nothing,
            }
        }
        "match" => decode_match(&text(find(data, 1)?), number(data, 2)?, find(data, 3)?)?,
        "target" => match text(find(data, 1)?).as_str() {
            "REJECT" | "DROP" => Expression::Verdict(Verdict::Drop),
            "NOTRACK" => Expression::Untracked,
            "DNAT" | "REDIRECT" => Expression::Translates,
            // `struct xt_ct_target_info` begins with its flags.
            "CT" if wire::u16_at(find(data, 3)?, 0)? & 1 != 0 => Expression::Untracked,
            "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "TRACE" | "CT" | "TCPMSS" => Expression::Nothing,
            _ => return None,
        },
        _ => return None,
    })
}

/// The matches of iptables that decide over ports: `struct xt_tcp`, `xt_udp`, `xt_multiport_v1`,
/// `xt_conntrack_mtinfo3`.
fn decode_match(name: &str, revision: u32, info: &[u8]) -> Option<Expression> {
    let port = |at| wire::u16_at(info, at);
    match (name, revision) {
        ("comment", _) => Some(Expression::Nothing),
        ("tcp" | "udp", 0) => {
            let source = (port(0)?, port(2)?);
            let (inverted, flags) = match name {
                // An option and flags, which decide more.
                "tcp" => (wire::u8_at(info, 11)?, info.get(8..10)?.iter().any(|&byte| byte != 0)),
                _ => (wire::u8_at(info, 8)?, false),
            };
            let whole = source == (0, u16::MAX) && !flags && inverted & !2 == 0;
            let protocol = if name == "tcp" { 6 } else { 17 };
            whole.then_some(Expression::Ports {
                protocol,
                ranges: vec![(port(4)?, port(6)?)],
                inverted: inverted & 2 != 0,
            })
        }
        ("multiport", 1) => {
            // 1 is the destination.
            if wire::u8_at(info, 0)? != 1 {
                return None;
            }
            let count = usize::from(wire::u8_at(info, 1)?).min(15);
            let (mut ranges, mut at) = (Vec::new(), 0);
            while at < count {
                let first = port(2 + at * 2)?;
                let is_range = wire::u8_at(info, 32 + at)? != 0;
                let last = if is_range { port(2 + (at + 1) * 2)? } else { first };
                ranges.push((first, last));
                at += 1 + usize::from(is_range);
            }
            // iptables compares the protocol before it.
            Some(Expression::Ports { protocol: 0, ranges, inverted: wire::u8_at(info, 47)? != 0 })
        }
        ("conntrack", 2 | 3) => {
            let (matched, inverted) = (port(146)?, port(148)?);
            // Of the state alone.
            let bits = port(150)?;
            // What is not tracked has another bit here, after those of translated addresses.
            let mask = bits & 0x3f | if bits & 0x100 != 0 { UNTRACKED } else { 0 };
            let state = Expression::State { mask, translated: bits & 0xc0 != 0 };
            (matched == 1 && inverted & 1 == 0).then_some(state)
        }
        ("state", 0) => {
            let mask = u16::try_from(wire::u32_at(info, 0)?).ok()?;
            Some(Expression::State { mask, translated: false })
        }
        _ => None,
    }
}
