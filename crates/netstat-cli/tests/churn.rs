//! Unix sockets and network namespaces that come and go while the program looks: what stays is never missed nor given to
//! somebody else, and nothing is shown that was not there.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Namespace, on_own_thread};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::process::{Child, Command};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::{command, finish};

const RUNS: usize = 10;
const STAYING: u16 = 8;

fn listener(name: &str) -> UnixListener {
    UnixListener::bind_addr(&SocketAddr::from_abstract_name(name).unwrap()).unwrap()
}

/// When a socket was there at the longest, by its name: since when, and until when if it is closed.
#[derive(Default)]
struct Log(Mutex<HashMap<String, (Instant, Option<Instant>)>>);

impl Log {
    fn open<T>(&self, name: &str, make: impl FnOnce() -> T) -> T {
        self.0.lock().unwrap().insert(format!("@{name}"), (Instant::now(), None));
        make()
    }

    fn close<T>(&self, name: &str, held: T) {
        drop(held);
        if let Some((_, until)) = self.0.lock().unwrap().get_mut(&format!("@{name}")) {
            *until = Some(Instant::now());
        }
    }

    /// Whether it may have been there at some time between two.
    fn may_be(&self, name: &str, from: Instant, to: Instant) -> bool {
        self.0
            .lock()
            .unwrap()
            .get(name)
            .is_some_and(|(since, until)| *since <= to && until.is_none_or(|until| until >= from))
    }
}

/// Makes sockets and closes them, some of them in namespaces of their own, until it is told to stop. Not more than a few
/// thousand in a second: the program is to find some of them.
fn churn(
    log: &Log,
    kind: &str,
    make: &dyn Fn(&str) -> Vec<Box<dyn std::any::Any>>,
    stop: &AtomicBool,
) -> usize {
    let (mut open, mut made) = (VecDeque::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        let name = format!("netstat-churn-{kind}-{made}");
        let held = log.open(&name, || make(&name));
        open.push_back((name, held));
        made += 1;
        if open.len() > 20 {
            let (name, held) = open.pop_front().unwrap();
            log.close(&name, held);
        }
        std::thread::sleep(Duration::from_micros(300));
    }
    made
}

/// A child that alone holds a listener.
struct Holder(Child);

