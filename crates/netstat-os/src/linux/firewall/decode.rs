//! Decoders for the messages of nftables: chains, rules with their expressions, elements of sets.
//!
//! Attribute numbers are those of linux/netfilter/nf_tables.h, which libc lacks; comments give their names. Numbers are
//! in network order.

use super::rules::{
    Chain, Comparison, Element, Engine, Expression, Found, Hook, KeyForm, Load, NftKey, Rule, Store, Table,
    Verdict,
};
use super::xt;
use crate::linux::wire;
use netstat_model::Family;

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

fn key(family: u8, table: &[u8], name: &[u8]) -> NftKey {
    NftKey { engine: Engine::Nftables, family, table: text(table), name: text(name) }
}

/// Decodes what identifies a set, and how it compares.
pub(in super::super) fn decode_set(message: &[u8]) -> Option<(NftKey, KeyForm)> {
    let (family, list) = header(message)?;
    // NFTA_SET_DESC with NFTA_SET_DESC_CONCAT, a list of fields with NFTA_SET_FIELD_LEN.
    let fields = find(list, 9).and_then(|form| find(form, 2)).unwrap_or_default();
    let length = |(_, field)| number(field, 1).and_then(|length| usize::try_from(length).ok());
    let fields = wire::attributes(fields).filter_map(length).collect();
    // NFTA_SET_TABLE, NFTA_SET_NAME; NFTA_SET_FLAGS with NFT_SET_INTERVAL.
    let form = KeyForm { has_ranges: has_flag(list, 3, 4), fields };
    Some((key(family, find(list, 1)?, find(list, 2)?), form))
}

pub(in super::super) fn decode_chain(message: &[u8]) -> Option<Chain> {
    let (family, list) = header(message)?;
    // NFTA_CHAIN_HOOK with NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY, NFTA_HOOK_DEV and NFTA_HOOK_DEVS.
    let hook = find(list, 4).and_then(|hook| {
        let several = wire::attributes(find(hook, 4).unwrap_or_default());
        Some(Hook {
            number: number(hook, 1)?,
            priority: number(hook, 2)?.cast_signed(),
            devices: find(hook, 3).map(text).into_iter().chain(several.map(decode_device)).collect(),
        })
    });
    Some(Chain {
        // NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME.
        key: key(family, find(list, 1)?, find(list, 3)?),
        hook,
        // NFTA_CHAIN_POLICY: NF_DROP. A chain without one accepts.
        policy_drops: number(list, 5) == Some(0),
        // NFTA_CHAIN_TYPE.
        translates: find(list, 7).is_some_and(|kind| text(kind) == "nat"),
    })
}

/// Decodes NFTA_DEVICE_NAME or, as the beginning of a name, NFTA_DEVICE_PREFIX.
fn decode_device((kind, name): (u16, &[u8])) -> String {
    if kind == 2 { text(name) + "*" } else { text(name) }
}

