//! The command line of `netstat`: one table, and everything made from it.
//!
//! To add an option, add one entry to a list in `table/` and the field it sets to [`Arguments`]. The parser, the
//! help text, the man page, the Markdown reference and the completions all read the table, and the tests of the
//! table check the new entry.
//!
//! | file | its job |
//! |---|---|
//! | `table.rs`, `table/` | the options: spelling, help, effect |
//! | `arguments.rs` | what was typed, as data |
//! | `parse.rs` | words to [`Command`] |
//! | `values.rs` | the text of one value to the value |
//! | `complaint.rs` | the one line said about what was not understood |
//! | `net_tools.rs` | what people who know the other netstat, or `ss`, meant |
//! | `check.rs` | the words after `netstat check` |
//! | `words.rs` | the words that are no options: interval, filter |
//! | `quote.rs` | words of the command line made safe for a terminal |
//! | `generate/` | help, man page, reference and completions from the table |

mod arguments;
mod check;
mod complaint;
mod generate;
mod net_tools;
mod parse;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod words;

use crate::columns::Column;
use crate::render::sockets;
pub(crate) use arguments::{Arguments, Colour, Format, Lang, ProtocolName};
pub(crate) use generate::Document;
pub(crate) use parse::parse;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Command {
    /// Show a report.
    Run(Box<Arguments>),
    /// Show the help text.
    Help(Manner),
    /// Show the help text of `netstat check`.
    HelpCheck(Manner),
    /// Show the page about filters.
    HelpFilter,
    /// Show what `--columns` knows.
    ColumnHelp,
    /// Show the version.
    Version,
    /// Write one of the documents made from the option table.
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

/// A text to print instead of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The text, with its last line end.
    pub(crate) text: String,
    /// Whether it goes to standard error.
    pub(crate) to_stderr: bool,
    /// The exit code.
    pub(crate) exit_code: u8,
}

fn column_help() -> String {
    let mut text = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = sockets::render_column_help(&mut text, Column::is_available);
    String::from_utf8_lossy(&text).into_owned()
}

impl Command {
    /// The text that answers the command, or `None` when it asks for a report.
    pub(crate) fn answer(&self) -> Option<Answer> {
        // Windows writes its help to standard error, fails with it, and scripts rely on the empty output. Whoever
        // asks in the Unix way expects a text that can be piped, and success.
        let to_stderr = matches!(self, Self::Help(Manner::Windows) | Self::HelpCheck(Manner::Windows));
        let text = match self {
            Self::Run(_) => return None,
            Self::Help(_) => generate::help(),
            Self::HelpCheck(_) => generate::help_of_check(),
            Self::HelpFilter => netstat_engine::filter::HELP.clone(),
            Self::ColumnHelp => column_help(),
            Self::Version => format!("netstat {}\n", env!("CARGO_PKG_VERSION")),
            Self::Generate(document) => document.text(),
        };
        Some(Answer { text, to_stderr, exit_code: u8::from(to_stderr) })
    }
}
