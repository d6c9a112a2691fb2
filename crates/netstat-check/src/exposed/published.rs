//! Ports that rules pass on to a container, to another host or to another socket: services of this machine, whether a
//! socket has the port or not.

use super::super::data::say;
use super::super::surroundings::protocol_word;
use super::super::targets;
use super::super::text::{EN, Text, named};
use super::super::{Evidence, Fact, Finding, Severity};
use super::Chosen;
use super::firewall::diversion_text;
use super::ports::{Risk, Service};
use super::texts::{DATA, SOURCE};
use netstat_model::{Diversion, Family, IpSocketRef, Passage, Published, Target};

/// How many ranges of ports the sentence of a finding names.
const NAMED: usize = 6;

/// How many findings of one kind there may be about ports of no known service, before they become one.
const MOST: usize = 10;

/// Ports that the same rules pass on to the same places.
struct Passed<'a> {
    all: Vec<&'a Published>,
    /// Those that anybody gets to.
    diverted: Vec<&'a Diversion>,
    service: Option<&'static Service>,
    severity: Severity,
}

/// Judges all ports that rules pass on.
pub(super) fn findings(evidence: &Evidence, chosen: &Chosen) -> Vec<Finding> {
    let mut groups: Vec<Passed<'_>> = Vec::new();
    for one in evidence.surroundings.firewall.published.iter().flatten() {
        let is_met = |diversion: &&Diversion| {
            diversion.passage != Passage::Closed && is_answered(evidence, one, &diversion.to)
        };
        let diverted: Vec<&Diversion> = one.judgement.diverted.iter().filter(is_met).collect();
        if diverted.is_empty() || chosen.are_except(one.protocol, one.ports) {
            continue;
        }
        let service = service(evidence, one, &diverted, chosen);
        let severity = severity(one, &diverted, service);
        let same = groups.iter_mut().find(|group| {
            let known = group.all.first();
            service.is_none()
                && group.service.is_none()
                && group.severity == severity
                && known.is_some_and(|known| (known.protocol, known.family) == (one.protocol, one.family))
                && group.diverted.len() == diverted.len()
                && group.diverted.iter().zip(&diverted).all(|(one, other)| is_alike(one, other))
        });
        match same {
            Some(group) => group.all.push(one),
            None => groups.push(Passed { all: vec![one], diverted, service, severity }),
        }
    }
    merged(groups).iter().filter_map(|group| finding(evidence, group)).collect()
}

/// Makes one group of many that differ by their targets alone, as on a node of a cluster.
fn merged(groups: Vec<Passed<'_>>) -> Vec<Passed<'_>> {
    let kind = |group: &Passed<'_>| {
        let first = group.all.first().map(|first| (first.protocol, first.family));
        (group.service.is_none(), group.severity, first)
    };
    let mut merged: Vec<Passed<'_>> = Vec::new();
    let kinds: Vec<_> = groups.iter().map(kind).collect();
    for (group, own) in groups.into_iter().zip(&kinds) {
        let is_one_of_many = own.0 && kinds.iter().filter(|other| *other == own).count() > MOST;
        match merged.iter_mut().find(|known| is_one_of_many && kind(known) == *own) {
            Some(known) => {
                known.all.extend(group.all);
                known.diverted.extend(group.diverted);
            }
            None => merged.push(group),
        }
    }
    merged
}

/// Whether two rules send packets to the same addresses by the same rule and with the same outcome, perhaps to other ports.
fn is_alike(one: &Diversion, other: &Diversion) -> bool {
    let place = |to: &Target| match to {
        Target::Here { address, .. } => (address.map(|address| (address, address)), true),
        Target::Behind { addresses, .. } => (*addresses, false),
    };
    one.rule == other.rule
        && place(&one.to) == place(&other.to)
        && one.from == other.from
        && (one.passage, &one.by) == (other.passage, &other.by)
}

/// Whether somebody answers: of another host nobody knows.
fn is_answered(evidence: &Evidence, published: &Published, to: &Target) -> bool {
    match to {
        Target::Behind { .. } => true,
        Target::Here { .. } => targets::listeners(evidence, published, to).next().is_some(),
    }
}

