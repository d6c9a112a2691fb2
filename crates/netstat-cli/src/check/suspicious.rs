//! `suspicious`: connections to public addresses about which something is odd. Facts, never a verdict.

mod facts;

use super::holders::{Holder, to_see_all};
use super::identity::WHO;
use super::surroundings::Wanted;
use super::text::{EN, KO, Particle, grouped, is_or_are, number_of, part, particle};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Needs, Setting, Severity, Text, Thresholds};
use facts::Reason;
use netstat_engine::filter::{Glob, Reach};
use netstat_model::query::{Kinds, States};
use netstat_model::{Endpoint, Missing, NoOwner, Ownership, Process, Protocol, Socket, TcpState};
use rustc_hash::FxHashSet;
use std::net::IpAddr;

pub(crate) static CHECK: Check = Check {
    name: "suspicious",
    summary: Text::fixed(
        "connections to public addresses about which something is odd",
        "공인 주소와의 연결 가운데 이상한 점이 있는 것",
    ),
    rule: Text::fixed(
        "Every connection with a public address, established or attempted, is held against facts, each with a weight: \
         the executable lies in memory only (60) or in a directory for temporary files (40), was deleted or replaced (20), or is \
         hidden (20); a shell holds it (40), a tool such as nc (30), or an interpreter (15); it was made from here to a port \
         known of back doors (30), from a high port to a high port (15), or to an unusual one (10); the address is on a \
         list (60, or 30 where the other side came to us); and, where the settings say what is usual, it goes to another \
         country (20) or network (15).\n\n\
         The weights of a process, of whoever else holds the same connection, and of its oddest connection are added. From suspicious.notice on they are worth \
         knowing, from suspicious.warning on somebody should look. What honest programs do every day weighs less than a \
         notice by itself: a script to an unusual port, a daemon whose file an update replaced. A browser, sshd, a \
         package manager or a database client to its port has no such fact at all.\n\n\
         This is never a verdict: an installer runs from a temporary directory as well. The facts are shown so that \
         somebody can judge. A process that this user may not see makes the answer unknown.",
        "공인 주소와 맺었거나 맺으려는 모든 연결을 무게가 있는 사실과 견줍니다. 실행 파일이 메모리에만 있음(60), 임시 디렉터리에 있음\
         (40), 지워지거나 바뀜(20), 숨어 있음(20); 셸(40), nc 같은 도구(30), 인터프리터(15)가 들고 있음; 여기서 백도어로 알려진 \
         포트로(30), 높은 포트에서 높은 포트로(15), 흔하지 않은 포트로(10) 나감; 주소가 목록에 있음(60, 상대가 들어온 것이면 30); \
         설정에 평소의 것이 적혀 있으면 다른 국가(20)나 다른 네트워크(15)로 감.\n\n\
         프로세스의 무게, 그 연결을 함께 든 프로세스의 무게, 그리고 가장 이상한 연결의 무게를 더합니다. suspicious.notice부터는 알릴 만하고, \
         suspicious.warning부터는 누군가 봐야 합니다. 정상 프로그램이 날마다 하는 일은 혼자서는 알림에 못 미칩니다. 흔하지 않은 포트로 \
         가는 스크립트나 업데이트로 파일이 바뀐 데몬이 그렇습니다. 브라우저, sshd, 패키지 관리자, 제 포트로 가는 데이터베이스 \
         클라이언트에는 그런 사실이 없습니다.\n\n\
         이것은 결코 판결이 아닙니다. 설치 프로그램도 임시 디렉터리에서 돕니다. 누군가 판단할 수 있도록 사실을 보여 줍니다. 이 \
         사용자가 볼 수 없는 프로세스가 있으면 알 수 없음입니다.",
    ),
    settings: &[&NOTICE, &WARNING, &COUNTRIES, &NETWORKS, &PORTS, &PATHS, &LISTS],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable: TCP connections and their owners; the executables of the owners",
        "the built-in table of countries, or the files of --geo",
        "the files of suspicious.lists",
    ],
    needs: Needs {
        kinds: Kinds::TCP,
        states: JUDGED,
        listening: true,
        owners: JUDGED,
        process: WHO,
        surroundings: Wanted { users: true, lists: true, places: true, ..Wanted::NOTHING },
        ..Needs::NOTHING
    },
    run,
};

