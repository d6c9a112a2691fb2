//! Tests of the command line.

mod act;
mod capture;
mod check;
mod dialect;
mod documents;
mod families;
mod metrics;
mod parse;
mod record;
mod report;
mod table;

use super::complaint::Complaint;
use super::{Arguments, Command};
use std::ffi::OsString;

/// Parses a command line that is split at blanks.
pub(super) fn parse_line(line: &str) -> Result<Command, Complaint> {
    super::parse(line.split(' ').filter(|word| !word.is_empty()).map(OsString::from))
}

/// The arguments of a command line that asks for a report.
#[track_caller]
fn arguments(line: &str) -> Arguments {
    match parse_line(line) {
        Ok(Command::Run(arguments)) => *arguments,
        other => panic!("{line:?} gave {other:?}"),
    }
}

/// The complaint about a command line.
#[track_caller]
pub(super) fn complaint_about(line: &str) -> String {
    match parse_line(line) {
        Err(complaint) => complaint.to_string(),
        Ok(command) => panic!("{line:?} gave {command:?}"),
    }
}

/// The words that a shell makes of a line, as far as single quotes go.
pub(super) fn of_shell(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for character in line.chars() {
        match character {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a text is one line that a terminal shows as it is.
fn is_one_plain_line(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|character| !character.is_control() && !is_deceptive(character))
}

fn is_deceptive(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
