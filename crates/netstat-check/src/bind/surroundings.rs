//! What decides about a port beside sockets: limits of the system, and rules that give packets another destination.

use super::super::data::say;
use super::super::surroundings::protocol_word;
use super::super::targets;
use super::super::text::Text;
use super::super::{Evidence, Fact, Finding, Severity};
use super::place::Place;
use super::texts::{DATA, SOURCE};
use netstat_model::{Diversion, DynamicPorts, Family, Limits, PortRange, Published, Target, Transport};

const FAMILIES: [(Family, &str); 2] = [(Family::V4, "IPv4"), (Family::V6, "IPv6")];

/// Returns the ports that the system chooses from.
fn ports(limits: &Limits, protocol: Transport, family: Family) -> Option<&DynamicPorts> {
    match (protocol, family) {
        (Transport::Tcp, Family::V4) => limits.tcp_v4_ports.as_ref(),
        (Transport::Tcp, Family::V6) => limits.tcp_v6_ports.as_ref(),
        (Transport::Udp, Family::V4) => limits.udp_v4_ports.as_ref(),
        (Transport::Udp, Family::V6) => limits.udp_v6_ports.as_ref(),
    }
}

fn of_place(evidence: &Evidence, place: Place) -> impl Iterator<Item = (&'static str, &DynamicPorts)> {
    let of = move |(family, name)| {
        let limits = evidence.limits.as_ref().ok()?;
        Some((name, ports(limits, place.protocol, family)?))
    };
    FAMILIES.into_iter().filter_map(of)
}

/// Returns the range from which the system may choose the port for a socket without one.
pub(super) fn chosen_from(evidence: &Evidence, place: Place) -> Option<PortRange> {
    of_place(evidence, place).find(|(_, ports)| ports.contains(place.port)).map(|(_, ports)| ports.range)
}

fn exclusion(place: Place, ports: &DynamicPorts) -> Option<PortRange> {
    ports.excluded.iter().find(|range| range.contains(place.port)).copied()
}

/// Returns whether the port is one that the system never chooses and a program may bind, as on Linux.
pub(super) fn is_reserved(evidence: &Evidence, place: Place) -> bool {
    !cfg!(windows) && of_place(evidence, place).any(|(_, ports)| exclusion(place, ports).is_some())
}

/// Reports a range of Windows of which nobody may bind a port.
pub(super) fn excluded(evidence: &Evidence, place: Place) -> Vec<Finding> {
    if !cfg!(windows) {
        return Vec::new();
    }
    let of_family = |(family, ports): (&str, &DynamicPorts)| {
        let (at, range) = (place.name(), exclusion(place, ports)?);
        let sentence = say!("excluded", place = &at, first = range.first, last = range.last, family);
        let mut finding = Finding::new(Severity::Warning, sentence);
        finding.subject = format!("{at} excluded {family}");
        let word = family.to_ascii_lowercase();
        finding.next = vec![say!("next-excluded", family = word, protocol = protocol_word(place.protocol))];
        finding.facts = vec![Fact::said("excluded", vec![range.first, range.last])];
        Some(finding)
    };
    of_place(evidence, place).filter_map(of_family).collect()
}

/// Says how the port is kept out of the choice of the system. The setting of Linux is the whole list.
pub(super) fn to_reserve(evidence: &Evidence, place: Place) -> Text {
    let mut list: Vec<String> = of_place(evidence, place)
        .next()
        .into_iter()
        .flat_map(|(_, ports)| &ports.excluded)
        .map(|range| targets::ports((range.first, range.last)))
        .collect();
    list.push(place.port.to_string());
    say!("next-reserve", ports = list.join(","), port = place.port, protocol = protocol_word(place.protocol))
}

/// Notes that only root may bind the port.
pub(super) fn privileged(evidence: &Evidence, place: Place) -> Option<Finding> {
    let first = evidence.limits.as_ref().ok()?.unprivileged_ports_from?;
    if u32::from(place.port) >= first {
        return None;
    }
    let at = place.name();
    let sentence = say!("privileged", place = &at, first = first.to_string());
    let mut finding = Finding::new(Severity::Notice, sentence);
    finding.subject = format!("{at} privileged");
    finding.facts = vec![Fact::said("unprivileged_ports_from", first)];
    finding.next = vec![say!("next-privileged", port = place.port)];
    Some(finding)
}

/// Reports that limits are not known. Windows has no ports for root alone.
pub(super) fn limits_not_known(evidence: &Evidence) -> Option<Finding> {
    let why = match &evidence.limits {
        Err(lack) => Text::same(lack.reason().to_owned()),
        Ok(limits) => {
            let each = [Transport::Tcp, Transport::Udp];
            let known = each.iter().all(|protocol| {
                FAMILIES.iter().all(|(family, _)| ports(limits, *protocol, *family).is_some())
            });
            if known && (cfg!(windows) || limits.unprivileged_ports_from.is_some()) {
                return None;
            }
            say!("limits-not-told")
        }
    };
    let mut finding = Finding::unknown(say!("limits-unknown", why), say!("next-limits"));
    finding.subject = "limits".to_owned();
    Some(finding)
}

/// Reports rules that send elsewhere what comes to the port, and rules that could not be read.
pub(super) fn taken(evidence: &Evidence, place: Place) -> Vec<Finding> {
    let firewall = &evidence.surroundings.firewall;
    // Where a filter leaves published ports out, or a system has none.
    let Some(published) = &firewall.published else { return Vec::new() };
    let is_meant = |one: &&Published| {
        one.protocol == place.protocol && (one.ports.0..=one.ports.1).contains(&place.port)
    };
    let mut findings = Vec::new();
    for one in published.iter().filter(is_meant) {
        for diversion in one.judgement.diverted.iter().filter(|diversion| leaves(diversion, place)) {
            findings.push(finding(place, one, diversion));
        }
    }
    if !firewall.unread.is_empty() {
        let at = place.name();
        let why: Vec<String> =
            firewall.unread.iter().map(|rules| format!("{}: {}", rules.of, rules.reason)).collect();
        let mut finding =
            Finding::unknown(say!("rules-unknown", place = &at, why = why.join("; ")), say!("next-rules"));
        finding.subject = format!("{at} rules");
        findings.push(finding);
    }
    findings
}

/// Whether a rule sends packets to another port or machine. By another address they still reach a socket of every address.
fn leaves(diversion: &Diversion, place: Place) -> bool {
    !matches!(diversion.to, Target::Here { ports, .. } if ports == (place.port, place.port))
}

fn finding(place: Place, published: &Published, diversion: &Diversion) -> Finding {
    let family = match published.family {
        Family::V4 => "IPv4",
        Family::V6 => "IPv6",
    };
    let (at, rule) = (place.name(), &diversion.rule);
    let sentence = say!("taken", place = &at, family, to = targets::text(&diversion.to));
    let mut finding = Finding::new(Severity::Warning, sentence);
    let end = targets::end(&diversion.to);
    finding.subject = format!("{at} to {end}");
    let text = match diversion.from.is_empty() {
        true => say!("taken-rule", rule),
        false => say!("taken-rule-from", rule, interfaces = diversion.from.join(", ")),
    };
    finding.facts = vec![
        Fact::said("family", family),
        Fact::said("target", end),
        Fact::shown("diverted_by", rule.clone(), text),
    ];
    finding.meaning = Some(say!("meaning-taken"));
    finding.next = vec![say!("next-taken")];
    finding
}
