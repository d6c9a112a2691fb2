//! Which options go with the first word: `netstat check`, `netstat record`, `netstat history`,
//! `netstat capture`, `netstat report`.

use super::arguments::Verb;
use super::complaint::{Complaint, complaint};
use super::entry::Entry;
use super::table;

/// Returns whether an option goes with a first word.
pub(super) fn takes(verb: Verb, entry: &Entry) -> bool {
    entry.report.verb() == Some(verb) || table::shared_with(verb).contains(&entry.long)
}

/// Rejects an option that needs another first word, or that does not go with this one. `typed` is how the option was
/// written.
pub(super) fn belongs(entry: &Entry, typed: &str, verb: Option<Verb>) -> Result<(), Complaint> {
    match (verb, entry.report.verb()) {
        (Some(verb), _) if !takes(verb, entry) => {
            let name = verb.name();
            Err(complaint!(
                "{typed} is not for netstat {name}: type netstat {name} --help to see its options",
                "{typed}: netstat {name}에서 쓸 수 없는 옵션입니다. 쓸 수 있는 옵션 보기: netstat {name} --help",
                typed,
                name
            ))
        }
        (None, Some(needed)) => {
            let (name, long) = (needed.name(), entry.long_with_value());
            Err(complaint!(
                "--{option} belongs to netstat {name}: type netstat {name} {long}",
                "--{option}: netstat {name}의 옵션입니다. 이렇게 입력하세요: netstat {name} {long}",
                option = entry.long,
                name,
                long
            ))
        }
        _ => Ok(()),
    }
}
