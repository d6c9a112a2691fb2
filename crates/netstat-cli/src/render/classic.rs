//! The connection table of Windows, to the byte.
//!
//! ```text
//! ··Proto··Local Address··········Foreign Address········State···········PID······Offload State
//! ··%-5s···%-21s··················%-21s··················%-12s···········%u  TAB  %-12s
//! ```
//!
//! Widths are minimum widths: what is longer pushes the rest of its row to the right, and nothing is cut.
//!
//! Known from samples: the plain form, `-o`, `-t`, and `-o -t` with its TAB. Our own choice, in the same style:
//!
//! - `-i`, `-d` and `-y` stand where `-t` stands, with the same empty line below the headings. The order is Offload
//!   State, Time in State (ms), DSCP, Template.
//! - A TAB precedes the first of them if there is a process ID, and each further one. A cell that is followed by
//!   another is padded to the width of its heading, and each heading begins at the tab stop that the TABs below it
//!   lead to.
//! - A UDP row ends with its last value: of these columns only DSCP has one. Without any, and without a process ID,
//!   it ends with the padding of the foreign column, as in the samples.
//! - The process ID is `0` for a socket without a process, and `-` if it may not be known or was not found: 0 would
//!   say that there is none.
//! - The network namespace (`--netns all`) and the process (`--process`) stand last, under headings of our own.
//!   The first of them stands behind all of these, after spaces: behind the process ID with room for six digits, behind
//!   another column with two, else where the process ID would begin. They add no empty line. UDP rows have them too, with
//!   spaces for the columns before them that they have no value for. If there is no process or it is unknown, it is `-`.
//! - With colours, the state is between two escape sequences, and everything stands where it would without.

use super::extras::ExtraColumn;
pub use super::foreign::NameColumn;
use super::titles;
use super::{LineEnd, Sheet, colour, foreign};
use netstat_engine::columns::{Column, Given};
use netstat_engine::enrich::StandIns;
use netstat_engine::row::{Foreign, Row};
use netstat_engine::text::line::Line;
use netstat_engine::text::words::{self, UNKNOWN};
use netstat_engine::text::{Language, Text, address, blanks, cells, decimal, escape, pad};
use netstat_engine::view::ConnectionsView;
use netstat_model::{
    Holder, IpEndpoint, Keeper, NoOwner, Process, ProcessKey, Protocol, SocketRef, TcpState,
};
use rustc_hash::FxHashMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::net::IpAddr;

/// Lines about the process after each row (`-b`).
#[derive(Clone, Copy)]
pub struct OwnerLines<'a> {
    /// The processes.
    pub lookup: &'a FxHashMap<ProcessKey, Process>,
    /// Who is behind the listeners of systemd.
    pub stand_ins: &'a StandIns,
    /// Show the full path of the executable, with a mark if it is deleted (`--path`). Without it, only the file
    /// name and no mark: scripts look for that line.
    pub path: bool,
}

/// What stands last in each row: the network namespace (`--netns all`), then the process (`--process`).
#[derive(Clone, Copy)]
pub struct LastColumns<'a> {
    /// The columns to show.
    pub columns: &'a [&'static Column],
    /// What the columns look up.
    pub given: Given<'a>,
}

/// The heading of the process, whatever is shown of it.
static PROCESS: Text = Text::fixed("PROCESS", "프로세스");

/// The heading of the network namespace, and the cells that the process leaves it: those of a short container ID.
static NAMESPACE: Text = Text::fixed("NETNS", "네임스페이스");
const NAMESPACE_CELLS: usize = 19;

/// The cells of a process ID that the process follows, with the space between the two.
const PID: usize = 7;

/// What stands between another column and the process.
const BETWEEN: &str = "  ";

/// What a connection table shows.
#[derive(Clone, Copy)]
pub struct Classic<'a> {
    /// The language of the headings.
    pub language: Language,
    /// The line ending.
    pub line_end: LineEnd,
    /// Show the process ID (`-o`).
    pub pid: bool,
    /// The optional columns, from the left.
    pub columns: &'a [&'a ExtraColumn],
    /// Names in the foreign column; `None` for numbers (`-n`).
    pub names: Option<NameColumn<'a>>,
    /// Lines about the process; `None` for none.
    pub owners: Option<OwnerLines<'a>>,
    /// What stands last; `None` for nothing.
    pub last: Option<LastColumns<'a>>,
    /// Whether states are coloured.
    pub colour: bool,
    /// Whether the title and the headings stand above the rows.
    pub header: bool,
}

/// Where the columns begin, as long as nothing is wider than its column.
const FOREIGN: usize = 32;
const STATE: usize = 55;
const AFTER_STATE: usize = 71;

