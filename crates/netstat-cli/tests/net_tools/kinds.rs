//! Sockets of every kind that net-tools lists, on loopback alone, where the resolver fails at once: with and without names.

use crate::compare::{assert_same_for, has_oracle, oracle, ours};
use netstat_lab::{Loop, Namespace, Place};
use rustix::net::{AddressFamily, Protocol, SocketFlags, SocketType};
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::fd::OwnedFd;

fn socket(family: AddressFamily, kind: SocketType, protocol: u32) -> OwnedFd {
    let protocol = NonZeroU32::new(protocol).map(Protocol::from_raw);
    rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, protocol).unwrap()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Raw sockets with and without peers, of protocols with and without names.
fn raw_sockets() -> Vec<OwnedFd> {
    let raw = |family, protocol| socket(family, SocketType::RAW, protocol);
    let (four, six) = (AddressFamily::INET, AddressFamily::INET6);
    let sockets =
        vec![raw(four, 1), raw(four, 89), raw(four, 255), raw(six, 58), raw(six, 200), raw(six, 201)];
    rustix::net::bind(&sockets[1], &address("127.0.0.1:0")).unwrap();
    rustix::net::connect(&sockets[2], &address("127.0.0.2:7")).unwrap();
    rustix::net::connect(&sockets[4], &address("[::1]:0")).unwrap();
    sockets
}

/// UDP-Lite sockets; none where the kernel does not have them any more.
fn udp_lite_sockets() -> Vec<OwnedFd> {
    let open = |family| {
        let protocol = NonZeroU32::new(136).map(Protocol::from_raw);
        rustix::net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, protocol)
    };
    let Ok(four) = open(AddressFamily::INET) else { return Vec::new() };
    let six = open(AddressFamily::INET6).unwrap();
    rustix::net::bind(&four, &address("127.0.0.1:53")).unwrap();
    rustix::net::connect(&six, &address("[::1]:123")).unwrap();
    vec![four, six]
}

fn with_every_kind(body: impl FnOnce(&Namespace) + Send) {
    netstat_lab::on_own_thread(|namespace| {
        let _raw = raw_sockets();
        let _udp_lite = udp_lite_sockets();
        let _pairs = [Loop::V4, Loop::V6, Loop::Mapped, Loop::V4ToDualStack]
            .map(|kind| namespace.connected(kind).unwrap());
        let _ssh = namespace.listener(Place::LoopbackV4, 22).unwrap();
        let _dns = namespace.udp(Place::AnyDualStack, 53).unwrap();
        let _ntp = namespace.udp_connected(Place::LoopbackV6, 123).unwrap();
        assert!(oracle("-wa").text.contains("localhost:ospf"), "the oracle does not see the sockets");
        body(namespace);
    });
}

#[test]
fn every_kind_of_socket_is_listed_as_net_tools_lists_it() {
    if !has_oracle() {
        return;
    }
    with_every_kind(|_| {
        assert_same_for(&[
            "",
            "-a",
            "-l",
            "-n",
            "-an",
            "-ln",
            "-p",
            "-lp",
            "-e",
            "-ee",
            "-o",
            "-W",
            "-N",
            "-d",
            "-anpe",
            "-aneo",
            "-anpeoW",
            "-anpeoWN",
            "-a --numeric-ports",
            "-a --numeric-hosts",
            "-ae --numeric-users",
            "-4",
            "-6",
            "-4a",
            "-6an",
            "-46l",
            "--ip",
            "--inet -a",
            "--inet6 -l",
            "-A inet",
            "-A inet6 -a",
            "-A inet,unix",
            "-A inet6,unix -l",
            "-A ip,tcpip -an",
            "-A inet -A inet6 -tn",
            "-A ddp -n",
            "-A ash -ln",
            "--appletalk -n",
            "-w",
            "-wn",
            "-wa",
            "-wan",
            "-wl",
            "-wlo",
            "-wanpeoW",
            "-w6",
            "-w4an",
            "-wW",
            "--raw -l --numeric-hosts",
            "-wa --numeric-ports",
            "-U",
            "-Ua",
            "-Uanpeo",
            "-U6",
            "-4Ua",
            "--udplite -lW",
            "-t",
            "-tl",
            "-ta",
            "-tap",
            "-u",
            "-ul",
            "-ua",
            "-uapeo",
            "-tu",
            "-tuwUa",
            "-tuwUlnp",
            "-tulpn",
            "-plantu",
            "-taupen",
            "-gwn",
            "-gwx",
            "-gtl",
            "--tcp --udp --raw --all --numeric --programs --extend --timers --wide",
            "--list --num --tcp",
            "-v",
            "-vl",
            "-van",
            "-vp6",
            "-vt",
        ]);
    });
}

