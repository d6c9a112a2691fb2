//! The texts that are printed instead of a report.

use super::command::{Command, Manner};
use super::printed_text::PrintedText;
use super::{generate, net_tools};
use crate::render::sockets;
use netstat_engine::columns::Column;
use netstat_engine::text::Language;

/// The exit code of net-tools where an option is not one.
const NET_TOOLS_MISUSED: u8 = 3;

fn column_help(language: Language) -> String {
    let mut text = Vec::new();
    // Writing to a Vec cannot fail.
    let _ = sockets::render_column_help(&mut text, Column::is_available, language);
    String::from_utf8_lossy(&text).into_owned()
}

impl Command {
    /// Returns the text that answers the command, in this language where there is more than one, or `None` if it asks for a report.
    pub(crate) fn answer(&self, language: Language) -> Option<PrintedText> {
        // Windows writes its help to standard error and exits with 1, and scripts rely on the empty output. Users who
        // ask in the Unix way expect a text they can pipe, and success.
        let to_stderr = matches!(self, Self::Help(Manner::Windows) | Self::HelpVerb(_, Manner::Windows));
        let text = match self {
            Self::Run(_) | Self::RunNetTools(_) => return None,
            Self::NetToolsSaid(text) => return Some(text.clone()),
            Self::NetToolsUsage(wrong) => {
                let text = net_tools::usage();
                return Some(match wrong {
                    None => PrintedText { text, to_stderr: false, exit_code: 0 },
                    Some(line) => {
                        let line = if line.is_empty() { String::new() } else { format!("netstat: {line}\n") };
                        let text = format!("{line}{text}");
                        PrintedText { text, to_stderr: true, exit_code: NET_TOOLS_MISUSED }
                    }
                });
            }
            Self::Help(Manner::Windows) => generate::help(),
            Self::Help(Manner::Short) => generate::short(language),
            Self::Help(Manner::Unix) => generate::full(language),
            Self::HelpExamples => generate::help_of_examples(language),
            Self::HelpVerb(verb, _) => generate::help_of(*verb, language),
            Self::HelpFilter => netstat_engine::filter::help(language),
            Self::ColumnHelp => column_help(language),
            Self::Version => format!("netstat {}\n", env!("CARGO_PKG_VERSION")),
            Self::Generate(document) => generate::text(*document, language),
        };
        Some(PrintedText { text, to_stderr, exit_code: u8::from(to_stderr) })
    }
}
