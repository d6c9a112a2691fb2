//! What the command line means that has to do with histories of many hosts.

use crate::options::Arguments;
use netstat_fleet::{Credentials, Target};
use std::path::PathBuf;
use std::time::Duration;

/// The most connections that are fetched unless more are asked for.
const MOST: u64 = 1_000_000;

/// The pause between two inserts.
const EVERY: Duration = Duration::from_secs(10);

/// A database, and how to be let in.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FleetPlace {
    pub(crate) target: Target,
    /// The file with user and password, if one is named.
    pub(crate) file: Option<PathBuf>,
    /// What the environment says.
    pub(crate) environment: Credentials,
    /// The most connections that may be fetched.
    pub(crate) most: u64,
}

/// What `netstat ship` does.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ship {
    pub(crate) task: ShipTask,
    /// The history to send.
    pub(crate) store: PathBuf,
    /// Where to; always there but to print tables, or to tell what was sent.
    pub(crate) place: Option<FleetPlace>,
}

/// See [`Ship`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShipTask {
    /// Print the statements that make the tables.
    Schema,
    /// Make the tables.
    Create,
    /// Tell what was sent.
    Status,
    /// Send what is there.
    Once,
    /// Send until told to stop, with a pause between two inserts.
    Run(Duration),
}

/// Returns a database as it is asked or sent to.
pub(super) fn place_of(
    target: Target,
    arguments: &Arguments,
    environment: impl Fn(&str) -> Option<String>,
) -> FleetPlace {
    let known = |name: &str| {
        let of = |prefix: &str| environment(&format!("{prefix}{name}")).filter(|value| !value.is_empty());
        of("NETSTAT_CLICKHOUSE_").or_else(|| of("CLICKHOUSE_"))
    };
    FleetPlace {
        target,
        file: arguments.fleet.credentials.clone(),
        environment: Credentials { user: known("USER"), password: known("PASSWORD") },
        most: arguments.fleet.most.unwrap_or(MOST),
    }
}

/// Returns the database of `--from`.
pub(super) fn place(
    arguments: &Arguments,
    environment: impl Fn(&str) -> Option<String>,
) -> Option<Box<FleetPlace>> {
    let target = arguments.fleet.from.clone()?;
    Some(Box::new(place_of(target, arguments, environment)))
}

/// Interprets what was typed after `netstat ship`.
pub(super) fn ship(
    arguments: &Arguments,
    environment: impl Fn(&str) -> Option<String>,
    store: PathBuf,
) -> Ship {
    let typed = &arguments.ship;
    let task = match () {
        () if typed.schema => ShipTask::Schema,
        () if typed.create => ShipTask::Create,
        () if arguments.recorder.status => ShipTask::Status,
        () if arguments.once => ShipTask::Once,
        () => ShipTask::Run(typed.every.unwrap_or(EVERY)),
    };
    Ship { task, store, place: typed.to.clone().map(|target| place_of(target, arguments, &environment)) }
}
