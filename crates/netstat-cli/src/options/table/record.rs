//! Options of `netstat record`.

use super::super::entry::{Effect, Entry, Topic, entries};

/// Options of the other lists that `netstat record` takes as well.
pub(in super::super) const SHARED: [&str; 5] = ["generate", "help", "lang", "owners", "utf8"];

pub(super) const OPTIONS: &[Entry] = entries! { Record;
    [] "arguments", switch(recorder.arguments);
        "Keep the arguments of processes",
        "Keeps the arguments of processes too. They may hold passwords.";
    [] "follow", switch(recorder.follow);
        "Print each connection that ends",
        "Prints each connection that ends, as a line of JSON, until Ctrl+C."
        details "docs/recorder.md explains the lines.";
    [] "opens", switch(recorder.opens);
        "With --follow, print what opens as well",
        "With --follow, also prints each connection and listener that opens, at first those that are open already.";
};
