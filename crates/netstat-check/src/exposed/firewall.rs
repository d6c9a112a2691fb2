//! What the local firewall does with what comes to a listener, as far as its rules could be read.

use super::super::data::say;
use super::super::surroundings::inbound;
use super::super::targets;
use super::super::text::Text;
use super::super::{Evidence, Fact};
use super::texts::{DATA, SOURCE};
use netstat_engine::both;
use netstat_engine::text::system::phrase;
use netstat_model::{Diversion, IpSocketRef, Judgement, Passage, Target};

/// The judgements of what comes to one socket, each with the socket.
type Judged<'a> = (IpSocketRef<'a>, Option<&'a Judgement>);

/// What the rules do with what comes to some listeners.
#[derive(Debug)]
pub(super) struct Reach<'a> {
    /// The easiest way in; `None` if it is not known.
    pub(super) passage: Option<Passage>,
    /// The rule sets that decided.
    by: Vec<&'a str>,
    /// Where rules send it instead.
    pub(super) diverted: Vec<&'a Diversion>,
}

/// Returns what the rules do with what comes to these sockets.
pub(super) fn reach<'a>(evidence: &'a Evidence, sockets: &[IpSocketRef<'a>]) -> Reach<'a> {
    let judged: Vec<Judged<'_>> = sockets.iter().flat_map(|socket| of_socket(evidence, socket)).collect();
    let passages: Option<Vec<Passage>> = judged.iter().map(passage).collect();
    let judgements = || judged.iter().filter_map(|(_, judgement)| *judgement);
    let mut by: Vec<&str> =
        judgements().flat_map(|judgement| judgement.by.iter().map(String::as_str)).collect();
    by.sort_unstable();
    by.dedup();
    let mut diverted: Vec<&Diversion> = Vec::new();
    for (socket, judgement) in &judged {
        let others = judgement.iter().flat_map(|judgement| &judgement.diverted);
        for diversion in others.filter(|diversion| !comes_back(diversion, socket)) {
            if !diverted.contains(&diversion) {
                diverted.push(diversion);
            }
        }
    }
    Reach { passage: passages.and_then(|passages| passages.into_iter().min()), by, diverted }
}

fn of_socket<'a>(evidence: &'a Evidence, socket: &IpSocketRef<'a>) -> Vec<Judged<'a>> {
    let judgements = &evidence.surroundings.firewall.judgements;
    let asked = inbound(socket, evidence.process_of(socket));
    asked.iter().map(|inbound| (*socket, judgements.get(inbound))).collect()
}

/// Whether a rule sends a packet to the socket that it was for, by another address.
fn comes_back(diversion: &Diversion, socket: &IpSocketRef<'_>) -> bool {
    matches!(diversion.to, Target::Here { ports: (first, last), .. } if first == last)
        && targets::answers(socket, &diversion.to)
}

/// Returns the easiest way to a socket, also by the rules that send a packet back to it.
fn passage((socket, judgement): &Judged<'_>) -> Option<Passage> {
    let judgement = (*judgement)?;
    let back = judgement.diverted.iter().filter(|diversion| comes_back(diversion, socket));
    back.map(|diversion| diversion.passage).chain([judgement.passage]).min()
}

impl Reach<'_> {
    /// Whether rules send everything elsewhere, so that nothing is left for the firewall to drop.
    pub(super) fn is_taken(&self) -> bool {
        self.passage == Some(Passage::Closed) && !self.diverted.is_empty()
    }

    /// Returns what is known of the firewall, in words.
    pub(super) fn facts(&self, evidence: &Evidence) -> Vec<Fact> {
        let by = self.by.join(", ");
        let (word, text) = match self.passage {
            Some(Passage::Closed) if self.is_taken() && by.is_empty() => ("diverted", say!("firewall-taken")),
            Some(Passage::Closed) if self.is_taken() => ("diverted", say!("firewall-rest-closed", by)),
            Some(Passage::Closed) => ("closed", say!("firewall-closed", by)),
            Some(Passage::Depends) if by.is_empty() => ("depends", say!("firewall-partly")),
            Some(Passage::Depends) => ("depends", say!("firewall-depends", by)),
            Some(Passage::Open) if by.is_empty() => ("open", say!("firewall-none")),
            Some(Passage::Open) => ("open", say!("firewall-open", by)),
            None => ("unknown", say!("firewall-unknown")),
        };
        let mut facts = vec![Fact::shown("firewall", word, text)];
        facts.extend(diversions(&self.diverted));
        facts.extend(unread(evidence));
        facts
    }
}

/// Returns where rules send what comes to a port, as one fact.
fn diversions(diverted: &[&Diversion]) -> Option<Fact> {
    let texts: Vec<Text> = diverted.iter().map(|diversion| diversion_text(diversion)).collect();
    let rules: Vec<String> = diverted.iter().map(|diversion| diversion.rule.clone()).collect();
    (!rules.is_empty()).then(|| Fact::shown("diverted_by", rules, targets::joined(&texts, "; ")))
}

/// Says what a rule does with what comes to a port.
pub(super) fn diversion_text(diversion: &Diversion) -> Text {
    let (rule, to) = (&diversion.rule, targets::text(&diversion.to));
    if diversion.from.is_empty() {
        return say!("diverted", rule, to);
    }
    say!("diverted-from", rule, to, interfaces = diversion.from.join(", "))
}

/// Returns which rules could not be read, if any.
pub(super) fn unread(evidence: &Evidence) -> Option<Fact> {
    let unread = &evidence.surroundings.firewall.unread;
    let names: Vec<&str> = unread.iter().map(|rules| rules.of).collect();
    (!unread.is_empty())
        .then(|| Fact::shown("rules_not_read", names, say!("rules-unread", why = why(evidence))))
}

/// Returns why rules could not be read.
pub(super) fn why(evidence: &Evidence) -> Text {
    let unread = &evidence.surroundings.firewall.unread;
    let whys = unread
        .iter()
        .map(|rules| both!("{of}: {why}", "{of}: {why}", of = phrase(rules.of), why = phrase(&rules.reason)));
    whys.reduce(|said, more| both!("{said}; {more}", "{said}; {more}", said, more)).unwrap_or_default()
}
