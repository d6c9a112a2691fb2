//! `stalled`: connections with data to deliver that does not move.

use super::data::{check_data, say};
use super::held_by::{HeldBy, thread_tools, to_see_one};
use super::holders::{counted, most_frequent};
use super::marks::{Course, Mark};
use super::needs::{Details, Twice};
use super::text::{bytes, host};
use super::{Check, Culprit, Evidence, EvidenceNeeds, Fact, Finding, Severity, Thresholds};
use netstat_model::TcpFields;
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{IpSocketRef, NoOwner, TcpState, TimerKind};
use rustc_hash::FxHashMap;
use std::time::Duration;

check_data!("stalled.toml");

pub(crate) static CHECK: Check = Check {
    name: "stalled",
    data: &DATA,
    needs: EvidenceNeeds {
        kinds: Kinds::TCP,
        states: States::ESTABLISHED.union(States::CLOSE_WAIT),
        fields: Fields::COMMON,
        tcp: MOVEMENT,
        details: Details::Stuck,
        owners: States::ESTABLISHED.union(States::CLOSE_WAIT),
        process: ProcessFields::NAME,
        twice: Twice::Always,
        ..EvidenceNeeds::NOTHING
    },
    run,
};

/// The fields that show whether data moves, and since when it does not.
const MOVEMENT: TcpFields = TcpFields::BYTES_ACKED
    .union(TcpFields::BYTES_RECEIVED)
    .union(TcpFields::SEND_WINDOW)
    .union(TcpFields::RECV_WINDOW)
    .union(TcpFields::LAST_DATA_SENT)
    .union(TcpFields::LAST_DATA_RECEIVED)
    .union(TcpFields::LAST_ACK_RECEIVED)
    .union(TcpFields::TIMEOUTS);

/// Why a connection does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Unanswered,
    ZeroWindow,
    /// The process here, and not the peer, does not read.
    NotRead,
}

impl Cause {
    const ALL: [Self; 3] = [Self::Unanswered, Self::ZeroWindow, Self::NotRead];

    /// Returns the word that stands for it in JSON.
    const fn word(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::ZeroWindow => "zero_window",
            Self::NotRead => "not_read",
        }
    }
}

/// A connection that does not move, why, and for how long.
type Stalled<'a> = (IpSocketRef<'a>, Cause, Duration);

/// Returns why and for how long none of a connection's data has moved; `None` if it has, or for less than `old`.
fn stalled(before: &Mark, now: &IpSocketRef<'_>, old: Duration) -> Option<(Cause, Duration)> {
    let of_peer = not_delivered(before, now, old);
    of_peer.or_else(|| Some((Cause::NotRead, not_read(before, now, old)?)))
}

fn not_read(before: &Mark, now: &IpSocketRef<'_>, old: Duration) -> Option<Duration> {
    // After its FIN a peer sends nothing more.
    if now.state != Some(TcpState::Established) || !before.is_unread(now) {
        return None;
    }
    now.tcp()?.last_data_received.filter(|silent| *silent >= old)
}

fn not_delivered(before: &Mark, now: &IpSocketRef<'_>, old: Duration) -> Option<(Cause, Duration)> {
    if !before.is_undelivered(now) {
        return None;
    }
    let tcp = now.tcp()?;
    let silent = tcp.last_ack_received?;
    let probing = now.timer().is_some_and(|timer| timer.kind == TimerKind::Probe);
    if silent >= old && tcp.timeouts.is_some_and(|timeouts| timeouts >= 2) && !probing {
        return Some((Cause::Unanswered, silent));
    }
    let unsent = tcp.last_data_sent?;
    let no_room = probing || tcp.send_window == Some(0);
    (no_room && unsent >= old).then_some((Cause::ZeroWindow, unsent))
}

