//! The report of interfaces and routes (`-r`): against published output of Windows, and in private networks.

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
