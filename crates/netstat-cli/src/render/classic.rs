//! The connection table of Windows, to the byte.
//!
//! ```text
//! ··Proto··Local Address··········Foreign Address········State···········PID······Offload State
//! ··%-5s···%-21s··················%-21s··················%-12s···········%u  TAB  %-12s
//! ```
//!
//! Widths are least widths: what is longer pushes the rest of its row to the right, and nothing is cut.
//!
//! Known from samples: the plain form, `-o`, `-t`, and `-o -t` with its TAB. Our own choice, along those lines:
//!
//! - `-i`, `-d` and `-y` stand where `-t` stands, with the same empty line below the headings. The order is
//!   Offload State, Time in State (ms), DSCP, Template.
//! - A TAB comes before the first of them if there is a process ID, and before each further one. A cell that is
//!   followed by another is filled up to the width of its heading, and each heading begins at the tab stop
//!   that the TABs below it lead to.
//! - A UDP row ends with its last value: of these columns only DSCP has one. Without any, and without a process
//!   ID, it ends with the blanks of the foreign column, as in the samples.
//! - The process ID is `0` for a socket without a process, and `-` where it may not be known or was not found:
//!   0 would say that there is none.
//! - The process (`--process`) stands behind all of these under the heading PROCESS, after a TAB if something stands
//!   between it and the state, else where the process ID would begin. It adds no empty line. UDP rows have it as
//!   well, and blanks in the columns before it that they have no value for. Where there is no process, or it is not
//!   known, it is `-`.
//! - With colours, the word of the state is between two escape sequences, and everything stands where it would without.

use super::extras::ExtraColumn;
use super::titles::{self, NO_OWNERSHIP};
use super::{LineEnd, Sheet, colour, foreign};
use crate::columns::{Column, Given};
use crate::row::Row;
use crate::text::words::{self, UNKNOWN};
use crate::text::{Language, address, blanks, cells, decimal, escape, pad};
use crate::view::{ConnectionsView, Names};
use netstat_model::{Holder, NoOwner, Process, ProcessId, Protocol, SocketRef};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, Write};

/// Names in the foreign column.
#[derive(Clone, Copy)]
pub struct NameColumn<'a> {
    /// Where they come from.
    pub lookup: &'a dyn Names,
    /// Whole names (`-f`) rather than their first part.
    pub full: bool,
}

/// Lines about the process after each row (`-b`).
#[derive(Clone, Copy)]
pub struct OwnerLines<'a> {
    /// Where the facts come from.
    pub lookup: &'a HashMap<ProcessId, Process>,
    /// The whole path of the executable, with a mark if it is deleted (`--path`). Without, only the file name,
    /// and no mark: the line stays what scripts look for.
    pub path: bool,
}

/// The process of each row, in a column (`--process`).
#[derive(Clone, Copy)]
pub struct ProcessColumn<'a> {
    /// What is shown of it.
    pub column: &'static Column,
    /// Where that comes from.
    pub given: Given<'a>,
}

/// What stands above the process.
const PROCESS: &str = "PROCESS";

/// The form of a connection table.
#[derive(Clone, Copy)]
pub struct Classic<'a> {
    /// The language of the headings.
    pub language: Language,
    /// How lines end.
    pub line_end: LineEnd,
    /// The process ID (`-o`).
    pub pid: bool,
    /// Further columns, from the left.
    pub columns: &'a [&'a ExtraColumn],
    /// Names in the foreign column; `None` for numbers (`-n`).
    pub names: Option<NameColumn<'a>>,
    /// Lines about the process; `None` for none.
    pub owners: Option<OwnerLines<'a>>,
    /// The process in a last column; `None` for none.
    pub process: Option<ProcessColumn<'a>>,
    /// Whether states have colours.
    pub colour: bool,
}

/// Where the column behind the state begins.
const AFTER_STATE: usize = 71;

impl<'a> Classic<'a> {
    /// The table of numbers alone, without further columns.
    pub fn plain(language: Language, pid: bool, colour: bool) -> Self {
        Self {
            language,
            line_end: LineEnd::NATIVE,
            pid,
            columns: &[],
            names: None,
            owners: None,
            process: None,
            colour,
        }
    }

