//! [`When`]: a moment in the words of whoever asks.
//!
//! ```
//! use netstat_engine::text::when::When;
//! use netstat_engine::text::zone::Zone;
//! use std::time::{Duration, SystemTime};
//!
//! let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
//! let ago = When::parse("10 minutes ago")?.moment(now, &Zone::UTC)?;
//! assert_eq!(ago, now - Duration::from_secs(600));
//! assert_eq!(When::parse("yesterday 14:05")?.moment(now, &Zone::UTC)?, now - Duration::from_secs(86_400 + 500));
//! # Ok::<(), netstat_engine::text::Text>(())
//! ```

use super::Text;
use super::zone::{Civil, Zone};
use crate::both;
use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, Timestamp};
use std::time::{Duration, SystemTime};

/// A moment in the words of whoever asks: `10 minutes ago`, `14:05`, `yesterday 14:05`, `2026-11-29`, RFC 3339, or how long
/// ago as a duration, `2h`. Korean words do as well: `10분 전`, `어제 14:05`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// So long ago.
    Ago(Duration),
    /// At this time of a day: of this date, or so many days ago.
    Civil {
        /// The day.
        day: Day,
        /// The time; `None` for the first of the day.
        time: Option<Time>,
    },
    /// At this moment, whatever the time zone of the reader is.
    Exactly(SystemTime),
}

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Day {
    /// So many days ago; `None` where no day was named, which is today.
    Ago(Option<u8>),
    /// A date.
    Of(Date),
}

/// The words for units of time, each with its seconds.
const UNITS: [(&[&str], u64); 6] = [
    (&["s", "sec", "secs", "second", "seconds", "초"], 1),
    (&["m", "min", "mins", "minute", "minutes", "분"], 60),
    (&["h", "hr", "hrs", "hour", "hours", "시간"], 3600),
    (&["d", "day", "days", "일"], 86_400),
    (&["w", "week", "weeks", "주"], 604_800),
    (&["ms", "millisecond", "milliseconds"], 0),
];

/// The words for days, each with how long ago it was.
const DAYS: [(&[&str], u8); 3] =
    [(&["today", "오늘"], 0), (&["yesterday", "어제"], 1), (&["그제", "그저께"], 2)];

const EXAMPLES: Text = Text::fixed(
    "type, for example, '10 minutes ago', 14:05, 'yesterday 14:05', 2026-11-29 or 2h",
    "입력 예: '10분 전', 14:05, '어제 14:05', 2026-11-29, 2h",
);

impl When {
    /// Reads a moment.
    ///
    /// # Errors
    /// What to type instead, as a phrase for the end of a message.
    pub fn parse(text: &str) -> Result<Self, Text> {
        Self::read(text.trim()).ok_or(EXAMPLES)
    }

    fn read(text: &str) -> Option<Self> {
        let lower = text.to_lowercase();
        if ["now", "지금"].contains(&lower.as_str()) {
            return Some(Self::Ago(Duration::ZERO));
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return SystemTime::try_from(moment).ok().map(Self::Exactly);
        }
        let before = lower.strip_suffix("ago").or_else(|| lower.strip_suffix("전"));
        if let Some(duration) = duration(before.unwrap_or(&lower)) {
            return Some(Self::Ago(duration));
        }
        let words: Vec<&str> = lower.split_whitespace().collect();
        let civil = |day, time| Some(Self::Civil { day, time });
        match words.as_slice() {
            [word] => match (day(word), time(word)) {
                (Some(day), _) => civil(day, None),
                (_, Some(time)) => civil(Day::Ago(None), Some(time)),
                // `2026-11-29T14:05`, as the reader's clock has it.
                _ => {
                    let (date, of_day) = word.split_once('t')?;
                    civil(day(date)?, Some(time(of_day)?))
                }
            },
            [word, of_day] => civil(day(word)?, Some(time(of_day)?)),
            _ => None,
        }
    }

