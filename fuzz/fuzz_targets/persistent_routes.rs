//! The files that persistent routes are read from.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::persistent_routes(data));
