//! Services on all addresses, and the same on loopback.

use crate::answer::{ask, assert_found, assert_only, assert_quiet};
use crate::support::Keeper;
use netstat_lab::{Namespace, Neighbour, Place, on_own_thread};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

#[test]
fn a_database_on_all_addresses_is_found_and_one_on_loopback_is_not() {
    on_own_thread(|namespace| {
        let _own =
            [Place::LoopbackV4, Place::LoopbackV6].map(|place| namespace.listener(place, 3306).unwrap());
        let _usual = namespace.listener(Place::AnyDualStack, 443).unwrap();
        assert_quiet("exposed", "");
        assert_only(&[]);
        let _open = namespace.listener(Place::AnyV4, 5432).unwrap();
        let finding = assert_found("exposed", "", "warning");
        assert!(finding.sentence().contains("PostgreSQL (5432/tcp)"), "{finding:?}");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 1)]);
        assert_eq!(finding.rows().len(), 1);
        let own = std::env::current_exe().unwrap();
        assert_eq!(finding.fact("path"), own.to_str().unwrap());
        assert_eq!(finding.fact("user"), "root");
        assert_only(&["exposed"]);
        assert_quiet("exposed", "--set exposed.except=5432");
    });
}

#[test]
fn what_hands_over_the_machine_is_critical_and_ipv6_counts() {
    on_own_thread(|namespace| {
        let _redis = namespace.listener(Place::AnyDualStack, 6379).unwrap();
        let _tftp = namespace.udp(Place::AnyV6Only, 69).unwrap();
        let finding = assert_found("exposed", "", "critical");
        assert!(finding.sentence().contains("Redis (6379/tcp)"), "{finding:?}");
        // A listener for both families is a row of each.
        assert_eq!(finding.rows().len(), 2);
        let all = ask("exposed").of("exposed");
        let tftp = all.iter().find(|finding| finding.sentence().contains("TFTP (69/udp)")).unwrap();
        assert_eq!((tftp.severity(), tftp.rows().len()), ("warning", 1));
    });
}

/// Gives nft rules; whether it is installed.
pub(crate) fn nft(rules: &str) -> bool {
    let child = Command::new("nft").args(["-f", "-"]).stdin(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        netstat_lab::skip("nft is missing; install nftables");
        return false;
    };
    child.stdin.take().unwrap().write_all(rules.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success(), "{rules}");
    true
}

#[test]
fn what_the_firewall_drops_is_no_more_than_a_notice() {
    on_own_thread(|namespace| {
        let _redis = namespace.listener(Place::AnyV4, 6379).unwrap();
        let finding = assert_found("exposed", "", "critical");
        assert_eq!(finding.fact("firewall"), "open");
        let rules = |rule: &str| {
            format!(
                "flush ruleset\ntable inet f {{\nchain in {{\ntype filter hook input priority 0; policy drop;\nct state established accept\niif lo accept\n{rule}\n}}\n}}\n"
            )
        };
        if !nft(&rules("")) {
            return;
        }
        let finding = assert_found("exposed", "", "notice");
        assert_eq!(finding.fact("firewall"), "closed");
        assert!(finding.words().contains("(nftables inet f in)"), "{finding:?}");
        assert_quiet("exposed", "");
        nft(&rules("ip saddr 10.0.0.0/8 tcp dport 6379 accept"));
        assert_eq!(assert_found("exposed", "", "critical").fact("firewall"), "depends");
        nft(&rules("tcp dport 6379 accept"));
        assert_eq!(assert_found("exposed", "", "critical").fact("firewall"), "open");
    });
}

#[test]
fn the_address_makes_the_difference_and_the_process_is_named() {
    for (open, closed, port) in [
        ("0.0.0.0:3306", "127.0.0.1:3306", ":3306"),
        ("[::]:6379", "[::1]:6379", ":6379"),
        ("[::]:27017", "127.0.0.1:27017", ":27017"),
    ] {
        on_own_thread(|_| {
            let kept = Keeper::cat(TcpListener::bind(closed).unwrap());
            assert_quiet("exposed", "");
            drop(kept);
            let kept = Keeper::cat(TcpListener::bind(open).unwrap());
            let severity = if port == ":3306" { "warning" } else { "critical" };
            let finding = assert_found("exposed", "", severity);
            assert!(finding.sentence().contains("cat"), "{finding:?}");
            assert_eq!(finding.processes(), [(Some(kept.pid().into()), 1)]);
            let rows = finding.rows();
            assert!(!rows.is_empty() && rows.iter().all(|row| row.contains(port)), "{rows:#?}");
            assert_only(&["exposed"]);
        });
    }
}

/// A client on another machine, and a container behind this one with something on its port 6379.
fn client_and_container(namespace: &Namespace) -> (Neighbour, Neighbour) {
    let (client, container) = (Neighbour::new().unwrap(), Neighbour::new().unwrap());
    client.connect(namespace, "e0", "e1").unwrap();
    container.connect(namespace, "v0", "v1").unwrap();
    namespace.ip("addr add 198.51.100.10/24 dev e0\naddr add 172.17.0.1/24 dev v0\n").unwrap();
    client.run(|there| there.ip("addr add 198.51.100.99/24 dev e1\n").unwrap());
    container.run(|there| {
        there.ip("addr add 172.17.0.2/24 dev v1\nroute add default via 172.17.0.1\n").unwrap();
        answers("container", "0.0.0.0:6379");
    });
    namespace.set_sysctl("net/ipv4/ip_forward", "1").unwrap();
    (client, container)
}

/// Answers connections with a word.
fn answers(word: &'static str, at: &str) {
    let listener = TcpListener::bind(at).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let _ = stream.unwrap().write_all(word.as_bytes());
        }
    });
}

