//! `buffers`: memory for what was received or is to be sent runs out, and data is thrown away for it.

use super::text::{EN, KO, Particle, bytes, decimal, grouped, is_or_are, number_of, particle, were};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Counters, Protocol, Socket, SocketLevels, TcpExtCounters, UdpCounters};
use std::net::SocketAddr;

pub(crate) static CHECK: Check = Check {
    name: "buffers",
    summary: Text::fixed(
        "datagrams lost at full buffers, memory of TCP, orphaned connections",
        "가득 찬 버퍼에서 잃은 데이터그램, TCP 메모리, 고아 연결",
    ),
    rule: Text::fixed(
        "UDP has no way to slow a sender down: what finds the buffer of a socket full is lost. The counters of the system are \
         read twice, a second apart or from one look of --watch to the next, and so are the drops of every UDP socket, which \
         name the program that does not read fast enough. Losses of the past are not judged.\n\n\
         The memory of TCP is judged against tcp_mem: above the second number the kernel makes buffers smaller, at the third \
         it gives nothing more. Connections that no process holds any longer are judged against tcp_max_orphans; above it the \
         kernel resets them. Both are counted for the whole machine, containers included, and their limits are \
         told in its first network namespace alone: within a container only what happened is judged.",
        "UDP는 보내는 쪽을 늦출 방법이 없어서, 소켓의 버퍼가 가득 찼을 때 온 것은 사라집니다. 시스템의 카운터를 1초 간격으로(--watch에서는 \
         볼 때마다) 두 번 읽고, UDP 소켓마다 버려진 수도 두 번 읽어 빨리 읽지 못하는 프로그램을 찾습니다. 지난 손실은 판단하지 \
         않습니다.\n\n\
         TCP 메모리는 tcp_mem으로 판단합니다. 두 번째 수를 넘으면 커널이 버퍼를 줄이고, 세 번째 수에서는 더 주지 않습니다. 더는 프로세스가 \
         들지 않은 연결은 tcp_max_orphans로 판단합니다. 넘으면 커널이 연결을 끊습니다. 둘 다 컨테이너를 포함한 컴퓨터 전체의 수이고, 한도는 첫 네트워크 \
         네임스페이스에서만 알 수 있습니다. 컨테이너 안에서는 일어난 일만 판단합니다.",
    ),
    settings: &[&LOST, &CRITICAL, &MEMORY, &ORPHANS],
    sources: &[
        "RcvbufErrors, SndbufErrors, MemErrors of /proc/net/snmp and snmp6; SK_MEMINFO_DROPS of sock_diag",
        "/proc/net/sockstat, tcp_mem, tcp_max_orphans; TCPMemoryPressures, TCPAbortOnMemory of /proc/net/netstat",
        "udp(7), tcp(7); Linux, Documentation/networking/ip-sysctl.rst",
    ],
    needs: Needs {
        kinds: Kinds::UDP,
        states: States::empty(),
        fields: Fields::MEMORY,
        udp_owners: true,
        process: ProcessFields::NAME,
        counters: true,
        twice: true,
        ..Needs::NOTHING
    },
    run,
};

static LOST: Setting = Setting {
    name: "lost",
    default: Default::Number(1.0),
    unit: Text::fixed("datagrams a second", "개/초"),
    meaning: Text::fixed("lost datagrams that are a warning", "경고할 잃은 데이터그램 수"),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(1000.0),
    unit: Text::fixed("datagrams a second", "개/초"),
    meaning: Text::fixed("lost datagrams that are critical", "위험으로 볼 잃은 데이터그램 수"),
};

static MEMORY: Setting = Setting {
    name: "memory",
    default: Default::Number(95.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share of the most memory TCP may have that is critical; a warning begins where the kernel feels pressure",
        "위험으로 볼 TCP 메모리 사용률. 경고는 커널이 압박을 느끼는 곳에서 시작합니다",
    ),
};

