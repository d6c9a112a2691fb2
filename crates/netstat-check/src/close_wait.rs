//! `close-wait`: connections that the peer has closed and the program has not.

pub(crate) mod over_time;

use super::data::{check_data, say};
use super::held_by::{HeldBy, thread_tools, to_see_one};
use super::holders::{counted, most_frequent};
use super::text::bytes;
use super::{Check, Culprit, Evidence, EvidenceNeeds, Fact, Finding, Severity, Text, Thresholds};
use netstat_model::TcpFields;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{IpEndpoint, IpSocketRef, NoOwner, TcpState};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

check_data!("close_wait.toml");

pub(crate) static CHECK: Check = Check {
    name: "close-wait",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::CLOSE_WAIT.union(States::LISTEN),
        fields: Fields::COMMON,
        tcp: TcpFields::LAST_ACK_RECEIVED,
        owners: States::CLOSE_WAIT.union(States::LISTEN),
        process: ProcessFields::NAME,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// Returns the least time that a connection has been in the state, if it is known.
fn age(evidence: &Evidence, socket: &IpSocketRef<'_>) -> Option<Duration> {
    // The time in the state, where the system has it, is better than what can be concluded from the last segment.
    let told = socket.time_in_state().or(socket.tcp().as_ref().and_then(|tcp| tcp.last_ack_received));
    told.max(evidence.watched_for(socket))
}

/// Where connections are.
enum Location<'a> {
    /// With a process, or with an unknown one.
    Process(HeldBy),
    /// In the queue of the listener at this end; `None` if the filter leaves no listener.
    Queue(IpEndpoint, Option<IpSocketRef<'a>>),
}

impl Location<'_> {
    fn text(&self, evidence: &Evidence) -> Text {
        match self {
            Self::Process(holder) => holder.text(),
            Self::Queue(end, listener) => {
                let end = SocketAddr::from(*end);
                match listener.and_then(|listener| evidence.by_holder([listener]).into_iter().next()) {
                    Some((holder, _)) => say!("queue-of", who = holder.text(), end),
                    None => say!("queue", end),
                }
            }
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Process(holder) => holder.subject(),
            Self::Queue(end, _) => format!("accept queue of {}", SocketAddr::from(*end)),
        }
    }
}

/// Groups the connections by where they are, the largest group first.
fn groups(evidence: &Evidence) -> Vec<(Location<'_>, Vec<IpSocketRef<'_>>)> {
    let mut groups = Vec::new();
    let mut queues: BTreeMap<IpEndpoint, (Option<IpSocketRef<'_>>, Vec<IpSocketRef<'_>>)> = BTreeMap::new();
    for (holder, sockets) in evidence.by_holder(evidence.in_state(TcpState::CloseWait)) {
        // A connection that was accepted and then closed has left CLOSE_WAIT, so one without a process waits in a queue.
        if holder != HeldBy::Nobody(NoOwner::NoProcess) {
            groups.push((Location::Process(holder), sockets));
            continue;
        }
        for socket in sockets {
            let listener = evidence.listener(socket.local);
            let end = listener.map_or(socket.local, |listener| listener.local);
            queues.entry(end).or_insert((listener, Vec::new())).1.push(socket);
        }
    }
    let queues =
        queues.into_iter().map(|(end, (listener, sockets))| (Location::Queue(end, listener), sockets));
    groups.extend(queues);
    groups.sort_by_key(|(_, sockets)| Reverse(sockets.len()));
    groups
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let groups = groups(evidence);
    let all: usize = groups.iter().map(|(_, sockets)| sockets.len()).sum();
    let findings: Vec<Finding> = groups
        .iter()
        .filter_map(|(location, sockets)| judge(evidence, thresholds, location, sockets))
        .collect();
    if findings.is_empty() {
        return vec![Finding::ok(say!("ok", n = all))];
    }
    findings
}

