//! Rows of the list of interfaces from rtnetlink.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::links(data));
