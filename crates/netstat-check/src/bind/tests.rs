use super::super::made::{lines, moment, process, run, seen, tcp, udp};
use super::*;
use netstat_model::{
    Diversion, DynamicPorts, Family, Judgement, Limits, Passage, PortRange, Published, Socket, Target,
    UnreadRules,
};
use std::sync::Arc;

fn limits() -> Limits {
    let ports = Some(DynamicPorts {
        range: PortRange { first: 40_000, last: 50_000 },
        excluded: vec![PortRange { first: 41_000, last: 41_009 }, PortRange { first: 8081, last: 8081 }],
        shared_by_remotes: true,
    });
    Limits {
        tcp_v4_ports: ports.clone(),
        tcp_v6_ports: ports.clone(),
        udp_v4_ports: ports.clone(),
        udp_v6_ports: ports,
        unprivileged_ports_from: Some(1024),
        ..Limits::default()
    }
}

fn evidence(sockets: Vec<(Socket, Option<netstat_model::Process>)>) -> Evidence {
    Evidence { limits: Ok(limits()), ..seen(sockets) }
}

fn found(evidence: &Evidence, ports: &str) -> Vec<Finding> {
    run(&CHECK, evidence, &[&format!("bind.ports={ports}")])
}

fn fact<'a>(finding: &'a Finding, key: &str) -> &'a serde_json::Value {
    &finding.facts.iter().find(|fact| fact.key == key).unwrap().value
}

#[test]
fn a_free_port_is_said_to_be_free_for_each_protocol() {
    let other = (tcp("0.0.0.0:4874", "", TcpState::Listen), Some(process(7, "/n")));
    let both = found(&evidence(vec![other.clone()]), "4873");
    assert_eq!(
        lines(&both),
        [
            "ok [4873/tcp] 4873/tcp is free: no socket has it",
            "ok [4873/udp] 4873/udp is free: no socket has it"
        ]
    );
    assert_eq!(found(&evidence(vec![other]), "4873/udp").len(), 1);
}

#[test]
fn each_kind_of_socket_is_named_with_what_it_blocks() {
    let node = || Some(process(7, "/usr/bin/node"));
    for (socket, sentence, blocks) in [
        (tcp("0.0.0.0:4873", "", TcpState::Listen), "node (7) listens on 4873/tcp (0.0.0.0)", "ipv4"),
        (tcp("[::]:4873", "", TcpState::Listen), "node (7) listens on 4873/tcp (::)", "ipv6"),
        (
            tcp("127.0.0.1:4873", "", TcpState::Bound),
            "node (7) has bound 4873/tcp (127.0.0.1) and does not listen",
            "addresses",
        ),
        (
            tcp("10.0.0.1:4873", "10.0.0.9:5", TcpState::CloseWait),
            "1 connection has the local port 4873/tcp: node (7)",
            "addresses",
        ),
    ] {
        let findings = found(&evidence(vec![(socket, node())]), "4873/tcp");
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!((findings[0].severity, findings[0].sentence.of(EN)), (Severity::Warning, sentence));
        assert_eq!(fact(&findings[0], "blocks"), blocks);
    }
    let unknown = (tcp("[::]:4873", "", TcpState::Listen), node());
    let findings = found(&evidence(vec![unknown]), "4873/tcp");
    let said = findings[0].facts.iter().find(|fact| fact.key == "blocks").unwrap();
    assert_eq!(format!("{said:?}").contains("whether one for IPv4 works is not known"), !cfg!(windows));
    let mut both = tcp("[::]:4873", "", TcpState::Listen);
    both.v6_only = Some(false);
    assert_eq!(fact(&found(&evidence(vec![(both, node())]), "4873/tcp")[0], "blocks"), "everything");
    let datagrams = vec![(udp("127.0.0.1:5353", ""), node())];
    assert_eq!(
        found(&evidence(datagrams), "5353/udp")[0].sentence.of(EN),
        "node (7) has a socket on 5353/udp (127.0.0.1)"
    );
}

#[cfg(not(windows))]
#[test]
fn time_wait_is_told_with_what_is_left_of_it() {
    let waiting = |seconds: Option<u64>| {
        let mut socket = tcp("10.0.0.1:4873", "10.0.0.9:5", TcpState::TimeWait);
        socket.time_in_state = seconds.map(Duration::from_secs);
        (socket, None)
    };
    let findings = found(&evidence(vec![waiting(Some(50)), waiting(Some(15))]), "4873/tcp");
    assert_eq!(findings[0].sentence.of(EN), "2 connections in TIME_WAIT have the local port 4873/tcp");
    assert_eq!(fact(&findings[0], "seconds_left"), 45);
    assert!(findings[0].processes.is_empty());
    let findings = found(&evidence(vec![waiting(Some(50)), waiting(None)]), "4873/tcp");
    assert!(fact(&findings[0], "seconds_left").is_null(), "one that is not known may be the last");
}

