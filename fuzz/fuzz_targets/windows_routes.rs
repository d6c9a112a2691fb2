//! Rows of the routing tables of Windows, of its IP interfaces and addresses.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_routes(data));
