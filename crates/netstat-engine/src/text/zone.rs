//! [`Zone`]: the time zone of a reader.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use std::fmt;
use std::time::SystemTime;

/// The time zone of a reader: makes dates and hours of moments, and moments of dates and hours.
///
/// ```
/// use netstat_engine::text::zone::Zone;
/// use std::time::{Duration, SystemTime};
///
/// let moment = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_123);
/// assert_eq!(Zone::UTC.date_and_time(moment), "2026-09-21 14:13:20.123");
/// assert_eq!(Zone::UTC.rfc_3339(moment), "2026-09-21T14:13:20.123000Z");
/// ```
#[derive(Clone, PartialEq)]
pub struct Zone(TimeZone);

/// What an hour of a date is in a time zone whose clocks are set forward and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Civil {
    /// One moment.
    Once(SystemTime),
    /// Two, because the clocks were set back: the earlier and the later.
    Twice(SystemTime, SystemTime),
    /// None, because the clocks were set over it, or there is no such date.
    Never,
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("zone"))
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self::UTC
    }
}

impl Zone {
    /// Universal time.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// Returns a time zone that the caller found.
    pub fn new(zone: TimeZone) -> Self {
        Self(zone)
    }

    fn timestamp(moment: SystemTime) -> Timestamp {
        Timestamp::try_from(moment).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn civil(&self, moment: SystemTime) -> DateTime {
        self.0.to_datetime(Self::timestamp(moment))
    }

    /// Returns by how many seconds the reader's clock was ahead of universal time.
    pub fn offset(&self, moment: SystemTime) -> i32 {
        self.0.to_offset(Self::timestamp(moment)).seconds()
    }

    /// Returns date and time to the millisecond, as the reader's clock had it.
    pub fn date_and_time(&self, moment: SystemTime) -> String {
        self.civil(moment).strftime("%Y-%m-%d %H:%M:%S.%3f").to_string()
    }

    /// Returns the time of the day to the second.
    pub fn time_of_day(&self, moment: SystemTime) -> String {
        self.civil(moment).strftime("%H:%M:%S").to_string()
    }

    /// Returns date and time to the second.
    pub fn to_the_second(&self, moment: SystemTime) -> String {
        self.civil(moment).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// Returns the moment after RFC 3339, to the microsecond and with the offset of the zone then.
    pub fn rfc_3339(&self, moment: SystemTime) -> String {
        let civil = self.civil(moment).strftime("%Y-%m-%dT%H:%M:%S.%6f");
        if self.0 == TimeZone::UTC {
            return format!("{civil}Z");
        }
        let minutes = self.offset(moment) / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        format!("{civil}{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
    }

    /// Returns the moments at which the reader's clock had this date and time.
    pub(super) fn moments(&self, civil: DateTime) -> Civil {
        let at = |offset: Offset| SystemTime::try_from(offset.to_timestamp(civil).ok()?).ok();
        let found = match self.0.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset).map(Civil::Once),
            AmbiguousOffset::Fold { before, after } => {
                at(before).zip(at(after)).map(|(before, after)| Civil::Twice(before, after))
            }
            AmbiguousOffset::Gap { .. } => None,
        };
        found.unwrap_or(Civil::Never)
    }
}
