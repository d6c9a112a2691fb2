//! Which processes there are, and the sockets that their descriptors lead to, as `/proc` shows them.

use super::source::{ProcessSource, Source};
use super::stat::{fetch_stat, is_gone, is_refused};
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

/// Calls `read` with every process, which reads its descriptors. Returns how many processes may not be read: those for which
/// that failed, unless they have ended, or never had a descriptor.
pub(super) fn each_process(
    source: &dyn Source,
    read: &mut dyn FnMut(u32, &dyn ProcessSource) -> io::Result<()>,
) -> io::Result<usize> {
    let (mut refused, mut buffer) = (0, Vec::new());
    for pid in fetch_pids(source)? {
        let answer = source.process(pid).and_then(|process| match read(pid, process.as_ref()) {
            Err(error) if is_refused(&error) => {
                let stat = fetch_stat(process.as_ref(), &mut buffer)?;
                if stat.is_kernel_thread() || stat.is_zombie() { Ok(()) } else { Err(error) }
            }
            answer => answer,
        });
        match answer {
            Err(error) if is_gone(&error) => {}
            Err(_) => refused += 1,
            Ok(()) => {}
        }
    }
    Ok(refused)
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
