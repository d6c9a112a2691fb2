//! Test fixtures: sockets, processes and evidence as Linux and Windows report them.

use super::evidence::{Listed, listening};
use super::{Check, CheckSettings, Evidence, Finding, Lack, Marks, Moment, Surroundings, parse_assignment};
use netstat_engine::select::Undecided;
use netstat_engine::text::Language;
use netstat_model::{
    Counters, Executable, Family, IpEndpoint, IpSocketRef, Missing, NoOwner, Owner, Ownership, Process,
    ProcessKey, Socket, SocketKey, SocketRef, TcpInfo, TcpState, Timer, TimerKind, Transport,
};
use rustc_hash::FxHashMap;
use std::net::SocketAddr;
use std::time::Duration;

pub(super) fn end(text: &str) -> IpEndpoint {
    let end: SocketAddr = text.parse().unwrap();
    IpEndpoint::new(end.ip(), end.port(), 0)
}

fn family(end: IpEndpoint) -> Family {
    if end.address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// Returns a TCP socket that no process holds.
pub(super) fn tcp(local: &str, remote: &str, state: TcpState) -> Socket {
    let local = end(local);
    let remote = (!remote.is_empty()).then(|| end(remote));
    let mut socket = Socket::new(Transport::Tcp, family(local), local, remote);
    socket.state = Some(state);
    socket.ownership = Ownership::Unowned(NoOwner::NoProcess);
    socket
}

/// Returns the socket, held by one process.
pub(super) fn held(mut socket: Socket, pid: u32) -> Socket {
    let process = ProcessKey { pid, start_time: 1 };
    socket.ownership = Ownership::Held(vec![Owner { process, parent: None, descriptor: None }]);
    socket
}

/// Returns the socket with changed fields of `tcp_info`.
pub(super) fn with(mut socket: Socket, change: impl FnOnce(&mut TcpInfo)) -> Socket {
    change(socket.tcp.get_or_insert_default());
    socket
}

/// Returns a UDP socket that no process holds.
pub(super) fn udp(local: &str, remote: &str) -> Socket {
    let mut socket = tcp(local, remote, TcpState::Closed);
    (socket.protocol, socket.state) = (Transport::Udp.into(), None);
    socket
}

/// Returns one look at sockets, each with the process that holds it.
pub(super) fn seen(sockets: Vec<(Socket, Option<Process>)>) -> Evidence {
    let processes = sockets.iter().filter_map(|(_, process)| process.clone());
    let processes = processes.map(|process| (process.id, process)).collect();
    let sockets = sockets.into_iter().map(|(socket, process)| match process {
        Some(process) => held(socket, process.id.pid),
        None => socket,
    });
    Evidence { processes, ..look(moment(1, sockets.collect())) }
}

/// Returns a process of root that runs a file and is named after it, in a service of that name.
pub(super) fn process(pid: u32, path: &str) -> Process {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut process = Process::unknown(ProcessKey { pid, start_time: 1 }, Missing::NotApplicable);
    process.name = Ok(name.into());
    process.executable = Ok(Executable { path: path.into(), deleted: false });
    process.user = Ok(0);
    process.unit = Ok(format!("{name}.service").into());
    process
}

/// Returns what a whole look found at this uptime, in seconds.
pub(super) fn moment(second: u64, sockets: Vec<Socket>) -> Moment {
    let sockets_tell_course = sockets.iter().any(|socket| socket.tcp.is_some());
    Moment {
        at: Ok(Duration::from_secs(second)),
        whole: true,
        marks: marks(&sockets),
        sockets: sockets.into_iter().collect(),
        listed: Listed::by(&[]),
        tells_course: sockets_tell_course,
        undecided: Undecided::new(),
        counters: Err(Lack::NotAsked),
        conntrack: Err(Lack::NotAsked),
    }
}

/// Returns evidence of one look. Each process is named `p` and its ID.
pub(super) fn look(now: Moment) -> Evidence {
    looks(None, now)
}

/// Returns evidence of two looks.
pub(super) fn looks(before: Option<Moment>, now: Moment) -> Evidence {
    let mut processes = FxHashMap::default();
    for socket in now.sockets.iter_ip() {
        if let Some(owner) = socket.ownership().principal() {
            let mut process = Process::unknown(owner.process, Missing::NotRead);
            process.name = Ok(format!("p{}", owner.process.pid).into());
            processes.insert(owner.process, process);
        }
    }
    Evidence {
        listening: listening(now.sockets.iter_ip()),
        now,
        before,
        nothing_matches: false,
        foreign_addresses: Err(Lack::NotAsked),
        limits: Err(Lack::NotAsked),
        descriptors: Err(Lack::NotAsked),
        descriptors_since: Default::default(),
        processes,
        surroundings: Surroundings::default(),
        seen_since: Default::default(),
    }
}

/// Returns what a check finds with these settings, after looking at the wording.
pub(super) fn run(check: &Check, evidence: &Evidence, settings: &[&str]) -> Vec<Finding> {
    let mut all = CheckSettings::default();
    let assignments: Vec<_> = settings.iter().map(|text| parse_assignment(text).unwrap()).collect();
    all.assign(&assignments);
    let findings = check.judge(evidence, &all);
    findings.iter().for_each(assert_fits_the_system);
    findings
}

/// Words that only fit Linux.
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
/// Words that only fit Windows.
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

/// Checks that can only judge on Linux; elsewhere they report that they cannot.
const OF_LINUX_ALONE: [&str; 5] = ["listen-queue", "stalled", "buffers", "descriptors", "conntrack"];

/// Asserts that a finding names no command or setting of another system.
fn assert_fits_the_system(finding: &Finding) {
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
    both.for_each(assert_singular);
}

/// Asserts that a text says neither `1 connections` nor `1 of them are`.
fn assert_singular(text: &str) {
    const THINGS: [&str; 16] = [
        "addresses",
        "are",
        "connections",
        "cookies",
        "datagrams",
        "descriptors",
        "destinations",
        "entries",
        "listeners",
        "lose",
        "packets",
        "ports",
        "processes",
        "requests",
        "segments",
        "sockets",
    ];
    let words: Vec<&str> = text.split(' ').map(|word| word.trim_matches(['(', ')', ',', ':'])).collect();
    for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "1") {
        let next = words.get(at + 1).copied().unwrap_or_default();
        assert!(!THINGS.contains(&next), "one is many here: {text}");
        let of_many = next == "of" && words.get(at + 2) == Some(&"them");
        assert!(!(of_many && words.get(at + 3) == Some(&"are")), "one is many here: {text}");
    }
}

