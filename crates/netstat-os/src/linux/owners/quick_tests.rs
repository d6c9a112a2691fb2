//! A quick look finds all holders of a socket or none: real sockets, real processes, in several network namespaces. See
//! [`super::live_tests`] for why numbers of holders are waited for.

use super::both_ways_tests::{both, both_find, bpf_is_permitted, ownership, pids, quickly};
use super::live_tests::{Ended, listener, python, shell, until};
use super::*;
use std::process::{Command, Stdio};

/// Says so where there can be no other network namespace, or no BPF.
fn is_permitted() -> bool {
    let probe = Command::new("unshare").args(["-n", "true"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: this machine does not permit unshare -n");
        return false;
    }
    bpf_is_permitted()
}

#[test]
fn a_quick_look_tells_all_or_nothing() {
    if !is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let child = shell("exec 4<&-; exec unshare -n cat <&3", &listener);
    let (own, other) = (std::process::id(), child.0.id());
    let network = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).unwrap();
    until(|| network(other), |name| *name != network(own));
    let mut all = vec![own, other];
    all.sort_unstable();
    until(|| quickly(&socket), |(quick, found)| *quick == all && pids(found) == [own, other]);
    // Held in the other network namespace alone, it is passed over, and looked for with time.
    drop(listener);
    until(|| quickly(&socket), |(quick, found)| quick.is_empty() && pids(found) == [other]);
}

#[test]
fn a_quick_look_tells_of_all_who_share_a_table_of_descriptors() {
    if !is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    // The socket is in one table and nowhere else; of the two processes that have it, one is in another network
    // namespace.
    let program = "libc.syscall.restype=ctypes.c_long\n\
                   if libc.syscall({'x86_64':56,'aarch64':220}[os.uname().machine],0x400|17,0,0,0,0)==0:\n \
                     sys.stdin.read()\n \
                     os._exit(0)\n\
                   assert libc.unshare(0x40000000)==0\n\
                   sys.stdin.read()\n\
                   os.wait()";
    let Some(parent) = python(program, &listener) else { return };
    drop(listener);
    let child = |found: &Ownership| match found {
        Ownership::Held(owners) if pids(found)[0] == parent.0.id() => {
            owners.iter().find(|owner| owner.parent == Some(parent.0.id())).map(|owner| owner.process.pid)
        }
        _ => None,
    };
    let network = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/net")).ok();
    // A python that is a script has children of its own before it is the program, in the same network namespace.
    let apart = |found: &Ownership| {
        let both = [parent.0.id(), child(found)?];
        (network(both[0])? != network(both[1])?).then_some(both)
    };
    let both = until(|| apart(&ownership(&socket, Owners::Proc)), Option::is_some).unwrap();
    let mut all = both;
    all.sort_unstable();
    until(|| quickly(&socket), |(quick, found)| *quick == all && pids(found) == both);
}

/// A process that holds the socket as descriptor 5000 alone, behind thousands of its own, after the first lines.
fn crowded(before: &str, listener: &std::net::TcpListener) -> Option<Ended> {
    let program = format!(
        "import resource,socket\n\
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
fn a_process_with_more_sockets_than_fit_the_kernels_buffer() {
    if !bpf_is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let Some(child) = crowded("", &listener) else { return };
    let both_hold = [std::process::id(), child.0.id()];
    let last = |found: &Ownership| match found {
        Ownership::Held(owners) => owners.last().and_then(|owner| owner.descriptor),
        _ => None,
    };
    both(&socket, |found| pids(found) == both_hold && last(found) == Some(5000));
    let mut all = both_hold;
    all.sort_unstable();
    until(|| quickly(&socket), |(quick, found)| *quick == all && pids(found) == both_hold);
    drop(listener);
    both(&socket, |found| pids(found) == [child.0.id()] && last(found) == Some(5000));
}

#[test]
fn a_process_of_another_namespace_with_many_descriptors() {
    if !is_permitted() {
        return;
    }
    let (listener, socket) = listener();
    let Some(child) = crowded("assert libc.unshare(0x40000000)==0\n", &listener) else { return };
    let both_hold = [std::process::id(), child.0.id()];
    both(&socket, |found| match found {
        Ownership::Held(owners) => pids(found) == both_hold && owners[1].descriptor == Some(5000),
        _ => false,
    });
    let mut all = both_hold;
    all.sort_unstable();
    until(|| quickly(&socket), |(quick, found)| *quick == all && pids(found) == both_hold);
    drop(listener);
    both_find(&socket, &[child.0.id()]);
    until(|| quickly(&socket), |(quick, _)| quick.is_empty());
}

#[test]
fn what_only_looks_like_a_socket_is_not_told() {
    if !bpf_is_permitted() {
        return;
    }
    // A descriptor that was opened for its path alone leads to the inode of the socket, and is not the socket. `/proc`
    // does not tell the two apart.
    let (listener, socket) = listener();
    let program = "assert os.open('/proc/self/fd/2',os.O_PATH)>2\nos.close(2)\nsys.stdin.read()";
    let Some(child) = python(program, &listener) else { return };
    until(|| pids(&ownership(&socket, Owners::Proc)), |pids| pids.len() == 2);
    until(|| std::fs::read_link(format!("/proc/{}/fd/2", child.0.id())).ok(), Option::is_none);
    let own = [std::process::id()];
    until(|| quickly(&socket), |(quick, found)| *quick == own && pids(found) == own);
    until(|| pids(&ownership(&socket, Owners::Bpf)), |pids| *pids == own);
}
