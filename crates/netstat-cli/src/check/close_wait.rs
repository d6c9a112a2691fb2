//! `close-wait`: connections that the peer has closed and the program has not.

use super::holders::{Holder, counted, to_see_one};
use super::text::{EN, KO, bytes, duration, grouped, number_of};
use super::thresholds::Default;
use super::{Check, Culprit, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Endpoint, NoOwner, Socket, TcpState};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub(crate) static CHECK: Check = Check {
    name: "close-wait",
    summary: Text::fixed(
        "connections that the peer has closed and the program has not",
        "상대가 닫았는데 프로그램이 닫지 않은 연결",
    ),
    rule: Text::fixed(
        "CLOSE_WAIT begins when the peer closes and ends when the program closes, so it lasts milliseconds in a program \
         that closes. Judged is each process by itself, by the connections of it that are old: those whose peer has \
         been silent, after its FIN, for close-wait.old seconds or longer. When the FIN came, the kernel does not tell; \
         the last segment of the peer was no earlier. Under --watch a connection is also old once it has been seen in \
         the state for so long.\n\n\
         Many connections that are young are a burst: a busy server that a load balancer is leaving looks like that for \
         a moment. A few old ones are what an idle pool of connections holds until it uses them again. Neither is more \
         than a notice.\n\n\
         A connection in CLOSE_WAIT that no process holds is still in the queue of its listener: the client gave up before \
         the program accepted it. Such are judged alike, for each listener.\n\n\
         Where the system does not tell the age of a connection (Windows, /proc/net), many are unknown until they have \
         been watched.",
        "CLOSE_WAIT는 상대가 닫을 때 시작해서 프로그램이 닫을 때 끝나므로, 제대로 닫는 프로그램에서는 몇 밀리초입니다. 프로세스마다 \
         오래된 연결의 수로 판단합니다. 오래된 연결이란 상대가 FIN을 보낸 뒤 close-wait.old초 이상 아무것도 보내지 않은 연결입니다. \
         FIN이 온 시각은 커널이 알려 주지 않지만, 상대의 마지막 세그먼트보다 늦지 않습니다. --watch에서는 그 시간만큼 지켜본 \
         연결도 오래된 것입니다.\n\n\
         젊은 연결이 많은 것은 순간적인 몰림입니다. 로드 밸런서가 빠지는 바쁜 서버가 잠시 그렇게 보입니다. 오래된 연결 몇 개는 쉬고 \
         있는 연결 풀이 다시 쓸 때까지 들고 있는 것입니다. 둘 다 알림을 넘지 않습니다.\n\n\
         어느 프로세스도 들고 있지 않은 CLOSE_WAIT는 아직 리스너의 수락 대기열에 있는 연결입니다. 프로그램이 수락하기 전에 \
         클라이언트가 포기한 것이고, 리스너마다 똑같이 판단합니다.\n\n\
         시스템이 연결의 나이를 알려 주지 않으면(Windows, /proc/net) 많은 연결은 지켜볼 때까지 알 수 없습니다.",
    ),
    settings: &[&OLD, &NOTICE, &WARNING, &CRITICAL, &BURST],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable: states, receive queues, tcpi_last_ack_recv; owners of the sockets",
        "RFC 9293, section 3.6 (closing a connection)",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: States::CLOSE_WAIT.union(States::LISTEN),
        fields: Fields::TCP_INFO,
        owners: States::CLOSE_WAIT.union(States::LISTEN),
        process: ProcessFields::NAME,
        ..Needs::NOTHING
    },
    run,
};

