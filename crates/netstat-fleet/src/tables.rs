//! The tables: how they are made on one server and on a cluster, old or new, and which columns they have.
//!
//! What a server can is found out by asking for its version. Rows are replaced by their numbers, so that an end that was sent
//! twice is there once as soon as the server has merged.

use crate::client::{Client, quoted};
use crate::error::FleetError;
use crate::row::{COLUMNS, Column};
use crate::target::Target;
use rustc_hash::FxHashMap;

/// Names of the tables.
pub(crate) const ENDS: &str = "netstat_ends";
pub(crate) const OPEN: &str = "netstat_open";
pub(crate) const RUNS: &str = "netstat_runs";
pub(crate) const GAPS: &str = "netstat_gaps";

/// Words for the causes of gaps, in their order.
pub(crate) const CAUSES: [(netstat_model::history::GapCause, &str); 11] = {
    use netstat_model::history::GapCause as Cause;
    [
        (Cause::Ring, "ring"),
        (Cause::Begins, "begins"),
        (Cause::Processes, "processes"),
        (Cause::Store, "store"),
        (Cause::Unseen, "unseen"),
        (Cause::NotRunning, "not-running"),
        (Cause::Suspended, "suspended"),
        (Cause::Damaged, "damaged"),
        (Cause::HalfClosed, "half-closed"),
        (Cause::Unsent, "unsent"),
        (Cause::Datagrams, "datagrams"),
    ]
};

/// What a server can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Before 21: no types of addresses, no codecs, nothing that is forgotten by itself.
    Plain,
    /// From 21 on.
    Modern,
}

impl Flavour {
    /// Returns what a server of this version can, such as `18.16.1` or `26.9.2.1`.
    pub fn of_version(version: &str) -> Option<Self> {
        let major: u32 = version.split('.').next()?.trim().parse().ok()?;
        Some(if major >= 21 { Self::Modern } else { Self::Plain })
    }
}

/// A table: its name, columns beside those of a row, engine and order.
struct Table {
    name: &'static str,
    /// Whether it has the columns of a row.
    has_row: bool,
    /// Name, type before 21, type from 21 on.
    more: &'static [(&'static str, &'static str, &'static str)],
    /// What the newest of rows with the same key is told by; empty for the last.
    version: &'static str,
    partition: &'static str,
    order: &'static str,
    /// The time by which rows are forgotten, where they are.
    forgotten: &'static str,
}

const TABLES: [Table; 4] = [
    Table {
        name: ENDS,
        has_row: true,
        more: &[],
        version: "",
        partition: "toYYYYMMDD(ended)",
        order: "service, remote, ended_us, host, store, sequence",
        forgotten: "ended",
    },
    Table {
        name: OPEN,
        has_row: true,
        // The newest row of a socket tells whether it is still there.
        more: &[("version", "UInt64", "UInt64"), ("gone", "UInt8", "UInt8")],
        version: "version",
        partition: "",
        order: "host, store, sequence",
        forgotten: "",
    },
    Table {
        name: RUNS,
        has_row: false,
        more: &[
            ("host", "String", "LowCardinality(String)"),
            ("store", "UInt64", "UInt64"),
            ("run", "UInt64", "UInt64"),
            ("boot", "String", "String"),
            ("from_us", "Int64", "Int64"),
            ("until_us", "Int64", "Int64"),
            ("mode", "String", "LowCardinality(String)"),
            ("namespace", "Nullable(UInt64)", "Nullable(UInt64)"),
            ("filter", "String", "String"),
            ("sent", "UInt64", "UInt64"),
            ("version", "UInt64", "UInt64"),
        ],
        version: "version",
        partition: "",
        order: "host, store, run",
        forgotten: "",
    },
    Table {
        name: GAPS,
        has_row: false,
        more: &[
            ("host", "String", "LowCardinality(String)"),
            ("store", "UInt64", "UInt64"),
            ("gap", "UInt64", "UInt64"),
            ("from_us", "Int64", "Int64"),
            ("until_us", "Int64", "Int64"),
            ("lost", "Nullable(UInt64)", "Nullable(UInt64)"),
            ("cause", "String", "LowCardinality(String)"),
            ("version", "UInt64", "UInt64"),
        ],
        version: "version",
        partition: "",
        order: "host, store, gap",
        forgotten: "",
    },
];