/// Returns the findings as lines: severity, subject, sentence.
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

/// Returns a fact of a finding, as JSON.
pub(super) fn fact(finding: &Finding, key: &str) -> Option<serde_json::Value> {
    finding.facts.iter().find(|fact| fact.key == key).map(|fact| fact.value.clone())
}

/// Returns the socket with a timer that has fired this often.
pub(super) fn fired(mut socket: Socket, kind: TimerKind, retransmits: u8) -> Socket {
    socket.timer = Some(Timer { kind, expires_in: Duration::from_millis(100), retransmits });
    socket
}

/// Returns the socket with these queue lengths, in bytes.
pub(super) fn queues(mut socket: Socket, recv: u32, send: u32) -> Socket {
    socket.recv_queue = Some(recv);
    socket.send_queue = Some(send);
    socket
}

/// Returns what a whole look found, protocol counters included.
pub(super) fn counted(second: u64, sockets: Vec<Socket>, counters: Counters) -> Moment {
    Moment { counters: Ok(counters), ..moment(second, sockets) }
}

/// Returns the socket with a cookie and an inode.
pub(super) fn numbered(mut socket: Socket, cookie: u64) -> Socket {
    socket.id.cookie = Some(cookie);
    socket.id.inode = Some(cookie);
    socket
}

/// Returns the marks of a look at these sockets.
pub(super) fn marks(sockets: &[Socket]) -> Marks {
    sockets.iter().map(SocketRef::from).collect()
}

/// Returns the first socket of the evidence.
pub(super) fn first(evidence: &Evidence) -> IpSocketRef<'_> {
    evidence.now.sockets.iter_ip().next().unwrap()
}

/// Changes the first socket of the evidence.
pub(super) fn change_first(evidence: &mut Evidence, change: impl FnOnce(&mut Socket)) {
    let mut sockets: Vec<Socket> = evidence.now.sockets.iter_ip().map(|socket| socket.to_socket()).collect();
    sockets.first_mut().map(change).unwrap();
    evidence.now.sockets = sockets.into_iter().collect();
}

/// Adds a process to those that hold the first socket of the evidence.
pub(super) fn also_held_by(evidence: &mut Evidence, process: ProcessKey) {
    change_first(evidence, |socket| {
        if let Ownership::Held(owners) = &mut socket.ownership {
            owners.push(Owner { process, parent: None, descriptor: None });
        }
    });
}

/// Returns since when `--watch` has seen each socket, if it has seen all of them since this time.
pub(super) fn seen_since(
    evidence: &Evidence,
    since: Duration,
) -> FxHashMap<(SocketKey, Option<TcpState>), Duration> {
    let key = |socket: IpSocketRef<'_>| (SocketKey::of(socket), socket.state);
    evidence.now.sockets.iter_ip().map(|socket| (key(socket), since)).collect()
}
