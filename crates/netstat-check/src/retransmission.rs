//! `retransmission`: segments that have to be sent again.

use super::data::{check_data, say};
use super::holders::counted;
use super::marks::SentAgain;
use super::needs::{Details, Twice};
use super::text::host;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::TcpFields;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, IpEndpoint, IpSocketRef, TcpCounters};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;
use std::net::{IpAddr, SocketAddr};

check_data!("retransmission.toml");

pub(crate) static CHECK: Check = Check {
    name: "retransmission",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: SENDING,
        fields: Fields::COMMON,
        tcp: TcpFields::TOTAL_RETRANSMITS
            .union(TcpFields::DATA_SEGS_OUT)
            .union(TcpFields::SEGS_OUT)
            .union(TcpFields::RTT)
            .union(TcpFields::LAST_ACK_RECEIVED),
        details: Details::SentAgain,
        owners: SENDING,
        process: ProcessFields::NAME,
        counters: true,
        twice: Twice::Always,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// The states in which data is sent.
const SENDING: States = States::ESTABLISHED
    .union(States::CLOSE_WAIT)
    .union(States::FIN_WAIT_1)
    .union(States::CLOSING)
    .union(States::LAST_ACK);

/// A connection that had to send segments again between the two looks.
struct Sent<'a> {
    socket: IpSocketRef<'a>,
    counts: SentAgain,
}

fn sent(evidence: &Evidence) -> Vec<Sent<'_>> {
    // A SYN that nobody answers is not loss; another check may have asked for such sockets.
    let sends =
        |socket: &IpSocketRef<'_>| socket.state.is_some_and(|state| SENDING.contains(States::of(state)));
    let sending = evidence.now.sockets.iter_ip().filter(sends);
    sending
        .filter_map(|socket| Some(Sent { socket, counts: evidence.before(&socket)?.sent_again(&socket)? }))
        .collect()
}

