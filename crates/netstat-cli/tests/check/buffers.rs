//! Buffers and tables that are too small for what comes.

use crate::answer::{assert_found, assert_only, assert_quiet};
use netstat_lab::faults::{Datagrams, Tracked};
use netstat_lab::{LabError, on_own_thread};

#[test]
fn datagrams_that_nobody_reads_are_found_with_their_socket() {
    on_own_thread(|namespace| {
        let datagrams = Datagrams::unread(namespace).unwrap();
        let finding = assert_found("buffers", "", "warning");
        assert!(finding.words().contains(&datagrams.receiver.to_string()), "{finding:?}");
        assert!(
            finding.processes().iter().any(|(pid, _)| *pid == Some(std::process::id().into())),
            "{finding:?}"
        );
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains(&datagrams.receiver.to_string())), "{rows:#?}");
        assert_only(&["buffers"]);
    });
}

#[test]
fn datagrams_that_are_read_are_not() {
    on_own_thread(|namespace| {
        let _datagrams = Datagrams::read(namespace).unwrap();
        assert_quiet("buffers", "");
        assert_only(&[]);
    });
}

#[test]
fn drops_of_the_past_are_not_held_against_a_socket() {
    on_own_thread(|namespace| {
        let _datagrams = Datagrams::recovered(namespace).unwrap();
        assert_quiet("buffers", "");
    });
}

/// A scene that needs more than a namespace; `None` where it cannot be had.
fn tracked(scene: netstat_lab::Result<Tracked>) -> Option<Tracked> {
    match scene {
        Ok(scene) => Some(scene),
        Err(LabError::Unavailable(skip)) => {
            netstat_lab::skip(format_args!("the table of the firewall: {skip}"));
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_table_of_the_firewall_that_is_nearly_full_is_found() {
    on_own_thread(|namespace| {
        let Some(scene) = tracked(Tracked::nearly_full(namespace)) else { return };
        let finding = assert_found("conntrack", "", "critical");
        assert!(finding.words().contains(&crate::answer::grouped(scene.limit)), "{finding:?}");
        assert_only(&["conntrack"]);
    });
}

#[test]
fn a_table_of_the_firewall_with_room_is_not_accused() {
    on_own_thread(|namespace| {
        let Some(_scene) = tracked(Tracked::few(namespace)) else { return };
        assert_quiet("conntrack", "");
        assert_only(&[]);
    });
}
