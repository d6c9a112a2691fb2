//! A recorder keeps every end of a connection, to the one: by many processes, killed in the middle, and when it cannot keep up.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;
#[path = "recorder/trouble.rs"]
mod trouble;

use netstat_lab::{Namespace, eventually, on_own_thread};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, SystemTime};
use support::{Folder, Run, command, finish};

/// Servers and clients, each a process of its own, that note each end that they make. For each line of its input the clients
/// make so many connections; every fifth is made by a process that lives for nothing else.
const MAKER: &str = r#"
import os, random, signal, socket, struct, sys
address = sys.argv[1]
def say(*words): os.write(1, (" ".join(map(str, words)) + "\n").encode())
def reset(it):
    it.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); it.close()
def note(side, here, there, reason): say(side, os.getpid(), here, there, reason)
def serve(listener):
    port = listener.getsockname()[1]
    while True:
        it, (_, there) = listener.accept()
        try: word = it.recv(1)
        except ConnectionResetError: word = b"R"
        if word == b"r": reset(it)
        else:
            if word in (b"c", b"s"): it.send(b"x")
            if word == b"c": it.recv(1)
            it.close()
        how = {b"r": "aborted-by-us", b"s": "closed-by-us", b"R": "reset-by-peer"}
        note("in", port, there, how.get(word, "closed-by-peer"))
def make(kind, port):
    it = socket.socket(); it.bind((address, 0)); here = it.getsockname()[1]
    try: it.connect((address, port))
    except ConnectionRefusedError:
        it.close(); note("out", here, port, "refused"); return
    how = "closed-by-us"
    if kind in "csr": it.send(kind.encode())
    if kind in "cs": it.recv(1)
    if kind == "s": it.recv(1); how = "closed-by-peer"
    if kind == "r":
        try: it.recv(1)
        except ConnectionResetError: how = "reset-by-peer"
    if kind == "R": reset(it); how = "aborted-by-us"
    it.close(); note("out", here, port, how)
closed = socket.socket(); closed.bind((address, 0))
ports, servers = [], []
for _ in range(3):
    listener = socket.socket(); listener.bind((address, 0)); listener.listen(256)
    ports.append(listener.getsockname()[1])
    pid = os.fork()
    if pid == 0: serve(listener)
    servers.append(pid); listener.close()
say("ready")
for line in iter(sys.stdin.readline, ""):
    clients = []
    for client in range(4):
        pid = os.fork()
        if pid == 0:
            chosen = random.Random(client)
            for number in range(int(line)):
                kind = chosen.choice("csnrRf")
                port = closed.getsockname()[1] if kind == "f" else chosen.choice(ports)
                own = os.fork() if number % 5 == 0 else None
                if own: os.waitpid(own, 0); continue
                make(kind, port)
                if own == 0: os._exit(0)
            os._exit(0)
        clients.append(pid)
    for pid in clients: os.waitpid(pid, 0)
    say("done")
for pid in servers: os.kill(pid, signal.SIGKILL); os.waitpid(pid, 0)
"#;

/// Connections that each of the four clients makes.
const EACH: usize = 60;

/// An end: which side, the process, both ports, and how it ended.
type End = (String, u32, u16, u16, String);

/// How often there is each.
type Ends = BTreeMap<End, u32>;

/// An address that only connections of this test have: a recorder sees all network namespaces.
fn address(test: u8) -> Ipv4Addr {
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, 64 + test, high, low)
}

struct Maker {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<std::process::ChildStdout>,
    made: Ends,
}

