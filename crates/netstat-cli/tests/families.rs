//! Sockets beyond TCP and UDP (`--family`), against those of the test, and row for row against ss.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::witness;
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType};
use serde_json::Value;
use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};
use support::{Folder, command, finish, netstat};

/// The rows of `--json` with these arguments.
fn json(words: &str) -> Vec<Value> {
    let document: Value = serde_json::from_str(&netstat(&format!("--json {words}"))).unwrap();
    let schema =
        std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/netstat-2.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_slice(&schema).unwrap()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    document["sockets"].as_array().unwrap().clone()
}

/// Rows of a table of columns without its heading, with single blanks between the cells.
fn cells(words: &str) -> Vec<String> {
    let text = netstat(words);
    text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A row of `--json` as ss has it.
fn as_in_ss(row: &Value) -> witness::UnixRow {
    let name = row["local"]["name"].as_str().unwrap();
    let kind = match row["type"].as_str().unwrap() {
        "stream" => "u_str",
        "dgram" => "u_dgr",
        "seqpacket" => "u_seq",
        other => panic!("no Unix socket is {other}"),
    };
    let state = match row["state"].as_str() {
        Some("LISTENING") => "LISTEN",
        Some("ESTABLISHED") => "ESTAB",
        None => "UNCONN",
        other => panic!("no Unix socket is {other:?}"),
    };
    witness::UnixRow {
        inode: row["inode"].as_u64().unwrap_or(0),
        kind: kind.into(),
        state: state.into(),
        name: if name.starts_with('*') { "*".into() } else { name.into() },
        peer: row["peer_inode"].as_u64().unwrap_or(0),
        pids: pids(row),
    }
}

fn pids(row: &Value) -> Vec<u32> {
    let owners = row["owners"].as_array().unwrap().iter();
    let mut pids: Vec<u32> =
        owners.map(|owner| u32::try_from(owner["pid"].as_u64().unwrap()).unwrap()).collect();
    pids.sort_unstable();
    pids
}

/// A row of `--json` about a raw, packet or MPTCP socket as ss has it; `None` for a socket of another family.
fn as_other_in_ss(row: &Value) -> Option<witness::OtherRow> {
    let kind = match (row["proto"].as_str().unwrap(), row["type"].as_str()) {
        ("RAW", _) => "raw",
        ("PACKET", Some("raw")) => "p_raw",
        ("PACKET", _) => "p_dgr",
        ("MPTCP", _) => "mptcp",
        _ => return None,
    };
    Some(witness::OtherRow { kind: kind.into(), pids: pids(row) })
}

fn abstract_name(name: &str) -> SocketAddr {
    SocketAddr::from_abstract_name(name).unwrap()
}

#[test]
fn unix_sockets_are_those_of_ss() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("unix");
        let listener = UnixListener::bind(folder.path("db.sock")).unwrap();
        rustix::net::listen(&listener, 7).unwrap();
        let client = UnixStream::connect(folder.path("db.sock")).unwrap();
        let accepted = listener.accept().unwrap();
        let abstract_listener = UnixListener::bind_addr(&abstract_name("netstat-test")).unwrap();
        let pair = UnixStream::pair().unwrap();
        let (alone, closed) = UnixStream::pair().unwrap();
        drop(closed);
        let log = UnixDatagram::bind(folder.path("log")).unwrap();
        let logger = UnixDatagram::unbound().unwrap();
        logger.connect(folder.path("log")).unwrap();
        let unbound = UnixDatagram::unbound().unwrap();
        let sequence = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::SEQPACKET,
            rustix::net::SocketFlags::CLOEXEC,
            None,
        )
        .unwrap();

        let both = || {
            let mut shown: Vec<_> = json("--family unix").iter().map(as_in_ss).collect();
            shown.sort();
            (shown, witness::unix().unwrap())
        };
        // Between its fork and its exec, a child of another test has copies of these descriptors.
        let mut last = None;
        let _ = netstat_lab::eventually("the rows of ss", || {
            let (shown, expected) = last.insert(both());
            (shown == expected).then_some(())
        });
        let (shown, expected) = last.unwrap();
        assert_eq!(shown, expected);
        assert_eq!(expected.len(), 12);

        let columns = "--columns proto,type,local,foreign,state,backlog,pid,peer_pid";
        let pid = std::process::id();
        let path = folder.path("db.sock").display().to_string();
        assert_eq!(
            cells(&format!("--family unix {columns} state listening src unix:{path}")),
            [format!("UNIX stream {path} - LISTENING 7 {pid} -")]
        );
        let of_path = cells(&format!("{columns} dst unix:{path}"));
        let [of_client] = &of_path[..] else { panic!("{of_path:?}") };
        assert!(of_client.ends_with(&format!(" {path} ESTABLISHED - {pid} {pid}")), "{of_client}");
        assert_eq!(cells("--columns local family unix src unix:@netstat-*"), ["@netstat-test"]);
        assert_eq!(cells("--columns local --family inet"), [""; 0]);
        assert_eq!(finish(command(&format!("--exists host unix:{path}"))).code, Some(0));
        assert_eq!(finish(command("--exists host unix:/no/such")).code, Some(1));
        drop((client, accepted, abstract_listener, pair, alone, log, logger, unbound, sequence));
    });
}

