//! The help text of `--help`: every option, grouped by what people want.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::help::{SUMMARY, push_item};
use super::short::EXAMPLES;

/// What people want of an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Group {
    Rows,
    Columns,
    Form,
    Reports,
    Scripts,
    Program,
}

/// The groups in their order, with their headings.
const GROUPS: [(Group, &str); 6] = [
    (Group::Rows, "Which rows"),
    (Group::Columns, "What of each row"),
    (Group::Form, "How it is shown"),
    (Group::Reports, "Other reports"),
    (Group::Scripts, "For scripts"),
    (Group::Program, "The program"),
];

/// Returns the group of an option.
fn group(entry: &Entry) -> Group {
    match entry.long {
        "all" | "bound" | "protocol" | "family" | "netns" | "all-namespaces" | "limit" => Group::Rows,
        "no-header" | "color" | "columns" | "group-by" | "sort" | "numeric" | "full-names"
        | "resolve-timeout" | "count" | "lang" | "json" | "jsonl" | "csv" | "utf8" => Group::Form,
        "exists" | "wait" | "timeout" => Group::Scripts,
        _ => match entry.report {
            Topic::Connections => Group::Columns,
            Topic::Other => Group::Reports,
            _ => Group::Program,
        },
    }
}

/// Returns the text.
pub(in super::super) fn full() -> String {
    let mut text = format!(
        "{SUMMARY}\n\n\
         Usage: netstat [OPTIONS] [FILTER] [{}]\n       netstat check [NAME...] [FILTER] [OPTIONS]\n       \
         netstat record [OPTIONS]\n       netstat history [FILTER] [OPTIONS]\n\n\
         Words after the options are a filter, as in netstat -ano port 8080: see netstat --help filter.\n",
        INTERVAL.name
    );
    for (wanted, heading) in GROUPS {
        text.push_str(&format!("\n{heading}:\n"));
        let entries = table::sorted().into_iter().filter(|entry| entry.report.verb().is_none());
        for entry in entries.filter(|entry| group(entry) == wanted) {
            let long = if entry.letters.is_empty() { String::new() } else { format!(" (--{})", entry.long) };
            push_item(&mut text, &entry.short_with_value(), &format!("{}{long}", entry.help));
        }
    }
    push_item(&mut text, INTERVAL.name, INTERVAL.help);
    text.push_str(
        "\nMore: netstat -h in short; netstat --help filter, columns, check, record, history or examples;\nnetstat check --list.\n",
    );
    text
}

/// Returns the text of `--help examples`.
pub(in super::super) fn examples() -> String {
    let mut text = String::new();
    for (command, [meaning, _]) in EXAMPLES {
        text.push_str(&format!("{command}\n    {meaning}\n"));
    }
    for (command, meaning) in super::examples::EXAMPLES {
        text.push_str(&format!("{command}\n    {meaning}\n"));
    }
    text
}
