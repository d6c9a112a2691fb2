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
mod settings;
pub mod view;

use options::{Answer, Command};
use output::Trouble;
use settings::Settings;
use std::ffi::OsString;
use std::io::Write;
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
    let done = match options::parse(words) {
        Ok(Command::Run(arguments)) => {
            report::run(&Settings::new(&arguments, |name| std::env::var(name).ok()))
        }
        Ok(command) => command.answer().map_or(Ok(ExitCode::SUCCESS), |text| show(&text)),
        Err(complaint) => Err(Trouble { line: complaint.to_string(), filter: complaint.filter }),
    };
    done.unwrap_or_else(|trouble| {
        trouble.say();
        ExitCode::from(failure)
    })
}

fn show(answer: &Answer) -> Result<ExitCode, Trouble> {
    let text = answer.text.as_bytes();
    if answer.to_stderr {
        let _ = std::io::stderr().write_all(text);
    } else {
        output::text(text)?;
    }
    Ok(ExitCode::from(answer.exit_code))
}
