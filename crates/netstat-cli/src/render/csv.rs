//! Sockets, and groups of them, as CSV after RFC 4180 (`--csv`): a line of keys, CRLF at the end of each line.
//!
//! Numbers are in the unit that their key names; what is not known or not there is an empty field. Of several processes
//! that hold a socket the principal one is told.

use crate::columns::{Column, Given};
use crate::text::words;
use crate::view::ConnectionsView;
use crate::view::groups::{Group, states_of};
use csv::{ByteRecord, Terminator, Writer, WriterBuilder};
use netstat_model::TcpState;
use std::collections::BTreeSet;
use std::io::{self, Write};

fn writer<W: Write>(out: &mut W) -> Writer<&mut W> {
    WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out)
}

/// An error of the writer; nothing else can fail here, as each record has its fields.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

/// Writes the keys and a line for each row.
///
/// # Errors
/// What the writer answers.
pub fn render_sockets<W: Write>(
    view: &ConnectionsView<'_>,
    columns: &[&Column],
    given: &Given<'_>,
    out: &mut W,
) -> io::Result<()> {
    let mut csv = writer(out);
    csv.write_record(columns.iter().map(|column| column.key)).map_err(io_error)?;
    let mut record = ByteRecord::new();
    let mut field = Vec::new();
    for row in view.rows() {
        record.clear();
        for column in columns {
            field.clear();
            column.value(&row, given).write_data(&mut field);
            record.push_field(&field);
        }
        csv.write_byte_record(&record).map_err(io_error)?;
    }
    csv.flush()
}

/// Writes the keys and a line for each group: how many rows, the values, how many in each state. Every state has its
/// column, so that the keys are always the same.
///
/// # Errors
/// What the writer answers.
pub fn render_groups<W: Write>(groups: &[Group<'_>], columns: &[&Column], out: &mut W) -> io::Result<()> {
    let states: BTreeSet<TcpState> = words::STATES.into_iter().chain(states_of(groups)).collect();
    let mut csv = writer(out);
    let mut record = ByteRecord::from(vec!["rows"]);
    columns.iter().for_each(|column| record.push_field(column.key.as_bytes()));
    states.iter().for_each(|state| record.push_field(words::state(*state).as_bytes()));
    csv.write_byte_record(&record).map_err(io_error)?;
    let mut field = Vec::new();
    for group in groups {
        record.clear();
        record.push_field(group.rows.to_string().as_bytes());
        for value in &group.values {
            field.clear();
            value.write_data(&mut field);
            record.push_field(&field);
        }
        for state in &states {
            record.push_field(group.states.get(state).copied().unwrap_or(0).to_string().as_bytes());
        }
        csv.write_byte_record(&record).map_err(io_error)?;
    }
    csv.flush()
}
