//! Processes: their names from one list of all, everything else from each process.

mod accounts;
mod command_line;
mod part;
mod services;

use super::memory::{Memory, text_of, u16_at, u32_at, u64_at, units};
use super::source::{Part, Question, Source};
use accounts::Accounts;
use netstat_model::error::words_of;
use netstat_model::query::ProcessFields;
use netstat_model::{Answer, Executable, Missing, Process, ProcessKey, Warning};
use part::{START, part};
use rustc_hash::FxHashMap;
use std::ffi::OsString;
use std::io;

/// The start time of a process that has ended: later than that of any other.
pub(super) const ENDED: u64 = u64::MAX;

/// A process in the list of all processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) id: ProcessKey,
    pub(super) parent: u32,
    /// The name of its executable; empty for the idle process.
    pub(super) name: OsString,
}

/// Returns every process.
pub(super) fn list(source: &dyn Source) -> io::Result<Vec<Listed>> {
    Ok(decode_list(&source.ask(&Question::Processes)?))
}

/// Returns the given fields of processes, in the order of `wanted`.
pub(super) fn processes(
    source: &dyn Source,
    wanted: &[ProcessKey],
    fields: ProcessFields,
) -> Answer<Vec<Process>> {
    let listed: FxHashMap<ProcessKey, Listed> = match list(source) {
        Ok(listed) => listed.into_iter().map(|process| (process.id, process)).collect(),
        Err(error) => {
            let lacks = Warning::ProcessesUnreadable { processes: wanted.len(), reason: words_of(&error) };
            let data = wanted.iter().map(|&id| Process::unknown(id, Missing::Unreadable)).collect();
            return Answer { data, warnings: vec![lacks] };
        }
    };
    let services = if fields.contains(ProcessFields::UNIT) && !wanted.is_empty() {
        services::by_process(source)
    } else {
        Err(Missing::NotRead)
    };
    let mut accounts = Accounts::default();
    let process = |&id: &ProcessKey| {
        let Some(listed) = listed.get(&id) else { return Process::unknown(id, Missing::Gone) };
        let mut process = Process::unknown(id, Missing::NotRead);
        // User IDs and names of threads are Linux's, and Windows does not identify processes by their containers.
        process.user = Err(Missing::NotApplicable);
        process.comm = Err(Missing::NotApplicable);
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
            let unit = services.as_ref().map(|services| services.get(&id.pid).cloned());
            process.unit = unit.map_err(|&why| why).and_then(|unit| unit.ok_or(Missing::NotApplicable));
        }
        process
    };
    Answer::whole(wanted.iter().map(process).collect())
}

/// The PID of the process of the kernel, which has no executable.
const SYSTEM: u32 = 4;

fn executable(source: &dyn Source, id: ProcessKey) -> Result<Executable, Missing> {
    if id.pid == SYSTEM {
        return Err(Missing::NotApplicable);
    }
    let answer = part(source, id, Part::Path)?;
    let path = text_of(answer.bytes().get(START..).unwrap_or_default());
    if path.is_empty() {
        return Err(Missing::Unreadable);
    }
    // Windows does not let anybody delete the file of a running program.
    Ok(Executable { path: path.into(), deleted: false })
}

/// Decodes a `UNICODE_STRING`: its length in bytes, and a pointer.
fn decode_command_line(answer: &Memory) -> Option<Vec<u16>> {
    let string = answer.bytes().get(START..)?;
    let length = usize::from(u16_at(string, 0)?);
    if length == 0 {
        return Some(Vec::new());
    }
    Some(units(answer.at(u64_at(string, 8)?)?.get(..length)?).collect())
}

// Offsets of `SYSTEM_PROCESS_INFORMATION`, 64 bits.
const NEXT: usize = 0;
const CREATE_TIME: usize = 32;
const NAME_LENGTH: usize = 56;
const NAME: usize = 64;
const PID: usize = 80;
const PARENT: usize = 88;

/// Decodes the list of processes, up to the first malformed entry.
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
        id: ProcessKey { pid, start_time: u64_at(entry, CREATE_TIME)? },
        parent,
        name: text_of(name),
    })
}

/// Runs every decoder on any memory.
#[cfg(any(test, fuzzing))]
pub(super) fn decode_all(memory: &Memory) {
    decode_list(memory);
    accounts::decode_sid(memory);
    services::decode(memory, &mut FxHashMap::default());
    if let Some(line) = decode_command_line(memory) {
        command_line::split(&line);
    }
}

#[cfg(test)]
pub(super) mod tests;
