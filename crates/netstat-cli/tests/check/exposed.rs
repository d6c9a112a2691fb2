//! Services on all addresses, and the same on loopback.

use crate::answer::{ask, assert_found, assert_only, assert_quiet};
use crate::support::Keeper;
use netstat_lab::{Place, on_own_thread};
use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

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
fn nft(rules: &str) -> bool {
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
