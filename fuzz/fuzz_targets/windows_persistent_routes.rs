//! The values of the registry of Windows that are routes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_persistent_routes(data));
