//! Decoders for the messages of nftables: chains, rules with their expressions, elements of sets.
//!
//! Attribute numbers are those of linux/netfilter/nf_tables.h, which libc lacks; comments give their names. Numbers are
//! in network order.

use super::rules::{
    Chain, Comparison, Element, Expression, Hook, Load, NftKey, Rule, Table, UNTRACKED, Verdict,
};
use crate::linux::wire;

/// Text up to its zero byte.
fn text(value: &[u8]) -> String {
    let end = value.iter().position(|&byte| byte == 0).unwrap_or(value.len());
    String::from_utf8_lossy(value.get(..end).unwrap_or_default()).into_owned()
}

/// The first attribute of a kind.
fn find(list: &[u8], kind: u16) -> Option<&[u8]> {
    wire::attributes(list).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

fn number(list: &[u8], kind: u16) -> Option<u32> {
    Some(u32::from_be_bytes(wire::array_at(find(list, kind)?, 0)?))
}

fn has_flag(list: &[u8], kind: u16, flag: u32) -> bool {
    number(list, kind).is_some_and(|flags| flags & flag != 0)
}

/// Splits a message into the family of `struct nfgenmsg` and the attributes after it.
fn header(message: &[u8]) -> Option<(u8, &[u8])> {
    Some((wire::u8_at(message, 0)?, message.get(4..)?))
}

pub(in super::super) fn decode_table(message: &[u8]) -> Option<Table> {
    let (family, list) = header(message)?;
    // NFTA_TABLE_NAME; NFTA_TABLE_FLAGS with NFT_TABLE_F_DORMANT.
    Some(Table { family, name: text(find(list, 1)?), dormant: has_flag(list, 2, 1) })
}

/// Decodes a set's key, and whether its elements are ranges.
pub(in super::super) fn decode_set(message: &[u8]) -> Option<(NftKey, bool)> {
    let (family, list) = header(message)?;
    // NFTA_SET_TABLE, NFTA_SET_NAME; NFTA_SET_FLAGS with NFT_SET_INTERVAL.
    let key = NftKey { family, table: text(find(list, 1)?), name: text(find(list, 2)?) };
    Some((key, has_flag(list, 3, 4)))
}

pub(in super::super) fn decode_chain(message: &[u8]) -> Option<Chain> {
    let (family, list) = header(message)?;
    // NFTA_CHAIN_HOOK with NFTA_HOOK_HOOKNUM and NFTA_HOOK_PRIORITY.
    let hook = find(list, 4)
        .and_then(|hook| Some(Hook { number: number(hook, 1)?, priority: number(hook, 2)?.cast_signed() }));
    Some(Chain {
        // NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME.
        key: NftKey { family, table: text(find(list, 1)?), name: text(find(list, 3)?) },
        hook,
        // NFTA_CHAIN_POLICY: NF_DROP. A chain without one accepts.
        policy_drops: number(list, 5) == Some(0),
        // NFTA_CHAIN_TYPE.
        filters: find(list, 7).is_none_or(|kind| text(kind) == "filter"),
    })
}

pub(in super::super) fn decode_rule(message: &[u8]) -> Option<Rule> {
    let (family, list) = header(message)?;
    // NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS.
    let chain = NftKey { family, table: text(find(list, 1)?), name: text(find(list, 2)?) };
    let expressions = wire::attributes(find(list, 4).unwrap_or_default())
        .map(|(_, element)| decode_expression(element).unwrap_or(Expression::Unknown))
        .collect();
    Some(Rule { chain, expressions })
}

pub(in super::super) fn decode_elements(message: &[u8]) -> Vec<Element> {
    let Some((_, list)) = header(message) else { return Vec::new() };
    // NFTA_SET_ELEM_LIST_ELEMENTS.
    wire::attributes(find(list, 3).unwrap_or_default())
        .map(|(_, element)| Element {
            // NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END, each with NFTA_DATA_VALUE.
            key: find(element, 1).and_then(|key| find(key, 1)).unwrap_or_default().to_vec(),
            key_end: find(element, 10).and_then(|key| find(key, 1)).map(<[u8]>::to_vec),
            // NFTA_SET_ELEM_FLAGS with NFT_SET_ELEM_INTERVAL_END.
            ends_range: has_flag(element, 3, 1),
            // NFTA_SET_ELEM_DATA with NFTA_DATA_VERDICT.
            verdict: find(element, 2).and_then(|data| decode_verdict(find(data, 2)?)),
        })
        .collect()
}

fn decode_verdict(list: &[u8]) -> Option<Verdict> {
    // NFTA_VERDICT_CHAIN, NFTA_VERDICT_CODE.
    let chain = || find(list, 2).map(text);
    Some(match number(list, 1)?.cast_signed() {
        libc::NFT_CONTINUE => Verdict::Continue,
        libc::NFT_JUMP => Verdict::Jump(chain()?),
        libc::NFT_GOTO => Verdict::Goto(chain()?),
        libc::NFT_RETURN => Verdict::Return,
        libc::NF_DROP => Verdict::Drop,
        libc::NF_ACCEPT => Verdict::Accept,
        // The upper half is the number of the queue.
        code if code & 0xff == libc::NF_QUEUE => Verdict::Queue,
        _ => return None,
    })
}

/// Decodes an expression by its name (NFTA_EXPR_NAME) from its data (NFTA_EXPR_DATA).
fn decode_expression(element: &[u8]) -> Option<Expression> {
    let name = text(find(element, 1)?);
    let data = find(element, 2).unwrap_or_default();
    // NFTA_DATA_VALUE.
    let value = |kind| find(data, kind).and_then(|data| find(data, 1)).map(<[u8]>::to_vec);
    let key = |kind| number(data, kind).map(u32::cast_signed);
    // The target register is the first attribute of each expression that loads. Without one the expression writes to
    // the packet, which has no influence on the verdict.
    let load = |what| match number(data, 1) {
        Some(into) => Expression::Load { into, what },
        None => Expression::Nothing,
    };
    Some(match name.as_str() {
        "counter" | "log" | "ct_timeout" => Expression::Nothing,
        "notrack" => Expression::Untracked,
        // NFTA_OBJREF_IMM_TYPE: a named counter, or a conntrack helper.
        "objref" if matches!(number(data, 1), Some(1 | 3)) => Expression::Nothing,
        "reject" => Expression::Verdict(Verdict::Drop),
        // NFTA_META_KEY.
        "meta" => load(match key(2)? {
            libc::NFT_META_PROTOCOL => Load::EtherType,
            libc::NFT_META_IIF => Load::InterfaceIndex,
            libc::NFT_META_IIFNAME => Load::InterfaceName,
            libc::NFT_META_NFPROTO => Load::NetworkProtocol,
            libc::NFT_META_L4PROTO => Load::Layer4Protocol,
            libc::NFT_META_PKTTYPE => Load::PacketType,
            _ => Load::Other,
        }),
        // NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN.
        "payload" => {
            let (offset, length) = (number(data, 3)?, number(data, 4)?);
            load(match key(2)? {
                libc::NFT_PAYLOAD_NETWORK_HEADER => Load::Network(offset, length),
                libc::NFT_PAYLOAD_TRANSPORT_HEADER => Load::Transport(offset, length),
                _ => Load::Other,
            })
        }
        // NFTA_CT_KEY; without a register it may be absent.
        "ct" => load(match key(2) {
            Some(libc::NFT_CT_STATE) => Load::ConnectionState,
            Some(libc::NFT_CT_STATUS) => Load::ConnectionStatus,
            _ => Load::Other,
        }),
        "fib" | "rt" => Expression::Load { into: number(data, 1)?, what: Load::Other },
        // NFTA_NAT_TYPE: NFT_NAT_DNAT.
        "nat" if number(data, 1) == Some(1) => Expression::Translates,
        "redir" => Expression::Translates,
        // NFTA_CMP_SREG, NFTA_CMP_OP, NFTA_CMP_DATA.
        "cmp" => Expression::Compare {
            of: number(data, 1)?,
            how: match key(2)? {
                libc::NFT_CMP_EQ => Comparison::Equal,
                libc::NFT_CMP_NEQ => Comparison::NotEqual,
                libc::NFT_CMP_LT => Comparison::Less,
                libc::NFT_CMP_LTE => Comparison::LessOrEqual,
                libc::NFT_CMP_GT => Comparison::Greater,
                libc::NFT_CMP_GTE => Comparison::GreaterOrEqual,
                _ => return None,
            },
            with: value(3)?,
        },
        // NFTA_RANGE_SREG, NFTA_RANGE_OP, NFTA_RANGE_FROM_DATA, NFTA_RANGE_TO_DATA.
        "range" => Expression::Range {
            of: number(data, 1)?,
            inside: key(2)? == libc::NFT_RANGE_EQ,
            from: value(3)?,
            to: value(4)?,
        },
        // NFTA_BITWISE_SREG, _DREG, _MASK, _XOR; NFTA_BITWISE_OP other than NFT_BITWISE_MASK_XOR is a shift.
        "bitwise" if number(data, 6).unwrap_or(0) == 0 => Expression::Bitwise {
            of: number(data, 1)?,
            into: number(data, 2)?,
            mask: value(4)?,
            xor: value(5)?,
        },
        // NFTA_LOOKUP_SREG, NFTA_LOOKUP_SET, NFTA_LOOKUP_FLAGS with NFT_LOOKUP_F_INV, NFTA_LOOKUP_DREG.
        "lookup" => Expression::Lookup {
            of: number(data, 2)?,
            set: text(find(data, 1)?),
            inverted: has_flag(data, 5, 1),
            verdicts: number(data, 3).is_some(),
        },
        // NFTA_IMMEDIATE_DATA with NFTA_DATA_VERDICT. A value in a register serves later statements, not comparisons.
        "immediate" => match find(data, 2).and_then(|data| find(data, 2)) {
            Some(verdict) => Expression::Verdict(decode_verdict(verdict)?),
            None => Expression::Nothing,
        },
        // NFTA_MATCH_NAME, NFTA_MATCH_REV, NFTA_MATCH_INFO.
        "match" => decode_match(&text(find(data, 1)?), number(data, 2)?, find(data, 3)?)?,
        // NFTA_TARGET_NAME, NFTA_TARGET_INFO.
        "target" => match text(find(data, 1)?).as_str() {
            "REJECT" | "DROP" => Expression::Verdict(Verdict::Drop),
            "NOTRACK" => Expression::Untracked,
            "DNAT" | "REDIRECT" => Expression::Translates,
            // `struct xt_ct_target_info` begins with its flags: XT_CT_NOTRACK.
            "CT" if wire::u16_at(find(data, 3)?, 0)? & 1 != 0 => Expression::Untracked,
            "LOG" | "NFLOG" | "MARK" | "CONNMARK" | "TRACE" | "CT" | "TCPMSS" => Expression::Nothing,
            _ => return None,
        },
        _ => return None,
    })
}

/// Decodes the matches of iptables that decide by port or state: `struct xt_tcp`, `xt_udp`, `xt_multiport_v1`,
/// `xt_conntrack_mtinfo3`, `xt_state_info`.
fn decode_match(name: &str, revision: u32, info: &[u8]) -> Option<Expression> {
    let short = |at| wire::u16_at(info, at);
    match (name, revision) {
        ("comment", _) => Some(Expression::Nothing),
        ("tcp" | "udp", 0) => {
            let any_source = (short(0)?, short(2)?) == (0, u16::MAX);
            let (protocol, inverted, any_flags) = match name {
                // A TCP option and TCP flags decide as well.
                "tcp" => (6, wire::u8_at(info, 11)?, info.get(8..10)?.iter().all(|&byte| byte == 0)),
                _ => (17, wire::u8_at(info, 8)?, true),
            };
            // Bit 1 inverts the destination ports (XT_TCP_INV_DSTPT); the others invert what is not looked at here.
            let decidable = any_source && any_flags && inverted & !2 == 0;
            let ranges = vec![(short(4)?, short(6)?)];
            decidable.then_some(Expression::Ports { protocol, ranges, inverted: inverted & 2 != 0 })
        }
        ("multiport", 1) => {
            // XT_MULTIPORT_DESTINATION.
            if wire::u8_at(info, 0)? != 1 {
                return None;
            }
            let count = usize::from(wire::u8_at(info, 1)?).min(15);
            let (mut ranges, mut at) = (Vec::new(), 0);
            while at < count {
                let first = short(2 + at * 2)?;
                let is_range = wire::u8_at(info, 32 + at)? != 0;
                let last = if is_range { short(2 + (at + 1) * 2)? } else { first };
                ranges.push((first, last));
                at += 1 + usize::from(is_range);
            }
            // iptables compares the protocol in an expression before this one.
            Some(Expression::Ports { protocol: 0, ranges, inverted: wire::u8_at(info, 47)? != 0 })
        }
        ("conntrack", 2 | 3) => {
            let (matched, inverted, states) = (short(146)?, short(148)?, short(150)?);
            // XT_CONNTRACK_STATE and nothing else, not inverted.
            let decidable = matched == 1 && inverted & 1 == 0;
            // Here "untracked" comes after the two bits of translated addresses (XT_CONNTRACK_STATE_SNAT, _DNAT).
            let mask = states & 0x3f | if states & 0x100 != 0 { UNTRACKED } else { 0 };
            decidable.then_some(Expression::State { mask, translated: states & 0xc0 != 0 })
        }
        ("state", 0) => {
            let mask = u16::try_from(wire::u32_at(info, 0)?).ok()?;
            Some(Expression::State { mask, translated: false })
        }
        _ => None,
    }
}
