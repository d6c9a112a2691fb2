use super::*;
use crate::linux::fake::Fake;
use crate::linux::live::Live;
use crate::linux::source::{Netlink, NetworkSource, Next, ProcessSource};
use proptest::prelude::*;
use rustix::io::Errno;
use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;

/// Shortened from Linux 6.18, each number unique.
const SNMP_TEXT: &str = "\
Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits
Ip: 2 64 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps
Icmp: 201 202 203 204 205 206 207 208 209 210 211 212 213 214 215 216 217 218 219 220 221 222 223 224 225 226 227 228 229
IcmpMsg: InType3 InType9 OutType3
IcmpMsg: 204 301 219
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 401 402 403 404 405 18446744073709551615 407 408 409 410 411
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 501 502 503 504 505 506 507 508 509
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: 601 602 603 604 605 606 607 608 609
";

fn decoded(decode: fn(&[u8], &mut Counters) -> u64, text: &str) -> (Counters, u64) {
    let mut counters = Counters::default();
    let odd = decode(text.as_bytes(), &mut counters);
    (counters, odd)
}

#[test]
fn snmp_is_read_by_name() {
    let (counters, odd) = decoded(decode_pairs, SNMP_TEXT);
    assert_eq!(odd, 0);
    let ip = counters.ip_v4.unwrap();
    assert_eq!((ip.in_receives, ip.forw_datagrams, ip.frag_creates), (Some(101), Some(104), Some(117)));
    assert_eq!((ip.out_transmits, ip.routing_discards, ip.in_octets), (Some(118), None, None));
    let icmp = counters.icmp_v4.unwrap();
    assert_eq!((icmp.in_msgs, icmp.in_dest_unreachs, icmp.in_echo_reps), (Some(201), Some(204), Some(210)));
    assert_eq!((icmp.out_msgs, icmp.out_dest_unreachs), (Some(215), Some(219)));
    assert_eq!((icmp.in_router_adverts, icmp.in_router_solicits), (Some(301), Some(0)));
    assert_eq!((icmp.out_router_adverts, icmp.out_router_solicits), (Some(0), Some(0)));
    let tcp = counters.tcp.unwrap();
    assert_eq!((tcp.max_conn, tcp.active_opens, tcp.in_segs), (None, Some(401), Some(u64::MAX)));
    assert_eq!((tcp.out_rsts, tcp.in_csum_errors), (Some(410), Some(411)));
    let udp = counters.udp_v4.unwrap();
    assert_eq!((udp.in_datagrams, udp.rcvbuf_errors, udp.mem_errors), (Some(501), Some(505), Some(509)));
    assert_eq!((counters.tcp_v4, counters.tcp_v6, counters.udp_v6), (None, None, None));
}

#[test]
fn an_old_kernel_has_fewer_counters_in_another_order() {
    let (counters, odd) =
        decoded(decode_pairs, "Udp: OutDatagrams InDatagrams\nUdp: 4 1\nIcmp: OutMsgs\nIcmp: 7\n");
    assert_eq!(odd, 0);
    let udp = counters.udp_v4.unwrap();
    assert_eq!((udp.in_datagrams, udp.out_datagrams, udp.no_ports), (Some(1), Some(4), None));
    let icmp = counters.icmp_v4.unwrap();
    assert_eq!(
        (icmp.out_router_adverts, icmp.in_router_adverts),
        (Some(0), None),
        "sent is known, received not"
    );
    assert_eq!((counters.ip_v4, counters.tcp), (None, None));
}

