//! Interfaces and routes (`-r`), compared with published output of Windows and with `ip` in private networks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod golden;
#[cfg(target_os = "linux")]
mod namespace;
mod parse;
