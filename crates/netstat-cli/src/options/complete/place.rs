//! What a shell's cursor stands at, by the words before it.

use super::super::arguments::{Dialect, Verb};
use super::super::entry::ValueKind;
use super::super::{net_tools, table};
use super::offer::begins_with;
use std::ffi::OsString;

/// What a cursor stands at.
#[derive(Debug)]
pub(super) enum Place {
    /// An option.
    Option,
    /// The value of an option, which begins at this byte of the word at the cursor.
    Value(&'static ValueKind, usize),
    /// What help is asked about.
    Topic,
    /// One of the words that are not options; these are before it.
    Plain(Vec<String>),
}

/// An option, as far as it matters here.
struct Known {
    value: Option<&'static ValueKind>,
    is_help: bool,
}

/// Finds an option by long spelling.
fn by_long(dialect: Dialect, name: &str) -> Option<Known> {
    match dialect {
        Dialect::Windows => table::by_long(name).map(of_windows),
        Dialect::NetTools => net_tools::by_long(name).map(of_net_tools),
    }
}

/// Finds an option by letter.
fn by_letter(dialect: Dialect, letter: char, verb: Option<Verb>) -> Option<Known> {
    match dialect {
        Dialect::Windows => table::by_letter(letter, verb).map(of_windows),
        Dialect::NetTools => net_tools::by_letter(letter).map(of_net_tools),
    }
}

fn of_windows(entry: &'static super::super::entry::Entry) -> Known {
    Known { value: entry.value().map(|value| &value.kind), is_help: entry.long == "help" }
}

fn of_net_tools(entry: &'static net_tools::Entry) -> Known {
    Known { value: entry.value(), is_help: false }
}

/// Returns what stands at the end of `before`, where `word` is what was typed of it: an option after a slash too, if
/// `slashes` says so.
pub(super) fn place(
    before: &[OsString],
    word: &str,
    dialect: Dialect,
    verb: Option<Verb>,
    slashes: bool,
) -> Place {
    let mut plain = Vec::new();
    let mut rest = before.iter().skip(usize::from(verb.is_some())).map(|word| word.to_string_lossy());
    let mut options_ended = false;
    while let Some(typed) = rest.next() {
        if options_ended || !is_option(&typed, dialect) {
            plain.push(typed.into_owned());
            continue;
        }
        if typed == "--" {
            options_ended = true;
            continue;
        }
        let known = wanting(&typed, dialect, verb);
        match known {
            Some(Known { value: Some(kind), .. }) if rest.next().is_none() => return Place::Value(kind, 0),
            Some(Known { is_help: true, .. }) if rest.len() == 0 && verb.is_none() => return Place::Topic,
            _ => {}
        }
    }
    if options_ended || !is_option(word, dialect) || (word.starts_with('/') && !slashes) {
        return Place::Plain(plain);
    }
    glued(word, dialect, verb).map_or(Place::Option, |(kind, at)| Place::Value(kind, at))
}

fn is_option(word: &str, dialect: Dialect) -> bool {
    let slash = |word: &str| word.strip_prefix('/').is_some_and(|rest| !rest.contains('/'));
    word.starts_with('-') || (dialect == Dialect::Windows && slash(word))
}

/// Returns the option of a word that takes the next word as its value, or that ends the options.
fn wanting(word: &str, dialect: Dialect, verb: Option<Verb>) -> Option<Known> {
    if let Some(name) = word.strip_prefix("--") {
        return by_long(dialect, name);
    }
    if word.get(1..)?.eq_ignore_ascii_case("help") && dialect == Dialect::Windows {
        return Some(Known { value: None, is_help: true });
    }
    let mut last = None;
    for (at, letter) in word.get(1..)?.char_indices() {
        let known = by_letter(dialect, letter, verb)?;
        let Some(kind) = known.value else {
            last = last.or(known.is_help.then_some(known));
            continue;
        };
        let tail = word.get(1 + at + letter.len_utf8()..).unwrap_or_default();
        match dialect {
            Dialect::NetTools if !tail.is_empty() => return None,
            Dialect::Windows if is_choice(kind, tail) => return None,
            _ => last = Some(known),
        }
    }
    last
}

fn is_choice(kind: &ValueKind, text: &str) -> bool {
    matches!(kind, ValueKind::Choice(choices) if choices.iter().any(|choice| choice.eq_ignore_ascii_case(text)))
}

/// Returns the value that the option of a word has in the same word, and where it begins: `--lang=k`, `-ptc`.
fn glued(word: &str, dialect: Dialect, verb: Option<Verb>) -> Option<(&'static ValueKind, usize)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, _) = long.split_once('=')?;
        return by_long(dialect, name)?.value.map(|kind| (kind, name.len() + 3));
    }
    let letters = word.get(1..)?;
    for (at, letter) in letters.char_indices() {
        let behind = 1 + at + letter.len_utf8();
        let tail = word.get(behind..).unwrap_or_default();
        if let Some(kind) = by_letter(dialect, letter, verb)?.value
            && !tail.is_empty()
            && begins_choice(kind, tail)
        {
            return Some((kind, behind));
        }
    }
    None
}

fn begins_choice(kind: &ValueKind, typed: &str) -> bool {
    let (ValueKind::Choice(choices) | ValueKind::List(choices)) = kind else { return false };
    choices.iter().any(|choice| begins_with(choice, typed))
}
