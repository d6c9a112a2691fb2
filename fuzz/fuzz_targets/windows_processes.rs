//! The list of processes of Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::windows_processes(data));
