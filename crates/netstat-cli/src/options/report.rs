//! The words after `netstat report`.

use super::arguments::Arguments;
use super::complaint::{Complaint, complaint};
use netstat_engine::text::quote::quoted;
use std::ffi::OsString;

/// Rejects words that are not options, and asks for the file.
pub(super) fn settle(plain: &[OsString], arguments: &Arguments) -> Result<(), Complaint> {
    if let Some(word) = plain.first() {
        return Err(complaint!(
            "{word} is not for netstat report, which is about all connections: type netstat report --help to see its options",
            "{word}: netstat report에서 쓸 수 없습니다. 모든 연결의 보고서입니다. 쓸 수 있는 옵션 보기: netstat report --help",
            word = quoted(word)
        ));
    }
    if arguments.page.is_none() {
        return Err(complaint!(
            "netstat report needs a file to write: type, for example, netstat report --since 24h -o report.html",
            "netstat report에는 쓸 파일이 필요합니다. 입력 예: netstat report --since 24h -o report.html"
        ));
    }
    Ok(())
}
