//! `netstat capture`: which packets are kept, whose they are, and that none is unaccounted for. The oracle is tshark.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{on_own_thread, skip};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use support::capturing::{Capturing, Counts, has_tshark, python, tshark};
use support::{Folder, NETSTAT, command, finish};

/// Another capture of the loopback interface, by tshark's own program.
struct Reference(Child);

impl Reference {
    fn start(file: &Path) -> Self {
        let mut dumpcap = Command::new("dumpcap");
        dumpcap
            .args(["-q", "-i", "lo", "-s", "0", "-w"])
            .arg(file)
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = dumpcap.spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("File:") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "dumpcap did not begin");
        }
        // It begins before it says so; what it says further is read by nobody.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self(child)
    }

    fn end(mut self) {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        self.0.wait().unwrap();
    }
}

/// Connections that end in every way, and live for a moment: closed by the client, reset, refused, of one byte and of many,
/// over both families; and datagrams of one byte and of many fragments.
const CLIENT: &str = "
import socket, struct
def once(port, family=socket.AF_INET, reset=False, size=1):
    s = socket.socket(family)
    s.connect(('::1' if family == socket.AF_INET6 else '127.0.0.1', port))
    s.sendall(b'x' * size)
    s.recv(1)
    if reset:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.close()
for _ in range(40):
    once(PORT)
once(PORT, size=65536)
once(PORT, reset=True)
once(PORT6, socket.AF_INET6)
try:
    once(1)
except ConnectionRefusedError:
    pass
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
u.bind(('127.0.0.1', 0))
u.settimeout(5)
for size in [1, 60000]:
    u.sendto(b'y' * size, ('127.0.0.1', UDP))
    u.recv(1)
import time
# Until somebody has looked, however busy the machine is.
time.sleep(3)
";

/// Answers connections with a byte once it has read something.
fn serve(listener: TcpListener) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut buffer = [0; 1 << 16];
            let mut answered = false;
            while let Ok(1..) = stream.read(&mut buffer) {
                if !std::mem::replace(&mut answered, true) {
                    let _ = stream.write_all(b"z");
                }
            }
        }
    });
}

const FIELDS: [&str; 7] =
    ["ip.src", "ipv6.src", "tcp.srcport", "tcp.dstport", "tcp.flags", "tcp.seq_raw", "tcp.len"];

#[test]
fn every_packet_of_a_process_is_kept_and_none_of_others() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-process");
        let (file, whole) = (folder.path("x.pcapng"), folder.path("whole.pcapng"));
        let listen = |address: &str| TcpListener::bind(address).unwrap();
        let (v4, v6) = (listen("127.0.0.1:0"), listen("[::1]:0"));
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (port, port6) = (v4.local_addr().unwrap().port(), v6.local_addr().unwrap().port());
        let udp_port = udp.local_addr().unwrap().port();
        serve(v4);
        serve(v6);
        std::thread::spawn(move || {
            let mut buffer = [0; 1 << 16];
            while let Ok((_, from)) = udp.recv_from(&mut buffer) {
                let _ = udp.send_to(b"z", from);
            }
        });
        let reference = Reference::start(&whole);
        let capturing = Capturing::start("process python3*", &file);
        let is_complete = capturing.is_complete;
        let program = CLIENT
            .replace("PORT6", &port6.to_string())
            .replace("PORT", &port.to_string())
            .replace("UDP", &udp_port.to_string());
        let client = python(&program);
        // Others use the same ports meanwhile.
        let mut other = TcpStream::connect(("127.0.0.1", port)).unwrap();
        other.write_all(b"other").unwrap();
        let other_port = other.local_addr().unwrap().port().to_string();
        let _ = other.read(&mut [0]);
        drop(other);
        std::thread::sleep(std::time::Duration::from_millis(200));
        let (counts, said) = capturing.end();
        reference.end();
        counts.assert_whole();
        assert_eq!(counts.dropped, 0, "{said}");
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        // Each packet of the client has its process, and there are no others.
        let kept = tshark(&file, "frame", &["frame.comment"]);
        assert_eq!(kept.len() as u64, counts.written);
        let expected = format!("({client}) at ");
        for packet in &kept {
            assert!(packet[0].contains(&expected), "{packet:?}\n{said}");
        }
        if !is_complete {
            return skip("BPF is not permitted, so connections of a moment have no process");
        }
        let of = |file: &Path| {
            let mut packets: BTreeMap<Vec<String>, usize> = BTreeMap::new();
            for packet in tshark(file, "tcp && !icmp", &FIELDS) {
                if packet[2] != other_port && packet[3] != other_port {
                    *packets.entry(packet).or_default() += 1;
                }
            }
            packets
        };
        let (mut kept, mut others) = (of(&file), of(&whole));
        let common = kept.clone();
        kept.retain(|packet, count| others.get(packet) != Some(count));
        others.retain(|packet, count| common.get(packet) != Some(count));
        assert_eq!((kept, others), Default::default(), "what one file has alone\n{said}");
        assert!(tshark(&file, &format!("tcp.port == {other_port}"), &["frame.number"]).is_empty());
        // A datagram of 60,000 bytes is whole on this interface, whose packets may be larger.
        let datagrams = |file: &Path| tshark(file, "udp", &["udp.srcport", "udp.length"]);
        assert_eq!(datagrams(&file), datagrams(&whole));
        assert_same_connections(&file, client);
        read_like_tshark(&whole, &folder.path("whole.pcap"));
    });
}