#[test]
fn the_process_at_the_other_end_is_the_one_that_holds_it() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("peer");
        let path = folder.path("db.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let waiting = UnixStream::connect(&path).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        // A child that holds the other end alone, and one more that shares ours with us.
        let start = |held: &UnixStream| {
            let held = std::os::fd::OwnedFd::from(held.try_clone().unwrap());
            Command::new("cat").stdin(Stdio::piped()).stdout(held).spawn().unwrap()
        };
        let mut far = start(&theirs);
        drop(theirs);
        let mut near = start(&ours);
        let us = std::process::id();
        let (one, other) = (u64::from(us), u64::from(far.id()));
        let between = |rows: &[Value], pid: u64, peer: u64| -> Vec<Value> {
            rows.iter().filter(|row| row["pid"] == pid && row["peer_pid"] == peer).cloned().collect()
        };
        let columns = "local,state,pid,process,peer_pid,peer_process,inode,peer_inode";
        // As above.
        let rows = netstat_lab::eventually("both ends with their processes", || {
            let rows = json(&format!("--family unix --columns {columns}"));
            let are_held_by = |pid, peer, count| {
                let rows = between(&rows, pid, peer);
                rows.len() == 1 && rows[0]["owners"].as_array().unwrap().len() == count
            };
            (are_held_by(other, one, 1) && are_held_by(one, other, 2)).then_some(rows)
        })
        .unwrap();
        let of = |pid: u64, peer: u64| between(&rows, pid, peer);
        let [near_end] = &of(one, other)[..] else { panic!("{rows:?}") };
        let [far_end] = &of(other, one)[..] else { panic!("{rows:?}") };
        assert_eq!(
            (&near_end["inode"], &near_end["peer_inode"]),
            (&far_end["peer_inode"], &far_end["inode"])
        );
        assert_eq!((&near_end["peer_process"], &far_end["process"]), (&"cat".into(), &"cat".into()));
        // Nobody has accepted it: at the other end is who listens.
        let [waiting_end] = &of(one, one)[..] else { panic!("{rows:?}") };
        assert_eq!(waiting_end["state"], "ESTABLISHED");
        let inode = |state| rows.iter().find(|row| row["state"] == state).unwrap()["inode"].clone();
        assert_eq!(waiting_end["peer_inode"], inode("LISTENING"));
        for child in [&mut far, &mut near] {
            drop(child.stdin.take());
            child.wait().unwrap();
        }
        drop((listener, waiting, ours));
    });
}

