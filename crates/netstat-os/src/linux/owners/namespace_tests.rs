//! Owners in other PID, time and network namespaces, and as an unprivileged user sees them: real sockets and processes. See
//! [`super::live_tests`] for why numbers of owners are waited for.

use super::live_tests::{
    agreed, agreed_pids, bpf_is_permitted, crowded, listener, owners, ownership, pids, python, quickly,
    shell, sorted, start, until,
};
use super::made::{attach_open, socket};
use super::*;
use crate::linux::live::Live;
use netstat_model::{NoBpf, Ownership, Socket};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id as own_pid};

/// The inode of a socket of the test that runs this one.
const OUTER: &str = "NETSTAT_TEST_OUTER_SOCKET";

/// What a test prints that another one ran, so that one that did not run at all is noticed.
const DONE: &str = "all as it should be";

/// The socket of the test that runs this one; `None` in the test that is to run it.
fn outer() -> Option<Socket> {
    Some(socket(std::env::var(OUTER).ok()?.parse().unwrap()))
}

/// The name by which this binary runs a test of this file.
fn path_of(test: &str) -> String {
    format!("{}::{test}", module_path!().split_once("::").unwrap().1)
}

/// Runs a test of this binary by `command`, with a socket for it to look for.
fn run(mut command: Command, outer: &Socket) {
    let inode = outer.id.inode.unwrap().to_string();
    let output = command.env(OUTER, inode).env_remove("RUST_BACKTRACE").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains(DONE), "{said}");
}

/// Returns the command that runs a test again after `unshare` with these options; `None` where that is not permitted.
fn elsewhere(unshare: &[&str], test: &str) -> Option<Command> {
    if !may_unshare(unshare) {
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(unshare).arg(std::env::current_exe().unwrap()).args(["--exact", "--nocapture"]);
    command.arg(path_of(test));
    Some(command)
}

fn may_unshare(options: &[&str]) -> bool {
    let probe = Command::new("unshare").args(options).arg("true").stderr(Stdio::null()).status();
    let may = probe.is_ok_and(|status| status.success());
    if !may {
        netstat_lab::skip(format_args!("this machine does not permit unshare {}", options.join(" ")));
    }
    may
}

#[test]
fn inside_a_pid_namespace() {
    if let Some(outer) = outer() {
        let (listener, socket) = listener();
        let child = shell("exec cat <&3", &listener);
        assert!(child.0.id() < 100);
        let found = agreed_pids(&socket, &[own_pid(), child.0.id()]);
        assert_eq!(found.principal().unwrap().parent, Some(0));
        // Its owner cannot be seen here.
        agreed(&outer, |ownership| *ownership == Ownership::Unowned(NoOwner::OtherNamespace));
        println!("{DONE}");
        return;
    }
    let options = ["-p", "-f", "--mount-proc"];
    if let Some(command) = elsewhere(&options, "inside_a_pid_namespace") {
        run(command, &listener().1);
    }
}

#[test]
fn inside_a_pid_namespace_with_the_proc_of_another() {
    if let Some(outer) = outer() {
        let mut sockets = [outer];
        let answer = attach_open(&Live, &mut sockets, Owners::Auto).unwrap();
        // Which of the two it is depends on how many files are open on this machine.
        let reasons = [NoBpf::OtherNamespace, NoBpf::FewFiles].map(OwnerMethod::Proc);
        assert!(reasons.contains(&answer.data), "{:?}", answer.data);
        assert!(attach_open(&Live, &mut sockets, Owners::Bpf).is_err());
        println!("{DONE}");
        return;
    }
    let test = "inside_a_pid_namespace_with_the_proc_of_another";
    if let Some(command) = elsewhere(&["-p", "-f"], test) {
        run(command, &listener().1);
    }
}

#[test]
fn a_pid_namespace_from_outside() {
    if !may_unshare(&["-p", "-f", "--mount-proc"]) {
        return;
    }
    let (listener, socket) = listener();
    let mut command = Command::new("unshare");
    // The inner shell ends where it is not process 1.
    command.args(["-p", "-f", "--mount-proc", "sh", "-c", "test $$ = 1 && exec cat"]);
    let child = start(command, &listener);
    drop(listener);
    // unshare itself, and its child, by the process IDs they have here.
    let found = agreed(&socket, |found| pids(found).len() == 2 && pids(found)[0] == child.0.id());
    assert!(pids(&found)[1] > 1);
}

#[test]
fn inside_a_time_namespace() {
    if let Some(outer) = outer() {
        let (_listener, socket) = listener();
        agreed_pids(&socket, &[own_pid()]);
        agreed(&outer, |ownership| pids(ownership).len() == 1);
        println!("{DONE}");
        return;
    }
    let (_listener, socket) = listener();
    if let Some(command) = elsewhere(&["-T", "-f", "--boottime", "1000000"], "inside_a_time_namespace") {
        run(command, &socket);
    }
}

fn network(pid: u32) -> Option<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/ns/net")).ok()
}

#[test]
fn a_quick_look_finds_all_owners_or_none() {
    if !may_unshare(&["-n"]) || !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let child = shell("exec 4<&-; exec unshare -n cat <&3", &listener);
    let (own, other) = (own_pid(), child.0.id());
    until(|| network(other), |name| *name != network(own));
    until(
        || quickly(&socket),
        |(quick, found)| *quick == sorted([own, other]) && pids(found) == [own, other],
    );
    // Held only in the other network namespace, the socket is skipped by the quick look, and found by the full one.
    drop(listener);
    until(|| quickly(&socket), |(quick, found)| quick.is_empty() && pids(found) == [other]);
}

