//! Translates command lines in the style of the other netstat (net-tools) or of ss, which takes the same options.

use crate::options::arguments::ProtocolName;
use crate::options::complaint::{Complaint, complaint};
use crate::render::formats;
use netstat_engine::both;
use netstat_engine::text::quote::quoted;
use netstat_engine::text::{Language, Text};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

/// Letters of net-tools or ss that are translated.
const LETTERS: &str = "aceghilmnoprstuvwxW46";

/// The letters among them that are not options here, or whose meaning differs so much that they give the style away.
const MARKS: &str = "luwgW46";

/// Long options of net-tools and ss that do not exist here, with their letter there.
const LONG: &[(&str, char)] = &[
    ("continuous", 'c'),
    ("extend", 'e'),
    ("extended", 'e'),
    ("groups", 'g'),
    ("ipv4", '4'),
    ("ipv6", '6'),
    ("listening", 'l'),
    ("memory", 'm'),
    ("processes", 'p'),
    ("program", 'p'),
    ("programs", 'p'),
    ("raw", 'w'),
    ("tcp", 't'),
    ("timers", 'o'),
    ("udp", 'u'),
    ("unix", 'x'),
    ("wide", 'W'),
];

/// Complains about `word` if it is in that style. `words` is the whole command line.
pub(in crate::options) fn complaint(words: &[OsString], word: &OsStr) -> Option<Complaint> {
    let letters = letters_of(word)?;
    if !letters.iter().any(|letter| MARKS.contains(*letter)) && !word_is_long(word) {
        return None;
    }
    Some(complaint!(
        "{word} is in the style of net-tools and ss; here {here}",
        "{word}: net-tools와 ss의 옵션입니다. 여기서는 {here}",
        word = quoted(word),
        here = here(words)
    ))
}

/// Complains about a `-p` in `word` without a protocol, which means "programs" in net-tools.
pub(in crate::options) fn complaint_about_p(words: &[OsString], word: &OsStr) -> Complaint {
    let word = match word == "-p" {
        true => Text::same("-p".to_owned()),
        false => both!("-p in {word}", "{word}의 -p", word = quoted(word)),
    };
    complaint!(
        "{word} needs a protocol, as in -p tcp; if it is the -p of net-tools and ss, here {here}",
        "{word}: -p tcp처럼 프로토콜이 필요합니다. net-tools와 ss의 -p라면 여기서는 {here}",
        word,
        here = here(words)
    )
}

fn word_is_long(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| text.starts_with("--"))
}

/// Returns the letters of a word as net-tools would read it.
fn letters_of(word: &OsStr) -> Option<BTreeSet<char>> {
    let text = word.to_str()?;
    let name = text.trim_start_matches('-');
    if text.starts_with("--") || name.len() > 3 {
        let known = LONG.iter().find(|(long, _)| name.eq_ignore_ascii_case(long));
        if known.is_some() || text.starts_with("--") {
            return known.map(|(_, letter)| BTreeSet::from([*letter]));
        }
    }

    // W (wide) differs from w (raw); the case of other letters does not matter.
    let fold = |letter: char| if letter == 'W' { letter } else { letter.to_ascii_lowercase() };
    let letters: BTreeSet<char> = text.strip_prefix('-')?.chars().map(fold).collect();
    (!letters.is_empty() && letters.iter().all(|letter| LETTERS.contains(*letter))).then_some(letters)
}

/// Translates the whole command line.
fn here(words: &[OsString]) -> Text {
    let mut letters = BTreeSet::new();
    let mut protocol = None;
    let data = words.iter().filter_map(|word| word.to_str()).find(|word| {
        let name = word.strip_prefix("--").unwrap_or_default().to_ascii_lowercase();
        formats::ALL.iter().any(|format| format.name == name)
    });
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let Some(mut more) = letters_of(word) else { continue };
        let next = rest.peek().and_then(|next| next.to_str()).and_then(ProtocolName::from_name);
        if next.is_some() && more.remove(&'p') {
            protocol = next;
        }
        letters.append(&mut more);
    }
    match data {
        Some(data) if !letters.iter().any(|letter| "rgswx".contains(*letter)) => {
            as_data(&letters, protocol, data)
        }
        _ => equivalent(&letters, protocol),
    }
}