/// Asks a capture of ours for the connections of the client.
fn assert_same_connections(file: &Path, client: u32) {
    let mut asked = command("capture --csv --columns pid,reason,bytes_acked --read");
    asked.arg(file).args(["tcp", "pid", &client.to_string()]);
    let run = finish(asked);
    assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""));
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    for row in run.text.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        assert_eq!(fields[0], client.to_string());
        *reasons.entry(fields[1]).or_default() += 1;
    }
    let expected = [("aborted-by-us", 1), ("closed-by-us", 42), ("refused", 1)];
    assert_eq!(reasons, BTreeMap::from(expected), "{}", run.text);
    assert_eq!(run.text.lines().filter(|row| row.ends_with(",65536")).count(), 1, "{}", run.text);
}

/// Reads a capture of another program, in both of its formats, and compares with what tshark makes of it: the bytes of each
/// connection.
fn read_like_tshark(whole: &Path, pcap: &Path) {
    let converted = Command::new("tshark").args(["-F", "pcap", "-r"]).arg(whole).arg("-w").arg(pcap).output();
    assert!(converted.unwrap().status.success());
    let mut expected: BTreeMap<String, u64> = BTreeMap::new();
    for packet in tshark(whole, "tcp && !icmp && !icmpv6", &["tcp.stream", "tcp.len"]) {
        *expected.entry(packet[0].clone()).or_default() += packet[1].parse::<u64>().unwrap();
    }
    let mut expected: Vec<u64> = expected.into_values().collect();
    expected.sort_unstable();
    for file in [whole, pcap] {
        let mut asked = command("capture --csv --columns bytes_acked,bytes_received --read");
        asked.arg(file).arg("tcp");
        let run = finish(asked);
        assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""));
        let sum = |row: &str| row.split(',').map(|bytes| bytes.parse::<u64>().unwrap()).sum::<u64>();
        let mut read: Vec<u64> = run.text.lines().skip(1).map(sum).collect();
        read.sort_unstable();
        assert_eq!(read, expected);
    }
}

