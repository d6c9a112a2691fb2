//! `connecting`: connections that are begun here and never answered.

use super::holders::counted;
use super::text::{EN, KO, Particle, grouped, number_of, particle};
use super::thresholds::Default;
use super::waiting::Waiting;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Endpoint, Socket, TcpState};
use rustc_hash::FxHashMap;
use std::net::SocketAddr;

pub(crate) static CHECK: Check = Check {
    name: "connecting",
    summary: Text::fixed(
        "connections that are begun here and get no answer",
        "여기서 시작했지만 대답이 없는 연결",
    ),
    rule: Text::fixed(
        "SYN_SENT lasts one round trip. A connection whose SYN had to be sent again has been waiting for a second or longer, \
         and it is such connections that are counted, for each remote address and port: nobody answers there, or a firewall \
         drops what is sent. A host that is up and has no listener refuses at once and never shows here.\n\n\
         A program that waits for many destinations at a time is told apart, because the fault is then on this side: a route, \
         a firewall, a network that is down, or a program that tries addresses one after the other.\n\n\
         Connections in SYN_SENT that are younger are not counted: a crawler or a proxy has many at any moment. Where the \
         system does not tell how often the SYN was sent (Windows), a connection counts that two looks, a second apart, find \
         waiting.",
        "SYN_SENT는 왕복 한 번 동안만 이어집니다. SYN을 다시 보낸 연결은 1초 이상 기다린 것이고, 그런 연결을 원격 주소와 포트마다 셉니다. \
         그곳에서 아무도 대답하지 않거나, 방화벽이 버리는 것입니다. 켜져 있지만 리스너가 없는 호스트는 바로 거절하므로 여기 나타나지 \
         않습니다.\n\n\
         한 프로그램이 여러 목적지를 한꺼번에 기다리면 따로 알립니다. 그때는 이쪽의 문제이기 때문입니다. 경로, 방화벽, 끊긴 네트워크, 또는 \
         주소를 차례로 시도하는 프로그램입니다.\n\n\
         더 젊은 SYN_SENT는 세지 않습니다. 크롤러나 프록시는 언제나 많이 갖고 있습니다. SYN을 몇 번 보냈는지 알려 주지 않는 \
         시스템(Windows)에서는 1초 간격으로 두 번 보아 모두 기다리고 있는 연결을 셉니다.",
    ),
    settings: &[&NOTICE, &WARNING, &CRITICAL, &DESTINATIONS],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable: connections in SYN_SENT, and how often their timer has fired",
        "RFC 6298 (the first SYN is sent again after a second); tcp_syn_retries in Linux, Documentation/networking/ip-sysctl.rst",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: States::SYN_SENT.union(States::LISTEN),
        fields: Fields::empty(),
        owners: States::SYN_SENT,
        process: ProcessFields::NAME,
        twice: Waiting::LOOKS_TWICE,
        ..Needs::NOTHING
    },
    run,
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(3.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "unanswered connections to one place that are worth knowing; one or two are an agent whose server is away",
        "알릴 만한, 한곳으로 가는 대답 없는 연결 수. 한두 개는 서버가 없는 에이전트입니다",
    ),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(10.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "unanswered connections to one place that are a warning: something here depends on it",
        "경고할, 한곳으로 가는 대답 없는 연결 수. 여기의 무언가가 그곳에 기대고 있습니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(200.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "unanswered connections to one place that are critical: each holds a thread or a descriptor for two minutes",
        "위험으로 볼, 한곳으로 가는 대답 없는 연결 수. 하나마다 스레드나 디스크립터를 2분 동안 붙듭니다",
    ),
};

static DESTINATIONS: Setting = Setting {
    name: "destinations",
    default: Default::Number(20.0),
    unit: Text::fixed("destinations", "곳"),
    meaning: Text::fixed(
        "unanswered destinations of one process at a time that are a warning",
        "경고할, 한 프로세스가 한꺼번에 기다리는 대답 없는 목적지의 수",
    ),
};

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let all = evidence.in_state(TcpState::SynSent).count();
    let waiting = Waiting::of(evidence, TcpState::SynSent);
    let findings = waiting.judged(
        |unanswered| judge(evidence, thresholds, unanswered),
        |perhaps| {
            let count = grouped(perhaps);
            Finding::unknown(
                CHECK.name,
                Text::new(
                    format!(
                        "{} for an answer, and the system does not tell for how long",
                        match perhaps {
                            1 => "1 connection waits".to_owned(),
                            _ => format!("{count} connections wait"),
                        }
                    ),
                    format!("대답을 기다리는 연결 {count}개, 얼마나 기다렸는지 시스템이 알려 주지 않음"),
                ),
                Text::fixed(
                    "watch them: netstat check connecting --watch 5s",
                    "지켜봅니다: netstat check connecting --watch 5s",
                ),
            )
        },
    );
    if !findings.is_empty() {
        return findings;
    }
    let unanswered = grouped(waiting.late.len());
    vec![Finding::ok(
        CHECK.name,
        Text::new(
            format!("{} in SYN_SENT, {unanswered} unanswered", number_of(all, "connection", "connections")),
            format!("SYN_SENT 연결 {}개, 그중 대답 없는 것 {unanswered}개", grouped(all)),
        ),
    )]
}

