//! Parses a command line of the net-tools dialect, with the messages of getopt_long(3).

use super::arguments::NetToolsArguments;
use super::stop::{Misused, Stop};
use super::table::{Effect, Entry, beginning_with, by_letter, by_long};
use crate::options::arguments::Arguments;
use crate::options::command::Command;
use crate::options::complaint::Complaint;
use crate::options::parse::after;
use crate::options::printed_text::PrintedText;
use crate::options::words;
use crate::render::net_tools::AddressFamily;
use netstat_engine::text::quote::{one_line, quoted};
use std::ffi::{OsStr, OsString};

/// Parses the command line, without the program name. Options may stand behind other words.
///
/// # Errors
///
/// One line about a value or a filter that is not understood. What is wrong with an option comes with the usage text.
pub(in crate::options) fn parse(words: &[OsString]) -> Result<Command, Complaint> {
    match arguments(words) {
        Ok(arguments) => Ok(Command::RunNetTools(Box::new(arguments))),
        Err(Stop::Answer(command)) => Ok(command),
        Err(Stop::Said(text)) => Ok(Command::NetToolsSaid(text)),
        Err(Stop::Misused(Misused(line))) => Ok(Command::NetToolsUsage(Some(line))),
        Err(Stop::Complaint(complaint)) => Err(complaint),
    }
}

fn arguments(words: &[OsString]) -> Result<NetToolsArguments, Stop> {
    let mut arguments = NetToolsArguments::default();
    let mut plain = Vec::new();
    let mut rest = words.iter().map(OsString::as_os_str);
    while let Some(word) = rest.next() {
        match word.as_encoded_bytes() {
            b"--" => plain.extend(rest.by_ref().map(OsStr::to_owned)),
            [b'-', b'-', ..] => long(word, &mut rest, &mut arguments)?,
            [b'-', _, ..] => letters(word, &mut rest, &mut arguments)?,
            _ => plain.push(word.to_owned()),
        }
    }
    let mut others = Arguments::default();
    words::settle(plain, &mut others)?;
    arguments.interval = others.interval;
    arguments.long_interval = others.long_interval;
    arguments.filter = others.filter;
    check(&arguments)?;
    if arguments.record.is_some() && arguments.replay.is_some() {
        return Err(Complaint::record_and_replay().into());
    }
    Ok(arguments)
}

/// Checks how the options combine.
fn check(arguments: &NetToolsArguments) -> Result<(), Stop> {
    let reports = [arguments.routes, arguments.interfaces, arguments.statistics, arguments.masquerade];
    match reports.iter().filter(|typed| **typed).count() {
        0 => return Ok(()),
        1 => {}
        _ => return Err(Misused("-r, -i, -s and -M are four reports: type one of them".to_owned()).into()),
    }
    if arguments.masquerade {
        let text = "netstat: no support for `ip_masquerade' on this system.\n".to_owned();
        return Err(Stop::Said(PrintedText { text, to_stderr: true, exit_code: 1 }));
    }
    if arguments.statistics
        && !matches!(arguments.families[..], [] | [AddressFamily::Inet] | [AddressFamily::Inet6])
    {
        let names: Vec<&str> = arguments.families.iter().map(|family| family.name()).collect();
        let text =
            format!("netstat: No statistics support for specified address family: {}\n", names.join(","));
        return Err(Stop::Said(PrintedText { text, to_stderr: false, exit_code: 1 }));
    }
    if !arguments.filter.is_empty() {
        let why = "filters work on lists of sockets only, not with -r, -i or -s: leave one of the two out";
        return Err(Complaint::of_net_tools(why).into());
    }
    Ok(())
}

/// `-tulpn`, `-A inet`, `-Ainet`.
fn letters<'a>(
    word: &'a OsStr,
    rest: &mut impl Iterator<Item = &'a OsStr>,
    arguments: &mut NetToolsArguments,
) -> Result<(), Stop> {
    let Some(text) = word.to_str() else {
        return Err(Misused(format!("{} is not an option", quoted(word))).into());
    };
    for (at, letter) in text.char_indices().skip(1) {
        let entry = by_letter(letter).ok_or_else(|| {
            Misused(format!("invalid option -- '{}'", one_line(letter.encode_utf8(&mut [0; 4]))))
        })?;
        if !entry.takes_value() {
            apply(entry, None, arguments)?;
            continue;
        }
        let glued = text.get(at + letter.len_utf8()..).filter(|glued| !glued.is_empty());
        let value = glued
            .map(OsStr::new)
            .or_else(|| rest.next())
            .ok_or_else(|| Misused(format!("option requires an argument -- '{letter}'")))?;
        return apply(entry, Some(value), arguments);
    }
    Ok(())
}

/// `--name`, `--name value`, `--name=value`, and any beginning of a name that only one has.
fn long<'a>(
    word: &'a OsStr,
    rest: &mut impl Iterator<Item = &'a OsStr>,
    arguments: &mut NetToolsArguments,
) -> Result<(), Stop> {
    let bytes = word.as_encoded_bytes();
    let equals = bytes.iter().position(|byte| *byte == b'=');
    let name = bytes.get(2..equals.unwrap_or(bytes.len())).and_then(|name| std::str::from_utf8(name).ok());
    let (name, entry) = name.map(find).transpose()?.flatten().ok_or_else(|| {
        let shown = one_line(&word.to_string_lossy());
        Misused(format!("unrecognized option '{}'", shown.split('=').next().unwrap_or_default()))
    })?;
    let given = equals.map(|position| after(word, position + 1));
    if !entry.takes_value() {
        return match given {
            Some(_) => Err(Misused(format!("option '--{name}' doesn't allow an argument")).into()),
            None => apply(entry, None, arguments),
        };
    }
    let value = given
        .or_else(|| rest.next().map(OsStr::to_owned))
        .ok_or_else(|| Misused(format!("option '--{name}' requires an argument")))?;
    apply(entry, Some(&value), arguments)
}

/// Finds a long option by its name, or by a beginning that only one option has.
fn find(name: &str) -> Result<Option<(&'static str, &'static Entry)>, Misused> {
    if let Some(entry) = by_long(name) {
        return Ok(entry.long.iter().find(|long| **long == name).map(|long| (*long, entry)));
    }
    let all: Vec<_> = beginning_with(name).collect();
    let Some(first) = all.first() else { return Ok(None) };
    if all.iter().all(|(_, entry)| std::ptr::eq(*entry, first.1)) {
        return Ok(Some(*first));
    }
    let names: Vec<String> = all.iter().map(|(long, _)| format!("'--{long}'")).collect();
    Err(Misused(format!("option '--{name}' is ambiguous; possibilities: {}", names.join(" "))))
}

fn apply(entry: &Entry, value: Option<&OsStr>, arguments: &mut NetToolsArguments) -> Result<(), Stop> {
    match &entry.effect {
        Effect::Switch(set) => set(arguments),
        Effect::Value(_, _, set) => set(arguments, value.unwrap_or_default())?,
        Effect::Families(_) => families(value.unwrap_or_default(), arguments)?,
        Effect::Answer(answer) => return Err(Stop::Answer(answer())),
    }
    Ok(())
}

/// Parses the value of `-A`.
fn families(text: &OsStr, arguments: &mut NetToolsArguments) -> Result<(), Stop> {
    for name in text.to_string_lossy().split(',') {
        let family = AddressFamily::by_name(name).ok_or_else(|| {
            let text = format!("Unknown address family `{}'.\n", one_line(name));
            Stop::Said(PrintedText { text, to_stderr: true, exit_code: 1 })
        })?;
        arguments.families.push(family);
    }
    Ok(())
}
