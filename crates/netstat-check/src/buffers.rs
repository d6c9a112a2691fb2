//! `buffers`: memory for what was received or is to be sent runs out, and data is thrown away for it.

use super::data::{check_data, say};
use super::needs::Twice;
use super::text::bytes;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, IpSocketRef, SocketLevels, TcpExtCounters, Transport, UdpCounters};
use std::cmp::Reverse;
use std::net::SocketAddr;

check_data!("buffers.toml");

pub(crate) static CHECK: Check = Check {
    name: "buffers",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::UDP,
        states: States::empty(),
        fields: Fields::MEMORY,
        udp_owners: true,
        process: ProcessFields::NAME,
        counters: true,
        twice: Twice::Always,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let counters = match &evidence.now.counters {
        Ok(counters) => counters,
        Err(lack) => {
            return vec![Finding::unknown(say!("unknown", why = lack.reason()), say!("next-counters"))];
        }
    };
    let mut findings = Vec::new();
    findings.extend(received(evidence, thresholds));
    findings.extend(sent(evidence, thresholds));
    findings.extend(memory(evidence, thresholds, counters));
    findings.extend(orphans(counters, thresholds));
    if !findings.is_empty() {
        return findings;
    }
    // Windows counts no reason for a lost datagram.
    let tells = |udp: &Option<UdpCounters>| udp.as_ref().is_some_and(|udp| udp.rcvbuf_errors.is_some());
    if !tells(&counters.udp_v4) && !tells(&counters.udp_v6) {
        return vec![Finding::never_told(say!("never-told"), say!("next-errors"))];
    }
    let levels = counters.levels.as_ref();
    let limits_known =
        levels.is_some_and(|levels| levels.tcp_mem_max.is_some() && levels.tcp_max_orphans.is_some());
    vec![Finding::ok(if limits_known { say!("ok") } else { say!("ok-limits-unknown") })]
}

/// Returns a counter of UDP, over both families.
fn udp(counters: &Counters, get: impl Fn(&UdpCounters) -> Option<u64>) -> Option<u64> {
    let v4 = counters.udp_v4.as_ref().and_then(&get);
    let v6 = counters.udp_v6.as_ref().and_then(&get);
    match (v4, v6) {
        (Some(v4), Some(v6)) => Some(v4.saturating_add(v6)),
        (one, other) => one.or(other),
    }
}

/// Grades a number of lost datagrams by their rate per second, which it returns as well.
fn graded(evidence: &Evidence, thresholds: &Thresholds<'_>, lost: u64) -> Option<(Severity, f64)> {
    let rate = evidence.per_second(lost)?;
    if rate >= thresholds.number("critical") && lost > 0 {
        Some((Severity::Critical, rate))
    } else {
        (rate >= thresholds.number("lost") && lost > 0).then_some((Severity::Warning, rate))
    }
}

