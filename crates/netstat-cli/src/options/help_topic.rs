//! What `--help` can be asked about.

use super::arguments::{Verb, named};
use super::command::{Command, Manner};
use super::complaint::{Complaint, complaint};
use netstat_engine::text::nearest;
use netstat_engine::text::quote::quoted;
use std::ffi::OsStr;

named! {
    /// The word behind `--help`.
    HelpTopic {
        /// The filter language.
        Filter = "filter",
        /// The columns of `--columns`.
        Columns = "columns",
        /// `netstat check`.
        Check = "check",
        /// `netstat record`.
        Record = "record",
        /// `netstat history`.
        History = "history",
        /// `netstat close`.
        Close = "close",
        /// `netstat end`.
        End = "end",
        /// `netstat live`.
        Live = "live",
        /// `netstat capture`.
        Capture = "capture",
        /// `netstat metrics`.
        Metrics = "metrics",
        /// `netstat report`.
        Report = "report",
        /// `netstat ship`.
        Ship = "ship",
        /// Commands worth knowing.
        Examples = "examples",
    }
}

/// Returns the help that is asked for; `word` stands behind the option that asks.
pub(super) fn help(manner: Manner, word: Option<&OsStr>) -> Result<Command, Complaint> {
    let Some(word) = word else { return Ok(Command::Help(manner)) };
    let name = word.to_str().unwrap_or_default();
    Ok(match HelpTopic::from_name(name).or_else(|| HelpTopic::from_name(name.strip_suffix('s')?)) {
        Some(HelpTopic::Filter) => Command::HelpFilter,
        Some(HelpTopic::Columns) => Command::ColumnHelp,
        Some(HelpTopic::Check) => Command::HelpVerb(Verb::Check, manner),
        Some(HelpTopic::Record) => Command::HelpVerb(Verb::Record, manner),
        Some(HelpTopic::History) => Command::HelpVerb(Verb::History, manner),
        Some(HelpTopic::Close) => Command::HelpVerb(Verb::Close, manner),
        Some(HelpTopic::End) => Command::HelpVerb(Verb::End, manner),
        Some(HelpTopic::Live) => Command::HelpVerb(Verb::Live, manner),
        Some(HelpTopic::Capture) => Command::HelpVerb(Verb::Capture, manner),
        Some(HelpTopic::Metrics) => Command::HelpVerb(Verb::Metrics, manner),
        Some(HelpTopic::Report) => Command::HelpVerb(Verb::Report, manner),
        Some(HelpTopic::Ship) => Command::HelpVerb(Verb::Ship, manner),
        Some(HelpTopic::Examples) => Command::HelpExamples,
        // Windows shows its help whatever stands behind /?.
        None if manner == Manner::Windows || matches!(word.as_encoded_bytes(), [b'-' | b'/', ..]) => {
            Command::Help(manner)
        }
        None => {
            let near = nearest(name, HelpTopic::NAMES, (name.len() / 3).clamp(1, 3));
            let word = quoted(word);
            return Err(match near {
                Some(near) => complaint!(
                    "there is no help about {word}: type netstat --help {near}",
                    "{word}: 도움말에 없는 주제입니다. 이렇게 입력하세요: netstat --help {near}",
                    word,
                    near
                ),
                None => complaint!(
                    "there is no help about {word}: the topics are {topics}",
                    "{word}: 도움말에 없는 주제입니다. 주제: {topics}",
                    word,
                    topics = HelpTopic::NAMES.join(", ")
                ),
            });
        }
    })
}
