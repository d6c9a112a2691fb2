//! Completion for zsh.

use super::super::entry::{Entry, ValueKind};
use super::super::table::{self, INTERVAL};
use netstat_check as check;

/// The script.
pub(super) fn zsh() -> String {
    let mut script = String::from(
        "#compdef netstat\n# Made by netstat --generate complete-zsh. Do not edit.\n\n_arguments -s -S \\\n",
    );
    for entry in table::sorted() {
        script.push_str(&format!("    {} \\\n", specification(entry)));
    }
    script.push_str(&format!("    '1::{} in seconds, or a word:(check record history)' \\\n", INTERVAL.name));
    script.push_str(&format!("    '*::check, or filter:({})'\n", check::NAMES.join(" ")));
    script
}

/// One line for `_arguments`: `'(-p --protocol)'{-p+,--protocol=}'[summary]:proto:(tcp udp)'`.
fn specification(entry: &Entry) -> String {
    let (after_letter, after_long) = if entry.value().is_some() { ("+", "=") } else { ("", "") };
    let mut names: Vec<_> = entry.letters.iter().map(|letter| format!("-{letter}")).collect();
    names.push(format!("--{}", entry.long));
    let mut forms: Vec<_> = entry.letters.iter().map(|letter| format!("'-{letter}{after_letter}'")).collect();
    forms.push(format!("'--{}{after_long}'", entry.long));
    let forms = if forms.len() == 1 { forms.concat() } else { format!("{{{}}}", forms.join(",")) };
    let value = match entry.value() {
        None => String::new(),
        Some(value) => {
            let action = match value.kind {
                ValueKind::Choice(choices) => format!("({})", choices.join(" ")),
                ValueKind::Directory => "_files -/".to_owned(),
                ValueKind::File => "_files".to_owned(),
                ValueKind::Free => " ".to_owned(),
            };
            format!(":{}:{action}", value.name)
        }
    };
    let summary =
        entry.summary.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]").replace('\'', "'\\''");
    format!("'({})'{forms}'[{summary}]{value}'", names.join(" "))
}
