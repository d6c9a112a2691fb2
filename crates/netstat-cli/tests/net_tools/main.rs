//! The net-tools dialect, compared to the byte with the netstat of net-tools on the same sockets.
//!
//! Both programs read the same tables of the kernel one after the other, in private namespaces where nothing else changes them.
//! The order of rows is that of the kernel's hash tables, which is the same for both, and is compared as well.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod compare;
mod interfaces;
mod kinds;
mod readers;
mod runs;
#[path = "../support/mod.rs"]
mod support;

use compare::{assert_same_for, has_oracle, oracle, ours};
use netstat_lab::{Flavor, Held, Loop, Namespace, Place, RemoteHost, TcpState, with_remote_host};
use rustix::net::SendFlags;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};

/// Opens sockets in every state and of every kind, some of them with names of ports, and long addresses.
fn everything(namespace: &Namespace, host: &RemoteHost) -> Vec<Held> {
    let mut held = support::every_state(namespace, host);
    for kind in [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack] {
        let pair = namespace.connected(kind).unwrap();
        held.extend([pair.client, pair.server]);
    }
    for flavor in Flavor::ALL {
        held.push(host.hold(TcpState::FinWait1, flavor).unwrap().orphan().unwrap());
        held.push(host.hold(TcpState::FinWait2, flavor).unwrap().orphan().unwrap());
    }
    // A timer that asks whether the peer is there, and one that asks whether it has room again.
    let (asking, stopped) = (namespace.connected(Loop::V4).unwrap(), namespace.connected(Loop::V6).unwrap());
    rustix::net::sockopt::set_socket_keepalive(asking.client.descriptor().unwrap(), true).unwrap();
    let full = stopped.client.descriptor().unwrap();
    while rustix::net::send(full, &[0; 65536], SendFlags::DONTWAIT).is_ok() {}
    held.extend([asking.client, asking.server, stopped.client, stopped.server]);
    held.push(namespace.listener(Place::LoopbackV4, 22).unwrap());
    held.push(namespace.udp(Place::AnyDualStack, 53).unwrap());
    held
}

#[test]
fn lists_of_sockets_are_those_of_net_tools() {
    if !has_oracle() {
        return;
    }
    with_remote_host(|namespace, host| {
        let held = everything(namespace, host);
        assert!(oracle("-tuan").text.lines().count() > held.len(), "the oracle does not see the sockets");
        netstat_lab::eventually("every timer", || {
            let text = oracle("-tano").text;
            let timers = [" off (0.00/0/0)", " on (", " keepalive (", " timewait (", " probe ("];
            timers.iter().all(|timer| text.contains(timer)).then_some(())
        })
        .unwrap();
        assert_same_for(&[
            "-tulpn",
            "-plnt",
            "-tn",
            "-antp",
            "-antu",
            "-untee",
            "-tanep",
            "-4tan",
            "-6uan",
            "-tlW",
            "-tuanW",
            "-A inet6 -tan",
            "-A inet,inet6 -tan",
            "--inet --tcp -an",
            "--ip -tn",
            "-tan --numeric-ports",
            "-tle --numeric-users --numeric-hosts",
            "-tn --list",
            "-tulnpeW",
            "-tano",
            "-taneo",
            "-tanpeoW",
            "-uno",
            "-tuwano",
            "-6tano",
            "-ta --numeric-hosts",
            "-taW --numeric-hosts",
            "-uae --numeric-hosts",
            "-taeo --numeric-hosts --numeric-ports",
            "-tuwap --numeric-hosts",
        ]);
    });
}

/// Interfaces of several kinds, and routes of every kind that the kernel lists.
const NETWORK: &str = "\
    tuntap add mode tap name eth0\n\
    tuntap add mode tap name eth10\n\
    tuntap add mode tap name eth2\n\
    tuntap add mode tap name averylongname01\n\
    tuntap add mode tun name point0\n\
    link set eth0 up\n\
    link set averylongname01 mtu 9000 up\n\
    link set point0 up\n\
    link set eth10 promisc on arp off allmulticast on up\n\
    addr add 192.0.2.3/24 dev eth0\n\
    addr add 2001:db8::1/64 dev eth0 nodad\n\
    addr add 198.51.100.1 peer 198.51.100.2 dev point0\n\
    route add default via 192.0.2.1 metric 100\n\
    route add 10.9.0.0/16 via 192.0.2.254 advmss 1400 window 5000 rtt 800ms\n\
    route add 10.8.0.1/32 dev averylongname01\n\
    route add unreachable 10.7.0.0/16\n\
    route add prohibit 10.6.0.0/16 metric 7\n\
    route add blackhole 10.5.0.0/16\n\
    route add throw 10.4.0.0/16\n\
    route add 10.3.0.0/16 nexthop via 192.0.2.7 nexthop via 192.0.2.8 weight 3\n\
    route add 169.254.0.0/16 dev eth0\n\
    route add default via 2001:db8::fe metric 1000\n\
    route add 2001:db8:1234:5678::/64 via 2001:db8::2 mtu 1400\n\
    route add unreachable 2001:db8:dead::/48\n\
    route add fd00::1/128 dev eth0 expires 1000\n";

