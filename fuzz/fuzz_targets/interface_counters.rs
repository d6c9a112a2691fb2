//! Rows of the interface list with their counters.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::interface_counters(data));
