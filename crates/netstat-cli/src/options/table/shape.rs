//! Options that choose what is shown of each connection, in which order, and in which format.

use super::super::arguments::Colour;
use super::super::values;
use super::{Effect, Entry, Report, Value, ValueKind};

pub(super) const OPTIONS: &[Entry] = &[
    Entry {
        letters: &[],
        long: "cmdline",
        in_synopsis: false,
        summary: "Show the command line of the process in a column",
        help: "Shows the command line of the process that owns each connection in a last column, PROCESS.",
        details: "As --process does, with the command line instead of the name.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.cmdline = true),
    },
    Entry {
        letters: &[],
        long: "color",
        in_synopsis: false,
        summary: "Choose when states have colours",
        help: "Chooses when states have colours: auto (on a terminal, the default), always or never.",
        details: "With auto there are none if the environment variable NO_COLOR is set and not empty, or TERM is dumb. \
                  A colour only repeats what the word says.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "WHEN", example: "never", kind: ValueKind::Choice(&Colour::NAMES) },
            |arguments, text| {
                arguments.color = Some(values::parse_color(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "columns",
        in_synopsis: false,
        summary: "Choose the columns and their order",
        help: "Shows these columns in this order instead of the table of Windows; help instead of a list shows what \
               there is.",
        details: "The names have commas between them: --columns pid,process,local,foreign,rtt. Columns are as wide as \
                  what is in them; where the terminal is too narrow the last column of text is cut and ends with an \
                  ellipsis. Addresses and ports are numbers. What is not known is shown as -. Only what the columns \
                  need is read. It also chooses the keys of --json, --jsonl and --csv. The options that add columns \
                  to the table of Windows change nothing then.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "LIST", example: "pid,process,local", kind: ValueKind::Free },
            |arguments, text| {
                if text.eq_ignore_ascii_case("help") {
                    arguments.column_help = true;
                } else {
                    arguments.columns = Some(values::parse_columns("--columns", text)?);
                }
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "csv",
        in_synopsis: false,
        summary: "Write CSV, with a line for each row",
        help: "Writes CSV (RFC 4180): a line of keys, then a line for each row, with every column or those of --columns.",
        details: "Numbers are in the unit that their key names. What is not known is an empty field.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.csv = true),
    },
    Entry {
        letters: &[],
        long: "group-by",
        in_synopsis: false,
        summary: "Count rows by the values of columns",
        help: "Counts the rows for each value of a column, or of several with commas between them, and beside it how \
               many are in each state.",
        details: "The largest group comes first, unless --sort says otherwise. netstat --group-by raddr tells how many \
                  connections there are with whom, in which states. A socket that several processes hold counts \
                  for one of them, so that the groups add up to the rows.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "LIST", example: "process", kind: ValueKind::Free },
            |arguments, text| {
                arguments.group_by = Some(values::parse_columns("--group-by", text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "json",
        in_synopsis: false,
        summary: "Write one JSON document",
        help: "Writes one JSON document with every column, or those of --columns, with all owners and with what the \
               answer may lack. With -r, -s, -e or check the document of that report.",
        details: "Numbers are numbers, null is what is not known or not there, times have their unit in the key. Text \
                  from outside is escaped as in the tables. A listener that serves IPv4 and IPv6 is two rows with one \
                  cookie, as in the tables. docs/schema has the JSON Schema; its version is in each document. docs/json.md explains the documents of -r, -s \
                  and -e.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.json = true),
    },
    Entry {
        letters: &[],
        long: "jsonl",
        in_synopsis: false,
        summary: "Write JSON with a line for each row",
        help: "Writes JSON with a line for each row, with every column or those of --columns, and with all owners.",
        details: "What the answer may lack is said on standard error only.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.jsonl = true),
    },
    Entry {
        letters: &[],
        long: "process",
        in_synopsis: false,
        summary: "Show the name of the process in a column",
        help: "Shows the name of the process that owns each connection in a last column, PROCESS; with --path its \
               executable, with --cmdline its command line.",
        details: "It is - where there is no process, or it is not known.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Switch(|arguments| arguments.process = true),
    },
    Entry {
        letters: &[],
        long: "limit",
        in_synopsis: false,
        summary: "Show the first rows only",
        help: "Shows the first N rows only, or groups of --group-by: with --sort the N largest or smallest.",
        details: "",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "N", example: "10", kind: ValueKind::Free },
            |arguments, text| {
                arguments.limit = Some(values::parse_limit(text)?);
                Ok(())
            },
        ),
    },
    Entry {
        letters: &[],
        long: "sort",
        in_synopsis: false,
        summary: "Sort the rows by a column",
        help: "Sorts the rows by a column; :desc behind its name puts the largest first. none leaves the order of the \
               kernel.",
        details: "Rows without a value come last either way. With --group-by it sorts the groups by one of their \
                  columns. Any column of --columns help will do, shown or not.",
        inferred: None,
        report: Report::Connections,
        effect: Effect::Value(
            Value { name: "COLUMN", example: "rtt:desc", kind: ValueKind::Free },
            |arguments, text| {
                arguments.sort = Some(values::parse_sort(text)?);
                Ok(())
            },
        ),
    },
];
