//! Decodes `/proc/PID/stat`, whose start time distinguishes processes that have had the same ID.

use super::source::{ProcessSource, Source};
use std::io;

/// The fields of the line that are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stat {
    /// Field 3: `R`, `S`, `Z` ...
    state: u8,
    /// Field 4: the parent's process ID; 0 for a process without one in this PID namespace.
    pub(super) parent: u32,
    /// Field 9: the kernel's `PF_` flags.
    flags: u64,
    /// Field 20: the number of threads, including ended ones that were not waited for yet.
    pub(super) threads: u64,
    /// Field 22: the start time in clock ticks since boot.
    pub(super) start_time: u64,
}

/// `PF_KTHREAD`.
const KERNEL_THREAD: u64 = 0x0020_0000;

impl Stat {
    /// Whether this is a kernel thread, which has no memory of its own, no executable and no descriptors.
    pub(super) fn is_kernel_thread(self) -> bool {
        self.flags & KERNEL_THREAD != 0
    }

    /// Whether the main thread has ended. Other threads may live on and keep the descriptors open.
    pub(super) fn is_zombie(self) -> bool {
        matches!(self.state, b'Z' | b'X' | b'x')
    }
}

/// Reads the line of an open process.
pub(super) fn fetch_stat(process: &dyn ProcessSource, buffer: &mut Vec<u8>) -> io::Result<Stat> {
    process.read("stat", buffer)?;
    decode_stat(buffer).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Decodes the line. A process may give itself any name, parentheses and newlines included. The last `)` ends it, because
/// only a letter and numbers follow.
pub(super) fn decode_stat(line: &[u8]) -> Option<Stat> {
    let end_of_name = line.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(line.get(end_of_name + 1..)?).ok()?;
    // These begin with field 3.
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    Some(Stat {
        state: *state.as_bytes().first()?,
        parent: fields.next()?.parse().ok()?,
        flags: fields.nth(4)?.parse().ok()?,
        threads: fields.nth(10)?.parse().ok()?,
        start_time: fields.nth(1)?.parse().ok()?,
    })
}

/// Whether the process ended before or while it was read.
pub(super) fn is_gone(error: &io::Error) -> bool {
    use rustix::io::Errno;
    matches!(Errno::from_io_error(error), Some(Errno::NOENT | Errno::SRCH))
}

/// Why nothing is known of processes where nothing is mounted on `/proc`.
pub(super) const NOT_MOUNTED: &str = "/proc is not mounted; mount -t proc proc /proc mounts it";

/// Whether anything is mounted on `/proc`, whichever PID namespace it shows. Without it every process seems to have ended.
pub(super) fn is_mounted(source: &dyn Source) -> bool {
    let mut any = false;
    source.names("/proc", &mut |_| any = true).is_ok() && any
}

/// Whether this user may not read it.
pub(super) fn is_refused(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAIL: &str = " S 7 9 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 3 0 123456789 11 22 33\n";

    fn decoded(name: &[u8]) -> Option<Stat> {
        decode_stat(&[b"42 (", name, b")", TAIL.as_bytes()].concat())
    }

    #[test]
    fn the_fields_are_the_right_ones() {
        let expected = Stat { state: b'S', parent: 7, flags: 4_194_560, threads: 3, start_time: 123_456_789 };
        assert_eq!(decoded(b"cat"), Some(expected));
        assert!(!expected.is_kernel_thread() && !expected.is_zombie());
    }

    #[test]
    fn names_cannot_move_the_fields() {
        let plain = decoded(b"cat");
        assert!(plain.is_some());
        for name in [&b""[..], b")", b"a) R 1 1 1 1", b") S 0 (", b"a b\nc", b"\xff\x1b[2J", b"(((", b")))"] {
            assert_eq!(decoded(name), plain, "{name:?}");
        }
    }

    #[test]
    fn truncated_lines_are_rejected() {
        let whole = [&b"42 (cat)"[..], TAIL.as_bytes()].concat();
        let start_time = whole.windows(9).position(|part| part == b"123456789").unwrap();
        for len in 0..start_time {
            assert_eq!(decode_stat(&whole[..len]), None, "{len}");
        }
        for line in ["1 (a) S", "1 (a", "1 a S 1", "", "1 (a) S -1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"] {
            assert_eq!(decode_stat(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn the_line_of_this_process() {
        let mut line = Vec::new();
        let live = super::super::live::Live;
        super::super::source::NetworkSource::read(&live, "/proc/self/stat", &mut line).unwrap();
        let stat = decode_stat(&line).unwrap();
        assert_eq!(stat.parent, std::os::unix::process::parent_id());
        assert!(stat.threads >= 1 && stat.start_time > 0);
        assert!(!stat.is_zombie() && !stat.is_kernel_thread());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_stat(&bytes);
        }

        #[test]
        fn no_tail_panics(tail in "[ 0-9RSZ()\\-\n]{0,200}") {
            let _ = decode_stat(format!("1 (x){tail}").as_bytes());
        }

        #[test]
        fn no_name_moves_the_fields(name in proptest::collection::vec(any::<u8>(), 0..64)) {
            prop_assert_eq!(decoded(&name), decoded(b"cat"));
        }
    }
}
