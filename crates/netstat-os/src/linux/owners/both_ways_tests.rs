//! BPF, quick or not, and `/proc` give the same owners: real sockets, real processes. See [`super::live_tests`] for why numbers of
//! holders are waited for.

use super::descriptors::is_worth_it;
use super::live_tests::{Ended, listener, python, shell, socket, socket_of, until};
use super::tests::attach_listing;
use super::*;
use crate::linux::bpf::Failure;
use crate::linux::live::Live;
use netstat_model::owner_method::NoBpf;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::io::{BufRead, BufReader, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::TcpListener;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Command, Stdio};

pub(super) fn ownership(socket: &Socket, by: Owners) -> Ownership {
    let mut sockets = [socket.clone()];
    attach_listing(&Live, &mut sockets, by, &mut || Ok(Answer::whole(vec![socket.clone()]))).unwrap();
    let [socket] = sockets;
    socket.ownership
}

/// Says so where BPF cannot be used.
pub(super) fn bpf_is_permitted() -> bool {
    let may = is_worth_it(&Live, Owners::Bpf);
    match may.and_then(|()| Live.owners_program().map(drop).map_err(Failure::reason)) {
        Ok(()) => true,
        Err(reason @ (NoBpf::NotPermitted | NoBpf::KernelTooOld)) => {
            println!("skipped: BPF: {reason}");
            false
        }
        Err(other) => panic!("{other}"),
    }
}

/// Asks both ways until they agree and the answer is right. A search that begins with a quick look agrees with them, and
/// what the quick look finds is all or nothing.
pub(super) fn both(socket: &Socket, right: impl Fn(&Ownership) -> bool) -> Ownership {
    let ask = || (ownership(socket, Owners::Bpf), ownership(socket, Owners::Proc), quickly(socket));
    let agree = |bpf: &Ownership, (quick, searched): &(Vec<u32>, Ownership)| {
        let mut all = pids(bpf);
        all.sort_unstable();
        searched == bpf && (quick.is_empty() || *quick == all)
    };
    until(ask, |(bpf, proc, quick)| bpf == proc && agree(bpf, quick) && right(bpf)).0
}

/// Whom a quick look finds, and the owners by a search that begins with it.
pub(super) fn quickly(socket: &Socket) -> (Vec<u32>, Ownership) {
    let found = std::thread::scope(|scope| HeadStart::begin(scope, &Live, Owners::Bpf).finish());
    let mut owners = Vec::new();
    found.holders.owners(id(socket).unwrap(), &mut owners);
    let mut quick: Vec<u32> = owners.iter().map(|owner| owner.process.pid).collect();
    quick.sort_unstable();
    let mut sockets = [socket.clone()];
    attach_asking(&Live, &mut &mut sockets[..], Owners::Bpf, found, &mut |hand| {
        hand(id(socket).unwrap());
        Ok(Vec::new())
    })
    .unwrap();
    let [socket] = sockets;
    (quick, socket.ownership)
}

pub(super) fn pids(ownership: &Ownership) -> Vec<u32> {
    match ownership {
        Ownership::Held(owners) => owners.iter().map(|owner| owner.process.pid).collect(),
        _ => Vec::new(),
    }
}

pub(super) fn both_find(socket: &Socket, expected: &[u32]) {
    both(socket, |ownership| pids(ownership) == expected);
}

#[test]
fn sockets_shared_by_forks() {
    if !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let child = shell("cat <&3 & cat <&3 & wait", &listener);
    let first = [std::process::id(), child.0.id()];
    both(&socket, |ownership| pids(ownership).len() == 4 && pids(ownership)[..2] == first);
    drop(listener);
    both(&socket, |ownership| pids(ownership).len() == 3 && pids(ownership)[0] == first[1]);
}

