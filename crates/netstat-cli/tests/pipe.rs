//! Closed pipes, full disks, repeated displays, and arguments that are not UTF-8.
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
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Stdio};
use support::{NETSTAT, assert_one_line, command, finish, more_than_a_pipe_holds, netstat};

#[test]
fn a_closed_pipe_is_success() {
    on_own_thread(|_| {
        let _sockets = more_than_a_pipe_holds();
        assert!(netstat("-an").len() > 100_000);
        // Also with an interval, where the pipe is closed between displays, and before the first byte is read.
        for (words, lines) in [
            ("-an", 1),
            ("-an", 0),
            ("-ano 1", 5),
            ("-anob", 3),
            ("-a --resolve-timeout 0", 2),
            ("--help", 0),
        ] {
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
fn count_limits_the_displays() {
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
        // Each display is flushed to the pipe as a whole before the pause.
        let mut block = vec![0; one.len()];
        for _ in 0..2 {
            reader.read_exact(&mut block).unwrap();
            assert_eq!(std::str::from_utf8(&block).unwrap(), one);
        }
        // A later display shows what has changed.
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
        // With standard error full as well, the exit code is all that is left.
        let full = || OpenOptions::new().write(true).open("/dev/full").unwrap();
        for words in ["-an", "--nonsense"] {
            let status = command(words).stdout(full()).stderr(full()).status().unwrap();
            assert_eq!(status.code(), Some(1), "{words}");
        }
    });
}

#[test]
fn arguments_that_are_not_utf8_are_escaped_in_the_error() {
    let words: [&[u8]; 8] =
        [b"\xff", b"-\xff", b"-a\xffno", b"--\xff", b"--lang=\xff", b"-p\xff", b"5\xff", b"-a\x1b[31m\nno"];
    for word in words {
        let mut command = Command::new(NETSTAT);
        command.arg(OsStr::from_bytes(word)).env("LC_ALL", "C").stdin(Stdio::null());
        let run = finish(command);
        assert_eq!((run.code, &*run.text), (Some(1), ""), "{word:?}");
        // A word that is not an option is read as a filter, whose error takes several lines.
        assert!(run.complaint.starts_with("netstat: "), "{word:?}");
        assert!(!run.complaint.lines().any(|line| line.chars().any(char::is_control)), "{:?}", run.complaint);
    }
}
