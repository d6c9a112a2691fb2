//! The words after `netstat check`: names of checks, then a filter.

use super::arguments::Arguments;
use super::complaint::{Complaint, nearest};
use super::table::{self, Entry, Report};
use super::words;
use crate::check;
use crate::text::quote::quoted;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

/// The word that begins such a command line.
pub(super) const WORD: &str = "check";

/// Whether a command line asks for checks.
pub(super) fn is_meant(words: &[OsString]) -> bool {
    words.first().is_some_and(|word| is_word(word))
}

/// Whether a word asks for checks, where it is the first.
pub(super) fn is_word(word: &OsStr) -> bool {
    word.eq_ignore_ascii_case(WORD)
}

/// Whether `netstat check` takes an option.
pub(super) fn takes(entry: &Entry) -> bool {
    entry.report == Report::Check || table::SHARED_WITH_CHECK.contains(&entry.long)
}

/// Complains about an option in the wrong place: one of the checks without them, or another with them. `typed` is how
/// it was asked for.
pub(super) fn belongs(entry: &Entry, typed: &str, checking: bool) -> Result<(), Complaint> {
    let long = entry.long_with_value();
    if checking && !takes(entry) {
        return Err(Complaint::new(format!(
            "{typed} is not for netstat check: type netstat check --help to see its options"
        )));
    }
    if !checking && entry.report == Report::Check {
        return Err(Complaint::new(format!(
            "--{} belongs to netstat check: type netstat check {long}",
            entry.long
        )));
    }
    Ok(())
}

/// Takes the names off the words; what is left is an interval or a filter.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    let mut rest = plain.as_slice();
    while let [word, after @ ..] = rest {
        let Some(check) = word.to_str().and_then(check::by_name) else { break };
        if !arguments.check.names.contains(&check) {
            arguments.check.names.push(check);
        }
        rest = after;
    }
    words::settle(rest.to_vec(), arguments).map_err(|complaint| match rest.first() {
        Some(word) => misspelt(word).unwrap_or_else(|| complaint.of_check(arguments.check.names.is_empty())),
        None => complaint,
    })?;
    if let Some(seconds) = arguments.interval.take() {
        arguments.check.watch.get_or_insert(Duration::from_secs(seconds.into()));
    }
    if let (Some(count), None) = (arguments.count, arguments.check.watch) {
        return Err(Complaint::new(format!(
            "--count {count} needs a pause: type, for example, netstat check --watch 10s --count {count}"
        )));
    }
    if arguments.check.learn && arguments.check.names.iter().any(|check| *check != &check::POLICY) {
        return Err(Complaint::new("--learn is of the policy alone: type netstat check policy --learn"));
    }
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(Complaint::record_and_replay());
    }
    one_text(arguments)
}

/// Complains about what a text that is always the same, or a policy, cannot be: JSON, repeated, or of some checks.
fn one_text(arguments: &Arguments) -> Result<(), Complaint> {
    let typed = &arguments.check;
    let text = match (typed.list, typed.explain, typed.learn) {
        (true, None, false) => "--list",
        (false, Some(_), false) => "--explain",
        (false, None, true) => "--learn",
        (false, None, false) => return Ok(()),
        _ => {
            return Err(Complaint::new("--list, --explain and --learn cannot be combined: type one of them"));
        }
    };
    if arguments.json {
        return Err(Complaint::new(format!("{text} does not write JSON: leave --json out")));
    }
    if typed.watch.is_some() {
        return Err(Complaint::new(format!("{text} shows nothing to repeat: leave the interval out")));
    }
    let selects = !typed.names.is_empty() || !arguments.filter.is_empty();
    if selects && !typed.learn {
        return Err(Complaint::new(format!("{text} runs no check: leave the other words out")));
    }
    Ok(())
}

/// A complaint about a word that is nearly the name of a check.
fn misspelt(word: &OsStr) -> Option<Complaint> {
    let name = word.to_str()?;
    let near = nearest(name, check::NAMES, (name.len() / 3).clamp(1, 3))?;
    Some(Complaint::new(format!("{} is no check: type {near}, or netstat check --list", quoted(word))))
}