#[test]
fn threads_with_and_without_tables_of_their_own() {
    if !bpf_is_permitted() {
        return;
    }
    let shared = "for _ in range(20): threading.Thread(target=threading.Event().wait, daemon=True).start()\n\
                  sys.stdin.read()";
    // The thread's table is a copy; then the rest of the process lets go of the socket.
    let own = "apart=threading.Event()\n\
               def run():\n \
                 assert libc.unshare(0x400)==0\n \
                 apart.set()\n \
                 sys.stdin.read()\n \
                 os._exit(0)\n\
               threading.Thread(target=run).start()\n\
               apart.wait()\n\
               os.close(2)\n\
               threading.Event().wait()";
    let ended = "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()\n\
                 libc.pthread_exit(None)";
    for program in [shared, own, ended] {
        let (listener, socket) = listener();
        let Some(child) = python(program, &listener) else { return };
        drop(listener);
        let pid = child.0.id();
        if program == shared {
            until(
                || std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count(),
                |threads| *threads > 20,
            );
        } else {
            // The main thread has let go of it, or has ended.
            until(|| std::fs::read_link(format!("/proc/{pid}/fd/2")).ok(), Option::is_none);
        }
        both_find(&socket, &[pid]);
    }
}

fn pass(over: &UnixStream, descriptor: &impl AsFd) {
    let descriptors = [descriptor.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    assert!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)));
    let sent = rustix::net::sendmsg(over, &[IoSlice::new(b"x")], &mut ancillary, SendFlags::empty());
    assert_eq!(sent.unwrap(), 1);
}

fn take(from: &UnixStream) -> OwnedFd {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::CMSG_CLOEXEC;
    rustix::net::recvmsg(from, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, flags).unwrap();
    let message = ancillary.drain().next().unwrap();
    let RecvAncillaryMessage::ScmRights(mut descriptors) = message else { panic!("no descriptor came") };
    descriptors.next().unwrap()
}

#[test]
fn descriptors_in_flight_and_arrived() {
    if !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let (here, there) = UnixStream::pair().unwrap();
    pass(&here, &listener);
    drop(listener);
    // Even root may be refused a process, and then the holder may be that one.
    both(&socket, |ownership| {
        let Ownership::Unowned(reason) = ownership else { return false };
        matches!(reason, NoOwner::Kernel | NoOwner::OtherNamespace | NoOwner::NotPermitted)
    });
    let arrived = take(&there);
    let found = both(&socket, |ownership| pids(ownership) == [std::process::id()]);
    let descriptor = u32::try_from(arrived.as_raw_fd()).ok();
    assert_eq!(found.principal().unwrap().descriptor, descriptor);

    // And to another process, through its standard error.
    let program =
        "import sys,socket; c=socket.socket(fileno=2); got=socket.recv_fds(c,1,1); sys.stdin.read()";
    let Some(child) = python_with(program, there.into()) else { return };
    pass(&here, &arrived);
    both(&socket, |ownership| pids(ownership).len() == 2);
    drop(arrived);
    both_find(&socket, &[child.0.id()]);
}

/// A Python program with this as its standard error.
fn python_with(program: &str, stderr: OwnedFd) -> Option<Ended> {
    let mut found = Command::new("python3");
    found.args(["-c", "import socket; socket.recv_fds"]);
    if !found.stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        println!("skipped: there is no python3 that receives descriptors");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", program]).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr);
    Some(Ended(command.spawn().unwrap()))
}

#[test]
fn a_deleted_executable() {
    if !bpf_is_permitted() {
        return;
    }
    let program = std::env::temp_dir().join(format!("netstat-deleted-{}", std::process::id()));
    assert!(
        Command::new("sh")
            .args(["-c", "cp \"$(command -v cat)\" \"$0\""])
            .arg(&program)
            .status()
            .unwrap()
            .success()
    );
    let (listener, socket) = listener();
    let stderr = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let mut command = Command::new(&program);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(stderr);
    let child = Ended(command.spawn().unwrap());
    drop(command);
    std::fs::remove_file(&program).unwrap();
    drop(listener);
    let link = std::fs::read_link(format!("/proc/{}/exe", child.0.id())).unwrap();
    assert!(link.to_string_lossy().ends_with(" (deleted)"), "{link:?}");
    both_find(&socket, &[child.0.id()]);
}

