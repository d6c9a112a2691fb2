//! What a boot takes from the machine.

use crate::workspace;
use std::path::Path;

/// A program, where Debian has it, and in which package.
const NEEDS: [(&str, &str); 9] = [
    ("/usr/bin/qemu-system-x86_64", "qemu-system-x86"),
    ("/usr/bin/busybox", "busybox-static"),
    ("/usr/bin/cpio", "cpio"),
    ("/usr/sbin/depmod", "kmod"),
    ("/usr/bin/ss", "iproute2"),
    ("/usr/bin/xz", "xz-utils"),
    ("/usr/bin/dpkg-deb", "dpkg"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/ldd", "libc-bin"),
];

/// Returns in one line what is to be installed, if anything is.
pub(super) fn missing() -> Result<(), String> {
    let missing: Vec<&str> =
        NEEDS.iter().filter(|(file, _)| !Path::new(file).exists()).map(|&(_, package)| package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("this takes apt-get install --no-install-recommends {}", missing.join(" ")))
}

/// Returns where a program is.
pub(super) fn path_of(program: &str) -> Option<std::path::PathBuf> {
    let mut which = workspace::program("sh");
    which.args(["-c", "command -v \"$1\"", "sh", program]);
    let path = String::from_utf8(workspace::output(which).ok()?).ok()?;
    std::fs::canonicalize(path.trim_end()).ok()
}
