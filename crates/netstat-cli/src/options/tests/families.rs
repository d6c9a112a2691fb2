//! Families of sockets: `--family`, and those that a filter names.

use super::super::arguments::FamilyChoice;
use super::super::{Command, windows};
use super::{arguments, complaint_about, is_one_plain_line, parse_line};
use netstat_model::query::Kinds;

#[test]
fn families_are_named_by_the_option_or_by_the_filter() {
    let both = Kinds::UNIX | Kinds::TCP_UDP;
    for (line, kinds, all) in [
        ("--family unix", Kinds::UNIX, false),
        ("--family INET,local", both, false),
        ("--family all", Kinds::LISTED, true),
        ("family unix", both, false),
        ("not host unix:/run/*", both, false),
        ("--family unix family inet", Kinds::UNIX, false),
    ] {
        assert_eq!(arguments(line).family, Some(FamilyChoice { kinds, all }), "{line}");
    }
    assert_eq!(arguments("-an port 80").family, None);
}

#[test]
fn what_families_cannot_be_is_said_in_one_line() {
    for (line, words) in [
        ("--family unx", "type unix"),
        ("--family nothing-like-it", "type one or more of inet, unix, "),
        ("--family unix -p tcp", "cannot be combined"),
        ("-p udp family unix", "cannot be combined"),
        ("-r --family unix", "works only with the connection table"),
        ("-c --family unix", "works only with the connection table"),
    ] {
        let complaint = complaint_about(line);
        assert!(complaint.contains(words) && is_one_plain_line(&complaint), "{line}: {complaint}");
    }
}

#[test]
fn windows_says_what_it_has() {
    let on_windows = |line: &str| windows::limit(parse_line(line).unwrap());
    for line in ["--family unix", "family unix", "--family inet,unix", "--family unlisted"] {
        let refused = on_windows(line).unwrap_err().to_string();
        assert!(refused.contains("Windows lists TCP and UDP sockets only"), "{line}: {refused}");
    }
    let refused = on_windows("--netns blue").unwrap_err().to_string();
    assert!(refused.contains("no network namespaces"), "{refused}");
    let refused = on_windows("--multicast").unwrap_err().to_string();
    assert!(refused.contains("--multicast is for Linux"), "{refused}");
    for (line, all) in [("--family inet", false), ("--family all", true)] {
        let Ok(Command::Run(arguments)) = on_windows(line) else { panic!("{line} is refused") };
        assert_eq!(arguments.family, Some(FamilyChoice { kinds: Kinds::TCP_UDP, all }), "{line}");
    }
}
