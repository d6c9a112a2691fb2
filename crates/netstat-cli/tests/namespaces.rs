//! Other network namespaces: one by its name, process or file, and all of them in one table.
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
use std::collections::BTreeMap;
use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::Command;
use support::{Folder, as_other_user, command, finish, netstat, program_for_all};

/// A namespace that only a descriptor of this process holds, apart from the sockets in it.
struct Other {
    file: File,
    inode: u64,
    _sockets: (TcpListener, UdpSocket),
}

impl Other {
    /// Makes a namespace with a listener and a UDP socket on this port. The calling thread comes back.
    fn new(port: u16) -> Self {
        let inner = Namespace::enter().unwrap();
        let sockets = (TcpListener::bind(("0.0.0.0", port)).unwrap(), UdpSocket::bind(("::", port)).unwrap());
        let file = File::open("/proc/thread-self/ns/net").unwrap();
        Self { file, inode: inner.inode(), _sockets: sockets }
    }

    fn path(&self) -> String {
        format!("/proc/{}/fd/{}", std::process::id(), self.file.as_raw_fd())
    }
}

/// A name of `ip netns` for a namespace.
struct Named(String);

impl Named {
    fn new(name: &str, of: &Other) -> Option<Self> {
        let name = format!("netstat-{}-{name}", std::process::id());
        let path = format!("/run/netns/{name}");
        let run = |program: &str, args: &[&str]| {
            Command::new(program).args(args).status().is_ok_and(|status| status.success())
        };
        if !run("ip", &["netns", "add", &name]) {
            netstat_lab::skip(format_args!("ip netns add is refused"));
            return None;
        }
        let named = Self(name);
        // Its own namespace gives way to the other.
        assert!(run("umount", &[&path]) && run("mount", &["--bind", &of.path(), &path]));
        Some(named)
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["netns", "delete", &self.0]).status();
    }
}

