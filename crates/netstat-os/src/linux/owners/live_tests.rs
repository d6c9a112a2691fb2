//! Real sockets and real processes, whose owners are found in `/proc` and, where that is permitted, by BPF: both must agree.
//!
//! Children get the socket as their standard error, so that no other child of this test binary inherits it by chance, and
//! wait for the end of their standard input, so that they end with the test. Between its fork and its exec a child of any
//! test holds the sockets of all, so numbers of holders are waited for.

use super::descriptors::{HeadStart, is_worth_it};
use super::made::{attach_found, attach_open, id, socket};
use super::*;
use crate::linux::bpf::{Failure, Rings};
use crate::linux::descriptor_links::decode_socket_link;
use crate::linux::live::Live;
use crate::linux::source::Recording;
use crate::linux::stat::decode_stat;
use crate::tape::{Player, Recorder};
use netstat_model::query::{Fields, Kinds};
use netstat_model::{NoBpf, Owner, Ownership, Socket};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags,
};
use std::fmt::Debug;
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::parent_id;
use std::process::{Child, Command, Stdio, id as own_pid};
use std::time::{Duration, Instant};

pub(super) fn listener() -> (TcpListener, Socket) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let socket = socket_of(listener.as_raw_fd());
    (listener, socket)
}

fn socket_of(descriptor: i32) -> Socket {
    let link = std::fs::read_link(format!("/proc/self/fd/{descriptor}")).unwrap();
    socket(decode_socket_link(link.as_os_str().as_encoded_bytes()).unwrap())
}

/// Asks until the answer is right. The limit only ends a test that has failed.
pub(super) fn until<T: Debug>(mut ask: impl FnMut() -> T, right: impl Fn(&T) -> bool) -> T {
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

/// A child that ends with the test, even one that fails.
pub(super) struct Ended(pub(super) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a program with this as its standard error.
pub(super) fn start(mut command: Command, stderr: &impl AsFd) -> Ended {
    let stderr: OwnedFd = stderr.as_fd().try_clone_to_owned().unwrap();
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::from(stderr));
    Ended(command.spawn().unwrap())
}

/// A shell whose descriptors 2 and 4 are the socket and whose standard input and descriptor 3 end with the test.
pub(super) fn shell(script: &str, listener: &TcpListener) -> Ended {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("exec 3<&0 4<&2; {script}")]);
    start(command, listener)
}

/// A Python program that is given `libc` and the socket as descriptor 2; `None` where there is no Python.
pub(super) fn python(program: &str, stderr: &impl AsFd) -> Option<Ended> {
    let imports = "import ctypes,os,socket,sys,threading\n";
    let test = format!("{imports}socket.recv_fds");
    let found = Command::new("python3").args(["-c", &test]).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        netstat_lab::skip("there is no python3 with ctypes and socket.recv_fds");
        return None;
    }
    let mut command = Command::new("python3");
    command.args(["-c", &format!("{imports}libc=ctypes.CDLL(None)\n{program}")]);
    Some(start(command, stderr))
}

/// Returns why BPF cannot be used here.
fn why_no_bpf() -> Option<NoBpf> {
    let may = is_worth_it(&Live, Owners::Bpf);
    match may.and_then(|()| Live.owners_program().map(drop).map_err(Failure::reason)) {
        Ok(()) => None,
        Err(
            reason @ (NoBpf::NotPermitted
            | NoBpf::NoPerfmon
            | NoBpf::LockedDown
            | NoBpf::JitOff
            | NoBpf::KernelTooOld),
        ) => Some(reason),
        Err(other) => panic!("{other}"),
    }
}

/// For tests of BPF alone.
pub(super) fn bpf_is_permitted() -> bool {
    let refusal = why_no_bpf();
    if let Some(reason) = refusal {
        netstat_lab::skip(format_args!("BPF: {reason}"));
    }
    refusal.is_none()
}

pub(super) fn ownership(socket: &Socket, by: Owners) -> Ownership {
    let mut sockets = [socket.clone()];
    attach_open(&Live, &mut sockets, by).unwrap();
    let [socket] = sockets;
    socket.ownership
}

/// The processes that a quick look finds, sorted, and the owners by a search that begins with it.
pub(super) fn quickly(socket: &Socket) -> (Vec<u32>, Ownership) {
    let found = std::thread::scope(|scope| HeadStart::begin(scope, &Live, Owners::Bpf).finish());
    let mut owners = Vec::new();
    found.holders.owners(id(socket), &mut owners);
    let mut sockets = [socket.clone()];
    let same = sockets.to_vec();
    attach_found(&Live, &mut sockets, Owners::Bpf, found, &mut || Ok(Answer::whole(same.clone()))).unwrap();
    let [socket] = sockets;
    (sorted(owners.iter().map(|owner| owner.process.pid)), socket.ownership)
}

