//! The columns of `--columns`, of sorting and grouping, and of JSON and CSV: one `const` each.
//!
//! To add one, write a `const` in the file it belongs to and put it into [`ALL`]. Its text, its place in a sort order,
//! its JSON, its CSV, its part of the JSON Schema and of the documents all follow from it.

pub mod classic;
mod owner;
mod place;
mod socket;
mod tcp;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub use classic::{Extras, Facts};
pub use value::{NO_PROCESS, Value};

/// The words that values of some columns are made of.
pub(crate) mod value_words {
    pub(crate) use super::value::{RUNTIME_WORDS, TIMER_WORDS};
}

use crate::view::{Processes, Row};
use netstat_engine::enrich::{Geo, UserNames};
use netstat_model::Owner;
use netstat_model::query::{Fields, ProcessFields};
use std::collections::HashMap;
use std::ffi::OsString;

/// What a column knows beyond the row.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// What was read of processes.
    pub processes: &'a dyn Processes,
    /// The names of users.
    pub users: &'a UserNames,
    /// The names of interfaces, by index.
    pub interfaces: &'a HashMap<u32, OsString>,
    /// Countries and networks of addresses.
    pub geo: &'a Geo,
}

/// What has to be read for a column, or for several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Of each socket.
    pub fields: Fields,
    /// Who holds it.
    pub owners: bool,
    /// Of each process that does.
    pub process: ProcessFields,
    /// The users database.
    pub users: bool,
    /// The list of interfaces.
    pub interfaces: bool,
    /// Countries of addresses.
    pub countries: bool,
    /// Networks of addresses.
    pub networks: bool,
}

impl Needs {
    /// Nothing beyond the ends and the state.
    pub const NOTHING: Self = Self {
        fields: Fields::empty(),
        owners: false,
        process: ProcessFields::empty(),
        users: false,
        interfaces: false,
        countries: false,
        networks: false,
    };

    const fn fields(fields: Fields) -> Self {
        Self { fields, ..Self::NOTHING }
    }

    const fn process(process: ProcessFields) -> Self {
        Self { owners: true, process, ..Self::NOTHING }
    }

    /// What both need.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            fields: self.fields | other.fields,
            owners: self.owners || other.owners,
            process: self.process | other.process,
            users: self.users || other.users,
            interfaces: self.interfaces || other.interfaces,
            countries: self.countries || other.countries,
            networks: self.networks || other.networks,
        }
    }

    /// What all of these columns need.
    pub fn of(columns: &[&Column]) -> Self {
        columns.iter().fold(Self::NOTHING, |needs, column| needs.and(column.needs))
    }
}

/// What kind of values a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number, not negative.
    Number,
    /// A time, shown in milliseconds with three decimals, in microseconds in JSON and CSV.
    Microseconds,
    /// A time, in whole milliseconds.
    Milliseconds,
    /// An address with a port.
    End,
    /// A running timer.
    Timer,
    /// A container.
    Container,
    /// Several texts.
    Words,
}

/// How a cell stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

impl Kind {
    /// How such values stand in their column.
    pub fn align(self) -> Align {
        match self {
            Self::Number | Self::Microseconds | Self::Milliseconds => Align::Right,
            Self::Text | Self::End | Self::Timer | Self::Container | Self::Words => Align::Left,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Copy)]
pub enum Origin {
    /// The socket, in one part of the table.
    Row(for<'a> fn(&Row<'a>, &Given<'a>) -> Value<'a>),
    /// A process that holds it; in a table of sockets the principal one.
    Owner(for<'a> fn(&Owner, &Given<'a>) -> Value<'a>),
}

/// One column.
pub struct Column {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is called in JSON and CSV: the name, with the unit of a time.
    pub key: &'static str,
    /// What stands above it.
    pub heading: &'static str,
    /// The unit of its numbers; empty where there is none.
    pub unit: &'static str,
    /// What it means, for `--columns help`.
    pub meaning: &'static str,
    /// What kind of values it has.
    pub kind: Kind,
    /// What has to be read for it.
    pub needs: Needs,
    /// Where its values come from.
    pub origin: Origin,
}

/// Every column, in the order of the documents, and of JSON and CSV.
pub const ALL: &[&Column] = &[
    &socket::PROTO,
    &socket::LOCAL,
    &socket::LADDR,
    &socket::LPORT,
    &socket::FOREIGN,
    &socket::RADDR,
    &socket::RPORT,
    &place::COUNTRY,
    &place::NETWORK,
    &socket::STATE,
    &owner::PID,
    &owner::PROCESS,
    &owner::PATH,
    &owner::CMDLINE,
    &socket::USER,
    &owner::UNIT,
    &owner::CONTAINER,
    &owner::FD,
    &socket::RECVQ,
    &socket::SENDQ,
    &socket::BACKLOG,
    &socket::TIMER,
    &tcp::RTT,
    &tcp::RTTVAR,
    &tcp::MIN_RTT,
    &tcp::CWND,
    &tcp::MSS,
    &tcp::PACING,
    &tcp::DELIVERY,
    &tcp::RETRANS,
    &tcp::BYTES_SENT,
    &tcp::BYTES_RECEIVED,
    &tcp::SEGS,
    &tcp::SEGS_OUT,
    &tcp::SEGS_IN,
    &socket::CONGESTION,
    &socket::DSCP,
    &socket::MARK,
    &socket::DROPS,
    &socket::INTERFACE,
    &socket::INODE,
    &socket::COOKIE,
    &socket::AGE,
];

/// Those that Windows has no value for.
pub const NOT_ON_WINDOWS: &[&Column] = &[
    &owner::CONTAINER,
    &owner::FD,
    &socket::RECVQ,
    &socket::SENDQ,
    &socket::BACKLOG,
    &socket::TIMER,
    &tcp::CWND,
    &tcp::PACING,
    &tcp::DELIVERY,
    &socket::CONGESTION,
    &socket::DSCP,
    &socket::MARK,
    &socket::DROPS,
    &socket::INTERFACE,
    &socket::INODE,
    &socket::COOKIE,
];

/// The column of a name, in any letter case.
pub fn by_name(name: &str) -> Option<&'static Column> {
    ALL.iter().copied().find(|column| column.name.eq_ignore_ascii_case(name))
}

impl Column {
    /// The value of a row.
    pub fn value<'a>(&self, row: &Row<'a>, given: &Given<'a>) -> Value<'a> {
        match self.origin {
            Origin::Row(value) => value(row, given),
            Origin::Owner(value) => match row.socket.ownership.principal() {
                Some(owner) => value(&owner, given),
                None => owner::of_unowned(self, &row.socket.ownership),
            },
        }
    }

    /// The value of one process, where it is a process that has it.
    pub fn of_owner<'a>(&self, owner: &Owner, given: &Given<'a>) -> Option<Value<'a>> {
        match self.origin {
            Origin::Row(_) => None,
            Origin::Owner(value) => Some(value(owner, given)),
        }
    }

    /// Whether it tells of a process rather than of the socket.
    pub fn is_of_owner(&self) -> bool {
        matches!(self.origin, Origin::Owner(_))
    }
}

/// Columns are the same if their names are.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl std::fmt::Debug for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}