impl Maker {
    fn start(address: Ipv4Addr) -> Option<Self> {
        let mut python = Command::new("python3");
        python.args(["-c", MAKER]).arg(address.to_string()).stdin(Stdio::piped()).stdout(Stdio::piped());
        let Ok(mut child) = python.spawn() else {
            netstat_lab::skip("there is no python3");
            return None;
        };
        let input = child.stdin.take();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut maker = Self { child, input, output, made: Ends::new() };
        assert_eq!(maker.line(), "ready");
        Some(maker)
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn begin(&mut self, each: usize) {
        writeln!(self.input.as_mut().unwrap(), "{each}").unwrap();
    }

    fn note(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let [side, pid, here, there, reason] = words[..] else { panic!("{line:?}") };
        let number = |word: &str| word.parse().unwrap();
        let end = (side.to_owned(), pid.parse().unwrap(), number(here), number(there), reason.to_owned());
        *self.made.entry(end).or_default() += 1;
    }

    /// Waits until so many more ends were made.
    fn wait_for(&mut self, ends: usize) {
        for _ in 0..ends {
            let line = self.line();
            assert!(line != "done" && !line.is_empty());
            self.note(&line);
        }
    }

    /// Waits for all that has begun.
    fn finish_round(&mut self) {
        loop {
            match &*self.line() {
                "done" => return,
                line => self.note(line),
            }
        }
    }

    /// Ends all processes. Returns what they made.
    fn end(mut self) -> Ends {
        drop(self.input.take());
        loop {
            match &*self.line() {
                "" => break,
                line => self.note(line),
            }
        }
        assert!(self.child.wait().unwrap().success());
        std::mem::take(&mut self.made)
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A recorder of a store.
struct Recorder {
    child: Child,
    store: PathBuf,
}

impl Recorder {
    /// Starts one; `None`, counted as skipped, where it cannot see everything.
    fn start(store: &Path) -> Option<Self> {
        Self::start_with(store, "")
    }

    /// Starts one with a filter.
    fn start_with(store: &Path, filter: &str) -> Option<Self> {
        let mut record = command(&format!("record {filter} --store"));
        record.arg(store).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = record.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let recorder = Self { child, store: store.to_owned() };
        let pid = format!("(PID {})", recorder.child.id());
        eventually("the recorder", || ask(store, "record --status").text.contains(&pid).then_some(()))
            .unwrap();
        if first.contains("complete") {
            return Some(recorder);
        }
        netstat_lab::skip(format_args!("BPF: {first}"));
        None
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn stop(mut self) {
        let stopped = ask(&self.store, "record --stop");
        assert_eq!((stopped.code, &*stopped.complaint), (Some(0), ""));
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(store: &Path, words: &str) -> Run {
    let mut asked = command(words);
    asked.arg("--store").arg(store);
    finish(asked)
}

/// What a history has of connections from and to an address. Each has to name its program.
fn kept(store: &Path, address: Ipv4Addr) -> (Ends, String) {
    let columns = "side,pid,laddr,lport,raddr,rport,reason,path";
    let run = ask(store, &format!("history --csv --columns {columns} lport 1-65535"));
    assert_eq!(run.code, Some(0), "{}", run.complaint);
    (ends_in(&run.text, address), run.complaint)
}

/// The ends of connections from and to an address, in the rows of a history. Each has to name its program.
fn ends_in(rows: &str, address: Ipv4Addr) -> Ends {
    let address = address.to_string();
    let mut ends = Ends::new();
    // One that is being written is not there yet.
    for line in rows.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')) {
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        let [side, pid, from, here, to, there, reason, path] = cells[..] else { panic!("{line:?}") };
        if from != address || to != address {
            continue;
        }
        assert!(path.contains("python"), "{line}");
        let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("{line:?}"));
        let pid = pid.parse().unwrap_or_else(|_| panic!("no owner: {line:?}"));
        *ends.entry((side.to_owned(), pid, number(here), number(there), reason.to_owned())).or_default() += 1;
    }
    ends
}

/// Fails with the ends that one has and the other has not.
fn assert_same(kept: &Ends, made: &Ends) {
    let less = |one: &Ends, other: &Ends| -> Vec<(End, u32)> {
        let has = |end: &End| other.get(end).copied().unwrap_or(0);
        one.iter()
            .filter(|(end, count)| **count > has(end))
            .map(|(end, count)| (end.clone(), *count))
            .collect()
    };
    assert_eq!((less(made, kept), less(kept, made)), (vec![], vec![]), "missing, and too many");
}

/// Gives this thread a BPF file system; `false`, counted as skipped, where that is refused.
fn has_bpf_files(namespace: &Namespace) -> bool {
    let mounted = namespace.mount_bpf();
    if let Err(error) = &mounted {
        netstat_lab::skip(format_args!("{error}"));
    }
    mounted.is_ok()
}

/// The names in the BPF file system of this thread's programs, but for the two that the kernel has there.
fn pinned() -> Vec<String> {
    let run = Command::new("ls").args(["-A", "/sys/fs/bpf"]).output().unwrap();
    let names = String::from_utf8(run.stdout).unwrap();
    names.lines().filter(|name| !name.ends_with(".debug")).map(str::to_owned).collect()
}

#[test]
fn every_end_is_kept_with_its_process_and_its_reason() {
    on_own_thread(|_| {
        let folder = Folder::new("whole");
        let store = folder.path("history");
        let address = address(0);
        let (Some(recorder), Some(mut maker)) = (Recorder::start(&store), Maker::start(address)) else {
            return;
        };
        maker.begin(EACH);
        maker.finish_round();
        let made = maker.end();
        recorder.stop();
        assert!(made.values().sum::<u32>() > 300 && made.len() > 300, "{made:?}");
        assert_same(&kept(&store, address).0, &made);
    });
}

#[test]
fn a_recorder_that_is_killed_loses_nothing_and_keeps_nothing_twice() {
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let folder = Folder::new("killed");
        let store = folder.path("history");
        let address = address(1);
        let (Some(recorder), Some(mut maker)) = (Recorder::start(&store), Maker::start(address)) else {
            return;
        };
        maker.begin(EACH);
        maker.wait_for(EACH);
        recorder.kill();
        let left = ask(&store, "record --status");
        assert!(
            left.text.contains("Left in the kernel:") && left.text.contains("/sys/fs/bpf/netstat-"),
            "{left:?}"
        );
        maker.finish_round();
        maker.begin(EACH);
        maker.wait_for(EACH);
        let Some(recorder) = Recorder::start(&store) else { return };
        maker.finish_round();
        // In the middle of a commit, perhaps.
        recorder.kill();
        let Some(recorder) = Recorder::start(&store) else { return };
        let made = maker.end();
        recorder.stop();
        assert_eq!(pinned(), [""; 0]);
        let (kept, complaint) = kept(&store, address);
        assert_same(&kept, &made);
        assert!(!complaint.contains("not running"), "{complaint}");
    });
}

#[test]
fn a_filter_still_chooses_when_a_recorder_was_killed() {
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let folder = Folder::new("filter-killed");
        let store = folder.path("history");
        let address = address(7);
        let filter = format!("process no-such-program and host {address}");
        let (Some(recorder), Some(mut maker)) =
            (Recorder::start_with(&store, &filter), Maker::start(address))
        else {
            return;
        };
        maker.begin(EACH);
        maker.finish_round();
        recorder.kill();
        // What the kernel has told of the process went to the one that was killed.
        let Some(recorder) = Recorder::start_with(&store, &filter) else { return };
        maker.begin(EACH);
        maker.finish_round();
        let made = maker.end();
        recorder.stop();
        assert!(!made.is_empty());
        assert_eq!(kept(&store, address).0, Ends::new());
    });
}

