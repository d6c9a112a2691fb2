//! What the firewall of this machine does with what comes to a listener, with care.

use super::super::surroundings::inbound;
use super::super::{Evidence, Fact, Text};
use netstat_model::{Judgement, Passage, Socket};

/// What the rules that were read do with what comes to any of these.
fn judgements<'a>(evidence: &'a Evidence, sockets: &[&Socket]) -> Vec<Option<&'a Judgement>> {
    let asked = sockets.iter().flat_map(|socket| inbound(socket, evidence.process_of(socket)));
    asked.map(|inbound| evidence.surroundings.firewall.judgements.get(&inbound)).collect()
}

/// The easiest way in; `None` where that is not known.
pub(super) fn passage(evidence: &Evidence, sockets: &[&Socket]) -> Option<Passage> {
    let passages: Option<Vec<Passage>> =
        judgements(evidence, sockets).into_iter().map(|judgement| Some(judgement?.passage)).collect();
    passages?.into_iter().min()
}

/// What is known of it, in words.
pub(super) fn facts(evidence: &Evidence, sockets: &[&Socket]) -> Vec<Fact> {
    let mut by: Vec<&str> = judgements(evidence, sockets)
        .into_iter()
        .flatten()
        .flat_map(|judgement| judgement.by.iter().map(String::as_str))
        .collect();
    by.sort_unstable();
    by.dedup();
    let by = by.join(", ");
    let (word, text) = match passage(evidence, sockets) {
        Some(Passage::Closed) => (
            "closed",
            Text::new(
                format!("the firewall of this machine drops what comes to it ({by})"),
                format!("이 컴퓨터의 방화벽이 여기로 오는 것을 버림({by})"),
            ),
        ),
        Some(Passage::Depends) => (
            "depends",
            Text::new(
                format!("the firewall of this machine lets some in and not others ({by})"),
                format!("이 컴퓨터의 방화벽이 일부만 들여보냄({by})"),
            ),
        ),
        Some(Passage::Open) if by.is_empty() => (
            "open",
            Text::fixed(
                "no rule of a firewall on this machine stands before it; a firewall on the way may",
                "이 컴퓨터에는 막는 방화벽 규칙이 없음. 중간의 방화벽이 막고 있을 수는 있음",
            ),
        ),
        Some(Passage::Open) => (
            "open",
            Text::new(
                format!("the firewall of this machine lets it in ({by}); one on the way may stand before it"),
                format!("이 컴퓨터의 방화벽은 들여보냄({by}). 중간의 방화벽이 막고 있을 수는 있음"),
            ),
        ),
        None => (
            "unknown",
            Text::fixed(
                "a firewall, here or on the way, may stand before it",
                "이 컴퓨터나 중간의 방화벽이 막고 있을 수 있음",
            ),
        ),
    };
    let mut facts = vec![Fact::shown("firewall", word, text)];
    let unread = &evidence.surroundings.firewall.unread;
    if !unread.is_empty() {
        let names: Vec<&str> = unread.iter().map(|rules| rules.of).collect();
        let why: Vec<String> = unread.iter().map(|rules| format!("{}: {}", rules.of, rules.reason)).collect();
        let why = why.join("; ");
        facts.push(Fact::shown(
            "rules_not_read",
            names,
            Text::new(format!("rules that were not read: {why}"), format!("읽지 못한 규칙: {why}")),
        ));
    }
    facts
}
