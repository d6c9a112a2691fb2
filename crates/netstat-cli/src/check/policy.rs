//! `policy`: listeners and destinations that a file does not allow, or forbids.

mod file;
mod learn;

pub(crate) use file::Policy;
pub(crate) use learn::learned;

use super::holders::{Holder, to_see_all, to_see_one};
use super::identity::WHO;
use super::surroundings::Wanted;
use super::text::{EN, KO, grouped, number_of, part};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use file::{Answer, Rule, Rules, Subject};
use netstat_engine::filter::Reach;
use netstat_model::query::{Kinds, States};
use netstat_model::{Endpoint, Process, Protocol, Socket, TcpState};
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

pub(crate) static CHECK: Check = Check {
    name: "policy",
    summary: Text::fixed(
        "listeners and destinations that a file does not allow, or forbids",
        "파일이 허용하지 않거나 금지한 리스너와 목적지",
    ),
    rule: Text::fixed(
        "A TOML file says which process, path, user or service may listen on which address and port (allow.listen), where they \
         may go (allow.connect), and what they may not do even so (forbid.listen, forbid.connect). Whatever is outside of \
         what is allowed is a warning, whatever is forbidden is critical. netstat check policy --learn writes such a file \
         of what is there now; what it writes gives no finding.\n\n\
         Judged are TCP listeners, unconnected UDP sockets on ports below policy.clients, and connections that were made \
         from here, to another machine than this one: those whose local port nobody listens on. A file without allow.listen \
         allows every listener, one without allow.connect every destination. What is forbidden is so for every process that \
         holds the socket, and a listener on [::] that serves IPv4 as well is held against 0.0.0.0 too.\n\n\
         Without a file there is nothing to judge by. Where a rule asks for something of a process that this user may not \
         see, the answer is unknown.",
        "TOML 파일이 어떤 프로세스, 경로, 사용자, 서비스가 어느 주소와 포트에서 들을 수 있는지(allow.listen), 어디로 갈 수 있는지\
         (allow.connect), 그래도 하면 안 되는 것(forbid.listen, forbid.connect)을 정합니다. 허용되지 않은 것은 경고, 금지된 것은 \
         위험입니다. netstat check policy --learn은 지금 있는 것으로 그런 파일을 쓰고, 그 파일로는 아무 결과도 나오지 않습니다.\n\n\
         판단하는 것은 TCP 리스너, policy.clients보다 작은 포트의 연결되지 않은 UDP 소켓, 그리고 여기서 다른 컴퓨터로 만든 연결, 곧 \
         로컬 포트를 아무도 듣지 않는 연결입니다. allow.listen이 없는 파일은 모든 리스너를, allow.connect가 없는 파일은 모든 목적지를 \
         허용합니다. 금지는 소켓을 든 모든 프로세스에 적용되고, IPv4도 받는 [::] 리스너는 0.0.0.0으로도 따집니다.\n\n\
         파일이 없으면 판단할 근거가 없습니다. 규칙이 이 사용자가 볼 수 없는 프로세스에 대해 물으면 알 수 없음입니다.",
    ),
    settings: &[&FILE, &CLIENTS],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable and GetExtendedUdpTable: listeners, connections and UDP sockets; their owners",
        "the file of --policy or policy.file",
    ],
    needs: Needs {
        kinds: Kinds::all(),
        states: JUDGED.union(States::LISTEN),
        listening: true,
        owners: JUDGED.union(States::LISTEN),
        udp_owners: true,
        process: WHO,
        surroundings: Wanted { users: true, policy: true, ..Wanted::NOTHING },
        ..Needs::NOTHING
    },
    run,
};

/// Connections that lead, or are to lead, somewhere.
const JUDGED: States = States::SYN_SENT.union(States::ESTABLISHED).union(States::CLOSE_WAIT);

pub(crate) static FILE: Setting = Setting {
    name: "file",
    default: Default::Words(&[]),
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "the file of the policy, as --policy FILE names it for once",
        "정책 파일. 한 번만 쓸 때는 --policy FILE",
    ),
};

