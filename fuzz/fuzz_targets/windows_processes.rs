//! The list of processes of Windows.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_processes(data));
