//! Documents made from the option table.

mod bash;
mod fish;
mod help;
mod man;
mod markdown;
mod powershell;
#[cfg(test)]
mod tests;
mod zsh;

use crate::render::schema::schema;
use crate::render::{check_json, check_reference};
pub(super) use help::{help, help_of_check};

/// What `--generate` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Document {
    /// The man page, as roff.
    Man,
    /// The reference of options, as Markdown.
    Markdown,
    /// Completion for bash.
    CompleteBash,
    /// Completion for zsh.
    CompleteZsh,
    /// Completion for fish.
    CompleteFish,
    /// Completion for PowerShell.
    CompletePowershell,
    /// The JSON Schema of `--json`.
    Schema,
    /// The JSON Schema of `netstat check --json`.
    CheckSchema,
    /// The reference of the checks, as Markdown.
    Checks,
}

/// A document: its name for `--generate`, itself, and how it is made.
type Maker = (&'static str, Document, fn() -> String);

impl Document {
    /// Every document.
    const ALL: [Maker; 9] = [
        ("man", Self::Man, man::man),
        ("markdown", Self::Markdown, markdown::markdown),
        ("complete-bash", Self::CompleteBash, bash::bash),
        ("complete-zsh", Self::CompleteZsh, zsh::zsh),
        ("complete-fish", Self::CompleteFish, fish::fish),
        ("complete-powershell", Self::CompletePowershell, powershell::powershell),
        ("schema", Self::Schema, schema),
        ("check-schema", Self::CheckSchema, check_json::schema),
        ("checks", Self::Checks, check_reference::markdown),
    ];

    /// The names people type.
    pub(super) const NAMES: [&'static str; 9] = {
        let mut names = [""; 9];
        let mut i = 0;
        while i < names.len() {
            names[i] = Self::ALL[i].0;
            i += 1;
        }
        names
    };

    /// The document of a name, in any letter case.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(name))
            .map(|(_, document, _)| *document)
    }

    /// The text of the document.
    pub(crate) fn text(self) -> String {
        Self::ALL
            .iter()
            .find(|(_, document, _)| *document == self)
            .map(|(.., make)| make())
            .unwrap_or_default()
    }
}

/// Breaks a text into lines of at most `width` characters, between words; a longer word has a line to itself.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Commands worth showing, with what they do.
const EXAMPLES: [(&str, &str); 6] = [
    ("netstat -ano", "Every connection and listener, as numbers, with the process ID."),
    ("netstat -anob", "The same, with the executable of each."),
    ("netstat -an -p tcp", "TCP over IPv4 only; -anp tcp and -an -ptcp are the same."),
    ("netstat -ano 5 --count 12", "Again every five seconds, for a minute."),
    ("netstat -rn", "The routing table."),
    ("netstat -s -p udp", "The statistics of UDP over IPv4."),
];
