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
    let tab = arguments.live.view.unwrap_or(Tab::Connections);
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
