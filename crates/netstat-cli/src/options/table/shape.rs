//! Options that choose what is shown of each connection, and in which order. The data formats are in
//! [`formats`](crate::render::formats).

use super::super::arguments::Colour;
use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;

pub(super) const OPTIONS: &[Entry] = entries! { Connections;
    [] "cmdline", switch(cmdline);
        "Show the command line of the process in a column",
        "Shows the command line of the process that owns each connection in a last column, PROCESS."
        details "Like --process, with the command line instead of the name.";
    [] "color", value(color, "WHEN", "never", ValueKind::Choice(&Colour::NAMES), values::parse_color);
        "Choose when states are coloured",
        "Chooses when states are coloured: auto (on a terminal, the default), always or never."
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
        "Shows these columns in this order instead of the table of Windows. --columns help lists all columns."
        details "Separate the names with commas: --columns pid,process,local,foreign,rtt. Columns are as wide as their \
                 content; if the terminal is too narrow, the widest text columns are cut and end with an ellipsis. \
                 Addresses and ports are numbers, unknown values are shown as -. Only what the columns need is read. \
                 The list also chooses the keys of --json, --jsonl and --csv. The options that add columns to the \
                 table of Windows have no effect then.";
    [] "group-by", value(group_by, "LIST", "process", ValueKind::Columns(&[]), |text| values::parse_columns("--group-by", text));
        "Count rows by the values of columns",
        "Counts the rows for each value of a column, or of several separated by commas, and how many of them are in \
         each state."
        details "The largest group comes first, unless --sort says otherwise. netstat --group-by raddr shows how many \
                 connections there are with each host, and in which states. A socket that several processes hold \
                 counts for one of them, so that the groups add up to the rows.";
    [] "process", switch(process);
        "Show the name of the process in a column",
        "Shows the name of the process that owns each connection in a last column, PROCESS; with --path its \
         executable, with --cmdline its command line."
        details "The name is that of the executable; of a script, that of the script, if it was started by its own \
                 name. What a process calls itself is the column comm, and the filter word process knows it too. It is - \
                 if there is no process or it is unknown.";
    [] "no-header", switch(no_header);
        "Leave the title and the headings out",
        "Leaves out what stands above the rows of the table of connections: title, headings and, with an interval, the \
         time."
        details "netstat --columns pid --no-header port 8080 gives bare process IDs. It is for tables of text: data \
                 formats have no title, and CSV keeps its line of names.";
    [] "limit", value(limit, "N", "10", ValueKind::Free, values::parse_limit);
        "Show the first rows only",
        "Shows the first N rows only, or groups of --group-by: with --sort the N largest or smallest.";
    [] "sort", value(sort, "COLUMN", "rtt:desc", ValueKind::Order, values::parse_sort);
        "Sort the rows by a column",
        "Sorts the rows by a column; append :desc for the largest first. none keeps the order of the kernel."
        details "Rows without a value come last either way. With --group-by it sorts the groups by one of their \
                 columns. Any column of --columns help may be used, shown or not.";
};