const JUDGED: States = States::SYN_SENT.union(States::ESTABLISHED).union(States::CLOSE_WAIT);

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(40.0),
    unit: Text::fixed("points", "점"),
    meaning: Text::fixed("from here on it is worth knowing", "여기부터 알릴 만합니다"),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(60.0),
    unit: Text::fixed("points", "점"),
    meaning: Text::fixed("from here on somebody should look", "여기부터 누군가 봐야 합니다"),
};

static COUNTRIES: Setting = Setting {
    name: "usual-countries",
    default: Default::Countries,
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "countries that connections usually go to, such as KR,US; without any no country is odd",
        "연결이 평소 가는 국가. 예: KR,US. 없으면 어느 국가도 이상하지 않습니다",
    ),
};

static NETWORKS: Setting = Setting {
    name: "usual-networks",
    default: Default::Words(&[]),
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "networks that they usually go to, by number or pattern of the name, such as AS15169,*telecom*; needs --geo",
        "연결이 평소 가는 네트워크. 번호나 이름 패턴. 예: AS15169,*telecom*. --geo가 필요합니다",
    ),
};

static PORTS: Setting = Setting {
    name: "usual-ports",
    default: Default::Ports,
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "remote ports that are usual here beside those of well-known services",
        "잘 알려진 서비스 말고도 여기서는 흔한 상대 포트",
    ),
};

static PATHS: Setting = Setting {
    name: "usual-paths",
    default: Default::Words(&[]),
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "executables that are left alone, as patterns such as /tmp/build/*",
        "따지지 않을 실행 파일의 패턴. 예: /tmp/build/*",
    ),
};

pub(crate) static LISTS: Setting = Setting {
    name: "lists",
    default: Default::Words(&[]),
    unit: Text::fixed("", ""),
    meaning: Text::fixed(
        "files of addresses and networks that nobody should speak with, in the usual forms of blocklists",
        "상대하지 말아야 할 주소와 네트워크의 파일. 흔한 차단 목록의 형식",
    ),
};

/// What the settings call usual.
struct Usual {
    countries: Vec<String>,
    networks: Vec<String>,
    ports: Vec<u16>,
    paths: Vec<Glob>,
}

impl Usual {
    fn of(thresholds: &Thresholds) -> Self {
        let words = |setting| thresholds.words(&CHECK, setting);
        Self {
            countries: words(&COUNTRIES).iter().map(|code| code.to_ascii_uppercase()).collect(),
            networks: words(&NETWORKS).iter().map(|name| name.to_lowercase()).collect(),
            ports: words(&PORTS).iter().filter_map(|port| tcp_port(port)).collect(),
            paths: words(&PATHS).iter().map(|pattern| Glob::new(pattern)).collect(),
        }
    }

    /// Whether a process runs what is left alone.
    fn has_path(&self, process: &Process) -> bool {
        let path = process.executable.as_ref().ok().map(|file| file.path.as_os_str());
        path.is_some_and(|path| self.paths.iter().any(|glob| glob.matches(path)))
    }

    fn has_network(&self, number: Option<u32>, name: Option<&str>) -> bool {
        self.networks.iter().any(|usual| {
            let digits = usual.strip_prefix("as").unwrap_or(usual);
            match digits.parse::<u32>() {
                Ok(wanted) => number == Some(wanted),
                Err(_) => name.is_some_and(|name| Glob::new(usual).matches(name.to_lowercase().as_ref())),
            }
        })
    }
}

/// The port of `8000` and `8000/tcp`.
fn tcp_port(word: &str) -> Option<u16> {
    let (number, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    number.trim().parse().ok().filter(|_| protocol.eq_ignore_ascii_case("tcp"))
}

/// Which side made a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    /// We did.
    Out,
    /// The other side came to a port that somebody listens on here.
    In,
}

/// A connection with a public address.
#[derive(Clone, Copy)]
struct Connection<'a> {
    socket: &'a Socket,
    remote: Endpoint,
    direction: Direction,
}

impl<'a> Connection<'a> {
    /// `None` for a socket that leads to no public address.
    fn of(socket: &'a Socket, listening: &FxHashSet<(Protocol, u16)>) -> Option<Self> {
        let judged = socket.state.is_some_and(|state| JUDGED.contains(States::of(state)));
        let remote = socket.remote.filter(|end| Reach::of(end.address) == Some(Reach::Public))?;
        if socket.protocol != Protocol::Tcp || !judged || remote.address == socket.local.address {
            return None;
        }
        let inward = listening.contains(&(Protocol::Tcp, socket.local.port));
        Some(Self { socket, remote, direction: if inward { Direction::In } else { Direction::Out } })
    }
}

