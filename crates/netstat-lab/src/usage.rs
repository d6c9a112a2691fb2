//! What a program took: time on the clock, time on the processors, memory.

use crate::error::{Doing, Result};
use crate::kernel;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::Duration;

/// What a child process used in its whole life, by the word of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// How it ended.
    pub status: ExitStatus,
    /// Time on the processors in the program itself.
    pub user: Duration,
    /// Time on the processors in the kernel, on its behalf.
    pub system: Duration,
    /// The most memory it had at any time (`ru_maxrss`), in KiB. The kernel counts what the parent had when the child
    /// was made, so the parent should be small.
    pub peak_kib: u64,
}

/// Waits for a child as [`Child::wait`] does, and answers what it used.
///
/// # Errors
///
/// When it was waited for already.
pub fn wait_with_usage(child: Child) -> Result<Usage> {
    // A child that try_wait has seen end is gone, and its number may be in use again: wait4 takes children only.
    let pid = i32::try_from(child.id()).map_err(std::io::Error::other).doing(|| "wait for a child".into())?;
    let (status, usage) = kernel::wait_for_child(pid).doing(|| format!("wait for process {pid}"))?;
    Ok(Usage {
        status: ExitStatus::from_raw(status),
        user: duration(usage.ru_utime),
        system: duration(usage.ru_stime),
        peak_kib: u64::try_from(usage.ru_maxrss).unwrap_or(0),
    })
}

/// The monotonic clock of the machine, in nanoseconds: the same for all processes, so that what one saw can be put
/// beside what another did.
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
