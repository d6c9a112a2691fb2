//! The counters of the protocols on Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::windows_counters(data));
