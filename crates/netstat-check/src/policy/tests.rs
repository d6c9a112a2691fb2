use super::super::CheckSettings;
use super::super::made::{also_held_by, change_first, fact, lines, process, run, seen, tcp, udp};
use super::super::{Evidence, Surroundings};
use super::*;
use netstat_engine::enrich::UserNames;
use netstat_model::{Missing, NoOwner, Ownership, Process};
use proptest::prelude::*;
use std::sync::Arc;

fn by(policy: &str, mut evidence: Evidence) -> Vec<Finding> {
    evidence.surroundings = Surroundings {
        policy: Some(Arc::new(Policy::parse(policy).unwrap_or_else(|why| panic!("{why:?}\n{policy}")))),
        users: Arc::new(UserNames::parse(b"root:x:0:0::/:\nwww:x:33:33::/:\n")),
        ..Surroundings::default()
    };
    run(&CHECK, &evidence, &[])
}

fn sshd() -> Process {
    process(5, "/usr/sbin/sshd")
}

fn curl() -> Process {
    process(9, "/usr/bin/curl")
}

fn machine() -> Evidence {
    seen(vec![
        (tcp("0.0.0.0:22", "", TcpState::Listen), Some(sshd())),
        (udp("0.0.0.0:53", ""), Some(process(6, "/usr/sbin/named"))),
        (udp("0.0.0.0:40000", ""), Some(process(6, "/usr/sbin/named"))),
        // Somebody came.
        (tcp("10.0.0.1:22", "10.9.9.9:50000", TcpState::Established), Some(sshd())),
        // We went.
        (tcp("10.0.0.1:40001", "192.0.2.7:443", TcpState::Established), Some(curl())),
        (tcp("10.0.0.1:40002", "10.0.0.9:5432", TcpState::SynSent), Some(curl())),
        // On this machine, and over.
        (tcp("127.0.0.1:40003", "127.0.0.1:9", TcpState::Established), Some(curl())),
        (tcp("10.0.0.1:40004", "192.0.2.7:80", TcpState::TimeWait), None),
    ])
}

#[test]
fn sockets_that_no_rule_allows_are_found() {
    for (policy, expected) in [
        ("", &[][..]),
        ("[[allow.listen]]\n[[allow.connect]]\n", &[]),
        (
            "allow.listen = []",
            &[
                "sshd (5) listens on 22/tcp, which the policy does not allow",
                "named (6) listens on 53/udp, which the policy does not allow",
            ],
        ),
        (
            "allow.connect = []",
            &[
                "curl (9) has connections to port 443/tcp, which the policy does not allow",
                "curl (9) has connections to port 5432/tcp, which the policy does not allow",
            ],
        ),
        ("[[allow.listen]]\nprocess = \"sshd\"\nport = 22\n[[allow.listen]]\nport = \"50-60\"", &[]),
        (
            "[[allow.listen]]\nprotocol = \"tcp\"",
            &["named (6) listens on 53/udp, which the policy does not allow"],
        ),
        ("[[allow.listen]]\npath = \"/usr/sbin/*\"", &[]),
        (
            "[[allow.listen]]\nunit = \"sshd.service\"",
            &["named (6) listens on 53/udp, which the policy does not allow"],
        ),
        ("[[allow.listen]]\nuser = \"root\"", &[]),
        ("[[allow.listen]]\nuser = 0\naddress = \"0.0.0.0\"", &[]),
        (
            "[[allow.listen]]\naddress = \"127.0.0.0/8\"",
            &[
                "sshd (5) listens on 22/tcp, which the policy does not allow",
                "named (6) listens on 53/udp, which the policy does not allow",
            ],
        ),
        (
            "[[allow.listen]]\nuser = \"www\"\nport = [53]",
            &[
                "sshd (5) listens on 22/tcp, which the policy does not allow",
                "named (6) listens on 53/udp, which the policy does not allow",
            ],
        ),
        (
            "[[allow.connect]]\naddress = [\"10.0.0.0/8\", \"2001:db8::/32\"]",
            &["curl (9) has connections to port 443/tcp, which the policy does not allow"],
        ),
        ("[[allow.connect]]\nprocess = \"curl\"\nport = \"443,5000-6000\"", &[]),
        (
            "[[forbid.connect]]\nport = 5432\nnote = \"ask the owner\"",
            &["curl (9) has connections to port 5432/tcp, which the policy forbids"],
        ),
        // What is forbidden is so even where it is allowed.
        (
            "[[allow.listen]]\n[[forbid.listen]]\nprocess = \"ssh?\"",
            &["sshd (5) listens on 22/tcp, which the policy forbids"],
        ),
    ] {
        let findings = by(policy, machine());
        let mut sentences: Vec<&str> = findings
            .iter()
            .filter(|finding| finding.severity != Severity::Ok)
            .map(|finding| finding.sentence.of(EN))
            .collect();
        let mut expected = expected.to_vec();
        sentences.sort_unstable();
        expected.sort_unstable();
        assert_eq!(sentences, expected, "{policy}");
        for finding in &findings {
            let forbidden = finding.sentence.of(EN).ends_with("forbids");
            assert_eq!(finding.severity == Severity::Critical, forbidden, "{policy}");
        }
    }
    let findings = by("[[forbid.connect]]\nport = 5432\nnote = \"ask the owner\"", machine());
    assert_eq!(fact(&findings[0], "note"), Some("ask the owner".into()));
    assert_eq!(fact(&findings[0], "addresses"), Some(serde_json::json!(["10.0.0.9"])));
}

