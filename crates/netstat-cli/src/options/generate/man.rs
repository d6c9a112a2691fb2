//! The man page, in the man(7) macros, which every formatter of man pages knows.

use super::super::entry::{Entry, Topic};
use super::super::table::{self, INTERVAL};
use super::examples;
use super::help::SUMMARY;
use crate::render::wrap::wrapped;

/// The date in the footer: the day the texts of the page last changed. The page shows no version, so that it changes
/// only with its texts.
const REVISED: &str = "2026-11-29";

/// The width of source lines; formatters fill lines themselves.
const WIDTH: usize = 79;

/// The man page.
pub(super) fn man() -> String {
    let mut page = format!(
        ".\\\" Made by netstat --generate man. Do not edit.\n.TH NETSTAT 1 {REVISED} netstat \"User Commands\"\n\
         .SH NAME\nnetstat \\- show network connections, routes and statistics\n.SH SYNOPSIS\n.B netstat\n"
    );
    for entry in table::sorted() {
        // The percent sign prevents hyphenation.
        page.push_str(&format!("\\%[{}]\n", spelled(entry, false)));
    }
    page.push_str(&format!("[\\fI{}\\fR]\n", INTERVAL.name));
    page.push_str(".SH DESCRIPTION\n");
    paragraph(&mut page, SUMMARY.english());
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "The command line and the output are those of netstat on Windows. Without options it shows TCP connections, with \
         host and service names where they are known.",
    );
    page.push_str(".PP\n");
    paragraph(
        &mut page,
        "Letters may be combined in any order and typed in any case, after - or / (-ano, /NAO). Long options take two \
         dashes; their value is the next word or follows an equals sign.",
    );
    page.push_str(".SH OPTIONS\n");
    for (report, heading) in Topic::ALL {
        page.push_str(&format!(".SS {heading}\n"));
        for entry in table::sorted().into_iter().filter(|entry| entry.report == report) {
            item(&mut page, &spelled(entry, true), entry.help.english(), entry.details);
            if let Some(inferred) = entry.inferred {
                page.push_str(".IP\n");
                paragraph(
                    &mut page,
                    &format!("Format not documented by Microsoft: {}", lower_first(inferred)),
                );
            }
        }
        if report == Topic::Program {
            item(&mut page, &format!("\\fI{}\\fR", INTERVAL.name), INTERVAL.help.english(), INTERVAL.details);
        }
    }
    page.push_str(".SH EXIT STATUS\n.TP\n0\nThe report was shown.\n.TP\n1\n");
    paragraph(
        &mut page,
        "An error occurred, the command line was not understood, or help was asked for as on Windows (/?, -?). The reason \
         is on standard error.",
    );
    page.push_str(".PP\nThe exit codes of\n.B netstat check\n");
    paragraph(
        &mut page,
        "are what monitoring systems expect: 0 ok, or only notices; 1 warning; 2 critical; 3 unknown, or \
         an error.",
    );
    page.push_str(".SH EXAMPLES\n");
    for (command, meaning) in &examples::EXAMPLES {
        page.push_str(&format!(".TP\n.B {}\n", escape(command)));
        paragraph(&mut page, meaning.english());
    }
    page.push_str(".SH SEE ALSO\n.BR ss (8),\n.BR ip (8),\n.BR services (5)\n");
    page
}

/// Returns the option in bold and its value in italics: `-p proto`; with every spelling if `all` is set.
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

/// Writes one sentence per line, the convention for man pages, so that changes are easy to review.
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
    for line in wrapped(sentence, WIDTH) {
        // A line that begins with a period or an apostrophe would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        page.push_str(&format!("{guard}{line}\n"));
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// Lowers the first letter, except of an abbreviation.
fn lower_first(text: &str) -> String {
    if text.chars().nth(1).is_some_and(char::is_uppercase) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