/// Judges the connections of one place.
fn judge(
    evidence: &Evidence,
    thresholds: &Thresholds<'_>,
    location: &Location<'_>,
    sockets: &[IpSocketRef<'_>],
) -> Option<Finding> {
    let at_least = |setting: &str| thresholds.count(setting).max(1);
    let limit = thresholds.seconds("old");
    let ages: Vec<Option<Duration>> = sockets.iter().map(|socket| age(evidence, socket)).collect();
    let old = ages.iter().flatten().filter(|age| **age >= limit).count();
    let not_known = ages.iter().filter(|age| age.is_none()).count();
    let severity = if old >= at_least("critical") {
        Severity::Critical
    } else if old >= at_least("warning") {
        Severity::Warning
    } else if not_known >= at_least("warning") {
        Severity::Unknown
    } else if old.max(not_known) >= at_least("notice") || sockets.len() >= at_least("burst") {
        Severity::Notice
    } else {
        return None;
    };
    let (who, n) = (location.text(evidence), sockets.len());
    let not_told =
        severity == Severity::Unknown || (old < at_least("notice") && not_known >= at_least("notice"));
    let sentence = if not_told {
        say!("held-not-told", who, n)
    } else {
        let age = match (old, n) {
            (0, 1) => say!("one-young", limit),
            (1, 1) => say!("one-old", limit),
            (0, _) => say!("none-old", limit),
            _ if old == n => say!("all-old", limit),
            _ => say!("some-old", old, limit),
        };
        say!("held", who, n, age)
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = location.subject();
    finding.amount = sockets.len() as f64;
    finding.facts = facts(evidence, sockets, &ages, old);
    match location {
        Location::Process(holder) => {
            finding.processes = evidence.culprits(sockets.iter().copied());
            finding.rows = Some(format!(
                "netstat --columns local,foreign,recvq,pid,process close_wait{}",
                holder.filter_words()
            ));
            advise(&mut finding, holder);
        }
        Location::Queue(end, listener) => {
            finding.processes = evidence.culprits(listener.iter().copied());
            finding.processes.iter_mut().for_each(|culprit| culprit.sockets = 0);
            finding.rows = Some(format!(
                "netstat --columns local,foreign,recvq,pid,process close_wait lport {}",
                end.port
            ));
            advise_for_queue(&mut finding);
        }
    }
    Some(finding)
}

fn facts(
    evidence: &Evidence,
    sockets: &[IpSocketRef<'_>],
    ages: &[Option<Duration>],
    old: usize,
) -> Vec<Fact> {
    let mut facts = vec![Fact::said("connections", sockets.len()), Fact::said("old", old)];
    if let Some(oldest) = ages.iter().flatten().max() {
        facts.push(Fact::shown("oldest_seconds", oldest.as_secs(), say!("oldest", age = *oldest)));
    }
    // The FIN counts as a byte.
    let queued = sockets.iter().filter_map(|socket| socket.recv_queue());
    let unread: Vec<u64> = queued.filter(|&queue| queue > 1).map(|queue| u64::from(queue) - 1).collect();
    let sum: u64 = unread.iter().sum();
    if sum > 0 {
        facts.push(Fact::shown("unread_bytes", sum, say!("unread", size = bytes(sum), n = unread.len())));
    }
    let peers = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
    if let Some((address, count)) = peers.first() {
        let listed = most_frequent(&peers);
        let text = match peers.len() {
            1 => say!("one-peer", address = *address),
            n => say!("peers", n, listed = &listed),
        };
        facts.push(Fact::said("peers", peers.len()));
        facts.push(Fact::said("largest_peer", address.to_string()));
        facts.push(Fact::said("largest_peer_connections", *count));
        facts.push(Fact::shown("largest_peers", listed, text));
    }
    facts.extend(growth(evidence, sockets));
    facts
}

/// Returns how the number of connections of a process changed since the look before.
fn growth(evidence: &Evidence, sockets: &[IpSocketRef<'_>]) -> Option<Fact> {
    let (before, elapsed) = evidence.earlier()?;
    let holder = sockets.first()?.ownership().principal()?.process;
    let then = before
        .sockets
        .iter()
        .filter(|socket| socket.state == Some(TcpState::CloseWait))
        .filter(|socket| socket.ownership().principal().is_some_and(|owner| owner.process == holder))
        .count();
    let grown = i64::try_from(sockets.len()).ok()? - i64::try_from(then).ok()?;
    let text = || say!("grown", change = format!("{grown:+}"), time = elapsed);
    (grown != 0).then(|| Fact::shown("grown", grown, text()))
}

/// Advises about a program that does not even accept.
fn advise_for_queue(finding: &mut Finding) {
    finding.meaning = Some(say!("meaning-queue"));
    // Windows does not report queues.
    if cfg!(target_os = "linux") {
        finding.next.push(say!("next-queue"));
    }
    if let Some(Culprit { holder: HeldBy::Process { pid, .. }, .. }) = finding.processes.first() {
        finding.next.push(say!("next-queue-threads", tools = thread_tools(*pid)));
    }
}

fn advise(finding: &mut Finding, holder: &HeldBy) {
    finding.next.push(say!("next-watch"));
    if finding.severity < Severity::Warning {
        finding.meaning = Some(say!("meaning-few"));
        return;
    }
    finding.meaning = Some(say!("meaning-leak"));
    let HeldBy::Process { pid, .. } = holder else {
        finding.next.extend(to_see_one(holder));
        return;
    };
    if cfg!(target_os = "linux") {
        finding.next.push(say!("next-limit", pid = pid.to_string()));
    }
    finding.next.push(say!("next-threads", tools = thread_tools(*pid)));
}

#[cfg(test)]
mod tests;
