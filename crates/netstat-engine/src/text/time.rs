//! Moments as text.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns a moment in UTC after RFC 3339, to the millisecond: `2026-11-29T14:05:09.123Z`. Moments before 1970 read as
/// its first.
pub fn rfc_3339(moment: SystemTime) -> String {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    let millis = since.subsec_millis();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Returns year, month and day of a day since 1970-01-01, in the Gregorian calendar. Years begin in March here, so
/// that the leap day is the last of its year (the algorithm is Howard Hinnant's `civil_from_days`).
fn date(day: u64) -> (u64, u64, u64) {
    const DAYS_IN_400_YEARS: u64 = 146_097;
    // Day 0 is 0000-03-01.
    let day = day + 719_468;
    let (era, day) = (day / DAYS_IN_400_YEARS, day % DAYS_IN_400_YEARS);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn moments_are_written_in_utc() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_709_251_199, "2024-02-29T23:59:59.007Z"),
            (1_735_689_599, "2024-12-31T23:59:59.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            assert_eq!(rfc_3339(UNIX_EPOCH + Duration::from_millis(seconds * 1000 + 7)), text);
        }
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = date(0);
        for day in 1..150_000 {
            let (year, month, of_month) = date(day);
            assert!(
                (year, month, of_month) == (before.0, before.1, before.2 + 1)
                    || (of_month == 1
                        && [(before.0, before.1 + 1), (before.0 + 1, 1)].contains(&(year, month))),
                "{before:?} then {year}-{month}-{of_month}"
            );
            before = (year, month, of_month);
        }
    }
}