/// Returns the nearest command here that writes data: what `-b` says in lines between the rows is a column there, and a filter
/// leaves the listeners.
fn as_data(letters: &BTreeSet<char>, protocol: Option<ProtocolName>, data: &str) -> Text {
    let has = |letter| letters.contains(&letter);
    let (tcp, udp) = (has('t'), has('u'));
    let process = if has('p') { "o --process" } else { "" };
    let only = protocol.map(ProtocolName::name).or(match (tcp, udp) {
        (true, false) => Some("tcp"),
        (false, true) => Some("udp"),
        _ => None,
    });
    let filter = match (only, has('l') && !has('a')) {
        (Some("udp" | "udpv6"), _) => " udp",
        (Some(_), true) => " listening",
        (Some(_), false) => " tcp",
        (None, true) => " listening or udp",
        (None, false) => "",
    };
    type_this(&format!("netstat -an{process}{filter} {}", data.to_ascii_lowercase()))
}

/// Returns the nearest command here, with a note about what differs.
fn equivalent(letters: &BTreeSet<char>, protocol: Option<ProtocolName>) -> Text {
    let has = |letter| letters.contains(&letter);
    let (tcp, udp) = (has('t'), has('u'));
    if has('r') {
        return type_this("netstat -rn");
    }
    if has('g') {
        return type_this("netstat --multicast");
    }
    if has('s') {
        return match (tcp, udp) {
            (true, false) => type_this("netstat -s -p tcp"),
            (false, true) => type_this("netstat -s -p udp"),
            _ => type_this("netstat -s"),
        };
    }
    if !tcp && !udp && (has('w') || has('x')) {
        let family = if has('w') { "raw" } else { "unix" };
        // Program name and PID.
        return type_this(&format!("netstat --family {family}{}", if has('p') { " -ob" } else { "" }));
    }

    let mut command = String::from("netstat -");
    // Both show TCP connections without listeners by default, but not UDP sockets.
    let wants_all = has('a') || has('l') || udp || !tcp;
    if wants_all {
        command.push('a');
    }
    command.push('n');
    if has('p') {
        // Program name and PID.
        command.push_str("ob");
    } else if has('o') {
        command.push('o');
    }
    let mut notes = Vec::new();
    let only = protocol.map(ProtocolName::name).or(match (tcp, udp, has('6') && !has('4')) {
        (true, false, false) => Some("tcp"),
        (true, false, true) => Some("tcpv6"),
        (false, true, false) => Some("udp"),
        (false, true, true) => Some("udpv6"),
        _ => None,
    });
    if let Some(only) = only {
        command.push_str(" -p ");
        command.push_str(only);
        match only {
            "tcp" if !has('4') => notes.push(both!("tcpv6 for IPv6", "IPv6는 tcpv6")),
            "udp" if !has('4') => notes.push(both!("udpv6 for IPv6", "IPv6는 udpv6")),
            _ => {}
        }
    }
    if has('c') {
        command.push_str(" 1");
    }
    if has('l') && !has('a') {
        let rows = match (tcp, udp) {
            (true, false) => both!("listeners are its rows with LISTENING", "수신 대기는 LISTENING 행"),
            (false, true) => both!("those without a peer have *:*", "상대가 없는 것은 *:*"),
            _ => both!("listeners are its rows with LISTENING, and UDP", "수신 대기는 LISTENING 행과 UDP"),
        };
        notes.push(rows);
    }
    if notes.is_empty() {
        return type_this(&command);
    }
    let joined = |language| notes.iter().map(|note| note.of(language)).collect::<Vec<_>>().join("; ");
    let notes = Text::new(joined(Language::English), joined(Language::Korean));
    both!("type {command} ({notes})", "이렇게 입력하세요: {command} ({notes})", command, notes)
}

/// Says what to type.
fn type_this(words: &str) -> Text {
    both!("type {words}", "이렇게 입력하세요: {words}", words)
}

/// Command lines in that style and their translation, for the reference. A test compares them with the code.
pub(in crate::options) const EXAMPLES: [(&str, &str); 9] = [
    ("-tulpn", "netstat -anob"),
    ("-tulpn --json", "netstat -ano --process listening or udp --json"),
    ("-plnt", "netstat -anob -p tcp"),
    ("-tunap", "netstat -anob"),
    ("-antp", "netstat -anob -p tcp"),
    ("-l", "netstat -an"),
    ("-u", "netstat -an -p udp"),
    ("-su", "netstat -s -p udp"),
    ("--unix -p", "netstat --family unix -ob"),
];
