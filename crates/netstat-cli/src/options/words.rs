//! The words that are not options: an interval and a filter.

use super::arguments::{Arguments, FamilyChoice};
use super::complaint::Complaint;
use super::{habits, mistakes, syntax, values};
use netstat_model::query::Kinds;
use std::ffi::{OsStr, OsString};

/// Separates the interval from the filter, and checks both.
///
/// A whole number is the interval if it stands before the filter, or after a filter that is complete without it: `5 port
/// 80` and `port 80 5` have an interval, `port 80` has none.
pub(super) fn settle(words: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    let mut words = words.as_slice();
    if let [first, rest @ ..] = words
        && is_number(first)
    {
        arguments.interval = Some(values::parse_interval(first)?);
        words = rest;
    }
    let parse = syntax::parse;
    if let [filter @ .., last] = words
        && is_number(last)
        && (filter.is_empty() || (parse(words).is_err() && parse(filter).is_ok()))
    {
        let seconds = values::parse_interval(last)?;
        if let Some(first) = arguments.interval {
            return Err(Complaint::second_interval(last, first, seconds));
        }
        arguments.interval = Some(seconds);
        words = filter;
    }
    if let Some(complaint) = habits::part_of_address(words) {
        return Err(complaint);
    }
    let parsed = if words.is_empty() { None } else { Some(parse(words)) };
    if let Some(Ok(filter)) = &parsed
        && arguments.family.is_none()
    {
        let kinds = filter.named_kinds();
        if !kinds.is_empty() {
            // Its other tests may ask for sockets of the table of Windows.
            arguments.family = Some(FamilyChoice { kinds: kinds | Kinds::TCP_UDP, all: false });
        }
    }
    if let Some(Err(error)) = parsed {
        if let [word] = words
            && matches!(word.as_encoded_bytes(), [b'0'..=b'9', ..] | [b'+' | b'.', b'0'..=b'9', ..])
        {
            if let Some(complaint) = habits::address(word).or_else(|| habits::word(word)) {
                return Err(complaint);
            }
            // What begins like a number and is not an address was meant as an interval.
            values::parse_interval(word)?;
        }
        // A word of the filter and the value behind it mean what they are; a wrong value is pointed at.
        let wants_value =
            |word: &OsString| parse(std::slice::from_ref(word)).is_err_and(|error| error.at > 0);
        let is_value = |at: usize| at.checked_sub(1).and_then(|at| words.get(at)).is_some_and(wants_value);
        let mistaken = words.iter().enumerate().find_map(|(at, word)| {
            let has_value = at + 1 < words.len() && wants_value(word);
            let may_be = !is_joint(word) && !has_value && !is_value(at);
            may_be.then(|| mistakes::mistaken_word(word)).flatten()
        });
        return Err(mistaken.unwrap_or_else(|| Complaint::filter(&error)));
    }
    arguments.filter = words.to_vec();
    arguments.long_interval = arguments.interval.filter(|seconds| *seconds > LONGEST_USUAL);
    Ok(())
}

/// The longest interval, in seconds, that goes without saying: a number beyond it is often meant as something else.
const LONGEST_USUAL: u32 = 60;

/// Returns true if the word joins tests of a filter.
fn is_joint(word: &OsStr) -> bool {
    ["and", "or", "not"].iter().any(|joint| word.eq_ignore_ascii_case(joint))
}

fn is_number(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}
