//! `half-open`: connections to a listener here that the other side does not complete.

use super::holders::counted;
use super::text::{grouped, is_or_are, number_of};
use super::thresholds::Default;
use super::waiting::Waiting;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Socket, TcpState};
use rustc_hash::FxHashMap;
use std::net::{IpAddr, SocketAddr};

pub(crate) static CHECK: Check = Check {
    name: "half-open",
    summary: Text::fixed(
        "connections to listeners here that the other side does not complete",
        "이쪽 리스너에 왔지만 상대가 마치지 않은 연결",
    ),
    rule: Text::fixed(
        "SYN_RECEIVED lasts one round trip. A request whose SYN-ACK had to be sent again has been waiting for a second or \
         longer; such requests are counted for each listening address and port. Younger ones are not: a busy server with \
         distant clients has many at any moment. Nor are clients that have answered, and whom a listener keeps waiting \
         in this state until they send something (TCP_DEFER_ACCEPT).\n\n\
         Many remote addresses with a request or two each are the picture of a flood with forged addresses; a few addresses \
         with many are one that does not get our answers: an asymmetric path, or a firewall that lets only one direction \
         through. Which it is, is said as a fact and not as a verdict. The limit is tcp_max_syn_backlog, or the backlog of \
         the listener where that is less; SYN cookies keep a server reachable beyond it (see listen-queue).",
        "SYN_RECEIVED는 왕복 한 번 동안만 이어집니다. SYN-ACK를 다시 보낸 요청은 1초 이상 기다린 것이고, 그런 요청을 수신 대기 주소와 \
         포트마다 셉니다. 더 젊은 것은 세지 않습니다. 먼 클라이언트가 많은 바쁜 서버는 언제나 많이 갖고 있습니다. \
         대답은 했지만 데이터를 보낼 때까지 리스너가 이 상태로 두는 클라이언트(TCP_DEFER_ACCEPT)도 세지 않습니다.\n\n\
         원격 주소가 많고 주소마다 요청이 한둘이면 주소를 위조한 플러드의 모습입니다. 주소가 몇 안 되는데 요청이 많으면 우리의 대답을 받지 \
         못하는 것입니다. 비대칭 경로이거나 한 방향만 통과시키는 방화벽입니다. 어느 쪽인지는 단정하지 않고 사실로만 보여 줍니다. 한도는 \
         tcp_max_syn_backlog와 리스너의 backlog 가운데 작은 것이고, 그 이상은 SYN 쿠키가 서버를 지켜 줍니다(listen-queue).",
    ),
    settings: &[&NOTICE, &WARNING, &CRITICAL],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable: requests in SYN_RECEIVED, and how often the SYN-ACK was sent again",
        "RFC 4987 (SYN flooding); tcp_max_syn_backlog, tcp_synack_retries in Linux, Documentation/networking/ip-sysctl.rst",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: States::SYN_RECEIVED.union(States::LISTEN),
        fields: Fields::empty(),
        owners: States::LISTEN,
        process: ProcessFields::NAME,
        limits: true,
        twice: Waiting::LOOKS_TWICE,
        ..Needs::NOTHING
    },
    run,
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(20.0),
    unit: Text::fixed("requests", "개"),
    meaning: Text::fixed(
        "requests waiting at one listener that are worth knowing; any server on the internet has some from scanners",
        "알릴 만한, 한 리스너에서 기다리는 요청 수. 인터넷의 서버에는 스캐너가 남긴 것이 늘 조금 있습니다",
    ),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(100.0),
    unit: Text::fixed("requests", "개"),
    meaning: Text::fixed(
        "requests waiting at one listener that are a warning; 128 is a usual tcp_max_syn_backlog on a small machine",
        "경고할, 한 리스너에서 기다리는 요청 수. 작은 컴퓨터의 tcp_max_syn_backlog는 흔히 128입니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(1000.0),
    unit: Text::fixed("requests", "개"),
    meaning: Text::fixed(
        "requests waiting at one listener that are critical",
        "위험으로 볼, 한 리스너에서 기다리는 요청 수",
    ),
};

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let all = evidence.in_state(TcpState::SynReceived).count();
    let waiting = Waiting::of(evidence, TcpState::SynReceived);
    let findings = waiting.judged(
        |late| judge(evidence, thresholds, late),
        |perhaps| {
            Finding::unknown(
                CHECK.name,
                Text::new(
                    format!(
                        "{} {} half-open, and the system does not tell for how long",
                        number_of(perhaps, "connection", "connections"),
                        is_or_are(perhaps)
                    ),
                    format!(
                        "절반만 열린 연결 {}개, 얼마나 기다렸는지 시스템이 알려 주지 않음",
                        grouped(perhaps)
                    ),
                ),
                Text::fixed(
                    "watch them: netstat check half-open --watch 5s",
                    "지켜봅니다: netstat check half-open --watch 5s",
                ),
            )
        },
    );
    if !findings.is_empty() {
        return findings;
    }
    let late = grouped(waiting.late.len());
    vec![Finding::ok(
        CHECK.name,
        Text::new(
            format!(
                "{}, {late} waiting for long",
                number_of(all, "half-open connection", "half-open connections")
            ),
            format!("절반만 열린 연결 {}개, 그중 오래 기다린 것 {late}개", grouped(all)),
        ),
    )]
}

