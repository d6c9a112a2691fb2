//! Name, executable, command line, user, systemd unit and container of processes.
//!
//! Everything about a process is read through one handle, and its start time is checked before and after: a process that
//! has ended in the meantime is `Gone`, and a new one with the same ID is never mistaken for it.

mod container;
mod container_names;
#[cfg(test)]
mod live_tests;
pub(super) mod name;
#[cfg(test)]
mod tests;
mod unit;

pub(super) use container_names::ContainerNames;

use super::source::{ProcessSource, Source};
use super::stat::{NOT_MOUNTED, Stat, fetch_stat, is_gone, is_mounted, is_refused};
use netstat_model::error::words_of;
use netstat_model::query::ProcessFields;
use netstat_model::{Answer, Container, Executable, Missing, Process, ProcessKey, Warning};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// What the kernel appends to the path of a deleted file.
const DELETED: &[u8] = b" (deleted)";

/// Reads the wanted fields of each process.
pub(super) fn processes(
    source: &dyn Source,
    wanted: &[ProcessKey],
    fields: ProcessFields,
) -> Answer<Vec<Process>> {
    let mut reading = Reading::default();
    let data = wanted
        .iter()
        .map(|&id| process(source, id, fields, &mut reading).unwrap_or_else(|why| Process::unknown(id, why)))
        .collect();
    let lacks = reading.lacks.into_iter();
    let warning =
        |lack: Lack| Warning::ProcessesUnreadable { processes: lack.processes, reason: lack.reason };
    Answer { data, warnings: lacks.map(warning).collect() }
}

/// Reads files of one process after the other, and remembers which it could not read.
#[derive(Default)]
struct Reading {
    buffer: Vec<u8>,
    names: ContainerNames,
    lacks: Vec<Lack>,
    pid: u32,
    is_mounted: Option<bool>,
}

/// What could not be read, of how many processes.
struct Lack {
    reason: String,
    processes: usize,
    last: u32,
}

impl Reading {
    /// Reads a file of the process into the buffer.
    fn read(&mut self, handle: &dyn ProcessSource, name: &str) -> Result<&[u8], Missing> {
        match handle.read(name, &mut self.buffer) {
            Ok(()) => Ok(&self.buffer),
            Err(error) => Err(self.missing(name, &error)),
        }
    }

    /// Reads the state of the process, if it is still the one that `id` means.
    fn same(&mut self, handle: &dyn ProcessSource, id: ProcessKey) -> Result<Stat, Missing> {
        let stat = fetch_stat(handle, &mut self.buffer).map_err(|error| self.missing("stat", &error))?;
        if stat.start_time == id.start_time { Ok(stat) } else { Err(Missing::Gone) }
    }

    /// Returns why a file of the process is not known. Anything but the end of the process is remembered.
    fn missing(&mut self, name: &str, error: &io::Error) -> Missing {
        if is_gone(error) {
            return Missing::Gone;
        }
        let slash = if name.is_empty() { "" } else { "/" };
        self.note(format!("/proc/PID{slash}{name}: {}", words_of(error)));
        if is_refused(error) { Missing::NotPermitted } else { Missing::Unreadable }
    }

    /// Returns why there is no process of this number: it has ended, or there are no processes to be seen at all.
    fn gone(&mut self, source: &dyn Source) -> Missing {
        if *self.is_mounted.get_or_insert_with(|| is_mounted(source)) {
            return Missing::Gone;
        }
        self.note(NOT_MOUNTED.to_owned());
        Missing::Unreadable
    }

    fn note(&mut self, reason: String) {
        match self.lacks.iter_mut().find(|lack| lack.reason == reason) {
            Some(lack) => {
                lack.processes += usize::from(lack.last != self.pid);
                lack.last = self.pid;
            }
            None => self.lacks.push(Lack { reason, processes: 1, last: self.pid }),
        }
    }
}

