//! The command line of `netstat`: one table, and everything made from it.
//!
//! To add an option, add one entry to a list in `table/` and the field it sets to [`Arguments`]. The parser, the
//! help text, the man page, the Markdown reference and the completions all read the table, and the tests of the
//! table check the new entry.
//!
//! | file | its job |
//! |---|---|
//! | `entry.rs` | what an option is: spelling, texts, effect |
//! | `table.rs`, `table/` | the options |
//! | `arguments.rs` | the command line as typed, as data |
//! | `command.rs` | what the command line asks for |
//! | `parse.rs` | words to [`Command`] |
//! | `combine.rs` | which options go together |
//! | `values.rs`, `values/` | the text of a value to the value |
//! | `complaint.rs`, `mistakes.rs` | the one line about what was not understood, and what was probably meant |
//! | `windows.rs` | what Windows does not have, and the quotes of its command prompt |
//! | `dialect.rs` | which dialect a command line is in |
//! | `habits.rs` | what people of other tools type, and what to type here |
//! | `syntax.rs` | whether words are a filter |
//! | `net_tools/` | the net-tools dialect |
//! | `verb.rs` | which options go with a first word such as `check` |
//! | `check.rs`, `record.rs`, `history.rs`, `act.rs`, `live.rs`, `capture.rs`, `report.rs` | the words after `netstat check` and the others |
//! | `words.rs` | the words that are not options: interval, filter |
//! | `document.rs`, `generate/` | help, man page, reference and completions from the table |
//! | `complete/` | what a shell may offer for the word at its cursor |
//! | `help_topic.rs` | what `--help` can be asked about |
//! | `answer.rs`, `printed_text.rs` | the texts that are printed instead of a report |

mod act;
mod answer;
mod arguments;
mod capture;
mod check;
mod combine;
mod command;
mod complaint;
mod complete;
mod dialect;
mod document;
mod entry;
mod fleet;
mod generate;
mod habits;
mod help_topic;
mod history;
mod live;
mod metrics;
mod mistakes;
mod net_tools;
mod parse;
mod printed_text;
mod record;
mod report;
mod syntax;
mod table;
#[cfg(test)]
mod tests;
mod values;
mod verb;
mod windows;
mod words;

pub(crate) use arguments::{ActArguments, Arguments, Colour, Netns, ProtocolName, Verb};
pub(crate) use command::Command;
pub(crate) use complete::{KnownNames, WORD as COMPLETE, completions};
pub(crate) use dialect::{VARIABLE as DIALECT_VARIABLE, for_this_shell, typed_language, understand};
pub(crate) use net_tools::NetToolsArguments;
pub(crate) use parse::parse;
pub(crate) use printed_text::PrintedText;
