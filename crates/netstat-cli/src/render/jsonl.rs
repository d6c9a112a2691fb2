//! Sockets or groups as JSON lines (`--jsonl`), each with the version in it.

use super::format::Format;
use super::json::{Line, write_group, write_row};
use super::{LineEnd, Sheet};
use netstat_engine::text::Text;
use netstat_engine::text::time::rfc_3339;
use std::io::{self, Write};

/// `--jsonl`.
pub(super) static FORMAT: Format = Format {
    name: "jsonl",
    summary: "Write JSON with a line for each row",
    help: Text::fixed(
        "Writes one line of JSON for each row, with every column or those of --columns, and with all owners.",
        "모든 열, 또는 --columns의 열과 모든 소유자를 담은 JSON을 행마다 한 줄씩 출력합니다.",
    ),
    details: Text::fixed(
        "Warnings about missing data go to standard error only. With an interval each line has the time and the \
         number of its display.",
        "빠진 데이터에 대한 경고는 표준 오류에만 나옵니다. 간격을 주면 각 줄에 시각과 몇 번째 표시인지가 들어 \
         있습니다.",
    ),
    of_every_report: false,
    begins_with_keys: false,
    all_owners: true,
    sockets: |rows, frame, out| {
        let time = frame.info.at.map(rfc_3339);
        let line = Line::new(frame, time.as_deref());
        lines(rows.view.rows(), out, |out, row| write_row(out, &row, rows, Some(line)))
    },
    groups: |groups, frame, out| {
        let time = frame.info.at.map(rfc_3339);
        let line = Line::new(frame, time.as_deref());
        let columns = groups.columns;
        lines(groups.groups.iter(), out, |out, group| write_group(out, group, columns, Some(line)))
    },
};

fn lines<T>(
    mut items: impl Iterator<Item = T>,
    mut out: &mut dyn Write,
    write: impl Fn(&mut Vec<u8>, T),
) -> io::Result<()> {
    let mut sheet = Sheet::new(&mut out, LineEnd::Lf);
    items.try_for_each(|item| {
        write(&mut sheet.buffer, item);
        sheet.end_line()
    })?;
    sheet.hand_on()
}