fn process(
    source: &dyn Source,
    id: ProcessKey,
    fields: ProcessFields,
    reading: &mut Reading,
) -> Result<Process, Missing> {
    reading.pid = id.pid;
    let handle = source.process(id.pid).map_err(|error| match reading.missing("", &error) {
        Missing::Gone => reading.gone(source),
        why => why,
    })?;
    let handle = handle.as_ref();
    let stat = reading.same(handle, id)?;
    let mut process = Process::unknown(id, Missing::NotRead);
    if fields.intersects(ProcessFields::NAME | ProcessFields::EXECUTABLE) {
        process.executable = executable(handle, id.pid, stat, reading);
    }
    if fields.contains(ProcessFields::NAME) {
        process.comm = comm(handle, reading);
        process.name = name::of_program(&process, || command_line(handle, stat, reading).unwrap_or_default());
    }
    if fields.contains(ProcessFields::UNIT) {
        process.unit = unit(handle, reading);
    }
    if fields.contains(ProcessFields::CONTAINER) {
        process.container = container(source, handle, reading);
    }
    if fields.intersects(ProcessFields::USER | ProcessFields::NAMESPACE_PID) {
        let status = reading.read(handle, "status");
        let of = |decode: fn(&[u8]) -> Option<u32>| {
            status.and_then(|status| decode(status).ok_or(Missing::Unreadable))
        };
        if fields.contains(ProcessFields::USER) {
            process.user = of(decode_user);
        }
        if fields.contains(ProcessFields::NAMESPACE_PID) {
            process.namespace_pid = of(decode_namespace_pid);
        }
    }
    if fields.contains(ProcessFields::COMMAND_LINE) {
        process.command_line = command_line(handle, stat, reading);
    }
    let stat = reading.same(handle, id)?;
    if process.executable == Err(Missing::Unreadable) && stat.is_zombie() {
        process.executable = Err(Missing::Gone);
    }
    if process.command_line == Err(Missing::Unreadable) && stat.is_zombie() {
        process.command_line = Err(Missing::Gone);
    }
    Ok(process)
}

/// Reads `comm`: any bytes but NUL, newlines included; the kernel appends one.
fn comm(handle: &dyn ProcessSource, reading: &mut Reading) -> Result<OsString, Missing> {
    let comm = reading.read(handle, "comm")?;
    Ok(OsString::from_vec(comm.strip_suffix(b"\n").unwrap_or(comm).to_vec()))
}

fn executable(
    handle: &dyn ProcessSource,
    pid: u32,
    stat: Stat,
    reading: &mut Reading,
) -> Result<Executable, Missing> {
    if stat.is_kernel_thread() {
        return Err(Missing::NotApplicable);
    }
    let target = match handle.read_link("exe") {
        // A main thread that has ended has released the file, but other threads may still run it.
        Err(error) if stat.is_zombie() && (is_gone(&error) || is_refused(&error)) => {
            if stat.threads < 2 {
                return Err(Missing::Gone);
            }
            executable_of_thread(handle, pid, reading)?
        }
        // The process exists but its file does not: the final check tells whether it has ended.
        Err(error) if is_gone(&error) => return Err(Missing::Unreadable),
        Err(error) => return Err(reading.missing("exe", &error)),
        Ok(target) => target,
    };
    Ok(decode_executable(handle, target))
}

