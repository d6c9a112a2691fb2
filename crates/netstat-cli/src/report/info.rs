//! Where and when the data of a display was taken.

use netstat_model::SnapshotInfo;
use netstat_os::Backend;
use std::time::SystemTime;

/// Asks the system. What it refuses is unknown, because no report needs it to be right.
pub(super) fn info(backend: &impl Backend) -> SnapshotInfo {
    SnapshotInfo {
        at: SystemTime::now(),
        uptime: backend.uptime().ok(),
        host: backend.host_name().ok().filter(|name| !name.is_empty()),
        boot_id: None,
        namespace: None,
    }
}
