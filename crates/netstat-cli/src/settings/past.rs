//! What the command line means that asks for the past.

use super::recorder::default_store;
use super::{Colour, Connections, FleetPlace, Layout, connections};
use crate::options::Arguments;
use netstat_engine::columns::{self, Column};
use netstat_engine::text::When;
use netstat_engine::view::sort::Order;
use std::path::{Path, PathBuf};

/// A span of the past, and how to show it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct History {
    pub(crate) since: Option<When>,
    pub(crate) until: Option<When>,
    /// What happened, in short.
    pub(crate) summary: bool,
    /// Whether to show what comes, and what opens too.
    pub(crate) follow: bool,
    pub(crate) opens: bool,
    /// The history to read.
    pub(crate) store: PathBuf,
    /// The database that is asked instead.
    pub(crate) fleet: Option<Box<FleetPlace>>,
    /// How rows are shown.
    pub(crate) table: Connections,
}

/// The moment of a table of the past, and the history that has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    pub(crate) at: When,
    pub(crate) store: PathBuf,
    /// The database that is asked instead.
    pub(crate) fleet: Option<Box<FleetPlace>>,
}

/// What of a history is judged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CheckedPast {
    /// The table of a moment.
    At { at: When, store: PathBuf },
    /// What happened in a span.
    Span {
        since: Option<When>,
        until: Option<When>,
        store: PathBuf,
        /// Whether the history was named.
        is_named: bool,
    },
}

impl CheckedPast {
    /// Returns the history.
    pub(crate) fn store(&self) -> &Path {
        let (Self::At { store, .. } | Self::Span { store, .. }) = self;
        store
    }
}

/// Returns what of a history is judged, if it is not the system.
pub(super) fn checked(
    arguments: &Arguments,
    environment: &impl Fn(&str) -> Option<String>,
) -> Option<CheckedPast> {
    let (since, until) = (arguments.history.since.clone(), arguments.history.until.clone());
    match arguments.at.clone() {
        Some(at) => Some(CheckedPast::At { at, store: store(arguments, environment) }),
        None if since.is_some() || until.is_some() => {
            let is_named = arguments.store.is_some();
            Some(CheckedPast::Span { since, until, store: store(arguments, environment), is_named })
        }
        None => None,
    }
}

/// The columns that a history has values for, in the order in which data formats show them.
const KEPT: [&str; 31] = [
    "host",
    "started",
    "started_before",
    "started_after",
    "ended",
    "lasted",
    "reason",
    "side",
    "proto",
    "local",
    "laddr",
    "lport",
    "foreign",
    "raddr",
    "rport",
    "country",
    "state",
    "first_fin",
    "pid",
    "process",
    "path",
    "cmdline",
    "comm",
    "user",
    "unit",
    "container",
    "rtt",
    "min_rtt",
    "retrans",
    "bytes_acked",
    "bytes_received",
];

/// More of them, which are shown only where they are named.
const KEPT_TOO: [&str; 4] = ["network", "cookie", "netns", "netns_inode"];

/// The columns of the text table, unless others are named.
const SHOWN: [&str; 9] =
    ["started", "lasted", "reason", "proto", "local", "foreign", "process", "bytes_acked", "bytes_received"];

fn named(names: &[&str]) -> Vec<&'static Column> {
    names.iter().filter_map(|name| columns::by_name(name)).collect()
}

/// Returns whether these are the columns that a history shows where nobody names any, with or without the host.
pub(crate) fn are_usual(shown: &[&Column]) -> bool {
    let of_rows = shown.strip_prefix(&columns::by_name("host").into_iter().collect::<Vec<_>>()[..]);
    of_rows.unwrap_or(shown).iter().map(|column| column.name).eq(SHOWN)
}

/// Returns whether a history has values for a column.
pub(crate) fn is_kept(column: &Column) -> bool {
    KEPT.contains(&column.name) || KEPT_TOO.contains(&column.name)
}

/// Returns the history to read.
pub(super) fn store(arguments: &Arguments, environment: &impl Fn(&str) -> Option<String>) -> PathBuf {
    arguments.store.clone().unwrap_or_else(|| default_store(environment))
}

/// Returns how rows of the past are shown, which have values for these columns.
pub(super) fn table(arguments: &Arguments, colour: Colour, kept: &[&str]) -> Connections {
    let mut table = connections(arguments, colour);
    table.names = None;
    table.rows.listening = true;
    match &mut table.form {
        Layout::Classic => table.form = Layout::Columns(named(&SHOWN)),
        Layout::Data(_, shown) if arguments.columns.is_none() => *shown = named(kept),
        Layout::Data(..) | Layout::Columns(_) => {}
    }
    if table.order == Order::Usual && table.group_by.is_empty() {
        // That of their ends.
        table.order = Order::AsGiven;
    }
    table
}

/// Interprets `netstat history`.
pub(super) fn history(
    arguments: &Arguments,
    colour: Colour,
    store: PathBuf,
    fleet: Option<Box<FleetPlace>>,
) -> History {
    let mut table = table(arguments, colour, &KEPT);
    // Of many hosts each row says which.
    if let (Layout::Columns(shown), Some(_), true) = (&mut table.form, &fleet, is_usual(arguments)) {
        shown.splice(..0, columns::by_name("host"));
    }
    History {
        fleet,
        since: arguments.history.since.clone(),
        until: arguments.history.until.clone(),
        summary: arguments.history.summary,
        follow: arguments.recorder.follow,
        opens: arguments.recorder.opens,
        store,
        table,
    }
}

/// Whether the columns are those that nobody named.
fn is_usual(arguments: &Arguments) -> bool {
    arguments.columns.is_none() && arguments.group_by.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_a_history_exist() {
        for names in [&KEPT[..], &KEPT_TOO, &SHOWN] {
            assert_eq!(named(names).len(), names.len());
        }
        assert!(named(&SHOWN).into_iter().all(is_kept));
    }
}
