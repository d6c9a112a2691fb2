use super::*;
use crate::linux::live::Live;
use crate::linux::wire::tests::{Script, done, message};
use netstat_model::Warning;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io::Write;
use std::net::UdpSocket;
use std::process::Command;

fn link(index: u32, flags: u32, name: &[u8], fields: u64) -> Vec<u8> {
    let mut payload = vec![0; 4];
    payload.extend_from_slice(&index.to_ne_bytes());
    payload.extend_from_slice(&flags.to_ne_bytes());
    payload.extend_from_slice(&[0; 4]);
    wire::put_attribute(&mut payload, IFLA_IFNAME, name);
    let stats: Vec<u8> = (0..fields).flat_map(|field| (1000 + field).to_ne_bytes()).collect();
    wire::put_attribute(&mut payload, IFLA_STATS64, &stats);
    payload
}

#[test]
fn an_interface_is_decoded_field_by_field() {
    let interface = decode_interface(&link(7, 0x1043, b"eth0\0", 25)).unwrap();
    assert_eq!((interface.index, interface.name.to_str(), interface.loopback), (7, Some("eth0"), false));
    let expected = InterfaceStats {
        rx_packets: Some(1000),
        tx_packets: Some(1001),
        rx_bytes: Some(1002),
        tx_bytes: Some(1003),
        rx_errors: Some(1004),
        tx_errors: Some(1005),
        rx_dropped: Some(1006),
        tx_dropped: Some(1007),
        rx_multicast: Some(1008),
        collisions: Some(1009),
        rx_missed_errors: Some(1015),
        rx_nohandler: Some(1023),
        ..InterfaceStats::default()
    };
    assert_eq!(interface.stats, expected);
    assert!(decode_interface(&link(1, 0x49, b"lo\0", 25)).unwrap().loopback);
}

#[test]
fn fields_missing_from_older_kernels_are_unknown() {
    let stats = decode_interface(&link(7, 0, b"eth0\0", 23)).unwrap().stats;
    assert_eq!((stats.rx_missed_errors, stats.rx_nohandler), (Some(1015), None));
    let stats = decode_interface(&link(7, 0, b"eth0\0", 0)).unwrap().stats;
    assert_eq!(stats, InterfaceStats::default());
}

#[test]
fn names_are_raw_bytes() {
    let name = decode_interface(&link(7, 0, b"a\x1b\xff\0zz", 1)).unwrap().name;
    assert_eq!(name.as_encoded_bytes(), b"a\x1b\xff");
    assert_eq!(decode_interface(&link(7, 0, b"\0", 1)), None);
    assert_eq!(decode_interface(&link(0, 0, b"eth0\0", 1)), None);
}

#[test]
fn interfaces_come_by_index_and_odd_messages_are_counted() {
    let datagram = [
        message(RTM_NEWLINK, 0, &link(9, 0, b"b\0", 1)),
        message(RTM_NEWLINK, 0, &[1, 2, 3]),
        message(RTM_NEWLINK, 0, &link(2, 0, b"a\0", 1)),
        done(),
    ]
    .concat();
    let answer = interface_counters(&Script::new([(vec![datagram], None)])).unwrap();
    assert_eq!(answer.data.iter().map(|interface| interface.index).collect::<Vec<_>>(), [2, 9]);
    assert_eq!(answer.warnings, [Warning::OddMessages { what: WHAT, count: 1 }]);
}

#[test]
fn a_refused_dump_is_an_error() {
    let error = interface_counters(&Script::new([(vec![], Some(13))])).unwrap_err();
    assert_eq!((error.operation, error.source.raw_os_error()), (Operation::ListInterfaces, Some(13)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>) {
        decode_interface(&bytes);
        decode_stats(&bytes);
    }
}

fn read_here() -> Vec<InterfaceCounters> {
    let answer = interface_counters(&Live).unwrap();
    assert_eq!(answer.warnings, []);
    answer.data
}

/// Runs `ip -j -s link` and returns its answer by name; `None`, after saying so, if it is not installed.
fn ip_link() -> Option<BTreeMap<String, serde_json::Value>> {
    let output = match Command::new("ip").args(["-j", "-s", "-s", "link"]).output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let _ = writeln!(std::io::stderr(), "skipped: ip is missing; install iproute2");
            return None;
        }
        output => output.unwrap(),
    };
    let links: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    Some(links.into_iter().map(|link| (link["ifname"].as_str().unwrap().to_owned(), link)).collect())
}