#[test]
fn snmp6_names_lead_to_their_blocks() {
    let text = "Ip6InReceives                   \t1\nIp6OutForwDatagrams\t2\nIp6InMcastPkts 3\nIcmp6InMsgs 4\n\
                Icmp6InGroupMembQueries 5\nIcmp6OutType138 6\nIcmp6OutMsgs 7\nUdp6NoPorts 8\nUdpLite6NoPorts 9\n";
    let (counters, odd) = decoded(decode_snmp6, text);
    assert_eq!(odd, 0);
    let ip = counters.ip_v6.unwrap();
    assert_eq!((ip.in_receives, ip.forw_datagrams, ip.in_mcast_pkts), (Some(1), Some(2), Some(3)));
    let icmp = counters.icmp_v6.unwrap();
    assert_eq!((icmp.in_group_memb_queries, icmp.out_router_renumberings), (Some(5), Some(6)));
    assert_eq!(icmp.in_router_renumberings, Some(0), "the kernel lists this type after its first message");
    assert_eq!(counters.udp_v6.unwrap().no_ports, Some(8));
}

#[test]
fn the_extended_counters_go_to_tcp_and_ip() {
    let text = "TcpExt: SyncookiesSent TW ListenOverflows TCPOFOQueue\nTcpExt: 1 2 3 4\n\
                IpExt: InNoRoutes InOctets\nIpExt: 5 6\nMPTcpExt: MPCapableSYNRX\nMPTcpExt: 7\n";
    let (counters, odd) = decoded(decode_pairs, text);
    assert_eq!(odd, 0);
    let tcp = counters.tcp_ext.unwrap();
    assert_eq!((tcp.syncookies_sent, tcp.time_waited), (Some(1), Some(2)));
    assert_eq!((tcp.listen_overflows, tcp.ofo_queue, tcp.tw_recycled), (Some(3), Some(4), None));
    let ip = counters.ip_v4.unwrap();
    assert_eq!((ip.in_no_routes, ip.in_octets, ip.in_receives), (Some(5), Some(6), None));
}

#[test]
fn sockets_are_counted_by_block_and_name() {
    let text = "sockets: used 26\nTCP: inuse 3 orphan 1 tw 4 alloc 5 mem 407\nUDP: inuse 6 mem 7\nUDPLITE: inuse 8\n\
                TCP6: inuse 9\nUDP6: inuse 10\n";
    let (counters, odd) = decoded(decode_sockstat, text);
    assert_eq!(odd, 0);
    let levels = counters.levels.unwrap();
    assert_eq!((levels.tcp_inuse, levels.tcp_orphan, levels.tcp_tw), (Some(3), Some(1), Some(4)));
    assert_eq!((levels.tcp_alloc, levels.tcp_mem, levels.tcp6_inuse), (Some(5), Some(407), Some(9)));
    assert_eq!((levels.udp_inuse, levels.udp_mem, levels.udp6_inuse), (Some(6), Some(7), Some(10)));
}

#[test]
fn malformed_lines_are_counted_and_not_zero() {
    for (text, odd) in [
        ("Udp: InDatagrams NoPorts\nUdp: 1\n", 1),
        ("Udp: InDatagrams\nUdp: 1 2\n", 1),
        ("Udp: InDatagrams NoPorts\nTcp: ActiveOpens\nTcp: 9\nUdp: NoPorts\n", 2),
        ("Udp: InDatagrams\n", 1),
        ("Udp: InDatagrams NoPorts\nUdp: x 99999999999999999999999\n", 2),
        ("nonsense\n", 1),
    ] {
        let (counters, found) = decoded(decode_pairs, text);
        assert_eq!(found, odd, "{text}");
        assert_eq!(counters.udp_v4.unwrap_or_default().no_ports, None, "{text}");
    }
    assert_eq!(decode_pairs(b"Udp: InDatagrams\nUdp: \xff\nUdp: 1\n", &mut Counters::default()), 2);
    for (text, odd) in [("Udp6NoPorts\n", 1), ("Udp6NoPorts 1 2\n", 1), ("Udp6NoPorts one\n", 1)] {
        let (counters, found) = decoded(decode_snmp6, text);
        assert_eq!((found, counters.udp_v6.unwrap_or_default().no_ports), (odd, None), "{text}");
    }
    let (counters, odd) = decoded(decode_sockstat, "TCP: inuse\nTCP: tw -1\nwhat\n");
    assert_eq!((odd, counters.levels.unwrap().tcp_tw), (2, None));
}

