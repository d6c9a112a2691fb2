//! The time of day, and the time since boot, from `/proc/uptime`.

use super::source::{NetworkSource, Source};
use netstat_model::{Error, Operation};
use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads the time of day.
pub(super) fn now(source: &dyn Source) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(source.since_1970().ok()?)
}

/// Reads the time since boot, suspend included.
pub(super) fn uptime(source: &dyn NetworkSource) -> Result<Duration, Error> {
    let mut bytes = Vec::new();
    let read = source.read("/proc/uptime", &mut bytes);
    read.and_then(|()| decode_uptime(&bytes).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData)))
        .map_err(|error| Error::new(Operation::ReadUptime, error))
}

/// Decodes `1234.56 5678.90`: seconds since boot, then the idle seconds of all processors.
pub(super) fn decode_uptime(bytes: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(bytes).ok()?.split_ascii_whitespace().next()?;
    let (seconds, rest) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(rest) || rest.len() > 9 {
        return None;
    }
    let nanoseconds = format!("{rest:0<9}").parse().ok()?;
    Some(Duration::new(seconds.parse().ok()?, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linux::fake::Fake;
    use crate::linux::source::pack_time;
    use proptest::prelude::*;

    #[test]
    fn seconds_and_hundredths() {
        for (text, expected) in [
            ("1234.56 5678.90\n", Some(Duration::from_millis(1_234_560))),
            ("7 1", Some(Duration::from_secs(7))),
            ("0.05 0.00\n", Some(Duration::from_millis(50))),
            ("", None),
            ("-1.0 2", None),
            ("1.x", None),
            ("1.0000000001", None),
            ("99999999999999999999.0", None),
        ] {
            assert_eq!(decode_uptime(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_time_of_day_is_that_of_the_source() {
        assert_eq!(now(&Fake::new()), None);
        let since = Duration::new(1_764_425_109, 5);
        assert_eq!(now(&Fake::new().file("clock", pack_time(since))), Some(UNIX_EPOCH + since));
    }

    #[test]
    fn malformed_uptime_is_an_error() {
        assert!(uptime(&Fake::new()).is_err());
        assert!(uptime(&Fake::new().file("/proc/uptime", "soon")).is_err());
        assert_eq!(uptime(&Fake::new().file("/proc/uptime", "2.50 1.00")).unwrap().as_millis(), 2500);
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            decode_uptime(&bytes);
        }
    }
}