/// Returns a counter of TCP, over both families.
fn tcp(counters: &Counters, get: impl Fn(&TcpCounters) -> Option<u64>) -> Option<u64> {
    match (&counters.tcp, &counters.tcp_v4, &counters.tcp_v6) {
        (Some(both), ..) => get(both),
        (None, Some(v4), Some(v6)) => Some(get(v4)?.saturating_add(get(v6)?)),
        (None, Some(one), None) | (None, None, Some(one)) => get(one),
        (None, None, None) => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share needs no more digits")]
fn share(again: u64, all: u64) -> f64 {
    // The kernel reads the two counters of a connection at slightly different moments.
    let all = all.max(again);
    if all == 0 { 0.0 } else { again as f64 * 100.0 / all as f64 }
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let segments = evidence.grown(|counters| tcp(counters, |tcp| tcp.out_segs));
    let again = evidence.grown(|counters| tcp(counters, |tcp| tcp.retrans_segs));
    let (Some(segments), Some(again)) = (segments, again) else {
        let why = match &evidence.now.counters {
            Ok(_) => say!("unknown-growth"),
            Err(lack) => say!("unknown", why = lack.reason()),
        };
        return vec![Finding::unknown(why, say!("next-counters"))];
    };
    let syn = evidence.grown(|counters| counters.tcp_ext.as_ref()?.syn_retrans).unwrap_or(0);
    let again = again.saturating_sub(syn);
    // OutSegs leaves out segments that hold only retransmitted data (RFC 4022).
    let segments = segments.saturating_add(again);
    let sent = sent(evidence);
    let percent = share(again, segments);
    let judged = again >= thresholds.count("least") as u64;
    let Some(severity) = thresholds.graded(percent).filter(|_| judged) else {
        let mut findings = destinations(evidence, thresholds, &sent);
        if findings.is_empty() {
            findings.push(Finding::ok(say!("ok", again, segments, percent)));
        }
        return findings;
    };
    let mut finding = Finding::new(severity, say!("loss", again, segments, percent));
    describe(&mut finding, evidence, (again, segments, percent), &sent);
    vec![finding]
}

/// Finds remote addresses to which so much is sent again that each is a fault by itself.
fn destinations(evidence: &Evidence, thresholds: &Thresholds<'_>, sent: &[Sent<'_>]) -> Vec<Finding> {
    let mut by_address: FxHashMap<IpAddr, Vec<&Sent<'_>>> = FxHashMap::default();
    for one in sent {
        if let Some(remote) = one.socket.remote {
            by_address.entry(remote.address).or_default().push(one);
        }
    }
    let mut findings: Vec<Finding> = by_address
        .into_iter()
        .filter_map(|(address, sent)| {
            let again: u64 = sent.iter().map(|one| u64::from(one.counts.again)).sum();
            let segments: u64 = sent.iter().map(|one| u64::from(one.counts.segments)).sum();
            let percent = share(again, segments);
            if evidence.per_second(again)? < thresholds.number("destination")
                || percent < thresholds.number("critical")
            {
                return None;
            }
            let mut finding = Finding::new(Severity::Warning, say!("loss-to", again, address, percent));
            finding.subject = address.to_string();
            describe(&mut finding, evidence, (again, segments, percent), sent);
            Some(finding)
        })
        .collect();
    findings.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    findings
}

/// Adds the numbers, the connections, the processes, and what to do.
fn describe<'a>(
    finding: &mut Finding,
    evidence: &Evidence,
    (again, segments, percent): (u64, u64, f64),
    sent: impl IntoIterator<Item = &'a Sent<'a>>,
) {
    finding.amount = percent;
    finding.facts = vec![
        Fact::said("segments", segments),
        Fact::said("sent_again", again),
        Fact::said("percent", percent),
    ];
    let mut sent: Vec<&Sent<'_>> = sent.into_iter().collect();
    sent.sort_by_key(|one| Reverse(one.counts.again));
    for (key, one) in ["worst", "second", "third"].into_iter().zip(&sent) {
        finding.facts.push(connection(key, one));
    }
    let addresses = counted(sent.iter().filter_map(|one| Some(host(one.socket.remote?))));
    if !sent.is_empty() {
        let text = say!("destinations", n = sent.len(), addresses = addresses.len());
        finding.facts.push(Fact::shown("destinations", addresses.len(), text));
    }
    finding.processes = evidence.culprits(sent.iter().map(|one| one.socket));
    finding.rows = Some(
        "netstat --columns local,foreign,rtt,rttvar,retrans,segs_out,process --sort retrans:desc --limit 20 connected"
            .to_owned(),
    );
    finding.meaning = Some(match addresses.len() {
        1 => say!("meaning-one-address"),
        _ => say!("meaning-many-addresses"),
    });
    finding.next = vec![say!("next-interfaces")];
    if let Some((address, _)) = addresses.first() {
        finding.next.push(say!("next-way", address));
    }
}

/// Describes one connection.
fn connection(key: &'static str, one: &Sent<'_>) -> Fact {
    let shown = |end: IpEndpoint| SocketAddr::from(end).to_string();
    let SentAgain { again, segments } = one.counts;
    let ends = match one.socket.remote {
        Some(remote) => format!("{} > {}", shown(one.socket.local), shown(remote)),
        None => shown(one.socket.local),
    };
    let tcp = one.socket.tcp();
    let rtt = tcp.as_ref().and_then(|tcp| tcp.rtt).map(|rtt| rtt.as_secs_f64() * 1000.0);
    let silent = tcp.as_ref().and_then(|tcp| tcp.last_ack_received).filter(|silent| silent.as_secs() >= 1);
    let rtt_text = rtt.map(|ms| say!("rtt", ms)).unwrap_or_default();
    let silent = silent.map(|time| say!("silent", time)).unwrap_or_default();
    Fact::shown(
        key,
        serde_json::json!({
            "local": shown(one.socket.local),
            "remote": one.socket.remote.map(shown),
            "sent_again": again,
            "segments": segments,
            "rtt_ms": rtt,
        }),
        say!("connection", ends, again, segments, rtt = rtt_text, silent),
    )
}

#[cfg(test)]
mod tests;