impl Holder {
    fn of(listener: UnixListener) -> Self {
        let held = OwnedFd::from(listener);
        Self(Command::new("sleep").arg("1000").stdin(held).spawn().unwrap())
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stops what goes on.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn under_churn_nothing_is_missed_invented_or_given_to_others() {
    on_own_thread(|_| {
        let us = std::process::id();
        // The namespace, the name or port, and the process of each socket that stays.
        let mut staying: Vec<(u64, String, u32)> = Vec::new();
        let mut held: Vec<Box<dyn std::any::Any>> = Vec::new();
        for number in 0..STAYING {
            let inner = Namespace::enter().unwrap();
            let (ours, of_child) = (format!("netstat-stays-{number}"), format!("netstat-child-{number}"));
            let child = Holder::of(listener(&of_child));
            staying.push((inner.inode(), format!("@{of_child}"), child.0.id()));
            staying.push((inner.inode(), format!("@{ours}"), us));
            staying.push((inner.inode(), (7700 + number).to_string(), us));
            held.push(Box::new((
                child,
                listener(&ours),
                TcpListener::bind(("127.0.0.1", 7700 + number)).unwrap(),
                File::open("/proc/thread-self/ns/net").unwrap(),
            )));
        }
        let (log, stop) = (Log::default(), AtomicBool::new(false));
        let made = std::thread::scope(|threads| {
            let here = threads.spawn(|| {
                churn(
                    &log,
                    "here",
                    &|name| vec![Box::new(listener(name)), Box::new(UnixStream::pair().unwrap())],
                    &stop,
                )
            });
            let elsewhere = threads.spawn(|| {
                let make = |name: &str| -> Vec<Box<dyn std::any::Any>> {
                    let inner = Namespace::enter_bare().unwrap();
                    let socket = listener(name);
                    let file = File::open("/proc/thread-self/ns/net").unwrap();
                    drop(inner);
                    vec![Box::new(socket), Box::new(file)]
                };
                churn(&log, "elsewhere", &make, &stop)
            });
            // The threads end also where a look fails.
            let stops = Stops(&stop);
            let mut wrong = Vec::new();
            for _ in 0..RUNS {
                let from = Instant::now();
                // What changed while it was listed it may say on standard error.
                let run = finish(command(
                    "--json --netns all --family inet,unix --columns netns_inode,proto,local,state,pid",
                ));
                assert_eq!(run.code, Some(0), "{}", run.complaint);
                wrong.extend(judge(&run.text, &staying, &log, us, (from, Instant::now())));
            }
            drop(stops);
            let made = [here.join().unwrap(), elsewhere.join().unwrap()];
            assert_eq!(wrong, [""; 0]);
            made
        });
        assert!(made.iter().all(|&made| made > RUNS), "nothing came and went: {made:?}");
        drop(held);
    });
}

/// Returns what a document has wrong.
fn judge(
    text: &str,
    staying: &[(u64, String, u32)],
    log: &Log,
    us: u32,
    (from, to): (Instant, Instant),
) -> Vec<String> {
    let document: Value = serde_json::from_str(text).unwrap();
    let mut found: HashMap<(u64, String), Vec<Value>> = HashMap::new();
    let mut wrong = Vec::new();
    for row in document["sockets"].as_array().unwrap() {
        let local = &row["local"];
        let name = match local["name"].as_str() {
            Some(name) => name.to_owned(),
            None => local["port"].to_string(),
        };
        if name.starts_with("@netstat-churn") {
            if !log.may_be(&name, from, to) {
                wrong.push(format!("invented: {name}"));
            }
            if row["pid"].as_u64().is_some_and(|pid| pid != u64::from(us)) {
                wrong.push(format!("{name} is not of {}", row["pid"]));
            }
        }
        let namespace = row["netns_inode"].as_u64().unwrap_or(0);
        found.entry((namespace, name)).or_default().push(row["pid"].clone());
    }
    for (namespace, name, pid) in staying {
        match found.get(&(*namespace, name.clone())).map(Vec::as_slice) {
            Some([shown]) if *shown == *pid => {}
            Some(shown) => wrong.push(format!("{name} in {namespace} is of {pid}, and not {shown:?}")),
            None => wrong.push(format!("missed: {name} in {namespace}")),
        }
    }
    wrong
}

/// A listener on a port that others listen on as well: all of them are in one chain of the kernel's table. Those of IPv4 join it
/// at its start, those of IPv6 at its end.
fn one_of_a_crowd(number: usize) -> OwnedFd {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
    let (family, at): (_, std::net::SocketAddr) = match number % 2 {
        0 => (AddressFamily::INET, ([127, 0, 0, 1], 7482).into()),
        _ => (AddressFamily::INET6, (std::net::Ipv6Addr::LOCALHOST, 7483).into()),
    };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    sockopt::set_socket_reuseport(&socket, true).unwrap();
    bind(&socket, &at).unwrap();
    listen(&socket, 1).unwrap();
    socket
}

/// Sockets that stay, in the namespace of the calling thread: listeners in two chains that one turn of the program cannot tell of,
/// and connections.
fn staying_tcp() -> (TcpListener, Vec<OwnedFd>) {
    let listener = TcpListener::bind("127.0.0.1:7481").unwrap();
    let mut sockets: Vec<_> = (0..1200).map(one_of_a_crowd).collect();
    for _ in 0..100 {
        let client = std::net::TcpStream::connect("127.0.0.1:7481").unwrap();
        sockets.extend([client.into(), listener.accept().unwrap().0.into()]);
    }
    (listener, sockets)
}

/// Opens and closes connections, and listeners of the crowd as long as that is to change.
fn churn_of_tcp(listener: &TcpListener, stop: &AtomicBool, is_crowd_still: &AtomicBool) -> usize {
    let mut made = 0;
    let mut crowd = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        made += 1;
        if !is_crowd_still.load(Ordering::Relaxed) && made % 16 == 0 {
            crowd.push_back(one_of_a_crowd(made / 16));
            if crowd.len() > 4 {
                crowd.pop_front();
            }
        }
        // No port is left where too many connections wait in TIME_WAIT.
        let Ok(client) = std::net::TcpStream::connect("127.0.0.1:7481") else { continue };
        let accepted = listener.accept().unwrap().0;
        if made % 8 != 0 {
            rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
        }
        drop((client, accepted));
        std::thread::sleep(Duration::from_micros(300));
    }
    made
}

/// How often each socket is in the table, by its namespace and inode; an error where the walk gave up.
fn walked(source: &str) -> Result<HashMap<(u64, u64), usize>, String> {
    let columns = "--columns netns_inode,inode,state";
    let run = finish(command(&format!("-a --netns all --source {source} {columns} proto tcp")));
    if run.code != Some(0) {
        return Err(run.complaint);
    }
    let mut counts = HashMap::new();
    for line in run.text.lines() {
        let mut words = line.split_ascii_whitespace().map(str::parse);
        if let (Some(Ok(namespace)), Some(Ok(inode))) = (words.next(), words.next()) {
            *counts.entry((namespace, inode)).or_default() += 1;
        }
    }
    Ok(counts)
}

#[test]
fn tcp_sockets_that_stay_are_in_a_walk_over_all_namespaces_once() {
    on_own_thread(|_| {
        if let Err(complaint) = walked("iter") {
            netstat_lab::skip(format_args!("BPF cannot be used: {complaint}"));
            return;
        }
        let (stop, is_crowd_still) = (AtomicBool::new(false), AtomicBool::new(false));
        std::thread::scope(|scope| {
            let mut kept = Vec::new();
            let mut churning = Vec::new();
            for _ in 0..3 {
                let inner = Namespace::enter().unwrap();
                let (listener, sockets) = staying_tcp();
                let inode = |socket: &OwnedFd| (inner.inode(), rustix::fs::fstat(socket).unwrap().st_ino);
                kept.push((sockets.iter().map(inode).collect::<Vec<_>>(), sockets));
                let (stop, is_crowd_still) = (&stop, &is_crowd_still);
                churning.push(scope.spawn(move || churn_of_tcp(&listener, stop, is_crowd_still)));
            }
            let check = |source: &str| {
                let counts = walked(source)?;
                let wrong = |of: &&(u64, u64)| counts.get(of) != Some(&1);
                let wrong: Vec<_> = kept.iter().flat_map(|(inodes, _)| inodes.iter().filter(wrong)).collect();
                Ok::<_, String>(wrong.iter().map(|of| (**of, counts.get(of).copied())).collect::<Vec<_>>())
            };
            let mut found = Vec::new();
            // It may give up as long as chains of hundreds change, and sock_diag answers instead.
            found.extend((0..RUNS).map(|_| check("iter").unwrap_or_default()));
            let by_default = check("auto");
            is_crowd_still.store(true, Ordering::Relaxed);
            let whole = netstat_lab::eventually("a whole walk", || check("iter").ok());
            stop.store(true, Ordering::Relaxed);
            let made: usize = churning.into_iter().map(|thread| thread.join().unwrap()).sum();
            found.extend(by_default.into_iter().chain(whole));
            assert_eq!(found, vec![Vec::new(); RUNS + 2], "while {made} connections came and went");
        });
    });
}
