//! Sockets, and groups of them, as JSON with a line for each (`--jsonl`). Each line has the version in it.

use super::json::{JsonGroup, JsonRow};
use super::{LineEnd, Sheet};
use crate::columns::{Column, Given};
use crate::view::ConnectionsView;
use crate::view::groups::Group;
use serde::Serialize;
use std::io::{self, Write};

/// Writes a line for each row.
///
/// # Errors
/// What the writer answers.
pub fn render_sockets<'a, W: Write>(
    view: &ConnectionsView<'a>,
    columns: &[&'static Column],
    given: &Given<'a>,
    out: &mut W,
) -> io::Result<()> {
    lines(view.rows().map(|row| JsonRow { row, columns, given, alone: true }), out)
}

/// Writes a line for each group.
///
/// # Errors
/// What the writer answers.
pub fn render_groups<W: Write>(
    groups: &[Group<'_>],
    columns: &[&'static Column],
    out: &mut W,
) -> io::Result<()> {
    lines(groups.iter().map(|group| JsonGroup { group, columns, alone: true }), out)
}

fn lines<W: Write>(items: impl Iterator<Item = impl Serialize>, out: &mut W) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::Lf);
    for item in items {
        serde_json::to_writer(&mut sheet.buffer, &item)?;
        sheet.end_line()?;
    }
    sheet.hand_on()
}
