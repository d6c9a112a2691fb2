//! The host name, the ID of the boot, and the network namespace.

use super::source::Source;
use netstat_model::{Error, Namespace, Operation};
use std::io;

/// The link to the PID namespace that the machine booted with, `PROC_PID_INIT_INO`.
pub(super) const INITIAL_PID_NAMESPACE: &[u8] = b"pid:[4026531836]";

/// Returns the network namespace that the machine booted with, as far as a reader in its PID namespace knows: that of the first
/// thread of the kernel, which is never in another. The first process may have more rights than the reader, and is asked
/// second.
pub(super) fn machine_namespace(source: &dyn Source) -> Option<Namespace> {
    if source.read_link("/proc/self/ns/pid").ok()? != INITIAL_PID_NAMESPACE {
        return None;
    }
    let of = |path: &str| source.read_link(path).ok().and_then(|target| decode_namespace(&target));
    let inode = of("/proc/2/ns/net").or_else(|| of("/proc/1/ns/net"))?;
    Some(Namespace { inode })
}

/// Reads the host name of the current UTS namespace from `/proc/sys/kernel/hostname`.
pub(super) fn host_name(source: &dyn Source) -> Result<String, Error> {
    let failed = |error| Error::new(Operation::ReadHostName, error);
    let mut bytes = Vec::new();
    source.read("/proc/sys/kernel/hostname", &mut bytes).map_err(failed)?;
    let name = String::from_utf8(bytes)
        .map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text")))?;
    Ok(name.trim_end_matches('\n').to_owned())
}

/// Reads the random ID of this boot from `/proc/sys/kernel/random/boot_id`.
pub(super) fn boot_id(source: &dyn Source) -> Option<Box<str>> {
    let mut bytes = Vec::new();
    source.read("/proc/sys/kernel/random/boot_id", &mut bytes).ok()?;
    let id = std::str::from_utf8(&bytes).ok()?.trim_end_matches('\n');
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')).then(|| id.into())
}

/// Reads the network namespace of this thread, which netlink sockets made by it belong to. `/proc/self` would be that of
/// the main thread.
pub(super) fn namespace(source: &dyn Source) -> Option<Namespace> {
    let target = source.read_link("/proc/thread-self/ns/net").ok()?;
    Some(Namespace { inode: decode_namespace(&target)? })
}

/// Decodes the target of a link to a network namespace: `net:[4026531840]`.
pub(super) fn decode_namespace(target: &[u8]) -> Option<u64> {
    let inode = target.strip_prefix(b"net:[")?.strip_suffix(b"]")?;
    std::str::from_utf8(inode).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;

    #[test]
    fn the_boot_id_is_one_line_of_hexadecimal_digits() {
        let path = "/proc/sys/kernel/random/boot_id";
        for (text, expected) in [
            ("68fc1b26-5ad8-4a2e-8d33-1d8b7ee5a1a0\n", Some("68fc1b26-5ad8-4a2e-8d33-1d8b7ee5a1a0")),
            ("", None),
            ("\x1b[2J\n", None),
        ] {
            assert_eq!(boot_id(&Fake::new().file(path, text)).as_deref(), expected, "{text:?}");
        }
        assert_eq!(boot_id(&Fake::new()), None);
    }

    #[test]
    fn the_namespace_is_the_inode_of_the_link() {
        let path = "/proc/thread-self/ns/net";
        let inode = |target: &str| namespace(&Fake::new().file(path, target)).map(|it| it.inode);
        assert_eq!(inode("net:[4026531840]"), Some(4_026_531_840));
        assert_eq!((inode("net:[x]"), inode("mnt:[1]"), inode("")), (None, None, None));
        assert_eq!(namespace(&Fake::new()), None);
    }
}
