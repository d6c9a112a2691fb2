//! What the local firewall does with what comes to a listener, as far as its rules could be read.

use super::super::data::say;
use super::super::surroundings::inbound;
use super::super::{Evidence, Fact};
use super::texts::{DATA, SOURCE};
use netstat_model::{IpSocketRef, Judgement, Passage};

/// Returns what the rules do with what comes to each of these sockets; `None` where that is not known.
fn judgements<'a>(evidence: &'a Evidence, sockets: &[IpSocketRef<'_>]) -> Vec<Option<&'a Judgement>> {
    let asked = sockets.iter().flat_map(|socket| inbound(socket, evidence.process_of(socket)));
    asked.map(|inbound| evidence.surroundings.firewall.judgements.get(&inbound)).collect()
}

/// Returns the easiest way in; `None` if it is not known.
pub(super) fn passage(evidence: &Evidence, sockets: &[IpSocketRef<'_>]) -> Option<Passage> {
    let passages: Option<Vec<Passage>> =
        judgements(evidence, sockets).into_iter().map(|judgement| Some(judgement?.passage)).collect();
    passages?.into_iter().min()
}

/// Returns what is known of the firewall, in words.
pub(super) fn facts(evidence: &Evidence, sockets: &[IpSocketRef<'_>]) -> Vec<Fact> {
    let mut by: Vec<&str> = judgements(evidence, sockets)
        .into_iter()
        .flatten()
        .flat_map(|judgement| judgement.by.iter().map(String::as_str))
        .collect();
    by.sort_unstable();
    by.dedup();
    let by = by.join(", ");
    let (word, text) = match passage(evidence, sockets) {
        Some(Passage::Closed) => ("closed", say!("firewall-closed", by)),
        Some(Passage::Depends) => ("depends", say!("firewall-depends", by)),
        Some(Passage::Open) if by.is_empty() => ("open", say!("firewall-none")),
        Some(Passage::Open) => ("open", say!("firewall-open", by)),
        None => ("unknown", say!("firewall-unknown")),
    };
    let mut facts = vec![Fact::shown("firewall", word, text)];
    let unread = &evidence.surroundings.firewall.unread;
    if !unread.is_empty() {
        let names: Vec<&str> = unread.iter().map(|rules| rules.of).collect();
        let why: Vec<String> = unread.iter().map(|rules| format!("{}: {}", rules.of, rules.reason)).collect();
        facts.push(Fact::shown("rules_not_read", names, say!("rules-unread", why = why.join("; "))));
    }
    facts
}
