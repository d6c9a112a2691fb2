//! The time of day, and the time since the system started.

use super::memory::u64_at;
use super::source::{Question, Source};
use netstat_model::{Error, Operation};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds from 1601, when a `FILETIME` begins, to 1970.
const SECONDS_TO_1970: u64 = 11_644_473_600;

/// Returns the time of day, from `GetSystemTimePreciseAsFileTime`, in steps of 100 ns.
pub(super) fn now(source: &dyn Source) -> Option<SystemTime> {
    let steps = filetime(source)?;
    let seconds = (steps / 10_000_000).checked_sub(SECONDS_TO_1970)?;
    let nanoseconds = u32::try_from(steps % 10_000_000 * 100).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds))
}

/// Returns the time of day as a `FILETIME`.
pub(super) fn filetime(source: &dyn Source) -> Option<u64> {
    u64_at(source.ask(&Question::Time).ok()?.bytes(), 0)
}

/// Returns a time of day as a `FILETIME`; 0 for one before 1601.
#[cfg(any(windows, test))]
pub(super) fn filetime_of(time: SystemTime) -> u64 {
    let begin = UNIX_EPOCH.checked_sub(Duration::from_secs(SECONDS_TO_1970));
    let since = begin.and_then(|begin| time.duration_since(begin).ok()).unwrap_or_default();
    u64::try_from(since.as_nanos() / 100).unwrap_or(u64::MAX)
}

/// Returns the time since the start, from `GetTickCount64`, in whole milliseconds.
pub(super) fn uptime(source: &dyn Source) -> Result<Duration, Error> {
    let milliseconds = source.ask(&Question::Uptime).and_then(|answer| {
        u64_at(answer.bytes(), 0).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    });
    milliseconds.map(Duration::from_millis).map_err(|error| Error::new(Operation::ReadUptime, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::fake::Fake;
    use crate::windows::memory::Memory;

    #[test]
    fn a_filetime_becomes_a_time_of_day() {
        let says = |time: u64| Fake::new().says(Question::Time, Memory::flat(time.to_le_bytes().to_vec()));
        // 2025-11-29T14:05:09.1230001Z
        let expected = UNIX_EPOCH + Duration::new(1_764_425_109, 123_000_100);
        assert_eq!(now(&says(134_088_987_091_230_001)), Some(expected));
        assert_eq!(filetime_of(expected), 134_088_987_091_230_001);
        assert_eq!((now(&says(1)), now(&Fake::new())), (None, None));
        // Beyond what a time of Windows can hold, and within what one of Linux can.
        assert_eq!(now(&says(u64::MAX)).is_some(), cfg!(not(windows)));
    }

    #[test]
    fn milliseconds_become_a_duration() {
        let says = |bytes: &[u8]| Fake::new().says(Question::Uptime, Memory::flat(bytes.to_vec()));
        assert_eq!(uptime(&says(&1500u64.to_le_bytes())).unwrap(), Duration::from_millis(1500));
        assert_eq!(uptime(&says(&[1, 2])).unwrap_err().operation, Operation::ReadUptime);
        assert!(uptime(&Fake::new()).is_err());
    }
}
