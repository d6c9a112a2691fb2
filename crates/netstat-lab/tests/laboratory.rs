//! The laboratory keeps what it promises: namespaces are private and end, sockets stay until they are dropped, child
//! processes hold what they were given, and a failure in the body of a test fails the test.
//!
//! That each socket is in its state, as `ss` and `/proc/net` see it, is tested with the program (`states.rs`), and that
//! each fault is there with `netstat check`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::{
    Flavor, Held, Holders, LabError, Namespace, Place, TcpState, eventually, normalized, on_own_thread,
    with_remote_host, witness,
};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;
use std::sync::{Barrier, Mutex};

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
fn dropping_a_namespace_moves_the_thread_back() {
    // On a plain thread: with `--test-threads=1` all tests share one.
    std::thread::spawn(|| {
        let before = current();
        match Namespace::enter() {
            Ok(namespace) => {
                assert_eq!(current(), namespace.inode());
                drop(namespace);
            }
            Err(LabError::Unavailable(_)) => assert_eq!(on_own_thread(|_| ()), None),
            Err(error) => panic!("{error}"),
        }
        assert_eq!(current(), before);
    })
    .join()
    .unwrap();
}

#[test]
fn a_failed_assertion_in_the_body_fails_the_test() {
    let fails = std::panic::catch_unwind(|| on_own_thread(|_| panic!("as it should")));
    match fails {
        Err(panic) => assert_eq!(panic.downcast_ref(), Some(&"as it should")),
        // Nothing may have failed only where the body was skipped.
        Ok(outcome) => assert!(outcome.is_none()),
    }
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

fn assert_seen(held: &[Held]) {
    // TIME_WAIT and half-open requests included; bound-only sockets are in neither table.
    let visible = held.iter().flat_map(Held::rows).filter(|row| row.state != Some(TcpState::Bound));
    let expected = normalized(visible);
    // Children of other tests hold copies of the sockets between their fork and their exec.
    let is_seen = || {
        let seen = [witness::proc_net().unwrap(), witness::ss().unwrap()];
        seen.iter().all(|rows| normalized(rows) == expected).then_some(())
    };
    if eventually("what is held, and nothing else", is_seen).is_err() {
        assert_eq!(normalized(&witness::proc_net().unwrap()), expected, "/proc/net");
        assert_eq!(normalized(&witness::ss().unwrap()), expected, "ss");
    }
}

#[test]
fn sockets_are_there_until_they_are_dropped() {
    with_remote_host(|_, host| {
        let mut held = Vec::new();
        for state in TcpState::ALL {
            for flavor in Flavor::ALL {
                held.extend((0..5).map(|_| host.hold(state, flavor).unwrap()));
            }
        }
        assert_eq!(held.len(), 220);
        assert_seen(&held);
        // Every other one goes; the rest stays.
        let mut keep = false;
        held.retain(|_| {
            keep = !keep;
            keep
        });
        assert_seen(&held);
        held.clear();
        assert_seen(&held);
    });
}

#[test]
fn children_hold_a_socket_with_the_test_and_alone() {
    on_own_thread(|namespace| {
        let mut held = namespace.listener(Place::AnyV4, 80).unwrap();
        let holders = Holders::share(&mut held, 3).unwrap();
        let pids = holders.pids();
        assert_eq!((pids.len(), held.row.pids.len()), (3, 4));
        assert!(held.row.pids.contains(&std::process::id()));
        // Children of other tests hold copies of the socket between their fork and their exec.
        let only = |expected: &[u32]| {
            eventually("exactly these holders", || {
                (witness::ss().unwrap().first()?.pids == expected).then_some(())
            })
            .unwrap();
        };
        only(&held.row.pids);
        held.leave_to(holders.pids()).unwrap();
        assert!(!held.row.pids.contains(&std::process::id()));
        only(&held.row.pids);
        drop(holders);
        eventually("an empty table", || witness::ss().unwrap().is_empty().then_some(())).unwrap();
    });
}

#[test]
fn children_end_when_the_body_panics() {
    let pids = Mutex::new(Vec::new());
    let outcome = std::panic::catch_unwind(|| {
        on_own_thread(|namespace| {
            let mut held = namespace.listener(Place::AnyV4, 80).unwrap();
            let holders = Holders::share(&mut held, 2).unwrap();
            *pids.lock().unwrap() = holders.pids();
            panic!("as it should");
        })
    });
    let pids = pids.into_inner().unwrap();
    assert_eq!(outcome.is_err(), !pids.is_empty());
    for pid in pids {
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} still runs");
    }
}
