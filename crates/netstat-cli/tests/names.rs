//! Names in the foreign column: of this host, of other hosts, of services; and name servers that never answer.
//!
//! The resolver is the real one. It reads files of the test, which are mounted over its own in a private mount
//! namespace.
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
use rustix::process::{Pid, Signal, kill_process};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use support::{Folder, HEADING, Line, NETSTAT, Run, finish, rows, shown};

const HOSTS: &str = "127.0.0.1 localhost\n\
    127.0.1.1 Lab7.example.org Lab7\n\
    10.99.0.2 peer-v4.example.net peer-v4\n\
    2001:db8:99::2 peer-v6.example.net peer-v6\n";
const SERVICES: &str = "https 443/tcp\ndomain 53/tcp\ndomain 53/udp\nodd 443/udp\n";

/// The budget where names are expected, however slow this machine is.
const PATIENT: &str = "--resolve-timeout 60";

/// How long the resolver of a [`Machine`] waits for a name server that does not answer.
const LOOK_UP: Duration = Duration::from_secs(5 * 30);

/// The files that the resolver reads on a host called Lab7.
struct Machine(Folder);

impl Machine {
    fn new(name: &str, hosts: &str, resolver: &str) -> Self {
        let folder = Folder::new(name);
        for (file, text) in [
            ("hosts", hosts),
            ("nsswitch.conf", &format!("hosts: {resolver}\n")),
            // The resolver gives up after LOOK_UP.
            ("resolv.conf", "nameserver 127.0.0.1\noptions timeout:30 attempts:5\n"),
            ("services", SERVICES),
        ] {
            std::fs::write(folder.path(file), text).unwrap();
        }
        Self(folder)
    }

    /// The program on this host.
    fn command(&self, words: &str) -> Command {
        // A file that does not exist cannot be mounted over, and the resolver does without it.
        let script = "for file in hosts nsswitch.conf resolv.conf services; do \
                if test -e /etc/$file; then mount --bind \"$1/$file\" /etc/$file || exit 99; fi; done; \
            echo Lab7 > /proc/sys/kernel/hostname || exit 99; \
            shift; exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--uts", "sh", "-c", script, "sh"]).arg(&self.0.0).arg(NETSTAT);
        command.args(words.split_ascii_whitespace()).env("LC_ALL", "C").stdin(Stdio::null());
        command
    }

    /// Runs the program on this host; skips the test and returns `None` where the files cannot be mounted.
    fn netstat(&self, words: &str) -> Option<Run> {
        let Ok(probe) = Command::new("unshare").arg("--version").output() else {
            return skip("`unshare` is missing; install util-linux");
        };
        assert!(probe.status.success());
        let run = finish(self.command(words));
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
    netstat_lab::skip_unless_required(why);
    None
}

/// Foreign addresses of the rows with this local address.
fn foreign<'a>(table: &'a [Line], proto: &str, local: SocketAddr) -> Vec<&'a str> {
    let local = shown(local);
    let found = table.iter().filter(|line| line.proto == proto && line.local == local);
    found.map(|line| line.foreign.as_str()).collect()
}

