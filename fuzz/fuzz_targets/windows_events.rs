//! What the kernel of Windows tells of connections and processes (ETW).
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::windows_events(data));
