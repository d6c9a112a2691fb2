//! [`LastLook`]: what is said of a look, beside its sockets.

use crate::mark::Changes;
use netstat_engine::flow::Rates;
use netstat_model::{OwnerMethod, Warning};
use std::time::{Duration, SystemTime};

/// What is said of the last look.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastLook {
    pub(crate) time: Option<SystemTime>,
    pub(crate) changes: Changes,
    pub(crate) took: Duration,
    /// How old the table is, where something has happened since.
    pub(crate) age: Duration,
    pub(crate) rates: Option<Rates>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) method: Option<OwnerMethod>,
    pub(crate) lost: u64,
    /// The time just before all sockets were listed last.
    pub(crate) listed: Option<SystemTime>,
    pub(crate) is_whole: bool,
    /// Whether the system tells what opens and ends.
    pub(crate) by_events: bool,
    /// Whether the rates are those of every socket now.
    pub(crate) is_summed: bool,
}
