//! By what means connections were seen, and what follows from that.

use super::{Session, past};
use crate::settings::{Connections, Layout, are_usual};
use netstat_engine::both;
use netstat_engine::filter::Test;
use netstat_engine::text::Text;
use netstat_engine::text::quote::one_line;
use netstat_engine::view::sort::Order;
use netstat_model::history::EventMethod;

/// The word for seeing every end of a connection, and how it ended.
const COMPLETE: &str = "complete";

/// The word for what Windows tells.
const TRACED: &str = "traced";

/// Returns by what means connections are seen, in a word.
pub(super) fn word(method: EventMethod) -> &'static str {
    match method {
        EventMethod::Bpf => COMPLETE,
        EventMethod::Closings(_) => "sampled",
        EventMethod::Trace => TRACED,
        EventMethod::Looks(_) | EventMethod::NoTrace(_) => "looks",
    }
}

/// Says that nobody saw how connections ended, to whoever asks for that: by a filter, or by a column.
pub(super) fn say_endings_untold(session: &Session<'_>, table: &Connections, modes: &[&str]) {
    let mut asks = asks_for_endings(table);
    if let Some(filter) = &session.filter {
        filter.each_test(|test| asks |= matches!(test, Test::Reason(_)));
    }
    if let (true, Some(lack)) = (asks, endings_untold(modes)) {
        past::say_lacks(&[lack]);
    }
}

/// Returns whether a table shows, counts or sorts by how connections ended.
fn asks_for_endings(table: &Connections) -> bool {
    let sorts = match table.order {
        Order::By { column, .. } => Some(column),
        Order::Usual | Order::AsGiven => None,
    };
    let shows = match &table.form {
        // The usual columns have it, and nobody asked.
        Layout::Columns(columns) if !are_usual(columns) => columns.as_slice(),
        _ => &[],
    };
    shows.iter().chain(&table.group_by).copied().chain(sorts).any(|column| column.name == "reason")
}

/// Returns that some recorders did not see how connections ended, by the words for their means.
pub(super) fn endings_untold(modes: &[&str]) -> Option<Text> {
    let (some, all): (Vec<&str>, Vec<&str>) =
        modes.iter().filter(|mode| **mode != COMPLETE).partition(|mode| **mode == TRACED);
    let named = |modes: &[&str]| modes.iter().map(|mode| one_line(mode)).collect::<Vec<_>>().join(", ");
    match (all.as_slice(), some.as_slice()) {
        ([], []) => None,
        ([], _) => Some(both!(
            "some of it was recorded from the events of Windows (traced), which tell of a part of the connections only how they \
             ended",
            "일부는 Windows 이벤트로 기록되어(traced) 종료 이유를 모르는 연결이 있음"
        )),
        (all, _) => Some(both!(
            "some of it was recorded in a way that does not see how connections end ({modes})",
            "일부는 연결이 어떻게 끝났는지 볼 수 없는 방식으로 기록됨({modes})",
            modes = named(all)
        )),
    }
}
