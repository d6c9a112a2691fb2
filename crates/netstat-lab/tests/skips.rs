//! Every test of the workspace that cannot run is skipped with `netstat_lab::skip`, so that it is counted as skipped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn tests_are_skipped_through_the_laboratory() {
    let mut paths = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), &mut paths);
    assert!(paths.len() > 100, "{paths:?}");
    // In two parts, so that this file does not contain it.
    let by_hand = concat!("\"skip", "ped: ");
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().position(|line| line.contains(by_hand));
        assert_eq!(line, None, "{}: call netstat_lab::skip", path.display());
    }
}
