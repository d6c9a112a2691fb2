//! What other tools of this kind got wrong, one test for each kind of mistake, named after it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Loop, Namespace, OUR_V4, Place, on_own_thread, with_remote_host};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use rustix::process::{Resource, Rlimit};
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{
    HEADING_WITH_PID, Keeper, Line, TITLE, at, command, connection, netstat, rows, shown, table, table_when,
};

fn me() -> String {
    std::process::id().to_string()
}

/// The row of a connection, if there is one.
fn between(table: &[Line], local: SocketAddr, foreign: SocketAddr) -> Option<&Line> {
    let (local, foreign) = (shown(local), shown(foreign));
    let mut found = table.iter().filter(|line| line.local == local && line.foreign == foreign);
    let first = found.next();
    assert!(found.next().is_none(), "{local} {foreign} is there twice in {table:#?}");
    first
}

/// Lets this process have so many descriptors.
fn allow_descriptors(count: u64) {
    let limit = rustix::process::getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < count) {
        let wanted = Rlimit { current: Some(count), maximum: limit.maximum };
        rustix::process::setrlimit(Resource::Nofile, wanted).unwrap();
    }
}

#[test]
fn ipv4_mapped_keys_match() {
    on_own_thread(|namespace| {
        let pair = namespace.connected(Loop::V4ToDualStack).unwrap();
        let port = pair.server.companions[0].local.port();
        let (client, server) = (pair.client.row.local, pair.server.row.local);
        let table = table("-ano");
        // Both ends in the IPv4 part of the table, each with its owner; the listener in both parts.
        let wanted = [
            (format!("0.0.0.0:{port}"), "0.0.0.0:0".to_owned(), "LISTENING"),
            (shown(client), shown(server), "ESTABLISHED"),
            (shown(server), shown(client), "ESTABLISHED"),
            (format!("[::]:{port}"), "[::]:0".to_owned(), "LISTENING"),
        ];
        assert_eq!(table.len(), wanted.len(), "{table:#?}");
        for (local, foreign, state) in wanted {
            let row = table.iter().find(|line| line.local == local && line.foreign == foreign);
            let row = row.unwrap_or_else(|| panic!("no {local} {foreign} in {table:#?}"));
            assert_eq!((&*row.state, row.pid()), (state, &*me()));
        }
        assert!(table[3].local.starts_with("[::]"), "{table:#?}");
        assert!(table[..3].iter().all(|line| !line.local.starts_with('[')), "{table:#?}");
    });
}

#[test]
fn the_server_closes_first() {
    on_own_thread(|_| {
        let (client, server, listener) = connection("127.0.0.1:0");
        let ends = (client.local_addr().unwrap(), server.local_addr().unwrap());
        let client = Keeper::cat(client);
        let server = Keeper::cat(server);
        let before = table_when("both owners", "-ano", |table| {
            between(table, ends.0, ends.1).is_some_and(|line| line.pid() == client.pid().to_string())
                && between(table, ends.1, ends.0).is_some_and(|line| line.pid() == server.pid().to_string())
        });
        assert_eq!(before.len(), 3);

        drop(server);
        // What the server left behind belongs to nobody, and not to the process at the other end.
        let table = table_when("an orphan", "-anob", |table| {
            between(table, ends.1, ends.0).is_some_and(|line| line.state == "FIN_WAIT_2")
        });
        let orphan = between(&table, ends.1, ends.0).unwrap();
        assert_eq!((orphan.pid(), orphan.below.len()), ("0", 0), "{orphan:?}");
        let waiting = between(&table, ends.0, ends.1).unwrap();
        assert_eq!((&*waiting.state, waiting.pid()), ("CLOSE_WAIT", &*client.pid().to_string()));

        drop(client);
        let table = table_when("TIME_WAIT", "-anob", |table| {
            between(table, ends.1, ends.0).is_some_and(|line| line.state == "TIME_WAIT")
        });
        let rest = between(&table, ends.1, ends.0).unwrap();
        assert_eq!((rest.pid(), rest.below.len()), ("0", 0), "{rest:?}");
        assert!(between(&table, ends.0, ends.1).is_none());
        let listening: Vec<_> = table.iter().filter(|line| line.state == "LISTENING").collect();
        assert_eq!((listening.len(), listening[0].pid()), (1, &*me()));
        drop(listener);
    });
}

