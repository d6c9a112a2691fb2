//! The counters of the protocols on Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_counters(data));
