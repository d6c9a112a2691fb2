//! Rules and settings of the Windows firewall.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_core::fuzzing::windows_firewall(data));
