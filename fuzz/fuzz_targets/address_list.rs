//! Lists of addresses.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_engine::fuzzing::address_list(data));
