//! What the BPF program says of the descriptors of sockets.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::bpf_records(data));