/// A socket of any family.
fn socket(family: u16, kind: SocketType, protocol: u32) -> std::os::fd::OwnedFd {
    let protocol = std::num::NonZero::new(protocol).map(Protocol::from_raw);
    rustix::net::socket_with(AddressFamily::from_raw(family), kind, SocketFlags::CLOEXEC, protocol).unwrap()
}

#[test]
fn sockets_of_the_other_families_are_those_of_ss() {
    netstat_lab::on_own_thread(|namespace| {
        let v4 = |port| std::net::SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port);
        namespace.set_sysctl("net/ipv4/ping_group_range", "0 2147483647").unwrap();
        let (inet, inet6, netlink, packet, mptcp) = (2, 10, 16, 17, 262);
        let all_packets = u32::from(3u16.to_be());
        let icmp = socket(inet, SocketType::RAW, 1);
        let icmp6 = socket(inet6, SocketType::RAW, 58);
        let sniffer = socket(packet, SocketType::RAW, all_packets);
        let ping = socket(inet, SocketType::DGRAM, 1);
        rustix::net::bind(&ping, &v4(77)).unwrap();
        let route = socket(netlink, SocketType::RAW, 0);
        rustix::net::bind(&route, &rustix::net::netlink::SocketAddrNetlink::new(0, 0x11)).unwrap();
        let listener = socket(inet, SocketType::STREAM, mptcp);
        rustix::net::bind(&listener, &v4(7000)).unwrap();
        rustix::net::listen(&listener, 3).unwrap();
        let client = socket(inet, SocketType::STREAM, mptcp);
        rustix::net::connect(&client, &v4(7000)).unwrap();
        let accepted = rustix::net::accept_with(&listener, SocketFlags::CLOEXEC).unwrap();

        let both = || {
            let rows = json("--family raw,packet,mptcp --columns proto,type,pid");
            let mut shown: Vec<_> = rows.iter().filter_map(as_other_in_ss).collect();
            shown.sort();
            (shown, witness::others().unwrap())
        };
        let mut last = None;
        let _ = netstat_lab::eventually("the rows of ss", || {
            let (shown, expected) = last.insert(both());
            (shown == expected).then_some(())
        });
        let (shown, expected) = last.unwrap();
        assert_eq!(shown, expected);
        assert_eq!(expected.len(), 6);

        let pid = std::process::id();
        let of = |family: &str| {
            cells(&format!("--family {family} --columns proto,type,local,foreign,state,pid,detail"))
        };
        assert_eq!(
            of("raw"),
            [format!("RAW raw 0.0.0.0:icmp - - {pid} -"), format!("RAW raw [::]:icmpv6 - - {pid} -")]
        );
        assert_eq!(of("packet"), [format!("PACKET raw all:* - - {pid} -")]);
        assert_eq!(of("ping"), [format!("PING dgram 127.0.0.1:77 - - {pid} -")]);
        let groups = of("netlink").into_iter().filter(|row| row.contains("groups 1 5")).collect::<Vec<_>>();
        let [groups] = &groups[..] else { panic!("{groups:?}") };
        assert!(groups.starts_with("NETLINK raw route:") && groups.contains(&format!(" {pid} ")), "{groups}");
        assert!(of("netlink").contains(&"NETLINK raw route:kernel - - 0 -".to_owned()));
        let states: Vec<_> = cells("--family mptcp --columns local,state,detail lport 7000");
        let [listening, established] = &states[..] else { panic!("{states:?}") };
        assert_eq!(listening, "127.0.0.1:7000 LISTENING -");
        assert!(established.starts_with("127.0.0.1:7000 ESTABLISHED 1 subflows, token "), "{established}");
        drop((icmp, icmp6, sniffer, ping, route, listener, client, accepted));
    });
}

/// What a network namespace has, as one witness tells it: TCP and UDP sockets by inode, Unix sockets, and the others.
#[derive(Debug, Default, PartialEq)]
struct Everything {
    /// The inode, whether it has a peer, and the processes.
    inet: Vec<(u64, bool, Vec<u32>)>,
    unix: Vec<witness::UnixRow>,
    others: Vec<witness::OtherRow>,
}

