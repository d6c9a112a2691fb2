//! Bugs that other tools of this kind had: one test for each kind of bug, named after it.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Namespace, OUR_V4, Place, on_own_thread, with_remote_host};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::{
    HEADING_WITH_PID, Keeper, Line, TITLE, allow_descriptors, at, command, connection, netstat, rows, shown,
    table, table_when,
};

fn me() -> String {
    std::process::id().to_string()
}

/// Returns the row of a connection, if there is one.
fn between(table: &[Line], local: SocketAddr, foreign: SocketAddr) -> Option<&Line> {
    let (local, foreign) = (shown(local), shown(foreign));
    let mut found = table.iter().filter(|line| line.local == local && line.foreign == foreign);
    let first = found.next();
    assert!(found.next().is_none(), "{local} {foreign} is there twice in {table:#?}");
    first
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
        // The process at the other end still runs, and owns none of the rows.
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

/// Runs `body` on this thread while `storms` other threads of the namespace repeat `storm`.
fn during_a_storm(storms: usize, storm: impl Fn() + Sync, body: impl FnOnce()) {
    struct Calm<'a>(&'a AtomicBool);
    impl Drop for Calm<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Stops the threads even if the body panics.
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

/// Opens listeners, connections and UDP sockets that stay; returns them with protocol, local and foreign address.
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
                // A reset leaves no TIME_WAIT, which would use up the ports.
                sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
                sockets.push((client, server, listener, UdpSocket::bind("[::1]:0").unwrap()));
            }
        };
        during_a_storm(2, storm, || {
            for _ in 0..20 {
                // Sockets of the storm may close while their owner is looked up. That is no error.
                assert_all_there_once(&table("-anoq"), &lasting);
            }
        });
    });
}

#[test]
fn descriptors_vanish_during_the_scan() {
    on_own_thread(|namespace| {
        let (_kept, lasting) = lasting(namespace);
        // Processes that hold a socket and exit at once.
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

/// Connects from this port to the listener. Closing it sends a reset, so the port is free at once.
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

        // One run repeats the table all the while; others run once.
        let mut going = command("-ano 1 --count 60").stdout(Stdio::piped()).spawn().unwrap();
        let mut blocks = Blocks::new(going.stdout.take().unwrap());

        for _ in 0..3 {
            let (client, server) = connect_from(from, &listener);
            let keeper = Keeper::cat(client);
            let table = table_when("the owner", "-ano", |table| {
                between(table, pair.0, pair.1).is_some_and(|line| line.pid() == keeper.pid().to_string())
            });
            assert_eq!(between(&table, pair.0, pair.1).unwrap().state, "ESTABLISHED");
            // The pipe may still hold displays from before the change. A run that caches owners never shows the new one
            // and ends after 60 displays.
            while between(&blocks.next_block(), pair.0, pair.1)
                .is_none_or(|line| line.pid() != keeper.pid().to_string())
            {}
            drop(keeper);
            drop(server);
        }
        // Without a reader the program ends at its next display.
        drop(blocks);
        assert!(going.wait().unwrap().success());
    });
}

/// Splits a repeated table into its displays.
struct Blocks<R> {
    reader: BufReader<R>,
    /// Whether the empty first line of the next display has been read: it ends the one before.
    begun: bool,
}

impl<R: std::io::Read> Blocks<R> {
    fn new(reader: R) -> Self {
        Self { reader: BufReader::new(reader), begun: false }
    }

    /// Reads up to the empty line that begins the next display.
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
            // The head of a display has an empty line too, its third.
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
        // The order is stable, although the rows differ only in their owners.
        assert!((0..3).all(|_| support::table("-ano") == table));
    });
}
