//! `port-exhaustion`: the ports that the system chooses for connections run out.

mod use_of_ports;

use super::text::{EN, KO, decimal, duration, grouped, is_or_are, number_of, part, were};
use super::thresholds::Default;
use super::{Check, Evidence, Fact, Finding, Holder, Lack, Needs, Setting, Severity, Text, Thresholds};
use netstat_model::query::{Fields, Kinds, ProcessFields, States};
use netstat_model::{Family, Limits, NoOwner, Protocol, SocketLevels, TcpState, TimeWaitReuse};
use std::time::Duration;
use use_of_ports::{Pool, Use, uses};

pub(crate) static CHECK: Check = Check {
    name: "port-exhaustion",
    summary: Text::fixed(
        "ports for new connections that run out, and a full table of TIME_WAIT",
        "새 연결에 쓸 포트의 고갈, TIME_WAIT 테이블의 한도",
    ),
    rule: Text::fixed(
        "A connection needs a port of its own towards the same remote address and port, so what runs out is judged for each \
         pair of a local address and a remote end: how many of the ports that the system chooses from (its range less \
         reserved ports) are taken there, in any state, TIME_WAIT included. Ten thousand connections to ten thousand \
         servers take no more ports from each other than one does; ten thousand to one server do. A port that a program \
         has bound, listening or not, is lost to every connection; such ports are counted with each pair, and judged for \
         each local address as well. On a system that never gives a port to two connections, as Windows, the remote end \
         makes no difference; nor does it for clients that bind their address before they connect, as many proxies do: where \
         no port serves two remote ends, and by chance some would, all connections of the address are judged together. UDP \
         is judged for each local address.\n\n\
         TIME_WAIT does not count where the system takes such a port again (tcp_tw_reuse: 1 everywhere where both ends use \
         timestamps, 2, the default, on loopback addresses), once it is a second old.\n\n\
         Connections slow down before they fail, because the kernel searches longer for a free port; so the first limit is \
         far from full. Under --watch the rate is known, and with it the time that is left.\n\n\
         The table of TIME_WAIT (tcp_max_tw_buckets) is judged by itself. A connection that finds it full is closed without \
         TIME_WAIT, so that a late segment of it may reach a new connection with the same ends.",
        "같은 원격 주소와 포트로 가는 연결은 저마다 다른 포트가 필요합니다. 그래서 로컬 주소와 원격 끝의 짝마다, 시스템이 고르는 \
         포트(범위에서 예약된 포트를 뺀 것) 가운데 몇 개가 쓰이는지를 모든 상태(TIME_WAIT 포함)에서 셉니다. 서버 만 곳으로 가는 연결 \
         만 개는 서로 포트를 빼앗지 않지만, 한 서버로 가는 만 개는 빼앗습니다. 프로그램이 바인드한 포트는 수신 대기 중이든 아니든 어느 \
         연결도 쓸 수 없으므로 짝마다 함께 세고, 로컬 주소마다 따로도 판단합니다. Windows처럼 한 포트를 두 연결에 주지 않는 시스템에서는 \
         원격 끝을 가리지 않습니다. 많은 프록시처럼 주소를 먼저 바인드하고 연결하는 클라이언트도 그렇습니다. 우연이라면 겹칠 만큼 많은데 \
         한 포트도 두 원격 끝에 쓰이지 않았으면 그 주소의 연결을 모두 함께 판단합니다. UDP는 로컬 주소마다 판단합니다.\n\n\
         시스템이 TIME_WAIT 포트를 다시 쓰는 곳에서는(tcp_tw_reuse: 1은 양쪽이 타임스탬프를 쓰면 어디서나, 기본값 2는 루프백 주소에서) \
         1초가 지난 TIME_WAIT를 세지 않습니다.\n\n\
         연결은 실패하기 전에 먼저 느려집니다. 커널이 빈 포트를 오래 찾기 때문입니다. 그래서 첫 한도는 가득 차기 한참 전입니다. \
         --watch에서는 속도를 알 수 있고, 남은 시간도 알 수 있습니다.\n\n\
         TIME_WAIT 테이블(tcp_max_tw_buckets)은 따로 판단합니다. 가득 차면 연결이 TIME_WAIT 없이 닫히고, 늦게 온 세그먼트가 같은 끝을 \
         가진 새 연결에 닿을 수 있습니다.",
    ),
    settings: &[&NOTICE, &WARNING, &CRITICAL, &BUCKETS],
    sources: &[
        "sock_diag, on Windows GetExtendedTcpTable and GetExtendedUdpTable: every TCP and UDP socket, bound-only ones from Linux 6.8 on",
        "ip_local_port_range, ip_local_reserved_ports, tcp_tw_reuse, tcp_timestamps, tcp_max_tw_buckets of /proc/sys/net/ipv4; \
         TCPTimeWaitOverflow of /proc/net/netstat",
        "netsh interface ipv4 show dynamicport and show excludedportrange, and their kin (Windows)",
        "Linux, Documentation/networking/ip-sysctl.rst; RFC 6056 (choice of ports), RFC 6191 (reuse of TIME-WAIT)",
    ],
    needs: Needs {
        kinds: Kinds::all(),
        states: States::all(),
        fields: Fields::TIME_IN_STATE,
        owners: States::all().difference(States::TIME_WAIT),
        udp_owners: true,
        process: ProcessFields::NAME,
        counters: true,
        limits: true,
        ..Needs::NOTHING
    },
    run,
};

