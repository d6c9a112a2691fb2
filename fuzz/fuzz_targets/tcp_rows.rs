//! What the BPF program says of TCP sockets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::tcp_rows(data));
