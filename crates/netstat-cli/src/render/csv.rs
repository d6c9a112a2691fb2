//! Sockets or groups as CSV after RFC 4180 (`--csv`): a line of keys, CRLF at the end of each line.
//!
//! Numbers are in the unit that their key names; what is unknown or not there is an empty field, and an empty text is `""`.
//! No text begins like a formula of a spreadsheet. If several processes
//! hold a socket, its row names the principal one.

use super::format::{Format, Frame};
use csv::{ByteRecord, Terminator, Writer, WriterBuilder};
use netstat_engine::text::time::rfc_3339;
use netstat_engine::text::{Text, words};
use netstat_engine::view::groups::states_of;
use netstat_model::TcpState;
use std::collections::BTreeSet;
use std::io::{self, Write};

/// `--csv`.
pub(super) static FORMAT: Format = Format {
    name: "csv",
    summary: "Write CSV, with a line for each row",
    help: Text::fixed(
        "Writes CSV (RFC 4180): a line of keys, then a line for each row, with every column or those of --columns.",
        "CSV(RFC 4180)를 출력합니다. 키 한 줄 다음에 행마다 한 줄이며, 모든 열 또는 --columns의 열입니다.",
    ),
    details: Text::fixed(
        "Numbers are in the unit that their key names. What is unknown is an empty field, and an empty text is \"\". \
         Text that a spreadsheet would take for a formula begins with an escape, as \\x3d for =. With an interval the \
         first two fields are the time and the number of the display.",
        "숫자의 단위는 키에 있습니다. 알 수 없는 값은 빈 필드이고, 빈 텍스트는 \"\"입니다. 스프레드시트가 수식으로 \
         읽을 텍스트는 =를 \\x3d로 쓰는 것처럼 이스케이프로 시작합니다. 간격을 주면 처음 두 필드는 시각과 몇 번째 \
         표시인지입니다.",
    ),
    of_every_report: false,
    begins_with_keys: true,
    all_owners: false,
    sockets: |rows, frame, out| {
        let mut records = Records::new(frame, out);
        records.keys(rows.columns.iter().map(|column| column.key))?;
        let mut field = Vec::new();
        for row in rows.view.rows() {
            for column in rows.columns {
                field.clear();
                column.value(&row, rows.given).write_csv(&mut field);
                records.record.push_field(&field);
            }
            records.end()?;
        }
        records.writer.flush()
    },
    // Every state has its column, so that the keys are always the same.
    groups: |groups, frame, out| {
        let states: BTreeSet<TcpState> = TcpState::ALL.into_iter().chain(states_of(groups.groups)).collect();
        let words: Vec<String> = states.iter().map(|state| words::state(*state)).collect();
        let mut records = Records::new(frame, out);
        let columns = groups.columns.iter().map(|column| column.key);
        records.keys(["rows"].into_iter().chain(columns).chain(words.iter().map(String::as_str)))?;
        let mut field = Vec::new();
        for group in groups.groups {
            records.record.push_field(group.rows.to_string().as_bytes());
            for value in &group.values {
                field.clear();
                value.write_csv(&mut field);
                records.record.push_field(&field);
            }
            for state in &states {
                let count = group.states.get(state).copied().unwrap_or(0);
                records.record.push_field(count.to_string().as_bytes());
            }
            records.end()?;
        }
        records.writer.flush()
    },
};

/// Records that begin with the time and the number of the display if the report is repeated.
struct Records<'w> {
    writer: Writer<&'w mut dyn Write>,
    record: ByteRecord,
    display: Option<[String; 2]>,
}

impl<'w> Records<'w> {
    fn new(frame: &Frame<'_>, out: &'w mut dyn Write) -> Self {
        Self {
            writer: WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out),
            record: ByteRecord::new(),
            display: frame
                .display
                .map(|number| [frame.info.at.map(rfc_3339).unwrap_or_default(), number.to_string()]),
        }
    }

    /// Writes the line of keys.
    fn keys<'k>(&mut self, keys: impl Iterator<Item = &'k str>) -> io::Result<()> {
        let of_display = self.display.as_ref().map(|_| ["time", "display"]);
        let keys = of_display.into_iter().flatten().chain(keys);
        self.writer.write_record(keys).map_err(io_error)?;
        self.begin();
        Ok(())
    }

    /// Writes the fields pushed so far, and begins the next record.
    fn end(&mut self) -> io::Result<()> {
        self.writer.write_byte_record(&self.record).map_err(io_error)?;
        self.begin();
        Ok(())
    }

    fn begin(&mut self) {
        self.record.clear();
        for field in self.display.iter().flatten() {
            self.record.push_field(field.as_bytes());
        }
    }
}

/// Returns the error of the writer. Nothing else can fail here, as every record has the same number of fields.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
