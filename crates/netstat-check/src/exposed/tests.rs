use super::super::Firewalled;
use super::super::made::{fact, first, lines, process, run, seen, tcp, udp};
use super::super::surroundings::inbound;
use super::*;
use netstat_model::{
    Firewall, Judgement, Missing, NoOwner, Ownership, Socket, SocketRef, TcpState, UnreadRules,
};
use std::sync::Arc;

fn listener(local: &str) -> Socket {
    tcp(local, "", TcpState::Listen)
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
    let judged = |passage, by: &str| Judgement { passage, by: vec![by.to_owned()] };
    let evidence = |judgement: Option<Judgement>, unread: &[&'static str]| {
        let mut evidence = seen(vec![(listener("0.0.0.0:6379"), Some(process(7, "/usr/bin/redis-server")))]);
        let asked = inbound(&first(&evidence), evidence.process_of(&first(&evidence)));
        assert_eq!(asked.len(), 1);
        let unread = unread.iter().map(|of| UnreadRules { of, reason: "no".to_owned() }).collect();
        evidence.surroundings.firewall =
            Arc::new(Firewalled::new(asked, Firewall { judgements: vec![judgement], unread }));
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
    let judgements =
        [Passage::Closed, Passage::Open].map(|passage| Some(Judgement { passage, by: Vec::new() }));
    let firewall = Firewall { judgements: judgements.to_vec(), unread: Vec::new() };
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
