//! Syntax errors of a filter, with their position.

use crate::both;
use crate::text::escape::is_unseen;
use crate::text::{Language, Text};
use std::fmt;
use unicode_width::UnicodeWidthChar;

/// A syntax error in a filter.
///
/// Its [`message`](Self::message), in English also as `Display`, has three lines without control characters: the filter, a mark under the error, and what was
/// expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The whole filter, its words joined by single spaces.
    pub text: String,
    /// The position of the error, in bytes from the start of `text`.
    pub at: usize,
    /// The length of the wrong part in bytes; 0 if something is missing.
    pub len: usize,
    /// What was expected there: a phrase without capital and full stop. It may quote words of the filter.
    pub expected: Text,
    /// The valid word most similar to the wrong one.
    pub nearest: Option<String>,
}

impl FilterError {
    /// Returns an error whose text is not yet known.
    pub(super) fn at(at: usize, len: usize, expected: Text) -> Self {
        Self { text: String::new(), at, len, expected, nearest: None }
    }

    pub(super) fn with_nearest(self, nearest: Option<String>) -> Self {
        Self { nearest, ..self }
    }
}

impl std::error::Error for FilterError {}

/// The most bytes of a filter that are shown on either side of where an error begins.
const MOST_SHOWN: usize = 60;

/// The most characters of what was expected, which may quote words of the filter.
const MOST_EXPECTED: usize = 400;

impl FilterError {
    /// Returns the part of the filter that is shown, so that a filter of any length has a message of one line.
    fn shown(&self) -> (usize, usize) {
        (self.at.saturating_sub(MOST_SHOWN), self.at.saturating_add(MOST_SHOWN))
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message(Language::English))
    }
}

impl FilterError {
    /// Returns the lines in a language.
    pub fn message(&self, language: Language) -> String {
        let end = self.at.saturating_add(self.len);
        let (mut line, mut before, mut under) = (String::new(), 0, 0);
        let (from, to) = self.shown();
        if from > 0 {
            line.push_str("... ");
            before = line.len();
        }
        for (at, character) in self.text.char_indices().map(|(at, c)| (at, visible(c))) {
            if at < from {
                continue;
            }
            if at >= to {
                line.push_str(" ...");
                break;
            }
            line.push(character);
            let width = character.width().unwrap_or(1);
            if at < self.at {
                before += width;
            } else if at < end {
                under += width;
            }
        }
        let expected = self.expected.map(|expected| {
            let mut expected = expected.chars().map(visible);
            let shown: String = expected.by_ref().take(MOST_EXPECTED).collect();
            if expected.next().is_some() { shown + "..." } else { shown }
        });
        let expected = match &self.nearest {
            Some(word) => both!(
                "expected {expected}; did you mean {word}?",
                "필요한 것: {expected}. 혹시 {word}인가요?",
                expected,
                word
            ),
            None => both!("expected {expected}", "필요한 것: {expected}", expected),
        };
        format!("{line}\n{:before$}{}\n{}", "", "^".repeat(under.max(1)), expected.of(language))
    }
}

/// Replaces a character that would move the cursor, or colour or reverse the text after it.
fn visible(character: char) -> char {
    if is_unseen(character) { char::REPLACEMENT_CHARACTER } else { character }
}

/// Returns the word most similar to the typed one, if any is similar enough: up to a third of the letters may be wrong.
pub(super) fn nearest(typed: &str, words: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let near = crate::text::nearest(typed, words, typed.chars().count().div_ceil(3).min(3));
    near.map(|word| word.as_ref().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_under_the_error_whatever_is_before_it() {
        let error = |text: &str, fault: &str| FilterError {
            text: text.to_owned(),
            at: text.find(fault).unwrap(),
            len: fault.len(),
            expected: Text::fixed("a word", "단어"),
            nearest: None,
        };
        assert_eq!(error("aé bad", "bad").to_string(), "aé bad\n   ^^^\nexpected a word");
        assert_eq!(error("日本 bad", "bad").to_string(), "日本 bad\n     ^^^\nexpected a word");
        assert_eq!(
            error("\u{1b}[2J\u{202e} bad", "bad").to_string(),
            "\u{fffd}[2J\u{fffd} bad\n      ^^^\nexpected a word"
        );
        assert_eq!(error("日", "日").to_string(), "日\n^^\nexpected a word");
        let long = format!("{}bad{}", "port 80 or ".repeat(40_000), " or port 80".repeat(40_000));
        let lines: Vec<String> = error(&long, "bad").to_string().lines().map(str::to_owned).collect();
        assert!(
            lines[0].len() < 140 && lines[0].starts_with("... ") && lines[0].ends_with(" ..."),
            "{lines:?}"
        );
        assert_eq!(lines[0].find("bad"), lines[1].find('^'), "{lines:?}");
    }
}
