//! `stalled`: connections with data to deliver that does not move.

use super::close_wait::thread_tools;
use super::holders::{Holder, counted, to_see_one};
use super::marks::{Course, Mark};
use super::text::{EN, KO, Particle, bytes, duration, grouped, number_of, part, particle};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{NoOwner, Socket, TcpState, TimerKind};
use std::time::Duration;

pub(crate) static CHECK: Check = Check {
    name: "stalled",
    summary: Text::fixed(
        "connections whose data does not get through: unacknowledged, or not read at one end",
        "데이터가 나아가지 않는 연결: 확인되지 않거나 한쪽이 읽지 않음",
    ),
    rule: Text::fixed(
        "Every connection that a process holds is looked at twice. One is stalled if it had data to deliver both times and \
         nothing of it was acknowledged in between, and if that has been so for stalled.old seconds, by one of two signs. \
         Unanswered: the retransmission timer fired twice in a row or more, and the peer has been silent for so long; it is \
         gone, or the path is. Zero window: the peer offers no room and answers probes, and no data was sent for so long; \
         its program does not read. The same is said of this end: what has come fills the buffer, the window that is \
         offered is zero (Linux 6.2), and no data has come for so long; the program here does not read.\n\n\
         A server on the internet always has some clients that vanished. So the number is judged for each process, and only \
         if it is also a good part of its connections; below that it is a notice. Connections that no process holds any \
         longer end by themselves and are not judged. Needs struct tcp_info, so Linux.",
        "프로세스가 든 모든 연결을 두 번 봅니다. 두 번 모두 보낼 데이터가 있고 그 사이 아무것도 확인되지 않았으며, 두 가지 표시 가운데 \
         하나로 stalled.old초 이상 그랬다면 멈춘 연결입니다. 대답 없음: 재전송 타이머가 두 번 넘게 잇달아 울렸고 상대가 그만큼 조용합니다. \
         상대나 경로가 사라진 것입니다. 창 0: 상대가 자리를 내주지 않으면서 탐색에는 대답하고, 그만큼 데이터를 보내지 못했습니다. 상대 \
         프로그램이 읽지 않는 것입니다. 이쪽도 마찬가지로 봅니다. 받은 것이 버퍼를 채워 내주는 창이 0이고(Linux 6.2) 그만큼 데이터가 오지 \
         않았으면 이쪽 프로그램이 읽지 않는 것입니다.\n\n\
         인터넷의 서버에는 사라진 클라이언트가 늘 있습니다. 그래서 프로세스마다 수를 보고, 그 프로세스 연결의 적지 않은 부분일 때만 \
         경고합니다. 그보다 적으면 알림입니다. 더는 프로세스가 들지 않은 연결은 저절로 끝나므로 판단하지 않습니다. struct tcp_info가 \
         필요하므로 Linux에서만 판단합니다.",
    ),
    settings: &[&OLD, &NOTICE, &WARNING, &CRITICAL, &SHARE],
    sources: &[
        "sock_diag, struct tcp_info: tcpi_bytes_acked, tcpi_last_ack_recv, tcpi_last_data_sent, tcpi_retransmits, tcpi_snd_wnd, \
         tcpi_rcv_wnd, tcpi_bytes_received, tcpi_last_data_recv; \
         the running timer",
        "RFC 9293, section 3.8.6 (zero windows and probes)",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: States::ESTABLISHED.union(States::CLOSE_WAIT),
        fields: Fields::TCP_INFO,
        owners: States::ESTABLISHED.union(States::CLOSE_WAIT),
        process: ProcessFields::NAME,
        twice: true,
        ..Needs::NOTHING
    },
    run,
};

static OLD: Setting = Setting {
    name: "old",
    default: Default::Number(10.0),
    unit: Text::fixed("seconds", "초"),
    meaning: Text::fixed(
        "how long nothing must have moved; a slow reader or a phone in a tunnel takes less",
        "이만큼 아무것도 움직이지 않아야 합니다. 느린 상대나 터널 안의 휴대전화는 이보다 짧습니다",
    ),
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(1.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "stalled connections of one process that are worth knowing",
        "알릴 만한, 한 프로세스의 멈춘 연결 수",
    ),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(10.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "stalled connections of one process that are a warning",
        "경고할, 한 프로세스의 멈춘 연결 수",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(100.0),
    unit: Text::fixed("connections", "개"),
    meaning: Text::fixed(
        "stalled connections of one process that are critical",
        "위험으로 볼, 한 프로세스의 멈춘 연결 수",
    ),
};

static SHARE: Setting = Setting {
    name: "share",
    default: Default::Number(5.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "part of the connections of the process that has to be stalled for more than a notice",
        "알림을 넘으려면 그 프로세스 연결의 이만큼이 멈춰 있어야 합니다",
    ),
};

/// Why a connection does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    Unanswered,
    ZeroWindow,
    /// Not the peer, but the process here does not read.
    NotRead,
}

