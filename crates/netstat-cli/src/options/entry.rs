//! What an option is, and the macro that makes entries of the option table.

use super::arguments::{Arguments, Verb};
use super::command::{Command, Manner};
use super::complaint::Complaint;
use crate::render::format::Format;
use netstat_engine::text::{Language, Text};
use std::ffi::OsStr;

/// One option: its spellings, texts and effect.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its letters in lower case, the usual one first; empty if it has only a long spelling.
    pub(super) letters: &'static [char],
    /// The long spelling, without its dashes.
    pub(super) long: &'static str,
    /// Whether the synopsis line of Windows names it (even the newest Windows leaves some letters out).
    pub(super) in_synopsis: bool,
    /// A few words in English for completions, in the imperative, without a full stop.
    pub(super) summary: &'static str,
    /// Sentences for the help text.
    pub(super) help: Text,
    /// More sentences, for the man page and the reference; may be empty.
    pub(super) details: Text,
    /// Which details of its output are our own choice, because no Windows output was found to follow.
    pub(super) inferred: Option<Text>,
    /// The part of the program it belongs to.
    pub(super) report: Topic,
    pub(super) effect: Effect,
}

/// The part of the program that an option belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// The table of connections.
    Connections,
    /// The other reports: statistics, routes, process ports, RDMA.
    Other,
    /// `netstat check` only.
    Check,
    /// `netstat record` only.
    Record,
    /// `netstat history` only.
    History,
    /// `netstat close`, and `netstat end`.
    Close,
    /// `netstat end` only.
    End,
    /// `netstat live` only.
    Live,
    /// `netstat capture` only.
    Capture,
    /// `netstat metrics` only.
    Metrics,
    /// `netstat report` only.
    Report,
    /// `netstat ship` only.
    Ship,
    /// The whole program.
    Program,
}

impl Topic {
    /// Every topic in the order of the documents, with its heading.
    pub(super) const ALL: [(Self, Text); 13] = [
        (Self::Connections, Text::fixed("The connection table", "연결 표")),
        (Self::Other, Text::fixed("Other reports", "다른 보고서")),
        (Self::Check, Text::fixed("Options for netstat check", "netstat check의 옵션")),
        (Self::Record, Text::fixed("Options for netstat record", "netstat record의 옵션")),
        (Self::History, Text::fixed("Options for netstat history", "netstat history의 옵션")),
        (
            Self::Close,
            Text::fixed("Options for netstat close and netstat end", "netstat close와 netstat end의 옵션"),
        ),
        (Self::End, Text::fixed("Options for netstat end", "netstat end의 옵션")),
        (Self::Live, Text::fixed("Options for netstat live", "netstat live의 옵션")),
        (Self::Capture, Text::fixed("Options for netstat capture", "netstat capture의 옵션")),
        (Self::Metrics, Text::fixed("Options for netstat metrics", "netstat metrics의 옵션")),
        (Self::Report, Text::fixed("Options for netstat report", "netstat report의 옵션")),
        (Self::Ship, Text::fixed("Options for netstat ship", "netstat ship의 옵션")),
        (Self::Program, Text::fixed("General options", "일반 옵션")),
    ];

    /// Returns the first word that the options of this topic need.
    pub(super) fn verb(self) -> Option<Verb> {
        match self {
            Self::Check => Some(Verb::Check),
            Self::Record => Some(Verb::Record),
            Self::History => Some(Verb::History),
            Self::Close => Some(Verb::Close),
            Self::End => Some(Verb::End),
            Self::Live => Some(Verb::Live),
            Self::Capture => Some(Verb::Capture),
            Self::Metrics => Some(Verb::Metrics),
            Self::Report => Some(Verb::Report),
            Self::Ship => Some(Verb::Ship),
            Self::Connections | Self::Other | Self::Program => None,
        }
    }
}

/// What an option does.
#[derive(Debug)]
pub(super) enum Effect {
    /// Sets fields; takes no value.
    Switch(fn(&mut Arguments)),
    /// Sets fields from a value.
    Value(Value, fn(&mut Arguments, &OsStr) -> Result<(), Complaint>),
    /// Chooses a data format.
    Format(&'static Format),
    /// Replaces the report by another command.
    Answer(fn(Manner) -> Command),
    /// Replaces the report by the command that its value names.
    AnswerWith(Value, fn(&OsStr) -> Result<Command, Complaint>),
}

/// The value of an option.
#[derive(Debug)]
pub(super) struct Value {
    /// Its name in the documents.
    pub(super) name: &'static str,
    /// An accepted value.
    pub(super) example: &'static str,
    /// What a shell may offer.
    pub(super) kind: ValueKind,
}

/// What a shell may offer for a value.
#[derive(Debug)]
pub(super) enum ValueKind {
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Columns separated by commas, or one of these words alone.
    Columns(&'static [&'static str]),
    /// A column to sort by, with a direction.
    Order,
    /// Families of sockets separated by commas, or `all`.
    Families,
    /// One of these words, or several separated by commas.
    List(&'static [&'static str]),
    /// A network namespace, or `all`.
    Namespace,
    /// A setting of a check, and its value.
    Setting,
    Directory,
    File,
    /// Nothing: any text may be valid.
    Free,
}