#[test]
fn what_a_system_does_not_have_is_said_in_the_words_of_net_tools() {
    if !has_oracle() {
        return;
    }
    with_every_kind(|_| {
        assert_same_for(&[
            "-S",
            "-Sa",
            "-Sln",
            "-6S",
            "-tS",
            "-Sx",
            "-gS",
            "-A inet -S",
            "-S --unix",
            "--l2cap",
            "--rfcomm",
            "-2",
            "-f",
            "-f2tn",
            "-A bluetooth",
            "-A bluetooth,unix -l",
            "-A ipx",
            "-A ax25",
            "-A netrom",
            "-A x25",
            "-A rose",
            "-x --ipx -l",
            "-A ipx,inet -t",
            "--ax25",
            "--x25",
            "--netrom",
            "--rose",
            "--bluetooth",
            "-A foo",
            "-A inet,foo",
            "-tn -A foo --help",
            "-r -A unix",
            "-r -A inet,unix",
            "-r -A ash",
            "-r -A bluetooth",
            "-M",
            "-Mc",
            "-M -A unix",
            "-s46",
            "-s64",
            "-s66",
            "-s -A unix",
            "-sx6",
            "-s -A ipx",
            "-Z",
            "-tnZ",
            "-i -Z",
            "-I=lo",
            "-Ilo",
            "-T",
            "-k",
            "-tq",
            "-qh",
            "-?",
            "-t?",
            "--foo",
            "--num",
            "--v",
            "--tcp=1",
            "-A",
            "--protocol",
        ]);
    });
}

#[test]
fn tables_are_those_of_net_tools_with_any_number_of_letters() {
    if !has_oracle() {
        return;
    }
    with_every_kind(|_| {
        assert_same_for(&[
            "-r",
            "-re",
            "-ree",
            "-reee",
            "-reeee",
            "-reeeee",
            "-reeeeee",
            "-reeeeeee",
            "-r6eee",
            "-rC",
            "-rCe",
            "-rCeee",
            "-rFC64",
            "-r46",
            "-r64",
            "-r44",
            "-rv",
            "-r -A inet6,inet -n",
            "-s",
            "-sw",
            "-st",
            "-su",
            "-stw",
            "-stuw",
            "-sS",
            "-sU",
            "-s6",
            "-s6w",
            "-sc",
            "-sn",
            "-i",
            "-ia",
            "-ipn",
            "-ie",
            "-iae",
            "-i --extend",
            "-ieg",
            "-g",
            "-gp",
            "-gn46",
        ]);
    });
}

/// What differs from net-tools on purpose, as docs/dialects.md says, and nothing else of it.
#[test]
fn what_is_meant_to_differ_differs() {
    if !has_oracle() {
        return;
    }
    with_every_kind(|_| {
        let both = |words: &str| (oracle(words), ours(words));
        for words in ["-rs", "-Mi", "-ri"] {
            let (theirs, said) = both(words);
            assert!(theirs.complaint.starts_with("usage: "), "{theirs:?}");
            assert!(said.complaint.starts_with("netstat: -r, -i, -s and -M are four reports"), "{said:?}");
            assert_eq!(theirs.code, said.code, "{words}");
        }
        let (theirs, said) = both("--tcpip -tn");
        assert_eq!(theirs.complaint, "netstat.c: Internal Error `longopts 1 range'.\n");
        assert_eq!((&*said.complaint, said.text), ("", ours("-4tn").text));
        let (theirs, said) = both("-h");
        assert!(theirs.text.starts_with("usage: netstat") && said.text.starts_with("usage: netstat"));
        assert!(theirs.complaint.contains("(DARPA Internet)"), "{theirs:?}");
        assert_eq!((&*said.complaint, theirs.code, said.code), ("", Some(0), Some(0)));
        let (theirs, said) = both("-r -A ipx");
        assert_eq!((theirs.code, said.code), (Some(1), Some(3)));
        assert_eq!(said.complaint, "No routing for address family `ipx'.\n");
        let (theirs, said) = both("-V");
        assert!(theirs.text.starts_with("net-tools 2.10\n") && said.text.starts_with("netstat "), "{said:?}");
        let (theirs, said) = both("-tan state listening");
        assert!(theirs.text.lines().count() > said.text.lines().count(), "{said:?}");
    });
}