pub(super) fn sorted(pids: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let mut pids: Vec<u32> = pids.into_iter().collect();
    pids.sort_unstable();
    pids
}

pub(super) fn owners(ownership: &Ownership) -> &[Owner] {
    if let Ownership::Held(owners) = ownership { owners } else { &[] }
}

pub(super) fn pids(ownership: &Ownership) -> Vec<u32> {
    owners(ownership).iter().map(|owner| owner.process.pid).collect()
}

/// Asks `/proc` and BPF until they agree and the answer is right. A search that begins with a quick look agrees with them,
/// and the quick look finds all owners or none. Without BPF, `/proc` alone is asked.
pub(super) fn agreed(socket: &Socket, right: impl Fn(&Ownership) -> bool) -> Ownership {
    let has_bpf = why_no_bpf().is_none();
    let ask = || {
        let by_bpf = has_bpf.then(|| (ownership(socket, Owners::Bpf), quickly(socket)));
        (ownership(socket, Owners::Proc), by_bpf)
    };
    let agree = |proc: &Ownership, (full, (quick, searched)): &(Ownership, (Vec<u32>, Ownership))| {
        full == proc && searched == proc && (quick.is_empty() || *quick == sorted(pids(proc)))
    };
    until(ask, |(proc, by_bpf)| by_bpf.as_ref().is_none_or(|found| agree(proc, found)) && right(proc)).0
}

pub(super) fn agreed_pids(socket: &Socket, expected: &[u32]) -> Ownership {
    agreed(socket, |ownership| pids(ownership) == expected)
}

#[test]
fn a_listener_is_owned_by_this_process_with_its_lower_descriptor() {
    let (listener, socket) = listener();
    let other = listener.try_clone().unwrap();
    let owner = agreed_pids(&socket, &[own_pid()]).principal().unwrap();
    assert_eq!(owner.parent, Some(parent_id()));
    assert_eq!(owner.descriptor, u32::try_from(listener.as_raw_fd().min(other.as_raw_fd())).ok());
    let line = std::fs::read("/proc/self/stat").unwrap();
    assert_eq!(owner.process.start_time, decode_stat(&line).unwrap().start_time);
    // A UDP socket over IPv6 as well.
    let udp = UdpSocket::bind(("::1", 0)).or_else(|_| UdpSocket::bind(("127.0.0.1", 0))).unwrap();
    agreed_pids(&socket_of(udp.as_raw_fd()), &[own_pid()]);
}

#[test]
fn the_first_of_related_owners_is_their_ancestor() {
    let (listener, socket) = listener();
    let mut child = shell("cat <&3 & cat <&3 & wait", &listener);
    let first = [own_pid(), child.0.id()];
    agreed(&socket, |found| pids(found).len() == 4 && pids(found)[..2] == first);
    // Without the first owner the shell is the ancestor of the rest.
    drop(listener);
    agreed(&socket, |found| pids(found).len() == 3 && pids(found)[0] == first[1]);
    drop(child.0.stdin.take());
    until(|| pids(&ownership(&socket, Owners::Proc)), Vec::is_empty);
}

#[test]
fn a_process_between_two_owners_need_not_be_one() {
    let (listener, socket) = listener();
    let child = shell("cat <&3 & exec 2>/dev/null 4<&-; wait", &listener);
    agreed(&socket, |found| {
        let pids = pids(found);
        pids.len() == 2 && !pids.contains(&child.0.id()) && pids[0] == own_pid()
    });
}

#[test]
fn no_owner_is_missed_while_processes_come_and_go() {
    const PROCESSES: u32 = 3000;
    let kept: Vec<(TcpListener, Socket)> = (0..50).map(|_| listener()).collect();
    // Each of them holds the first socket for as long as it lives.
    let script = format!("n=0; while [ $n -lt {PROCESSES} ]; do (:); n=$((n+1)); done");
    let mut storm = shell(&script, &kept[0].0);
    let find = |by| {
        let mut sockets: Vec<Socket> = kept.iter().map(|(_, socket)| socket.clone()).collect();
        let warnings = attach_open(&Live, &mut sockets, by).unwrap().warnings;
        // Even root may be refused a process.
        assert!(warnings.iter().all(Warning::hides_owners), "{warnings:?}");
        assert_eq!(sockets[1].ownership.principal().unwrap().process.pid, own_pid());
        // Between its fork and its exec, a child of another test owns them too.
        let own = |owner: &&Owner| owner.process.pid == own_pid();
        let owner = |socket: &Socket| owners(&socket.ownership).iter().find(own).copied();
        sockets.iter().map(owner).collect::<Option<Vec<Owner>>>()
    };
    let has_bpf = why_no_bpf().is_none();
    let mut rounds = 0;
    while storm.0.try_wait().unwrap().is_none() || rounds == 0 {
        let found = find(Owners::Proc);
        assert!(found.is_some(), "an owner was missed");
        assert!(!has_bpf || find(Owners::Bpf) == found);
        rounds += 1;
    }
    assert!(storm.0.wait().unwrap().success());
}

