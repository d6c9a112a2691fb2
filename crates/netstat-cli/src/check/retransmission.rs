//! `retransmission`: segments that have to be sent again.

use super::holders::counted;
use super::marks::{Course, Mark};
use super::text::{EN, Particle, decimal, duration, grouped, number_of, particle};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, Socket, TcpCounters};
use rustc_hash::FxHashMap;
use std::net::{IpAddr, SocketAddr};

pub(crate) static CHECK: Check = Check {
    name: "retransmission",
    summary: Text::fixed(
        "segments that have to be sent again, and the connections that suffer",
        "다시 보내야 하는 세그먼트와 그 때문에 느린 연결",
    ),
    rule: Text::fixed(
        "The counters of the system are read twice, a second apart or from one look of --watch to the next: the share of \
         segments that were sent again, out of all that were sent. SYN and SYN-ACK do not count, they are the business of \
         connecting and half-open. Fewer than retransmission.least sent again say nothing: a single lost segment of ten \
         would be ten percent.\n\n\
         In a data centre a share of 0.1 percent is much. Over the internet one or two percent are usual, more for mobile \
         phones, so the limits lie above that. One remote address by itself is a finding when very much is sent to it again \
         (retransmission.destination), even if the system as a whole is well.\n\n\
         The connections with the most loss are named, with their round-trip time, where the system tells (Linux).",
        "시스템의 카운터를 1초 간격으로(--watch에서는 볼 때마다) 두 번 읽어, 보낸 세그먼트 가운데 다시 보낸 것의 비율을 봅니다. SYN과 \
         SYN-ACK는 connecting과 half-open의 일이므로 세지 않습니다. 다시 보낸 것이 retransmission.least보다 적으면 판단하지 않습니다. \
         열 개 가운데 하나를 잃어도 10%가 되기 때문입니다.\n\n\
         데이터 센터에서는 0.1%도 많습니다. 인터넷에서는 1~2%가 보통이고 휴대전화는 더 많으므로, 한도는 그 위에 있습니다. 시스템 전체가 \
         멀쩡해도 한 원격 주소로 아주 많이 다시 보내면(retransmission.destination) 따로 알립니다.\n\n\
         시스템이 알려 주면(Linux) 손실이 가장 많은 연결을 왕복 시간과 함께 보여 줍니다.",
    ),
    settings: &[&LEAST, &NOTICE, &WARNING, &CRITICAL, &DESTINATION],
    sources: &[
        "OutSegs, RetransSegs of /proc/net/snmp, TCPSynRetrans of /proc/net/netstat; MIB_TCPSTATS of Windows",
        "sock_diag, struct tcp_info: tcpi_total_retrans, tcpi_data_segs_out, tcpi_rtt",
        "RFC 4022 (TCP-MIB), RFC 6298 (retransmission timer), RFC 3819 section 8 (what loss TCP bears)",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: SENDING,
        fields: Fields::TCP_INFO,
        owners: SENDING,
        process: ProcessFields::NAME,
        counters: true,
        twice: true,
        ..Needs::NOTHING
    },
    run,
};

/// In which data is sent.
pub(super) const SENDING: States = States::ESTABLISHED
    .union(States::CLOSE_WAIT)
    .union(States::FIN_WAIT_1)
    .union(States::CLOSING)
    .union(States::LAST_ACK);

static LEAST: Setting = Setting {
    name: "least",
    default: Default::Number(10.0),
    unit: Text::fixed("segments", "개"),
    meaning: Text::fixed(
        "fewer segments sent again than this, between two looks, are not judged",
        "두 번 보는 사이에 다시 보낸 것이 이보다 적으면 판단하지 않습니다",
    ),
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(2.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed("share that is worth knowing", "알릴 만한 비율"),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(5.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share that is a warning: from here on a connection over the internet gets a small part of its bandwidth",
        "경고할 비율. 이때부터 인터넷 연결은 대역폭의 작은 부분만 얻습니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(15.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share that is critical: connections stand still for seconds",
        "위험으로 볼 비율. 연결이 몇 초씩 멈춥니다",
    ),
};

static DESTINATION: Setting = Setting {
    name: "destination",
    default: Default::Number(50.0),
    unit: Text::fixed("segments a second", "개/초"),
    meaning: Text::fixed(
        "segments sent again to one address that make it a finding of its own, if their share is critical",
        "비율이 위험 수준일 때, 이만큼 다시 보내면 그 주소를 따로 알립니다",
    ),
};

/// What one connection sent between the two looks.
pub(super) struct Sent<'a> {
    socket: &'a Socket,
    again: u32,
    segments: u32,
}

/// What a connection sent, if some of it was sent again.
pub(super) fn sent_again<'a>(before: &Mark, socket: &'a Socket) -> Option<Sent<'a>> {
    let (then, now) = (before.course?, Course::of(socket.tcp.as_ref()?));
    // Both wrap.
    let again = now.again?.wrapping_sub(then.again?);
    let segments = now.segments?.wrapping_sub(then.segments?);
    (again > 0).then_some(Sent { socket, again, segments })
}