/// Returns the UDP sockets that lost datagrams between the two looks and how many each, the worst first.
fn losers(evidence: &Evidence) -> Vec<(IpSocketRef<'_>, u32)> {
    let drops = |socket: &IpSocketRef<'_>| socket.memory()?.drops;
    let mut losers: Vec<(IpSocketRef<'_>, u32)> = evidence
        .now
        .sockets
        .iter_ip()
        .filter(|socket| socket.protocol == Transport::Udp)
        .filter_map(|socket| {
            let then = evidence.before(&socket)?.drops?;
            // A counter that went down belongs to another socket with the same ends.
            let lost = drops(&socket)?.checked_sub(then)?;
            (lost > 0).then_some((socket, lost))
        })
        .collect();
    losers.sort_by_key(|(_, lost)| Reverse(*lost));
    losers
}

/// Judges datagrams that found a receive buffer full.
fn received(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Option<Finding> {
    let n = evidence.grown(|counters| udp(counters, |udp| udp.rcvbuf_errors))?;
    let (severity, rate) = graded(evidence, thresholds, n)?;
    let losers = losers(evidence);
    let worst = losers.first().and_then(|(socket, _)| {
        let holder = evidence.by_holder([*socket]).into_iter().next()?.0;
        Some((holder.text(), SocketAddr::from(socket.local)))
    });
    let sentence = match worst {
        Some((who, local)) => say!("lost-by", who, local, n, rate),
        None => say!("lost", n, rate),
    };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = "udp receive".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("lost", n), Fact::said("lost_per_second", rate)];
    for (key, (socket, lost)) in ["worst", "second", "third"].into_iter().zip(&losers) {
        finding.facts.push(of_socket(key, socket, *lost));
    }
    finding.processes = evidence.culprits(losers.iter().map(|(socket, _)| *socket));
    finding.rows =
        Some("netstat -a --columns local,recvq,drops,pid,process --sort drops:desc udp".to_owned());
    finding.meaning = Some(say!("meaning-lost"));
    finding.next = vec![say!("next-watch"), say!("next-larger"), say!("next-threads")];
    Some(finding)
}

fn of_socket(key: &'static str, socket: &IpSocketRef<'_>, n: u32) -> Fact {
    let local = SocketAddr::from(socket.local);
    let memory = socket.memory();
    let used = memory.and_then(|memory| memory.recv_allocated).map(u64::from);
    let limit = memory.and_then(|memory| memory.recv_limit).map(u64::from);
    let buffer = match (used, limit) {
        (Some(used), Some(limit)) => say!("buffer", used = bytes(used), limit = bytes(limit)),
        _ => Text::default(),
    };
    Fact::shown(
        key,
        serde_json::json!({
            "local": local.to_string(), "lost": n, "buffer_used": used, "buffer_limit": limit,
        }),
        say!("socket-lost", local, n, buffer),
    )
}

/// Judges datagrams that could not be sent.
fn sent(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Option<Finding> {
    let full = evidence.grown(|counters| udp(counters, |udp| udp.sndbuf_errors)).unwrap_or(0);
    let memory = evidence.grown(|counters| udp(counters, |udp| udp.mem_errors)).unwrap_or(0);
    let n = full.saturating_add(memory);
    let (severity, rate) = graded(evidence, thresholds, n)?;
    let sentence = if memory > 0 { say!("no-udp-memory", n, rate) } else { say!("not-sent", n, rate) };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = "udp send".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("not_sent", full), Fact::said("no_memory", memory)];
    finding.rows =
        Some("netstat -a --columns local,foreign,sendq,pid,process --sort sendq:desc udp".to_owned());
    finding.meaning = Some(say!("meaning-not-sent"));
    finding.next = vec![say!("next-not-sent")];
    Some(finding)
}

/// Judges the memory of TCP.
fn memory(evidence: &Evidence, thresholds: &Thresholds<'_>, counters: &Counters) -> Option<Finding> {
    let grown = |get: fn(&TcpExtCounters) -> Option<u64>| {
        evidence.grown(|counters| get(counters.tcp_ext.as_ref()?)).unwrap_or(0)
    };
    let aborted = grown(|tcp| tcp.abort_on_memory);
    let pressures = grown(|tcp| tcp.memory_pressures);
    let levels: Option<&SocketLevels> = counters.levels.as_ref();
    let used = levels.and_then(|levels| levels.tcp_mem);
    let pressure = levels.and_then(|levels| levels.tcp_mem_pressure);
    let max = levels.and_then(|levels| levels.tcp_mem_max).filter(|max| *max > 0);
    // The limit is known in the first network namespace alone.
    let percent = used.zip(max).map(|(used, max)| used as f64 * 100.0 / max as f64);
    let pressed = pressures > 0 || used.zip(pressure).is_some_and(|(used, pressure)| used > pressure);
    let severity = if aborted > 0 || percent.is_some_and(|percent| percent >= thresholds.number("memory")) {
        Severity::Critical
    } else if pressed {
        Severity::Warning
    } else {
        return None;
    };
    let share = percent.map(|percent| say!("share", percent)).unwrap_or_default();
    let sentence = if aborted > 0 { say!("no-memory", n = aborted, share) } else { say!("pressure", share) };
    let mut finding = Finding::new(severity, sentence);
    finding.subject = "tcp_mem".to_owned();
    finding.amount = percent.unwrap_or_default();
    finding.facts = vec![
        Fact::said("pages", used),
        Fact::said("pressure_pages", pressure),
        Fact::said("max_pages", max),
        Fact::said("aborted", aborted),
    ];
    finding.rows = Some(
        "netstat --columns local,foreign,recvq,sendq,pid,process --sort recvq:desc connected".to_owned(),
    );
    finding.meaning = Some(say!("meaning-memory"));
    finding.next = vec![say!("next-who"), say!("next-limits")];
    Some(finding)
}

/// Judges connections that no process holds any longer.
fn orphans(counters: &Counters, thresholds: &Thresholds<'_>) -> Option<Finding> {
    let levels = counters.levels.as_ref()?;
    let (n, max) = (levels.tcp_orphan?, levels.tcp_max_orphans.filter(|max| *max > 0)?);
    let percent = n as f64 * 100.0 / max as f64;
    if n == 0 || percent < thresholds.number("orphans") {
        return None;
    }
    let severity = if percent >= 100.0 { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(severity, say!("orphans", n, max));
    finding.subject = "tcp_max_orphans".to_owned();
    finding.amount = percent;
    finding.facts = vec![Fact::said("orphans", n), Fact::said("max_orphans", max)];
    finding.rows = Some("netstat --group-by raddr,state state FIN_WAIT_1,LAST_ACK,CLOSING".to_owned());
    finding.meaning = Some(say!("meaning-orphans"));
    finding.next = vec![say!("next-give-up")];
    Some(finding)
}

#[cfg(test)]
mod tests;
