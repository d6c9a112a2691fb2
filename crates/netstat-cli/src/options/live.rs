//! The words after `netstat live`: a filter, and perhaps the interval.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use super::words;
use netstat_engine::view::sort::Order;
use netstat_live::Tab;
use std::ffi::OsString;

/// Takes the filter and the interval, and rejects what does not go with them.
pub(super) fn settle(plain: Vec<OsString>, arguments: &mut Arguments) -> Result<(), Complaint> {
    words::settle(plain, arguments)?;
    let is_text = arguments.live.plain || !arguments.formats.is_empty();
    if arguments.at.is_some() && is_text {
        return Err(complaint!(
            "--at shows a moment of the past, --plain and --jsonl follow the present: netstat history tells of the past",
            "--at은 과거의 한 시점을, --plain과 --jsonl은 현재를 보여 줍니다. 과거는 netstat history로 보세요"
        ));
    }
    let of_screen = [
        (arguments.columns.is_some(), "--columns"),
        (arguments.group_by.is_some(), "--group-by"),
        (arguments.sort.is_some(), "--sort"),
        (arguments.live.view.is_some(), "--view"),
    ];
    if let Some((_, option)) = of_screen.into_iter().find(|(is_given, _)| *is_given && is_text) {
        return Err(complaint!(
            "--plain and --jsonl write events, which have no tabs and columns to choose: leave out {option}",
            "--plain과 --jsonl은 이벤트를 쓰므로 탭이나 열을 고를 수 없습니다. {option}을(를) 빼세요",
            option
        ));
    }
    if let Some([_, second, ..]) = arguments.group_by.as_deref() {
        return Err(complaint!(
            "netstat live groups by one column: leave out {second}",
            "netstat live는 한 열로만 묶습니다. {second} 열을 빼세요",
            second = second.name
        ));
    }
    let tab = arguments.live.view.unwrap_or(Tab::Connections);
    if let Some(column) = arguments.columns.iter().flatten().find(|column| !tab.has_column(column.name)) {
        return Err(complaint!(
            "netstat live has no column {column} in {tab}: choose among {columns}",
            "netstat live의 {tab} 탭에는 {column} 열이 없습니다. 쓸 수 있는 열: {columns}",
            column = column.name,
            tab = tab.name(),
            columns = tab.column_names().collect::<Vec<_>>().join(", ")
        ));
    }
    match arguments.sort {
        Some(Order::By { column, .. }) if !tab.sorts_by(column.name) => Err(complaint!(
            "netstat live cannot sort {tab} by {column}: choose one of {columns}",
            "netstat live의 {tab} 탭은 {column} 열로 정렬할 수 없습니다. 쓸 수 있는 열: {columns}",
            tab = tab.name(),
            column = column.name,
            columns = tab.column_names().collect::<Vec<_>>().join(", ")
        )),
        Some(Order::Usual | Order::AsGiven) => Err(complaint!(
            "netstat live sorts by a column: choose one of {columns}",
            "netstat live는 열로 정렬합니다. 쓸 수 있는 열: {columns}",
            columns = tab.column_names().collect::<Vec<_>>().join(", ")
        )),
        _ => Ok(()),
    }
}
