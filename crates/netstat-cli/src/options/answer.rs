//! The texts that are printed instead of a report.

use super::command::{Command, Manner};
use super::generate;
use crate::render::sockets;
use netstat_engine::columns::Column;

/// A text to print instead of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrintedText {
    /// The text, with its last line end.
    pub(crate) text: String,
    /// Whether it goes to standard error.
    pub(crate) to_stderr: bool,
    pub(crate) exit_code: u8,
}

fn column_help() -> String {
    let mut text = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = sockets::render_column_help(&mut text, Column::is_available);
    String::from_utf8_lossy(&text).into_owned()
}

impl Command {
    /// Returns the text that answers the command, or `None` if it asks for a report.
    pub(crate) fn answer(&self) -> Option<PrintedText> {
        // Windows writes its help to standard error and exits with 1, and scripts rely on the empty output. Users who
        // ask in the Unix way expect a text they can pipe, and success.
        let to_stderr = matches!(self, Self::Help(Manner::Windows) | Self::HelpVerb(_, Manner::Windows));
        let text = match self {
            Self::Run(_) => return None,
            Self::Help(_) => generate::help(),
            Self::HelpVerb(verb, _) => generate::help_of(*verb),
            Self::HelpFilter => netstat_engine::filter::HELP.clone(),
            Self::ColumnHelp => column_help(),
            Self::Version => format!("netstat {}\n", env!("CARGO_PKG_VERSION")),
            Self::Generate(document) => generate::text(*document),
        };
        Some(PrintedText { text, to_stderr, exit_code: u8::from(to_stderr) })
    }
}
