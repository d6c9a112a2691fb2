//! The `netstat` program.
//!
//! `options` parses the command line, `settings` interprets it, `report` asks the system and hands plain data to
//! [`netstat_engine::view`], which selects, sorts and counts rows; [`render`] turns them into bytes, and `output` writes them.

mod live_names;
mod options;
mod output;
pub mod render;
mod report;
mod settings;
mod warning_text;

use live_names::LiveNames;
use options::{Command, PrintedText};
use output::{Trouble, Utf8};
use settings::Settings;
use std::ffi::OsString;
use std::process::ExitCode;

/// The stack that the program runs on, in bytes; it needs a quarter of it.
const STACK: usize = 1 << 20;

/// Runs the program as [`run`] does, on a stack of its own where that of the system may be too small (`ulimit -s`).
pub fn start(words: Vec<OsString>) -> ExitCode {
    #[cfg(windows)]
    output::trust_system_libraries_alone();
    if !output::has_little_stack(STACK) {
        return run(words);
    }
    let again = words.clone();
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || run(words));
    match thread {
        // A panic has been reported by then.
        Ok(thread) => thread.join().unwrap_or(ExitCode::FAILURE),
        Err(_) => run(again),
    }
}

/// Runs the program with the words of the command line, without the program name.
///
/// Data goes to standard output, everything else to standard error. The exit code is 0 if the report was shown, even if
/// the reader closed the pipe early, and 1 on any error; `--exists`, `--wait`, `check`, `close` and `end` have their own codes.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    // Scripts that read the exit code must be able to tell "no" from an error.
    let failure = match words.first() {
        // UNKNOWN for monitoring systems.
        Some(word) if word.eq_ignore_ascii_case("check") => 3,
        Some(word) if ["close", "end"].iter().any(|verb| word.eq_ignore_ascii_case(verb)) => 2,
        _ if words.iter().any(|word| word == "--exists" || word == "--wait") => 2,
        _ => 1,
    };
    // Honour --utf8 even if parsing fails, so that the error is readable.
    let utf8 = words.iter().any(|word| word == "--utf8");
    let environment = |name: &str| std::env::var(name).ok();
    // Asked for on the command line, a language is that of what is wrong there, too.
    let system_language = output::system_language();
    let language =
        options::typed_language(&words).unwrap_or_else(|| settings::language(environment, system_language));
    output::speak(language);
    let dialect = std::env::var_os(options::DIALECT_VARIABLE);
    if words.first().is_some_and(|word| word == options::COMPLETE) {
        // PowerShell reads what a program writes in the code page of the console.
        if words.get(1).is_none_or(|shell| shell != "powershell") {
            output::write_utf8(Utf8::Data);
        }
        let answer = options::completions(&words, dialect.as_deref(), language, &LiveNames { language });
        // A shell that reads no more needs no error.
        let _ = output::text(answer.as_bytes());
        return ExitCode::SUCCESS;
    }
    let command = options::understand(&words, dialect.as_deref());
    if utf8 || matches!(&command, Ok(Command::Run(arguments)) if arguments.utf8) {
        output::write_utf8(Utf8::Everything);
    }
    let done = match command {
        Ok(Command::Run(arguments)) => {
            if !arguments.formats.is_empty() {
                output::write_utf8(Utf8::Data);
            }
            report::run(&Settings::new(&arguments, environment, system_language))
        }
        Ok(Command::RunNetTools(arguments)) => {
            let settings = Settings::of_net_tools(&arguments);
            output::speak(settings.language);
            report::run(&settings)
        }
        Ok(command) => {
            let is_document = matches!(command, Command::Generate(_));
            command.answer(language).map_or(Ok(ExitCode::SUCCESS), |answer| show(&answer, is_document))
        }
        Err(complaint) => {
            let meaning =
                complaint.word.as_deref().and_then(|word| report::meaning(word, complaint.is_of_one_word()));
            let line = complaint.text().map(|line| options::for_this_shell(line.to_owned()));
            Err(Trouble { line, filter: complaint.filter, meaning })
        }
    };
    let code = done.unwrap_or_else(|trouble| {
        trouble.say();
        ExitCode::from(failure)
    });
    output::restore();
    if output::interrupt::is_pending() {
        output::interrupt::end();
    }
    code
}

/// Prints a text instead of a report. Generated documents are always UTF-8 with LF, the same file on every system.
fn show(answer: &PrintedText, is_document: bool) -> Result<ExitCode, Trouble> {
    if is_document {
        output::write_utf8(Utf8::Data);
        output::text(answer.text.as_bytes())?;
    } else {
        let text = options::for_this_shell(answer.text.clone());
        if answer.to_stderr {
            output::error_text(&text);
        } else {
            output::people(&text)?;
        }
    }
    Ok(ExitCode::from(answer.exit_code))
}