impl Table {
    /// Returns the columns as they are made: names, and types with codecs.
    fn columns(&self, flavour: Flavour) -> Vec<(&'static str, String)> {
        let row: &[Column] = if self.has_row { COLUMNS } else { &[] };
        let of_row = row.iter().map(|column| {
            let definition = match flavour {
                Flavour::Plain => column.plain.to_owned(),
                Flavour::Modern => format!("{} {}", column.modern, column.codec).trim_end().to_owned(),
            };
            (column.name, definition)
        });
        let more = self.more.iter().map(|(name, plain, modern)| {
            (*name, (if flavour == Flavour::Plain { *plain } else { *modern }).to_owned())
        });
        of_row.chain(more).collect()
    }

    /// Returns the statements that make it.
    fn create(&self, flavour: Flavour, cluster: Option<&str>, days: u32) -> Vec<String> {
        let columns: Vec<String> = self
            .columns(flavour)
            .into_iter()
            .map(|(name, definition)| format!("    {name} {definition}"))
            .collect();
        let columns = columns.join(",\n");
        let on_cluster = cluster.map_or_else(String::new, |name| format!(" ON CLUSTER {name}"));
        let local = match cluster {
            Some(_) => format!("{}_local", self.name),
            None => self.name.to_owned(),
        };
        let engine = match cluster {
            // Macros that every server of a cluster has by convention.
            Some(_) => {
                let version =
                    if self.version.is_empty() { String::new() } else { format!(", {}", self.version) };
                format!(
                    "ReplicatedReplacingMergeTree('/clickhouse/tables/{{shard}}/{local}', '{{replica}}'{version})"
                )
            }
            None => format!("ReplacingMergeTree({})", self.version),
        };
        let partition = match self.partition {
            "" => String::new(),
            by => format!("\nPARTITION BY {by}"),
        };
        let forgotten = match (flavour, self.forgotten) {
            _ if days == 0 => String::new(),
            (_, "") | (Flavour::Plain, _) => String::new(),
            (Flavour::Modern, by) => {
                format!("\nTTL {by} + INTERVAL {days} DAY\nSETTINGS ttl_only_drop_parts = 1")
            }
        };
        let mut statements = vec![format!(
            "CREATE TABLE IF NOT EXISTS {local}{on_cluster}\n(\n{columns}\n)\nENGINE = {engine}{partition}\nORDER BY ({order}){forgotten}",
            order = self.order
        )];
        if let Some(cluster) = cluster {
            statements.push(format!(
                "CREATE TABLE IF NOT EXISTS {name}{on_cluster}\n(\n{columns}\n)\nENGINE = Distributed({cluster}, currentDatabase(), {local}, cityHash64(host))",
                name = self.name
            ));
        }
        statements
    }
}

/// Returns the statements that make the tables, which keep ends for so many days; 0 for ever.
pub fn schema(flavour: Flavour, cluster: Option<&str>, days: u32) -> Vec<String> {
    TABLES.iter().flat_map(|table| table.create(flavour, cluster, days)).collect()
}

/// What a server is, and what its tables have.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its version, as it says.
    pub version: String,
    /// What it can.
    pub flavour: Flavour,
    /// The columns of each table.
    tables: FxHashMap<String, FxHashMap<String, String>>,
}

impl Server {
    /// Asks a server what it is.
    ///
    /// # Errors
    /// When it does not answer, or refuses.
    pub fn look(client: &Client) -> Result<Self, FleetError> {
        let version = client.line("SELECT version()")?;
        let flavour = Flavour::of_version(&version).ok_or(FleetError::Garbled)?;
        let mut tables: FxHashMap<String, FxHashMap<String, String>> = FxHashMap::default();
        let listed = client.text(&format!(
            "SELECT table, name, type FROM system.columns WHERE database = {} AND table LIKE 'netstat\\\\_%'",
            quoted(&client.target().database)
        ))?;
        for line in listed.lines() {
            if let [table, name, kind] = line.split('\t').collect::<Vec<_>>()[..] {
                tables.entry(table.to_owned()).or_default().insert(name.to_owned(), kind.to_owned());
            }
        }
        Ok(Self { version, flavour, tables })
    }