/// Returns the worst service of the list that is passed on to: by the number of a single port, its own or that of the target,
/// and by the ports that somebody on this machine listens on.
fn service(
    evidence: &Evidence,
    published: &Published,
    diverted: &[&Diversion],
    chosen: &Chosen,
) -> Option<&'static Service> {
    let (first, last) = published.ports;
    let behind = diverted.iter().map(|diversion| match diversion.to {
        Target::Here { ports, .. } | Target::Behind { ports, .. } => ports,
    });
    let singles = behind.chain([(first, last)]).filter(|(first, last)| first == last).map(|(port, _)| port);
    let here = diverted
        .iter()
        .filter(|diversion| matches!(diversion.to, Target::Here { .. }))
        .flat_map(|diversion| targets::listeners(evidence, published, &diversion.to))
        .map(|socket| socket.local.port);
    let ports: Vec<u16> = singles.chain(here).collect();
    let services = ports.iter().filter_map(|&port| Service::of(published.protocol, port));
    let worst = services.max_by_key(|service| service.risk == Risk::Control);
    let is_named = || ports.iter().any(|&port| chosen.is_also(published.protocol, port));
    worst.or_else(|| is_named().then(Service::named))
}

fn severity(published: &Published, diverted: &[&Diversion], service: Option<&Service>) -> Severity {
    let leaves = diverted.iter().any(|diversion| matches!(diversion.to, Target::Behind { .. }));
    match service.map(|service| service.risk) {
        Some(Risk::Control) => Severity::Critical,
        Some(Risk::Attack) => Severity::Warning,
        // Whoever wrote the rules for this machine did not mean it to be reachable.
        None if leaves && published.otherwise.0 == Passage::Closed => Severity::Warning,
        None => Severity::Notice,
    }
}

fn finding(evidence: &Evidence, group: &Passed<'_>) -> Option<Finding> {
    let first = *group.all.first()?;
    let word = protocol_word(first.protocol);
    let mut ranges: Vec<String> =
        group.all.iter().map(|published| targets::ports(published.ports)).take(NAMED).collect();
    if group.all.len() > NAMED {
        ranges.push("...".to_owned());
    }
    let port = format!("{}/{word}", ranges.join(","));
    let places: Vec<Text> = group.diverted.iter().map(|diversion| targets::text(&diversion.to)).collect();
    let (to, n) = (targets::few(&places), places.len());
    let is_certain = group.diverted.iter().any(|diversion| diversion.passage == Passage::Open)
        && group.diverted.iter().all(|diversion| diversion.passage != Passage::Depends);
    let sentence = match (group.service, is_certain) {
        (Some(service), true) => say!("published-service", service = &service.name, to, port = &port),
        (Some(service), false) => say!("published-service-may", service = &service.name, to, port = &port),
        (None, true) => say!("published", n, to, port = &port),
        (None, false) => say!("published-may", n, to, port = &port),
    };
    let mut finding = Finding::new(group.severity, sentence);
    let ends: Vec<String> = group.diverted.iter().map(|diversion| targets::end(&diversion.to)).collect();
    finding.subject = format!("{port} to {}", named(&ends, NAMED).of(EN));
    finding.amount = group.all.len() as f64;
    finding.facts = facts(evidence, group, first, ends);
    let sockets: Vec<IpSocketRef<'_>> = group
        .diverted
        .iter()
        .flat_map(|diversion| targets::listeners(evidence, first, &diversion.to))
        .collect();
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.meaning = match group.service {
        Some(service) => service.reason(),
        None if group.severity == Severity::Warning => Some(say!("meaning-published")),
        None => None,
    };
    let leaves = group.diverted.iter().any(|diversion| matches!(diversion.to, Target::Behind { .. }));
    if leaves {
        finding.next.push(say!("next-publish"));
    } else {
        finding.next.extend(group.service.and_then(Service::remedy));
    }
    finding.next.extend(group.diverted.first().map(|diversion| to_see(&diversion.rule)));
    // A setting names single ports.
    if let ([_], (port, last)) = (group.all.as_slice(), first.ports)
        && port == last
    {
        finding.next.push(say!("next-except", port));
    }
    Some(finding)
}