static NOTICE: Setting = Setting {
    name: "notice",
    default: Default::Number(40.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share of the ports in use that is worth knowing: a quarter more brings it to half",
        "알릴 만한 포트 사용률. 4분의 1만 늘어도 절반에 이릅니다",
    ),
};

static WARNING: Setting = Setting {
    name: "warning",
    default: Default::Number(50.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share from which on connections are slow: Linux tries every second port first, and once half are taken it walks \
         through thousands for each connection (9 ms instead of 0.05 ms, on 6.18 with the usual range)",
        "연결이 느려지기 시작하는 사용률. Linux는 포트를 하나 건너 하나씩 먼저 시도하므로, 절반이 쓰이면 연결마다 수천 개를 훑습니다 (6.18의 \
         기본 범위에서 0.05 ms가 9 ms로)",
    ),
};

static CRITICAL: Setting = Setting {
    name: "critical",
    default: Default::Number(85.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share at which connections are about to fail (cannot assign requested address)",
        "연결이 곧 실패할 사용률 (cannot assign requested address)",
    ),
};

static BUCKETS: Setting = Setting {
    name: "buckets",
    default: Default::Number(90.0),
    unit: Text::fixed("percent", "%"),
    meaning: Text::fixed(
        "share of tcp_max_tw_buckets in use that is a warning",
        "경고할 tcp_max_tw_buckets 사용률",
    ),
};

fn run(evidence: &Evidence, thresholds: &Thresholds) -> Vec<Finding> {
    let limits = match &evidence.limits {
        Ok(limits) => limits,
        Err(lack) => {
            return vec![Finding::unknown(
                CHECK.name,
                Text::new(
                    format!("the range of ports for new connections is not known: {}", lack.reason()),
                    format!("새 연결에 쓸 포트의 범위를 알 수 없음: {}", lack.reason()),
                ),
                where_ports_are(),
            )];
        }
    };
    let now = uses(&evidence.now.sockets, limits);
    let mut findings: Vec<Finding> = Vec::new();
    let mut fullest: Option<&Use<'_>> = None;
    for used in &now {
        if fullest.is_none_or(|fullest| used.percent() > fullest.percent()) {
            fullest = Some(used);
        }
        if !used.is_of_its_own() {
            continue;
        }
        let graded = thresholds.graded(&CHECK, used.percent(), [&NOTICE, &WARNING, &CRITICAL]);
        if let Some(severity) = graded {
            findings.push(of_pool(evidence, used, severity, limits.time_wait_reuse));
        }
    }
    findings.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    findings.extend(buckets(evidence, thresholds));
    findings.extend(buckets_not_known(evidence));
    findings.extend(not_known(evidence, limits));
    if findings.is_empty() {
        let (percent, pool) =
            fullest.map_or((0.0, Text::fixed("", "")), |used| (used.percent(), used.pool.text()));
        let sentence = if percent > 0.0 {
            Text::new(
                format!("at most {} % of the ports are in use, {}", decimal(percent), pool.of(EN)),
                format!("포트 사용률 최대 {}%, {}", decimal(percent), pool.of(KO)),
            )
        } else {
            Text::fixed(
                "no port of the range for new connections is in use",
                "새 연결용 포트를 쓰는 소켓 없음",
            )
        };
        findings.push(Finding::ok(CHECK.name, sentence));
    }
    findings
}

