//! The list checks itself: a new check is wrong or complete, never half done.

use super::made::{tcp, udp};
use super::text::{EN, KO};
use super::{ALL, CheckSettings, Severity, Text, by_name, made, worst};
use netstat_model::{
    Counters, Limits, NoOwner, Ownership, Socket, SocketLevels, TcpCounters, TcpExtCounters, TcpState,
    TimerKind, UdpCounters,
};
use std::collections::BTreeSet;
use std::time::Duration;

fn both(text: &Text, of: &str) {
    for language in [EN, KO] {
        let text = text.of(language);
        assert!(!text.is_empty() && text.trim() == text, "{of}: {text:?}");
        assert!(!text.contains("  ") && !text.contains('\t'), "{of}: {text:?}");
    }
    let hangul = text.of(KO).chars().any(|character| ('가'..='힣').contains(&character));
    assert!(hangul, "{of} has no Korean: {}", text.of(KO));
    assert!(!text.of(EN).chars().any(|character| ('가'..='힣').contains(&character)), "{of}");
}

/// The names of the blanks in a text. Only words chosen by a number may be in one language alone.
fn names_of_blanks(text: &str) -> BTreeSet<&str> {
    let blanks = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    blanks
        .filter(|blank| !blank.contains('?'))
        .map(|blank| blank.split(':').next().unwrap_or(blank))
        .collect()
}

