//! What the reader may do, and what of BPF is known to fail before it is tried.

use super::processes::{decode_user, status_numbers};
use super::source::Source;
use super::stat::{is_gone, is_mounted};
use netstat_model::NoBpf;
use std::io;

/// Capabilities, by their bits: linux/capability.h.
const CAP_SYS_PTRACE: u32 = 19;
const CAP_SYS_ADMIN: u32 = 21;
const CAP_PERFMON: u32 = 38;
const CAP_BPF: u32 = 39;

/// What `/proc/self/status` says of the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Privileges {
    /// Whether it acts as root.
    pub(super) is_root: bool,
    /// Its effective capabilities.
    capabilities: Option<u64>,
    /// Whether `/proc` shows its own PID namespace.
    sees_own_namespace: bool,
}

impl Privileges {
    pub(super) fn fetch(source: &dyn Source) -> io::Result<Self> {
        let mut status = Vec::new();
        source.read("/proc/self/status", &mut status)?;
        Ok(Self::decode(&status))
    }

    fn decode(status: &[u8]) -> Self {
        Self {
            is_root: decode_user(status) == Some(0),
            capabilities: decode_capabilities(status),
            sees_own_namespace: decode_own_namespace(status),
        }
    }

    /// Returns whether it may read the descriptors of all processes.
    pub(super) fn may_read_all(self) -> bool {
        self.has(CAP_SYS_PTRACE)
    }

    fn has(self, capability: u32) -> bool {
        self.capabilities.is_some_and(|held| held & (1 << capability) != 0)
    }
}

/// Returns why BPF is known to fail, without a try: each attempt writes to the log of a kernel that is locked down.
pub(super) fn why_no_bpf(source: &dyn Source) -> Result<(), NoBpf> {
    match Privileges::fetch(source) {
        Ok(held) if !held.sees_own_namespace => return Err(NoBpf::OtherNamespace),
        Ok(held) if held.capabilities.is_none() || held.has(CAP_SYS_ADMIN) => {}
        Ok(held) => match (held.has(CAP_BPF), held.has(CAP_PERFMON)) {
            (true, true) => {}
            (true, false) => return Err(NoBpf::NoPerfmon),
            (false, _) => return Err(NoBpf::NotPermitted),
        },
        // Where nothing is mounted, no other namespace is shown.
        Err(error) if is_gone(&error) && !is_mounted(source) => {}
        Err(_) => return Err(NoBpf::OtherNamespace),
    }
    let mut bytes = Vec::new();
    let mut says = |path: &str, word: &[u8]| {
        let read = source.read(path, &mut bytes);
        read.is_ok() && bytes.split(u8::is_ascii_whitespace).any(|written| written == word)
    };
    if says("/sys/kernel/security/lockdown", b"[confidentiality]") {
        return Err(NoBpf::LockedDown);
    }
    if says("/proc/sys/net/core/bpf_jit_enable", b"0") {
        return Err(NoBpf::JitOff);
    }
    Ok(())
}

/// Decodes the effective capabilities in `/proc/self/status`.
fn decode_capabilities(status: &[u8]) -> Option<u64> {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"CapEff:"))?;
    u64::from_str_radix(std::str::from_utf8(line).ok()?.trim(), 16).ok()
}

/// Returns whether `/proc/self/status` has one process ID for this process. It has one for each namespace, from the one that
/// `/proc` shows down to that of the process. Only where it is one do BPF and `/proc` mean the same process by a number.
fn decode_own_namespace(status: &[u8]) -> bool {
    status_numbers(status, "NSpid:").is_some_and(|numbers| numbers.count() == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;

    const ADMIN: u64 = 1 << CAP_SYS_ADMIN;
    const BPF: u64 = 1 << CAP_BPF;
    const PERFMON: u64 = 1 << CAP_PERFMON;

    fn status(capabilities: u64) -> Fake {
        let text = format!("Name:\tx\nUid:\t0\t0\t0\t0\nNSpid:\t9\nCapEff:\t{capabilities:016x}\n");
        Fake::new().file("/proc/self/status", text)
    }

    #[test]
    fn what_bpf_needs_is_known_before() {
        for (capabilities, expected) in [
            (ADMIN, Ok(())),
            (BPF | PERFMON, Ok(())),
            (BPF, Err(NoBpf::NoPerfmon)),
            (PERFMON, Err(NoBpf::NotPermitted)),
            (0, Err(NoBpf::NotPermitted)),
        ] {
            assert_eq!(why_no_bpf(&status(capabilities)), expected, "{capabilities:x}");
        }
        for (path, text, expected) in [
            ("/sys/kernel/security/lockdown", "none integrity [confidentiality]\n", Err(NoBpf::LockedDown)),
            ("/sys/kernel/security/lockdown", "none [integrity] confidentiality\n", Ok(())),
            ("/proc/sys/net/core/bpf_jit_enable", "0\n", Err(NoBpf::JitOff)),
            ("/proc/sys/net/core/bpf_jit_enable", "1\n", Ok(())),
        ] {
            assert_eq!(why_no_bpf(&status(ADMIN).file(path, text)), expected, "{text}");
        }
    }

    #[test]
    fn a_proc_of_another_namespace_is_not_a_missing_one() {
        // Where another namespace is shown, /proc/self leads nowhere.
        assert_eq!(why_no_bpf(&Fake::new().pid(1)), Err(NoBpf::OtherNamespace));
        assert_eq!(why_no_bpf(&Fake::new().names("/proc", &[])), Ok(()));
    }

    #[test]
    fn a_single_process_id_means_the_own_namespace() {
        for (status, own) in [
            ("NSpid:\t9\n", true),
            ("Name:\tx\nNSpid:\t9\nx", true),
            ("NSpid:\t9\t1\n", false),
            ("NSpid:\n", false),
            ("Pid:\t9\n", false),
            ("", false),
        ] {
            assert_eq!(decode_own_namespace(status.as_bytes()), own, "{status:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            for line in ["", "NSpid:", "CapEff:", "Uid:"] {
                let _ = Privileges::decode(&[line.as_bytes(), &bytes].concat());
            }
        }
    }
}
