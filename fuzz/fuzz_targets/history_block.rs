//! Blocks of the history of connections.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_store::fuzzing::block(data));
