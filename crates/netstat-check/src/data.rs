//! The data file of a check: its reference, its settings and its sentences, each in English and Korean.
//!
//! A sentence has blanks as in [`both!`](netstat_engine::both), which [`say!`] fills.
//!
//! A paragraph of the rule, and a source, that is about one system begins with `linux: ` or `windows: `.
//!
//! A sentence that differs by system is two entries, `key.linux` and `key.windows`.

use super::text::Text;
use netstat_engine::text::Language;
use netstat_engine::text::both::{Blank, find, has_blanks_among, starts_with};
use serde::Deserialize;
use std::collections::HashMap;

/// The contents of a data file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckData {
    /// What the check looks for, in a few words.
    pub summary: Text,
    /// The rule it judges by, and why; paragraphs are separated by an empty line.
    pub rule: Text,
    /// Where the evidence comes from, and where the rule can be read up.
    pub sources: Vec<SourceLine>,
    /// Whether only Linux tells what it needs.
    #[serde(default, rename = "linux-only")]
    pub linux_only: bool,
    /// What can be set, in the order in which it is explained.
    #[serde(default)]
    pub settings: Vec<Setting>,
    /// The sentences, by key.
    texts: HashMap<String, Sentence>,
}

/// A system that a part of an explanation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux.
    Linux,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this program is for.
    pub const THIS: Self = if cfg!(windows) { Self::Windows } else { Self::Linux };
}

impl CheckData {
    /// Returns the paragraphs of the rule that are about a system, or all of them.
    pub fn rule_on(&self, language: Language, system: Option<System>) -> impl Iterator<Item = &str> {
        self.rule.of(language).split("\n\n").filter_map(move |paragraph| about(paragraph, system))
    }

    /// Returns the sources that are about a system, or all of them.
    pub fn sources_on(&self, language: Language, system: Option<System>) -> impl Iterator<Item = &str> {
        self.sources.iter().filter_map(move |source| about(source.of(language), system))
    }
}

/// Where evidence comes from: names alone, or words in both languages.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum SourceLine {
    /// Names of calls, files and documents.
    Names(String),
    /// Words with names among them.
    Words(Text),
}

impl SourceLine {
    fn of(&self, language: Language) -> &str {
        match self {
            Self::Names(names) => names,
            Self::Words(words) => words.of(language),
        }
    }
}

/// Returns a text without the mark of the system that it is about; `None` if it is about another one.
fn about(text: &str, system: Option<System>) -> Option<&str> {
    let marks = [("linux: ", System::Linux), ("windows: ", System::Windows)];
    let marked = marks.iter().find_map(|(mark, of)| Some((text.strip_prefix(mark)?, *of)));
    let Some((text, of)) = marked else { return Some(text) };
    system.is_none_or(|system| system == of).then_some(text)
}

/// A setting of a check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name within the check, in lower case with dashes.
    pub name: String,
    /// The default of a number; a list is empty by default.
    #[serde(default)]
    pub default: f64,
    /// What the list holds; `None` for a number, which may not be negative.
    pub list: Option<ListKind>,
    /// The unit of a number.
    #[serde(default)]
    pub unit: Text,
    /// Whether it is about what Linux alone has.
    #[serde(default, rename = "linux-only")]
    pub linux_only: bool,
    /// What it does, and why the default is what it is.
    pub meaning: Text,
}

/// What a list of a setting holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListKind {
    /// Any words.
    Words,
    /// Ports, such as `5432` or `161/udp`.
    Ports,
    /// Countries, as two letters.
    Countries,
}

/// A sentence with blanks, which may differ by system.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sentence {
    Same(Text),
    BySystem { linux: Text, windows: Text },
}

impl Sentence {
    /// Returns the text for the system that this program is for.
    pub(crate) fn text(&self) -> &Text {
        match self {
            Self::Same(text) => text,
            Self::BySystem { windows, .. } if cfg!(windows) => windows,
            Self::BySystem { linux, .. } => linux,
        }
    }
}

impl CheckData {
    /// Reads a data file. A test parses each, so an error leaves nothing worse than silence.
    pub fn parse(source: &str) -> Self {
        let parsed = toml::from_str(source);
        debug_assert!(parsed.is_ok(), "{parsed:?}");
        parsed.unwrap_or_default()
    }