impl<'a> Classic<'a> {
    /// Makes a table of numbers without optional columns.
    pub fn plain(language: Language, pid: bool, colour: bool) -> Self {
        Self {
            language,
            line_end: LineEnd::NATIVE,
            pid,
            columns: &[],
            names: None,
            owners: None,
            last: None,
            colour,
            header: true,
        }
    }

    /// Writes the table: an empty line, the title, an empty line, the headings, the rows.
    pub fn render<W: Write>(&self, view: &ConnectionsView<'_>, out: &mut W) -> io::Result<()> {
        let mut sheet = self.begin(out)?;
        view.rows().try_for_each(|row| self.add(&mut sheet, &row))?;
        sheet.hand_on()
    }

    /// Hands on what stands above the rows, with `None`, and each row with the lines about its process.
    pub(crate) fn each_piece(
        &self,
        view: &ConnectionsView<'a>,
        mut hand_on: impl FnMut(Option<&Row<'a>>, &[u8]),
    ) -> io::Result<()> {
        let mut head = Vec::new();
        self.begin(&mut head)?.hand_on()?;
        hand_on(None, &head);
        let mut nobody = io::sink();
        let mut sheet = Sheet::new(&mut nobody, self.line_end);
        for row in view.rows() {
            sheet.buffer.clear();
            self.add(&mut sheet, &row)?;
            hand_on(Some(&row), &sheet.buffer);
        }
        Ok(())
    }

    /// Writes what stands above the rows. [`Classic::add`] adds them, and the caller writes out the end of the
    /// sheet.
    pub(crate) fn begin<'w, W: Write>(&self, out: &'w mut W) -> io::Result<Sheet<'w, W>> {
        let mut sheet = Sheet::new(out, self.line_end);
        if !self.header {
            return Ok(sheet);
        }
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
            _ if self.last.is_some() => self.columns,
            _ => self.udp_columns(),
        };
        let is_last = columns.is_empty() && self.last.is_none();
        self.write_row(&mut sheet.buffer, row, is_last);
        if !is_last {
            self.write_columns(&mut sheet.buffer, row, columns);
        }
        sheet.end_line()?;
        match &self.owners {
            Some(owners) => write_owner_lines(sheet, &row.socket, owners, self.language),
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
        let mut end_of_cells = if self.pid { AFTER_STATE + PID } else { AFTER_STATE };
        for (index, heading) in headings.enumerate() {
            let used = cells(out.get(start..).unwrap_or_default());
            let next = if self.pid || index > 0 { (used / 8 + 1) * 8 } else { AFTER_STATE };
            blanks(out, next.saturating_sub(used));
            out.extend_from_slice(heading.as_bytes());
            let least = self.columns.get(index).map_or(0, |column| column.least);
            end_of_cells = next + least.max(heading.len()) + BETWEEN.len();
        }
        if let Some(last) = &self.last {
            let used = cells(out.get(start..).unwrap_or_default());
            blanks(out, end_of_cells.saturating_sub(used));
            last.write(out, |out, column| {
                let heading = if column.is_of_owner() { &PROCESS } else { &NAMESPACE };
                out.extend_from_slice(heading.of(self.language).as_bytes());
            });
        }
    }

    /// The row up to the process ID; `is_last` where nothing follows.
    fn write_row(&self, out: &mut Vec<u8>, row: &Row<'_>, is_last: bool) {
        if let Some(line) = self.v4_line(row, is_last) {
            out.extend_from_slice(line.bytes());
            return;
        }
        let protocol = row.socket.protocol;
        match protocol {
            Protocol::Tcp => out.extend_from_slice(b"  TCP    "),
            Protocol::Udp => out.extend_from_slice(b"  UDP    "),
            other => out.extend_from_slice(format!("  {other:<5}  ").as_bytes()),
        }
        let start = out.len();
        address::write_end(out, row.local());
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
            (_, Some(state)) => words::write_state(out, state),
            (Protocol::Tcp, None) => out.extend_from_slice(b"UNKNOWN"),
            (_, None) => {}
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
            let start = out.len();
            match shown_pid(row.socket.holder()) {
                Some(pid) => decimal(out, u64::from(pid)),
                None => out.extend_from_slice(UNKNOWN.as_bytes()),
            }
            if self.is_before_last() {
                blanks(out, PID.saturating_sub(1 + out.len() - start) + 1);
            }
        }
    }

    /// Returns true if one of the last columns stands right behind the process ID.
    fn is_before_last(&self) -> bool {
        self.pid && self.columns.is_empty() && self.last.is_some()
    }

    /// Returns a row of IPv4 numbers without colours, as most rows of a large table are: the same bytes in less time.
    fn v4_line(&self, row: &Row<'_>, is_last: bool) -> Option<Line> {
        if self.names.is_some() || self.colour || self.is_before_last() {
            return None;
        }
        let (local, remote) = (row.local().ip()?, row.foreign());
        let IpAddr::V4(address) = local.address else { return None };
        let mut line = Line::new();
        let state = match (row.socket.protocol, row.socket.state) {
            (Protocol::Tcp, Some(TcpState::Unknown(_)) | None) => return None,
            (Protocol::Tcp, Some(state)) => {
                line.put(b"  TCP    ");
                words::known_state(state)
            }
            (Protocol::Udp, _) => {
                line.put(b"  UDP    ");
                ""
            }
            _ => return None,
        };
        line.put_v4_and_port(address, local.port);
        line.pad_to(FOREIGN);
        match remote {
            Foreign::Anybody => line.put(b"*:*"),
            Foreign::End(end) => {
                let IpEndpoint { address: IpAddr::V4(address), port, .. } = end.ip()? else { return None };
                line.put_v4_and_port(address, port);
            }
        }
        line.pad_to(STATE);
        line.put_word(state);
        if self.pid || !is_last {
            line.pad_to(AFTER_STATE);
        }
        if self.pid {
            match shown_pid(row.socket.holder()) {
                Some(pid) => line.put_number(pid),
                None => line.put_word(UNKNOWN),
            }
        }
        Some(line)
    }

    /// Writes what stands after the process ID.
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
            let followed = columns.peek().is_some() || self.last.is_some();
            let width = if followed { column.heading.len() } else { 0 };
            pad(out, start, width.max(column.least));
        }
        if let Some(last) = &self.last {
            if !self.columns.is_empty() {
                out.extend_from_slice(BETWEEN.as_bytes());
            }
            last.write(out, |out, column| column.value(row, &last.given).write_text(out));
        }
    }
}