#[test]
fn a_system_without_ipv6_gives_no_warning() {
    let fake = Fake::new()
        .file(SNMP, SNMP_TEXT)
        .file(NETSTAT, "TcpExt: TW\nTcpExt: 1\n")
        .file(SOCKSTAT, "TCP: inuse 1 orphan 0 tw 0 alloc 1 mem 1\n")
        .file("/proc/sys/net/ipv4/tcp_mem", "1\t2\t3\n")
        .file("/proc/sys/net/ipv4/tcp_max_orphans", "4\n")
        .file("/proc/sys/net/ipv4/tcp_max_tw_buckets", "5\n");
    let answer = counters(&fake).unwrap();
    assert_eq!(answer.warnings, []);
    assert_eq!((&answer.data.ip_v6, &answer.data.icmp_v6, &answer.data.udp_v6), (&None, &None, &None));
    let levels = answer.data.levels.unwrap();
    assert_eq!((levels.tcp_mem_pressure, levels.tcp_mem_max), (Some(2), Some(3)));
    assert_eq!((levels.tcp_max_orphans, levels.tcp_max_tw_buckets), (Some(4), Some(5)));
}

#[test]
fn unreadable_counters_are_unknown_with_a_warning() {
    let fake = Fake::new()
        .file(SNMP, SNMP_TEXT)
        .fails(SNMP6, Errno::ACCESS)
        .file(SOCKSTAT, "TCP: inuse x\n")
        .fails("/proc/sys/net/ipv4/tcp_mem", Errno::PERM);
    let answer = counters(&fake).unwrap();
    let warnings: Vec<String> = answer.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 4, "{warnings:?}");
    assert!(warnings[0].starts_with("the IPv6 part of the statistics is unknown"), "{warnings:?}");
    assert!(warnings[1].starts_with("the extended part of the TCP statistics is unknown"), "{warnings:?}");
    assert!(warnings[2].contains(SOCKSTAT), "{warnings:?}");
    assert!(warnings[3].starts_with("the limit on TCP memory is unknown"), "{warnings:?}");
    assert_eq!((answer.data.tcp_ext, answer.data.levels.unwrap().tcp_inuse), (None, None));

    let error = counters(&Fake::new().fails(SNMP, Errno::ACCESS)).unwrap_err();
    assert_eq!(error.operation, Operation::ReadCounters);
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_decoded_without_panic(bytes: Vec<u8>) {
        decode_all(&bytes);
    }

    #[test]
    fn arbitrary_lines_are_decoded_without_panic(text in "((Udp|Tcp|TCP|IcmpMsg):?[ \\-0-9A-Za-zé]{0,20}\n){0,9}") {
        decode_all(text.as_bytes());
    }

    #[test]
    fn any_number_of_the_kernel_comes_through(number: u64) {
        let (counters, odd) = decoded(decode_pairs, &format!("Tcp: InSegs\nTcp: {number}\n"));
        prop_assert_eq!((counters.tcp.unwrap().in_segs, odd), (Some(number), 0));
    }
}

/// The running system as seen by a thread in its own network namespace: `/proc/net` is that of the process.
struct ThisThread;

impl NetworkSource for ThisThread {
    fn netlink(
        &self,
        protocol: Netlink,
        request: &[u8],
        each: &mut dyn FnMut(&[u8]) -> Next,
    ) -> io::Result<()> {
        Live.netlink(protocol, request, each)
    }
    fn read(&self, path: &str, into: &mut Vec<u8>) -> io::Result<()> {
        Live.read(&path.replace("/proc/net/", "/proc/thread-self/net/"), into)
    }
}

impl Source for ThisThread {
    fn read_link(&self, path: &str) -> io::Result<Vec<u8>> {
        Live.read_link(path)
    }
    fn names(&self, path: &str, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        Live.names(path, each)
    }
    fn process(&self, pid: u32) -> io::Result<Box<dyn ProcessSource + '_>> {
        Live.process(pid)
    }
}

