//! `netstat report`: the page of a history that is written here, read as text and in a browser.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod made;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn keep() {
    made::two_days(std::path::Path::new("/tmp/html-store"));
}