    /// Returns the setting of a name.
    pub fn setting(&self, name: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// Returns a sentence with its blanks filled. To be called by [`say!`], which checks the key and the blanks.
    pub fn say(&self, key: &str, blanks: &[(&str, Blank)]) -> Text {
        let Some(sentence) = self.texts.get(key).map(Sentence::text) else {
            return Text::same(key.to_owned());
        };
        sentence.filled(blanks)
    }

    /// Returns every sentence, blanks and all.
    #[cfg(test)]
    pub fn sentences(&self) -> impl Iterator<Item = (&str, &Text)> {
        self.texts.iter().flat_map(|(key, sentence)| {
            let texts = match sentence {
                Sentence::Same(text) => vec![text],
                Sentence::BySystem { linux, windows } => vec![linux, windows],
            };
            texts.into_iter().map(move |text| (key.as_str(), text))
        })
    }
}

/// Returns whether a data file has a sentence of this key with no other blanks than these. [`say!`] asks at compile time.
pub(crate) const fn has_sentence(source: &str, key: &str, blanks: &[&str]) -> bool {
    let (source, key) = (source.as_bytes(), key.as_bytes());
    let mut at = find(source, 0, b"\n[texts]\n");
    let mut found = false;
    while at < source.len() {
        // At the end of a line: an entry begins with its key and goes on over lines that are indented, and a bracket.
        let start = at + 1;
        let end = start + key.len();
        let is_key = starts_with(source, start, key)
            && end < source.len()
            && (source[end] == b' ' || source[end] == b'.');
        let mut next = find(source, start, b"\n");
        while next + 1 < source.len() && (source[next + 1] == b' ' || source[next + 1] == b']') {
            next = find(source, next + 1, b"\n");
        }
        if is_key {
            found = true;
            if !has_blanks_among(source, end, next, blanks) {
                return false;
            }
        }
        at = next;
    }
    found
}

/// Embeds the data file of a check, as `DATA`.
macro_rules! check_data {
    ($file:literal) => {
        /// The data file, for the checks of [`say!`] at compile time.
        pub(super) const SOURCE: &str = include_str!($file);
        /// The data file, parsed when it is first used.
        pub(super) static DATA: std::sync::LazyLock<$crate::data::CheckData> =
            std::sync::LazyLock::new(|| $crate::data::CheckData::parse(SOURCE));
    };
}
pub(crate) use check_data;

/// Returns a sentence of the data file with its blanks filled. A key or a blank that does not exist fails to compile.
macro_rules! say {
    ($key:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {{
        const {
            assert!(
                $crate::data::has_sentence(SOURCE, $key, &[$(stringify!($name)),*]),
                concat!("no sentence `", $key, "` with these blanks"),
            );
        }
        DATA.say($key, &[$((stringify!($name), say!(@blank $name $(= $value)?))),*])
    }};
    (@blank $name:ident) => { netstat_engine::text::both::Blank::from($name) };
    (@blank $name:ident = $value:expr) => { netstat_engine::text::both::Blank::from($value) };
}
pub(crate) use say;

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "summary = ['a', 'b']\n[texts]\nholds = ['{who} holds {n:port|ports}, which {n?is|are} {n}', '{who}: {n}']\n\
                          way.linux = [\n    'ip {to}',\n    'ip',\n]\nway.windows = ['{to}', '']\n";

    #[test]
    fn a_sentence_is_found_by_its_key_and_filled() {
        let data = CheckData::parse(
            "summary = ['', '']\nrule = ['', '']\nsources = []\n[texts]\nholds = ['{who} holds {n:port|ports}', '{who}: {n}']\n",
        );
        let said = data.say("holds", &[("who", "I".into()), ("n", 2_u64.into())]);
        assert_eq!(said, Text::fixed("I holds 2 ports", "I: 2"));
    }

    #[test]
    fn a_key_or_a_blank_that_does_not_exist_is_found() {
        assert!(has_sentence(SOURCE, "holds", &["n", "who", "more"]));
        assert!(!has_sentence(SOURCE, "holds", &["n", "wh"]));
        assert!(!has_sentence(SOURCE, "hold", &["n", "who"]));
        assert!(!has_sentence(SOURCE, "summary", &[]));
        assert!(has_sentence(SOURCE, "way", &["to"]));
        assert!(!has_sentence(SOURCE, "way", &[]));
    }
}
