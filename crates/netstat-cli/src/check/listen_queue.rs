//! `listen-queue`: connections that a listener loses because nobody accepts them in time.

use super::text::{EN, KO, decimal, grouped, number_of, were};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Holder, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, Socket, TcpExtCounters, TcpState};
use std::net::SocketAddr;

pub(crate) static CHECK: Check = Check {
    name: "listen-queue",
    summary: Text::fixed(
        "listeners whose queue of connections to accept is full, lost connections, SYN cookies",
        "수락 대기열이 가득 찬 리스너, 잃은 연결, SYN 쿠키",
    ),
    rule: Text::fixed(
        "A listener has a queue for connections that are there and that its program has not accepted. When more wait than its \
         limit, the kernel drops what comes: clients wait a second, then three, then seven, and give up. The queue of every \
         listener is looked at twice, a second apart. Full both times is a warning; if the system lost connections meanwhile \
         (ListenOverflows), it is critical. Full once, with none lost, is what a busy server looks like that accepts in \
         batches, and a notice at most.\n\n\
         Connections that were lost while no queue was seen full are a warning as well: the kernel counts for all listeners \
         together, and a queue can fill and empty in between. SYN cookies that are sent mean a queue of half-open \
         connections that is full: a flood, or a limit that is too small. Requests that a listener drops for another \
         reason (ListenDrops) are a notice, and a warning from listen-queue.critical on.",
        "리스너에는 연결이 이루어졌지만 프로그램이 아직 수락하지 않은 연결의 대기열이 있습니다. 한도보다 많이 기다리면 커널이 새 연결을 \
         버립니다. 클라이언트는 1초, 3초, 7초를 기다리다 포기합니다. 모든 리스너의 대기열을 1초 간격으로 두 번 봅니다. 두 번 모두 가득 \
         차 있으면 경고이고, 그 사이 시스템이 연결을 잃었으면(ListenOverflows) 위험입니다. 한 번만 가득 차고 잃은 것이 없으면 몰아서 \
         수락하는 바쁜 서버의 모습이므로 알림에 그칩니다.\n\n\
         가득 찬 대기열이 보이지 않았는데 연결을 잃은 것도 경고입니다. 커널은 모든 리스너를 합쳐 세고, 대기열은 그 사이에 찼다가 빌 수 \
         있습니다. SYN 쿠키를 보내는 것은 절반만 열린 연결의 대기열이 가득 찼다는 뜻입니다. 플러드이거나 한도가 너무 작은 것입니다. \
         다른 이유로 버려진 요청(ListenDrops)은 알림이고, listen-queue.critical부터는 경고입니다.",
    ),
    settings: &[&NEAR, &LOST, &CRITICAL],
    sources: &[
        "sock_diag: the queue of each listener and its limit",
        "ListenOverflows, ListenDrops, SyncookiesSent, TCPReqQFullDrop of /proc/net/netstat",
        "listen(2); Linux, Documentation/networking/ip-sysctl.rst (somaxconn, tcp_syncookies)",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: States::LISTEN,
        fields: Fields::empty(),
        owners: States::LISTEN,
        process: ProcessFields::NAME,
        counters: true,
        limits: true,
        twice: true,
        ..Needs::NOTHING
    },
    run,
};

static NEAR: Setting = Setting {
    name: "near",
    default: Default::Number(80.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share of a queue in use, both times, that is worth knowing; queues of fewer than 16 are not judged by it",
        "두 번 모두 이만큼 차 있으면 알립니다. 16보다 작은 대기열은 이것으로 판단하지 않습니다",
    ),
};

