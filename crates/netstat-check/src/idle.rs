//! `idle`: connections on which nothing has happened for hours, and that nothing will end if their peers are gone.

use super::data::{check_data, say};
use super::holders::{counted, most_frequent};
use super::needs::{Details, LEAST_IDLE};
use super::text::host;
use super::{Check, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_engine::row::{IDLE_FIELDS, idle, keepalive};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{IpSocketRef, TcpState};
use std::time::Duration;

check_data!("idle.toml");

pub(crate) static CHECK: Check = Check {
    name: "idle",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::ESTABLISHED,
        fields: Fields::AGE,
        tcp: IDLE_FIELDS,
        details: Details::Idle,
        owners: States::ESTABLISHED,
        process: ProcessFields::NAME,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let limit = thresholds.seconds("idle").max(LEAST_IDLE);
    let all: Vec<IpSocketRef<'_>> =
        evidence.in_state(TcpState::Established).filter(|socket| leaves(socket)).collect();
    if !all.is_empty() && !evidence.now.tells_course {
        return vec![Finding::never_told(say!("not-told"), say!("next-not-told"))];
    }
    let is_idle = |socket: &&IpSocketRef<'_>| {
        keepalive(socket) == Some(false) && idle(socket).is_some_and(|idle| idle >= limit)
    };
    let quiet: Vec<IpSocketRef<'_>> = all.iter().filter(is_idle).copied().collect();
    let mut findings = Vec::new();
    for (holder, sockets) in evidence.by_holder(quiet.iter().copied()) {
        if sockets.len() < thresholds.count("notice").max(1) {
            continue;
        }
        let n = sockets.len();
        let mut finding = Finding::new(Severity::Notice, say!("idle", who = holder.text(), n, time = limit));
        finding.subject = holder.subject();
        finding.amount = n as f64;
        let oldest = sockets.iter().filter_map(|socket| idle(socket)).max().unwrap_or(Duration::ZERO);
        let peers = counted(sockets.iter().filter_map(|socket| Some(host(socket.remote?))));
        finding.facts = vec![
            Fact::said("connections", n),
            Fact::shown("oldest_seconds", oldest.as_secs(), say!("oldest", time = oldest)),
            Fact::shown("remote_addresses", peers.len(), say!("peers", listed = most_frequent(&peers))),
        ];
        finding.processes = evidence.culprits(sockets.iter().copied());
        finding.rows = Some(format!(
            "netstat --columns local,foreign,idle,keepalive,process --sort idle:desc established idle \">=\" {}s{}",
            limit.as_secs(),
            holder.filter_words()
        ));
        finding.meaning = Some(say!("meaning"));
        finding.next = vec![say!("next-keepalive")];
        if let Some((address, _)) = peers.first() {
            finding.next.push(say!("next-see", address));
        }
        findings.push(finding);
    }
    if findings.is_empty() {
        findings.push(Finding::ok(say!("ok", n = quiet.len())));
    }
    findings
}

/// Returns whether the peer is another machine: one on this machine cannot go without a word.
fn leaves(socket: &IpSocketRef<'_>) -> bool {
    socket
        .remote
        .is_some_and(|remote| !remote.address.is_loopback() && remote.address != socket.local.address)
}

#[cfg(all(test, not(windows)))]
mod tests {
    use super::super::made::{fired, held, lines, look, moment, queues, run, tcp, with};
    use super::*;
    use netstat_model::{Socket, TimerKind};

    fn quiet(peer: u8, seconds: u64) -> Socket {
        let socket = tcp("10.0.0.1:9000", &format!("10.0.2.{peer}:50000"), TcpState::Established);
        let socket = with(held(socket, 7), |tcp| {
            tcp.last_data_sent = Some(Duration::from_secs(seconds));
            tcp.last_data_received = Some(Duration::from_secs(seconds + 5));
        });
        queues(socket, 0, 0)
    }

    #[test]
    fn only_what_is_idle_without_keepalive_is_counted() {
        let found = |sockets: Vec<Socket>| lines(&run(&CHECK, &look(moment(100, sockets)), &[]));
        let many = |count: u8, seconds| (0..count).map(|peer| quiet(peer, seconds)).collect::<Vec<_>>();
        assert_eq!(
            found(many(12, 7200)),
            [
                "notice [p7 (7)] p7 (7) holds 12 connections on which no data went for 2 h or longer, without keepalive"
            ]
        );
        assert_eq!(found(many(12, 7199)), ["ok [] 0 connections are idle without keepalive"]);
        assert_eq!(found(many(9, 7200)), ["ok [] 9 connections are idle without keepalive"]);
        let kept = many(12, 7200).into_iter().map(|socket| fired(socket, TimerKind::KeepAlive, 0)).collect();
        assert_eq!(found(kept), ["ok [] 0 connections are idle without keepalive"]);
        let here = (0..12).map(|_| {
            let mut socket = quiet(1, 7200);
            let local = tcp("10.0.0.1:9000", "10.0.0.1:50000", TcpState::Established);
            socket.remote = local.remote;
            socket
        });
        assert_eq!(found(here.collect()), ["ok [] 0 connections are idle without keepalive"]);
        let untold = vec![tcp("10.0.0.1:9000", "10.0.2.1:5", TcpState::Established)];
        assert!(found(untold)[0].starts_with("unknown [] how long"));
    }
}
