//! Makes records of the processes that the kernel's programs tell of.

use super::records::RawProcess;
use crate::linux::processes;
use netstat_model::history::ProcessRecord;
use netstat_model::{Executable, Missing, Process};
use rustc_hash::FxHasher;
use std::ffi::OsString;
use std::hash::Hasher as _;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// Returns a number of the name that a process has given itself, for one that was read from `/proc`; 0 where it is not known.
pub(super) fn number_of_name(process: &Process) -> u16 {
    let Ok(name) = &process.comm else { return 0 };
    let mut hasher = FxHasher::default();
    hasher.write(name.as_bytes());
    // The upper bits are the better ones.
    u16::try_from(hasher.finish() >> 48).unwrap_or(0)
}

/// Makes a record of a process that the kernel's programs told of.
pub(super) fn of_kernel(raw: RawProcess, keep_arguments: bool) -> ProcessRecord {
    let mut process = Process::unknown(raw.instance.process, Missing::Unreadable);
    process.comm = Ok(OsString::from_vec(raw.comm.clone()));
    if let Some(file) = &raw.file {
        // Of a path that is cut the file name is known, which is all that the name is made from.
        let path = raw.path.as_ref().map_or(file, |(path, _)| path);
        let path = PathBuf::from(OsString::from_vec(path.clone()));
        process.executable =
            Ok(Executable { path, deleted: raw.path.as_ref().is_some_and(|(_, gone)| *gone) });
    }
    // A word that may be cut is no name.
    let whole = raw.arguments.iter().rposition(|&byte| byte == 0).map_or(0, |last| last + 1);
    let words = || processes::decode_command_line(raw.arguments.get(..whole).unwrap_or_default());
    let name =
        processes::name::of_program(&process, words).map_or_else(|_| raw.comm.clone(), OsString::into_vec);
    let groups = raw.cgroup.as_ref().map(|path| [b"0::", path.as_slice(), b"\n"].concat());
    let (unit, container) = groups.as_deref().map_or((None, None), processes::decode_groups);
    ProcessRecord {
        instance: raw.instance,
        parent: Some(raw.parent).filter(|&parent| parent != 0),
        uid: Some(raw.uid),
        user: None,
        name: name.into(),
        comm: raw.comm.into(),
        executable: raw.path.map(|(path, _)| path.into()),
        arguments: Some(raw.arguments.into()).filter(|_| keep_arguments),
        unit: unit.and_then(|unit| std::str::from_utf8(unit).ok()).map(Into::into),
        container,
        cgroup: raw.cgroup.map(Into::into),
    }
}
