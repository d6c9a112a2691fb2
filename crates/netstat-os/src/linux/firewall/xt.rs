//! Matches and targets of iptables, from the structures that both iptables-nft and iptables-legacy hand to the kernel
//! (`linux/netfilter/xt_*.h`, `nf_nat.h`).
//!
//! A match that is not understood may match or not; a target that is not understood may do anything.

use super::rules::{Addresses, Comparison, Expression, Load, Ports, UNTRACKED, Verdict};
use crate::linux::wire;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The register for what a match compares at once.
const SCRATCH: u32 = 1;

/// `NF_NAT_RANGE_MAP_IPS` and its companions.
const MAPS_ADDRESS: u32 = 1;
const MAPS_PORT: u32 = 2;
const MAPS_OFFSET: u32 = 32;

/// Decodes a match into what has to match in its place.
pub(super) fn decode_match(name: &str, revision: u32, info: &[u8]) -> Vec<Expression> {
    match_of(name, revision, info).unwrap_or_else(|| vec![Expression::Uncertain])
}

/// Decodes a target.
pub(super) fn decode_target(name: &str, revision: u32, info: &[u8]) -> Vec<Expression> {
    vec![target_of(name, revision, info).unwrap_or(Expression::Unknown)]
}

fn match_of(name: &str, revision: u32, info: &[u8]) -> Option<Vec<Expression>> {
    let short = |at| wire::u16_at(info, at);
    match (name, revision) {
        ("comment", _) => Some(vec![Expression::Nothing]),
        ("tcp" | "udp", 0) => {
            // `struct xt_tcp` and `struct xt_udp`.
            let (protocol, inverted) = match name {
                "tcp" => (6, wire::u8_at(info, 11)?),
                _ => (17, wire::u8_at(info, 8)?),
            };
            // XT_TCP_INV_DSTPT.
            let ranges = vec![(short(4)?, short(6)?)];
            let mut all = vec![Expression::Ports { protocol, ranges, inverted: inverted & 2 != 0 }];
            let any_source = (short(0)?, short(2)?) == (0, u16::MAX) && inverted & 1 == 0;
            let any_option = protocol != 6 || wire::u8_at(info, 8)? == 0;
            if !any_source || !any_option {
                all.push(Expression::Uncertain);
            }
            if protocol == 6 {
                // XT_TCP_INV_FLAGS.
                let (mask, with) = (wire::u8_at(info, 9)?, wire::u8_at(info, 10)?);
                all.push(Expression::Flags { mask, with, inverted: inverted & 4 != 0 });
            }
            Some(all)
        }
        ("multiport", 1) => {
            // `struct xt_multiport_v1`: XT_MULTIPORT_DESTINATION.
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
            Some(vec![Expression::Ports { protocol: 0, ranges, inverted: wire::u8_at(info, 47)? != 0 }])
        }
        ("conntrack", 2 | 3) => connection_of(revision, info),
        ("state", 0) => {
            let mask = u16::try_from(wire::u32_at(info, 0)?).ok()?;
            Some(vec![Expression::State { mask, translated: false, inverted: false }])
        }
        ("mark", 1) => {
            // `struct xt_mark_mtinfo1`.
            let (with, mask) = (wire::u32_at(info, 0)?, wire::u32_at(info, 4)?);
            Some(vec![Expression::Mark { mask, with, inverted: wire::u8_at(info, 8)? != 0 }])
        }
        ("addrtype", 0 | 1) => {
            // `struct xt_addrtype_info` and `_v1`; XT_ADDRTYPE_INVERT_DEST, XT_ADDRTYPE_LIMIT_IFACE_IN and _OUT.
            let (source, types) = (short(0)?, short(2)?);
            let (inverted, limited) = match revision {
                0 => (wire::u32_at(info, 8)? != 0, false),
                _ => (wire::u32_at(info, 4)? & 2 != 0, wire::u32_at(info, 4)? & 12 != 0),
            };
            let mut all = Vec::new();
            if types != 0 {
                all.push(Expression::DestinationType { types, inverted });
            }
            if source != 0 || limited {
                all.push(Expression::Uncertain);
            }
            Some(all)
        }
        _ => None,
    }
}

