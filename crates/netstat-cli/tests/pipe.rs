//! Pipes that close, outputs that are full, repetition, and words that are not text.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod support;

use netstat_lab::{Place, on_own_thread};
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use support::{Folder, HEADING, NETSTAT, TITLE, assert_one_line, command, finish, netstat};

/// More rows than a pipe holds.
fn big_table() -> Vec<(UdpSocket, UdpSocket)> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let wanted = rustix::process::Rlimit { current: limit.maximum.map(|most| most.min(8192)), ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, wanted).unwrap();
    let bind = |address: &str| UdpSocket::bind(address).unwrap();
    (0..1000).map(|_| (bind("127.0.0.1:0"), bind("[::1]:0"))).collect()
}

#[test]
fn a_reader_that_leaves_early_is_success() {
    on_own_thread(|_| {
        let _sockets = big_table();
        assert!(netstat("-an").len() > 100_000);
        // With an interval too, where the next display finds nobody; and before the first byte is read.
        for (words, lines) in
            [("-an", 1), ("-an", 0), ("-ano 1", 5), ("-anob", 3), ("-a --resolve-timeout 0", 2)]
        {
            let mut child = command(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            let mut reader = BufReader::new(child.stdout.take().unwrap());
            for _ in 0..lines {
                assert!(reader.read_line(&mut String::new()).unwrap() > 0);
            }
            drop(reader);
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]), "{words}");
        }
    });
}

#[test]
fn a_count_of_displays_is_kept() {
    on_own_thread(|namespace| {
        let _held = [namespace.listener(Place::AnyDualStack, 80), namespace.udp(Place::AnyV4, 53)];
        let one = netstat("-ano");
        assert!(one.starts_with("\nActive Connections\n\n"));
        assert_eq!(netstat("-ano 1 --count 3"), one.repeat(3));
        assert_eq!(netstat("-ano --count 1 60"), one);
        assert_eq!(netstat("-c 1 --count 2"), netstat("-c").repeat(2));
    });
}

#[test]
fn every_display_is_whole_before_the_next_begins() {
    on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let one = netstat("-an");
        let mut child = command("-an 1").stdout(Stdio::piped()).spawn().unwrap();
        let mut reader = child.stdout.take().unwrap();
        // Through a pipe, and at once: what is read after a display has been written is all of it.
        let mut block = vec![0; one.len()];
        for _ in 0..2 {
            reader.read_exact(&mut block).unwrap();
            assert_eq!(std::str::from_utf8(&block).unwrap(), one);
        }
        // What has changed since shows in a later one.
        let _more = TcpListener::bind("127.0.0.1:81").unwrap();
        let row = "  TCP    127.0.0.1:81           0.0.0.0:0              LISTENING\n";
        let mut text = String::new();
        let mut lines = BufReader::new(reader);
        while !text.contains("\n\nActive") && !text.ends_with(row) {
            assert!(lines.read_line(&mut text).unwrap() > 0);
            assert!(text.len() < 100_000, "never shown: {text}");
        }
        drop(lines);
        assert!(child.wait().unwrap().success());
    });
}

#[test]
fn a_full_output_is_an_error() {
    on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        for words in ["-an", "-anob", "-c", "-x", "--help", "--version", "--generate man", "-an 1"] {
            let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
            let output = command(words)
                .stdout(full)
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
                .wait_with_output()
                .unwrap();
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{words}: {complaint}");
            assert_one_line(&complaint);
            assert!(
                complaint.contains("standard output") && complaint.contains("No space left"),
                "{complaint}"
            );
        }
        // Where nothing can be said either, the exit code has to do.
        let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
        for words in ["-an", "--nonsense"] {
            let status = command(words).stdout(full()).stderr(full()).status().unwrap();
            assert_eq!(status.code(), Some(1), "{words}");
        }
    });
}

#[test]
fn a_closed_standard_error_hinders_nothing() {
    on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let status = command("--nonsense").stdout(Stdio::null()).stderr(writer).status().unwrap();
        assert_eq!(status.code(), Some(1));
    });
}

#[test]
fn words_that_are_not_text_are_refused_without_control_characters() {
    let words: [&[u8]; 8] =
        [b"\xff", b"-\xff", b"-a\xffno", b"--\xff", b"--lang=\xff", b"-p\xff", b"5\xff", b"-a\x1b[31m\nno"];
    for word in words {
        let mut command = Command::new(NETSTAT);
        command.arg(OsStr::from_bytes(word)).env("LC_ALL", "C").stdin(Stdio::null());
        let run = finish(command);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "{word:?}");
        // A word that is no option is part of a filter, of which more lines show the fault.
        assert!(run.complaint.starts_with("netstat: "), "{word:?}");
        assert!(!run.complaint.lines().any(|line| line.chars().any(char::is_control)), "{:?}", run.complaint);
    }
}

#[test]
fn a_folder_need_not_be_text() {
    on_own_thread(|namespace| {
        let _held = namespace.listener(Place::AnyV4, 80).unwrap();
        let folder = Folder::new("odd");
        let path = folder.path(OsStr::from_bytes(b"rec\xff\x1b[31m\nord"));
        let run = |option: &str| {
            let mut command = command("-an");
            command.arg(option).arg(&path);
            finish(command)
        };
        let first = run("--record");
        assert_eq!((first.code, &*first.complaint), (Some(0), ""));
        assert!(first.text.starts_with(&format!("{TITLE}{HEADING}\n")));
        assert_eq!(run("--replay").text, first.text);
        // Where it is named in an error it must not reach the terminal as it is.
        let again = run("--record");
        assert_eq!((again.code, &*again.text), (Some(1), ""));
        assert_one_line(&again.complaint);
    });
}

#[test]
fn what_cannot_be_reached_is_said_on_standard_error_only() {
    on_own_thread(|_| {
        let (client, server) = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            (client, listener.accept().unwrap().0)
        };
        for words in ["-an --replay /nonexistent", "-an --record /dev/null/x", "-an --record /proc/x"] {
            let run = finish(command(words));
            assert_eq!((run.code, &*run.text), (Some(1), ""), "{words}");
            assert_one_line(&run.complaint);
        }
        drop((client, server));
    });
}
