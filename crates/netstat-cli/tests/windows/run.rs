//! Runs the program.

use crate::holder::on_wine;
use std::process::{Command, Output, Stdio};

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Run {
    /// Standard output.
    pub(crate) text: String,
    /// Standard error.
    pub(crate) complaint: String,
    pub(crate) code: Option<i32>,
}

/// `ERROR_INTERNAL_ERROR`.
const INTERNAL_ERROR: i32 = 1359;

/// Runs a program to its end. Wine 8 occasionally fails to start a process, with this error.
pub(crate) fn output(command: &mut Command) -> Output {
    for _ in 0..3 {
        match command.stdin(Stdio::null()).output() {
            Err(error) if on_wine() && error.raw_os_error() == Some(INTERNAL_ERROR) => {}
            done => return done.unwrap(),
        }
    }
    panic!("Wine cannot start {command:?}");
}

/// Runs the program with these arguments, in English.
pub(crate) fn netstat(words: &str) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_netstat"));
    let output = output(command.args(words.split_ascii_whitespace()).args(["--lang", "en"]));
    Run {
        text: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        complaint: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        code: output.status.code(),
    }
}

/// Returns the standard output of a run that must succeed.
pub(crate) fn shown(words: &str) -> String {
    let run = netstat(words);
    assert_eq!(run.code, Some(0), "netstat {words}: {run:?}");
    run.text
}

/// Splits a text into lines, all of which must end in CR LF.
pub(crate) fn lines(text: &str) -> Vec<&str> {
    let lines: Vec<&str> =
        text.strip_suffix("\r\n").expect("the last line has an end").split("\r\n").collect();
    assert!(lines.iter().all(|line| !line.contains(['\r', '\n'])), "{text:?}");
    lines
}