#[test]
fn forbidding_applies_to_both_families_and_every_holder() {
    let severity = |policy: &str, evidence: &Evidence| by(policy, evidence.clone())[0].severity;
    let dual = |v6_only| {
        let mut socket = tcp("[::]:8443", "", TcpState::Listen);
        socket.v6_only = Some(v6_only);
        seen(vec![(socket, Some(sshd()))])
    };
    let forbidden = "[[forbid.listen]]\naddress = \"0.0.0.0\"\nport = 8443";
    assert_eq!(severity(forbidden, &dual(false)), Severity::Critical);
    assert_eq!(severity(forbidden, &dual(true)), Severity::Ok);
    // To be allowed the address that it shows is enough, and the other one is not.
    for (address, expected) in [("::", Severity::Ok), ("0.0.0.0", Severity::Warning)] {
        let allowed = format!("[[allow.listen]]\naddress = \"{address}\"");
        assert_eq!(severity(&allowed, &dual(false)), expected, "{address}");
    }
    let shell = process(8, "/usr/bin/dash");
    let mut shared = seen(vec![(
        tcp("10.0.0.1:40001", "192.0.2.7:443", TcpState::Established),
        Some(process(7, "/usr/bin/python3")),
    )]);
    also_held_by(&mut shared, shell.id);
    assert_eq!(severity("[[forbid.connect]]\nprocess = \"dash\"", &shared), Severity::Ok, "not known");
    shared.processes.insert(shell.id, shell);
    assert_eq!(severity("[[forbid.connect]]\nprocess = \"dash\"", &shared), Severity::Critical);
    assert_eq!(severity("[[allow.connect]]\nprocess = \"python3\"", &shared), Severity::Ok);
}

#[test]
fn hidden_owners_are_unknown_and_not_outside_the_policy() {
    let mut hidden = tcp("0.0.0.0:22", "", TcpState::Listen);
    hidden.ownership = Ownership::Unowned(NoOwner::NotPermitted);
    let evidence = || seen(vec![(hidden.clone(), None)]);
    let severity = |policy: &str| by(policy, evidence())[0].severity;
    assert_eq!(severity("[[allow.listen]]\nprocess = \"sshd\""), Severity::Unknown);
    assert_eq!(
        severity("[[allow.listen]]\nprocess = \"sshd\"\nport = 23"),
        Severity::Warning,
        "the port decides"
    );
    assert_eq!(severity("[[allow.listen]]\nport = 22"), Severity::Ok);
    assert_eq!(severity("[[forbid.listen]]\nprocess = \"sshd\""), Severity::Unknown);
    assert_eq!(severity("[[forbid.listen]]\nprocess = \"sshd\"\nport = 23"), Severity::Ok);
    let outside = &by("allow.listen = []", evidence())[0];
    assert!(outside.next[1].of(EN).contains("to see which process it is"), "{:?}", outside.next);
    // However much it is, it is one finding.
    let many = (20u16..35).map(|port| {
        let mut socket = tcp(&format!("0.0.0.0:{port}"), "", TcpState::Listen);
        socket.ownership = Ownership::Unowned(NoOwner::NotPermitted);
        (socket, None)
    });
    let findings = by("[[allow.listen]]\nprocess = \"sshd\"", seen(many.collect()));
    assert_eq!(
        lines(&findings),
        [
            "unknown [what may not be seen] whether the policy allows 15 of 15 listeners and destinations depends on what \
          this user may not see"
        ]
    );
    let ports =
        findings[0].facts.iter().find(|fact| fact.key == "listening_ports").unwrap().text.clone().unwrap();
    assert_eq!(
        ports.of(EN),
        "listening on 20/tcp, 21/tcp, 22/tcp, 23/tcp, 24/tcp, 25/tcp, 26/tcp, 27/tcp, 28/tcp, 29/tcp and 5 more"
    );
    // A process of which the path may not be read.
    let mut process = sshd();
    process.executable = Err(Missing::NotPermitted);
    let evidence = seen(vec![(hidden, Some(process))]);
    assert_eq!(by("[[allow.listen]]\npath = \"/usr/sbin/sshd\"", evidence)[0].severity, Severity::Unknown);
}

#[test]
fn ok_without_a_policy() {
    assert_eq!(lines(&run(&CHECK, &machine(), &[])).len(), 1);
    assert!(lines(&run(&CHECK, &machine(), &[]))[0].starts_with("ok [] there is no policy"));
}

