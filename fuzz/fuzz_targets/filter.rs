//! Words of a filter, and the programs made of it.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_engine::fuzzing::filter(data));
