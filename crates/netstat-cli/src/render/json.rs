//! Sockets, and groups of them, as one JSON document (`--json`). Its JSON Schema is made in `schema.rs`.

use super::{LineEnd, Sheet};
use crate::columns::{Column, Given};
use crate::row::Row;
use crate::text::words;
use crate::view::ConnectionsView;
use crate::view::groups::Group;
use netstat_model::Warning;
use netstat_model::{NoOwner, Owner};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use std::io::{self, Write};

/// The version of the form. It grows when a key changes its meaning or goes, not when one is added.
pub const SCHEMA: u32 = 1;

/// A row as an object: the version if it stands alone, a key for each column, and all processes.
pub(crate) struct JsonRow<'r, 'a> {
    pub(crate) row: Row<'a>,
    pub(crate) columns: &'r [&'static Column],
    pub(crate) given: &'r Given<'a>,
    pub(crate) alone: bool,
}

impl Serialize for JsonRow<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.alone {
            map.serialize_entry("schema", &SCHEMA)?;
        }
        for column in self.columns {
            map.serialize_entry(column.key, &column.value(&self.row, self.given))?;
        }
        if self.columns.iter().any(|column| column.is_of_owner()) {
            let ownership = self.row.socket.ownership();
            let (owners, why) = (ownership.owners(), ownership.unowned().map(reason));
            map.serialize_entry("owners", &Owners { owners, columns: self.columns, given: self.given })?;
            map.serialize_entry("unowned", &why)?;
        }
        map.end()
    }
}

/// Every word for a missing owner, for the schema.
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

/// The process ID is there in any case, because without it nobody knows whose facts these are.
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
    pub(crate) alone: bool,
}

impl Serialize for JsonGroup<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if self.alone {
            map.serialize_entry("schema", &SCHEMA)?;
        }
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

/// Writes the document of the rows: the version, an object for each row on a line of its own, the warnings.
///
/// # Errors
/// What the writer answers.
pub fn render_sockets<'a, W: Write>(
    view: &ConnectionsView<'a>,
    columns: &[&'static Column],
    given: &Given<'a>,
    warnings: &[Warning],
    out: &mut W,
) -> io::Result<()> {
    let rows = view.rows().map(|row| JsonRow { row, columns, given, alone: false });
    document("sockets", rows, warnings, out)
}

/// Writes the document of the groups.
///
/// # Errors
/// What the writer answers.
pub fn render_groups<W: Write>(
    groups: &[Group<'_>],
    columns: &[&'static Column],
    warnings: &[Warning],
    out: &mut W,
) -> io::Result<()> {
    let groups = groups.iter().map(|group| JsonGroup { group, columns, alone: false });
    document("groups", groups, warnings, out)
}

fn document<W: Write>(
    name: &str,
    items: impl Iterator<Item = impl Serialize>,
    warnings: &[Warning],
    out: &mut W,
) -> io::Result<()> {
    let mut sheet = Sheet::new(out, LineEnd::Lf);
    sheet.buffer.extend_from_slice(format!("{{\"schema\":{SCHEMA},\"{name}\":[").as_bytes());
    for (index, item) in items.enumerate() {
        sheet.line(if index == 0 { "" } else { "," })?;
        serde_json::to_writer(&mut sheet.buffer, &item)?;
    }
    sheet.end_line()?;
    sheet.buffer.extend_from_slice(b"],\"warnings\":");
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    serde_json::to_writer(&mut sheet.buffer, &warnings)?;
    sheet.line("}")?;
    sheet.hand_on()
}
