//! Tests of the words after `netstat record`.

use super::complaint_about;
use crate::options::{Command, Verb, parse};

#[test]
fn what_is_typed_is_understood() {
    let typed = "record --follow --opens --keep 2GiB --keep-days 30 --store x.db".split(' ').map(Into::into);
    let Ok(Command::Run(arguments)) = parse(typed) else { panic!("refused") };
    assert_eq!(arguments.verb, Some(Verb::Record));
    let typed = &arguments.recorder;
    assert!(typed.follow && typed.opens && !typed.arguments && !typed.status);
    assert_eq!((typed.keep, typed.keep_days), (Some(2 << 30), Some(30)));
}

#[test]
fn sizes_have_units() {
    for (text, expected) in [
        ("16M", 16 << 20),
        ("16mib", 16 << 20),
        ("20000kb", 20_000 << 10),
        ("1T", 1 << 40),
        ("99999999", 99_999_999),
    ] {
        let typed = format!("record --keep {text}");
        let Ok(Command::Run(arguments)) = parse(typed.split(' ').map(Into::into)) else { panic!("{text}") };
        assert_eq!(arguments.recorder.keep, Some(expected), "{text}");
    }
    for (text, expected) in [
        ("1M", "--keep \"1M\" has room for nothing: type 16M or more"),
        ("x", "--keep needs a size, not \"x\": type, for example, --keep 500M or --keep 2GiB"),
        ("G", "--keep needs a size, not \"G\": type, for example, --keep 500M or --keep 2GiB"),
        ("99999999999T", "--keep \"99999999999T\" is too large: type, for example, --keep 100G"),
    ] {
        assert_eq!(complaint_about(&format!("record --keep {text}")), expected);
    }
}

#[test]
fn what_does_not_go_together_is_named() {
    for (typed, expected) in [
        ("record --opens", "--opens needs --follow: type netstat record --follow --opens"),
        ("record --status --stop", "--status and --stop cannot be combined: type one of them"),
        ("record --status --keep 1G", "--status records nothing, so --keep has no effect: leave it out"),
        ("record 80", "netstat record runs until it is stopped: leave 80 out, or for a port type port 80"),
        ("record port 80 --status", "--status records nothing, so a filter has no effect: leave it out"),
        ("history --opens", "--opens needs --follow: type netstat history --follow --opens"),
        ("history --follow --json", "--json is one document, and --follow has no end: type --jsonl"),
        ("history --follow --until 14:05", "--follow shows what comes, one after another: leave --until out"),
        ("record -a", "-a is not for netstat record: type netstat record --help to see its options"),
        ("--follow", "--follow belongs to netstat record: type netstat record --follow"),
        ("port 80 record", "\"record\" has to be the first word: type netstat record"),
    ] {
        assert_eq!(complaint_about(typed), expected, "{typed}");
    }
}
