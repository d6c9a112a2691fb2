//! Rows of the socket families beyond TCP and UDP, from sock_diag and `/proc/net`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::socket_families(data));