fn sent(evidence: &Evidence) -> Vec<Sent<'_>> {
    // What gets no answer at all, and may be here because another check asks for it, is no loss.
    let sends = |socket: &&Socket| socket.state.is_some_and(|state| SENDING.contains(States::of(state)));
    let sending = evidence.now.sockets.iter().filter(sends);
    sending.filter_map(|socket| sent_again(evidence.before(socket)?, socket)).collect()
}

/// A counter of TCP, over both families.
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
    // Of a connection both count data segments, but at slightly different moments.
    let all = all.max(again);
    if all == 0 { 0.0 } else { again as f64 * 100.0 / all as f64 }
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let segments = evidence.grown(|counters| tcp(counters, |tcp| tcp.out_segs));
    let again = evidence.grown(|counters| tcp(counters, |tcp| tcp.retrans_segs));
    let (Some(segments), Some(again)) = (segments, again) else {
        return vec![Finding::unknown(
            CHECK.name,
            match &evidence.now.counters {
                Ok(_) => Text::fixed(
                    "the counters of TCP could not be read twice",
                    "TCP 카운터를 두 번 읽을 수 없음",
                ),
                Err(lack) => Text::new(
                    format!("the counters of TCP could not be read: {}", lack.reason()),
                    format!("TCP 카운터를 읽을 수 없음: {}", lack.reason()),
                ),
            },
            Text::fixed(
                "see what they say: netstat -s -p tcp",
                "무엇이라고 하는지 봅니다: netstat -s -p tcp",
            ),
        )];
    };
    let syn = evidence.grown(|counters| counters.tcp_ext.as_ref()?.syn_retrans).unwrap_or(0);
    let again = again.saturating_sub(syn);
    // Those with nothing but what was sent before are not in OutSegs (RFC 4022).
    let segments = segments.saturating_add(again);
    let sent = sent(evidence);
    let percent = share(again, segments);
    let judged = again >= thresholds.count(&CHECK, &LEAST) as u64;
    let severity = thresholds.graded(&CHECK, percent, [&NOTICE, &WARNING, &CRITICAL]).filter(|_| judged);
    let numbers = (grouped(again), grouped(segments), decimal(percent));
    let Some(severity) = severity else {
        let mut findings = destinations(evidence, thresholds, &sent);
        if findings.is_empty() {
            let (again, segments, percent) = numbers;
            findings.push(Finding::ok(
                CHECK.name,
                Text::new(
                    format!("sent again: {again} of {segments} segments ({percent} %)"),
                    format!("세그먼트 {segments}개 가운데 {again}개({percent}%)를 다시 보냄"),
                ),
            ));
        }
        return findings;
    };
    let (again_text, segments_text, percent_text) = numbers;
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!("{again_text} of {segments_text} segments had to be sent again ({percent_text} %)"),
            format!("세그먼트 {segments_text}개 가운데 {again_text}개({percent_text}%)를 다시 보내야 했음"),
        ),
    );
    finding.amount = percent;
    finding.facts = vec![
        Fact::said("segments", segments),
        Fact::said("sent_again", again),
        Fact::said("percent", percent),
    ];
    describe(&mut finding, evidence, &sent);
    vec![finding]
}