static ORPHANS: Setting = Setting {
    name: "orphans",
    default: Default::Number(75.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share of tcp_max_orphans in use that is a warning",
        "경고할 tcp_max_orphans 사용률",
    ),
};

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let counters = match &evidence.now.counters {
        Ok(counters) => counters,
        Err(lack) => {
            return vec![Finding::unknown(
                CHECK.name,
                Text::new(
                    format!("what was lost at full buffers is not known: {}", lack.reason()),
                    format!("가득 찬 버퍼에서 무엇을 잃었는지 알 수 없음: {}", lack.reason()),
                ),
                Text::fixed(
                    "see what the counters say: netstat -s",
                    "카운터가 무엇이라고 하는지 봅니다: netstat -s",
                ),
            )];
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
        return vec![Finding::never_told(
            CHECK.name,
            Text::fixed(
                "why datagrams are lost is not told here",
                "데이터그램을 잃는 이유를 이 시스템은 알려 주지 않음",
            ),
            Text::fixed(
                "see whether errors grow: netstat -s -p udp 5",
                "오류가 늘어나는지 봅니다: netstat -s -p udp 5",
            ),
        )];
    }
    let levels = counters.levels.as_ref();
    let limits_known =
        levels.is_some_and(|levels| levels.tcp_mem_max.is_some() && levels.tcp_max_orphans.is_some());
    vec![Finding::ok(
        CHECK.name,
        if limits_known {
            Text::fixed(
                "no datagram was lost at a full buffer, TCP has memory",
                "버퍼에서 잃은 데이터그램 없음, TCP 메모리 충분",
            )
        } else {
            Text::fixed(
                "no datagram was lost at a full buffer; the limits of TCP memory are told outside of the container alone",
                "버퍼에서 잃은 데이터그램 없음. TCP 메모리의 한도는 컨테이너 밖에서만 알 수 있음",
            )
        },
    )]
}

/// A counter of UDP over both families.
fn udp(counters: &Counters, get: impl Fn(&UdpCounters) -> Option<u64>) -> Option<u64> {
    let v4 = counters.udp_v4.as_ref().and_then(&get);
    let v6 = counters.udp_v6.as_ref().and_then(&get);
    match (v4, v6) {
        (Some(v4), Some(v6)) => Some(v4.saturating_add(v6)),
        (one, other) => one.or(other),
    }
}

fn graded(evidence: &Evidence, thresholds: &Thresholds, lost: u64) -> Option<(Severity, f64)> {
    let rate = evidence.per_second(lost)?;
    if rate >= thresholds.number(&CHECK, &CRITICAL) && lost > 0 {
        Some((Severity::Critical, rate))
    } else {
        (rate >= thresholds.number(&CHECK, &LOST) && lost > 0).then_some((Severity::Warning, rate))
    }
}

/// A UDP socket, and how many datagrams it lost between the two looks.
fn losers(evidence: &Evidence) -> Vec<(&Socket, u32)> {
    let drops = |socket: &Socket| socket.memory.as_ref()?.drops;
    let mut losers: Vec<(&Socket, u32)> = evidence
        .now
        .sockets
        .iter()
        .filter(|socket| socket.protocol == Protocol::Udp)
        .filter_map(|socket| {
            let then = evidence.before(socket)?.drops?;
            // Fewer than before: another socket has the same ends by now.
            let lost = drops(socket)?.checked_sub(then)?;
            (lost > 0).then_some((socket, lost))
        })
        .collect();
    losers.sort_by_key(|(_, lost)| std::cmp::Reverse(*lost));
    losers
}

fn received(evidence: &Evidence, thresholds: &Thresholds) -> Option<Finding> {
    let lost = evidence.grown(|counters| udp(counters, |udp| udp.rcvbuf_errors))?;
    let (severity, rate) = graded(evidence, thresholds, lost)?;
    let losers = losers(evidence);
    let who = losers.first().and_then(|(socket, _)| {
        let holder = evidence.by_holder([*socket]).into_iter().next()?.0;
        Some((holder.text(), SocketAddr::new(socket.local.address, socket.local.port)))
    });
    let (count, rate_text) = (grouped(lost), decimal(rate));
    let were = were(lost, "datagram", "datagrams");
    let sentence = match &who {
        Some((who, local)) => Text::new(
            format!(
                "{} does not read fast enough on {local}: {were} lost ({rate_text} a second)",
                who.of(EN)
            ),
            format!(
                "{} {local}에서 빨리 읽지 못함: 데이터그램 {count}개를 잃음 (초당 {rate_text}개)",
                particle(who.of(KO), Particle::Subject)
            ),
        ),
        None => Text::new(
            format!("{were} lost at full receive buffers ({rate_text} a second)"),
            format!("가득 찬 수신 버퍼에서 데이터그램 {count}개를 잃음 (초당 {rate_text}개)"),
        ),
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.subject = "udp receive".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("lost", lost), Fact::said("lost_per_second", rate)];
    for (key, (socket, lost)) in ["worst", "second", "third"].into_iter().zip(&losers) {
        finding.facts.push(of_socket(key, socket, *lost));
    }
    finding.processes = evidence.culprits(losers.iter().map(|(socket, _)| *socket));
    finding.rows =
        Some("netstat -a --columns local,recvq,drops,pid,process --sort drops:desc udp".to_owned());
    finding.meaning = Some(Text::fixed(
        "The program reads more slowly than datagrams arrive, for good or in bursts. A larger buffer helps against bursts \
         only.",
        "데이터그램이 오는 것보다 프로그램이 느리게 읽습니다. 계속 그렇거나, 몰릴 때만 그렇습니다. 버퍼를 늘리면 몰림에만 도움이 됩니다.",
    ));
    finding.next = vec![
        Text::fixed(
            "see whether it goes on: netstat check buffers --watch 5s",
            "계속되는지 봅니다: netstat check buffers --watch 5s",
        ),
        Text::fixed(
            "against bursts: let the program ask for a larger buffer (SO_RCVBUF), up to sysctl net.core.rmem_max",
            "몰림에 대비: 프로그램이 더 큰 버퍼(SO_RCVBUF)를 요청하게 하고, 한도는 sysctl net.core.rmem_max로 늘립니다",
        ),
        Text::fixed(
            "for good: more threads or processes on the port (SO_REUSEPORT), or fewer datagrams",
            "계속된다면: 한 포트에 스레드나 프로세스를 더 두거나(SO_REUSEPORT), 데이터그램을 줄입니다",
        ),
    ];
    Some(finding)
}

