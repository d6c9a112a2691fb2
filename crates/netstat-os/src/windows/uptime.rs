//! The time since the system started.

use super::memory::u64_at;
use super::source::{Question, Source};
use netstat_model::{Error, Operation};
use std::io;
use std::time::Duration;

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
    fn milliseconds_become_a_duration() {
        let says = |bytes: &[u8]| Fake::new().says(Question::Uptime, Memory::flat(bytes.to_vec()));
        assert_eq!(uptime(&says(&1500u64.to_le_bytes())).unwrap(), Duration::from_millis(1500));
        assert_eq!(uptime(&says(&[1, 2])).unwrap_err().operation, Operation::ReadUptime);
        assert!(uptime(&Fake::new()).is_err());
    }
}