#[test]
fn the_cookie_of_the_table_is_that_of_the_descriptor() {
    if !bpf_is_permitted() {
        return;
    }
    let (_listener, own) = listener();
    let kinds = netstat_model::query::Kinds::TCP_V4;
    let query =
        SocketQuery { kinds, states: States::LISTEN, fields: Fields::empty(), programs: Programs::default() };
    let table = super::super::sockets::sockets(&Live, &query).unwrap().data;
    let row = table.into_iter().find(|row| row.id.inode == own.id.inode).unwrap();
    assert!(row.id.cookie.is_some());
    both_find(&row, &[std::process::id()]);
}

#[test]
fn a_storm_of_processes() {
    if !bpf_is_permitted() {
        return;
    }
    let kept: Vec<(TcpListener, Socket)> = (0..50).map(|_| listener()).collect();
    const PROCESSES: u32 = 3000;
    // Each of them holds the first socket for as long as it lives.
    let script = format!("n=0; while [ $n -lt {PROCESSES} ]; do (:); n=$((n+1)); done");
    let mut storm = shell(&script, &kept[0].0);
    let start = std::time::Instant::now();
    let sockets: Vec<Socket> = kept.iter().map(|(_, socket)| socket.clone()).collect();
    let own = |by| {
        let mut sockets = sockets.clone();
        let same = sockets.clone();
        attach_listing(&Live, &mut sockets, by, &mut || Ok(Answer::whole(same.clone()))).unwrap();
        // A child of another test holds them too between its fork and its exec.
        let own = |socket: &Socket| match &socket.ownership {
            Ownership::Held(owners) => {
                owners.iter().copied().find(|owner| owner.process.pid == std::process::id())
            }
            _ => None,
        };
        sockets.iter().map(own).collect::<Option<Vec<Owner>>>()
    };
    let mut rounds = 0;
    while storm.0.try_wait().unwrap().is_none() || rounds == 0 {
        let (bpf, proc) = (own(Owners::Bpf), own(Owners::Proc));
        assert!(bpf.is_some(), "BPF missed an owner");
        assert_eq!(bpf, proc);
        rounds += 1;
    }
    assert!(storm.0.wait().unwrap().success());
    let rate = f64::from(PROCESSES) / start.elapsed().as_secs_f64();
    println!("{rounds} rounds in a storm of {rate:.0} processes a second");
}

const OUTER: &str = "NETSTAT_TEST_OUTER_SOCKET";

/// The command that runs the test of this name again, after `unshare` with these words; `None` where that is not
/// permitted.
fn elsewhere(unshare: &[&str], test: &str) -> Option<Command> {
    let probe = Command::new("unshare").args(unshare).arg("true").stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: this machine does not permit unshare {}", unshare.join(" "));
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(unshare).arg(std::env::current_exe().unwrap()).args(["--exact", "--nocapture"]);
    command.arg(format!("os::linux::owners::both_ways_tests::{test}"));
    Some(command)
}

/// The socket of the test that runs this one, in the test that is run.
fn outer() -> Option<Socket> {
    Some(socket(std::env::var(OUTER).ok()?.parse().unwrap()))
}

fn run(mut command: Command, outer: &Socket) {
    let output = command.env(OUTER, outer.id.inode.unwrap().to_string()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("all as it should be"), "{said}");
}

#[test]
fn inside_a_pid_namespace() {
    if let Some(outer) = outer() {
        assert!(bpf_is_permitted());
        let (listener, socket) = listener();
        let child = shell("exec cat <&3", &listener);
        assert!(child.0.id() < 100);
        both_find(&socket, &[std::process::id(), child.0.id()]);
        let found = both(&socket, |ownership| pids(ownership).len() == 2);
        assert_eq!(found.principal().unwrap().parent, Some(0));
        // Held by a process that cannot be seen here.
        both(&outer, |ownership| *ownership == Ownership::Unowned(NoOwner::OtherNamespace));
        println!("all as it should be");
        return;
    }
    let words = ["-p", "-f", "--mount-proc"];
    let (Some(command), true) = (elsewhere(&words, "inside_a_pid_namespace"), bpf_is_permitted()) else {
        return;
    };
    run(command, &listener().1);
}

