//! The options: one entry each, in lists by what they belong to.

use super::arguments::Arguments;
use super::complaint::Complaint;
use super::{Command, Manner};
use std::ffi::OsStr;

mod check;
mod connections;
mod program;
mod reports;
mod shape;

pub(super) use check::SHARED as SHARED_WITH_CHECK;
pub(super) use program::INTERVAL;

/// Every option.
const LISTS: [&[Entry]; 5] =
    [connections::OPTIONS, shape::OPTIONS, reports::OPTIONS, check::OPTIONS, program::OPTIONS];

/// One option, and all that is known of it.
#[derive(Debug)]
pub(super) struct Entry {
    /// The letters that mean it, in lower case, the usual one first; none when it has only a long spelling.
    pub(super) letters: &'static [char],
    /// The long spelling, without its dashes.
    pub(super) long: &'static str,
    /// Whether the synopsis line of Windows names it (that of the newest Windows leaves out some letters).
    pub(super) in_synopsis: bool,
    /// A few words for completions, in the imperative, without a full stop.
    pub(super) summary: &'static str,
    /// Sentences for the help text.
    pub(super) help: &'static str,
    /// More sentences, for the man page and the reference; may be empty.
    pub(super) details: &'static str,
    /// What of its output is a proposal of ours, because no output of Windows was found to follow.
    pub(super) inferred: Option<&'static str>,
    /// What it belongs to.
    pub(super) report: Report,
    /// What it does.
    pub(super) effect: Effect,
}

/// The part of the program that an option belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// The table of connections.
    Connections,
    /// The other reports: statistics, routes, process ports, RDMA.
    Other,
    /// `netstat check`, and nothing else.
    Check,
    /// The program as a whole.
    Program,
}

impl Report {
    /// Every part, in the order of the documents, with its heading.
    pub(super) const ALL: [(Self, &'static str); 4] = [
        (Self::Connections, "The connection table"),
        (Self::Other, "Other reports"),
        (Self::Check, "After netstat check"),
        (Self::Program, "The program itself"),
    ];
}

/// What an option does when it is typed.
#[derive(Debug)]
pub(super) enum Effect {
    /// It has no value.
    Switch(fn(&mut Arguments)),
    /// It has a value.
    Value(Value, fn(&mut Arguments, &OsStr) -> Result<(), Complaint>),
    /// It asks for something else than a report.
    Answer(fn(Manner) -> Command),
    /// It asks for something else than a report, which its value names.
    AnswerWith(Value, fn(&OsStr) -> Result<Command, Complaint>),
}

/// The value of an option.
#[derive(Debug)]
pub(super) struct Value {
    /// What it is called in the documents.
    pub(super) name: &'static str,
    /// One that is accepted.
    pub(super) example: &'static str,
    /// What a shell may offer.
    pub(super) kind: ValueKind,
}

/// What a shell may offer for a value.
#[derive(Debug)]
pub(super) enum ValueKind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A directory.
    Directory,
    /// A file.
    File,
    /// Nothing: the user knows.
    Free,
}

impl Value {
    /// The words to choose from; empty when it is free, a file or a directory.
    pub(super) fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            ValueKind::Choice(choices) => choices,
            ValueKind::Directory | ValueKind::File | ValueKind::Free => &[],
        }
    }
}

impl Entry {
    /// The value it takes.
    pub(super) fn value(&self) -> Option<&Value> {
        match &self.effect {
            Effect::Value(value, _) | Effect::AnswerWith(value, _) => Some(value),
            Effect::Switch(_) | Effect::Answer(_) => None,
        }
    }

    /// The long spelling with its value: `--count N`.
    pub(super) fn long_with_value(&self) -> String {
        match self.value() {
            Some(value) => format!("--{} {}", self.long, value.name),
            None => format!("--{}", self.long),
        }
    }

    /// The letter with its value, or else the long spelling with it.
    pub(super) fn short_with_value(&self) -> String {
        match (self.letters.first(), self.value()) {
            (Some(letter), Some(value)) => format!("-{letter} {}", value.name),
            (Some(letter), None) => format!("-{letter}"),
            (None, _) => self.long_with_value(),
        }
    }
}

/// Every option, in the order of the lists.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    LISTS.into_iter().flatten()
}

/// Every option as the documents list them: those with a letter by letter, then the others by long spelling.
pub(super) fn sorted() -> Vec<&'static Entry> {
    let mut entries: Vec<_> = all().collect();
    entries.sort_by_key(|entry| (entry.letters.is_empty(), entry.letters.first(), entry.long));
    entries
}

/// The option of a letter, in any case.
pub(super) fn by_letter(letter: char) -> Option<&'static Entry> {
    all().find(|entry| entry.letters.contains(&letter.to_ascii_lowercase()))
}

/// The option of a long spelling, in any case, without its dashes.
pub(super) fn by_long(long: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.long.eq_ignore_ascii_case(long))
}
