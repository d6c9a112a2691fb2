//! Sockets or groups as one JSON document (`--json`). `schema.rs` makes its JSON Schema.

use super::format::{Format, Frame, Rows};
use super::header::{Header, SCHEMA};
use super::{LineEnd, Sheet};
use netstat_engine::columns::{Column, Given};
use netstat_engine::row::Row;
use netstat_engine::text::words;
use netstat_engine::view::groups::Group;
use netstat_model::{NoOwner, Owner};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::io::{self, Write};

/// `--json`.
pub(super) const FORMAT: Format = Format {
    name: "json",
    summary: "Write one JSON document",
    help: "Writes one JSON document with every column, or those of --columns, with all owners and warnings about \
           missing data. With -r, -s, -e or check, the document of that report.",
    details: "Numbers are numbers, null is what is unknown or not there, and durations have their unit in the key. \
              Untrusted text is escaped as in the tables. A listener that serves IPv4 and IPv6 is two rows with one \
              cookie, as in the tables. docs/schema has the JSON Schema; each document names its version, the host and \
              the time. docs/json.md explains the documents of -r, -s and -e.",
    of_every_report: true,
    all_owners: true,
    sockets: |rows, frame, out| {
        let items = rows.view.rows().map(|row| JsonRow { row, rows, line: None });
        document("sockets", items, frame, out)
    },
    groups: |groups, frame, out| {
        let items =
            groups.groups.iter().map(|group| JsonGroup { group, columns: groups.columns, line: None });
        document("groups", items, frame, out)
    },
};

/// What a line of its own carries beside its row: the version, and the display if the report is repeated.
#[derive(Clone, Copy)]
pub(crate) struct Line<'r> {
    /// The time and the number of the display.
    display: Option<(Option<&'r str>, u64)>,
}

impl<'r> Line<'r> {
    pub(crate) fn new(frame: &Frame<'_>, time: Option<&'r str>) -> Self {
        Self { display: frame.display.map(|number| (time, number)) }
    }

    fn serialize<M: SerializeMap>(line: Option<&Self>, map: &mut M) -> Result<(), M::Error> {
        let Some(line) = line else { return Ok(()) };
        if let Some((time, display)) = line.display {
            map.serialize_entry("time", &time)?;
            map.serialize_entry("display", &display)?;
        }
        map.serialize_entry("schema", &SCHEMA)
    }
}

/// A row as an object: a key for each column, and all processes.
pub(crate) struct JsonRow<'r, 'a> {
    pub(crate) row: Row<'a>,
    pub(crate) rows: &'r Rows<'r, 'a>,
    pub(crate) line: Option<Line<'r>>,
}

impl Serialize for JsonRow<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        Line::serialize(self.line.as_ref(), &mut map)?;
        let Rows { columns, given, .. } = *self.rows;
        for column in columns {
            map.serialize_entry(column.key, &column.value(&self.row, given))?;
        }
        if columns.iter().any(|column| column.is_of_owner()) {
            let ownership = self.row.socket.ownership();
            let (owners, why) = (ownership.owners(), ownership.unowned().map(reason));
            map.serialize_entry("owners", &Owners { owners, columns, given })?;
            map.serialize_entry("unowned", &why)?;
        }
        map.end()
    }
}

/// The words for a missing owner, in the order of [`reason`]; also for the schema.
pub(crate) const REASONS: [&str; 5] =
    ["no_process", "not_permitted", "kernel", "other_namespace", "vanished"];

pub(crate) fn reason(why: NoOwner) -> &'static str {
    let [no_process, not_permitted, kernel, other_namespace, vanished] = REASONS;
    match why {
        NoOwner::NoProcess => no_process,
        NoOwner::NotPermitted => not_permitted,
        NoOwner::Kernel => kernel,
        NoOwner::OtherNamespace => other_namespace,
        NoOwner::Vanished => vanished,
    }
}

struct Owners<'r, 'a> {
    owners: &'r [Owner],
    columns: &'r [&'static Column],
    given: &'r Given<'a>,
}

impl Serialize for Owners<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.owners.len()))?;
        for owner in self.owners {
            list.serialize_element(&OneOwner { owner, columns: self.columns, given: self.given })?;
        }
        list.end()
    }
}

struct OneOwner<'r, 'a> {
    owner: &'r Owner,
    columns: &'r [&'static Column],
    given: &'r Given<'a>,
}

/// The process ID is always included, because it identifies the owner.
impl Serialize for OneOwner<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("pid", &self.owner.process.pid)?;
        for column in self.columns.iter().filter(|column| column.key != "pid") {
            if let Some(value) = column.of_owner(self.owner, self.given) {
                map.serialize_entry(column.key, &value)?;
            }
        }
        map.end()
    }
}

/// A group as an object.
pub(crate) struct JsonGroup<'r, 'a> {
    pub(crate) group: &'r Group<'a>,
    pub(crate) columns: &'r [&'static Column],
    pub(crate) line: Option<Line<'r>>,
}

impl Serialize for JsonGroup<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        Line::serialize(self.line.as_ref(), &mut map)?;
        map.serialize_entry("rows", &self.group.rows)?;
        for (column, value) in self.columns.iter().zip(&self.group.values) {
            map.serialize_entry(column.key, value)?;
        }
        map.serialize_entry("states", &States(self.group))?;
        map.end()
    }
}

struct States<'r, 'a>(&'r Group<'a>);

impl Serialize for States<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.states.iter().map(|(state, count)| (words::state(*state), count)))
    }
}

/// Writes the header, an object for each item on a line of its own, and the warnings.
fn document(
    name: &str,
    items: impl Iterator<Item = impl Serialize>,
    frame: &Frame<'_>,
    mut out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut out, LineEnd::Lf);
    serde_json::to_writer(&mut sheet.buffer, &Header::new(frame.info))?;
    // The header is an object; the document goes on where it ends.
    sheet.buffer.pop();
    sheet.buffer.extend_from_slice(format!(",\"{name}\":[").as_bytes());
    for (index, item) in items.enumerate() {
        sheet.line(if index == 0 { "" } else { "," })?;
        serde_json::to_writer(&mut sheet.buffer, &item)?;
    }
    sheet.end_line()?;
    sheet.buffer.extend_from_slice(b"],\"warnings\":");
    let warnings: Vec<String> = frame.warnings.iter().map(ToString::to_string).collect();
    serde_json::to_writer(&mut sheet.buffer, &warnings)?;
    sheet.line("}")?;
    sheet.hand_on()
}
