//! Rows of the interface list with their counters.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::interface_counters(data));