/// That nobody can tell whether the table of TIME_WAIT is full.
fn buckets_not_known(evidence: &Evidence) -> Option<Finding> {
    let Err(Lack::Refused(reason)) = &evidence.now.counters else { return None };
    let mut finding = Finding::unknown(
        CHECK.name,
        Text::new(
            format!("how full the table of TIME_WAIT is could not be read: {reason}"),
            format!("TIME_WAIT 테이블이 얼마나 찼는지 읽을 수 없음: {reason}"),
        ),
        Text::fixed(
            "it is in /proc/net/sockstat and /proc/sys/net/ipv4/tcp_max_tw_buckets",
            "/proc/net/sockstat과 /proc/sys/net/ipv4/tcp_max_tw_buckets에 있습니다",
        ),
    );
    finding.subject = "tcp_max_tw_buckets".to_owned();
    Some(finding)
}

fn where_ports_are() -> Text {
    Text::of_system(
        Text::fixed(
            "it is in /proc/sys/net/ipv4/ip_local_port_range",
            "/proc/sys/net/ipv4/ip_local_port_range에 있습니다",
        ),
        Text::fixed(
            "see what Windows says: netsh int ipv4 show dynamicport tcp",
            "Windows가 무엇이라고 하는지 봅니다: netsh int ipv4 show dynamicport tcp",
        ),
    )
}

/// That the range is not known for sockets that are there.
fn not_known(evidence: &Evidence, limits: &Limits) -> Option<Finding> {
    let mut lacking: Vec<&str> = Vec::new();
    for (protocol, family, name) in [
        (Protocol::Tcp, Family::V4, "TCP/IPv4"),
        (Protocol::Tcp, Family::V6, "TCP/IPv6"),
        (Protocol::Udp, Family::V4, "UDP/IPv4"),
        (Protocol::Udp, Family::V6, "UDP/IPv6"),
    ] {
        let mut sockets = evidence.now.sockets.iter().filter(|socket| {
            socket.protocol == protocol && socket.local.address.is_ipv4() == (family == Family::V4)
        });
        if use_of_ports::ports(limits, protocol, family).is_none() && sockets.next().is_some() {
            lacking.push(name);
        }
    }
    if lacking.is_empty() {
        return None;
    }
    let names = lacking.join(", ");
    let mut finding = Finding::unknown(
        CHECK.name,
        Text::new(
            format!(
                "the range of ports for new connections is not known ({names}), so its use is not judged"
            ),
            format!("새 연결에 쓸 포트의 범위를 알 수 없어({names}) 사용률을 판단하지 않음"),
        ),
        where_ports_are(),
    );
    finding.subject = "range".to_owned();
    finding.facts = vec![Fact::said("not_known", lacking)];
    Some(finding)
}

