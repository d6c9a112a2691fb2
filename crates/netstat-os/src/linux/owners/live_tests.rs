//! Real sockets, real processes. Children get the socket as their standard error, so that no other child of this test
//! binary keeps it by chance, and wait for the end of their standard input, so that they end with the test. Between
//! its fork and its exec a child of any test holds the sockets of all: numbers of holders are waited for.

use super::tests::attach_listing;
use super::*;
use crate::linux::live::Live;
use crate::linux::source::Recording;
use crate::tape::{Player, Recorder};
use netstat_model::{Endpoint, Family, Protocol};
use std::net::TcpListener;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(super) fn listener() -> (TcpListener, Socket) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let socket = socket_of(listener.as_raw_fd());
    (listener, socket)
}

pub(super) fn socket_of(descriptor: i32) -> Socket {
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    socket(decode_socket_link(link.as_os_str().as_encoded_bytes()).unwrap())
}

pub(super) fn socket(inode: u64) -> Socket {
    let mut socket = Socket::new(Protocol::Tcp, Family::V4, Endpoint::ANY_V4, None);
    socket.id.inode = Some(inode);
    socket
}

fn attached(source: &dyn Source, sockets: &mut [Socket]) -> Vec<Warning> {
    let same = sockets.to_vec();
    attach_listing(source, sockets, Owners::Proc, &mut || Ok(Answer::whole(same.clone()))).unwrap().warnings
}

fn owners(socket: &Socket) -> Vec<Owner> {
    let mut sockets = [socket.clone()];
    attached(&Live, &mut sockets);
    match &sockets[0].ownership {
        Ownership::Held(owners) => owners.clone(),
        _ => Vec::new(),
    }
}

fn pids(socket: &Socket) -> Vec<u32> {
    owners(socket).iter().map(|owner| owner.process.pid).collect()
}