#[test]
fn a_quick_look_finds_all_processes_that_share_a_descriptor_table() {
    if !may_unshare(&["-n"]) || !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    // One descriptor table holds the socket; of the two processes that share the table, one is in another network namespace.
    let program = "libc.syscall.restype=ctypes.c_long\n\
                   if libc.syscall({'x86_64':56,'aarch64':220}[os.uname().machine],0x400|17,0,0,0,0)==0:\n \
                     sys.stdin.read()\n \
                     os._exit(0)\n\
                   assert libc.unshare(0x40000000)==0\n\
                   sys.stdin.read()\n\
                   os.wait()";
    let Some(parent) = python(program, &listener) else { return };
    drop(listener);
    let parent = parent.0.id();
    // A python3 that is a script has children of its own before it becomes the program, in the same network namespace.
    let apart = |found: &Ownership| {
        let child = owners(found).iter().find(|owner| owner.parent == Some(parent))?.process.pid;
        let are_apart = pids(found)[0] == parent && network(parent)? != network(child)?;
        are_apart.then_some([parent, child])
    };
    let both = until(|| apart(&ownership(&socket, Owners::Proc)), Option::is_some).unwrap();
    until(|| quickly(&socket), |(quick, found)| *quick == sorted(both) && pids(found) == both);
}

#[test]
fn a_process_of_another_network_namespace_with_many_descriptors() {
    if !may_unshare(&["-n"]) || !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let Some(child) = crowded("assert libc.unshare(0x40000000)==0\n", &listener) else { return };
    let both_hold = [own_pid(), child.0.id()];
    agreed(&socket, |found| pids(found) == both_hold && owners(found)[1].descriptor == Some(5000));
    until(|| quickly(&socket), |(quick, found)| *quick == sorted(both_hold) && pids(found) == both_hold);
    drop(listener);
    agreed_pids(&socket, &[child.0.id()]);
    until(|| quickly(&socket), |(quick, _)| quick.is_empty());
}

/// Copies this test binary to where another user may run it, and has `command` run the test there as that user. `cp` does
/// it, because a file that this process writes may be inherited, still open, by a child of another test and be busy.
fn run_copy(name: &str, command: impl FnOnce(&Path) -> Command) {
    let program = std::env::temp_dir().join(format!("netstat-owners-{name}-{}", own_pid()));
    let own = std::env::current_exe().unwrap();
    assert!(Command::new("cp").arg(own).arg(&program).status().unwrap().success());
    let mut command = command(&program);
    command.current_dir("/");
    let (_listener, roots) = listener();
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(command, &roots)));
    std::fs::remove_file(&program).unwrap();
    ran.unwrap();
}

/// What an unprivileged user finds; `None` in the test that is to run it.
fn as_user() -> Option<Vec<Warning>> {
    let (_listener, own) = listener();
    let mut sockets = [own, outer()?];
    let warnings = attach_open(&Live, &mut sockets, Owners::Proc).unwrap().warnings;
    assert_eq!(sockets[0].ownership.principal().unwrap().process.pid, own_pid());
    assert_eq!(sockets[1].ownership, Ownership::Unowned(NoOwner::NotPermitted));
    // Where no owner is missing, another process may hold the socket as well.
    let warnings_of_own = attach_open(&Live, &mut sockets[..1], Owners::Proc).unwrap().warnings;
    assert!(matches!(&warnings_of_own[..], [warning] if warning.hides_owners()), "{warnings_of_own:?}");
    println!("{DONE}");
    Some(warnings)
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        netstat_lab::skip("not root");
    }
    is_root
}

#[test]
fn an_unprivileged_user_finds_own_sockets() {
    if let Some(warnings) = as_user() {
        assert!(
            matches!(&warnings[..], [Warning::OwnersNotPermitted { processes: 1.., .. }]),
            "{warnings:?}"
        );
        return;
    }
    if !is_root() {
        return;
    }
    run_copy("user", |program| {
        let mut command = Command::new(program);
        command.args(["--exact", "--nocapture", &path_of("an_unprivileged_user_finds_own_sockets")]);
        command.uid(65534).gid(65534);
        command
    });
}

#[test]
fn hidden_processes_may_be_owners() {
    if let Some(warnings) = as_user() {
        assert!(matches!(&warnings[..], [Warning::SourceUnavailable { .. }]), "{warnings:?}");
        return;
    }
    if !is_root() {
        return;
    }
    // In a mount namespace of its own, so that no other process sees it.
    const MOUNT: &str = "mount -t proc -o hidepid=invisible proc /proc";
    let hidden = |then: &str| {
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", &format!("{MOUNT} && {then}")]);
        command
    };
    if !hidden("command -v setpriv").output().is_ok_and(|output| output.status.success()) {
        netstat_lab::skip("this machine does not let /proc be mounted with hidepid, or has no setpriv");
        return;
    }
    let as_nobody = "exec setpriv --reuid 65534 --regid 65534 --clear-groups";
    run_copy("hidden", |program| {
        let mut command = hidden(&format!("{as_nobody} \"$0\" --exact --nocapture \"$1\""));
        command.arg(program).arg(path_of("hidden_processes_may_be_owners"));
        command
    });
}
