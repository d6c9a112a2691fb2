//! What the BPF programs of the recorder say of connections and processes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::recorder_records(data));
