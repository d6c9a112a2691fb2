//! Captures of any program.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| drop(netstat_capture::Captured::read(data)));
