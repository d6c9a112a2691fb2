//! [`Text`]: a text in English and Korean, and [`both!`](crate::both), which makes one.
//!
//! A text may have blanks, which are filled:
//!
//! | blank | becomes |
//! |---|---|
//! | `{who}` | the value; numbers are grouped, fractions short, durations in two units at most |
//! | `{n:port\|ports}` | a number and what it counts: `1 port`, `1,200 ports` |
//! | `{n?is\|are}` | the one or the other word, by the number |
//!
//! ```
//! use netstat_engine::both;
//! use netstat_engine::text::Language;
//!
//! let said = both!("{name} holds {ports:port|ports}", "{name}: 포트 {ports}개", name = "nginx", ports = 2_u32);
//! assert_eq!(said.of(Language::English), "nginx holds 2 ports");
//! assert_eq!(said.of(Language::Korean), "nginx: 포트 2개");
//! ```

use super::Language;
use super::amount::{decimal, grouped};
use serde::Deserialize;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
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

    /// Returns the text with its blanks filled.
    #[must_use]
    pub fn filled(&self, blanks: &[(&str, Blank)]) -> Self {
        Self::new(
            fill(&self.english, blanks, Language::English),
            fill(&self.korean, blanks, Language::Korean),
        )
    }

    /// Returns the text with each language changed in the same way.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        Self::new(change(&self.english), change(&self.korean))
    }

    /// Returns the English text.
    pub fn english(&self) -> &str {
        &self.english
    }

    /// Returns the text in a language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Korean => &self.korean,
        }
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

/// The value of a blank.
#[derive(Debug, Clone)]
pub enum Blank {
    /// A number that counts something.
    Count(u64),
    /// Anything else.
    Words(Text),
}

macro_rules! counts {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Blank {
            fn from(number: $integer) -> Self {
                Self::Count(u64::try_from(number).unwrap_or(u64::MAX))
            }
        }
    )*};
}
counts!(u8, u32, u64, usize);

macro_rules! words {
    ($($value:ty => $text:expr),* $(,)?) => {$(
        impl From<$value> for Blank {
            fn from(value: $value) -> Self {
                Self::Words($text(value))
            }
        }
    )*};
}
words! {
    Text => std::convert::identity,
    &Text => Text::clone,
    String => Text::same,
    &String => |text: &String| Text::same(text.clone()),
    &str => |text: &str| Text::same(text.to_owned()),
    f64 => |number| Text::same(decimal(number)),
    Duration => duration,
    // A port is a name, and has no commas.
    u16 => |port: u16| Text::same(port.to_string()),
    IpAddr => |address: IpAddr| Text::same(address.to_string()),
    SocketAddr => |end: SocketAddr| Text::same(end.to_string()),
}

fn fill(sentence: &str, blanks: &[(&str, Blank)], language: Language) -> String {
    let mut text = String::new();
    let mut rest = sentence;
    while let Some((before, after)) = rest.split_once('{') {
        let (blank, behind) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(&filled(blank, blanks, language));
        rest = behind;
    }
    text.push_str(rest);
    text
}

fn filled(blank: &str, blanks: &[(&str, Blank)], language: Language) -> String {
    let (name, words) = blank.split_at(blank.find([':', '?']).unwrap_or(blank.len()));
    let value = blanks.iter().find(|(known, _)| *known == name).map(|(_, value)| value);
    let (count, shown) = match value {
        Some(Blank::Count(count)) => (Some(*count), grouped(*count)),
        Some(Blank::Words(text)) => (None, text.of(language).to_owned()),
        None => (None, String::new()),
    };
    let by_number = |words: &str| {
        let (one, many) = words.split_once('|').unwrap_or((words, words));
        // A fraction that is shown as 1 is one as well.
        if count == Some(1) || shown == "1" { one.to_owned() } else { many.to_owned() }
    };
    match words.split_at_checked(1) {
        Some((":", words)) => format!("{shown} {}", by_number(words)),
        Some(("?", words)) => by_number(words),
        _ => shown,
    }
}

