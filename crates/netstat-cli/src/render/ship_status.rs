//! How far what is recorded was sent, for people.

use super::recorder_status::{aligned, shown};
use netstat_engine::text::Language;
use netstat_engine::text::time::rfc_3339;
use netstat_store::Shipped;

/// Returns the lines about one place; `waiting` ends were not sent to it yet.
pub(crate) fn lines(one: &Shipped, waiting: u64, is_running: bool, language: Language) -> String {
    let word = |english: &'static str, korean: &'static str| match language {
        Language::English => english,
        Language::Korean => korean,
    };
    let state = if is_running {
        word("being sent", "보내는 중")
    } else {
        word("not being sent", "보내지 않음")
    };
    let mut rows = vec![
        (word("Sent to", "보내는 곳"), format!("{} ({state})", shown(&one.target))),
        (word("Last arrived", "마지막 도착"), one.at.map_or_else(|| "-".to_owned(), rfc_3339)),
        (
            word("Sent", "보낸 것"),
            format!("{} {}, {} {}", one.rows, word("rows", "행"), one.bytes, word("bytes", "바이트")),
        ),
        (word("Waiting", "남은 연결"), waiting.to_string()),
        (word("Deleted unsent", "보내기 전에 지워진 연결"), one.deleted.to_string()),
    ];
    if let Some((at, why)) = &one.failed {
        rows.push((word("Fails", "실패"), format!("{}: {}", rfc_3339(*at), shown(why))));
    }
    aligned(&rows)
}