fn executable_of_thread(
    handle: &dyn ProcessSource,
    pid: u32,
    reading: &mut Reading,
) -> Result<Vec<u8>, Missing> {
    let mut threads = Vec::new();
    let listed = handle.numbers("task", &mut |thread| threads.push(thread));
    listed.map_err(|error| reading.missing("task", &error))?;
    let mut reason = Missing::Gone;
    for thread in threads.into_iter().filter(|&thread| thread != pid) {
        match handle.read_link(&format!("task/{thread}/exe")) {
            Ok(target) => return Ok(target),
            Err(error) if is_gone(&error) => {}
            Err(error) => reason = reading.missing("exe", &error),
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

fn unit(handle: &dyn ProcessSource, reading: &mut Reading) -> Result<OsString, Missing> {
    let cgroup = cgroup(handle, reading)?;
    unit::decode_unit(cgroup).map(|name| OsString::from_vec(name.to_vec())).ok_or(Missing::NotApplicable)
}

/// Reads the container of a process; `None` if it is in none that is known by its name, or that could not be read.
/// `names` has those that were read before.
pub(super) fn container_of(
    source: &dyn Source,
    handle: &dyn ProcessSource,
    names: &mut ContainerNames,
) -> Option<Container> {
    let mut reading = Reading::default();
    std::mem::swap(&mut reading.names, names);
    let container = container(source, handle, &mut reading).ok();
    std::mem::swap(&mut reading.names, names);
    container
}

fn container(
    source: &dyn Source,
    handle: &dyn ProcessSource,
    reading: &mut Reading,
) -> Result<Container, Missing> {
    let cgroup = cgroup(handle, reading)?;
    let mut container = container::decode_container(cgroup).ok_or(Missing::NotApplicable)?;
    let user = container::decode_user(cgroup);
    reading.names.complete(source, &mut container, user);
    Ok(container)
}

fn cgroup<'r>(handle: &dyn ProcessSource, reading: &'r mut Reading) -> Result<&'r [u8], Missing> {
    reading.read(handle, "cgroup").map_err(|why| {
        // A kernel without control groups. The final check tells whether the process still exists.
        if why == Missing::Gone { Missing::NotApplicable } else { why }
    })
}

/// Returns the numbers of a line of `/proc/PID/status`. The kernel escapes newlines in the name of the process, so a name
/// cannot pass for another line.
pub(super) fn status_numbers<'a>(
    status: &'a [u8],
    name: &str,
) -> Option<impl DoubleEndedIterator<Item = &'a str> + use<'a>> {
    let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(name.as_bytes()))?;
    Some(std::str::from_utf8(line).ok()?.split_ascii_whitespace())
}

/// Decodes the effective user ID, by which the kernel decides what the process may do: the second number of `Uid:`.
pub(super) fn decode_user(status: &[u8]) -> Option<u32> {
    status_numbers(status, "Uid:")?.nth(1)?.parse().ok()
}

/// Decodes the ID in the innermost PID namespace of the process: the last number of `NSpid:` (Linux 4.1).
pub(super) fn decode_namespace_pid(status: &[u8]) -> Option<u32> {
    status_numbers(status, "NSpid:")?.next_back()?.parse().ok()
}

/// Reads the words, each of which ends with a NUL. The file is empty for a kernel thread, and once the memory of the
/// process has been released.
fn command_line(
    handle: &dyn ProcessSource,
    stat: Stat,
    reading: &mut Reading,
) -> Result<Vec<OsString>, Missing> {
    if stat.is_kernel_thread() {
        return Err(Missing::NotApplicable);
    }
    let words = reading.read(handle, "cmdline")?;
    if words.is_empty() {
        return Err(if stat.is_zombie() { Missing::Gone } else { Missing::Unreadable });
    }
    Ok(decode_command_line(words))
}

/// Decodes the words of a command line, each ended by a NUL.
pub(super) fn decode_command_line(bytes: &[u8]) -> Vec<OsString> {
    let end = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let words = bytes.get(..end).unwrap_or_default();
    words.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect()
}

/// Decodes the systemd unit and the container in `/proc/PID/cgroup`.
pub(super) fn decode_groups(cgroup: &[u8]) -> (Option<&[u8]>, Option<Container>) {
    (unit::decode_unit(cgroup), container::decode_container(cgroup))
}

/// Runs every decoder of a file of a process.
#[cfg(fuzzing)]
pub(super) fn decode_files(bytes: &[u8]) {
    container_names::decode_all(bytes);
    let _ = (
        unit::decode_unit(bytes),
        container::decode_container(bytes),
        decode_user(bytes),
        decode_namespace_pid(bytes),
        decode_command_line(bytes),
    );
}
