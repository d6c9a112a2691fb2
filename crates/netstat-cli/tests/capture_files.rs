//! What `netstat capture -w` writes: rings of files, compressed files, names of addresses; and the rights that it gives up. The
//! oracle is tshark.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{eventually, on_own_thread, skip};
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::capturing::{Capturing, Counts, has_tshark, tshark};
use support::{Folder, command, finish};

/// The files of a folder, by their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// The numbers that datagrams of a file carry, in their order.
fn numbers(file: &Path) -> Vec<u32> {
    let payloads = tshark(file, "udp", &["udp.payload"]).concat();
    payloads.iter().map(|hex| u32::from_str_radix(&hex[..8], 16).unwrap()).collect()
}

/// Sends so many datagrams of a thousand bytes, each with its number.
fn send(from: &UdpSocket, to: &UdpSocket, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let mut bytes = [7; 1000];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        from.send_to(&bytes, to.local_addr().unwrap()).unwrap();
    }
}

fn pair() -> (UdpSocket, UdpSocket) {
    (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap())
}

#[test]
fn a_ring_has_the_last_packets_and_says_how_many_it_had() {
    if !has_tshark() {
        return;
    }
    for end in ["pcapng", "pcapng.zst"] {
        on_own_thread(move |_| {
            let folder = Folder::new(&format!("capture-ring-{}", end.len()));
            let (receiver, sender) = pair();
            let port = receiver.local_addr().unwrap().port();
            let all = 500;
            let capturing = Capturing::start(
                &format!("port {port} --max-size 100K --files 3"),
                &folder.path(format!("x.{end}")),
            );
            let there = files(&folder.path(""));
            assert_eq!(there.len(), 3);
            assert!(there[0].ends_with(format!("x.1.{end}")), "{there:?}");
            send(&sender, &receiver, 0..all);
            let (counts, said) = capturing.end();
            counts.assert_whole();
            let (mut kept, mut whole) = (Vec::new(), 0);
            for file in &there {
                let about = file.metadata().unwrap();
                assert!(about.len() <= 102_400, "{file:?}: {}", about.len());
                assert_eq!(about.permissions().mode() & 0o777, 0o600);
                let of_file = numbers(file);
                // Each goes on where another ends.
                assert!(of_file.windows(2).all(|two| two[1] == two[0] + 1), "{file:?}");
                whole += usize::from(!of_file.is_empty());
                kept.extend(of_file);
            }
            kept.sort_unstable();
            assert_eq!((whole, kept.last()), (3, Some(&(all - 1))), "{said}");
            assert!(kept.windows(2).all(|two| two[1] == two[0] + 1), "the last ones, without a gap");
            let overwritten = u64::from(all) - kept.len() as u64;
            assert!(overwritten > 0 && counts.written == u64::from(all), "{said}");
            let digits: String = said.chars().filter(|character| *character != ',').collect();
            assert!(digits.contains(&format!("; {overwritten} packets written were overwritten")), "{said}");
        });
    }
}

#[test]
fn a_packet_that_no_file_has_room_for_is_left_out_and_counted() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-too-large");
        let (receiver, sender) = pair();
        let to = receiver.local_addr().unwrap();
        let words = format!("port {} --max-size 64K --files 2", to.port());
        let capturing = Capturing::start(&words, &folder.path("x.pcapng"));
        send(&sender, &receiver, 0..5);
        sender.send_to(&[0; 65_000], to).unwrap();
        send(&sender, &receiver, 5..10);
        let (counts, said) = capturing.end();
        assert_eq!((counts.seen, counts.written), (11, 10), "{said}");
        assert!(said.contains("1 left out because each is larger than a file may be"), "{said}");
        assert_eq!(numbers(&folder.path("x.1.pcapng")), (0..10).collect::<Vec<u32>>());
    });
}

#[test]
fn what_was_written_is_there_although_the_capture_is_killed() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-killed");
        let file = folder.path("x.pcapng");
        let (receiver, sender) = pair();
        let words = format!("port {}", receiver.local_addr().unwrap().port());
        let mut capturing = Capturing::start(&words, &file);
        send(&sender, &receiver, 0..5);
        let is_there = || (file.metadata().unwrap().len() > 5 * 1000).then_some(());
        eventually("the packets are in the file", is_there).unwrap();
        capturing.child.kill().unwrap();
        capturing.child.wait().unwrap();
        assert_eq!(numbers(&file), (0..5).collect::<Vec<u32>>());
    });
}