#[test]
fn ten_thousand_packets_are_all_accounted_for() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-count");
        let file = folder.path("x.pcapng");
        let receivers = [(); 2].map(|()| UdpSocket::bind("127.0.0.1:0").unwrap());
        let ports = [0, 1].map(|at: usize| receivers[at].local_addr().unwrap());
        // The kernel cannot decide this one.
        let filter = format!("port {} or process nobody --snap 64", ports[0].port());
        let capturing = Capturing::start(&filter, &file);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let send = || {
            for number in 0..10_000_usize {
                sender.send_to(&[7; 100], ports[number % 2]).unwrap();
            }
        };
        send();
        let (counts, said) = capturing.end();
        counts.assert_whole();
        assert_eq!(
            (counts.seen, counts.written + counts.dropped, counts.not_attributed),
            (10_000, 5_000, 0),
            "{said}"
        );
        if has_tshark() {
            let kept = tshark(&file, "frame", &["frame.cap_len", "frame.len", "udp.dstport"]);
            assert_eq!(kept.len() as u64, counts.written);
            let expected = ["64".to_owned(), "142".to_owned(), ports[0].port().to_string()];
            assert!(kept.iter().all(|packet| packet[..] == expected), "{:?}", kept.first());
        }
        // This one it can.
        let capturing = Capturing::start(&format!("port {}", ports[0].port()), &folder.path("y.pcapng"));
        send();
        let (counts, said) = capturing.end();
        counts.assert_whole();
        assert_eq!((counts.seen, counts.not_matched), (5_000, 0), "{said}");
    });
}

#[test]
fn later_fragments_go_with_the_first() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-fragments");
        let file = folder.path("x.pcapng");
        let status = Command::new("ip").args(["link", "set", "lo", "mtu", "1500"]).status().unwrap();
        assert!(status.success());
        let receivers = ["127.0.0.1:0", "[::1]:0"].map(|address| UdpSocket::bind(address).unwrap());
        let ports = receivers.each_ref().map(|receiver| receiver.local_addr().unwrap().port());
        let capturing = Capturing::start(&format!("port {},{}", ports[0], ports[1]), &file);
        for (receiver, from) in receivers.iter().zip(["127.0.0.1:0", "[::1]:0"]) {
            let sender = UdpSocket::bind(from).unwrap();
            sender.send_to(&[7; 4000], receiver.local_addr().unwrap()).unwrap();
        }
        let (counts, said) = capturing.end();
        counts.assert_whole();
        assert_eq!((counts.written, counts.not_attributed), (6, 0), "{said}");
        if has_tshark() {
            let whole = tshark(&file, "udp.length == 4008", &["udp.dstport"]);
            assert_eq!(whole.concat(), ports.map(|port| port.to_string()));
            let own = format!("({})", std::process::id());
            assert!(tshark(&file, "frame", &["frame.comment"]).iter().all(|packet| packet[0].contains(&own)));
        }
    });
}

#[test]
fn a_file_that_is_there_is_not_touched() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-file");
        let (file, link) = (folder.path("precious"), folder.path("link"));
        std::fs::write(&file, "precious").unwrap();
        std::os::unix::fs::symlink(folder.path("elsewhere"), &link).unwrap();
        for path in [&file, &link] {
            let mut capture = command("capture --for 1s -w");
            capture.arg(path);
            let run = finish(capture);
            assert_eq!(run.code, Some(1));
            assert!(run.complaint.contains("is there already, and is not overwritten"), "{}", run.complaint);
        }
        assert_eq!(std::fs::read(&file).unwrap(), b"precious");
        assert!(!folder.path("elsewhere").exists());
    });
}

#[test]
fn who_may_not_capture_is_told_what_to_type() {
    on_own_thread(|_| {
        let mut capture = Command::new("setpriv");
        capture.args(["--bounding-set=-net_raw", "--inh-caps=-net_raw", NETSTAT]);
        capture.args("capture --for 1s -w /nowhere/x.pcapng".split(' ')).env("LC_ALL", "C");
        let run = finish(capture);
        assert_eq!(run.code, Some(1));
        assert!(
            run.complaint.contains("it takes CAP_NET_RAW: type sudo netstat capture"),
            "{}",
            run.complaint
        );
    });
}