#[test]
fn routes_interfaces_groups_and_counters_are_those_of_net_tools() {
    if !has_oracle() {
        return;
    }
    netstat_lab::on_own_thread(|namespace| {
        namespace.ip(NETWORK).unwrap();
        // Packets to count, and nobody who sends more of them while the two programs look.
        let _pair = namespace.connected(Loop::V4).unwrap();
        let _datagrams = namespace.udp_connected(Place::LoopbackV4, 9).unwrap();
        assert!(oracle("-rn").text.lines().count() > 10, "the oracle does not see the routes");
        assert_same_for(&[
            "-rn",
            "-rne",
            "-rnee",
            "-rn6",
            "-rn46",
            "-rnC",
            "-rnCe",
            "-rnCee",
            "-rnFC",
            "-rnCF6",
            "-rn -A inet6",
            "-rnW",
            "--route -n",
            "-in",
            "-ian",
            "-i",
            "--interfaces",
            "-gn",
            "-gn4",
            "-gn6",
            "-tgln",
            "--groups -n",
            "-ing",
            "-s",
            "-st",
            "-su",
            "-stu",
            "-s6",
            "-st6",
            "-su6",
            "-s4",
            "--statistics --udp",
            "-M",
        ]);
        // The namespace has no resolver, so what has a name has it from a file.
        let named = ours("-r").text;
        assert!(named.contains("\ndefault         192.0.2.1       0.0.0.0         UG "), "{named}");
    });
}

#[test]
fn unix_sockets_are_those_of_net_tools() {
    if !has_oracle() {
        return;
    }
    netstat_lab::on_own_thread(|namespace| {
        let folder = support::Folder::new("net-tools-unix");
        let _tcp = namespace.listener(Place::AnyV4, 8080).unwrap();
        let listener = UnixListener::bind(folder.path("stream")).unwrap();
        let client = UnixStream::connect(folder.path("stream")).unwrap();
        let (accepted, _) = listener.accept().unwrap();
        // This one waits to be accepted.
        let waiting = UnixStream::connect(folder.path("stream")).unwrap();
        let name = SocketAddr::from_abstract_name(b"a\0b").unwrap();
        let hidden = UnixListener::bind_addr(&name).unwrap();
        let datagrams = UnixDatagram::pair().unwrap();
        let bound = UnixDatagram::bind(folder.path("datagrams")).unwrap();
        let alone = UnixDatagram::unbound().unwrap();
        assert!(oracle("-xa").text.lines().count() > 10, "the oracle does not see the sockets");
        assert_same_for(&[
            "-x",
            "-xa",
            "-xl",
            "-xap",
            "-xlpn",
            "-xaW",
            "-xe",
            "-A unix",
            "--unix -l",
            "-tx",
            "-tulpnx",
            "-A unix,inet -an",
            "-an",
            "-l",
            "-4x",
            "-gnx",
        ]);
        // net-tools cuts such a path, and takes its second line for a row that makes no sense.
        let odd = UnixDatagram::bind(folder.path("a b\u{1b}[31m")).unwrap();
        assert!(ours("-x").text.contains("/a\\x20b\\x1b[31m\n"));
        let filtered = ours("-x process no-such-process").text;
        assert_eq!(filtered.lines().count(), 2, "{filtered}");
        let filtered = ours("-wan process no-such-process").text;
        assert_eq!(filtered.lines().count(), 2, "{filtered}");
        drop((client, accepted, waiting, hidden, datagrams, bound, alone, odd));
    });
}

#[test]
fn what_is_typed_chooses_the_dialect() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 8080).unwrap();
        let first_line = |words: &str, dialect: &str| {
            let mut command = support::command(words);
            command.env("NETSTAT_DIALECT", dialect);
            support::finish(command).text.lines().next().unwrap_or_default().to_owned()
        };
        let (net_tools, windows) = ("Active Internet connections (only servers)", "");
        for (words, dialect, expected) in [
            ("-tulpn", "", net_tools),
            ("-ltn", "windows", windows),
            ("-ano", "", windows),
            ("-tln --dialect net-tools", "windows", net_tools),
            ("-tn --dialect=windows", "net-tools", windows),
        ] {
            assert_eq!(first_line(words, dialect), expected, "{words} with {dialect:?}");
        }
    });
}

#[test]
fn the_script_of_a_package_makes_net_tools_the_default() {
    use std::os::unix::fs::PermissionsExt as _;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/net-tools/netstat");
    let text = std::fs::read_to_string(script).unwrap();
    assert_eq!(text.matches("/usr/lib/netstat/netstat").count(), 1, "{text}");
    let folder = support::Folder::new("net-tools-script");
    let program = folder.path("netstat");
    std::fs::write(&program, text.replace("/usr/lib/netstat/netstat", support::NETSTAT)).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let net_tools = "Active Internet connections (servers and established)\n";
    for (words, variable, begin) in [
        ("-an", None, net_tools),
        ("-an", Some(""), net_tools),
        ("-an", Some("windows"), support::TITLE),
        ("-an --dialect windows", None, support::TITLE),
    ] {
        // The script is busy (ETXTBSY) while a child of another test has it open between its fork and its exec.
        let run = netstat_lab::eventually("the script run", || {
            let mut command = support::command_of(&program, words);
            match variable {
                Some(value) => command.env("NETSTAT_DIALECT", value),
                None => command.env_remove("NETSTAT_DIALECT"),
            };
            command.output().ok()
        })
        .unwrap();
        let text = String::from_utf8(run.stdout).unwrap();
        assert!(text.starts_with(begin), "{words} with {variable:?}: {text}");
    }
}

#[test]
fn a_filter_selects_rows_of_the_net_tools_list() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = [8080, 8081].map(|port| namespace.listener(Place::AnyV4, port).unwrap());
        let text = support::netstat("-tulpn lport 8081");
        let rows: Vec<&str> = text.lines().skip(2).collect();
        let [row] = rows[..] else { panic!("{text}") };
        assert!(
            row.starts_with(
                "tcp        0      0 0.0.0.0:8081            0.0.0.0:*               LISTEN      "
            ),
            "{row}"
        );
        assert!(row.contains(&format!(" {}/", std::process::id())), "{row}");
    });
}