/// Remote addresses to which so much is sent again that it is a fault by itself.
fn destinations(evidence: &Evidence, thresholds: &Thresholds, sent: &[Sent<'_>]) -> Vec<Finding> {
    let mut by_address: FxHashMap<IpAddr, Vec<&Sent<'_>>> = FxHashMap::default();
    for one in sent {
        if let Some(remote) = one.socket.remote {
            by_address.entry(remote.address).or_default().push(one);
        }
    }
    let mut findings: Vec<Finding> = by_address
        .into_iter()
        .filter_map(|(address, sent)| {
            let again: u64 = sent.iter().map(|one| u64::from(one.again)).sum();
            let segments: u64 = sent.iter().map(|one| u64::from(one.segments)).sum();
            let rate = evidence.per_second(again)?;
            let percent = share(again, segments);
            if rate < thresholds.number(&CHECK, &DESTINATION)
                || percent < thresholds.number(&CHECK, &CRITICAL)
            {
                return None;
            }
            let (again_text, percent_text) = (grouped(again), decimal(percent));
            let mut finding = Finding::new(
                CHECK.name,
                Severity::Warning,
                Text::new(
                    format!("{again_text} segments to {address} had to be sent again ({percent_text} %)"),
                    format!(
                        "{} 가는 세그먼트 {again_text}개({percent_text}%)를 다시 보내야 했음",
                        particle(&address.to_string(), Particle::Towards)
                    ),
                ),
            );
            finding.subject = address.to_string();
            finding.amount = percent;
            finding.facts = vec![
                Fact::said("segments", segments),
                Fact::said("sent_again", again),
                Fact::said("percent", percent),
            ];
            describe(&mut finding, evidence, sent);
            Some(finding)
        })
        .collect();
    findings.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    findings
}

/// The connections, the processes, and what to do.
fn describe<'a>(finding: &mut Finding, evidence: &Evidence, sent: impl IntoIterator<Item = &'a Sent<'a>>) {
    let mut sent: Vec<&Sent<'_>> = sent.into_iter().collect();
    sent.sort_by_key(|one| std::cmp::Reverse(one.again));
    for (key, one) in ["worst", "second", "third"].into_iter().zip(&sent) {
        finding.facts.push(connection(key, one));
    }
    let addresses = counted(sent.iter().filter_map(|one| Some(one.socket.remote?.address)));
    if !sent.is_empty() {
        finding.facts.push(Fact::shown(
            "destinations",
            addresses.len(),
            Text::new(
                format!(
                    "{} to {} {} segments",
                    number_of(sent.len(), "connection", "connections"),
                    number_of(addresses.len(), "address", "addresses"),
                    if sent.len() == 1 { "loses" } else { "lose" }
                ),
                format!(
                    "주소 {}곳으로 가는 연결 {}개가 세그먼트를 잃음",
                    grouped(addresses.len()),
                    grouped(sent.len())
                ),
            ),
        ));
    }
    finding.processes = evidence.culprits(sent.iter().map(|one| one.socket));
    finding.rows = Some(
        "netstat --columns local,foreign,rtt,rttvar,retrans,segs_out,process --sort retrans:desc --limit 20 connected"
            .to_owned(),
    );
    finding.meaning = Some(if addresses.len() == 1 {
        Text::fixed(
            "The way to that one address loses packets: its link, a firewall or a path with a smaller packet size on the way, \
             or its host is overloaded.",
            "그 한 주소로 가는 길에서 패킷이 사라집니다. 그쪽 회선, 도중의 방화벽이나 작은 패킷 크기, 또는 과부하에 걸린 호스트입니다.",
        )
    } else {
        Text::fixed(
            "Packets are lost on the way: near this machine if all destinations suffer (a cable, a full link, a switch, a \
             virtual machine without processor time), near them if only some do.",
            "도중에 패킷이 사라집니다. 모든 목적지가 그렇다면 이 컴퓨터 가까이(케이블, 가득 찬 회선, 스위치, CPU를 얻지 못한 가상 \
             머신)이고, 일부만 그렇다면 그쪽 가까이입니다.",
        )
    });
    finding.next = vec![Text::fixed(
        "see whether this machine's own interfaces drop: netstat -e -v 5",
        "이 컴퓨터의 인터페이스가 버리는지 봅니다: netstat -e -v 5",
    )];
    if let Some((address, _)) = addresses.first() {
        let (way, size) = if cfg!(windows) {
            (format!("pathping -n {address}"), format!("ping -f -l 1472 {address}"))
        } else {
            (format!("mtr -n {address}"), format!("ping -M do -s 1472 {address}"))
        };
        finding.next.push(Text::new(
            format!("see where on the way: {way}, and for the packet size {size}"),
            format!("도중 어디인지 봅니다: {way}, 패킷 크기는 {size}"),
        ));
    }
}

/// One connection as a fact.
fn connection(key: &'static str, one: &Sent<'_>) -> Fact {
    let shown = |end: netstat_model::Endpoint| SocketAddr::new(end.address, end.port).to_string();
    let ends = match one.socket.remote {
        Some(remote) => format!("{} > {}", shown(one.socket.local), shown(remote)),
        None => shown(one.socket.local),
    };
    let tcp = one.socket.tcp.as_ref();
    let rtt = tcp.and_then(|tcp| tcp.rtt);
    let milliseconds = rtt.map(|rtt| decimal(rtt.as_secs_f64() * 1000.0));
    let rtt_text =
        milliseconds.map(|rtt| (format!(", RTT {rtt} ms"), format!(", 왕복 {rtt} ms"))).unwrap_or_default();
    let silent = tcp.and_then(|tcp| tcp.last_ack_received).filter(|silent| silent.as_secs() >= 1);
    let silent_text = silent
        .map(duration)
        .map(|text| {
            (format!(", silent for {}", text.of(EN)), format!(", {} 동안 조용함", text.of(super::text::KO)))
        })
        .unwrap_or_default();
    Fact::shown(
        key,
        serde_json::json!({
            "local": shown(one.socket.local),
            "remote": one.socket.remote.map(shown),
            "sent_again": one.again,
            "segments": one.segments,
            "rtt_ms": rtt.map(|rtt| rtt.as_secs_f64() * 1000.0),
        }),
        Text::new(
            format!(
                "{ends}: {} of {} sent again{}{}",
                grouped(one.again),
                grouped(one.segments),
                rtt_text.0,
                silent_text.0
            ),
            format!(
                "{ends}: {}개 가운데 {}개 다시 보냄{}{}",
                grouped(one.segments),
                grouped(one.again),
                rtt_text.1,
                silent_text.1
            ),
        ),
    )
}

#[cfg(test)]
mod tests;
