//! Options of `netstat live`. Those that the table of connections has as well are in its lists.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// Options of the other lists that `netstat live` takes as well.
pub(in super::super) const SHARED: [&str; 14] = [
    "at", "color", "columns", "generate", "geo", "group-by", "help", "jsonl", "lang", "netns", "owners",
    "sort", "store", "watch",
];

/// The values of `--view`.
const VIEWS: [&str; 7] = ["connections", "processes", "remotes", "listening", "links", "findings", "events"];

pub(super) const OPTIONS: &[Entry] = entries! { Live;
    [] "ascii", switch(live.ascii);
        "Draw with ASCII characters alone",
        "Draws with ASCII characters alone.",
        "ASCII 문자만으로 그립니다.";
    [] "budget", value(live.budget, "PERCENT", "5%", ValueKind::Free, values::parse_budget);
        "Let listing take so much of a processor",
        "Lets listing every socket take so much of one processor (2% if it is not given; 100% lists at every look). Between \
         that, what is on the screen is read again.",
        "모든 소켓을 나열하는 데 프로세서 하나의 이만큼까지 씁니다(지정하지 않으면 2%, 100%면 매번 나열). 그 사이에는 \
         화면에 있는 것만 다시 읽습니다."
        details "The first line says how old the table is, where something has happened since."
        "그 뒤에 바뀐 것이 있으면 첫 줄에 표가 언제 것인지 나옵니다.";
    [] "for", value(lasts, "TIME", "60s", ValueKind::Free, values::parse_lasts);
        "End after this time",
        "Ends by itself after this time (60s, 10m).",
        "이 시간이 지나면 스스로 끝납니다(60s, 10m).";
    [] "no-mouse", switch(live.no_mouse);
        "Leave the mouse to the terminal",
        "Leaves the mouse to the terminal, which selects text with it.",
        "마우스를 터미널에 맡깁니다. 텍스트를 선택할 수 있습니다.";
    [] "plain", switch(live.plain);
        "Draw nothing: a line for each event and look",
        "Draws nothing: a line for each connection that opens, closes or changes, and one for each look, also into a pipe.",
        "화면을 그리지 않고 연결이 열리거나 닫히거나 바뀔 때마다, 조회할 때마다 한 줄씩 출력합니다. 파이프에도 됩니다.";
    [] "read-only", switch(live.read_only);
        "Close and end nothing",
        "Closes no connection and ends no process, whatever is pressed.",
        "어떤 키를 눌러도 연결을 닫거나 프로세스를 끝내지 않습니다.";
    [] "view", value(live.view, "VIEW", "processes", ValueKind::Choice(&VIEWS), values::parse_view);
        "Begin with this tab",
        "Begins with this tab: connections, processes, remotes, listening, links, findings or events.",
        "이 탭으로 시작합니다: connections, processes, remotes, listening, links, findings, events.";
};
