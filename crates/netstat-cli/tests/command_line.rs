//! The program itself: which stream it writes to, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Output};

/// How a line for people ends here.
const LINE_END: &str = if cfg!(windows) { "\r\n" } else { "\n" };

/// What every help text begins with.
fn is_help(text: &[u8]) -> bool {
    text.starts_with(format!("{LINE_END}Shows ").as_bytes())
}

fn netstat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netstat")).args(arguments).output().unwrap()
}

#[test]
fn help_in_the_unix_way_is_on_standard_output() {
    for arguments in [["--help"], ["-h"], ["help"]] {
        let output = netstat(&arguments);
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(is_help(&output.stdout));
    }
}

#[test]
fn help_in_the_windows_way_is_on_standard_error_and_fails() {
    for arguments in [["/?"], ["-?"]] {
        let output = netstat(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && is_help(&output.stderr));
    }
}

#[test]
fn version_and_documents_are_on_standard_output() {
    let version = netstat(&["--version"]);
    assert_eq!(version.stdout, format!("netstat {}{LINE_END}", env!("CARGO_PKG_VERSION")).into_bytes());
    let man = netstat(&["--generate", "man"]);
    assert!(man.status.success() && man.stderr.is_empty());
    assert!(String::from_utf8(man.stdout).unwrap().contains(".TH NETSTAT 1"));
}

#[test]
fn what_is_not_understood_is_said_on_standard_error() {
    for arguments in [&["-tulpn"][..], &["--versoin"], &["-p"], &["\u{1b}]0;x\u{7}"], &[""]] {
        let output = netstat(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap().replace(LINE_END, "\n");
        assert!(said.starts_with("netstat: ") && said.ends_with('\n'), "{said:?}");
        // A fault in a filter is pointed at on lines of its own.
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_gone_is_success() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(env!("CARGO_BIN_EXE_netstat"))
        .arg("--help")
        .stdout(std::process::Stdio::from(writer))
        .stderr(std::process::Stdio::piped())
        .output()
        .unwrap();
    assert!(output.status.success());
    assert!(output.stderr.is_empty());
}
