//! Names in the foreign column: of this machine, of others, of services; and no waiting for those that never come.
//!
//! The resolver is the real one. The files it reads are those of the test, in a mount namespace of the program.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Flavor, Loop, OUR_V4, Place, TcpState, on_own_thread, with_remote_host};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, HEADING, Line, NETSTAT, Run, finish, rows, shown};

const HOSTS: &str = "127.0.0.1 localhost\n\
    127.0.1.1 Lab7.example.org Lab7\n\
    10.99.0.2 peer-v4.example.net peer-v4\n\
    2001:db8:99::2 peer-v6.example.net peer-v6\n";
const SERVICES: &str = "https 443/tcp\ndomain 53/tcp\ndomain 53/udp\nodd 443/udp\n";

/// Files of the resolver, and a machine called Lab7.
struct Machine(Folder);

impl Machine {
    fn new(name: &str, hosts: &str, resolver: &str) -> Self {
        let folder = Folder::new(name);
        for (file, text) in [
            ("hosts", hosts),
            ("nsswitch.conf", &format!("hosts: {resolver}\n")),
            ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"),
            ("services", SERVICES),
        ] {
            std::fs::write(folder.path(file), text).unwrap();
        }
        Self(folder)
    }

    /// The program with these words, on this machine; `None` where that cannot be had.
    fn netstat(&self, words: &str) -> Option<Run> {
        // What is not there cannot be mounted over, and the resolver does without.
        let script = "for file in hosts nsswitch.conf resolv.conf services; do \
                if test -e /etc/$file; then mount --bind \"$1/$file\" /etc/$file || exit 99; fi; done; \
            echo Lab7 > /proc/sys/kernel/hostname || exit 99; \
            shift; exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--uts", "sh", "-c", script, "sh"]).arg(&self.0.0).arg(NETSTAT);
        command.args(words.split_ascii_whitespace()).env("LC_ALL", "C").stdin(Stdio::null());
        let Ok(probe) = Command::new("unshare").arg("--version").output() else {
            return skip("`unshare` is missing; install util-linux");
        };
        assert!(probe.status.success());
        let run = finish(command);
        if run.code == Some(99) || run.complaint.contains("unshare:") {
            return skip(&run.complaint);
        }
        Some(run)
    }

    fn table(&self, words: &str) -> Option<Vec<Line>> {
        let run = self.netstat(words)?;
        assert_eq!((run.code, &*run.complaint), (Some(0), ""), "netstat {words}");
        Some(rows(&run.text, HEADING))
    }
}

fn skip<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("NETSTAT_LAB").is_none_or(|v| v != "required"), "{why}");
    println!("skipped: {why}");
    None
}

/// What stands beside this local end.
fn foreign<'a>(table: &'a [Line], proto: &str, local: SocketAddr) -> Vec<&'a str> {
    let local = shown(local);
    let found = table.iter().filter(|line| line.proto == proto && line.local == local);
    found.map(|line| line.foreign.as_str()).collect()
}

#[test]
fn this_machine_goes_by_its_own_name() {
    with_remote_host(|namespace, host| {
        let machine = Machine::new("own", HOSTS, "files");
        let v4 = namespace.listener(Place::AnyV4, 443).unwrap();
        let v6 = namespace.listener(Place::LoopbackV6, 80).unwrap();
        let dual = namespace.listener(Place::AnyDualStack, 81).unwrap();
        let bound = host.hold(TcpState::Bound, Flavor::V4).unwrap();
        let pair = namespace.connected(Loop::V6).unwrap();
        // To its own address on the interface.
        let udp = UdpSocket::bind((OUR_V4, 0)).unwrap();
        udp.connect((OUR_V4, 53)).unwrap();
        let any = namespace.udp(Place::AnyV4, 54).unwrap();
        for (words, name) in [("-q", "Lab7"), ("-qf", "Lab7.example.org")] {
            let Some(table) = machine.table(words) else { return };
            // No port is a service, were it in the services database or not.
            for held in [&v4, &v6, &bound] {
                assert_eq!(foreign(&table, "TCP", held.row.local), [format!("{name}:0")], "{words}");
            }
            for local in ["0.0.0.0:81", "[::]:81"] {
                assert_eq!(foreign(&table, "TCP", local.parse().unwrap()), [format!("{name}:0")], "{words}");
            }
            let (client, server) = (pair.client.row.local, pair.server.row.local);
            assert_eq!(foreign(&table, "TCP", client), [format!("{name}:{}", server.port())], "{words}");
            assert!(
                foreign(&table, "TCP", server).contains(&&*format!("{name}:{}", client.port())),
                "{words}: {table:#?}"
            );
            assert_eq!(
                foreign(&table, "UDP", udp.local_addr().unwrap()),
                [format!("{name}:domain")],
                "{words}"
            );
            assert_eq!(foreign(&table, "UDP", any.row.local), ["*:*"], "{words}");
        }
        // Numbers where numbers are asked for, -f or not.
        let Some(table) = machine.table("-qnf") else { return };
        assert_eq!(foreign(&table, "TCP", v4.row.local), ["0.0.0.0:0"]);
        assert_eq!(foreign(&table, "UDP", udp.local_addr().unwrap()), [format!("{OUR_V4}:53")]);
        drop(dual);
    });
}

