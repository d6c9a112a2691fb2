//! Interfaces of every kind, with addresses of every kind, as rows and as blocks.

use crate::compare::{assert_same_for, has_oracle, oracle, ours};
use netstat_lab::Loop;

/// Interfaces that are up, down, bridged, linked and point to point, in an order that is not that of their names.
const LINKS: &str = "\
    tuntap add mode tap name eth10\n\
    tuntap add mode tap name eth2\n\
    tuntap add mode tap name eth02\n\
    tuntap add mode tap name eth2.7\n\
    tuntap add mode tap name averylongname01\n\
    tuntap add mode tun name point0\n\
    tuntap add mode tun name point1\n\
    link add br0 type bridge\n\
    link add eth0 type veth peer name far0\n\
    link set far0 master br0\n\
    link set br0 up\n\
    link set far0 up\n\
    link set eth0 up\n\
    link set eth2 up txqueuelen 0\n\
    link set eth02 dynamic on\n\
    link set eth2.7 promisc on arp off allmulticast on multicast off\n\
    link set averylongname01 mtu 9000 address 02:00:00:ff:00:01 up\n\
    link set point0 up\n";

/// Addresses with and without a broadcast address, a label, a peer; several of them, and none.
const ADDRESSES: &str = "\
    addr add 192.0.2.3/24 brd + dev eth0\n\
    addr add 192.0.2.200/25 dev eth0\n\
    addr add 192.0.2.4/24 dev eth0 label eth0:1\n\
    addr add 10.0.0.4/8 brd 10.1.2.3 dev eth0 label eth0:x\n\
    addr add 10.0.0.5/9 dev eth0 label eth0:x\n\
    addr add 10.9.0.1/24 dev eth2 label eth2:10\n\
    addr add 10.9.1.1/24 dev eth2 label eth2:2\n\
    addr add 10.9.2.1/24 brd + dev eth2 label eth2:02\n\
    addr add 10.8.0.1/31 dev eth10 label eth10:0\n\
    addr add 10.7.0.1/0 dev eth10\n\
    addr add 198.51.100.1 peer 198.51.100.2 dev point0\n\
    addr add 198.51.100.5 peer 198.51.100.0/24 dev point0 label point0:7\n\
    addr add 198.51.100.9/32 dev point1\n\
    addr add 203.0.113.1/32 dev lo label lo:3\n\
    addr add 2001:db8::1/64 dev eth0 nodad\n\
    addr add 2001:db8::/127 dev eth0 nodad\n\
    addr add fec0::1/64 dev eth0 nodad\n\
    addr add ::1.2.3.4/96 dev eth0 nodad\n\
    addr add ::ffff:1.2.3.4/128 dev eth0 nodad\n\
    addr add 2001:db8:9::2 peer 2001:db8:9::3 dev point0 nodad\n\
    addr add fd00::1/8 dev lo nodad\n";

#[test]
fn interfaces_are_shown_as_net_tools_shows_them() {
    if !has_oracle() {
        return;
    }
    netstat_lab::on_own_thread(|namespace| {
        namespace.ip(LINKS).unwrap();
        namespace.ip(ADDRESSES).unwrap();
        // Bytes to count, enough for a larger unit.
        let pair = namespace.connected(Loop::V4).unwrap();
        for _ in 0..3 {
            rustix::net::send(pair.client.descriptor().unwrap(), &[0; 9999], rustix::net::SendFlags::empty())
                .unwrap();
        }
        let seen = oracle("-iae").text;
        for part in [
            "\neth0:1: flags=",
            " KiB)\n",
            "<host>\n",
            "<link>\n",
            "<site>\n",
            "<compat,global>\n",
            "  destination 198.51.100.2\n",
            "  broadcast 10.1.2.3\n",
            "  (UNSPEC)\n",
            "flags=-",
        ] {
            assert!(seen.contains(part), "the oracle shows no {part:?}: {seen}");
        }
        assert_same_for(&[
            "-i",
            "-ia",
            "-in",
            "-iaW",
            "-ie",
            "-iae",
            "-e -i",
            "-i -a -e",
            "-iee",
            "-iaeee",
            "-iaenpo6",
            "-ie4",
            "-iae -A unix",
            "-iaev",
            "--interfaces --extend --all",
        ]);
        // An address with a label has no counters of its own.
        let table = ours("-i").text;
        assert!(
            table.contains(
                "\neth0:1           1500      - no statistics available -                        BMRU\n"
            ),
            "{table}"
        );
    });
}
