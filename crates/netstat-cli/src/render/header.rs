//! What every JSON document begins with.

use netstat_engine::text::time::rfc_3339;
use netstat_model::SnapshotInfo;
use serde::Serialize;

/// The version of the JSON documents of all reports but `check`. It grows when a key goes or changes its meaning, not
/// when one is added.
pub(super) const SCHEMA: u32 = 2;

/// The version, and where and when the data was taken.
#[derive(Serialize)]
pub(crate) struct Header<'a> {
    schema: u32,
    host: Option<&'a str>,
    boot_id: Option<&'a str>,
    netns: Option<u64>,
    time: Option<String>,
    uptime_ms: Option<u64>,
}

impl<'a> Header<'a> {
    pub(crate) fn new(info: &'a SnapshotInfo) -> Self {
        Self::of_version(SCHEMA, info)
    }

    /// Begins a document that has a version of its own.
    pub(crate) fn of_version(schema: u32, info: &'a SnapshotInfo) -> Self {
        Self {
            schema,
            host: info.host.as_deref(),
            boot_id: info.boot_id.as_deref(),
            netns: info.namespace.map(|namespace| namespace.inode),
            time: info.at.map(rfc_3339),
            uptime_ms: info.uptime.map(|uptime| u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX)),
        }
    }
}