#[test]
fn nothing_stays_in_the_kernel_but_of_a_recorder_that_was_killed() {
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let folder = Folder::new("left");
        let [one, other] = ["one", "other"].map(|name| folder.path(name));
        let (Some(first), Some(second)) = (Recorder::start(&one), Recorder::start(&other)) else { return };
        let shown = ask(&one, "record --status").text;
        assert!(shown.contains("If it is killed:    nothing is lost: /sys/fs/bpf/netstat-"), "{shown}");
        first.kill();
        // What one left is not the other's to use or to remove.
        second.stop();
        let asked = ask(&other, "record --status");
        assert!(!asked.text.contains("Left in the kernel"), "{asked:?}");
        assert_eq!(ask(&other, "record --stop").code, Some(1));
        assert_eq!(pinned().len(), 1);
        let removed = ask(&one, "record --stop");
        assert!(removed.code == Some(0) && removed.complaint.contains("is removed: "), "{removed:?}");
        assert_eq!(pinned(), [""; 0]);
        assert_eq!(ask(&one, "record --stop").code, Some(1));
        // What another program has put there is neither believed nor left.
        let Some(third) = Recorder::start(&one) else { return };
        third.kill();
        let broken =
            Command::new("sh").args(["-c", "rm /sys/fs/bpf/netstat-*/*/map-wishes"]).status().unwrap();
        assert!(broken.success());
        let Some(fourth) = Recorder::start(&one) else { return };
        let said = ask(&one, "history").complaint;
        assert!(said.contains("not running"), "{said}");
        fourth.stop();
        assert_eq!(pinned(), [""; 0]);
    });
}

#[test]
fn without_a_bpf_file_system_the_recorder_says_what_that_means() {
    on_own_thread(|namespace| {
        if !has_bpf_files(namespace) {
            return;
        }
        let unmount = || Command::new("umount").arg("/sys/fs/bpf").stderr(Stdio::null()).status().unwrap();
        assert!(unmount().success());
        // Below it there may be that of the machine.
        while unmount().success() {}
        let folder = Folder::new("unmounted");
        let store = folder.path("history");
        let mut record = command("record --store");
        let mut child = record.arg(&store).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<String> = said.take(2).collect();
        let asked = eventually("the status", || {
            let asked = ask(&store, "record --status");
            asked.text.contains("running (PID").then_some(asked)
        });
        let stopped = ask(&store, "record --stop");
        child.wait().unwrap();
        if !said[0].contains("complete") {
            netstat_lab::skip(format_args!("BPF: {}", said[0]));
            return;
        }
        assert!(said[1].contains("is lost: no BPF file system is mounted at \"/sys/fs/bpf\""), "{said:?}");
        let shown = asked.unwrap().text;
        assert!(shown.contains("what happens meanwhile is lost: no BPF file system"), "{shown}");
        assert_eq!(stopped.code, Some(0));
    });
}