    /// Makes the tables that are not there, and adds the columns that they lack.
    ///
    /// # Errors
    /// When the server does not answer, or refuses.
    pub fn create(client: &Client) -> Result<Self, FleetError> {
        let target: &Target = client.target();
        let version = client.line("SELECT version()")?;
        let flavour = Flavour::of_version(&version).ok_or(FleetError::Garbled)?;
        let cluster = target.cluster.as_deref();
        for statement in schema(flavour, cluster, target.days) {
            client.run(&statement)?;
        }
        let server = Self::look(client)?;
        let on_cluster = cluster.map_or_else(String::new, |name| format!(" ON CLUSTER {name}"));
        for table in &TABLES {
            for (column, definition) in table.columns(flavour) {
                let local = cluster.map(|_| format!("{}_local", table.name));
                for name in local.into_iter().chain([table.name.to_owned()]) {
                    if server.tables.get(&name).is_some_and(|known| !known.contains_key(column)) {
                        client.run(&format!(
                            "ALTER TABLE {name}{on_cluster} ADD COLUMN {column} {definition}"
                        ))?;
                    }
                }
            }
        }
        Self::look(client)
    }

    /// Returns an error where the tables are not there, or lack what nothing can do without.
    ///
    /// # Errors
    /// See above.
    pub fn check(&self, client: &Client) -> Result<(), FleetError> {
        if !TABLES.iter().all(|table| self.tables.contains_key(table.name)) {
            return Err(FleetError::NoTables(client.target().database.clone()));
        }
        let needed = ["host", "store", "sequence", "ended", "ended_us", "local", "remote", "service"];
        let needed = [ENDS, OPEN].into_iter().flat_map(|table| needed.map(|column| (table, column)));
        let more = TABLES.iter().filter(|table| !table.has_row);
        let more = more.flat_map(|table| table.more.iter().map(move |(column, ..)| (table.name, *column)));
        // Tables that an earlier version made do without it.
        let more = more.filter(|wanted| *wanted != (RUNS, "filter"));
        let version = [(OPEN, "version"), (OPEN, "gone")];
        let lacks: Vec<String> = needed
            .chain(more)
            .chain(version)
            .filter(|(table, column)| !self.has(table, column))
            .map(|(table, column)| format!("{table}.{column}"))
            .collect();
        if lacks.is_empty() { Ok(()) } else { Err(FleetError::OtherTables(lacks.join(", "))) }
    }

    /// Returns whether a table has a column.
    pub(crate) fn has(&self, table: &str, column: &str) -> bool {
        self.tables.get(table).is_some_and(|columns| columns.contains_key(column))
    }

    /// Returns the columns of a row that a table has.
    pub(crate) fn row_columns(&self, table: &str) -> Vec<&'static Column> {
        COLUMNS.iter().filter(|column| self.has(table, column.name)).collect()
    }

    /// Returns whether addresses have a type of their own.
    pub(crate) fn has_addresses(&self) -> bool {
        self.tables.get(ENDS).and_then(|columns| columns.get("remote")).is_some_and(|kind| kind == "IPv6")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_says_what_a_server_can() {
        assert_eq!(Flavour::of_version("18.16.1"), Some(Flavour::Plain));
        assert_eq!(Flavour::of_version("20.12.3.4"), Some(Flavour::Plain));
        assert_eq!(Flavour::of_version("26.9.2.1"), Some(Flavour::Modern));
        assert_eq!(Flavour::of_version(""), None);
    }

    #[test]
    fn old_servers_get_nothing_that_they_do_not_know() {
        let old = schema(Flavour::Plain, None, 30).join(";\n");
        for word in ["LowCardinality", "IPv6", "CODEC", "TTL", "ON CLUSTER"] {
            assert!(!old.contains(word), "{word}");
        }
        let new = schema(Flavour::Modern, Some("c1"), 30);
        assert_eq!(new.len(), 2 * TABLES.len());
        assert!(new.iter().all(|statement| statement.contains(" ON CLUSTER c1")));
        assert!(new[0].contains("TTL ended + INTERVAL 30 DAY"));
        assert!(new[1].contains("Distributed(c1, currentDatabase(), netstat_ends_local, cityHash64(host))"));
    }
}