fn of_socket(key: &'static str, socket: &Socket, lost: u32) -> Fact {
    let local = SocketAddr::new(socket.local.address, socket.local.port).to_string();
    let memory = socket.memory.as_ref();
    let used = memory.and_then(|memory| memory.recv_allocated).map(u64::from);
    let limit = memory.and_then(|memory| memory.recv_limit).map(u64::from);
    let (en, ko) = match (used, limit) {
        (Some(used), Some(limit)) => (
            format!(", its buffer holds {} of {}", bytes(used), bytes(limit)),
            format!(", 버퍼 {} 가운데 {} 사용", bytes(limit), bytes(used)),
        ),
        _ => (String::new(), String::new()),
    };
    Fact::shown(
        key,
        serde_json::json!({ "local": local, "lost": lost, "buffer_used": used, "buffer_limit": limit }),
        Text::new(
            format!("{local} lost {}{en}", number_of(lost, "datagram", "datagrams")),
            format!("{local}: 데이터그램 {}개를 잃음{ko}", grouped(lost)),
        ),
    )
}

fn sent(evidence: &Evidence, thresholds: &Thresholds) -> Option<Finding> {
    let full = evidence.grown(|counters| udp(counters, |udp| udp.sndbuf_errors)).unwrap_or(0);
    let memory = evidence.grown(|counters| udp(counters, |udp| udp.mem_errors)).unwrap_or(0);
    let lost = full.saturating_add(memory);
    let (severity, rate) = graded(evidence, thresholds, lost)?;
    let (count, rate_text) = (grouped(lost), decimal(rate));
    let sentence = if memory > 0 {
        Text::new(
            format!(
                "{} lost because the memory of UDP is used up ({rate_text} a second)",
                were(lost, "datagram", "datagrams")
            ),
            format!("UDP 메모리가 바닥나 데이터그램 {count}개를 잃음 (초당 {rate_text}개)"),
        )
    } else {
        Text::new(
            format!(
                "{} could not be sent: send buffers are full ({rate_text} a second)",
                number_of(lost, "datagram", "datagrams")
            ),
            format!("송신 버퍼가 가득 차 데이터그램 {count}개를 보내지 못함 (초당 {rate_text}개)"),
        )
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
    finding.subject = "udp send".to_owned();
    finding.amount = rate;
    finding.facts = vec![Fact::said("not_sent", full), Fact::said("no_memory", memory)];
    finding.rows =
        Some("netstat -a --columns local,foreign,sendq,pid,process --sort sendq:desc udp".to_owned());
    finding.meaning = Some(Text::fixed(
        "A program sends faster than the network card takes it, or, where memory is used up, the sockets of the machine hold \
         more than udp_mem allows.",
        "네트워크 카드가 받는 것보다 프로그램이 빨리 보냅니다. 메모리가 바닥났다면 컴퓨터의 소켓들이 udp_mem이 허락하는 것보다 많이 들고 \
         있는 것입니다.",
    ));
    finding.next = vec![Text::fixed(
        "see the interfaces: netstat -e -v 5; the memory: cat /proc/net/sockstat, sysctl net.ipv4.udp_mem",
        "인터페이스: netstat -e -v 5, 메모리: cat /proc/net/sockstat, sysctl net.ipv4.udp_mem",
    )];
    Some(finding)
}

fn memory(evidence: &Evidence, thresholds: &Thresholds, counters: &Counters) -> Option<Finding> {
    let grown = |get: fn(&TcpExtCounters) -> Option<u64>| {
        evidence.grown(|counters| get(counters.tcp_ext.as_ref()?)).unwrap_or(0)
    };
    let aborted = grown(|tcp| tcp.abort_on_memory);
    let pressures = grown(|tcp| tcp.memory_pressures);
    let levels: Option<&SocketLevels> = counters.levels.as_ref();
    let used = levels.and_then(|levels| levels.tcp_mem);
    let pressure = levels.and_then(|levels| levels.tcp_mem_pressure);
    let max = levels.and_then(|levels| levels.tcp_mem_max).filter(|max| *max > 0);
    let percent = used.zip(max).map(|(used, max)| used as f64 * 100.0 / max as f64);
    let pressed = pressures > 0 || used.zip(pressure).is_some_and(|(used, pressure)| used > pressure);
    let severity =
        if aborted > 0 || percent.is_some_and(|percent| percent >= thresholds.number(&CHECK, &MEMORY)) {
            Severity::Critical
        } else if pressed {
            Severity::Warning
        } else {
            return None;
        };
    // The limit is told in the first network namespace alone.
    let (has_en, has_ko) = percent.map_or_else(<(String, String)>::default, |percent| {
        let text = decimal(percent);
        (format!(", and it has {text} % of the most it may have"), format!(", 한도의 {text}%를 씀"))
    });
    let sentence = if aborted > 0 {
        Text::new(
            format!(
                "TCP is out of memory: {} reset for it{has_en}",
                were(aborted, "connection", "connections")
            ),
            format!("TCP 메모리가 모자라 연결 {}개가 끊김{has_ko}", grouped(aborted)),
        )
    } else {
        Text::new(
            format!("TCP is under memory pressure{has_en}"),
            format!("TCP가 메모리 압박을 받음{has_ko}"),
        )
    };
    let mut finding = Finding::new(CHECK.name, severity, sentence);
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
    finding.meaning = Some(Text::fixed(
        "Very many connections, or a few with very large queues: a program that does not read, or peers that do not. Windows \
         become small, everything is slow, and connections are lost at the limit.",
        "연결이 아주 많거나, 대기열이 아주 큰 연결이 있습니다. 읽지 않는 프로그램이나 읽지 않는 상대 때문입니다. 창이 작아지고 모두 느려지며, \
         한도에 닿으면 연결이 끊깁니다.",
    ));
    finding.next = vec![
        Text::fixed(
            "see who does not read: netstat check close-wait stalled, and the rows above",
            "읽지 않는 쪽을 찾습니다: netstat check close-wait stalled, 그리고 위의 행",
        ),
        Text::fixed(
            "the limits are in pages: sysctl net.ipv4.tcp_mem",
            "한도(페이지 단위): sysctl net.ipv4.tcp_mem",
        ),
    ];
    Some(finding)
}

fn orphans(counters: &Counters, thresholds: &Thresholds) -> Option<Finding> {
    let levels = counters.levels.as_ref()?;
    let (used, max) = (levels.tcp_orphan?, levels.tcp_max_orphans.filter(|max| *max > 0)?);
    let percent = used as f64 * 100.0 / max as f64;
    if used == 0 || percent < thresholds.number(&CHECK, &ORPHANS) {
        return None;
    }
    let severity = if percent >= 100.0 { Severity::Critical } else { Severity::Warning };
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} {} closing that no process holds; {} is the limit",
                number_of(used, "connection", "connections"),
                is_or_are(used),
                grouped(max)
            ),
            format!("프로세스 없이 닫히는 중인 연결 {}개, 한도 {}개", grouped(used), grouped(max)),
        ),
    );
    finding.subject = "tcp_max_orphans".to_owned();
    finding.amount = percent;
    finding.facts = vec![Fact::said("orphans", used), Fact::said("max_orphans", max)];
    finding.rows = Some("netstat --group-by raddr,state state FIN_WAIT_1,LAST_ACK,CLOSING".to_owned());
    finding.meaning = Some(Text::fixed(
        "Programs close connections to peers that no longer answer, so the last data of each has to be sent again and again. \
         Above the limit the kernel resets them. A flood of half-read answers looks like that.",
        "대답이 없는 상대와의 연결을 프로그램이 닫아서, 마지막 데이터를 거듭 다시 보내야 합니다. 한도를 넘으면 커널이 끊습니다. 대답을 \
         끝까지 받지 않는 공격이 이런 모습입니다.",
    ));
    finding.next = vec![Text::fixed(
        "give up sooner: sysctl net.ipv4.tcp_orphan_retries, net.ipv4.tcp_fin_timeout; each orphan takes up to 64 KiB",
        "더 빨리 포기합니다: sysctl net.ipv4.tcp_orphan_retries, net.ipv4.tcp_fin_timeout. 고아 하나가 최대 64 KiB를 씁니다",
    )];
    Some(finding)
}

#[cfg(test)]
mod tests;