#[test]
fn packets_are_printed_with_the_process_beside_its_end() {
    on_own_thread(|_| {
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let [from, to] = [&sender, &receiver].map(|socket| socket.local_addr().unwrap());
        let mut capture = command(&format!("capture --for 60s port {}", to.port()));
        let mut child = capture.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        // Whether it has begun is seen by what it prints.
        let sending = std::thread::spawn(move || {
            for _ in 0..400 {
                let _ = sender.send_to(&[7; 100], to);
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        drop(lines);
        let (_, packet) = line.trim_end().split_once(" lo In  ").unwrap_or_else(|| panic!("{line}"));
        let own = format!("({})", std::process::id());
        let (source, rest) = packet.split_once(" > ").unwrap();
        let (destination, content) = rest.split_once(": UDP, ").unwrap();
        assert!(source.starts_with(&from.to_string()) && source.ends_with(&own), "{line}");
        assert!(destination.starts_with(&to.to_string()) && destination.ends_with(&own), "{line}");
        assert_eq!(content, "length 100");
        // Nobody reads on, so it ends.
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        drop(sending);
    });
}

#[test]
fn a_file_ends_before_it_is_too_large() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-size");
        let file = folder.path("x.pcapng");
        let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
        let to = receiver.local_addr().unwrap();
        let mut capturing = Capturing::start(&format!("port {} --max-size 100K", to.port()), &file);
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..500 {
            sender.send_to(&[7; 1000], to).unwrap();
        }
        let mut said = String::new();
        capturing.said.read_to_string(&mut said).unwrap();
        let size = std::fs::metadata(&file).unwrap().len();
        assert!((60_000..=102_400).contains(&size), "{size}");
        assert!(said.contains("left out because nothing more could be written"), "{said}");
        if has_tshark() {
            let written = Counts::read(said.lines().last().unwrap()).written;
            assert_eq!(tshark(&file, "frame", &["frame.number"]).len() as u64, written);
        }
    });
}

/// What speaks first over each protocol: a ClientHello in two segments, a request with a secret path, another with a hostile host,
/// a banner, a question that is answered and one over TCP.
const SPEAKERS: &str = "
import socket, ssl, struct, time
def to(port, *pieces):
    s = socket.create_connection(('127.0.0.1', port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for piece in pieces:
        s.sendall(piece)
        time.sleep(0.05)
    s.close()
context = ssl.create_default_context()
context.set_alpn_protocols(['h2', 'http/1.1'])
out = ssl.MemoryBIO()
try:
    context.wrap_bio(ssl.MemoryBIO(), out, server_hostname='shop.example.org').do_handshake()
except ssl.SSLWantReadError:
    pass
hello = out.read()
to(443, hello[:70], hello[70:])
to(80, b'GET /secret?token=1 HTTP/1.1\\r\\nHost: web.example.org:80\\r\\n\\r\\n')
to(80, b'POST /secret HTTP/1.1\\r\\nHost: e\\x1b[2Jvil\\r\\n\\r\\n')
to(22, b'SSH-2.0-OpenSSH_9.2p1 Debian-2\\r\\n')
def question(name):
    labels = b''.join(bytes([len(it)]) + it.encode() for it in name.split('.'))
    return struct.pack('>6H', 7, 0x100, 1, 0, 0, 0) + labels + b'\\0' + struct.pack('>2H', 1, 1)
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(('127.0.0.1', 53))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asked = question('udp.example.org')
client.sendto(asked, ('127.0.0.1', 53))
_, who = server.recvfrom(512)
record = b'\\xc0\\x0c' + struct.pack('>2HIH', 1, 1, 60, 4) + bytes([192, 0, 2, 7])
server.sendto(asked[:2] + struct.pack('>3H', 0x8180, 1, 1) + asked[8:] + record, who)
client.recv(512)
over_tcp = question('tcp.example.org')
to(53, struct.pack('>H', len(over_tcp)) + over_tcp)
";

/// The columns app and name of the connections of a capture.
fn names_in(file: &Path) -> BTreeSet<String> {
    let mut asked = command("capture --csv --columns app,name --read");
    asked.arg(file);
    let run = finish(asked);
    assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""));
    run.text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn what_first_bytes_tell_is_what_tshark_finds_there() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-names");
        for port in [22, 53, 80, 443] {
            let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    let _ = std::io::copy(&mut stream.unwrap(), &mut std::io::sink());
                }
            });
        }
        let expected = [
            "dns,tcp.example.org A",
            "dns,udp.example.org A 192.0.2.7",
            "http,e\\027[2Jvil POST",
            "http,web.example.org:80 GET",
            "ssh,SSH-2.0-OpenSSH_9.2p1 Debian-2",
            "tls,shop.example.org h2",
        ];
        let expected: BTreeSet<String> = expected.map(str::to_owned).into();
        for (words, has_comments) in [("", false), ("--names", true), ("--names --headers", true)] {
            let file = folder.path(format!("x{}.pcapng", words.len()));
            let capturing = Capturing::start(&format!("port 22,53,80,443 {words}"), &file);
            python(SPEAKERS);
            let (counts, said) = capturing.end();
            counts.assert_whole();
            assert_eq!((counts.dropped, counts.not_attributed), (0, 0), "{said}");
            let has_bytes = !words.contains("--headers");
            assert_eq!(names_in(&file), expected, "{words}");
            let comments = tshark(&file, "frame", &["frame.comment"]).concat().join("\n");
            assert_eq!(comments.contains("app tls shop.example.org h2"), has_comments, "{comments}");
            assert!(!comments.contains("secret"), "{comments}");
            if !has_bytes {
                continue;
            }
            let found = |field| {
                let mut found: Vec<String> = tshark(&file, field, &[field]).concat();
                found.sort();
                found.dedup();
                found
            };
            assert_eq!(found("tls.handshake.extensions_server_name"), ["shop.example.org"]);
            assert_eq!(found("tls.handshake.extensions_alpn_str"), ["h2,http/1.1"]);
            assert_eq!(found("dns.qry.name"), ["tcp.example.org", "udp.example.org"]);
            assert_eq!(found("dns.a"), ["192.0.2.7"]);
            assert_eq!(found("ssh.protocol"), ["SSH-2.0-OpenSSH_9.2p1 Debian-2"]);
            let hosts = found("http.host");
            assert_eq!((hosts.len(), hosts.last().unwrap().as_str()), (2, "web.example.org:80"));
        }
        // On a screen nothing of it is more than text.
        let mut asked = command("capture --columns local,app,name --read");
        asked.arg(folder.path("x0.pcapng"));
        let run = finish(asked);
        assert!(run.text.contains("shop.example.org h2") && !run.text.contains('\u{1b}'), "{}", run.text);
        assert!(!run.text.contains("secret"), "{}", run.text);
    });
}