impl Value {
    /// Returns the words to choose from; empty if there is no list of them.
    pub(super) fn choices(&self) -> &'static [&'static str] {
        match self.kind {
            ValueKind::Choice(choices) => choices,
            _ => &[],
        }
    }
}

impl Entry {
    /// Returns a few words on what it does, without a full stop: in Korean the first sentence of its help.
    pub(super) fn in_short(&self, language: Language) -> &str {
        let korean = self.help.of(Language::Korean);
        match language {
            Language::English => self.summary,
            Language::Korean => {
                korean.split_once(". ").map_or(korean.trim_end_matches('.'), |(first, _)| first)
            }
        }
    }

    /// Returns the value it takes.
    pub(super) fn value(&self) -> Option<&Value> {
        match &self.effect {
            Effect::Value(value, _) | Effect::AnswerWith(value, _) => Some(value),
            Effect::Switch(_) | Effect::Format(_) | Effect::Answer(_) => None,
        }
    }

    /// Returns the long spelling with its value: `--count N`.
    pub(super) fn long_with_value(&self) -> String {
        match self.value() {
            Some(value) => format!("--{} {}", self.long, value.name),
            None => format!("--{}", self.long),
        }
    }

    /// Returns the letter with its value, or else the long spelling with it.
    pub(super) fn short_with_value(&self) -> String {
        match (self.letters.first(), self.value()) {
            (Some(letter), Some(value)) => format!("-{letter} {}", value.name),
            (Some(letter), None) => format!("-{letter}"),
            (None, _) => self.long_with_value(),
        }
    }
}

/// Makes a list of entries. An entry is its letters and its long spelling, its effect, then summary, help in English and in
/// Korean, and `details` and `inferred`, in both languages as well, where there are any:
///
/// ```text
/// [] "color", value(color, "WHEN", "never", ValueKind::Choice(&Colour::NAMES), values::parse_color);
///     "Choose when ...", "Chooses when ...", "..." details "With auto ..." "...";
/// ```
///
/// `synopsis` after the spelling marks the options that Windows names in its synopsis line.
macro_rules! entries {
    ($topic:ident; $([$($letter:literal),*] $long:literal $($synopsis:ident)?, $effect:ident($($arguments:tt)*);
        $summary:literal, $help:literal, $korean:literal $(details $details:literal $($details_korean:literal)?)?
        $(inferred $inferred:literal $($inferred_korean:literal)?)?;)*) => {
        &[$(Entry {
            letters: &[$($letter),*],
            long: $long,
            in_synopsis: entries!(@given $($synopsis)?),
            summary: $summary,
            help: Text::fixed($help, $korean),
            details: entries!(@or_empty $($details $($details_korean)?)?),
            inferred: entries!(@option $($inferred $($inferred_korean)?)?),
            report: Topic::$topic,
            effect: entries!(@$effect $($arguments)*),
        }),*]
    };
    (@given) => { false };
    (@given synopsis) => { true };
    (@or_empty) => { Text::fixed("", "") };
    // A test complains of what has no Korean.
    (@or_empty $text:literal) => { Text::fixed($text, "") };
    (@or_empty $text:literal $korean:literal) => { Text::fixed($text, $korean) };
    (@option) => { None };
    (@option $text:literal) => { Some(Text::fixed($text, "")) };
    (@option $text:literal $korean:literal) => { Some(Text::fixed($text, $korean)) };
    (@switch $($field:ident).+) => { Effect::Switch(|arguments| arguments.$($field).+ = true) };
    (@value $($field:ident).+, $name:literal, $example:literal, $kind:expr, $parse:expr) => {
        Effect::Value(Value { name: $name, example: $example, kind: $kind }, |arguments, text| {
            arguments.$($field).+ = Some($parse(text)?);
            Ok(())
        })
    };
    (@effect $effect:expr) => { $effect };
}
pub(super) use entries;
