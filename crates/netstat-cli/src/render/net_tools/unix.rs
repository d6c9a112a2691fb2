//! The list of Unix sockets (`-x`).
//!
//! net-tools cuts a path at its first blank; here it is whole, with blanks escaped.

use super::cells::fill;
use super::process::{Process, write_process};
use crate::render::{LineEnd, Sheet};
use netstat_engine::kernel_text::UnixSocket;
use netstat_engine::text::escape;
use std::io::{self, Write};

/// `SO_ACCEPTCON` in the flags of a listener.
const LISTENS: u32 = 1 << 16;

/// Returns true if the socket is a listener.
pub(crate) fn is_listener(socket: &UnixSocket<'_>) -> bool {
    socket.flags & LISTENS != 0 && socket.state == 1
}

/// Writes the title, the headings and the rows. `program` returns the process of a socket; `None` leaves the column out.
pub(crate) fn render_unix<'p>(
    sockets: &[UnixSocket<'_>],
    which: &str,
    program: Option<&dyn Fn(u64) -> Option<Process<'p>>>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::NATIVE);
    sheet.line(&format!("Active UNIX domain sockets ({which})"))?;
    let programs = if program.is_some() { "PID/Program name     " } else { "" };
    sheet.line(&format!("Proto RefCnt Flags       Type       State         I-Node   {programs}Path"))?;
    for socket in sockets {
        let flags = if socket.flags & LISTENS == 0 { "[ ]" } else { "[ ACC ]" };
        let row = format!(
            "unix  {:<6} {flags:<11} {:<10} {:<13} {:<8} ",
            socket.references,
            kind(socket.kind),
            state(socket),
            socket.inode
        );
        sheet.buffer.extend_from_slice(row.as_bytes());
        if let Some(program) = program {
            let start = sheet.buffer.len();
            write_process(&mut sheet.buffer, program(socket.inode));
            fill(&mut sheet.buffer, start, 21);
        }
        escape::write_bytes(&mut sheet.buffer, socket.path);
        sheet.end_line()?;
    }
    sheet.hand_on()
}

fn kind(number: u32) -> &'static str {
    match number {
        1 => "STREAM",
        2 => "DGRAM",
        3 => "RAW",
        4 => "RDM",
        5 => "SEQPACKET",
        _ => "UNKNOWN",
    }
}

fn state(socket: &UnixSocket<'_>) -> &'static str {
    match socket.state {
        0 => "FREE",
        1 if is_listener(socket) => "LISTENING",
        1 => "",
        2 => "CONNECTING",
        3 => "CONNECTED",
        4 => "DISCONNECTING",
        _ => "UNKNOWN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_wide_as_those_of_net_tools() {
        let socket =
            |flags, state, inode, path| UnixSocket { references: 2, flags, kind: 1, state, inode, path };
        let sockets = [
            socket(LISTENS, 1, 402_828, &b"/run/a b"[..]),
            socket(0, 3, 7, b""),
            socket(0, 1, 0, b"@x\x1b@"),
        ];
        let mut out = Vec::new();
        render_unix(&sockets, "w/o servers", None, &mut out).unwrap();
        let program = |inode| (inode == 7).then_some((9, None));
        render_unix(&sockets[1..], "only servers", Some(&program), &mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap().replace("\r\n", "\n"),
            "Active UNIX domain sockets (w/o servers)\n\
             Proto RefCnt Flags       Type       State         I-Node   Path\n\
             unix  2      [ ACC ]     STREAM     LISTENING     402828   /run/a\\x20b\n\
             unix  2      [ ]         STREAM     CONNECTED     7        \n\
             unix  2      [ ]         STREAM                   0        @x\\x1b@\n\
             Active UNIX domain sockets (only servers)\n\
             Proto RefCnt Flags       Type       State         I-Node   PID/Program name     Path\n\
             unix  2      [ ]         STREAM     CONNECTED     7        9/                   \n\
             unix  2      [ ]         STREAM                   0        -                    @x\\x1b@\n"
        );
    }
}
