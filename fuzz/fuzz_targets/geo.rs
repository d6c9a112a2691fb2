//! Databases of countries and networks.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_engine::fuzzing::geo(data));