#[test]
fn what_the_buffer_has_no_room_for_is_told() {
    /// Each is told in some 640 bytes, of which 16 MiB have room for 26,000.
    const MADE: usize = 34_000;
    on_own_thread(|_| {
        let folder = Folder::new("losses");
        let store = folder.path("history");
        let address = address(2);
        let Some(recorder) = Recorder::start(&store) else { return };
        let listener = TcpListener::bind((address, 0)).unwrap();
        kill_process(recorder.pid(), Signal::STOP).unwrap();
        let mut within = None;
        for number in 0..MADE {
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            // A reset leaves no port behind that would be waited for.
            rustix::net::sockopt::set_socket_linger(&client, Some(Duration::ZERO)).unwrap();
            drop(client);
            drop(server);
            if number == MADE - 1 {
                within = Some(SystemTime::now());
            }
        }
        kill_process(recorder.pid(), Signal::CONT).unwrap();
        let lost = eventually("the losses", || {
            let text = ask(&store, "record --status").text;
            let line = text.lines().find_map(|line| line.strip_prefix("Lost: buffer full:"))?;
            let lost: usize = line.trim().split(' ').next()?.parse().unwrap();
            (lost > 0).then_some(lost)
        })
        .unwrap();
        recorder.stop();
        let run = ask(&store, "history --csv --columns laddr,raddr,reason");
        let address = address.to_string();
        let is_ours = |line: &&str| line.split(',').any(|cell| cell == address) && !line.ends_with(",unseen");
        let ours = run.text.lines().filter(is_ours).count();
        assert_eq!(run.code, Some(0), "{}", run.complaint);
        // Others of the machine may have lost some as well.
        assert!(ours < 2 * MADE && ours + lost >= 2 * MADE, "{ours} kept, {lost} lost");
        assert!(run.complaint.contains("incomplete"), "{}", run.complaint);
        let at = netstat_engine::text::time::rfc_3339(within.unwrap());
        let past = ask(&store, &format!("-an --at {at}"));
        assert!(past.complaint.contains("incomplete"), "{past:?}");
    });
}

/// Random numbers (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn the_table_of_a_moment_is_what_it_was() {
    /// The clock of events is read in steps of 10 ms.
    const AWAY: Duration = Duration::from_millis(40);
    on_own_thread(|_| {
        let folder = Folder::new("moments");
        let store = folder.path("history");
        let address = address(3);
        let Some(recorder) = Recorder::start(&store) else { return };
        let mut random = Random(88_172_645_463_325_252);
        let mut listeners: Vec<TcpListener> = vec![TcpListener::bind((address, 0)).unwrap()];
        let mut open: Vec<(TcpStream, TcpStream)> = Vec::new();
        let mut moments = Vec::new();
        for _ in 0..100 {
            for _ in 0..=random.below(5) {
                match random.below(5) {
                    0 if listeners.len() < 5 => listeners.push(TcpListener::bind((address, 0)).unwrap()),
                    1 | 2 if !open.is_empty() => {
                        let (one, other) = open.swap_remove(random.below(open.len()));
                        // Reset, so that nothing is left of it.
                        rustix::net::sockopt::set_socket_linger(&one, Some(Duration::ZERO)).unwrap();
                        drop(one);
                        drop(other);
                    }
                    _ => {
                        let listener = &listeners[random.below(listeners.len())];
                        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                        open.push((client, listener.accept().unwrap().0));
                    }
                }
            }
            std::thread::sleep(AWAY);
            let at = SystemTime::now();
            let mut there: Vec<String> = listeners
                .iter()
                .map(|it| format!("{} 0.0.0.0:0 LISTENING", it.local_addr().unwrap()))
                .chain(open.iter().flat_map(|(one, other)| {
                    [one, other].map(|it| {
                        format!("{} {} ESTABLISHED", it.local_addr().unwrap(), it.peer_addr().unwrap())
                    })
                }))
                .collect();
            there.sort();
            moments.push((at, there));
            std::thread::sleep(AWAY);
        }
        open.iter().for_each(|(one, _)| one.shutdown(Shutdown::Both).unwrap());
        recorder.stop();
        for (at, there) in moments {
            let at = netstat_engine::text::time::rfc_3339(at);
            let run = ask(&store, &format!("-an --at {at}"));
            let mut shown: Vec<String> = run
                .text
                .lines()
                .filter(|line| line.trim_start().starts_with("TCP"))
                .map(|line| line.split_ascii_whitespace().skip(1).collect::<Vec<_>>().join(" "))
                .collect();
            shown.sort();
            assert_eq!(shown, there, "{at}: {}", run.complaint);
        }
    });
}