static LOST: Setting = Setting {
    name: "lost",
    default: Default::Number(1.0),
    unit: Text::fixed("connections a second", "개/초"),
    meaning: Text::fixed(
        "lost connections that are a warning; each costs a client a second or more",
        "경고할 잃은 연결의 수. 하나마다 클라이언트가 1초 이상 기다립니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(100.0),
    unit: Text::fixed("connections a second", "개/초"),
    meaning: Text::fixed(
        "lost connections that are critical wherever they were lost",
        "어디서 잃었든 위험으로 볼 잃은 연결의 수",
    ),
};

/// A queue, and how many wait in it.
#[derive(Debug, Clone, Copy)]
struct Queue {
    waiting: u32,
    limit: u32,
}

impl Queue {
    fn of(socket: &Socket) -> Option<Self> {
        Self::new(socket.recv_queue, socket.send_queue)
    }

    fn new(waiting: Option<u32>, limit: Option<u32>) -> Option<Self> {
        Some(Self { waiting: waiting?, limit: limit? })
    }

    /// The kernel takes one more than the limit.
    fn is_full(self) -> bool {
        self.waiting > self.limit
    }

    fn is_near(self, percent: f64) -> bool {
        self.limit >= 16 && f64::from(self.waiting) * 100.0 >= percent * f64::from(self.limit)
    }
}

fn extended(get: impl Fn(&TcpExtCounters) -> Option<u64>) -> impl Fn(&Counters) -> Option<u64> {
    move |counters| get(counters.tcp_ext.as_ref()?)
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let listeners: Vec<&Socket> = evidence.in_state(TcpState::Listen).collect();
    let overflows = evidence.grown(extended(|tcp| tcp.listen_overflows));
    let lost = overflows.and_then(|overflows| evidence.per_second(overflows)).unwrap_or(0.0);
    let is_lost = lost > 0.0 && lost >= thresholds.number(&CHECK, &LOST);
    let near = thresholds.number(&CHECK, &NEAR);

    let mut findings = Vec::new();
    let mut judged: usize = 0;
    for listener in &listeners {
        let Some(queue) = Queue::of(listener) else { continue };
        judged += 1;
        let then = evidence.before(listener).and_then(|then| Queue::new(then.recv_queue, then.send_queue));
        let full_before = then.is_some_and(Queue::is_full);
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
        findings.push(unseen(overflows.unwrap_or(0), lost, lost >= thresholds.number(&CHECK, &CRITICAL)));
    }
    findings.extend(cookies(evidence));
    if findings.iter().all(|finding| finding.severity < Severity::Warning) {
        findings.extend(other_drops(evidence, thresholds));
    }
    if !findings.is_empty() {
        return findings;
    }
    if judged == 0 && !listeners.is_empty() {
        return vec![Finding::never_told(
            CHECK.name,
            Text::fixed(
                "how many connections wait to be accepted is not told here",
                "수락을 기다리는 연결의 수를 이 시스템은 알려 주지 않음",
            ),
            Text::fixed("it takes sock_diag of Linux", "Linux의 sock_diag가 필요합니다"),
        )];
    }
    if overflows.is_none() && !listeners.is_empty() {
        return vec![losses_not_known(evidence)];
    }
    vec![Finding::ok(
        CHECK.name,
        Text::new(
            format!(
                "{}, no queue is full and no connection was lost",
                number_of(judged, "listener", "listeners")
            ),
            format!("리스너 {}개, 가득 찬 대기열도 잃은 연결도 없음", grouped(judged)),
        ),
    )]
}

/// No queue is full, and whether one was in between nobody tells.
fn losses_not_known(evidence: &Evidence) -> Finding {
    let needs = Text::fixed(
        "it takes ListenOverflows of /proc/net/netstat",
        "/proc/net/netstat의 ListenOverflows가 필요합니다",
    );
    match &evidence.now.counters {
        Err(lack) => Finding::unknown(
            CHECK.name,
            Text::new(
                format!(
                    "no queue is full now, and whether connections are lost is not known: {}",
                    lack.reason()
                ),
                format!("지금 가득 찬 대기열은 없지만, 연결을 잃는지 알 수 없음: {}", lack.reason()),
            ),
            needs,
        ),
        Ok(_) => Finding::never_told(
            CHECK.name,
            Text::fixed(
                "no queue is full now, and whether connections are lost is not told here",
                "지금 가득 찬 대기열은 없지만, 연결을 잃는지 이 시스템은 알려 주지 않음",
            ),
            needs,
        ),
    }
}

fn of_listener(
    evidence: &Evidence,
    listener: &Socket,
    queue: Queue,
    severity: Severity,
    overflows: Option<u64>,
) -> Finding {
    let address = SocketAddr::new(listener.local.address, listener.local.port);
    let holder = evidence.by_holder([listener]).into_iter().next().map(|(holder, _)| holder.text());
    let who = holder.unwrap_or(Text::fixed("a process", "프로세스"));
    let (waiting, limit) = (grouped(queue.waiting), grouped(queue.limit));
    let wait = match queue.waiting {
        1 => "1 connection waits".to_owned(),
        _ => format!("{waiting} connections wait"),
    };
    let sentence = if queue.is_full() {
        Text::new(
            format!("{} does not accept fast enough on {address}: {wait}, the limit is {limit}", who.of(EN)),
            format!("{}의 수락이 {address}에서 밀림: {waiting}개가 기다리고 한도는 {limit}개", who.of(KO)),
        )
    } else {
        Text::new(
            format!("the queue of {} on {address} is nearly full: {wait}, the limit is {limit}", who.of(EN)),
            format!("{}의 {address} 대기열이 거의 참: {waiting}개가 기다리고 한도는 {limit}개", who.of(KO)),
        )
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.subject = address.to_string();
    finding.amount = f64::from(queue.waiting);
    finding.facts = vec![Fact::said("waiting", queue.waiting), Fact::said("limit", queue.limit)];
    finding.facts.extend(lost_fact(overflows));
    let somaxconn = evidence.limits.as_ref().ok().and_then(|limits| limits.somaxconn);
    if let Some(somaxconn) = somaxconn {
        finding.facts.push(Fact::said("somaxconn", somaxconn));
    }
    finding.processes = evidence.culprits([listener]);
    finding.rows = Some(format!(
        "netstat --columns local,recvq,backlog,pid,process listening lport {}",
        listener.local.port
    ));
    finding.meaning = Some(Text::fixed(
        "The program accepts too slowly: it is out of threads, waits for something (a lock, a database, its log), is stopped, \
         or has no processor to run on. The queue only hides how long that lasts; a larger one helps with bursts, not with \
         a program that is too slow.",
        "프로그램의 수락이 너무 느립니다. 스레드가 모자라거나, 무언가(잠금, 데이터베이스, 로그)를 기다리거나, 멈춰 있거나, CPU를 얻지 못한 \
         것입니다. 대기열은 그 시간을 가려 줄 뿐입니다. 늘리면 순간적인 몰림에는 도움이 되지만, 느린 프로그램에는 도움이 되지 않습니다.",
    ));
    let top = match finding.processes.first().map(|culprit| &culprit.holder) {
        Some(Holder::Process { pid, .. }) => format!("top -H -p {pid}"),
        _ => "top -H".to_owned(),
    };
    finding.next = vec![Text::new(
        format!("see what the process does: {top}, its thread dump, its log"),
        format!("프로세스가 무엇을 하는지 봅니다: {top}, 스레드 덤프, 로그"),
    )];
    finding.next.push(match somaxconn {
        Some(somaxconn) if u64::from(queue.limit) >= somaxconn => Text::new(
            format!(
                "for bursts: the limit is that of the system, sysctl -w net.core.somaxconn={}, and restart the program",
                somaxconn.saturating_mul(4).max(1024)
            ),
            format!(
                "몰림에 대비: 한도가 시스템의 것이므로 sysctl -w net.core.somaxconn={} 후 프로그램을 다시 시작합니다",
                somaxconn.saturating_mul(4).max(1024)
            ),
        ),
        _ => Text::fixed(
            "for bursts: the program itself asks for that limit, raise its backlog (nginx: listen ... backlog=, Java: \
             acceptCount)",
            "몰림에 대비: 한도를 프로그램이 정했으므로 프로그램의 backlog를 늘립니다 (nginx: listen ... backlog=, Java: acceptCount)",
        ),
    });
    finding
}

fn lost_fact(overflows: Option<u64>) -> Option<Fact> {
    let lost = overflows?;
    if lost == 0 {
        return Some(Fact::said("lost", 0));
    }
    Some(Fact::shown(
        "lost",
        lost,
        Text::new(
            format!(
                "{} lost between the two looks, at all listeners together",
                were(lost, "connection", "connections")
            ),
            format!("두 번 보는 사이에 잃은 연결 {}개 (모든 리스너 합계)", grouped(lost)),
        ),
    ))
}

/// Connections were lost, and no queue was seen full.
fn unseen(lost: u64, rate: f64, critical: bool) -> Finding {
    let severity = if critical { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} lost at a full queue ({} a second), and none was seen full",
                were(lost, "connection", "connections"),
                decimal(rate)
            ),
            format!(
                "가득 찬 대기열에서 연결 {}개(초당 {}개)를 잃었지만, 볼 때는 가득 찬 것이 없었음",
                grouped(lost),
                decimal(rate)
            ),
        ),
    );
    finding.subject = "ListenOverflows".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("lost", lost), Fact::said("lost_per_second", rate)];
    finding.rows =
        Some("netstat --columns local,recvq,backlog,pid,process --sort recvq:desc listening".to_owned());
    finding.meaning = Some(Text::fixed(
        "A queue fills and empties faster than this program looks: bursts that a program accepts in batches, or a small \
         backlog.",
        "대기열이 보는 것보다 빨리 찼다가 빕니다. 몰려온 연결을 프로그램이 몰아서 수락하거나, backlog가 작은 것입니다.",
    ));
    finding.next = vec![Text::fixed(
        "catch it: netstat check listen-queue --watch 1s",
        "지켜봅니다: netstat check listen-queue --watch 1s",
    )];
    finding
}

