//! Times as a recording has them.

use std::io;
use std::time::Duration;

/// Returns a time as a recording has it: seconds in eight bytes and nanoseconds in four, little-endian.
pub(in crate::linux) fn pack_time(time: Duration) -> Vec<u8> {
    [&time.as_secs().to_le_bytes()[..], &time.subsec_nanos().to_le_bytes()].concat()
}

/// Reads what [`pack_time`] has written.
pub(in crate::linux) fn unpack_time(bytes: &[u8]) -> io::Result<Duration> {
    let parts = bytes.split_first_chunk().and_then(|(seconds, rest)| {
        let nanoseconds = u32::from_le_bytes(*rest.first_chunk()?);
        Some((u64::from_le_bytes(*seconds), nanoseconds))
    });
    match parts {
        Some((seconds, nanoseconds)) if nanoseconds < 1_000_000_000 => {
            Ok(Duration::new(seconds, nanoseconds))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}
