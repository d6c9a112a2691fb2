//! Chains, rules and sets of nftables.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::nftables(data));
