//! Name, executable, command line, user, systemd unit and container of processes.
//!
//! Everything about a process is read through one handle, and its start time is checked before and after: a process that
//! has ended in the meantime is `Gone`, and a new one with the same ID is never mistaken for it.

mod container;
#[cfg(test)]
mod live_tests;
#[cfg(test)]
mod tests;
mod unit;

use super::source::{ProcessSource, Source};
use super::stat::{Stat, fetch_stat, is_gone, is_refused};
use netstat_model::query::ProcessFields;
use netstat_model::{Container, Executable, Missing, Process, ProcessKey};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// What the kernel appends to the path of a deleted file.
const DELETED: &[u8] = b" (deleted)";

/// Reads the wanted fields of each process.
pub(super) fn processes(source: &dyn Source, wanted: &[ProcessKey], fields: ProcessFields) -> Vec<Process> {
    let mut buffer = Vec::new();
    wanted
        .iter()
        .map(|&id| process(source, id, fields, &mut buffer).unwrap_or_else(|why| Process::unknown(id, why)))
        .collect()
}

fn process(
    source: &dyn Source,
    id: ProcessKey,
    fields: ProcessFields,
    buffer: &mut Vec<u8>,
) -> Result<Process, Missing> {
    let handle = source.process(id.pid).map_err(|error| missing(&error))?;
    let handle = handle.as_ref();
    let stat = fetch_same(handle, id, buffer)?;
    let mut process = Process::unknown(id, Missing::NotRead);
    if fields.contains(ProcessFields::NAME) {
        process.name = name(handle, buffer);
    }
    if fields.contains(ProcessFields::EXECUTABLE) {
        process.executable = executable(handle, id.pid, stat);
    }
    if fields.contains(ProcessFields::UNIT) {
        process.unit = unit(handle, buffer);
    }
    if fields.contains(ProcessFields::CONTAINER) {
        process.container = container(handle, buffer);
    }
    if fields.contains(ProcessFields::USER) {
        process.user = user(handle, buffer);
    }
    if fields.contains(ProcessFields::COMMAND_LINE) {
        process.command_line = command_line(handle, stat, buffer);
    }
    let stat = fetch_same(handle, id, buffer)?;
    if process.executable == Err(Missing::Unreadable) && stat.is_zombie() {
        process.executable = Err(Missing::Gone);
    }
    if process.command_line == Err(Missing::Unreadable) && stat.is_zombie() {
        process.command_line = Err(Missing::Gone);
    }
    Ok(process)
}

/// Reads the state of the process, if it is still the one that `id` means.
fn fetch_same(handle: &dyn ProcessSource, id: ProcessKey, buffer: &mut Vec<u8>) -> Result<Stat, Missing> {
    let stat = fetch_stat(handle, buffer).map_err(|error| missing(&error))?;
    if stat.start_time == id.start_time { Ok(stat) } else { Err(Missing::Gone) }
}

fn missing(error: &io::Error) -> Missing {
    match error {
        error if is_gone(error) => Missing::Gone,
        error if is_refused(error) => Missing::NotPermitted,
        _ => Missing::Unreadable,
    }
}

/// Reads `comm`: any bytes but NUL, newlines included; the kernel appends one.
fn name(handle: &dyn ProcessSource, buffer: &mut Vec<u8>) -> Result<OsString, Missing> {
    handle.read("comm", buffer).map_err(|error| missing(&error))?;
    let name = buffer.strip_suffix(b"\n").unwrap_or(buffer);
    Ok(OsString::from_vec(name.to_vec()))
}

fn executable(handle: &dyn ProcessSource, pid: u32, stat: Stat) -> Result<Executable, Missing> {
    if stat.is_kernel_thread() {
        return Err(Missing::NotApplicable);
    }
    let target = match handle.read_link("exe") {
        // A main thread that has ended has released the file, but other threads may still run it.
        Err(error) if stat.is_zombie() && (is_gone(&error) || is_refused(&error)) => {
            if stat.threads < 2 {
                return Err(Missing::Gone);
            }
            executable_of_thread(handle, pid)?
        }
        // The process exists but its file does not: the final check tells whether it has ended.
        Err(error) if is_gone(&error) => return Err(Missing::Unreadable),
        Err(error) => return Err(missing(&error)),
        Ok(target) => target,
    };
    Ok(decode_executable(handle, target))
}

