//! Rules and settings of the Windows firewall.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_firewall(data));
