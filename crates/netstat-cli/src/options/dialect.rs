//! The two dialects of the command line, and which of them a command line is in.

use super::arguments::{Arguments, Dialect, ProtocolName, Verb};
use super::command::Command;
use super::complaint::{Complaint, complaint};
use super::{net_tools, parse, table, values, windows, words};
use netstat_engine::text::quote::quoted;
use netstat_engine::text::{Language, nearest};
use std::ffi::{OsStr, OsString};

/// The environment variable that chooses a dialect.
pub(crate) const VARIABLE: &str = "NETSTAT_DIALECT";

/// Parses the command line, without the program name, in the dialect that it is in. `variable` is the value of [`VARIABLE`].
///
/// # Errors
///
/// One line that says what was not understood and what to type instead.
pub(crate) fn understand(words: &[OsString], variable: Option<&OsStr>) -> Result<Command, Complaint> {
    let unquoted = if cfg!(windows) { windows::unquoted(words) } else { words.to_vec() };
    let words = unquoted.as_slice();
    let command = match choose(words, variable)? {
        Dialect::Windows => parse(words.iter().cloned()),
        Dialect::NetTools => net_tools::parse(words),
    }?;
    if cfg!(windows) { windows::limit(command) } else { Ok(command) }
}

/// Returns a text for people with the quotes that the shells of this system understand.
pub(crate) fn for_this_shell(text: String) -> String {
    if cfg!(windows) { windows::double_quoted(&text) } else { text }
}

/// Returns the dialect in which the words before a cursor are completed. What stands at the cursor is `word`.
pub(super) fn at_cursor(before: &[OsString], word: &str, variable: Option<&OsStr>) -> Dialect {
    let chosen = |words: &[OsString]| choose(words, variable).unwrap_or(Dialect::Windows);
    // Nor may the family that makes -A one of net-tools.
    if chosen(&[before, &["inet".into()]].concat()) == Dialect::NetTools {
        return Dialect::NetTools;
    }
    if chosen(before) == Dialect::Windows {
        return Dialect::Windows;
    }
    // The protocol that makes an option one of Windows may not have been typed yet.
    let may_be = |name: &&str| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let protocol = ProtocolName::NAMES.into_iter().find(may_be).map(OsString::from);
    protocol.map_or(Dialect::NetTools, |protocol| chosen(&[before, &[protocol]].concat()))
}

fn named_dialect(name: &OsStr) -> Option<Dialect> {
    name.to_str().and_then(Dialect::from_name)
}

/// Chooses the dialect: by `--dialect`, by the environment, then by what is typed.
fn choose(words: &[OsString], variable: Option<&OsStr>) -> Result<Dialect, Complaint> {
    if let Some(name) = last_value(words, "dialect") {
        return values::parse_dialect(&name);
    }
    if let Some(name) = variable.filter(|name| !name.is_empty()) {
        return named_dialect(name).ok_or_else(|| {
            complaint!(
                "{variable} is {name}: set it to windows or net-tools",
                "{variable} 값이 {name}입니다. windows 또는 net-tools로 설정하세요",
                variable = VARIABLE,
                name = quoted(name)
            )
        });
    }
    Ok(typed(words))
}

/// Returns the language that a command line asks for, whatever else is wrong with it.
pub(crate) fn typed_language(words: &[OsString]) -> Option<Language> {
    values::parse_lang(&last_value(words, "lang")?).ok()
}

/// Returns the value of the last of these long options.
fn last_value(words: &[OsString], long: &str) -> Option<OsString> {
    let options = words.split(|word| word == "--").next().unwrap_or_default();
    let mut values = options.iter().enumerate().filter_map(|(at, word)| {
        let word = word.to_str()?.strip_prefix("--")?;
        match word.split_once('=') {
            Some((name, value)) => name.eq_ignore_ascii_case(long).then(|| value.into()),
            None => word.eq_ignore_ascii_case(long).then(|| options.get(at + 1).cloned())?,
        }
    });
    values.next_back()
}

/// Returns the dialect that knows all words that only one dialect knows. What both know, and what each of them knows a part
/// of, is that of Windows.
fn typed(words: &[OsString]) -> Dialect {
    if words.first().is_some_and(|word| Verb::of_word(word).is_some()) {
        return Dialect::Windows;
    }
    let options = words.split(|word| word == "--").next().unwrap_or_default();
    let mut net_tools_only = false;
    for (at, word) in options.iter().enumerate() {
        let behind = options.get(at + 1..).unwrap_or_default();
        match (windows_knows(word, behind), net_tools_knows(word, behind)) {
            (true, false) => return Dialect::Windows,
            (false, true) => net_tools_only = true,
            _ => {}
        }
    }
    if net_tools_only { Dialect::NetTools } else { Dialect::Windows }
}

/// Returns whether a word is an option of the Windows dialect; `behind` are the words after it.
fn windows_knows(word: &OsStr, behind: &[OsString]) -> bool {
    let next = behind.first().map(OsString::as_os_str);
    let Some(text) = word.to_str() else { return false };
    if let Some(long) = text.strip_prefix("--") {
        return table::by_long(long.split('=').next().unwrap_or_default()).is_some();
    }
    let Some(letters) = text.strip_prefix(['-', '/']) else { return false };
    for (at, letter) in letters.char_indices() {
        let Some(entry) = table::by_letter(letter, None) else { return false };
        let Some(value) = entry.value() else {
            if letter == 'A' && next.is_some_and(net_tools::is_family) {
                return false;
            }
            continue;
        };
        let glued = letters.get(at + letter.len_utf8()..).unwrap_or_default();
        let is_choice = |text: &str| value.choices().iter().any(|choice| choice.eq_ignore_ascii_case(text));
        if is_choice(glued) {
            return true;
        }
        let next = next.and_then(OsStr::to_str).unwrap_or_default();
        if !is_choice(next) && (nearest(next, ProtocolName::NAMES, 1).is_none() && stand_alone(behind)) {
            return false;
        }
    }
    true
}

/// Returns whether a word is an option of the net-tools dialect; `behind` are the words after it.
fn net_tools_knows(word: &OsStr, behind: &[OsString]) -> bool {
    let Some(text) = word.to_str() else { return false };
    if let Some(long) = text.strip_prefix("--") {
        return net_tools::by_long(long.split('=').next().unwrap_or_default()).is_some();
    }
    let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) else { return false };
    // Letters of net-tools, too, but whoever types these means the protocol.
    if ProtocolName::from_name(letters).is_some() {
        return false;
    }
    for (at, letter) in letters.char_indices() {
        match net_tools::by_letter(letter) {
            None => return false,
            Some(entry) if entry.takes_value() => {
                return at + letter.len_utf8() < letters.len() || !behind.is_empty();
            }
            Some(_) => {}
        }
    }
    true
}

/// Returns true if the words up to the next option are an interval or a filter, or none at all: they are no value then.
fn stand_alone(behind: &[OsString]) -> bool {
    let is_option = |word: &OsString| matches!(word.as_encoded_bytes(), [b'-' | b'/', ..]);
    let plain: Vec<OsString> = behind.iter().take_while(|word| !is_option(word)).cloned().collect();
    plain.is_empty() || words::settle(plain, &mut Arguments::default()).is_ok()
}
