//! Options of the program as a whole.

use super::super::arguments::Lang;
use super::super::generate::Document;
use super::super::{Command, values};
use super::{Effect, Entry, Report, Value, ValueKind};

/// The one argument that is not an option.
#[derive(Debug)]
pub(crate) struct Positional {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Sentences for the help text.
    pub(crate) help: &'static str,
    /// More sentences, for the man page and the reference.
    pub(crate) details: &'static str,
}

/// The interval.
pub(crate) const INTERVAL: Positional = Positional {
    name: "interval",
    help: "Shows the report again and again, with a pause of interval seconds between, until CTRL+C is pressed or \
           --count is reached. Without it the report is shown once.",
    details: "A whole number, at least 1.",
};

pub(super) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &[],
        long: "count",
        in_synopsis: false,
        summary: "With an interval, stop after this many displays",
        help: "With an interval, stops after the report has been shown N times.",
        details: "",
        inferred: None,
        report: Report::Program,
        effect: Effect::Value(Value { name: "N", example: "3", kind: ValueKind::Free }, |arguments, text| {
            arguments.count = Some(values::parse_count(text)?);
            Ok(())
        }),
    },
    Entry {
        letters: &[],
        long: "exists",
        in_synopsis: false,
        summary: "Say by the exit code alone whether a row matches the filter",
        help: "Shows nothing. The exit code is 0 if a row matches the filter, 1 if none does, 2 on failure, or where owners \
               decide that may not be seen.",
        details: "For scripts, as in: if netstat --exists lport 8080 state listening; then ...",
        inferred: None,
        report: Report::Program,
        effect: Effect::Switch(|arguments| arguments.exists = true),
    },
    Entry {
        letters: &[],
        long: "generate",
        in_synopsis: false,
        summary: "Write the man page, the reference or a completion",
        help: "Writes a document made from the options of this program: man, markdown, complete-bash, complete-zsh, \
               complete-fish, complete-powershell; the JSON Schema of --json: schema, and of netstat check: check-schema; or \
               the reference of the checks: checks.",
        details: "",
        inferred: None,
        report: Report::Program,
        effect: Effect::AnswerWith(
            Value { name: "DOCUMENT", example: "man", kind: ValueKind::Choice(&Document::NAMES) },
            |text| values::parse_document(text).map(Command::Generate),
        ),
    },
    Entry {
        letters: &['h', '?'],
        long: "help",
        in_synopsis: false,
        summary: "Show the help text",
        help: "Shows this text, as do /? and -?.",
        details: "So do the words help, -help, /help and /h. Asked for as on Windows (/?, -?, /h, /help) it goes to \
                  standard error with exit code 1, as there; asked for as on Unix (--help, -h, -help, help) it goes \
                  to standard output with exit code 0.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Answer(Command::Help),
    },
    Entry {
        letters: &[],
        long: "lang",
        in_synopsis: false,
        summary: "Choose the language of titles and headings",
        help: "Chooses the language of titles and headings, whatever the system says: en or ko.",
        details: "Without it the locale decides; on Windows the language of the user does, if what is written to can \
                  show it.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Value(
            Value { name: "LANGUAGE", example: "ko", kind: ValueKind::Choice(&Lang::NAMES) },
            |arguments, text| {
                arguments.lang = Some(values::parse_lang(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "record",
        in_synopsis: false,
        summary: "Write every answer of the operating system to files",
        help: "Also writes every answer of the operating system to files in DIR, for --replay.",
        details: "Such a directory makes a bug report complete. It holds addresses and process names of this host.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Value(
            Value { name: "DIR", example: "recording", kind: ValueKind::Directory },
            |arguments, text| {
                arguments.record = Some(values::parse_directory("--record", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "replay",
        in_synopsis: false,
        summary: "Answer from a directory that --record wrote",
        help: "Answers from the files that --record wrote to DIR instead of asking the operating system.",
        details: "It needs no privileges, and cannot be combined with --record.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Value(
            Value { name: "DIR", example: "recording", kind: ValueKind::Directory },
            |arguments, text| {
                arguments.replay = Some(values::parse_directory("--replay", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "version",
        in_synopsis: false,
        summary: "Show the version",
        help: "Shows the version of this program.",
        details: "",
        inferred: None,
        report: Report::Program,
        effect: Effect::Answer(|_| Command::Version),
    },
    Entry {
        letters: &[],
        long: "timeout",
        in_synopsis: false,
        summary: "With --wait, give up after this time",
        help: "With --wait, gives up after this time: seconds, as in 30 or 30s, or 500ms.",
        details: "Without it --wait waits for ever.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Value(
            Value { name: "TIME", example: "30s", kind: ValueKind::Free },
            |arguments, text| {
                arguments.timeout = Some(values::parse_wait_timeout(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "utf8",
        in_synopsis: false,
        summary: "On Windows, write UTF-8 to files and pipes",
        help: "On Windows, writes UTF-8 to files and pipes. Without it they get the code page of the console.",
        details: "Programs of Windows that read on expect the code page of the console, or where there is none that of \
                  the system (OEM); what that has not is shown as ?. JSON and CSV are always UTF-8. A console shows \
                  every character either way. Elsewhere everything is UTF-8, and this option changes nothing.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Switch(|arguments| arguments.utf8 = true),
    },
    Entry {
        letters: &[],
        long: "wait",
        in_synopsis: false,
        summary: "Return as soon as a row matches the filter",
        help: "Shows nothing and returns as soon as a row matches the filter. The exit code is 0 then, 1 if --timeout is \
               over before, 2 on failure.",
        details: "For scripts that start a service, as in netstat --wait lport 5432 state listening --timeout 30s.",
        inferred: None,
        report: Report::Program,
        effect: Effect::Switch(|arguments| arguments.wait = true),
    },
];
