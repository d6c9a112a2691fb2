//! Sockets or groups as JSON lines (`--jsonl`), each with the version in it.

use super::format::Format;
use super::json::{JsonGroup, JsonRow, Line};
use super::{LineEnd, Sheet};
use netstat_engine::text::time::rfc_3339;
use serde::Serialize;
use std::io::{self, Write};

/// `--jsonl`.
pub(super) const FORMAT: Format = Format {
    name: "jsonl",
    summary: "Write JSON with a line for each row",
    help: "Writes JSON with a line for each row, with every column or those of --columns, and with all owners.",
    details: "Warnings about missing data go to standard error only. With an interval each line has the time and the \
              number of its display.",
    of_every_report: false,
    all_owners: true,
    sockets: |rows, frame, out| {
        let time = frame.info.at.map(rfc_3339);
        let line = Line::new(frame, time.as_deref());
        lines(rows.view.rows().map(|row| JsonRow { row, rows, line: Some(line) }), out)
    },
    groups: |groups, frame, out| {
        let time = frame.info.at.map(rfc_3339);
        let line = Line::new(frame, time.as_deref());
        let columns = groups.columns;
        lines(groups.groups.iter().map(|group| JsonGroup { group, columns, line: Some(line) }), out)
    },
};

fn lines(items: impl Iterator<Item = impl Serialize>, mut out: &mut dyn Write) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut out, LineEnd::Lf);
    for item in items {
        serde_json::to_writer(&mut sheet.buffer, &item)?;
        sheet.end_line()?;
    }
    sheet.hand_on()
}