static CLIENTS: Setting = Setting {
    name: "clients",
    default: Default::Number(32_768.0),
    unit: Text::fixed("port", "번 포트"),
    meaning: Text::fixed(
        "unconnected UDP sockets on ports from here on are taken for clients; the kernel gives such ports to them",
        "이 포트부터는 연결되지 않은 UDP 소켓을 클라이언트로 봅니다. 커널이 클라이언트에 주는 포트입니다",
    ),
};

/// What a socket does that a policy judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deed {
    Listens,
    Connects,
}

/// What a socket does, and at which end that is to be seen.
fn deed(socket: &Socket, listening: &FxHashSet<(Protocol, u16)>, clients: usize) -> Option<(Deed, Endpoint)> {
    match (socket.protocol, socket.state, socket.remote) {
        (Protocol::Tcp, Some(TcpState::Listen), _) => Some((Deed::Listens, socket.local)),
        (Protocol::Udp, _, None) => {
            (usize::from(socket.local.port) < clients).then_some((Deed::Listens, socket.local))
        }
        // Other checks may have asked for connections that are over.
        (Protocol::Tcp, Some(state), _) if !JUDGED.contains(States::of(state)) => None,
        (protocol, _, Some(remote)) => {
            let leaves =
                Reach::of(remote.address) != Some(Reach::Loopback) && remote.address != socket.local.address;
            let from_here = !listening.contains(&(protocol, socket.local.port));
            (leaves && from_here).then_some((Deed::Connects, remote))
        }
        _ => None,
    }
}

/// The sockets that a policy judges, with what they do and where.
fn deeds<'a>(
    evidence: &'a Evidence,
    thresholds: &Thresholds,
) -> impl Iterator<Item = (&'a Socket, Deed, Endpoint)> + use<'a> {
    let clients = thresholds.count(&CHECK, &CLIENTS);
    evidence.now.sockets.iter().filter_map(move |socket| {
        let (deed, end) = deed(socket, &evidence.listening, clients)?;
        Some((socket, deed, end))
    })
}

/// How a policy answers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Forbidden(String),
    Outside,
    /// A rule asks for what is not known.
    NotKnown,
}

/// `None`: it is allowed. The first of the subjects is who has to be allowed; the others are what is forbidden as well.
fn judge(rules: &Rules, subjects: &[Subject<'_>]) -> Option<Verdict> {
    let subject = subjects.first()?;
    let forbids = |rule: &Rule| {
        let answers: Vec<Answer> = subjects.iter().map(|subject| rule.matches(subject)).collect();
        if answers.contains(&Some(true)) { Some(true) } else { answers.iter().min().copied().flatten() }
    };
    let forbidden: Vec<Answer> = rules.forbidden.iter().map(forbids).collect();
    if let Some(at) = forbidden.iter().position(|answer| *answer == Some(true)) {
        let note = rules.forbidden.get(at).and_then(|rule| rule.note.clone());
        return Some(Verdict::Forbidden(note.unwrap_or_default()));
    }
    let allowed = rules.allowed.as_ref();
    let allowed: Option<Vec<Answer>> =
        allowed.map(|list| list.iter().map(|rule| rule.matches(subject)).collect());
    let is_allowed = allowed.as_ref().is_none_or(|answers| answers.contains(&Some(true)));
    if is_allowed {
        return forbidden.contains(&None).then_some(Verdict::NotKnown);
    }
    let not_known = allowed.is_some_and(|answers| answers.contains(&None)) || forbidden.contains(&None);
    Some(if not_known { Verdict::NotKnown } else { Verdict::Outside })
}

/// What rules are held against: a socket as it shows, then with each other process that holds it, and then again at the
/// address of IPv4 where it listens for both families at once.
fn subjects<'a>(evidence: &'a Evidence, socket: &'a Socket, deed: Deed, end: Endpoint) -> Vec<Subject<'a>> {
    let users = &evidence.surroundings.users;
    let of = |address: IpAddr, process: Option<&'a Process>| Subject {
        socket,
        address,
        port: end.port,
        process,
        users,
    };
    let mut subjects = vec![of(end.address, evidence.process_of(socket))];
    subjects.extend(evidence.others_of(socket).map(|process| of(end.address, Some(process))));
    if deed == Deed::Listens && end.address.is_ipv6() && socket.sections().v4 {
        let again: Vec<Subject<'_>> =
            subjects.iter().map(|subject| of(IpAddr::V4(Ipv4Addr::UNSPECIFIED), subject.process)).collect();
        subjects.extend(again);
    }
    subjects
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let Some(policy) = &evidence.surroundings.policy else {
        return vec![Finding::ok(
            CHECK.name,
            Text::fixed(
                "there is no policy to judge by; netstat check policy --learn writes one",
                "판단할 정책이 없음. netstat check policy --learn으로 만들 수 있음",
            ),
        )];
    };
    let mut judged = 0usize;
    let mut not_known: Vec<(&Socket, Deed, u16)> = Vec::new();
    let mut groups: BTreeMap<(Verdict, Deed, Protocol, u16), Vec<&Socket>> = BTreeMap::new();
    for (socket, deed, end) in deeds(evidence, thresholds) {
        judged += 1;
        let rules = if deed == Deed::Listens { &policy.listen } else { &policy.connect };
        let verdict = judge(rules, &subjects(evidence, socket, deed, end));
        if verdict == Some(Verdict::NotKnown) {
            not_known.push((socket, deed, end.port));
        } else if let Some(verdict) = verdict {
            groups.entry((verdict, deed, socket.protocol, end.port)).or_default().push(socket);
        }
    }
    let mut findings = Vec::new();
    for ((verdict, deed, protocol, port), members) in &groups {
        for (holder, sockets) in evidence.by_holder(members.iter().copied()) {
            findings.push(finding(evidence, verdict, *deed, (*protocol, *port), &holder, &sockets));
        }
    }
    if !not_known.is_empty() {
        findings.push(unseen(evidence, &not_known, judged));
    }
    if findings.is_empty() {
        let count = grouped(judged);
        return vec![Finding::ok(
            CHECK.name,
            Text::new(
                format!(
                    "{}, all allowed",
                    number_of(judged, "listener or destination", "listeners and destinations")
                ),
                format!("리스너와 목적지 {count}개, 모두 허용됨"),
            ),
        )];
    }
    findings
}