/// Requests that listeners dropped for another reason than a full accept queue.
fn other_drops(evidence: &Evidence, thresholds: &Thresholds) -> Option<Finding> {
    let overflows = evidence.grown(extended(|tcp| tcp.listen_overflows))?;
    let dropped = evidence.grown(extended(|tcp| tcp.listen_drops))?.saturating_sub(overflows);
    let rate = evidence.per_second(dropped)?;
    let severity = thresholds.graded(&CHECK, rate, [&LOST, &CRITICAL, &CRITICAL])?.min(Severity::Warning);
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} dropped at listeners ({} a second), and not for a full accept queue",
                were(dropped, "request for a connection", "requests for a connection"),
                decimal(rate)
            ),
            format!(
                "리스너에서 연결 요청 {}개(초당 {}개)가 버려짐, 수락 대기열이 가득 차서는 아님",
                grouped(dropped),
                decimal(rate)
            ),
        ),
    );
    finding.subject = "ListenDrops".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("dropped", dropped), Fact::said("dropped_per_second", rate)];
    finding.rows = Some("netstat --group-by laddr,lport syn_received".to_owned());
    finding.meaning = Some(Text::fixed(
        "The kernel had no memory or no route for what came, or an error came back for the answer: requests with forged \
         addresses look like that, and so does a path back that is broken.",
        "커널에 메모리나 경로가 없었거나, 보낸 대답에 오류가 돌아왔습니다. 주소를 위조한 요청이 이런 모습이고, 돌아가는 길이 끊겨도 \
         그렇습니다.",
    ));
    finding.next = vec![Text::fixed(
        "see who does not complete: netstat check half-open",
        "마치지 않는 쪽을 봅니다: netstat check half-open",
    )];
    Some(finding)
}

