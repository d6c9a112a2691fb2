//! What the first bytes of streams and datagrams tell: the port and whether more comes, then the bytes.
#![no_main]

use netstat_capture::first_bytes::{of_datagram, of_quic, of_stream};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else { return };
    let port = [53, 443, 5353][usize::from(first >> 1) % 3];
    let _ = of_stream(bytes, (1, port), first & 1 == 1);
    let _ = of_datagram(bytes, (port, 1));
    let _ = of_quic(bytes);
});
