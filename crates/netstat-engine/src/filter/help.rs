//! The help text on the filter language.

use super::lexer::SIGN_WORDS;
use super::syntax::{EXAMPLES, GROUPS, PRIMARIES, PROTOCOLS, REASON_GROUPS, STATES};
use crate::family::FAMILIES;
use crate::text::lifespan::{NAMED_REASONS, known_reason};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// The grammar and examples, in lines of at most 110 characters, generated from the tables that the parser uses.
pub static HELP: LazyLock<String> = LazyLock::new(help);

fn help() -> String {
    let mut text = String::from(
        "Words after the options are a filter: only sockets that match are shown.\n\
         \n\
         Tests:\n",
    );
    for primary in &PRIMARIES {
        let mut test = primary.words.join("|");
        if !primary.argument.is_empty() {
            test = format!("{test} {}", primary.argument);
        }
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {test:<28} {}", primary.help);
    }
    text.push_str(
        "\n\
         Short forms: :8080 a port, 192.168.20.100 an address, 10.0.0.0/8 a network, 1.2.3.4:443 and\n\
         [2001:db8::1]:443 an address and port, ESTABLISHED a state, tcp a protocol.\n\
         \n\
         Joined by: and (or nothing), or, not (or !), parentheses. not binds closer than and, and closer than or.\n\
         \n",
    );
    let comparisons: Vec<_> = SIGN_WORDS.iter().map(|(word, _)| *word).collect();
    let _ = writeln!(
        text,
        "Compared by: > >= < <= = !=, or {}, which need no shell quoting.\n\
         Ports can be compared too, as in ss: sport = :80, dport != :443, dport ge 1024.",
        comparisons.join(" ")
    );
    let names: Vec<_> = STATES
        .iter()
        .map(|(_, name, others)| {
            std::iter::once(*name).chain(others.iter().copied()).collect::<Vec<_>>().join("|")
        })
        .collect();
    text.push('\n');
    wrap(&mut text, "S, states: ", &names);
    text.push_str("  In any letter case, with - or _ (time-wait, TIME_WAIT). Groups of states:\n");
    for (name, _, help) in &GROUPS {
        let _ = writeln!(text, "  {name:<14} {help}");
    }
    text.push_str("  CLOSING in capitals is the single state, in lower case the group.\n\n");
    let protocols: Vec<_> = PROTOCOLS.iter().map(|(word, ..)| (*word).to_owned()).collect();
    wrap(&mut text, "P, protocols: ", &protocols);
    text.push_str("  tcp and udp mean both families.\n");
    let families: Vec<_> = FAMILIES
        .iter()
        .map(|family| {
            std::iter::once(family.name).chain(family.others.iter().copied()).collect::<Vec<_>>().join("|")
        })
        .collect();
    wrap(&mut text, "F, families: ", &families);
    text.push_str(
        "  A filter that names a family lists its sockets, as --family does. inet4 and inet6 are parts of inet.\n\n",
    );
    let reasons: Vec<_> = NAMED_REASONS.into_iter().filter_map(known_reason).map(str::to_owned).collect();
    wrap(&mut text, "R, reasons: ", &reasons);
    text.push_str("  error-N for an error that has no word. Groups of reasons:\n");
    for (name, _, help) in &REASON_GROUPS {
        let _ = writeln!(text, "  {name:<14} {help}");
    }
    text.push_str(
        "\n\
         A, addresses: an address, a network (10.0.0.0/8, fd00::/8) or a host name, each with an optional port\n  \
         (10.0.0.1:22, [::1]:443).\n\
         GLOB: * any characters, ? one, [a-z] one of these, [!a-z] none of these; the whole name has to match. A name\n  \
         with spaces, parentheses or comparison signs needs double quotes, inside those of the shell.\n\
         CC: a two-letter country code (KR): where the holder of the address is registered, unless a --geo file\n  \
         knows better. ASN: a network by its number (AS15169); its name is a GLOB in any letter case.\n\
         SIZE: bytes, or with K, M, G (1K is 1024). TIME: with us, ms, s, m, h or d.\n\
         WHEN: \"10 minutes ago\", 14:05, \"yesterday 14:05\", 2026-11-29, 2026-11-29T14:05:09Z, or how long ago: 2h.\n\
         \n\
         public is what the registries of special-purpose addresses (RFC 6890 and later) leave to the internet;\n\
         private is the rest, except loopback and multicast.\n\
         \n\
         An unknown value matches neither a test nor its negation. A listener has no remote end: rport 80 does\n\
         not match it, not rport 80 does.\n\
         \n\
         Examples:\n",
    );
    for (filter, help) in &EXAMPLES {
        let _ = writeln!(text, "  netstat '{filter}'\n      {help}");
    }
    text
}

/// Appends words separated by commas, wrapped at 100 characters.
fn wrap(text: &mut String, heading: &str, words: &[String]) {
    let mut line = heading.to_owned();
    for (at, word) in words.iter().enumerate() {
        let comma = if at + 1 < words.len() { ", " } else { "" };
        if line.len() + word.len() + 1 > 100 {
            let _ = writeln!(text, "{}", line.trim_end());
            line = "  ".to_owned();
        }
        line.push_str(word);
        line.push_str(comma);
    }
    let _ = writeln!(text, "{line}");
}
