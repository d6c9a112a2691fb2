//! Complaints that guess what was meant by a word.

use super::arguments::{ProtocolName, Verb};
use super::complaint::{Complaint, complaint};
use super::entry::{Effect, Entry};
use super::{habits, table};
use netstat_engine::both;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::{Text, nearest};
use std::ffi::{OsStr, OsString};

/// Adds to a complaint about a filter which first word was perhaps meant: `netstat recrod`.
pub(super) fn perhaps_verb(words: &[OsString], complaint: Complaint) -> Complaint {
    let first = words.first().and_then(|word| word.to_str()).unwrap_or_default();
    let near = nearest(first, Verb::NAMES, if first.len() < 5 { 1 } else { 2 });
    match (near, &complaint.filter) {
        // What is wrong is the word itself.
        (Some(near), Some(filter)) if filter.at == 0 && filter.len == first.len() => {
            let word = quoted(OsStr::new(first));
            complaint.with(&both!(
                "if {word} means {near}, type netstat {near}",
                "{word}: {near}의 오타라면 이렇게 입력하세요: netstat {near}",
                word,
                near
            ))
        }
        _ => complaint,
    }
}

/// Complains about a `--word` that is not an option.
pub(super) fn unknown_long(word: &OsStr, name: &str, value: Option<&OsStr>, verb: Option<Verb>) -> Complaint {
    if let Some(complaint) = habits::long(name, value) {
        return complaint;
    }
    let instead = if ProtocolName::from_name(name).is_some() {
        to_see_one_protocol(&name.to_ascii_lowercase())
    } else if let Some(near) = nearest_long(name, verb) {
        both!("type --{near}", "이렇게 입력하세요: --{near}", near)
    } else if is_cluster(name) {
        both!(
            "letters take one dash: type -{letters}",
            "글자 옵션은 대시가 하나입니다. 이렇게 입력하세요: -{letters}",
            letters = name.to_ascii_lowercase()
        )
    } else {
        both!("type netstat --help to see the options", "옵션 보기: netstat --help")
    };
    complaint!(
        "{word} is not an option: {instead}",
        "{word}: 없는 옵션입니다. {instead}",
        word = quoted(word),
        instead
    )
}

/// Complains about a long option after one dash or a slash.
pub(super) fn one_dash(word: &OsStr, long: &str) -> Complaint {
    complaint!(
        "{word} is a long option and takes two dashes: type --{long}",
        "{word}: 긴 옵션은 대시가 둘입니다. 이렇게 입력하세요: --{long}",
        word = quoted(word),
        long
    )
}

/// Complains about a misspelt long option.
pub(super) fn misspelt(word: &OsStr, long: &str) -> Complaint {
    complaint!(
        "{word} is not an option: type --{long}",
        "{word}: 없는 옵션입니다. 이렇게 입력하세요: --{long}",
        word = quoted(word),
        long
    )
}

/// Complains about the name of a protocol where an option is expected.
pub(super) fn protocol_as_option(word: &OsStr, protocol: ProtocolName) -> Complaint {
    complaint!(
        "{word} is not an option: {instead}",
        "{word}: 없는 옵션입니다. {instead}",
        word = quoted(word),
        instead = to_see_one_protocol(protocol.name())
    )
}

fn to_see_one_protocol(name: &str) -> Text {
    both!("to see one protocol type -p {name}", "한 프로토콜만 보려면 이렇게 입력하세요: -p {name}", name)
}