/// The finding about one pool of ports.
fn of_pool(evidence: &Evidence, used: &Use<'_>, severity: Severity, reuse: Option<TimeWaitReuse>) -> Finding {
    let (taken, all) = (used.taken(), used.capacity);
    let pool = used.pool.text();
    let percent = decimal(used.percent());
    let mut finding = Finding::new(
        CHECK.name,
        severity,
        Text::new(
            format!(
                "{} ({percent} %) {} taken {}",
                part(taken, all, "port", "ports"),
                is_or_are(taken),
                pool.of(EN)
            ),
            format!(
                "{}: 포트 {}개 가운데 {}개({percent}%)가 쓰임",
                pool.of(KO),
                grouped(all),
                grouped(taken)
            ),
        ),
    );
    finding.subject = pool.of(EN).to_owned();
    finding.amount = used.percent();
    finding.facts = facts(evidence, used);
    let living = used.sockets.iter().copied().filter(|socket| socket.state != Some(TcpState::TimeWait));
    finding.processes = evidence.culprits(living);
    let is_gone = |holder: &Holder| matches!(holder, Holder::Nobody(NoOwner::NoProcess | NoOwner::Vanished));
    finding.processes.retain(|culprit| !is_gone(&culprit.holder));
    if finding.processes.is_empty() && used.waiting > 0 {
        finding.facts.push(Fact::shown(
            "no_process",
            true,
            Text::fixed(
                "what is in TIME_WAIT belongs to no process any longer; who opens new ones shows under --watch",
                "TIME_WAIT는 더는 어느 프로세스의 것도 아님. 새로 여는 프로세스는 --watch에서 보임",
            ),
        ));
    }
    finding.rows = Some(used.pool.command());
    let waiting = used.waiting * 2 > taken;
    finding.meaning = Some(meaning(used, waiting));
    finding.next = next(used, waiting, reuse);
    finding
}

fn facts(evidence: &Evidence, used: &Use<'_>) -> Vec<Fact> {
    let mut facts = vec![Fact::said("ports", used.capacity), Fact::said("taken", used.taken())];
    // A burst that is younger than a minute ended faster than its number says by itself.
    let waiting = used.sockets.iter().filter(|socket| socket.state == Some(TcpState::TimeWait));
    let oldest = waiting.filter_map(|socket| socket.time_in_state).max();
    let seconds =
        oldest.map_or(TIME_WAIT_SECONDS, |oldest| oldest.as_secs_f64().clamp(1.0, TIME_WAIT_SECONDS));
    let rate = used.waiting as f64 / seconds;
    let ends = match decimal(rate) {
        one if one == "1" => "1 connection ends".to_owned(),
        many => format!("{many} connections end"),
    };
    let counted = |key, count: usize, text: Text| {
        if count == 0 { Fact::said(key, 0) } else { Fact::shown(key, count, text) }
    };
    facts.push(counted(
        "time_wait",
        used.waiting,
        Text::of_system(
            Text::new(
                format!(
                    "{} of them {} in TIME_WAIT, which lasts a minute on Linux: about {ends} a second",
                    grouped(used.waiting),
                    is_or_are(used.waiting)
                ),
                format!(
                    "그중 {}개는 TIME_WAIT이며, Linux에서는 1분 동안 남음: 초당 약 {}개의 연결이 끝남",
                    grouped(used.waiting),
                    decimal(rate)
                ),
            ),
            Text::new(
                format!(
                    "{} of them {} in TIME_WAIT, which lasts for minutes (TcpTimedWaitDelay)",
                    grouped(used.waiting),
                    is_or_are(used.waiting)
                ),
                format!(
                    "그중 {}개는 TIME_WAIT이며, 몇 분 동안 남음(TcpTimedWaitDelay)",
                    grouped(used.waiting)
                ),
            ),
        ),
    ));
    facts.push(counted(
        "time_wait_reusable",
        used.reusable,
        Text::new(
            format!("not counted: {} more in TIME_WAIT that may be taken again", grouped(used.reusable)),
            format!("다시 쓸 수 있어 세지 않은 TIME_WAIT {}개", grouped(used.reusable)),
        ),
    ));
    if !matches!(used.pool, Pool::Bound { .. } | Pool::Udp { .. }) {
        facts.push(counted(
            "bound",
            used.bound,
            Text::new(
                format!(
                    "{} of the range {} bound by programs, and lost to every connection",
                    number_of(used.bound, "port", "ports"),
                    is_or_are(used.bound)
                ),
                format!(
                    "범위의 포트 {}개는 프로그램이 바인드해서 어느 연결도 쓸 수 없음",
                    grouped(used.bound)
                ),
            ),
        ));
    }
    if used.bound_first {
        facts.push(Fact::shown(
            "bound_before_connecting",
            true,
            Text::fixed(
                "no port serves two remote ends: the programs bind their address before they connect, so each connection \
                 takes a port from all others",
                "두 원격 끝에 함께 쓰인 포트가 없음: 프로그램이 주소를 먼저 바인드하고 연결해서, 연결마다 다른 모든 연결의 포트를 빼앗음",
            ),
        ));
    }
    facts.extend(trend(evidence, used));
    facts
}

