//! Every state of TCP in every flavor: reached, seen by both witnesses, kept, and gone when dropped.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::{
    Family, Flavor, Held, Key, LabError, Protocol, RemoteHost, Row, TcpState, normalized, with_remote_host,
    witness,
};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

fn hold(host: &RemoteHost, state: TcpState, flavor: Flavor) -> Held {
    host.hold(state, flavor).unwrap_or_else(|error| panic!("{state:?} over {flavor:?}: {error}"))
}

/// What /proc/net and an older ss can show.
fn visible(held: &[Held]) -> Vec<Key> {
    let rows = held.iter().flat_map(Held::rows);
    normalized(rows.filter(|row| row.state != Some(TcpState::Bound)))
}

fn assert_seen(held: &[Held]) {
    let expected = visible(held);
    assert_eq!(normalized(&witness::proc_net().unwrap()), expected, "/proc/net");
    assert_eq!(normalized(&witness::ss().unwrap()), expected, "ss");
}

fn every_state_of(flavor: Flavor) {
    with_remote_host(|_, host| {
        let mut held = Vec::new();
        for state in TcpState::ALL {
            let one = hold(host, state, flavor);
            assert_eq!(one.row.state, Some(state));
            held.push(one);
            // After each, so that a failure names the state, and to see that a new one leaves the others alone.
            assert_seen(&held);
        }
        for _ in 0..2 {
            // Long enough for the kernel to repeat its SYN, SYN-ACK and FIN segments to the silent remote host.
            let start = Instant::now();
            while start.elapsed() < Duration::from_secs(2) {
                assert_seen(&held);
                std::thread::sleep(Duration::from_millis(100));
            }
        }
        drop(held);
        assert_seen(&[]);
    });
}

#[test]
fn every_state_over_ipv4() {
    every_state_of(Flavor::V4);
}

#[test]
fn every_state_over_ipv6() {
    every_state_of(Flavor::V6);
}

#[test]
fn every_state_over_ipv4_on_an_ipv6_socket() {
    every_state_of(Flavor::Mapped);
}

#[test]
fn every_state_over_link_local_addresses() {
    every_state_of(Flavor::LinkLocal);
}

#[test]
fn all_at_once_and_in_number() {
    with_remote_host(|_, host| {
        let mut held = Vec::new();
        for state in TcpState::ALL {
            for flavor in Flavor::ALL {
                held.extend((0..5).map(|_| hold(host, state, flavor)));
            }
        }
        assert_eq!(held.len(), 220);
        assert_seen(&held);
        // One in two goes; the others stay.
        let mut keep = false;
        held.retain(|_| {
            keep = !keep;
            keep
        });
        assert_seen(&held);
    });
}

#[test]
fn flavors_are_what_they_say() {
    with_remote_host(|_, host| {
        let scope = host.interface_index();
        let end = |row: &Row| (row.family, row.local.ip().to_string(), row.remote.unwrap().to_string());
        let of = |flavor| hold(host, TcpState::Established, flavor);
        let (v4, v6, mapped, link) =
            (of(Flavor::V4), of(Flavor::V6), of(Flavor::Mapped), of(Flavor::LinkLocal));
        let port = |held: &Held| held.row.remote.unwrap().port();
        assert_eq!(end(&v4.row), (Family::V4, "10.99.0.1".into(), format!("10.99.0.2:{}", port(&v4))));
        assert_eq!(
            end(&v6.row),
            (Family::V6, "2001:db8:99::1".into(), format!("[2001:db8:99::2]:{}", port(&v6)))
        );
        assert_eq!(
            end(&mapped.row),
            (Family::V6, "::ffff:10.99.0.1".into(), format!("[::ffff:10.99.0.2]:{}", port(&mapped)))
        );
        assert_eq!(
            end(&link.row),
            (Family::V6, "fe80::1".into(), format!("[fe80::2%{scope}]:{}", port(&link)))
        );
    });
}

#[test]
fn ss_tells_scope_inode_and_process() {
    with_remote_host(|_, host| {
        for state in TcpState::ALL.into_iter().filter(|state| *state != TcpState::Bound) {
            let held = hold(host, state, Flavor::LinkLocal);
            let scope = |address: SocketAddr| match address {
                SocketAddr::V6(v6) => v6.scope_id(),
                SocketAddr::V4(_) => 0,
            };
            let rows = witness::ss().unwrap();
            let row = rows.iter().find(|row| row.key() == held.row.key()).unwrap();
            assert_eq!((scope(row.local), row.inode), (host.interface_index(), held.row.inode), "{state:?}");
            // Another thread's fork holds a copy for a moment before its exec, so there may be one more.
            assert!(held.row.pids.iter().all(|pid| row.pids.contains(pid)), "{state:?}: {:?}", row.pids);
            let by_proc = witness::proc_net().unwrap();
            let row = by_proc.iter().find(|row| row.key() == held.row.key()).unwrap();
            assert_eq!(row.inode, held.row.inode, "{state:?}");
        }
    });
}

#[test]
fn a_bound_socket_keeps_its_port_and_shows_nowhere_else() {
    with_remote_host(|_, host| {
        let held = hold(host, TcpState::Bound, Flavor::V4);
        let taken = TcpListener::bind(held.row.local).unwrap_err();
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
        assert_seen(&[]);
        match witness::bound() {
            Ok(rows) => {
                assert_eq!(normalized(&rows), [held.row.key()]);
                assert_eq!(rows[0].inode, held.row.inode);
            }
            Err(LabError::Unavailable(skip)) => println!("not asked of ss: {skip}"),
            Err(error) => panic!("{error}"),
        }
        let address = held.row.local;
        drop(held);
        netstat_lab::eventually("the port free again", || TcpListener::bind(address).ok()).unwrap();
    });
}

#[test]
fn orphans_have_no_process_and_no_inode() {
    with_remote_host(|_, host| {
        let closing = [TcpState::FinWait1, TcpState::FinWait2, TcpState::Closing, TcpState::LastAck];
        let orphans: Vec<Held> =
            closing.into_iter().map(|state| hold(host, state, Flavor::V4).orphan().unwrap()).collect();
        assert_seen(&orphans);
        for witness in [witness::ss().unwrap(), witness::proc_net().unwrap()] {
            for row in witness {
                assert_eq!((row.inode, row.pids.len()), (None, 0), "{}", row.key());
            }
        }
        drop(orphans);
        assert_seen(&[]);
        assert!(hold(host, TcpState::Established, Flavor::V4).orphan().is_err());
    });
}

#[test]
fn both_ends_may_open_at_once() {
    with_remote_host(|_, host| {
        let held: Vec<Held> =
            Flavor::ALL.into_iter().map(|flavor| host.hold_simultaneous_open(flavor).unwrap()).collect();
        assert_seen(&held);
        let by_ss = witness::ss().unwrap();
        for held in &held {
            assert_eq!(held.row.state, Some(TcpState::SynReceived));
            let row = by_ss.iter().find(|row| row.key() == held.row.key()).unwrap();
            assert!(row.inode.is_some() && row.inode == held.row.inode);
        }
        drop(held);
        assert_seen(&[]);
    });
}

#[test]
fn connected_udp_in_every_flavor() {
    with_remote_host(|_, host| {
        let held: Vec<Held> = Flavor::ALL.into_iter().map(|flavor| host.hold_udp(flavor).unwrap()).collect();
        assert_seen(&held);
        for held in &held {
            assert_eq!((held.row.protocol, held.row.state), (Protocol::Udp, None));
            assert_eq!(held.row.remote.unwrap().port(), 53);
        }
    });
}
