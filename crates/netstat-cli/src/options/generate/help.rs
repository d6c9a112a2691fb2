//! The help text, laid out as Windows lays out its own.

use super::super::table::{self, INTERVAL};
use super::wrap;
use std::iter::once;

/// What the program does.
pub(super) const SUMMARY: &str =
    "Shows network connections, routes, and statistics of protocols and interfaces.";

/// The column where descriptions start.
const DESCRIPTIONS: usize = 16;

/// The last column a line may reach. The synopsis may go beyond, as on Windows.
const WIDTH: usize = 79;

/// The help text.
pub(in super::super) fn help() -> String {
    let entries = table::sorted();
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
    push_item(&mut text, INTERVAL.name, INTERVAL.help);
    text.push('\n');
    text
}

fn push_item(text: &mut String, item: &str, description: &str) {
    let mut start = format!("  {item}");
    // Without a blank between, the item has a line of its own.
    if start.chars().count() >= DESCRIPTIONS {
        text.push_str(&start);
        text.push('\n');
        start.clear();
    }
    for line in wrap(description, WIDTH - DESCRIPTIONS) {
        text.push_str(&format!("{start:<DESCRIPTIONS$}{line}\n"));
        start.clear();
    }
}
