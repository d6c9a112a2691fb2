//! What the kernel says of its own types, which tells what it can do where no call does.

use super::Source;
use std::io;

/// The file of the kernel's types (BTF).
pub(crate) const TYPES: &str = "/sys/kernel/btf/vmlinux";

/// Returns whether a type, or a value of one, has this name.
///
/// # Errors
/// Where the file cannot be read: a kernel without it does not tell.
pub(crate) fn have_name(source: &(impl Source + ?Sized), name: &str) -> io::Result<bool> {
    let name = [b"\0", name.as_bytes(), b"\0"].concat();
    let has_name = |types: &[u8]| types.windows(name.len()).any(|bytes| bytes == name);
    let keep = |types: &[u8]| if has_name(types) { name.clone() } else { Vec::new() };
    let mut kept = Vec::new();
    source.read_kept(TYPES, &keep, &mut kept)?;
    Ok(!kept.is_empty())
}

/// Returns whether there is a state for bound-only sockets. A kernel without it accepts the request for them and lists none,
/// and no answer tells that from a machine that has none; a socket made to find out would be seen by whoever else looks at
/// that moment.
pub(crate) fn knows_bound(source: &(impl Source + ?Sized)) -> io::Result<bool> {
    have_name(source, "BPF_TCP_BOUND_INACTIVE")
}
