//! What stops a bind of a port, compared with a bind of it.

use crate::answer::{Finding, ask, assert_found, assert_only};
use crate::exposed::nft;
use crate::support::{command, finish};
use netstat_lab::{Namespace, Neighbour, Place, on_own_thread};
use rustix::io::Errno;
use rustix::net::sockopt::set_ipv6_v6only;
use rustix::net::{AddressFamily, SocketType, bind, listen, socket};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::OwnedFd;

/// Binds a port as a program does that sets no option.
fn bound(kind: SocketType, address: Ipv4Addr, port: u16) -> Result<OwnedFd, Errno> {
    let socket = socket(AddressFamily::INET, kind, None)?;
    bind(&socket, &SocketAddrV4::new(address, port))?;
    Ok(socket)
}

/// Whether a plain bind of a TCP port to every address fails for want of the port.
fn is_in_use(port: u16) -> bool {
    match bound(SocketType::STREAM, Ipv4Addr::UNSPECIFIED, port) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error, Errno::ADDRINUSE);
            true
        }
    }
}

/// Asserts that a check of a port finds one thing in the way, and that the kernel agrees.
fn assert_stopped(port: u16, way: &str) -> Finding {
    assert!(is_in_use(port), "{way}");
    let words = format!("{port}/tcp");
    let finding = assert_found("bind", &words, "warning");
    assert_eq!(finding.fact("way"), way);
    let all = ask(&format!("bind {words}")).of("bind");
    assert_eq!(all.len(), 1, "{all:?}");
    finding
}

/// Leaves the range of chosen ports where it does not meet those of a test.
fn prepare(namespace: &Namespace) {
    namespace.set_sysctl("net/ipv4/ip_local_port_range", "40000 50000").unwrap();
}

#[test]
fn a_port_is_free_where_the_kernel_gives_it() {
    on_own_thread(|namespace| {
        prepare(namespace);
        assert!(!is_in_use(4873));
        let findings = ask("bind 4873").of("bind");
        let severities: Vec<&str> = findings.iter().map(Finding::severity).collect();
        assert_eq!(severities, ["ok", "ok"], "{findings:?}");
        let run = finish(command("check bind :4873"));
        assert!(run.code == Some(0) && run.text.contains("4873/udp is free"), "{run:?}");
    });
}

#[test]
fn listeners_bound_sockets_connections_and_time_wait_are_told_apart() {
    on_own_thread(|namespace| {
        prepare(namespace);
        let listener = namespace.listener(Place::AnyV4, 4873).unwrap();
        let finding = assert_stopped(4873, "listens");
        assert_eq!(finding.processes(), [(Some(std::process::id().into()), 1)]);
        assert_eq!((finding.fact("blocks"), finding.rows().len()), (&"ipv4".into(), 1));
        drop(listener);
        assert!(!is_in_use(4873));

        let own = bound(SocketType::STREAM, Ipv4Addr::LOCALHOST, 4874).unwrap();
        // Another address of the machine is free all the same.
        drop(bound(SocketType::STREAM, Ipv4Addr::new(127, 0, 0, 2), 4874).unwrap());
        let finding = assert_stopped(4874, "bound");
        assert_eq!((finding.fact("blocks"), finding.rows().len()), (&"addresses".into(), 1));
        assert!(finding.words().contains("does not listen"), "{finding:?}");
        drop(own);

        // A server that sets no option, and whose listener is gone.
        let server = bound(SocketType::STREAM, Ipv4Addr::LOCALHOST, 4875).unwrap();
        listen(&server, 1).unwrap();
        let server = TcpListener::from(server);
        let client = TcpStream::connect("127.0.0.1:4875").unwrap();
        let (accepted, _) = server.accept().unwrap();
        drop(server);
        let finding = assert_stopped(4875, "connections");
        assert_eq!(finding.rows().len(), 1);
        // It closes first, so the other end is the last to say so.
        drop(accepted);
        drop(client);
        netstat_lab::eventually("TIME_WAIT", || {
            let findings = ask("bind 4875/tcp").of("bind");
            findings.iter().any(|finding| finding.subject().ends_with("time_wait")).then_some(())
        })
        .unwrap();
        let finding = assert_stopped(4875, "time_wait");
        let left = finding.number("seconds_left");
        assert!(left > 0.0 && left <= 60.0, "{finding:?}");
        assert!(finding.processes().is_empty() && finding.rows().len() == 1, "{finding:?}");
    });
}