#[test]
fn other_machines_go_by_short_names_or_by_full_ones() {
    with_remote_host(|_, host| {
        let machine = Machine::new("peers", HOSTS, "files");
        let of = |flavor| host.hold(TcpState::Established, flavor).unwrap();
        let (v4, v6, mapped, link) =
            (of(Flavor::V4), of(Flavor::V6), of(Flavor::Mapped), of(Flavor::LinkLocal));
        let udp = host.hold_udp(Flavor::V4).unwrap();
        for (words, domain) in
            [("-a", ""), ("-af", ".example.net"), ("-af --resolve-timeout 20", ".example.net")]
        {
            let Some(table) = machine.table(words) else { return };
            for (held, name) in [(&v4, "peer-v4"), (&v6, "peer-v6"), (&mapped, "peer-v4")] {
                // A name stands without brackets, of an IPv6 address too, and the local end stays a number.
                let wanted = format!("{name}{domain}:{}", held.row.remote.unwrap().port());
                assert_eq!(foreign(&table, "TCP", held.row.local), [wanted], "{words}");
            }
            assert_eq!(foreign(&table, "UDP", udp.row.local), [format!("peer-v4{domain}:domain")], "{words}");
            // What has no name stays a number, with its brackets and its scope.
            assert_eq!(foreign(&table, "TCP", link.row.local), [shown(link.row.remote.unwrap())], "{words}");
        }
    });
}

#[test]
fn a_service_is_named_for_its_own_protocol() {
    on_own_thread(|_| {
        let machine = Machine::new("services", HOSTS, "files");
        let (client, server, _listener) = support::connection("127.0.0.1:443");
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.connect("127.0.0.1:443").unwrap();
        if !Path::new("/etc/services").exists() {
            // There is nothing to mount the services of the test over.
            return skip("/etc/services is missing; install netbase").unwrap_or_default();
        }
        let Some(table) = machine.table("-a") else { return };
        assert_eq!(foreign(&table, "TCP", client.local_addr().unwrap()), ["Lab7:https"]);
        assert_eq!(foreign(&table, "UDP", udp.local_addr().unwrap()), ["Lab7:odd"]);
        let port = client.local_addr().unwrap().port();
        let of_server = foreign(&table, "TCP", server.local_addr().unwrap());
        assert_eq!(of_server, ["Lab7:0".to_owned(), format!("Lab7:{port}")]);
    });
}

#[test]
fn nobody_waits_for_a_name_that_never_comes() {
    with_remote_host(|_, _| {
        // A name server that hears all and says nothing: each look-up takes minutes.
        let machine = Machine::new("silent", HOSTS, "dns");
        let server = UdpSocket::bind("127.0.0.1:53").unwrap();
        server.set_nonblocking(true).unwrap();
        let sockets: Vec<UdpSocket> = (3..=252)
            .map(|last| {
                let socket = UdpSocket::bind((OUR_V4, 0)).unwrap();
                socket.connect((Ipv4Addr::new(10, 99, 0, last), 1000 + u16::from(last))).unwrap();
                socket
            })
            .collect();
        for (words, limit) in
            [("-a --resolve-timeout 200ms", 10), ("-af --resolve-timeout 0", 10), ("-a", 15)]
        {
            let begin = Instant::now();
            let Some(table) = machine.table(words) else { return };
            let took = begin.elapsed();
            // Far more than the budget, for a slow machine, and far less than one look-up takes.
            assert!(took < Duration::from_secs(limit), "netstat {words} took {took:?}");
            for socket in &sockets {
                let wanted = [shown(socket.peer_addr().unwrap())];
                assert_eq!(foreign(&table, "UDP", socket.local_addr().unwrap()), wanted, "{words}");
            }
        }
        let mut packet = [0; 512];
        assert!(server.recv(&mut packet).is_ok(), "nothing was asked");
    });
}

#[test]
fn a_name_is_one_word_without_controls() {
    with_remote_host(|_, host| {
        let hosts = "10.99.0.2 evil\u{1b}[31m\u{202e}.example.net\n2001:db8:99::2 \u{7f}\u{9b}2J\n";
        let machine = Machine::new("evil", hosts, "files");
        let held = [Flavor::V4, Flavor::V6].map(|flavor| host.hold(TcpState::Established, flavor).unwrap());
        for words in ["-a", "-af"] {
            let Some(run) = machine.netstat(words) else { return };
            assert_eq!(run.code, Some(0), "{run:?}");
            assert!(!run.text.lines().any(|line| line.chars().any(char::is_control)), "{:?}", run.text);
            assert!(!run.text.contains('\u{202e}'), "{:?}", run.text);
            let table = rows(&run.text, HEADING);
            assert_eq!(table.len(), 2);
            for held in &held {
                let port = format!(":{}", held.row.remote.unwrap().port());
                let [name] = foreign(&table, "TCP", held.row.local)[..] else { panic!("{table:#?}") };
                assert!(name.ends_with(&port), "{name}");
            }
        }
    });
}
