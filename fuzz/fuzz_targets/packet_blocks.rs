//! Blocks of the ring of a packet socket.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::packet_blocks(data));
