//! The tables of iptables-legacy, as getsockopt(2) gives them (`linux/netfilter_ipv4/ip_tables.h` and its twin of IPv6).
//!
//! Only tables that exist are asked for: the question alone makes the kernel create a table.

use super::rules::{
    Chain, Comparison, Engine, Expression, FORWARD, Hook, IPV4, IPV6, LOCAL_IN, Load, NftKey, POSTROUTING,
    PREROUTING, Rule, Verdict,
};
use super::xt;
use crate::linux::source::Source;
use crate::linux::wire;
use netstat_model::UnreadRules;
use netstat_model::error::words_of;
use std::collections::BTreeMap;
use std::io;

/// The names of the tables that exist.
const NAMES: [(u8, &str); 2] =
    [(IPV4, "/proc/thread-self/net/ip_tables_names"), (IPV6, "/proc/thread-self/net/ip6_tables_names")];

/// `struct ipt_getinfo` and `struct ip6t_getinfo`, which come before the entries.
const INFO: usize = 84;

/// The names of hooks, by their numbers. An inbound packet does not pass that of OUTPUT.
const HOOKS: [(u32, &str); 5] = [
    (PREROUTING, "PREROUTING"),
    (LOCAL_IN, "INPUT"),
    (FORWARD, "FORWARD"),
    (3, "OUTPUT"),
    (POSTROUTING, "POSTROUTING"),
];

/// `struct xt_entry_match` and `struct xt_entry_target` before their data.
const XT_HEADER: usize = 32;

/// Where the parts of an entry are (`struct ipt_entry`, `struct ip6t_entry`).
struct Layout {
    address_size: usize,
    input: usize,
    output: usize,
    input_mask: usize,
    output_mask: usize,
    protocol: usize,
    flags: usize,
    inverted: usize,
    target_offset: usize,
    next_offset: usize,
    size: usize,
    /// The flag for a jump that does not come back (`IPT_F_GOTO`, `IP6T_F_GOTO`).
    goto: u8,
    /// The flags of matches that we do not model: fragments, the type of service.
    uncertain: u8,
    /// Where the destination is in the header of a packet.
    destination: u32,
}

const V4: Layout = Layout {
    address_size: 4,
    input: 16,
    output: 32,
    input_mask: 48,
    output_mask: 64,
    protocol: 80,
    flags: 82,
    inverted: 83,
    target_offset: 88,
    next_offset: 90,
    size: 112,
    goto: 2,
    uncertain: 1,
    destination: 16,
};

const V6: Layout = Layout {
    address_size: 16,
    input: 64,
    output: 80,
    input_mask: 96,
    output_mask: 112,
    protocol: 128,
    flags: 131,
    inverted: 132,
    target_offset: 140,
    next_offset: 142,
    size: 168,
    goto: 4,
    uncertain: 2,
    destination: 24,
};

/// `IPT_INV_VIA_IN` and its companions.
const INVERTS_INPUT: u8 = 1;
const INVERTS_OUTPUT: u8 = 2;
const INVERTS_SOURCE: u8 = 8;
const INVERTS_DESTINATION: u8 = 16;
const INVERTS_PROTOCOL: u8 = 64;

/// Chains with their rules.
pub(super) type Table = (Vec<Chain>, Vec<Rule>);

/// Reads all tables, and says which of them could not be read.
pub(super) fn fetch(source: &dyn Source) -> (Table, Vec<UnreadRules>) {
    let mut all = Table::default();
    let mut unread = Vec::new();
    let mut failed = |reason| {
        let new = UnreadRules { of: "iptables-legacy", reason };
        if !unread.contains(&new) {
            unread.push(new);
        }
    };
    for (family, path) in NAMES {
        let mut bytes = Vec::new();
        match source.read(path, &mut bytes) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                failed(words_of(&error));
                continue;
            }
        }
        for name in String::from_utf8_lossy(&bytes).split_whitespace() {
            let table = source.iptables(family == IPV6, name);
            match table.map(|bytes| decode_table(family, name, &bytes)) {
                Ok(Some((chains, rules))) => {
                    all.0.extend(chains);
                    all.1.extend(rules);
                }
                Ok(None) => {
                    failed(format!("the table {name} made no sense; iptables-legacy -t {name} -S shows it"))
                }
                Err(error) => failed(format!("the table {name}: {}", words_of(&error))),
            }
        }
    }
    (all, unread)
}