/// Returns the command that shows a rule.
fn to_see(rule: &str) -> Text {
    let chain =
        rule.split_once(" handle ").or_else(|| rule.split_once(" rule ")).map_or(rule, |(chain, _)| chain);
    if let Some(chain) = chain.strip_prefix("nftables ") {
        return say!("next-rule", command = format!("nft -a list chain {chain}"));
    }
    let command = match chain.split(' ').collect::<Vec<_>>().as_slice() {
        [program, table, name] => format!("{program} -t {table} -S {name}"),
        _ => chain.to_owned(),
    };
    say!("next-rule", command)
}

fn facts(evidence: &Evidence, group: &Passed<'_>, first: &Published, ends: Vec<String>) -> Vec<Fact> {
    let family = match first.family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    };
    let ranges: Vec<String> = group.all.iter().map(|published| targets::ports(published.ports)).collect();
    let rules: Vec<&str> = group.diverted.iter().map(|diversion| diversion.rule.as_str()).collect();
    let by = group.diverted.iter().map(|diversion| diversion_text(diversion)).collect::<Vec<_>>();
    let mut facts = vec![
        Fact::said("ports", ranges),
        Fact::said("protocol", protocol_word(first.protocol)),
        Fact::shown("family", family, say!("family", family)),
        Fact::said("targets", ends),
        Fact::shown("diverted_by", rules, targets::few(&by)),
    ];
    facts.extend(group.service.map(|service| Fact::said("service", service.name.of(EN))));
    let containers: Vec<String> =
        group.diverted.iter().filter_map(|diversion| container(&diversion.to)).collect();
    if !containers.is_empty() {
        facts.push(Fact::said("containers", containers));
    }
    let mut way: Vec<&str> =
        group.diverted.iter().flat_map(|diversion| &diversion.by).map(String::as_str).collect();
    way.sort_unstable();
    way.dedup();
    let by = way.join(", ");
    let depends = group.diverted.iter().any(|diversion| diversion.passage == Passage::Depends);
    let (word, text) = match depends {
        true => ("depends", say!("firewall-depends", by)),
        false if way.is_empty() => ("open", say!("way-none")),
        false => ("open", say!("way-open", by)),
    };
    facts.push(Fact::shown("firewall", word, text));
    let (passage, by) = &first.otherwise;
    if *passage == Passage::Closed && group.diverted.iter().any(|it| matches!(it.to, Target::Behind { .. })) {
        let by = by.join(", ");
        facts.push(Fact::shown("input", "closed", say!("input-closed", by)));
    }
    // Who has the port and does not get what comes to it.
    let hidden = evidence.now.sockets.iter_ip().filter(|socket| {
        targets::is_of(socket, first)
            && group.all.iter().any(|published| {
                (published.ports.0..=published.ports.1).contains(&socket.local.port)
                    && published.judgement.passage == Passage::Closed
            })
            && !group.diverted.iter().any(|diversion| targets::answers(socket, &diversion.to))
            && !super::is_for_this_machine(socket)
    });
    let mut names: Vec<Text> = Vec::new();
    for (holder, _) in evidence.by_holder(hidden) {
        names.push(holder.text());
    }
    if !names.is_empty() {
        let subjects: Vec<&str> = names.iter().map(|name| name.of(EN)).collect();
        facts.push(Fact::shown("hidden", subjects, say!("hidden", who = targets::joined(&names, ", "))));
    }
    facts.extend(super::firewall::unread(evidence));
    facts
}

/// Returns the ID of the container at a target.
fn container(to: &Target) -> Option<String> {
    let Target::Behind { tenant: Some(tenant), .. } = to else { return None };
    tenant.container.as_ref().map(|container| container.id.to_string())
}