/// Ports that are named at most.
const MOST_PLACES: usize = 10;

/// What depends on what this user may not see, as one finding: on a machine of others that is nearly everything.
fn unseen(evidence: &Evidence, members: &[(&Socket, Deed, u16)], judged: usize) -> Finding {
    let sockets = || members.iter().map(|(socket, ..)| *socket);
    let culprits = evidence.culprits(sockets());
    let mut finding = Finding::unknown(
        CHECK.name,
        Text::new(
            format!(
                "whether the policy allows {} depends on what this user may not see",
                part(members.len(), judged, "listener or destination", "listeners and destinations")
            ),
            format!(
                "리스너와 목적지 {}개 중 {}개를 정책이 허용하는지는 이 사용자가 볼 수 없는 것에 달림",
                grouped(judged),
                grouped(members.len())
            ),
        ),
        to_see_all(&culprits),
    );
    finding.subject = "what may not be seen".to_owned();
    finding.amount = members.len() as f64;
    finding.facts = vec![Fact::said("not_known", members.len())];
    for (deed, key, english, korean) in [
        (Deed::Listens, "listening_ports", "listening on", "듣는 포트"),
        (Deed::Connects, "remote_ports", "connected to port", "연결한 포트"),
    ] {
        let of_deed = members.iter().filter(|(_, is, _)| *is == deed);
        let mut places: Vec<(u16, &str)> =
            of_deed.map(|(socket, _, port)| (*port, word(socket.protocol))).collect();
        places.sort_unstable();
        places.dedup();
        let named: Vec<String> =
            places.iter().take(MOST_PLACES).map(|(port, word)| format!("{port}/{word}")).collect();
        let names = named.join(", ");
        let (more_en, more_ko) = match places.len().saturating_sub(MOST_PLACES) {
            0 => (String::new(), String::new()),
            more => (format!(" and {more} more"), format!(" 외 {more}개")),
        };
        if !places.is_empty() {
            let text = Text::new(format!("{english} {names}{more_en}"), format!("{korean} {names}{more_ko}"));
            finding.facts.push(Fact::shown(key, named, text));
        }
    }
    finding.processes = culprits;
    finding.rows = Some("netstat -a --columns local,foreign,state,pid,process,user,unit".to_owned());
    finding
}

fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    }
}

fn finding(
    evidence: &Evidence,
    verdict: &Verdict,
    deed: Deed,
    (protocol, port): (Protocol, u16),
    holder: &Holder,
    sockets: &[&Socket],
) -> Finding {
    let word = word(protocol);
    let place = format!("{port}/{word}");
    let who = holder.text();
    let (does_en, does_ko) = match deed {
        Deed::Listens => ("listens on", "듣는 포트"),
        Deed::Connects => ("has connections to port", "연결한 포트"),
    };
    let (severity, judged) = match verdict {
        Verdict::Forbidden(_) => {
            (Severity::Critical, Text::fixed("which the policy forbids", "정책이 금지함"))
        }
        Verdict::Outside | Verdict::NotKnown => {
            (Severity::Warning, Text::fixed("which the policy does not allow", "정책이 허용하지 않음"))
        }
    };
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!("{} {does_en} {place}, {}", who.of(EN), judged.of(EN)),
            format!("{}: {does_ko} {place}, {}", who.of(KO), judged.of(KO)),
        ),
    );
    finding.subject = format!("{} {does_en} {place}", holder.subject());
    finding.amount = sockets.len() as f64;
    let end = |socket: &&Socket| match deed {
        Deed::Listens => Some(socket.local.address),
        Deed::Connects => socket.remote.map(|end| end.address),
    };
    let counted = super::holders::counted(sockets.iter().filter_map(end));
    let listed: Vec<String> = counted.iter().take(5).map(|(address, _)| address.to_string()).collect();
    let more = counted.len().saturating_sub(listed.len());
    let (more_en, more_ko) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" and {more} more"), format!(" 외 {more}개")),
    };
    let names = listed.join(", ");
    finding.facts = vec![
        Fact::said("deed", if deed == Deed::Listens { "listen" } else { "connect" }),
        Fact::said("port", port),
        Fact::said("protocol", word),
        Fact::shown(
            "addresses",
            listed,
            match deed {
                Deed::Listens => Text::new(
                    format!("it is bound to {names}{more_en}"),
                    format!("바인드된 주소 {names}{more_ko}"),
                ),
                Deed::Connects => {
                    Text::new(format!("it goes to {names}{more_en}"), format!("목적지 {names}{more_ko}"))
                }
            },
        ),
    ];
    if let Verdict::Forbidden(note) = verdict
        && !note.is_empty()
    {
        let text = Text::new(format!("the policy says: {note}"), format!("정책의 메모: {note}"));
        finding.facts.push(Fact::shown("note", note.clone(), text));
    }
    finding.facts.extend(evidence.identity(sockets.iter().copied()));
    finding.facts.extend(evidence.others(sockets.iter().copied()));
    finding.processes = evidence.culprits(sockets.iter().copied());
    finding.rows = Some(rows(deed, protocol, port, holder));
    finding.next = vec![match verdict {
        Verdict::Forbidden(_) => {
            Text::fixed("find out who started it, and stop it", "누가 시작했는지 알아보고 멈춥니다")
        }
        Verdict::Outside | Verdict::NotKnown => Text::fixed(
            "find out who started it; if it is meant to be so, add a rule (netstat check policy --learn shows how it looks)",
            "누가 시작했는지 알아보고, 의도한 것이면 규칙을 더합니다(netstat check policy --learn이 모양을 보여 줍니다)",
        ),
    }];
    finding.next.extend(to_see_one(holder));
    finding
}

fn rows(deed: Deed, protocol: Protocol, port: u16, holder: &Holder) -> String {
    let word = word(protocol);
    let place = match (deed, protocol) {
        (Deed::Listens, Protocol::Tcp) => format!("listening lport {port}"),
        (Deed::Listens, Protocol::Udp) => format!("udp lport {port}"),
        (Deed::Connects, _) => format!("{word} rport {port}"),
    };
    let process = holder.filter().map(|filter| format!(" {filter}")).unwrap_or_default();
    format!("netstat --columns local,foreign,state,pid,process,user,unit {place}{process}")
}

#[cfg(test)]
mod tests;