/// Returns the place of a table among the chains of a hook (`NF_IP_PRI_*`).
fn priority(table: &str, hook: u32) -> Option<i32> {
    Some(match table {
        "raw" => -300,
        "mangle" => -150,
        "nat" if hook == PREROUTING => -100,
        "nat" => 100,
        "filter" => 0,
        "security" => 50,
        _ => return None,
    })
}

/// Decodes `struct ipt_getinfo` and the entries after it.
pub(in super::super) fn decode_table(family: u8, table: &str, bytes: &[u8]) -> Option<Table> {
    let layout = if family == IPV4 { &V4 } else { &V6 };
    let entries = bytes.get(INFO..)?;
    let key = |name: &str| NftKey {
        engine: Engine::Legacy,
        family,
        table: table.to_owned(),
        name: name.to_owned(),
    };
    let valid = wire::u32_at(bytes, 32)?;
    let mut chains: Vec<Chain> = Vec::new();
    // The chains by where their first entry is.
    let mut starts: BTreeMap<usize, String> = BTreeMap::new();
    // The entries that are the policies of chains.
    let mut policies: BTreeMap<usize, usize> = BTreeMap::new();
    for ((number, name), at) in HOOKS.into_iter().zip((36..56).step_by(4)) {
        if valid & 1 << number == 0 {
            continue;
        }
        let place = |at| wire::u32_at(bytes, at).and_then(|place| usize::try_from(place).ok());
        starts.insert(place(at)?, name.to_owned());
        policies.insert(place(at + 20)?, chains.len());
        let priority = priority(table, number)?;
        let hook = Hook { number, priority, devices: Vec::new() };
        let translates = table == "nat";
        chains.push(Chain { key: key(name), hook: Some(hook), policy_drops: false, translates });
    }
    let mut at = 0;
    let mut places = Vec::new();
    while at < entries.len() {
        let entry = entries.get(at..)?;
        let next = usize::from(wire::u16_at(entry, layout.next_offset)?);
        let target_at = usize::from(wire::u16_at(entry, layout.target_offset)?);
        if target_at < layout.size || next < target_at.checked_add(XT_HEADER)? {
            return None;
        }
        let entry = entry.get(..next)?;
        let (name, _, data) = part(entry.get(target_at..)?)?;
        // Such an entry begins a chain, or ends the table.
        if name == "ERROR" {
            starts.insert(at.checked_add(next)?, text(data));
        } else {
            places.push((at, entry, target_at));
        }
        at = at.checked_add(next)?;
    }
    let mut rules = Vec::new();
    let mut number = 0;
    let mut chain: Option<&String> = None;
    for (at, entry, target_at) in places {
        if let Some(name) = starts.get(&at) {
            (chain, number) = (Some(name), 0);
        }
        number += 1;
        let mut expressions = decode_head(layout, entry)?;
        decode_matches(entry.get(layout.size..target_at)?, &mut expressions)?;
        let next = at.checked_add(entry.len())?;
        let is_goto = wire::u8_at(entry, layout.flags)? & layout.goto != 0;
        let target = decode_target(entry.get(target_at..)?, next, is_goto, &starts)?;
        if let Some(chain) = policies.get(&at).and_then(|place| chains.get_mut(*place)) {
            chain.policy_drops = target == [Expression::Verdict(Verdict::Drop)];
            continue;
        }
        expressions.extend(target);
        rules.push(Rule { chain: key(chain?), number, expressions });
    }
    Some((chains, rules))
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

/// Splits a match or a target into its name, its revision and its data.
fn part(bytes: &[u8]) -> Option<(String, u32, &[u8])> {
    let size = usize::from(wire::u16_at(bytes, 0)?);
    let name = text(bytes.get(2..31)?);
    Some((name, wire::u8_at(bytes, 31)?.into(), bytes.get(XT_HEADER..size)?))
}

/// Decodes what an entry itself compares: addresses, interfaces, the protocol.
fn decode_head(layout: &Layout, entry: &[u8]) -> Option<Vec<Expression>> {
    let flags = wire::u8_at(entry, layout.flags)?;
    let inverted = wire::u8_at(entry, layout.inverted)?;
    let size = layout.address_size;
    let field = |at: usize, length: usize| entry.get(at..at.checked_add(length)?);
    let is_set = |bytes: &[u8]| bytes.iter().any(|&byte| byte != 0);
    let mut all = Vec::new();
    let protocol = wire::u16_at(entry, layout.protocol)?;
    if protocol != 0 {
        let protocol = u8::try_from(protocol).ok()?;
        let how = comparison(inverted & INVERTS_PROTOCOL != 0);
        all.push(Expression::Load { into: 1, what: Load::Layer4Protocol });
        all.push(Expression::Compare { of: 1, how, with: vec![protocol] });
    }
    let mask = field(size * 3, size)?;
    if is_set(mask) {
        let load = Load::Network(layout.destination, u32::try_from(size).ok()?);
        all.extend(xt::masked(load, field(size, size)?, mask, inverted & INVERTS_DESTINATION != 0));
    }
    for (name, mask, inverts, what) in [
        (layout.input, layout.input_mask, INVERTS_INPUT, Load::InterfaceName),
        (layout.output, layout.output_mask, INVERTS_OUTPUT, Load::OutputName),
    ] {
        // The mask covers the beginning of the name, and its zero byte where the whole is meant.
        let length = field(mask, 16)?.iter().take_while(|&&byte| byte != 0).count();
        if length > 0 {
            let how = comparison(inverted & inverts != 0);
            all.push(Expression::Load { into: 1, what });
            all.push(Expression::Compare { of: 1, how, with: field(name, length)?.to_vec() });
        }
    }
    // Who sends it is not known.
    let asks_source = is_set(field(size * 2, size)?) || inverted & INVERTS_SOURCE != 0;
    if asks_source || flags & layout.uncertain != 0 {
        all.push(Expression::Uncertain);
    }
    Some(all)
}

fn comparison(inverted: bool) -> Comparison {
    if inverted { Comparison::NotEqual } else { Comparison::Equal }
}

fn decode_matches(mut bytes: &[u8], all: &mut Vec<Expression>) -> Option<()> {
    while !bytes.is_empty() {
        let size = usize::from(wire::u16_at(bytes, 0)?);
        let (name, revision, data) = part(bytes)?;
        all.extend(xt::decode_match(&name, revision, data));
        bytes = bytes.get(size..)?;
    }
    Some(())
}

fn decode_target(
    bytes: &[u8],
    next: usize,
    is_goto: bool,
    starts: &BTreeMap<usize, String>,
) -> Option<Vec<Expression>> {
    let (name, revision, data) = part(bytes)?;
    if !name.is_empty() {
        return Some(xt::decode_target(&name, revision, data));
    }
    // `struct xt_standard_target`: a negative number is a verdict, any other the place of an entry.
    let verdict = match wire::u32_at(data, 0)?.cast_signed() {
        -1 => Verdict::Drop,
        -2 => Verdict::Accept,
        -4 => Verdict::Queue,
        -5 => Verdict::Return,
        place => {
            let place = usize::try_from(place).ok()?;
            match starts.get(&place) {
                _ if place == next && !is_goto => Verdict::Continue,
                Some(chain) if is_goto => Verdict::Goto(chain.clone()),
                Some(chain) => Verdict::Jump(chain.clone()),
                None => return None,
            }
        }
    };
    Some(vec![Expression::Verdict(verdict)])
}

#[cfg(test)]
mod tests;
