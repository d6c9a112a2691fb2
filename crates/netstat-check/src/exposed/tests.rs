use super::super::Firewalled;
use super::super::made::{fact, first, lines, process, run, seen, tcp, udp};
use super::super::surroundings::inbound;
use super::*;
use netstat_model::{
    Diversion, Family, Firewall, Judgement, Missing, NoOwner, Ownership, Published, Socket, SocketRef,
    Target, TcpState, UnreadRules,
};
use std::sync::Arc;

fn listener(local: &str) -> Socket {
    tcp(local, "", TcpState::Listen)
}

fn open() -> Judgement {
    Judgement { passage: Passage::Open, by: Vec::new(), diverted: Vec::new() }
}

/// The severity of what is found, or `ok`.
fn severities(sockets: Vec<Socket>, settings: &[&str]) -> Vec<&'static str> {
    let sockets = sockets.into_iter().map(|socket| (socket, Some(process(7, "/usr/sbin/served")))).collect();
    run(&CHECK, &seen(sockets), settings).iter().map(|finding| finding.severity.word()).collect()
}

#[test]
fn only_listeners_that_others_can_reach_are_found() {
    for (local, severity) in [
        ("0.0.0.0:3306", "warning"),
        ("[::]:3306", "warning"),
        ("8.8.8.8:3306", "warning"),
        ("[2606:4700::1]:3306", "warning"),
        ("10.0.0.5:3306", "notice"),
        ("[fd00::5]:3306", "notice"),
        ("169.254.1.1:3306", "notice"),
        ("127.0.0.1:3306", "ok"),
        ("127.8.0.1:3306", "ok"),
        ("[::1]:3306", "ok"),
        ("0.0.0.0:6379", "critical"),
        ("10.0.0.5:6379", "warning"),
        ("127.0.0.1:6379", "ok"),
        ("0.0.0.0:22", "ok"),
        ("0.0.0.0:443", "ok"),
        ("0.0.0.0:8080", "ok"),
    ] {
        assert_eq!(severities(vec![listener(local)], &[]), [severity], "{local}");
    }
    for port in [21, 23, 111, 135, 139, 445, 1433, 1521, 3306, 3389, 5432, 5900] {
        assert_eq!(severities(vec![listener(&format!("0.0.0.0:{port}"))], &[]), ["warning"], "{port}");
    }
    for port in [2375, 6379, 9200, 11211, 27017] {
        assert_eq!(severities(vec![listener(&format!("0.0.0.0:{port}"))], &[]), ["critical"], "{port}");
    }
}

#[test]
fn a_listener_bound_to_an_interface_is_reachable_only_there() {
    let bound = |interface| {
        let mut socket = listener("0.0.0.0:3306");
        socket.interface = Some(interface);
        socket
    };
    assert_eq!(severities(vec![bound(1)], &[]), ["ok"], "that of loopback");
    let evidence = seen(vec![(bound(2), Some(process(7, "/usr/sbin/mysqld")))]);
    let finding = &run(&CHECK, &evidence, &[])[0];
    assert_eq!(
        lines(std::slice::from_ref(finding)),
        [
            "warning [3306/tcp mysqld (7)] mysqld (7): MySQL or MariaDB (3306/tcp) is reachable from the network of one interface"
        ]
    );
    assert_eq!(fact(finding, "interfaces"), Some(serde_json::json!([2])));
}

#[test]
fn udp_and_tcp_ports_differ_and_connections_are_ignored() {
    assert_eq!(severities(vec![udp("0.0.0.0:69", "")], &[]), ["warning"]);
    assert_eq!(severities(vec![udp("0.0.0.0:3306", "")], &[]), ["ok"]);
    assert_eq!(severities(vec![udp("10.0.0.1:69", "10.0.0.2:4000")], &[]), ["ok"]);
    assert_eq!(severities(vec![tcp("10.0.0.1:3306", "10.0.0.2:4000", TcpState::Established)], &[]), ["ok"]);
}

#[test]
fn settings_add_and_remove_ports() {
    let sockets = || vec![listener("0.0.0.0:3306"), listener("0.0.0.0:9999")];
    assert_eq!(severities(sockets(), &[]), ["warning"]);
    assert_eq!(severities(sockets(), &["exposed.except=3306"]), ["ok"]);
    assert_eq!(severities(sockets(), &["exposed.except=3306/tcp"]), ["ok"]);
    assert_eq!(severities(sockets(), &["exposed.except=3306/udp,22"]), ["warning"]);
    assert_eq!(severities(sockets(), &["exposed.also=9999"]), ["warning", "warning"]);
    assert_eq!(severities(sockets(), &["exposed.also=9999/udp"]), ["warning"]);
}

