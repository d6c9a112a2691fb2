//! The `netstat` program.
//!
//! `options` turns words into arguments, `settings` says what they mean, `report` asks the system and hands plain
//! data to [`view`], which answers one question; [`render`] turns the answer into bytes, and `output` writes them.

pub(crate) mod check;
pub mod columns;
mod options;
mod output;
pub mod render;
mod report;
pub mod row;
mod settings;
pub mod text;
pub mod view;
mod warning_text;

use options::{Answer, Command};
use output::{Trouble, Utf8};
use settings::Settings;
use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program with these words of the command line, its own name left out.
///
/// Standard output has the data, standard error all else. The exit code is 0 when the report was shown, also when a
/// reader closed the pipe early, and 1 when anything failed or was not
/// understood; `--exists`, `--wait` and `check` have their own.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    // A script that asks by the exit code must be able to tell a no from a failure.
    let failure = match words.first() {
        // What is not known, as monitoring systems have it.
        Some(word) if word.eq_ignore_ascii_case("check") => 3,
        _ if words.iter().any(|word| word == "--exists" || word == "--wait") => 2,
        _ => 1,
    };
    // What is wrong with the rest of the words is to be read as well.
    let utf8 = words.iter().any(|word| word == "--utf8");
    let command = options::parse(words);
    if utf8 || matches!(&command, Ok(Command::Run(arguments)) if arguments.utf8) {
        output::write_utf8(Utf8::Everything);
    }
    let done = match command {
        Ok(Command::Run(arguments)) => {
            if arguments.formats().next().is_some() {
                output::write_utf8(Utf8::Data);
            }
            let environment = |name: &str| std::env::var(name).ok();
            report::run(&Settings::new(&arguments, environment, output::system_language()))
        }
        Ok(command) => {
            let is_document = matches!(command, Command::Generate(_));
            command.answer().map_or(Ok(ExitCode::SUCCESS), |answer| show(&answer, is_document))
        }
        Err(complaint) => Err(Trouble { line: complaint.to_string(), filter: complaint.filter }),
    };
    let code = done.unwrap_or_else(|trouble| {
        trouble.say();
        ExitCode::from(failure)
    });
    output::restore();
    code
}

/// A document is the same file on every system.
fn show(answer: &Answer, is_document: bool) -> Result<ExitCode, Trouble> {
    if is_document {
        output::write_utf8(Utf8::Data);
        output::text(answer.text.as_bytes())?;
    } else if answer.to_stderr {
        output::error_text(&answer.text);
    } else {
        output::people(&answer.text)?;
    }
    Ok(ExitCode::from(answer.exit_code))
}
