//! Exit codes as monitoring systems read them: 0 well, 1 warning, 2 critical, 3 not known.

use crate::support::{Folder, command, finish};

#[test]
fn a_command_that_is_not_understood_is_not_known() {
    let folder = Folder::new("check-exit-codes");
    let bad = folder.path("bad.toml");
    std::fs::write(&bad, "[close-wait]\nwarnings = 1\n").unwrap();
    let bad = format!("--config {}", bad.display());
    for (words, said) in [
        ("--set close-wait.warnings=1", "close-wait.warnings is not a setting"),
        ("--set close-wait.old=soon", "close-wait.old has to be a number"),
        ("--config /no/such/file", "/no/such/file"),
        (&*bad, "line 2: not a setting of close-wait"),
        ("close-wiat", "type close-wait"),
        ("close-wait stat established", "filter"),
        ("--explain close-wiat", "close-wait"),
        ("--count 3", "--watch"),
        ("--list --json", "leave --json out"),
        ("--explain close-wait --json", "leave --json out"),
        ("policy --learn --json", "leave --json out"),
        ("--list --watch 1s", "leave the interval out"),
        ("--learn 5", "leave the interval out"),
        ("--list --explain close-wait", "type one of them"),
        ("close-wait --list", "leave the other words out"),
        ("--explain close-wait port 80", "leave the other words out"),
        ("-r", "not for netstat check"),
        ("--replay /no/such/folder", "/no/such/folder"),
    ] {
        let run = finish(command(&format!("check {words}")));
        assert_eq!((run.code, &*run.text), (Some(3), ""), "check {words}: {run:?}");
        assert!(run.complaint.starts_with("netstat: ") && run.complaint.contains(said), "{words}: {run:?}");
    }
}

#[test]
fn what_only_explains_is_well() {
    for words in
        ["--list", "--explain close-wait", "--help", "--list --lang ko", "--explain close-wait --lang ko"]
    {
        let run = finish(command(&format!("check {words}")));
        assert_eq!((run.code, &*run.complaint), (Some(0), ""), "check {words}");
        assert!(run.text.contains("close-wait"), "{}", run.text);
    }
}
