//! Texts for people in both languages, and the numbers in them.

use crate::text::Language;
pub(crate) use crate::text::Language::{English as EN, Korean as KO};
use std::borrow::Cow;
use std::time::Duration;

/// A text in both languages. It may hold what others wrote: whoever shows it escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    english: Cow<'static, str>,
    korean: Cow<'static, str>,
}

impl Text {
    /// One that is always the same.
    pub(crate) const fn fixed(english: &'static str, korean: &'static str) -> Self {
        Self { english: Cow::Borrowed(english), korean: Cow::Borrowed(korean) }
    }

    /// One with numbers in it.
    pub(crate) fn new(english: String, korean: String) -> Self {
        Self { english: Cow::Owned(english), korean: Cow::Owned(korean) }
    }

    /// One that needs no words, the same in both.
    pub(crate) fn same(text: String) -> Self {
        Self { english: Cow::Owned(text.clone()), korean: Cow::Owned(text) }
    }

    /// The one of two that fits the system this program is for.
    pub(crate) fn of_system(linux: Self, windows: Self) -> Self {
        if cfg!(windows) { windows } else { linux }
    }

    /// It with words before and behind.
    pub(crate) fn around(&self, before_en: &str, after_en: &str, before_ko: &str, after_ko: &str) -> Self {
        Self::new(
            format!("{before_en}{}{after_en}", self.english),
            format!("{before_ko}{}{after_ko}", self.korean),
        )
    }

    /// What it says in a language.
    pub(crate) fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        }
    }
}

/// A whole number with commas: `12,345`.
pub(crate) fn grouped(number: impl TryInto<u64>) -> String {
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

/// A number and what it counts, in English: `1 connection`, `1,200 connections`.
pub(crate) fn number_of(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// A part of a number of things, in English: `1 of 1 port`, `3 of 1,200 ports`.
pub(crate) fn part(number: impl TryInto<u64>, all: impl TryInto<u64>, one: &str, many: &str) -> String {
    format!("{} of {}", grouped(number), number_of(all, one, many))
}

/// What so many do, in English.
pub(crate) fn is_or_are(number: impl TryInto<u64>) -> &'static str {
    if number.try_into().ok() == Some(1) { "is" } else { "are" }
}

/// A number, what it counts, and that something was done to it: `1 packet was`, `1,200 packets were`.
pub(crate) fn were(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", number_of(number, one, many), if number == 1 { "was" } else { "were" })
}

/// What a word does in a Korean sentence; its particle depends on the sound that the word ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Particle {
    /// Who does it.
    Subject,
    /// What is spoken of.
    Topic,
    /// Where it goes.
    Towards,
}

/// The last sound of a Korean word, as far as particles care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Vowel,
    /// The consonant that counts as a vowel before the particle of a direction.
    Rieul,
    Consonant,
    /// Of a word that is not Korean: how it is read, its letters do not tell.
    NotTold,
}

fn ending(word: &str) -> Ending {
    // What stands in brackets behind a word is not read with it.
    let read =
        word.strip_suffix(')').and_then(|word| word.rsplit_once('(')).map_or(word, |(before, _)| before);
    match read.trim_end().chars().next_back() {
        Some('2' | '4' | '5' | '9') => Ending::Vowel,
        Some('1' | '7' | '8') => Ending::Rieul,
        Some('0' | '3' | '6') => Ending::Consonant,
        Some(syllable @ '가'..='힣') => match (u32::from(syllable) - u32::from('가')) % 28 {
            0 => Ending::Vowel,
            8 => Ending::Rieul,
            _ => Ending::Consonant,
        },
        _ => Ending::NotTold,
    }
}

/// A word with its particle: `포트 80은`, `포트 22는`. Both stand where it cannot be known: `nginx (7)이(가)`.
pub(crate) fn particle(word: &str, particle: Particle) -> String {
    let suffix = match (particle, ending(word)) {
        (Particle::Subject, Ending::Vowel) => "가",
        (Particle::Subject, Ending::Rieul | Ending::Consonant) => "이",
        (Particle::Subject, Ending::NotTold) => "이(가)",
        (Particle::Topic, Ending::Vowel) => "는",
        (Particle::Topic, Ending::Rieul | Ending::Consonant) => "은",
        (Particle::Topic, Ending::NotTold) => "은(는)",
        (Particle::Towards, Ending::Vowel | Ending::Rieul) => "로",
        (Particle::Towards, Ending::Consonant) => "으로",
        (Particle::Towards, Ending::NotTold) => "(으)로",
    };
    format!("{word}{suffix}")
}

/// A number of bytes, in the largest unit of which there are some.
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

/// How long, in at most two units: `3.2 s`, `45 s`, `2 min 5 s`, `3 h 7 min`, `12 d 4 h`.
pub(crate) fn duration(duration: Duration) -> Text {
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

/// A rate or a share with one digit behind the point where it is small, and commas where it is large.
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
    fn a_particle_goes_with_the_sound_before_it() {
        for (word, subject, topic, towards) in [
            ("192.0.2.1:80", "이", "은", "으로"),
            ("192.0.2.1:21", "이", "은", "로"),
            ("192.0.2.1:22", "가", "는", "로"),
            ("192.0.2.1:8443", "이", "은", "으로"),
            ("프로세스 17", "이", "은", "로"),
            ("이 사용자가 볼 수 없는 프로세스", "가", "는", "로"),
            ("커널", "이", "은", "로"),
            ("서버의 것 (7)", "이", "은", "으로"),
            ("nginx (4711)", "이(가)", "은(는)", "(으)로"),
            ("fe80::a", "이(가)", "은(는)", "(으)로"),
            ("", "이(가)", "은(는)", "(으)로"),
        ] {
            for (what, suffix) in
                [(Particle::Subject, subject), (Particle::Topic, topic), (Particle::Towards, towards)]
            {
                assert_eq!(particle(word, what), format!("{word}{suffix}"));
            }
        }
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(were(1, "packet", "packets"), "1 packet was");
        assert_eq!(were(0, "packet", "packets"), "0 packets were");
        assert_eq!(were(1200, "packet", "packets"), "1,200 packets were");
        assert_eq!(part(1, 1, "port", "ports"), "1 of 1 port");
        assert_eq!(part(1, 1200, "port", "ports"), "1 of 1,200 ports");
        assert_eq!([0, 1, 2].map(is_or_are), ["are", "is", "are"]);
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