fn read_here() -> Counters {
    let answer = counters(&ThisThread).unwrap();
    assert_eq!(answer.warnings, []);
    answer.data
}

/// Runs `nstat -az`; returns `None` and says so if it is not installed.
fn nstat() -> Option<HashMap<String, u64>> {
    let output = match Command::new("nstat").args(["-a", "-s", "-z", "-j"]).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            netstat_lab::skip("nstat is missing; install iproute2");
            return None;
        }
        output => output.unwrap(),
    };
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = json["kernel"].as_object().unwrap();
    Some(all.iter().map(|(name, number)| (name.clone(), number.as_u64().unwrap())).collect())
}

/// Asserts that all counters that both sides have are equal, and that there are many.
fn compare(ours: &Counters, nstat: &HashMap<String, u64>) {
    let mut compared = 0;
    let mut block = |prefix: &str, names: &[&str], get: &dyn Fn(&str) -> Option<u64>| {
        for &name in names {
            let theirs = match (prefix, name) {
                ("Ip6", "ForwDatagrams") => "Ip6OutForwDatagrams".to_owned(),
                ("Icmp", name) if name.contains("Type") => format!("IcmpMsg{name}"),
                _ => format!("{prefix}{name}"),
            };
            let theirs =
                nstat.get(&theirs).or_else(|| nstat.get(&format!("IpExt{name}")).filter(|_| prefix == "Ip"));
            match (get(name), theirs) {
                (Some(ours), Some(&theirs)) => {
                    assert_eq!(ours, theirs, "{prefix} {name}");
                    compared += 1;
                }
                // A gauge, which nstat leaves out; another test looks at it.
                (Some(_), None) if name == "CurrEstab" => {}
                // Types that were not seen yet are in no file.
                (Some(ours), None) => assert!(name.contains("Type") && ours == 0, "{prefix} {name}"),
                (None, theirs) => {
                    assert!(theirs.is_none() || name == "MaxConn", "{prefix} {name} is missing")
                }
            }
        }
    };
    let ip = ours.ip_v4.as_ref().unwrap();
    block("Ip", netstat_model::IpCounters::NAMES, &|name| ip.get(name));
    let icmp = ours.icmp_v4.as_ref().unwrap();
    block("Icmp", IcmpV4Counters::NAMES, &|name| icmp.get(name));
    let tcp = ours.tcp.as_ref().unwrap();
    block("Tcp", netstat_model::TcpCounters::NAMES, &|name| tcp.get(name));
    let ext = ours.tcp_ext.as_ref().unwrap();
    block("TcpExt", netstat_model::TcpExtCounters::NAMES, &|name| ext.get(name));
    let udp = ours.udp_v4.as_ref().unwrap();
    block("Udp", netstat_model::UdpCounters::NAMES, &|name| udp.get(name));
    if let (Some(ip), Some(icmp), Some(udp)) = (&ours.ip_v6, &ours.icmp_v6, &ours.udp_v6) {
        block("Ip6", netstat_model::IpCounters::NAMES, &|name| ip.get(name));
        block("Icmp6", IcmpV6Counters::NAMES, &|name| icmp.get(name));
        block("Udp6", netstat_model::UdpCounters::NAMES, &|name| udp.get(name));
    }
    assert!(compared > 80, "only {compared} counters compared");
}

/// Compares while nothing changes: when our answers before and after that of nstat are equal.
fn compare_with_nstat() -> Option<()> {
    for _ in 0..200 {
        let before = read_here();
        let nstat = nstat()?;
        if read_here() == before {
            compare(&before, &nstat);
            return Some(());
        }
    }
    panic!("the counters never stopped changing");
}

/// Asserts that `act` makes the counter grow by exactly this much, at once or a little later.
fn grows(by: u64, read: impl Fn(&Counters) -> Option<u64>, act: impl FnOnce()) {
    let before = read(&read_here()).unwrap();
    act();
    netstat_lab::eventually("the counter grow as it should", || {
        (read(&read_here())? - before == by).then_some(())
    })
    .unwrap();
}