impl Everything {
    fn of_ss() -> Self {
        let inet = witness::ss().unwrap();
        let inet = inet.into_iter().map(|row| (row.inode.unwrap_or(0), row.remote.is_some(), row.pids));
        Self { inet: inet.collect(), unix: witness::unix().unwrap(), others: witness::others().unwrap() }
            .in_order()
    }

    fn add(&mut self, row: &Value) {
        match row["proto"].as_str().unwrap() {
            "TCP" | "UDP" => {
                let has_peer = !row["foreign"].is_null();
                self.inet.push((row["inode"].as_u64().unwrap_or(0), has_peer, pids(row)));
            }
            "UNIX" => self.unix.push(as_in_ss(row)),
            _ => self.others.extend(as_other_in_ss(row)),
        }
    }

    fn in_order(mut self) -> Self {
        self.inet.sort();
        // A dual-stack listener has two rows in the table of Windows.
        self.inet.dedup();
        self.unix.sort();
        self.others.sort();
        self
    }
}

/// Twenty namespaces, each with a socket of many kinds: its inode, a file of it, and the sockets.
fn twenty_namespaces(port: u16, name: &str) -> Vec<(u64, std::fs::File, impl Sized)> {
    let packets = u32::from(3u16.to_be());
    let all = (0..20).map(|number| {
        let inner = netstat_lab::Namespace::enter().unwrap();
        let file = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
        let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
        let client = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
        let sockets = (
            (listener.accept().unwrap(), listener, client),
            std::net::UdpSocket::bind(("::", port + number)).unwrap(),
            UnixListener::bind_addr(&abstract_name(&format!("{name}-{number}"))).unwrap(),
            UnixStream::pair().unwrap(),
            socket(2, SocketType::RAW, 1),
            socket(17, SocketType::RAW, packets),
        );
        (inner.inode(), file, sockets)
    });
    all.collect()
}

#[test]
fn twenty_namespaces_have_what_ss_lists_in_each() {
    netstat_lab::on_own_thread(|_| {
        let made = twenty_namespaces(7480, "netstat");
        let both = || {
            let mut shown: BTreeMap<u64, Everything> = BTreeMap::new();
            let columns = "netns_inode,proto,type,local,foreign,state,inode,peer_inode,pid";
            for row in json(&format!("--netns all --family inet,unix,raw,packet,mptcp --columns {columns}")) {
                shown.entry(row["netns_inode"].as_u64().unwrap()).or_default().add(&row);
            }
            let in_each = made.iter().map(|(inode, file, _)| {
                let ours = shown.remove(inode).unwrap_or_default().in_order();
                (*inode, ours, within(file, Everything::of_ss))
            });
            in_each.collect::<Vec<_>>()
        };
        // Between its fork and its exec, a child of another test has copies of these descriptors.
        let _ = netstat_lab::eventually("the rows of ss", || {
            both().iter().all(|(_, ours, of_ss)| ours == of_ss).then_some(())
        });
        for (inode, ours, of_ss) in both() {
            assert_eq!(ours, of_ss, "{inode}");
            assert_eq!((ours.inet.len(), ours.unix.len(), ours.others.len()), (4, 3, 2), "{inode}");
        }
    });
}