static OLD: Setting = Setting {
    name: "old",
    default: Default::Number(60.0),
    unit: Text::fixed("seconds", "초"),
    meaning: Text::fixed(
        "a connection is old when its peer has been silent for so long; no program takes a minute to close",
        "상대가 이만큼 조용하면 오래된 연결입니다. 닫는 데 1분이 걸리는 프로그램은 없습니다",
    ),
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(20.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "old connections of one process that are worth knowing; an idle pool holds about so many",
        "알릴 만한, 한 프로세스의 오래된 연결 수. 쉬는 연결 풀이 이 정도를 들고 있습니다",
    ),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(100.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "old connections of one process that are a leak; few pools are larger",
        "누수로 보는, 한 프로세스의 오래된 연결 수. 이보다 큰 풀은 드뭅니다",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(1000.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "old connections of one process that soon use up its descriptors; the usual limit is 1,024",
        "디스크립터를 곧 다 쓰는, 한 프로세스의 오래된 연결 수. 흔한 한도는 1,024입니다",
    ),
};

static BURST: Setting = Setting {
    name: "burst",
    default: Default::Number(500.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "connections of one process in the state, young ones included, that are worth knowing",
        "젊은 것까지 세어 알릴 만한, 한 프로세스의 연결 수",
    ),
};

/// How long a connection has been in the state at least, as far as can be known.
fn age(evidence: &Evidence, socket: &Socket) -> Option<Duration> {
    // The time in the state, where the system has it, is better than what can be concluded.
    let told = socket.time_in_state.or(socket.tcp.as_ref().and_then(|tcp| tcp.last_ack_received));
    told.max(evidence.watched_for(socket))
}

/// Where connections are.
enum Place<'a> {
    /// With a process, or with one that is not known.
    Holder(Holder),
    /// In the queue of a listener at this end; `None` where the filter leaves no listener.
    Queue(Endpoint, Option<&'a Socket>),
}

impl Place<'_> {
    fn text(&self, evidence: &Evidence) -> Text {
        match self {
            Self::Holder(holder) => holder.text(),
            Self::Queue(end, listener) => {
                let end = SocketAddr::new(end.address, end.port);
                let who = listener.and_then(|listener| evidence.by_holder([listener]).into_iter().next());
                let who = who.map(|(holder, _)| holder.text());
                let (en, ko) = who.map_or_else(<(String, String)>::default, |who| {
                    (format!(" of {}", who.of(EN)), format!("{}의 ", who.of(KO)))
                });
                Text::new(format!("the accept queue{en} on {end}"), format!("{ko}{end} 수락 대기열"))
            }
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Holder(holder) => holder.subject(),
            Self::Queue(end, _) => format!("accept queue of {}", SocketAddr::new(end.address, end.port)),
        }
    }
}

/// The connections by where they are, the largest group first.
fn groups(evidence: &Evidence) -> Vec<(Place<'_>, Vec<&Socket>)> {
    let mut groups = Vec::new();
    let mut queues: BTreeMap<Endpoint, (Option<&Socket>, Vec<&Socket>)> = BTreeMap::new();
    for (holder, sockets) in evidence.by_holder(evidence.in_state(TcpState::CloseWait)) {
        // What was accepted and is closed is not in CLOSE_WAIT any longer.
        if holder != Holder::Nobody(NoOwner::NoProcess) {
            groups.push((Place::Holder(holder), sockets));
            continue;
        }
        for socket in sockets {
            let listener = evidence.listener(socket.local);
            let end = listener.map_or(socket.local, |listener| listener.local);
            queues.entry(end).or_insert((listener, Vec::new())).1.push(socket);
        }
    }
    let queues = queues.into_iter().map(|(end, (listener, sockets))| (Place::Queue(end, listener), sockets));
    groups.extend(queues);
    groups.sort_by_key(|(_, sockets)| std::cmp::Reverse(sockets.len()));
    groups
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let groups = groups(evidence);
    let all: usize = groups.iter().map(|(_, sockets)| sockets.len()).sum();
    let findings: Vec<Finding> =
        groups.iter().filter_map(|(who, sockets)| judge(evidence, thresholds, who, sockets)).collect();
    if findings.is_empty() {
        return vec![Finding::ok(
            CHECK.name,
            Text::new(
                format!(
                    "{} in CLOSE_WAIT, no process holds many old ones",
                    number_of(all, "connection", "connections")
                ),
                format!("CLOSE_WAIT 연결 {}개, 오래된 것을 많이 든 프로세스 없음", grouped(all)),
            ),
        )];
    }
    findings
}

