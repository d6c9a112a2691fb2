//! The columns of `--columns`, of sorting and grouping, and of JSON and CSV: one row of a table each.
//!
//! To add one, add a row in `table.rs`. Its text, sort order, JSON, CSV, and its part of the JSON Schema and of the
//! documents all follow from the row.
//!
//! ```
//! use netstat_engine::columns::{ColumnNeeds, by_name};
//! use netstat_model::TcpFields;
//!
//! let columns = ["local", "rtt"].map(|name| by_name(name).unwrap());
//! assert_eq!(ColumnNeeds::of(&columns).tcp, TcpFields::RTT);
//! ```

mod detail;
mod ends;
#[cfg(test)]
pub(crate) mod made;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use table::ALL;
pub use value::{NO_PROCESS, TIMER_WORDS, Value};

use crate::enrich::{Geo, StandIns, UserNames};
use crate::flow::Rates;
use crate::row::Row;
use crate::text::{Language, Text, Zone};
use netstat_model::query::{Fields, ProcessFields};
use netstat_model::{Namespace, NetworkNamespace, Owner, Process, ProcessKey, SocketRef, TcpFields};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::time::SystemTime;

/// What columns may look up beyond the row itself.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The processes that were read.
    pub processes: &'a FxHashMap<ProcessKey, Process>,
    /// The names of users.
    pub users: &'a UserNames,
    /// The names of the interfaces of one network namespace, by index.
    pub interfaces: &'a HashMap<u32, OsString>,
    /// That namespace; `None` where the system has only one, or does not tell it.
    pub own: Option<Namespace>,
    /// Whether addresses have the names of interfaces, as on Linux, and not their numbers.
    pub names_zones: bool,
    /// Network namespaces, by inode.
    pub namespaces: &'a HashMap<u64, NetworkNamespace>,
    /// Who is behind listeners that one process keeps for another.
    pub stand_ins: &'a StandIns,
    /// Countries and networks of addresses.
    pub geo: &'a Geo,
    /// The time zone of whoever reads times.
    pub zone: &'a Zone,
    /// When the rows were there, for what began before; `None` where that is not known.
    pub now: Option<SystemTime>,
    /// How fast bytes go over a connection; `None` where it was looked at once only.
    pub rates: &'a dyn Fn(&SocketRef<'_>) -> Option<Rates>,
}

impl<'a> Given<'a> {
    /// Returns the name of an interface that a socket has to do with. Another network namespace has other interfaces.
    fn interface(&self, index: u32, socket: &SocketRef<'_>) -> Option<&'a OsStr> {
        let is_elsewhere = socket.namespace().is_some_and(|namespace| Some(namespace) != self.own);
        self.interfaces.get(&index).filter(|_| !is_elsewhere).map(OsString::as_os_str)
    }
}

/// What has to be read to fill one or more columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnNeeds {
    /// Details of each socket.
    pub fields: Fields,
    /// The course of each TCP connection.
    pub tcp: TcpFields,
    /// The processes that hold each socket.
    pub owners: bool,
    /// Details of each of these processes.
    pub process: ProcessFields,
    /// The users database.
    pub users: bool,
    /// The interface list.
    pub interfaces: bool,
    /// The network namespaces.
    pub namespaces: bool,
    /// Who is behind listeners, and all processes that hold one.
    pub stand_ins: bool,
    /// Countries of addresses.
    pub countries: bool,
    /// Networks of addresses.
    pub networks: bool,
}

impl ColumnNeeds {
    /// Only what every socket has: endpoints and state.
    pub const NOTHING: Self = Self {
        fields: Fields::empty(),
        tcp: TcpFields::empty(),
        owners: false,
        process: ProcessFields::empty(),
        users: false,
        interfaces: false,
        namespaces: false,
        stand_ins: false,
        countries: false,
        networks: false,
    };

