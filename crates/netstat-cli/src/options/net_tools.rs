//! What people meant who typed options of the other netstat (net-tools) or of ss, which takes the same ones.

use super::arguments::ProtocolName;
use super::complaint::Complaint;
use crate::text::quote::quoted;
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};

/// Letters that net-tools or ss know in the sense handled here.
const LETTERS: &str = "aceghilmnoprstuvwxW46";

/// Those of them that are no options here, or mean something so different that they give the style away.
const MARKS: &str = "luwgW46";

/// Long spellings of net-tools and ss that are not ours, with their letter there.
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

/// A complaint about `word` when it is written in that style. `words` is the whole command line.
pub(super) fn complaint(words: &[OsString], word: &OsStr) -> Option<Complaint> {
    let letters = letters_of(word)?;
    if !letters.iter().any(|letter| MARKS.contains(*letter)) && !word_is_long(word) {
        return None;
    }
    Some(Complaint::new(format!(
        "{} is in the style of net-tools and ss; here {}",
        quoted(word),
        here(words)
    )))
}

/// A complaint about a `-p` in `word` that no protocol follows, as where it means "programs".
pub(super) fn complaint_about_p(words: &[OsString], word: &OsStr) -> Complaint {
    let word = if word == "-p" { "-p".to_owned() } else { format!("-p in {}", quoted(word)) };
    Complaint::new(format!(
        "{word} lacks a protocol, as in -p tcp; if it is the -p of net-tools and ss, here {}",
        here(words)
    ))
}

fn word_is_long(word: &OsStr) -> bool {
    word.to_str().is_some_and(|text| text.starts_with("--"))
}

/// The letters of a word as net-tools would read it.
fn letters_of(word: &OsStr) -> Option<BTreeSet<char>> {
    let text = word.to_str()?;
    let name = text.trim_start_matches('-');
    if text.starts_with("--") || name.len() > 3 {
        let known = LONG.iter().find(|(long, _)| name.eq_ignore_ascii_case(long));
        if known.is_some() || text.starts_with("--") {
            return known.map(|(_, letter)| BTreeSet::from([*letter]));
        }
    }

    // W, for wide, is another letter than w, for raw; of the others capitals are nothing to be strict about.
    let fold = |letter: char| if letter == 'W' { letter } else { letter.to_ascii_lowercase() };
    let letters: BTreeSet<char> = text.strip_prefix('-')?.chars().map(fold).collect();
    (!letters.is_empty() && letters.iter().all(|letter| LETTERS.contains(*letter))).then_some(letters)
}

/// What to type here for the whole command line.
fn here(words: &[OsString]) -> String {
    let mut letters = BTreeSet::new();
    let mut protocol = None;
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let Some(mut more) = letters_of(word) else { continue };
        let next = rest.peek().and_then(|next| next.to_str()).and_then(ProtocolName::from_name);
        if next.is_some() && more.remove(&'p') {
            protocol = next;
        }
        letters.append(&mut more);
    }
    equivalent(&letters, protocol)
}

/// The nearest command of ours, with what differs.
fn equivalent(letters: &BTreeSet<char>, protocol: Option<ProtocolName>) -> String {
    let has = |letter| letters.contains(&letter);
    let (tcp, udp) = (has('t'), has('u'));
    if has('r') {
        return "type netstat -rn".to_owned();
    }
    if has('g') {
        return "no option shows multicast groups: type ip maddress".to_owned();
    }
    if has('s') {
        return match (tcp, udp) {
            (true, false) => "type netstat -s -p tcp".to_owned(),
            (false, true) => "type netstat -s -p udp".to_owned(),
            _ => "type netstat -s".to_owned(),
        };
    }
    if !tcp && !udp && (has('w') || has('x')) {
        let (kind, option) = if has('w') { ("raw", "-w") } else { ("Unix domain", "-x") };
        return format!("no option shows {kind} sockets: type ss {option}");
    }

    let mut command = String::from("netstat -");
    // Connections without listeners are the plain table in both, but plain UDP sockets are not.
    let wants_all = has('a') || has('l') || udp || !tcp;
    if wants_all {
        command.push('a');
    }
    command.push('n');
    if has('p') {
        // The program's name and its PID.
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
            "tcp" if !has('4') => notes.push("tcpv6 for IPv6"),
            "udp" if !has('4') => notes.push("udpv6 for IPv6"),
            _ => {}
        }
    }
    if has('c') {
        command.push_str(" 1");
    }
    if has('l') && !has('a') {
        let rows = match (tcp, udp) {
            (true, false) => "listeners are its rows with LISTENING",
            (false, true) => "those without a peer have *:*",
            _ => "listeners are its rows with LISTENING, and UDP",
        };
        notes.push(rows);
    }
    if notes.is_empty() {
        format!("type {command}")
    } else {
        format!("type {command} ({})", notes.join("; "))
    }
}

/// Command lines in that style with what is said to type instead, for the reference; a test keeps them true.
pub(super) const EXAMPLES: [(&str, &str); 7] = [
    ("-tulpn", "netstat -anob"),
    ("-plnt", "netstat -anob -p tcp"),
    ("-tunap", "netstat -anob"),
    ("-antp", "netstat -anob -p tcp"),
    ("-l", "netstat -an"),
    ("-u", "netstat -an -p udp"),
    ("-su", "netstat -s -p udp"),
];