/// A bind to try: an address, and whether a `::` refuses IPv4.
type Try = (IpAddr, bool);

/// Whether the kernel gives a port for a plain bind of a TCP socket.
fn is_given((address, v6_only): Try, port: u16) -> bool {
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::STREAM, None).unwrap();
    if address.is_ipv6() {
        set_ipv6_v6only(&socket, v6_only).unwrap();
    }
    match bind(&socket, &SocketAddr::new(address, port)) {
        Ok(()) => true,
        Err(error) => {
            assert_eq!(error, Errno::ADDRINUSE);
            false
        }
    }
}

#[test]
fn only_the_binds_that_fail_are_named() {
    on_own_thread(|namespace| {
        prepare(namespace);
        let v4 = |last| IpAddr::from([127, 0, 0, last]);
        let v6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        let tries: [Try; 6] = [
            (Ipv4Addr::UNSPECIFIED.into(), false),
            (v4(1), false),
            (v4(2), false),
            (Ipv6Addr::UNSPECIFIED.into(), false),
            (Ipv6Addr::UNSPECIFIED.into(), true),
            (v6, false),
        ];
        // For each listener which of the binds are given, and the sentence.
        let cases: [(&[Place], [bool; 6], &str); 8] = [
            (
                &[Place::LoopbackV4],
                [false, false, true, false, true, true],
                "a bind of 127.0.0.1 or 0.0.0.0 fails, and one of :: for both families; one of :: for IPv6 alone works",
            ),
            (
                &[Place::LoopbackMapped],
                [false, false, true, false, true, true],
                "a bind of 127.0.0.1 or 0.0.0.0 fails, and one of :: for both families; one of :: for IPv6 alone works",
            ),
            (
                &[Place::LoopbackV6],
                [true, true, true, false, false, false],
                "a bind of ::1 or :: fails; one of 0.0.0.0 works",
            ),
            (
                &[Place::LoopbackV4, Place::LoopbackV6],
                [false, false, true, false, false, false],
                "a bind of 127.0.0.1, ::1, 0.0.0.0 or :: fails",
            ),
            (
                &[Place::AnyV4],
                [false, false, false, false, true, true],
                "a bind for IPv4 fails, and one of :: for both families; one for IPv6 alone works",
            ),
            (
                &[Place::AnyV4, Place::LoopbackV6],
                [false, false, false, false, false, false],
                "a bind for IPv4 fails, and one of ::1 or ::; other IPv6 addresses work",
            ),
            (
                &[Place::AnyV6Only],
                [true, true, true, false, false, false],
                "a bind for IPv6 fails, also one of :: for both families; one for IPv4 works",
            ),
            (&[Place::AnyDualStack], [false; 6], "a bind of this port fails, whatever the address"),
        ];
        for (port, (places, given, sentence)) in (4900..).zip(cases) {
            let held: Vec<_> = places.iter().map(|place| namespace.listener(*place, port).unwrap()).collect();
            let all = ask(&format!("bind {port}/tcp"));
            let finding = all.of("bind").remove(0);
            assert!(finding.words().contains(sentence), "{places:?}: {finding:?}");
            assert_eq!(tries.map(|one| is_given(one, port)), given, "{places:?}");
            drop(held);
        }
    });
}

#[test]
fn an_outgoing_connection_holds_a_port_of_the_range() {
    on_own_thread(|namespace| {
        prepare(namespace);
        let server = TcpListener::bind("127.0.0.1:7").unwrap();
        let client = TcpStream::connect("127.0.0.1:7").unwrap();
        let port = client.local_addr().unwrap().port();
        let finding = assert_stopped(port, "connections");
        assert_eq!(finding.fact("chosen_by_system"), true);
        drop((client, server));
        namespace.set_sysctl("net/ipv4/ip_local_reserved_ports", "41000-41009").unwrap();
        for (port, fact) in [(41_020, "chosen_by_system"), (41_005, "reserved")] {
            assert!(!is_in_use(port));
            assert_eq!(assert_found("bind", &format!("{port}/tcp"), "notice").fact(fact), true);
        }
    });
}

