//! Options of the program as a whole.

use super::super::arguments::{Dialect, LANGUAGES};
use super::super::command::Command;
use super::super::document::Document;
use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

/// The one argument that is not an option.
#[derive(Debug)]
pub(crate) struct Positional {
    /// Its name in the documents.
    pub(crate) name: &'static str,
    /// Sentences for the help text.
    pub(crate) help: Text,
    /// More sentences, for the man page and the reference.
    pub(crate) details: Text,
}

pub(crate) static INTERVAL: Positional = Positional {
    name: "interval",
    help: Text::fixed(
        "Repeats the report every interval seconds until Ctrl+C is pressed or --count is reached. Without it the report \
         is shown once.",
        "이 시간(초)마다 다시 표시합니다. Ctrl+C를 누르거나 --count만큼 표시하면 끝납니다. 없으면 한 번만 표시합니다.",
    ),
    details: Text::fixed("A whole number, at least 1.", "1 이상의 정수입니다."),
};

pub(super) const OPTIONS: &[Entry] = entries! { Program;
    [] "count", value(count, "N", "3", ValueKind::Free, values::parse_count);
        "With an interval or --watch, stop after this many displays",
        "With an interval or --watch, stops after the report has been shown N times.",
        "간격이나 --watch를 준 경우, N번 표시하고 끝냅니다.";
    [] "dialect", effect(Effect::Value(
            Value { name: "NAME", example: "net-tools", kind: ValueKind::Choice(&Dialect::NAMES) },
            |_, text| values::parse_dialect(text).map(drop),
        ));
        "Choose whose options and text these are",
        "Chooses which netstat to follow in options and output: windows, or net-tools, the one that Linux distributions have.",
        "어느 netstat의 옵션과 출력을 쓸지 고릅니다: windows, 또는 Linux의 net-tools에 든 netstat을 따르는 \
         net-tools."
        details "Without it the environment variable NETSTAT_DIALECT decides, and without that what is typed: options \
                 that only one of the two knows, as in -tulpn or -anob. What both know is that of Windows."
                "지정하지 않으면 환경 변수 NETSTAT_DIALECT를 따르고, 그것도 없으면 입력한 옵션으로 정합니다: \
                 -tulpn이나 -anob처럼 한쪽만 아는 옵션. 둘 다 아는 옵션은 Windows의 것입니다.";
    [] "exists", switch(exists);
        "Say by the exit code alone whether a row matches the filter",
        "Prints nothing. The exit code is 0 if a row matches the filter, 1 if none does, 2 on failure or if the answer \
         depends on something that could not be read, such as owners you may not see.",
        "아무것도 출력하지 않습니다. 종료 코드는 필터에 맞는 행이 있으면 0, 없으면 1, 실패했거나 볼 수 없는 \
         소유자처럼 읽지 못한 것에 따라 답이 달라지면 2입니다."
        details "For scripts, as in: if netstat --exists lport 8080 state listening; then ..."
                "스크립트에서 씁니다. 예: if netstat --exists lport 8080 state listening; then ...";
    [] "generate", effect(Effect::AnswerWith(
            Value { name: "DOCUMENT", example: "man", kind: ValueKind::Choice(&Document::NAMES) },
            |text| values::parse_document(text).map(Command::Generate),
        ));
        "Write the man page, the reference or a completion",
        "Writes a document made from the options of this program: man, markdown, complete-bash, complete-zsh, \
         complete-fish, complete-powershell; the JSON Schema of --json: schema, and of netstat check: check-schema; the \
         reference of the checks: checks; or the letters of both dialects: dialects.",
        "이 프로그램의 옵션에서 문서를 만들어 출력합니다: man, markdown, complete-bash, complete-zsh, \
         complete-fish, complete-powershell, --json의 JSON 스키마 schema, netstat check의 스키마 check-schema, \
         검사 설명서 checks, 두 방언의 옵션 표 dialects."
        details "What people read is in the language of --lang, else of the locale."
                "사람이 읽는 문서는 --lang의 언어, 없으면 로캘의 언어로 나옵니다.";
    ['h', '?'] "help", effect(Effect::Answer(Command::Help));
        "Show the help text",
        "Shows help: -h one screen, --help every option, /? and -? as Windows does.",
        "도움말을 표시합니다. -h는 한 화면, --help는 모든 옵션, /?와 -?는 Windows처럼 표시합니다."
        details "So do the words help, -help, /help and /h. Asked for as on Windows (/?, -?, /h, /help) it goes to \
                 standard error with exit code 1, as there; asked for as on Unix (--help, -h, -help, help) it goes to \
                 standard output with exit code 0."
                "help, -help, /help, /h라는 단어도 같습니다. Windows 방식(/?, -?, /h, /help)으로 물으면 \
                 Windows처럼 표준 오류에 출력하고 종료 코드는 1이며, Unix 방식(--help, -h, -help, help)으로 \
                 물으면 표준 출력에 출력하고 종료 코드는 0입니다.";
    [] "lang", value(lang, "LANGUAGE", "ko", ValueKind::Choice(&LANGUAGES), values::parse_lang);
        "Choose the language of titles and headings",
        "Chooses the language of reports and messages, whatever the system says: en or ko.",
        "시스템 설정과 관계없이 출력과 메시지의 언어를 고릅니다: en 또는 ko."
        details "Without it the locale decides; on Windows the display language of the user decides, if the output can \
                 show it."
                "지정하지 않으면 로캘을 따릅니다. Windows에서는 출력할 수 있으면 사용자의 표시 언어를 \
                 따릅니다.";
    [] "record", value(record, "DIR", "recording", ValueKind::Directory, |text| values::parse_directory("--record", text));
        "Write every answer of the operating system to files",
        "Also writes every answer of the operating system to files in DIR, for --replay.",
        "운영 체제의 모든 응답을 --replay가 읽을 수 있게 DIR의 파일에도 저장합니다."
        details "Such a directory makes a bug report complete. It holds addresses and process names of this host."
                "이 폴더가 있으면 버그 보고가 완전해집니다. 이 호스트의 주소와 프로세스 이름이 들어 있습니다.";
    [] "replay", value(replay, "DIR", "recording", ValueKind::Directory, |text| values::parse_directory("--replay", text));
        "Answer from a directory that --record wrote",
        "Answers from the files that --record wrote to DIR instead of asking the operating system.",
        "운영 체제에 묻지 않고, --record가 DIR에 저장한 파일로 답합니다."
        details "It needs no privileges, and cannot be combined with --record."
                "권한이 필요 없으며, --record와 함께 쓸 수 없습니다.";
    [] "version", effect(Effect::Answer(|_| Command::Version));
        "Show the version",
        "Shows the version of this program.",
        "이 프로그램의 버전을 표시합니다.";
    [] "timeout", value(timeout, "TIME", "30s", ValueKind::Free, values::parse_wait_timeout);
        "With --wait, give up after this time",
        "With --wait, gives up after this time: seconds, as in 30 or 30s, or 500ms.",
        "--wait와 함께, 이 시간이 지나면 그만둡니다: 30 또는 30s처럼 초, 또는 500ms."
        details "Without it --wait waits forever."
                "지정하지 않으면 --wait는 끝없이 기다립니다.";
    [] "utf8", switch(utf8);
        "On Windows, write UTF-8 to files and pipes",
        "On Windows, writes UTF-8 to files and pipes instead of the code page of the console.",
        "Windows에서 파일과 파이프에 UTF-8로 씁니다. 없으면 콘솔의 코드 페이지로 씁니다."
        details "Windows programs that read the output expect the code page of the console, or without a console that \
                 of the system (OEM); characters that it lacks are shown as ?. JSON and CSV are always UTF-8. A console \
                 shows every character either way. On other systems all output is UTF-8, and this option has no effect."
                "출력을 읽는 Windows 프로그램은 콘솔의 코드 페이지를, 콘솔이 없으면 시스템의 OEM 코드 \
                 페이지를 기대하며, 거기에 없는 글자는 ?로 표시됩니다. JSON과 CSV는 항상 UTF-8입니다. \
                 콘솔에는 어느 쪽이든 모든 글자가 나옵니다. 다른 시스템에서는 모든 출력이 UTF-8이고, 이 \
                 옵션은 효과가 없습니다.";
    [] "wait", switch(wait);
        "Return as soon as a row matches the filter",
        "Prints nothing and returns as soon as a row matches the filter. The exit code is 0 then, 1 if --timeout ends \
         first, 2 on failure.",
        "아무것도 출력하지 않고, 필터에 맞는 행이 나타나면 바로 끝납니다. 그때 종료 코드는 0, --timeout이 먼저 \
         지나면 1, 실패하면 2입니다."
        details "For scripts that start a service, as in netstat --wait lport 5432 state listening --timeout 30s."
                "서비스를 시작하는 스크립트에서 씁니다. 예: netstat --wait lport 5432 state listening \
                 --timeout 30s.";
    [] "watch", value(watch, "TIME", "2s", ValueKind::Free, values::parse_watch);
        "Draw the report again in place every TIME",
        "Draws the report again every TIME (2s, 500ms) until Ctrl+C: on a terminal in place, + before the rows that came and - \
         before those that went, otherwise as an interval does. netstat check shows what appeared, got worse, eased or \
         went away.",
        "Ctrl+C를 누를 때까지 TIME(2s, 500ms)마다 다시 그립니다. 터미널에서는 제자리에 그리며 나타난 행에는 +, 사라진 \
         행에는 -를 붙이고, 그 밖에는 간격을 준 것과 같습니다. netstat check는 새로 생긴 것, 나빠진 것, 나아진 것, \
         사라진 것을 표시합니다."
        details "A row that went is shown once more. What does not fit into the terminal is counted. --count N \
                 stops after N displays. With --json each display is a document. Rates of netstat check are measured \
                 between two looks; a plain number of seconds does the same there: netstat check 10."
                "사라진 행은 한 번 더 표시합니다. 터미널에 다 들어가지 않는 행은 몇 개인지 알려 줍니다. \
                 --count N을 주면 N번 표시하고 끝납니다. --json이면 표시할 때마다 문서 하나입니다. netstat \
                 check의 변화량은 두 번 확인한 사이에 재며, netstat check 10처럼 초만 적어도 같습니다.";
};
