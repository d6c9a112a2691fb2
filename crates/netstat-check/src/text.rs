//! Texts in both languages, and the numbers in them.

pub(crate) use netstat_engine::text::Language;
pub(crate) use netstat_engine::text::Language::{English as EN, Korean as KO};
use netstat_model::IpEndpoint;
use serde::Deserialize;
use std::borrow::Cow;
use std::time::Duration;

/// A text in English and Korean. It may hold untrusted text, which is escaped when it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(from = "[String; 2]")]
pub struct Text {
    english: Cow<'static, str>,
    korean: Cow<'static, str>,
}

impl From<[String; 2]> for Text {
    fn from([english, korean]: [String; 2]) -> Self {
        Self::new(english, korean)
    }
}

impl Text {
    /// Creates a fixed text.
    pub const fn fixed(english: &'static str, korean: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), korean: Cow::Borrowed(korean) }
    }

    /// Creates a text from its two languages.
    pub fn new(english: String, korean: String) -> Self {
        Self { english: Cow::Owned(english), korean: Cow::Owned(korean) }
    }

    /// Creates a text without words, the same in both languages.
    pub fn same(text: String) -> Self {
        Self { english: Cow::Owned(text.clone()), korean: Cow::Owned(text) }
    }

    /// Picks the text for the system that this program is for.
    pub fn of_system(linux: Self, windows: Self) -> Self {
        if cfg!(windows) { windows } else { linux }
    }

    /// Wraps the text in a prefix and a suffix.
    pub fn around(&self, before_en: &str, after_en: &str, before_ko: &str, after_ko: &str) -> Self {
        Self::new(
            format!("{before_en}{}{after_en}", self.english),
            format!("{before_ko}{}{after_ko}", self.korean),
        )
    }

    /// Returns the text in a language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        }
    }
}

/// Formats a whole number with commas: `12,345`.
pub fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().unwrap_or(u64::MAX).to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a number and what it counts, in English: `1 connection`, `1,200 connections`.
pub(crate) fn number_of(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// Returns the first of a list of names, and how many more there are: `a, b and 3 more`.
pub(crate) fn named(names: &[String], most: usize) -> Text {
    let first = names.get(..most).unwrap_or(names).join(", ");
    match names.len().saturating_sub(most) {
        0 => Text::same(first),
        more => Text::new(
            format!("{first} and {} more", grouped(more)),
            format!("{first} 외 {}개", grouped(more)),
        ),
    }
}

/// Formats the address of an end, with its zone where it has one, as filters and other programs take it.
pub(crate) fn host(end: IpEndpoint) -> String {
    match end.scope {
        0 => end.address.to_string(),
        zone => format!("{}%{zone}", end.address),
    }
}

/// Formats a number of bytes in the largest unit that is at least 1.
pub(crate) fn bytes(number: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut unit = 0;
    let mut tenths = u128::from(number) * 10;
    while tenths >= 10_240 && unit + 1 < units.len() {
        tenths /= 1024;
        unit += 1;
    }
    let name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 || tenths >= 1000 {
        format!("{} {name}", tenths / 10)
    } else {
        format!("{}.{} {name}", tenths / 10, tenths % 10)
    }
}

/// Formats a duration in at most two units: `3.2 s`, `45 s`, `2 min 5 s`, `3 h 7 min`, `12 d 4 h`.
pub fn duration(duration: Duration) -> Text {
    let seconds = duration.as_secs();
    let two = |big: u64, big_en: &str, big_ko: &str, small: u64, small_en: &str, small_ko: &str| {
        if small == 0 {
            return Text::new(format!("{big} {big_en}"), format!("{big}{big_ko}"));
        }
        Text::new(format!("{big} {big_en} {small} {small_en}"), format!("{big}{big_ko} {small}{small_ko}"))
    };
    match seconds {
        0..10 => {
            let tenths = duration.subsec_millis() / 100;
            if tenths == 0 {
                return Text::new(format!("{seconds} s"), format!("{seconds}초"));
            }
            Text::new(format!("{seconds}.{tenths} s"), format!("{seconds}.{tenths}초"))
        }
        10..60 => Text::new(format!("{seconds} s"), format!("{seconds}초")),
        60..3600 => two(seconds / 60, "min", "분", seconds % 60, "s", "초"),
        3600..86_400 => two(seconds / 3600, "h", "시간", seconds % 3600 / 60, "min", "분"),
        _ => two(seconds / 86_400, "d", "일", seconds % 86_400 / 3600, "h", "시간"),
    }
}

/// Formats a rate or a share: one decimal if it is small, commas if it is large.
pub(crate) fn decimal(number: f64) -> String {
    if !number.is_finite() {
        return "-".to_owned();
    }
    if number >= 1000.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the nearest that fits will do"
        )]
        grouped(number.round() as u64)
    } else if number.abs() >= 100.0 || (number - number.round()).abs() < 0.05 {
        format!("{number:.0}")
    } else {
        format!("{number:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in
            [(0, "0"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_234_567, "1,234,567")]
        {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(number_of(1, "address", "addresses"), "1 address");
        assert_eq!(number_of(1200, "address", "addresses"), "1,200 addresses");
    }

    #[test]
    fn the_first_names_are_followed_by_how_many_more() {
        let names = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(named(&names, 3), Text::same("a, b, c".to_owned()));
        let more = named(&names, 2);
        assert_eq!((more.of(EN), more.of(KO)), ("a, b and 1 more", "a, b 외 1개"));
        assert_eq!(named(&[], 2), Text::default());
    }

    #[test]
    fn bytes_have_a_unit() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (102_400, "100 KiB"),
            (5 * 1024 * 1024, "5.0 MiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
        assert!(bytes(u64::MAX).ends_with("PiB"));
    }

    #[test]
    fn durations_have_two_units_at_most() {
        for (milliseconds, english, korean) in [
            (0, "0 s", "0초"),
            (3200, "3.2 s", "3.2초"),
            (45_900, "45 s", "45초"),
            (125_000, "2 min 5 s", "2분 5초"),
            (3_600_000, "1 h", "1시간"),
            (11_220_000, "3 h 7 min", "3시간 7분"),
            (1_051_200_000, "12 d 4 h", "12일 4시간"),
        ] {
            let text = duration(Duration::from_millis(milliseconds));
            assert_eq!((text.of(Language::English), text.of(Language::Korean)), (english, korean));
        }
    }

    #[test]
    fn decimals_are_short() {
        for (number, text) in [
            (0.0, "0"),
            (0.26, "0.3"),
            (2.0, "2"),
            (123.4, "123"),
            (-2.5, "-2.5"),
            (7003.4, "7,003"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(decimal(number), text);
        }
    }
}
