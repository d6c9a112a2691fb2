//! Listeners, UDP, loopback connections, and sockets shared with child processes.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::{
    Family, Held, Holders, Loop, Place, TcpState, eventually, normalized, on_own_thread, witness,
};
use std::path::Path;

fn assert_seen<'a>(rows: impl IntoIterator<Item = &'a netstat_lab::Row>) {
    let expected = normalized(rows);
    assert_eq!(normalized(&witness::proc_net().unwrap()), expected, "/proc/net");
    assert_eq!(normalized(&witness::ss().unwrap()), expected, "ss");
}

#[test]
fn listeners_and_udp_in_every_place() {
    on_own_thread(|namespace| {
        let mut held: Vec<Held> = Vec::new();
        for place in Place::ALL {
            held.push(namespace.listener(place, 0).unwrap());
            held.push(namespace.udp(place, 0).unwrap());
            held.push(namespace.udp_connected(place, 9).unwrap());
        }
        assert_seen(held.iter().flat_map(Held::rows));
        let by_ss = witness::ss().unwrap();
        for held in &held {
            let row = by_ss.iter().find(|row| row.inode == held.row.inode).unwrap();
            // ss tells V6ONLY for sockets that are not connected.
            if held.row.remote.is_none() && held.row.family == Family::V6 {
                assert_eq!(row.v6_only, held.row.v6_only, "{}", held.row.key());
            }
        }
        drop(held);
        eventually("an empty table", || witness::ss().unwrap().is_empty().then_some(())).unwrap();
    });
}

#[test]
fn one_port_in_both_families() {
    on_own_thread(|namespace| {
        let v4 = namespace.listener(Place::AnyV4, 8080).unwrap();
        let v6 = namespace.listener(Place::AnyV6Only, 8080).unwrap();
        assert!(namespace.listener(Place::AnyDualStack, 8080).is_err());
        let both = namespace.listener(Place::AnyDualStack, 8081).unwrap();
        assert_seen([&v4.row, &v6.row, &both.row]);
        assert_eq!((v4.row.v6_only, v6.row.v6_only, both.row.v6_only), (None, Some(true), Some(false)));
    });
}

#[test]
fn loopback_connections_of_every_kind() {
    on_own_thread(|namespace| {
        let all = [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack]
            .map(|kind| namespace.connected(kind).unwrap());
        assert_seen(all.iter().flat_map(|pair| pair.client.rows().chain(pair.server.rows())));
        let [.., mixed] = &all;
        assert_eq!((mixed.client.row.family, mixed.server.row.family), (Family::V4, Family::V6));
        assert_eq!(mixed.server.row.local.ip().to_string(), "::ffff:127.0.0.1");
        assert_eq!(mixed.server.companions[0].state, Some(TcpState::Listen));
    });
}

#[test]
fn children_hold_the_socket_and_end_with_the_test() {
    on_own_thread(|namespace| {
        let mut held = namespace.listener(Place::AnyV4, 80).unwrap();
        let holders = Holders::share(&mut held, 3).unwrap();
        let pids = holders.pids();
        assert_eq!(pids.len(), 3);
        assert_eq!(held.row.pids.len(), 4);
        assert!(held.row.pids.contains(&std::process::id()));
        // Until the copies of other tests' forks, which last until their exec, are gone.
        eventually("exactly the four processes", || {
            let rows = witness::ss().unwrap();
            (rows.len() == 1 && rows[0].pids == held.row.pids && rows[0].inode == held.row.inode)
                .then_some(())
        })
        .unwrap();
        drop(holders);
        for pid in pids {
            assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{pid} still runs");
        }
        held.row.pids = vec![std::process::id()];
        eventually("only this process", || (witness::ss().unwrap()[0].pids == held.row.pids).then_some(()))
            .unwrap();
    });
}

#[test]
fn children_hold_it_alone_when_the_test_lets_go() {
    on_own_thread(|namespace| {
        let mut held = namespace.listener(Place::AnyV4, 80).unwrap();
        let holders = Holders::share(&mut held, 2).unwrap();
        held.leave_to(holders.pids()).unwrap();
        let mut pids = holders.pids();
        pids.sort_unstable();
        assert_eq!(held.row.pids, pids);
        eventually("the two children alone", || {
            (witness::ss().unwrap().first()?.pids == held.row.pids).then_some(())
        })
        .unwrap();
        drop(holders);
        eventually("an empty table", || witness::ss().unwrap().is_empty().then_some(())).unwrap();
    });
}

#[test]
fn children_end_when_the_body_panics() {
    let pids = std::sync::Mutex::new(Vec::new());
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

#[test]
fn a_holder_may_have_any_name() {
    on_own_thread(|namespace| {
        let folder = std::env::temp_dir().join(format!("netstat-lab-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let program = folder.join("a\u{1b}[31m b");
        let cat = ["/bin/cat", "/usr/bin/cat"].into_iter().find(|path| Path::new(path).exists()).unwrap();
        std::fs::copy(cat, &program).unwrap();
        let mut held = namespace.udp(Place::AnyDualStack, 53).unwrap();
        let holders =
            eventually("the program run", || Holders::share_with(&program, &mut held, 1).ok()).unwrap();
        let name = std::fs::read(format!("/proc/{}/comm", holders.pids()[0])).unwrap();
        assert_eq!(name, b"a\x1b[31m b\n");
        drop(holders);
        std::fs::remove_dir_all(&folder).unwrap();
    });
}
