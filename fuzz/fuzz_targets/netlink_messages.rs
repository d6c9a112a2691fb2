//! Messages and attributes of netlink.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| netstat_os::fuzzing::netlink_messages(data));
