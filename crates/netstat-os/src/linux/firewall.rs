//! What the rules of nftables and iptables do with inbound packets.
//!
//! Those of nftables, iptables-nft included, come from the netfilter netlink family, those of iptables-legacy from options
//! of a raw socket.

mod decode;
mod guard;
mod journey;
mod judge;
mod legacy;
mod packet;
mod places;
mod published;
mod rules;
mod sets;
mod tenants;
mod xt;

use super::source::{Netlink, Source};
use super::wire;
use journey::Firewalled;
use judge::Ruleset;
use netstat_model::error::words_of;
use netstat_model::{Firewall, Inbound, Judgement, Target, UnreadRules};
use places::Places;
use rules::Chain;
use rustix::io::Errno;
use sets::Set;
use std::io;
use std::net::IpAddr;

#[cfg(fuzzing)]
pub(super) use {
    decode::{decode_chain, decode_elements, decode_rule, decode_set, decode_table},
    legacy::decode_table as decode_legacy,
    places::decode_all as decode_places,
    tenants::decode_all as decode_tenants,
};

/// `NFNL_SUBSYS_NFTABLES`, and its messages.
const NFTABLES: u16 = 10 << 8;
const GET_TABLE: u16 = NFTABLES | 1;
const GET_CHAIN: u16 = NFTABLES | 4;
const GET_RULE: u16 = NFTABLES | 7;
const GET_SET: u16 = NFTABLES | 10;
const GET_SET_ELEMENTS: u16 = NFTABLES | 13;

/// How many sets are read. A rule that looks something up in another one may match or not.
const MAX_SETS: usize = 1024;

/// The errors of a kernel without nftables.
const NO_NFTABLES: [Errno; 5] =
    [Errno::PROTONOSUPPORT, Errno::AFNOSUPPORT, Errno::INVAL, Errno::OPNOTSUPP, Errno::NOENT];

/// Judges each inbound packet by the rules that can be read, and says which cannot.
pub(super) fn firewall(source: &dyn Source, asked: &[Inbound]) -> Firewall {
    let (legacy, mut unread) = legacy::fetch(source);
    let ruleset = match fetch_ruleset(source, legacy.clone(), &mut unread) {
        Ok(ruleset) => Some(ruleset),
        Err(error) if Errno::from_io_error(&error).is_some_and(|errno| NO_NFTABLES.contains(&errno)) => {
            Some(Ruleset::new(legacy.0, legacy.1))
        }
        Err(error) => {
            let reason = match Errno::from_io_error(&error) {
                Some(Errno::PERM) => "only root may read them (CAP_NET_ADMIN)".to_owned(),
                _ => words_of(&error),
            };
            unread.push(UnreadRules { of: "nftables", reason });
            None
        }
    };
    let Some(ruleset) = ruleset else {
        return Firewall { judgements: vec![None; asked.len()], published: Vec::new(), unread };
    };
    unread.extend(virtual_server(source));
    let places = Places::new(source);
    let firewalled = Firewalled { ruleset: &ruleset, places: &places };
    let (mut published, mut whole) = firewalled.published();
    let mut judgements = Vec::new();
    for inbound in asked {
        let (judgement, is_whole) = firewalled.judge(inbound);
        whole.rules &= is_whole;
        judgements.push(judgement);
    }
    let mut not_followed = |reason: &str| {
        unread.push(UnreadRules { of: "rules that pass ports on", reason: reason.to_owned() });
    };
    if !whole.ranges {
        not_followed("they tell too many ports apart to look at all of them");
    }
    if !whole.rules {
        not_followed("some rules before routing are too many, too deep or of an unknown kind");
    }
    let all = judgements.iter_mut().chain(published.iter_mut().map(|published| &mut published.judgement));
    name_tenants(source, all.collect());
    Firewall { judgements: judgements.into_iter().map(Some).collect(), published, unread }
}

