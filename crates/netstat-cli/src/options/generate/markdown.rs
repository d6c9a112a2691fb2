//! The reference of options, in Markdown.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use crate::render::contents::with_contents;
use netstat_engine::text::quote::for_shell;

/// The reference.
pub(super) fn markdown() -> String {
    let mut page = String::from(
        "<!-- Made by netstat --generate markdown. Do not edit. -->\n# Options of netstat\n\n\
         Letters may be combined in any order and typed in any case, after `-` or `/`: `-ano`, `/NAO`. Long options\n\
         take two dashes; their value is the next word or follows an equals sign: `--count 3`, `--count=3`.\n\
         Options may be repeated; the last value counts.\n\n\
         An option is marked *proposed* if some detail of its output is this program's own, because no output of Windows was\n\
         found to follow; the notes below say which.\n",
    );
    for (report, heading) in Topic::ALL {
        page.push_str(&format!(
            "\n## {heading}\n\n| option | long | what it does | format |\n|---|---|---|---|\n"
        ));
        let entries = || table::sorted().into_iter().filter(move |entry| entry.report == report);
        for entry in entries() {
            page.push_str(&row(entry));
        }
        if report == Topic::Program {
            page.push_str(&format!("| `{}` | | {} | |\n", INTERVAL.name, escape(INTERVAL.help.english())));
        }
        page.push_str("\nNotes:\n\n");
        for entry in entries() {
            page.push_str(&note(entry));
        }
        if report == Topic::Program {
            page.push_str(&format!("- `{}`: {}\n", INTERVAL.name, escape(INTERVAL.details)));
        }
    }
    page.push_str("\n## Examples\n\n");
    for (command, meaning) in &examples::EXAMPLES {
        page.push_str(&format!("- `{command}`: {}\n", escape(meaning.english())));
    }
    page.push_str(
        "\n## Exit codes\n\n- 0: the report was shown.\n- 1: an error occurred, the command line was not understood, \
         or help was asked for as on Windows.\n  If the command line was not understood, one line on standard \
         error says what to type instead,\n  and standard output is empty.\n- `netstat check`: \
         0 ok, or notices only; 1 warning; 2 critical; 3 unknown, or an error.\n- `netstat close` and `netstat end`: 0 all are gone; 1 some are \
         still there, or there was nothing to do;\n  2 nothing could be done, or an error.\n\n## Coming from net-tools or ss\n\n\
         A command line with options that only net-tools knows gives what net-tools gives; netstat --dialect net-tools \
         --help\nlists its options. Where both have a letter it means what it means on Windows. With --dialect windows, \
         or beside\noptions that only this program has, such a command line is answered with the nearest command in the \
         words of Windows,\nwhich is not run:\n\n\
         | typed | type instead |\n|---|---|\n",
    );
    for (typed, instead) in super::super::net_tools::EXAMPLES {
        page.push_str(&format!("| `netstat {typed}` | `{instead}` |\n"));
    }
    with_contents(&page)
}

fn row(entry: &Entry) -> String {
    let value = entry.value().map(|value| format!(" {}", value.name)).unwrap_or_default();
    let letters: Vec<_> = entry.letters.iter().map(|letter| format!("`-{letter}{value}`")).collect();
    let format = if entry.inferred.is_some() { "proposed" } else { "" };
    format!(
        "| {} | `{}` | {} | {format} |\n",
        letters.join(", "),
        entry.long_with_value(),
        escape(entry.help.english())
    )
}

fn note(entry: &Entry) -> String {
    let mut sentences = Vec::new();
    if !entry.details.is_empty() {
        sentences.push(escape(entry.details));
    }
    if let Some(value) = entry.value() {
        sentences.push(format!("Example: `--{} {}`.", entry.long, for_shell(value.example.as_ref())));
    }
    if let Some(inferred) = entry.inferred {
        sentences.push(format!("*Proposed:* {}", escape(inferred)));
    }
    if sentences.is_empty() {
        return String::new();
    }
    let name = match entry.letters.first() {
        Some(letter) => format!("`-{letter}`"),
        None => format!("`--{}`", entry.long),
    };
    format!("- {name}: {}\n", sentences.join(" "))
}

/// Escapes Markdown syntax.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
