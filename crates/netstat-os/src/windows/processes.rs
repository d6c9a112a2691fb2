//! What is known of a process.

mod accounts;
mod command_line;
mod services;

use super::memory::{Memory, text, u16_at, u32_at, u64_at, units};
use super::source::{Part, Question, Source};
use accounts::Accounts;
use netstat_model::query::ProcessFields;
use netstat_model::{Executable, Missing, Process, ProcessId};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;

/// When a process started that has ended: later than any other did.
pub(super) const ENDED: u64 = u64::MAX;

/// A process in the list of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: ProcessId,
    pub(super) parent: u32,
    /// The name of its file; empty for the idle process.
    pub(super) name: OsString,
}

/// Every process.
pub(super) fn list(source: &dyn Source) -> io::Result<Vec<Listed>> {
    Ok(decode_list(&source.ask(&Question::Processes)?))
}

/// What is asked of the processes.
pub(super) fn processes(source: &dyn Source, wanted: &[ProcessId], fields: ProcessFields) -> Vec<Process> {
    let listed: FxHashMap<ProcessId, Listed> = match list(source) {
        Ok(listed) => listed.into_iter().map(|process| (process.id, process)).collect(),
        Err(_) => return wanted.iter().map(|&id| Process::unknown(id, Missing::Unreadable)).collect(),
    };
    let running = if fields.contains(ProcessFields::UNIT) && !wanted.is_empty() {
        services::running(source)
    } else {
        Err(Missing::NotRead)
    };
    let mut accounts = Accounts::default();
    let mut known = |&id: &ProcessId| {
        let Some(listed) = listed.get(&id) else { return Process::unknown(id, Missing::Gone) };
        let mut process = Process::unknown(id, Missing::NotRead);
        // Linux numbers its users; Windows has no such containers that it would tell a process by.
        process.user = Err(Missing::NotApplicable);
        process.container = Err(Missing::NotApplicable);
        if fields.contains(ProcessFields::NAME) {
            process.name = Ok(listed.name.clone());
        }
        if fields.contains(ProcessFields::EXECUTABLE) {
            process.executable = executable(source, id);
        }
        if fields.contains(ProcessFields::COMMAND_LINE) {
            process.command_line = part(source, id, Part::CommandLine).and_then(|answer| {
                decode_command_line(&answer).map(|line| command_line::split(&line)).ok_or(Missing::Unreadable)
            });
        }
        if fields.contains(ProcessFields::ACCOUNT) {
            process.account = part(source, id, Part::User).and_then(|answer| accounts.name(source, &answer));
        }
        if fields.contains(ProcessFields::UNIT) {
            process.unit = running
                .as_ref()
                .map_err(|&why| why)
                .and_then(|running| running.get(&id.pid).cloned().ok_or(Missing::NotApplicable));
        }
        process
    };
    wanted.iter().map(&mut known).collect()
}

/// The process of the kernel itself, which runs no file.
const SYSTEM: u32 = 4;

fn executable(source: &dyn Source, id: ProcessId) -> Result<Executable, Missing> {
    if id.pid == SYSTEM {
        return Err(Missing::NotApplicable);
    }
    let answer = part(source, id, Part::Path)?;
    let path: Vec<u16> = units(answer.bytes().get(START..).unwrap_or_default()).collect();
    if path.is_empty() {
        return Err(Missing::Unreadable);
    }
    // Windows keeps the file of a running program from being deleted.
    Ok(Executable { path: text(&path).into(), deleted: false })
}

/// When the process started stands before each part.
const START: usize = 8;

/// A part of what is known of a process, of that process and no later one of the same number.
fn part(source: &dyn Source, id: ProcessId, part: Part) -> Result<Memory, Missing> {
    let answer = source.ask(&Question::Process(id.pid, part)).map_err(|error| missing(&error))?;
    match u64_at(answer.bytes(), 0) {
        Some(started) if started == id.start_time => Ok(answer),
        Some(_) => Err(Missing::Gone),
        None => Err(Missing::Unreadable),
    }
}

/// Why Windows did not tell.
pub(super) fn missing(error: &io::Error) -> Missing {
    match error.raw_os_error() {
        // ERROR_ACCESS_DENIED
        Some(5) => Missing::NotPermitted,
        // ERROR_INVALID_PARAMETER: there is no process of this number.
        Some(87) => Missing::Gone,
        _ => Missing::Unreadable,
    }
}

/// The text of a `UNICODE_STRING`: its length in bytes, and a pointer.
fn decode_command_line(answer: &Memory) -> Option<Vec<u16>> {
    let string = answer.bytes().get(START..)?;
    let length = usize::from(u16_at(string, 0)?);
    if length == 0 {
        return Some(Vec::new());
    }
    Some(units(answer.at(u64_at(string, 8)?)?.get(..length)?).collect())
}

// Where fields of `SYSTEM_PROCESS_INFORMATION` are, on 64-bit systems.
const NEXT: usize = 0;
const CREATE_TIME: usize = 32;
const NAME_LENGTH: usize = 56;
const NAME: usize = 64;
const PID: usize = 80;
const PARENT: usize = 88;

/// The processes of the list; what makes no sense ends it.
#[doc(alias = "SYSTEM_PROCESS_INFORMATION")]
fn decode_list(memory: &Memory) -> Vec<Listed> {
    let mut listed = Vec::new();
    let mut rest = memory.bytes();
    loop {
        let Some(process) = decode_process(memory, rest) else { return listed };
        listed.push(process);
        match u32_at(rest, NEXT) {
            None | Some(0) => return listed,
            Some(next) => rest = rest.get(next as usize..).unwrap_or_default(),
        }
    }
}

fn decode_process(memory: &Memory, entry: &[u8]) -> Option<Listed> {
    let pid = u32::try_from(u64_at(entry, PID)?).ok()?;
    let parent = u32::try_from(u64_at(entry, PARENT)?).unwrap_or(0);
    let length = usize::from(u16_at(entry, NAME_LENGTH)?);
    let name = memory.at(u64_at(entry, NAME)?).and_then(|bytes| bytes.get(..length)).unwrap_or_default();
    Some(Listed {
        id: ProcessId { pid, start_time: u64_at(entry, CREATE_TIME)? },
        parent,
        name: text(&units(name).collect::<Vec<_>>()),
    })
}

/// Any memory as what is read here.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(memory: &Memory) {
    decode_list(memory);
    accounts::decode_sid(memory);
    services::decode(memory);
    if let Some(line) = decode_command_line(memory) {
        command_line::split(&line);
    }
}

#[cfg(test)]
mod tests;