/// What the other end says.
fn of_remote(evidence: &Evidence, usual: &Usual, connection: &Connection<'_>) -> Vec<Reason> {
    let address = connection.remote.address;
    let out = connection.direction == Direction::Out;
    let mut reasons = Vec::new();
    if let Some((name, entry)) = evidence.surroundings.listed(address) {
        reasons.push(Reason {
            key: "listed",
            weight: if out { facts::LISTED_OUT } else { facts::LISTED_IN },
            text: Text::new(
                format!("{address} is on the list {name} (line {}: {entry})", entry.line),
                format!(
                    "{} 목록 {name}에 있음({}번째 줄: {entry})",
                    particle(&address.to_string(), Particle::Subject),
                    entry.line
                ),
            ),
        });
    }
    // Whoever comes to a service may come from anywhere, and from any port.
    if !out {
        return reasons;
    }
    reasons.extend(facts::of_ports(connection.socket.local.port, connection.remote.port, &usual.ports));
    if let Some(country) = evidence.surroundings.geo.country(address)
        && !usual.countries.is_empty()
        && !usual.countries.iter().any(|known| known == country.code())
    {
        reasons.push(Reason {
            key: "country",
            weight: facts::COUNTRY,
            text: Text::new(
                format!("it goes to {country}, which is not a usual country ({address})"),
                format!(
                    "평소의 국가가 아닌 {} 감({address})",
                    particle(&country.to_string(), Particle::Towards)
                ),
            ),
        });
    }
    if let Some(network) = evidence.surroundings.geo.network(address)
        && !usual.networks.is_empty()
        && !usual.has_network(network.number, network.name.as_deref())
    {
        reasons.push(Reason {
            key: "network",
            weight: facts::NETWORK,
            text: Text::new(
                format!("it goes to the network {network}, which is not a usual one ({address})"),
                format!(
                    "평소의 네트워크가 아닌 {} 감({address})",
                    particle(&network.to_string(), Particle::Towards)
                ),
            ),
        });
    }
    reasons
}

/// What a process says, and whether all of it could be asked.
fn of_process(process: &Process) -> (Vec<Reason>, bool) {
    let mut reasons = Vec::new();
    let mut known = true;
    match &process.executable {
        Ok(executable) => reasons.extend(facts::of_executable(executable)),
        Err(Missing::NotApplicable) => {}
        Err(_) => known = false,
    }
    match &process.name {
        Ok(name) => reasons.extend(facts::of_name(name)),
        Err(_) => known = false,
    }
    (reasons, known)
}

/// What the process says that is shown for a socket.
fn of_principal(evidence: &Evidence, socket: &Socket) -> (Vec<Reason>, bool) {
    evidence.process_of(socket).map_or_else(
        || {
            let none = matches!(socket.ownership, Ownership::Unowned(NoOwner::NoProcess | NoOwner::Kernel));
            (Vec::new(), none)
        },
        of_process,
    )
}

/// What the others say that hold a socket as well, such as a shell that a script has handed it to: each kind of reason
/// once, and none that the principal one gives already.
fn of_others(others: &[&Process], of_principal: &[Reason]) -> (Vec<Reason>, bool) {
    let mut reasons: Vec<Reason> = Vec::new();
    let mut known = true;
    for process in others {
        let (more, all) = of_process(process);
        known &= all;
        for reason in more {
            if !of_principal.iter().chain(&reasons).any(|other| other.key == reason.key) {
                reasons.push(reason);
            }
        }
    }
    (reasons, known)
}

/// A connection, and what its own reasons weigh.
type Judged<'a> = (u32, Vec<Reason>, Connection<'a>);

/// Addresses that are named at most.
const MOST_ADDRESSES: usize = 5;