/// Compares all numbers of all interfaces while nothing changes.
fn compare_with_ip() {
    for _ in 0..200 {
        let before = read_here();
        let Some(theirs) = ip_link() else { return };
        if read_here() != before {
            continue;
        }
        assert_eq!(before.len(), theirs.len());
        for ours in before {
            let theirs = &theirs[ours.name.to_str().unwrap()];
            assert_eq!(theirs["ifindex"], ours.index);
            let flags = theirs["flags"].as_array().unwrap();
            assert_eq!(flags.iter().any(|flag| flag == "LOOPBACK"), ours.loopback);
            let (rx, tx) = (&theirs["stats64"]["rx"], &theirs["stats64"]["tx"]);
            let stats = &ours.stats;
            for (ours, theirs) in [
                (stats.rx_bytes, &rx["bytes"]),
                (stats.rx_packets, &rx["packets"]),
                (stats.rx_errors, &rx["errors"]),
                (stats.rx_dropped, &rx["dropped"]),
                (stats.rx_multicast, &rx["multicast"]),
                (stats.rx_missed_errors, &rx["missed_errors"]),
                (stats.tx_bytes, &tx["bytes"]),
                (stats.tx_packets, &tx["packets"]),
                (stats.tx_errors, &tx["errors"]),
                (stats.tx_dropped, &tx["dropped"]),
                (stats.collisions, &tx["collisions"]),
            ] {
                assert_eq!(ours, theirs.as_u64());
                assert!(ours.is_some());
            }
        }
        return;
    }
    panic!("the counters never stopped changing");
}

#[test]
fn the_interfaces_of_this_machine_are_those_of_ip() {
    let Some(theirs) = ip_link() else { return };
    let ours: Vec<_> =
        read_here().into_iter().map(|interface| interface.name.into_string().unwrap()).collect();
    // Other tests do not make interfaces in this namespace.
    assert!(ours.iter().all(|name| theirs.contains_key(name)), "{ours:?}");
    assert_eq!(ours.len(), theirs.len());
}

#[test]
fn traffic_of_known_size_shows_in_a_namespace_and_ip_agrees() {
    netstat_lab::on_own_thread(|namespace| {
        let stats =
            |name: &str| read_here().into_iter().find(|interface| interface.name == name).unwrap().stats;
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = stats("lo");
        for _ in 0..10 {
            sender.send_to(&[7; 100], receiver.local_addr().unwrap()).unwrap();
        }
        let after = stats("lo");
        // 20 octets of IP and 8 of UDP; loopback counts no link header.
        assert_eq!(after.rx_packets.unwrap() - before.rx_packets.unwrap(), 10);
        assert_eq!(after.rx_bytes.unwrap() - before.rx_bytes.unwrap(), 1280);
        assert_eq!((after.rx_bytes, after.rx_packets), (after.tx_bytes, after.tx_packets));

        // Without IPv6 and with a known neighbour, a pair carries nothing but what is sent.
        namespace.set_sysctl("net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        let made = namespace.ip(
            "link add v0 type veth peer name v1\nlink set v0 up\nlink set v1 up\naddr add 10.98.0.1/24 dev v0\n\
             neigh add 10.98.0.2 lladdr 02:00:00:00:00:02 dev v0 nud permanent\n",
        );
        made.unwrap();
        let before = (stats("v0"), stats("v1"));
        let sender = UdpSocket::bind("10.98.0.1:0").unwrap();
        for _ in 0..10 {
            sender.send_to(&[7; 100], "10.98.0.2:9").unwrap();
        }
        netstat_lab::eventually("the other end receive", || {
            (stats("v1").rx_packets? - before.1.rx_packets? == 10).then_some(())
        })
        .unwrap();
        let after = (stats("v0"), stats("v1"));
        assert_eq!(after.0.tx_packets.unwrap() - before.0.tx_packets.unwrap(), 10);
        assert_eq!(after.0.tx_bytes.unwrap() - before.0.tx_bytes.unwrap(), 1420);
        assert_eq!(after.1.rx_bytes.unwrap() - before.1.rx_bytes.unwrap(), 1420);
        assert_eq!(after.1.tx_packets, before.1.tx_packets);

        compare_with_ip();
    });
}