/// On Linux.
const TIME_WAIT_SECONDS: f64 = 60.0;

/// How fast ports are taken, and how long those that are left last.
fn trend(evidence: &Evidence, used: &Use<'_>) -> Vec<Fact> {
    let Some((before, elapsed)) = evidence.earlier() else { return Vec::new() };
    let Ok(limits) = &evidence.limits else { return Vec::new() };
    let then = uses(&before.sockets, limits);
    let before = then.iter().find(|before| before.pool == used.pool);
    // Before it was seen that they bind first, they were other pools.
    if used.bound_first && before.is_none() {
        return Vec::new();
    }
    let before = before.map_or(0, Use::taken);
    let rate = (used.taken() as f64 - before as f64) / elapsed.as_secs_f64();
    if rate <= 0.0 {
        return vec![Fact::said("taken_per_second", rate)];
    }
    let free = used.capacity.saturating_sub(used.taken());
    let left = Duration::try_from_secs_f64(free as f64 / rate).unwrap_or(Duration::MAX);
    let text = duration(left);
    vec![
        Fact::said("taken_per_second", rate),
        Fact::shown(
            "seconds_left",
            left.as_secs(),
            Text::new(
                format!("it grows by {} each second: none is left in {}", decimal(rate), text.of(EN)),
                format!("초당 {}개씩 늘어남: {} 뒤에 바닥남", decimal(rate), text.of(KO)),
            ),
        ),
    ]
}

fn meaning(used: &Use<'_>, waiting: bool) -> Text {
    match used.pool {
        _ if used.bound_first => Text::fixed(
            "Programs bind their address before they connect, as a proxy does that has a source address. The system then \
             gives each port to one connection only, wherever it goes; with none left binding fails with \"address already \
             in use\".",
            "출발 주소를 정한 프록시처럼, 프로그램이 주소를 먼저 바인드하고 연결합니다. 그러면 시스템은 어디로 가든 포트 하나를 연결 하나에만 \
             줍니다. 남은 것이 없으면 바인드가 \"address already in use\" 오류로 실패합니다.",
        ),
        Pool::Bound { .. } => Text::fixed(
            "Programs bind ports of the range that the system chooses from: many listeners, or sockets that are bound and \
             then neither connect nor close. No connection gets these ports.",
            "프로그램이 시스템이 고르는 범위의 포트를 바인드하고 있습니다. 수신 대기가 많거나, 바인드만 하고 연결하지도 닫지도 않는 \
             소켓입니다. 이 포트는 어느 연결도 쓸 수 없습니다.",
        ),
        Pool::Udp { .. } => Text::fixed(
            "Something opens UDP sockets and does not close them, or a resolver, a proxy or a game server has that many \
             peers.",
            "UDP 소켓을 열고 닫지 않는 프로그램이 있거나, DNS 서버, 프록시, 게임 서버의 상대가 그만큼 많습니다.",
        ),
        _ if waiting => Text::of_system(
            Text::fixed(
                "A program opens a connection for each request and closes it itself, so each leaves a TIME_WAIT that keeps \
                 its port for a minute. From half of the ports on, each new connection to that place costs milliseconds of \
                 processor time; with none left it fails with \"cannot assign requested address\".",
                "프로그램이 요청마다 연결을 새로 열고 스스로 닫아서, 연결마다 포트를 1분 동안 붙드는 TIME_WAIT가 남습니다. 포트의 \
                 절반부터는 그곳으로 가는 새 연결마다 CPU를 몇 밀리초씩 쓰고, 남은 것이 없으면 \"cannot assign requested address\" \
                 오류로 실패합니다.",
            ),
            Text::fixed(
                "A program opens a connection for each request and closes it itself, so each leaves a TIME_WAIT that keeps \
                 its port for minutes. With none left, every new connection of this machine fails with WSAENOBUFS (10055) \
                 or WSAEADDRINUSE (10048); event 4231 or 4227 of Tcpip in the system log says the same.",
                "프로그램이 요청마다 연결을 새로 열고 스스로 닫아서, 연결마다 포트를 몇 분 동안 붙드는 TIME_WAIT가 남습니다. 남은 것이 \
                 없으면 이 컴퓨터의 새 연결이 모두 WSAENOBUFS(10055)나 WSAEADDRINUSE(10048) 오류로 실패합니다. 시스템 로그의 Tcpip \
                 이벤트 4231이나 4227도 같은 뜻입니다.",
            ),
        ),
        _ => Text::fixed(
            "A program keeps that many connections to one place open: a pool without a limit, a leak, or a proxy that \
             really has that many clients. New connections to that place become slow and then fail.",
            "프로그램이 한곳으로 그만큼 많은 연결을 열어 둡니다. 한도가 없는 풀이거나, 누수이거나, 정말로 클라이언트가 그만큼 많은 \
             프록시입니다. 그곳으로 가는 새 연결은 느려지다가 실패합니다.",
        ),
    }
}

