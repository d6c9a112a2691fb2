//! `policy`: listeners and destinations that a file does not allow, or forbids.

mod learn;

pub use super::policy_file::Policy;
pub use learn::learned;

use super::data::{check_data, say};
use super::held_by::{HeldBy, to_see_one};
use super::holders::{counted, to_see_all};
use super::identity::WHO;
use super::policy_file::{Rule, RuleAnswer, Rules, Subject};
use super::surroundings::{Wanted, protocol_word};
use super::text::{EN, named};
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_engine::enrich::Reach;
use netstat_model::query::{Kinds, States};
use netstat_model::{IpEndpoint, IpSocketRef, Process, TcpState, Transport};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

check_data!("policy.toml");

/// `policy`: sockets that the policy file does not allow.
pub static CHECK: Check = Check {
    name: "policy",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP_UDP,
        states: JUDGED.union(States::LISTEN),
        listening: true,
        owners: JUDGED.union(States::LISTEN),
        udp_owners: true,
        process: WHO,
        surroundings: Wanted { users: true, policy: true, ..Wanted::NOTHING },
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// The states of connections that lead, or are to lead, somewhere.
const JUDGED: States = States::SYN_SENT.union(States::ESTABLISHED).union(States::CLOSE_WAIT);

/// What a policy judges of a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Listens,
    Connects,
}

/// Returns what a socket does, and the end at which it does it.
fn deed(
    socket: &IpSocketRef<'_>,
    listening: &FxHashSet<(Transport, u16)>,
    clients: usize,
) -> Option<(Deed, IpEndpoint)> {
    match (socket.protocol, socket.state, socket.remote) {
        (Transport::Tcp, Some(TcpState::Listen), _) => Some((Deed::Listens, socket.local)),
        (Transport::Udp, _, None) => {
            (usize::from(socket.local.port) < clients).then_some((Deed::Listens, socket.local))
        }
        // Another check may have asked for connections that are over.
        (Transport::Tcp, Some(state), _) if !JUDGED.contains(States::of(state)) => None,
        (protocol, _, Some(remote)) => {
            let leaves =
                Reach::of(remote.address) != Some(Reach::Loopback) && remote.address != socket.local.address;
            let from_here = !listening.contains(&(protocol, socket.local.port));
            (leaves && from_here).then_some((Deed::Connects, remote))
        }
        _ => None,
    }
}

/// Returns the sockets that a policy judges, with what they do and where.
fn deeds<'a>(
    evidence: &'a Evidence,
    thresholds: &Thresholds<'_>,
) -> impl Iterator<Item = (IpSocketRef<'a>, Deed, IpEndpoint)> + use<'a> {
    let clients = thresholds.count("clients");
    evidence.now.sockets.iter_ip().filter_map(move |socket| {
        let (deed, end) = deed(&socket, &evidence.listening, clients)?;
        Some((socket, deed, end))
    })
}

/// What a policy says against a socket.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Forbidden(String),
    Outside,
    /// A rule depends on what is not known.
    NotKnown,
}

/// Returns what the rules say; `None` means allowed. The first subject has to be allowed, and none may be forbidden.
fn judge(rules: &Rules, subjects: &[Subject<'_>]) -> Option<Verdict> {
    let subject = subjects.first()?;
    let forbids = |rule: &Rule| {
        let answers: Vec<RuleAnswer> = subjects.iter().map(|subject| rule.matches(subject)).collect();
        if answers.contains(&Some(true)) { Some(true) } else { answers.iter().min().copied().flatten() }
    };
    let forbidden: Vec<RuleAnswer> = rules.forbidden.iter().map(forbids).collect();
    if let Some(at) = forbidden.iter().position(|answer| *answer == Some(true)) {
        let note = rules.forbidden.get(at).and_then(|rule| rule.note.clone());
        return Some(Verdict::Forbidden(note.unwrap_or_default()));
    }
    let allowed = rules.allowed.as_ref();
    let allowed: Option<Vec<RuleAnswer>> =
        allowed.map(|list| list.iter().map(|rule| rule.matches(subject)).collect());
    let is_allowed = allowed.as_ref().is_none_or(|answers| answers.contains(&Some(true)));
    if is_allowed {
        return forbidden.contains(&None).then_some(Verdict::NotKnown);
    }
    let not_known = allowed.is_some_and(|answers| answers.contains(&None)) || forbidden.contains(&None);
    Some(if not_known { Verdict::NotKnown } else { Verdict::Outside })
}

/// Returns what rules are compared with: a socket with its principal process, then with each other process that holds
/// it, and all of them again at the IPv4 wildcard if it listens for both families at once.
fn subjects<'a>(
    evidence: &'a Evidence,
    socket: IpSocketRef<'a>,
    deed: Deed,
    end: IpEndpoint,
) -> Vec<Subject<'a>> {
    let users = &evidence.surroundings.users;
    let of = |address: IpAddr, process: Option<&'a Process>| Subject {
        socket,
        address,
        port: end.port,
        process,
        users,
    };
    let mut subjects = vec![of(end.address, evidence.process_of(&socket))];
    subjects.extend(evidence.others_of(&socket).map(|process| of(end.address, Some(process))));
    if deed == Deed::Listens && end.address.is_ipv6() && socket.families().v4 {
        let again: Vec<Subject<'_>> =
            subjects.iter().map(|subject| of(IpAddr::V4(Ipv4Addr::UNSPECIFIED), subject.process)).collect();
        subjects.extend(again);
    }
    subjects
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let Some(policy) = &evidence.surroundings.policy else {
        return vec![Finding::ok(say!("no-policy"))];
    };
    let mut judged = 0usize;
    let mut not_known: Vec<(IpSocketRef<'_>, Deed, u16)> = Vec::new();
    let mut groups: BTreeMap<(Verdict, Deed, Transport, u16), Vec<IpSocketRef<'_>>> = BTreeMap::new();
    for (socket, deed, end) in deeds(evidence, thresholds) {
        judged += 1;
        let rules = if deed == Deed::Listens { &policy.listen } else { &policy.connect };
        let verdict = judge(rules, &subjects(evidence, socket, deed, end));
        if verdict == Some(Verdict::NotKnown) {
            not_known.push((socket, deed, end.port));
        } else if let Some(verdict) = verdict {
            groups.entry((verdict, deed, socket.protocol, end.port)).or_default().push(socket);
        }
    }
    let mut findings = Vec::new();
    for ((verdict, deed, protocol, port), members) in &groups {
        for (holder, sockets) in evidence.by_holder(members.iter().copied()) {
            findings.push(finding(evidence, verdict, *deed, (*protocol, *port), &holder, &sockets));
        }
    }
    if !not_known.is_empty() {
        findings.push(unseen(evidence, &not_known, judged));
    }
    if findings.is_empty() {
        findings.push(Finding::ok(say!("ok", n = judged)));
    }
    findings
}

