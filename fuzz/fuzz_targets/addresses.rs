//! Rows of the address table from rtnetlink.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::addresses(data));