/// What is the matter with requests that wait for long, if anything is.
fn judge(evidence: &Evidence, thresholds: &Thresholds, late: &[&Socket]) -> Vec<Finding> {
    let mut by_local: FxHashMap<(IpAddr, u16), Vec<&Socket>> = FxHashMap::default();
    for socket in late {
        by_local.entry((socket.local.address, socket.local.port)).or_default().push(socket);
    }
    let mut findings: Vec<Finding> = by_local
        .iter()
        .filter_map(|(&(address, port), sockets)| {
            let severity = thresholds.graded(&CHECK, sockets.len() as f64, [&NOTICE, &WARNING, &CRITICAL])?;
            Some(at_listener(evidence, SocketAddr::new(address, port), sockets, severity))
        })
        .collect();
    findings.sort_by(|one, other| {
        other.amount.total_cmp(&one.amount).then_with(|| one.subject.cmp(&other.subject))
    });
    findings
}

/// The addresses that requests come from, the most frequent first.
fn from_where(peers: &[(IpAddr, usize)]) -> Text {
    if let [(address, _)] = peers {
        return Text::new(format!("all from {address}"), format!("모두 {address}에서 옴"));
    }
    let listed: Vec<String> =
        peers.iter().take(3).map(|(address, count)| format!("{address} ({})", grouped(*count))).collect();
    let listed = listed.join(", ");
    let count = grouped(peers.len());
    Text::new(
        format!("from {count} remote addresses, most from {listed}"),
        format!("원격 주소 {count}개, 많은 순서로 {listed}"),
    )
}

fn at_listener(evidence: &Evidence, local: SocketAddr, sockets: &[&Socket], severity: Severity) -> Finding {
    let count = grouped(sockets.len());
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} to {local} {} half-open: no answer to the SYN-ACK",
                number_of(sockets.len(), "connection", "connections"),
                is_or_are(sockets.len())
            ),
            format!("{local}에 절반만 열린 연결 {count}개, SYN-ACK에 대답이 없음"),
        ),
    );
    finding.subject = local.to_string();
    finding.amount = sockets.len() as f64;
    let peers = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
    finding.facts = vec![
        Fact::said("half_open", sockets.len()),
        Fact::shown("remote_addresses", peers.len(), from_where(&peers)),
    ];
    // A request belongs to no process; the listener that it came to does.
    let listeners = || {
        evidence.in_state(TcpState::Listen).filter(|listener| {
            let address = listener.local.address;
            listener.local.port == local.port() && (address == local.ip() || address.is_unspecified())
        })
    };
    if let Some(limit) = evidence.limits.as_ref().ok().and_then(|limits| limits.max_syn_backlog) {
        finding.facts.push(Fact::shown(
            "max_syn_backlog",
            limit,
            Text::same(format!("tcp_max_syn_backlog: {}", grouped(limit))),
        ));
    }
    // Of a listener this is how many it lets wait.
    if let Some(backlog) = listeners().filter_map(|listener| listener.send_queue).min() {
        finding.facts.push(Fact::shown(
            "backlog",
            backlog,
            Text::new(
                format!("the backlog of the listener: {}", grouped(backlog)),
                format!("리스너의 backlog: {}", grouped(backlog)),
            ),
        ));
    }
    finding.processes = evidence.culprits(listeners());
    finding.processes.iter_mut().for_each(|culprit| culprit.sockets = 0);
    finding.rows =
        Some(format!("netstat --group-by raddr syn_received src {} lport {}", local.ip(), local.port()));
    let many = peers.len() * 2 > sockets.len();
    finding.facts.push(Fact::said("mostly_different_addresses", many));
    finding.meaning = Some(if many {
        Text::fixed(
            "Nearly every request comes from another address: a SYN flood with forged addresses looks like that, and so does a \
             path back to the internet that is broken.",
            "요청마다 주소가 거의 다릅니다. 주소를 위조한 SYN 플러드가 이런 모습이고, 인터넷으로 돌아가는 길이 끊겨도 그렇습니다.",
        )
    } else {
        Text::fixed(
            "A few hosts do not get our answers: the way back is another than the way here, or a firewall lets only one \
             direction through.",
            "몇몇 호스트가 우리의 대답을 받지 못합니다. 돌아가는 길이 온 길과 다르거나, 방화벽이 한 방향만 통과시킵니다.",
        )
    });
    finding.next = vec![
        Text::of_system(
            Text::fixed(
                "see whether answers leave: netstat -s -p tcp 5 (segments sent again), tcpdump 'tcp[13]&18==18'",
                "대답이 나가는지 봅니다: netstat -s -p tcp 5 (다시 보낸 세그먼트), tcpdump 'tcp[13]&18==18'",
            ),
            Text::fixed(
                "see whether answers leave: netstat -s -p tcp 5 (segments sent again), pktmon start --capture",
                "대답이 나가는지 봅니다: netstat -s -p tcp 5 (다시 보낸 세그먼트), pktmon start --capture",
            ),
        ),
        match peers.first() {
            Some((address, _)) if !many => Text::same(if cfg!(windows) {
                format!("Find-NetRoute -RemoteIPAddress {address}")
            } else {
                format!("ip route get {address}")
            })
            .around("see the way back: ", "", "돌아가는 길을 봅니다: ", ""),
            _ => Text::of_system(
                Text::fixed(
                    "in a flood: net.ipv4.tcp_syncookies=1 keeps the server reachable; ask the provider to filter",
                    "플러드라면 net.ipv4.tcp_syncookies=1이 서버를 지켜 줍니다. 회선 사업자에게 차단을 요청합니다",
                ),
                Text::fixed(
                    "in a flood: Windows gives up half-open connections sooner by itself; ask the provider to filter",
                    "플러드라면 Windows가 절반만 열린 연결을 스스로 더 빨리 포기합니다. 회선 사업자에게 차단을 요청합니다",
                ),
            ),
        },
    ];
    finding
}

#[cfg(test)]
mod tests;
