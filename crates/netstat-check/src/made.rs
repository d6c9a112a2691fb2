//! Evidence made by hand, for the tests of the checks: what a Linux kernel tells, and the little that Windows does.

use super::{
    Check, CheckSettings, Evidence, Finding, Lack, Moment, Surroundings, listening, parse_assignment,
};
use netstat_engine::text::Language;
use netstat_model::{
    Counters, Endpoint, Executable, Family, Missing, NoOwner, Owner, Ownership, Process, ProcessKey,
    Protocol, Socket, TcpInfo, TcpState, Timer, TimerKind,
};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

pub(super) fn end(text: &str) -> Endpoint {
    let end: SocketAddr = text.parse().unwrap();
    Endpoint::new(end.ip(), end.port(), 0)
}

fn family(end: Endpoint) -> Family {
    if end.address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// A TCP socket that nobody holds.
pub(super) fn tcp(local: &str, remote: &str, state: TcpState) -> Socket {
    let local = end(local);
    let remote = (!remote.is_empty()).then(|| end(remote));
    let mut socket = Socket::new(Protocol::Tcp, family(local), local, remote);
    socket.state = Some(state);
    socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    socket
}

/// The same socket, held by a process.
pub(super) fn held(mut socket: Socket, pid: u32) -> Socket {
    let process = ProcessKey { pid, start_time: 1 };
    socket.ownership = Ownership::Held(vec![Owner { process, parent: None, descriptor: None }]);
    socket
}

/// The same socket with what Linux knows of its course.
pub(super) fn with(mut socket: Socket, change: impl FnOnce(&mut TcpInfo)) -> Socket {
    change(socket.tcp.get_or_insert_default());
    socket
}

/// The same socket with UDP.
pub(super) fn udp(local: &str, remote: &str) -> Socket {
    let mut socket = tcp(local, remote, TcpState::Closed);
    (socket.protocol, socket.state) = (Protocol::Udp, None);
    socket
}

/// One look at sockets, with what is known of the process that holds each.
pub(super) fn seen(sockets: Vec<(Socket, Option<Process>)>) -> Evidence {
    let processes = sockets.iter().filter_map(|(_, process)| process.clone());
    let processes = processes.map(|process| (process.id, process)).collect();
    let sockets = sockets.into_iter().map(|(socket, process)| match process {
        Some(process) => held(socket, process.id.pid),
        None => socket,
    });
    Evidence { processes, ..look(moment(1, sockets.collect())) }
}

/// A process that runs a file and of which the rest is usual; its name is that of the file.
pub(super) fn process(pid: u32, path: &str) -> Process {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut process = Process::unknown(ProcessKey { pid, start_time: 1 }, Missing::NotApplicable);
    process.name = Ok(name.into());
    process.executable = Ok(Executable { path: path.into(), deleted: false });
    process.user = Ok(0);
    process.unit = Ok(format!("{name}.service").into());
    process
}

/// What was there at a second of the clock.
pub(super) fn moment(second: u64, sockets: Vec<Socket>) -> Moment {
    Moment {
        at: Ok(Duration::from_secs(second)),
        whole: true,
        marks: sockets.iter().collect(),
        sockets,
        counters: Err(Lack::NotAsked),
        conntrack: Err(Lack::NotAsked),
    }
}

/// One look. Every process is called `p` and its number.
pub(super) fn look(now: Moment) -> Evidence {
    looks(None, now)
}

/// Two looks.
pub(super) fn looks(before: Option<Moment>, now: Moment) -> Evidence {
    let mut processes = HashMap::new();
    for socket in &now.sockets {
        if let Some(owner) = socket.ownership.principal() {
            let mut process = Process::unknown(owner.process, Missing::NotRead);
            process.name = Ok(format!("p{}", owner.process.pid).into());
            processes.insert(owner.process, process);
        }
    }
    Evidence {
        listening: listening(&now.sockets),
        now,
        before,
        limits: Err(Lack::NotAsked),
        processes,
        surroundings: Surroundings::default(),
        seen_since: Default::default(),
    }
}

/// What a check finds, with these settings.
pub(super) fn run(check: &Check, evidence: &Evidence, settings: &[&str]) -> Vec<Finding> {
    let mut all = CheckSettings::default();
    let assignments: Vec<_> = settings.iter().map(|text| parse_assignment(text).unwrap()).collect();
    all.assign(&assignments);
    let findings = check.judge(evidence, &all);
    findings.iter().for_each(suits_the_system);
    findings
}

/// Commands and settings of either system, which the other does not have.
const OF_LINUX: [&str; 17] = [
    "on Linux",
    "Linux에서",
    "sysctl",
    "net.ipv4",
    "net.core",
    "ip_local_port",
    "IP_BIND_ADDRESS",
    "/proc/",
    "ip route",
    "root",
    "traceroute",
    "tcpdump",
    "mtr ",
    "ping -M",
    "gdb",
    "nftables inet filter",
    "timer,",
];
const OF_WINDOWS: [&str; 15] = [
    "netsh",
    "tracert ",
    "Find-NetRoute",
    "Get-",
    "Set-",
    "pathping",
    "ping -f",
    "pktmon",
    "procdump",
    "HKLM",
    "TcpTimedWaitDelay",
    "SO_REUSE_UNICASTPORT",
    "WSAE",
    "administrator",
    "관리자",
];

/// Checks that judge on Linux alone: what they find elsewhere is that they cannot.
const OF_LINUX_ALONE: [&str; 4] = ["listen-queue", "stalled", "buffers", "conntrack"];

/// That a finding tells nobody to do what their system does not know. What it finds is what this system can have.
fn suits_the_system(finding: &Finding) {
    let of_linux = OF_LINUX_ALONE.contains(&finding.check) || finding.subject == "tcp_max_tw_buckets";
    let foreign: &[&str] = match cfg!(windows) {
        true if of_linux => return,
        true => &OF_LINUX,
        false => &OF_WINDOWS,
    };
    let own_words = finding
        .facts
        .iter()
        .filter(|fact| !["path", "user", "unit"].contains(&fact.key))
        .filter_map(|fact| fact.text.as_ref());
    let texts = own_words.chain(&finding.meaning).chain(&finding.next).chain([&finding.sentence]);
    let both = texts.flat_map(|text| [text.of(Language::English), text.of(Language::Korean)]);
    for text in both.clone().chain(finding.rows.as_deref()) {
        assert!(!text.contains(['{', '}']), "{} has a blank that is not filled: {text}", finding.check);
        for word in foreign {
            assert!(!text.contains(word), "{} says {word:?} here: {text}", finding.check);
        }
    }
    both.for_each(one_is_not_many);
}

/// That a text does not say `1 connections`, or that one of them are.
fn one_is_not_many(text: &str) {
    const THINGS: [&str; 13] = [
        "addresses",
        "are",
        "connections",
        "cookies",
        "datagrams",
        "destinations",
        "entries",
        "listeners",
        "lose",
        "packets",
        "ports",
        "requests",
        "segments",
    ];
    let words: Vec<&str> = text.split(' ').map(|word| word.trim_matches(['(', ')', ',', ':'])).collect();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "1") {
        let next = words.get(at + 1).copied().unwrap_or_default();
        assert!(!THINGS.contains(&next), "one is many here: {text}");
        let of_many = next == "of" && words.get(at + 2) == Some(&"them");
        assert!(!(of_many && words.get(at + 3) == Some(&"are")), "one is many here: {text}");
    }
}

