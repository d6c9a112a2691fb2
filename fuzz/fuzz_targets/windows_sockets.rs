//! The socket tables of Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::windows_sockets(data));