/// A row of ss as `--columns proto,local,foreign,state,pid` has it; two for a socket of UDP that takes IPv4 and IPv6.
fn columns_of_ss(line: &str) -> Vec<String> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let state = match words[1] {
        "LISTEN" => "LISTENING",
        "ESTAB" => "ESTABLISHED",
        _ => "-",
    };
    let pid = line.split_once("pid=").map_or("0", |(_, rest)| rest.split(',').next().unwrap());
    let row = |proto: &str, local: &str, foreign: &str| format!("{proto} {local} {foreign} {state} {pid}");
    let name = |name: &str, inode: &str| if name == "*" { format!("*{inode}") } else { name.to_owned() };
    match (words[0], &words[4..]) {
        ("tcp", [local, foreign, ..]) => vec![row("TCP", local, &foreign.replace(":*", ":0"))],
        ("udp", [local, ..]) => match local.strip_prefix("*:") {
            Some(port) => vec![
                row("UDP", &format!("0.0.0.0:{port}"), "*:*"),
                row("UDPv6", &format!("[::]:{port}"), "*:*"),
            ],
            None => vec![row("UDP", local, "*:*")],
        },
        ("u_str" | "u_dgr" | "u_seq", [of, inode, _, peer, ..]) => {
            let foreign = if *peer == "0" { "-".to_owned() } else { format!("*{peer}") };
            vec![row("UNIX", &name(of, inode), &foreign)]
        }
        ("raw", [local, ..]) => vec![row("RAW", &local.replace(":1", ":icmp"), "-")],
        ("p_raw", ["*:*", ..]) => vec![row("PACKET", "all:*", "-")],
        _ => panic!("{line}"),
    }
}

/// The rows of a namespace by ss, and how many netlink sockets of the kernel it has.
fn all_of_ss() -> (Vec<String>, usize) {
    let ss = |arguments: &[&str]| {
        let run = Command::new("ss").args(arguments).output().unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    let mut rows: Vec<String> = ss(&["-Hanptuxw0M"]).lines().flat_map(columns_of_ss).collect();
    rows.sort();
    let netlink = ss(&["-Han", "-f", "netlink"]);
    let of_kernel = |line: &&str| line.split_whitespace().any(|word| word.ends_with(":0"));
    (rows, netlink.lines().filter(of_kernel).count())
}

/// The command by which somebody looks at everything, whole.
#[test]
fn one_table_of_twenty_namespaces_and_all_families_equals_ss_row_for_row() {
    netstat_lab::on_own_thread(|_| {
        let made = twenty_namespaces(7580, "netstat-row");
        let name = std::env::current_exe().unwrap();
        let name = name.file_name().unwrap().to_str().unwrap();
        let command_line =
            "--netns all --family all --columns netns,container,proto,local,foreign,state,pid,process";
        let both = || {
            let mut shown: BTreeMap<String, (Vec<String>, usize)> = BTreeMap::new();
            // What this kernel cannot list is said beside it.
            let run = finish(command(command_line));
            assert_eq!(run.code, Some(0), "{run:?}");
            for line in run.text.lines().skip(1) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let [netns, _, proto, local, foreign, state, pid, process] = words[..] else {
                    continue;
                };
                let (rows, of_kernel) = shown.entry(netns.to_owned()).or_default();
                if proto == "NETLINK" {
                    *of_kernel += usize::from(local.ends_with(":kernel"));
                    continue;
                }
                rows.push(format!("{proto} {local} {foreign} {state} {pid}"));
                if pid == std::process::id().to_string() {
                    assert_eq!(process, name, "{line}");
                }
            }
            let in_each = made.iter().map(|(inode, file, _)| {
                let (mut rows, of_kernel) = shown.remove(&inode.to_string()).unwrap_or_default();
                rows.sort();
                (*inode, (rows, of_kernel), within(file, all_of_ss))
            });
            in_each.collect::<Vec<_>>()
        };
        // Between its fork and its exec, a child of another test has copies of these descriptors.
        let mut last = Vec::new();
        let _ = netstat_lab::eventually("the rows of ss", || {
            last = both();
            last.iter().all(|(_, ours, of_ss)| ours == of_ss).then_some(())
        });
        for (inode, ours, of_ss) in last {
            assert_eq!(ours, of_ss, "{inode}");
            assert_eq!(ours.0.len(), 10, "{ours:?}");
            assert!(ours.1 > 0, "the kernel has netlink sockets in each");
        }
    });
}

