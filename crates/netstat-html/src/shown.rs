//! Values as people read them, and text from outside made visible.

use netstat_engine::text::amount::grouped;
use netstat_engine::text::both::duration;
use netstat_engine::text::{Language, Text, Zone, escape};
use netstat_model::IpEndpoint;
use std::ffi::OsStr;
use std::time::{Duration, SystemTime};

/// The longest text from outside that a page shows, in characters.
const LONGEST: usize = 300;

/// What a plot or a column measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Microseconds.
    Time,
}

/// Makes text from outside visible: nothing in it is hidden, moves other text, or breaks a line.
pub(crate) fn visible(text: &OsStr) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, text);
    clipped(&String::from_utf8_lossy(&out), LONGEST)
}

/// Cuts a text that is longer than so many characters.
pub(crate) fn clipped(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Returns a sentence, in which there may be text from outside.
pub(crate) fn said(text: &Text, language: Language) -> String {
    let mut out = Vec::new();
    escape::write_text(&mut out, OsStr::new(text.of(language)));
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns the name of a program.
pub(crate) fn process(name: Option<&OsStr>, language: Language) -> String {
    match name {
        Some(name) => visible(name),
        None => Text::fixed("(unknown)", "(알 수 없음)").of(language).to_owned(),
    }
}

pub(crate) fn end(end: &IpEndpoint) -> String {
    end.to_string()
}

/// Returns bytes in the largest unit of which there is at least one.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(&str, u32); 5] = [("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    match UNITS.into_iter().find(|(_, shift)| bytes >> shift > 0) {
        Some((unit, shift)) => {
            let tenths = (u128::from(bytes) * 10 + (1 << (shift - 1))) >> shift;
            if tenths >= 1000 || tenths.is_multiple_of(10) {
                format!("{} {unit}", tenths / 10)
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            }
        }
        None => format!("{bytes} B"),
    }
}

/// Returns a short duration, of microseconds.
pub(crate) fn time(micros: u64, language: Language) -> String {
    let tenths = |number: u64, unit: u64| {
        let tenths = (number * 10 + unit / 2) / unit;
        if tenths >= 1000 || tenths.is_multiple_of(10) {
            grouped(tenths / 10)
        } else {
            format!("{}.{}", tenths / 10, tenths % 10)
        }
    };
    match micros {
        0..1000 => format!("{micros} µs"),
        1000..1_000_000 => format!("{} ms", tenths(micros, 1000)),
        1_000_000..10_000_000 => {
            Text::new(format!("{} s", tenths(micros, 1_000_000)), format!("{}초", tenths(micros, 1_000_000)))
                .of(language)
                .to_owned()
        }
        _ => duration(Duration::from_micros(micros)).of(language).to_owned(),
    }
}

impl Unit {
    /// Returns a value as text.
    pub(crate) fn text(self, value: u64, language: Language) -> String {
        match self {
            Self::Count => grouped(value),
            Self::Bytes => bytes(value),
            Self::Time => time(value, language),
        }
    }

    /// Returns a value as the label of an axis, which has little room.
    pub(crate) fn label(self, value: u64, language: Language) -> String {
        match self {
            Self::Count if value >= 1_000_000 && value.is_multiple_of(100_000) => {
                format!("{} M", tenth(value, 1_000_000))
            }
            Self::Count if value >= 10_000 && value.is_multiple_of(100) => {
                format!("{} K", tenth(value, 1000))
            }
            _ => self.text(value, language),
        }
    }
}

fn tenth(value: u64, unit: u64) -> String {
    match value % unit {
        0 => grouped(value / unit),
        rest => format!("{}.{}", value / unit, rest * 10 / unit),
    }
}

/// Returns a length of time that is whole: `15 min`.
pub(crate) fn length(of: Duration, language: Language) -> String {
    duration(of).of(language).to_owned()
}

/// Returns date and time to the minute.
pub(crate) fn to_the_minute(zone: &Zone, at: SystemTime) -> String {
    let text = zone.to_the_second(at);
    text.rsplit_once(':').map_or(text.clone(), |(minute, _)| minute.to_owned())
}

/// Returns the offset of a zone at a moment: `UTC+09:00`.
pub(crate) fn offset(zone: &Zone, at: SystemTime) -> String {
    let minutes = zone.offset(at) / 60;
    match minutes {
        0 => "UTC".to_owned(),
        _ => {
            let sign = if minutes < 0 { '−' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short() {
        let english = Language::English;
        assert_eq!([0, 1023, 1024, 1536, 5 << 30].map(bytes), ["0 B", "1023 B", "1 KiB", "1.5 KiB", "5 GiB"]);
        assert_eq!(
            [0, 999, 1500, 20_000, 1_234_567, 65_000_000].map(|micros| time(micros, english)),
            ["0 µs", "999 µs", "1.5 ms", "20 ms", "1.2 s", "1 min 5 s"]
        );
        assert_eq!(
            [0, 9999, 12_000, 12_500, 2_500_000].map(|value| Unit::Count.label(value, english)),
            ["0", "9,999", "12 K", "12.5 K", "2.5 M"]
        );
    }

    #[test]
    fn text_from_outside_is_visible_and_not_endless() {
        assert_eq!(visible("a\u{202e}b\u{1b}".as_ref()), "a\\u{202e}b\\x1b");
        assert_eq!(visible("x".repeat(5000).as_ref()).chars().count(), LONGEST + 1);
    }
}
