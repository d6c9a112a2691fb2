//! The man page, in the man(7) macros, which every formatter of man pages knows.

use super::super::table::{self, Entry, INTERVAL, Report};
use super::help::SUMMARY;
use super::wrap;

/// The day the texts of the page last changed, which its foot shows. It has no version, to change only with them.
const REVISED: &str = "2026-11-25";

/// The columns of a source line; formatters fill the lines themselves.
const WIDTH: usize = 79;

/// The man page.
pub(super) fn man() -> String {
    let mut page = format!(
        ".\\\" Made by netstat --generate man. Do not edit.\n.TH NETSTAT 1 {REVISED} netstat \"User Commands\"\n\
         .SH NAME\nnetstat \\- show network connections, routes and statistics\n.SH SYNOPSIS\n.B netstat\n"
    );
    for entry in table::sorted() {
        // The percent sign keeps it from being hyphenated.
        page.push_str(&format!("\\%[{}]\n", spelled(entry, false)));
    }
    page.push_str(&format!("[\\fI{}\\fR]\n", INTERVAL.name));
    page.push_str(".SH DESCRIPTION\n");
    paragraph(&mut page, SUMMARY);
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "The command line and the text are those of netstat on Windows. Without options the TCP connections are shown, \
         with names where they are known.",
    );
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "Letters may be combined in any order and typed in any case, after - or / (-ano, /NAO). Long options take two \
         dashes; their value is the next word or follows an equals sign.",
    );
    page.push_str(".SH OPTIONS\n");
    for (report, heading) in Report::ALL {
        page.push_str(&format!(".SS {heading}\n"));
        for entry in table::sorted().into_iter().filter(|entry| entry.report == report) {
            item(&mut page, &spelled(entry, true), entry.help, entry.details);
            if let Some(inferred) = entry.inferred {
                page.push_str(".IP\n");
                paragraph(
                    &mut page,
                    &format!("Not known of Windows, and chosen here: {}", lower_first(inferred)),
                );
            }
        }
        if report == Report::Program {
            item(&mut page, &format!("\\fI{}\\fR", INTERVAL.name), INTERVAL.help, INTERVAL.details);
        }
    }
    page.push_str(".SH EXIT STATUS\n.TP\n0\nThe report was shown.\n.TP\n1\n");
    paragraph(
        &mut page,
        "It could not be shown, the command line was not understood, or help was asked for as on Windows (/?, -?). \
         The reason is on standard error.",
    );
    page.push_str(".PP\nThose of\n.B netstat check\n");
    paragraph(
        &mut page,
        "are what monitoring systems expect: 0 nothing is wrong, or only worth knowing; 1 a warning; 2 critical; 3 not known, \
         or an error.",
    );
    page.push_str(".SH EXAMPLES\n");
    for (command, meaning) in super::EXAMPLES {
        page.push_str(&format!(".TP\n.B {}\n", escape(command)));
        paragraph(&mut page, meaning);
    }
    page.push_str(".SH SEE ALSO\n.BR ss (8),\n.BR ip (8),\n.BR services (5)\n");
    page
}

/// The option in bold and its value in italics: `-p proto`, with every spelling when `all` is set.
fn spelled(entry: &Entry, all: bool) -> String {
    let mut spellings: Vec<_> = entry.letters.iter().map(|letter| format!("\\fB\\-{letter}\\fR")).collect();
    spellings.push(format!("\\fB\\-\\-{}\\fR", escape(entry.long)));
    if !all {
        spellings.truncate(1);
    }
    let value = entry.value().map(|value| format!("\\ \\fI{}\\fR", value.name)).unwrap_or_default();
    spellings.join(", ") + &value
}

fn item(page: &mut String, tag: &str, help: &str, details: &str) {
    page.push_str(&format!(".TP\n{tag}\n"));
    paragraph(page, help);
    paragraph(page, details);
}

/// One sentence a line, as man pages are kept, so that their changes are easy to read.
fn paragraph(page: &mut String, text: &str) {
    let text = escape(text);
    let mut rest = text.as_str();
    while let Some((sentence, after)) = rest.split_once(". ") {
        sentence_lines(page, &format!("{sentence}."));
        rest = after;
    }
    if !rest.is_empty() {
        sentence_lines(page, rest);
    }
}

fn sentence_lines(page: &mut String, sentence: &str) {
    for line in wrap(sentence, WIDTH) {
        // A line that begins with a period or an apostrophe would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        page.push_str(&format!("{guard}{line}\n"));
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// Unless it is an abbreviation.
fn lower_first(text: &str) -> String {
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