#[test]
fn a_socket_of_the_kernel_says_what_has_it() {
    netstat_lab::on_own_thread(|namespace| {
        let made = namespace.ip("link add vx0 type vxlan id 7 dstport 4790\nlink set vx0 up\n\
             link add vx1 type vxlan id 8 dstport 4790\nlink set vx1 up\n");
        if made.is_err() {
            netstat_lab::skip(format_args!("the kernel has no VXLAN"));
            return;
        }
        let rows = json("--columns proto,local,pid,behind lport 4790 -a");
        assert!(!rows.is_empty());
        for row in &rows {
            assert_eq!((&row["behind"], &row["pid"]), (&"kernel > vxlan:vx0 vxlan:vx1".into(), &Value::Null));
        }
        // In another namespace as well.
        let inner = netstat_lab::Namespace::enter().unwrap();
        inner.ip("link add vx9 type vxlan id 9 dstport 4790\nlink set vx9 up\n").unwrap();
        let inode = inner.inode();
        let file = std::fs::File::open("/proc/thread-self/ns/net").unwrap();
        drop(inner);
        let mut behind: Vec<_> = json("--netns all --columns local,netns_inode,behind lport 4790 -a")
            .iter()
            .map(|row| (row["netns_inode"] == inode, row["behind"].as_str().unwrap_or("").to_owned()))
            .filter(|(is_inner, behind)| *is_inner || behind.contains("vx0"))
            .collect();
        behind.sort();
        behind.dedup();
        let one = |is_inner, what: &str| (is_inner, format!("kernel > {what}"));
        assert_eq!(behind, [one(false, "vxlan:vx0 vxlan:vx1"), one(true, "vxlan:vx9")]);
        drop(file);
        let held = std::net::UdpSocket::bind("0.0.0.0:4791").unwrap();
        let rows = json("--columns local,behind lport 4791 -a");
        assert_ne!(rows[0]["behind"], "kernel > vxlan:vx0 vxlan:vx1");
        drop(held);
    });
}

/// Runs in another network namespace.
fn within<T: Send>(namespace: &std::fs::File, body: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|threads| {
        let thread = threads.spawn(|| {
            let kind = rustix::thread::LinkNameSpaceType::Network;
            rustix::thread::move_into_link_name_space(namespace.as_fd(), Some(kind)).unwrap();
            body()
        });
        thread.join().unwrap()
    })
}

#[test]
fn a_path_that_nobody_can_connect_by_is_marked() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("deleted");
        let held = ["gone", "replaced", "there"].map(|name| UnixListener::bind(folder.path(name)).unwrap());
        std::fs::remove_file(folder.path("gone")).unwrap();
        std::fs::remove_file(folder.path("replaced")).unwrap();
        let other = UnixListener::bind(folder.path("replaced")).unwrap();
        let shown = cells("--family unix --columns local,detail,pid --sort inode");
        let pid = std::process::id();
        let row = |name, detail| format!("{} {detail} {pid}", folder.path(name).display());
        assert_eq!(
            shown,
            [
                row("gone", "path deleted"),
                row("replaced", "path deleted"),
                row("there", "-"),
                row("replaced", "-"),
            ]
        );
        drop((held, other));
    });
}