fn executable_of_thread(handle: &dyn ProcessSource, pid: u32) -> Result<Vec<u8>, Missing> {
    let mut threads = Vec::new();
    handle.numbers("task", &mut |thread| threads.push(thread)).map_err(|error| missing(&error))?;
    let mut reason = Missing::Gone;
    for thread in threads.into_iter().filter(|&thread| thread != pid) {
        match handle.read_link(&format!("task/{thread}/exe")) {
            Ok(target) => return Ok(target),
            Err(error) if is_gone(&error) => {}
            Err(error) => reason = missing(&error),
        }
    }
    Err(reason)
}

/// The kernel marks the path of a deleted file, but a name may end like that mark too. So the file of that very name is
/// compared with the running one. Where that is impossible the mark is believed, because not to notice a deleted executable
/// is the worse mistake.
fn decode_executable(handle: &dyn ProcessSource, target: Vec<u8>) -> Executable {
    let plain = |path: Vec<u8>| PathBuf::from(OsString::from_vec(path));
    match target.strip_suffix(DELETED) {
        Some(path) if !is_running_file(handle, &target) => {
            Executable { path: plain(path.to_vec()), deleted: true }
        }
        _ => Executable { path: plain(target), deleted: false },
    }
}

/// Whether the path, within the root of the process, leads to the file that the process runs. Paths that are not UTF-8
/// are not looked up.
fn is_running_file(handle: &dyn ProcessSource, path: &[u8]) -> bool {
    let Ok(path) = std::str::from_utf8(path) else { return false };
    let Ok(there) = handle.file_id(&format!("root{path}")) else { return false };
    handle.file_id("exe").is_ok_and(|running| running == there)
}

fn unit(handle: &dyn ProcessSource, buffer: &mut Vec<u8>) -> Result<OsString, Missing> {
    read_cgroup(handle, buffer)?;
    unit::decode_unit(buffer).map(|name| OsString::from_vec(name.to_vec())).ok_or(Missing::NotApplicable)
}

/// Reads the container of a process.
pub(super) fn container(handle: &dyn ProcessSource, buffer: &mut Vec<u8>) -> Result<Container, Missing> {
    read_cgroup(handle, buffer)?;
    container::decode_container(buffer).ok_or(Missing::NotApplicable)
}

fn read_cgroup(handle: &dyn ProcessSource, buffer: &mut Vec<u8>) -> Result<(), Missing> {
    handle.read("cgroup", buffer).map_err(|error| {
        // A kernel without control groups. The final check tells whether the process still exists.
        if is_gone(&error) { Missing::NotApplicable } else { missing(&error) }
    })
}

/// Reads the effective user ID, by which the kernel decides what the process may do.
fn user(handle: &dyn ProcessSource, buffer: &mut Vec<u8>) -> Result<u32, Missing> {
    handle.read("status", buffer).map_err(|error| missing(&error))?;
    decode_user(buffer).ok_or(Missing::Unreadable)
}

/// Decodes the second number of the line `Uid:`. The kernel escapes newlines in the name of the process, so a name cannot
/// pass for that line.
fn decode_user(status: &[u8]) -> Option<u32> {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    std::str::from_utf8(line).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

/// Reads the words, each of which ends with a NUL. The file is empty for a kernel thread, and once the memory of the
/// process has been released.
fn command_line(
    handle: &dyn ProcessSource,
    stat: Stat,
    buffer: &mut Vec<u8>,
) -> Result<Vec<OsString>, Missing> {
    if stat.is_kernel_thread() {
        return Err(Missing::NotApplicable);
    }
    handle.read("cmdline", buffer).map_err(|error| missing(&error))?;
    if buffer.is_empty() {
        return Err(if stat.is_zombie() { Missing::Gone } else { Missing::Unreadable });
    }
    Ok(decode_command_line(buffer))
}

fn decode_command_line(bytes: &[u8]) -> Vec<OsString> {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let words = bytes.get(..end).unwrap_or_default();
    words.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}

/// Runs every decoder of a file of a process.
#[cfg(fuzzing)]
pub(super) fn decode_files(bytes: &[u8]) {
    let _ = (
        unit::decode_unit(bytes),
        container::decode_container(bytes),
        decode_user(bytes),
        decode_command_line(bytes),
    );
}