/// The rows of a table whose last word is in these namespaces, without that word.
fn rows_of(text: &str, inode: u64) -> Vec<String> {
    let inode = inode.to_string();
    let rows = text.lines().filter_map(|line| line.trim_end().strip_suffix(&inode));
    rows.map(|row| row.split_ascii_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn one_table_has_the_sockets_of_all_namespaces() {
    on_own_thread(|own| {
        let here = own.listener(netstat_lab::Place::AnyV4, 7400).unwrap();
        let others = [Other::new(7400), Other::new(7401)];
        let pid = std::process::id();
        let text = netstat("-ano --netns all");
        assert!(text.contains("State           PID    NETNS\n"), "{text}");
        for (other, port) in others.iter().zip([7400, 7401]) {
            assert_eq!(
                rows_of(&text, other.inode),
                [
                    format!("TCP 0.0.0.0:{port} 0.0.0.0:0 LISTENING {pid}"),
                    format!("UDP 0.0.0.0:{port} *:* {pid}"),
                    format!("UDP [::]:{port} *:* {pid}"),
                ]
            );
        }
        assert_eq!(rows_of(&text, own.inode()), [format!("TCP 0.0.0.0:7400 0.0.0.0:0 LISTENING {pid}")]);
        // By BPF as well, where that is permitted.
        let run = finish(command("-ano --netns all --owners bpf"));
        if run.code == Some(0) {
            assert_eq!(rows_of(&run.text, others[0].inode).len(), 3, "{}", run.text);
            assert!(rows_of(&run.text, others[0].inode)[0].ends_with(&pid.to_string()), "{}", run.text);
        }
        let columns = netstat(&format!("--netns all --columns netns_inode,pid netns {}", others[1].inode));
        assert_eq!(columns.lines().skip(1).count(), 3, "{columns}");
        drop(here);
    });
}

#[test]
fn a_namespace_is_found_by_its_name_and_its_file() {
    on_own_thread(|_| {
        let other = Other::new(7410);
        let path = other.path();
        let expected = netstat(&format!("-an --netns {path}"));
        assert_eq!(expected.matches(":7410").count(), 3, "{expected}");
        let Some(named) = Named::new("one", &other) else { return };
        assert_eq!(netstat(&format!("-an --netns {}", named.0)), expected);
        let all = netstat(&format!("-an --netns all netns {}", named.0));
        assert_eq!(all.matches(&named.0).count(), 3, "{all}");
        // The column says the name too where one namespace is shown.
        let named_by = netstat(&format!("-a --netns {0} --columns netns,local", named.0));
        assert_eq!(named_by.matches(&named.0).count(), 3, "{named_by}");
        // Other reports as well.
        let routes = netstat(&format!("-r --netns {}", named.0));
        assert!(routes.contains("lo") && !routes.contains("eth"), "{routes}");
        assert!(netstat(&format!("-e --netns {}", named.0)).contains("Bytes"));
        let check = finish(command(&format!("check shadowed --netns {}", named.0)));
        assert!(check.text.contains("1 check of 2 sockets"), "{}{}", check.text, check.complaint);
    });
}

#[test]
fn a_hundred_namespaces_are_each_visited_once() {
    on_own_thread(|_| {
        let others: Vec<Other> = (0..100).map(|_| Other::new(7420)).collect();
        let text = netstat("--netns all --columns netns_inode,proto,local lport 7420 proto tcp");
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        for line in text.lines().skip(1) {
            *counts.entry(line.split_ascii_whitespace().next().unwrap().parse().unwrap()).or_default() += 1;
        }
        let expected: BTreeMap<u64, usize> = others.iter().map(|other| (other.inode, 1)).collect();
        assert_eq!(counts, expected);
    });
}

/// Listeners and connections in many states, in the namespace of the calling thread.
fn in_many_states() -> impl Sized {
    let listener = TcpListener::bind("127.0.0.1:7470").unwrap();
    let connect = || {
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (client, listener.accept().unwrap().0)
    };
    let (whole, waiting, orphan) = (connect(), connect(), connect());
    // Both ends are gone of one, and one end of another.
    drop(waiting.0);
    drop(waiting.1);
    drop(orphan.0);
    let both = TcpListener::bind("[::]:7471").unwrap();
    let v6 = std::net::TcpStream::connect("[::1]:7471").unwrap();
    (whole, orphan.1, v6, both, listener)
}

/// So many that one turn of the program does not tell of all: they are in one chain of the kernel's table.
fn listeners_on_one_port() -> Vec<std::os::fd::OwnedFd> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
    let one = || {
        let flags = SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
        sockopt::set_socket_reuseport(&socket, true).unwrap();
        bind(&socket, &std::net::SocketAddrV4::new([127, 0, 0, 1].into(), 7472)).unwrap();
        listen(&socket, 1).unwrap();
        socket
    };
    (0..1000).map(|_| one()).collect()
}

#[test]
fn one_walk_over_the_table_tells_what_is_in_each_namespace() {
    on_own_thread(|own| {
        let child_table = "/proc/sys/net/ipv4/tcp_child_ehash_entries";
        let here = in_many_states();
        let crowd = listeners_on_one_port();
        let others: Vec<_> = (0..3)
            .map(|number| {
                // One has a table of connections to itself, where the kernel makes such.
                let _ = std::fs::write(child_table, if number == 0 { "64" } else { "0" });
                let inner = Namespace::enter().unwrap();
                let own_table = std::fs::read_to_string("/proc/sys/net/ipv4/tcp_ehash_entries");
                let is_private = own_table.is_ok_and(|entries| !entries.starts_with('-'));
                assert!(number == 0 || !is_private);
                (inner.inode(), is_private, in_many_states())
            })
            .collect();
        if !others[0].1 {
            netstat_lab::skip(format_args!("this kernel makes no tables of one namespace"));
        }
        let inodes: Vec<_> = others.iter().map(|(inode, ..)| *inode).chain([own.inode()]).collect();
        let columns = "--columns netns_inode,proto,local,foreign,state,inode";
        let rows = |source: &str| {
            let run = finish(command(&format!("-a --netns all --source {source} {columns} proto tcp")));
            if run.code != Some(0) {
                return Err(run);
            }
            let mut rows: Vec<_> =
                inodes.iter().flat_map(|&inode| rows_of_namespace(&run.text, inode)).collect();
            rows.sort();
            Ok(rows)
        };
        let Ok(_) = rows("iter") else {
            netstat_lab::skip(format_args!("BPF cannot be used"));
            return;
        };
        let mut last = None;
        // A connection may change its state between the two.
        let _ = netstat_lab::eventually("the rows of sock_diag", || {
            let (by_program, by_sock_diag) = last.insert((rows("iter").unwrap(), rows("diag").unwrap()));
            (by_program == by_sock_diag).then_some(())
        });
        let (by_program, by_sock_diag) = last.unwrap();
        let lacks = by_sock_diag.iter().filter(|row| !by_program.contains(row)).take(5).collect::<Vec<_>>();
        assert!(by_program == by_sock_diag, "{} and {}: {lacks:?}", by_program.len(), by_sock_diag.len());
        let count = |word: &str| by_program.iter().filter(|row| row.contains(word)).count();
        assert_eq!(count("127.0.0.1:7472"), 1000);
        for state in ["TIME_WAIT", "FIN_WAIT_2", "CLOSE_WAIT", "ESTABLISHED"] {
            assert!(count(state) >= 4, "{state}: {by_program:?}");
        }
        drop((here, crowd, others));
    });
}

#[test]
fn a_namespace_that_only_a_socket_keeps_is_found_by_bpf() {
    on_own_thread(|_| {
        let Other { file, inode, _sockets } = Other::new(7460);
        drop(file);
        let run = finish(command("-ano --netns all lport 7460"));
        if run.complaint.contains("whether sockets alone keep more network namespaces alive is unknown") {
            netstat_lab::skip(format_args!("BPF cannot be used: {}", run.complaint));
            return;
        }
        let pid = std::process::id();
        assert_eq!(rows_of(&run.text, inode)[0], format!("TCP 0.0.0.0:7460 0.0.0.0:0 LISTENING {pid}"));
        assert_eq!(rows_of(&run.text, inode).len(), 3, "{}{}", run.text, run.complaint);
    });
}

#[test]
fn a_namespace_of_a_nested_user_namespace_is_found() {
    on_own_thread(|own| {
        let within = ["--user", "--map-root-user"];
        let mut nested = Command::new("unshare");
        nested.args(within).arg("unshare").args(within).args(["--net", "sleep", "1000"]);
        let mut child = nested.stderr(std::process::Stdio::null()).spawn().unwrap();
        let of_child = |name: &str| format!("/proc/{}/{name}", child.id());
        let found = netstat_lab::eventually("a namespace of its own", || {
            let is_there = std::fs::read_to_string(of_child("comm")).is_ok_and(|name| name == "sleep\n");
            let inode =
                std::fs::metadata(of_child("ns/net")).ok().map(|of| std::os::unix::fs::MetadataExt::ino(&of));
            inode.filter(|&inode| is_there && inode != own.inode())
        });
        if let Ok(inode) = found {
            let text = netstat(&format!(
                "--netns all --family netlink --columns netns_inode,local,pid netns {inode}"
            ));
            let rows = rows_of_namespace(&text, inode);
            assert!(rows.iter().any(|row| row == "route:kernel 0"), "{text}");
        } else {
            netstat_lab::skip(format_args!("no nested user namespace may be made"));
        }
        let _ = child.kill();
        let _ = child.wait();
    });
}

/// The rows of a table whose first word is a namespace, without that word.
fn rows_of_namespace(text: &str, inode: u64) -> Vec<String> {
    let inode = inode.to_string();
    let words = text.lines().map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    let of_it = words.filter(|words| words.first() == Some(&inode.as_str()));
    of_it.map(|words| words[1..].join(" ")).collect()
}

#[test]
fn what_is_elsewhere_is_offered_by_a_command_that_finds_it() {
    on_own_thread(|_| {
        let _other = Other::new(7430);
        let run = finish(command("-an lport 7430 and proto tcp"));
        let line = run.complaint.lines().find(|line| line.contains("in others")).unwrap();
        assert!(
            line.contains("nothing matches in this network namespace, but 1 socket in others does"),
            "{line}"
        );
        let offered = line.split_once("do").unwrap().1.split_once("netstat ").unwrap().1;
        assert_eq!(netstat(offered).matches(":7430").count(), 1);
        // The same options list it there.
        let run = finish(command("-anq lport 7430 and proto tcp"));
        assert!(
            run.complaint.contains("--netns all") && run.complaint.contains(" -anq lport 7430"),
            "{run:?}"
        );
        let found = finish(command("-an lport 7431"));
        assert!(!found.complaint.contains("in others"), "{}", found.complaint);
    });
}

#[test]
fn a_recording_has_all_namespaces() {
    on_own_thread(|_| {
        let other = Other::new(7440);
        let folder = Folder::new("namespaces");
        let tape = folder.path("tape");
        let tape = tape.to_str().unwrap();
        let words = format!("-ano --netns all netns {}", other.inode);
        let live = netstat(&format!("{words} --record {tape}"));
        drop(other);
        assert_eq!(netstat(&format!("{words} --replay {tape}")), live);
        assert_eq!(live.matches(":7440").count(), 3);
    });
}

#[test]
fn who_may_not_enter_is_told_so() {
    on_own_thread(|_| {
        let other = Other::new(7450);
        let folder = Folder::new("namespaces-of-others");
        let program = program_for_all(&folder);
        let run = as_other_user(&program, &format!("-an --netns {}", other.path()));
        assert_eq!((run.code, run.text.as_str()), (Some(1), ""), "{}", run.complaint);
        let run = as_other_user(&program, "-an --netns all");
        assert_eq!(run.text.matches(":7450").count(), 0);
        assert!(
            run.complaint.contains("the network namespace of some processes is unknown"),
            "{}",
            run.complaint
        );
    });
    for (of, why) in [
        ("nosuch", "ip netns knows no such name"),
        ("4194305", "no such process"),
        ("/etc/passwd", "that is no network namespace"),
    ] {
        let run = finish(command(&format!("-an --netns {of}")));
        assert!(run.code != Some(0) && run.text.is_empty(), "{of}");
        let refused = run.complaint.contains("Operation not permitted");
        assert!(refused || run.complaint.contains(why), "{of}: {}", run.complaint);
    }
}
