//! What the running kernel can do.

use crate::skip::skip;

/// Returns whether the kernel lists sockets that are bound and neither listen nor are connected: Linux 6.8 or later. Reports a
/// test that needs it as skipped where it does not.
pub fn lists_bound() -> bool {
    let can = release().is_none_or(|release| release >= (6, 8));
    if !can {
        skip("bound-only sockets are listed since Linux 6.8");
    }
    can
}

/// The first two numbers of the release, where the kernel tells it.
fn release() -> Option<(u32, u32)> {
    let text = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = text.split(|letter: char| !letter.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}