    /// Writes the table: an empty line, the title, an empty line, the headings, the rows.
    ///
    /// # Errors
    /// What the writer answers.
    pub fn render<W: Write>(&self, view: &ConnectionsView<'_>, out: &mut W) -> io::Result<()> {
        let mut sheet = self.begin(out)?;
        for row in view.rows() {
            self.add(&mut sheet, &row)?;
        }
        sheet.hand_on()
    }

    /// Writes what stands above the rows. They are added by [`Classic::add`], and the end is handed on by the caller.
    pub(crate) fn begin<'w, W: Write>(&self, out: &'w mut W) -> io::Result<Sheet<'w, W>> {
        let mut sheet = Sheet::new(out, self.line_end);
        sheet.line("")?;
        sheet.line(titles::connections_title(self.language))?;
        sheet.line("")?;
        self.write_heading(&mut sheet.buffer);
        sheet.end_line()?;
        if !self.columns.is_empty() {
            sheet.line("")?;
        }
        Ok(sheet)
    }

    /// Writes a row, and the lines about its process.
    pub(crate) fn add<W: Write>(&self, sheet: &mut Sheet<'_, W>, row: &Row<'a>) -> io::Result<()> {
        let columns = match row.socket.protocol {
            Protocol::Tcp => self.columns,
            // What follows them has to stand in its place.
            Protocol::Udp if self.process.is_some() => self.columns,
            Protocol::Udp => self.udp_columns(),
        };
        let is_last = columns.is_empty() && self.process.is_none();
        self.write_row(&mut sheet.buffer, row, is_last);
        self.write_columns(&mut sheet.buffer, row, columns);
        sheet.end_line()?;
        match &self.owners {
            Some(owners) => write_owner_lines(sheet, &row.socket, owners),
            None => Ok(()),
        }
    }

    /// The columns up to the last one that UDP sockets have a value for.
    fn udp_columns(&self) -> &'a [&'a ExtraColumn] {
        let len = self.columns.iter().rposition(|column| column.udp).map_or(0, |last| last + 1);
        self.columns.get(..len).unwrap_or_default()
    }

    fn write_heading(&self, out: &mut Vec<u8>) {
        let start = out.len();
        let first = if self.pid {
            titles::connections_heading_with_pid(self.language)
        } else {
            titles::connections_heading(self.language)
        };
        out.extend_from_slice(first.as_bytes());
        let headings = self.columns.iter().map(|column| column.heading);
        for (index, heading) in headings.chain(self.process.map(|_| PROCESS)).enumerate() {
            let used = cells(out.get(start..).unwrap_or_default());
            let next = if self.pid || index > 0 { (used / 8 + 1) * 8 } else { AFTER_STATE };
            blanks(out, next.saturating_sub(used));
            out.extend_from_slice(heading.as_bytes());
        }
    }

    /// The row up to the process ID; `is_last` where nothing follows.
    fn write_row(&self, out: &mut Vec<u8>, row: &Row<'_>, is_last: bool) {
        let protocol = row.section.protocol();
        out.extend_from_slice(match protocol {
            Protocol::Tcp => b"  TCP    ",
            Protocol::Udp => b"  UDP    ",
        });
        let start = out.len();
        address::write_endpoint(out, &row.local());
        // Numbers take a cell for each byte.
        blanks(out, 21usize.saturating_sub(out.len() - start) + 2);
        let start = out.len();
        foreign::write_foreign(out, row, self.names.as_ref());
        if self.names.is_some() {
            pad(out, start, 21);
            out.extend_from_slice(b"  ");
        } else {
            blanks(out, 21usize.saturating_sub(out.len() - start) + 2);
        }
        let start = out.len();
        match (protocol, row.socket.state) {
            (Protocol::Tcp, Some(state)) => words::write_state(out, state),
            (Protocol::Tcp, None) => out.extend_from_slice(b"UNKNOWN"),
            (Protocol::Udp, _) => {}
        }
        let begin = row.socket.state.filter(|_| self.colour).map_or(&b""[..], colour::of_state);
        let width = out.len() - start;
        if !begin.is_empty() {
            out.splice(start..start, begin.iter().copied());
            out.extend_from_slice(colour::END);
        }
        if !self.pid && is_last {
            return;
        }
        blanks(out, 12usize.saturating_sub(width));
        out.extend_from_slice(b"    ");
        if self.pid {
            write_pid(out, row.socket.ownership().holder());
        }
    }

    /// What stands behind the process ID.
    fn write_columns(&self, out: &mut Vec<u8>, row: &Row<'_>, columns: &[&ExtraColumn]) {
        let socket = &row.socket;
        let mut columns = columns.iter().enumerate().peekable();
        while let Some((index, column)) = columns.next() {
            if self.pid || index > 0 {
                out.push(b'\t');
            }
            let start = out.len();
            if column.applies(socket.protocol) {
                (column.write)(out, socket);
            }
            let followed = columns.peek().is_some() || self.process.is_some();
            let width = if followed { column.heading.len() } else { 0 };
            pad(out, start, width.max(column.least));
        }
        if let Some(process) = &self.process {
            if self.pid || !self.columns.is_empty() {
                out.push(b'\t');
            }
            process.column.value(row, &process.given).write_text(out);
        }
    }
}

