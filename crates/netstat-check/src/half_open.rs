//! `half-open`: connections to a listener here that the other side does not complete.

use super::data::{check_data, say};
use super::holders::{counted, most_frequent};
use super::waiting::Waiting;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{IpSocketRef, TcpState};
use rustc_hash::FxHashMap;
use std::net::{IpAddr, SocketAddr};

check_data!("half_open.toml");

pub(crate) static CHECK: Check = Check {
    name: "half-open",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::SYN_RECEIVED.union(States::LISTEN),
        owners: States::LISTEN,
        process: ProcessFields::NAME,
        limits: true,
        twice: Waiting::TWICE,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let waiting = Waiting::of(evidence, TcpState::SynReceived);
    let findings = waiting.judged(
        |late| judge(evidence, thresholds, late),
        |n| Finding::unknown(say!("unknown", n), say!("next-watch")),
    );
    if !findings.is_empty() {
        return findings;
    }
    let n = evidence.in_state(TcpState::SynReceived).count();
    vec![Finding::ok(say!("ok", n, late = waiting.late.len()))]
}

/// Judges requests that have waited for long, by the listener they came to.
fn judge(evidence: &Evidence, thresholds: &Thresholds<'_>, late: &[IpSocketRef<'_>]) -> Vec<Finding> {
    let mut by_local: FxHashMap<(IpAddr, u16), Vec<IpSocketRef<'_>>> = FxHashMap::default();
    for socket in late {
        by_local.entry((socket.local.address, socket.local.port)).or_default().push(*socket);
    }
    let mut findings: Vec<Finding> = by_local
        .iter()
        .filter_map(|(&(address, port), sockets)| {
            let severity = thresholds.graded(sockets.len() as f64)?;
            Some(at_listener(evidence, SocketAddr::new(address, port), sockets, severity))
        })
        .collect();
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    findings
}

fn at_listener(
    evidence: &Evidence,
    local: SocketAddr,
    sockets: &[IpSocketRef<'_>],
    severity: Severity,
) -> Finding {
    let n = sockets.len();
    let mut finding = Finding::new(severity, say!("half-open", n, local));
    finding.subject = local.to_string();
    finding.amount = n as f64;
    let peers = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
    let from = match peers.as_slice() {
        [(address, _)] => say!("from-one", address = *address),
        _ => say!("from-many", n = peers.len(), listed = most_frequent(&peers)),
    };
    finding.facts = vec![Fact::said("half_open", n), Fact::shown("remote_addresses", peers.len(), from)];
    // A request belongs to no process; the listener that it came to does.
    let listeners = || {
        evidence.in_state(TcpState::Listen).filter(|listener| {
            let address = listener.local.address;
            listener.local.port == local.port() && (address == local.ip() || address.is_unspecified())
        })
    };
    if let Some(limit) = evidence.limits.as_ref().ok().and_then(|limits| limits.max_syn_backlog) {
        finding.facts.push(Fact::shown("max_syn_backlog", limit, say!("max-syn-backlog", limit)));
    }
    // The send queue of a listener is its backlog.
    if let Some(limit) = listeners().filter_map(|listener| listener.send_queue()).min() {
        finding.facts.push(Fact::shown("backlog", limit, say!("backlog", limit)));
    }
    finding.processes = evidence.culprits(listeners());
    finding.processes.iter_mut().for_each(|culprit| culprit.sockets = 0);
    finding.rows =
        Some(format!("netstat --group-by raddr syn_received src {} lport {}", local.ip(), local.port()));
    let many = peers.len() * 2 > n;
    finding.facts.push(Fact::said("mostly_different_addresses", many));
    finding.meaning = Some(if many { say!("meaning-many") } else { say!("meaning-few") });
    finding.next = vec![
        say!("next-answers"),
        match peers.first() {
            Some((address, _)) if !many => say!("next-way-back", address = *address),
            _ => say!("next-flood"),
        },
    ];
    finding
}

#[cfg(test)]
mod tests;