/// Complains about a letter of `word` that is not an option; `rest` is the word without its prefix.
pub(super) fn unknown_letter(word: &OsStr, rest: &str, letter: char) -> Complaint {
    if letter == 'K' {
        return complaint!(
            "{word} would close connections in ss, which this program never does: type ss -K",
            "{word}: ss에서는 연결을 끊는 옵션이며, 이 프로그램은 연결을 끊지 않습니다. 이렇게 입력하세요: ss -K",
            word = quoted(word)
        );
    }
    let letter = quoted(OsStr::new(letter.encode_utf8(&mut [0; 4])));
    if rest.chars().count() == 1 {
        return complaint!(
            "{word} is not an option: type netstat -? to see the options",
            "{word}: 없는 옵션입니다. 옵션 보기: netstat -?",
            word = quoted(word)
        );
    }
    complaint!(
        "{letter} in {word} is not the letter of an option: type netstat -? to see the options",
        "{word}: {letter} 옵션은 없습니다. 옵션 보기: netstat -?",
        letter,
        word = quoted(word)
    )
}

/// Complains about a word that is not part of a filter, if what was meant can be guessed.
pub(super) fn mistaken_word(word: &OsStr) -> Option<Complaint> {
    let shown = quoted(word);
    let text = word.to_str()?;
    if text.is_empty() {
        return Some(complaint!(
            "there is an empty argument (\"\"): leave it out",
            "빈 인수(\"\")가 있습니다. 빼고 입력하세요"
        ));
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
            "{shown} begins with a dash that is not a plain hyphen: type {plain}",
            "{shown}: 첫 글자가 보통 대시(-)가 아닙니다. 이렇게 입력하세요: {plain}",
            shown,
            plain = quoted(OsStr::new(&format!("{dashes}{plain}")))
        ));
    }
    if let Some(verb) = Verb::of_word(word) {
        return Some(complaint!(
            "{shown} has to be the first word: type netstat {verb}",
            "{shown}: 맨 앞에 와야 합니다. 이렇게 입력하세요: netstat {verb}",
            shown,
            verb = verb.name()
        ));
    }
    if let Some(complaint) = habits::word(word) {
        return Some(complaint);
    }
    if let Some(entry) = table::by_long(text) {
        return Some(complaint!(
            "{shown} is not a filter: if it means the option, type --{long}",
            "{shown}: 필터가 아닙니다. 옵션이라면 이렇게 입력하세요: --{long}",
            shown,
            long = entry.long
        ));
    }
    is_cluster(text).then(|| {
        complaint!(
            "{shown} is not a filter: if it means options, type -{letters}",
            "{shown}: 필터가 아닙니다. 옵션이라면 이렇게 입력하세요: -{letters}",
            shown,
            letters = text.to_ascii_lowercase()
        )
    })
}

/// Returns true if a word looks like option letters that lack their dash: different letters, none with a value, and only
/// one or two of them, or a and n among them. Many ordinary words consist of option letters.
pub(super) fn is_cluster(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut seen = String::new();
    for letter in lower.chars() {
        let switch =
            matches!(table::by_letter(letter, None).map(|entry| &entry.effect), Some(Effect::Switch(_)));
        if !switch || seen.contains(letter) {
            return false;
        }
        seen.push(letter);
    }
    matches!(seen.len(), 1 | 2) || (seen.contains('a') && seen.contains('n'))
}

/// Returns the long spelling nearest to a name, if any is near. What goes with the first word comes before all else.
pub(super) fn nearest_long(name: &str, verb: Option<Verb>) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let of_verb = |entry: &&Entry| verb.is_some() && entry.report.verb() == verb;
    let mut begun =
        table::all().filter(of_verb).map(|entry| entry.long).filter(|long| long.starts_with(&lower));
    if let (Some(long), None, 2..) = (begun.next(), begun.next(), lower.len()) {
        return Some(long);
    }
    let mut longer = table::all().map(|entry| entry.long).filter(|long| long.starts_with(&lower));
    match (longer.next(), longer.next()) {
        (Some(long), None) if lower.len() >= 2 => Some(long),
        // Of three letters one alone makes another word.
        _ if lower.len() <= 3 => None,
        _ => nearest(&lower, table::all().map(|entry| entry.long), (lower.len() / 3).clamp(1, 3)),
    }
}