/// Makes a [`Text`] of its English and its Korean, whose blanks are the names behind them. That both languages have the same
/// blanks is checked when it is compiled.
#[macro_export]
macro_rules! both {
    ($english:literal, $korean:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const {
            assert!(
                $crate::text::both::agree($english, $korean, &[$(stringify!($name)),*]),
                "each language has to have these blanks, and no others",
            );
        }
        const TEXT: &$crate::text::Text = &$crate::text::Text::fixed($english, $korean);
        $crate::both!(@filled TEXT $(, $name $(= $value)?)*)
    }};
    (@filled $text:ident) => { $text.clone() };
    (@filled $text:ident $(, $name:ident $(= $value:expr)?)+) => {
        $text.filled(&[$((stringify!($name), $crate::both!(@blank $name $(= $value)?))),+])
    };
    (@blank $name:ident) => { $crate::text::both::Blank::from($name) };
    (@blank $name:ident = $value:expr) => { $crate::text::both::Blank::from($value) };
}

/// Returns whether both languages have each of these blanks, and no others. [`both!`](crate::both) asks at compile time.
pub const fn agree(english: &str, korean: &str, blanks: &[&str]) -> bool {
    let (english, korean) = (english.as_bytes(), korean.as_bytes());
    let mut which = 0;
    while which < blanks.len() {
        if !has_blank(english, blanks[which]) || !has_blank(korean, blanks[which]) {
            return false;
        }
        which += 1;
    }
    has_blanks_among(english, 0, english.len(), blanks) && has_blanks_among(korean, 0, korean.len(), blanks)
}

const fn has_blank(text: &[u8], blank: &str) -> bool {
    let mut at = find(text, 0, b"{");
    while at < text.len() {
        let behind = at + 1 + blank.len();
        if starts_with(text, at + 1, blank.as_bytes())
            && behind < text.len()
            && matches!(text[behind], b'}' | b':' | b'?')
        {
            return true;
        }
        at = find(text, at + 1, b"{");
    }
    false
}

/// Returns whether the blanks in a part of a text are among these.
pub const fn has_blanks_among(source: &[u8], start: usize, end: usize, blanks: &[&str]) -> bool {
    let mut at = find(source, start, b"{");
    while at < end {
        let mut known = false;
        let mut which = 0;
        while which < blanks.len() {
            let behind = at + 1 + blanks[which].len();
            known |= starts_with(source, at + 1, blanks[which].as_bytes())
                && behind < source.len()
                && matches!(source[behind], b'}' | b':' | b'?');
            which += 1;
        }
        if !known {
            return false;
        }
        at = find(source, at + 1, b"{");
    }
    true
}

/// Returns whether a text goes on like this, from `at` on.
pub const fn starts_with(text: &[u8], at: usize, wanted: &[u8]) -> bool {
    let mut offset = 0;
    while offset < wanted.len() {
        if at + offset >= text.len() || text[at + offset] != wanted[offset] {
            return false;
        }
        offset += 1;
    }
    true
}

/// Returns where `wanted` begins, from `at` on; the length of the text where it does not.
pub const fn find(text: &[u8], mut at: usize, wanted: &[u8]) -> usize {
    while at < text.len() && !starts_with(text, at, wanted) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_with_other_blanks_are_found() {
        assert!(agree("{a} of {n:b|bs}", "{n}개의 {a}", &["a", "n"]));
        assert!(agree("a", "나", &[]));
        assert!(!agree("{a}", "나", &["a"]));
        assert!(!agree("a", "{a}", &["a"]));
        assert!(!agree("{a} {b}", "{a} {b}", &["a"]));
        assert!(!agree("{a} {ab}", "{a} {ab}", &["a"]));
    }

    #[test]
    fn blanks_are_filled_by_language_and_number() {
        let who = Text::fixed("I", "나");
        for (number, english) in
            [(1u64, "I holds 1 port, which is 1"), (1200, "I holds 1,200 ports, which are 1,200")]
        {
            let said = crate::both!(
                "{who} holds {n:port|ports}, which {n?is|are} {n}",
                "{who}: {n}",
                who = &who,
                n = number
            );
            assert_eq!(said.of(Language::English), english);
            assert_eq!(said.of(Language::Korean), format!("나: {}", grouped(number)));
        }
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
    fn what_fills_a_blank_has_no_blanks() {
        let said = crate::both!("{a} {b}", "{b} {a}", a = "{b}", b = "{");
        assert_eq!((said.of(Language::English), said.of(Language::Korean)), ("{b} {", "{ {b}"));
    }
}
