//! Sockets, and groups of them, as a table of chosen columns (`--columns`, `--group-by`).

use super::table::{Head, Table};
use super::{LineEnd, colour};
use crate::columns::{self, Align, Column, Given, Value};
use crate::text::{decimal, words};
use crate::view::ConnectionsView;
use crate::view::groups::{Group, states_of};
use std::io::{self, Write};

/// The form of a table.
#[derive(Clone, Copy)]
pub struct Form {
    /// How wide the terminal is; `None` where there is none.
    pub width: Option<usize>,
    /// Whether states have colours.
    pub colour: bool,
    /// How lines end.
    pub line_end: LineEnd,
}

fn head(column: &Column) -> Head {
    Head { heading: column.heading.to_owned(), align: column.kind.align() }
}

fn put(table: &mut Table, value: &Value<'_>, form: Form) {
    table.cell(|out| value.write_text(out));
    if let (Value::State(state), true) = (value, form.colour) {
        table.colour(colour::of_state(*state));
    }
}

/// Writes a line of headings and a line for each row.
///
/// # Errors
/// What the writer answers.
pub fn render_sockets<W: Write>(
    view: &ConnectionsView<'_>,
    columns: &[&Column],
    given: &Given<'_>,
    form: Form,
    out: &mut W,
) -> io::Result<()> {
    let mut table = Table::new(columns.iter().map(|column| head(column)).collect());
    for row in view.rows() {
        for column in columns {
            // The lifetime of a value is that of the row, so that it is not kept.
            put(&mut table, &column.value(&row, given), form);
        }
    }
    table.render(form.width, form.line_end, out)
}

/// Writes a line of headings and a line for each group: how many rows, the values, how many in each state.
///
/// # Errors
/// What the writer answers.
pub fn render_groups<W: Write>(
    groups: &[Group<'_>],
    columns: &[&Column],
    form: Form,
    out: &mut W,
) -> io::Result<()> {
    let states = states_of(groups);
    let number = |heading: &str| Head { heading: heading.to_owned(), align: Align::Right };
    let mut heads = vec![number("Rows")];
    heads.extend(columns.iter().map(|column| head(column)));
    heads.extend(states.iter().map(|state| number(&words::state(*state))));
    let mut table = Table::new(heads);
    for group in groups {
        table.cell(|out| decimal(out, group.rows));
        for value in &group.values {
            put(&mut table, value, form);
        }
        for state in &states {
            let count = group.states.get(state).copied().unwrap_or(0);
            table.cell(|out| decimal(out, count));
            if form.colour && count > 0 {
                table.colour(colour::of_state(*state));
            }
        }
    }
    table.render(form.width, form.line_end, out)
}

/// What `--columns help` shows: every column with its unit and its meaning, and of those that are unknown on this system
/// that they are.
///
/// # Errors
/// What the writer answers.
pub fn render_column_help<W: Write>(out: &mut W, available: fn(&Column) -> bool) -> io::Result<()> {
    let text = |heading: &str| Head { heading: heading.to_owned(), align: Align::Left };
    let mut table = Table::new(vec![text("Column"), text("Unit"), text("Meaning")]);
    for &column in columns::ALL {
        let mut meaning = column.meaning.to_owned();
        if !available(column) {
            meaning.push_str(" (not known on this system)");
        }
        for cell in [column.name, if column.unit.is_empty() { "-" } else { column.unit }, &meaning] {
            table.cell(|out| out.extend_from_slice(cell.as_bytes()));
        }
    }
    table.render(None, LineEnd::NATIVE, out)
}
