//! Sockets or groups as one JSON document (`--json`). `schema.rs` makes its JSON Schema.

use super::format::{Format, Frame, Rows};
use super::header::{Header, SCHEMA};
use super::{LineEnd, Sheet};
use netstat_engine::columns::Column;
use netstat_engine::row::Row;
use netstat_engine::text::{Text, decimal, json, words};
use netstat_engine::view::groups::Group;
use netstat_model::{NoOwner, Owner};
use std::io::{self, Write};

/// `--json`.
pub(super) static FORMAT: Format = Format {
    name: "json",
    summary: "Write one JSON document",
    help: Text::fixed(
        "Writes one JSON document with every column, or those of --columns, with all owners and warnings about \
         missing data. With -r, -s, -e or check, the document of that report.",
        "모든 열, 또는 --columns의 열을 담은 JSON 문서 하나를 출력합니다. 모든 소유자와 빠진 데이터에 대한 경고도 담습니다. -r, -s, -e, check에서는 그 보고서의 문서입니다.",
    ),
    details: Text::fixed(
        "Numbers are numbers, null is what is unknown or not there, and durations have their unit in the key. \
         Untrusted text is escaped as in the tables. A listener that serves IPv4 and IPv6 is two rows with one \
         cookie, as in the tables. docs/schema has the JSON Schema; each document names its version, the host and \
         the time. docs/json.md explains the documents of -r, -s and -e.",
        "숫자는 숫자이고, 알 수 없거나 없는 것은 null이며, 시간은 키에 단위가 있습니다. 외부에서 온 텍스트는 \
         표에서처럼 이스케이프합니다. IPv4와 IPv6를 함께 받는 수신 대기 소켓은 표에서처럼 cookie가 같은 두 \
         행입니다. JSON 스키마는 docs/schema에 있고, 각 문서에 버전, 호스트, 시각이 들어 있습니다. -r, -s, -e의 \
         문서는 docs/json.ko.md가 설명합니다.",
    ),
    of_every_report: true,
    begins_with_keys: false,
    all_owners: true,
    sockets: |rows, frame, out| {
        document("sockets", rows.view.rows(), frame, out, |out, row| write_row(out, &row, rows, None))
    },
    groups: |groups, frame, out| {
        let write = |out: &mut Vec<u8>, group| write_group(out, group, groups.columns, None);
        document("groups", groups.groups.iter(), frame, out, write)
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

    fn write(self, out: &mut Vec<u8>) {
        if let Some((time, display)) = self.display {
            json::key(out, "time");
            match time {
                Some(time) => json::string(out, |out| out.extend_from_slice(time.as_bytes())),
                None => out.extend_from_slice(b"null"),
            }
            json::key(out, "display");
            decimal(out, display);
        }
        json::key(out, "schema");
        decimal(out, SCHEMA.into());
    }
}

/// Writes a row as an object: a key for each column, and all processes.
pub(crate) fn write_row(out: &mut Vec<u8>, row: &Row<'_>, rows: &Rows<'_, '_>, line: Option<Line<'_>>) {
    let Rows { columns, given, all_owners_known, .. } = *rows;
    out.push(b'{');
    if let Some(line) = line {
        line.write(out);
    }
    let mut any_of_owner = false;
    for column in columns {
        json::key(out, column.key);
        column.value(row, given).write_json(out);
        any_of_owner |= column.is_of_owner();
    }
    if any_of_owner {
        let ownership = row.socket.ownership();
        json::key(out, "owners");
        json::list(out, ownership.owners(), |out, owner| write_owner(out, owner, rows));
        json::key(out, "owners_complete");
        let is_complete = all_owners_known || ownership.unowned() == Some(NoOwner::NoProcess);
        out.extend_from_slice(if is_complete { b"true" } else { b"false" });
        json::key(out, "unowned");
        match ownership.unowned().map(reason) {
            Some(why) => json::string(out, |out| out.extend_from_slice(why.as_bytes())),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}

/// The process ID is always included, because it identifies the owner.
fn write_owner(out: &mut Vec<u8>, owner: &Owner, rows: &Rows<'_, '_>) {
    out.push(b'{');
    json::key(out, "pid");
    decimal(out, owner.process.pid.into());
    for column in rows.columns.iter().filter(|column| column.key != "pid") {
        if let Some(value) = column.of_owner(owner, rows.given) {
            json::key(out, column.key);
            value.write_json(out);
        }
    }
    out.push(b'}');
}

/// Writes a group as an object.
pub(crate) fn write_group(out: &mut Vec<u8>, group: &Group<'_>, columns: &[&Column], line: Option<Line<'_>>) {
    out.push(b'{');
    if let Some(line) = line {
        line.write(out);
    }
    json::key(out, "rows");
    decimal(out, group.rows);
    for (column, value) in columns.iter().zip(&group.values) {
        json::key(out, column.key);
        value.write_json(out);
    }
    json::key(out, "states");
    out.push(b'{');
    for (state, count) in &group.states {
        json::key(out, &words::state(*state));
        decimal(out, *count);
    }
    out.extend_from_slice(b"}}");
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

/// Writes the header, an object for each item on a line of its own, and the warnings. A report that is repeated has a
/// document on each line.
fn document<T>(
    name: &str,
    items: impl Iterator<Item = T>,
    frame: &Frame<'_>,
    mut out: &mut dyn Write,
    write: impl Fn(&mut Vec<u8>, T),
) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut out, LineEnd::Lf);
    serde_json::to_writer(&mut sheet.buffer, &Header::new(frame.info))?;
    // The header is an object; the document goes on where it ends.
    sheet.buffer.pop();
    sheet.buffer.extend_from_slice(format!(",\"{name}\":[").as_bytes());
    let is_repeated = frame.display.is_some();
    items.enumerate().try_for_each(|(index, item)| {
        if index > 0 {
            sheet.buffer.push(b',');
        }
        if is_repeated {
            sheet.hand_on_if_full()?;
        } else {
            sheet.end_line()?;
        }
        write(&mut sheet.buffer, item);
        Ok::<_, io::Error>(())
    })?;
    if !is_repeated {
        sheet.end_line()?;
    }
    sheet.buffer.extend_from_slice(b"],\"warnings\":");
    let warnings: Vec<String> = frame.warnings.iter().map(ToString::to_string).collect();
    serde_json::to_writer(&mut sheet.buffer, &warnings)?;
    sheet.line("}")?;
    sheet.hand_on()
}