#[test]
fn a_reset_from_the_peer_leaves_nothing() {
    on_own_thread(|_| {
        let (client, server, listener) = connection("127.0.0.1:0");
        let ends = (client.local_addr().unwrap(), server.local_addr().unwrap());
        sockopt::set_socket_linger(&server, Some(Duration::ZERO)).unwrap();
        let client = Keeper::cat(client);
        let server = Keeper::cat(server);
        table_when("both ends", "-ano", |table| table.len() == 4 - 1);
        drop(server);
        let table = table_when("no connection", "-anoq", |table| {
            between(table, ends.0, ends.1).is_none() && between(table, ends.1, ends.0).is_none()
        });
        // The process at the other end lives on, and is not taken for the owner of anything.
        assert!(table.iter().all(|line| line.pid() != client.pid().to_string()), "{table:#?}");
        assert_eq!(at(&table, "TCP", &shown(listener.local_addr().unwrap())).pid(), me());
    });
}

#[test]
fn connects_in_progress_are_rows_with_owners() {
    with_remote_host(|_, _| {
        const EACH: u16 = 8;
        allow_descriptors(4096);
        let mut sockets = Vec::new();
        let mut wanted = HashSet::new();
        for last in 3..=252 {
            for port in 1..=EACH {
                let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
                let socket =
                    rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
                let to = SocketAddrV4::new(Ipv4Addr::new(10, 99, 0, last), port);
                assert_eq!(rustix::net::connect(&socket, &to), Err(rustix::io::Errno::INPROGRESS), "{to}");
                let local = SocketAddr::try_from(rustix::net::getsockname(&socket).unwrap()).unwrap();
                wanted.insert((shown(local), to.to_string()));
                sockets.push(socket);
            }
        }
        assert_eq!(wanted.len(), 2000);
        let table = table("-no");
        assert_eq!(table.len(), wanted.len());
        for line in &table {
            assert_eq!((&*line.state, line.pid()), ("SYN_SENT", &*me()));
            assert!(line.local.starts_with(&format!("{OUR_V4}:")));
            assert!(
                wanted.remove(&(line.local.clone(), line.foreign.clone())),
                "not made, or twice: {line:?}"
            );
        }
        assert!(wanted.is_empty(), "not shown: {wanted:?}");
    });
}

/// Runs `body` on this thread while `storm` goes round and round on others of the namespace.
fn during_a_storm(storms: usize, storm: impl Fn() + Sync, body: impl FnOnce()) {
    struct Calm<'a>(&'a AtomicBool);
    impl Drop for Calm<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when the body panics, or the threads would never end.
        let _calm = Calm(&over);
        for _ in 0..storms {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    storm();
                }
            });
        }
        body();
    });
}

/// Listeners, connections and UDP sockets that stay, by protocol, local and foreign end.
fn lasting(namespace: &Namespace) -> (Vec<Box<dyn std::any::Any>>, Vec<[String; 3]>) {
    let mut kept: Vec<Box<dyn std::any::Any>> = Vec::new();
    let mut rows = Vec::new();
    for _ in 0..50 {
        let (client, server, listener) = connection("127.0.0.1:0");
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let tcp = |local: String, foreign: String| ["TCP".to_owned(), local, foreign];
        let ends = (shown(client.local_addr().unwrap()), shown(server.local_addr().unwrap()));
        rows.push(tcp(ends.0.clone(), ends.1.clone()));
        rows.push(tcp(ends.1.clone(), ends.0));
        rows.push(tcp(ends.1, "0.0.0.0:0".to_owned()));
        rows.push(["UDP".to_owned(), shown(udp.local_addr().unwrap()), "*:*".to_owned()]);
        kept.push(Box::new((client, server, listener, udp)));
    }
    let dual = namespace.listener(Place::AnyDualStack, 0).unwrap();
    rows.push(["TCP".to_owned(), format!("[::]:{}", dual.row.local.port()), "[::]:0".to_owned()]);
    kept.push(Box::new(dual));
    (kept, rows)
}

fn assert_all_there_once(table: &[Line], lasting: &[[String; 3]]) {
    for [proto, local, foreign] in lasting {
        let found: Vec<_> = table
            .iter()
            .filter(|line| line.proto == *proto && line.local == *local && line.foreign == *foreign)
            .collect();
        assert_eq!(found.len(), 1, "{proto} {local} {foreign}: {found:#?}");
        assert_eq!(found[0].pid(), me(), "{:?}", found[0]);
    }
}

