//! What is known of a process.

use super::memory::{Memory, text, u16_at, u32_at, u64_at, units};
use super::source::{Question, Source};
use crate::model::{Missing, Process, ProcessId};
use crate::query::ProcessFields;
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
    wanted
        .iter()
        .map(|&id| match listed.get(&id) {
            None => Process::unknown(id, Missing::Gone),
            Some(listed) => {
                let mut process = Process::unknown(id, Missing::NotRead);
                if fields.contains(ProcessFields::NAME) {
                    process.name = Ok(listed.name.clone());
                }
                process
            }
        })
        .collect()
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
}

#[cfg(test)]
mod tests;