#[test]
fn datagram_sockets_stop_datagram_sockets_alone() {
    on_own_thread(|namespace| {
        prepare(namespace);
        let _own = namespace.udp(Place::LoopbackV4, 5353).unwrap();
        let refused = bound(SocketType::DGRAM, Ipv4Addr::UNSPECIFIED, 5353);
        assert_eq!(refused.err(), Some(Errno::ADDRINUSE));
        let finding = assert_found("bind", "5353", "warning");
        assert_eq!(finding.subject(), "5353/udp udp");
        assert!(!is_in_use(5353));
        assert_eq!(ask("bind 5353/tcp").of("bind")[0].severity(), "ok");
    });
}

#[test]
fn ports_of_root_follow_the_setting() {
    on_own_thread(|namespace| {
        prepare(namespace);
        assert_eq!(assert_found("bind", "80/tcp", "notice").fact("unprivileged_ports_from"), 1024);
        namespace.set_sysctl("net/ipv4/ip_unprivileged_port_start", "80").unwrap();
        assert_eq!(ask("bind 80/tcp").of("bind").len(), 1);
        assert_eq!(ask("bind 79/tcp").of("bind").len(), 2);
    });
}

#[test]
fn a_rule_takes_what_comes_from_others_and_the_bind_works() {
    on_own_thread(|namespace| {
        prepare(namespace);
        let client = Neighbour::new().unwrap();
        client.connect(namespace, "e0", "e1").unwrap();
        namespace.ip("addr add 198.51.100.10/24 dev e0\n").unwrap();
        client.run(|there| there.ip("addr add 198.51.100.99/24 dev e1\n").unwrap());
        let rules = "table ip nat {\nchain pre {\ntype nat hook prerouting priority -100;\ntcp dport 4873 redirect to :4874\ntcp dport 4875 dnat to 198.51.100.10\n}\n}\n";
        if !nft(rules) {
            return;
        }
        assert!(!is_in_use(4873));
        let finding = assert_found("bind", "4873/tcp", "warning");
        assert!(finding.sentence().contains("goes to port 4874 of this machine"), "{finding:?}");
        assert!(finding.words().contains("nftables ip nat pre handle "), "{finding:?}");
        // By another address of this machine it still reaches a socket of every address.
        assert_eq!(ask("bind 4875/tcp").of("bind").len(), 1);
        let every = TcpListener::bind("0.0.0.0:4875").unwrap();
        let stream = client.run(|_| TcpStream::connect("198.51.100.10:4875").unwrap());
        assert_eq!(every.accept().unwrap().1, stream.local_addr().unwrap());
        // A client of another machine is answered by the other port indeed.
        let (own, other) =
            (TcpListener::bind("0.0.0.0:4873").unwrap(), TcpListener::bind("0.0.0.0:4874").unwrap());
        own.set_nonblocking(true).unwrap();
        let stream = client.run(|_| TcpStream::connect("198.51.100.10:4873").unwrap());
        assert_eq!(other.accept().unwrap().1, stream.local_addr().unwrap());
        assert!(own.accept().is_err());
    });
}

#[test]
fn it_runs_only_where_a_port_is_given_and_never_by_a_filter() {
    on_own_thread(|_| {
        assert_only(&[]);
        let all = ask("");
        assert!(!all.run.text.contains("\"bind\""));
        for (words, said) in [
            ("check bind", "bind needs a port: type, for example, netstat check bind 4873"),
            ("check bind 4873 process cat", "a filter would hide some: leave the filter out"),
            (
                "check bind 70000",
                "\"70000\" is no port (0 to 65535): type, for example, netstat check bind 4873",
            ),
            ("check bind abc", "\"abc\" is no port (0 to 65535): type, for example, netstat check bind 4873"),
        ] {
            let run = finish(command(words));
            assert!(run.code != Some(0) && run.complaint.contains(said), "{words}: {run:?}");
        }
    });
}
