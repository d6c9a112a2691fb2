//! Every fault is there as the kernel and `ss` see it, and in its look-alike it is not.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::faults::{
    BoundPorts, Churn, CloseWaitLeak, CloseWaitTraffic, Datagrams, HalfOpen, HeldPorts, Program, Queue,
    Receiver, SlowReader, TimeWaitPile, Tracked, Transfer, Unanswered, Unread, neighbour,
};
use netstat_lab::{LabError, Namespace, Row, TcpState, eventually, on_own_thread, with_remote_host, witness};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::process::Command;

fn in_state(state: TcpState) -> Vec<Row> {
    let mut rows = witness::proc_net().unwrap();
    rows.retain(|row| row.state == Some(state));
    rows
}

fn by_remote(rows: &[Row]) -> BTreeMap<SocketAddr, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(row.remote.unwrap()).or_default() += 1;
    }
    counts
}

/// By how much a counter grows while `wait` waits.
fn growth(group: &str, name: &str, wait: impl FnOnce()) -> u64 {
    let before = witness::counter(group, name).unwrap();
    wait();
    witness::counter(group, name).unwrap() - before
}

/// What `ss` says of the connections with these words.
fn ss(arguments: &[&str]) -> String {
    let output = Command::new("ss").args(arguments).env("LC_ALL", "C").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn ten_thousand_time_wait_to_one_and_to_many() {
    for peers in [1, 100] {
        on_own_thread(|namespace| {
            let pile = TimeWaitPile::new(namespace, 12_000, 10_000, peers).unwrap();
            let counts = by_remote(&in_state(TcpState::TimeWait));
            assert_eq!(counts.keys().copied().collect::<Vec<_>>(), pile.servers);
            assert!(counts.values().all(|count| *count == 10_000 / peers), "{counts:?}");
        });
    }
}

#[test]
fn ports_run_out_and_spread_they_do_not() {
    on_own_thread(|namespace| {
        let held = HeldPorts::exhausted(namespace, 100).unwrap();
        assert!(!held.can_connect().unwrap());
        assert_eq!(by_remote(&in_state(TcpState::Established))[&held.servers[0]], held.count);
        assert_eq!(held.count, 100);
    });
    on_own_thread(|namespace| {
        let held = HeldPorts::spread(namespace, 100, 300, 10).unwrap();
        assert!(held.can_connect().unwrap());
        let counts = by_remote(&in_state(TcpState::Established));
        assert!(held.servers.iter().all(|server| counts[server] == 30), "{counts:?}");
    });
}

#[test]
fn ports_that_are_only_bound_are_lost_to_connections() {
    for (count, room) in [(100, false), (20, true)] {
        on_own_thread(|namespace| {
            let bound = BoundPorts::new(namespace, 100, count).unwrap();
            assert_eq!(bound.can_connect().unwrap(), room);
            match witness::bound() {
                Ok(rows) => assert_eq!(rows.len(), count),
                Err(LabError::Unavailable(skip)) => println!("not asked of ss: {skip}"),
                Err(error) => panic!("{error}"),
            }
        });
    }
}

#[test]
fn buckets_overflow_where_they_are_few() {
    for (buckets, overflows) in [(16, true), (10_000, false)] {
        on_own_thread(|namespace| {
            let churn = Churn::with_buckets(namespace, buckets).unwrap();
            churn.go_on(20).unwrap();
            let lost = growth("TcpExt", "TCPTimeWaitOverflow", || churn.go_on(20).unwrap());
            assert_eq!(lost > 0, overflows, "{lost}");
            let kept = in_state(TcpState::TimeWait).len();
            // One more than allowed is kept.
            assert!(if overflows { kept <= 17 } else { kept >= 40 }, "{kept}");
        });
    }
}

#[test]
fn a_leak_stays_and_traffic_moves_on() {
    on_own_thread(|namespace| {
        let leak = CloseWaitLeak::new(namespace, 200, 2, b"good bye").unwrap();
        let rows = in_state(TcpState::CloseWait);
        assert_eq!(by_remote(&rows), BTreeMap::from([(leak.servers[0], 100), (leak.servers[1], 100)]));
        let waiting = ss(&["-Htn", "state", "close-wait"]);
        // The FIN counts as one byte more.
        let unread = (leak.unread + 1).to_string();
        let all = waiting.lines().all(|line| line.split_ascii_whitespace().next() == Some(&unread));
        assert!(all && waiting.lines().count() == 200, "{waiting}");
    });
    on_own_thread(|namespace| {
        let traffic = CloseWaitTraffic::new(namespace, 50).unwrap();
        let before = in_state(TcpState::CloseWait);
        // They come and go while the table is read, so that it may show more than there ever were.
        assert!(before.len() >= 30, "{}", before.len());
        traffic.go_on(60).unwrap();
        let after = in_state(TcpState::CloseWait);
        assert!(after.iter().all(|row| !before.contains(row) && row.local == traffic.server));
        assert!(after.len() >= 30, "{}", after.len());
    });
}

#[test]
fn a_full_queue_turns_clients_away_and_a_busy_one_does_not() {
    on_own_thread(|namespace| {
        let queue = Queue::full(namespace, 8).unwrap();
        let listening = ss(&["-Hltn"]);
        let words: Vec<&str> = listening.split_ascii_whitespace().collect();
        assert_eq!((words[1], words[2], words[3]), ("9", "8", &*queue.listener.to_string()));
        assert_ne!(growth("TcpExt", "ListenOverflows", || queue.go_on(5).unwrap()), 0);
    });
    on_own_thread(|namespace| {
        let queue = Queue::busy(namespace, 64).unwrap();
        let accepted = growth("Tcp", "PassiveOpens", || queue.go_on(50).unwrap());
        assert!(accepted >= 400, "{accepted}");
        assert_eq!(witness::counter("TcpExt", "ListenOverflows").unwrap(), 0);
        assert_eq!(witness::counter("TcpExt", "ListenDrops").unwrap(), 0);
    });
}

#[test]
fn a_flood_is_answered_with_cookies() {
    with_remote_host(|namespace, host| {
        let queue = Queue::with_cookies(namespace, host, 8).unwrap();
        assert_ne!(growth("TcpExt", "SyncookiesSent", || queue.go_on(20).unwrap()), 0);
    });
}

#[test]
fn connections_that_do_not_come_about() {
    with_remote_host(|_, host| {
        let there: Vec<SocketAddr> =
            vec!["10.99.0.66:5432".parse().unwrap(), "10.99.0.67:80".parse().unwrap()];
        let trying = Unanswered::new(host, &there, 40).unwrap();
        assert_eq!(by_remote(&in_state(TcpState::SynSent)), BTreeMap::from([(there[0], 40), (there[1], 40)]));
        assert_eq!(trying.destinations, there);
        drop(trying);
        eventually("none of them", || in_state(TcpState::SynSent).is_empty().then_some(())).unwrap();

        let half_open = HalfOpen::new(host, 150).unwrap();
        let rows = in_state(TcpState::SynReceived);
        assert!(rows.iter().all(|row| row.local == half_open.listener && row.inode.is_none()));
        assert_eq!(rows.len(), 150);
        drop(half_open);
        eventually("none of them", || in_state(TcpState::SynReceived).is_empty().then_some(())).unwrap();
    });
}

#[test]
fn what_is_lost_is_sent_again_and_what_arrives_is_not() {
    for (receiver, lossy) in [(Receiver::LosesOneIn(4), true), (Receiver::Prompt, false)] {
        with_remote_host(|_, host| {
            let transfer = Transfer::new(host, receiver).unwrap();
            let again = || growth("Tcp", "RetransSegs", || transfer.go_on(200).unwrap());
            assert_eq!(again() > 0, lossy);
            assert_ne!(growth("Tcp", "OutSegs", || transfer.go_on(100).unwrap()), 0);
        });
    }
}

/// The bytes that the connections from there have not got acknowledged, or not sent.
fn send_queue(local: SocketAddr) -> u32 {
    let seen = ss(&["-Htn", "src", &local.to_string()]);
    seen.split_ascii_whitespace()
        .nth(2)
        .unwrap_or_else(|| panic!("no connection from {local}"))
        .parse()
        .unwrap()
}

#[test]
fn a_silent_host_acknowledges_nothing() {
    with_remote_host(|_, host| {
        let transfer = Transfer::new(host, Receiver::Silent).unwrap();
        transfer.go_on(100).unwrap();
        assert!(send_queue(transfer.local) > 10_000);
        let seen = ss(&["-Htnio", "src", &transfer.local.to_string()]);
        assert!(seen.contains("timer:(on,") && seen.contains("unacked:"), "{seen}");
        // The SYN alone.
        assert!(seen.contains("bytes_acked:1 "), "{seen}");
    });
}

#[test]
fn an_unread_connection_stands_and_a_slow_one_moves() {
    on_own_thread(|namespace| {
        let unread = Unread::new(namespace).unwrap();
        let seen = ss(&["-Htno", "dst", &unread.receiver.to_string()]);
        assert!(seen.contains("timer:(persist,"), "{seen}");
    });
    on_own_thread(|namespace| {
        let slow = SlowReader::new(namespace).unwrap();
        let acked = || -> u64 {
            let seen = ss(&["-Htni", "dst", &slow.receiver.to_string()]);
            let (_, rest) = seen.split_once("bytes_acked:").unwrap_or_else(|| panic!("{seen}"));
            rest.split_ascii_whitespace().next().unwrap().parse().unwrap()
        };
        let before = acked();
        slow.go_on(50).unwrap();
        assert!(acked() > before);
        let seen = ss(&["-Htn", "dst", &slow.receiver.to_string()]);
        assert!(seen.split_ascii_whitespace().nth(2).unwrap().parse::<u32>().unwrap() > 0, "{seen}");
    });
}

#[test]
fn datagrams_are_dropped_where_nobody_reads() {
    on_own_thread(|namespace| {
        let unread = Datagrams::unread(namespace).unwrap();
        assert_ne!(growth("Udp", "RcvbufErrors", || unread.go_on(20).unwrap()), 0);
    });
    on_own_thread(|namespace| {
        let read = Datagrams::read(namespace).unwrap();
        assert!(growth("Udp", "InDatagrams", || read.go_on(20).unwrap()) >= 20);
        assert_eq!(witness::counter("Udp", "RcvbufErrors").unwrap(), 0);
    });
    on_own_thread(|namespace| {
        let recovered = Datagrams::recovered(namespace).unwrap();
        assert_ne!(witness::counter("Udp", "RcvbufErrors").unwrap(), 0);
        assert_eq!(growth("Udp", "RcvbufErrors", || recovered.go_on(20).unwrap()), 0);
    });
}

/// A scene that needs more than a namespace.
fn unless_missing<T>(scene: netstat_lab::Result<T>) -> Option<T> {
    match scene {
        Ok(scene) => Some(scene),
        Err(LabError::Unavailable(skip)) => {
            let _ = writeln!(std::io::stderr(), "skipped: {skip}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_table_of_the_firewall_is_nearly_full_or_not() {
    let share = |make: fn(&Namespace) -> netstat_lab::Result<Tracked>| {
        on_own_thread(|namespace| {
            let tracked = unless_missing(make(namespace))?;
            Some(Tracked::count().unwrap() * 100 / tracked.limit)
        })
    };
    if let Some(Some(full)) = share(Tracked::nearly_full) {
        assert!((90..=100).contains(&full), "{full} %");
    }
    if let Some(Some(few)) = share(Tracked::few) {
        assert_eq!(few, 0);
    }
}

#[test]
fn an_implant_is_deleted_and_another_program_is_not() {
    with_remote_host(|namespace, host| {
        let far: SocketAddr = "93.184.215.14:4444".parse().unwrap();
        let implant = Program::implant(namespace, host, far).unwrap();
        let link = std::fs::read_link(format!("/proc/{}/exe", implant.pid)).unwrap();
        assert_eq!(link.to_str().unwrap(), format!("{} (deleted)", implant.path.display()));
        let web: SocketAddr = "93.184.215.14:443".parse().unwrap();
        let honest = Program::in_its_place(namespace, host, web).unwrap();
        assert!(std::fs::read_link(format!("/proc/{}/exe", honest.pid)).unwrap().starts_with("/usr/bin"));
        for program in [&implant, &honest] {
            netstat_lab::eventually("its connection", || {
                let rows = witness::ss().unwrap();
                let row = rows.iter().find(|row| row.remote == Some(program.remote))?;
                (row.pids == [program.pid] && row.state == Some(TcpState::Established)).then_some(())
            })
            .unwrap();
        }
        let folder = implant.path.parent().unwrap().to_owned();
        assert!(folder.exists());
        drop(implant);
        assert!(!folder.exists());
    });
}

#[test]
fn neighbours_differ() {
    assert_eq!(neighbour(0).to_string(), "10.88.1.0");
    assert_eq!(neighbour(300).to_string(), "10.88.2.44");
}
