//! The words of the language, in one table for the parser, the help text and the suggestions of errors.

use super::expression::{Event, Side};
use super::lexer::SIGN_WORDS;
use super::quantity::Quantity;
use crate::text::{Text, lifespan};
use netstat_model::EndReason;
use netstat_model::query::States;

/// The kind of test that a word begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Port(Side),
    Host(Side),
    State,
    Protocol,
    Family,
    Ipv4,
    Ipv6,
    Pid,
    NamespacePid,
    Process,
    Path,
    User,
    Unit,
    Container,
    Pod,
    HostName,
    Namespace,
    Loopback,
    Private,
    Public,
    Country,
    Network,
    Number(Quantity),
    Time(Event),
    Reason,
    App,
    AppName,
}

/// A word that begins a test.
pub(super) struct Primary {
    pub(super) keyword: Keyword,
    /// The word and its synonyms.
    pub(super) words: &'static [&'static str],
    /// The argument, as shown in the help.
    pub(super) argument: &'static str,
    /// The meaning, as shown in the help.
    pub(super) help: Text,
}

const fn primary(
    keyword: Keyword,
    words: &'static [&'static str],
    argument: &'static str,
    help: Text,
) -> Primary {
    Primary { keyword, words, argument, help }
}

pub(super) static PRIMARIES: [Primary; 41] = [
    primary(
        Keyword::Port(Side::Either),
        &["port"],
        "N|NAME|N-M|N,M",
        Text::fixed("a port of either end", "양쪽 중 한쪽의 포트"),
    ),
    primary(
        Keyword::Port(Side::Local),
        &["lport", "sport"],
        "N|NAME|N-M|N,M",
        Text::fixed("the local port", "로컬 포트"),
    ),
    primary(
        Keyword::Port(Side::Remote),
        &["rport", "dport"],
        "N|NAME|N-M|N,M",
        Text::fixed("the remote port", "외부 포트"),
    ),
    primary(
        Keyword::Host(Side::Either),
        &["host"],
        "A[,A]",
        Text::fixed(
            "an address of either end, fe80::1%eth0 in a zone, unix:GLOB a Unix socket",
            "양쪽 중 한쪽의 주소. 영역은 fe80::1%eth0, 유닉스 소켓은 unix:GLOB",
        ),
    ),
    primary(Keyword::Host(Side::Local), &["src"], "A[,A]", Text::fixed("the local address", "로컬 주소")),
    primary(Keyword::Host(Side::Remote), &["dst"], "A[,A]", Text::fixed("the remote address", "외부 주소")),
    primary(
        Keyword::State,
        &["state"],
        "S[,S]",
        Text::fixed("the TCP state; UDP has none", "TCP 상태. UDP에는 없음"),
    ),
    primary(Keyword::Protocol, &["proto"], "P[,P]", Text::fixed("the protocol", "프로토콜")),
    primary(
        Keyword::Family,
        &["family"],
        "F[,F]",
        Text::fixed("the family of the socket", "소켓의 주소 체계"),
    ),
    primary(
        Keyword::Ipv4,
        &["ipv4"],
        "",
        Text::fixed(
            "serves IPv4, as a dual-stack listener does",
            "IPv4를 받는 소켓. 듀얼 스택 수신 대기도 포함",
        ),
    ),
    primary(
        Keyword::Ipv6,
        &["ipv6"],
        "",
        Text::fixed(
            "serves IPv6, as a dual-stack listener does",
            "IPv6를 받는 소켓. 듀얼 스택 수신 대기도 포함",
        ),
    ),
    primary(
        Keyword::Loopback,
        &["loopback"],
        "",
        Text::fixed("the remote address is this machine", "외부 주소가 이 시스템"),
    ),
    primary(
        Keyword::Private,
        &["private"],
        "",
        Text::fixed("the remote address is in a private range", "외부 주소가 사설 대역"),
    ),
    primary(
        Keyword::Public,
        &["public"],
        "",
        Text::fixed("the remote address is on the internet", "외부 주소가 인터넷"),
    ),
    primary(
        Keyword::Country,
        &["country"],
        "CC[,CC]",
        Text::fixed("the country of the remote address, where known", "외부 주소의 국가. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Network,
        &["network"],
        "ASN[,ASN]|GLOB",
        Text::fixed(
            "its network, by number or name, where known (--geo)",
            "외부 주소의 네트워크, 번호나 이름. 알 수 있는 경우(--geo)",
        ),
    ),
    primary(Keyword::Pid, &["pid"], "N[,N]", Text::fixed("a process that holds it", "소켓을 가진 프로세스")),
    primary(
        Keyword::NamespacePid,
        &["nspid"],
        "N[,N]",
        Text::fixed(
            "that process, by its ID in its own PID namespace",
            "그 프로세스, 자기 PID 네임스페이스에서의 ID",
        ),
    ),
    primary(
        Keyword::Process,
        &["process"],
        "GLOB",
        Text::fixed(
            "the name of a process that holds it, or its comm",
            "소켓을 가진 프로세스의 이름, 또는 comm",
        ),
    ),
    primary(
        Keyword::Path,
        &["path"],
        "GLOB",
        Text::fixed("the file that process runs", "그 프로세스의 실행 파일"),
    ),
    primary(
        Keyword::Unit,
        &["unit"],
        "GLOB",
        Text::fixed(
            "the service of that process, with or without its .service",
            "그 프로세스의 서비스. 끝의 .service는 생략 가능",
        ),
    ),
    primary(
        Keyword::Container,
        &["container"],
        "GLOB",
        Text::fixed(
            "its container, by name, by ID or its first digits, or runtime: and either",
            "그 컨테이너: 이름, ID나 그 앞부분, 또는 runtime:을 앞에 붙인 것",
        ),
    ),
    primary(
        Keyword::Pod,
        &["pod"],
        "GLOB",
        Text::fixed("its Kubernetes pod, by UID or name", "그 Kubernetes 파드, UID나 이름"),
    ),
    primary(
        Keyword::HostName,
        &["hostname"],
        "GLOB",
        Text::fixed(
            "the machine it was on, by its name (netstat history)",
            "소켓이 있던 시스템의 이름(netstat history)",
        ),
    ),
    primary(
        Keyword::Namespace,
        &["netns"],
        "NAME|N",
        Text::fixed(
            "its network namespace, by name or inode (--netns all)",
            "네트워크 네임스페이스, 이름이나 inode(--netns all)",
        ),
    ),
    primary(Keyword::User, &["user"], "NAME|UID", Text::fixed("the user that made it", "소켓을 만든 사용자")),
    primary(
        Keyword::Number(Quantity::ReceiveQueue),
        &["recvq"],
        "> SIZE",
        Text::fixed(
            "bytes not yet read; of a listener, waiting connections",
            "아직 읽지 않은 바이트. 수신 대기 소켓에서는 기다리는 연결",
        ),
    ),
    primary(
        Keyword::Number(Quantity::SendQueue),
        &["sendq"],
        "> SIZE",
        Text::fixed(
            "bytes not yet acknowledged; a listener has none",
            "확인 응답을 받지 못한 바이트. 수신 대기 소켓에는 없음",
        ),
    ),
    primary(
        Keyword::Number(Quantity::RoundTripTime),
        &["rtt"],
        "> TIME",
        Text::fixed("the round-trip time, where known", "왕복 시간. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Number(Quantity::Retransmissions),
        &["retrans"],
        "> N",
        Text::fixed("segments sent again, where known", "재전송한 세그먼트. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Number(Quantity::Age),
        &["age"],
        "> TIME",
        Text::fixed("time since it was established, where known", "연결된 뒤 지난 시간. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Number(Quantity::Idle),
        &["idle"],
        "> TIME",
        Text::fixed(
            "time since data went either way, where known",
            "마지막으로 데이터가 오간 뒤 지난 시간. 알 수 있는 경우",
        ),
    ),
    primary(
        Keyword::Number(Quantity::BytesSent),
        &["bytes_sent"],
        "> SIZE",
        Text::fixed(
            "data sent, retransmissions included, where known",
            "보낸 데이터, 재전송 포함. 알 수 있는 경우",
        ),
    ),
    primary(
        Keyword::Number(Quantity::BytesAcknowledged),
        &["bytes_acked"],
        "> SIZE",
        Text::fixed(
            "data that the peer has acknowledged, where known",
            "상대가 확인한 데이터. 알 수 있는 경우",
        ),
    ),
    primary(
        Keyword::Number(Quantity::BytesReceived),
        &["bytes_received"],
        "> SIZE",
        Text::fixed("data received, where known", "받은 데이터. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Time(Event::Started),
        &["started"],
        "> WHEN",
        Text::fixed("when it began, where known", "시작한 시각. 알 수 있는 경우"),
    ),
    primary(
        Keyword::Time(Event::Ended),
        &["ended"],
        "> WHEN",
        Text::fixed("when it ended (netstat history)", "끝난 시각(netstat history)"),
    ),
    primary(
        Keyword::Number(Quantity::Lasted),
        &["lasted"],
        "> TIME",
        Text::fixed(
            "how long it was there, or has been so far, where known",
            "있었던 시간, 또는 지금까지 지난 시간. 알 수 있는 경우",
        ),
    ),
    primary(
        Keyword::Reason,
        &["reason"],
        "R[,R]",
        Text::fixed("how it ended (netstat history)", "어떻게 끝났는지(netstat history)"),
    ),
    primary(
        Keyword::App,
        &["app"],
        "APP[,APP]",
        Text::fixed(
            "what its first bytes are: tls, quic, dns, mdns, http, ssh (netstat capture)",
            "처음 바이트의 프로토콜: tls, quic, dns, mdns, http, ssh(netstat capture)",
        ),
    ),
    primary(
        Keyword::AppName,
        &["name"],
        "GLOB",
        Text::fixed(
            "the name that these tell, as of a TLS server (netstat capture)",
            "거기에 담긴 이름, 예를 들어 TLS 서버(netstat capture)",
        ),
    ),
];

/// Groups of reasons for which connections end.
pub(super) const REASON_GROUPS: [(&str, &[EndReason], &str); 3] = [
    ("reset", &[EndReason::AbortedByUs, EndReason::ResetByPeer], "aborted-by-us, reset-by-peer"),
    (
        "failed",
        &[
            EndReason::Refused,
            EndReason::ConnectTimedOut,
            EndReason::ConnectAbandoned,
            EndReason::NoLocalPort,
            EndReason::Unreachable,
        ],
        "refused, connect-timed-out, connect-abandoned, no-local-port, unreachable",
    ),
    (
        "orderly",
        &[EndReason::ClosedByUs, EndReason::ClosedByPeer, EndReason::Closed],
        "closed-by-us, closed-by-peer, closed",
    ),
];

/// Returns the reasons that a word stands for.
pub(super) fn reasons(word: &str) -> Option<Vec<EndReason>> {
    let word = lower(word);
    if let Some((_, reasons, _)) = REASON_GROUPS.iter().find(|(name, ..)| *name == word) {
        return Some(reasons.to_vec());
    }
    if let Some(number) = word.strip_prefix("error-") {
        return number.parse().ok().map(|number| vec![EndReason::Other(number)]);
    }
    let mut named = lifespan::NAMED_REASONS.into_iter();
    named.find(|reason| lifespan::known_reason(*reason) == Some(&word)).map(|reason| vec![reason])
}

/// Returns all words for reasons.
pub(super) fn all_reason_words() -> impl Iterator<Item = &'static str> {
    let groups = REASON_GROUPS.iter().map(|(name, ..)| *name);
    lifespan::NAMED_REASONS.into_iter().filter_map(lifespan::known_reason).chain(groups)
}

/// Returns the test that a word begins, in any letter case.
pub(super) fn keyword(word: &str) -> Option<&'static Primary> {
    PRIMARIES.iter().find(|primary| primary.words.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// Words that combine tests.
pub(super) const JOINING: [&str; 3] = ["and", "or", "not"];

/// Returns true if a word combines tests or compares, so that it is a name only within quotes.
pub(super) fn is_reserved(word: &str) -> bool {
    let mut reserved = JOINING.iter().chain(SIGN_WORDS.iter().map(|(word, _)| word));
    reserved.any(|reserved| reserved.eq_ignore_ascii_case(word))
}

/// For each state its name in the classic table, then its synonyms. In capitals the name always means the state, even
/// if the same word in lower case is a group.
pub(super) const STATES: [(States, &str, &[&str]); 13] = [
    (States::CLOSED, "CLOSED", &["close"]),
    (States::LISTEN, "LISTENING", &["listen"]),
    (States::SYN_SENT, "SYN_SENT", &["syn-send"]),
    (States::SYN_RECEIVED, "SYN_RECEIVED", &["syn-recv", "syn-rcvd"]),
    (States::ESTABLISHED, "ESTABLISHED", &["estab"]),
    (States::FIN_WAIT_1, "FIN_WAIT_1", &["fin-wait1"]),
    (States::FIN_WAIT_2, "FIN_WAIT_2", &["fin-wait2"]),
    (States::CLOSE_WAIT, "CLOSE_WAIT", &[]),
    (States::CLOSING, "CLOSING", &[]),
    (States::LAST_ACK, "LAST_ACK", &[]),
    (States::TIME_WAIT, "TIME_WAIT", &["timed-wait"]),
    (States::BOUND, "BOUND", &["bound-inactive"]),
    (States::DELETE_TCB, "DELETE_TCB", &[]),
];

/// Groups of states, with their meaning.
pub(super) static GROUPS: [(&str, States, Text); 6] = [
    (
        "connected",
        CONNECTED,
        Text::fixed("all but CLOSED, LISTENING and BOUND", "CLOSED, LISTENING, BOUND를 뺀 모두"),
    ),
    (
        "synchronized",
        CONNECTED.difference(States::SYN_SENT),
        Text::fixed("connected, without SYN_SENT", "connected에서 SYN_SENT를 뺀 것"),
    ),
    (
        "closing",
        BEING_CLOSED,
        Text::fixed(
            "FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT",
            "FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT",
        ),
    ),
    (
        "bucket",
        States::SYN_RECEIVED.union(States::TIME_WAIT),
        Text::fixed("SYN_RECEIVED, TIME_WAIT", "SYN_RECEIVED, TIME_WAIT"),
    ),
    (
        "big",
        States::all().difference(States::SYN_RECEIVED.union(States::TIME_WAIT)),
        Text::fixed("all but bucket", "bucket을 뺀 모두"),
    ),
    ("all", States::all(), Text::fixed("any state, so TCP", "모든 상태, 곧 TCP")),
];

const CONNECTED: States = States::CONNECTIONS.difference(States::CLOSED);

const BEING_CLOSED: States = States::FIN_WAIT_1
    .union(States::FIN_WAIT_2)
    .union(States::CLOSE_WAIT)
    .union(States::CLOSING)
    .union(States::LAST_ACK)
    .union(States::TIME_WAIT);

/// Returns the states that a word stands for.
pub(super) fn states(word: &str) -> Option<States> {
    if let Some((states, ..)) = STATES.iter().find(|(_, name, _)| *name == word) {
        return Some(*states);
    }
    let word = lower(word);
    let group = GROUPS.iter().find(|(name, ..)| *name == word).map(|(_, states, _)| *states);
    group.or_else(|| {
        let mut named =
            STATES.iter().filter(|(_, name, others)| lower(name) == word || others.contains(&word.as_str()));
        named.next().map(|(states, ..)| *states)
    })
}

pub(super) fn lower(word: &str) -> String {
    word.to_ascii_lowercase().replace('_', "-")
}

/// Returns the names of the states of a set.
pub(super) fn state_words(states: States) -> impl Iterator<Item = &'static str> {
    STATES.iter().filter(move |(state, ..)| states.contains(*state)).map(|(_, word, _)| *word)
}

/// Returns all words for states in the spellings that a user may have meant.
pub(super) fn all_state_words() -> impl Iterator<Item = String> {
    let named = STATES.iter().flat_map(|(_, name, others)| {
        [(*name).to_owned(), lower(name)].into_iter().chain(others.iter().map(|other| (*other).to_owned()))
    });
    named.chain(GROUPS.iter().map(|(name, ..)| (*name).to_owned()))
}

/// Protocols: the word, TCP or UDP, and the family if the word implies one.
pub(super) const PROTOCOLS: [(&str, netstat_model::Transport, Option<netstat_model::Family>); 6] = {
    use netstat_model::Family::{V4, V6};
    use netstat_model::Transport::{Tcp, Udp};
    [
        ("tcp", Tcp, None),
        ("udp", Udp, None),
        ("tcpv4", Tcp, Some(V4)),
        ("udpv4", Udp, Some(V4)),
        ("tcpv6", Tcp, Some(V6)),
        ("udpv6", Udp, Some(V6)),
    ]
};

/// Examples for the help: a filter, and what it finds.
pub(super) static EXAMPLES: [(&str, Text); 15] = [
    (":8080", Text::fixed("who has port 8080", "8080 포트를 누가 쓰는지")),
    ("192.168.20.0/24", Text::fixed("all connections with this network", "이 네트워크와의 모든 연결")),
    (
        "CLOSE_WAIT",
        Text::fixed(
            "closed by the peer, but not by the local program",
            "상대는 닫았지만 이쪽 프로그램이 닫지 않은 연결",
        ),
    ),
    (
        "public country != KR,US",
        Text::fixed("connections to other countries than these", "이 나라들이 아닌 곳과의 연결"),
    ),
    (
        "state established user alice public not rport 80,443",
        Text::fixed(
            "alice's connections to unusual ports on the internet",
            "alice가 인터넷의 특이한 포트와 맺은 연결",
        ),
    ),
    (
        "process nginx or path /opt/*/nginx",
        Text::fixed("what nginx holds, wherever it is installed", "어디에 설치되었든 nginx가 가진 것"),
    ),
    (
        "lport 30000-32767 state listening",
        Text::fixed("listeners in a range of ports", "포트 범위 안의 수신 대기"),
    ),
    (
        "(src 10.0.0.0/8 or src fd00::/8) and not dst 10.0.0.0/8,fd00::/8",
        Text::fixed("connections that leave a network", "네트워크 밖으로 나가는 연결"),
    ),
    ("dst [2001:db8::1]:443", Text::fixed("connections to one service", "한 서비스로 간 연결")),
    (
        "unit ssh*.service pid 812,900",
        Text::fixed(
            "two processes, if they belong to the ssh service",
            "두 프로세스, ssh 서비스에 속하는 경우",
        ),
    ),
    (
        "sendq ge 1M rtt gt 100ms",
        Text::fixed(
            "slow receivers far away, without shell metacharacters",
            "멀고 느린 수신자, 셸 특수 문자 없이",
        ),
    ),
    ("sport = :22 dport != :1024", Text::fixed("in the syntax of ss", "ss 문법으로")),
    ("proto tcpv6 synchronized age > 1h", Text::fixed("old IPv6 connections", "오래된 IPv6 연결")),
    (
        "family unix host unix:/run/dbus/*",
        Text::fixed("connections by these Unix sockets", "이 유닉스 소켓들의 연결"),
    ),
    (
        "process curl reason failed,reset ended > \"10 minutes ago\"",
        Text::fixed(
            "with netstat history: what curl failed at, or was cut off from, in the last ten minutes",
            "netstat history에서: 최근 10분 동안 curl이 연결하지 못했거나 끊긴 것",
        ),
    ),
];
