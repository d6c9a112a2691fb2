//! Options of `netstat history`. Those that the table of connections has as well are in its lists.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat history` takes as well.
pub(in super::super) const SHARED: [&str; 20] = [
    "color",
    "columns",
    "credentials",
    "csv",
    "follow",
    "from",
    "generate",
    "geo",
    "group-by",
    "help",
    "host",
    "json",
    "jsonl",
    "lang",
    "limit",
    "max-rows",
    "opens",
    "sort",
    "store",
    "utf8",
];

pub(super) const OPTIONS: &[Entry] = entries! { History;
    [] "since", value(history.since, "WHEN", "2h", ValueKind::Free, |text| values::parse_when("--since", text));
        "Leave out what ended before",
        "Leaves out connections that ended before this time: 2h (ago), '10 minutes ago', 14:05, 'yesterday 14:05', \
         2026-11-29, or RFC 3339.",
        "이 시각 전에 끝난 연결은 뺍니다: 2h(2시간 전), '10분 전', 14:05, '어제 14:05', 2026-11-29, RFC 3339."
        details "netstat check judges what happened since then. A time without an offset is one of your time zone. An hour that there was twice, because the clocks were \
                 set back, is asked about."
                "netstat check는 그때부터 있었던 일을 점검합니다. 시차를 적지 않은 시각은 보는 사람의 시간대입니다. 시계를 되돌려 두 번 있었던 시각이면 어느 \
                 쪽인지 묻습니다.";
    [] "until", value(history.until, "WHEN", "14:05", ValueKind::Free, |text| values::parse_when("--until", text));
        "Leave out what began later",
        "Leaves out connections that began at this time or later. Those that were open then are shown with all of their \
         lives.",
        "이 시각이나 그 뒤에 시작한 연결은 뺍니다. 그때 열려 있던 연결은 끝까지의 정보를 모두 표시합니다.";
    [] "summary", switch(history.summary);
        "Say in short what happened",
        "Says in short what happened: who sent and received most, what is new since the day before, what failed and \
         where, storms of short connections, and what waited to be closed.",
        "무슨 일이 있었는지 요약합니다: 송수신량 상위, 전날에는 없던 것, 실패한 것과 그 대상, 짧은 연결의 폭주, \
         닫히기를 기다린 연결."
        details "Without --since it is about the last 24 hours."
                "--since를 지정하지 않으면 최근 24시간입니다.";
};
