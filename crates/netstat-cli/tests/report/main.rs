//! `netstat report`: the page of a history that is written here, read as text and in a browser.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod browser;
mod in_browser;
mod made;
#[path = "../support/mod.rs"]
mod support;
mod written;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::Folder;

/// The second of the two days that [`made::two_days`] writes.
const SECOND_DAY: [&str; 4] = ["--since", "2026-09-22T00:00:00Z", "--until", "2026-09-23T00:00:00Z"];

/// Exit code, standard output and standard error of `netstat report`.
fn report(store: &Path, words: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(support::NETSTAT);
    command.arg("report").arg("--store").arg(store).args(words);
    let output = command.env("LC_ALL", "C").env("TZ", "UTC").stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Makes a page of the second day.
fn page(folder: &Folder, words: &[&str]) -> PathBuf {
    let store = folder.path("store");
    if !store.exists() {
        made::two_days(&store);
    }
    let file = folder.path("report.html");
    let (code, out, error) =
        report(&store, &[&SECOND_DAY[..], words, &["-o", file.to_str().unwrap()]].concat());
    assert_eq!((code, out.as_str()), (0, ""), "{error}");
    file
}
