//! Options of `netstat close` and `netstat end`.

use super::super::entry::{Effect, Entry, Topic, entries};
use netstat_engine::text::Text;

/// Options of the other lists that `netstat close` takes as well.
pub(in super::super) const SHARED: [&str; 8] =
    ["color", "generate", "geo", "help", "lang", "netns", "owners", "utf8"];

/// Options of the other lists that `netstat end` takes as well.
pub(in super::super) const SHARED_WITH_END: [&str; 11] = [
    "color",
    "dry-run",
    "generate",
    "geo",
    "help",
    "lang",
    "netns",
    "owners",
    "this-terminal",
    "utf8",
    "yes",
];

pub(super) const OPTIONS: &[Entry] = entries! { Close;
    [] "dry-run", switch(act.dry_run);
        "List what would be closed or ended, and do nothing",
        "Lists what would be closed or ended, and does nothing.",
        "무엇을 닫거나 끝낼지 표시만 하고, 아무것도 바꾸지 않습니다.";
    [] "this-terminal", switch(act.this_terminal);
        "Also what this terminal depends on",
        "Also closes the connection that this terminal comes through, and ends the processes that it runs in. Without it they \
         are asked about by themselves, and stay with --yes.",
        "이 터미널이 쓰는 연결이나 이 터미널을 실행하는 프로세스도 닫거나 끝냅니다. 이 옵션이 없으면 따로 묻고, --yes를 주면 \
         그대로 둡니다."
        details "They are known by SSH_CONNECTION, and by the processes from which netstat descends."
        "SSH_CONNECTION과, netstat의 조상 프로세스로 알아냅니다.";
    [] "yes", switch(act.yes);
        "Ask nothing",
        "Asks nothing. For scripts, which have no terminal to ask on.",
        "묻지 않습니다. 물어볼 터미널이 없는 스크립트에 씁니다.";
};

pub(super) const OF_END: &[Entry] = entries! { End;
    [] "kill", switch(act.kill);
        "End processes at once",
        "Ends processes at once (SIGKILL). Without it they are asked to end (SIGTERM), and may finish what they do. Windows \
         ends them at once either way.",
        "프로세스를 바로 끝냅니다(SIGKILL). 이 옵션이 없으면 끝내라고 요청하여(SIGTERM) 하던 일을 마칠 수 있습니다. \
         Windows에서는 어느 쪽이든 바로 끝납니다."
        details "netstat waits two seconds for processes to end, and says which are still there."
        "프로세스가 끝나기를 2초 동안 기다리고, 남은 것을 알려 줍니다.";
};