#[test]
fn a_capture_may_go_through_a_pipe() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let (receiver, sender) = pair();
        let words = format!("capture --for 60s -w - port {}", receiver.local_addr().unwrap().port());
        let mut child = command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("capturing to standard output; to end it earlier, Ctrl+C") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0);
        }
        let mut command = Command::new("tshark");
        command.args(["-n", "-l", "-c", "5", "-r", "-"]).stdin(child.stdout.take().unwrap());
        let reader = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // It has the pipe as well.
        drop(command);
        send(&sender, &receiver, 0..5);
        // It ends after the fifth packet: they come as they are sent, while the capture goes on.
        let output = reader.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 5);
        // Nobody reads on, which shows with one of the next packets.
        let mut next = 5;
        let ended = eventually("the capture ends", || {
            send(&sender, &receiver, next..next + 1);
            next += 1;
            child.try_wait().unwrap()
        });
        assert_eq!(ended.unwrap().code(), Some(0));
        line.clear();
        said.read_to_string(&mut line).unwrap();
        assert!(line.starts_with("netstat: standard output: "), "{line}");
    });
}

#[test]
fn a_full_disk_ends_a_capture_with_its_counts() {
    on_own_thread(|namespace| {
        if let Err(error) = namespace.mount_bpf() {
            skip(format_args!("{error}"));
            return;
        }
        let folder = Folder::new("capture-full");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=128k", "small"]).arg(folder.path(""));
        assert!(mount.status().unwrap().success());
        let file = folder.path("x.pcapng");
        let (receiver, sender) = pair();
        let to = receiver.local_addr().unwrap();
        let mut capturing = Capturing::start(&format!("port {}", to.port()), &file);
        let ended = eventually("the capture ends", || {
            for _ in 0..50 {
                sender.send_to(&[7; 1000], to).unwrap();
            }
            capturing.child.try_wait().unwrap()
        });
        assert_eq!(ended.unwrap().code(), Some(1));
        let mut said = String::new();
        capturing.said.read_to_string(&mut said).unwrap();
        let lines: Vec<&str> = said.lines().rev().take(2).collect();
        let [why, counted] = lines[..] else { panic!("{said}") };
        assert!(why.contains("x.pcapng") && why.ends_with("No space left on device"), "{said}");
        assert!(counted.contains("; the last of those written are not in "), "{said}");
        let Counts { seen, written, .. } = Counts::read(counted);
        assert!(100 < written && written < seen, "{said}");
    });
}

#[test]
fn a_compressed_file_is_smaller_and_read_by_everybody() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        let folder = Folder::new("capture-packed");
        let (receiver, sender) = pair();
        let port = receiver.local_addr().unwrap().port();
        for end in ["pcapng.gz", "pcapng.zst"] {
            let file = folder.path(format!("x.{end}"));
            let capturing = Capturing::start(&format!("port {port}"), &file);
            send(&sender, &receiver, 0..300);
            let (counts, said) = capturing.end();
            assert_eq!((counts.written, counts.dropped), (300, 0), "{said}");
            let bytes = file.metadata().unwrap().len();
            assert!(bytes < 60_000, "{bytes}");
            assert_eq!(numbers(&file), (0..300).collect::<Vec<u32>>(), "{end}");
            let read = |file: &Path| {
                let mut asked = command("capture --csv --columns lport,bytes_acked,bytes_received --read");
                asked.arg(file);
                finish(asked)
            };
            let run = read(&file);
            assert_eq!((run.code, run.complaint.as_str()), (Some(0), ""), "{}", run.text);
            assert_eq!(run.text.lines().count(), 3, "{}", run.text);
            // One that is cut off, and one with an odd byte: what comes before is shown.
            let whole = std::fs::read(&file).unwrap();
            let broken = folder.path("broken");
            std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
            let run = read(&broken);
            assert_eq!(run.code, Some(0), "{}", run.complaint);
            assert!(run.complaint.contains("ends in the middle of a packet"), "{}", run.complaint);
            let mut odd = whole.clone();
            odd[whole.len() / 2] ^= 0x55;
            std::fs::write(&broken, odd).unwrap();
            assert_eq!(read(&broken).code, Some(0));
        }
    });
}