/// What is the matter with the connections in one place, if anything is.
fn judge(
    evidence: &Evidence,
    thresholds: &Thresholds,
    place: &Place<'_>,
    sockets: &[&Socket],
) -> Option<Finding> {
    let at_least = |setting: &Setting| thresholds.count(&CHECK, setting).max(1);
    let limit = thresholds.seconds(&CHECK, &OLD);
    let ages: Vec<Option<Duration>> = sockets.iter().map(|socket| age(evidence, socket)).collect();
    let old = ages.iter().flatten().filter(|age| **age >= limit).count();
    let not_known = ages.iter().filter(|age| age.is_none()).count();
    let severity = if old >= at_least(&CRITICAL) {
        Severity::Critical
    } else if old >= at_least(&WARNING) {
        Severity::Warning
    } else if not_known >= at_least(&WARNING) {
        Severity::Unknown
    } else if old.max(not_known) >= at_least(&NOTICE) || sockets.len() >= at_least(&BURST) {
        Severity::Notice
    } else {
        return None;
    };
    let who = place.text(evidence);
    let (many, limit_text) = (grouped(sockets.len()), duration(limit));
    let connections = number_of(sockets.len(), "connection", "connections");
    let limit_ko = limit_text.of(KO);
    let (old_en, old_ko) = match old {
        0 if sockets.len() == 1 => ("not ".to_owned(), format!("{limit_ko} 넘게 그대로는 아님")),
        1 if sockets.len() == 1 => (String::new(), format!("{limit_ko} 넘게 그대로")),
        0 => ("none of them ".to_owned(), format!("{limit_ko} 넘게 그대로인 것은 없음")),
        _ if old == sockets.len() => ("all of them ".to_owned(), format!("모두 {limit_ko} 넘게 그대로")),
        _ => (
            format!("{} of them ", grouped(old)),
            format!("그중 {}개가 {limit_ko} 넘게 그대로", grouped(old)),
        ),
    };
    let not_told =
        severity == Severity::Unknown || (old < at_least(&NOTICE) && not_known >= at_least(&NOTICE));
    let sentence = if not_told {
        Text::new(
            format!(
                "{} holds {connections} in CLOSE_WAIT, and the system does not tell since when",
                who.of(EN)
            ),
            format!("{}: CLOSE_WAIT 연결 {many}개, 언제부터인지 시스템이 알려 주지 않음", who.of(KO)),
        )
    } else {
        Text::new(
            format!(
                "{} holds {connections} in CLOSE_WAIT, {old_en}for {} or longer",
                who.of(EN),
                limit_text.of(EN)
            ),
            format!("{}: CLOSE_WAIT 연결 {many}개, {old_ko}", who.of(KO)),
        )
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.subject = place.subject();
    finding.amount = sockets.len() as f64;
    finding.facts = facts(evidence, sockets, &ages, old);
    match place {
        Place::Holder(holder) => {
            finding.processes = evidence.culprits(sockets.iter().copied());
            finding.rows = Some(rows(holder));
            (finding.meaning, finding.next) = advice(severity, holder);
        }
        Place::Queue(end, listener) => {
            finding.processes = evidence.culprits(listener.iter().copied());
            finding.processes.iter_mut().for_each(|culprit| culprit.sockets = 0);
            finding.rows = Some(format!(
                "netstat --columns local,foreign,recvq,pid,process close_wait lport {}",
                end.port
            ));
            (finding.meaning, finding.next) = advice_for_queue(&finding.processes);
        }
    }
    Some(finding)
}

fn facts(evidence: &Evidence, sockets: &[&Socket], ages: &[Option<Duration>], old: usize) -> Vec<Fact> {
    let mut facts = vec![Fact::said("connections", sockets.len()), Fact::said("old", old)];
    if let Some(oldest) = ages.iter().flatten().max() {
        let text = duration(*oldest);
        facts.push(Fact::shown(
            "oldest_seconds",
            oldest.as_secs(),
            text.around("the oldest has been silent for ", "", "가장 오래된 것은 ", " 동안 조용함"),
        ));
    }
    // The FIN counts as a byte.
    let queued = sockets.iter().filter_map(|socket| socket.recv_queue);
    let unread: Vec<u64> = queued.filter(|&queue| queue > 1).map(|queue| u64::from(queue) - 1).collect();
    let sum: u64 = unread.iter().sum();
    if sum > 0 {
        facts.push(Fact::shown(
            "unread_bytes",
            sum,
            Text::new(
                format!(
                    "{} received and not read, in {}",
                    bytes(sum),
                    number_of(unread.len(), "connection", "connections")
                ),
                format!("받고 읽지 않은 데이터 {}, 연결 {}개", bytes(sum), grouped(unread.len())),
            ),
        ));
    }
    let peers = counted(sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
    if let Some((address, count)) = peers.first() {
        let listed: Vec<String> =
            peers.iter().take(3).map(|(address, count)| format!("{address} ({})", grouped(*count))).collect();
        let listed = listed.join(", ");
        facts.push(Fact::said("peers", peers.len()));
        facts.push(Fact::said("largest_peer", address.to_string()));
        facts.push(Fact::said("largest_peer_connections", *count));
        facts.push(Fact::shown(
            "largest_peers",
            listed.clone(),
            Text::new(
                match peers.len() {
                    1 => format!("all with {address}"),
                    peers => format!("{} peers, most with {listed}", grouped(peers)),
                },
                match peers.len() {
                    1 => format!("상대는 모두 {address}"),
                    peers => format!("상대 {}곳, 많은 순서로 {listed}", grouped(peers)),
                },
            ),
        ));
    }
    facts.extend(growth(evidence, sockets));
    facts
}

/// How the number changed since the look before.
fn growth(evidence: &Evidence, sockets: &[&Socket]) -> Option<Fact> {
    let (before, elapsed) = evidence.earlier()?;
    let holder = sockets.first()?.ownership.principal()?.process;
    let then = before
        .sockets
        .iter()
        .filter(|socket| socket.state == Some(TcpState::CloseWait))
        .filter(|socket| socket.ownership.principal().is_some_and(|owner| owner.process == holder))
        .count();
    let grown = i64::try_from(sockets.len()).ok()? - i64::try_from(then).ok()?;
    if grown == 0 {
        return None;
    }
    Some(Fact::shown(
        "grown",
        grown,
        duration(elapsed).around(
            &format!("{grown:+} in the last "),
            "",
            "최근 ",
            &format!(" 동안 {grown:+}개"),
        ),
    ))
}

fn rows(holder: &Holder) -> String {
    let process = holder.filter().map(|filter| format!(" {filter}")).unwrap_or_default();
    format!("netstat --columns local,foreign,recvq,pid,process close_wait{process}")
}

/// The program does not even accept.
fn advice_for_queue(listeners: &[Culprit]) -> (Option<Text>, Vec<Text>) {
    let meaning = Text::fixed(
        "The clients connected, waited and gave up, and the program has not accepted their connections: it is stuck, \
         stopped, or out of threads or descriptors. It will find them closed.",
        "클라이언트가 연결하고 기다리다 포기했는데, 프로그램은 그 연결을 아직 수락하지 않았습니다. 멈췄거나, 정지되었거나, 스레드나 \
         디스크립터가 모자랍니다. 수락해도 이미 닫힌 연결입니다.",
    );
    let mut next = Vec::new();
    // Windows does not tell of queues.
    if cfg!(target_os = "linux") {
        next.push(Text::fixed(
            "see whether the queue fills and connections are lost: netstat check listen-queue",
            "대기열이 차고 연결을 잃는지 봅니다: netstat check listen-queue",
        ));
    }
    if let Some(Culprit { holder: Holder::Process { pid, .. }, .. }) = listeners.first() {
        let tools = thread_tools(*pid);
        next.push(Text::new(
            format!("see what its threads do before it is restarted ({tools}), and its log"),
            format!("다시 시작하기 전에 스레드가 무엇을 하는지({tools}) 로그와 함께 봅니다"),
        ));
    }
    (Some(meaning), next)
}

/// What shows the threads of a process, by what it is written in.
pub(super) fn thread_tools(pid: u32) -> String {
    let of_the_system = if cfg!(windows) { format!("procdump -ma {pid}") } else { format!("gdb -p {pid}") };
    format!("jstack {pid}, {of_the_system}, py-spy dump --pid {pid}")
}

fn advice(severity: Severity, holder: &Holder) -> (Option<Text>, Vec<Text>) {
    let watch = Text::fixed(
        "see whether it grows: netstat check close-wait --watch 10s",
        "늘어나는지 봅니다: netstat check close-wait --watch 10s",
    );
    if severity < Severity::Warning {
        let meaning = Text::fixed(
            "A burst, or a pool of idle connections that has not noticed yet. A leak if it goes on growing.",
            "순간적인 몰림이거나, 아직 알아차리지 못한 쉬는 연결 풀입니다. 계속 늘어나면 누수입니다.",
        );
        return (Some(meaning), vec![watch]);
    }
    let (ends_en, ends_ko) = if cfg!(windows) {
        ("each keeps a handle and memory", "연결마다 핸들과 메모리를 붙듭니다")
    } else {
        ("the descriptors run out", "디스크립터가 바닥납니다")
    };
    let meaning = Text::new(
        format!(
            "The peer has closed and the program does not: it forgot to close on some path (an error, a timeout), or a \
             thread that should is stuck. No setting of the system ends CLOSE_WAIT; {ends_en}."
        ),
        format!(
            "상대는 닫았는데 프로그램이 닫지 않습니다. 어떤 경로(오류, 시간 초과)에서 닫기를 잊었거나, 닫아야 할 스레드가 멈춰 \
             있습니다. 시스템 설정으로는 CLOSE_WAIT를 끝낼 수 없고, {ends_ko}."
        ),
    );
    let mut next = vec![watch];
    if let Holder::Process { pid, .. } = holder {
        if cfg!(target_os = "linux") {
            next.push(Text::new(
                format!("compare with the limit of descriptors: grep 'open files' /proc/{pid}/limits"),
                format!("디스크립터 한도와 견줍니다: grep 'open files' /proc/{pid}/limits"),
            ));
        }
        let tools = thread_tools(*pid);
        next.push(Text::new(
            format!("save what its threads do before it is restarted ({tools}); a restart only wins time"),
            format!(
                "다시 시작하기 전에 스레드가 무엇을 하는지 남깁니다({tools}). 재시작은 시간을 벌 뿐입니다"
            ),
        ));
    } else {
        next.extend(to_see_one(holder));
    }
    (Some(meaning), next)
}

#[cfg(test)]
mod tests;
