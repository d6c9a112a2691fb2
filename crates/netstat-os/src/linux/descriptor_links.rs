//! Which processes there are, and the sockets that their descriptors lead to, as `/proc` shows them.

use super::source::Source;
use std::io;

/// The limit on descriptors read of threads other than main threads, and of all processes for the sake of io_urings alone:
/// about a quarter of a second.
pub(super) const MOST_LINKS: usize = 65_536;

/// Returns the IDs of all processes that `/proc` shows.
pub(super) fn fetch_pids(source: &dyn Source) -> io::Result<Vec<u32>> {
    let mut pids = Vec::new();
    source.names("/proc", &mut |name| {
        pids.extend(std::str::from_utf8(name).ok().and_then(|name| name.parse::<u32>().ok()));
    })?;
    Ok(pids)
}

/// Decodes the inode in `socket:[4026]`.
pub(super) fn decode_socket_link(target: &[u8]) -> Option<u64> {
    let digits = target.strip_prefix(b"socket:[")?.strip_suffix(b"]")?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, &digit| {
        let digit = digit.checked_sub(b'0').filter(|&digit| digit < 10)?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