#[test]
fn addresses_of_one_process_share_a_finding() {
    let sockets = vec![
        (listener("0.0.0.0:5432"), Some(process(7, "/usr/lib/postgresql/15/bin/postgres"))),
        (listener("[::]:5432"), Some(process(7, "/usr/lib/postgresql/15/bin/postgres"))),
        (listener("127.0.0.1:5433"), Some(process(8, "/usr/lib/postgresql/15/bin/postgres"))),
    ];
    let findings = run(&CHECK, &seen(sockets), &[]);
    assert_eq!(
        lines(&findings),
        ["warning [5432/tcp postgres (7)] postgres (7): PostgreSQL (5432/tcp) is reachable from any network"]
    );
    let finding = &findings[0];
    assert_eq!(fact(finding, "addresses"), Some(serde_json::json!(["0.0.0.0", "::"])));
    assert_eq!(fact(finding, "path"), Some("/usr/lib/postgresql/15/bin/postgres".into()));
    assert_eq!(
        (fact(finding, "user"), fact(finding, "unit")),
        (Some("0".into()), Some("postgres.service".into()))
    );
    assert_eq!(
        finding.rows.as_deref(),
        Some("netstat --columns local,pid,process,user,unit listening lport 5432 proto tcp")
    );
    assert!(finding.next.iter().any(|text| text.of(EN).contains("exposed.except=5432")));
}

#[test]
fn a_listener_with_a_hidden_owner_is_found() {
    let mut socket = listener("0.0.0.0:23");
    socket.ownership = Ownership::Unowned(NoOwner::NotPermitted);
    let findings = run(&CHECK, &seen(vec![(socket, None)]), &[]);
    assert_eq!(findings[0].severity, Severity::Warning);
    assert!(findings[0].next.iter().any(|text| text.of(EN).starts_with("run as ")));
    assert_eq!(fact(&findings[0], "path"), None, "what is not known is not there");
}

#[test]
fn a_closed_firewall_lowers_the_severity() {
    let judged = |passage, by: &str| Judgement { passage, by: vec![by.to_owned()], diverted: Vec::new() };
    let evidence = |judgement: Option<Judgement>, unread: &[&'static str]| {
        let mut evidence = seen(vec![(listener("0.0.0.0:6379"), Some(process(7, "/usr/bin/redis-server")))]);
        let asked = inbound(&first(&evidence), evidence.process_of(&first(&evidence)));
        assert_eq!(asked.len(), 1);
        let unread = unread.iter().map(|of| UnreadRules { of, reason: "no".to_owned() }).collect();
        evidence.surroundings.firewall = Arc::new(Firewalled::new(
            asked,
            Firewall { judgements: vec![judgement], published: Vec::new(), unread },
        ));
        evidence
    };
    for (judgement, unread, severity, word) in [
        (Some(judged(Passage::Closed, "nftables inet f in")), &[][..], Severity::Notice, "closed"),
        (Some(judged(Passage::Depends, "nftables inet f in")), &[], Severity::Critical, "depends"),
        (Some(judged(Passage::Open, "nftables inet f in")), &[], Severity::Critical, "open"),
        (Some(judged(Passage::Open, "")), &["iptables-legacy"], Severity::Critical, "open"),
        (None, &["nftables", "iptables-legacy"], Severity::Critical, "unknown"),
    ] {
        let findings = run(&CHECK, &evidence(judgement, unread), &[]);
        assert_eq!((findings[0].severity, fact(&findings[0], "firewall")), (severity, Some(word.into())));
        let names = (!unread.is_empty()).then(|| serde_json::json!(unread));
        assert_eq!(fact(&findings[0], "rules_not_read"), names);
    }
}

#[test]
fn a_dual_stack_listener_is_as_open_as_its_more_open_family() {
    let mut socket = listener("[::]:6379");
    socket.v6_only = Some(false);
    let mut evidence = seen(vec![(socket, Some(process(7, "/usr/bin/redis-server")))]);
    let asked = inbound(&first(&evidence), evidence.process_of(&first(&evidence)));
    assert_eq!(asked.len(), 2);
    let judgements = [Passage::Closed, Passage::Open].map(|passage| Some(Judgement { passage, ..open() }));
    let firewall = Firewall { judgements: judgements.to_vec(), published: Vec::new(), unread: Vec::new() };
    evidence.surroundings.firewall = Arc::new(Firewalled::new(asked, firewall));
    assert_eq!(run(&CHECK, &evidence, &[])[0].severity, Severity::Critical);
}

