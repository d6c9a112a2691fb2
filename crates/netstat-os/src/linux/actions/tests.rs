use super::*;
use crate::Actions as _;
use crate::linux::fake::{Fake, stat_line};
use crate::linux::live::Live;
use crate::linux::sockets;
use netstat_lab::on_own_thread;
use netstat_model::query::{Fields, Kinds, Listing, OwnerSearch, SocketQuery, States, Visit};
use netstat_model::{Socket, Transport};
use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream, UdpSocket};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

/// Every TCP and UDP socket of this network namespace.
fn listed() -> Vec<Socket> {
    let states = States::all() - States::BOUND;
    let query = SocketQuery { fields: Fields::COMMON, ..SocketQuery::new(Kinds::TCP_UDP, states) };
    let listing = Listing { query: &query, owners: OwnerSearch::No, may_restart: true };
    let table = sockets::list(&Live, &listing, &mut |_| Visit::Keep).unwrap().data;
    table.iter().map(|socket| socket.to_socket()).collect()
}

fn local(end: SocketAddr) -> impl Fn(&Socket) -> bool {
    move |socket| {
        let port = socket.local.ip().map(|end| end.port);
        port == Some(end.port()) && socket.remote.is_some()
    }
}

fn close_all(sockets: &[Socket]) -> Vec<Result<Closed, Error>> {
    close(&Live, &sockets.iter().map(SocketRef::from).collect::<Vec<_>>())
}

fn close_one_of(sockets: &[Socket]) -> Closed {
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    close_all(sockets).remove(0).unwrap()
}

/// Whether a connection passes on what is written to it.
fn works(near: &mut TcpStream, far: &mut TcpStream) -> bool {
    near.write_all(b"x").is_ok() && far.read_exact(&mut [0]).is_ok()
}

#[test]
fn one_of_many_connections_to_the_same_end_is_closed() {
    on_own_thread(|_| {
        for to in ["127.0.0.1:0", "[::1]:0", "[::]:0"] {
            let listener = TcpListener::bind(to).unwrap();
            let port = listener.local_addr().unwrap().port();
            let to = if to.starts_with("[::]") {
                // Both ends are IPv4 addresses then, one of them of an IPv6 socket.
                SocketAddr::from((Ipv4Addr::LOCALHOST, port))
            } else {
                listener.local_addr().unwrap()
            };
            let mut pairs: Vec<(TcpStream, TcpStream)> =
                (0..40).map(|_| (TcpStream::connect(to).unwrap(), listener.accept().unwrap().0)).collect();
            // The client's end of the one, the server's end of the other.
            let before = listed();
            let end = pairs[17].0.local_addr().unwrap();
            let target: Vec<Socket> = before.iter().filter(|one| local(end)(one)).cloned().collect();
            assert_eq!(close_one_of(&target), Closed::Accepted);
            let peer = pairs[23].0.local_addr().unwrap();
            let of_server = |socket: &&Socket| {
                socket.local.ip().is_some_and(|end| end.port == port)
                    && socket
                        .remote
                        .as_ref()
                        .and_then(|end| end.ip())
                        .is_some_and(|end| end.port == peer.port())
            };
            let target: Vec<Socket> = before.iter().filter(of_server).cloned().collect();
            assert_eq!(close_one_of(&target), Closed::Accepted);
            for (number, (near, far)) in pairs.iter_mut().enumerate() {
                assert_eq!(works(near, far), ![17, 23].contains(&number), "{to} {number}");
            }
            assert_eq!(close_one_of(&target), Closed::NotFound, "it is closed once");
        }
    });
}

/// Connects from a port that may be used again at once.
fn connect(from: SocketAddrV4, to: SocketAddr) -> TcpStream {
    let socket =
        net::socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
    sockopt::set_socket_reuseaddr(&socket, true).unwrap();
    sockopt::set_socket_linger(&socket, Some(Duration::ZERO)).unwrap();
    net::bind(&socket, &from).unwrap();
    // A child of another test may hold the former connection between its fork and its exec.
    netstat_lab::eventually("the ends are free", || net::connect(&socket, &to).ok()).unwrap();
    socket.into()
}

