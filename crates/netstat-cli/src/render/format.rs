//! What a data format is, and what it is given to write.

use netstat_engine::columns::{Column, Given};
use netstat_engine::text::Text;
use netstat_engine::view::ConnectionsView;
use netstat_engine::view::groups::Group;
use netstat_model::{SnapshotInfo, Warning};
use std::fmt;
use std::io::{self, Write};

/// A format for programs, chosen by an option of its name.
pub struct Format {
    /// The option, without its dashes.
    pub name: &'static str,
    /// A few words for completions, in the imperative, without a full stop.
    pub summary: &'static str,
    /// Sentences for the help text.
    pub help: Text,
    /// More sentences, for the man page and the reference.
    pub details: Text,
    /// Whether `-r`, `-s`, `-e` and `check` write this format too.
    pub of_every_report: bool,
    /// Whether the first line has the keys of the others.
    pub begins_with_keys: bool,
    /// Whether all processes that hold a socket are written, rather than the principal one.
    pub all_owners: bool,
    /// Writes the rows.
    pub sockets: fn(&Rows<'_, '_>, &Frame<'_>, &mut dyn Write) -> io::Result<()>,
    /// Writes the groups of `--group-by`.
    pub groups: fn(&Groups<'_, '_>, &Frame<'_>, &mut dyn Write) -> io::Result<()>,
}

/// Rows, and the columns to write of them.
pub struct Rows<'r, 'a> {
    /// The rows.
    pub view: &'r ConnectionsView<'a>,
    /// The columns.
    pub columns: &'r [&'static Column],
    /// What the columns look up.
    pub given: &'r Given<'a>,
    /// Whether a socket has no other owners than those that are known.
    pub all_owners_known: bool,
}

/// Groups, and the columns they were made by.
pub struct Groups<'r, 'a> {
    /// The groups.
    pub groups: &'r [Group<'a>],
    /// The columns.
    pub columns: &'r [&'static Column],
}

/// What a display says beside its rows.
pub struct Frame<'a> {
    /// Where and when the data was taken.
    pub info: &'a SnapshotInfo,
    /// The number of this display, from 1, if the report is repeated.
    pub display: Option<u64>,
    /// What is missing, and why.
    pub warnings: &'a [Warning],
}

/// Formats are equal if their names are.
impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
