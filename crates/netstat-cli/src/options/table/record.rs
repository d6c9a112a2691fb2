//! Options of `netstat record`.

use super::super::entry::{Effect, Entry, Topic, Value, ValueKind, entries};
use super::super::values;

/// Options of the other lists that `netstat record` takes as well.
pub(in super::super) const SHARED: [&str; 6] = ["generate", "help", "lang", "owners", "store", "utf8"];

pub(super) const OPTIONS: &[Entry] = entries! { Record;
    [] "arguments", switch(recorder.arguments);
        "Keep the arguments of processes",
        "Keeps the arguments of processes too. They may hold passwords.";
    [] "follow", switch(recorder.follow);
        "Print each connection that ends",
        "Prints each connection that ends, as a line of JSON, until Ctrl+C. Keeps none, unless --store is given."
        details "docs/recorder.md explains the lines.";
    [] "keep", value(recorder.keep, "SIZE", "1GiB", ValueKind::Free, values::parse_size);
        "Let the history grow to this size",
        "Lets the history grow to this size (500M, 2G; 1 GiB if it is not given). The oldest connections go first.";
    [] "keep-days", value(recorder.keep_days, "N", "30", ValueKind::Free, values::parse_keep_days);
        "Keep the history for this many days",
        "Keeps connections for this many days. Without it, for as long as there is room.";
    [] "opens", switch(recorder.opens);
        "With --follow, print what opens as well",
        "With --follow, also prints each connection and listener that opens, at first those that are open already.";
    [] "status", switch(recorder.status);
        "Tell how the recorder is doing",
        "Tells whether a recorder is running, what it has counted and lost, and how much it keeps."
        details "The exit code is 0 if one is running, 1 if not.";
    [] "stop", switch(recorder.stop);
        "Stop the recorder",
        "Stops the recorder that writes to the store, and waits until it has.";
};
