//! The commands in the documents, as a shell splits them.

use super::super::parse;
use std::ffi::OsString;

const DOCUMENTS: [(&str, &str); 8] = [
    ("README.md", include_str!("../../../../../README.md")),
    ("README.ko.md", include_str!("../../../../../README.ko.md")),
    ("docs/questions.md", include_str!("../../../../../docs/questions.md")),
    ("docs/questions.ko.md", include_str!("../../../../../docs/questions.ko.md")),
    ("docs/fleet.md", include_str!("../../../../../docs/fleet.md")),
    ("docs/fleet.ko.md", include_str!("../../../../../docs/fleet.ko.md")),
    ("docs/recorder.md", include_str!("../../../../../docs/recorder.md")),
    ("docs/recorder.ko.md", include_str!("../../../../../docs/recorder.ko.md")),
];

/// The words after `netstat` of an indented line that is a command of this program, up to what a shell does with it.
fn command(line: &str) -> Option<Vec<OsString>> {
    let line = line.strip_prefix("    ")?;
    let line = line.strip_prefix("$ ").unwrap_or(line);
    let line = line.strip_prefix("sudo ").unwrap_or(line).strip_prefix("netstat ")?;
    // What was typed before this program was there.
    if ["(before", "(예전", "(이전", "findstr", "find /c"].iter().any(|mark| line.contains(mark)) {
        return None;
    }
    let words = shlex::split(line)?;
    Some(words.into_iter().take_while(|word| word != "|" && word != "&&").map(OsString::from).collect())
}

#[test]
fn every_command_is_understood() {
    for (name, text) in DOCUMENTS {
        let commands: Vec<_> = text.lines().filter_map(|line| Some((line, command(line)?))).collect();
        assert!(commands.len() > 1, "{name} has {} commands", commands.len());
        for (line, words) in commands {
            let understood = parse(words);
            assert!(understood.is_ok(), "{name}: {line}: {}", understood.unwrap_err());
        }
    }
}