#[test]
fn this_host_is_shown_by_its_own_name() {
    if !netstat_lab::lists_bound() {
        return;
    }
    with_remote_host(|namespace, host| {
        let machine = Machine::new("own", HOSTS, "files");
        let v4 = namespace.listener(Place::AnyV4, 443).unwrap();
        let v6 = namespace.listener(Place::LoopbackV6, 80).unwrap();
        let dual = namespace.listener(Place::AnyDualStack, 81).unwrap();
        let bound = host.hold(TcpState::Bound, Flavor::V4).unwrap();
        let pair = namespace.connected(Loop::V6).unwrap();
        // A peer address that is one of this host.
        let udp = UdpSocket::bind((OUR_V4, 0)).unwrap();
        udp.connect((OUR_V4, 53)).unwrap();
        let any = namespace.udp(Place::AnyV4, 54).unwrap();
        for (words, name) in [("-q", "Lab7"), ("-qf", "Lab7.example.org")] {
            let Some(table) = machine.table(&format!("{words} {PATIENT}")) else { return };
            // Port 0 is never shown as a service.
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
        // -n wins over -f.
        let Some(table) = machine.table("-qnf") else { return };
        assert_eq!(foreign(&table, "TCP", v4.row.local), ["0.0.0.0:0"]);
        assert_eq!(foreign(&table, "UDP", udp.local_addr().unwrap()), [format!("{OUR_V4}:53")]);
        drop(dual);
    });
}

#[test]
fn other_hosts_are_shown_by_short_or_full_names() {
    with_remote_host(|_, host| {
        let machine = Machine::new("peers", HOSTS, "files");
        let of = |flavor| host.hold(TcpState::Established, flavor).unwrap();
        let (v4, v6, mapped, link) =
            (of(Flavor::V4), of(Flavor::V6), of(Flavor::Mapped), of(Flavor::LinkLocal));
        let udp = host.hold_udp(Flavor::V4).unwrap();
        for (words, domain) in [("-a", ""), ("-af", ".example.net")] {
            let Some(table) = machine.table(&format!("{words} {PATIENT}")) else { return };
            for (held, name) in [(&v4, "peer-v4"), (&v6, "peer-v6"), (&mapped, "peer-v4")] {
                // Names have no brackets, even for IPv6. The local address stays a number.
                let wanted = format!("{name}{domain}:{}", held.row.remote.unwrap().port());
                assert_eq!(foreign(&table, "TCP", held.row.local), [wanted], "{words}");
            }
            assert_eq!(foreign(&table, "UDP", udp.row.local), [format!("peer-v4{domain}:domain")], "{words}");
            // Without a name it stays a number, with brackets and scope.
            assert_eq!(foreign(&table, "TCP", link.row.local), [shown(link.row.remote.unwrap())], "{words}");
        }
    });
}

#[test]
fn service_names_depend_on_the_protocol() {
    on_own_thread(|_| {
        let machine = Machine::new("services", HOSTS, "files");
        let (client, server, _listener) = support::connection("127.0.0.1:443");
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        udp.connect("127.0.0.1:443").unwrap();
        if !Path::new("/etc/services").exists() {
            // Nothing to mount the test's services over.
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
fn a_name_server_that_never_answers_does_not_hold_up_the_table() {
    with_remote_host(|_, _| {
        // The name server receives every query and answers none.
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
        for words in ["-a --resolve-timeout 200ms", "-af --resolve-timeout 0", "-a"] {
            let begin = Instant::now();
            let Some(run) = machine.netstat(words) else { return };
            let said = if words.ends_with(" 0") {
                ""
            } else {
                "netstat: 250 lookups of host names were not answered"
            };
            assert!(
                run.complaint.starts_with(said) && run.complaint.lines().count() <= 1,
                "{words}: {run:?}"
            );
            let table = rows(&run.text, HEADING);
            // Generous for a slow machine, and still less than a single look-up takes.
            assert!(begin.elapsed() < LOOK_UP, "netstat {words} waited for a look-up");
            for socket in &sockets {
                let wanted = [shown(socket.peer_addr().unwrap())];
                assert_eq!(foreign(&table, "UDP", socket.local_addr().unwrap()), wanted, "{words}");
            }
        }
        let mut packet = [0; 512];
        assert!(server.recv(&mut packet).is_ok(), "no query was sent");
    });
}

#[test]
fn ctrl_c_shows_what_is_known_and_ends_the_program() {
    with_remote_host(|_, _| {
        let machine = Machine::new("interrupted", HOSTS, "dns");
        let server = UdpSocket::bind("127.0.0.1:53").unwrap();
        let socket = UdpSocket::bind((OUR_V4, 0)).unwrap();
        socket.connect((Ipv4Addr::new(10, 99, 0, 3), 1003)).unwrap();
        if machine.netstat("-an").is_none() {
            return;
        }
        // With an interval as well: there is no further display.
        let mut command = machine.command(&format!("-a {PATIENT} 1"));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It waits for an answer.
        assert!(server.recv(&mut [0; 512]).is_ok());
        let pid = Pid::from_child(&child);
        kill_process(pid, Signal::INT).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let wanted = [shown(socket.peer_addr().unwrap())];
        assert_eq!(foreign(&rows(&text, HEADING), "UDP", socket.local_addr().unwrap()), wanted);
        assert_eq!(text.matches("Active Connections").count(), 1, "{text}");
        assert_eq!(output.status.signal(), Some(Signal::INT.as_raw()), "a shell knows why it ended");
    });
}

#[test]
fn control_characters_in_names_are_escaped() {
    with_remote_host(|_, host| {
        let hosts = "10.99.0.2 evil\u{1b}[31m\u{202e}.example.net\n2001:db8:99::2 \u{7f}\u{9b}2J\n";
        let machine = Machine::new("evil", hosts, "files");
        let held = [Flavor::V4, Flavor::V6].map(|flavor| host.hold(TcpState::Established, flavor).unwrap());
        for words in ["-a", "-af"] {
            let Some(run) = machine.netstat(&format!("{words} {PATIENT}")) else { return };
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
