//! What the firewall does with what comes in: the rules of nftables, from the netfilter netlink family.
//!
//! Rules of iptables-nft are among them. Those of the older iptables-legacy are not: the kernel tells them by socket options
//! alone, and so it is only said that there are some.

mod decode;
mod judge;

use super::source::{Netlink, Source};
use super::wire::{self, Message, Rows};
use decode::{Chain, Table};
use judge::{Ruleset, Set, SetKey};
use netstat_model::{Firewall, Inbound, Judgement, UnreadRules};
use rustix::io::Errno;
use std::io;

#[cfg(fuzzing)]
pub(super) use decode::{decode_chain, decode_elements, decode_rule, decode_set, decode_table};

/// `NFNL_SUBSYS_NFTABLES`.
const NFTABLES: u16 = 10 << 8;
const GET_TABLE: u16 = NFTABLES | 1;
const GET_CHAIN: u16 = NFTABLES | 4;
const GET_RULE: u16 = NFTABLES | 7;
const GET_SET: u16 = NFTABLES | 10;
const GET_SET_ELEMENTS: u16 = NFTABLES | 13;

/// The list of tables that iptables-legacy has in the kernel.
const LEGACY: [&str; 2] = ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"];

/// How many sets are read; a rule that asks for another is one that cannot be decided.
const MOST_SETS: usize = 64;

/// What becomes of each, by the rules that can be read.
pub(super) fn firewall(source: &dyn Source, asked: &[Inbound]) -> Firewall {
    let mut unread = legacy(source);
    let judgements = match nftables(source) {
        Ok(ruleset) => judged(&ruleset, asked),
        Err(error) => {
            if is_absent(&error) {
                judged(&Ruleset::default(), asked)
            } else {
                let refused = error.raw_os_error() == Some(Errno::PERM.raw_os_error());
                let reason = if refused {
                    "they are told to root alone (CAP_NET_ADMIN)".to_owned()
                } else {
                    netstat_model::error::words_of(&error)
                };
                unread.push(UnreadRules { of: "nftables", reason });
                vec![None; asked.len()]
            }
        }
    };
    Firewall { judgements, unread }
}

fn judged(ruleset: &Ruleset, asked: &[Inbound]) -> Vec<Option<Judgement>> {
    asked.iter().map(|inbound| Some(ruleset.judge(inbound))).collect()
}

/// No nftables in the kernel.
fn is_absent(error: &io::Error) -> bool {
    let number = error.raw_os_error();
    [Errno::PROTONOSUPPORT, Errno::AFNOSUPPORT, Errno::INVAL, Errno::OPNOTSUPP, Errno::NOENT]
        .iter()
        .any(|errno| number == Some(errno.raw_os_error()))
}

fn legacy(source: &dyn Source) -> Vec<UnreadRules> {
    let mut tables: Vec<String> = Vec::new();
    for path in LEGACY {
        let mut bytes = Vec::new();
        match source.read(path, &mut bytes) {
            Ok(()) => tables.extend(String::from_utf8_lossy(&bytes).split_whitespace().map(str::to_owned)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                let reason = netstat_model::error::words_of(&error);
                return vec![UnreadRules { of: "iptables-legacy", reason }];
            }
        }
    }
    tables.sort_unstable();
    tables.dedup();
    if tables.is_empty() {
        return Vec::new();
    }
    let reason = format!("there are tables ({}), which only iptables-legacy -S shows", tables.join(", "));
    vec![UnreadRules { of: "iptables-legacy", reason }]
}

fn nftables(source: &dyn Source) -> io::Result<Ruleset> {
    // Of every family.
    let every = wire_header(0);
    let mut chains = Decoded::new(decode::decode_chain);
    wire::dump(source, Netlink::Netfilter, &wire::dump_request(GET_CHAIN, &every), &mut chains)?;
    if !chains.found.iter().any(Chain::sees_inbound) {
        return Ok(Ruleset::default());
    }
    let mut tables = Decoded::new(decode::decode_table);
    wire::dump(source, Netlink::Netfilter, &wire::dump_request(GET_TABLE, &every), &mut tables)?;
    // The kernel calls no chain of a table that sleeps.
    let sleeps = |chain: &Chain| {
        let is_own = |table: &&Table| table.family == chain.family && table.name == chain.table;
        tables.found.iter().find(is_own).is_some_and(|table| table.sleeps)
    };
    chains.found.retain(|chain| !sleeps(chain));
    let mut rules = Decoded::new(decode::decode_rule);
    wire::dump(source, Netlink::Netfilter, &wire::dump_request(GET_RULE, &every), &mut rules)?;
    let mut ruleset = Ruleset::new(chains.found, rules.found);
    let wanted = ruleset.wanted_sets();
    if wanted.is_empty() {
        return Ok(ruleset);
    }
    let mut kinds = Decoded::new(decode::decode_set);
    wire::dump(source, Netlink::Netfilter, &wire::dump_request(GET_SET, &every), &mut kinds)?;
    let has_ranges = |key: &SetKey| kinds.found.iter().any(|(found, has_ranges)| found == key && *has_ranges);
    for key in wanted.into_iter().take(MOST_SETS) {
        let SetKey { family, table, name } = &key;
        let mut body = wire_header(*family);
        wire::put_attribute(&mut body, 1, &[table.as_bytes(), b"\0"].concat());
        wire::put_attribute(&mut body, 2, &[name.as_bytes(), b"\0"].concat());
        let mut elements = Decoded::new(|message: &[u8]| Some(decode::decode_elements(message)));
        // A set that went meanwhile is one that is not known.
        let request = wire::dump_request(GET_SET_ELEMENTS, &body);
        if wire::dump(source, Netlink::Netfilter, &request, &mut elements).is_ok() {
            let has_ranges = has_ranges(&key);
            ruleset.add_set(key, Set::new(elements.found.concat(), has_ranges));
        }
    }
    Ok(ruleset)
}

/// `struct nfgenmsg`.
fn wire_header(family: u8) -> Vec<u8> {
    vec![family, 0, 0, 0]
}

/// The rows of a dump, decoded.
struct Decoded<T, F> {
    decode: F,
    found: Vec<T>,
}

impl<T, F: Fn(&[u8]) -> Option<T>> Decoded<T, F> {
    fn new(decode: F) -> Self {
        Self { decode, found: Vec::new() }
    }
}

impl<T, F: Fn(&[u8]) -> Option<T>> Rows for Decoded<T, F> {
    fn row(&mut self, message: Message<'_>) -> bool {
        let row = (self.decode)(message.payload);
        let is_row = row.is_some();
        self.found.extend(row);
        is_row
    }

    fn restart(&mut self) -> bool {
        self.found.clear();
        true
    }
}

#[cfg(test)]
mod tests;