    /// Combines two sets of needs.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            fields: self.fields | other.fields,
            tcp: self.tcp | other.tcp,
            owners: self.owners || other.owners,
            process: self.process | other.process,
            users: self.users || other.users,
            interfaces: self.interfaces || other.interfaces,
            namespaces: self.namespaces || other.namespaces,
            stand_ins: self.stand_ins || other.stand_ins,
            countries: self.countries || other.countries,
            networks: self.networks || other.networks,
        }
    }

    /// Returns what these columns need together.
    pub fn of(columns: &[&Column]) -> Self {
        columns.iter().fold(Self::NOTHING, |needs, column| needs.and(column.needs))
    }
}

/// The type of a column's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number, not negative.
    Number,
    /// A duration, shown in milliseconds with three decimals; microseconds in JSON and CSV.
    Microseconds,
    /// A duration in whole milliseconds.
    Milliseconds,
    /// An address with a port.
    End,
    /// A running timer.
    Timer,
    /// A container.
    Container,
    /// A list of texts.
    Words,
    /// A list of whole numbers, not negative.
    Numbers,
    /// A moment.
    Time,
}

/// The alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

impl Kind {
    /// Returns the alignment for values of this type.
    pub fn align(self) -> Align {
        match self {
            Self::Number | Self::Microseconds | Self::Milliseconds => Align::Right,
            Self::Text
            | Self::End
            | Self::Timer
            | Self::Container
            | Self::Words
            | Self::Numbers
            | Self::Time => Align::Left,
        }
    }
}

/// What a value describes.
#[derive(Clone, Copy)]
pub enum Origin {
    /// The socket.
    Row(for<'a> fn(&Row<'a>, &Given<'a>) -> Value<'a>),
    /// A process that holds the socket; in a table of sockets the principal one.
    Owner(for<'a> fn(&Owner, &Given<'a>) -> Value<'a>),
}

/// One column.
pub struct Column {
    /// The name on the command line.
    pub name: &'static str,
    /// The key in JSON and CSV: the name, with the unit of a duration.
    pub key: &'static str,
    /// The heading. Scripts read JSON and CSV, whose keys are the same in every language.
    pub heading: Text,
    /// The unit of its numbers, or empty.
    pub unit: &'static str,
    /// The meaning, for `--columns help`.
    pub meaning: Text,
    /// The type of its values.
    pub kind: Kind,
    /// Whether only Linux ever has values for it.
    pub linux_only: bool,
    /// What has to be read to fill it.
    pub needs: ColumnNeeds,
    /// What its values describe, and how to get them.
    pub origin: Origin,
}

/// Finds a column by name, ignoring case.
pub fn by_name(name: &str) -> Option<&'static Column> {
    ALL.iter().copied().find(|column| column.name.eq_ignore_ascii_case(name))
}

impl Column {
    /// Returns the value for a row.
    pub fn value<'a>(&self, row: &Row<'a>, given: &Given<'a>) -> Value<'a> {
        match self.origin {
            Origin::Row(value) => value(row, given),
            Origin::Owner(value) => {
                let ownership = row.socket.ownership();
                match ownership.principal() {
                    Some(owner) => value(&owner, given),
                    None => table::of_unowned(self, ownership.unowned()),
                }
            }
        }
    }

    /// Returns the value for one owner, or `None` if the column describes the socket.
    pub fn of_owner<'a>(&self, owner: &Owner, given: &Given<'a>) -> Option<Value<'a>> {
        match self.origin {
            Origin::Row(_) => None,
            Origin::Owner(value) => Some(value(owner, given)),
        }
    }

    /// Returns the unit for people; the JSON Schema has it in English alone.
    pub fn unit_in(&self, language: Language) -> &'static str {
        match (language, self.unit) {
            (Language::Korean, "bytes") => "바이트",
            (Language::Korean, "bytes/s") => "바이트/초",
            (Language::Korean, "segments") => "세그먼트",
            (Language::Korean, "packets") => "패킷",
            (Language::Korean, "connections") => "연결",
            (_, unit) => unit,
        }
    }

    /// Returns true if this system, while it runs, can have values for it.
    pub fn is_available(&self) -> bool {
        !(cfg!(windows) && self.linux_only || self.needs.fields.contains(Fields::APPLICATION))
    }

    /// Returns true if it describes a process rather than the socket.
    pub fn is_of_owner(&self) -> bool {
        matches!(self.origin, Origin::Owner(_))
    }
}

/// Columns are equal if their names are.
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