/// Decodes `struct xt_conntrack_mtinfo2` or `3`.
fn connection_of(revision: u32, info: &[u8]) -> Option<Vec<Expression>> {
    const STATE: u16 = 1;
    const ORIGINAL_ADDRESS: u16 = 1 << 3;
    const ORIGINAL_PORT: u16 = 1 << 9;
    const DIRECTION: u16 = 1 << 12;
    const ALIAS: u16 = 1 << 13;
    let short = |at| wire::u16_at(info, at);
    let (matched, inverted, states) = (short(146)?, short(148)?, short(150)?);
    let mut all = Vec::new();
    if matched & STATE != 0 {
        // Here "untracked" comes after the two bits of translated addresses (XT_CONNTRACK_STATE_SNAT, _DNAT).
        let mask = states & 0x3f | if states & 0x100 != 0 { UNTRACKED } else { 0 };
        let translated = states & 0x80 != 0;
        all.push(Expression::State { mask, translated, inverted: inverted & STATE != 0 });
    }
    if matched & ORIGINAL_PORT != 0 {
        let range = match revision {
            2 => (wire::be16_at(info, 140)?, wire::be16_at(info, 140)?),
            _ => (short(140)?, short(156)?),
        };
        all.push(Expression::OriginalPorts { range, inverted: inverted & ORIGINAL_PORT != 0 });
    }
    if matched & ORIGINAL_ADDRESS != 0 {
        // An address of IPv4 is the first four bytes, and the others of its mask are zero.
        let (with, mask) = (info.get(32..48)?, info.get(48..64)?);
        let length = if mask.iter().skip(4).all(|&byte| byte == 0) { 4 } else { 16 };
        all.extend(masked(
            Load::OriginalAddress,
            with.get(..length)?,
            mask.get(..length)?,
            inverted & ORIGINAL_ADDRESS != 0,
        ));
    }
    if matched & DIRECTION != 0 && inverted & DIRECTION != 0 {
        all.extend(masked(Load::Direction, &[0], &[u8::MAX], true));
    }
    if matched & !(STATE | ORIGINAL_ADDRESS | ORIGINAL_PORT | DIRECTION | ALIAS) != 0 {
        all.push(Expression::Uncertain);
    }
    Some(all)
}

/// Returns the expressions that compare a property under a mask.
pub(super) fn masked(what: Load, with: &[u8], mask: &[u8], inverted: bool) -> [Expression; 3] {
    let how = if inverted { Comparison::NotEqual } else { Comparison::Equal };
    let with: Vec<u8> = with.iter().zip(mask).map(|(byte, mask)| byte & mask).collect();
    [
        Expression::Load { into: SCRATCH, what },
        Expression::Bitwise { of: SCRATCH, into: SCRATCH, mask: mask.to_vec(), xor: vec![0; mask.len()] },
        Expression::Compare { of: SCRATCH, how, with },
    ]
}

