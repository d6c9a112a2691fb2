//! `exposed`: listeners that other machines can reach and mostly should not.

mod firewall;
mod ports;
mod published;
mod texts;

use super::data::say;
use super::held_by::{HeldBy, to_see_one};
use super::identity::WHO;
use super::surroundings::{Wanted, is_for_this_machine, listens, protocol_word};
use super::text::EN;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_engine::enrich::Reach;
use netstat_model::query::{Kinds, States};
use netstat_model::{IpSocketRef, Passage, Transport};
use ports::{Risk, Service};
use std::collections::BTreeMap;
use texts::{DATA, SOURCE};

pub(crate) static CHECK: Check = Check {
    name: "exposed",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP_UDP,
        states: States::LISTEN,
        owners: States::LISTEN,
        udp_owners: true,
        process: WHO,
        surroundings: Wanted { users: true, firewall: true, ..Wanted::NOTHING },
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// From how far a listener is reachable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Width {
    /// From one private network.
    Private,
    /// From every network of the machine.
    Everywhere,
}

/// Returns from how far other hosts reach a listener; `None` if they cannot.
fn width(socket: &IpSocketRef<'_>) -> Option<Width> {
    let address = socket.local.address;
    if is_for_this_machine(socket) {
        return None;
    }
    if address.is_unspecified() {
        return Some(Width::Everywhere);
    }
    match Reach::of(address) {
        Some(Reach::Loopback) => None,
        Some(Reach::Private) => Some(Width::Private),
        // A multicast group is joined on one interface, and so reachable from its network.
        None => Some(Width::Private),
        Some(Reach::Public) => Some(Width::Everywhere),
    }
}

/// Returns whether a setting such as `5432` or `161/udp` means a port.
fn names(word: &str, protocol: Transport, port: u16) -> bool {
    let (number, of) = word.split_once('/').map_or((word, None), |(number, of)| (number, Some(of)));
    let right = of.is_none_or(|of| of.eq_ignore_ascii_case(protocol_word(protocol)));
    right && number.trim().parse() == Ok(port)
}

/// The ports that the settings name.
struct Chosen {
    except: Vec<String>,
    also: Vec<String>,
}

impl Chosen {
    fn is_except(&self, protocol: Transport, port: u16) -> bool {
        self.except.iter().any(|word| names(word, protocol, port))
    }

    /// Whether every port of a range is excepted.
    fn are_except(&self, protocol: Transport, (first, last): (u16, u16)) -> bool {
        (first..=last).all(|port| self.is_except(protocol, port))
    }

    fn is_also(&self, protocol: Transport, port: u16) -> bool {
        self.also.iter().any(|word| names(word, protocol, port))
    }
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let chosen = Chosen { except: thresholds.words("except"), also: thresholds.words("also") };
    let mut reached = 0usize;
    let mut by_port: BTreeMap<(Transport, u16), (&Service, Vec<IpSocketRef<'_>>)> = BTreeMap::new();
    for socket in evidence.now.sockets.iter_ip().filter(listens) {
        let (protocol, port) = (socket.protocol, socket.local.port);
        if width(&socket).is_none() {
            continue;
        }
        reached += 1;
        let is_also = || chosen.is_also(protocol, port).then(Service::named);
        let service = Service::of(protocol, port).or_else(is_also);
        if let Some(service) = service.filter(|_| !chosen.is_except(protocol, port)) {
            by_port.entry((protocol, port)).or_insert((service, Vec::new())).1.push(socket);
        }
    }
    let mut findings: Vec<Finding> = Vec::new();
    for ((protocol, port), (service, sockets)) in &by_port {
        let of_holder = |(holder, sockets): (HeldBy, Vec<IpSocketRef<'_>>)| {
            finding(evidence, (*protocol, *port), service, &holder, &sockets)
        };
        findings.extend(evidence.by_holder(sockets.iter().copied()).into_iter().map(of_holder));
    }
    findings.extend(published::findings(evidence, &chosen));
    let firewall = &evidence.surroundings.firewall;
    if firewall.published.is_some() && !firewall.unread.is_empty() {
        let why = firewall::why(evidence);
        findings.push(Finding::unknown(say!("published-unknown", why), say!("next-root")));
    }
    if findings.iter().all(|finding| finding.severity == Severity::Unknown) {
        findings.insert(0, Finding::ok(say!("ok", n = reached)));
    }
    findings
}

/// Judges a port that one process has open.
fn finding(
    evidence: &Evidence,
    (protocol, port): (Transport, u16),
    service: &Service,
    holder: &HeldBy,
    sockets: &[IpSocketRef<'_>],
) -> Finding {
    let widest = sockets.iter().filter_map(|socket| width(socket)).max();
    let severity = match (service.risk, widest) {
        (Risk::Control, Some(Width::Everywhere)) => Severity::Critical,
        (Risk::Control, _) | (_, Some(Width::Everywhere)) => Severity::Warning,
        _ => Severity::Notice,
    };
    // Behind a firewall that drops everything the service is open, and nobody gets to it. What a rule sends elsewhere is
    // a finding of its own.
    let way = firewall::reach(evidence, sockets);
    let closed = way.passage == Some(Passage::Closed);
    let severity = if closed { Severity::Notice } else { severity };
    let word = protocol_word(protocol);
    let place = format!("{port}/{word}");
    let from = match widest {
        Some(Width::Everywhere) if sockets.iter().all(|socket| socket.interface().is_some()) => {
            say!("from-interface")
        }
        Some(Width::Everywhere) => say!("from-anywhere"),
        _ => say!("from-private"),
    };
    let (who, name) = (holder.text(), &service.name);
    let sentence = if way.is_taken() {
        say!("taken", who, service = name, port = &place, from)
    } else if closed {
        say!("closed", who, service = name, port = &place, from)
    } else {
        say!("reachable", who, service = name, port = &place, from)
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = format!("{place} {}", holder.subject());
    finding.amount = sockets.len() as f64;
    finding.facts = facts(evidence, service, sockets, &way);
    finding.facts.insert(0, Fact::said("port", port));
    finding.facts.insert(1, Fact::said("protocol", word));
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.rows = Some(match protocol {
        Transport::Tcp => {
            format!("netstat --columns local,pid,process,user,unit listening lport {port} proto tcp")
        }
        Transport::Udp => format!("netstat --columns local,pid,process,user,unit udp lport {port}"),
    });
    finding.meaning = service.reason();
    finding.next.extend(service.remedy());
    finding.next.extend(to_see_one(holder));
    finding.next.push(say!("next-except", port));
    finding
}

fn facts(
    evidence: &Evidence,
    service: &Service,
    sockets: &[IpSocketRef<'_>],
    way: &firewall::Reach<'_>,
) -> Vec<Fact> {
    let mut addresses: Vec<String> = sockets.iter().map(|socket| socket.local.address.to_string()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let listed = addresses.join(", ");
    let mut facts = vec![
        Fact::said("service", service.name.of(EN)),
        Fact::shown("addresses", addresses, say!("addresses", listed)),
    ];
    let mut interfaces: Vec<u32> = sockets.iter().filter_map(|socket| socket.interface()).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    if !interfaces.is_empty() {
        let numbers: Vec<String> = interfaces.iter().map(u32::to_string).collect();
        facts.push(Fact::shown("interfaces", interfaces, say!("interfaces", numbers = numbers.join(", "))));
    }
    facts.extend(evidence.identity(sockets.iter().copied()));
    facts.extend(way.facts(evidence));
    facts
}

#[cfg(test)]
mod tests;
