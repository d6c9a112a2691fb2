//! How long the system has been running.

use super::memory::u64_at;
use super::source::{Question, Source};
use crate::{Error, Operation};
use std::io;
use std::time::Duration;

pub(super) fn uptime(source: &dyn Source) -> Result<Duration, Error> {
    let answer = source.ask(&Question::Uptime);
    answer
        .and_then(|answer| u64_at(answer.bytes(), 0).ok_or_else(|| io::ErrorKind::InvalidData.into()))
        .map(Duration::from_millis)
        .map_err(|error| Error::new(Operation::ReadUptime, error))
}

#[cfg(test)]
mod tests {
    use super::super::fake::Fake;
    use super::super::memory::Memory;
    use super::*;

    #[test]
    fn milliseconds() {
        let says = |bytes: &[u8]| uptime(&Fake::new().says(Question::Uptime, Memory::flat(bytes.to_vec())));
        assert_eq!(says(&5_000_000_123u64.to_le_bytes()).unwrap(), Duration::from_millis(5_000_000_123));
        assert!(says(&[0; 7]).is_err() && uptime(&Fake::new()).is_err());
    }
}
