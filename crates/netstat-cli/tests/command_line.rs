//! The program itself: which stream it writes to, and how it ends.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::process::{Command, Output};

/// The line end of text for people on this system.
const LINE_END: &str = if cfg!(windows) { "\r\n" } else { "\n" };

/// Checks for the beginning that all help texts share.
fn is_help(text: &[u8]) -> bool {
    text.starts_with(format!("{LINE_END}Shows ").as_bytes())
}

fn netstat(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_netstat")).args(arguments).output().unwrap()
}

#[test]
fn help_in_unix_style_goes_to_standard_output() {
    for arguments in [["--help"], ["-h"], ["help"]] {
        let output = netstat(&arguments);
        assert!(output.status.success() && output.stderr.is_empty());
        assert!(is_help(&output.stdout));
    }
}

#[test]
fn help_in_windows_style_goes_to_standard_error_and_fails() {
    for arguments in [["/?"], ["-?"]] {
        let output = netstat(&arguments);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty() && is_help(&output.stderr));
    }
}

#[test]
fn version_and_documents_go_to_standard_output() {
    let version = netstat(&["--version"]);
    assert_eq!(version.stdout, format!("netstat {}{LINE_END}", env!("CARGO_PKG_VERSION")).into_bytes());
    let man = netstat(&["--generate", "man"]);
    assert!(man.status.success() && man.stderr.is_empty());
    assert!(String::from_utf8(man.stdout).unwrap().contains(".TH NETSTAT 1"));
}

#[test]
fn usage_errors_go_to_standard_error() {
    for arguments in [&["-tulpn"][..], &["--versoin"], &["-p"], &["\u{1b}]0;x\u{7}"], &[""]] {
        let output = netstat(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let said = String::from_utf8(output.stderr).unwrap().replace(LINE_END, "\n");
        assert!(said.starts_with("netstat: ") && said.ends_with('\n'), "{said:?}");
        // An error in a filter is marked on lines of its own.
        assert!(!said.chars().any(|c| c.is_control() && c != '\n'), "{said:?}");
    }
}
