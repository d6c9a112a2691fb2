//! The fault laboratory: `netstat check` in namespaces where something is wrong, and in others that merely look like
//! it. Every fault has to be found, with its numbers and its process, and no look-alike may be accused.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod answer;
mod bind;
mod buffers;
mod close_wait;
mod connecting;
mod descriptors;
mod exit_codes;
mod exposed;
mod filters;
mod gone;
mod idle;
mod policy;
mod ports;
mod queue;
mod shadowed;
#[path = "../support/mod.rs"]
mod support;
mod suspicious;
mod transfer;
