//! `bind`: who or what stops a program from binding a port.

mod place;
mod surroundings;
mod texts;

use super::data::say;
use super::held_by::{HeldBy, to_see_one};
use super::identity::WHO;
use super::surroundings::{Wanted, protocol_word};
use super::text::{EN, KO, named};
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, States};
use netstat_model::{IpSocketRef, Keeper, TcpState, Transport};
use place::Place;
use std::collections::BTreeSet;
use std::time::Duration;
use texts::{DATA, SOURCE};

/// The check, which runs only where its setting `ports` names one.
pub static CHECK: Check = Check {
    name: "bind",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP_UDP,
        states: States::all(),
        fields: Fields::TIME_IN_STATE,
        owners: States::all().difference(States::TIME_WAIT),
        udp_owners: true,
        process: WHO,
        limits: true,
        listening: true,
        surroundings: Wanted { users: true, firewall: true, ..Wanted::NOTHING },
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// How many addresses or processes a sentence names.
const NAMED: usize = 5;

/// How long TIME_WAIT lasts on Linux.
const TIME_WAIT: Duration = Duration::from_secs(60);

/// How a socket stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Listens,
    Bound,
    Connected,
    TimeWait,
    Datagrams,
}

impl Way {
    const ALL: [Self; 5] = [Self::Listens, Self::Datagrams, Self::Bound, Self::Connected, Self::TimeWait];

    fn of(socket: &IpSocketRef<'_>) -> Self {
        match (socket.protocol, socket.state) {
            (Transport::Udp, _) => Self::Datagrams,
            (Transport::Tcp, Some(TcpState::Listen)) => Self::Listens,
            (Transport::Tcp, Some(TcpState::Bound)) => Self::Bound,
            (Transport::Tcp, Some(TcpState::TimeWait)) => Self::TimeWait,
            (Transport::Tcp, _) => Self::Connected,
        }
    }
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let words = thresholds.words("ports");
    let places: BTreeSet<Place> = words.iter().flat_map(|word| Place::of(word)).collect();
    if places.is_empty() {
        return vec![Finding::unknown(say!("no-port"), say!("next-port"))];
    }
    let mut findings: Vec<Finding> = places.into_iter().flat_map(|place| of_place(evidence, place)).collect();
    findings.extend(surroundings::limits_not_known(evidence));
    findings
}

/// Judges one port of one protocol.
fn of_place(evidence: &Evidence, place: Place) -> Vec<Finding> {
    let sockets: Vec<IpSocketRef<'_>> =
        evidence.now.sockets.iter_ip().filter(|socket| place.has(socket)).collect();
    let mut findings = Vec::new();
    for way in Way::ALL {
        // Windows lets a socket bind what is in TIME_WAIT.
        if way == Way::TimeWait && cfg!(windows) {
            continue;
        }
        let those: Vec<IpSocketRef<'_>> =
            sockets.iter().filter(|socket| Way::of(socket) == way).copied().collect();
        findings.extend(in_the_way(evidence, place, way, &those));
    }
    findings.extend(surroundings::excluded(evidence, place));
    let unknown = not_known(evidence, place);
    if findings.is_empty() && unknown.is_none() {
        findings.push(free(evidence, place));
    }
    findings.extend(unknown);
    findings.extend(surroundings::privileged(evidence, place));
    findings.extend(surroundings::taken(evidence, place));
    for finding in &mut findings {
        finding.facts.insert(0, Fact::said("port", place.port));
        finding.facts.insert(1, Fact::said("protocol", protocol_word(place.protocol)));
    }
    findings
}

/// Says that no socket has the port, and whether one may get it unasked.
fn free(evidence: &Evidence, place: Place) -> Finding {
    let at = place.name();
    let mut finding = Finding::ok(say!("free", place = &at));
    finding.subject = at;
    if let Some(range) = surroundings::chosen_from(evidence, place) {
        finding.severity = Severity::Notice;
        let text = say!("chosen-range", first = range.first, last = range.last);
        finding.facts.push(Fact::shown("chosen_by_system", true, text));
        finding.next.push(surroundings::to_reserve(evidence, place));
    } else if surroundings::is_reserved(evidence, place) {
        finding.severity = Severity::Notice;
        finding.facts.push(Fact::shown("reserved", true, say!("reserved")));
    }
    finding
}

