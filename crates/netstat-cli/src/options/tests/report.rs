//! Tests of the words after `netstat report`.

use super::complaint_about;
use crate::options::{Command, Verb, parse};
use std::path::Path;

#[test]
fn what_is_typed_is_understood() {
    for (typed, file) in [
        ("report --since 24h --until 1h --store /tmp/x -o report.html", "report.html"),
        ("report --page - --lang ko", "-"),
        ("report -o -", "-"),
    ] {
        let Ok(Command::Run(arguments)) = parse(typed.split(' ').map(Into::into)) else { panic!("{typed}") };
        assert_eq!(arguments.verb, Some(Verb::Report));
        assert_eq!(arguments.page.as_deref(), Some(Path::new(file)));
        assert!(!arguments.pid, "-o is the file here");
    }
    let Ok(Command::Run(arguments)) = parse(["-o".into()]) else { panic!() };
    assert!(arguments.pid, "and the process ID elsewhere");
}

#[test]
fn what_does_not_go_together_is_named() {
    for (typed, expected) in [
        (
            "report --since 24h",
            "netstat report needs a file to write: type, for example, netstat report --since 24h -o report.html",
        ),
        ("report -o", "-o needs a value: type, for example, -o report.html"),
        (
            "report port 443 -o x",
            "\"port\" is not for netstat report, which is about all connections: type netstat report --help to see its options",
        ),
        ("report -a -o x", "-a is not for netstat report: type netstat report --help to see its options"),
        (
            "report --summary -o x",
            "--summary is not for netstat report: type netstat report --help to see its options",
        ),
        ("--page x", "--page belongs to netstat report: type netstat report --page FILE"),
    ] {
        assert_eq!(complaint_about(typed), expected, "{typed}");
    }
}
