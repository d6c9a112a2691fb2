//! Options of the program as a whole.

use super::super::arguments::{Dialect, LANGUAGES};
use super::super::command::Command;
use super::super::document::Document;
use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;

/// The one argument that is not an option.
#[derive(Debug)]
pub(crate) struct Positional {
    /// Its name in the documents.
    pub(crate) name: &'static str,
    /// Sentences for the help text.
    pub(crate) help: &'static str,
    /// More sentences, for the man page and the reference.
    pub(crate) details: &'static str,
}

pub(crate) const INTERVAL: Positional = Positional {
    name: "interval",
    help: "Repeats the report every interval seconds until Ctrl+C is pressed or --count is reached. Without it the \
           report is shown once.",
    details: "A whole number, at least 1.",
};

pub(super) const OPTIONS: &[Entry] = entries! { Program;
    [] "count", value(count, "N", "3", ValueKind::Free, values::parse_count);
        "With an interval or --watch, stop after this many displays",
        "With an interval or --watch, stops after the report has been shown N times.";
    [] "dialect", effect(Effect::Value(
            Value { name: "NAME", example: "net-tools", kind: ValueKind::Choice(&Dialect::NAMES) },
            |_, text| values::parse_dialect(text).map(drop),
        ));
        "Choose whose options and text these are",
        "Chooses whose options and text these are: windows, or net-tools for those of the netstat that Linux has in \
         net-tools."
        details "Without it the environment variable NETSTAT_DIALECT decides, and without that what is typed: options \
                 that only one of the two knows, as in -tulpn or -anob. What both know is that of Windows.";
    [] "exists", switch(exists);
        "Say by the exit code alone whether a row matches the filter",
        "Prints nothing. The exit code is 0 if a row matches the filter, 1 if none does, 2 on failure or if the answer \
         depends on something that could not be read, such as owners you may not see."
        details "For scripts, as in: if netstat --exists lport 8080 state listening; then ...";
    [] "generate", effect(Effect::AnswerWith(
            Value { name: "DOCUMENT", example: "man", kind: ValueKind::Choice(&Document::NAMES) },
            |text| values::parse_document(text).map(Command::Generate),
        ));
        "Write the man page, the reference or a completion",
        "Writes a document made from the options of this program: man, markdown, complete-bash, complete-zsh, \
         complete-fish, complete-powershell; the JSON Schema of --json: schema, and of netstat check: check-schema; the \
         reference of the checks: checks; or the letters of both dialects: dialects.";
    ['h', '?'] "help", effect(Effect::Answer(Command::Help));
        "Show the help text",
        "Shows this text, as do /? and -?."
        details "So do the words help, -help, /help and /h. Asked for as on Windows (/?, -?, /h, /help) it goes to \
                 standard error with exit code 1, as there; asked for as on Unix (--help, -h, -help, help) it goes to \
                 standard output with exit code 0.";
    [] "lang", value(lang, "LANGUAGE", "ko", ValueKind::Choice(&LANGUAGES), values::parse_lang);
        "Choose the language of titles and headings",
        "Chooses the language of titles and headings, whatever the system says: en or ko."
        details "Without it the locale decides; on Windows the display language of the user decides, if the output can \
                 show it.";
    [] "record", value(record, "DIR", "recording", ValueKind::Directory, |text| values::parse_directory("--record", text));
        "Write every answer of the operating system to files",
        "Also writes every answer of the operating system to files in DIR, for --replay."
        details "Such a directory makes a bug report complete. It holds addresses and process names of this host.";
    [] "replay", value(replay, "DIR", "recording", ValueKind::Directory, |text| values::parse_directory("--replay", text));
        "Answer from a directory that --record wrote",
        "Answers from the files that --record wrote to DIR instead of asking the operating system."
        details "It needs no privileges, and cannot be combined with --record.";
    [] "version", effect(Effect::Answer(|_| Command::Version));
        "Show the version",
        "Shows the version of this program.";
    [] "timeout", value(timeout, "TIME", "30s", ValueKind::Free, values::parse_wait_timeout);
        "With --wait, give up after this time",
        "With --wait, gives up after this time: seconds, as in 30 or 30s, or 500ms."
        details "Without it --wait waits forever.";
    [] "utf8", switch(utf8);
        "On Windows, write UTF-8 to files and pipes",
        "On Windows, writes UTF-8 to files and pipes. Without it they get the code page of the console."
        details "Windows programs that read the output expect the code page of the console, or without a console that \
                 of the system (OEM); characters that it lacks are shown as ?. JSON and CSV are always UTF-8. A console \
                 shows every character either way. On other systems all output is UTF-8, and this option has no effect.";
    [] "wait", switch(wait);
        "Return as soon as a row matches the filter",
        "Prints nothing and returns as soon as a row matches the filter. The exit code is 0 then, 1 if --timeout ends \
         first, 2 on failure."
        details "For scripts that start a service, as in netstat --wait lport 5432 state listening --timeout 30s.";
    [] "watch", value(watch, "TIME", "2s", ValueKind::Free, values::parse_watch);
        "Draw the report again in place every TIME",
        "Draws the report again every TIME (2s, 500ms) until Ctrl+C: on a terminal in place, + before the rows that came and - \
         before those that went, otherwise as an interval does. netstat check shows what appeared, got worse, eased or \
         went away."
        details "A row that went is shown once more. What does not fit into the terminal is counted. --count N \
                 stops after N displays. With --json each display is a document. Rates of netstat check are measured \
                 between two looks; a plain number of seconds does the same there: netstat check 10.";
};
