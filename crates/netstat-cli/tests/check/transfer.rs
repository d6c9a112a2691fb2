//! Data that is lost, that stands, and that is merely slow.

use crate::answer::{ask, assert_found, assert_found_saying, assert_only, assert_quiet};
use netstat_lab::faults::{Receiver, SlowReader, Transfer, Unread};
use netstat_lab::{on_own_thread, with_remote_host};

/// Two seconds without any movement are long here, where nobody wants to wait for ten.
const SOON: &str = "--set stalled.old=2";

#[test]
fn a_path_that_loses_a_tenth_is_found() {
    with_remote_host(|_, host| {
        let transfers: Vec<Transfer> =
            (0..8).map(|_| Transfer::new(host, Receiver::LosesOneIn(10)).unwrap()).collect();
        transfers.iter().for_each(|transfer| transfer.go_on(20).unwrap());
        // A connection that waits for its timer sends little but what was lost: any share may come of it.
        let finding = assert_found("retransmission", "--set retransmission.critical=101", "warning");
        let words = finding.words();
        assert!(words.contains("10.99.0.2") && finding.number("percent") > 5.0, "{words}");
        assert_eq!(finding.processes().first().unwrap().0, Some(std::process::id().into()));
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains("10.99.0.2")), "{rows:#?}");
    });
}

#[test]
fn a_path_that_loses_nothing_is_not_accused() {
    with_remote_host(|_, host| {
        let transfer = Transfer::new(host, Receiver::Prompt).unwrap();
        transfer.go_on(50).unwrap();
        assert_quiet("retransmission", "");
        assert_quiet("stalled", "");
        assert_only(&[]);
    });
}

#[test]
fn a_host_that_went_silent_is_found() {
    with_remote_host(|_, host| {
        let transfers: Vec<Transfer> =
            (0..12).map(|_| Transfer::new(host, Receiver::Silent).unwrap()).collect();
        let finding = assert_found_saying("stalled", SOON, "warning", "12 of 12");
        assert!(finding.words().contains("10.99.0.2"), "{finding:?}");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 12)]);
        assert_eq!(finding.fact("cause"), "unanswered");
        let rows = finding.rows();
        assert_eq!(rows.len(), 12, "{rows:#?}");
        for transfer in &transfers {
            assert!(rows.iter().any(|row| row.contains(&transfer.remote.to_string())), "{rows:#?}");
        }
        // What is sent again and again counts as retransmission too.
        assert_only(&["stalled", "retransmission"]);
    });
}

#[test]
fn a_window_that_stays_zero_is_found() {
    on_own_thread(|namespace| {
        let unread: Vec<Unread> = (0..12).map(|_| Unread::new(namespace).unwrap()).collect();
        // Both ends are here, and those that do not read have nothing to deliver.
        let finding = assert_found_saying("stalled", SOON, "warning", "12 of 24");
        assert_eq!(finding.fact("cause"), "zero_window");
        let rows = finding.rows();
        for unread in &unread {
            assert!(rows.iter().any(|row| row.contains(&unread.receiver.to_string())), "{rows:#?}");
        }
        // The end that does not read is here as well, and is told by itself.
        let reader = netstat_lab::eventually("the end that does not read", || {
            let found = ask(&format!("stalled {SOON}")).of("stalled");
            found
                .into_iter()
                .find(|finding| finding.fact("cause") == "not_read" && finding.words().contains("12 of 24"))
        });
        let reader = reader.unwrap();
        assert_eq!(reader.rows().iter().filter(|row| row.contains("10.88.")).count(), 12, "{reader:?}");
        assert_only(&["stalled"]);
    });
}

#[test]
fn a_slow_reader_is_not_accused() {
    on_own_thread(|namespace| {
        let slow: Vec<SlowReader> = (0..12).map(|_| SlowReader::new(namespace).unwrap()).collect();
        for _ in 0..3 {
            assert_quiet("stalled", SOON);
            slow[0].go_on(20).unwrap();
        }
        assert_only(&[]);
    });
}
