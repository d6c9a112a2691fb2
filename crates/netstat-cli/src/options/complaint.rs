//! The one line said about a command line that was not understood: it names the word and what to type instead.

use super::arguments::ProtocolName;
use super::check;
use super::table::{self, Effect};
use crate::text::quote::{one_line, quoted};
use netstat_engine::filter::FilterError;
use std::ffi::OsStr;
use std::fmt;

/// Why a command line was not understood, and what to type instead.
///
/// Shown as one line without control characters; whoever prints it puts `netstat: ` before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    line: String,
    /// The lines that point at the fault, where it is in a filter.
    pub(crate) filter: Option<FilterError>,
}

impl fmt::Display for Complaint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.line)
    }
}

impl std::error::Error for Complaint {}

/// Characters of the longest word that is compared with others; no spelling is nearly as long.
const LONGEST_COMPARED: usize = 40;

impl Complaint {
    /// A complaint of this text. Words in it have been through [`quoted`]; the text stays one line in any case.
    pub(super) fn new(text: impl AsRef<str>) -> Self {
        Self { line: one_line(text.as_ref()), filter: None }
    }

    /// A filter that is none.
    pub(super) fn filter(error: &FilterError) -> Self {
        let line = "the filter is not understood (netstat --help filter explains filters)".to_owned();
        Self { line, filter: Some(error.clone()) }
    }

    /// The same where the words might have been the names of checks.
    pub(super) fn of_check(mut self, without_names: bool) -> Self {
        if without_names && self.filter.is_some() {
            self.line =
                "neither checks nor a filter (netstat check --list shows the checks, netstat --help filter \
                         explains filters)"
                    .to_owned();
        }
        self
    }

    /// Both directions at once.
    pub(super) fn record_and_replay() -> Self {
        Self::new(
            "--record and --replay cannot be combined: type --record to write a recording, --replay to read one",
        )
    }

    /// A second number that stands for itself.
    pub(super) fn second_interval(word: &OsStr, first: u32, seconds: u32) -> Self {
        Self::new(format!(
            "{} is a second interval after {first}: to stop after {seconds} displays type --count {seconds}",
            quoted(word)
        ))
    }

    /// A `--word` that is no option.
    pub(super) fn unknown_long(word: &OsStr, name: &str) -> Self {
        let instead = if ProtocolName::from_name(name).is_some() {
            format!("to see one protocol type -p {}", name.to_ascii_lowercase())
        } else if let Some(near) = nearest_long(name) {
            format!("type --{near}")
        } else if is_cluster(name) {
            format!("letters take one dash: type -{}", name.to_ascii_lowercase())
        } else {
            "type netstat --help to see the options".to_owned()
        };
        Self::new(format!("{} is not an option: {instead}", quoted(word)))
    }

    /// A long spelling after one dash or a slash.
    pub(super) fn one_dash(word: &OsStr, long: &str) -> Self {
        Self::new(format!("{} is a long option and takes two dashes: type --{long}", quoted(word)))
    }

    /// A misspelt long option.
    pub(super) fn misspelt(word: &OsStr, long: &str) -> Self {
        Self::new(format!("{} is not an option: type --{long}", quoted(word)))
    }

    /// The name of a protocol where an option is expected.
    pub(super) fn protocol_as_option(word: &OsStr, protocol: ProtocolName) -> Self {
        Self::new(format!(
            "{} is not an option: to see one protocol type -p {}",
            quoted(word),
            protocol.name()
        ))
    }

    /// A letter of `word` that means nothing; `rest` is the word without its prefix.
    pub(super) fn unknown_letter(word: &OsStr, rest: &str, letter: char) -> Self {
        let letter = quoted(OsStr::new(letter.encode_utf8(&mut [0; 4])));
        if rest.chars().count() == 1 {
            return Self::new(format!(
                "{} is not an option: type netstat -? to see the options",
                quoted(word)
            ));
        }
        Self::new(format!(
            "{letter} in {} is not the letter of an option: type netstat -? to see the options",
            quoted(word)
        ))
    }