/// The most ports that are named.
const MOST_PLACES: usize = 10;

/// The most addresses that are named.
const MOST_ADDRESSES: usize = 5;

/// Reports all that depends on what this user may not see as one finding: on a shared host it is nearly everything.
fn unseen(evidence: &Evidence, members: &[(IpSocketRef<'_>, Deed, u16)], judged: usize) -> Finding {
    let sockets = || members.iter().map(|(socket, ..)| *socket);
    let culprits = evidence.culprits(sockets());
    let sentence = say!("unseen", n = members.len(), all = judged);
    let mut finding = Finding::unknown(sentence, to_see_all(&culprits));
    finding.subject = "what may not be seen".to_owned();
    finding.amount = members.len() as f64;
    finding.facts = vec![Fact::said("not_known", members.len())];
    for (deed, key) in [(Deed::Listens, "listening_ports"), (Deed::Connects, "remote_ports")] {
        let of_deed = members.iter().filter(|(_, is, _)| *is == deed);
        let mut places: Vec<(u16, &str)> =
            of_deed.map(|(socket, _, port)| (*port, protocol_word(socket.protocol))).collect();
        places.sort_unstable();
        places.dedup();
        let mut places: Vec<String> = places.iter().map(|(port, word)| format!("{port}/{word}")).collect();
        if !places.is_empty() {
            let listed = named(&places, MOST_PLACES);
            let text = match deed {
                Deed::Listens => say!("unseen-listening", listed),
                Deed::Connects => say!("unseen-connected", listed),
            };
            places.truncate(MOST_PLACES);
            finding.facts.push(Fact::shown(key, places, text));
        }
    }
    finding.processes = culprits;
    finding.rows = Some("netstat -a --columns local,foreign,state,pid,process,user,unit".to_owned());
    finding
}

fn finding(
    evidence: &Evidence,
    verdict: &Verdict,
    deed: Deed,
    (protocol, port): (Transport, u16),
    holder: &HeldBy,
    sockets: &[IpSocketRef<'_>],
) -> Finding {
    let word = protocol_word(protocol);
    let (who, place) = (holder.text(), format!("{port}/{word}"));
    let does = match deed {
        Deed::Listens => say!("listens", place = &place),
        Deed::Connects => say!("connects", place = &place),
    };
    let subject = format!("{} {}", holder.subject(), does.of(EN));
    let (severity, sentence) = match verdict {
        Verdict::Forbidden(_) => (Severity::Critical, say!("forbidden", who, does)),
        Verdict::Outside | Verdict::NotKnown => (Severity::Warning, say!("outside", who, does)),
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = subject;
    finding.amount = sockets.len() as f64;
    let end = |socket: &IpSocketRef<'_>| match deed {
        Deed::Listens => Some(socket.local.address),
        Deed::Connects => socket.remote.map(|end| end.address),
    };
    let counted = counted(sockets.iter().filter_map(end));
    let mut addresses: Vec<String> = counted.iter().map(|(address, _)| address.to_string()).collect();
    let listed = named(&addresses, MOST_ADDRESSES);
    addresses.truncate(MOST_ADDRESSES);
    let text = match deed {
        Deed::Listens => say!("addresses", listed),
        Deed::Connects => say!("destinations", listed),
    };
    finding.facts = vec![
        Fact::said("deed", if deed == Deed::Listens { "listen" } else { "connect" }),
        Fact::said("port", port),
        Fact::said("protocol", word),
        Fact::shown("addresses", addresses, text),
    ];
    if let Verdict::Forbidden(note) = verdict
        && !note.is_empty()
    {
        finding.facts.push(Fact::shown("note", note.clone(), say!("note", note)));
    }
    finding.facts.extend(evidence.identity(sockets.iter().copied()));
    finding.facts.extend(evidence.others(sockets.iter().copied()));
    finding.processes = evidence.culprits(sockets.iter().copied());
    let rows = match (deed, protocol) {
        (Deed::Listens, Transport::Tcp) => format!("listening lport {port}"),
        (Deed::Listens, Transport::Udp) => format!("udp lport {port}"),
        (Deed::Connects, _) => format!("{word} rport {port}"),
    };
    finding.rows = Some(format!(
        "netstat --columns local,foreign,state,pid,process,user,unit {rows}{}",
        holder.filter_words()
    ));
    finding.next = vec![match verdict {
        Verdict::Forbidden(_) => say!("next-stop"),
        Verdict::Outside | Verdict::NotKnown => say!("next-rule"),
    }];
    finding.next.extend(to_see_one(holder));
    finding
}

#[cfg(test)]
mod tests;