impl LastColumns<'_> {
    /// Writes the cells of a line.
    fn write(&self, out: &mut Vec<u8>, cell: impl Fn(&mut Vec<u8>, &Column)) {
        for (place, column) in self.columns.iter().enumerate() {
            let start = out.len();
            cell(out, column);
            if place + 1 < self.columns.len() {
                pad(out, start, NAMESPACE_CELLS);
                out.extend_from_slice(BETWEEN.as_bytes());
            }
        }
    }
}

/// Returns the process ID to show, 0 where there is no process; `None` where it is not known.
fn shown_pid(holder: Holder) -> Option<u32> {
    match holder {
        Holder::Nobody(NoOwner::NoProcess | NoOwner::Kernel) => Some(0),
        Holder::Process(pid) => Some(pid),
        Holder::NotRead | Holder::Nobody(_) => None,
    }
}

/// Writes nothing for a socket without a process; the service, if there is one, and the executable; or one line
/// that says that these may not be known. Sockets of the kernel get that line too, as process 4 does on Windows.
fn write_owner_lines<W: Write>(
    sheet: &mut Sheet<'_, W>,
    socket: &SocketRef<'_>,
    owners: &OwnerLines<'_>,
    language: Language,
) -> io::Result<()> {
    let ownership = socket.ownership();
    let process = match (ownership.unowned(), ownership.principal()) {
        (Some(NoOwner::NoProcess), _) => return Ok(()),
        (_, Some(owner)) if owner.process.pid == 0 => return Ok(()),
        (_, Some(owner)) => owners.lookup.get(&owner.process),
        (_, None) => None,
    };
    let Some(process) = process else {
        return sheet.line(titles::no_ownership(language));
    };
    let Process { executable: Ok(executable), name, unit, .. } = process else {
        return sheet.line(titles::no_ownership(language));
    };
    let path = executable.path.as_os_str();
    let name = name.as_deref().unwrap_or(executable.file_name());
    let shown = if owners.path { path } else { name };
    // Windows tells of each socket which service made it, where a process has several; not told, it may be any of them.
    let unit = match socket.windows() {
        Some(windows) => {
            let module = windows.module.as_deref().map(OsStr::new);
            module.filter(|module| !module.eq_ignore_ascii_case(name))
        }
        None => unit.as_deref().ok(),
    };
    // systemd keeps a listener for the service of a socket unit, not for its own.
    let behind = match Keeper::of(process) {
        Some(Keeper::ServiceManager) => owners.stand_ins.behind(socket, owners.lookup).map(OsString::from),
        _ => None,
    };
    match behind.as_deref().or(unit) {
        // Do not repeat the name of the executable.
        Some(unit) if unit != shown => {
            sheet.buffer.extend_from_slice(b"  ");
            // A control group may have any name; its line must not look like a row.
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
mod process_tests;
#[cfg(test)]
mod tests;