impl Cause {
    const ALL: [Self; 3] = [Self::Unanswered, Self::ZeroWindow, Self::NotRead];

    /// The word of the JSON form.
    const fn word(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::ZeroWindow => "zero_window",
            Self::NotRead => "not_read",
        }
    }
}

/// For how long what has come fills the buffer of a connection, and nobody reads it; `None` where that is not so.
fn not_read(before: &Mark, now: &Socket, old: Duration) -> Option<Duration> {
    let has_data = |queue: Option<u32>| queue.is_some_and(|queue| queue > 0);
    let (then, tcp) = (before.course?, now.tcp.as_ref()?);
    let was_full = has_data(before.recv_queue) && then.offered_none;
    let is_full = has_data(now.recv_queue) && tcp.recv_window == Some(0);
    // What comes behind the end of a stream is nothing.
    let may_come = now.state == Some(TcpState::Established);
    if !may_come || !was_full || !is_full || tcp.bytes_received? != then.bytes_received? {
        return None;
    }
    tcp.last_data_received.filter(|silent| *silent >= old)
}

/// Why, and for how long, nothing of a connection's data has moved; `None` where it has, or for too short.
pub(super) fn stalled(before: &Mark, now: &Socket, old: Duration) -> Option<(Cause, Duration)> {
    let of_peer = not_delivered(before, now, old);
    of_peer.or_else(|| Some((Cause::NotRead, not_read(before, now, old)?)))
}

fn not_delivered(before: &Mark, now: &Socket, old: Duration) -> Option<(Cause, Duration)> {
    let has_data = |queue: Option<u32>| queue.is_some_and(|queue| queue > 0);
    let (then, tcp) = (before.course?, now.tcp.as_ref()?);
    if !has_data(before.send_queue) || !has_data(now.send_queue) || tcp.bytes_acked? != then.bytes_acked? {
        return None;
    }
    let silent = tcp.last_ack_received?;
    let probing = now.timer.is_some_and(|timer| timer.kind == TimerKind::Probe);
    if silent >= old && tcp.timeouts.is_some_and(|timeouts| timeouts >= 2) && !probing {
        return Some((Cause::Unanswered, silent));
    }
    let unsent = tcp.last_data_sent?;
    let no_room = probing || tcp.send_window == Some(0);
    (no_room && unsent >= old).then_some((Cause::ZeroWindow, unsent))
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let is_judged =
        |socket: &&Socket| matches!(socket.state, Some(TcpState::Established | TcpState::CloseWait));
    let connections: Vec<&Socket> = evidence.now.sockets.iter().filter(is_judged).collect();
    // Windows tells of some connections how much was acknowledged, and of none since when.
    let is_told = |socket: &&Socket| {
        let course = socket.tcp.as_deref().map(Course::of);
        // Of what nothing happened to, the course was told in the look before.
        course.or_else(|| evidence.before(socket)?.course).is_some_and(|course| course.told)
    };
    if !connections.is_empty() && !connections.iter().any(is_told) {
        return vec![Finding::never_told(
            CHECK.name,
            Text::fixed(
                "whether the data of connections moves is not told here",
                "연결의 데이터가 나아가는지 이 시스템은 알려 주지 않음",
            ),
            Text::fixed("it takes sock_diag of Linux", "Linux의 sock_diag가 필요합니다"),
        )];
    }
    let old = thresholds.seconds(&CHECK, &OLD);
    let mut findings = Vec::new();
    for (holder, sockets) in evidence.by_holder(connections.iter().copied()) {
        if holder == Holder::Nobody(NoOwner::NoProcess) {
            continue;
        }
        let stalled: Vec<(&Socket, Cause, Duration)> = sockets
            .iter()
            .filter_map(|socket| {
                let (cause, age) = stalled(evidence.before(socket)?, socket, old)?;
                Some((*socket, cause, age))
            })
            .collect();
        for cause in Cause::ALL {
            let group = Group {
                cause,
                holder: &holder,
                sockets: stalled
                    .iter()
                    .filter(|(_, why, _)| *why == cause)
                    .map(|(socket, ..)| *socket)
                    .collect(),
                oldest: stalled.iter().filter(|(_, why, _)| *why == cause).map(|(.., age)| *age).max(),
                connections: sockets.len(),
            };
            let count = group.sockets.len() as f64;
            let Some(severity) = thresholds.graded(&CHECK, count, [&NOTICE, &WARNING, &CRITICAL]) else {
                continue;
            };
            let few = count * 100.0 < thresholds.number(&CHECK, &SHARE) * sockets.len() as f64;
            findings.push(group.finding(evidence, if few { Severity::Notice } else { severity }));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(
            CHECK.name,
            Text::new(
                format!("{}, none is stalled", number_of(connections.len(), "connection", "connections")),
                format!("연결 {}개, 멈춘 것 없음", grouped(connections.len())),
            ),
        ));
    }
    findings
}

