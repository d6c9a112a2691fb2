//! What a command line asks for.

use super::arguments::{Arguments, Verb};
use super::document::Document;
use super::net_tools::NetToolsArguments;
use super::printed_text::PrintedText;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Show a report.
    Run(Box<Arguments>),
    /// Show a report of the net-tools dialect.
    RunNetTools(Box<NetToolsArguments>),
    /// Show the usage text of the net-tools dialect, which is an error where it follows a line that says what is wrong
    /// (an empty one for `-?`).
    NetToolsUsage(Option<String>),
    /// Say what net-tools says where it has no report.
    NetToolsSaid(PrintedText),
    /// Show the help text.
    Help(Manner),
    /// Show the help text of `netstat check` or another such word.
    HelpVerb(Verb, Manner),
    /// Show the page about filters.
    HelpFilter,
    /// Show examples.
    HelpExamples,
    /// Show the columns of `--columns`.
    ColumnHelp,
    /// Show the version.
    Version,
    /// Write a document made from the option table.
    Generate(Document),
}

/// How help was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// `/?`, `-?`, `/h`, `/help`.
    Windows,
    /// `-help`, `--help`, `help`.
    Unix,
    /// `-h`.
    Short,
}