fn run(evidence: &Evidence, thresholds: &Thresholds<'_>) -> Vec<Finding> {
    let is_judged =
        |socket: &IpSocketRef<'_>| matches!(socket.state, Some(TcpState::Established | TcpState::CloseWait));
    let connections = || evidence.now.sockets.iter_ip().filter(is_judged);
    // Windows reports of some connections how much was acknowledged, and of none since when.
    let is_told = |socket: IpSocketRef<'_>| {
        let course = socket.tcp().as_ref().map(Course::of);
        // The details of a connection that nothing happened to are kept in its mark alone.
        course.or_else(|| evidence.before(&socket)?.course).is_some_and(|course| course.told)
    };
    let n = connections().count();
    if n > 0 && !connections().any(is_told) {
        return vec![Finding::never_told(say!("never-told"), say!("needs"))];
    }
    let old = thresholds.seconds("old");
    let mut stuck: FxHashMap<HeldBy, Vec<Stalled<'_>>> = FxHashMap::default();
    for socket in connections() {
        let stalled = evidence.before(&socket).and_then(|before| stalled(before, &socket, old));
        if let Some((cause, age)) = stalled {
            stuck.entry(evidence.held_by(&socket)).or_default().push((socket, cause, age));
        }
    }
    let mut findings = Vec::new();
    for Culprit { holder, sockets: connections } in evidence.culprits(connections()) {
        if holder == HeldBy::Nobody(NoOwner::NoProcess) {
            continue;
        }
        let stalled = stuck.remove(&holder).unwrap_or_default();
        for cause in Cause::ALL {
            let of_cause = || stalled.iter().filter(|(_, why, _)| *why == cause);
            let group = StalledGroup {
                cause,
                holder: &holder,
                sockets: of_cause().map(|(socket, ..)| *socket).collect(),
                oldest: of_cause().map(|(.., age)| *age).max(),
                connections,
            };
            let count = group.sockets.len() as f64;
            let Some(severity) = thresholds.graded(count) else { continue };
            let few = count * 100.0 < thresholds.number("share") * connections as f64;
            findings.push(group.finding(evidence, if few { Severity::Notice } else { severity }));
        }
    }
    if findings.is_empty() {
        findings.push(Finding::ok(say!("ok", n)));
    }
    findings
}

/// The stalled connections of one process, for one cause.
struct StalledGroup<'a> {
    cause: Cause,
    holder: &'a HeldBy,
    sockets: Vec<IpSocketRef<'a>>,
    oldest: Option<Duration>,
    /// The number of connections that the process has in all.
    connections: usize,
}

impl StalledGroup<'_> {
    fn finding(&self, evidence: &Evidence, severity: Severity) -> Finding {
        let (who, n, all) = (self.holder.text(), self.sockets.len(), self.connections);
        let mut finding = Finding::new(
            severity,
            match self.cause {
                Cause::Unanswered => say!("unanswered", n, all, who),
                Cause::ZeroWindow => say!("zero-window", n, all, who),
                Cause::NotRead => say!("not-read", n, all, who),
            },
        );
        let cause = self.cause.word();
        finding.subject = format!("{} {cause}", self.holder.subject());
        finding.amount = n as f64;
        finding.facts = self.facts(cause);
        finding.processes = evidence.culprits(self.sockets.iter().copied());
        let process = self.holder.filter_words();
        finding.rows = Some(match self.cause {
            Cause::NotRead => format!(
                "netstat --columns local,foreign,recvq,process --sort recvq:desc connected recvq gt 0{process}"
            ),
            Cause::Unanswered | Cause::ZeroWindow => format!(
                "netstat --columns local,foreign,sendq,timer,rtt,retrans,process --sort sendq:desc connected sendq gt 0{process}"
            ),
        });
        self.advise(&mut finding);
        finding
    }

    fn facts(&self, cause: &str) -> Vec<Fact> {
        let queue = |socket: &IpSocketRef<'_>| match self.cause {
            Cause::NotRead => socket.recv_queue(),
            Cause::Unanswered | Cause::ZeroWindow => socket.send_queue(),
        };
        let queued: u64 = self.sockets.iter().filter_map(queue).map(u64::from).sum();
        let peers = counted(self.sockets.iter().filter_map(|socket| Some(socket.remote?.address)));
        let mut facts = vec![
            Fact::said("connections", self.sockets.len()),
            Fact::said("of_connections", self.connections),
            Fact::said("cause", cause),
        ];
        if let Some(age) = self.oldest {
            facts.push(Fact::shown("oldest_seconds", age.as_secs(), say!("oldest", age)));
        }
        let size = bytes(queued);
        facts.push(match self.cause {
            Cause::NotRead => Fact::shown("unread_bytes", queued, say!("unread", size)),
            Cause::Unanswered | Cause::ZeroWindow => {
                Fact::shown("undelivered_bytes", queued, say!("undelivered", size))
            }
        });
        facts.push(Fact::shown("peers", peers.len(), say!("peers", listed = most_frequent(&peers))));
        facts
    }

    fn advise(&self, finding: &mut Finding) {
        let peer = self.sockets.iter().find_map(|socket| socket.remote);
        let address = peer.map_or_else(String::new, host);
        (finding.meaning, finding.next) = match self.cause {
            Cause::Unanswered => {
                (Some(say!("meaning-unanswered")), vec![say!("next-ping", address), say!("next-timeout")])
            }
            Cause::NotRead => (
                Some(say!("meaning-not-read")),
                match self.holder {
                    HeldBy::Process { pid, .. } => vec![say!("next-threads", tools = thread_tools(*pid))],
                    other => to_see_one(other).into_iter().collect(),
                },
            ),
            Cause::ZeroWindow => {
                (Some(say!("meaning-zero-window")), vec![say!("next-peer", address), say!("next-peer-here")])
            }
        };
    }
}

#[cfg(test)]
mod tests;