/// The findings as lines: severity, subject, sentence.
pub(super) fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| {
            format!(
                "{} [{}] {}",
                finding.severity.word(),
                finding.subject,
                finding.sentence.of(Language::English)
            )
        })
        .collect()
}

/// What a finding rests on under a key, as JSON.
pub(super) fn fact(finding: &Finding, key: &str) -> Option<serde_json::Value> {
    finding.facts.iter().find(|fact| fact.key == key).map(|fact| fact.value.clone())
}

/// The same socket with a timer that has fired so often.
pub(super) fn fired(mut socket: Socket, kind: TimerKind, retransmits: u8) -> Socket {
    socket.timer = Some(Timer { kind, expires_in: Duration::from_millis(100), retransmits });
    socket
}

/// The same socket with these queues.
pub(super) fn queues(mut socket: Socket, recv: u32, send: u32) -> Socket {
    socket.recv_queue = Some(recv);
    socket.send_queue = Some(send);
    socket
}

/// A moment with counters.
pub(super) fn counted(second: u64, sockets: Vec<Socket>, counters: Counters) -> Moment {
    Moment { counters: Ok(counters), ..moment(second, sockets) }
}

/// The same socket as a kernel has it that numbers its sockets.
pub(super) fn numbered(mut socket: Socket, cookie: u64) -> Socket {
    socket.id.cookie = Some(cookie);
    socket.id.inode = Some(cookie);
    socket
}
