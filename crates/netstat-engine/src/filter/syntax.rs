//! The words of the language, in one table for the parser, the help text and the suggestions of errors.

use super::expression::{Event, Side};
use super::lexer::SIGN_WORDS;
use super::quantity::Quantity;
use crate::text::lifespan;
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
    Namespace,
    Loopback,
    Private,
    Public,
    Country,
    Network,
    Number(Quantity),
    Time(Event),
    Reason,
}

/// A word that begins a test.
pub(super) struct Primary {
    pub(super) keyword: Keyword,
    /// The word and its synonyms.
    pub(super) words: &'static [&'static str],
    /// The argument, as shown in the help.
    pub(super) argument: &'static str,
    /// The meaning, as shown in the help.
    pub(super) help: &'static str,
}

const fn primary(
    keyword: Keyword,
    words: &'static [&'static str],
    argument: &'static str,
    help: &'static str,
) -> Primary {
    Primary { keyword, words, argument, help }
}

pub(super) const PRIMARIES: [Primary; 38] = [
    primary(Keyword::Port(Side::Either), &["port"], "N|NAME|N-M|N,M", "a port of either end"),
    primary(Keyword::Port(Side::Local), &["lport", "sport"], "N|NAME|N-M|N,M", "the local port"),
    primary(Keyword::Port(Side::Remote), &["rport", "dport"], "N|NAME|N-M|N,M", "the remote port"),
    primary(
        Keyword::Host(Side::Either),
        &["host"],
        "A[,A]",
        "an address of either end, fe80::1%eth0 in a zone, unix:GLOB a Unix socket",
    ),
    primary(Keyword::Host(Side::Local), &["src"], "A[,A]", "the local address"),
    primary(Keyword::Host(Side::Remote), &["dst"], "A[,A]", "the remote address"),
    primary(Keyword::State, &["state"], "S[,S]", "the TCP state; UDP has none"),
    primary(Keyword::Protocol, &["proto"], "P[,P]", "the protocol"),
    primary(Keyword::Family, &["family"], "F[,F]", "the family of the socket"),
    primary(Keyword::Ipv4, &["ipv4"], "", "serves IPv4, as a dual-stack listener does"),
    primary(Keyword::Ipv6, &["ipv6"], "", "serves IPv6, as a dual-stack listener does"),
    primary(Keyword::Loopback, &["loopback"], "", "the remote address is this machine"),
    primary(Keyword::Private, &["private"], "", "the remote address is in a private range"),
    primary(Keyword::Public, &["public"], "", "the remote address is on the internet"),
    primary(Keyword::Country, &["country"], "CC[,CC]", "the country of the remote address, where known"),
    primary(
        Keyword::Network,
        &["network"],
        "ASN[,ASN]|GLOB",
        "its network, by number or name, where known (--geo)",
    ),
    primary(Keyword::Pid, &["pid"], "N[,N]", "a process that holds it"),
    primary(Keyword::NamespacePid, &["nspid"], "N[,N]", "that process, by its ID in its own PID namespace"),
    primary(Keyword::Process, &["process"], "GLOB", "the name of a process that holds it, or its comm"),
    primary(Keyword::Path, &["path"], "GLOB", "the file that process runs"),
    primary(Keyword::Unit, &["unit"], "GLOB", "the service of that process"),
    primary(
        Keyword::Container,
        &["container"],
        "GLOB",
        "its container, by name, by ID or its first digits, or runtime: and either",
    ),
    primary(Keyword::Pod, &["pod"], "GLOB", "its Kubernetes pod, by UID or name"),
    primary(
        Keyword::Namespace,
        &["netns"],
        "NAME|N",
        "its network namespace, by name or inode (--netns all)",
    ),
    primary(Keyword::User, &["user"], "NAME|UID", "the user that made it"),
    primary(
        Keyword::Number(Quantity::ReceiveQueue),
        &["recvq"],
        "> SIZE",
        "bytes not yet read; of a listener, waiting connections",
    ),
    primary(
        Keyword::Number(Quantity::SendQueue),
        &["sendq"],
        "> SIZE",
        "bytes not yet acknowledged; a listener has none",
    ),
    primary(Keyword::Number(Quantity::RoundTripTime), &["rtt"], "> TIME", "the round-trip time, where known"),
    primary(
        Keyword::Number(Quantity::Retransmissions),
        &["retrans"],
        "> N",
        "segments sent again, where known",
    ),
    primary(Keyword::Number(Quantity::Age), &["age"], "> TIME", "time since it was established, where known"),
    primary(
        Keyword::Number(Quantity::Idle),
        &["idle"],
        "> TIME",
        "time since data went either way, where known",
    ),
    primary(
        Keyword::Number(Quantity::BytesSent),
        &["bytes_sent"],
        "> SIZE",
        "data sent, retransmissions included, where known",
    ),
    primary(
        Keyword::Number(Quantity::BytesAcknowledged),
        &["bytes_acked"],
        "> SIZE",
        "data that the peer has acknowledged, where known",
    ),
    primary(
        Keyword::Number(Quantity::BytesReceived),
        &["bytes_received"],
        "> SIZE",
        "data received, where known",
    ),
    primary(Keyword::Time(Event::Started), &["started"], "> WHEN", "when it began, where known"),
    primary(Keyword::Time(Event::Ended), &["ended"], "> WHEN", "when it ended (netstat history)"),
    primary(
        Keyword::Number(Quantity::Lasted),
        &["lasted"],
        "> TIME",
        "how long it was there, or has been so far, where known",
    ),
    primary(Keyword::Reason, &["reason"], "R[,R]", "how it ended (netstat history)"),
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
pub(super) const GROUPS: [(&str, States, &str); 6] = [
    ("connected", CONNECTED, "all but CLOSED, LISTENING and BOUND"),
    ("synchronized", CONNECTED.difference(States::SYN_SENT), "connected, without SYN_SENT"),
    ("closing", BEING_CLOSED, "FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT"),
    ("bucket", States::SYN_RECEIVED.union(States::TIME_WAIT), "SYN_RECEIVED, TIME_WAIT"),
    ("big", States::all().difference(States::SYN_RECEIVED.union(States::TIME_WAIT)), "all but bucket"),
    ("all", States::all(), "any state, so TCP"),
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
pub(super) const EXAMPLES: [(&str, &str); 15] = [
    (":8080", "who has port 8080"),
    ("192.168.20.0/24", "all connections with this network"),
    ("CLOSE_WAIT", "closed by the peer, but not by the local program"),
    ("public country != KR,US", "connections to other countries than these"),
    (
        "state established user alice public not rport 80,443",
        "alice's connections to unusual ports on the internet",
    ),
    ("process nginx or path /opt/*/nginx", "what nginx holds, wherever it is installed"),
    ("lport 30000-32767 state listening", "listeners in a range of ports"),
    ("(src 10.0.0.0/8 or src fd00::/8) and not dst 10.0.0.0/8,fd00::/8", "connections that leave a network"),
    ("dst [2001:db8::1]:443", "connections to one service"),
    ("unit ssh*.service pid 812,900", "two processes, if they belong to the ssh service"),
    ("sendq ge 1M rtt gt 100ms", "slow receivers far away, without shell metacharacters"),
    ("sport = :22 dport != :1024", "in the syntax of ss"),
    ("proto tcpv6 synchronized age > 1h", "old IPv6 connections"),
    ("family unix host unix:/run/dbus/*", "connections by these Unix sockets"),
    (
        "process curl reason failed,reset lasted < 5s ended > \"10 minutes ago\"",
        "with netstat history: what curl failed at, or was cut off from, in the last ten minutes",
    ),
];