pub(in super::super) fn decode_rule(message: &[u8]) -> Option<Rule> {
    let (family, list) = header(message)?;
    // NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_EXPRESSIONS.
    let chain = key(family, find(list, 1)?, find(list, 2)?);
    let number = find(list, 3).and_then(|handle| wire::array_at(handle, 0)).map_or(0, u64::from_be_bytes);
    let expressions = wire::attributes(find(list, 4).unwrap_or_default())
        .flat_map(|(_, element)| decode_expression(element).unwrap_or_else(|| vec![Expression::Unknown]))
        .collect();
    Some(Rule { chain, number, expressions })
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
            // NFTA_SET_ELEM_DATA with NFTA_DATA_VERDICT or NFTA_DATA_VALUE.
            verdict: find(element, 2).and_then(|data| decode_verdict(find(data, 2)?)),
            value: find(element, 2).and_then(|data| find(data, 1)).map(<[u8]>::to_vec),
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

/// Decodes an expression by its name (NFTA_EXPR_NAME) from its data (NFTA_EXPR_DATA). One of iptables may make several.
fn decode_expression(element: &[u8]) -> Option<Vec<Expression>> {
    let name = text(find(element, 1)?);
    let data = find(element, 2).unwrap_or_default();
    match name.as_str() {
        // NFTA_MATCH_NAME, NFTA_MATCH_REV, NFTA_MATCH_INFO; the same numbers for targets.
        "match" => Some(xt::decode_match(&text(find(data, 1)?), number(data, 2)?, find(data, 3)?)),
        "target" => Some(xt::decode_target(&text(find(data, 1)?), number(data, 2)?, find(data, 3)?)),
        _ => decode_native(&name, data).map(|expression| vec![expression]),
    }
}

fn decode_native(name: &str, data: &[u8]) -> Option<Expression> {
    // NFTA_DATA_VALUE.
    let value = |kind| find(data, kind).and_then(|data| find(data, 1)).map(<[u8]>::to_vec);
    let key = |kind| number(data, kind).map(u32::cast_signed);
    // Two registers, of which the second is the first where it is missing.
    let pair = |first, second| {
        let from = number(data, first)?;
        Some((from, number(data, second).unwrap_or(from)))
    };
    Some(match name {
        "counter" | "log" | "ct_timeout" | "last" | "dup" => Expression::Nothing,
        // It breaks off at a connection that is not yet confirmed.
        "flow_offload" => Expression::Never,
        "limit" | "quota" | "connlimit" | "dynset" => Expression::Uncertain,
        "notrack" => Expression::Untracked,
        // NFTA_OBJREF_IMM_TYPE: a counter, a helper or timeout of connections, a security mark, an expectation.
        "objref" => match number(data, 1)? {
            1 | 3 | 7 | 8 | 9 => Expression::Nothing,
            // A quota, a limit, a limit of connections.
            2 | 4 | 5 => Expression::Uncertain,
            _ => return None,
        },
        "reject" => Expression::Verdict(Verdict::Drop),
        "queue" => Expression::Verdict(Verdict::Queue),
        "meta" => decode_meta(data)?,
        "payload" => decode_payload(data)?,
        "ct" => decode_connection(data)?,
        // NFTA_FIB_DREG, NFTA_FIB_RESULT: NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_FLAGS: NFTA_FIB_F_DADDR alone.
        "fib" => {
            let is_type = (number(data, 2)?, number(data, 3)?) == (3, 2);
            let what = if is_type { Load::DestinationType } else { Load::Other };
            Expression::Load { into: number(data, 1)?, what }
        }
        // NFTA_NG_DREG, NFTA_NG_MODULUS, NFTA_NG_OFFSET.
        "numgen" => {
            let what = Load::Choice { modulus: number(data, 2)?, offset: number(data, 4).unwrap_or(0) };
            Expression::Load { into: number(data, 1)?, what }
        }
        "rt" | "osf" | "xfrm" => Expression::Load { into: number(data, 1)?, what: Load::Other },
        // Without a register it changes an option of TCP.
        "exthdr" => match number(data, 1) {
            Some(into) => Expression::Load { into, what: Load::Other },
            None => Expression::Nothing,
        },
        "socket" | "hash" | "tunnel" | "byteorder" => Expression::Compute { into: number(data, 2)? },
        // NFTA_NAT_TYPE: NFT_NAT_SNAT, which does not matter to who answers.
        "nat" if number(data, 1) == Some(0) => Expression::Verdict(Verdict::Accept),
        "masq" => Expression::Verdict(Verdict::Accept),
        // NFTA_NAT_FAMILY, NFTA_NAT_REG_ADDR_MIN, _MAX, NFTA_NAT_REG_PROTO_MIN, _MAX.
        "nat" => Expression::Translate {
            redirects: false,
            family: match number(data, 2).map(i32::try_from) {
                Some(Ok(libc::NFPROTO_IPV4)) => Some(Family::V4),
                Some(Ok(libc::NFPROTO_IPV6)) => Some(Family::V6),
                _ => None,
            },
            addresses: pair(3, 4),
            ports: pair(5, 6),
        },
        // NFTA_REDIR_REG_PROTO_MIN, _MAX.
        "redir" => {
            Expression::Translate { redirects: true, family: None, addresses: None, ports: pair(1, 2) }
        }
        // NFTA_TPROXY_REG_PORT.
        "tproxy" => Expression::Proxy { port: number(data, 3) },
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
        "bitwise" => match number(data, 6).unwrap_or(0) {
            0 => Expression::Bitwise {
                of: number(data, 1)?,
                into: number(data, 2)?,
                mask: value(4)?,
                xor: value(5)?,
            },
            _ => Expression::Compute { into: number(data, 2)? },
        },
        // NFTA_LOOKUP_SREG, NFTA_LOOKUP_SET, NFTA_LOOKUP_FLAGS with NFT_LOOKUP_F_INV, NFTA_LOOKUP_DREG, of which 0 is
        // that of verdicts.
        "lookup" => Expression::Lookup {
            of: number(data, 2)?,
            set: text(find(data, 1)?),
            inverted: has_flag(data, 5, 1),
            found: match number(data, 3) {
                None => Found::Match,
                Some(0) => Found::Verdict,
                Some(into) => Found::Value(into),
            },
        },
        // NFTA_IMMEDIATE_DREG, NFTA_IMMEDIATE_DATA with NFTA_DATA_VERDICT or NFTA_DATA_VALUE.
        "immediate" => match find(data, 2).and_then(|data| find(data, 2)) {
            Some(verdict) => Expression::Verdict(decode_verdict(verdict)?),
            None => Expression::Put { into: number(data, 1)?, value: value(2)? },
        },
        _ => return None,
    })
}

/// Decodes NFTA_META_KEY, which goes to NFTA_META_DREG or is set from NFTA_META_SREG.
fn decode_meta(data: &[u8]) -> Option<Expression> {
    let key = number(data, 2)?.cast_signed();
    if let Some(from) = number(data, 3) {
        let is_mark = key == libc::NFT_META_MARK;
        return Some(if is_mark {
            Expression::Store { from, what: Store::Mark }
        } else {
            Expression::Nothing
        });
    }
    let what = match key {
        libc::NFT_META_PROTOCOL => Load::EtherType,
        libc::NFT_META_IIF => Load::InterfaceIndex,
        libc::NFT_META_IIFNAME => Load::InterfaceName,
        libc::NFT_META_OIF => Load::OutputIndex,
        libc::NFT_META_OIFNAME => Load::OutputName,
        libc::NFT_META_MARK => Load::Mark,
        libc::NFT_META_NFPROTO => Load::NetworkProtocol,
        libc::NFT_META_L4PROTO => Load::Layer4Protocol,
        libc::NFT_META_PKTTYPE => Load::PacketType,
        _ => Load::Other,
    };
    Some(Expression::Load { into: number(data, 1)?, what })
}

/// Decodes NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET and NFTA_PAYLOAD_LEN, which go to NFTA_PAYLOAD_DREG or are set from
/// NFTA_PAYLOAD_SREG.
fn decode_payload(data: &[u8]) -> Option<Expression> {
    let base = number(data, 2)?.cast_signed();
    let (offset, length) = (number(data, 3)?, number(data, 4)?);
    if let Some(from) = number(data, 5) {
        return Some(match base {
            libc::NFT_PAYLOAD_NETWORK_HEADER => {
                Expression::Store { from, what: Store::Network(offset, length) }
            }
            libc::NFT_PAYLOAD_TRANSPORT_HEADER => {
                Expression::Store { from, what: Store::Transport(offset, length) }
            }
            _ => Expression::Nothing,
        });
    }
    let what = match base {
        libc::NFT_PAYLOAD_NETWORK_HEADER => Load::Network(offset, length),
        libc::NFT_PAYLOAD_TRANSPORT_HEADER => Load::Transport(offset, length),
        _ => Load::Other,
    };
    Some(Expression::Load { into: number(data, 1)?, what })
}

/// Decodes NFTA_CT_KEY, which goes to NFTA_CT_DREG; without one it is set.
fn decode_connection(data: &[u8]) -> Option<Expression> {
    let Some(into) = number(data, 1) else { return Some(Expression::Nothing) };
    // NFTA_CT_DIRECTION: IP_CT_DIR_ORIGINAL.
    let is_original = find(data, 3).and_then(|direction| wire::u8_at(direction, 0)) == Some(0);
    let what = match number(data, 2)?.cast_signed() {
        libc::NFT_CT_STATE => Load::ConnectionState,
        libc::NFT_CT_STATUS => Load::ConnectionStatus,
        libc::NFT_CT_DIRECTION => Load::Direction,
        libc::NFT_CT_DST | libc::NFT_CT_DST_IP | libc::NFT_CT_DST_IP6 if is_original => Load::OriginalAddress,
        libc::NFT_CT_PROTO_DST if is_original => Load::OriginalPort,
        _ => Load::Other,
    };
    Some(Expression::Load { into, what })
}
