//! Records of processes as the model has processes.

use netstat_model::history::ProcessRecord;
use netstat_model::{Executable, Missing, Process, ProcessKey};
use std::ffi::OsString;

/// Returns the process of a record. What a recorder does not know of it, nobody can read any more.
pub fn described(key: ProcessKey, record: &ProcessRecord) -> Process {
    // Where its control group is known, it is known to have no unit and no container.
    let none = if record.cgroup.is_some() { Missing::NotApplicable } else { Missing::Gone };
    let text = |text: &Option<Box<str>>, why| text.as_deref().map(OsString::from).ok_or(why);
    let words = record.arguments.as_deref().map(|arguments| {
        let arguments = arguments.strip_suffix(b"\0").unwrap_or(arguments);
        arguments.split(|byte| *byte == 0).map(os_string).collect()
    });
    Process {
        name: Ok(os_string(&record.name)),
        comm: Ok(os_string(&record.comm)),
        executable: record
            .executable
            .as_deref()
            .map(|path| Executable { path: os_string(path).into(), deleted: false })
            .ok_or(Missing::Gone),
        unit: text(&record.unit, none),
        command_line: words.ok_or(Missing::NotRead),
        user: record.uid.ok_or(Missing::Gone),
        account: text(&record.user, Missing::Gone),
        namespace_pid: Err(Missing::NotRead),
        container: record.container.clone().ok_or(none),
        id: key,
    }
}

/// Returns the text of bytes that a recorder kept.
#[cfg(unix)]
pub fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(bytes).to_owned()
}

/// Returns the text of bytes that a recorder kept. Those of another system need not be text of this one.
#[cfg(not(unix))]
pub fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}