#[test]
fn an_error_in_the_file_names_its_place() {
    for (text, why) in [
        ("[[allow.listne]]\n", "line 1: not understood: expected "),
        ("[[allow.listen]]\n\nprot = \"tcp\"\n", "line 3: not understood: expected one of `process`"),
        ("[[allow.listen]]\nprotocol = \"sctp\"\n", "allow.listen, rule 1: protocol is neither"),
        ("[[allow.listen]]\n[[allow.listen]]\nport = 70000\n", "allow.listen, rule 2: port is not valid"),
        ("[[allow.listen]]\nport = \"9-8\"\n", "allow.listen, rule 1: port is not valid"),
        ("[[allow.listen]]\nport = true\n", "allow.listen, rule 1: port is not valid"),
        (
            "[[forbid.connect]]\naddress = \"10.0.0.0/33\"\n",
            "forbid.connect, rule 1: address is neither an address",
        ),
        ("[[forbid.connect]]\nuser = 1.5\n", "forbid.connect, rule 1: user is neither"),
        ("allow.listen = 5", "line 1: "),
        ("= 1", "line 1: "),
    ] {
        let error = Policy::parse(text).unwrap_err().english().to_owned();
        assert!(error.starts_with(why), "{text:?}: {error}");
        assert!(!["listne", "sctp", "10.0.0.0/33"].iter().any(|word| error.contains(word)), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn a_learned_policy_allows_exactly_what_was_there() {
    let text = learned(&machine(), &CheckSettings::default());
    assert!(by(&text, machine()).iter().all(|finding| finding.severity == Severity::Ok), "{text}");
    let mut other = machine();
    change_first(&mut other, |socket| socket.local = tcp("0.0.0.0:23", "", TcpState::Listen).local);
    assert_eq!(
        by(&text, other)[0].sentence.of(EN),
        "sshd (5) listens on 23/tcp, which the policy does not allow"
    );
    // An empty machine teaches that nothing is allowed.
    let text = learned(&seen(Vec::new()), &CheckSettings::default());
    assert_eq!(by(&text, machine()).len(), 4, "{text}");
    let only_listeners = seen(vec![(tcp("0.0.0.0:22", "", TcpState::Listen), Some(sshd()))]);
    let text = learned(&only_listeners, &CheckSettings::default());
    assert_eq!(by(&text, machine()).len(), 3, "{text}");
}

#[test]
fn a_learned_rule_with_many_addresses_allows_all() {
    let many = |first: u8| {
        seen(
            (0..20)
                .map(|n| {
                    (
                        tcp("10.0.0.1:40001", &format!("192.0.2.{}:443", first + n), TcpState::Established),
                        Some(curl()),
                    )
                })
                .collect(),
        )
    };
    let text = learned(&many(1), &CheckSettings::default());
    assert!(text.contains("# to 20 addresses"), "{text}");
    assert!(by(&text, many(100)).iter().all(|finding| finding.severity == Severity::Ok), "{text}");
}

#[test]
fn a_windows_account_matches_as_a_user() {
    let machine = || {
        let mut sqlservr = process(5, r"C:\Program Files\Sql\sqlservr.exe");
        (sqlservr.user, sqlservr.account) = (Err(Missing::NotApplicable), Ok(r"SERVER\Kim".into()));
        seen(vec![(tcp("0.0.0.0:1433", "", TcpState::Listen), Some(sqlservr))])
    };
    for (user, severity) in [
        (r"SERVER\\kim", Severity::Ok),
        ("kim", Severity::Ok),
        (r"OTHER\\kim", Severity::Warning),
        ("server", Severity::Warning),
        ("0", Severity::Warning),
    ] {
        let findings = by(&format!("[[allow.listen]]\nuser = \"{user}\""), machine());
        assert_eq!(findings[0].severity, severity, "{user}");
    }
    let finding = &by("allow.listen = []", machine())[0];
    assert_eq!(fact(finding, "user"), Some(r"SERVER\Kim".into()));
    let text = learned(&machine(), &CheckSettings::default());
    assert!(text.contains(r#"user = "SERVER\\Kim""#), "{text}");
    assert_eq!(by(&text, machine())[0].severity, Severity::Ok, "{text}");
}

proptest! {
    #[test]
    fn whatever_the_names_are_what_was_learned_gives_no_finding(
        name in ".{0,12}",
        path in "[/\\\\a-z*?\\[\\]\"' \u{1}-\u{7f}é]{0,20}",
        ports in proptest::collection::vec(any::<u16>(), 1..5),
        uid: u32,
    ) {
        let mut odd = process(3, "/x");
        odd.name = Ok(name.into());
        odd.executable.as_mut().unwrap().path = path.into();
        odd.user = Ok(uid);
        let sockets = ports.iter().map(|port| (tcp(&format!("0.0.0.0:{port}"), "", TcpState::Listen), Some(odd.clone())));
        let evidence = seen(sockets.collect());
        let text = learned(&evidence, &CheckSettings::default());
        prop_assert!(by(&text, evidence).iter().all(|finding| finding.severity == Severity::Ok), "{}", text);
    }

    #[test]
    fn no_text_panics(text in "(\\[\\[(allow|forbid)\\.(listen|connect)\\]\\]\n|[a-z]{1,8} = [\"0-9a-z.,/\\[\\]-]{0,8}\n|.{0,20}\n){0,6}") {
        let _ = Policy::parse(&text);
    }
}