/// Returns who answers a client at a port of this machine.
fn who_answers(client: &Neighbour, port: u16) -> Option<String> {
    answer_within(client, port, Duration::from_secs(10))
}

/// Returns whether no client is answered at a port of this machine.
fn nobody_answers(client: &Neighbour, port: u16) -> bool {
    answer_within(client, port, Duration::from_millis(700)).is_none()
}

fn answer_within(client: &Neighbour, port: u16, patience: Duration) -> Option<String> {
    client.run(move |_| {
        let to = std::net::SocketAddr::from(([198, 51, 100, 10], port));
        let mut stream = std::net::TcpStream::connect_timeout(&to, patience).ok()?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text).ok()?;
        Some(text)
    })
}

#[test]
fn a_published_port_is_a_service_whatever_listens_and_whatever_input_drops() {
    on_own_thread(|namespace| {
        let (client, container) = client_and_container(namespace);
        let rules = |port: u16, forward: &str| {
            format!(
                "flush ruleset\ntable inet f {{\nchain in {{\ntype filter hook input priority 0; policy drop;\nct state established accept\niif lo accept\n}}\n\
                 chain on {{\ntype filter hook forward priority 0; policy {forward};\nct state established accept\n}}\n}}\n\
                 table ip nat {{\nchain DOCKER {{\ntcp dport {port} dnat to 172.17.0.2:6379\n}}\n\
                 chain pre {{\ntype nat hook prerouting priority -100;\nfib daddr type local iifname != \"v0\" jump DOCKER\n}}\n}}\n"
            )
        };
        if !nft(&rules(6379, "accept")) {
            return;
        }
        // Who has the address is told by a process in its namespace: a thread of this program has it here.
        let sleeper = container.run(|_| Keeper::cat(TcpListener::bind("0.0.0.0:7").unwrap()));
        assert_eq!(who_answers(&client, 6379).as_deref(), Some("container"));
        let finding = assert_found("exposed", "", "critical");
        assert!(finding.sentence().contains("Redis at 172.17.0.2:6379"), "{finding:?}");
        assert!(finding.sentence().contains(&format!("process {} ", sleeper.pid())), "{finding:?}");
        assert!(finding.words().contains("nftables ip nat DOCKER handle "), "{finding:?}");
        assert_eq!((finding.fact("firewall"), finding.fact("input")), (&"open".into(), &"closed".into()));
        assert_eq!(finding.fact("targets"), &serde_json::json!(["172.17.0.2:6379"]));
        // A proxy on this host changes nothing, and its own finding says who answers.
        let proxy = Keeper::cat(TcpListener::bind("0.0.0.0:6379").unwrap());
        assert_eq!(who_answers(&client, 6379).as_deref(), Some("container"));
        let finding = assert_found("exposed", "", "critical");
        assert_eq!(finding.fact("hidden"), &serde_json::json!([format!("cat ({})", proxy.pid())]));
        let all = ask("exposed").of("exposed");
        let finding = all.iter().find(|finding| finding.severity() == "notice").unwrap();
        assert_eq!(finding.fact("firewall"), "diverted");
        assert!(finding.words().contains("sends what comes by e0 to 172.17.0.2:6379"), "{finding:?}");
        drop(proxy);
        // Another port on the outside, which is not of the list, leads to the same service.
        nft(&rules(8080, "accept"));
        assert_eq!(who_answers(&client, 8080).as_deref(), Some("container"));
        assert!(assert_found("exposed", "", "critical").sentence().contains("passes on 8080/tcp"));
        assert_quiet("exposed", "--set exposed.except=8080");
        // A port of no known service is a warning, because INPUT would drop it.
        nft(&rules(8080, "accept").replace("172.17.0.2:6379", "172.17.0.2:80"));
        assert_eq!(assert_found("exposed", "", "warning").fact("input"), "closed");
        nft(&rules(8080, "accept")
            .replace("172.17.0.2:6379", "172.17.0.2:80")
            .replace("policy drop", "policy accept"));
        assert_found("exposed", "", "notice");
        // Nobody gets through.
        nft(&rules(8080, "drop"));
        assert!(nobody_answers(&client, 8080));
        assert_quiet("exposed", "");
    });
}

#[test]
fn a_redirected_port_leads_to_a_listener_of_this_machine_or_to_nobody() {
    on_own_thread(|namespace| {
        let (client, _container) = client_and_container(namespace);
        let rules = |input: &str| {
            format!(
                "flush ruleset\ntable inet f {{\nchain in {{\ntype filter hook input priority 0; policy drop;\nct state established accept\niif lo accept\n{input}\n}}\n}}\n\
                 table inet nat {{\nchain pre {{\ntype nat hook prerouting priority -100;\ntcp dport 8080 redirect to :6379\n}}\n}}\n"
            )
        };
        if !nft(&rules("tcp dport 6379 ct status dnat accept")) {
            return;
        }
        // Nobody has the port yet.
        assert!(nobody_answers(&client, 8080));
        assert_quiet("exposed", "");
        answers("here", "0.0.0.0:6379");
        assert_eq!(who_answers(&client, 8080).as_deref(), Some("here"));
        assert!(nobody_answers(&client, 6379));
        let finding = assert_found("exposed", "", "critical");
        assert!(finding.sentence().contains("passes on 8080/tcp"), "{finding:?}");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 1)]);
        // Its own port is closed.
        let all = ask("exposed").of("exposed");
        let finding = all.iter().find(|finding| finding.severity() == "notice").unwrap();
        assert_eq!(finding.fact("firewall"), "closed");
        nft(&rules(""));
        assert!(nobody_answers(&client, 8080));
        assert_quiet("exposed", "");
    });
}