#[test]
fn the_table_grows_while_it_is_read() {
    on_own_thread(|namespace| {
        let (_kept, lasting) = lasting(namespace);
        let storm = || {
            let mut sockets = Vec::new();
            for _ in 0..20 {
                let (client, server, listener) = connection("127.0.0.1:0");
                // Without TIME_WAIT, or the ports would be used up.
                sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
                sockets.push((client, server, listener, UdpSocket::bind("[::1]:0").unwrap()));
            }
        };
        during_a_storm(2, storm, || {
            for _ in 0..20 {
                // Sockets of the storm may vanish while their owner is looked for: no error, no hint.
                assert_all_there_once(&table("-anoq"), &lasting);
            }
        });
    });
}

#[test]
fn descriptors_vanish_during_the_scan() {
    on_own_thread(|namespace| {
        let (_kept, lasting) = lasting(namespace);
        // Processes that hold sockets, and end at once.
        let storm = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            let mut child = Command::new("true").stdin(Stdio::from(OwnedFd::from(socket))).spawn().unwrap();
            child.wait().unwrap();
        };
        during_a_storm(2, storm, || {
            for words in ["-anoq", "-anob", "-anob --path"].into_iter().cycle().take(15) {
                assert_all_there_once(&table(words), &lasting);
            }
            assert!(netstat("-c").contains("Ports in Use"));
        });
    });
}

/// A connection from this port to the listener, reset when it closes so that the port is free at once.
fn connect_from(from: SocketAddrV4, listener: &TcpListener) -> (TcpStream, TcpStream) {
    let socket =
        rustix::net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
            .unwrap();
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    netstat_lab::eventually("the port free", || rustix::net::bind(&socket, &from).ok()).unwrap();
    let SocketAddr::V4(to) = listener.local_addr().unwrap() else { panic!("not IPv4") };
    rustix::net::connect(&socket, &to).unwrap();
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    let (server, _) = listener.accept().unwrap();
    (TcpStream::from(socket), server)
}

#[test]
fn a_reused_address_pair_has_its_new_owner() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:80").unwrap();
        let from: SocketAddrV4 = "127.0.0.1:40000".parse().unwrap();
        let pair = (SocketAddr::from(from), listener.local_addr().unwrap());

        // One run that goes on all the while, and separate runs beside it.
        let mut going = command("-ano 1 --count 60").stdout(Stdio::piped()).spawn().unwrap();
        let mut blocks = Blocks::new(going.stdout.take().unwrap());

        for _ in 0..3 {
            let (client, server) = connect_from(from, &listener);
            let keeper = Keeper::cat(client);
            let table = table_when("the owner", "-ano", |table| {
                between(table, pair.0, pair.1).is_some_and(|line| line.pid() == keeper.pid().to_string())
            });
            assert_eq!(between(&table, pair.0, pair.1).unwrap().state, "ESTABLISHED");
            // Blocks from before the change may lie in the pipe. A run that keeps the old owner never gets to the new
            // one, and ends after its 60 blocks.
            while between(&blocks.next_block(), pair.0, pair.1)
                .is_none_or(|line| line.pid() != keeper.pid().to_string())
            {}
            drop(keeper);
            drop(server);
        }
        // The reader goes away, and the program ends with its next block.
        drop(blocks);
        assert!(going.wait().unwrap().success());
    });
}

/// The blocks of a repeated table, each whole.
struct Blocks<R> {
    reader: BufReader<R>,
    /// The first line of the block to come, which ends the one before it.
    begun: bool,
}

impl<R: std::io::Read> Blocks<R> {
    fn new(reader: R) -> Self {
        Self { reader: BufReader::new(reader), begun: false }
    }

    /// Reads up to the empty line that begins the next block.
    fn next_block(&mut self) -> Vec<Line> {
        if !self.begun {
            let mut first = String::new();
            self.reader.read_line(&mut first).unwrap();
            assert_eq!(first, "\n");
        }
        let mut text = String::from("\n");
        let mut lines = 0;
        loop {
            let mut line = String::new();
            assert!(self.reader.read_line(&mut line).unwrap() > 0, "the program ended: {text}");
            lines += 1;
            // The second empty line of a block is the third line of its head.
            if line == "\n" && lines > 2 {
                self.begun = true;
                assert!(text.starts_with(TITLE));
                return rows(&text, HEADING_WITH_PID);
            }
            text.push_str(&line);
        }
    }
}

