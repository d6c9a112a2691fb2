//! `netstat -s` of a private network namespace, read back from its text, against `nstat -az`.

use super::protocols::parse;
use netstat_cli::render::LineEnd;
use netstat_cli::render::statistics::render_statistics;
use netstat_cli::view::statistics::sections;
use netstat_model::{IcmpV4Counters, IcmpV6Counters, IpCounters, TcpCounters, UdpCounters};
use netstat_os::{Backend, Origin};
use std::collections::HashMap;
use std::io::{ErrorKind, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::process::Command;

/// What begins and ends the report among the lines of the test harness.
const MARK: &str = "----- report -----";

/// The report of the namespace of this process. The test below runs it in a process of its own, because the
/// counters in `/proc/net` are those of the process and not those of the thread.
#[test]
fn this_system_has_a_report() {
    let backend = netstat_os::open(Origin::Live).unwrap();
    let answer = backend.counters().unwrap();
    assert_eq!(answer.warnings, []);
    let mut out = Vec::new();
    render_statistics(&mut out, &sections(&answer.data, None, None, false), LineEnd::Lf).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.starts_with("\nIPv4 Statistics\n\n  Packets Received"), "{text}");
    assert_eq!(text.matches("TCP Statistics").count(), 1, "{text}");
    println!("{MARK}{text}{MARK}");
}

/// The report of the namespace of this thread, by lines.
fn report() -> Vec<String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "live::this_system_has_a_report", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    text.split(MARK).nth(1).unwrap().lines().map(str::to_owned).collect()
}

fn nstat() -> Option<HashMap<String, u64>> {
    let output = match Command::new("nstat").args(["-a", "-s", "-z", "-j"]).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let _ = writeln!(std::io::stderr(), "skipped: nstat is missing; install iproute2");
            return None;
        }
        output => output.unwrap(),
    };
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let all = json["kernel"].as_object().unwrap();
    Some(all.iter().map(|(name, number)| (name.clone(), number.as_u64().unwrap())).collect())
}

/// Compares what the report shows with what nstat says; answers how many numbers there were.
fn compare(
    prefix: &str,
    names: &[&str],
    shown: impl Fn(&str) -> Option<u64>,
    nstat: &HashMap<String, u64>,
) -> usize {
    let mut compared = 0;
    for name in names {
        let theirs = match (prefix, *name) {
            ("Ip6", "ForwDatagrams") => "Ip6OutForwDatagrams".to_owned(),
            ("Icmp", name) if name.contains("Type") => format!("IcmpMsg{name}"),
            _ => format!("{prefix}{name}"),
        };
        let Some(shown) = shown(name) else { continue };
        match nstat.get(&theirs) {
            Some(&number) => assert_eq!(shown, number, "{theirs}"),
            // Types that never came, and the level of connections, are not in nstat.
            None => assert!(*name == "CurrEstab" || name.contains("Type") && shown == 0, "{theirs}"),
        }
        compared += 1;
    }
    compared
}

#[test]
fn the_report_is_what_nstat_says() {
    netstat_lab::on_own_thread(|_| {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let v6 = UdpSocket::bind("[::1]:0").unwrap();
        for _ in 0..7 {
            receiver.send_to(&[1; 50], receiver.local_addr().unwrap()).unwrap();
            receiver.recv(&mut [0; 100]).unwrap();
        }
        // The discard service runs nowhere inside.
        receiver.send_to(&[1], "127.0.0.1:9").unwrap();
        v6.send_to(&[1], "[::1]:9").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let server = listener.accept().unwrap();

        for _ in 0..100 {
            let (Some(before), lines, Some(after)) = (nstat(), report(), nstat()) else { return };
            if before != after {
                continue;
            }
            let shown = parse(&lines);
            let ip = |ip: &Option<IpCounters>, name: &str| ip.as_ref().unwrap().get(name);
            let udp = |udp: &Option<UdpCounters>, name: &str| udp.as_ref().unwrap().get(name);
            let icmp_v4 = shown.icmp_v4.as_ref().unwrap();
            let icmp_v6 = shown.icmp_v6.as_ref().unwrap();
            let tcp = shown.tcp.as_ref().unwrap();
            // Every row of Windows but the two `Routing Discards`.
            assert_eq!(compare("Ip", IpCounters::NAMES, |name| ip(&shown.ip_v4, name), &after), 16);
            assert_eq!(compare("Ip6", IpCounters::NAMES, |name| ip(&shown.ip_v6, name), &after), 16);
            assert_eq!(compare("Icmp", IcmpV4Counters::NAMES, |name| icmp_v4.get(name), &after), 30);
            assert_eq!(compare("Icmp6", IcmpV6Counters::NAMES, |name| icmp_v6.get(name), &after), 34);
            assert_eq!(compare("Tcp", TcpCounters::NAMES, |name| tcp.get(name), &after), 8);
            assert_eq!(compare("Udp", UdpCounters::NAMES, |name| udp(&shown.udp_v4, name), &after), 4);
            assert_eq!(compare("Udp6", UdpCounters::NAMES, |name| udp(&shown.udp_v6, name), &after), 4);
            // And they are what this test made.
            assert_eq!(
                (udp(&shown.udp_v4, "InDatagrams"), udp(&shown.udp_v4, "NoPorts")),
                (Some(7), Some(1))
            );
            assert_eq!((udp(&shown.udp_v6, "NoPorts"), icmp_v6.in_dest_unreachs), (Some(1), Some(1)));
            assert_eq!((tcp.active_opens, tcp.passive_opens, tcp.curr_estab), (Some(1), Some(1), Some(2)));
            drop((client, server));
            return;
        }
        panic!("the counters never stood still");
    });
}
