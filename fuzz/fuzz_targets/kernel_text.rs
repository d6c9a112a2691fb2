//! Tables that the kernel has as text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_engine::fuzzing::kernel_text(data));