/// What is the matter with unanswered connections, if anything is.
fn judge(evidence: &Evidence, thresholds: &Thresholds, unanswered: &[&Socket]) -> Vec<Finding> {
    let mut by_remote: FxHashMap<Endpoint, Vec<&Socket>> = FxHashMap::default();
    for socket in unanswered {
        if let Some(remote) = socket.remote {
            by_remote.entry(remote).or_default().push(socket);
        }
    }
    let mut findings: Vec<Finding> = by_remote
        .iter()
        .filter_map(|(remote, sockets)| {
            let severity = thresholds.graded(&CHECK, sockets.len() as f64, [&NOTICE, &WARNING, &CRITICAL])?;
            Some(to_one_place(evidence, *remote, sockets, severity))
        })
        .collect();
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    findings.extend(to_many_places(evidence, thresholds, unanswered));
    findings
}

/// Whether the listener that does not answer is on this machine.
fn is_here(evidence: &Evidence, remote: Endpoint, sockets: &[&Socket]) -> bool {
    let own =
        remote.address.is_loopback() || sockets.iter().any(|socket| socket.local.address == remote.address);
    evidence.in_state(TcpState::Listen).any(|listener| {
        listener.local.port == remote.port && (own || listener.local.address == remote.address)
    })
}

fn to_one_place(evidence: &Evidence, remote: Endpoint, sockets: &[&Socket], severity: Severity) -> Finding {
    let end = SocketAddr::new(remote.address, remote.port);
    let count = grouped(sockets.len());
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} to {end} {} no answer",
                number_of(sockets.len(), "connection", "connections"),
                if sockets.len() == 1 { "gets" } else { "get" }
            ),
            format!("{} 가는 연결 {count}개에 대답이 없음", particle(&end.to_string(), Particle::Towards)),
        ),
    );
    finding.subject = end.to_string();
    finding.amount = sockets.len() as f64;
    let most = sockets.iter().filter_map(|socket| socket.timer).map(|timer| timer.retransmits).max();
    finding.facts = vec![Fact::said("connections", sockets.len())];
    if let Some(most) = most {
        finding.facts.push(Fact::shown(
            "syn_sent_again",
            most,
            Text::new(
                format!(
                    "the SYN of one was sent again {}",
                    if most == 1 { "once".to_owned() } else { format!("{most} times") }
                ),
                format!("SYN을 가장 많이 다시 보낸 것은 {most}번"),
            ),
        ));
    }
    finding.processes = evidence.culprits(sockets.iter().copied());
    // Windows tells of no timer.
    let timer = if cfg!(windows) { "" } else { "timer," };
    finding.rows = Some(format!(
        "netstat --columns local,foreign,{timer}pid,process syn_sent dst {} rport {}",
        remote.address, remote.port
    ));
    if is_here(evidence, remote, sockets) {
        finding.facts.push(Fact::said("listener_here", true));
        finding.meaning = Some(Text::fixed(
            "The listener is on this machine, so the network is not at fault: its queue is full and it does not accept, or a \
             firewall here drops the packets.",
            "리스너가 이 컴퓨터에 있으므로 네트워크 문제가 아닙니다. 대기열이 가득 찼는데 수락하지 않거나, 이쪽 방화벽이 버립니다.",
        ));
        finding.next = vec![Text::fixed(
            "look at the listener: netstat check listen-queue",
            "리스너를 봅니다: netstat check listen-queue",
        )];
        return finding;
    }
    finding.meaning = Some(Text::fixed(
        "The host is down, the route is broken, or a firewall drops the packets without a word. The port is not simply closed: \
         that would be refused at once.",
        "호스트가 꺼져 있거나, 경로가 끊겼거나, 방화벽이 말없이 버립니다. 포트가 닫혀 있을 뿐이라면 바로 거절됩니다.",
    ));
    finding.next = vec![
        Text::same(if cfg!(windows) {
            format!("ping {0}, tracert {0}, Find-NetRoute -RemoteIPAddress {0}", remote.address)
        } else {
            format!("ping {0}, traceroute {0}, ip route get {0}", remote.address)
        })
        .around("see where packets end: ", "", "어디서 끊기는지 봅니다: ", ""),
        Text::new(
            format!(
                "see whether other ports answer, and whether the firewall there or here names port {}",
                remote.port
            ),
            format!(
                "다른 포트는 대답하는지, 이쪽이나 저쪽 방화벽에 포트 {} 있는지 봅니다",
                particle(&remote.port.to_string(), Particle::Subject)
            ),
        ),
    ];
    finding
}