#[test]
fn a_socket_that_an_io_uring_alone_holds_belongs_to_its_process() {
    let (listener, socket) = listener();
    // io_uring_setup, and io_uring_register with IORING_REGISTER_FILES.
    let program = "ring=libc.syscall(425,8,ctypes.create_string_buffer(120))\n\
        if ring<0 or libc.syscall(427,ring,2,ctypes.byref(ctypes.c_int(2)),1): sys.exit(9)\n\
        os.close(2); sys.stdin.read()";
    let Some(mut ring) = python(program, &listener) else { return };
    drop(listener);
    // The descriptor is closed once the ring has the socket.
    let by_descriptor = |found: &Ownership| found.owners().iter().any(|owner| owner.descriptor.is_some());
    let by_proc = until(|| ownership(&socket, Owners::Proc), |found| !by_descriptor(found));
    if ring.0.try_wait().unwrap().is_some() {
        return netstat_lab::skip("this kernel gives no io_uring");
    }
    let Ownership::Held(owners) = &by_proc else {
        return netstat_lab::skip("this kernel does not tell which files an io_uring holds");
    };
    assert_eq!(owners.iter().map(|owner| owner.process.pid).collect::<Vec<_>>(), [ring.0.id()]);
    if bpf_is_permitted() {
        assert_eq!(ownership(&socket, Owners::Bpf), by_proc);
        let program = Live.owners_program().unwrap();
        for walk in [Walk::Full, Walk::Everything] {
            let mut rings = Rings::default();
            program.walk(walk, &mut |piece| rings.note(piece)).unwrap();
            assert!(rings.processes().unwrap().contains(&ring.0.id()), "{walk:?}");
        }
    }
}

