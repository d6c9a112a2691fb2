//! `listen-queue`: connections that a listener loses because nobody accepts them in time.

use super::data::{check_data, say};
use super::needs::Twice;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, HeldBy, Severity, Thresholds};
use netstat_model::query::{Kinds, ProcessFields, States};
use netstat_model::{Counters, IpSocketRef, TcpExtCounters, TcpState};
use std::net::SocketAddr;

check_data!("listen_queue.toml");

pub(crate) static CHECK: Check = Check {
    name: "listen-queue",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::LISTEN,
        owners: States::LISTEN,
        process: ProcessFields::NAME,
        counters: true,
        limits: true,
        twice: Twice::Always,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// The number of connections that wait in a queue, and its limit.
#[derive(Debug, Clone, Copy)]
struct AcceptQueue {
    waiting: u32,
    limit: u32,
}

impl AcceptQueue {
    /// Returns the queue of a listener from its queues as the kernel reports them.
    fn new(recv_queue: Option<u32>, send_queue: Option<u32>) -> Option<Self> {
        Some(Self { waiting: recv_queue?, limit: send_queue? })
    }

    fn is_full(self) -> bool {
        // The kernel takes one more than the limit.
        self.waiting > self.limit
    }

    fn is_near(self, percent: f64) -> bool {
        self.limit >= 16 && f64::from(self.waiting) * 100.0 >= percent * f64::from(self.limit)
    }
}

fn extended(get: impl Fn(&TcpExtCounters) -> Option<u64>) -> impl Fn(&Counters) -> Option<u64> {
    move |counters| get(counters.tcp_ext.as_ref()?)
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let listeners: Vec<IpSocketRef<'_>> = evidence.in_state(TcpState::Listen).collect();
    let overflows = evidence.grown(extended(|tcp| tcp.listen_overflows));
    let lost = overflows.and_then(|overflows| evidence.per_second(overflows)).unwrap_or(0.0);
    let is_lost = lost > 0.0 && lost >= thresholds.number("lost");
    let near = thresholds.number("near");

    let mut findings = Vec::new();
    let mut judged: usize = 0;
    for listener in &listeners {
        let Some(queue) = AcceptQueue::new(listener.recv_queue(), listener.send_queue()) else { continue };
        judged += 1;
        let then =
            evidence.before(listener).and_then(|then| AcceptQueue::new(then.recv_queue, then.send_queue));
        let full_before = then.is_some_and(AcceptQueue::is_full);
        let severity = match (queue.is_full(), full_before) {
            (true, true) if is_lost => Severity::Critical,
            (true, true) => Severity::Warning,
            (true, false) | (false, true) if is_lost => Severity::Warning,
            (true, false) => Severity::Notice,
            _ if queue.is_near(near) && then.is_some_and(|then| then.is_near(near)) => Severity::Notice,
            _ => continue,
        };
        findings.push(of_listener(evidence, listener, queue, severity, overflows));
    }
    findings.sort_by(|one: &Finding, other| {
        other.severity.cmp(&one.severity).then(other.amount.total_cmp(&one.amount))
    });
    if is_lost && findings.iter().all(|finding| finding.severity < Severity::Warning) {
        findings.push(unseen(overflows.unwrap_or(0), lost, lost >= thresholds.number("critical")));
    }
    findings.extend(cookies(evidence));
    if findings.iter().all(|finding| finding.severity < Severity::Warning) {
        findings.extend(other_drops(evidence, thresholds));
    }
    if !findings.is_empty() {
        return findings;
    }
    if judged == 0 && !listeners.is_empty() {
        return vec![Finding::never_told(say!("never-told"), say!("next-never-told"))];
    }
    if overflows.is_none() && !listeners.is_empty() {
        // No queue is full, but one may have been in between.
        return vec![match &evidence.now.counters {
            Err(lack) => Finding::unknown(say!("losses-unknown", why = lack.reason()), say!("next-losses")),
            Ok(_) => Finding::never_told(say!("losses-never-told"), say!("next-losses")),
        }];
    }
    vec![Finding::ok(say!("ok", n = judged))]
}

fn of_listener(
    evidence: &Evidence,
    listener: &IpSocketRef<'_>,
    queue: AcceptQueue,
    severity: Severity,
    overflows: Option<u64>,
) -> Finding {
    let address = SocketAddr::from(listener.local);
    let holder = evidence.by_holder([*listener]).into_iter().next().map(|(holder, _)| holder.text());
    let who = holder.unwrap_or_else(|| say!("a-process"));
    let (n, limit) = (queue.waiting, queue.limit);
    let sentence = if queue.is_full() {
        say!("full", who, address, n, limit)
    } else {
        say!("nearly-full", who, address, n, limit)
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = address.to_string();
    finding.amount = f64::from(n);
    finding.facts = vec![Fact::said("waiting", n), Fact::said("limit", limit)];
    finding.facts.extend(overflows.map(|lost| match lost {
        0 => Fact::said("lost", 0),
        n => Fact::shown("lost", n, say!("lost", n)),
    }));
    let somaxconn = evidence.limits.as_ref().ok().and_then(|limits| limits.somaxconn);
    if let Some(somaxconn) = somaxconn {
        finding.facts.push(Fact::said("somaxconn", somaxconn));
    }
    finding.processes = evidence.culprits([*listener]);
    finding.rows = Some(format!(
        "netstat --columns local,recvq,backlog,pid,process listening lport {}",
        listener.local.port
    ));
    finding.meaning = Some(say!("meaning-slow"));
    let top = match finding.processes.first().map(|culprit| &culprit.holder) {
        Some(HeldBy::Process { pid, .. }) => format!("top -H -p {pid}"),
        _ => "top -H".to_owned(),
    };
    finding.next = vec![say!("next-process", top)];
    finding.next.push(match somaxconn {
        Some(somaxconn) if u64::from(limit) >= somaxconn => {
            say!("next-somaxconn", limit = somaxconn.saturating_mul(4).max(1024).to_string())
        }
        _ => say!("next-backlog"),
    });
    finding
}

/// Reports connections that were lost although no queue was seen full.
fn unseen(n: u64, rate: f64, critical: bool) -> Finding {
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(severity, say!("unseen", n, rate));
    finding.subject = "ListenOverflows".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("lost", n), Fact::said("lost_per_second", rate)];
    finding.rows =
        Some("netstat --columns local,recvq,backlog,pid,process --sort recvq:desc listening".to_owned());
    finding.meaning = Some(say!("meaning-unseen"));
    finding.next = vec![say!("next-catch")];
    finding
}

/// Judges requests that listeners dropped for another reason than a full accept queue.
fn other_drops(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Option<Finding> {
    let overflows = evidence.grown(extended(|tcp| tcp.listen_overflows))?;
    let n = evidence.grown(extended(|tcp| tcp.listen_drops))?.saturating_sub(overflows);
    let rate = evidence.per_second(n)?;
    let severity = thresholds.graded_by(rate, ["lost", "critical", "critical"])?.min(Severity::Warning);
    let mut finding = Finding::new(severity, say!("dropped", n, rate));
    finding.subject = "ListenDrops".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("dropped", n), Fact::said("dropped_per_second", rate)];
    finding.rows = Some("netstat --group-by laddr,lport syn_received".to_owned());
    finding.meaning = Some(say!("meaning-dropped"));
    finding.next = vec![say!("next-dropped")];
    Some(finding)
}

/// Judges the queue of half-open connections, of which only counters exist.
fn cookies(evidence: &Evidence) -> Option<Finding> {
    let sent = evidence.grown(extended(|tcp| tcp.syncookies_sent)).unwrap_or(0);
    let dropped = evidence.grown(extended(|tcp| tcp.req_q_full_drop)).unwrap_or(0);
    if sent == 0 && dropped == 0 {
        return None;
    }
    let sentence = if dropped > 0 { say!("half-open-full", n = dropped) } else { say!("cookies", n = sent) };
    let mut finding = Finding::new(Severity::Warning, sentence);
    finding.subject = "syncookies".to_owned();
    finding.amount = evidence.per_second(sent.max(dropped)).unwrap_or(0.0);
    let valid = evidence.grown(extended(|tcp| tcp.syncookies_recv)).unwrap_or(0);
    finding.facts = vec![
        Fact::said("cookies_sent", sent),
        Fact::said("dropped", dropped),
        Fact::shown("cookies_valid", valid, say!("cookies-valid", n = valid)),
    ];
    finding.rows = Some("netstat --group-by laddr,lport syn_received".to_owned());
    finding.meaning = Some(say!("meaning-cookies"));
    finding.next = vec![say!("next-where"), say!("next-clients")];
    Some(finding)
}

#[cfg(test)]
mod tests;
