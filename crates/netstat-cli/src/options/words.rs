//! The words that are not options: an interval and a filter.

use super::arguments::{Arguments, FamilyChoice};
use super::complaint::Complaint;
use super::{mistakes, values};
use netstat_engine::filter::{Filter, Lookups};
use netstat_model::query::Kinds;
use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr};
use std::time::SystemTime;

/// Resolves every name, because the syntax of a filter does not depend on what names mean.
struct AnyName;

impl Lookups for AnyName {
    fn ports(&self, _: &str) -> Vec<u16> {
        vec![1]
    }

    fn addresses(&self, _: &str) -> Result<Vec<IpAddr>, String> {
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }

    fn moment(&self, _: &str) -> Result<SystemTime, String> {
        Ok(SystemTime::UNIX_EPOCH)
    }

    fn interface(&self, _: &str) -> Option<u32> {
        Some(1)
    }

    fn user(&self, _: &str) -> Result<Option<u32>, String> {
        Ok(Some(0))
    }

    fn namespace(&self, _: &str) -> Result<Option<u64>, String> {
        Ok(Some(0))
    }
}

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
    let parse = |words: &[OsString]| Filter::parse(words, &AnyName);
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
    let parsed = if words.is_empty() { None } else { Some(parse(words)) };
    if let Some(Ok(filter)) = &parsed
        && arguments.family.is_none()
    {
        let kinds = filter.named_kinds();
        if !kinds.is_empty() {
            // Its other tests may ask for sockets of the table of Windows.
            let choice = FamilyChoice { kinds: kinds | Kinds::TCP_UDP, all: false };
            arguments.family = Some(values::on_this_system(choice, cfg!(windows))?);
        }
    }
    if let Some(Err(error)) = parsed {
        if let [word] = words
            && matches!(word.as_encoded_bytes(), [b'0'..=b'9', ..] | [b'+' | b'.', b'0'..=b'9', ..])
        {
            // What begins like a number and is not an address was meant as an interval.
            values::parse_interval(word)?;
        }
        let mistaken =
            words.iter().filter(|word| !is_joint(word)).find_map(|word| mistakes::mistaken_word(word));
        return Err(mistaken.unwrap_or_else(|| Complaint::filter(&error)));
    }
    arguments.filter = words.to_vec();
    arguments.perhaps_port = arguments.interval.filter(|seconds| PERHAPS_PORT.contains(seconds));
    Ok(())
}

/// Intervals that are rather meant as ports: nobody waits so long for the next display.
const PERHAPS_PORT: std::ops::RangeInclusive<u32> = 1000..=65_535;

/// Returns true if the word joins tests of a filter.
fn is_joint(word: &OsStr) -> bool {
    ["and", "or", "not"].iter().any(|joint| word.eq_ignore_ascii_case(joint))
}

fn is_number(word: &OsStr) -> bool {
    let bytes = word.as_encoded_bytes();
    !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
}
