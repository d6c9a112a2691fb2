//! Rows of the RDMA resources.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::rdma(data));