fn next(used: &Use<'_>, waiting: bool, reuse: Option<TimeWaitReuse>) -> Vec<Text> {
    let mut next = vec![Text::fixed(
        "see how fast it grows and what time is left: netstat check port-exhaustion --watch 10s",
        "얼마나 빨리 늘고 얼마나 남았는지 봅니다: netstat check port-exhaustion --watch 10s",
    )];
    if matches!(used.pool, Pool::Bound { .. }) {
        let option = if cfg!(windows) { "SO_REUSE_UNICASTPORT" } else { "IP_BIND_ADDRESS_NO_PORT" };
        next.push(Text::new(
            format!(
                "bind to a port outside of the range, or close what is bound and not used; {option} lets a client choose its \
                 address without taking a port"
            ),
            format!(
                "범위 밖의 포트에 바인드하거나, 쓰지 않는 소켓을 닫습니다. 주소만 고르는 클라이언트는 {option}을(를) 쓰면 포트를 \
                 차지하지 않습니다"
            ),
        ));
        return next;
    }
    // Windows keeps no ports apart by remote end, so nothing is seen there of who bound first.
    if used.bound_first && cfg!(not(windows)) {
        next.push(Text::fixed(
            "let the program set IP_BIND_ADDRESS_NO_PORT before it binds (newer nginx and HAProxy do): remote ends then \
             share the ports",
            "프로그램이 바인드하기 전에 IP_BIND_ADDRESS_NO_PORT를 설정하게 합니다(최근의 nginx와 HAProxy는 합니다). 그러면 원격 끝마다 포트를 \
             따로 씁니다",
        ));
    }
    if waiting {
        next.push(Text::fixed(
            "keep connections open and use them again (keep-alive, a pool): that is the cure",
            "연결을 유지하고 다시 씁니다(keep-alive, 풀). 근본 해결책입니다",
        ));
        if cfg!(not(windows)) && matches!(reuse, Some(TimeWaitReuse::Never | TimeWaitReuse::Loopback)) {
            next.push(Text::fixed(
                "to win time: sysctl -w net.ipv4.tcp_tw_reuse=1 (a client may then take ports in TIME_WAIT again)",
                "시간을 벌려면: sysctl -w net.ipv4.tcp_tw_reuse=1 (클라이언트가 TIME_WAIT 포트를 다시 쓸 수 있음)",
            ));
        }
    } else {
        next.push(Text::fixed(
            "limit the pool, or find what does not close: see the processes above",
            "풀의 크기를 제한하거나, 닫지 않는 프로그램을 찾습니다. 위의 프로세스를 보십시오",
        ));
    }
    if cfg!(windows) && waiting {
        next.push(Text::fixed(
            "to win time: TIME_WAIT of 30 seconds, after a restart of Windows: reg add \
             HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v TcpTimedWaitDelay /t REG_DWORD /d 30",
            "시간을 벌려면 TIME_WAIT를 30초로 줄입니다(Windows를 다시 시작한 뒤부터): reg add \
             HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters /v TcpTimedWaitDelay /t REG_DWORD /d 30",
        ));
    }
    next.push(if cfg!(windows) {
        let (family, protocol) = used.pool.words();
        Text::same(format!("netsh int {family} set dynamicport {protocol} start=10000 num=55000")).around(
            "to win time, widen the range: ",
            "",
            "시간을 벌려면 범위를 넓힙니다: ",
            "",
        )
    } else {
        Text::fixed(
            "to win time, widen the range: sysctl -w net.ipv4.ip_local_port_range='1024 65535' (reserve ports of services \
             first: net.ipv4.ip_local_reserved_ports), or connect from, or to, a second address",
            "시간을 벌려면 범위를 넓힙니다: sysctl -w net.ipv4.ip_local_port_range='1024 65535' (먼저 서비스 포트를 예약: \
             net.ipv4.ip_local_reserved_ports). 로컬이나 원격 주소를 하나 더 쓰는 방법도 있습니다",
        )
    });
    next
}