#[test]
fn what_can_be_read_stands_below_its_packet() {
    on_own_thread(|_| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let to = listener.local_addr().unwrap();
        let mut capture = command(&format!("capture --for 60s --follow-text port {}", to.port()));
        let mut child = capture.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let asking = std::thread::spawn(move || {
            while !until.load(Ordering::Relaxed) {
                let mut client = TcpStream::connect(to).unwrap();
                let mut server = listener.accept().unwrap().0;
                server.write_all(b"220 \x1b[31mred\r\nready").unwrap();
                drop(server);
                let _ = client.read_to_end(&mut Vec::new());
            }
        });
        let below: Vec<String> = lines
            .lines()
            .map(|line| line.unwrap())
            .filter(|line| line.starts_with("        "))
            .take(2)
            .collect();
        stop.store(true, Ordering::Relaxed);
        asking.join().unwrap();
        assert_eq!(below, ["        220", "        (what follows is not text)"]);
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    });
}

#[test]
fn lines_have_names_only_where_that_is_asked_for() {
    on_own_thread(|_| {
        let receiver = UdpSocket::bind("127.0.0.1:53").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        let question = b"\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01a\x03org\0\0\x01\0\x01";
        let sending = std::thread::spawn(move || {
            for _ in 0..400 {
                let _ = sender.send_to(question, receiver.local_addr().unwrap());
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        });
        for (words, end) in [("", ": UDP, length 23\n"), ("--names", ": UDP, length 23, dns a.org A\n")] {
            let mut capture = command(&format!("capture --for 60s udp port 53 {words}"));
            let mut child = capture.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            lines.read_line(&mut line).unwrap();
            drop(lines);
            assert!(line.ends_with(end), "{line}");
            assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
        }
        drop(sending);
    });
}