#[test]
fn what_was_not_looked_at_is_unknown_and_never_free() {
    let unknown = |evidence: &Evidence, port: &str| -> Vec<String> {
        let findings = found(evidence, port);
        assert!(findings.iter().all(|finding| finding.severity != Severity::Ok), "{findings:?}");
        let those = findings.iter().filter(|finding| finding.severity == Severity::Unknown);
        those.map(|finding| finding.subject.clone()).collect()
    };
    let mut old = evidence(Vec::new());
    old.now.listed.bound = false;
    assert_eq!(unknown(&old, "4873/tcp"), ["4873/tcp sockets"]);
    assert_eq!(found(&old, "4873/udp")[0].severity, Severity::Ok);
    let mut torn = evidence(Vec::new());
    torn.now.listed.whole = false;
    assert_eq!(unknown(&torn, "4873/udp"), ["4873/udp sockets"]);
    let mut blind = evidence(vec![(udp("0.0.0.0:4873", ""), None)]);
    blind.limits = Err(crate::Lack::Refused("no".to_owned()));
    assert_eq!(unknown(&blind, "4873/udp"), ["limits"]);
}

#[cfg(not(windows))]
#[test]
fn the_range_reserved_ports_and_ports_of_root_are_notices() {
    let nothing = evidence(Vec::new());
    let of = |port: &str| {
        let findings = found(&nothing, port);
        let keys = findings.iter().flat_map(|finding| finding.facts.iter().map(|fact| fact.key));
        let keys: Vec<&str> = keys.filter(|key| !["port", "protocol"].contains(key)).collect();
        (findings.iter().map(|finding| finding.severity).max(), keys, findings)
    };
    let (severity, keys, findings) = of("45000/tcp");
    assert_eq!((severity, keys.as_slice()), (Some(Severity::Notice), ["chosen_by_system"].as_slice()));
    assert!(findings[0].next[0].of(EN).ends_with("ip_local_reserved_ports=41000-41009,8081,45000"));
    assert_eq!(of("41005/tcp").1, ["reserved"]);
    assert_eq!(of("8081/udp").1, ["reserved"]);
    assert_eq!(of("80/tcp").1, ["unprivileged_ports_from"]);
    assert_eq!(of("1024/tcp").0, Some(Severity::Ok));
}

#[test]
fn rules_that_take_a_port_away_are_found_and_unread_ones_are_unknown() {
    let mut taken = evidence(Vec::new());
    let to = |to: Target| Diversion {
        rule: "rule 1".to_owned(),
        to,
        from: vec!["e0".to_owned()],
        passage: Passage::Open,
        by: Vec::new(),
    };
    let behind = Target::Behind {
        addresses: Some(([10, 0, 0, 2].into(), [10, 0, 0, 2].into())),
        ports: (80, 80),
        tenant: None,
    };
    let published = |ports, diverted| Published {
        protocol: Transport::Tcp,
        family: Family::V4,
        ports,
        judgement: Judgement { passage: Passage::Closed, by: Vec::new(), diverted: vec![to(diverted)] },
        otherwise: (Passage::Open, Vec::new()),
    };
    let firewalled = |published, unread| {
        Arc::new(crate::Firewalled { judgements: Default::default(), published: Some(published), unread })
    };
    let own = |port| Target::Here { address: None, ports: (port, port) };
    taken.surroundings.firewall = firewalled(
        vec![
            published((4873, 4880), behind),
            published((5000, 5000), own(5000)),
            published((6000, 6000), own(6001)),
        ],
        Vec::new(),
    );
    let findings = found(&taken, "4873,5000/tcp,6000/tcp");
    let sentences: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning)
        .map(|finding| finding.sentence.of(EN))
        .collect();
    assert_eq!(
        sentences,
        [
            "what other hosts send to 4873/tcp over IPv4 goes to 10.0.0.2:80 and not to a socket of this port",
            "what other hosts send to 6000/tcp over IPv4 goes to port 6001 of this machine and not to a socket of this port"
        ]
    );
    // The rules of Windows pass nothing on.
    if cfg!(windows) {
        return;
    }
    taken.surroundings.firewall =
        firewalled(Vec::new(), vec![UnreadRules { of: "nftables", reason: "no".to_owned() }]);
    let findings = found(&taken, "4873/tcp");
    assert_eq!(crate::worst(&findings), Severity::Unknown);
}

#[cfg(windows)]
#[test]
fn an_excluded_range_stops_a_bind() {
    let findings = found(&evidence(Vec::new()), "41005/tcp");
    assert_eq!(findings.iter().filter(|finding| finding.severity == Severity::Warning).count(), 2);
    assert!(findings[0].sentence.of(EN).contains("(41000-41009, IPv4)"), "{findings:?}");
}

#[test]
fn without_a_port_nothing_is_said_to_be_well() {
    let findings = run(
        &CHECK,
        &Evidence { limits: Ok(limits()), ..super::super::made::look(moment(1, Vec::new())) },
        &[],
    );
    assert_eq!(findings[0].severity, Severity::Unknown);
}
