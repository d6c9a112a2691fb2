//! Tests of the program on Windows, or under Wine, against the known sockets of another process.
#![cfg(windows)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod check;
mod console;
mod folder;
mod holder;
mod network;
mod options;
mod processes;
mod run;
mod service;
mod sockets;