#[test]
fn sockets_that_no_table_lists_are_shown_with_their_process() {
    netstat_lab::on_own_thread(|_| {
        let inet = 2;
        let made: Vec<_> = (0..3).map(|_| socket(inet, SocketType::STREAM, 0)).collect();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let reset: Vec<_> = (0..2)
            .map(|_| {
                let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (accepted, _) = listener.accept().unwrap();
                rustix::net::sockopt::set_socket_linger(&accepted, Some(std::time::Duration::ZERO)).unwrap();
                drop(accepted);
                client
            })
            .collect();
        let inode = |descriptor: std::os::fd::BorrowedFd<'_>| rustix::fs::fstat(descriptor).unwrap().st_ino;
        let pid = std::process::id();
        let run = finish(command(&format!("--json --family unlisted --columns proto,inode,pid pid {pid}")));
        let document: Value = serde_json::from_str(&run.text).unwrap();
        let rows = document["sockets"].as_array().unwrap();
        if rows.is_empty() {
            // A namespace that ended while it was looked into may have had them.
            assert!(document["warnings"].to_string().contains("which sockets are in no table"), "{run:?}");
            return;
        }
        let has = |inode: u64| rows.iter().any(|row| row["inode"] == inode && row["pid"] == pid);
        for held in made.iter().map(AsFd::as_fd).chain(reset.iter().map(AsFd::as_fd)) {
            assert!(has(inode(held)), "{} in {rows:?}", inode(held));
        }
        assert!(!has(inode(listener.as_fd())), "it is in the table of TCP");
        assert!(rows.iter().all(|row| row["proto"] == "UNLISTED"));
    });
}

#[test]
fn what_the_kernel_cannot_list_is_said_where_it_was_asked_for() {
    netstat_lab::on_own_thread(|_| {
        let run = finish(command("--family unix,xdp,vsock,sctp,bluetooth --columns proto"));
        assert_eq!(run.code, Some(0), "{run:?}");
        // A kernel that lists them says nothing.
        let said: Vec<_> = run.complaint.lines().collect();
        assert!(
            said.iter().all(|line| line.contains("sockets cannot be listed") || line.contains("has no")),
            "{said:?}"
        );
    });
}

#[test]
fn names_of_sockets_are_shown_safely() {
    netstat_lab::on_own_thread(|_| {
        let hostile = UnixListener::bind_addr(&abstract_name("a\u{1b}[2J\n\0b")).unwrap();
        assert_eq!(cells("--family unix --columns local"), ["@a\\x1b[2J\\x0a\\x00b"]);
        let rows = json("--family unix --columns local");
        assert_eq!(rows[0]["local"]["name"], "@a\\x1b[2J\\x0a\\x00b");
        drop(hostile);
    });
}

#[test]
fn a_file_is_not_taken_for_an_abstract_name() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("looks-abstract");
        // Relative to the folder of the process that binds it.
        let mut child = Command::new("python3")
            .args(["-c", "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind('@x'); s.listen(); sys.stdin.read()"])
            .current_dir(folder.path(""))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let path = folder.path("@x");
        let bound = netstat_lab::eventually("the socket", || path.exists().then_some(()));
        let hidden = UnixListener::bind_addr(&abstract_name("x")).unwrap();
        let mut shown = cells("--family unix --columns local state listening");
        shown.sort();
        let found = cells("--family unix --columns local src unix:@x");
        drop(child.stdin.take());
        child.wait().unwrap();
        bound.unwrap();
        assert_eq!(shown, ["@x", "\\x40x"]);
        assert_eq!(found, ["@x"]);
        drop(hidden);
    });
}

#[test]
fn the_table_of_windows_has_no_other_families() {
    netstat_lab::on_own_thread(|_| {
        let listener = UnixListener::bind_addr(&abstract_name("netstat-other")).unwrap();
        assert_eq!(cells("--columns local -a"), [""; 0]);
        let plain = netstat("-an");
        assert_eq!(plain, netstat("-an --family inet"));
        assert!(!plain.contains("UNIX"), "{plain}");
        drop(listener);
    });
}

#[test]
fn a_recording_of_families_replays() {
    netstat_lab::on_own_thread(|_| {
        let folder = Folder::new("families-recorded");
        let listener = UnixListener::bind_addr(&abstract_name("netstat-recorded")).unwrap();
        let tape = folder.path("tape").display().to_string();
        let recorded = netstat(&format!("--family unix -ob --record {tape}"));
        drop(listener);
        assert!(recorded.contains("@netstat-recorded"), "{recorded}");
        assert_eq!(netstat(&format!("--family unix -ob --replay {tape}")), recorded);
    });
}
