//! Rows of the routing tables and next hop objects from rtnetlink.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::routes(data));