#[test]
fn the_firewall_is_asked_about_the_program_and_its_services() {
    let asked = |process: &netstat_model::Process| {
        let asked = inbound(&SocketRef::from(&listener("0.0.0.0:445")).ip().unwrap(), Some(process));
        let services = asked[0].services.as_ref().map(|services| services.join("|".as_ref()));
        (asked[0].program.clone().map(|program| program.display().to_string()), services)
    };
    let mut shared = process(7, r"C:\Windows\System32\svchost.exe");
    shared.unit = Ok("RpcEptMapper, RpcSs".into());
    let path = Some(r"C:\Windows\System32\svchost.exe".to_owned());
    assert_eq!(asked(&shared), (path.clone(), Some("RpcEptMapper|RpcSs".into())));
    shared.unit = Err(Missing::NotApplicable);
    assert_eq!(asked(&shared), (path, Some("".into())));
    (shared.unit, shared.executable) = (Err(Missing::NotPermitted), Err(Missing::NotPermitted));
    assert_eq!(asked(&shared), (Some("svchost.exe".to_owned()), None), "its name is told to everybody");
    shared.name = Err(Missing::NotPermitted);
    assert_eq!(asked(&shared), (None, None));
    // The kernel of Windows runs no file; rules call it by its name.
    let mut system = process(4, "System");
    (system.unit, system.executable) = (Err(Missing::NotApplicable), Err(Missing::NotApplicable));
    assert_eq!(asked(&system), (Some("System".to_owned()), Some("".into())));
}

/// A port that a rule passes on, and what the rules do with it on the way.
fn passed(ports: (u16, u16), to: Target, passage: Passage, otherwise: Passage) -> Published {
    let rule = "nftables ip nat pre handle 4".to_owned();
    let diversion = Diversion { rule, to, from: Vec::new(), passage, by: Vec::new() };
    let judgement = Judgement { passage: Passage::Closed, by: Vec::new(), diverted: vec![diversion] };
    let otherwise = (otherwise, vec!["nftables inet f in".to_owned()]);
    Published { protocol: Transport::Tcp, family: Family::V4, ports, judgement, otherwise }
}

fn behind(port: u16) -> Target {
    let address = "172.17.0.2".parse().unwrap();
    Target::Behind { addresses: Some((address, address)), ports: (port, port), tenant: None }
}

fn here(port: u16) -> Target {
    Target::Here { address: None, ports: (port, port) }
}

