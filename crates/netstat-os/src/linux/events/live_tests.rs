//! Real connections in a private network namespace, and what the running kernel tells of them.

use super::kernel::KernelEvents;
use crate::contract::{EventStream, EventWishes, Events};
use crate::linux::Linux;
use crate::linux::privileges::why_no_bpf;
use netstat_lab::Namespace;
use netstat_model::NoBpf;
use netstat_model::history::{
    ConnectionEvent, ConnectionRecord, ConnectionRole, EndReason, EventMethod, GapCause, OwnerSource,
};
use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Output, Stdio};

/// Plays a scene with a server and a client, each a process of its own, and writes the process IDs of both and the port of
/// the server.
const SCENES: &str = r#"
import os, signal, socket, struct, subprocess, sys, time
scene = sys.argv[1]
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(16)
port = listener.getsockname()[1]
ready, go = os.pipe()
def connect(to=("127.0.0.1", port)):
    socket_ = socket.socket()
    socket_.connect(to)
    return socket_
def reset(socket_):
    socket_.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    socket_.close()
def wait():
    os.read(ready, 1)
def client(play):
    pid = os.fork()
    if pid == 0:
        listener.close()
        os.close(go)
        try:
            play()
        except OSError:
            pass
        os._exit(0)
    return pid
silent = ("10.9.0.2", 9)
kept = []
if scene == "client_closes":
    pid = client(lambda: (lambda it: (it.send(b"x" * 100), it.recv(10), it.close()))(connect()))
    a, _ = listener.accept(); a.recv(100); a.send(b"hi"); a.recv(1); a.close()
elif scene == "waits":
    pid = client(lambda: (lambda it: (it.send(b"x" * 100), it.recv(10), it.close()))(connect()))
    a, _ = listener.accept(); sys.stdout.write("-\n"); sys.stdout.flush(); sys.stdin.read(); a.close()
elif scene == "half_closed":
    pid = client(lambda: (lambda it: (it.shutdown(socket.SHUT_WR), it.recv(10), it.close()))(connect()))
    a, _ = listener.accept(); sys.stdout.write("-\n"); sys.stdout.flush(); sys.stdin.read(); a.close()
elif scene == "server_closes":
    pid = client(lambda: (lambda it: (it.recv(10), it.recv(10), it.close()))(connect()))
    a, _ = listener.accept(); a.send(b"hi"); a.close()
elif scene == "server_resets":
    pid = client(lambda: (lambda it: (wait(), it.close()))(connect()))
    a, _ = listener.accept(); reset(a); os.close(go)
elif scene == "client_resets":
    pid = client(lambda: reset(connect()))
    a, _ = listener.accept(); os.waitpid(pid, 0); a.close()
elif scene == "refused":
    closed = socket.socket(); closed.bind(("127.0.0.1", 0)); free = closed.getsockname()[1]
    pid = client(lambda: connect(("127.0.0.1", free)))
    port = free
elif scene == "unread":
    pid = client(lambda: (lambda it: (it.send(b"x" * 100), wait(), it.close()))(connect()))
    a, _ = listener.accept()
    while a.recv(100, socket.MSG_PEEK) == b"": pass
    a.close(); os.close(go)
elif scene == "timeout":
    def play():
        it = socket.socket(); it.setsockopt(socket.IPPROTO_TCP, socket.TCP_SYNCNT, 1)
        it.connect(silent)
    pid = client(play); port = 9
elif scene == "abandoned":
    def play():
        it = socket.socket(); it.setblocking(False); it.connect_ex(silent); it.close()
    pid = client(play); port = 9
elif scene == "no_port":
    open("/proc/sys/net/ipv4/ip_local_port_range", "w").write("40000 40001")
    def play():
        for _ in range(3): kept.append(connect())
    pid = client(play)
elif scene == "never_accepted":
    pid = client(lambda: (lambda it: (wait(), it.close()))(connect()))
    while b" 01 " not in open("/proc/self/net/tcp", "rb").read(): time.sleep(0.01)
    listener.close(); os.close(go)
elif scene == "killed":
    pid = client(lambda: (connect(), wait()))
    a, _ = listener.accept(); os.kill(pid, signal.SIGKILL); a.recv(1); a.close()