/// The other addresses of the process that are on a list: only the oddest connection is told in full.
fn also_listed(worst: &Connection<'_>, judged: &[Judged<'_>]) -> Option<Fact> {
    let is_listed = |reasons: &[Reason]| reasons.iter().any(|reason| reason.key == "listed");
    let listed = judged.iter().filter(|(_, reasons, _)| is_listed(reasons));
    let mut addresses: Vec<IpAddr> = listed.map(|(.., connection)| connection.remote.address).collect();
    addresses.sort_unstable();
    addresses.dedup();
    addresses.retain(|address| *address != worst.remote.address);
    let named: Vec<String> = addresses.iter().take(MOST_ADDRESSES).map(IpAddr::to_string).collect();
    let names = named.join(", ");
    let (more_en, more_ko) = match addresses.len().saturating_sub(MOST_ADDRESSES) {
        0 => (String::new(), String::new()),
        more => (format!(" and {} more", grouped(more)), format!(" 외 {}개", grouped(more))),
    };
    (!addresses.is_empty()).then(|| {
        Fact::shown(
            "also_listed",
            named,
            Text::new(
                format!("also on a list: {names}{more_en}"),
                format!("목록에 있는 다른 주소: {names}{more_ko}"),
            ),
        )
    })
}

fn weight(reasons: &[Reason]) -> u32 {
    reasons.iter().map(|reason| reason.weight).sum()
}

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let usual = Usual::of(thresholds);
    let connection = |socket| Connection::of(socket, &evidence.listening);
    let all: Vec<&Socket> =
        evidence.now.sockets.iter().filter(|socket| connection(socket).is_some()).collect();
    let mut findings = Vec::new();
    let mut not_known: Vec<&Socket> = Vec::new();
    for (holder, sockets) in evidence.by_holder(all.iter().copied()) {
        let Some(first) = sockets.first() else { continue };
        let is_usual = evidence.process_of(first).is_some_and(|process| usual.has_path(process));
        let (of_process, mut known) =
            if is_usual { (Vec::new(), true) } else { of_principal(evidence, first) };
        let mut judged: Vec<Judged<'_>> = Vec::new();
        for socket in &sockets {
            let Some(connection) = connection(socket) else { continue };
            let others: Vec<&Process> =
                evidence.others_of(socket).filter(|process| !usual.has_path(process)).collect();
            if is_usual && others.is_empty() {
                continue;
            }
            let (mut reasons, all) = of_others(&others, &of_process);
            known &= all;
            reasons.extend(of_remote(evidence, &usual, &connection));
            judged.push((weight(&reasons), reasons, connection));
        }
        judged.sort_by_key(|(weight, _, connection)| (std::cmp::Reverse(*weight), connection.remote));
        let Some((of_worst, reasons, worst)) = judged.first() else { continue };
        let score = weight(&of_process) + of_worst;
        let at_least =
            |setting: &Setting| f64::from(score) >= thresholds.number(&CHECK, setting) && score > 0;
        let severity = if at_least(&WARNING) {
            Severity::Warning
        } else if at_least(&NOTICE) {
            Severity::Notice
        } else {
            if !known {
                not_known.extend(&sockets);
            }
            continue;
        };
        let reasons: Vec<&Reason> = of_process.iter().chain(reasons).collect();
        let mut finding = finding(evidence, severity, score, &holder, &sockets, worst, &reasons);
        finding.facts.extend(also_listed(worst, &judged));
        findings.push(finding);
    }
    if !not_known.is_empty() {
        findings.push(unseen(evidence, &not_known, all.len()));
    }
    if findings.is_empty() {
        let count = grouped(all.len());
        return vec![Finding::ok(
            CHECK.name,
            Text::new(
                format!(
                    "{} with public addresses, nothing odd about them",
                    number_of(all.len(), "connection", "connections")
                ),
                format!("공인 주소와의 연결 {count}개, 이상한 점 없음"),
            ),
        )];
    }
    findings
}

/// That some processes could not be looked at.
fn unseen(evidence: &Evidence, sockets: &[&Socket], all: usize) -> Finding {
    let culprits = evidence.culprits(sockets.iter().copied());
    let mut finding = Finding::unknown(
        CHECK.name,
        Text::new(
            format!(
                "{} with public addresses {} of processes that this user may not look at",
                part(sockets.len(), all, "connection", "connections"),
                is_or_are(sockets.len())
            ),
            format!(
                "공인 주소와의 연결 {}개 중 {}개는 이 사용자가 볼 수 없는 프로세스의 것",
                grouped(all),
                grouped(sockets.len())
            ),
        ),
        to_see_all(&culprits),
    );
    finding.subject = "processes that may not be seen".to_owned();
    finding.amount = sockets.len() as f64;
    finding.facts = vec![Fact::said("connections", sockets.len())];
    finding.processes = culprits;
    finding.rows =
        Some("netstat --columns local,foreign,country,pid,process tcp connected public".to_owned());
    finding
}

