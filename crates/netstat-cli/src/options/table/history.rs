//! Options of `netstat history`. Those that the table of connections has as well are in its lists.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;

/// Options of the other lists that `netstat history` takes as well.
pub(in super::super) const SHARED: [&str; 14] = [
    "color", "columns", "csv", "generate", "geo", "group-by", "help", "json", "jsonl", "lang", "limit",
    "sort", "store", "utf8",
];

pub(super) const OPTIONS: &[Entry] = entries! { History;
    [] "since", value(history.since, "WHEN", "2h", ValueKind::Free, |text| values::parse_when("--since", text));
        "Leave out what ended before",
        "Leaves out connections that ended before this time: 2h (ago), '10 minutes ago', 14:05, 'yesterday 14:05', \
         2026-11-29, or RFC 3339."
        details "A time without an offset is one of your time zone. An hour that there was twice, because the clocks were \
                 set back, is asked about.";
    [] "until", value(history.until, "WHEN", "14:05", ValueKind::Free, |text| values::parse_when("--until", text));
        "Leave out what began later",
        "Leaves out connections that began at this time or later. Those that were open then are shown with all of their \
         lives.";
    [] "summary", switch(history.summary);
        "Say in short what happened",
        "Says in short what happened: who sent and received most, what is new since the day before, what failed and \
         where, storms of short connections, and what waited to be closed."
        details "Without --since it is about the last 24 hours.";
};
