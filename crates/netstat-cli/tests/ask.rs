//! Filters on the command line, `--exists` and `--wait`.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use netstat_lab::{Loop, Place};
use std::process::{Command, Output, Stdio};

fn run(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netstat"))
        .args(words)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Local and foreign address of each row.
fn ends(words: &[&str]) -> Vec<(String, String)> {
    let output = run(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |line: &str| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("TCP" | "UDP"))
            .then(|| (words.next().unwrap().to_owned(), words.next().unwrap().to_owned()))
    };
    text.lines().filter_map(row).collect()
}

fn locals(words: &[&str]) -> Vec<String> {
    ends(words).into_iter().map(|(local, _)| local).collect()
}

#[test]
fn every_filter_term_selects_its_rows() {
    netstat_lab::on_own_thread(|namespace| {
        let _v4 = namespace.listener(Place::LoopbackV4, 8080).unwrap();
        let _other = namespace.listener(Place::AnyV4, 18080).unwrap();
        let _dual = namespace.listener(Place::AnyDualStack, 443).unwrap();
        let _udp = namespace.udp(Place::AnyV4, 53).unwrap();
        let pair = namespace.connected(Loop::V6).unwrap();
        let port = pair.server.row.local.port().to_string();
        let pid = std::process::id().to_string();
        let own = std::env::current_exe().unwrap();
        let name = std::fs::read_to_string("/proc/self/comm").unwrap().trim().to_owned();
        for (filter, expected) in [
            (":8080", &["127.0.0.1:8080"][..]),
            ("port 8080", &["127.0.0.1:8080"]),
            ("port 8000-9000", &["127.0.0.1:8080"]),
            ("lport 18080,8080", &["0.0.0.0:18080", "127.0.0.1:8080"]),
            ("sport = :18080", &["0.0.0.0:18080"]),
            ("127.0.0.1", &["127.0.0.1:8080"]),
            ("src 127.0.0.0/8", &["127.0.0.1:8080"]),
            ("port https", &["0.0.0.0:443", "[::]:443"]),
            ("port https ipv6", &["[::]:443"]),
            ("udp", &["0.0.0.0:53"]),
            ("proto udpv6", &[]),
            ("listening port 1-1000", &["0.0.0.0:443", "[::]:443"]),
            ("LISTENING and not port 443 and not [::1]", &["0.0.0.0:18080", "127.0.0.1:8080"]),
            ("port 8080 or port 53", &["127.0.0.1:8080", "0.0.0.0:53"]),
            ("(port 8080 or port 53) and udp", &["0.0.0.0:53"]),
            ("state close-wait", &[]),
            ("recvq > 5G", &[]),
            ("public", &[]),
        ] {
            let mut words = vec!["-n"];
            words.extend(filter.split(' '));
            assert_eq!(locals(&words), expected, "{filter}");
        }
        let both = format!("established and port {port}");
        assert_eq!(ends(&["-n", &both]).len(), 2, "both ends");
        assert_eq!(ends(&["-n", &format!("dport {port}")]).len(), 1, "the client");
        assert_eq!(ends(&["-n", "loopback"]).len(), 2);

        // Terms that need the owners.
        for test in [
            format!("pid {pid}"),
            format!("process \"{name}\""),
            format!("path \"{}\"", own.display()),
            "user root".to_owned(),
            "user 0".to_owned(),
            "not user 4294967294".to_owned(),
        ] {
            assert_eq!(locals(&["-n", &format!("port 8080 {test}")]), ["127.0.0.1:8080"], "{test}");
            assert_eq!(locals(&["-n", &format!("port 8080 not ({test})")]), [""; 0], "not {test}");
        }
    });
}

#[test]
fn limit_keeps_the_first_rows_of_the_sort_order() {
    netstat_lab::on_own_thread(|namespace| {
        let _held: Vec<_> = (1..=9).map(|port| namespace.listener(Place::AnyV4, port).unwrap()).collect();
        let sorted = locals(&["-n", "--sort", "lport:desc", "--limit", "3"]);
        assert_eq!(sorted.len(), 0, "listeners are rows with -a only");
        assert_eq!(locals(&["-an", "--limit", "2"]), ["0.0.0.0:1", "0.0.0.0:2"]);
        let largest =
            locals(&["-an", "--columns", "proto,local,foreign", "--sort", "lport:desc", "--limit", "2"]);
        assert_eq!(largest, ["0.0.0.0:9", "0.0.0.0:8"]);
        let output = run(&["-an", "--group-by", "lport", "--limit", "4"]);
        assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 5, "a heading and four groups");
        for words in [&["--limit", "0"][..], &["--limit", "x"], &["-r", "--limit", "3"]] {
            assert_eq!(run(words).status.code(), Some(1), "{words:?}");
        }
    });
}

#[test]
fn exists_and_wait_answer_with_their_exit_code() {
    netstat_lab::on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 8080).unwrap();
        for (words, code) in [
            ("--exists lport 8080 listening", 0),
            ("--exists lport 8081", 1),
            ("--exists lport 8080 established", 1),
            ("--exists lport", 2),
            ("--exists", 2),
            ("--exists user nobody-of-this-name", 2),
            ("--exists -p tcpv6 lport 8080", 1),
            ("--wait lport 8080", 0),
            ("--wait lport 8081 --timeout 50ms", 1),
            ("--wait lport 8081 --timeout soon", 2),
        ] {
            let output = run(&words.split(' ').collect::<Vec<_>>());
            assert_eq!((output.status.code(), output.stdout.len()), (Some(code), 0), "{words}");
            assert_eq!(
                output.stderr.is_empty(),
                code < 2,
                "{words}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
    });
}

#[test]
fn wait_ends_when_the_port_is_open() {
    netstat_lab::on_own_thread(|namespace| {
        let mut waiting = Command::new(env!("CARGO_BIN_EXE_netstat"))
            .env("LC_ALL", "C")
            .args(["--wait", "lport", "5432", "state", "listening", "--timeout", "60s"])
            .spawn()
            .unwrap();
        assert!(waiting.try_wait().unwrap().is_none());
        let _held = namespace.listener(Place::AnyV4, 5432).unwrap();
        assert_eq!(waiting.wait().unwrap().code(), Some(0));
    });
}

/// The kernel filters as far as it can, and `/proc` is read only where the owner decides.
#[test]
fn the_kernel_filters_what_it_can() {
    netstat_lab::on_own_thread(|namespace| {
        let _held: Vec<_> = (1..50).map(|port| namespace.listener(Place::AnyV4, port).unwrap()).collect();
        let folder = std::env::temp_dir().join(format!("netstat-ask-{}", std::process::id()));
        let read = |words: &[&str], name: &str| {
            let path = folder.join(name);
            let mut words = words.to_vec();
            words.extend(["--record", path.to_str().unwrap()]);
            assert!(run(&words).status.success());
            let answers = std::fs::metadata(path.join("answers.bin")).unwrap().len();
            (answers, std::fs::read_to_string(path.join("index.jsonl")).unwrap())
        };
        let (all, _) = read(&["-an"], "all");
        let (one, index) = read(&["-n", "port", "7"], "one");
        assert!(one * 5 < all, "{one} of {all} bytes came from the kernel");
        assert!(!index.contains("/proc/"), "{index}");
        let (_, index) = read(&["-n", "src", "192.168.20.0/24", "and", "pid", "1"], "none");
        assert!(!index.contains("process"), "no socket is left whose owner matters: {index}");
        std::fs::remove_dir_all(folder).unwrap();
    });
}