fn target_of(name: &str, revision: u32, info: &[u8]) -> Option<Expression> {
    Some(match (name, revision) {
        ("REJECT" | "DROP", _) => Expression::Verdict(Verdict::Drop),
        // What becomes of the source does not matter to who answers.
        ("SNAT" | "MASQUERADE", _) => Expression::Verdict(Verdict::Accept),
        ("NFQUEUE", _) => Expression::Verdict(Verdict::Queue),
        ("NOTRACK", _) => Expression::Untracked,
        // `struct xt_ct_target_info` begins with its flags: XT_CT_NOTRACK.
        ("CT", _) if wire::u16_at(info, 0)? & 1 != 0 => Expression::Untracked,
        ("DNAT", 0) => ipv4_range(info, Addresses::Same)?,
        ("DNAT", 1) => nat_range(info, None, Addresses::Same)?,
        ("DNAT", 2) => nat_range(info, wire::be16_at(info, 40), Addresses::Same)?,
        // `struct nf_nat_ipv4_multi_range_compat` of IPv4 is shorter than `struct nf_nat_range` of IPv6.
        ("REDIRECT", 0) if info.len() < 40 => ipv4_range(info, Addresses::OfInterface)?,
        ("REDIRECT", 0) => nat_range(info, None, Addresses::OfInterface)?,
        ("NETMAP", 0) if info.len() < 40 => ipv4_range(info, Addresses::Unknown)?,
        ("NETMAP", 0) => nat_range(info, None, Addresses::Unknown)?,
        // `struct xt_tproxy_target_info` and `_v1`.
        ("TPROXY", 0) => Expression::ProxyTo { port: wire::be16_at(info, 12)? },
        ("TPROXY", 1) => Expression::ProxyTo { port: wire::be16_at(info, 24)? },
        // `struct xt_mark_tginfo2`.
        ("MARK", 2) => Expression::SetMark { mask: wire::u32_at(info, 4)?, with: wire::u32_at(info, 0) },
        ("MARK" | "HMARK", _) => Expression::SetMark { mask: u32::MAX, with: None },
        // `struct xt_connmark_tginfo1`, and `2` where a shift comes before the mode: XT_CONNMARK_RESTORE.
        ("CONNMARK", _) if wire::u8_at(info, if revision == 2 { 14 } else { 12 })? == 2 => {
            Expression::SetMark { mask: u32::MAX, with: None }
        }
        (
            "AUDIT" | "CHECKSUM" | "CLASSIFY" | "CONNMARK" | "CONNSECMARK" | "CT" | "DSCP" | "ECN" | "HL"
            | "IDLETIMER" | "LED" | "LOG" | "NFLOG" | "RATEEST" | "SECMARK" | "SET" | "TCPMSS"
            | "TCPOPTSTRIP" | "TEE" | "TOS" | "TRACE" | "TTL" | "ULOG",
            _,
        ) => Expression::Nothing,
        _ => return None,
    })
}

/// Decodes `struct nf_nat_ipv4_multi_range_compat`, which holds one range.
fn ipv4_range(info: &[u8], otherwise: Addresses) -> Option<Expression> {
    let flags = wire::u32_at(info, 4)?;
    let address = |at| wire::array_at::<4>(info, at).map(|bytes| IpAddr::V4(Ipv4Addr::from(bytes)));
    let (from, to) = (address(8)?, address(12)?);
    translation(flags, (from, to), (wire::be16_at(info, 16)?, wire::be16_at(info, 18)?), None, otherwise)
}

/// Decodes `struct nf_nat_range` or, with its base port, `struct nf_nat_range2`. An IPv4 address is followed by zeros.
fn nat_range(info: &[u8], base: Option<u16>, otherwise: Addresses) -> Option<Expression> {
    let address = |at: usize| {
        let bytes: [u8; 16] = wire::array_at(info, at)?;
        let (v4, rest) = bytes.split_first_chunk::<4>()?;
        let is_v4 = rest.iter().all(|&byte| byte == 0);
        Some(if is_v4 { IpAddr::V4(Ipv4Addr::from(*v4)) } else { IpAddr::V6(Ipv6Addr::from(bytes)) })
    };
    let ports = (wire::be16_at(info, 36)?, wire::be16_at(info, 38)?);
    translation(wire::u32_at(info, 0)?, (address(4)?, address(20)?), ports, base, otherwise)
}

fn translation(
    flags: u32,
    (from, to): (IpAddr, IpAddr),
    (first, last): (u16, u16),
    base: Option<u16>,
    otherwise: Addresses,
) -> Option<Expression> {
    let addresses = if flags & MAPS_ADDRESS != 0 { Addresses::Range(from, to) } else { otherwise };
    let ports = match base {
        _ if flags & MAPS_PORT == 0 => Ports::Same,
        Some(base) if flags & MAPS_OFFSET != 0 => Ports::Shifted { base, first, last },
        _ => Ports::Range(first, last),
    };
    Some(Expression::TranslateTo { addresses, ports })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_of_connmark_is_where_its_revision_has_it() {
        let info = |at: usize| {
            let mut info = [0; 16];
            info[at] = 2;
            info
        };
        let restores = [Expression::SetMark { mask: u32::MAX, with: None }];
        assert_eq!(decode_target("CONNMARK", 1, &info(12)), restores);
        assert_eq!(decode_target("CONNMARK", 2, &info(14)), restores);
        // A shift to the right by none, and a mode that saves.
        assert_eq!(decode_target("CONNMARK", 2, &info(12)), [Expression::Nothing]);
    }
}
