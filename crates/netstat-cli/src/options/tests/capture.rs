//! Tests of the words after `netstat capture`.

use super::complaint_about;
use crate::options::{Command, Verb, parse};
use std::path::Path;
use std::time::Duration;

#[test]
fn what_is_typed_is_understood() {
    let typed = "capture process curl -w /tmp/x --for 30s --max-size 100M --files 3 --snap 96 rport 443 --headers --names";
    let Ok(Command::Run(arguments)) = parse(typed.split(' ').map(Into::into)) else { panic!("refused") };
    assert_eq!(arguments.verb, Some(Verb::Capture));
    assert_eq!(arguments.filter, ["process", "curl", "rport", "443"]);
    assert_eq!(arguments.lasts, Some(Duration::from_secs(30)));
    let typed = &arguments.capture;
    assert_eq!(typed.write.as_deref(), Some(Path::new("/tmp/x")));
    assert_eq!((typed.max_size, typed.files), (Some(100 << 20), Some(3)));
    assert_eq!((typed.snap, typed.headers, typed.names), (Some(96), true, true));
}

#[test]
fn what_does_not_go_together_is_named() {
    for (typed, expected) in [
        ("capture -w", "-w needs a value: type, for example, -w curl.pcapng"),
        ("capture -w --for 3s", "-w needs a value: type, for example, -w curl.pcapng"),
        (
            "capture --snap 96",
            "--snap is about a file: type, for example, netstat capture process curl -w curl.pcapng",
        ),
        ("capture 80", "netstat capture has no interval: for a time type --for 80s, for a port port 80"),
        ("capture -w x --max-size 1K", "--max-size \"1K\" has room for nothing: type 64K or more"),
        (
            "capture -w x --max-size y",
            "--max-size needs a size, not \"y\": type, for example, --max-size 500M or --max-size 2GiB",
        ),
        (
            "capture -w x --files 3",
            "--files needs the size of each: type, for example, --files 10 --max-size 100M",
        ),
        (
            "capture -w x --files 1",
            "--files needs a number from 2 to 200, not \"1\": type, for example, --files 10",
        ),
        (
            "capture --files 3",
            "--files is about a file: type, for example, netstat capture process curl -w curl.pcapng",
        ),
        ("capture -w x -a", "-a is not for netstat capture: type netstat capture --help to see its options"),
        ("capture --read x --for 3s", "--read captures nothing, so --for has no effect: leave it out"),
        ("capture --read x --names", "--read captures nothing, so --names has no effect: leave it out"),
        (
            "capture -w x --json",
            "--json is about a table: type, for example, netstat capture --read curl.pcapng",
        ),
        ("--write x", "--write belongs to netstat capture: type netstat capture --write FILE"),
    ] {
        assert_eq!(complaint_about(typed), expected, "{typed}");
    }
}