/// Processes that wait for many places at once.
fn to_many_places(evidence: &Evidence, thresholds: &Thresholds, unanswered: &[&Socket]) -> Vec<Finding> {
    let limit = thresholds.count(&CHECK, &DESTINATIONS).max(2);
    let mut findings = Vec::new();
    for (holder, sockets) in evidence.by_holder(unanswered.iter().copied()) {
        let places = counted(sockets.iter().filter_map(|socket| socket.remote));
        if places.len() < limit {
            continue;
        }
        let who = holder.text();
        let count = grouped(places.len());
        let mut finding = Finding::new(
            CHECK.name,
            Severity::Warning,
            Text::new(
                format!("{} waits for {count} destinations at once, and none of them answers", who.of(EN)),
                format!(
                    "{} 목적지 {count}곳을 한꺼번에 기다리고, 어느 곳도 대답하지 않음",
                    particle(who.of(KO), Particle::Subject)
                ),
            ),
        );
        finding.subject = format!("{} to many", holder.subject());
        finding.amount = places.len() as f64;
        let ports = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.port)));
        let addresses = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
        finding.facts = vec![
            Fact::said("destinations", places.len()),
            Fact::said("connections", sockets.len()),
            Fact::shown(
                "addresses",
                addresses.len(),
                Text::new(
                    match addresses.as_slice() {
                        [(address, _)] => format!("all of them at {address}"),
                        many => format!("at {} addresses", grouped(many.len())),
                    },
                    match addresses.as_slice() {
                        [(address, _)] => format!("모두 주소 {address}"),
                        many => format!("주소 {}개", grouped(many.len())),
                    },
                ),
            ),
            Fact::shown(
                "ports",
                ports.len(),
                Text::new(
                    match ports.len() {
                        1 => format!("all of them to port {}", first_ports(&ports)),
                        many => {
                            format!("{} remote ports, most often {}", grouped(many), first_ports(&ports))
                        }
                    },
                    match ports.len() {
                        1 => format!("모두 원격 포트 {}", first_ports(&ports)),
                        many => {
                            format!("원격 포트 {}가지, 많은 순서로 {}", grouped(many), first_ports(&ports))
                        }
                    },
                ),
            ),
        ];
        finding.processes = evidence.culprits(sockets.iter().copied());
        let process = holder.filter().map(|filter| format!(" {filter}")).unwrap_or_default();
        finding.rows = Some(format!("netstat --group-by raddr,rport syn_sent{process}"));
        finding.meaning = Some(Text::fixed(
            "This machine has lost the way to the network, or a firewall on the way drops everything; or the program looks for \
             hosts one after the other, as monitoring, peer-to-peer programs and port scanners do.",
            "이 컴퓨터가 네트워크로 가는 길을 잃었거나, 도중의 방화벽이 모두 버립니다. 또는 감시 도구, P2P 프로그램, 포트 스캐너처럼 \
             호스트를 차례로 찾는 프로그램입니다.",
        ));
        finding.next = vec![
            Text::of_system(
                Text::fixed(
                    "see whether the network is there: ip route, ping the gateway",
                    "네트워크를 확인합니다: ip route, 게이트웨이로 ping",
                ),
                Text::fixed(
                    "see whether the network is there: netstat -r, ping the gateway",
                    "네트워크를 확인합니다: netstat -r, 게이트웨이로 ping",
                ),
            ),
            Text::fixed(
                "see whether the program is meant to do that",
                "프로그램이 원래 그렇게 하는지 확인합니다",
            ),
        ];
        findings.push(finding);
    }
    findings
}

fn first_ports(ports: &[(u16, usize)]) -> String {
    let first: Vec<String> = ports.iter().take(3).map(|(port, _)| port.to_string()).collect();
    first.join(", ")
}

#[cfg(test)]
mod tests;
