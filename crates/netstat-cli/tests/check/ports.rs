//! Ports that run out towards one server, and as many in use towards many.

use crate::answer::{ask, assert_found, assert_only, assert_quiet};
use crate::support::{command, finish};
use netstat_lab::faults::{BoundPorts, Churn, CloseWaitTraffic, HERE, HeldPorts, TimeWaitPile};
use netstat_lab::on_own_thread;

const CHECK: &str = "port-exhaustion";

#[test]
fn time_wait_to_one_server_takes_the_ports() {
    on_own_thread(|namespace| {
        let pile = TimeWaitPile::new(namespace, 12_000, 10_000, 1).unwrap();
        let finding = assert_found(CHECK, "", "warning");
        assert!(finding.sentence().contains("10,000 of 12,000"), "{finding:?}");
        let words = finding.words();
        assert!(words.contains(&pile.servers[0].to_string()) && words.contains(&HERE.to_string()), "{words}");
        assert!(words.contains("TIME_WAIT"), "{words}");
        assert_eq!(finding.number("time_wait"), 10_000.0);
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains("TIME_WAIT") && row.contains("10000")), "{rows:#?}");
        assert_only(&[CHECK]);
    });
}

#[test]
fn time_wait_to_many_servers_takes_none() {
    on_own_thread(|namespace| {
        let _pile = TimeWaitPile::new(namespace, 12_000, 10_000, 100).unwrap();
        assert_quiet(CHECK, "");
        assert_only(&[]);
    });
}

#[test]
fn time_wait_that_is_soon_used_again_takes_none() {
    on_own_thread(|namespace| {
        namespace.set_sysctl("net/ipv4/tcp_tw_reuse", "1").unwrap();
        let _pile = TimeWaitPile::new(namespace, 2_000, 1_800, 1).unwrap();
        // The kernel takes a port again when its TIME_WAIT is a second old.
        netstat_lab::eventually("ports that may be taken again", || {
            ask(CHECK).accusations().is_empty().then_some(())
        })
        .unwrap();
        assert_quiet(CHECK, "");
    });
}

#[test]
fn connections_of_a_server_take_no_ports() {
    on_own_thread(|namespace| {
        // Many clients at one port of this machine, which is in the range.
        let _clients = CloseWaitTraffic::new(namespace, 400).unwrap();
        assert_quiet(CHECK, "");
    });
}

#[test]
fn when_no_port_is_left_it_is_critical() {
    on_own_thread(|namespace| {
        let held = HeldPorts::exhausted(namespace, 500).unwrap();
        let finding = assert_found(CHECK, "", "critical");
        assert!(finding.words().contains(&held.servers[0].to_string()), "{finding:?}");
        assert!(
            finding.processes().iter().any(|(pid, _)| *pid == Some(std::process::id().into())),
            "{finding:?}"
        );
        let rows = finding.rows();
        let count = held.count.to_string();
        assert!(rows.iter().any(|row| row.contains("ESTABLISHED") && row.contains(&count)), "{rows:#?}");
        assert_only(&[CHECK]);
    });
}

#[test]
fn more_connections_than_ports_are_well_when_they_are_spread() {
    on_own_thread(|namespace| {
        let held = HeldPorts::spread(namespace, 500, 1_000, 20).unwrap();
        assert!(held.can_connect().unwrap());
        assert_quiet(CHECK, "");
        assert_only(&[]);
    });
}

#[test]
fn connections_that_bind_first_take_ports_from_all_others() {
    on_own_thread(|namespace| {
        let _held = HeldPorts::bound_first(namespace, 300, 290, 20).unwrap();
        let finding = assert_found(CHECK, "", "critical");
        assert!(finding.sentence().contains("290 of 300"), "{finding:?}");
        let rows = finding.rows();
        assert_eq!(rows.iter().filter(|row| row.contains("10.88.")).count(), 20, "{rows:#?}");
        assert_only(&[CHECK]);
    });
}

#[test]
fn reserved_ports_are_none_to_count_on() {
    on_own_thread(|namespace| {
        // Half of the range, before any port of it is in use.
        namespace.set_sysctl("net/ipv4/ip_local_reserved_ports", "40250-40499").unwrap();
        let _held = HeldPorts::spread(namespace, 500, 200, 1).unwrap();
        let finding = assert_found(CHECK, "", "warning");
        assert!(finding.sentence().contains("200 of 250"), "{finding:?}");
    });
    on_own_thread(|namespace| {
        let _held = HeldPorts::spread(namespace, 500, 200, 1).unwrap();
        assert_quiet(CHECK, "");
    });
}

#[test]
fn ports_that_are_only_bound_count() {
    on_own_thread(|namespace| {
        let bound = BoundPorts::new(namespace, 300, 300).unwrap();
        assert!(!bound.can_connect().unwrap());
        let finding = assert_found(CHECK, "", "critical");
        assert_eq!(finding.processes().first(), Some(&(Some(std::process::id().into()), 300)), "{finding:?}");
        assert_only(&[CHECK]);
    });
    on_own_thread(|namespace| {
        let _bound = BoundPorts::new(namespace, 300, 30).unwrap();
        assert_quiet(CHECK, "");
    });
}

#[test]
fn buckets_that_overflow_are_told() {
    on_own_thread(|namespace| {
        let _churn = Churn::with_buckets(namespace, 16).unwrap();
        let finding = assert_found(CHECK, "", "warning");
        assert_eq!(finding.subject(), "tcp_max_tw_buckets");
        assert!(finding.sentence().contains("of 16"), "{finding:?}");
        // The counter is known to move when it is looked at twice.
        let run = finish(command("check port-exhaustion --watch 200ms --count 2 --json"));
        let last: serde_json::Value = serde_json::from_str(run.text.lines().last().unwrap()).unwrap();
        let overflowed = &last["checks"][0]["findings"][0]["facts"]["overflowed"];
        assert!(overflowed.as_u64().unwrap() > 0, "{last:#}");
    });
    on_own_thread(|namespace| {
        let _churn = Churn::with_buckets(namespace, 100_000).unwrap();
        assert_quiet(CHECK, "");
    });
}
