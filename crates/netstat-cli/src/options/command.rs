//! What a command line asks for.

use super::arguments::{Arguments, Verb};
use super::document::Document;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Show a report.
    Run(Box<Arguments>),
    /// Show the help text.
    Help(Manner),
    /// Show the help text of `netstat check` or another such word.
    HelpVerb(Verb, Manner),
    /// Show the page about filters.
    HelpFilter,
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
    /// `-h`, `-help`, `--help`, `help`.
    Unix,
}