/// Reports the sockets that stand in the way of a bind in one way.
fn in_the_way(evidence: &Evidence, place: Place, way: Way, sockets: &[IpSocketRef<'_>]) -> Option<Finding> {
    let (n, at) = (sockets.len(), place.name());
    if sockets.is_empty() {
        return None;
    }
    let addresses: BTreeSet<String> = sockets.iter().map(|socket| socket.local.address.to_string()).collect();
    let addresses: Vec<String> = addresses.into_iter().collect();
    let shown = named(&addresses, NAMED);
    let processes = match way {
        Way::TimeWait => Vec::new(),
        _ => evidence.culprits(sockets.iter().copied()),
    };
    let holders: Vec<&HeldBy> = processes.iter().map(|culprit| &culprit.holder).collect();
    let who = all_of(&holders);
    let sentence = match way {
        Way::Listens => say!("listens", who = &who, place = &at, addresses = &shown),
        Way::Datagrams => say!("has-udp", who = &who, place = &at, addresses = &shown),
        Way::Bound => say!("bound", who = &who, place = &at, addresses = &shown),
        Way::Connected => say!("connections", n, place = &at, who = &who),
        Way::TimeWait => say!("time-wait", n, place = &at),
    };
    let mut finding = Finding::new(Severity::Warning, sentence);
    let word = match way {
        Way::Listens => "listens",
        Way::Datagrams => "udp",
        Way::Bound => "bound",
        Way::Connected => "connections",
        Way::TimeWait => "time_wait",
    };
    finding.subject = format!("{at} {word}");
    finding.amount = n as f64;
    let (scope, text) = scope(sockets);
    finding.facts.push(Fact::said("way", word));
    finding.facts.push(Fact::said("addresses", addresses));
    finding.facts.push(Fact::shown("blocks", scope, text));
    if way == Way::TimeWait {
        finding.facts.push(left(sockets));
    }
    finding.facts.extend(evidence.identity(sockets.iter().copied()));
    finding.facts.extend(evidence.others(sockets.iter().copied()));
    let range = surroundings::chosen_from(evidence, place);
    if let Some(range) = range.filter(|_| !evidence.listening.contains(&(place.protocol, place.port))) {
        let text = say!("chosen-by-connection", first = range.first, last = range.last);
        finding.facts.push(Fact::shown("chosen_by_system", true, text));
        finding.next.push(surroundings::to_reserve(evidence, place));
    }
    finding.processes = processes.clone();
    finding.rows = Some(rows(place, way));
    finding.meaning = match way {
        Way::Listens | Way::Datagrams => None,
        Way::Bound => Some(say!("meaning-bound")),
        Way::Connected => Some(say!("meaning-connections")),
        Way::TimeWait => Some(say!("meaning-time-wait")),
    };
    let units = units(evidence, sockets);
    let stop = match units.is_empty() {
        true => say!("next-stop", who),
        false => say!("next-stop-units", units = units.join(" ")),
    };
    finding.next.splice(
        0..0,
        match way {
            Way::Listens => vec![stop, say!("next-share")],
            Way::Datagrams => vec![stop, say!("next-share-udp")],
            Way::Bound => vec![stop],
            Way::Connected => vec![say!("next-close"), say!("next-reuse")],
            Way::TimeWait => vec![say!("next-reuse")],
        },
    );
    finding.next.extend(holders.iter().find_map(|holder| to_see_one(holder)));
    Some(finding)
}

/// Returns the units for which systemd keeps the sockets, and which it starts, as words of a command. Templates cannot be
/// stopped.
fn units(evidence: &Evidence, sockets: &[IpSocketRef<'_>]) -> Vec<String> {
    let stand_ins = &evidence.surroundings.stand_ins;
    let of_socket = |socket: &IpSocketRef<'_>| stand_ins.of(&socket.into(), &evidence.processes);
    let those = sockets.iter().flat_map(of_socket).filter(|one| one.keeper == Keeper::ServiceManager);
    let names = those.flat_map(|one| std::iter::once(&one.by).chain(&one.behind));
    let is_plain = |name: &str| {
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":_.@-".contains(&byte))
            && !name.contains("@.")
    };
    let units: BTreeSet<String> = names.filter(|name| is_plain(name)).map(|name| name.to_string()).collect();
    units.into_iter().collect()
}

/// Returns the command that shows the sockets.
fn rows(place: Place, way: Way) -> String {
    let columns = "netstat --columns local,foreign,state,pid,process";
    let port = place.port;
    match way {
        Way::Listens => format!("{columns} listening lport {port} proto tcp"),
        Way::Datagrams => format!("{columns} udp lport {port}"),
        Way::Bound => format!("{columns} state bound lport {port} proto tcp"),
        Way::Connected => {
            format!("{columns} lport {port} proto tcp not listening not state time-wait not state bound")
        }
        Way::TimeWait => {
            format!("netstat --columns local,foreign,state,timer state time-wait lport {port} proto tcp")
        }
    }
}

/// Joins holders, each in both languages.
fn all_of(holders: &[&HeldBy]) -> Text {
    let of = |language| {
        let names: Vec<String> = holders.iter().map(|holder| holder.text().of(language).to_owned()).collect();
        named(&names, NAMED).of(language).to_owned()
    };
    Text::new(of(EN), of(KO))
}

/// Returns which binds the sockets stop, as a word and a sentence.
///
/// A socket of one address is in the way of that address and of every wildcard that includes it: an IPv4 address of `0.0.0.0`
/// and of a `::` for both families, an IPv6 address of each `::`.
fn scope(sockets: &[IpSocketRef<'_>]) -> (&'static str, Text) {
    let is_wide = |socket: &&IpSocketRef<'_>| socket.local.address.is_unspecified();
    let wide = || sockets.iter().filter(is_wide);
    let v4 = wide().any(|socket| socket.families().v4);
    let v6 = wide().any(|socket| socket.families().v6);
    // Windows has a row of its own for IPv4.
    let unknown =
        !cfg!(windows) && wide().any(|socket| socket.local.address.is_ipv6() && socket.v6_only.is_none());
    let single = |v4: bool| -> Vec<String> {
        let those = sockets.iter().map(|socket| socket.local.address);
        let those: BTreeSet<String> = those
            .filter(|address| !address.is_unspecified() && address.is_ipv4() == v4)
            .map(|address| address.to_string())
            .collect();
        those.into_iter().collect()
    };
    let (of_v4, of_v6) = (single(true), single(false));
    let addresses = |list: &[String]| named(list, NAMED);
    match (v4, v6) {
        (true, true) => ("everything", say!("scope-all")),
        (true, false) if of_v6.is_empty() => ("ipv4", say!("scope-v4")),
        (true, false) => ("addresses", say!("scope-v4-some", addresses = addresses(&of_v6))),
        (false, true) if unknown => ("ipv6", say!("scope-v6-unknown")),
        (false, true) if of_v4.is_empty() => ("ipv6", say!("scope-v6")),
        (false, true) => ("addresses", say!("scope-v6-some", addresses = addresses(&of_v4))),
        (false, false) if of_v6.is_empty() => {
            ("addresses", say!("scope-some-v4", addresses = addresses(&of_v4)))
        }
        (false, false) if of_v4.is_empty() => {
            ("addresses", say!("scope-some-v6", addresses = addresses(&of_v6)))
        }
        (false, false) => ("addresses", say!("scope-some", addresses = addresses(&[of_v4, of_v6].concat()))),
    }
}

/// Returns how long the last of connections in TIME_WAIT stays.
fn left(sockets: &[IpSocketRef<'_>]) -> Fact {
    let ages: Option<Vec<Duration>> = sockets.iter().map(|socket| socket.time_in_state()).collect();
    match ages.and_then(|ages| ages.into_iter().min()) {
        Some(youngest) => {
            let left = TIME_WAIT.saturating_sub(youngest);
            Fact::shown("seconds_left", left.as_secs(), say!("time-wait-left", left))
        }
        None => Fact::shown("seconds_left", serde_json::Value::Null, say!("time-wait-left-unknown")),
    }
}

/// Reports that sockets may be missing from the table.
fn not_known(evidence: &Evidence, place: Place) -> Option<Finding> {
    let at = place.name();
    let mut finding = if !evidence.now.listed.whole {
        Finding::unknown(say!("table-unknown", place = &at), say!("next-again"))
    } else if place.protocol == Transport::Tcp && !evidence.now.listed.bound {
        Finding::unknown(say!("bound-unknown", place = &at), say!("next-bound-unknown"))
    } else {
        return None;
    };
    finding.subject = format!("{at} sockets");
    Some(finding)
}

#[cfg(test)]
mod tests;
