//! `connecting`: connections that are begun here and never answered.

pub(crate) mod over_time;

use super::data::{check_data, say};
use super::holders::counted;
use super::text::host;
use super::waiting::Waiting;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{IpEndpoint, IpSocketRef, TcpState};
use rustc_hash::FxHashMap;
use std::net::SocketAddr;

check_data!("connecting.toml");

pub(crate) static CHECK: Check = Check {
    name: "connecting",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::SYN_SENT.union(States::LISTEN),
        owners: States::SYN_SENT,
        process: ProcessFields::NAME,
        twice: Waiting::TWICE,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let waiting = Waiting::of(evidence, TcpState::SynSent);
    let findings = waiting.judged(
        |unanswered| judge(evidence, thresholds, unanswered),
        |n| Finding::unknown(say!("unknown", n), say!("next-watch")),
    );
    if !findings.is_empty() {
        return findings;
    }
    let n = evidence.in_state(TcpState::SynSent).count();
    vec![Finding::ok(say!("ok", n, late = waiting.late.len()))]
}

/// Judges unanswered connections, by where they go and by who waits for many places.
fn judge(evidence: &Evidence, thresholds: &Thresholds<'_>, unanswered: &[IpSocketRef<'_>]) -> Vec<Finding> {
    let mut by_remote: FxHashMap<IpEndpoint, Vec<IpSocketRef<'_>>> = FxHashMap::default();
    for socket in unanswered {
        if let Some(remote) = socket.remote {
            by_remote.entry(remote).or_default().push(*socket);
        }
    }
    let mut findings: Vec<Finding> = by_remote
        .iter()
        .filter_map(|(remote, sockets)| {
            let severity = thresholds.graded(sockets.len() as f64)?;
            Some(to_one_place(evidence, *remote, sockets, severity))
        })
        .collect();
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    findings.extend(to_many_places(evidence, thresholds, unanswered));
    findings
}

/// Returns whether the listener that does not answer is on this machine.
fn is_here(evidence: &Evidence, remote: IpEndpoint, sockets: &[IpSocketRef<'_>]) -> bool {
    let own =
        remote.address.is_loopback() || sockets.iter().any(|socket| socket.local.address == remote.address);
    evidence.in_state(TcpState::Listen).any(|listener| {
        listener.local.port == remote.port && (own || listener.local.address == remote.address)
    })
}

fn to_one_place(
    evidence: &Evidence,
    remote: IpEndpoint,
    sockets: &[IpSocketRef<'_>],
    severity: Severity,
) -> Finding {
    let (n, address, port) = (sockets.len(), host(remote), remote.port);
    let end = SocketAddr::from(remote);
    let mut finding = Finding::new(severity, say!("unanswered", n, end));
    finding.subject = end.to_string();
    finding.amount = n as f64;
    finding.facts = vec![Fact::said("connections", n)];
    let most = sockets.iter().filter_map(|socket| socket.timer()).map(|timer| timer.retransmits).max();
    if let Some(times) = most {
        let text = if times == 1 { say!("sent-again-once") } else { say!("sent-again", times) };
        finding.facts.push(Fact::shown("syn_sent_again", times, text));
    }
    finding.processes = evidence.culprits(sockets.iter().copied());
    // Windows reports no timers.
    let timer = if cfg!(windows) { "" } else { "timer," };
    finding.rows = Some(format!(
        "netstat --columns local,foreign,{timer}pid,process syn_sent dst {address} rport {port}"
    ));
    if is_here(evidence, remote, sockets) {
        finding.facts.push(Fact::said("listener_here", true));
        finding.meaning = Some(say!("meaning-here"));
        finding.next = vec![say!("next-listener")];
    } else {
        finding.meaning = Some(say!("meaning"));
        finding.next = vec![say!("next-way", address), say!("next-port", port)];
    }
    finding
}

/// Finds processes that wait for many places at once.
fn to_many_places(
    evidence: &Evidence,
    thresholds: &Thresholds<'_>,
    unanswered: &[IpSocketRef<'_>],
) -> Vec<Finding> {
    let limit = thresholds.count("destinations").max(2);
    let mut findings = Vec::new();
    for (holder, sockets) in evidence.by_holder(unanswered.iter().copied()) {
        let places = counted(sockets.iter().filter_map(|socket| socket.remote));
        if places.len() < limit {
            continue;
        }
        let text = say!("many-places", who = holder.text(), n = places.len());
        let mut finding = Finding::new(Severity::Warning, text);
        finding.subject = format!("{} to many", holder.subject());
        finding.amount = places.len() as f64;
        let ports = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.port)));
        let first: Vec<String> = ports.iter().take(3).map(|(port, _)| port.to_string()).collect();
        let first = first.join(", ");
        let addresses = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
        let at = match addresses.as_slice() {
            [(address, _)] => say!("one-address", address = *address),
            many => say!("addresses", n = many.len()),
        };
        let to = match ports.len() {
            1 => say!("one-port", first),
            n => say!("ports", n, first),
        };
        finding.facts = vec![
            Fact::said("destinations", places.len()),
            Fact::said("connections", sockets.len()),
            Fact::shown("addresses", addresses.len(), at),
            Fact::shown("ports", ports.len(), to),
        ];
        finding.processes = evidence.culprits(sockets.iter().copied());
        finding.rows = Some(format!("netstat --group-by raddr,rport syn_sent{}", holder.filter_words()));
        finding.meaning = Some(say!("meaning-many"));
        finding.next = vec![say!("next-network"), say!("next-meant")];
        findings.push(finding);
    }
    findings
}

#[cfg(test)]
mod tests;