fn write_pid(out: &mut Vec<u8>, holder: Holder) {
    match holder {
        Holder::Nobody(NoOwner::NoProcess | NoOwner::Kernel) => out.push(b'0'),
        Holder::Process(pid) => decimal(out, u64::from(pid)),
        Holder::NotRead | Holder::Nobody(_) => out.extend_from_slice(UNKNOWN.as_bytes()),
    }
}

/// Nothing for a socket without a process; the service, if there is one, and the executable; or one line that
/// says that these may not be known. What the kernel holds gets that line too, as process 4 of Windows does.
fn write_owner_lines<W: Write>(
    sheet: &mut Sheet<'_, W>,
    socket: &SocketRef<'_>,
    owners: &OwnerLines<'_>,
) -> io::Result<()> {
    let ownership = socket.ownership();
    let process = match (ownership.unowned(), ownership.principal()) {
        (Some(NoOwner::NoProcess), _) => return Ok(()),
        (_, Some(owner)) if owner.process.pid == 0 => return Ok(()),
        (_, Some(owner)) => owners.lookup.get(&owner.process),
        (_, None) => None,
    };
    let Some(Process { executable: Ok(executable), unit, .. }) = process else {
        return sheet.line(NO_OWNERSHIP);
    };
    let path = executable.path.as_os_str();
    let name = executable.path.file_name().unwrap_or(path);
    let shown = if owners.path { path } else { name };
    // Windows tells of each socket which service made it, where a process has several.
    let module = socket.windows().and_then(|windows| windows.module.as_deref()).map(OsStr::new);
    let unit = match module {
        Some(module) => Some(module).filter(|module| !module.eq_ignore_ascii_case(name)),
        None => unit.as_deref().ok(),
    };
    match unit {
        // The name of the executable once more would say nothing.
        Some(unit) if unit != shown => {
            sheet.buffer.extend_from_slice(b"  ");
            // A control group may have any name; this line must not pass for a row.
            match unit.as_encoded_bytes() {
                [b'T', b'C', b'P', b' ', ..] | [b'U', b'D', b'P', b' ', ..] => {
                    escape::write_word(&mut sheet.buffer, unit);
                }
                _ => escape::write_text(&mut sheet.buffer, unit),
            }
            sheet.end_line()?;
        }
        _ => {}
    }
    sheet.buffer.extend_from_slice(b" [");
    escape::write_text(&mut sheet.buffer, shown);
    if owners.path && executable.deleted {
        sheet.buffer.extend_from_slice(b" (deleted)");
    }
    sheet.buffer.push(b']');
    sheet.end_line()
}

#[cfg(test)]
mod packed_tests;
#[cfg(test)]
mod process_tests;
#[cfg(test)]
mod tests;