/// Reports services of IPVS, whose rules are read by no decoder.
fn virtual_server(source: &dyn Source) -> Option<UnreadRules> {
    let mut bytes = Vec::new();
    source.read("/proc/thread-self/net/ip_vs", &mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let is_service = |line: &&str| ["TCP ", "UDP ", "FWM "].iter().any(|kind| line.starts_with(kind));
    let count = text.lines().filter(is_service).count();
    let reason = format!("it passes on what comes to its services ({count}), which ipvsadm -Ln shows");
    (count > 0).then_some(UnreadRules { of: "IPVS", reason })
}

/// Enters who has the addresses behind this machine.
fn name_tenants(source: &dyn Source, judgements: Vec<&mut Judgement>) {
    let mut behind = Vec::new();
    for diversion in judgements.into_iter().flat_map(|judgement| &mut judgement.diverted) {
        if let Target::Behind { addresses: Some((from, to)), tenant, .. } = &mut diversion.to
            && from == to
        {
            behind.push((*from, tenant));
        }
    }
    let mut wanted: Vec<IpAddr> = behind.iter().map(|(address, _)| *address).collect();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted.is_empty() {
        return;
    }
    let tenants = tenants::tenants(source, &wanted);
    for (address, tenant) in behind {
        *tenant = tenants.get(&address).cloned();
    }
}

/// Reads the rules of nftables, adds those of iptables-legacy, and says which sets could not be read.
fn fetch_ruleset(
    source: &dyn Source,
    legacy: legacy::Table,
    unread: &mut Vec<UnreadRules>,
) -> io::Result<Ruleset> {
    let mut chains = fetch(source, GET_CHAIN, &all_families(), decode::decode_chain)?;
    if !chains.iter().any(Chain::sees_inbound) {
        return Ok(Ruleset::new(legacy.0, legacy.1));
    }
    let tables = fetch(source, GET_TABLE, &all_families(), decode::decode_table)?;
    chains.retain(|Chain { key, .. }| {
        !tables.iter().any(|table| table.dormant && table.family == key.family && table.name == key.table)
    });
    let mut rules = fetch(source, GET_RULE, &all_families(), decode::decode_rule)?;
    chains.extend(legacy.0);
    rules.extend(legacy.1);
    let mut ruleset = Ruleset::new(chains, rules);
    let wanted = ruleset.wanted_sets();
    if wanted.is_empty() {
        return Ok(ruleset);
    }
    let sets = fetch(source, GET_SET, &all_families(), decode::decode_set)?;
    if wanted.len() > MAX_SETS {
        let reason = format!("{} sets are more than the {MAX_SETS} that are read", wanted.len());
        unread.push(UnreadRules { of: "sets of nftables", reason });
    }
    let mut failed = None;
    for key in wanted.into_iter().take(MAX_SETS) {
        let mut body = nfgenmsg(key.family);
        // NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET.
        wire::put_attribute(&mut body, 1, &[key.table.as_bytes(), b"\0"].concat());
        wire::put_attribute(&mut body, 2, &[key.name.as_bytes(), b"\0"].concat());
        let decode = |message: &[u8]| Some(decode::decode_elements(message));
        match fetch(source, GET_SET_ELEMENTS, &body, decode) {
            Ok(elements) => {
                let form = sets.iter().find(|(found, _)| *found == key).map(|(_, form)| form.clone());
                ruleset.add_set(key, Set::new(elements.concat(), form.unwrap_or_default()));
            }
            // Of many that fail, one says why.
            Err(error) => failed = failed.or(Some(format!("{}: {}", key.title(), words_of(&error)))),
        }
    }
    unread.extend(failed.map(|reason| UnreadRules { of: "sets of nftables", reason }));
    Ok(ruleset)
}

fn fetch<T>(
    source: &dyn Source,
    kind: u16,
    body: &[u8],
    decode: impl Fn(&[u8]) -> Option<T>,
) -> io::Result<Vec<T>> {
    let decode = |message: wire::Message<'_>| decode(message.payload);
    wire::collect(source, Netlink::Netfilter, kind, body, decode).map(|(rows, _)| rows)
}

/// `struct nfgenmsg`.
fn nfgenmsg(family: u8) -> Vec<u8> {
    vec![family, 0, 0, 0]
}

fn all_families() -> Vec<u8> {
    nfgenmsg(0)
}

#[cfg(test)]
mod connect_tests;
#[cfg(test)]
mod tests;
