//! What netsh says of ports on Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::windows_limits(data));