    /// Returns the moment, for somebody who asks now and whose clock is of this zone.
    ///
    /// # Errors
    /// Why it is none, and what to type instead, as a phrase for the end of a message.
    pub fn moment(&self, now: SystemTime, zone: &Zone) -> Result<SystemTime, Text> {
        match self {
            Self::Exactly(moment) => Ok(*moment),
            Self::Ago(duration) => now.checked_sub(*duration).ok_or_else(|| {
                both!(
                    "it is too long ago: type a shorter time",
                    "너무 오래전입니다. 더 짧은 시간을 입력하세요"
                )
            }),
            Self::Civil { day, time } => {
                let today = zone.civil(now).date();
                let date = match day {
                    Day::Of(date) => *date,
                    Day::Ago(days) => {
                        let days = Span::new().days(i64::from(days.unwrap_or(0)));
                        today.checked_sub(days).map_err(|error| Text::same(error.to_string()))?
                    }
                };
                let civil = date.to_datetime(time.unwrap_or(Time::midnight()));
                let moment = once(civil, time.is_none(), zone)?;
                let shown = civil.strftime("%H:%M").to_string();
                if *day == Day::Ago(None) && moment > now {
                    return Err(both!(
                        "{shown} is still to come today: type 'yesterday {shown}'",
                        "{shown}: 오늘 아직 오지 않은 시각입니다. 이렇게 입력하세요: '어제 {shown}'",
                        shown
                    ));
                }
                Ok(moment)
            }
        }
    }
}

/// Returns the one moment of a date and time. A day begins when it begins for the first time.
fn once(civil: DateTime, is_day: bool, zone: &Zone) -> Result<SystemTime, Text> {
    let shown = civil.strftime("%Y-%m-%d %H:%M:%S").to_string();
    match zone.moments(civil) {
        Civil::Once(moment) => Ok(moment),
        Civil::Twice(earlier, _) if is_day => Ok(earlier),
        Civil::Twice(earlier, later) => Err(both!(
            "{shown} came twice, because the clocks were set back: type {earlier} or {later}",
            "{shown}: 시계를 뒤로 돌려 두 번 있었던 시각입니다. 둘 중 하나를 입력하세요: {earlier}, {later}",
            shown,
            earlier = zone.rfc_3339(earlier),
            later = zone.rfc_3339(later)
        )),
        Civil::Never => Err(both!(
            "there was no {shown}, because the clocks were set forward: type an hour later",
            "{shown}: 시계를 앞으로 돌려 없었던 시각입니다. 한 시간 뒤를 입력하세요",
            shown
        )),
    }
}

fn day(word: &str) -> Option<Day> {
    let named = DAYS.iter().find(|(words, _)| words.contains(&word));
    if let Some((_, days)) = named {
        return Some(Day::Ago(Some(*days)));
    }
    // The library reads dates with times, too.
    let is_date = word.contains('-') && word.chars().all(|c| c.is_ascii_digit() || c == '-');
    word.parse::<Date>().ok().filter(|_| is_date).map(Day::Of)
}

fn time(word: &str) -> Option<Time> {
    // Not `1405`, which may be a port.
    let is_time = word.contains(':') && word.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    word.parse::<Time>().ok().filter(|_| is_time)
}

/// Reads `2h`, `1h30m`, `10 minutes`, `an hour`, `1.5 h`.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let (number, behind) = number(rest)?;
        let behind = behind.trim_start();
        let end = behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len());
        let (word, behind) = behind.split_at_checked(end)?;
        let (_, seconds) = UNITS.iter().find(|(words, _)| words.contains(&word))?;
        let unit = if *seconds == 0 { 0.001 } else { *seconds as f64 };
        total = total.checked_add(Duration::try_from_secs_f64(number * unit).ok()?)?;
        rest = behind.trim_start();
    }
    Some(total)
}