#[test]
fn every_check_has_all_its_texts_in_both_languages() {
    let mut names = BTreeSet::new();
    for check in ALL {
        assert!(names.insert(check.name), "{} twice", check.name);
        assert!(check.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", check.name);
        let data = check.data;
        both(&data.summary, check.name);
        assert!(!data.summary.of(EN).ends_with('.'), "{}", check.name);
        both(&data.rule, check.name);
        assert!(data.rule.of(EN).ends_with('.') && data.rule.of(KO).ends_with('.'), "{}", check.name);
        let paragraphs = |language| data.rule.of(language).split("\n\n").count();
        assert_eq!(paragraphs(EN), paragraphs(KO), "{}", check.name);
        assert!(!data.sources.is_empty(), "{}", check.name);
        let mut settings = BTreeSet::new();
        for setting in &data.settings {
            let name = format!("{}.{}", check.name, setting.name);
            assert!(settings.insert(&setting.name), "{name} twice");
            assert!(setting.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            both(&setting.meaning, &name);
            if setting.list.is_none() {
                assert!(setting.default.is_finite() && setting.default >= 0.0, "{name}");
                assert!(!setting.unit.of(EN).is_empty() && !setting.unit.of(KO).is_empty(), "{name}");
            }
        }
        for (key, text) in data.sentences() {
            let blanks = |text: &str| text.matches('{').count() == text.matches('}').count();
            assert!(blanks(text.of(EN)) && blanks(text.of(KO)), "{}: {key}", check.name);
            assert_eq!(names_of_blanks(text.of(EN)), names_of_blanks(text.of(KO)), "{}: {key}", check.name);
            assert!(
                text.of(EN).trim_end() == text.of(EN) && text.of(KO).trim_end() == text.of(KO),
                "{}: {key}",
                check.name
            );
        }
    }
}

#[test]
fn checks_are_found_by_name() {
    for check in ALL {
        assert_eq!(by_name(&check.name.to_uppercase().replace('-', "_")), Some(check));
    }
    assert_eq!(by_name(""), None);
    assert_eq!(by_name("close-wai"), None);
}

#[test]
fn an_idle_system_has_nothing_wrong() {
    let evidence = made::looks(Some(made::moment(1, Vec::new())), made::moment(2, Vec::new()));
    for check in ALL {
        let findings = check.judge(&evidence, &CheckSettings::default());
        assert!(!findings.is_empty(), "{} says nothing", check.name);
        assert!(findings.iter().all(|finding| finding.check == check.name), "{}", check.name);
        // What was not asked for is not there here.
        assert!(matches!(worst(&findings), Severity::Ok | Severity::Unknown), "{}: {findings:?}", check.name);
        for finding in &findings {
            both(&finding.sentence, check.name);
        }
    }
}

/// A busy machine in which Windows tells neither timers, queues, ages nor ranges.
fn windows() -> super::Evidence {
    let mut sockets = vec![tcp("0.0.0.0:8080", "", TcpState::Listen), udp("0.0.0.0:500", "")];
    for number in 0..150u16 {
        let local = format!("10.0.0.1:{}", 50_000 + number);
        sockets.push(made::held(tcp(&local, "10.0.0.9:443", TcpState::CloseWait), 7));
        sockets.push(made::held(tcp(&local, "10.0.0.9:5432", TcpState::SynSent), 7));
        let peer = format!("198.51.100.{}:4000", number % 250 + 1);
        sockets.push(tcp("10.0.0.1:8080", &peer, TcpState::SynReceived));
    }
    let mut hidden = tcp("10.0.0.1:49200", "8.8.8.8:443", TcpState::Established);
    hidden.ownership = Ownership::Unowned(NoOwner::NotPermitted);
    sockets.push(hidden);
    let udp = Some(UdpCounters { in_datagrams: Some(1), ..UdpCounters::default() });
    let tcp = Some(TcpCounters { out_segs: Some(1), retrans_segs: Some(0), ..TcpCounters::default() });
    let counters = Counters {
        tcp_v4: tcp.clone(),
        tcp_v6: tcp,
        udp_v4: udp.clone(),
        udp_v6: udp,
        ..Counters::default()
    };
    let mut evidence = made::look(made::counted(1, sockets, counters));
    evidence.now.conntrack = Ok(None);
    evidence.descriptors = Ok(None);
    evidence.limits = Ok(Limits::default());
    evidence
}

#[test]
fn data_that_windows_lacks_is_unknown_and_not_ok() {
    let evidence = windows();
    let judged = |check: &&'static super::Check| {
        let findings = made::run(check, &evidence, &[]);
        assert!(
            findings.iter().all(|finding| finding.severity != Severity::Unknown || finding.next.len() == 1)
        );
        (check.name, worst(&findings), findings.iter().any(|finding| finding.never_told))
    };
    assert_eq!(
        ALL.iter().map(judged).collect::<Vec<_>>(),
        [
            ("port-exhaustion", Severity::Unknown, false),
            ("close-wait", Severity::Unknown, false),
            ("listen-queue", Severity::Unknown, true),
            ("connecting", Severity::Unknown, false),
            ("half-open", Severity::Unknown, false),
            ("retransmission", Severity::Unknown, false),
            ("stalled", Severity::Unknown, true),
            ("idle", Severity::Unknown, true),
            ("address-gone", Severity::Unknown, false),
            ("buffers", Severity::Unknown, true),
            ("descriptors", Severity::Unknown, true),
            ("conntrack", Severity::Ok, false),
            ("exposed", Severity::Ok, false),
            ("shadowed", Severity::Ok, false),
            ("bind", Severity::Unknown, false),
            ("policy", Severity::Ok, false),
            ("suspicious", Severity::Unknown, false),
        ]
    );
}

/// What is said of one, whatever the limits; [`made::run`] looks at the grammar.
#[test]
fn sentences_about_one_thing_are_singular() {
    let closed = |seconds| {
        let socket = made::held(tcp("10.0.0.1:80", "10.0.0.9:999", TcpState::CloseWait), 7);
        let old = made::with(socket, |tcp| tcp.last_ack_received = Some(Duration::from_secs(seconds)));
        made::queues(old, 2, 0)
    };
    let mut hidden = tcp("10.0.0.1:49200", "8.8.8.8:443", TcpState::Established);
    hidden.ownership = Ownership::Unowned(NoOwner::NotPermitted);
    let trying = tcp("10.0.0.1:50000", "10.0.0.9:443", TcpState::SynSent);
    let asked = tcp("10.0.0.1:80", "10.0.0.9:999", TcpState::SynReceived);
    let levels = SocketLevels {
        tcp_orphan: Some(1),
        tcp_max_orphans: Some(1),
        tcp_tw: Some(1),
        tcp_max_tw_buckets: Some(1),
        ..SocketLevels::default()
    };
    let counted = |second, overflow| {
        let tcp_ext = TcpExtCounters { time_wait_overflow: Some(overflow), ..TcpExtCounters::default() };
        let counters =
            Counters { levels: Some(levels.clone()), tcp_ext: Some(tcp_ext), ..Counters::default() };
        made::counted(second, Vec::new(), counters)
    };
    let mut full = made::looks(Some(counted(1, 0)), counted(2, 1));
    full.limits = Ok(Limits::default());
    let look = |socket: &Socket| made::look(made::moment(1, vec![socket.clone()]));
    for (check, settings, evidence, expected) in [
        (
            "close-wait",
            "close-wait.warning=1",
            look(&closed(61)),
            "p7 (7) holds 1 connection in CLOSE_WAIT, for 1 min or longer",
        ),
        (
            "close-wait",
            "close-wait.burst=1",
            look(&closed(5)),
            "p7 (7) holds 1 connection in CLOSE_WAIT, not for 1 min or longer",
        ),
        (
            "connecting",
            "connecting.notice=1",
            look(&made::fired(trying.clone(), TimerKind::Retransmit, 1)),
            "1 connection to 10.0.0.9:443 gets no answer",
        ),
        ("connecting", "connecting.notice=1", look(&trying), "1 connection waits for an answer"),
        (
            "half-open",
            "half-open.notice=1",
            look(&made::fired(asked.clone(), TimerKind::KeepAlive, 1)),
            "1 connection to 10.0.0.1:80 is half-open",
        ),
        ("half-open", "half-open.notice=1", look(&asked), "1 connection is half-open"),
        (
            "buffers",
            "buffers.lost=1",
            full.clone(),
            "1 connection is closing that no process holds; the limit is 1",
        ),
        (
            "port-exhaustion",
            "port-exhaustion.notice=1",
            full,
            "the table of TIME_WAIT is full (1 of 1): 1 connection was closed without it",
        ),
        (
            "suspicious",
            "suspicious.notice=1",
            look(&hidden),
            "1 of 1 connection with public addresses belongs to processes",
        ),
    ] {
        let found = made::run(by_name(check).unwrap(), &evidence, &[settings]);
        let sentences: Vec<&str> = found.iter().map(|finding| finding.sentence.of(EN)).collect();
        assert!(sentences.len() == 1 && sentences[0].starts_with(expected), "{expected}: {sentences:?}");
    }
}

#[test]
fn advice_for_hidden_owners_fits_the_reason() {
    let mut listener = tcp("0.0.0.0:3306", "", TcpState::Listen);
    let mut connection = tcp("10.0.0.1:49200", "8.8.8.8:443", TcpState::Established);
    for (why, root) in
        [(NoOwner::OtherNamespace, false), (NoOwner::NotPermitted, true), (NoOwner::Kernel, false)]
    {
        (listener.ownership, connection.ownership) = (Ownership::Unowned(why), Ownership::Unowned(why));
        for (check, socket) in [("exposed", &listener), ("suspicious", &connection)] {
            let evidence = made::look(made::moment(1, vec![socket.clone()]));
            let found = made::run(by_name(check).unwrap(), &evidence, &[]);
            let next: String = found[0].next.iter().map(|step| step.of(EN)).collect();
            let elevated = next.contains("run as root") || next.contains("run as administrator");
            assert_eq!(elevated, root, "{check}: {next}");
            assert_eq!(
                next.contains("outside of the container"),
                why == NoOwner::OtherNamespace,
                "{check}: {next}"
            );
        }
    }
}