#[test]
fn a_connection_that_took_the_place_of_another_is_not_closed() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 40_117);
        let mut near = connect(from, to);
        let mut far = listener.accept().unwrap().0;
        for _ in 0..500 {
            let seen: Vec<Socket> = listed().into_iter().filter(|one| local(from.into())(one)).collect();
            drop(near);
            drop(far);
            near = connect(from, to);
            far = listener.accept().unwrap().0;
            assert_eq!(close_one_of(&seen), Closed::NotFound);
            assert!(works(&mut near, &mut far));
        }
    });
}

#[test]
fn what_has_no_connection_is_closed_as_well() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
        let before = listed();
        for closed in close_all(&before) {
            assert_eq!(closed.unwrap(), Closed::Accepted);
        }
        assert_eq!((before.len(), listed()), (2, vec![]));
        assert!(TcpStream::connect(listener.local_addr().unwrap()).is_err());
        assert!(datagrams.send_to(b"x", "127.0.0.1:9").is_err() || datagrams.recv(&mut [0]).is_err());
    });
}

#[test]
fn a_socket_without_a_cookie_is_not_closed() {
    on_own_thread(|_| {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut before = listed();
        before[0].id.cookie = None;
        let why = close_all(&before).remove(0).unwrap_err();
        assert_eq!(why.source.kind(), io::ErrorKind::Unsupported);
        assert_eq!(listed().len(), 1);
    });
}

#[test]
fn a_socket_of_a_network_namespace_that_is_gone_is_not_looked_for_here() {
    on_own_thread(|_| {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut before = listed();
        before[0].namespace = Some(Namespace { inode: 1 });
        let why = close_all(&before).remove(0).unwrap_err();
        assert_eq!(why.source.kind(), io::ErrorKind::NotFound, "{why}");
        assert_eq!(listed().len(), 1);
    });
}

#[test]
fn a_socket_of_another_network_namespace_is_closed_there() {
    on_own_thread(|namespace| {
        let _listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut before = listed();
        before[0].namespace = Some(Namespace { inode: namespace.inode() });
        std::thread::scope(|scope| {
            // Beside this thread is one that came back from there.
            scope.spawn(|| {
                on_own_thread(|_| {
                    assert_eq!(close_one_of(&before), Closed::Accepted);
                });
            });
        });
        assert_eq!(listed(), vec![]);
    });
}

fn sleeping() -> Child {
    Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap()
}

fn key_of(child: &Child) -> ProcessKey {
    let handle = Live.process(child.id()).unwrap();
    let start_time = fetch_stat(&*handle, &mut Vec::new()).unwrap().start_time;
    ProcessKey { pid: child.id(), start_time }
}

const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn processes_end_as_they_are_told() {
    for (how, signal) in [(Ending::Asked, 15), (Ending::Forced, 9)] {
        let mut children = [sleeping(), sleeping()];
        let keys = children.each_ref().map(key_of);
        for ended in end(&Live, &keys, how, PATIENCE) {
            assert_eq!(ended.unwrap(), Ended::Yes);
        }
        for child in &mut children {
            assert_eq!(child.wait().unwrap().signal(), Some(signal));
        }
        for ended in end(&Live, &keys, how, PATIENCE) {
            assert_eq!(ended.unwrap(), Ended::Before);
        }
    }
}