/// Asks until the answer is right; the limit only ends what would never end.
pub(super) fn until<T: std::fmt::Debug>(mut ask: impl FnMut() -> T, right: impl Fn(&T) -> bool) -> T {
    let start = Instant::now();
    loop {
        let answer = ask();
        if right(&answer) {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "still {answer:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A child that ends with the test, also when that fails.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A shell whose descriptor 2 and 4 are the socket and whose standard input and descriptor 3 end with the test.
pub(super) fn shell(script: &str, listener: &TcpListener) -> Ended {
    let script = format!("exec 3<&0 4<&2; {script}");
    let stderr = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let mut command = Command::new("sh");
    command.args(["-c", &script]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr);
    Ended(command.spawn().unwrap())
}

#[test]
fn an_own_listener_is_ones_own() {
    let (listener, socket) = listener();
    let owners = until(|| owners(&socket), |owners| owners.len() == 1);
    let owner = owners[0];
    assert_eq!(owner.process.pid, std::process::id());
    assert_eq!(owner.parent, Some(std::os::unix::process::parent_id()));
    assert_eq!(owner.descriptor, u32::try_from(listener.as_raw_fd()).ok());
    let line = std::fs::read("/proc/self/stat").unwrap();
    assert_eq!(owner.process.start_time, super::super::stat::decode_stat(&line).unwrap().start_time);
}

#[test]
fn of_two_descriptors_the_lower_one_is_kept() {
    let (listener, socket) = listener();
    let other = listener.try_clone().unwrap();
    let lower = listener.as_raw_fd().min(other.as_raw_fd());
    assert_eq!(owners(&socket)[0].descriptor, u32::try_from(lower).ok());
}

#[test]
fn a_socket_of_a_family_shows_the_master_and_keeps_all() {
    let (listener, socket) = listener();
    let mut child = shell("cat <&3 & cat <&3 & wait", &listener);
    let first = [std::process::id(), child.0.id()];
    until(|| pids(&socket), |pids| pids.len() == 4 && pids[..2] == first);
    // Without the first holder the shell is the ancestor of the rest.
    drop(listener);
    until(|| pids(&socket), |pids| pids.len() == 3 && pids[0] == child.0.id());
    drop(child.0.stdin.take());
    until(|| pids(&socket), Vec::is_empty);
}

#[test]
fn a_process_between_need_not_hold_the_socket() {
    let (listener, socket) = listener();
    let child = shell("cat <&3 & exec 2>/dev/null 4<&-; wait", &listener);
    until(
        || pids(&socket),
        |pids| pids.len() == 2 && !pids.contains(&child.0.id()) && pids[0] == std::process::id(),
    );
}

#[test]
fn a_storm_of_exits_is_no_trouble() {
    let (listener, socket) = listener();
    let storm = std::thread::spawn(|| {
        for _ in 0..300 {
            let mut batch: Vec<Child> = (0..3).map(|_| Command::new("true").spawn().unwrap()).collect();
            batch.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
        }
    });
    let mut scans = 0;
    while !storm.is_finished() || scans == 0 {
        let mut sockets = [socket.clone()];
        assert_eq!(attached(&Live, &mut sockets), []);
        assert_eq!(sockets[0].ownership.principal().unwrap().process.pid, std::process::id());
        scans += 1;
    }
    storm.join().unwrap();
    drop(listener);
}

#[test]
fn what_no_process_holds_is_said_to_be_so() {
    let mut sockets = [socket(u64::MAX)];
    let warnings = attached(&Live, &mut sockets);
    let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap();
    let expected = match &warnings[..] {
        [] if namespace.as_os_str().as_encoded_bytes() == INITIAL_PID_NAMESPACE => NoOwner::Kernel,
        [] | [Warning::OwnersInOtherNamespace] => NoOwner::OtherNamespace,
        // Even root may be refused a process, in a container or by a security module.
        [Warning::OwnersNotPermitted { .. } | Warning::SourceUnavailable { .. }] => NoOwner::NotPermitted,
        other => panic!("{other:?}"),
    };
    assert_eq!(sockets[0].ownership, Ownership::Unowned(expected));
}

#[test]
fn a_recording_answers_as_the_system_did() {
    let folder = std::env::temp_dir().join(format!("netstat-owners-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let (listener, own) = listener();
    let mut sockets = [own, socket(u64::MAX)];
    let recording = Recording::new(Live, std::sync::Arc::new(Recorder::create(&folder).unwrap()));
    let warnings = attached(&recording, &mut sockets);
    recording.finish().unwrap();
    drop(listener);
    let mut replayed = sockets.clone().map(|mut socket| {
        socket.ownership = Ownership::NotRead;
        socket
    });
    assert_eq!(attached(&Player::open(&folder).unwrap(), &mut replayed), warnings);
    assert_eq!(replayed, sockets);
    assert_eq!(replayed[0].ownership.principal().unwrap().process.pid, std::process::id());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Runs a Python program that is given `libc` and the socket as descriptor 2; `None` where there is no Python.
pub(super) fn python(program: &str, listener: &TcpListener) -> Option<Ended> {
    let program = format!("import ctypes,os,sys,threading\nlibc=ctypes.CDLL(None)\n{program}");
    let found = Command::new("python3").args(["-c", "import ctypes"]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no python3 with ctypes");
        return None;
    }
    let stderr = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let mut command = Command::new("python3");
    command.args(["-c", &program]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr);
    Some(Ended(command.spawn().unwrap()))
}

#[test]
fn a_process_whose_main_thread_has_ended_keeps_its_sockets() {
    let (listener, socket) = listener();
    let program = "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()\n\
                   libc.pthread_exit(None)";
    let Some(child) = python(program, &listener) else { return };
    drop(listener);
    let pid = child.0.id();
    let state = || {
        let line = std::fs::read(format!("/proc/{pid}/stat")).unwrap();
        super::super::stat::decode_stat(&line).unwrap()
    };
    until(state, |stat| stat.is_zombie());
    assert!(state().threads > 1);
    until(|| pids(&socket), |pids| *pids == [pid]);
}

#[test]
fn a_thread_with_descriptors_of_its_own_is_an_owner() {
    let (listener, socket) = listener();
    // The thread takes a copy of the table; then the rest of the process lets go of the socket.
    let program = "apart=threading.Event()\n\
                   def run():\n \
                     assert libc.unshare(0x400)==0\n \
                     apart.set()\n \
                     sys.stdin.read()\n \
                     os._exit(0)\n\
                   threading.Thread(target=run).start()\n\
                   apart.wait()\n\
                   os.close(2)\n\
                   threading.Event().wait()";
    let Some(child) = python(program, &listener) else { return };
    drop(listener);
    let pid = child.0.id();
    until(|| std::fs::read_link(format!("/proc/{pid}/fd/2")).ok(), Option::is_none);
    let found = until(|| owners(&socket), |owners| owners.len() == 1 && owners[0].process.pid == pid);
    assert_eq!(found[0].descriptor, Some(2));
}

const ROOTS_SOCKET: &str = "NETSTAT_TEST_ROOTS_SOCKET";

/// Copies this test binary to where another user may run it: that user may not reach the folder it is in. `cp` does it,
/// because a file that this process writes may be inherited, still open, by a child of another test and be busy.
fn program(name: &str) -> PathBuf {
    let program = std::env::temp_dir().join(format!("netstat-owners-{name}-{}", std::process::id()));
    let own = std::env::current_exe().unwrap();
    assert!(Command::new("cp").arg(own).arg(&program).status().unwrap().success());
    program
}

/// Runs one test of this binary by `command`, with a socket of root's for it to look for.
fn run_as_user(mut command: Command, program: &Path) {
    let (_listener, roots) = listener();
    let output = command
        .env(ROOTS_SOCKET, roots.id.inode.unwrap().to_string())
        .env_remove("RUST_BACKTRACE")
        .current_dir("/")
        .output();
    std::fs::remove_file(program).unwrap();
    let output = output.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all as it should be"), "{said}");
}

/// What the ordinary user finds; `None` in the test that is to run it.
fn as_user() -> Option<Vec<Warning>> {
    let inode = std::env::var(ROOTS_SOCKET).ok()?.parse().unwrap();
    let (_listener, own) = listener();
    let mut sockets = [own, socket(inode)];
    let warnings = attached(&Live, &mut sockets);
    assert_eq!(sockets[0].ownership.principal().unwrap().process.pid, std::process::id());
    assert_eq!(sockets[1].ownership, Ownership::Unowned(NoOwner::NotPermitted));
    // Where nothing is missing there is nothing to warn of.
    assert_eq!(attached(&Live, &mut sockets[..1]), []);
    println!("all as it should be");
    Some(warnings)
}

#[test]
fn an_ordinary_user_sees_what_is_ones_own() {
    if let Some(warnings) = as_user() {
        assert!(matches!(&warnings[..], [Warning::OwnersNotPermitted { processes: 1.. }]), "{warnings:?}");
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    let program = program("user");
    let mut command = Command::new(&program);
    command.args(["--exact", "--nocapture"]).uid(65534).gid(65534);
    command.arg("os::linux::owners::live_tests::an_ordinary_user_sees_what_is_ones_own");
    run_as_user(command, &program);
}

#[test]
fn hidden_processes_are_not_taken_for_none() {
    if let Some(warnings) = as_user() {
        assert!(matches!(&warnings[..], [Warning::SourceUnavailable { .. }]), "{warnings:?}");
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: not root");
        return;
    }
    // In a mount namespace of its own, so that nobody else sees it.
    const MOUNT: &str = "mount -t proc -o hidepid=invisible proc /proc";
    let hidden = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &format!("{MOUNT} && {then}")]);
        command
    };
    if !hidden("command -v setpriv").output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this machine does not let /proc be mounted with hidepid, or has no setpriv");
        return;
    }
    let program = program("hidden");
    let mut command =
        hidden("exec setpriv --reuid 65534 --regid 65534 --clear-groups \"$0\" --exact --nocapture \"$1\"");
    command.arg(&program).arg("os::linux::owners::live_tests::hidden_processes_are_not_taken_for_none");
    run_as_user(command, &program);
}