/// The stalled connections of one process, for one cause.
struct Group<'a> {
    cause: Cause,
    holder: &'a Holder,
    sockets: Vec<&'a Socket>,
    oldest: Option<Duration>,
    /// How many connections it has in all.
    connections: usize,
}

impl Group<'_> {
    fn finding(&self, evidence: &Evidence, severity: Severity) -> Finding {
        let who = self.holder.text();
        let (count, all) = (grouped(self.sockets.len()), grouped(self.connections));
        let some = part(self.sockets.len(), self.connections, "connection", "connections");
        let (gets, peer, does) =
            if self.sockets.len() == 1 { ("gets", "peer", "does") } else { ("get", "peers", "do") };
        let mut finding = Finding::new(
            CHECK.name,
            severity,
            match self.cause {
                Cause::Unanswered => Text::new(
                    format!("{some} of {} {gets} no acknowledgement", who.of(EN)),
                    format!("{}의 연결 {all}개 가운데 {count}개에 확인 응답이 없음", who.of(KO)),
                ),
                Cause::ZeroWindow => Text::new(
                    format!("the {peer} of {some} of {} {does} not read", who.of(EN)),
                    format!("{}의 연결 {all}개 가운데 {count}개의 상대가 읽지 않음", who.of(KO)),
                ),
                Cause::NotRead => Text::new(
                    format!("{} does not read {some}, and the {peer} can send no more", who.of(EN)),
                    format!(
                        "{} 연결 {all}개 가운데 {count}개를 읽지 않아, 상대가 더 보낼 수 없음",
                        particle(who.of(KO), Particle::Subject)
                    ),
                ),
            },
        );
        let cause = self.cause.word();
        finding.subject = format!("{} {cause}", self.holder.subject());
        finding.amount = self.sockets.len() as f64;
        finding.facts = self.facts(cause);
        finding.processes = evidence.culprits(self.sockets.iter().copied());
        let process = self.holder.filter().map(|filter| format!(" {filter}")).unwrap_or_default();
        finding.rows = Some(match self.cause {
            Cause::NotRead => format!(
                "netstat --columns local,foreign,recvq,process --sort recvq:desc connected recvq gt 0{process}"
            ),
            Cause::Unanswered | Cause::ZeroWindow => format!(
                "netstat --columns local,foreign,sendq,timer,rtt,retrans,process --sort sendq:desc connected sendq gt 0{process}"
            ),
        });
        (finding.meaning, finding.next) = self.advice();
        finding
    }

    fn facts(&self, cause: &str) -> Vec<Fact> {
        let queue = |socket: &&Socket| match self.cause {
            Cause::NotRead => socket.recv_queue,
            Cause::Unanswered | Cause::ZeroWindow => socket.send_queue,
        };
        let queued: u64 = self.sockets.iter().filter_map(queue).map(u64::from).sum();
        let peers = counted(self.sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
        let listed: Vec<String> =
            peers.iter().take(3).map(|(address, count)| format!("{address} ({})", grouped(*count))).collect();
        let mut facts = vec![
            Fact::said("connections", self.sockets.len()),
            Fact::said("of_connections", self.connections),
            Fact::said("cause", cause),
        ];
        if let Some(oldest) = self.oldest {
            facts.push(Fact::shown(
                "oldest_seconds",
                oldest.as_secs(),
                duration(oldest).around("nothing has moved for up to ", "", "길게는 ", " 동안 움직이지 않음"),
            ));
        }
        facts.push(match self.cause {
            Cause::NotRead => Fact::shown(
                "unread_bytes",
                queued,
                Text::new(
                    format!("{} received and not read", bytes(queued)),
                    format!("받고 읽지 않은 데이터 {}", bytes(queued)),
                ),
            ),
            Cause::Unanswered | Cause::ZeroWindow => Fact::shown(
                "undelivered_bytes",
                queued,
                Text::new(
                    format!("{} wait to be delivered", bytes(queued)),
                    format!("전하지 못한 데이터 {}", bytes(queued)),
                ),
            ),
        });
        facts.push(Fact::shown(
            "peers",
            peers.len(),
            Text::new(format!("with {}", listed.join(", ")), format!("상대: {}", listed.join(", "))),
        ));
        facts
    }

    fn advice(&self) -> (Option<Text>, Vec<Text>) {
        let peer = self.sockets.iter().find_map(|socket| socket.remote);
        let address = peer.map_or_else(String::new, |peer| peer.address.to_string());
        match self.cause {
            Cause::Unanswered => (
                Some(Text::fixed(
                    "The peer or the path to it is gone without a word: a host that was switched off, a cable, a \
                     firewall or a NAT that forgot the connection. The connection fails after about a quarter of an \
                     hour (tcp_retries2); until then the program waits.",
                    "상대나 경로가 말없이 사라졌습니다. 꺼진 호스트, 케이블, 연결을 잊은 방화벽이나 NAT입니다. \
                     연결은 약 15분 뒤(tcp_retries2)에 실패하고, 그때까지 프로그램이 기다립니다.",
                )),
                vec![
                    Text::new(
                        format!("see whether the peer is there: ping {address}, netstat check connecting"),
                        format!("상대가 있는지 봅니다: ping {address}, netstat check connecting"),
                    ),
                    Text::fixed(
                        "give the program a timeout (TCP_USER_TIMEOUT), and keep-alives shorter than the firewall \
                         forgets",
                        "프로그램에 시간 제한(TCP_USER_TIMEOUT)을 두고, keep-alive를 방화벽이 잊는 시간보다 짧게 \
                         합니다",
                    ),
                ],
            ),
            Cause::NotRead => {
                let meaning = Text::fixed(
                    "The network and the peers are well: the program here does not take what has come. It is stuck, \
                     stopped, or waits for something else (a lock, a disk, another connection); its peers wait for it.",
                    "네트워크도 상대도 멀쩡합니다. 이쪽 프로그램이 받은 것을 가져가지 않습니다. 멈췄거나, 다른 것(잠금, 디스크, 다른 연결)을 \
                     기다립니다. 상대는 이 프로그램을 기다립니다.",
                );
                let next = match self.holder {
                    Holder::Process { pid, .. } => vec![Text::new(
                        format!("see what its threads do ({}), and its log", thread_tools(*pid)),
                        format!("스레드가 무엇을 하는지({}) 로그와 함께 봅니다", thread_tools(*pid)),
                    )],
                    other => to_see_one(other).into_iter().collect(),
                };
                (Some(meaning), next)
            }
            Cause::ZeroWindow => (
                Some(Text::fixed(
                    "The network is well: the program at the other end does not read. It is stuck, stopped, or \
                     slower than what is sent to it; this side waits, and whoever waits for this side does too.",
                    "네트워크는 멀쩡합니다. 저쪽 프로그램이 읽지 않습니다. 멈췄거나, 보내는 것보다 느립니다. 이쪽이 \
                     기다리고, 이쪽을 기다리는 쪽도 기다립니다.",
                )),
                vec![
                    Text::new(
                        format!("look at the program on {address}: what it does, and what it waits for"),
                        format!("{address}의 프로그램이 무엇을 하고 무엇을 기다리는지 봅니다"),
                    ),
                    Text::fixed(
                        "if the peer is on this machine: netstat --columns local,foreign,recvq,process --sort \
                         recvq:desc recvq gt 0",
                        "상대가 이 컴퓨터에 있다면: netstat --columns local,foreign,recvq,process --sort recvq:desc \
                         recvq gt 0",
                    ),
                ],
            ),
        }
    }
}

#[cfg(test)]
mod tests;
