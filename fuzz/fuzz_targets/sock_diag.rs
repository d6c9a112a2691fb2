//! Rows of the socket table from sock_diag.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::sock_diag(data));