/// The queue of half-open connections, which only counters tell of.
fn cookies(evidence: &Evidence) -> Option<Finding> {
    let sent = evidence.grown(extended(|tcp| tcp.syncookies_sent)).unwrap_or(0);
    let dropped = evidence.grown(extended(|tcp| tcp.req_q_full_drop)).unwrap_or(0);
    if sent == 0 && dropped == 0 {
        return None;
    }
    let sentence = if dropped > 0 {
        Text::new(
            format!(
                "{} dropped: the queue of half-open connections is full",
                were(dropped, "request for a connection", "requests for a connection")
            ),
            format!("연결 요청 {}개가 버려짐: 절반만 열린 연결의 대기열이 가득 참", grouped(dropped)),
        )
    } else {
        Text::new(
            format!(
                "{} sent: the queue of half-open connections is full",
                were(sent, "SYN cookie", "SYN cookies")
            ),
            format!("SYN 쿠키 {}개를 보냄: 절반만 열린 연결의 대기열이 가득 참", grouped(sent)),
        )
    };
    let mut finding = Finding::new(CHECK.name, Severity::Warning, sentence);
    finding.subject = "syncookies".to_owned();
    finding.amount = evidence.per_second(sent.max(dropped)).unwrap_or(0.0);
    let valid = evidence.grown(extended(|tcp| tcp.syncookies_recv)).unwrap_or(0);
    finding.facts = vec![
        Fact::said("cookies_sent", sent),
        Fact::said("dropped", dropped),
        Fact::shown(
            "cookies_valid",
            valid,
            Text::new(
                format!("cookies that came back and became connections: {}", grouped(valid)),
                format!("쿠키 {}개가 돌아와 연결이 됨", grouped(valid)),
            ),
        ),
    ];
    finding.rows = Some("netstat --group-by laddr,lport syn_received".to_owned());
    finding.meaning = Some(Text::fixed(
        "Either a flood of SYN (few cookies come back), or more clients at once than the queue has room for (most come \
         back). With cookies connections still come about, without some options.",
        "SYN 플러드(쿠키가 거의 돌아오지 않음)이거나, 대기열보다 많은 클라이언트가 한꺼번에 온 것(대부분 돌아옴)입니다. 쿠키가 있으면 \
         일부 옵션 없이도 연결은 이루어집니다.",
    ));
    finding.next = vec![
        Text::fixed(
            "see from where: netstat check half-open",
            "어디서 오는지 봅니다: netstat check half-open",
        ),
        Text::fixed(
            "for many clients: raise the backlog of the program, net.core.somaxconn and net.ipv4.tcp_max_syn_backlog",
            "클라이언트가 많은 경우: 프로그램의 backlog와 net.core.somaxconn, net.ipv4.tcp_max_syn_backlog를 늘립니다",
        ),
    ];
    Some(finding)
}

#[cfg(test)]
mod tests;
