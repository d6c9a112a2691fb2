//! What is wrong with a filter, and where.

use std::fmt;
use unicode_width::UnicodeWidthChar;

/// A filter that was not understood.
///
/// Shown as three lines without control characters: the filter, a mark under the fault, and what was expected there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The whole filter, its words joined with one blank.
    pub text: String,
    /// Where the fault begins, in bytes from the start of `text`.
    pub at: usize,
    /// How long it is, in bytes; 0 where something is missing.
    pub len: usize,
    /// What was expected there, without a capital and without a full stop. May quote words of the filter.
    pub expected: String,
    /// The valid word that is most like what stands there.
    pub nearest: Option<String>,
}

impl std::error::Error for FilterError {}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.at.saturating_add(self.len);
        let (mut line, mut before, mut under) = (String::new(), 0, 0);
        for (at, character) in self.text.char_indices().map(|(at, c)| (at, visible(c))) {
            line.push(character);
            let width = character.width().unwrap_or(1);
            if at < self.at {
                before += width;
            } else if at < end {
                under += width;
            }
        }
        writeln!(f, "{line}")?;
        writeln!(f, "{:before$}{}", "", "^".repeat(under.max(1)))?;
        write!(f, "expected {}", self.expected.chars().map(visible).collect::<String>())?;
        match &self.nearest {
            Some(word) => write!(f, "; the nearest word is {word}"),
            None => Ok(()),
        }
    }
}

/// The character, or a replacement for one that would move the cursor, colour, or reverse what follows.
fn visible(character: char) -> char {
    match character {
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => {
            char::REPLACEMENT_CHARACTER
        }
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => {
            char::REPLACEMENT_CHARACTER
        }
        other => other,
    }
}

/// No word of the language is nearly as long.
const LONGEST_COMPARED: usize = 40;

/// The word most like what was typed, if one is like it at all.
pub(super) fn nearest(typed: &str, words: impl IntoIterator<Item = impl AsRef<str>>) -> Option<String> {
    let typed = fold(typed);
    if typed.is_empty() || typed.len() > LONGEST_COMPARED {
        return None;
    }
    // A third of the letters may be wrong.
    let limit = typed.len().div_ceil(3).min(3);
    let near = words.into_iter().filter_map(|word| {
        let distance = distance(&typed, &fold(word.as_ref()));
        (distance <= limit).then(|| (distance, word.as_ref().to_owned()))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

fn fold(word: &str) -> Vec<char> {
    word.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect()
}

/// How many letters to change, add, leave out, or swap with their neighbour.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let (left, up, corner) = match (row.last(), last.get(j + 1), last.get(j)) {
                (Some(left), Some(up), Some(corner)) => (left + 1, up + 1, corner + usize::from(x != y)),
                _ => return usize::MAX,
            };
            let mut least = left.min(up).min(corner);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if let (true, Some(before)) = (swapped, before.get(j.wrapping_sub(1))) {
                least = least.min(before + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word() {
        let words = ["port", "lport", "state", "proto"];
        for (typed, near) in [
            ("prot", Some("port")),
            ("POTR", Some("port")),
            ("sate", Some("state")),
            ("lprt", Some("lport")),
            ("x", None),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, words).as_deref(), near, "{typed}");
        }
        assert_eq!(distance(&['a', 'b'], &['b', 'a']), 1);
        assert_eq!(distance(&[], &['b', 'a']), 2);
    }

    #[test]
    fn the_mark_stands_under_the_fault_whatever_is_before_it() {
        let error = |text: &str, fault: &str| FilterError {
            text: text.to_owned(),
            at: text.find(fault).unwrap(),
            len: fault.len(),
            expected: "a word".to_owned(),
            nearest: None,
        };
        assert_eq!(error("aé bad", "bad").to_string(), "aé bad\n   ^^^\nexpected a word");
        assert_eq!(error("日本 bad", "bad").to_string(), "日本 bad\n     ^^^\nexpected a word");
        assert_eq!(
            error("\u{1b}[2J\u{202e} bad", "bad").to_string(),
            "\u{fffd}[2J\u{fffd} bad\n      ^^^\nexpected a word"
        );
        assert_eq!(error("日", "日").to_string(), "日\n^^\nexpected a word");
    }
}
