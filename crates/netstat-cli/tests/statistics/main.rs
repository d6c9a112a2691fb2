//! Published output of `netstat -s` and `-e` of Windows is parsed into counters and rendered again: the bytes must be
//! the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod ethernet;
mod protocols;

use std::path::PathBuf;

/// Reads the lines of a sample.
fn sample(file: &str) -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/statistics");
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    assert!(!text.contains('\r'), "{file}");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn every_sample_is_tested() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/samples/statistics");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".txt"))
        .collect();
    files.sort();
    let mut tested = [protocols::SAMPLES.as_slice(), ethernet::SAMPLES.as_slice()].concat();
    tested.sort_unstable();
    assert_eq!(files, tested);
}
