//! Options of `netstat live`. Those that the table of connections has as well are in its lists.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat live` takes as well.
pub(in super::super) const SHARED: [&str; 10] =
    ["color", "generate", "geo", "help", "lang", "netns", "owners", "replay", "sort", "watch"];

/// The values of `--view`.
const VIEWS: [&str; 7] = ["connections", "processes", "remotes", "listening", "links", "findings", "events"];

pub(super) const OPTIONS: &[Entry] = entries! { Live;
    [] "ascii", switch(live.ascii);
        "Draw with ASCII characters alone",
        "Draws with ASCII characters alone.",
        "ASCII 문자만으로 그립니다.";
    [] "for", value(live.lasts, "TIME", "60s", ValueKind::Free, values::parse_lasts);
        "End after this time",
        "Ends by itself after this time (60s, 10m).",
        "이 시간이 지나면 스스로 끝납니다(60s, 10m).";
    [] "no-mouse", switch(live.no_mouse);
        "Leave the mouse to the terminal",
        "Leaves the mouse to the terminal, which selects text with it.",
        "마우스를 터미널에 맡깁니다. 텍스트를 선택할 수 있습니다.";
    [] "view", value(live.view, "VIEW", "processes", ValueKind::Choice(&VIEWS), values::parse_view);
        "Begin with this tab",
        "Begins with this tab: connections, processes, remotes, listening, links, findings or events.",
        "이 탭으로 시작합니다: connections, processes, remotes, listening, links, findings, events.";
};
