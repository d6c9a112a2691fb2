//! The cell of a process: its ID and the name of its program.

use super::cells::cut;
use netstat_engine::text::escape;
use netstat_model::Process as Program;
use std::ffi::OsString;

/// The process of a row: its ID, and what is known of it.
pub(crate) type Process<'a> = (u32, Option<&'a Program>);

/// The bytes of the number of a process and its name, with the slash between them.
const PROCESS: usize = 19;

/// Writes `PID/name`: the first word of the command line, and of a path its last part.
pub(super) fn write_process(out: &mut Vec<u8>, process: Option<Process<'_>>) {
    let Some((pid, program)) = process else {
        out.push(b'-');
        return;
    };
    let mut cell = format!("{pid}/").into_bytes();
    let words = program.and_then(|program| program.command_line.as_deref().ok());
    let name = program.and_then(|program| program.name.as_deref().ok());
    let mut shown = Vec::new();
    if let Some(word) = words.map_or(name, |words| words.first().map(OsString::as_os_str)) {
        // Escaping makes no slash.
        escape::write_text(&mut shown, word);
    }
    let last = match shown.as_slice() {
        [b'/', ..] => shown.rsplit(|&byte| byte == b'/').next(),
        [_, b':', b'\\', ..] => shown.rsplit(|&byte| byte == b'\\').next(),
        whole => Some(whole),
    };
    cell.extend_from_slice(last.unwrap_or_default());
    cut(&mut cell, PROCESS);
    out.extend_from_slice(&cell);
}

#[cfg(test)]
mod tests {
    use super::*;
    use netstat_model::{Missing, ProcessKey};

    #[test]
    fn programs_are_named_by_the_first_word_of_their_command_line() {
        for (words, cell) in [
            (Ok(&["/usr/sbin/sshd", "-D"][..]), "7/sshd"),
            (Ok(&["sshd: /usr/sbin/sshd -D"]), "7/sshd: /usr/sbin/s"),
            (Ok(&["/usr/bin/x /etc/y"]), "7/y"),
            (Ok(&["./a/b"]), "7/./a/b"),
            (Ok(&["/usr/bin/"]), "7/"),
            (Ok(&[]), "7/"),
            (Ok(&["C:\\Windows\\svchost.exe", "-k"]), "7/svchost.exe"),
            (Ok(&["red\u{1b}[31m"]), "7/red\\x1b[31m"),
            (Ok(&["한국어프로그램"]), "7/한국어프로"),
            (Err(Missing::NotPermitted), "7/named"),
        ] {
            let mut program = Program::unknown(ProcessKey { pid: 7, start_time: 1 }, Missing::NotRead);
            program.command_line = words.map(|words| words.iter().map(OsString::from).collect());
            program.name = Ok("named".into());
            let mut out = Vec::new();
            write_process(&mut out, Some((7, Some(&program))));
            assert_eq!(String::from_utf8(out).unwrap(), cell, "{words:?}");
        }
    }
}
