//! Addresses that go while connections use them, and connections that are merely idle.

use crate::answer::{assert_found, assert_quiet};
use crate::support::{command, finish};
use netstat_lab::{Flavor, TcpState, with_remote_host};

#[test]
fn connections_from_an_address_that_went_are_found() {
    with_remote_host(|namespace, host| {
        let held: Vec<_> = (0..12).map(|_| host.hold(TcpState::Established, Flavor::V4).unwrap()).collect();
        let address = held[0].row.local.ip();
        assert_quiet("address-gone", "");
        let route = std::process::Command::new("ip").args(["-o", "-4", "addr", "show"]).output().unwrap();
        let text = String::from_utf8(route.stdout).unwrap();
        let line = text.lines().find(|line| line.contains(&format!(" {address}/"))).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        namespace.ip(&format!("addr del {} dev {}\n", words[3], words[1])).unwrap();
        let finding = assert_found("address-gone", "", "warning");
        assert!(finding.sentence().starts_with("12 connections use the address"), "{finding:?}");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 12)]);
        assert_eq!(finding.rows().iter().filter(|row| row.contains("ESTABLISHED")).count(), 12);
        // A route that delivers the address locally makes it one of this machine again.
        namespace.ip(&format!("route add local {address}/32 dev lo\n")).unwrap();
        assert_quiet("address-gone", "");
        drop(held);
    });
}

#[test]
fn how_long_connections_are_idle_is_a_column_and_a_filter() {
    with_remote_host(|_, host| {
        let held: Vec<_> = (0..12).map(|_| host.hold(TcpState::Established, Flavor::V4).unwrap()).collect();
        assert_quiet("idle", "");
        let shown = |words: &str| finish(command(words)).text;
        let rows = shown("--columns local,keepalive established idle ge 1ms");
        assert_eq!(rows.lines().filter(|line| line.ends_with("off")).count(), 12, "{rows}");
        assert!(shown("--columns local established idle gt 1d").lines().count() <= 1);
        drop(held);
    });
}