#[test]
fn traffic_of_known_size_shows_in_a_namespace_and_nstat_agrees() {
    netstat_lab::on_own_thread(|_| {
        let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let to = receiver.local_addr().unwrap();
        let before = read_here();
        for _ in 0..10 {
            assert_eq!(sender.send_to(&[7; 100], to).unwrap(), 100);
            assert_eq!(receiver.recv(&mut [0; 200]).unwrap(), 100);
        }
        let after = read_here();
        let difference = |read: fn(&Counters) -> Option<u64>| read(&after).unwrap() - read(&before).unwrap();
        assert_eq!(difference(|all| all.udp_v4.as_ref()?.in_datagrams), 10);
        assert_eq!(difference(|all| all.udp_v4.as_ref()?.out_datagrams), 10);
        assert_eq!(difference(|all| all.ip_v4.as_ref()?.in_receives), 10);
        assert_eq!(difference(|all| all.ip_v4.as_ref()?.in_octets), 1280);
        assert_eq!(difference(|all| all.ip_v4.as_ref()?.out_requests), 10);

        // To a closed port: each datagram causes an ICMP message.
        let nobody = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let send = |count: u32, size: usize, to: SocketAddr| {
            for _ in 0..count {
                assert_eq!(sender.send_to(&vec![1; size], to).unwrap(), size);
            }
        };
        grows(3, |all| all.udp_v4.as_ref()?.no_ports, || send(3, 1, nobody));
        grows(3, |all| all.icmp_v4.as_ref()?.in_dest_unreachs, || send(3, 1, nobody));
        grows(3, |all| all.icmp_v4.as_ref()?.out_dest_unreachs, || send(3, 1, nobody));

        // More than the receive buffer holds, but less than the backlog: what is not received is counted as lost.
        let sent = 600;
        let lost = || read_here().udp_v4.unwrap().rcvbuf_errors.unwrap();
        let before = lost();
        send(sent, 1000, to);
        receiver.set_nonblocking(true).unwrap();
        let mut kept = 0;
        let all = netstat_lab::eventually("every datagram received or lost", || {
            kept += std::iter::from_fn(|| receiver.recv(&mut [0; 2000]).ok()).count() as u64;
            (lost() - before + kept == u64::from(sent)).then_some(())
        });
        all.unwrap();
        assert!(lost() > before && kept > 0);

        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let before = read_here();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap();
        let after = read_here();
        let difference = |read: fn(&Counters) -> Option<u64>| read(&after).unwrap() - read(&before).unwrap();
        assert_eq!(difference(|all| all.tcp.as_ref()?.active_opens), 1);
        assert_eq!(difference(|all| all.tcp.as_ref()?.passive_opens), 1);
        assert_eq!(difference(|all| all.tcp.as_ref()?.in_segs), 3);
        assert_eq!(after.tcp.as_ref().unwrap().curr_estab, Some(2));
        // The listener and both ends.
        assert_eq!(after.levels.as_ref().unwrap().tcp_inuse, Some(3));
        drop((client, server));

        let v6 = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap();
        let nobody = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        let send = || assert_eq!(v6.send_to(&[1; 52], nobody).unwrap(), 52);
        grows(1, |all| all.udp_v6.as_ref()?.no_ports, send);
        grows(1, |all| all.icmp_v6.as_ref()?.out_dest_unreachs, send);
        grows(1, |all| all.icmp_v6.as_ref()?.in_dest_unreachs, send);
        // The datagram (40 + 8 + 52) and the message that carries it back (40 + 8 + 100).
        grows(248, |all| all.ip_v6.as_ref()?.in_octets, send);
        let after = read_here();
        let icmp = after.icmp_v6.as_ref().unwrap();
        assert_eq!((icmp.in_router_renumberings, icmp.out_router_renumberings), (Some(0), Some(0)));

        compare_with_nstat();
    });
}
