//! Sockets or groups as a text table of chosen columns (`--columns`, `--group-by`).

use super::table::{Head, Table};
use super::{LineEnd, colour};
use netstat_engine::both;
use netstat_engine::columns::{self, Align, Column, Given, Value};
use netstat_engine::text::{Language, blanks, cells, decimal, pad, words, wrapped};
use netstat_engine::view::ConnectionsView;
use netstat_engine::view::groups::{Group, states_of};
use std::io::{self, Write};

/// How a table of columns looks.
#[derive(Clone, Copy)]
pub struct TableStyle {
    /// Width of the terminal in cells; `None` for output that is not a terminal.
    pub width: Option<usize>,
    /// Whether TCP states are coloured.
    pub colour: bool,
    /// The line ending.
    pub line_end: LineEnd,
    /// Whether a line of headings stands above the rows.
    pub header: bool,
    /// The language of the headings.
    pub language: Language,
}

fn head(column: &Column, language: Language) -> Head {
    Head { heading: column.heading.of(language).to_owned(), align: column.kind.align() }
}

fn put(table: &mut Table, value: &Value<'_>, style: TableStyle) {
    table.cell(|out| value.write_text(out));
    if let (Value::State(state), true) = (value, style.colour) {
        table.colour(colour::of_state(*state));
    }
}

/// Writes a line of headings and a line for each row.
pub fn render_sockets<W: Write>(
    view: &ConnectionsView<'_>,
    columns: &[&Column],
    given: &Given<'_>,
    style: TableStyle,
    out: &mut W,
) -> io::Result<()> {
    filled(view, columns, given, style).render(style.width, style.line_end, out)
}

/// Writes the same where more rows are to come: no column is narrower than it was.
pub(crate) fn render_more_sockets<W: Write>(
    view: &ConnectionsView<'_>,
    columns: &[&Column],
    given: &Given<'_>,
    style: TableStyle,
    widths: &mut Vec<usize>,
    out: &mut W,
) -> io::Result<()> {
    let table = filled(view, columns, given, style).no_narrower_than(widths);
    table.render(style.width, style.line_end, out)
}

/// Hands on the headings, with `None`, and each row with its number.
pub(crate) fn each_piece(
    view: &ConnectionsView<'_>,
    columns: &[&Column],
    given: &Given<'_>,
    style: TableStyle,
    mut hand_on: impl FnMut(Option<usize>, &[u8]),
) {
    let Ok(()) = filled(view, columns, given, style).pieces(style.width, style.line_end, |row, text| {
        hand_on(row, text);
        Ok::<_, std::convert::Infallible>(())
    });
}

fn filled(view: &ConnectionsView<'_>, columns: &[&Column], given: &Given<'_>, style: TableStyle) -> Table {
    let heads = columns.iter().map(|column| head(column, style.language)).collect();
    let mut table = Table::new(heads).with_header(style.header);
    view.rows().for_each(|row| {
        for column in columns {
            // A value borrows from its row, so it is written at once.
            put(&mut table, &column.value(&row, given), style);
        }
    });
    table
}

/// Writes a line of headings and a line for each group: the number of rows, the values, the number in each state
/// unless the state is one of the values.
pub fn render_groups<W: Write>(
    groups: &[Group<'_>],
    columns: &[&Column],
    style: TableStyle,
    out: &mut W,
) -> io::Result<()> {
    // Where the state is counted by, a column for each would repeat it.
    let by_state = columns.iter().any(|column| column.name == "state");
    let states = if by_state { Vec::new() } else { states_of(groups) };
    let number = |heading: &str| Head { heading: heading.to_owned(), align: Align::Right };
    let mut heads = vec![number(both!("Rows", "행").of(style.language))];
    heads.extend(columns.iter().map(|column| head(column, style.language)));
    heads.extend(states.iter().map(|state| number(&words::state(*state))));
    let mut table = Table::new(heads).with_header(style.header);
    for group in groups {
        table.cell(|out| decimal(out, group.rows));
        for value in &group.values {
            put(&mut table, value, style);
        }
        for state in &states {
            let count = group.states.get(state).copied().unwrap_or(0);
            table.cell(|out| decimal(out, count));
            if style.colour && count > 0 {
                table.colour(colour::of_state(*state));
            }
        }
    }
    table.render(style.width, style.line_end, out)
}

/// Writes what `--columns help` shows: every column with unit and meaning, and a mark on those unavailable on this
/// system.
pub fn render_column_help<W: Write>(
    out: &mut W,
    available: fn(&Column) -> bool,
    language: Language,
) -> io::Result<()> {
    let mark = both!(" (not known on this system)", " (이 시스템에서는 알 수 없음)");
    let headings = [both!("Column", "열"), both!("Unit", "단위"), both!("Meaning", "의미")];
    let mut rows = vec![headings.map(|heading| heading.of(language).to_owned())];
    rows.extend(columns::ALL.iter().map(|column| {
        let unit = column.unit_in(language);
        let unit = if unit.is_empty() { "-" } else { unit };
        let mark = if available(column) { "" } else { mark.of(language) };
        [column.name.to_owned(), unit.to_owned(), format!("{}{mark}", column.meaning.of(language))]
    }));
    let names = rows.iter().map(|[name, ..]| cells(name.as_bytes())).max().unwrap_or_default();
    let units = rows.iter().map(|[_, unit, _]| cells(unit.as_bytes())).max().unwrap_or_default();
    let indent = names + units + 4;
    for [name, unit, meaning] in &rows {
        let mut line = name.clone().into_bytes();
        pad(&mut line, 0, names + 2);
        line.extend_from_slice(unit.as_bytes());
        pad(&mut line, 0, indent);
        for part in wrapped(meaning, HELP_WIDTH.saturating_sub(indent)) {
            line.extend_from_slice(part.as_bytes());
            out.write_all(&line)?;
            out.write_all(LineEnd::NATIVE.bytes())?;
            line.clear();
            blanks(&mut line, indent);
        }
    }
    Ok(())
}

/// The width of a terminal that everybody has.
const HELP_WIDTH: usize = 80;