    /// A word that is no part of a filter, where what was meant is known.
    pub(super) fn mistaken_word(word: &OsStr) -> Option<Self> {
        let shown = quoted(word);
        let text = word.to_str()?;
        if text.is_empty() {
            return Some(Self::new("there is an empty argument (\"\"): leave it out"));
        }
        // Dashes that web pages and word processors make of a plain one.
        let typeset =
            |character| matches!(character, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}');
        let undashed = text.trim_start_matches(typeset);
        if undashed != text {
            // A leading plain dash may have been left beside the other.
            let plain = undashed.trim_start_matches('-');
            let is_long = plain.split('=').next().and_then(table::by_long).is_some();
            let dashes = if is_long { "--" } else { "-" };
            return Some(Self::new(format!(
                "{shown} begins with a dash that is not the plain one: type {}",
                quoted(OsStr::new(&format!("{dashes}{plain}")))
            )));
        }
        if check::is_word(word) {
            return Some(Self::new(format!("{shown} has to be the first word: type netstat check")));
        }
        if let Some(entry) = table::by_long(text) {
            return Some(Self::new(format!(
                "{shown} is no filter: if it means the option, type --{}",
                entry.long
            )));
        }
        is_cluster(text).then(|| {
            Self::new(format!(
                "{shown} is no filter: if it means options, type -{}",
                text.to_ascii_lowercase()
            ))
        })
    }
}

/// Whether a word looks like letters of options that lack their dash: different ones, none with a value, and few or
/// with the a and n of most such commands, because many a word consists of letters of options.
fn is_cluster(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut seen = String::new();
    for letter in lower.chars() {
        let switch = matches!(table::by_letter(letter).map(|entry| &entry.effect), Some(Effect::Switch(_)));
        if !switch || seen.contains(letter) {
            return false;
        }
        seen.push(letter);
    }
    matches!(seen.len(), 1 | 2) || (seen.contains('a') && seen.contains('n'))
}

/// The long spelling nearest to a name, if one is near.
pub(super) fn nearest_long(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let mut longer = table::all().map(|entry| entry.long).filter(|long| long.starts_with(&lower));
    match (longer.next(), longer.next()) {
        (Some(long), None) if lower.len() >= 2 => Some(long),
        _ => nearest(&lower, table::all().map(|entry| entry.long), (lower.len() / 3).clamp(1, 3)),
    }
}

/// The candidate with the fewest edits to the name, if that is at most `furthest`; the first of equals.
pub(super) fn nearest(
    name: &str,
    candidates: impl IntoIterator<Item = &'static str>,
    furthest: usize,
) -> Option<&'static str> {
    let name: Vec<char> = name.to_ascii_lowercase().chars().take(LONGEST_COMPARED + 1).collect();
    if name.is_empty() || name.len() > LONGEST_COMPARED {
        return None;
    }
    candidates
        .into_iter()
        .map(|candidate| (edits(&name, candidate), candidate))
        .filter(|(distance, _)| *distance <= furthest)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Letters to insert, remove, replace or swap with their neighbour to make one word of the other.
///
/// Written here because a crate for these few lines would be one more to trust.
fn edits(from: &[char], to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    // The rows of the table of distances: two above, one above. Row 0 is "insert everything".
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    let mut previous_from = None;
    for (row, from_letter) in from.iter().enumerate() {
        let mut current = vec![row + 1];
        let mut left = row + 1;
        let mut previous_to = None;
        for (column, to_letter) in to.iter().enumerate() {
            let diagonal = above.get(column).copied().unwrap_or(usize::MAX);
            let up = above.get(column + 1).copied().unwrap_or(usize::MAX);
            let mut best = (diagonal.saturating_add(usize::from(from_letter != to_letter)))
                .min(up.saturating_add(1))
                .min(left.saturating_add(1));
            if previous_from == Some(to_letter) && previous_to == Some(from_letter) && column > 0 {
                let swapped = before.get(column - 1).copied().unwrap_or(usize::MAX);
                best = best.min(swapped.saturating_add(1));
            }
            current.push(best);
            left = best;
            previous_to = Some(to_letter);
        }
        before = above;
        above = current;
        previous_from = Some(from_letter);
    }
    above.last().copied().unwrap_or(from.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let count = |from: &str, to| edits(&from.chars().collect::<Vec<_>>(), to);
        assert_eq!(count("", ""), 0);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", ""), 3);
        assert_eq!(count("tpc", "tcp"), 1);
        assert_eq!(count("versoin", "version"), 1);
        assert_eq!(count("nummeric", "numeric"), 1);
        assert_eq!(count("kitten", "sitting"), 3);
    }

    #[test]
    fn a_huge_word_is_not_compared() {
        assert_eq!(nearest(&"a".repeat(1_000_000), ["all"], usize::MAX), None);
    }
}