#[test]
fn a_socket_without_an_owner_has_a_reason() {
    let mut sockets = [socket(u64::MAX)];
    let warnings = attach_open(&Live, &mut sockets, Owners::Proc).unwrap().warnings;
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
    for by in [Owners::Proc, Owners::Bpf] {
        if by == Owners::Bpf && why_no_bpf().is_some() {
            continue;
        }
        let folder = std::env::temp_dir().join(format!("netstat-owners-{by:?}-{}", own_pid()));
        let _ = std::fs::remove_dir_all(&folder);
        let (listener, own) = listener();
        let attached = |source: &dyn Source| {
            let mut sockets = [own.clone(), socket(u64::MAX)];
            (attach_open(source, &mut sockets, by).unwrap(), sockets)
        };
        let recording = Recording::new(Live, std::sync::Arc::new(Recorder::create(&folder).unwrap()));
        let recorded = attached(&recording);
        recording.finish().unwrap();
        let descriptor = listener.as_raw_fd();
        drop(listener);
        let replayed = attached(&Player::open(&folder).unwrap());
        assert_eq!(replayed, recorded);
        let owner = replayed.1[0].ownership.principal().unwrap();
        assert_eq!(owner.process.pid, own_pid());
        assert_eq!(owner.descriptor, u32::try_from(descriptor).ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}

#[test]
fn threads_may_have_descriptors_of_their_own() {
    let shared = "for _ in range(20): threading.Thread(target=threading.Event().wait, daemon=True).start()\n\
                  sys.stdin.read()";
    // The thread takes a copy of the table; then the rest of the process closes the socket.
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
    // The main thread ends.
    let ended = "threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0))).start()\n\
                 libc.pthread_exit(None)";
    for program in [shared, own, ended] {
        let (listener, socket) = listener();
        let Some(child) = python(program, &listener) else { return };
        drop(listener);
        let pid = child.0.id();
        let stat = || decode_stat(&std::fs::read(format!("/proc/{pid}/stat")).unwrap()).unwrap();
        if program == shared {
            until(|| stat().threads, |threads| *threads > 20);
        } else {
            until(|| std::fs::read_link(format!("/proc/{pid}/fd/2")).ok(), Option::is_none);
        }
        let found = agreed_pids(&socket, &[pid]);
        assert_eq!(found.principal().unwrap().descriptor, Some(2));
        assert!(program == shared || stat().threads > 1);
        assert_eq!(stat().is_zombie(), program == ended);
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
fn a_descriptor_in_flight_has_no_owner_until_it_arrives() {
    let (listener, socket) = listener();
    let (here, there) = UnixStream::pair().unwrap();
    pass(&here, &listener);
    drop(listener);
    // Even root may be refused a process, and then the owner may be that one.
    agreed(&socket, |ownership| {
        let Ownership::Unowned(reason) = ownership else { return false };
        matches!(reason, NoOwner::Kernel | NoOwner::OtherNamespace | NoOwner::NotPermitted)
    });
    let arrived = take(&there);
    let found = agreed_pids(&socket, &[own_pid()]);
    assert_eq!(found.principal().unwrap().descriptor, u32::try_from(arrived.as_raw_fd()).ok());

    // And to another process, through its standard error.
    let program = "got=socket.recv_fds(socket.socket(fileno=2),1,1)\nsys.stdin.read()";
    let Some(child) = python(program, &there) else { return };
    drop(there);
    pass(&here, &arrived);
    agreed(&socket, |ownership| pids(ownership).len() == 2);
    drop(arrived);
    agreed_pids(&socket, &[child.0.id()]);
}

#[test]
fn an_owner_may_have_a_deleted_executable() {
    let program = std::env::temp_dir().join(format!("netstat-deleted-{}", own_pid()));
    let copy = Command::new("sh").args(["-c", "cp \"$(command -v cat)\" \"$0\""]).arg(&program).status();
    assert!(copy.unwrap().success());
    let (listener, socket) = listener();
    let child = start(Command::new(&program), &listener);
    std::fs::remove_file(&program).unwrap();
    drop(listener);
    let link = std::fs::read_link(format!("/proc/{}/exe", child.0.id())).unwrap();
    assert!(link.to_string_lossy().ends_with(" (deleted)"), "{link:?}");
    agreed_pids(&socket, &[child.0.id()]);
}

#[test]
fn the_cookie_of_the_table_is_that_of_the_descriptor() {
    let (_listener, own) = listener();
    let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(Kinds::TCP_V4, States::LISTEN) };
    let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
    let table = crate::linux::sockets::list(&Live, &listing, &mut |_| Visit::Keep).unwrap().data;
    let row = table.iter().find(|row| row.id.inode == own.id.inode).unwrap().to_socket();
    assert!(row.id.cookie.is_some());
    agreed_pids(&row, &[own_pid()]);
}

/// A process that holds the socket only as descriptor 5000, behind thousands of its own sockets.
pub(super) fn crowded(before: &str, listener: &TcpListener) -> Option<Ended> {
    let program = format!(
        "import resource\n\
         {before}\
         resource.setrlimit(resource.RLIMIT_NOFILE,(6000,max(6000,resource.getrlimit(resource.RLIMIT_NOFILE)[1])))\n\
         own=[socket.socket(socket.AF_INET,socket.SOCK_DGRAM) for _ in range(2500)]\n\
         os.dup2(2,5000)\n\
         os.close(2)\n\
         sys.stdin.read()"
    );
    python(&program, listener)
}

#[test]
fn a_process_with_more_sockets_than_fit_the_buffer_of_the_kernel() {
    let (listener, socket) = listener();
    let Some(child) = crowded("", &listener) else { return };
    let both_hold = [own_pid(), child.0.id()];
    let last = |found: &Ownership| owners(found).last().and_then(|owner| owner.descriptor);
    agreed(&socket, |found| pids(found) == both_hold && last(found) == Some(5000));
    if bpf_is_permitted() {
        until(|| quickly(&socket), |(quick, found)| *quick == sorted(both_hold) && pids(found) == both_hold);
    }
    drop(listener);
    agreed(&socket, |found| pids(found) == [child.0.id()] && last(found) == Some(5000));
}

#[test]
fn bpf_does_not_take_a_path_for_a_socket() {
    if !bpf_is_permitted() {
        return;
    }
    // A descriptor opened with O_PATH has the inode of the socket, but is not the socket. `/proc` cannot tell them apart.
    let (listener, socket) = listener();
    let program = "assert os.open('/proc/self/fd/2',os.O_PATH)>2\nos.close(2)\nsys.stdin.read()";
    let Some(child) = python(program, &listener) else { return };
    until(|| pids(&ownership(&socket, Owners::Proc)), |pids| pids.len() == 2);
    until(|| std::fs::read_link(format!("/proc/{}/fd/2", child.0.id())).ok(), Option::is_none);
    let own = [own_pid()];
    until(|| quickly(&socket), |(quick, found)| *quick == own && pids(found) == own);
    until(|| pids(&ownership(&socket, Owners::Bpf)), |pids| *pids == own);
}