/// The finding about the table of TIME_WAIT.
fn buckets(evidence: &Evidence, thresholds: &Thresholds) -> Option<Finding> {
    let counters = evidence.now.counters.as_ref().ok()?;
    let levels: &SocketLevels = counters.levels.as_ref()?;
    let (used, max) = (levels.tcp_tw?, levels.tcp_max_tw_buckets.filter(|max| *max > 0)?);
    let overflowed = evidence.grown(|counters| counters.tcp_ext.as_ref()?.time_wait_overflow).unwrap_or(0);
    let percent = used as f64 * 100.0 / max as f64;
    let limit = thresholds.number(&CHECK, &BUCKETS);
    if overflowed == 0 && (percent < limit || used == 0) {
        return None;
    }
    let sentence = if overflowed > 0 {
        Text::new(
            format!(
                "the table of TIME_WAIT is full ({} of {}): {} closed without it",
                grouped(used),
                grouped(max),
                were(overflowed, "connection", "connections")
            ),
            format!(
                "TIME_WAIT 테이블이 가득 참({} / {}): 연결 {}개가 TIME_WAIT 없이 닫힘",
                grouped(used),
                grouped(max),
                grouped(overflowed)
            ),
        )
    } else {
        Text::new(
            format!("the table of TIME_WAIT is nearly full: {} of {}", grouped(used), grouped(max)),
            format!("TIME_WAIT 테이블이 거의 참: {} / {}", grouped(used), grouped(max)),
        )
    };
    let mut finding = Finding::new(CHECK.name, Severity::Warning, sentence);
    finding.subject = "tcp_max_tw_buckets".to_owned();
    finding.amount = percent;
    finding.facts = vec![
        Fact::said("time_wait", used),
        Fact::said("max_time_wait", max),
        Fact::said("overflowed", overflowed),
    ];
    finding.rows = Some("netstat --group-by raddr,rport time_wait".to_owned());
    finding.meaning = Some(Text::fixed(
        "So many short connections are closed here that the kernel keeps no more of them. It protects memory; but a late \
         segment of such a connection may disturb a new one with the same ends.",
        "여기서 닫히는 짧은 연결이 커널이 기억하는 수보다 많습니다. 메모리를 지키려는 한도지만, 늦게 온 세그먼트가 같은 끝을 가진 새 연결을 \
         방해할 수 있습니다.",
    ));
    finding.next = vec![
        Text::fixed("keep connections open and use them again", "연결을 유지하고 다시 씁니다"),
        Text::new(
            format!(
                "each costs about 250 bytes: sysctl -w net.ipv4.tcp_max_tw_buckets={}",
                max.saturating_mul(2)
            ),
            format!(
                "하나에 약 250바이트가 듭니다: sysctl -w net.ipv4.tcp_max_tw_buckets={}",
                max.saturating_mul(2)
            ),
        ),
    ];
    Some(finding)
}

#[cfg(test)]
mod tests;