#[test]
fn ports_that_are_passed_on_are_graded_by_the_service_and_by_what_input_would_do() {
    use Passage::{Closed, Depends, Open};
    let found = |published: Vec<Published>, settings: &[&str]| {
        let mut evidence =
            seen(vec![(listener("127.0.0.1:6379"), Some(process(7, "/usr/bin/redis-server")))]);
        evidence.surroundings.firewall =
            Arc::new(Firewalled { published: Some(published), ..Firewalled::default() });
        lines(&run(&CHECK, &evidence, settings))
    };
    let one = |published, settings: &[&str]| found(vec![published], settings);
    let redis = one(passed((8080, 8080), behind(6379), Open, Open), &[]);
    assert!(redis[0].starts_with("critical [8080/tcp to 172.17.0.2:6379]"), "{redis:?}");
    assert!(redis[0].contains("Redis at 172.17.0.2:6379 is reachable by other hosts"), "{redis:?}");
    let may = one(passed((8080, 8080), behind(6379), Depends, Open), &[]);
    assert!(may[0].contains("Redis at 172.17.0.2:6379 may be reachable"), "{may:?}");
    assert!(one(passed((8080, 8080), behind(80), Open, Closed), &[])[0].starts_with("warning"));
    assert!(one(passed((8080, 8080), behind(80), Open, Open), &[])[0].starts_with("notice"));
    assert!(
        one(passed((8080, 8080), behind(80), Open, Open), &["exposed.also=8080"])[0].starts_with("warning")
    );
    assert!(
        one(passed((8080, 8080), behind(6379), Open, Open), &["exposed.except=8080"])[0].starts_with("ok")
    );
    assert!(
        one(passed((8080, 8080), behind(6379), Closed, Open), &[])[0].starts_with("ok"),
        "dropped on the way"
    );
    // A socket of this machine has to be there, and on an address that the packet has then.
    assert!(one(passed((8080, 8080), here(81), Open, Closed), &[])[0].starts_with("ok"));
    assert!(one(passed((8080, 8080), here(6379), Open, Closed), &[])[0].starts_with("ok"));
    let loopback = Target::Here { address: Some("127.0.0.1".parse().unwrap()), ports: (6379, 6379) };
    assert!(one(passed((8080, 8080), loopback, Open, Closed), &[])[0].starts_with("critical"));
    // Of a range, the ports that somebody listens on count.
    let whole = Target::Here { address: Some("127.0.0.1".parse().unwrap()), ports: (1, 65_535) };
    assert!(one(passed((6000, 7000), whole, Open, Closed), &[])[0].starts_with("critical"));
    // Ranges that go to one host by one rule are one finding.
    let ranges = [(1, 21), (23, 442), (444, 65_535)];
    let all = ranges.map(|ports| passed(ports, behind(0), Open, Closed));
    let whole = found(all.to_vec(), &[]);
    assert_eq!(whole.len(), 1);
    assert!(whole[0].starts_with("warning [1-21,23-442,444-65535/tcp to "), "{whole:?}");
    // A range is left out when all of it is excepted.
    let few = || vec![passed((8080, 8081), behind(0), Open, Closed)];
    assert_eq!(found(few(), &["exposed.except=8080"])[0].split(' ').next(), Some("warning"));
    assert_eq!(found(few(), &["exposed.except=8080,8081"])[0].split(' ').next(), Some("ok"));
    // What differs on the way is not told of both.
    let differ = [passed((1, 21), behind(0), Open, Closed), passed((23, 442), behind(0), Depends, Closed)];
    assert_eq!(found(differ.to_vec(), &[]).len(), 2);
    // Many that differ are one as well, and a service of the list stays apart.
    let many = (0..20).map(|port| passed((30_000 + port, 30_000 + port), behind(port + 8000), Open, Open));
    let many = many.map(|mut published| {
        published.judgement.diverted[0].rule = format!("nftables ip nat pre handle {}", published.ports.0);
        published
    });
    let all: Vec<Published> = many.chain([passed((8080, 8080), behind(6379), Open, Open)]).collect();
    assert_eq!(found(all[..10].to_vec(), &[]).len(), 10);
    let whole = found(all, &[]);
    assert_eq!(whole.len(), 2);
    assert!(whole[0].contains("and 15 more are reachable") && whole[1].starts_with("critical"), "{whole:?}");
}

#[test]
fn a_port_that_is_taken_away_from_a_listener_is_said_for_it() {
    let mut evidence = seen(vec![(listener("0.0.0.0:6379"), Some(process(7, "/usr/bin/redis-server")))]);
    let asked = inbound(&first(&evidence), evidence.process_of(&first(&evidence)));
    let mut judge = |judgement: Judgement| {
        let firewall = Firewall { judgements: vec![Some(judgement)], ..Firewall::default() };
        evidence.surroundings.firewall = Arc::new(Firewalled::new(asked.clone(), firewall));
        let finding = run(&CHECK, &evidence, &[]).remove(0);
        (finding.severity, fact(&finding, "firewall").unwrap(), fact(&finding, "diverted_by").is_some())
    };
    let sent = |to| passed((6379, 6379), to, Passage::Open, Passage::Open).judgement;
    assert_eq!(judge(sent(behind(6379))), (Severity::Notice, "diverted".into(), true));
    assert_eq!(judge(sent(here(7000))), (Severity::Notice, "diverted".into(), true));
    let partly = Judgement { passage: Passage::Depends, ..sent(behind(6379)) };
    assert_eq!(judge(partly), (Severity::Critical, "depends".into(), true));
    // By another address it comes back to the same socket.
    let own = Target::Here { address: Some("192.0.2.1".parse().unwrap()), ports: (6379, 6379) };
    assert_eq!(judge(sent(own)), (Severity::Critical, "open".into(), false));
}

#[test]
fn rules_that_were_not_read_may_pass_ports_on() {
    let mut evidence = seen(Vec::new());
    let unread = vec![UnreadRules { of: "nftables", reason: "no".to_owned() }];
    let mut found = |published| {
        let unread = unread.clone();
        evidence.surroundings.firewall = Arc::new(Firewalled { published, unread, ..Firewalled::default() });
        run(&CHECK, &evidence, &[])
    };
    let findings = found(Some(Vec::new()));
    assert_eq!(lines(&findings).len(), 2);
    assert!(!findings[1].never_told && findings[1].severity == Severity::Unknown);
    // With a filter nothing is said of ports that are passed on.
    assert!(matches!(&found(None)[..], [one] if one.severity == Severity::Ok));
}
