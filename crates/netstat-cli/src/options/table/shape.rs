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
        "각 연결을 소유한 프로세스의 명령줄을 마지막 열 PROCESS에 표시합니다."
        details "Like --process, with the command line instead of the name.";
    [] "color", value(color, "WHEN", "never", ValueKind::Choice(&Colour::NAMES), values::parse_color);
        "Choose when states are coloured",
        "Chooses when states are coloured: auto (on a terminal, the default), always or never.",
        "상태에 색을 입힐 때를 고릅니다: auto(터미널일 때, 기본값), always, never."
        details "With auto there are no colours if the environment variable NO_COLOR is set and not empty, or TERM is \
                 dumb. A colour only repeats what the word says.";
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
                 Addresses and ports are numbers, unknown values are shown as -. The headings are English in every language, because people \
                 search for them and scripts cut by them. Only what the columns need is read. \
                 The list also chooses the keys of --json, --jsonl and --csv. The options that add columns to the \
                 table of Windows have no effect then.";
    [] "group-by", value(group_by, "LIST", "process", ValueKind::Columns(&[]), |text| values::parse_columns("--group-by", text));
        "Count rows by the values of columns",
        "Counts the rows for each value of a column, or of several separated by commas, and how many of them are in \
         each state.",
        "한 열, 또는 쉼표로 구분한 여러 열의 값마다 행의 수를 세고, 상태별로도 셉니다."
        details "The largest group comes first, unless --sort says otherwise. netstat --group-by raddr shows how many \
                 connections there are with each host, and in which states. A socket that several processes hold \
                 counts for one of them, so that the groups add up to the rows.";
    [] "process", switch(process);
        "Show the name of the process in a column",
        "Shows the name of the process that owns each connection in a last column, PROCESS; with --path its \
         executable, with --cmdline its command line.",
        "각 연결을 소유한 프로세스의 이름을 마지막 열 PROCESS에 표시합니다. --path를 주면 실행 파일, --cmdline을 \
         주면 명령줄입니다."
        details "The name is that of the executable; of a script, that of the script, if it was started by its own \
                 name. What a process calls itself is the column comm, and the filter word process knows it too. It is - \
                 if there is no process or it is unknown.";
    [] "no-header", switch(no_header);
        "Leave the title and the headings out",
        "Leaves out everything above the rows of the connection table: title, headings and, with an interval, the time.",
        "연결 표의 행 위에 있는 것을 뺍니다: 제목, 머리글, 간격을 준 경우의 시각."
        details "netstat --columns pid --no-header port 8080 gives bare process IDs. It is for tables of text: data \
                 formats have no title, and CSV keeps its line of names.";
    [] "limit", value(limit, "N", "10", ValueKind::Free, values::parse_limit);
        "Show the first rows only",
        "Shows only the first N rows, or groups with --group-by; with --sort, the N largest or smallest.",
        "처음 N행만 표시합니다. --group-by에서는 그룹의 수이고, --sort와 함께 쓰면 가장 크거나 작은 N개입니다.";
    [] "sort", value(sort, "COLUMN", "rtt:desc", ValueKind::Order, values::parse_sort);
        "Sort the rows by a column",
        "Sorts the rows by a column; append :desc for the largest first. none keeps the order of the kernel.",
        "한 열로 행을 정렬합니다. 큰 것부터 보려면 :desc를 붙입니다. none은 커널의 순서를 그대로 둡니다."
        details "Rows without a value come last either way. With --group-by it sorts the groups by one of their \
                 columns. Any column of --columns help may be used, shown or not.";
};