#[test]
fn idle_connections_are_rows() {
    on_own_thread(|_| {
        allow_descriptors(4096);
        let listener = TcpListener::bind("127.0.0.1:80").unwrap();
        let to = listener.local_addr().unwrap();
        let pairs: Vec<(TcpStream, TcpStream)> = (0..500)
            .map(|_| {
                let client = TcpStream::connect(to).unwrap();
                (client, listener.accept().unwrap().0)
            })
            .collect();
        let table = table("-no");
        assert_eq!(table.len(), 2 * pairs.len());
        assert!(table.iter().all(|line| line.state == "ESTABLISHED" && line.pid() == me()));
        let ends: HashSet<(&str, &str)> = table.iter().map(|line| (&*line.local, &*line.foreign)).collect();
        for (client, _) in &pairs {
            let (client, server) = (shown(client.local_addr().unwrap()), shown(to));
            assert!(ends.contains(&(&*client, &*server)) && ends.contains(&(&*server, &*client)), "{client}");
        }
    });
}

#[test]
fn the_listening_address_is_shown() {
    on_own_thread(|namespace| {
        let held = [
            (namespace.listener(Place::LoopbackV4, 80), "TCP 127.0.0.1:80 0.0.0.0:0"),
            (namespace.listener(Place::AnyV4, 81), "TCP 0.0.0.0:81 0.0.0.0:0"),
            (namespace.listener(Place::LoopbackV6, 80), "TCP [::1]:80 [::]:0"),
            (namespace.listener(Place::AnyV6Only, 81), "TCP [::]:81 [::]:0"),
            (namespace.listener(Place::LoopbackMapped, 82), "TCP 127.0.0.1:82 0.0.0.0:0"),
            (namespace.udp(Place::LoopbackV4, 53), "UDP 127.0.0.1:53 *:*"),
            (namespace.udp(Place::AnyV4, 54), "UDP 0.0.0.0:54 *:*"),
            (namespace.udp(Place::LoopbackV6, 53), "UDP [::1]:53 *:*"),
        ];
        let mut wanted: Vec<&str> = held.iter().map(|(_, row)| *row).collect();
        let mut seen: Vec<String> = table("-ano")
            .into_iter()
            .map(|line| format!("{} {} {}", line.proto, line.local, line.foreign))
            .collect();
        wanted.sort_unstable();
        seen.sort_unstable();
        assert_eq!(seen, wanted);
        assert!(held.iter().all(|(held, _)| held.is_ok()));
    });
}

#[test]
fn sockets_that_share_a_port_are_all_rows() {
    on_own_thread(|_| {
        let shared = |domain, kind| {
            let socket = rustix::net::socket_with(domain, kind, SocketFlags::CLOEXEC, None).unwrap();
            sockopt::set_socket_reuseport(&socket, true).unwrap();
            let at: SocketAddrV4 = "0.0.0.0:5353".parse().unwrap();
            rustix::net::bind(&socket, &at).unwrap();
            if kind == SocketType::STREAM {
                rustix::net::listen(&socket, 8).unwrap();
            }
            Keeper::cat(socket)
        };
        let kept: Vec<Keeper> = [SocketType::DGRAM, SocketType::STREAM]
            .into_iter()
            .flat_map(|kind| (0..4).map(move |_| shared(AddressFamily::INET, kind)))
            .collect();
        let pids = |kept: &[Keeper]| {
            let mut pids: Vec<String> = kept.iter().map(|keeper| keeper.pid().to_string()).collect();
            pids.sort();
            pids
        };
        let table = table("-ano");
        for (proto, kept) in [("UDP", &kept[..4]), ("TCP", &kept[4..])] {
            let mut seen: Vec<String> = table
                .iter()
                .filter(|line| line.proto == proto && line.local == "0.0.0.0:5353")
                .map(|line| line.pid().to_owned())
                .collect();
            seen.sort();
            assert_eq!(seen, pids(kept), "{proto}");
        }
        // The same order each time, though the rows are equal but for their owners.
        assert!((0..3).all(|_| support::table("-ano") == table));
    });
}