#[test]
fn addresses_have_the_names_that_this_machine_gives_them() {
    if !has_tshark() {
        return;
    }
    on_own_thread(|_| {
        // Nobody but this machine names that address.
        let added =
            std::process::Command::new("ip").args(["addr", "add", "10.77.0.1/32", "dev", "lo"]).status();
        if !added.is_ok_and(|status| status.success()) {
            return netstat_lab::skip("ip is not here");
        }
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let name = host.trim();
        let folder = Folder::new("capture-named");
        let file = folder.path("x.pcapng");
        let (receiver, sender) =
            (UdpSocket::bind("10.77.0.1:0").unwrap(), UdpSocket::bind("10.77.0.1:0").unwrap());
        let capturing = Capturing::start(&format!("port {}", receiver.local_addr().unwrap().port()), &file);
        send(&sender, &receiver, 0..5);
        capturing.end();
        let output = std::process::Command::new("tshark")
            .args(["-N", "n", "-T", "fields", "-e", "ip.src_host", "-r"])
            .arg(&file)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().collect::<Vec<_>>(), [name; 5]);
        // It is written once, however many packets there are.
        let bytes = std::fs::read(&file).unwrap();
        let record = [&[10, 77, 0, 1], name.as_bytes(), b"\0"].concat();
        let named = bytes.windows(record.len()).filter(|it| *it == record).count();
        assert_eq!(named, 1);
    });
}

/// What `/proc/PID/status` of a process says behind a word.
fn status(pid: u32, word: &str) -> String {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(word)).unwrap();
    line.trim_start_matches(':').trim().to_owned()
}

#[test]
fn rights_are_given_up_once_packets_come() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-rights");
        let (receiver, sender) = pair();
        let port = receiver.local_addr().unwrap().port();
        let capturing = Capturing::start(&format!("-v port {port}"), &folder.path("x.pcapng"));
        let pid = capturing.child.id();
        /// CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_PERFMON, CAP_BPF.
        const MAY_BE_LEFT: u64 = 1 << 2 | 1 << 19 | 1 << 38 | 1 << 39;
        let held = u64::from_str_radix(&status(pid, "CapPrm"), 16).unwrap();
        assert_eq!(held & !MAY_BE_LEFT, 0, "{held:x}");
        assert_eq!(status(pid, "CapEff"), status(pid, "CapPrm"));
        assert_eq!(status(pid, "CapInh"), "0000000000000000");
        assert_eq!((status(pid, "NoNewPrivs").as_str(), status(pid, "Seccomp").as_str()), ("1", "2"));
        // All of its threads, the one that waits for Ctrl+C among them.
        for thread in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
            // One may have ended meanwhile.
            let Ok(status) = std::fs::read_to_string(thread.unwrap().path().join("status")) else { continue };
            assert!(status.contains("Seccomp:\t2\n"), "{status}");
            let held = status.lines().find_map(|line| line.strip_prefix("CapPrm:\t")).unwrap();
            assert_eq!(u64::from_str_radix(held, 16).unwrap() & !MAY_BE_LEFT, 0, "{status}");
        }
        // It goes on all the same, and knows whose the packets are.
        send(&sender, &receiver, 0..5);
        let (counts, said) = capturing.end();
        assert_eq!(counts.written, 5, "{said}");
        assert!(!said.contains("process is not known"), "{said}");
        let mut asked = command("capture -v --for 1s udp port 9 -w");
        asked.arg(folder.path("y.pcapng"));
        let said = finish(asked).complaint;
        assert!(said.contains("of capabilities it has CAP_"), "{said}");
        assert!(
            said.contains("may open no file to write, start no program and no network connection"),
            "{said}"
        );
    });
}

#[test]
fn many_short_connections_are_all_accounted_for() {
    on_own_thread(|_| {
        let folder = Folder::new("capture-many");
        let server = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let to = server.local_addr().unwrap();
        let capturing = Capturing::start(&format!("port {}", to.port()), &folder.path("x.pcapng"));
        std::thread::spawn(move || while server.accept().is_ok() {});
        for _ in 0..2000 {
            drop(std::net::TcpStream::connect(to).unwrap());
        }
        let is_complete = capturing.is_complete;
        let (counts, said) = capturing.end();
        counts.assert_whole();
        // Each has its handshake and its end.
        assert!(counts.seen >= 2000 * 6, "{said}");
        if is_complete && counts.dropped == 0 {
            assert_eq!(counts.not_attributed, 0, "{said}");
        }
    });
}
