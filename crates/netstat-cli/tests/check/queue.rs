//! Listeners that cannot keep up, and one that can.

use crate::answer::{assert_found, assert_only, assert_quiet};
use netstat_lab::faults::Queue;
use netstat_lab::{on_own_thread, with_remote_host, witness};

const CHECK: &str = "listen-queue";

#[test]
fn a_full_queue_is_found_with_its_listener() {
    on_own_thread(|namespace| {
        let queue = Queue::full(namespace, 64).unwrap();
        let finding = assert_found(CHECK, "", "critical");
        let words = finding.words();
        assert!(words.contains(&queue.listener.to_string()) && words.contains("64"), "{words}");
        assert!(
            finding.processes().iter().any(|(pid, _)| *pid == Some(std::process::id().into())),
            "{finding:?}"
        );
        let rows = finding.rows();
        assert!(rows.iter().any(|row| row.contains(&queue.listener.to_string())), "{rows:#?}");
        assert_only(&[CHECK]);
    });
}

#[test]
fn a_busy_queue_is_not_accused() {
    on_own_thread(|namespace| {
        let queue = Queue::busy(namespace, 64).unwrap();
        for _ in 0..3 {
            assert_quiet(CHECK, "");
            queue.go_on(5).unwrap();
        }
        assert_only(&[]);
    });
}

#[test]
fn overflows_of_the_past_are_not_held_against_anybody() {
    on_own_thread(|namespace| {
        drop(Queue::full(namespace, 8).unwrap());
        assert_ne!(witness::counter("TcpExt", "ListenOverflows").unwrap(), 0);
        assert_quiet(CHECK, "");
        assert_only(&[]);
    });
}

#[test]
fn cookies_are_told() {
    with_remote_host(|namespace, host| {
        let _queue = Queue::with_cookies(namespace, host, 8).unwrap();
        let finding = assert_found(CHECK, "", "warning");
        assert!(finding.words().contains("cookie"), "{finding:?}");
    });
}
