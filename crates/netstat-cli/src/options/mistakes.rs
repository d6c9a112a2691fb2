//! Complaints that guess what was meant by a word.

use super::arguments::{ProtocolName, Verb};
use super::complaint::{Complaint, complaint};
use super::entry::Effect;
use super::{habits, table};
use netstat_engine::text::nearest;
use netstat_engine::text::quote::quoted;
use std::ffi::{OsStr, OsString};

/// Adds to a complaint about a filter which first word was perhaps meant: `netstat recrod`.
pub(super) fn perhaps_verb(words: &[OsString], complaint: Complaint) -> Complaint {
    let first = words.first().and_then(|word| word.to_str()).unwrap_or_default();
    let near = nearest(first, Verb::NAMES, if first.len() < 5 { 1 } else { 2 });
    match (near, &complaint.filter) {
        // What is wrong is the word itself.
        (Some(near), Some(filter)) if filter.at == 0 && filter.len == first.len() => {
            complaint.with(&format!("; if {} means {near}, type netstat {near}", quoted(OsStr::new(first))))
        }
        _ => complaint,
    }
}

/// Complains about a `--word` that is not an option.
pub(super) fn unknown_long(word: &OsStr, name: &str, value: Option<&OsStr>) -> Complaint {
    if let Some(complaint) = habits::long(name, value) {
        return complaint;
    }
    let instead = if ProtocolName::from_name(name).is_some() {
        format!("to see one protocol type -p {}", name.to_ascii_lowercase())
    } else if let Some(near) = nearest_long(name) {
        format!("type --{near}")
    } else if is_cluster(name) {
        format!("letters take one dash: type -{}", name.to_ascii_lowercase())
    } else {
        "type netstat --help to see the options".to_owned()
    };
    complaint!("{} is not an option: {instead}", quoted(word))
}

/// Complains about a long option after one dash or a slash.
pub(super) fn one_dash(word: &OsStr, long: &str) -> Complaint {
    complaint!("{} is a long option and takes two dashes: type --{long}", quoted(word))
}

/// Complains about a misspelt long option.
pub(super) fn misspelt(word: &OsStr, long: &str) -> Complaint {
    complaint!("{} is not an option: type --{long}", quoted(word))
}

/// Complains about the name of a protocol where an option is expected.
pub(super) fn protocol_as_option(word: &OsStr, protocol: ProtocolName) -> Complaint {
    complaint!("{} is not an option: to see one protocol type -p {}", quoted(word), protocol.name())
}

/// Complains about a letter of `word` that is not an option; `rest` is the word without its prefix.
pub(super) fn unknown_letter(word: &OsStr, rest: &str, letter: char) -> Complaint {
    if letter == 'K' {
        return complaint!(
            "{} would close connections in ss, which this program never does: type ss -K",
            quoted(word)
        );
    }
    let letter = quoted(OsStr::new(letter.encode_utf8(&mut [0; 4])));
    if rest.chars().count() == 1 {
        return complaint!("{} is not an option: type netstat -? to see the options", quoted(word));
    }
    complaint!(
        "{letter} in {} is not the letter of an option: type netstat -? to see the options",
        quoted(word)
    )
}

/// Complains about a word that is not part of a filter, if what was meant can be guessed.
pub(super) fn mistaken_word(word: &OsStr) -> Option<Complaint> {
    let shown = quoted(word);
    let text = word.to_str()?;
    if text.is_empty() {
        return Some(Complaint::new("there is an empty argument (\"\"): leave it out"));
    }
    // Dashes that web pages and word processors substitute for the plain one.
    let typeset =
        |character| matches!(character, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}');
    let undashed = text.trim_start_matches(typeset);
    if undashed != text {
        // A plain dash may be left beside the other.
        let plain = undashed.trim_start_matches('-');
        let is_long = plain.split('=').next().and_then(table::by_long).is_some();
        let dashes = if is_long { "--" } else { "-" };
        return Some(complaint!(
            "{shown} begins with a dash that is not a plain one: type {}",
            quoted(OsStr::new(&format!("{dashes}{plain}")))
        ));
    }
    if let Some(verb) = Verb::of_word(word) {
        return Some(complaint!("{shown} has to be the first word: type netstat {}", verb.name()));
    }
    if let Some(complaint) = habits::word(word) {
        return Some(complaint);
    }
    if let Some(entry) = table::by_long(text) {
        return Some(complaint!("{shown} is not a filter: if it means the option, type --{}", entry.long));
    }
    is_cluster(text).then(|| {
        complaint!("{shown} is not a filter: if it means options, type -{}", text.to_ascii_lowercase())
    })
}

/// Returns true if a word looks like option letters that lack their dash: different letters, none with a value, and only
/// one or two of them, or a and n among them. Many ordinary words consist of option letters.
pub(super) fn is_cluster(text: &str) -> bool {
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

/// Returns the long spelling nearest to a name, if any is near.
pub(super) fn nearest_long(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let mut longer = table::all().map(|entry| entry.long).filter(|long| long.starts_with(&lower));
    match (longer.next(), longer.next()) {
        (Some(long), None) if lower.len() >= 2 => Some(long),
        _ => nearest(&lower, table::all().map(|entry| entry.long), (lower.len() / 3).clamp(1, 3)),
    }
}