#[test]
fn a_process_that_took_the_number_of_another_is_not_told() {
    let mut child = sleeping();
    let key = key_of(&child);
    let earlier = ProcessKey { start_time: key.start_time - 1, ..key };
    let ended = end(&Live, &[earlier], Ending::Forced, PATIENCE).remove(0).unwrap();
    assert_eq!((ended, child.try_wait().unwrap()), (Ended::Before, None));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn one_that_does_not_end_is_still_there() {
    let mut child = Command::new("sh")
        .args(["-c", "trap '' TERM; echo; read -r line"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // It says when it no longer listens to the signal.
    child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
    let key = key_of(&child);
    let asked = end(&Live, &[key], Ending::Asked, Duration::from_millis(50)).remove(0).unwrap();
    assert_eq!(asked, Ended::NotYet);
    assert_eq!(end(&Live, &[key], Ending::Forced, PATIENCE).remove(0).unwrap(), Ended::Yes);
    child.wait().unwrap();
}

#[test]
fn a_source_that_is_not_the_kernel_ends_nothing() {
    let fake = Fake::new().alive(7, 1, 100, &[]);
    let process = ProcessKey { pid: 7, start_time: 100 };
    let why = end(&fake, &[process], Ending::Asked, Duration::ZERO).remove(0).unwrap_err();
    assert_eq!((why.operation, why.source.kind()), (Operation::EndProcess, io::ErrorKind::Unsupported));
}

#[test]
fn a_replay_changes_nothing() {
    let folder = std::env::temp_dir().join(format!("netstat-act-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let recording = crate::open(crate::Origin::Record(&folder)).unwrap();
    recording.finish().unwrap();
    let replay = crate::open(crate::Origin::Replay(&folder)).unwrap();
    let mut child = sleeping();
    let why = replay.end(&[key_of(&child)], Ending::Forced, PATIENCE).remove(0).unwrap_err();
    assert_eq!(why.source.to_string(), "a recording cannot be changed");
    let mut socket = listed_alike();
    socket.id.cookie = Some(1);
    assert!(replay.close(&[SocketRef::from(&socket)], std::time::SystemTime::now()).remove(0).is_err());
    assert_eq!((replay.ancestry(), child.try_wait().unwrap()), (vec![], None));
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    std::fs::remove_dir_all(&folder).unwrap();
}

fn listed_alike() -> Socket {
    let end = netstat_model::IpEndpoint::new(Ipv4Addr::LOCALHOST.into(), 1, 0);
    Socket::new(Transport::Tcp, netstat_model::Family::V4, end, Some(end))
}

#[test]
fn a_process_descends_from_its_parents() {
    let fake = Fake::new()
        .file("/proc/9/stat", stat_line(9, 'S', 7, 0, 1, 300))
        .file("/proc/7/stat", stat_line(7, 'S', 1, 0, 1, 200))
        .file("/proc/1/stat", stat_line(1, 'S', 0, 0, 1, 0));
    let line: Vec<(u32, u64)> =
        ancestry(&fake, 9).into_iter().map(|process| (process.pid, process.start_time)).collect();
    assert_eq!(line, [(9, 300), (7, 200), (1, 0)]);
    let circle = Fake::new()
        .file("/proc/9/stat", stat_line(9, 'S', 7, 0, 1, 300))
        .file("/proc/7/stat", stat_line(7, 'S', 9, 0, 1, 200));
    assert_eq!(ancestry(&circle, 9).len(), GENERATIONS);
    assert_eq!(ancestry(&Fake::new(), 9), []);
    let own: Vec<u32> = ancestry(&Live, std::process::id()).into_iter().map(|process| process.pid).collect();
    assert_eq!(own[..2], [std::process::id(), std::os::unix::process::parent_id()]);
}

#[test]
fn the_request_names_the_socket_as_the_kernel_does() {
    let mut socket = Socket::new(
        Transport::Udp,
        netstat_model::Family::V6,
        netstat_model::IpEndpoint::new("10.0.0.1".parse().unwrap(), 53, 0),
        None,
    );
    socket.id.cookie = Some(0x0000_0007_0000_0005);
    let request = destroy_request(&SocketRef::from(&socket)).unwrap();
    assert_eq!(request.len(), 56);
    assert_eq!(request[..2], [10, 17]);
    assert_eq!(request[8..12], [0, 53, 0, 0]);
    assert_eq!(request[12..28], [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1]);
    assert_eq!(request[28..44], [0; 16]);
    assert_eq!(request[48..56], [5u32.to_ne_bytes(), 7u32.to_ne_bytes()].concat());
}
