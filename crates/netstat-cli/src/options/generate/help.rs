//! The help text, in the layout of the Windows one.

use super::super::check::takes;
use super::super::entry::Topic;
use super::super::table::{self, INTERVAL};
use crate::render::wrap::wrapped;
use netstat_check as check;
use netstat_engine::text::Language;
use std::iter::once;

/// What the program does.
pub(super) const SUMMARY: &str =
    "Shows network connections, routes, and statistics of protocols and interfaces.";

/// The subcommand.
const CHECK: (&str, &str) = (
    "check",
    "As the first word: says what is wrong, which process causes it, and what to do next. See netstat check --help.",
);

/// The column in which descriptions start.
const DESCRIPTIONS: usize = 16;

/// The maximum width of a line. The synopsis may exceed it, as on Windows.
const WIDTH: usize = 79;

/// The help text.
pub(in super::super) fn help() -> String {
    let entries: Vec<_> = table::sorted().into_iter().filter(|entry| entry.report != Topic::Check).collect();
    let named = entries
        .iter()
        .filter(|entry| entry.in_synopsis)
        .map(|entry| format!("[{}]", entry.short_with_value()));
    let synopsis: Vec<_> =
        once("NETSTAT".to_owned()).chain(named).chain(once(format!("[{}]", INTERVAL.name))).collect();
    let mut text = format!("\n{SUMMARY}\n\n{}\n\n", synopsis.join(" "));
    for entry in entries {
        let long = if entry.letters.is_empty() { String::new() } else { format!(" (--{})", entry.long) };
        push_item(&mut text, &entry.short_with_value(), &format!("{}{long}", entry.help));
    }
    push_item(&mut text, CHECK.0, CHECK.1);
    push_item(&mut text, INTERVAL.name, INTERVAL.help);
    text.push('\n');
    text
}

/// The help text of `netstat check`.
pub(in super::super) fn help_of_check() -> String {
    let mut text = String::from(
        "\nSays what is wrong with the network of this host, which process causes it, and what to do next.\n\n\
         NETSTAT check [NAME...] [FILTER] [OPTIONS]\n\n",
    );
    push_item(&mut text, "NAME", "A check; without any, all of them:");
    for known in check::ALL {
        push_item(&mut text, "", &format!("{}: {}", known.name, known.data.summary.of(Language::English)));
    }
    push_item(
        &mut text,
        "FILTER",
        "Checks only matching sockets (netstat --help filter). Counters always cover the whole system.",
    );
    for entry in table::sorted().into_iter().filter(|entry| takes(entry)) {
        if !matches!(entry.long, "generate" | "help") {
            push_item(
                &mut text,
                &format!("--{}", entry.long_with_value().trim_start_matches('-')),
                entry.help,
            );
        }
    }
    text.push_str("\nExit code: 0 nothing, or notices; 1 warning; 2 critical; 3 unknown, or an error.\n\n");
    text
}

pub(super) fn push_item(text: &mut String, item: &str, description: &str) {
    let mut start = format!("  {item}");
    // An item that leaves no space before the description gets its own line.
    if start.chars().count() >= DESCRIPTIONS {
        text.push_str(&start);
        text.push('\n');
        start.clear();
    }
    for line in wrapped(description, WIDTH - DESCRIPTIONS) {
        text.push_str(&format!("{start:<DESCRIPTIONS$}{line}\n"));
        start.clear();
    }
}