/// Takes a number off the front: digits with at most one point, or `a`, `an`, `one`.
fn number(text: &str) -> Option<(f64, &str)> {
    for article in ["an ", "a ", "one "] {
        if let Some(behind) = text.strip_prefix(article) {
            return Some((1.0, behind));
        }
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (digits, behind) = text.split_at_checked(end)?;
    let is_number = digits.starts_with(|c: char| c.is_ascii_digit()) && !digits.ends_with('.');
    Some((digits.parse().ok().filter(|_| is_number)?, behind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn zone(name: &str) -> Zone {
        Zone::new(TimeZone::posix(name).unwrap())
    }

    /// Central Europe: an hour more from the last Sunday of March to that of October.
    fn berlin() -> Zone {
        zone("CET-1CEST,M3.5.0,M10.5.0/3")
    }

    fn at(text: &str) -> SystemTime {
        text.parse::<Timestamp>().unwrap().try_into().unwrap()
    }

    fn asked(text: &str, zone: &Zone) -> Result<String, Text> {
        // A Monday.
        let now = at("2026-11-30T09:00:00Z");
        When::parse(text).and_then(|when| when.moment(now, zone)).map(|moment| Zone::UTC.rfc_3339(moment))
    }

    /// Returns why it is no moment, in English.
    fn refused(text: &str, zone: &Zone) -> String {
        asked(text, zone).unwrap_err().english().to_owned()
    }

    #[test]
    fn moments_are_read_in_the_zone_of_the_reader() {
        let seoul = zone("KST-9");
        for (text, moment) in [
            ("now", "2026-11-30T09:00:00.000000Z"),
            ("10 minutes ago", "2026-11-30T08:50:00.000000Z"),
            ("an hour ago", "2026-11-30T08:00:00.000000Z"),
            ("2h", "2026-11-30T07:00:00.000000Z"),
            ("1h30m ago", "2026-11-30T07:30:00.000000Z"),
            ("1.5 Hours ago", "2026-11-30T07:30:00.000000Z"),
            ("500ms", "2026-11-30T08:59:59.500000Z"),
            ("10분 전", "2026-11-30T08:50:00.000000Z"),
            ("14:05", "2026-11-30T05:05:00.000000Z"),
            ("14:05:09.25", "2026-11-30T05:05:09.250000Z"),
            ("today", "2026-11-29T15:00:00.000000Z"),
            ("yesterday", "2026-11-28T15:00:00.000000Z"),
            ("yesterday 14:05", "2026-11-29T05:05:00.000000Z"),
            ("어제 14:05", "2026-11-29T05:05:00.000000Z"),
            ("2026-11-01", "2026-10-31T15:00:00.000000Z"),
            ("2026-11-01 08:30", "2026-10-31T23:30:00.000000Z"),
            ("2026-11-01T08:30:10", "2026-10-31T23:30:10.000000Z"),
            ("2026-11-01T08:30:10Z", "2026-11-01T08:30:10.000000Z"),
            ("2026-11-01T08:30:10.5+01:00", "2026-11-01T07:30:10.500000Z"),
        ] {
            assert_eq!(asked(text, &seoul).as_deref(), Ok(moment), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused_with_an_example() {
        for text in [
            "",
            "ago",
            "10",
            "1405",
            "10 parsecs ago",
            "25:00",
            "2026-13-01",
            "-5m",
            "5.m",
            "tomorrow 14:05",
            "m",
        ] {
            let error = refused(text, &Zone::UTC);
            assert!(error.contains("10 minutes ago"), "{text}: {error}");
        }
        let error = refused("14:05", &Zone::UTC);
        assert_eq!(error, "14:05 is still to come today: type 'yesterday 14:05'");
    }

    #[test]
    fn an_hour_that_there_was_twice_is_asked_about() {
        let twice = refused("2026-10-25 02:30", &berlin());
        assert!(
            twice.contains("2026-10-25T02:30:00.000000+02:00 or 2026-10-25T02:30:00.000000+01:00"),
            "{twice}"
        );
        assert!(refused("2026-03-29 02:30", &berlin()).contains("set forward"));
        assert_eq!(asked("2026-10-25 03:30", &berlin()).as_deref(), Ok("2026-10-25T02:30:00.000000Z"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_moment_or_refused(text in "\\PC{0,20}|[0-9a-z:. -]{0,20}") {
            let _ = asked(&text, &berlin());
        }

        #[test]
        fn what_is_written_is_read_again(seconds in 0u32..u32::MAX, micros in 0u32..1_000_000) {
            let moment = SystemTime::UNIX_EPOCH + Duration::new(seconds.into(), micros * 1000);
            for zone in [Zone::UTC, berlin(), zone("<-0330>3:30")] {
                let written = zone.rfc_3339(moment);
                prop_assert_eq!(When::parse(&written), Ok(When::Exactly(moment)), "{}", written);
            }
        }
    }
}