#[test]
fn inside_a_pid_namespace_with_the_proc_of_another() {
    if let Some(outer) = outer() {
        let mut sockets = vec![outer];
        let same = sockets.clone();
        let list = &mut || Ok(Answer::whole(same.clone()));
        let answer = attach_listing(&Live, &mut sockets, Owners::Auto, list).unwrap();
        // Which of the two reasons it is hangs on how much is going on on this machine.
        let reason = OwnerMethod::Proc(NoBpf::OtherNamespace);
        assert!([reason, OwnerMethod::Proc(NoBpf::FewFiles)].contains(&answer.data), "{:?}", answer.data);
        assert!(attach_listing(&Live, &mut sockets, Owners::Bpf, list).is_err());
        println!("all as it should be");
        return;
    }
    let test = "inside_a_pid_namespace_with_the_proc_of_another";
    let Some(command) = elsewhere(&["-p", "-f"], test) else { return };
    run(command, &listener().1);
}

#[test]
fn a_pid_namespace_from_outside() {
    if !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let stderr = Stdio::from(OwnedFd::from(listener.try_clone().unwrap()));
    let script = "echo $$; exec cat <&3";
    let mut command = Command::new("unshare");
    command.args(["-p", "-f", "--mount-proc", "sh", "-c", &format!("exec 3<&0; {script}")]);
    let mut child =
        Ended(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap());
    drop(command);
    drop(listener);
    let mut inner = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut inner).unwrap();
    if inner.is_empty() {
        println!("skipped: this machine does not permit unshare -p -f --mount-proc");
        return;
    }
    assert_eq!(inner, "1\n");
    // unshare itself, and its child, by the numbers they have here.
    let found = both(&socket, |ownership| pids(ownership).len() == 2 && pids(ownership)[0] == child.0.id());
    assert!(pids(&found)[1] > 1);
    drop(child.0.stdin.take());
}

#[test]
fn inside_a_time_namespace() {
    if let Some(outer) = outer() {
        assert!(bpf_is_permitted());
        let (_listener, socket) = listener();
        both_find(&socket, &[std::process::id()]);
        let found = both(&outer, |ownership| pids(ownership).len() == 1);
        println!("started at {}, all as it should be", found.principal().unwrap().process.start_time);
        return;
    }
    let words = ["-T", "-f", "--boottime", "1000000"];
    let (Some(command), true) = (elsewhere(&words, "inside_a_time_namespace"), bpf_is_permitted()) else {
        return;
    };
    let (_listener, socket) = listener();
    run(command, &socket);
}

#[test]
fn a_recording_of_bpf_answers_as_the_system_did() {
    use crate::linux::source::Recording;
    use crate::tape::{Player, Recorder};
    let folder: PathBuf = std::env::temp_dir().join(format!("netstat-bpf-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    if !bpf_is_permitted() {
        return;
    }
    let (listener, own) = listener();
    let attached = |source: &dyn Source| {
        let mut sockets = vec![own.clone(), socket(u64::MAX)];
        let same = sockets.clone();
        let list = &mut || Ok(Answer::whole(same.clone()));
        (attach_listing(source, &mut sockets, Owners::Bpf, list).unwrap(), sockets)
    };
    let recording = Recording::new(Live, std::sync::Arc::new(Recorder::create(&folder).unwrap()));
    let recorded = attached(&recording);
    recording.finish().unwrap();
    let descriptor = listener.as_raw_fd();
    drop(listener);
    let replayed = attached(&Player::open(&folder).unwrap());
    assert_eq!(replayed, recorded);
    let owner = replayed.1[0].ownership.principal().unwrap();
    assert_eq!(owner.process.pid, std::process::id());
    assert_eq!(owner.descriptor, u32::try_from(descriptor).ok());
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn the_socket_of_a_descriptor_is_the_one_that_is_asked_for() {
    if !bpf_is_permitted() {
        return;
    }
    // A UDP socket over IPv6 as well.
    let udp = std::net::UdpSocket::bind(("::1", 0)).or_else(|_| std::net::UdpSocket::bind(("127.0.0.1", 0)));
    let udp = udp.unwrap();
    both_find(&socket_of(udp.as_raw_fd()), &[std::process::id()]);
}