fn finding(
    evidence: &Evidence,
    severity: Severity,
    score: u32,
    holder: &Holder,
    sockets: &[&Socket],
    worst: &Connection<'_>,
    reasons: &[&Reason],
) -> Finding {
    let (who, remote) = (holder.text(), worst.remote);
    let country = evidence.surroundings.geo.country(remote.address);
    let network = evidence.surroundings.geo.network(remote.address);
    let place: Vec<String> =
        country.iter().map(ToString::to_string).chain(network.iter().map(ToString::to_string)).collect();
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let end = std::net::SocketAddr::new(remote.address, remote.port);
    let verb = match (worst.direction, worst.socket.state) {
        (Direction::In, _) => Text::fixed("has a connection from", "들어온 연결"),
        (_, Some(TcpState::SynSent)) => Text::fixed("tries to connect to", "연결을 시도하는 곳"),
        _ => Text::fixed("is connected to", "연결된 곳"),
    };
    let more = sockets.len() - 1;
    let (more_en, more_ko) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" and {} more", grouped(more)), format!(" 외 {}곳", grouped(more))),
    };
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} {} {end}{place}{more_en}, and {} things about it are odd",
                who.of(EN),
                verb.of(EN),
                reasons.len()
            ),
            format!("{}: {} {end}{place}{more_ko}, 이상한 점 {}가지", who.of(KO), verb.of(KO), reasons.len()),
        ),
    );
    if reasons.len() == 1 {
        finding.sentence = Text::new(
            format!("{} {} {end}{place}{more_en}, and one thing about it is odd", who.of(EN), verb.of(EN)),
            format!("{}: {} {end}{place}{more_ko}, 이상한 점 1가지", who.of(KO), verb.of(KO)),
        );
    }
    finding.subject = holder.subject();
    finding.amount = f64::from(score);
    finding.facts = vec![
        Fact::said("score", score),
        Fact::said("remote", end.to_string()),
        Fact::said("country", country.map(|country| country.to_string())),
        Fact::said("network", network.map(|network| network.to_string())),
    ];
    for reason in reasons {
        let text =
            reason.text.around("", &format!(" [{}]", reason.weight), "", &format!(" [{}]", reason.weight));
        finding.facts.push(Fact::shown(reason.key, reason.weight, text));
    }
    finding.facts.extend(evidence.identity(sockets.iter().copied()));
    finding.facts.extend(evidence.others(sockets.iter().copied()));
    finding.processes = evidence.culprits(sockets.iter().copied());
    let process = holder.filter().map(|filter| format!(" {filter}")).unwrap_or_default();
    finding.rows = Some(format!(
        "netstat --columns local,foreign,country,state,pid,process,path tcp connected public{process}"
    ));
    finding.meaning = Some(Text::fixed(
        "Each of these is a fact and none is proof. Programs that hide do such things; so do installers, scripts and \
         games now and then.",
        "하나하나는 사실이지만 증거는 아닙니다. 숨으려는 프로그램이 이런 일을 하고, 설치 프로그램, 스크립트, 게임도 가끔 그렇습니다.",
    ));
    finding.next = next(holder);
    finding
}

fn next(holder: &Holder) -> Vec<Text> {
    let mut next = Vec::new();
    if let Holder::Process { pid, .. } = holder {
        next.push(Text::new(
            format!("see what it is and who started it: netstat --columns pid,process,path,cmdline,user,unit pid {pid}"),
            format!("무엇이고 누가 시작했는지 봅니다: netstat --columns pid,process,path,cmdline,user,unit pid {pid}"),
        ));
        if cfg!(target_os = "linux") {
            next.push(Text::new(
                format!("keep a copy of what runs before it is stopped: cp /proc/{pid}/exe evidence-{pid}"),
                format!("멈추기 전에 실행 중인 것의 사본을 남깁니다: cp /proc/{pid}/exe evidence-{pid}"),
            ));
        }
        if cfg!(windows) {
            next.push(Text::new(
                format!("see who signed it: Get-AuthenticodeSignature (Get-Process -Id {pid}).Path"),
                format!("누가 서명했는지 봅니다: Get-AuthenticodeSignature (Get-Process -Id {pid}).Path"),
            ));
        }
    }
    next.push(Text::fixed(
        "if it is meant to be so, name its path in suspicious.usual-paths",
        "의도한 것이라면 suspicious.usual-paths에 경로를 적습니다",
    ));
    next
}

#[cfg(test)]
mod tests;
