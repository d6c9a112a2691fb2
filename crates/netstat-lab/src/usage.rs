//! Processor time and memory of a program.

use crate::error::{Doing, Result};
use crate::kernel;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// What a child process used in its whole life, from wait4(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Its exit status.
    pub status: ExitStatus,
    /// Processor time in the program itself.
    pub user: Duration,
    /// Processor time in the kernel on its behalf.
    pub system: Duration,
    /// Peak resident memory in KiB (`ru_maxrss`). It includes the parent's memory at the time of the fork, so the parent
    /// should be small.
    pub peak_kib: u64,
}

/// Waits for a child as [`Child::wait`] does, and returns what it used.
pub fn wait_with_usage(child: Child) -> Result<Usage> {
    // After a successful try_wait the PID may belong to another process, but wait4 accepts only children.
    let pid = i32::try_from(child.id()).map_err(std::io::Error::other).doing(|| "wait for a child".into())?;
    let (status, usage) = kernel::wait_for_child(pid).doing(|| format!("wait for process {pid}"))?;
    Ok(Usage {
        status: ExitStatus::from_raw(status),
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        peak_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    })
}

/// Returns the monotonic clock in nanoseconds. It is the same for all processes of the machine, so their times compare.
pub fn monotonic_nanoseconds() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

fn duration(time: libc::timeval) -> Duration {
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(u64::try_from(time.tv_usec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_child_tells_its_status_and_its_memory() {
        let usage = wait_with_usage(Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap()).unwrap();
        assert_eq!(usage.status.code(), Some(3));
        assert!(usage.peak_kib > 100, "{usage:?}");
    }
}