elif scene == "silent_peer":
    def play():
        it = connect(); it.setsockopt(socket.IPPROTO_TCP, 18, 300); it.send(b"x"); wait()
        subprocess.run(["ip", "link", "set", "lo", "down"]); it.send(b"x")
        try:
            while True: time.sleep(0.1); it.send(b"x")
        except OSError: pass
        it.close()
    pid = client(play)
    a, _ = listener.accept(); a.recv(1); os.close(go)
elif scene == "destroyed":
    pid = client(lambda: (lambda it: (wait(), it.close()))(connect()))
    a, _ = listener.accept()
    subprocess.run(["ss", "-K", "dport", "=", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(go)
    try: a.recv(1)
    except OSError: pass
    a.close()
elif scene == "many":
    # Connections of a moment, each by a process of its own.
    out = []
    for _ in range(int(sys.argv[2])):
        mine, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            it = connect(); os.write(theirs, struct.pack("H", it.getsockname()[1])); it.close(); os._exit(0)
        a, _ = listener.accept(); a.close()
        out.append("%d:%d" % (pid, struct.unpack("H", os.read(mine, 2))[0]))
        os.close(mine); os.close(theirs); os.waitpid(pid, 0)
    print(" ".join(out)); pid = os.getpid()
try: os.waitpid(pid, 0)
except ChildProcessError: pass
print(os.getpid(), pid, port)
"#;

/// A played scene.
struct Played {
    server: u32,
    client: u32,
    port: u16,
    /// What was written before.
    words: Vec<String>,
    events: Vec<ConnectionEvent>,
}

/// Begins to watch, by BPF unless that is not wanted; `None`, counted as skipped, where it is refused.
fn watched(system: &Linux, without_bpf: bool) -> Option<Box<dyn EventStream + '_>> {
    let stream = system.events(EventWishes { without_bpf, ..EventWishes::default() });
    if without_bpf {
        assert_eq!(stream.method(), EventMethod::Closings(NoBpf::NotAsked));
        return Some(stream);
    }
    if stream.method() == EventMethod::Bpf {
        return Some(stream);
    }
    let reason = stream.method();
    assert!(why_no_bpf(system.source()).is_err() || format!("{reason}").contains("5.17"), "{reason}");
    netstat_lab::skip(format_args!("BPF: {reason}"));
    None
}

fn has_python() -> bool {
    let tried = Command::new("python3")
        .args(["-c", "import socket; socket.TCP_SYNCNT"])
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

/// Plays a scene in a new namespace, until `seen` is content with the events of it.
fn play(words: &[&str], seen: &mut (dyn FnMut(&Played) -> bool + Send)) -> Option<()> {
    play_without(false, words, seen)
}

/// The same, perhaps without BPF.
fn play_without(bpf: bool, words: &[&str], seen: &mut (dyn FnMut(&Played) -> bool + Send)) -> Option<()> {
    if !has_python() {
        netstat_lab::skip("there is no python3");
        return None;
    }
    netstat_lab::on_own_thread(|namespace| play_in(namespace, bpf, words, seen))?
}

fn play_in(
    namespace: &Namespace,
    without_bpf: bool,
    words: &[&str],
    seen: &mut (dyn FnMut(&Played) -> bool + Send),
) -> Option<()> {
    let system = Linux::live();
    let mut stream = watched(&system, without_bpf)?;
    // What is there already.
    stream.take(&mut Vec::new()).unwrap();
    // Nobody answers behind it: what it sends is for a machine that is not there.
    let silent = "link add silent type veth peer name other\naddr add 10.9.0.1/24 dev silent\nlink set silent up\n\
                  link set other up\nneigh add 10.9.0.2 lladdr 02:00:00:00:00:09 dev silent\n";
    if ["timeout", "abandoned"].contains(&words[0]) && namespace.ip(silent).is_err() {
        netstat_lab::skip("this kernel has no pairs of interfaces (veth)");
        return None;
    }
    let (output, before) = run(words, &mut *stream);
    let text = String::from_utf8(output.stdout).unwrap();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && wrong.is_empty(), "{words:?}: {wrong}");
    let mut lines = text.lines().rev();
    let last: Vec<u32> = lines.next().unwrap().split(' ').map(|word| word.parse().unwrap()).collect();
    let mut played = Played {
        server: last[0],
        client: last[1],
        port: last[2].try_into().unwrap(),
        words: lines.next().unwrap_or_default().split(' ').map(str::to_owned).collect(),
        events: Vec::new(),
    };
    played.events.extend(before);
    let complete = netstat_lab::eventually("the events of the scene", || {
        let mut events = Vec::new();
        stream.take(&mut events).unwrap();
        stream.release();
        let ours =
            |record: &ConnectionRecord| record.namespace.is_some_and(|it| it.inode == namespace.inode());
        played.events.extend(events.into_iter().filter(|event| match event {
            ConnectionEvent::Opened(record)
            | ConnectionEvent::HalfClosed(record)
            | ConnectionEvent::Ended(record) => ours(record),
            ConnectionEvent::Process(_) | ConnectionEvent::Gap(_) => true,
        }));
        seen(&played).then_some(())
    });
    assert!(
        complete.is_ok(),
        "{words:?} {} {} {}: {:#?}",
        played.server,
        played.client,
        played.port,
        played.events
    );
    Some(())
}

/// Runs the scene. One that waits goes on when a look has seen what is open.
fn run(words: &[&str], stream: &mut dyn EventStream) -> (Output, Vec<ConnectionEvent>) {
    let mut python = Command::new("python3");
    python
        .args(["-c", SCENES])
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = python.spawn().unwrap();
    let mut events = Vec::new();
    if ["waits", "half_closed"].contains(&words[0]) {
        let looked = netstat_lab::eventually("a look at both ends", || {
            stream.take(&mut events).unwrap();
            let held = |event: &&ConnectionEvent| match event {
                ConnectionEvent::Opened(record) if words[0] == "waits" => {
                    record.role == ConnectionRole::Unknown && record.process.is_some()
                }
                ConnectionEvent::Opened(record) => record.first_fin.is_some(),
                ConnectionEvent::HalfClosed(_) => true,
                _ => false,
            };
            (events.iter().filter(held).count() >= 2).then_some(())
        });
        assert!(looked.is_ok(), "{events:?}");
    }
    drop(child.stdin.take());
    (child.wait_with_output().unwrap(), events)
}

impl Played {
    /// The ends at the server (its local port) or at the client (its remote port).
    fn ends(&self, at_server: bool) -> impl Iterator<Item = &ConnectionRecord> {
        self.events.iter().filter_map(move |event| match event {
            ConnectionEvent::Ended(record) => {
                let port =
                    if at_server { Some(record.local.port) } else { record.remote.map(|end| end.port) };
                (record.role != ConnectionRole::Listener && port == Some(self.port)).then_some(&**record)
            }
            _ => None,
        })
    }

    /// Whether one end of a side has ended like this, by the right process, with its record before it.
    fn has_ended(&self, at_server: bool, reason: EndReason) -> bool {
        let pid = if at_server { self.server } else { self.client };
        let role = if at_server { ConnectionRole::Passive } else { ConnectionRole::Active };
        self.ends(at_server).any(|end| {
            let (instance, source) = end.process.unwrap_or_else(|| panic!("no owner: {end:?}"));
            let made = if at_server { source != OwnerSource::Made } else { source == OwnerSource::Made };
            assert!(instance.process.pid == pid && made && end.role == role, "not {pid}: {end:?}");
            let introduced = self.events.iter().any(|event| match event {
                ConnectionEvent::Process(process) => {
                    process.instance == instance && process.name.starts_with(b"python")
                }
                _ => false,
            });
            assert!(introduced, "no process record: {end:?}");
            end.ended.is_some_and(|(_, how)| how == reason)
        })
    }
}

#[test]
fn each_ending_has_the_right_word_and_the_right_process_at_both_ends() {
    use EndReason::{
        AbortedByUs, ClosedByPeer, ClosedByUs, ConnectAbandoned, ConnectTimedOut, Destroyed, NeverAccepted,
        NoLocalPort, Refused, ResetByPeer, TimedOut,
    };
    for (scene, at_client, at_server) in [
        ("client_closes", ClosedByUs, Some(ClosedByPeer)),
        ("server_closes", ClosedByPeer, Some(ClosedByUs)),
        ("server_resets", ResetByPeer, Some(AbortedByUs)),
        ("client_resets", AbortedByUs, Some(ResetByPeer)),
        ("refused", Refused, None),
        ("unread", ResetByPeer, Some(AbortedByUs)),
        ("timeout", ConnectTimedOut, None),
        ("abandoned", ConnectAbandoned, None),
        ("no_port", NoLocalPort, None),
        ("never_accepted", ResetByPeer, Some(NeverAccepted)),
        ("killed", ClosedByUs, Some(ClosedByPeer)),
        ("silent_peer", TimedOut, None),
        ("destroyed", Destroyed, Some(ResetByPeer)),
    ] {
        play(&[scene], &mut |played| {
            played.has_ended(false, at_client)
                && at_server.is_none_or(|reason| played.has_ended(true, reason))
        });
    }
}

#[test]
fn bytes_and_times_are_those_of_the_connection() {
    play(&["client_closes"], &mut |played| {
        let (Some(client), Some(server)) = (played.ends(false).next(), played.ends(true).next()) else {
            return false;
        };
        assert_eq!((client.bytes_sent, client.bytes_received), (Some(100), Some(2)));
        assert_eq!((server.bytes_sent, server.bytes_received), (Some(2), Some(100)));
        assert_eq!((client.local, client.remote), (server.remote.unwrap(), Some(server.local)));
        for end in [client, server] {
            let (started, established) = (end.started.unwrap(), end.established.unwrap());
            let (fin, ended) = (end.first_fin.unwrap().0, end.ended.unwrap().0);
            assert!(started <= established && established <= fin && fin <= ended, "{end:?}");
            assert!(end.rtt.is_some() && end.min_rtt.is_some() && end.retransmits == Some(0), "{end:?}");
        }
        assert_eq!((client.first_fin.unwrap().1, server.first_fin.unwrap().1), (true, false));
        true
    });
}

#[test]
fn a_connection_that_stays_half_closed_is_told_while_it_is_open() {
    for without_bpf in [false, true] {
        play_without(without_bpf, &["half_closed"], &mut |played| {
            let (Some(client), Some(server)) = (played.ends(false).next(), played.ends(true).next()) else {
                return false;
            };
            for (end, is_local) in [(client, true), (server, false)] {
                let told = played.events.iter().find_map(|event| match event {
                    ConnectionEvent::HalfClosed(open) | ConnectionEvent::Opened(open)
                        if open.cookie == end.cookie =>
                    {
                        open.first_fin
                    }
                    _ => None,
                });
                assert_eq!(told.map(|(_, whose)| whose), Some(is_local), "{:#?}", played.events);
                assert_eq!(told, end.first_fin, "{:#?}", played.events);
            }
            true
        });
    }
}

#[test]
fn connections_of_a_moment_have_the_right_owner_to_the_one() {
    play(&["many", "300"], &mut |played| {
        let made: BTreeSet<(u32, u16)> = played
            .words
            .iter()
            .map(|word| {
                let (pid, port) = word.split_once(':').unwrap();
                (pid.parse().unwrap(), port.parse().unwrap())
            })
            .collect();
        assert_eq!(made.len(), 300);
        let of = |end: &ConnectionRecord| end.process.map(|(instance, _)| instance.process.pid);
        let (clients, servers) = (played.ends(false).count(), played.ends(true).count());
        if clients < 300 || servers < 300 {
            return false;
        }
        let told: BTreeSet<(u32, u16)> =
            played.ends(false).map(|end| (of(end).unwrap(), end.local.port)).collect();
        assert_eq!((clients, servers), (300, 300));
        assert_eq!(told, made);
        let mut owners = BTreeMap::new();
        played.ends(true).for_each(|end| *owners.entry(of(end)).or_insert(0) += 1);
        assert_eq!(owners, BTreeMap::from([(Some(played.server), 300)]));
        true
    });
}

#[test]
fn without_bpf_every_end_is_told_and_no_owner_is_wrong() {
    play_without(true, &["many", "100"], &mut |played| {
        let made: BTreeMap<u16, u32> = played
            .words
            .iter()
            .map(|word| {
                let (pid, port) = word.split_once(':').unwrap();
                (port.parse().unwrap(), pid.parse().unwrap())
            })
            .collect();
        let pid = |end: &ConnectionRecord| end.process.map(|(instance, _)| instance.process.pid);
        // The listener, which no look saw, is told of like an end that has no other.
        let at_server = || played.ends(true).filter(|end| end.remote.is_some());
        let (clients, servers) = (played.ends(false).count(), at_server().count());
        if clients < 100 || servers < 100 {
            return false;
        }
        assert_eq!((made.len(), clients, servers), (100, 100, 100));
        for end in played.ends(false) {
            assert!(pid(end).is_none_or(|pid| made.get(&end.local.port) == Some(&pid)), "{end:?}");
            assert!(end.bytes_sent.is_some(), "{end:?}");
            assert!(end.started.is_none() && end.bound.is_some(), "{end:?}");
        }
        for end in at_server() {
            assert!(pid(end).is_none_or(|pid| pid == played.server), "{end:?}");
        }
        true
    });
}

#[test]
fn without_bpf_a_connection_that_lived_until_a_look_has_its_owner() {
    play_without(true, &["waits"], &mut |played| {
        let (Some(client), Some(server)) = (played.ends(false).next(), played.ends(true).next()) else {
            return false;
        };
        let pid =
            |end: &ConnectionRecord| end.process.map(|(instance, source)| (instance.process.pid, source));
        assert_eq!(pid(client), Some((played.client, OwnerSource::Held)));
        assert_eq!(pid(server), Some((played.server, OwnerSource::Held)));
        assert_eq!((client.bytes_sent, server.bytes_sent), (Some(100), Some(0)));
        true
    });
}

#[test]
fn what_the_programs_did_not_tell_is_found_in_the_table() {
    let done = netstat_lab::on_own_thread(|namespace| {
        let system = Linux::live();
        drop(watched(&system, false)?);
        let mut stream = KernelEvents::begin(system.source(), EventWishes::default(), None).ok()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut told = Vec::new();
        stream.take(&mut told).unwrap();
        let ours = |event: &ConnectionEvent| match event {
            ConnectionEvent::Opened(record) | ConnectionEvent::Ended(record) => (record.local.port == port
                && record.namespace.is_some_and(|it| it.inode == namespace.inode()))
            .then(|| (**record).clone()),
            _ => None,
        };
        let open: Vec<ConnectionRecord> = told.iter().filter_map(ours).collect();
        assert_eq!(open.len(), 1, "{told:?}");
        // One that ended and was not told, under a number that no socket has.
        let phantom = ConnectionRecord { cookie: u64::MAX, ..open[0].clone() };
        for _ in 0..3 {
            assert_eq!(stream.counts().unseen, 0);
            told.clear();
            stream.mistake(&open[0], 0);
            stream.take(&mut told).unwrap();
            assert_eq!(told.iter().filter_map(ours).count(), 0, "what is known is told once: {told:?}");
        }
        stream.mistake(&phantom, open[0].cookie);
        stream.take(&mut told).unwrap();
        assert_eq!(told.iter().filter_map(ours).count(), 0, "it may be on its way: {told:?}");
        stream.mistake(&open[0], open[0].cookie);
        stream.take(&mut told).unwrap();
        let found: Vec<_> = told.iter().filter_map(ours).map(|it| (it.cookie, it.ended.is_some())).collect();
        assert_eq!(found, [(u64::MAX, true), (open[0].cookie, false)]);
        let lost = |event: &ConnectionEvent| match event {
            ConnectionEvent::Gap(gap) => Some((gap.lost, gap.cause)),
            _ => None,
        };
        let lost: Vec<_> = told.iter().filter_map(lost).collect();
        assert_eq!(lost, [(Some(1), GapCause::Unseen)]);
        stream.take(&mut told).unwrap();
        assert_eq!(stream.counts().unseen, 1);
        Some(())
    });
    let _ = done;
}
