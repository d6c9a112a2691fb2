//! Namespaces are private and end; what a test body does comes back to the test.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::{LabError, Namespace, Place, normalized, on_own_thread, with_remote_host, witness};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;
use std::sync::Barrier;

fn current() -> u64 {
    fs::metadata("/proc/thread-self/ns/net").unwrap().ino()
}

#[test]
fn two_namespaces_do_not_see_each_other() {
    let both = Barrier::new(2);
    let one = |port: u16| {
        on_own_thread(|namespace| {
            let held = namespace.listener(Place::AnyV4, port).unwrap();
            both.wait();
            let seen = normalized(&witness::proc_net().unwrap());
            let by_ss = normalized(&witness::ss().unwrap());
            both.wait();
            assert_eq!(seen, [held.row.key()]);
            assert_eq!(by_ss, seen);
            namespace.inode()
        })
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(|| one(4000));
        // The same port: in one namespace the second bind would fail.
        let first = one(4000);
        let second = other.join().unwrap();
        assert!(first.is_none() || first != second);
    });
}

#[test]
fn children_are_inside_and_the_caller_is_not() {
    let before = current();
    on_own_thread(|namespace| {
        assert_eq!(current(), namespace.inode());
        assert_ne!(namespace.inode(), before);
        let output = Command::new("stat").args(["-Lc", "%i", "/proc/self/ns/net"]).output().unwrap();
        let child: u64 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
        assert_eq!(child, namespace.inode());
    });
    assert_eq!(current(), before);
}

#[test]
fn dropping_a_namespace_leads_back() {
    // On a plain thread, as with `--test-threads=1`, where all tests share one.
    std::thread::spawn(|| {
        let before = current();
        match Namespace::enter() {
            Ok(namespace) => {
                assert_eq!(current(), namespace.inode());
                drop(namespace);
            }
            // Says why on standard error.
            Err(LabError::Unavailable(_)) => assert_eq!(on_own_thread(|_| ()), None),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(current(), before);
    })
    .join()
    .unwrap();
}

#[test]
fn loopback_answers_in_both_families() {
    on_own_thread(|_| {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = std::net::TcpListener::bind(address).unwrap();
            std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        }
    });
}

#[test]
fn a_failed_assertion_in_the_body_fails_the_test() {
    let fails = std::panic::catch_unwind(|| on_own_thread(|_| panic!("as it should")));
    match fails {
        Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"as it should")),
        // Only where the body was skipped may nothing have failed.
        Ok(outcome) => assert!(outcome.is_none()),
    }
}

#[test]
fn a_value_of_the_body_comes_back() {
    let outcome = on_own_thread(|namespace| namespace.inode());
    assert_eq!(outcome.is_some(), Namespace::enter().is_ok());
}

#[test]
fn many_remote_hosts_come_and_go() {
    for _ in 0..20 {
        let outcome = with_remote_host(|_, host| {
            assert_ne!(host.interface_index(), 0);
            assert!(witness::proc_net().unwrap().is_empty());
        });
        if outcome.is_none() {
            return;
        }
    }
}

#[test]
fn a_setting_that_does_not_exist_is_an_error() {
    on_own_thread(|namespace| {
        namespace.set_sysctl("net/ipv4/ip_default_ttl", "33").unwrap();
        assert_eq!(fs::read_to_string("/proc/sys/net/ipv4/ip_default_ttl").unwrap().trim(), "33");
        let error = namespace.set_sysctl("net/ipv4/no_such_setting", "1").unwrap_err();
        assert!(error.to_string().contains("no_such_setting"), "{error}");
        let error = namespace.ip("link set no-such-device up\n").unwrap_err();
        assert!(error.to_string().contains("no-such-device"), "{error}");
    });
}
