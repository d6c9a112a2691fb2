//! The help text, in the layout of the Windows one.

use super::super::arguments::Verb;
use super::super::table::{self, INTERVAL};
use super::super::verb::takes;
use crate::render::wrap::wrapped;
use netstat_check as check;
use netstat_engine::text::Language;
use std::iter::once;

/// What the program does.
pub(super) const SUMMARY: &str =
    "Shows network connections, routes, and statistics of protocols and interfaces.";

/// The words that may come first.
const VERBS: [(Verb, &str); 3] = [
    (
        Verb::Check,
        "As the first word: says what is wrong, which process causes it, and what to do next. See netstat check --help.",
    ),
    (Verb::Record, "As the first word: watches connections open and end. See netstat record --help."),
    (
        Verb::History,
        "As the first word: tells what connections there were, from what netstat record kept. See netstat history --help.",
    ),
];

/// The column in which descriptions start.
const DESCRIPTIONS: usize = 16;

/// The maximum width of a line. The synopsis may exceed it, as on Windows.
const WIDTH: usize = 79;

/// The help text.
pub(in super::super) fn help() -> String {
    let entries: Vec<_> = table::sorted().into_iter().filter(|entry| entry.report.verb().is_none()).collect();
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
    for (verb, help) in VERBS {
        push_item(&mut text, verb.name(), help);
    }
    push_item(&mut text, INTERVAL.name, INTERVAL.help);
    text.push('\n');
    text
}

/// The help text of a first word.
pub(in super::super) fn help_of(verb: Verb) -> String {
    match verb {
        Verb::Check => help_of_check(),
        Verb::Record => help_of_record(),
        Verb::History => help_of_history(),
    }
}

fn help_of_record() -> String {
    let mut text = String::from(
        "\nWatches connections open and end: by whom, to whom, for how long, and how they ended.\n\n\
         NETSTAT record [OPTIONS]\n\n",
    );
    push_options(&mut text, Verb::Record);
    text.push('\n');
    text
}

fn help_of_history() -> String {
    let mut text = String::from(
        "\nTells what connections there were: by whom, to whom, for how long, and how they ended.\n\n\
         NETSTAT history [FILTER] [OPTIONS]\n\n",
    );
    push_item(
        &mut text,
        "FILTER",
        "Shows only matching connections (netstat --help filter), as in process curl reason failed lasted lt 5s.",
    );
    push_options(&mut text, Verb::History);
    text.push('\n');
    text
}

/// Adds the options that go with a first word.
fn push_options(text: &mut String, verb: Verb) {
    for entry in table::sorted().into_iter().filter(|entry| takes(verb, entry)) {
        if !matches!(entry.long, "generate" | "help") {
            push_item(text, &format!("--{}", entry.long_with_value().trim_start_matches('-')), entry.help);
        }
    }
}

fn help_of_check() -> String {
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
    push_options(&mut text, Verb::Check);
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
