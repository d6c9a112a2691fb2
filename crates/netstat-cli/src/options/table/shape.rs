//! Options that choose what is shown of each connection, and in which order. The data formats are in
//! [`formats`](crate::render::formats).

use super::super::arguments::Colour;
use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;
use netstat_engine::text::Text;

pub(super) const OPTIONS: &[Entry] = entries! { Connections;
    [] "cmdline", switch(cmdline);
        "Show the command line of the process in a column",
        "Shows the command line of the process that owns each connection in a last column, PROCESS.",
        "각 연결을 소유한 프로세스의 명령줄을 마지막 열 '프로세스'에 표시합니다."
        details "Like --process, with the command line instead of the name."
                "--process와 같지만 이름 대신 명령줄입니다.";
    [] "color", value(color, "WHEN", "never", ValueKind::Choice(&Colour::NAMES), values::parse_color);
        "Choose when states are coloured",
        "Chooses when states are coloured: auto (on a terminal, the default), always or never.",
        "상태에 색을 입힐 때를 고릅니다: auto(터미널일 때, 기본값), always, never."
        details "With auto there are no colours if the environment variable NO_COLOR is set and not empty, or TERM is \
                 dumb. A colour only repeats what the word says."
                "auto일 때는 환경 변수 NO_COLOR가 비어 있지 않거나 TERM이 dumb이면 색을 쓰지 않습니다. 색은 \
                 글자로 이미 표시된 것을 강조할 뿐입니다.";
    [] "columns", effect(Effect::Value(
            Value { name: "LIST", example: "pid,process,local", kind: ValueKind::Columns(&["help"]) },
            |arguments, text| {
                if text.eq_ignore_ascii_case("help") {
                    arguments.column_help = true;
                } else {
                    arguments.columns = Some(values::parse_columns("--columns", text)?);
                }
                Ok(())
            },
        ));
        "Choose the columns and their order",
        "Shows these columns in this order instead of the table of Windows. --columns help lists all columns.",
        "Windows의 표 대신 이 열들을 이 순서로 표시합니다. --columns help로 모든 열을 볼 수 있습니다."
        details "Separate the names with commas: --columns pid,process,local,foreign,rtt. Columns are as wide as their \
                 content; if the terminal is too narrow, the widest text columns are cut and end with an ellipsis. \
                 Addresses and ports are numbers, unknown values are shown as -. The headings follow --lang; the names of the \
                 columns are the same in every language, and so are the keys of JSON and CSV. Only what the columns need is read. \
                 The list also chooses the keys of --json, --jsonl and --csv. The options that add columns to the \
                 table of Windows have no effect then."
                "이름은 쉼표로 구분합니다: --columns pid,process,local,foreign,rtt. 열의 너비는 내용에 \
                 맞추며, 터미널이 좁으면 가장 넓은 텍스트 열부터 자르고 끝에 …를 붙입니다. 주소와 포트는 \
                 숫자이고, 알 수 없는 값은 -입니다. 머리글은 --lang을 따르지만, 열의 이름과 JSON, CSV의 키는 \
                 어느 언어에서나 같습니다. 열에 필요한 것만 읽습니다. 이 목록은 --json, --jsonl, --csv의 키도 \
                 정합니다. 이때 Windows의 표에 열을 더하는 옵션은 효과가 없습니다.";
    [] "group-by", value(group_by, "LIST", "process", ValueKind::Columns(&[]), |text| values::parse_columns("--group-by", text));
        "Count rows by the values of columns",
        "Counts the rows for each value of a column, or of several separated by commas, and how many of them are in \
         each state.",
        "한 열, 또는 쉼표로 구분한 여러 열의 값마다 행의 수를 세고, 상태별로도 셉니다."
        details "The largest group comes first, unless --sort says otherwise. netstat --group-by raddr shows how many \
                 connections there are with each host, and in which states. A socket that several processes hold \
                 counts for one of them, so that the groups add up to the rows."
                "--sort를 쓰지 않으면 큰 그룹부터 표시합니다. netstat --group-by raddr는 호스트별 연결 수를 \
                 상태별로 보여 줍니다. 여러 프로세스가 가진 소켓은 그중 하나에만 세므로, 그룹의 합은 행의 \
                 수와 같습니다.";
    [] "process", switch(process);
        "Show the name of the process in a column",
        "Shows the name of the process that owns each connection in a last column, PROCESS; with --path its \
         executable, with --cmdline its command line.",
        "각 연결을 소유한 프로세스의 이름을 마지막 열 '프로세스'에 표시합니다. --path를 주면 실행 파일, --cmdline을 \
         주면 명령줄입니다."
        details "The name is that of the executable; of a script, that of the script, if it was started by its own \
                 name. What a process calls itself is the column comm, and the filter word process knows it too. It is - \
                 if there is no process or it is unknown."
                "실행 파일의 이름이며, 스크립트를 자기 이름으로 실행했다면 스크립트의 이름입니다. 프로세스가 \
                 스스로 붙인 이름은 comm 열에 있고, 필터 단어 process도 그 이름을 찾습니다. 프로세스가 없거나 \
                 알 수 없으면 -입니다.";
    [] "no-header", switch(no_header);
        "Leave the title and the headings out",
        "Leaves out everything above the rows of the connection table: title, headings and, with an interval, the time.",
        "연결 표의 행 위에 있는 것을 뺍니다: 제목, 머리글, 간격을 준 경우의 시각."
        details "netstat --columns pids --no-header lport 8080 gives bare process IDs, those of every holder. It is for tables of text: data \
                 formats have no title, and CSV keeps its line of names."
                "netstat --columns pids --no-header lport 8080은 포트를 가진 모든 프로세스의 ID만 출력합니다. 텍스트 표에 쓰는 \
                 옵션입니다. 데이터 형식에는 제목이 없고, CSV의 키 줄은 그대로 나옵니다.";
    [] "limit", value(limit, "N", "10", ValueKind::Free, values::parse_limit);
        "Show the first rows only",
        "Shows only the first N rows, or groups with --group-by; with --sort, the N largest or smallest.",
        "처음 N행만 표시합니다. --group-by에서는 그룹의 수이고, --sort와 함께 쓰면 가장 크거나 작은 N개입니다.";
    [] "sort", value(sort, "COLUMN", "rtt:desc", ValueKind::Order, values::parse_sort);
        "Sort the rows by a column",
        "Sorts the rows by a column; append :desc for the largest first. none keeps the order of the kernel.",
        "한 열로 행을 정렬합니다. 큰 것부터 보려면 :desc를 붙입니다. none은 커널의 순서를 그대로 둡니다."
        details "Rows without a value come last either way. With --group-by it sorts the groups by one of their \
                 columns. Any column of --columns help may be used, shown or not."
                "값이 없는 행은 어느 방향이든 마지막에 옵니다. --group-by와 함께 쓰면 그룹을 그 열 중 하나로 \
                 정렬합니다. --columns help의 열이면 표시하지 않는 것도 쓸 수 있습니다.";
};
