//! Rows of the table of interfaces of Windows, and its list of adapters.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_interfaces(data));
